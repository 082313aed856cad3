# refresh.t: ten clients refresh one token at once, again and again: one family, nobody is logged out.
# A replay after the grace ends it. mission 114, P-15.
use strict;
use warnings;
use IO::Handle;
use Test::More;

my $clients = 10;
# However loaded the machine is, a round ends within this grace.
$ENV{PGOPTIONS} = '-c social.rate_limits=off -c social.refresh_grace=600';

# One psql for each script; all stand at one gate before any goes.
sub at_once
{
	my (@scripts) = @_;
	my $gate = 4711;
	open my $holder, '|-', 'psql', '-X', '-q', '-o', '/dev/null' or BAIL_OUT("psql: $!");
	$holder->autoflush(1);
	print $holder "SELECT pg_advisory_lock($gate);\n";
	wait_for("SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = $gate AND granted");
	my @running = map {
		open my $psql, '-|', 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', "DO 'BEGIN PERFORM pg_advisory_lock_shared($gate); END'", '-c', $_
			or BAIL_OUT("psql: $!");
		$psql
	} @scripts;
	wait_for("SELECT count(*) = ${\scalar @scripts} FROM pg_locks WHERE locktype = 'advisory' AND objid = $gate AND NOT granted");
	close $holder;
	return map { my $out = join '', <$_>; close $_; chomp $out; $out } @running;
}
sub psql { my $out = `psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$_[0]"`; chomp $out; return $out }
sub wait_for { my $deadline = time + 120; while (psql($_[0]) ne 't') { BAIL_OUT("waited in vain: $_[0]") if time > $deadline } }

my $user = psql(q{INSERT INTO social.users (username) VALUES ('refresh_storm') RETURNING id});
my ($token, $session) = split /\|/, psql("SELECT refresh, session_id FROM social.start_session($user)");
my $first = $token;
for my $round (1 .. 5)
{
	my @answers = at_once(map { "SELECT refresh, session_id, error_code FROM social.refresh_session('$token')" } 1 .. $clients);
	my %successors = map { $_ => 1 } @answers;
	is(keys %successors, 1, "round $round: $clients refreshes get one answer") or diag(@answers);
	like($answers[0], qr/^[\w-]{43}\|$session\|$/, 'which is a token of the same session');
	($token) = split /\|/, $answers[0];
}
is(psql("SELECT count(*), count(*) FILTER (WHERE revoked_at IS NULL) FROM social.user_sessions WHERE user_id = $user"), '1|1', 'one family, which lives');
is(psql("SELECT count(*) FROM social.refresh_tokens WHERE session_id = $session AND used_at IS NULL"), 1, 'with one current token');

# Ten times a stolen token, after the grace: ended once, told once.
local $ENV{PGOPTIONS} = '-c social.rate_limits=off -c social.refresh_grace=0';
my @replays = at_once(map { "SELECT error_code FROM social.refresh_session('$first')" } 1 .. $clients);
is_deeply(\@replays, [ ('SM401') x $clients ], 'after the grace every replay is refused');
is(psql("SELECT revoked_reason FROM social.user_sessions WHERE id = $session"), 'refresh token reused', 'and the family is dead');
is(psql("SELECT error_code FROM social.refresh_session('$token')"), 'SM401', 'so is its current token');
is(psql("SELECT count(*) FROM social.audit_log WHERE action = 'refresh_token_reused' AND object_id = $user"), 1, 'which is audited once');

# Whoever listens hears of the end.
my $told = `psql -X -q -A -t -c 'LISTEN social_sessions' -c 'SELECT session_id FROM social.start_session($user)' -c "SELECT social.end_sessions($user, 'test')"`;
my ($ended) = $told =~ /^(\d+)$/m;
like($told, qr/notification "social_sessions" with payload "$ended"/, 'NOTIFY tells which session has ended');
psql("DELETE FROM social.users WHERE id = $user");
done_testing();
