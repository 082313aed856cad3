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
is_deeply(does($ann, "GET sports/search/?q=strand%20$n", undef, 200, undef, 'search')->{results}, [ { id => $athlete->{id}, kind => 'athlete', slug => "ida-strand-$n", name => "Ida Strand $n", sport => "Sailing $n" } ], 'by what is typed');
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

# ---- import
my %feed = (provider => "feed$n", leagues => [ { id => 'L1', name => "Feed $n" } ], teams => [ { id => 'T1', league => 'L1', name => "Owls $n" } ], athletes => [ { id => 'A1', team => 'T1', last_name => "Feed $n" } ]);
my $counts = sub { my ($kind) = @_; return { map { my $list = $_; $list => { map { $_ => $_ eq $kind ? 1 : 0 } qw(inserted updated unchanged) } } qw(leagues teams athletes) } };
is_deeply(does($staff, 'POST sports/import/', \%feed, 200, undef, 'an import'), $counts->('inserted'), 'is new');
is_deeply(does($staff, 'POST sports/import/', \%feed, 200, undef, 'and again'), $counts->('unchanged'), 'changes nothing');
my $missing = does($staff, 'POST sports/import/', { provider => "feed$n", teams => [ { id => 'T2', league => 'L1', name => "Bears $n" }, { id => 'T3', league => 'L9', name => 'x' } ] }, 400, undef, 'a missing parent');
like($missing->{error}, qr/^teams\[1\]: league is not known/, 'is named with its row');
is(psql("SELECT count(*) FROM social.sport_external_ids WHERE provider = 'feed$n'"), 3, 'and nothing of it stays');
does($staff, 'POST sports/import/', { provider => "feed$n", teams => {} }, 400, undef, 'a list it is');

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
