# standby_storm.t: a streaming standby answers feeds and searches while the primary writes, deletes and
# VACUUM takes entries and pages away: what has been there all along is found, every time, and the only
# error is that replay cancels a statement (a recovery conflict). When it has caught up its answers
# are the primary's. design D5, D6.
use strict;
use warnings;
use lib 'test/upgrade', 'test/http', 'test/isolation';
use Cluster;
use FeedCompare;
use File::Temp 'tempdir';
use POSIX ();
use Port;
use Social qw(wait_until);
use Test::More;

my $seconds = $ENV{STORM_SECONDS} // 8;
my %port = (primary => $port, standby => free_port());
my $scripts = tempdir(CLEANUP => 1);

# Asks the standby; a question that replay cancels meanwhile is asked again. Reads on the primary tidy
# up pages as well, so that it may happen after the storm.
sub ask_standby
{
	my ($sql) = @_;
	my ($answer, $said);
	open my $file, '>', "$scripts/question.sql" or BAIL_OUT("question: $!");
	print $file $sql;
	close $file;
	wait_until(240, sub {
		$answer = `$bin/psql -X -q -A -t -v ON_ERROR_STOP=1 -h $dir -p $port{standby} -U postgres -d postgres -f $scripts/question.sql 2>$scripts/cancelled`;
		return 1 if $? == 0;
		$said = do { open my $why, '<', "$scripts/cancelled" or die; local $/; <$why> // '' };
		return $said !~ /conflict with recovery/;
	});
	$? == 0 or $Cluster::failures++, diag("psql failed: $sql: $said");
	chomp $answer;
	return $answer;
}

# Starts so many pgbench sessions on the primary for the time of the storm.
my $count = 0;
sub begin
{
	my ($sessions, $settings, $script) = @_;
	my $file = "$scripts/" . $count++;
	open my $handle, '>', $file or BAIL_OUT("script: $!");
	print $handle $script;
	close $handle;
	local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @$settings;
	open my $pgbench, '-|', "$bin/pgbench -n -h $dir -p $port{primary} -U postgres -c $sessions -T $seconds -f $file --max-tries=100 postgres 2>&1" or BAIL_OUT("pgbench: $!");
	return $pgbench;
}
sub ends_well
{
	my ($pgbench, $name) = @_;
	my $output = join '', <$pgbench>;
	my $status = close $pgbench;
	ok($status && $output =~ /transactions actually processed: [1-9]/ && $output =~ /failed transactions: 0 /, $name) or diag($output);
}

# Asks the standby over and over until `enough`, and until there was an answer. A session that replay
# ends while it has no statement to cancel is followed by another.
sub ask
{
	my ($settings, $statement) = @_;
	my $file = "$scripts/" . $count++;
	my $pid = fork() // BAIL_OUT("fork: $!");
	return { pid => $pid, file => $file } if $pid;
	local $ENV{PGOPTIONS} = join ' ', map { "-c $_" } @$settings;
	open my $handle, '>', "$file.sql" or POSIX::_exit(1);
	print $handle "$statement;\n" x 20;
	close $handle;
	do { system "$bin/psql -X -q -A -t -h $dir -p $port{standby} -U postgres -d postgres -f $file.sql >>$file.out 2>>$file.err" } until -e "$scripts/enough" && -s "$file.out";
	POSIX::_exit(0);
}
sub all_true
{
	my ($readers, $name) = @_;
	waitpid $readers->{pid}, 0;
	my ($answers, $errors) = map { open my $file, '<', "$readers->{file}.$_" or die; local $/; <$file> // '' } qw(out err);
	my @conflicts = $errors =~ /(?:ERROR|FATAL): .*conflict with recovery/g;
	my @others = grep { /ERROR|FATAL|PANIC/ && !/conflict with recovery/ } split /\n/, $errors;
	my @false = grep { /./ && $_ ne 't' } split /\n/, $answers;
	my $true  = () = $answers =~ /^t$/mg;
	ok($true && !@false, "$name, every time") or diag("true: $true; else: @false");
	is("@others", '', 'with no error but that replay cancels a statement');
	note("$true answers, " . scalar(@conflicts) . ' conflicts');
}

# Replay waits for nobody, and nothing is held back for the standby: all that can conflict does.
make_cluster('primary', "shared_preload_libraries = 'social'\nsocial.database = 'postgres'\nfsync = off\nautovacuum = off\nmax_standby_streaming_delay = 10ms\nhot_standby_feedback = off");
start('primary');
sql(<<'SQL');
CREATE EXTENSION social;
SET social.notifications = off;
INSERT INTO social.users (username) SELECT 'u' || n FROM generate_series(1, 60) n;
INSERT INTO social.follows (follower_id, followed_id) SELECT 1, n FROM generate_series(2, 30) n;
INSERT INTO social.posts (author_id, title, content)
SELECT 2 + n % 59, 'Planted', 'anchor stays' || CASE WHEN n % 20 = 0 THEN ' twentieth' ELSE '' END || CASE WHEN n % 2000 = 0 THEN ' seldom' ELSE '' END FROM generate_series(1, 8000) n;
SQL
sql(feed_compare());
make_standby('standby', $port{standby}, '');
start('standby');
is(ask_standby('SELECT pg_is_in_recovery()'), 't', 'a standby');

my $bounds   = [ map { "social.search_$_" } 'candidates_max=1048576', 'rows_max=1048576', 'walk_max=1' ];
my $feeds    = ask(['default_transaction_isolation=repeatable\ read'], 'SELECT compare()');
my $searches = ask($bounds, <<'SQL');
SELECT bool_and(s.total = v.wanted) FROM (VALUES ('anchor stays', 8000), ('twentieth stays', 400), ('seldom -goes', 4)) v (query, wanted),
	LATERAL social.search_ranking(social.search_query(v.query), v.query, 1, NULL) s
SQL
my $writers = begin(3, ['social.notifications=off', 'synchronous_commit=off'], <<'SQL');
\set author random(2, 60)
INSERT INTO social.posts (author_id, title, content) SELECT 2 + (:author + g) % 59, 'Passing', 'anchor goes twentieth seldom' FROM generate_series(1, 50) g;
INSERT INTO social.reposts (post_id, user_id) SELECT p.id, :author FROM social.posts p ORDER BY p.position DESC NULLS LAST LIMIT 3 FOR KEY SHARE SKIP LOCKED ON CONFLICT DO NOTHING;
DELETE FROM social.posts WHERE id IN (SELECT id FROM social.posts WHERE title = 'Passing' ORDER BY id LIMIT 50 FOR UPDATE SKIP LOCKED);
SQL
my $vacuum = begin(1, [], "VACUUM social.posts, social.reposts;\n\\sleep 20 ms\n");
ends_well($writers, 'three writers on the primary');
ends_well($vacuum, 'and VACUUM');
open my $enough, '>', "$scripts/enough" or BAIL_OUT("enough: $!");
all_true($feeds, 'feeds on the standby: walking and merging agree');
all_true($searches, 'searches there: every planted post is found');

# What replay has brought is all there.
sql(q{INSERT INTO social.posts (author_id, title, content) SELECT 2 + n % 59, 'Last ' || n, 'anchor last' FROM generate_series(1, 100) n});
my $end = sql('SELECT pg_current_wal_flush_lsn()');
ok(wait_until(240, sub { ask_standby("SELECT pg_last_wal_replay_lsn() >= '$end'") eq 't' }), 'it catches up');
for my $answer (
	[ 'a feed', "SET social.feed_walk_budget = -1; SELECT social.act_as(1, true); SELECT array_agg(f.id) FROM social.home_feed(first => 100) f" ],
	[ 'a feed, merged', "SET social.feed_walk_budget = 0; SELECT social.act_as(1, true); SELECT array_agg(f.id) FROM social.home_feed(first => 100) f" ],
	[ 'a feed, walked', "SET social.feed_walk_budget = 10000000; SELECT social.act_as(1, true); SELECT array_agg(f.id) FROM social.home_feed(first => 100) f" ],
	[ 'a bounded search', "SELECT array_agg(s.id) FROM social.search_posts('anchor last', first => 50) s" ],
	[ 'counts of searches', 'SET social.search_candidates_max = 1048576; SET social.search_rows_max = 1048576; SET social.search_walk_max = 1;'
		. q{SELECT array_agg((SELECT min(s.total) FROM social.search_ranking(social.search_query(q), q, 1, NULL) s)) FROM unnest('{anchor,seldom,twentieth goes,last,"anchor stays"}'::text[]) q} ])
{
	my ($name, $sql) = @$answer;
	my $wanted = sql($sql);
	is(ask_standby($sql), $wanted, "$name: the standby answers as the primary");
	like($wanted, qr/\{\d+,\d+/, 'and not empty');
}
is($Cluster::failures, 0, 'no statement failed');
unlike(join('', do { open my $log, '<', "$dir/standby.log"; <$log> }), qr/PANIC|terminated by signal|index_corrupted|corrupted page/, 'nor did the server complain');
done_testing();
