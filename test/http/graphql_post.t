# Posts over GraphQL (seed 055-057, 071-073, 084, 098, 099): reading and writing them, and drafts,
# scheduled posts, pins, highlights, revisions and restoring beside them, as the author, as somebody
# else, across a block, and as nobody.
use strict;
use warnings;
use utf8;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my ($ann, $bob, $cem) = map { account() } 1 .. 3;
psql("SELECT social.act_as($cem->{id}), social.block_user($ann->{id})");

# Whatever there is of ann's posts, to see that a refusal leaves no trace.
sub state_of { return psql("SELECT md5(string_agg(p::text, '|' ORDER BY p.id)) FROM social.posts p WHERE p.author_id IN ($ann->{id}, $bob->{id}, $cem->{id})") }
sub ids      { my ($posts) = @_; return [ map { $_->{id} } @{ $posts // [] } ] }

# ---- writing
my $tag  = sprintf 'gp%x', $$;
my $made = payload(post => $ann, 'mutation ($title: String!, $content: String!) { createPost(title: $title, content: $content) {
	post { id title content author { username } hashtags { tag } mentions { mentionedUser { username } } createdAt visibility replySettings isPublished isEdited editedAt
		likesCount commentsCount repostsCount viewsCount isPinned isHighlighted image video publishAt language quotedPost { id } } success message } }',
	title => 'Django Tips', content => "\@$bob->{username} Check out #$tag tips for #webdev in 2026!");
my $id = $made->{id};
like(delete $made->{createdAt}, qr/^\d{4}-\d\d-\d\dT/, 'seed 084: createdAt');
is_deeply($made, { id => $id, title => 'Django Tips', content => "\@$bob->{username} Check out #$tag tips for #webdev in 2026!", author => { username => $ann->{username} },
	hashtags => [ { tag => $tag }, { tag => 'webdev' } ], mentions => [ { mentionedUser => { username => $bob->{username} } } ], visibility => 'PUBLIC', replySettings => 'EVERYONE',
	isPublished => $true, isEdited => $false, editedAt => undef, (map { $_ => 0 } qw(likesCount commentsCount repostsCount viewsCount)), isPinned => $false, isHighlighted => $false,
	(map { $_ => undef } qw(image video publishAt language quotedPost)) }, 'seed 071, 084, 098, 099: createPost answers the whole post');

my $changed = payload(post => $ann, 'mutation ($id: ID!) { updatePost(id: $id, title: "Django", content: "only #plain now") { post { title content hashtags { tag } mentions { createdAt } isEdited } success message } }', id => $id);
is_deeply($changed, { title => 'Django', content => 'only #plain now', hashtags => [ { tag => 'plain' } ], mentions => [], isEdited => $true }, 'seed 072: updatePost finds hashtags and mentions again');
is_deeply(payload(post => $ann, "mutation { updatePost(id: $id, title: \"Again\") { post { title content } success message } }"), { title => 'Again', content => 'only #plain now' }, 'what is not given stays');
is_deeply(payload(post => $ann, "mutation { updatePost(id: $id, visibility: FOLLOWERS, replySettings: NONE, image: \"https://example.com/a.png\", language: \"en\") { post { visibility replySettings image language } success message } }"),
	{ visibility => 'FOLLOWERS', replySettings => 'NONE', image => 'https://example.com/a.png', language => 'en' }, 'I-20: audience, replies, picture and language');
is(get($bob, "{ post(id: $id) { id } }"), undef, 'a post for followers is not there for others');
is_deeply(payload(post => $ann, 'mutation ($v: Visibility) { updatePost(id: ' . $id . ', visibility: $v, replySettings: EVERYONE, image: "", language: "") { post { visibility image language } success message } }', v => 'PUBLIC'),
	{ visibility => 'PUBLIC', image => undef, language => undef }, 'an enum by a variable; an empty picture goes');
is_deeply([ map { "$_->{revision} $_->{title} $_->{editor}{username}" } @{ get($ann, "{ postRevisions(postId: $id) { revision title content createdAt editor { username } } }") } ],
	[ "2 Django $ann->{username}", "1 Django Tips $ann->{username}" ], 'what it said before each edit, latest first');

# ---- what is refused, to whom, and that nothing is written then
my $before = state_of();
my $draft_of_ann = psql("INSERT INTO social.posts (author_id, title, content, is_published) VALUES ($ann->{id}, 'draft', 'd', false) RETURNING id");
$before = state_of();
for my $call ([ 'updatePost', 'title: "x"' ], map { [ $_, '' ] } qw(deletePost restorePost publishPost pinPost unpinPost highlightPost unhighlightPost))
{
	my ($name, $more) = @$call;
	my $with = sub { "mutation { $name(id: $_[0], $more) { success } }" };
	refused('FORBIDDEN', "$name: not somebody else's post", $bob, $with->($id));
	refused('NOT_FOUND', "$name: not across a block", $cem, $with->($id));
	refused('NOT_FOUND', "$name: not a draft that is not one's own", $bob, $with->($draft_of_ann));
	refused('NOT_FOUND', "$name: not a post that is not there", $ann, $with->('"9007199254740991"'));
	refused('UNAUTHENTICATED', "$name: not by nobody", undef, $with->($id));
}
refused('UNAUTHENTICATED', 'createPost: not by nobody', undef, 'mutation { createPost(title: "x", content: "x") { success } }');
refused('BAD_REQUEST', "createPost: $_->[1]", $ann, "mutation { createPost($_->[0]) { success } }")
  for [ 'title: "", content: "x"', 'no title' ], [ 'title: "x", content: ""', 'no content' ], [ 'title: "' . 'x' x 256 . '", content: "x"', 'too long a title' ],
  [ 'title: "x", content: "x", publishAt: "2001-01-01T00:00:00Z"', 'a time that is over' ], [ 'title: "x", content: "x", image: "nonsense:"', 'an image that is none' ], [ 'title: "x", content: "x", language: "??"', 'a language that is none' ];
refused('UNAUTHENTICATED', "$_: nobody has any", undef, "{ $_ { id } }") for qw(drafts deletedPosts);
refused('UNAUTHENTICATED', 'postRevisions: not for nobody', undef, "{ postRevisions(postId: $id) { title } }");
refused('FORBIDDEN',       'postRevisions: not for others', $bob,  "{ postRevisions(postId: $id) { title } }");
refused('NOT_FOUND',       'postRevisions: not across a block', $cem, "{ postRevisions(postId: $id) { title } }");
for ([ 'createPost(title: "x", content: "x", visibility: public) { success }', 'enums are written in capitals' ], [ 'createPost(title: "x") { success }', 'content is required' ],
	[ 'updatePost(title: "x") { success }', 'updatePost needs an id' ], [ "deletePost(postId: $id) { success }", 'which is called id' ])
{
	my $answer = ask($ann, "mutation { $_->[0] }");
	is_deeply([ $answer->{data}, $answer->{errors}[0]{extensions}{code}, ref $answer->{errors}[0]{locations} ], [ undef, 'GRAPHQL_VALIDATION_FAILED', 'ARRAY' ], $_->[1]);
}
is(ask($ann, 'mutation ($v: Visibility) { createPost(title: "x", content: "x", visibility: $v) { success } }', v => 'EVERYBODY')->{errors}[0]{extensions}{code}, 'BAD_USER_INPUT', 'an enum by a variable, too');
is(state_of(), $before, 'nothing of all this was written');

# ---- reading
my $found = get($bob, "{ post(id: $id) { id title author { id } comments { id } } }");
is_deeply($found, { id => "$id", title => 'Again', author => { id => "$ann->{id}" }, comments => [] }, 'seed 056: post');
is(get(undef, "{ post(id: $id) { title } }")->{title}, 'Again', 'I-12: also for nobody');
is(get($cem, "{ post(id: $id) { title } }"), undef, 'not across a block');
is_deeply(ids(get($bob, "{ userPosts(userId: $ann->{id}) { id } }")), ["$id"], 'seed 057: userPosts, without drafts');
is_deeply(ids(get($cem, "{ userPosts(userId: $ann->{id}) { id } }")), [], 'and without what is not to be seen');
ok((grep { $_ eq $id } @{ ids(get($bob, '{ allPosts(first: 100) { id } }')) }), 'seed 055: allPosts');
ok(!(grep { $_ eq $draft_of_ann } @{ ids(get($ann, '{ allPosts(first: 100) { id } }')) }), 'published ones only');
ok(!(grep { $_ eq $id } @{ ids(get($cem, '{ allPosts(first: 100) { id } }')) }), 'and none across a block');
is(ask($ann, "{ allPosts(first: $_) { id } }")->{errors}[0]{extensions}{code}, $_ < 0 ? 'BAD_USER_INPUT' : 'LIMIT_EXCEEDED', "a page of $_") for -1, 101;

# ---- drafts and scheduled posts
my $later = '2999-01-02T03:04:05Z';
my $scheduled = payload(post => $ann, "mutation { createPost(title: \"Later\", content: \"x\", publishAt: \"$later\") { post { id isPublished publishAt } success message } }");
is_deeply([ @$scheduled{qw(isPublished publishAt)} ], [ $false, '2999-01-02T03:04:05+00:00' ], 'a scheduled post');
is_deeply(ids(get($ann, '{ drafts { id title publishAt } }')), [ $scheduled->{id}, "$draft_of_ann" ], 'drafts and scheduled posts, newest first');
is_deeply(ids(get($ann, '{ drafts(first: 1) { id } }')), [ $scheduled->{id} ], 'as many as asked for');
is_deeply(get($bob, '{ drafts { id } }'), [], "nobody else's");
is(payload(post => $ann, "mutation { updatePost(id: $scheduled->{id}, publishAt: \"infinity\") { post { publishAt } success message } }")->{publishAt}, undef, 'a scheduled post is a draft again');
is(payload(post => $ann, "mutation { publishPost(id: $draft_of_ann) { post { isPublished } success message } }")->{isPublished}, $true, 'a draft is published');
is_deeply(ids(get($bob, "{ userPosts(userId: $ann->{id}) { id } }")), [ "$draft_of_ann", "$id" ], 'and stands in the lists');

# ---- pins and highlights
is(payload(post => $ann, "mutation { pinPost(id: $id) { post { isPinned } success message } }")->{isPinned}, $true, 'a pinned post') for 1, 2;
is_deeply(ids(get($bob, "{ pinnedPosts(userId: $ann->{id}) { id } }")), ["$id"], 'stands among the pinned ones');
is_deeply(ids(get($bob, "{ user(id: $ann->{id}) { pinnedPosts { id } } }")->{pinnedPosts}), ["$id"], 'also of a user');
is_deeply(ids(get($cem, "{ pinnedPosts(userId: $_) { id } }")), [], 'across a block, and of nobody, none do, as with userPosts') for $ann->{id}, '9007199254740991';
is(payload(post => $ann, "mutation { unpinPost(id: $id) { post { isPinned } success message } }")->{isPinned}, $false, 'until it is unpinned');
refused('BAD_REQUEST', 'only a published post can be pinned', $ann, "mutation { pinPost(id: $scheduled->{id}) { success } }");
is(payload(post => $ann, "mutation { highlightPost(id: $id) { post { isHighlighted } success message } }")->{isHighlighted}, $true, 'a highlight');
is(payload(post => $ann, "mutation { unhighlightPost(id: $id) { post { isHighlighted } success message } }")->{isHighlighted}, $false, 'no longer');

# ---- deleting and restoring
my $gone = get($ann, "mutation { deletePost(id: $id) { post { id title content deletedAt restorableUntil } id success message } }");
is_deeply([ $gone->{id}, @{ $gone->{post} }{qw(id title content)}, $gone->{success} ], [ "$id", "$id", 'Again', 'only #plain now', $true ], 'seed 073: deletePost says what can be restored');
ok($gone->{post}{restorableUntil} gt $gone->{post}{deletedAt}, 'and how long');
is(get($_, "{ post(id: $id) { id } }"), undef, 'it is gone') for $ann, $bob, undef;
is_deeply(ids(get($ann, '{ deletedPosts { id title } }')), ["$id"], 'but for its author to restore');
is_deeply(get($bob, '{ deletedPosts { id } }'), [], 'alone');
refused('NOT_FOUND', 'what is deleted cannot be deleted', $ann, "mutation { deletePost(id: $id) { success } }");
is(payload(post => $ann, "mutation { restorePost(id: $id) { post { title } success message } }")->{title}, 'Again', 'restorePost brings it back') for 1, 2;
is_deeply(get($ann, '{ deletedPosts { id } }'), [], 'whole');
done_testing;
