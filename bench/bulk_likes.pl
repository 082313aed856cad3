# bulk_likes.pl: one statement that inserts 100,000 likes, with its counters, notifications and
# trends, against the same rows into the same table without our triggers; then likes that their
# people had taken back before, which bring their notifications back. design D4, mission P-02.
# synchronous_commit off, so that the disk does not hide what the triggers cost.
use strict;
use warnings;
use Bench;
use Time::HiRes 'time';

$ENV{PGOPTIONS} = '-c synchronous_commit=off';
my ($people, $posts) = (2_000, 1_000);
my $likes = 100_000;

sql(<<"SQL");
INSERT INTO social.users (username, email, password)
SELECT 'bulk' || n, 'bulk' || n || '\@example.com', '!' FROM generate_series(1, $people) n;
CREATE SCHEMA bench_bulk;
CREATE TABLE bench_bulk.people AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM social.users WHERE username LIKE 'bulk%';
INSERT INTO social.posts (author_id, title, content)
SELECT p.id, 'bulk post', 'number ' || n FROM generate_series(1, $posts) i JOIN bench_bulk.people p ON p.n = i;
CREATE TABLE bench_bulk.posts AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM social.posts WHERE title = 'bulk post';
CREATE TABLE bench_bulk.likes AS
SELECT s.id AS post_id, p.id AS user_id
FROM generate_series(0, $likes - 1) i
JOIN bench_bulk.posts s ON s.n = 1 + i % $posts JOIN bench_bulk.people p ON p.n = 1 + (i / $posts * 17 + i) % $people;
CREATE TABLE bench_bulk.post_likes (LIKE social.post_likes INCLUDING ALL,
	FOREIGN KEY (post_id) REFERENCES social.posts ON DELETE CASCADE,
	FOREIGN KEY (user_id) REFERENCES social.users ON DELETE CASCADE);
-- Some people block and mute others, as they do.
INSERT INTO social.blocks (blocker_id, blocked_id) SELECT a.id, b.id FROM bench_bulk.people a JOIN bench_bulk.people b ON b.n = a.n + 1 WHERE a.n % 5 = 0;
INSERT INTO social.mutes (muter_id, muted_id) SELECT a.id, b.id FROM bench_bulk.people a JOIN bench_bulk.people b ON b.n = a.n + 2 WHERE a.n % 5 = 0;
VACUUM ANALYZE social.users, social.posts, bench_bulk.likes;
SQL

my $insert = 'INSERT INTO %s (post_id, user_id) SELECT post_id, user_id FROM bench_bulk.likes';
my $ours = 'social.post_likes';
my $side = sub {
	my ($table, @before) = @_;
	return sub {
		sql($_) for @before, "CHECKPOINT; VACUUM $table, social.notifications, social.post_counters";
		my $begin = time;
		my $cpu = sql(cpu_clock() . 'CREATE TEMP TABLE began AS SELECT pg_temp.cpu() AS at;' . sprintf("$insert;", $table) . 'SELECT pg_temp.cpu() - at FROM began');
		return { ms => 1000 * (time - $begin), cpu => $cpu };
	};
};
my $unlike = "DELETE FROM $ours WHERE post_id IN (SELECT id FROM bench_bulk.posts)";
my $forget = 'DELETE FROM social.notifications WHERE post_id IN (SELECT id FROM bench_bulk.posts)';
my %time = interleave(
	first => $side->($ours, $unlike, $forget),
	again => $side->($ours, $unlike, sprintf($insert, $ours), $unlike),
	plain => $side->('bench_bulk.post_likes', 'TRUNCATE bench_bulk.post_likes'));
my $median = sub { my ($side, $what) = @_; median(map { $_->{$what} } @{ $time{$side} }) };
row('100,000 likes in one statement, ms / without our triggers', $median->('first', 'ms'), $median->('plain', 'ms'), '<= 1.5');
row('  the same, CPU ms of the backend', $median->('first', 'cpu'), $median->('plain', 'cpu'), '');
row('  the same, each taken back before', $median->('again', 'ms'), $median->('plain', 'ms'), '<= 1.7');
row('  the same, CPU ms of the backend', $median->('again', 'cpu'), $median->('plain', 'cpu'), '');

my $told  = sql("SELECT count(*) FROM social.notifications WHERE post_id IN (SELECT id FROM bench_bulk.posts)");
my $drift = sql("SELECT count(*) FROM social.reconcile() WHERE counter = 'post_counters.likes_count'");
sql("DELETE FROM social.users WHERE username LIKE 'bulk%'; DROP SCHEMA bench_bulk CASCADE");
printf "%-58s %12d\n%-58s %12d\n", '  notifications that it made', $told, '  counters that drifted', $drift;
exit($drift || !$told ? 1 : 0);
