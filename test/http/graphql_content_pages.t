# Every list of content as pages (P-04, mission 3.1): a connection, walked one entry at a time, both
# ways, has what the plain list has.
use strict;
use warnings;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($ann, $bob) = map { account() } 1 .. 2;
my $word = sprintf 'gc%x%x', $$, time & 0xffff;
psql("SELECT social.act_as($bob->{id}), social.follow_user($ann->{id})");
my $post    = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($ann->{id}, 'base', 'x') RETURNING id");
my $comment = psql("INSERT INTO social.comments (post_id, author_id, content) VALUES ($post, $ann->{id}, 'base') RETURNING id");
# Four of everything, by four people.
psql(<<"END");
INSERT INTO social.users (username) SELECT '$word' || n FROM generate_series(1, 4) n;
CREATE TEMPORARY TABLE people AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM social.users WHERE username LIKE '$word%';
INSERT INTO social.posts (author_id, title, content) SELECT $ann->{id}, '$word ' || n, 'to \@$bob->{username} #$word #$word' || n FROM people ORDER BY n;
INSERT INTO social.posts (author_id, title, content, quoted_post_id) SELECT id, '', 'q', $post FROM people ORDER BY n;
INSERT INTO social.posts (author_id, title, content, is_published) SELECT $bob->{id}, 'draft', 'x', false FROM people;
INSERT INTO social.posts (author_id, title, content) SELECT $bob->{id}, 'gone ' || n, 'x' FROM people;
UPDATE social.posts SET deleted_at = now() - right(title, 1)::int * interval '1 minute' WHERE author_id = $bob->{id} AND title LIKE 'gone %';
INSERT INTO social.post_revisions (post_id, revision, title, content) SELECT $post, n, 'was', 'x' FROM people;
INSERT INTO social.comments (post_id, author_id, content) SELECT $post, id, 'c' FROM people ORDER BY n;
INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT $post, id, $comment, 'r' FROM people ORDER BY n;
INSERT INTO social.post_likes (post_id, user_id, created_at) SELECT $post, id, now() - n / 2 * interval '1 minute' FROM people;
INSERT INTO social.comment_likes (comment_id, user_id, created_at) SELECT $comment, id, now() - n / 2 * interval '1 minute' FROM people;
INSERT INTO social.reposts (post_id, user_id) SELECT $post, id FROM people;
INSERT INTO social.bookmarks (user_id, post_id, created_at) SELECT $bob->{id}, p.id, now() - h.n * interval '1 minute' FROM social.posts p JOIN people h ON p.title = '$word ' || h.n;
INSERT INTO social.post_views (post_id, viewer_key, window_start, user_id) SELECT $post, 'user ' || id, now(), id FROM people;
INSERT INTO social.user_sessions (user_id, family_secret, last_seen_at, expires_at) SELECT $bob->{id}, '\\x00', now() - n / 2 * interval '1 minute', now() + interval '1 day' FROM people;
UPDATE social.posts SET is_pinned = true WHERE author_id = $ann->{id} AND title LIKE '$word%';
INSERT INTO social.post_trends (post_id, score) SELECT p.id, 1e6 + right(p.title, 1)::int / 2 FROM social.posts p WHERE p.author_id = $ann->{id} AND p.title LIKE '$word%' ON CONFLICT (post_id) DO UPDATE SET score = EXCLUDED.score;
INSERT INTO social.hashtag_trends (hashtag_id, score) SELECT h.id, 1e6 + length(h.tag) FROM social.hashtags h WHERE h.tag LIKE '$word%' ON CONFLICT (hashtag_id) DO UPDATE SET score = EXCLUDED.score;
END

# Who asks; the field with its arguments, below which one it stands, what tells its nodes apart; how
# many there are, where that is exact; whether it is read one way.
my @lists = (
	[ $bob, "userPosts(userId: $ann->{id})",          '',                        'id',                  5 ],
	[ $bob, "postQuotes(postId: $post)",              '',                        'id',                  4 ],
	[ $bob, 'quotes',                                 "post(id: $post)",         'id',                  4 ],
	[ $bob, 'drafts',                                 '',                        'id',                  4 ],
	[ $bob, 'deletedPosts',                           '',                        'id',                  4 ],
	[ $ann, "postRevisions(postId: $post)",           '',                        'revision',            4 ],
	[ $bob, 'comments',                               "post(id: $post)",         'id',                  5 ],
	[ $bob, 'replies',                                "comment(id: $comment)",   'id',                  4 ],
	[ $bob, "commentThread(postId: $post)",           '',                        'comment { id } depth', 9, 1 ],
	[ $bob, "postLikes(postId: $post)",               '',                        'user { id }',         4 ],
	[ $bob, 'likes',                                  "post(id: $post)",         'user { id }',         4 ],
	[ $bob, "commentLikes(commentId: $comment)",      '',                        'user { id }',         4 ],
	[ $bob, 'likes',                                  "comment(id: $comment)",   'user { id }',         4 ],
	[ $bob, "postShares(postId: $post)",              '',                        'user { id } message', 8 ],
	[ $bob, 'shares',                                 "post(id: $post)",         'user { id } message', 8 ],
	[ $ann, "postViews(postId: $post)",               '',                        'user { id }',         4 ],
	[ $bob, 'bookmarks',                              '',                        'id',                  4 ],
	[ $bob, 'feed',                                   '',                        'id',                  5 ],
	[ $bob, 'feedEntries',                            '',                        'post { id }',         5 ],
	[ $bob, "hashtagPosts(tag: \"$word\")",           '',                        'id',                  4 ],
	[ $bob, 'posts',                                  "hashtag(tag: \"$word\")", 'id',                  4 ],
	[ $bob, "userMentions(userId: $bob->{id})",       '',                        'post { id }',         4 ],
	[ $bob, "searchPosts(query: \"$word\")",          '',                        'id',                  4, 1 ],
	[ $bob, "searchPostsFts(query: \"$word\")",       '',                        'id',                  4, 1 ],
	[ $bob, "searchHits(query: \"$word\")",           '',                        'post { id }',         4, 1 ],
	[ $bob, "searchHashtags(query: \"$word\")",       '',                        'tag',                 5, 1 ],
	[ $bob, "searchUsers(query: \"$word\")",          '',                        'id',                  4, 1 ],
	[ $bob, "search(query: \"$word\")",               '',                        '__typename ... on User { username } ... on Hashtag { tag } ... on Post { id }', 13, 1 ],
	[ $bob, "pinnedPosts(userId: $ann->{id})",        '',                        'id',                  4 ],
	[ $bob, 'pinnedPosts',                            "user(id: $ann->{id})",    'id',                  4 ],
	[ $bob, 'sessions',                               'me',                      'id',                  5 ],
);
my $json = JSON::PP->new->canonical;

# All hashtags there are: enough of them to see that pages join.
my $tags = get($bob, '{ hashtags(limit: 5) { tag } }');
my $half = get($bob, '{ hashtagsConnection(first: 3) { edges { node { tag } } pageInfo { endCursor hasNextPage } } }');
my $next = get($bob, "{ hashtagsConnection(first: 2, after: \"$half->{pageInfo}{endCursor}\") { edges { node { tag } } pageInfo { startCursor } } }");
is_deeply([ map { $_->{node} } @{ $half->{edges} }, @{ $next->{edges} } ], $tags, 'seed 061: hashtags in pages');
my $back = get($bob, "{ hashtagsConnection(last: 2, before: \"$next->{pageInfo}{startCursor}\") { edges { node { tag } } pageInfo { hasPreviousPage hasNextPage } } }");
is_deeply([ map { $_->{node} } @{ $back->{edges} } ], [ @$tags[ 1, 2 ] ], 'and back');

# What trends: this test's, which lead, then those by count, whosever they are.
for my $list ([ trendingPosts => 'id', 4 ], [ trendingTopics => 'tag', 5 ], [ trendingHashtags => 'tag', 5 ])
{
	my ($name, $identity, $n) = @$list;
	my $whole = get($bob, "{ $name(limit: $n) { $identity } }");
	my @walked;
	my $page = { edges => [], pageInfo => {} };
	for (1 .. $n)
	{
		my $after = $page->{pageInfo}{endCursor};
		$page = get($bob, "{ ${name}Connection(first: 1" . ($after ? ", after: \"$after\"" : '') . ") { edges { node { $identity } } pageInfo { endCursor hasNextPage hasPreviousPage } } }");
		push @walked, map { $_->{node} } @{ $page->{edges} };
		is(!!$page->{pageInfo}{hasPreviousPage}, !!$after, "$name: whether something is before it") if $_ < 3;
	}
	is(scalar @$whole, $n, "$name: so many");
	is_deeply(\@walked, $whole, "seed 060, 063, 132: $name in pages");
	next if $name eq 'trendingHashtags';
	my $before = get($bob, "{ ${name}Connection(last: 2, before: \"$page->{pageInfo}{endCursor}\") { edges { node { $identity } } } }");
	is_deeply([ map { $_->{node} } @{ $before->{edges} } ], [ @$whole[ $n - 3, $n - 2 ] ], "$name: and back");
}

# The field's value, below the one that it stands in.
sub field
{
	my ($list, $suffix, $arguments, $selection) = @_;
	my ($as, $call, $around) = @$list;
	my ($name, $own) = $call =~ /^(\w+)(?:\((.*)\))?$/;
	my $inner = join ', ', grep { length } $own // '', $arguments;
	my $text  = "$name$suffix" . (length $inner ? "($inner)" : '') . " { $selection }";
	my $found = get($as, length $around ? "{ $around { $text } }" : "{ $text }");
	return length $around ? $found->{"$name$suffix"} : $found;
}

for my $list (@lists)
{
	my (undef, $call, $around, $identity, $n, $one_way) = @$list;
	my $name  = ($around ? "$around: " : '') . $call;
	my @plain = map { $json->encode($_) } @{ field($list, '', 'first: 50', $identity) // [] };
	is(scalar @plain, $n, "$name: as many as there are");
	my $page   = sub { my ($arguments) = @_; return field($list, 'Connection', $arguments, "edges { cursor node { $identity } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount totalCountAtLeast") };
	my $walked = sub {
		my ($turn, $direction) = @_;
		my (@nodes, @cursors);
		my $at = $turn;
		while (@nodes <= $n)
		{
			my $found = $page->($at);
			push @nodes, map { $json->encode($_->{node}) } @{ $found->{edges} };
			push @cursors, map { $_->{cursor} } @{ $found->{edges} };
			last unless $found->{pageInfo}{ $direction eq 'after' ? 'hasNextPage' : 'hasPreviousPage' };
			$at = $direction eq 'after' ? "first: 1, after: \"$found->{pageInfo}{endCursor}\"" : "last: 1, before: \"$found->{pageInfo}{startCursor}\"";
		}
		return (\@nodes, \@cursors);
	};
	my ($nodes, $cursors) = $walked->('first: 1', 'after');
	is_deeply($nodes, \@plain, "$name: forwards");
	my $whole = $page->('first: 50');
	cmp_ok($whole->{totalCountAtLeast}, '==', $n, "$name: at least so many");
	ok(!defined $whole->{totalCount} || $whole->{totalCount} == $n, "$name: exactly, where it is known") or diag($whole->{totalCount});
	next if $one_way;
	my ($back) = $walked->("last: 1, before: \"$cursors->[-1]\"", 'before');
	is_deeply([ reverse @$back ], [ @plain[ 0 .. $n - 2 ] ], "$name: backwards");
}
done_testing;
