# graphql_list.pl: a GraphQL list of 20 posts with author, hashtags and counts through the bridge
# (token checked, document from the plan cache), against pgbench -M prepared running the statement
# that the bridge sends, both with 16 connections. CPU seconds come from /proc. design section 5.
use strict;
use warnings;
use Bench;
use File::Temp 'tempfile';
use HTTP::Tiny;
use JSON::PP;

my $connections = 16;
my $seconds     = seconds_per_side();
my $http        = HTTP::Tiny->new;

sub post_json
{
	my ($path, $body, $token) = @_;
	my $response = $http->post("$ENV{BRIDGE_URL}$path", {
		content => encode_json($body),
		headers => { 'Content-Type' => 'application/json', $token ? (Authorization => "Bearer $token") : () } });
	die "$path: $response->{status} $response->{content}" unless $response->{success};
	return decode_json($response->{content});
}

sql('VACUUM ANALYZE');
my $token = post_json('/api/auth/login/', { username => 'alice', password => 'demo-password' })->{access};
my $query = '{ allPosts(first: 20) { id title createdAt likesCount commentsCount author { id username } hashtags { tag } } }';
my $posts = post_json('/graphql/', { query => $query }, $token)->{data}{allPosts};
die 'no list of 20 posts' unless @$posts == 20 && $posts->[0]{author}{username};

# The statement is read off the server: what the bridge's connection ran last.
my $statement = sql(<<'SQL');
SELECT replace(query, E'\n', ' ') FROM pg_stat_activity
WHERE usename = 'social_bridge' AND query LIKE '%allPosts%' ORDER BY query_start DESC LIMIT 1
SQL
die 'the statement was not found' unless $statement;
my @parameters = $statement =~ /(?<![\w\$])\$(\d+)/g;
die "one parameter expected: $statement" if grep { $_ != 1 } @parameters;
$statement =~ s/(?<![\w\$])\$1\b/:size/g;

my ($lua, $lua_file) = tempfile(SUFFIX => '.lua', UNLINK => 1);
print $lua 'wrk.method = "POST"', "\n", 'wrk.body = [[', encode_json({ query => $query }), "]]\n",
  'wrk.headers["Content-Type"] = "application/json"', "\n", qq{wrk.headers["Authorization"] = "Bearer $token"\n};
close $lua;

# Runs a load and returns requests per second and CPU seconds per 1,000 requests.
sub measured
{
	my ($load, @processes) = @_;
	my $before = 0;
	$before += cpu_seconds($_) for @processes;
	my ($requests, $rate) = $load->();
	my $after = 0;
	$after += cpu_seconds($_) for @processes;
	return { rate => $rate, cpu => 1000 * ($after - $before) / $requests };
}

my %figures = interleave(
	bridge => sub {
		measured(sub {
			my $output = `wrk -t1 -c$connections -d${seconds}s -s $lua_file $ENV{BRIDGE_URL}/graphql/ 2>&1`;
			die "requests failed: $output" if $output =~ /Non-2xx|Socket errors/;
			my ($requests) = $output =~ /(\d+) requests in/ or die "wrk: $output";
			my ($rate)     = $output =~ m{Requests/sec:\s*([\d.]+)};
			return ($requests, $rate);
		}, 'postgres', 'bridge');
	},
	pgbench => sub {
		measured(sub {
			my $result = pgbench("$statement;\n", "-c $connections", '-j 1', "-T $seconds", '-D size=20', '-U social_bridge');
			return ($result->{transactions}, $result->{tps});
		}, 'postgres');
	});
my %median = map {
	my $side = $_;
	$side => { map { my $figure = $_; $figure => median(map { $_->{$figure} } @{ $figures{$side} }) } qw(rate cpu) }
} keys %figures;
my $ratio = row('GraphQL list of 20, CPU s per 1,000 / pgbench -M prepared', $median{bridge}{cpu}, $median{pgbench}{cpu}, '<= 1.5');
row('GraphQL list of 20, requests per second / pgbench', $median{bridge}{rate}, $median{pgbench}{rate}, '');
exit($ratio <= 1.5 ? 0 : 1);
