# Sessions across requests, connections and bridges: refreshing in parallel and again, ending, being
# seen (seed 002, 004, 005, 010, 011, 115, 116; pains P-13, P-15).
use strict;
use warnings;
use IO::Select;
use JSON::PP ();
use Social;
use Test::More;
use Time::HiRes qw(sleep time);

my $refresh = sub { my ($token, %option) = @_; api(POST => '/api/auth/refresh/', json => { refresh => $token }, %option) };
my $status  = sub { my ($token, %option) = @_; api(GET => '/api/posts/posts/?first=1', token => $token, %option)->{status} };
my $session = sub { my ($user) = @_; psql("SELECT id FROM social.user_sessions WHERE user_id = $user->{id} ORDER BY id DESC LIMIT 1") };

# How long it takes until a condition holds that `begin` brings about: the shortest of several times, as
# a loaded machine may delay some. What is only asked about now and then is quick in none of them.
sub soonest
{
	my ($enough, $begin, $condition) = @_;
	my $soonest = 99;
	for (1 .. 6)
	{
		my @with  = $begin->();
		my $began = time;
		return 99 unless wait_until(60, sub { $condition->(@with) });
		my $took = time - $began;
		$soonest = $took if $took < $soonest;
		last if $soonest < $enough;
	}
	return $soonest;
}

# ---- ten at once: one family, nobody logged out (P-15) -------------------------------------------
{
	my $user = account();
	my $body = qq({"refresh":"$user->{refresh}"});
	my @sockets = map { raw_connect() } 1 .. 10;
	syswrite $_, "POST /api/auth/refresh/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body" for @sockets;
	my @answers = map { (raw_read($_, 30, qr/\}\z/))[0] } @sockets;
	is(scalar(grep { m{^HTTP/1\.1 200 } } @answers), 10, 'P-15: ten refreshes at once all succeed');
	my %next = map { /"refresh":"([^"]+)"/ ? ($1 => 1) : () } @answers;
	is(scalar keys %next, 1, 'with one successor');
	my @access = map { /"access":"([^"]+)"/ } @answers;
	is(scalar(grep { $status->($_) == 200 } @access), 10, 'every access token works');
	is(psql("SELECT count(*) FROM social.user_sessions WHERE user_id = $user->{id} AND revoked_at IS NULL"), 1, 'one session');
	is(psql("SELECT count(*) FROM social.refresh_tokens t JOIN social.user_sessions s ON s.id = t.session_id WHERE s.user_id = $user->{id} AND t.used_at IS NULL"), 1, 'one current refresh token');
	is($refresh->((keys %next)[0])->{status}, 200, 'which goes on');
	is($status->($user->{token}), 200, 'the first access token is still good');
}

# ---- a replay: the same answer within the grace, the end of the family after it --------------------
{
	my $user   = account();
	my $second = $refresh->($user->{refresh})->{json};
	is($refresh->($user->{refresh})->{json}{refresh}, $second->{refresh}, 'P-15: a replay within the grace gives the same successor');
	my $third = $refresh->($second->{refresh})->{json};
	is($refresh->($user->{refresh})->{json}{refresh}, $third->{refresh}, 'P-15: also when the successor was used meanwhile: the newest one');
	is($status->($third->{access}), 200, 'nobody is logged out');
	psql("UPDATE social.refresh_tokens t SET used_at = t.used_at - interval '1 minute' FROM social.user_sessions s WHERE s.id = t.session_id AND s.user_id = $user->{id}");
	is_error($refresh->($user->{refresh}), 401, 'UNAUTHENTICATED', 'P-15: a replay after the grace is refused');
	is($status->($third->{access}), 401, 'and ends the session');
	is_error($refresh->($third->{refresh}), 401, 'UNAUTHENTICATED', 'with the newest refresh token, too');
	is(psql("SELECT count(*) FROM social.audit_log WHERE action = 'refresh_token_reused' AND object_id = $user->{id}"), 1, 'and is in the audit log');
	isnt(psql("SELECT count(*) FROM social.token_blacklist WHERE user_id = $user->{id}"), 0, 'seed 115: its tokens are blacklisted');
}

# ---- an end reaches every bridge within a second ----------------------------------------------------
my $second = start_bridge();
my %there  = (url => $second->{url});
my @ways = (
	[ 'logout', sub { my ($user) = @_; api(POST => '/api/auth/logout/', token => $user->{token}) } ],
	[ 'logout-all', sub { my ($user) = @_; api(POST => '/api/auth/logout-all/', token => $user->{token}) } ],
	[ 'revoke-session', sub { my ($user) = @_; api(POST => '/api/auth/users/' . $session->($user) . '/revoke-session/', token => $user->{token}) } ],
	[ 'change-password', sub { my ($user) = @_; api(POST => '/api/auth/users/me/change-password/', token => $user->{token}, json => { old_password => $user->{password}, new_password => 'another good one' }) } ],
	[ 'SQL', sub { my ($user) = @_; psql("SELECT social.end_sessions($user->{id}, 'test')"); { status => 200 } } ]);
for my $way (@ways)
{
	my ($name, $end) = @$way;
	my $user;
	my $soonest = soonest(1, sub {
		$user = account();
		is($status->($user->{token}, %there), 200, "$name: the other bridge takes the token");
		is($end->($user)->{status}, 200, "$name ends the session");
	}, sub { $status->($user->{token}, %there) == 401 });
	cmp_ok($soonest, '<', 1, "$name: the other bridge refuses it within a second");
	is($status->($user->{token}), 401, 'as does this one');
}

# The bridges hear of it themselves, and do not only ask: a route without a statement knows, too.
{
	my $user;
	my $meta = sub { api(POST => '/graphql/', token => $user->{token}, json => { query => '{ __typename }' }, %there)->{status} };
	my $soonest = soonest(1, sub {
		$user = account();
		is($meta->(), 200, 'a query that needs no database takes the token') for 1 .. 20;
		psql("SELECT social.end_sessions($user->{id}, 'test')");
	}, sub { !grep { $meta->() != 401 } 1 .. 10 });
	cmp_ok($soonest, '<', 1, 'and refuses it, in every loop, within a second after the session has ended');
}

# What was said while a bridge did not listen is not lost: it forgets what it knew.
{
	my $user = account();
	my $meta = sub { api(POST => '/graphql/', token => $user->{token}, json => { query => '{ __typename }' }, %there)->{status} };
	is($meta->(), 200, 'a token that the bridge knows');
	psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'social_bridge' AND (query LIKE 'LISTEN social%' OR query = 'SELECT 1')});
	ok(wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND query LIKE 'LISTEN social%'}) >= 2 }), 'the connections that listen come back');
	is($meta->(), 200, 'the token is still good');
	psql("SELECT social.end_sessions($user->{id}, 'test')");
	ok(wait_until(30, sub { !grep { $meta->() != 401 } 1 .. 10 }), 'and its end is heard on the new connection');
}

# ---- a doorbell is not believed (found E4) -----------------------------------------------------------
{
	psql('CREATE ROLE stranger_of_sessions LOGIN');
	psql(q{ALTER ROLE social_bridge SET track_functions = 'all'});
	my $bridge = start_bridge(LOOPS => 2, DATABASE_URL => "$ENV{DATABASE_URL} application_name=doorbell");
	psql('ALTER ROLE social_bridge RESET track_functions');
	my ($user, $victim) = (account(), account());
	my $meta = sub { api(POST => '/graphql/', token => $_[0]{token}, json => { query => '{ __typename }' }, url => $bridge->{url})->{status} };
	my $stays = sub { my ($seconds) = @_; my ($until, $bad) = (time + $seconds, 0); while (time < $until) { $bad += $meta->($user) != 200 } return $bad };
	$meta->($_) for map { ($user, $victim) } 1 .. 20;
	my $ring = sub { my ($sql) = @_; local $ENV{PGUSER} = 'stranger_of_sessions'; return psql($sql) };
	$ring->("NOTIFY social_sessions, '" . $session->($user) . "'");
	is($stays->(1), 0, 'found E4: a stranger says that a session has ended: it goes on');
	is($status->($user->{token}, url => $bridge->{url}), 200, 'with statements, too');
	$ring->("NOTIFY social_sessions, '$_'") for '0', '-1', 'x', '', '99999999999999999999', $session->($user) . 'x';
	is($stays->(1), 0, 'whatever is said');

	# A storm of them costs a few statements a second, and true ends are heard all the same, while it lasts.
	my $calls = sub { psql("SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE schemaname = 'social' AND funcname IN ('bridge_config', 'ended_sessions')") };
	my ($before, $began) = ($calls->(), time);
	pipe my $storm_goes_on, my $storm_may_end or die "pipe: $!";
	my $storm = fork // die "fork: $!";
	if (!$storm)
	{
		my $round = 0;
		close $storm_may_end;
		until (IO::Select->new($storm_goes_on)->can_read(0) && time > $began + 4)
		{
			my $from = ++$round * 10000;
			eval { $ring->(join '', map { "NOTIFY social_keys, '$_'; NOTIFY social_sessions, '" . ($from + $_) . "'; NOTIFY social_sessions, '0';\n" } 1 .. 500) };
		}
		POSIX::_exit(0);
	}
	sleep 0.05 until time > $began + 1;
	is($meta->($victim), 200, 'in a storm of doorbells a session goes on');
	psql("SELECT social.end_sessions($victim->{id}, 'test')");
	ok(wait_until(60, sub { !grep { $meta->($victim) != 401 } 1 .. 5 }), 'and a true end is heard');
	is(waitpid($storm, POSIX::WNOHANG()), 0, 'before it is over');
	close $storm_may_end;
	waitpid $storm, 0;
	my $took = time - $began;
	is($meta->($user), 200, 'the other goes on');
	is($bridge->stop, 0, 'a clean end');    # which reports its counts
	my $rate = ($calls->() - $before) / $took;
	cmp_ok($rate, '<', 25, 'the database is asked a few times a second') or diag($rate);

	# An upgrade after which the grants were not repeated: told, and not over and over.
	psql('REVOKE EXECUTE ON FUNCTION social.ended_sessions(bigint[]) FROM social_bridge');
	my $poor = start_bridge(LOOPS => 1);
	ok(wait_until(30, sub { $status->($user->{token}, url => $poor->{url}) == 200 }), 'a bridge that may not look up serves');
	$ring->("NOTIFY social_sessions, '" . $session->($user) . "'");
	my $told = sub { scalar(() = $poor->log_text =~ /ended sessions could not be looked up/g) };
	ok(wait_until(30, sub { $told->() > 0 }), 'it tells that it may not');
	is($status->($user->{token}, url => $poor->{url}), 200, 'the session goes on');
	my ($count, $since) = ($told->(), time);
	sleep 0.05 until time > $since + 2;
	my $again = $told->();
	cmp_ok($again, '<=', $count + (time - $since) / 2 + 0.5, 'every two seconds at most');
	psql("SELECT social.grant_bridge('social_bridge')");
	$poor->stop;
	psql('DROP ROLE stranger_of_sessions');
}

# ---- being seen --------------------------------------------------------------------------------------
{
	my $user  = account();
	my $id    = $session->($user);
	my $fresh = start_bridge(LOOPS => 1);
	my $seen  = sub { psql("SELECT extract(epoch FROM now() - last_seen_at)::integer || ' ' || user_agent FROM social.user_sessions WHERE id = $id") };
	$status->($user->{token}, url => $fresh->{url});
	psql("UPDATE social.user_sessions SET last_seen_at = now() - interval '1 hour', user_agent = 'old' WHERE id = $id");
	$status->($user->{token}, url => $fresh->{url}, headers => { 'User-Agent' => 'new/2' });
	like($seen->(), qr/^3\d\d\d old$/, 'seed 116: a token that is not a minute old notes nothing');
	# A token of two minutes ago, as a client that has been here for a while has it.
	my $key = psql(q{SELECT encode(private_key, 'escape') FROM social.jwt_key WHERE status = 'active'});
	my $token = psql("SELECT social.sign_access_token($user->{id}, '$id')");
	my $claims = claims_of($token);
	$claims->{$_} -= 120 for qw(iat nbf exp);
	my $aged = jose({ key => $key, header => { alg => 'ES256', kid => psql("SELECT kid FROM social.jwt_key WHERE status = 'active'") }, claims => $claims }, 'sign')->{token};
	my $answer = api(GET => '/api/posts/posts/?first=1', token => $aged, url => $fresh->{url}, headers => { 'User-Agent' => 'new/2' });
	is($answer->{status}, 200, 'a token of two minutes ago') or diag($answer->{content}, ' ', psql("SELECT row_to_json(s) FROM social.user_sessions s WHERE s.id = $id"), ' ', JSON::PP::encode_json($claims));
	ok(wait_until(30, sub { $seen->() =~ /^\d\d? new\/2$/ }), 'seed 116: the session is seen, with its user agent') or diag($seen->());
}
done_testing;
