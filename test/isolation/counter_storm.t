# counter_storm.t: writers that meet on the same counters never wait for each other, never deadlock,
# and leave exact counts; the background worker folds what they left. mission P-02, design D4, D12.
use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Handle;
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = tempdir(CLEANUP => 1);
my $own = "social_storm_$$";

sub sql
{
	my ($database, $sql) = @_;
	open my $psql, '-|', 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-c', $sql
		or BAIL_OUT("psql: $!");
	my $output = join '', <$psql>;
	close $psql or BAIL_OUT("psql failed in $database: $sql");
	chomp $output;
	return $output;
}

# Runs a pgbench script in 16 sessions; returns how many transactions failed.
sub storm
{
	my ($script, @options) = @_;
	open my $file, '>', "$dir/storm.sql" or BAIL_OUT("script: $!");
	print $file $script;
	close $file;
	open my $pgbench, '-|', 'pgbench', '-n', '-c', 16, '-j', 2, '-f', "$dir/storm.sql", @options, $own
		or BAIL_OUT("pgbench: $!");
	my $output = join '', <$pgbench>;
	my $status = close $pgbench;
	my ($failed) = $output =~ /number of failed transactions: (\d+)/;
	return $status && defined $failed ? $failed : "pgbench: $output";
}

# Waits until a query returns what is wanted; fails after a deadline.
sub becomes
{
	my ($database, $sql, $wanted, $name) = @_;
	my $deadline = time + 240;
	my $got;
	while (($got = sql($database, $sql)) ne $wanted && time < $deadline) { sleep 0.05 }
	is($got, $wanted, $name);
}

sql('postgres', "CREATE DATABASE $own TEMPLATE template0 ENCODING 'UTF8'");
sql($own, 'CREATE EXTENSION social');
sql($own, q{INSERT INTO social.users (username) SELECT 'u' || n FROM generate_series(1, 4000) n});
sql($own, q{INSERT INTO social.posts (author_id, title, content) SELECT u.id, 'p', '#one' FROM social.users u ORDER BY id LIMIT 40});
my $deadlocks = 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()';
my $drift     = 'SELECT count(*) FROM social.reconcile()';

is(storm(<<'SQL', '-t', 200), 0, '16 sessions like one post');
\set user random(1, 4000)
INSERT INTO social.post_likes VALUES (1, :user) ON CONFLICT DO NOTHING;
SQL
is(sql($own, $drift), 0, 'the count is exact');

# Each session has its own people: two that insert the same likes in opposite orders wait for each
# other's keys, as they would in any table.
is(storm(<<'SQL', '-t', 60), 0, 'four likes a transaction, in any order');
\set user :client_id * 250 + random(1, 250)
\set a random(1, 6)
\set b random(1, 6)
\set c random(1, 6)
\set d random(1, 6)
BEGIN;
INSERT INTO social.post_likes VALUES (:a, :user) ON CONFLICT DO NOTHING;
INSERT INTO social.post_likes VALUES (:b, :user) ON CONFLICT DO NOTHING;
INSERT INTO social.post_likes VALUES (:c, :user) ON CONFLICT DO NOTHING;
INSERT INTO social.post_likes VALUES (:d, :user) ON CONFLICT DO NOTHING;
COMMIT;
SQL
is(sql($own, $drift), 0, 'the counts are exact');

is(storm(<<'SQL', '-t', 60), 0, 'likes, comments, follows, posts with the same new hashtags, all undone in part, folds between');
\set user 200 + :client_id * 100 + random(0, 99)
\set other random(1, 190)
\set post random(1, 6)
\set tag random(1, 12)
BEGIN;
INSERT INTO social.comments (post_id, author_id, content) VALUES (:post, :user, 'c');
SAVEPOINT s;
INSERT INTO social.post_likes VALUES (:post, :user) ON CONFLICT DO NOTHING;
ROLLBACK TO s;
INSERT INTO social.follows VALUES (:user, :other) ON CONFLICT DO NOTHING;
DELETE FROM social.post_likes WHERE post_id = :post AND user_id = :user;
INSERT INTO social.posts (author_id, title, content) VALUES (:user, 'x', '#n' || :tag || ' #m' || (12 - :tag) || ' @u1');
SELECT social.tick();
COMMIT;
SQL
is(sql($own, $deadlocks), 0, 'no deadlock');
is(sql($own, $drift), 0, 'every count is exact');
sql($own, 'SELECT social.tick()');
is(sql($own, 'SELECT sum(n) FROM (SELECT count(*) AS n FROM social.post_counter_deltas UNION ALL SELECT count(*) FROM social.user_counter_deltas UNION ALL SELECT count(*) FROM social.hashtag_counter_deltas) d'),
	0, 'one round on a quiet database folds every delta');
is(sql($own, $drift), 0, 'and changes no count');

# The worker serves the database that social.database names, when the library is preloaded.
my $served = sql('postgres', q{SELECT datname FROM pg_stat_activity WHERE backend_type = 'social worker'});
SKIP: {
	skip "the library is not preloaded", 3 if $served eq '';
	sql($served, "INSERT INTO social.users (username) VALUES ('storm_$$'), ('storm_${$}_follower')");
	my $user = sql($served, "SELECT id FROM social.users WHERE username = 'storm_$$'");
	sql($served, "INSERT INTO social.user_counter_deltas VALUES ($user, 2, 0, 0), ($user, -2, 0, 0)");
	# An append by hand rings no bell: a count that finds its row locked does.
	open my $holder, '|-', 'psql', '-X', '-q', '-A', '-t', '-o', '/dev/null', '-d', $served or BAIL_OUT("psql: $!");
	$holder->autoflush(1);
	print $holder "BEGIN; SELECT FROM social.user_counters WHERE user_id = $user FOR NO KEY UPDATE; SELECT pg_advisory_lock($$);\n";
	becomes($served, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $$", 1, 'somebody holds the counter row');
	sql($served, "SET statement_timeout = '60s'; INSERT INTO social.follows SELECT id, $user FROM social.users WHERE username = 'storm_${$}_follower'");
	is(sql($served, "SELECT followers_count FROM social.visible_users WHERE id = $user"), 1, 'a writer does not wait, and is counted');
	print $holder "COMMIT;\n\\q\n";
	close $holder;
	becomes($served, "SELECT count(*) FROM social.user_counter_deltas WHERE user_id = $user", 0, 'the worker folds the delta');
	sql($served, "DELETE FROM social.users WHERE username LIKE 'storm\\_$$%'");
}

END { sql('postgres', "DROP DATABASE $own WITH (FORCE)") if $own }
done_testing();
