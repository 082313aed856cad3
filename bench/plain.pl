# plain.pl: what a request costs through the bridge, against the same answer by hand-written SQL on a
# schema that an application would write for itself (bench/plain/: normal tables and indexes, JSON by
# PostgreSQL, counts by COUNT). CPU seconds per 1,000 requests from /proc, of the bridge and the
# database together, and of the database alone with pgbench -M prepared; 16 connections, interleaved.
#
# 100,000 posts (BENCH_POSTS, Dataset.pm), 10,000 people, 500,000 follows, likes and 200,000 comments;
# few hashtags (the demo data), a heavy tail of them, and 20,000 more; comments and replies likewise.
# The bars of the feed and of lists are those of found F, against SQL that an application would write.
# PLAIN="list feed" runs the rows of these names. found F1 to F7.
use strict;
use warnings;
use Bench;
use Dataset;
use JSON::PP;
use Load;

$| = 1;
$ENV{BENCH_POSTS} //= 100_000;
my $card = '{ id title author { username } hashtags { tag } likesCount commentsCount }';

# ---- the two sides -------------------------------------------------------------------------------

# One row: ours, and the cheaper of the plain forms.
sub compare
{
	my ($name, $bar, $ours, @plain) = @_;
	my %sides = (ours => sub { $ours->()->{cpu} }, map { my $script = $plain[$_]; ("plain $_" => sub { through_pgbench($script)->{cpu} }) } 0 .. $#plain);
	my %figures = interleave(%sides);
	my ($mine, @theirs) = map { median(@{ $figures{$_} }) } sort keys %figures;
	my ($least) = sort { $a <=> $b } @theirs;
	return row($name, $mine, $least, "<= $bar") <= $bar;
}

# ---- the data ------------------------------------------------------------------------------------

my ($base, $posts, @readers, @tokens, @readers_about, @tokens_about, %marked);

# The demo data alone has few hashtags.
sub load_few
{
	sql(sql_file('schema'));
	@tokens = tokens(sql("SELECT id FROM social.users WHERE username = 'alice'"));
}

sub load_large
{
	($base, %marked) = load_activity();
	$posts = Dataset::posts();
	Dataset::load_subjects();
	sql(sql_file('schema'));
	@readers = readers();
	@readers_about = split /\n/, sql("SELECT user_id FROM bench_data.subject_readers WHERE class = 'subjects 20' ORDER BY user_id");
	@tokens_about  = tokens(@readers_about);
	@tokens  = tokens(@readers);
}

sub load_many
{
	sql(sql_file('tags', base => $base)) if sql("SELECT EXISTS (SELECT FROM social.hashtags WHERE tag = 'many1')") eq 'f';
	sql(sql_file('schema'));
}

# Two words of the commonest hundred; every other query finds them next to one another in titles too.
my @queries = map { Dataset::word($_) . ' ' . Dataset::word(3 * $_ + 1) } 1 .. 20;

sub plain
{
	my ($name, %variable) = @_;
	%variable = (
		QUERIES    => 'ARRAY[' . join(', ', map { "'$_'" } @queries) . ']',
		VIEWERS    => scalar @readers,
		VIEWER_IDS => 'ARRAY[' . join(', ', @readers) . ']::bigint[]',
		BASE       => $base, POSTS => $posts, %variable);
	my $script = sql_file($name);
	$script =~ s/\{([A-Z_]+)\}/$variable{$1}/g;
	return $script;
}

# A document as the Lua text of its body; %s in it are the Lua expressions that follow.
sub document
{
	my ($query, @arguments) = @_;
	my $body = encode_json({ query => $query });
	return "return graphql(string.format([[$body]]" . join('', map { ", $_" } @arguments) . '))';
}

# ---- rows ----------------------------------------------------------------------------------------

my @rows = (
	[ list => sub {
		my ($shape) = @_;
		my $body = document("{ allPosts(first: 20) $card }");
		# For everybody; a reader's own list may have posts for followers besides.
		my ($ours, $theirs) = map { sql("SELECT string_agg(id::text, ' ' ORDER BY n) FROM (SELECT p.id, row_number() OVER () AS n FROM $_ LIMIT 20) p") }
		  '(SELECT * FROM social.listed_posts ORDER BY position DESC) p', '(SELECT * FROM plain.posts WHERE is_published ORDER BY created_at DESC, id DESC) p';
		die "the sides list different posts: $ours / $theirs\n" if $ours ne $theirs;
		compare("list of 20, $shape hashtags", 0.7, sub { through_bridge($body, @tokens) }, plain('list'));
	} ],
	[ list_rest => sub {
		my ($shape) = @_;
		compare("the same over REST, $shape hashtags", 0.7, sub { through_bridge('return send("GET", "/api/posts/posts/")', @tokens) }, plain('list_rest'));
	} ],
	[ page => sub {
		my ($shape) = @_;
		my $edges  = "edges { cursor node $card } pageInfo { hasNextPage endCursor }";
		my $cursor = request('POST', '/graphql/', { query => '{ allPostsConnection(first: 100) { pageInfo { endCursor } } }' }, $tokens[0])->{data}{allPostsConnection}{pageInfo}{endCursor};
		my ($at, $id) = split /\|/, sql('SELECT created_at, id FROM plain.posts WHERE is_published ORDER BY created_at DESC, id DESC OFFSET 99 LIMIT 1');
		compare("page of 20 as a connection, $shape hashtags", 1.0, sub {
			through_bridge(document("{ allPostsConnection(first: 20, after: \"%s\") { $edges } }", "\"$cursor\""), @tokens)
		}, plain('page', AT => $at, ID => $id));
	} ],
	[ search => sub {
		my $lua = '{ ' . join(', ', map { qq("$_") } @queries) . ' }';
		compare('search, two words', 1.0, sub {
			through_bridge("local queries = $lua; " . document("{ searchPostsFts(query: \"%s\", first: 20) $card }", 'pick(queries)'), @tokens)
		}, plain('search'));
	} ],
	[ search_rest => sub {
		my $lua = '{ ' . join(', ', map { my $q = s/ /%20/r; qq("$q") } @queries) . ' }';
		compare('search over REST, with snippets', 1.0, sub {
			through_bridge("local queries = $lua; return send(\"GET\", \"/api/posts/search/?query=\" .. pick(queries))", @tokens)
		}, plain('search_rest'));
	} ],
	[ post => sub {
		my $query = '{ post(id: %d) { id title content author { username } likesCount commentsCount '
		  . 'comments(first: 10) { id content author { username } replies(first: 5) { id content author { username } } } } }';
		my %id = (
			'10 comments with 2 replies' => [ "$base + 100 * math.random(0, @{[int($posts / 100) - 1]})", "$base + 100 * random(0, @{[int($posts / 100) - 1]})" ],
			'20,000 comments'  => [ $marked{many},   $marked{many} ],
			'5,000 replies'    => [ $marked{skewed}, $marked{skewed} ]);
		my $good = 1;
		for my $shape (sort keys %id)
		{
			$good &= compare("post, $shape", 1.25, sub { through_bridge(document($query, $id{$shape}[0]), @tokens) }, plain('post', ID => $id{$shape}[1]));
		}
		return $good;
	} ],
	[ feed => sub {
		# Each person's newest, merged; or newest first until there are twenty, which an unlucky reader
		# waits long for. The bar is for the form that has no bad days.
		my $ours = sub { through_bridge('return send("GET", "/api/posts/feed/")', @tokens) };
		compare('feed of who follows 200', 0.12, $ours, plain('feed'))
		  & compare('the same / the other SQL form', 1, $ours, plain('feed_join'));
	} ],
	[ feed_about => sub {
		# The same with twenty teams that each of them follows.
		compare('feed of who follows 200, and 20 subjects', 0.12, sub { through_bridge('return send("GET", "/api/posts/feed/")', @tokens_about) },
			plain('feed_about', VIEWERS => scalar @readers_about, VIEWER_IDS => 'ARRAY[' . join(', ', @readers_about) . ']::bigint[]'));
	} ],
	[ create => sub {
		my $query = 'mutation { createPost(title: "Notes from day %d", content: "Reading about #topic%d with @person%d this morning; the longer I look, '
		  . 'the more the old lessons hold. Write it down, measure it, then decide again. More in #part%d soon.") '
		  . '{ post { id title author { username } hashtags { tag } createdAt } success } }';
		compare('create a post, 2 hashtags, 1 mention', 1.3, sub {
			through_bridge('local a, b = math.random(1, 5000), math.random(0, 999); ' . document($query, 'a', 'a', 'b', 'b'), @tokens)
		}, plain('create'));
	} ],
	[ like => sub {
		compare('like a post', 1.45, sub {
			through_bridge(document('mutation { likePost(postId: %d) { post { id likesCount } success } }', "$base + math.random(0, $posts - 1)"), @tokens)
		}, plain('like'));
	} ],
);

my %wanted = map { $_ => 1 } split ' ', $ENV{PLAIN} // join ' ', map { $_->[0] } @rows;
my $missed = 0;

sub run
{
	my ($shape, @names) = @_;
	for my $row (@rows)
	{
		$missed++ if $wanted{ $row->[0] } && grep({ $_ eq $row->[0] } @names) && !$row->[1]->($shape);
	}
}

my @lists = qw(list list_rest page);
if (!Dataset::is_loaded())
{
	load_few();
	run('few', @lists);
}
load_large();
run('a heavy tail of', map { $_->[0] } @rows);
if (grep { $wanted{$_} } @lists)
{
	load_many();
	run('20,000', @lists);
}
exit($missed ? 1 : 0);
