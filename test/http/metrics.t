# Figures for Prometheus, health in detail, what operators are told on a port of their own, traces and
# slow statements in the log (seed 044, 045, 155, 162; issue 13 line 5).
use strict;
use warnings;
use JSON::PP;
use Social;
use Test::More;

my $admin_port = free_port();
my $bridge     = start_bridge(ADMIN_PORT => $admin_port, LOOPS => 2, SLOW_STATEMENT => 300, STOP_TIMEOUT => 60);
my @there      = (url => $bridge->{url});
my @admin      = (url => "http://127.0.0.1:$admin_port");
my $person     = account(@there);
my $staff      = account(@there);
psql("UPDATE social.users SET is_staff = true WHERE id = $staff->{id}");

# A figure by its name and labels as they are printed; undef when there is none.
sub figure
{
	my ($name) = @_;
	my ($value) = api(GET => '/metrics', @admin)->{content} =~ /^\Q$name\E (\S+)$/m;
	return $value;
}

# ---- who may read what
for my $path ('/api/posts/metrics/', '/api/posts/health/detailed/')
{
	is_error(api(GET => $path, @there), 401, 'UNAUTHENTICATED', "$path is not for strangers");
	is_error(api(GET => $path, @there, token => 'x.y.z'), 401, 'UNAUTHENTICATED', 'nor for a bad token');
	is_error(api(GET => $path, @there, token => $person->{token}), 403, 'FORBIDDEN', 'nor for everybody');
	is(api(GET => $path, @there, token => $staff->{token})->{status}, 200, 'staff read it');
	is(api(GET => $path, @admin)->{status}, 200, 'and operators, without a token');
}
is_error(api(GET => $_, @there), 404, 'NOT_FOUND', "$_ is not on the public's port") for qw(/live /ready /metrics /health);
is_error(api(GET => $_, @admin), 404, 'NOT_FOUND', "$_ is not on the operators'") for qw(/api/posts/posts/ /api/posts/search/ /api/posts/health/);
is_error(api(POST => '/metrics', @admin), 405, 'METHOD_NOT_ALLOWED', 'they only read');

# ---- live and ready
is(api(GET => '/live', @admin)->{content}, '{"status":"live"}', 'the process lives');
is_deeply(api(GET => '/ready', @admin)->{json}, { status => 'ready', draining => JSON::PP::false, read_only => JSON::PP::false }, 'and is ready');

# ---- the text format
my $answer = api(GET => '/api/posts/metrics/', @there, token => $staff->{token});
is($answer->{headers}{'content-type'}, 'text/plain; version=0.0.4; charset=utf-8', 'seed 045: Prometheus text format');
my (%type, %help, @wrong, %seen);
for (split /\n/, $answer->{content})
{
	if (/^# HELP (\w+) (.+)$/) { push @wrong, $_ if $help{$1}++; next }
	if (/^# TYPE (\w+) (counter|gauge|histogram)$/) { push @wrong, $_ if $type{$1}; $type{$1} = $2; next }
	my ($name, $labels) = /^(\w+)((?:\{[^}]*\})?) -?[0-9.e+-]+$/ or push(@wrong, $_), next;
	push @wrong, "twice: $_" if $seen{"$name$labels"}++;
	(my $family = $name) =~ s/_(?:bucket|sum|count)$// unless $type{$name};
	push @wrong, "no type: $_" unless $type{ $family // $name };
}
is_deeply(\@wrong, [], 'every line is one, of a metric that has a type and a help');
cmp_ok(scalar(keys %type), '>', 50, 'there are many');
is_deeply([ grep { ($type{$_} eq 'counter') != /_total$/ } sort keys %type ], [], 'counters are called so');

# ---- what they count
my $list   = 'route="posts.list",method="GET"';
my $before = figure("social_http_requests_total{$list,answer=\"success\"}") // 0;
api(GET => '/api/posts/posts/', @there, token => $person->{token}) for 1 .. 5;
api(GET => '/api/posts/posts/?first=x', @there, token => $person->{token});
is(figure("social_http_requests_total{$list,answer=\"success\"}") - $before, 5, 'requests by route and kind of answer');
is(figure("social_http_requests_total{$list,answer=\"client_error\"}"), 1, 'also those that were refused');
is(figure("social_http_request_duration_seconds_count{$list}"), $before + 6, 'their times');
is(figure("social_http_request_duration_seconds_bucket{$list,le=\"+Inf\"}"), $before + 6, 'in buckets');
my $unrouted = figure('social_http_requests_total{route="none",method="",answer="client_error"}');
api(GET => "/nowhere/$_/", @there) for 1 .. 3;
is(figure('social_http_requests_total{route="none",method="",answer="client_error"}') - $unrouted, 3, 'what no route serves counts as one');
unlike(api(GET => '/metrics', @admin)->{content}, qr/nowhere/, 'and no path is a label');
api(POST => '/graphql/', @there, json => { query => '{ allPosts(first: 1) { id } }' }) for 1 .. 4;
ok(wait_until(30, sub { figure('social_graphql_plan_cache_hits_total') >= 1 && figure('social_graphql_plan_cache_misses_total') >= 1 }), 'plans of GraphQL documents');
cmp_ok(figure('social_tokens_total{result="cached"}'), '>=', 4, 'tokens known already');
cmp_ok(figure('social_tokens_total{result="refused"}'), '>=', 2, 'and refused ones');
cmp_ok(figure('social_database_units_total{lane="read"}'), '>=', 5, "the database's work by lane");
cmp_ok(figure('social_database_unit_seconds_count{lane="read"}'), '>=', 5, 'and its time');
ok(wait_until(30, sub { figure('social_database_connections_ready{lane="read"}') == 4 }), 'its connections, of both loops');
cmp_ok(figure('social_loop_iterations_total'), '>', 10, 'the rounds of the loops');
cmp_ok(figure('social_http_connections_accepted_total'), '>=', 1, 'connections');
is(figure('social_bridge_ready'), 1, 'readiness');
is(figure('social_database_up'), 1, 'the database');
like(figure('social_worker_running'), qr/^[01]$/, 'its own figures are among them');
cmp_ok(figure('process_resident_memory_bytes'), '>', 1e6, "the process's memory");
cmp_ok(figure('process_open_fds'), '>', 10, 'and descriptors');

# ---- limits
{
	my $limited = start_bridge(RATE_LIMITS => 'on', ADMIN_PORT => my $port = free_port(), SEARCH_RATE_LIMIT => '2/hour');
	my $user    = account(url => $limited->{url});
	my @codes   = map { api(GET => '/api/posts/search/?query=x', url => $limited->{url}, token => $user->{token})->{status} } 1 .. 4;
	is("@codes", '200 200 429 429', 'a limit');
	my $text = api(GET => '/metrics', url => "http://127.0.0.1:$port")->{content};
	like($text, qr/^social_rate_limit_refusals_total\{surface="rest"\} 2$/m, 'seed 153: violations of limits count');
	like($text, qr/^social_http_requests_total\{route="posts.search",method="GET",answer="limited"\} 2$/m, 'by route, too');
	is($limited->stop, 0, 'a clean end');
}

# ---- health in detail, made once a minute
my $health = api(GET => '/api/posts/health/detailed/', @there, token => $staff->{token})->{json};
is($health->{status}, 'healthy', 'seed 044: health in detail') or diag(JSON::PP->new->encode($health));
is($health->{database}{status}, 'ok', 'the database');
cmp_ok($health->{database}{connections}, '>', 0, 'its connections');
is($health->{replication}{role}, 'primary', 'replication');
is($health->{redis}{status}, 'off', 'Redis');
ok(exists $health->{worker}{age_seconds}, 'the worker');
cmp_ok($health->{cpu}{cores}, '>', 0, 'processors');
cmp_ok($health->{memory}{total_bytes}, '>', $health->{memory}{resident_bytes}, 'memory');
cmp_ok($health->{disk}{total_bytes}, '>', 0, 'disk');
is_deeply([ grep { $_->{content} ne JSON::PP->new->encode($health) && $_->{json}{checked_at} ne $health->{checked_at} } map { api(GET => '/health', @admin), api(GET => '/api/posts/health/detailed/', @there, token => $staff->{token}, agent => HTTP::Tiny->new) } 1 .. 10 ],
	[], 'whoever asks within a minute gets the same, in every loop');

# ---- many who ask at once wait for one reading
{
	my $fresh = start_bridge(ADMIN_PORT => my $port = free_port(), LOOPS => 2);
	my @sockets = map { my $socket = raw_connect("http://127.0.0.1:$port"); syswrite $socket, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"; $socket } 1 .. 20;
	is(scalar(grep { (raw_read($_, 30))[0] =~ m{^HTTP/1\.1 200 .*^social_database_up 1$}ms } @sockets), 20, 'twenty at once are all answered');
	my ($units) = api(GET => '/metrics', url => "http://127.0.0.1:$port")->{content} =~ /^social_database_units_total\{lane="slow_read"\} (\d+)$/m;
	cmp_ok($units, '<=', 3, 'from one reading of the database') or diag($units); # the review of the routes is one, too
	is($fresh->stop, 0, 'a clean end');
}

# ---- settings
{
	my $off  = start_bridge(ADMIN_PORT => my $port = free_port(), METRICS_ENABLED => 'off', RATE_LIMIT_MONITORING => 'off');
	my @off  = (url => $off->{url});
	is_error(api(GET => '/api/posts/metrics/', @off, token => $staff->{token}), 404, 'NOT_FOUND', 'seed 162: METRICS_ENABLED=off');
	is_error(api(GET => '/metrics', url => "http://127.0.0.1:$port"), 404, 'NOT_FOUND', 'for operators, too');
	is_error(api(GET => '/api/posts/rate-limit-status/', @off), 404, 'NOT_FOUND', 'seed 162: RATE_LIMIT_MONITORING=off');
	is($off->stop, 0, 'a clean end');
	my $port_again = free_port();
	my $dark       = start_bridge(ADMIN_PORT => $port_again, HEALTH_CHECK_ENABLED => 'off', wait => 0);
	ok(wait_until(60, sub { api(GET => '/ready', url => "http://127.0.0.1:$port_again")->{status} == 200 }), 'operators see when it is ready');
	is_error(api(GET => '/api/posts/health/', url => $dark->{url}), 404, 'NOT_FOUND', 'seed 162: HEALTH_CHECK_ENABLED=off');
	is_error(api(GET => '/api/posts/health/detailed/', url => $dark->{url}, token => $staff->{token}), 404, 'NOT_FOUND', 'nor in detail');
	is($dark->stop, 0, 'a clean end');
}

# ---- without a database
{
	my $away  = start_bridge(DATABASE_URL => 'host=/nonexistent dbname=social', ADMIN_PORT => my $port = free_port(), wait => 0);
	my @there = (url => "http://127.0.0.1:$port");
	my $ready;
	ok(wait_until(30, sub { ($ready = api(GET => '/ready', @there))->{status} == 503 }), 'not ready without a database');
	is($ready->{json}{status}, 'not_ready', 'and says so');
	is(api(GET => '/live', @there)->{status}, 200, 'but alive');
	my $text = api(GET => '/metrics', @there);
	is($text->{status}, 200, 'figures are there');
	like($text->{content}, qr/^social_database_up 0$/m, 'the database is not');
	my $answer = api(GET => '/health', @there);
	is("$answer->{status} $answer->{json}{status} $answer->{json}{database}{status}", '503 unhealthy unavailable', 'health says what is missing');
	is($away->stop, 0, 'a clean end');
}

# ---- traces and slow statements, in the log
my $trace = '0af7651916cd43dd8448eb211c80319c';
api(GET => '/api/posts/posts/', @there, token => $person->{token}, headers => { traceparent => "00-$trace-b7ad6b7169203331-01", 'X-Request-Id' => 'traced' });
api(GET => '/api/posts/posts/', @there, token => $person->{token}, headers => { traceparent => "00-$trace-0000000000000000-01", 'X-Request-Id' => 'untraced' });
ok(wait_until(30, sub { $bridge->log_text =~ /"untraced"/ }), 'both are logged');
my %line = map { my $line = eval { decode_json($_) } // {}; ($line->{request_id} // '') => $line } grep { /"msg":"request"/ } split /\n/, $bridge->log_text;
is($line{traced}{trace_id}, $trace, 'issue 13: a valid traceparent is in the log');
is($line{untraced}{trace_id}, undef, 'an invalid one is not');
psql('CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$;
	CREATE TRIGGER slow BEFORE INSERT ON social.posts FOR EACH ROW EXECUTE FUNCTION public.slow()');
my $slow = api(POST => '/api/posts/posts/', @there, token => $person->{token}, json => { title => 'secret title', content => 'x' }, headers => { traceparent => "00-$trace-b7ad6b7169203331-01", 'X-Request-Id' => 'slow-one' });
psql('DROP TRIGGER slow ON social.posts; DROP FUNCTION public.slow()');
is($slow->{status}, 201, 'a slow statement');
ok(wait_until(30, sub { $bridge->log_text =~ /"slow statement".*slow-one/ }), 'is told');
my ($told) = map { decode_json($_) } grep { /"slow statement".*slow-one/ } split /\n/, $bridge->log_text;
is("$told->{route} $told->{lane} $told->{trace_id}", "posts.create write $trace", 'by the name of its route');
cmp_ok($told->{ms}, '>', 300, 'with its time');
unlike($bridge->log_text, qr/secret title|INSERT|\$1/, 'and nothing of what it said');
cmp_ok(figure('social_database_slow_total{lane="write"}'), '>=', 1, 'and counted');

# ---- while it drains
psql('CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$;
	CREATE TRIGGER slow BEFORE INSERT ON social.posts FOR EACH ROW EXECUTE FUNCTION public.slow()');
my $body  = '{"title":"t","content":"c"}';
my $stuck = raw_connect($bridge->{url});
syswrite $stuck, "POST /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $person->{token}\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
ok(wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_bridge' AND wait_event = 'PgSleep'}) > 0 }), 'a request is under way');
$bridge->signal('TERM');
my $drains;
ok(wait_until(30, sub { ($drains = api(GET => '/ready', @admin))->{json}{draining} }), 'it says that it drains, once the word has come to the loop that answers');
is("$drains->{status} $drains->{json}{status}", '503 draining', 'and that it is not ready');
is(api(GET => '/live', @admin)->{status}, 200, 'but alive');
like((raw_read($stuck, 30))[0], qr{^HTTP/1\.1 201 }, 'what was under way is answered');
is($bridge->finish, 0, 'and operators do not hold up its end');
psql('DROP TRIGGER slow ON social.posts; DROP FUNCTION public.slow()');
done_testing;
