# login_isolation.pl: the 99th percentile of a plain read while 16 clients log in all the time, against
# the same read alone. Logins have lanes of their own in the bridge, and processes of low priority hash
# their passwords; what is left is that both want the same processors. Then what that priority costs the
# logins: how many go through beside the reads, against how many do without. issue: identity; design D13.
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

# Runs something while 16 clients log in; returns what it does, and the logins a second.
sub under_logins
{
	my ($work) = @_;
	my $time = $seconds + 1;
	open my $load, '-|', "wrk -t1 -c16 -d${time}s --timeout 30s -s $logins $ENV{BRIDGE_URL}/api/auth/login/ 2>&1" or die "wrk: $!";
	my $value  = $work->();
	my $output = do { local $/; <$load> };
	close $load;
	die "logins failed: $output" if $output =~ /Non-2xx/ || $output !~ m{Requests/sec:\s+([\d.]+)};
	return ($value, $1);
}

my @beside;
my %figures = interleave(
	reads  => sub { p99() },
	both   => sub { my ($value, $rate) = under_logins(\&p99); push @beside, $rate; $value },
	logins => sub { (under_logins(sub { }))[1] });
my %median = map { $_ => median(@{ $figures{$_} }) } keys %figures;
my $ratio = row('p99 of a read under 16 logins at once / alone, ms', @median{qw(both reads)}, '<= 2');
my $share = row('logins a second meanwhile / without reads', median(@beside), $median{logins}, '>= 0.1');
exit($ratio <= 2 && $share >= 0.1 ? 0 : 1);
