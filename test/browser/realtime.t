# The example of events in a browser (issue 14, line 6): headless Chromium logs in, watches a person, and misses
# nothing while the network is cut, the bridge restarts and the browser is offline. The picture of it is
# build/test/realtime.png. test/http/realtime.t has what is behind it.
use strict;
use warnings;
use File::Path 'make_path';
use IPC::Open2;
use JSON::PP;
use Social;
use Test::More;

make_path('build/test');
my ($user, $other) = map { account() } 1, 2;
api(POST => "/api/accounts/users/$other->{id}/follow/", token => $user->{token});
my $bridge = start_bridge(STOP_TIMEOUT => 5);
my $port   = $bridge->{port};
my $pid = open2(my $from, my $to, 'node', 'test/browser/realtime.mjs', $bridge->{url}, $ENV{BRIDGE_URL}, $user->{username}, $user->{password}, $other->{id}, $other->{token}, 'build/test/realtime.png');
my $seen = { failed => 'it ended' };
while (my $line = <$from>)
{
	if ($line eq "restart\n")
	{
		$bridge->stop;
		$bridge = start_bridge(STOP_TIMEOUT => 5, HTTP_PORT => $port);
		print $to "done\n";
		$to->flush;
	}
	else { $seen = decode_json($line) }
}
waitpid $pid, 0;
is($seen->{failed}, undef, 'all that a person does goes well (build/test/realtime.png is how it looks)');
like($seen->{refused}, qr/password|credentials/i, 'a wrong password is told');
is_deeply($seen->{topics}, [ 'feed', "notifications:$user->{id}", "user:$other->{id}" ], 'what is watched is shown');
like($seen->{none}, qr/^post:9007199254740991: /, 'what cannot be is told');
my @created = map { $_->{post} // () } @{ $seen->{events} // [] };
is_deeply(\@created, $seen->{posted}, 'every event comes once and in order: through a cut, a restart, and while the browser is offline');
my @ids = map { $_->{id} } @{ $seen->{events} // [] };
is_deeply(\@ids, [ sort { $a <=> $b } @ids ], 'the ids of all events rise');
is_deeply([ map { /^(\w+)/ } @{ $seen->{states} // [] } ], [qw(closed open waiting open waiting open waiting open closed)], 'the state of the connection is shown');
like($seen->{states}[4] // '', qr/1012/, 'and why');
is_deeply([ grep { !/WebSocket connection to|401 \(Unauthorized\)|net::ERR_/ } @{ $seen->{problems} } ], [], 'no exception, and nothing that the policy forbids');
is_deeply([ grep { !m{ \Q@{[ $seen->{at} // '' ]}\E/api/} && !m{ data:} } @{ $seen->{requests} } ], [], 'nobody but this bridge is asked for anything');
is($seen->{left}, '0,{},{},', 'after the end of the session nothing of it is left in the browser');
done_testing;
