package Load;
# What is sent through the bridge (wrk) and through pgbench, what both cost, and the data that it is
# sent over: Dataset.pm with likes and comments of more than one shape (plain/activity.sql).
use strict;
use warnings;
use Bench;
use Dataset;
use Exporter 'import';
use File::Temp qw(tempdir tempfile);
use HTTP::Tiny;
use JSON::PP;
use POSIX 'WNOHANG';
use Time::HiRes qw(sleep time);
our @EXPORT = qw(request tokens sql_file load_activity readers through_bridge through_service through_pgbench body);

use constant WARM_UP => 1;    # seconds

our $connections = 16;
our $prelude     = '';    # Lua
my $http = HTTP::Tiny->new;

sub request
{
	my ($method, $path, $body, $token) = @_;
	my $response = $http->request($method, "$ENV{BRIDGE_URL}$path", {
		$body ? (content => encode_json($body)) : (),
		headers => { 'Content-Type' => 'application/json', $token ? (Authorization => "Bearer $token") : () } });
	die "$path: $response->{status} $response->{content}" unless $response->{success};
	my $answer = decode_json($response->{content});
	die "$path: $response->{content}" if ref $answer eq 'HASH' && $answer->{errors};
	return $answer;
}

# Tokens of people, who get the demo accounts' password.
sub tokens
{
	my (@ids) = @_;
	return map {
		my $name = sql("UPDATE social.users SET password = (SELECT password FROM social.users WHERE username = 'alice') WHERE id = $_ RETURNING username");
		request('POST', '/api/auth/login/', { username => $name, password => 'demo-password' })->{access}
	} @ids;
}

# ---- the data ------------------------------------------------------------------------------------

# A file of plain/, with psql variables set before it.
sub sql_file
{
	my ($name, %variable) = @_;
	open my $file, '<', "bench/plain/$name.sql" or die "$name.sql: $!";
	local $/;
	return join('', map { "\\set $_ $variable{$_}\n" } sort keys %variable) . <$file>;
}

# Loads what is not loaded yet; returns the first post's id, and the posts that have a name for their shape.
sub load_activity
{
	Dataset::load() if !Dataset::is_loaded();
	my $base = sql("SELECT min(id) FROM social.posts WHERE author_id >= (SELECT min(id) FROM social.users WHERE username LIKE 'person%')");
	sql(sql_file('activity', base => $base)) if sql("SELECT to_regclass('bench_data.marked') IS NULL") eq 't';
	return ($base, map { split /\|/ } split /\n/, sql('SELECT shape, post_id FROM bench_data.marked'));
}

# Who follows 200 people.
sub readers
{
	return split /\n/, sql("SELECT user_id FROM bench_data.readers WHERE class = 'typical' AND follows = 200 ORDER BY user_id");
}

# ---- the two sides -------------------------------------------------------------------------------

# CPU seconds of what is named so, or has these processes below it.
sub cpu
{
	my $sum = 0;
	$sum += cpu_seconds($_) for @_;
	return $sum;
}

# The milliseconds of a time as wrk writes it.
sub milliseconds
{
	my ($number, $unit) = $_[0] =~ /^([\d.]+)(us|ms|s|m)$/ or die "wrk says $_[0]";
	return $number * { us => 0.001, ms => 1, s => 1000, m => 60_000 }->{$unit};
}

# CPU seconds of the programs that this one has started and that have ended.
sub cpu_of_clients
{
	my (undef, undef, $user, $system) = times;
	return $user + $system;
}

# A JSON body as Lua; each {{...}} in its texts is a Lua expression.
sub body
{
	my ($body) = @_;
	my @arguments;
	my $text = encode_json($body) =~ s/%/%%/gr;
	$text =~ s/\{\{(.*?)\}\}/push @arguments, $1 =~ s|\\"|"|gr; '%s'/ge;
	return "string.format([[$text]]" . join('', map { ", $_" } @arguments) . ')';
}

# What both sides return: cpu, ms of the servers for a request; client, those of wrk or pgbench; rate,
# requests a second; through a service p50 and p99, ms.

# Through the bridge, or a service at another address, which is the process `service` with its children, or these.
# request: Lua that returns send(method, path, body) or graphql(body), and may use pick(list) and what
# $prelude has made.
sub through_bridge { return through_service($ENV{BRIDGE_URL}, 'bridge', @_) }

sub through_service
{
	my ($url, $service, $request, @tokens) = @_;
	my ($lua, $file) = tempfile(SUFFIX => '.lua', UNLINK => 1);
	my $tokens = join ', ', map { qq("$_") } @tokens;
	print $lua <<"LUA";
local tokens = { $tokens }
function pick(list) return list[math.random(#list)] end
$prelude
function setup(thread) end
function init(args) math.randomseed(os.time()) end
function send(method, path, body)
	return wrk.format(method, path, { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. pick(tokens) }, body)
end
function graphql(text) return send("POST", "/graphql/", text) end
function request() $request end
LUA
	close $lua;
	my @servers = ('postgres', ref $service ? @$service : $service);
	my $before = cpu(@servers);
	my $client = cpu_of_clients();
	my $output = `wrk -t1 -c$connections -d@{[seconds_per_side()]}s --latency --timeout 30s -s $file $url 2>&1`;
	my $used   = cpu(@servers) - $before;
	die "requests failed: $output" if $output =~ /Non-2xx|Socket errors/ || $output !~ /(\d+) requests in/;
	my $requests = $1;
	my %percentile = map { $_ => $output =~ /^ +$_% +(\S+) *$/m ? milliseconds($1) : die "wrk says $output" } 50, 99;
	return {
		cpu    => 1000 * $used / $requests,
		client => 1000 * (cpu_of_clients() - $client) / $requests,
		rate   => $output =~ m{Requests/sec:\s*([\d.]+)},
		p50    => $percentile{50}, p99 => $percentile{99} };
}

# The same of a pgbench script. Its sessions are new each time and plan first, as the bridge's did long
# ago: that is left out.
sub through_pgbench
{
	my ($script, @options) = @_;
	my $directory = tempdir(CLEANUP => 1);
	my $client = cpu_of_clients();
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		my $result = eval { pgbench($script, "-c $connections", '-j 1', '-T ' . (3 * WARM_UP + seconds_per_side()), "-l --log-prefix=$directory/log", @options) };
		print STDERR $@ || ($result->{failed} ? "failed transactions: $result->{output}" : '');
		POSIX::_exit($@ || $result->{failed} ? 1 : 0);
	}
	my @samples;
	while (waitpid($pid, WNOHANG) == 0)
	{
		push @samples, [ time, cpu('postgres') ];
		sleep 0.1;
	}
	die 'pgbench failed' if $?;
	# The lines tell when each transaction ended.
	open my $lines, '<', glob "$directory/log*" or die "pgbench's log: $!";
	my @ends = sort { $a <=> $b } map { my (undef, undef, undef, undef, $second, $us) = split; $second + $us / 1e6 } <$lines>;
	# Not to the very end: what the processes of clients that are through have used is not seen any more.
	@samples = grep { $_->[0] >= $ends[0] + WARM_UP && $_->[0] <= $ends[-1] - WARM_UP } @samples;
	die 'pgbench has run too short' if @samples < 2;
	my ($from, $to) = map { $samples[$_][0] } 0, -1;
	my $used         = $samples[-1][1] - $samples[0][1];
	my $transactions = grep { $_ >= $from && $_ < $to } @ends;
	return {
		cpu    => 1000 * $used / $transactions,
		client => 1000 * (cpu_of_clients() - $client) / @ends,
		rate   => $transactions / ($to - $from) };
}

1;
