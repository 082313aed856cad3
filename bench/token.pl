# token.pl: what checking a token costs, in CPU seconds of bridge and PostgreSQL per 1,000 requests (on
# a shared machine they are steadier than rates). mission P-13.
#
# A list of posts with and without a token is what a client asks for; the token also gives a viewer
# to admit and to look through. A query that needs no statement shows the bridge's check alone, from
# the cache, and with many tokens in turn, each of which is verified once by each loop.
use strict;
use warnings;
use Bench;
use File::Temp 'tempfile';
use HTTP::Tiny;
use JSON::PP;
use POSIX 'ceil';

my $connections = 16;
my $slices      = 5;    # of each side's time in a round: the machine's pace changes within a round
my $seconds     = seconds_per_side() / $slices;
my $tokens      = 200;

# Plans that change under way would count for whichever side meets them.
sql('VACUUM ANALYZE');
my $answer = HTTP::Tiny->new->post("$ENV{BRIDGE_URL}/api/auth/login/", {
	content => encode_json({ username => 'alice', password => 'demo-password' }),
	headers => { 'Content-Type' => 'application/json' } });
my $token = decode_json($answer->{content})->{access} or die "login: $answer->{status}";

# Tokens of one session, each another one (its jti differs).
my @tokens = split /\n/, sql(<<"SQL");
SELECT social.sign_access_token(s.user_id, s.id::text)
FROM (SELECT s.user_id, s.id FROM social.user_sessions s ORDER BY s.id DESC LIMIT 1) s, generate_series(1, $tokens)
SQL

# A script for wrk: this query with these tokens in turn (none: without).
sub script
{
	my ($query, @list) = @_;
	my ($lua, $file) = tempfile(SUFFIX => '.lua', UNLINK => 1);
	print $lua 'wrk.method = "POST"', "\n", 'wrk.headers["Content-Type"] = "application/json"', "\n",
	  'wrk.body = [[', encode_json({ query => $query }), "]]\n";
	print $lua qq{wrk.headers["Authorization"] = "Bearer $list[0]"\n} if @list == 1;
	if (@list > 1)
	{
		print $lua 'local tokens = {', join(', ', map { qq("Bearer $_") } @list), "}\nlocal n = 0\n",
		  "function request()\n\tn = n % #tokens + 1\n\twrk.headers[\"Authorization\"] = tokens[n]\n\treturn wrk.format()\nend\n";
	}
	close $lua;
	return $file;
}

sub measured
{
	my ($file) = @_;
	my $used   = sub { my $sum = 0; $sum += cpu_seconds($_) for qw(bridge postgres); $sum };
	my $before = $used->();
	my $output = `wrk -t1 -c$connections -d@{[ceil($seconds)]}s -s $file $ENV{BRIDGE_URL}/graphql/ 2>&1`;
	die "requests failed: $output" if $output =~ /Non-2xx|Socket errors/;
	my ($requests) = $output =~ /(\d+) requests in/ or die "wrk: $output";
	my ($rate)     = $output =~ m{Requests/sec:\s*([\d.]+)};
	return { rate => $rate, cpu => 1000 * ($used->() - $before) / $requests };
}

my $nothing = '{ __typename }';
my $list    = '{ allPosts(first: 20) { id title likesCount } }';
my %script  = (
	with        => script($nothing, $token),
	without     => script($nothing),
	new         => script($nothing, @tokens),
	list_with   => script($list, $token),
	list        => script($list));
$ENV{ROUNDS} = $slices * rounds();
my %figures = interleave(map { my $side = $_; $side => sub { measured($script{$side}) } } keys %script);
my %median = map { my $side = $_; $side => { map { my $what = $_; $what => median(map { $_->{$what} } @{ $figures{$side} }) } qw(rate cpu) } } keys %figures;
my $ratio = row('list of 20 without a token / with one, CPU s per 1,000', $median{list}{cpu}, $median{list_with}{cpu}, '>= 0.95');
row('likewise, requests per second with / without', $median{list_with}{rate}, $median{list}{rate}, '');
row('no statement, without / with one, CPU s per 1,000', $median{without}{cpu}, $median{with}{cpu}, '');
row("no statement, without / with $tokens in turn, likewise", $median{without}{cpu}, $median{new}{cpu}, '');
exit($ratio >= 0.95 ? 0 : 1);
