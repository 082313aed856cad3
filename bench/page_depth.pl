# page_depth.pl: page 1,000 of every list against its page 1, and pages read backwards far and near,
# as a member reads it, in milliseconds of the backend's CPU, p50. A page that counts its way would
# take longer the deeper it is. mission P-04.
use strict;
use warnings;
use Bench;

$| = 1;

my $people = 25000;    # more than 1,000 pages of followers, likers, sharers
my $calls  = $ENV{CALLS_PER_SIDE} // 300;    # of a page in each round

sql(<<"SQL");
SET synchronous_commit = off;
INSERT INTO social.users (username, email, password)
SELECT 'deep' || n, 'deep' || n || '\@example.com', '!' FROM generate_series(1, $people) n;
CREATE SCHEMA bench_deep;
CREATE TABLE bench_deep.people AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM social.users WHERE username LIKE 'deep%';
INSERT INTO social.posts (author_id, title, content)
SELECT (SELECT id FROM bench_deep.people WHERE n = 1), 'number ' || n, 'about #deep for \@deep2' FROM generate_series(1, $people) n;
CREATE TABLE bench_deep.post AS SELECT max(id) AS id FROM social.posts WHERE title LIKE 'number %';
INSERT INTO social.follows (follower_id, followed_id, created_at)
SELECT p.id, a.id, now() - n % 1000 * interval '1 minute' FROM bench_deep.people p, (SELECT id FROM bench_deep.people WHERE n = 1) a WHERE p.id <> a.id;
INSERT INTO social.post_likes (post_id, user_id, created_at)
SELECT o.id, p.id, now() - n % 1000 * interval '1 minute' FROM bench_deep.people p, bench_deep.post o;
INSERT INTO social.reposts (post_id, user_id) SELECT o.id, p.id FROM bench_deep.people p, bench_deep.post o;
INSERT INTO social.bookmarks (user_id, post_id, created_at)
SELECT p.id, o.id, now() - o.id % 1000 * interval '1 minute' FROM social.posts o, bench_deep.people p WHERE o.title LIKE 'number %' AND p.n = 3;
-- Each comment on the post has one reply; one of them has many.
INSERT INTO social.comments (post_id, author_id, content) SELECT o.id, p.id, 'top' FROM bench_deep.people p, bench_deep.post o;
CREATE TABLE bench_deep.comment AS SELECT max(c.id) AS id FROM social.comments c, bench_deep.post o WHERE c.post_id = o.id;
INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT c.post_id, c.author_id, c.id, 'reply' FROM social.comments c, bench_deep.post o WHERE c.post_id = o.id;
INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT c.post_id, p.id, c.id, 'reply' FROM social.comments c, bench_deep.comment d, bench_deep.people p WHERE c.id = d.id;
SELECT social.fold_counters();
VACUUM ANALYZE;
SQL

my ($author, $named, $reader, $post, $comment) = split /\|/, sql(<<'SQL');
SELECT (SELECT id FROM bench_deep.people WHERE n = 1), (SELECT id FROM bench_deep.people WHERE n = 2),
	(SELECT id FROM bench_deep.people WHERE n = 3), (SELECT id FROM bench_deep.post), (SELECT id FROM bench_deep.comment)
SQL

# Each list: the call, and the rows in its order with key and id of their cursors.
my %list = (
	posts => ["social.posts(20, %s)", 'SELECT position, id FROM social.listed_posts ORDER BY position DESC'],
	user_posts => ["social.user_posts($author, 20, %s)", "SELECT position, id FROM social.listed_posts WHERE author_id = $author ORDER BY position DESC"],
	hashtag_posts => ["social.hashtag_posts('deep', 20, %s)", "SELECT position, id FROM social.listed_posts WHERE author_id = $author ORDER BY position DESC"],
	user_mentions => ["social.user_mentions($named, 20, %s)", "SELECT social.time_key(created_at), id FROM social.mentions WHERE mentioned_user_id = $named ORDER BY created_at DESC, id DESC"],
	bookmarked_posts => ["social.bookmarked_posts(20, %s)", "SELECT social.time_key(created_at), post_id FROM social.bookmarks WHERE user_id = $reader ORDER BY created_at DESC, post_id DESC"],
	post_comments => ["social.post_comments($post, 20, %s)", "SELECT id, id FROM social.comments WHERE post_id = $post AND parent_id IS NULL ORDER BY id"],
	comment_replies => ["social.comment_replies($comment, 20, %s)", "SELECT id, id FROM social.comments WHERE parent_id = $comment ORDER BY id"],
	comment_thread => ["social.comment_thread($post, 20, %s)", "SELECT 1, id FROM social.comments WHERE post_id = $post AND parent_id IS NULL ORDER BY id"],
	post_likers => ["social.post_likers($post, 20, %s)", "SELECT social.time_key(created_at), user_id FROM social.post_likes WHERE post_id = $post ORDER BY created_at DESC, user_id DESC"],
	post_shares => ["social.post_shares($post, 20, %s)", "SELECT position, user_id FROM social.reposts WHERE post_id = $post ORDER BY position DESC"],
	followers => ["social.followers($author, 20, %s)", "SELECT social.time_key(created_at), follower_id FROM social.follows WHERE followed_id = $author ORDER BY created_at DESC, follower_id DESC"],
);

my $missed = 0;
for my $name (sort keys %list)
{
	my ($call, $rows) = @{ $list{$name} };
	my $kind   = $name;
	my $goes_back = $name ne 'comment_thread';
	my $cursor = sql("SELECT social.act_as($reader, true); SELECT social.cursor_encode('$kind', k, i) FROM ($rows OFFSET 19979 LIMIT 1) AS r(k, i)");
	$cursor =~ s/^.*\n//s;
	my $near = sql("SELECT social.act_as($reader, true); SELECT social.cursor_encode('$kind', k, i) FROM ($rows OFFSET 40 LIMIT 1) AS r(k, i)");
	$near =~ s/^.*\n//s;
	my %back = (back => $cursor, near => $near);
	my $found = sql("SELECT social.act_as($reader, true); SELECT count(*) FROM " . sprintf($call, "'$cursor'"));
	die "$name has no page 1,000: $found" if $found !~ /\n(20|1)$/;
	my %ms = latencies(
		rounds  => rounds() * $calls,
		prepare => "SELECT social.act_as($reader);\nPREPARE first AS SELECT count(*) FROM " . sprintf($call, 'NULL')
		  . ";\nPREPARE deep AS SELECT count(*) FROM " . sprintf($call, "'$cursor'")
		  . ($goes_back ? join '', map { ";\nPREPARE $_ AS SELECT count(*) FROM " . sprintf($call, "NULL, '$back{$_}'") } keys %back : '') . ';',
		calls => [ map { [ $_, $reader, "EXECUTE $_" ] } 'deep', 'first', $goes_back ? keys %back : () ]);
	$missed++ if row("$name, ms of page 1,000 / page 1", $ms{deep}, $ms{first}, '<= 1.2') > 1.2;
	$missed++ if $goes_back && row("$name, ms of the page before it / before page 3", $ms{back}, $ms{near}, '<= 1.2') > 1.2;
}
sql('DROP SCHEMA bench_deep CASCADE');
exit($missed ? 1 : 0);
