# Leagues, teams and athletes over REST and GraphQL (mission 048, 110-112, 150, I-19).
use strict;
use warnings;
use GraphQL;
use JSON::PP;
use Rest;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my ($ann, $staff) = map { account() } 1 .. 2;
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");
my $n = $staff->{id};

# ---- REST: staff write
my %league = (name => "K\x{fc}sten Liga $n", sport => "Sailing $n", description => 'By the sea', country => 'Norway', logo_url => 'https://example.com/l.png', standings => [ { team => 'Gulls', points => 3.5, "\x{1F3C0}" => undef } ]);
my $league = does($staff, 'POST sports/leagues/', \%league, 201, { %league, slug => "kusten-liga-$n", external_ids => [] }, 'seed 110: a league');
my %team = (name => "Gulls $n", league_id => $league->{id}, abbreviation => 'GUL', city => 'Bergen', country => 'Norway', logo_url => 'media/gulls.png', stadium_name => 'Quay', stadium_capacity => 300, roster => { '7' => 'Ida' }, schedule => []);
my $team = does($staff, 'POST sports/teams/', \%team, 201, { %team, slug => "gulls-$n", sport => "Sailing $n" }, 'seed 111: a team, its sport that of the league');
my %athlete = (first_name => 'Ida', last_name => "Strand $n", team_id => $team->{id}, position => 'Helm', career_stats => { races => 41, best => 0.1 }, achievements => ['Cup'], photo_url => 'https://example.com/i.jpg');
my $athlete = does($staff, 'POST sports/athletes/', \%athlete, 201, { %athlete, name => "Ida Strand $n", slug => "ida-strand-$n" }, 'seed 112: an athlete');

does($ann,  'POST sports/leagues/', { name => 'x' }, 403, undef, 'seed 048: staff alone write');
does(undef, 'POST sports/leagues/', { name => 'x' }, 401, undef, 'and nobody else');
does($ann, "$_->[0] sports/$_->[1]", $_->[2], 403, undef, "$_->[0] $_->[1]") for [ PATCH => "teams/$team->{id}/", { city => 'x' } ], [ DELETE => "athletes/$athlete->{id}/" ], [ POST => 'import/', { provider => 'x' } ];
does($staff, 'POST sports/leagues/', { name => "K\x{dc}STEN liga $n", slug => "kusten-liga-$n" }, 409, undef, 'a slug that is taken');
does($staff, 'POST sports/leagues/', { %league, @$_ }, 400, undef, "a league with $_->[0]") for [ name => undef ], [ name => 'x' x 201 ], [ name => "two\nlines" ], [ logo_url => 'javascript:alert(1)' ], [ standings => 'text' ], [ standings => 7 ],
	[ standings => [ 'x' x 262200 ] ], [ standings => [ [ [ [ [ [ [ [ [ [ [ [ [ [1] ] ] ] ] ] ] ] ] ] ] ] ] ] ], [ description => 'x' x 5001 ];
does($staff, 'POST sports/teams/', { name => 'x', league_id => $_ }, 404, undef, 'seed 150: no such league') for $athlete->{id}, 9007199254740991;
is(api(POST => '/api/sports/leagues/', token => $staff->{token}, json => { name => 'x' x 1100000 })->{status}, 413, 'a megabyte');

does($staff, "PATCH sports/teams/$team->{id}/", { city => undef, stadium_capacity => 0, roster => [] }, 200, { name => "Gulls $n", city => '', stadium_capacity => 0, roster => [], abbreviation => 'GUL' }, 'what is given changes');
does($staff, "PATCH sports/teams/$team->{id}/", { $_ => undef }, 400, undef, "$_ cannot be null") for qw(name slug roster);
does($staff, "PATCH sports/athletes/$athlete->{id}/", { team_id => undef }, 200, { team_id => undef }, 'out of the team');
does($staff, "PATCH sports/athletes/$athlete->{id}/", { team_id => $team->{id} }, 200, { team_id => $team->{id} }, 'and in again');

# ---- REST: all read
does($ann, "GET sports/leagues/$league->{id}/", undef, 200, { standings => $league{standings} }, 'seed 048: everybody reads');
does($ann, "GET sports/leagues/lookup/?slug=K%C3%BCsten%20liga%20$n", undef, 200, { id => $league->{id} }, 'by the slug, however it is spelled');
does($ann, "GET sports/$_/$athlete->{id}/", undef, 404, undef, "an athlete is none of the $_") for qw(leagues teams);
does($ann, "GET sports/athletes/lookup/?slug=kusten-liga-$n", undef, 404, undef, 'nor a league an athlete');
my $page = does($ann, "GET sports/leagues/?sport=SAILING%20$n&country=norway", undef, 200, undef, 'I-19: leagues of a sport and a country');
is_deeply([ map { $_->{id} } @{ $page->{results} } ], [ $league->{id} ], 'these');
ok(!exists $page->{results}[0]{standings}, 'without what may be large');
is_deeply([ map { $_->{id} } @{ does($ann, "GET sports/teams/?league_id=$league->{id}", undef, 200, undef, 'its teams')->{results} } ], [ $team->{id} ], 'these');
is_deeply([ map { $_->{id} } @{ does($ann, "GET sports/athletes/?team_id=$team->{id}", undef, 200, undef, 'their athletes')->{results} } ], [ $athlete->{id} ], 'these');
is_deeply(does($ann, "GET sports/search/?q=strand%20$n", undef, 200, undef, 'search')->{results}, [ { id => $athlete->{id}, kind => 'athlete', slug => "ida-strand-$n", name => "Ida Strand $n", sport => "Sailing $n", followers_count => 0 } ], 'by what is typed');
does($ann, 'GET sports/search/?q=x&kind=coach', undef, 400, undef, 'of no other kind');

# ---- posts about them
my $post = does($ann, 'POST posts/posts/', { title => 'Regatta', content => 'They won', subjects => [ $team->{id}, $league->{id} ] }, 201, { title => 'Regatta' }, 'a post about a team and its league');
is_deeply([ map { $_->{kind} } @{ does($ann, "GET posts/posts/$post->{id}/subjects/", undef, 200, undef, 'says so')->{results} } ], [ 'league', 'team' ], 'these');
is_deeply(ids(does($ann, "GET sports/teams/$team->{id}/posts/", undef, 200, undef, 'a page of the team')), [ $post->{id} ], 'has it');
does($ann, "GET sports/leagues/$team->{id}/posts/", undef, 404, undef, 'a team has no page among leagues');
does($ann, 'POST posts/posts/', { title => 'x', content => 'y', subjects => $_ }, 400, undef, 'five at most') for [ 1 .. 6 ], ['x'], 'x';
does($ann, 'POST posts/posts/', { title => 'not kept', content => 'y', subjects => [9007199254740991] }, 404, undef, 'of those that there are');
is(psql("SELECT count(*) FROM social.posts WHERE title = 'not kept'"), 0, 'or nothing is written');
does($ann, "PUT posts/posts/$post->{id}/subjects/", { subjects => [ $athlete->{id} ] }, 200, undef, 'they change');
does($staff, "PUT posts/posts/$post->{id}/subjects/", { subjects => [] }, 403, undef, 'by nobody else');
is_deeply(get($ann, 'query($id: ID!) { athlete(id: $id) { posts { id subjects { kind id } } } }', id => $athlete->{id}), { posts => [ { id => "$post->{id}", subjects => [ { kind => 'ATHLETE', id => "$athlete->{id}" } ] } ] }, 'over GraphQL, too');
is_deeply(get($ann, 'mutation($id: ID!, $ids: [ID!]!) { setPostSubjects(postId: $id, subjectIds: $ids) { success post { subjects { slug } } } }', id => $post->{id}, ids => [ $team->{id} ])->{post}, { subjects => [ { slug => "gulls-$n" } ] }, 'and back');

is_deeply(get($ann, 'mutation($ids: [ID!]) { createPost(title: "Ahead", content: "of the others", subjectIds: $ids) { post { subjects { id } } } }', ids => [ $athlete->{id} ])->{post}, { subjects => [ { id => "$athlete->{id}" } ] }, 'or with the post');
refused('BAD_REQUEST', 'five at most', $ann, 'mutation($ids: [ID!]) { createPost(title: "x", content: "not kept", subjectIds: $ids) { success } }', ids => [ 1 .. 6 ]);
refused('NOT_FOUND', 'of those that there are', $ann, 'mutation($ids: [ID!]) { createPost(title: "not kept", content: "x", subjectIds: $ids) { success } }', ids => [9007199254740991]);
is(psql("SELECT count(*) FROM social.posts WHERE title = 'not kept'"), 0, 'or nothing is written');

# ---- following
does(undef, "POST sports/teams/$team->{id}/follow/", undef, 401, undef, 'seed 150: who follows is somebody');
my $fan = account();
does($fan, "GET sports/teams/$team->{id}/", undef, 200, { is_following => $false, followers_count => 0 }, 'nobody follows the team');
is_deeply(does($fan, "POST sports/teams/$team->{id}/follow/", undef, 200, undef, "a team is followed, $_"), { id => $team->{id}, following => $true, followers_count => 1 }, 'by one') for 'once', 'again';
does($fan, "POST sports/leagues/$team->{id}/follow/", undef, 404, undef, 'a team is no league to follow');
does($fan, "DELETE sports/athletes/$team->{id}/follow/", undef, 404, undef, 'nor an athlete to leave');
does($fan, "GET sports/teams/$team->{id}/", undef, 200, { is_following => $true, followers_count => 1 }, 'the team says so');
does($ann, "GET sports/teams/$team->{id}/", undef, 200, { is_following => $false, followers_count => 1 }, 'to others only how many do');
is_deeply([ map { delete $_->{followed_at}; $_ } @{ does($fan, 'GET sports/following/?kind=team', undef, 200, undef, 'a list')->{results} } ], [ { id => $team->{id}, kind => 'team', slug => "gulls-$n", name => "Gulls $n", sport => "Sailing $n", followers_count => 1 } ], 'of what one follows');
does($fan, 'GET sports/following/?kind=coach', undef, 400, undef, 'of no other kind');
does(undef, 'GET sports/following/', undef, 401, undef, 'and of nobody');
my $feed = does($fan, 'GET posts/feed/', undef, 200, undef, 'the home feed');
is_deeply(ids($feed), [ $post->{id} ], 'seed 150: has what is about the team');
is_deeply($feed->{live}, [], 'and nothing is live');
is_deeply([ map { $_->{id} } @{ get($fan, '{ feed { id } }') } ], ["$post->{id}"], 'over GraphQL, too');
my $stream = does($ann, 'POST posts/live/stream/', { title => "Race $n", is_open => $true, subjects => [ $team->{id} ] }, 201, { title => "Race $n" }, 'a stream about the team');
is_deeply([ map { $_->{slug} } @{ $stream->{subjects} } ], ["gulls-$n"], 'says so');
is_deeply(ids(does($fan, "GET sports/teams/$team->{id}/streams/", undef, 200, undef, 'a page of the team')), [ $stream->{id} ], 'has it');
does($fan, "GET sports/leagues/$team->{id}/streams/", undef, 404, undef, 'not among leagues');
does($ann, "PATCH posts/live/stream/$stream->{id}/", { subjects => [] }, 200, { subjects => [] }, 'it is about nothing');
is_deeply([ map { $_->{id} } @{ does($ann, "PUT posts/live/stream/$stream->{id}/", { subjects => [ $team->{id}, $league->{id} ] }, 200, undef, 'and about two')->{subjects} } ], [ $league->{id}, $team->{id} ], 'these');
does($ann, 'POST posts/live/stream/', { title => 'x', subjects => [ 1 .. 6 ] }, 400, undef, 'five at most');
does($ann, 'POST posts/live/stream/', { title => 'x', subjects => [9007199254740991] }, 404, undef, 'of those that there are');
psql("UPDATE social.streams SET status = 'live', started_at = now() WHERE id = $stream->{id}");
$feed = does($fan, 'GET posts/feed/?first=1', undef, 200, undef, 'the home feed');
is_deeply([ map { $_->{id} } @{ $feed->{live} } ], [ $stream->{id} ], 'issue 16: has the stream at its head');
is_deeply(ids($feed), [ $post->{id} ], 'beside the posts');
is_deeply(ids(does($fan, 'GET posts/live/stream/followed/', undef, 200, undef, 'streams of what one follows')), [ $stream->{id} ], 'have it');
my $cursor = get($fan, '{ feedConnection(first: 1) { pageInfo { endCursor } } }')->{pageInfo}{endCursor};
ok(!exists does($fan, "GET posts/feed/?after=$cursor", undef, 200, undef, 'a further page')->{live}, 'says nothing of what is live');
my $newcomer = account();
does($newcomer, "POST sports/leagues/$league->{id}/follow/", undef, 200, undef, 'who follows a league');
is_deeply([ map { $_->{id} } @{ does($newcomer, 'GET posts/feed/', undef, 200, { results => [] }, 'without a post to read')->{live} } ], [ $stream->{id} ], 'sees what is live all the same');
is_deeply(get($fan, 'query($id: ID!) { team(id: $id) { isFollowing followersCount streams { id subjects { kind isFollowing } } } }', id => $team->{id}),
	{ isFollowing => $true, followersCount => 1, streams => [ { id => "$stream->{id}", subjects => [ { kind => 'LEAGUE', isFollowing => $false }, { kind => 'TEAM', isFollowing => $true } ] } ] }, 'GraphQL: the team, its followers and streams');
is_deeply(get($fan, 'mutation($id: ID!) { unfollowSubject(subjectId: $id) { success subject { id isFollowing followersCount } } }', id => $team->{id})->{subject}, { id => "$team->{id}", isFollowing => $false, followersCount => 0 }, 'it is left');
is_deeply(get($fan, 'mutation($id: ID!) { followSubject(subjectId: $id) { subject { kind isFollowing } } }', id => $league->{id})->{subject}, { kind => 'LEAGUE', isFollowing => $true }, 'and the league followed');
is_deeply(get($fan, '{ followedSubjects(kind: LEAGUE) { league { id } } }'), [ { league => { id => "$league->{id}" } } ], 'which stands in the list');
is_deeply(get($fan, '{ followedStreams { id } }'), [ { id => "$stream->{id}" } ], 'with its stream');
refused('UNAUTHENTICATED', 'nobody follows', undef, 'mutation { followSubject(subjectId: 1) { success } }');
refused('NOT_FOUND', 'nothing', $fan, 'mutation { followSubject(subjectId: 9007199254740991) { success } }');
is_deeply(get($ann, 'mutation($id: ID!, $ids: [ID!]!) { updateStream(id: $id, subjectIds: $ids) { stream { subjects { id } } } }', id => $stream->{id}, ids => [ $athlete->{id} ])->{stream}, { subjects => [ { id => "$athlete->{id}" } ] }, 'a stream is about somebody else');
is_deeply(does($fan, 'GET posts/feed/', undef, 200, undef, 'the home feed')->{live}, [], 'and live for others');
does($fan, "DELETE sports/leagues/$league->{id}/follow/", undef, 200, { following => $false }, 'the league is left');

# ---- import
my %feed = (provider => "feed$n", leagues => [ { id => 'L1', name => "Feed $n" } ], teams => [ { id => 'T1', league => 'L1', name => "Owls $n" } ], athletes => [ { id => 'A1', team => 'T1', last_name => "Feed $n" } ]);
my $counts = sub { my ($kind) = @_; return { map { my $list = $_; $list => { map { $_ => $_ eq $kind ? 1 : 0 } qw(inserted updated unchanged) } } qw(leagues teams athletes) } };
is_deeply(does($staff, 'POST sports/import/', \%feed, 200, undef, 'an import'), $counts->('inserted'), 'is new');
is_deeply(does($staff, 'POST sports/import/', \%feed, 200, undef, 'and again'), $counts->('unchanged'), 'changes nothing');
my $missing = does($staff, 'POST sports/import/', { provider => "feed$n", teams => [ { id => 'T2', league => 'L1', name => "Bears $n" }, { id => 'T3', league => 'L9', name => 'x' } ] }, 400, undef, 'a missing parent');
like($missing->{error}, qr/^teams\[1\]: league is not known/, 'is named with its row');
is(psql("SELECT count(*) FROM social.sport_external_ids WHERE provider = 'feed$n'"), 3, 'and nothing of it stays');
does($staff, 'POST sports/import/', { provider => "feed$n", teams => {} }, 400, undef, 'a list it is');

my $deep = '[' x 100000 . ']' x 100000;
is(api(POST => '/api/sports/import/', token => $staff->{token}, body => qq({"provider": "feed$n", "teams": $deep}))->{status}, 400, 'JSON that nests without end');
does($staff, 'POST sports/import/', { provider => "feed$n", teams => [ { id => 'T1', roster => [ [ [ [ [ [ [ [ [ [ [ [ [] ] ] ] ] ] ] ] ] ] ] ] ] } ] }, 400, undef, 'or too deeply for one row');
like(api(POST => '/api/sports/import/', token => $staff->{token}, body => qq({"provider": "feed$n", "teams": [{"id": "T1", "roster": {"a": $_}}]}))->{content}, qr/BAD_REQUEST/, 'a number that is one: ' . substr $_, 0, 10) for '1e100000', '1' x 60, '-' . '9' x 5000;
is(psql("SELECT roster FROM social.visible_teams WHERE name = 'Owls $n'"), '[]', 'nothing of it stays');

# ---- external ids
my %link = (id => $athlete->{id}, provider => "other$n", external_id => 'A7');
is_deeply(does($staff, 'POST sports/external-ids/', \%link, 200, undef, "staff say who is who, $_"), { id => $athlete->{id}, external_ids => [ { provider => "other$n", external_id => 'A7' } ] }, 'as it is') for 'once', 'again';
does($ann, 'POST sports/external-ids/', \%link, 403, undef, 'nobody else');
does($staff, 'POST sports/external-ids/', { %link, external_id => $_ }, 400, undef, 'what is no id') for '', 'x' x 201, "a\nb";
does($staff, 'POST sports/external-ids/', { %link, id => 9007199254740991 }, 404, undef, 'of somebody there is');
does($ann, "GET sports/external-ids/lookup/?provider=other$n&kind=athlete&external_id=A7", undef, 200, { id => $athlete->{id}, kind => 'athlete' }, 'found by it');
does($ann, "GET sports/external-ids/lookup/?provider=other$n&kind=team&external_id=A7", undef, 404, undef, 'as what it is');
is_deeply(get($ann, 'query($p: String!) { sportSubjectByExternalId(provider: $p, kind: ATHLETE, externalId: "A7") { id externalIds { provider externalId } athlete { externalIds { externalId } } } }', p => "other$n"),
	{ id => "$athlete->{id}", externalIds => [ { provider => "other$n", externalId => 'A7' } ], athlete => { externalIds => [ { externalId => 'A7' } ] } }, 'over GraphQL');
is_deeply(get($staff, 'mutation($id: ID!, $p: String!) { unlinkSportSubject(subjectId: $id, provider: $p, externalId: "A7") { subject { externalIds { externalId } } } }', id => $athlete->{id}, p => "other$n")->{subject}, { externalIds => [] }, 'and taken back');
is_deeply(get($staff, 'mutation($id: ID!, $p: String!) { linkSportSubject(subjectId: $id, provider: $p, externalId: "A8") { subject { externalIds { externalId } } } }', id => $athlete->{id}, p => "other$n")->{subject}, { externalIds => [ { externalId => 'A8' } ] }, 'or said anew');
is_deeply(does($staff, 'POST sports/external-ids/remove/', { %link, external_id => 'A8' }, 200, undef, 'taken back')->{external_ids}, [], 'over REST');
refused('FORBIDDEN', 'by staff alone', $ann, 'mutation { linkSportSubject(subjectId: 1, provider: "x", externalId: "x") { success } }');

# ---- GraphQL
my $fields = 'id slug name sport country standings teams { name stadiumCapacity roster athletes { firstName careerStats team { league { id } } } } teamsConnection(first: 1) { edges { node { id } } pageInfo { hasNextPage } }';
is_deeply(get($ann, "query(\$id: ID!) { league(id: \$id) { $fields } }", id => $league->{id}), { id => "$league->{id}", slug => "kusten-liga-$n", name => $league{name}, sport => $league{sport}, country => 'Norway', standings => $league{standings},
	teams => [ { name => "Gulls $n", stadiumCapacity => 0, roster => [], athletes => [ { firstName => 'Ida', careerStats => { races => 41, best => 0.1 }, team => { league => { id => "$league->{id}" } } } ] } ],
	teamsConnection => { edges => [ { node => { id => "$team->{id}" } } ], pageInfo => { hasNextPage => $false } } }, 'seed 150: a league, its teams and their athletes');
is(get($ann, 'query($slug: String!) { teamBySlug(slug: $slug) { id } }', slug => "GULLS $n")->{id}, $team->{id}, 'by slug');
is_deeply(get($ann, 'query($sport: String) { leagues(sport: $sport) { id } }', sport => "sailing $n"), [ { id => "$league->{id}" } ], 'leagues of a sport');
is_deeply(get($ann, 'query($query: String!) { searchSports(query: $query, kind: ATHLETE) { kind athlete { lastName } team { id } } }', query => "strand $n"), [ { kind => 'ATHLETE', athlete => { lastName => "Strand $n" }, team => undef } ], 'search');
my $made = get($staff, 'mutation($name: String!, $league: ID, $roster: JSON) { createTeam(name: $name, leagueId: $league, roster: $roster) { success team { id roster league { id } } } }', name => "Terns $n", league => $league->{id}, roster => { a => [ 1, $true ] });
is_deeply($made->{team}{roster}, { a => [ 1, $true ] }, 'staff make a team');
is_deeply(get($staff, 'mutation($id: ID!) { updateTeam(id: $id, leagueId: 0, city: "Oslo") { team { city league { id } roster } } }', id => $made->{team}{id})->{team}, { city => 'Oslo', league => undef, roster => { a => [ 1, $true ] } }, 'change it');
refused('FORBIDDEN',       'staff alone',        $ann,   'mutation { createLeague(name: "x") { success } }');
refused('UNAUTHENTICATED', 'and not nobody',     undef,  'mutation { createLeague(name: "x") { success } }');
refused('CONFLICT',        'a slug that is taken', $staff, 'mutation($slug: String) { createLeague(name: "x", slug: $slug) { success } }', slug => "kusten-liga-$n");
refused('BAD_REQUEST',     'JSON of a wrong form', $staff, 'mutation { createLeague(name: "x", standings: 7) { success } }');
is(get($staff, 'mutation($id: ID!) { deleteTeam(id: $id) { id } }', id => $made->{team}{id})->{id}, $made->{team}{id}, 'and delete it');
refused('NOT_FOUND', 'once', $staff, 'mutation($id: ID!) { deleteTeam(id: $id) { id } }', id => $made->{team}{id});

does($staff, "DELETE sports/leagues/$league->{id}/", undef, 200, { id => $league->{id} }, 'a league goes');
does($ann, "GET sports/teams/$team->{id}/", undef, 200, { league_id => undef }, 'its teams stay');
does($staff, "DELETE sports/leagues/$league->{id}/", undef, 404, undef, 'once');

done_testing;
