# login_isolation.pl: the 99th percentile of a plain read while 16 clients log in all the time, against
# the same read alone. Hashing a password takes a lane of its own, so that reads do not wait for it;
# what is left is that both want the same processors. issue: identity; design D13.
use strict;
use warnings;
use Bench;
use File::Temp 'tempfile';
use HTTP::Tiny;
use JSON::PP;

my $seconds = seconds_per_side();
my $answer = HTTP::Tiny->new->post("$ENV{BRIDGE_URL}/api/auth/login/", {
	content => encode_json({ username => 'alice', password => 'demo-password' }),
	headers => { 'Content-Type' => 'application/json' } });
my $token = decode_json($answer->{content})->{access} or die "login: $answer->{status}";
my $post  = sql('SELECT id FROM social.posts WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1');

# Others than who reads: too many sessions of one person end the oldest.
my $names = join ', ', map { qq("$_") } split /\n/, sql(<<'SQL');
UPDATE social.users u SET password = a.password FROM social.users a
WHERE a.username = 'alice' AND u.id IN (SELECT o.id FROM social.users o WHERE o.username <> 'alice' AND o.is_active ORDER BY o.id LIMIT 32)
RETURNING u.username
SQL
my ($lua, $logins) = tempfile(SUFFIX => '.lua', UNLINK => 1);
print $lua 'wrk.method = "POST"', "\n", 'wrk.headers["Content-Type"] = "application/json"', "\n",
  "local names = {$names}\nlocal n = 0\n",
  "function request()\n\tn = n % #names + 1\n\treturn wrk.format(nil, nil, nil, '{\"username\":\"' .. names[n] .. '\",\"password\":\"demo-password\"}')\nend\n";
close $lua;

# The 99th percentile in milliseconds of a read with 4 clients.
sub p99
{
	my $output = `wrk -t1 -c4 -d${seconds}s --latency -H 'Authorization: Bearer $token' $ENV{BRIDGE_URL}/api/posts/posts/$post/ 2>&1`;
	die "requests failed: $output" if $output =~ /Non-2xx|Socket errors/;
	my ($value, $unit) = $output =~ /99%\s+([\d.]+)(us|ms|s)/ or die "wrk: $output";
	return $value * { us => 0.001, ms => 1, s => 1000 }->{$unit};
}

my $done = 0;
sub under_logins
{
	my $time = $seconds + 1;
	my $pid = open my $load, '-|', "wrk -t1 -c16 -d${time}s --timeout 30s -s $logins $ENV{BRIDGE_URL}/api/auth/login/ 2>&1" or die "wrk: $!";
	my $value  = p99();
	my $output = do { local $/; <$load> };
	close $load;
	die "logins failed: $output" if $output =~ /Non-2xx/ || $output !~ /(\d+) requests in/;
	$done += $1;
	return $value;
}

my %figures = interleave(alone => sub { p99() }, logins => \&under_logins);
my ($busy, $alone) = (median(@{ $figures{logins} }), median(@{ $figures{alone} }));
my $ratio = row('p99 of a read under 16 logins at once / alone, ms', $busy, $alone, '<= 2');
row('logins per second meanwhile', $done / rounds() / ($seconds + 1), 0, '');
exit($ratio <= 2 ? 0 : 1);
