# lock_wait.t: whoever waits for a lock on a table of ours can be cancelled, ended and timed out,
# wherever in our C code it is met. found C14.
use strict;
use warnings;
use lib 'test/isolation';
use Storm;
use Test::More;
use Time::HiRes qw(sleep time);

my $database = sql('SELECT current_database()');

# Runs statements in a backend that pg_stat_activity shows by this name; returns where it answers.
sub start_session
{
	my ($name, @statements) = @_;
	local $ENV{PGAPPNAME} = $name;
	my $commands = join ' ', map { "-c \"$_\"" } @statements;
	open my $psql, '-|', "psql -X -q -A -t -v VERBOSITY=sqlstate -d $database $commands 2>&1" or BAIL_OUT("psql: $!");
	return $psql;
}
sub becomes
{
	my ($sql, $wanted, $name) = @_;
	my $deadline = time + 120;
	my $got;
	while (($got = sql($sql)) ne $wanted && time < $deadline) { sleep 0.02 }
	is($got, $wanted, $name);
}
sub waits { return "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$_[0]' AND wait_event_type = 'Lock'" }
sub gone { return "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$_[0]'" }
sub answer { my ($psql) = @_; my $out = do { local $/; <$psql> }; close $psql; return $out }

sql(q{INSERT INTO social.users (username) VALUES ('ann'), ('bea')});
sql(q{INSERT INTO social.follows (follower_id, followed_id) VALUES (1, 2)});
sql(q{INSERT INTO social.posts (author_id, title, content) VALUES (2, 't', 'c')});

# Everything that a reader or the worker calls, while a table that it reads is locked.
my %reads = (
	last_positions => ["SELECT count(*) FROM social.home_feed(1)", "SELECT social.fill_last_positions(10)"],
	posts          => ["SELECT count(*) FROM social.home_feed(1)", "SELECT social.search_posts_like('abc')", "SELECT count(*) FROM social.user_posts(2)"],
	users          => ["SELECT social.admit(1)"],
);
for my $table (sort keys %reads)
{
	my $holder = start_session("holder_$table", 'BEGIN', "UPDATE social.last_positions SET user_id = user_id WHERE false", "LOCK TABLE social.$table", 'SELECT pg_sleep(300)');
	becomes("SELECT count(*) FROM pg_locks WHERE relation = 'social.$table'::regclass AND mode = 'AccessExclusiveLock' AND granted", 1, "$table is locked");
	for my $read (@{ $reads{$table} })
	{
		my @as = ('SET social.feed_walk_budget = 0', $read);
		my $cancelled = start_session('cancelled', @as);
		my $ended     = start_session('ended', @as);
		becomes(waits($_), 1, "$read waits for $table") for 'cancelled', 'ended';
		sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'cancelled'");
		sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended'");
		becomes(gone('cancelled'), 0, 'and ends when it is cancelled');
		becomes(gone('ended'), 0, 'and when it is to end');
		like(answer(start_session('late', 'SET statement_timeout = 100', @as)), qr/57014/, 'and when its time is over');
	}
	sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder_$table'");
	close $holder;
	becomes(gone("holder_$table"), 0, 'the lock is gone');
}
is(sql('SET social.feed_walk_budget = 0; SELECT title FROM social.home_feed(1)'), 't', 'then the feed answers');

done_testing();
