# storm.pl: 32 clients like, unlike, follow, comment, share, post and delete, several things a
# transaction and in opposite orders, while others read, mark and fold. It ends without a deadlock,
# without a failed transaction, with every count exact and no notification of anything undone.
# issue: speed; mission P-02. STORM_SECONDS (60) sets how long.
#
# Each client has its own people: two sessions of one person that insert the same rows in opposite
# orders wait for each other's keys, in any table. Deletes are those of the api: they hide a row
# that a later purge removes, so they lock nothing that a like or a comment needs.
use strict;
use warnings;
use Bench;
use File::Temp 'tempdir';

my ($clients, $each, $posts) = (32, 10, 200);
my $seconds = $ENV{STORM_SECONDS} // 60;
my $people  = $clients * $each;

sql(<<"SQL");
INSERT INTO social.users (username, email, password)
SELECT 'storm' || n, 'storm' || n || '\@example.com', '!' FROM generate_series(1, $people) n;
CREATE SCHEMA bench_storm;
CREATE TABLE bench_storm.people AS SELECT id, (row_number() OVER (ORDER BY id))::int AS n FROM social.users WHERE username LIKE 'storm%';
INSERT INTO social.posts (author_id, title, content)
SELECT p.id, 'storm post', '#storm number' FROM generate_series(1, $posts) i JOIN bench_storm.people p ON p.n = 1 + i % $people;
INSERT INTO social.comments (post_id, author_id, content)
SELECT s.id, p.id, 'first' FROM social.posts s JOIN bench_storm.people p ON p.n = 1 + s.id % $people WHERE s.title = 'storm post';
VACUUM ANALYZE social.users, social.posts;
SQL
my $user    = sql('SELECT min(id) FROM bench_storm.people');
my $post    = sql("SELECT min(id) FROM social.posts WHERE title = 'storm post'");
my $comment = sql("SELECT min(c.id) FROM social.comments c JOIN social.posts p ON p.id = c.post_id WHERE p.title = 'storm post'");

# Weight and script. Few targets, so that everybody meets everybody.
my $draw = "\\set user $user + :client_id * $each + random(0, $each - 1)\n"
  . join('', map { "\\set post$_ $post + random(0, 9)\n\\set other$_ $user + random(0, $people - 1)\n\\set comment$_ $comment + random(0, 9)\n" } 1 .. 3);
my @scripts = (
	[8, <<'SQL'],
BEGIN;
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post1, :user) ON CONFLICT DO NOTHING;
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post2, :user) ON CONFLICT DO NOTHING;
INSERT INTO social.comment_likes (comment_id, user_id) VALUES (:comment1, :user) ON CONFLICT DO NOTHING;
DELETE FROM social.post_likes WHERE post_id = :post3 AND user_id = :user;
COMMIT;
SQL
	[6, <<'SQL'],
BEGIN;
DELETE FROM social.comment_likes WHERE comment_id = :comment1 AND user_id = :user;
DELETE FROM social.post_likes WHERE post_id = :post1 AND user_id = :user;
INSERT INTO social.comment_likes (comment_id, user_id) VALUES (:comment2, :user) ON CONFLICT DO NOTHING;
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post3, :user) ON CONFLICT DO NOTHING;
COMMIT;
SQL
	[4, <<'SQL'],
BEGIN;
INSERT INTO social.follows (follower_id, followed_id) SELECT :user, :other1 WHERE :user <> :other1 ON CONFLICT DO NOTHING;
DELETE FROM social.follows WHERE follower_id = :user AND followed_id = :other2;
INSERT INTO social.follows (follower_id, followed_id) SELECT :user, :other3 WHERE :user <> :other3 ON CONFLICT DO NOTHING;
COMMIT;
SQL
	[4, <<'SQL'],
BEGIN;
INSERT INTO social.comments (post_id, author_id, content) VALUES (:post1, :user, 'storm comment');
INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT post_id, :user, id, 'storm reply' FROM social.comments WHERE id = :comment1;
INSERT INTO social.reposts (post_id, user_id) VALUES (:post2, :user) ON CONFLICT DO NOTHING;
DELETE FROM social.reposts WHERE post_id = :post3 AND user_id = :user;
COMMIT;
SQL
	[2, <<'SQL'],
BEGIN;
SELECT social.act_as(:user::bigint);
SELECT social.create_post('storm post', '#storm #storm' || :post1 || ' @storm1 @storm2');
SELECT count(social.delete_comment(c.id)) FROM (SELECT id FROM social.comments WHERE author_id = :user AND deleted_at IS NULL AND content LIKE 'storm%' ORDER BY id DESC LIMIT 2) c;
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post2, :user) ON CONFLICT DO NOTHING;
COMMIT;
SQL
	[1, <<'SQL'],
BEGIN;
SELECT social.act_as(:user::bigint);
SELECT count(social.delete_post(p.id)) FROM (SELECT id FROM social.posts WHERE author_id = :user AND deleted_at IS NULL AND id > :post1 + 200 ORDER BY id DESC LIMIT 1) p;
DELETE FROM social.post_likes WHERE post_id = :post2 AND user_id = :user;
COMMIT;
SQL
	[1, <<'SQL'],
BEGIN;
SELECT social.act_as(:user::bigint);
SELECT social.mark_all_notifications_read();
COMMIT;
SQL
	[1, "SELECT social.tick();\n"],
	[2, <<'SQL'],
BEGIN;
SELECT social.act_as(:user::bigint);
SELECT count(*) FROM social.notifications(20);
SELECT count(*) FROM social.trending_posts(20);
COMMIT;
SQL
);
my $dir = tempdir(CLEANUP => 1);
my $files = '';
for my $i (0 .. $#scripts)
{
	open my $file, '>', "$dir/$i.sql" or die "$dir/$i.sql: $!";
	print $file $draw, $scripts[$i][1];
	close $file;
	$files .= " -f $dir/$i.sql\@$scripts[$i][0]";
}
my $deadlocks = 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()';
my $before    = sql($deadlocks);
my $output    = `pgbench -n -M prepared -c $clients -j 2 -T $seconds$files 2>&1`;
die "pgbench failed: $output" if $? || $output !~ /^tps = ([\d.]+)/m;
my $tps = $1;
my ($failed) = $output =~ /number of failed transactions: (\d+)/;
my %found = (
	'  failed transactions'   => $failed,
	'  deadlocks'             => sql('SELECT pg_stat_clear_snapshot(); ' . $deadlocks) - $before,
	'  counters that drifted' => sql('SELECT count(*) FROM social.reconcile()'),
	'  notifications of what was undone' => sql(<<'SQL'),
SELECT count(*) FROM social.notifications n WHERE n.withdrawn_at IS NULL AND (
	(n.type = 'like' AND NOT EXISTS (SELECT FROM social.post_likes l WHERE l.post_id = n.post_id AND l.user_id = n.actor_id))
	OR (n.type = 'comment_like' AND NOT EXISTS (SELECT FROM social.comment_likes l WHERE l.comment_id = n.comment_id AND l.user_id = n.actor_id))
	OR (n.type = 'follow' AND NOT EXISTS (SELECT FROM social.follows f WHERE f.followed_id = n.recipient_id AND f.follower_id = n.actor_id)))
SQL
	'  likes that nobody was told of' => sql(<<'SQL'),
SELECT count(*) FROM social.post_likes l JOIN social.posts p ON p.id = l.post_id
WHERE l.user_id <> p.author_id AND p.title = 'storm post' AND NOT EXISTS (SELECT FROM social.notifications n WHERE n.type = 'like' AND n.post_id = l.post_id AND n.actor_id = l.user_id AND n.withdrawn_at IS NULL)
SQL
);
printf "%-58s %12.5g\n", "storm of $clients clients, $seconds s, transactions a second", $tps;
printf "%-58s %12d\n", $_, $found{$_} for sort keys %found;
sql("DELETE FROM social.users WHERE username LIKE 'storm%'; DROP SCHEMA bench_storm CASCADE");
exit((grep { $_ } values %found) ? 1 : 0);
