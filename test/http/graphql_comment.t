# Comments over GraphQL (seed 074-076, 086, 100): writing, reading and answering them as their author,
# as the post's, as somebody else, across a block, and as nobody.
use strict;
use warnings;
use utf8;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my ($ann, $bob, $cem) = map { account() } 1 .. 3;
my $post = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($ann->{id}, 't', 'c') RETURNING id");
my $dan  = psql("INSERT INTO social.users (username) VALUES ('dan' || $ann->{id}) RETURNING id");
psql("SELECT social.act_as($cem->{id}), social.block_user($ann->{id})");
sub state_of { return psql("SELECT md5(coalesce(string_agg(m::text, '|' ORDER BY m.id), '')) FROM social.comments m WHERE m.post_id = $post") }

# ---- writing
my $top = payload(comment => $bob, 'mutation ($p: ID!, $c: String!) { createComment(postId: $p, content: $c) { comment { id content author { id } post { id commentsCount } parent { id } replies { id } isEdited isDeleted editedAt likesCount repliesCount createdAt } success message } }',
	p => $post, c => 'What about "quotes" and ümlauts?');
my $id = $top->{id};
like(delete $top->{createdAt}, qr/^\d{4}-/, 'seed 100: createdAt');
is_deeply($top, { id => $id, content => 'What about "quotes" and ümlauts?', author => { id => "$bob->{id}" }, post => { id => "$post", commentsCount => 1 }, parent => undef, replies => [],
	isEdited => $false, isDeleted => $false, editedAt => undef, likesCount => 0, repliesCount => 0 }, 'seed 074, 100: createComment answers the whole comment');
my $reply = payload(comment => $ann, "mutation { createComment(postId: $post, content: \"An answer\", parentId: $id) { comment { id parent { id content repliesCount } } success message } }");
is_deeply($reply->{parent}, { id => $id, content => 'What about "quotes" and ümlauts?', repliesCount => 1 }, 'seed 074: with parentId an answer');
my $edited = payload(comment => $bob, "mutation { updateComment(id: $id, content: \"Better\") { comment { content isEdited editedAt } success message } }");
is_deeply([ @$edited{qw(content isEdited)}, defined $edited->{editedAt} ], [ 'Better', $true, 1 ], 'seed 075: updateComment marks it as edited');

# ---- reading
is_deeply(get(undef, "{ post(id: $post) { comments { content author { username } replies { content author { username } replies { id } } } } }"),
	{ comments => [ { content => 'Better', author => { username => $bob->{username} }, replies => [ { content => 'An answer', author => { username => $ann->{username} }, replies => [] } ] } ] },
	'seed 086: post, comments and replies in one query');
is_deeply(get(undef, "{ commentThread(postId: $post) { comment { content } depth } }"), [ { comment => { content => 'Better' }, depth => 1 }, { comment => { content => 'An answer' }, depth => 2 } ], 'a thread as one list');
is_deeply(get($cem, "{ commentThread(postId: $post) { depth } }"), [], 'which is empty across a block');
is(get($bob, "{ comment(id: $reply->{id}) { content } }")->{content}, 'An answer', 'one comment');
is(get($cem, "{ comment(id: $id) { content } }"), undef, 'under a post that may not be seen it is not there');
is(get($bob, '{ comment(id: "9007199254740991") { content } }'), undef, 'nor what is not there');
psql("SELECT social.act_as($dan), social.create_comment($post, 'by dan'); SELECT social.act_as($dan), social.block_user($bob->{id})");
is_deeply([ map { $_->{content} } @{ get($_->[0], "{ post(id: $post) { comments { content } } }")->{comments} } ], $_->[1], $_->[2])
  for [ $bob, ['Better'], 'comments across a block are left out' ], [ undef, [ 'Better', 'by dan' ], 'for nobody else' ];

# ---- what is refused, and that nothing is written then
my $before = state_of();
refused('FORBIDDEN', "updateComment: not somebody else's", $ann, "mutation { updateComment(id: $id, content: \"x\") { success } }");
refused('FORBIDDEN', "deleteComment: not somebody else's under somebody else's post", $bob, "mutation { deleteComment(id: $reply->{id}) { success } }");
for my $call ([ updateComment => 'content: "x"' ], [ deleteComment => '' ])
{
	my ($name, $more) = @$call;
	refused('NOT_FOUND', "$name: not across a block", $cem, "mutation { $name(id: $id, $more) { success } }");
	refused('NOT_FOUND', "$name: not one that is not there", $ann, "mutation { $name(id: \"9007199254740991\", $more) { success } }");
	refused('UNAUTHENTICATED', "$name: not by nobody", undef, "mutation { $name(id: $id, $more) { success } }");
}
refused('UNAUTHENTICATED', 'createComment: not by nobody', undef, "mutation { createComment(postId: $post, content: \"x\") { success } }");
refused('NOT_FOUND', "createComment: $_->[2]", $_->[0], "mutation { createComment($_->[1], content: \"x\") { success } }")
  for [ $cem, "postId: $post", 'not across a block' ], [ $bob, 'postId: "9007199254740991"', 'not on what is not there' ], [ $bob, "postId: $post, parentId: \"9007199254740991\"", 'nor in answer to it' ];
refused('BAD_REQUEST', "$_: not without a text", $bob, "mutation { $_, content: \" \") { success } }") for "createComment(postId: $post", "updateComment(id: $id";
refused('BAD_REQUEST', 'nor with one that is too long', $bob, 'mutation ($c: String!) { createComment(postId: ' . $post . ', content: $c) { success } }', c => 'x' x 5001);
psql("UPDATE social.posts SET reply_settings = 'none' WHERE id = $post");
refused('FORBIDDEN', 'createComment: not where the author has closed it', $bob, "mutation { createComment(postId: $post, content: \"x\") { success } }");
psql("UPDATE social.posts SET reply_settings = 'everyone' WHERE id = $post");
is(ask($bob, "mutation { createComment(postId: $post, content: \"x\", parentId: \"abc\") { success } }")->{errors}[0]{extensions}{code}, 'BAD_USER_INPUT', 'a parent that can be none');
is(state_of(), $before, 'nothing of all this was written');

# ---- deleting
my $left = get($bob, "mutation { deleteComment(id: $id) { comment { id content author { id } isDeleted isEdited repliesCount } id success message } }");
is_deeply($left, { comment => { id => $id, content => '', author => undef, isDeleted => $true, isEdited => $false, repliesCount => 1 }, id => $id, success => $true, message => $left->{message} },
	'seed 076: deleteComment leaves an empty place above answers');
my $last = get($bob, "mutation { createComment(postId: $post, content: \"alone\") { comment { id } } }")->{comment}{id};
is_deeply(get($ann, "mutation { deleteComment(id: $last) { comment { id } id success } }"), { comment => undef, id => $last, success => $true }, "and nothing otherwise; a post's author may");
is(get($ann, "{ post(id: $post) { commentsCount } }")->{commentsCount}, 2, 'the counts follow');
done_testing;
