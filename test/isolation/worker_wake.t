# worker_wake.t: no request for a round of the background worker is lost: one that comes while a round
# waits for a lock, one that VACUUM of the deltas delays, the second half of a two-phase commit.
# found E14: a wait within a round takes the latch down, and with it the request's only sign.
use strict;
use warnings;
use File::Temp 'tempfile';
use IPC::Open2;
use Test::More;
use Time::HiRes qw(sleep time);

my $own = "social_wake_$$";

sub sql
{
	my ($database, @statements) = @_;
	open my $psql, '-|', 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $database, map { ('-c', $_) } @statements
		or BAIL_OUT("psql: $!");
	my $output = join '', <$psql>;
	close $psql or BAIL_OUT("psql failed in $database: @statements");
	chomp $output;
	return $output;
}

# Waits until a query returns what is wanted; returns how long it took, undef after a deadline.
sub time_until
{
	my ($sql, $wanted) = @_;
	my $begin = time;
	until (sql($own, $sql) eq $wanted) {
		return undef if time - $begin > 240;
		sleep 0.01;
	}
	return time - $begin;
}

# A loaded machine may delay what comes at once, but a request that is lost takes its time in every try:
# one quick try of several tells them apart. The times of all of them, the quickest first.
sub quickest
{
	my ($enough, $try) = @_;
	my @took;
	do { push @took, $try->() } until $took[-1] < $enough || @took == 8;
	return sort { $a <=> $b } @took;
}

plan skip_all => 'the library is not preloaded'
	if sql('postgres', q{SELECT current_setting('shared_preload_libraries') NOT LIKE '%social%'}) eq 't';

my $worker = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'social worker' AND datname = current_database()";
my $delta  = 'INSERT INTO social.user_counter_deltas (user_id, followers_count) VALUES (1, 0)';
# What a commit that leaves a delta does by itself: a like is an event for the worker.
my $like   = 'INSERT INTO social.post_likes (post_id, user_id) VALUES (1, 2) ON CONFLICT DO NOTHING';
my $unlike = 'DELETE FROM social.post_likes';
my $waits  = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN ($worker)";
my $left   = 'SELECT count(*) FROM social.user_counter_deltas';

sql('postgres', "CREATE DATABASE $own TEMPLATE template0 ENCODING 'UTF8'");
sql('postgres', "ALTER SYSTEM SET social.database = '$own'", 'SELECT pg_reload_conf()');
sql($own, 'CREATE EXTENSION social', q{INSERT INTO social.users (username) VALUES ('ann'), ('bea')},
	q{INSERT INTO social.posts (author_id, title, content) VALUES (1, 'p', 'c')}, $like);
# How long, in seconds, until the deltas are folded; asked and timed by the server.
sql($own, q{CREATE FUNCTION public.folded() RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	begun timestamptz := clock_timestamp();
BEGIN
	WHILE EXISTS (SELECT FROM social.user_counter_deltas) AND clock_timestamp() < begun + interval '240 s' LOOP
		PERFORM pg_sleep(0.005);
	END LOOP;
	RETURN extract(epoch FROM clock_timestamp() - begun);
END
$$});
ok(defined time_until("SELECT count(*) FROM ($worker) w", 1), 'the worker is there');

# Until the worker no longer looks every second, as it does for a while after the last work, and does not
# look by itself for some seconds more (it does every ten); or, where it goes on, for as long as that would take.
sub calm_down
{
	my $deadline = time + 12;
	my $calm = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'social worker' AND clock_timestamp() - state_change BETWEEN '1.5 s' AND '4 s'";
	sleep 0.1 until sql($own, $calm) eq '1' || time > $deadline;
}

# A session that holds a lock until it is told to let go; then it tells how long the deltas remain.
sub hold
{
	my ($lock) = @_;
	my $pid = open2(my $out, my $in, "psql -X -q -A -t -d $own 2>&1");
	print $in "BEGIN;\n$lock;\n\\echo held\n";
	my $said = <$out> // '';
	BAIL_OUT("$lock: $said") if $said !~ /held/;
	return sub {
		print $in "ROLLBACK;\nSELECT public.folded();\n\\q\n";
		close $in;
		my $took = <$out>;
		waitpid $pid, 0;
		chomp $took;
		return $took;
	};
}

# A round that nobody asked for waits for a lock; meanwhile somebody leaves a delta. A lost request is
# found again when the worker looks by itself, a second after the round.
my @took = quickest(0.4, sub {
	time_until($left, 0);
	my $release = hold('LOCK TABLE social.post_reindex');
	ok(defined time_until($waits, 1), 'a round waits for a lock');
	sql($own, $delta, $like, $unlike);
	return $release->();
});
cmp_ok($took[0], '<', 0.4, "E14: a request that came in a waiting round is heard after it (@took s)");

# While VACUUM holds the deltas no fold may take them; the worker tries until it may.
@took = quickest(4, sub {
	my $release = hold('LOCK TABLE social.user_counter_deltas IN SHARE UPDATE EXCLUSIVE MODE');
	sql($own, $delta, $like, $unlike);
	ok(defined time_until('SELECT count(*) FROM social.trend_events', 0), 'the worker does what else there is');
	is(sql($own, $left), 1, 'a delta whose table VACUUM holds waits');
	calm_down();
	return $release->();
});
cmp_ok($took[0], '<', 4, "E14: and is folded when VACUUM is done (@took s)");

SKIP: {
	skip 'no two-phase commits here', 1 if sql('postgres', 'SHOW max_prepared_transactions') eq '0';
	@took = quickest(4, sub {
		sql($own, $unlike, 'BEGIN', $delta, $like, "PREPARE TRANSACTION 'wake'");
		calm_down();
		return sql($own, "COMMIT PREPARED 'wake'", 'SELECT public.folded()');
	});
	cmp_ok($took[0], '<', 4, "E14: the second half of a two-phase commit wakes the worker (@took s)");
}

END
{
	local $?;
	system 'psql', '-X', '-q', '-d', 'postgres', '-c', 'ALTER SYSTEM RESET social.database', '-c', 'SELECT pg_reload_conf()',
		'-c', "DROP DATABASE IF EXISTS $own WITH (FORCE)";
}
done_testing();
