# cache.pl: what Redis saves and costs. Two bridges of one loop, one with CACHE=on, answer the same strangers:
# the same request again and again, which Redis has, and requests that nobody has sent before, which it
# has not. Requests a second, and CPU ms of bridge, database and Redis together for each; 16 connections,
# interleaved. Limits are off, or count in the database's memory or in Redis. mission 127, 128, 168.
#
# The data are plain.pl's. A list that Redis has is to be answered at three times the rate, and what it has
# not at no more than 1.1 times the cost. CACHE_ROWS="list search" runs the rows of these names, CACHE_LIMITS="off"
# those without limits; `form` compares what lies in Redis compressed and as it is.
use strict;
use warnings;
use lib 'test/instance';
use Bench;
use Dataset;
use File::Temp qw(tempdir tempfile);
use HTTP::Tiny;
use Load;
use POSIX ();
use Port;
use Time::HiRes qw(sleep time);

$| = 1;
$ENV{BENCH_POSTS} //= 100_000;
my ($base) = load_activity();
# People and posts that strangers may see; the first of each is asked about again and again.
my @people = split /\n/, sql("SELECT id FROM (SELECT DISTINCT l.author_id AS id FROM social.listed_posts l) p ORDER BY id LIMIT 2000");
my @posts  = split /\n/, sql("SELECT l.id FROM social.listed_posts l WHERE l.id >= $base ORDER BY l.id LIMIT 5000");
my $tables = 'local people, posts = { ' . join(', ', @people) . ' }, { ' . join(', ', @posts) . ' }';

# What the worker still does for the data is written, too, and makes all that is kept old.
for (my $before = ''; (my $now = sql('SELECT social.content_version()')) ne $before; $before = $now) { sleep 3 }

# ---- bridges and Redis -----------------------------------------------------------------------------

my @children;
END { local $?; kill 'TERM', @children; waitpid $_, 0 for @children }

sub run
{
	my ($environment, @command) = @_;
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		@ENV{ keys %$environment } = values %$environment;
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		exec @command or POSIX::_exit(127);
	}
	push @children, $pid;
	return $pid;
}

my $redis_port = free_port();
my $redis      = run({}, 'redis-server', '--port', $redis_port, '--bind', '127.0.0.1', '--dir', tempdir(CLEANUP => 1), '--save', '', '--maxmemory', '512mb', '--maxmemory-policy', 'allkeys-lru');

sub bridge
{
	my (%setting) = @_;
	my $port = free_port();
	my $pid  = run({ HTTP_PORT => $port, ANONYMOUS_READ => 'on', LOOPS => 1, LOG_LEVEL => 'warning', REDIS_URL => "redis://127.0.0.1:$redis_port", %setting }, $ENV{BRIDGE_BIN});
	my $url  = "http://127.0.0.1:$port";
	for (my $tries = 0; !HTTP::Tiny->new->get("$url/api/posts/health/")->{success}; $tries++)
	{
		die 'no healthy bridge' if $tries > 300;
		sleep 0.1;
	}
	return { pid => $pid, url => $url };
}

sub end_bridge { my ($bridge) = @_; kill 'TERM', $bridge->{pid}; waitpid $bridge->{pid}, 0; @children = grep { $_ != $bridge->{pid} } @children }

# ---- the two sides ---------------------------------------------------------------------------------

# path: a Lua expression, which may use n, a random number.
sub load_of
{
	my ($bridge, $path) = @_;
	my ($lua, $file) = tempfile(SUFFIX => '.lua', UNLINK => 1);
	my $seed = int(time * 1000) % 1_000_000_000;
	print $lua "$tables\nmath.randomseed($seed)\nfunction request() n = math.random(1000000000); return wrk.format('GET', $path) end\n";
	close $lua;
	my $cpu    = sub { cpu_seconds('postgres') + Bench::process_cpu($bridge->{pid}) + Bench::process_cpu($redis) };
	my $before = $cpu->();
	my $output = `wrk -t1 -c16 -d@{[seconds_per_side()]}s -s $file $bridge->{url} 2>&1`;
	my $used   = $cpu->() - $before;
	die "requests failed: $output" if $output =~ /Non-2xx|Socket errors/ || $output !~ /(\d+) requests in/;
	my $requests = $1;
	return { cpu => 1000 * $used / $requests, rate => $output =~ m{Requests/sec:\s*([\d.]+)} };
}

my @words = map { Dataset::word($_) } 1 .. 60;
my $word  = '({ ' . join(', ', map { qq("$_") } @words) . ' })';
# name, the same path, paths that nobody has asked for yet
my @rows = (
	[ list      => "'/api/posts/posts/'" ],
	[ get       => "'/api/posts/posts/$posts[0]/'" ],
	[ trending  => "'/api/posts/trending/'" ],
	[ person    => "'/api/accounts/users/$people[0]/posts/'", "'/api/accounts/users/' .. people[1 + n % #people] .. '/posts/?first=' .. 15 + math.floor(n / #people) % 50" ],
	[ comments  => "'/api/posts/posts/$posts[0]/thread/'", "'/api/posts/posts/' .. posts[1 + n % #posts] .. '/thread/?first=' .. 15 + math.floor(n / #posts) % 50" ],
	[ tag       => "'/api/posts/hashtags/posts/?tag=django'" ],
	[ tags      => "'/api/posts/hashtags/trending/'" ],
	[ topics    => "'/api/posts/hashtags/topics/'" ],
	[ mentions  => "'/api/accounts/users/$people[0]/mentions/'", "'/api/accounts/users/' .. people[1 + n % #people] .. '/mentions/?first=' .. 15 + math.floor(n / #people) % 50" ],
	[ people    => "'/api/accounts/users/'" ],
	[ search    => "'/api/posts/search/?query=$words[3]%20$words[9]'", "'/api/posts/search/?query=' .. $word" . "[1 + n % 60] .. '%20' .. $word" . "[1 + math.floor(n / 60) % 60] .. '&first=' .. 15 + math.floor(n / 3600) % 10" ],
	[ text      => "'/api/posts/search/text/?query=$words[20]%20'", "'/api/posts/search/text/?query=' .. $word" . "[1 + n % 60] .. '&first=' .. 5 + math.floor(n / 60) % 90" ],
	[ names     => "'/api/posts/search/users/?query=person1'", "'/api/posts/search/users/?query=person' .. n % 10000 .. '&first=' .. 15 + math.floor(n / 10000) % 10" ],
	[ all       => "'/api/posts/search/all/?query=$words[5]'" ],
);

my %wanted = map { $_ => 1 } split ' ', $ENV{CACHE_ROWS} // join ' ', 'form', map { $_->[0] } @rows;

sub compare
{
	my ($name, $path, $without, $with, $bar_of_rate, $bar_of_cpu) = @_;
	my %figures = interleave(without => sub { load_of($without, $path) }, with => sub { load_of($with, $path) });
	my %of = map {
		my $side = $_;
		$side => { map { my $figure = $_; $figure => median(map { $_->{$figure} } @{ $figures{$side} }) } qw(cpu rate) }
	} keys %figures;
	my $rate = row("$name: requests a second / without", $of{with}{rate}, $of{without}{rate}, $bar_of_rate ? ">= $bar_of_rate" : '');
	my $cpu  = row('  CPU ms of a request / without', $of{with}{cpu}, $of{without}{cpu}, $bar_of_cpu ? "<= $bar_of_cpu" : '');
	return ($bar_of_rate && $rate < $bar_of_rate) + ($bar_of_cpu && $cpu > $bar_of_cpu);
}

my $missed = 0;
for my $limits (split ' ', $ENV{CACHE_LIMITS} // 'off memory redis')
{
	my %limit = $limits eq 'off' ? (RATE_LIMITS => 'off') : (RATE_LIMITS => 'on', RATE_LIMIT_STORE => $limits eq 'redis' ? 'redis' : 'database', SEARCH_RATE_LIMIT => '1000000/second');
	sql(q{SELECT social.set_rate_limit('*', 'global', 'client', '1000000/second')}) if $limits ne 'off';
	my ($without, $with) = (bridge(%limit, CACHE => 'off'), bridge(%limit, CACHE => 'on'));
	for my $row (grep { $wanted{ $_->[0] } } @rows)
	{
		my ($name, $same, $new) = @$row;
		$missed += compare("$name, limits $limits, kept", $same, $without, $with, $name =~ /^(?:list|search)$/ ? 3 : 0, 0);
		$missed += compare("$name, limits $limits, new", $new, $without, $with, 0, 1.1) if $new && $limits eq 'off';
	}
	end_bridge($_) for $without, $with;
}
if ($wanted{form})
{
	my ($as_it_is, $compressed) = map { bridge(RATE_LIMITS => 'off', CACHE => 'on', CACHE_COMPRESS_MIN => $_, REDIS_PREFIX => "form$_") } 0, 1400;
	compare('a list of 19 kB, kept compressed / as it is', $rows[0][1], $as_it_is, $compressed, 0, 0);
}
sql(q{SELECT social.set_rate_limit('*', 'global', 'client', NULL)});
exit($missed ? 1 : 0);
