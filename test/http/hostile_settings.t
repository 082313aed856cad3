# Settings that a database or a role has been given do not reach the bridge's sessions: its statements
# mean what they mean (found C5). A database of the test's own, its settings as unkind as can be.
use strict;
use warnings;
use IO::Select;
use Social;
use Test::More;
use Time::HiRes qw(sleep time);

my $name = "hostile_$$";
psql("CREATE DATABASE $name");
END { local ($?, $ENV{PGDATABASE}) = ($?, 'postgres'); eval { psql("DROP DATABASE IF EXISTS $name WITH (FORCE)") } if $name }
(my $url = $ENV{DATABASE_URL}) =~ s/dbname=\w+/dbname=$name/;
$ENV{PGDATABASE} = $name;
psql(q{CREATE EXTENSION social; SELECT social.grant_bridge('social_bridge')});

# ---- as it should be
my $kind  = start_bridge(DATABASE_URL => $url, LOOPS => 1);
my @kind  = (url => $kind->{url});
my $user  = account(@kind);
my $other = account(@kind);
my $post  = api(POST => '/api/posts/posts/', @kind, token => $user->{token}, json => { title => "caf\x{e9} \\n", content => "it's \\x41 #tag \@$other->{username}" })->{json}{id};
api(POST => "/api/posts/posts/$post/like/", @kind, token => $other->{token}, json => {});
my @reads = ("/api/posts/posts/$post/", '/api/posts/posts/', '/api/posts/search/?query=tag', "/api/accounts/users/$user->{id}/", '/api/auth/users/me/', '/api/auth/users/sessions/');
my $read  = sub { my ($bridge) = @_; map { api(GET => $_, url => $bridge->{url}, token => $user->{token})->{content} } @reads };
my $graph = sub { my ($bridge) = @_; api(POST => '/graphql/', url => $bridge->{url}, token => $user->{token}, json => { query => '{ allPosts(first: 5) { id title content createdAt likesCount author { username createdAt } hashtags { tag } } }' })->{content} };
my @good  = ($read->($kind), $graph->($kind));
like($good[0], qr/"title"/, 'a post as it should be');
$kind->stop;

# ---- as unkind as can be
my %setting = (
	default_transaction_isolation       => 'serializable',
	default_transaction_read_only       => 'on',
	default_transaction_deferrable      => 'on',
	standard_conforming_strings         => 'off',
	statement_timeout                   => '300ms',
	lock_timeout                        => '300ms',
	idle_in_transaction_session_timeout => '300ms',
	idle_session_timeout                => '500ms',
	"\"TimeZone\""                      => 'Asia/Kathmandu',
	"\"DateStyle\""                     => 'SQL, DMY',
	"\"IntervalStyle\""                 => 'sql_standard',
	bytea_output                        => 'escape',
	extra_float_digits                  => '-15',
	row_security                        => 'off',
	client_encoding                     => 'LATIN1',
	plan_cache_mode                     => 'force_custom_plan',
	transform_null_equals               => 'on',
	array_nulls                         => 'off',
	gin_fuzzy_search_limit              => '1',
	client_min_messages                 => 'debug1',
	log_parameter_max_length_on_error   => '-1');
psql(q{CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
	CREATE FUNCTION evil.trap(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
	CREATE OPERATOR evil.= (FUNCTION = evil.trap, LEFTARG = bigint, RIGHTARG = bigint);
	CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
	CREATE FUNCTION evil.json_build_object(VARIADIC "any") RETURNS json LANGUAGE internal AS 'json_build_object_noargs'});
psql(join ';', "ALTER ROLE social_bridge IN DATABASE $name SET search_path = evil, pg_catalog", map { "ALTER ROLE social_bridge IN DATABASE $name SET $_ = '$setting{$_}'" } sort keys %setting);

my $bridge = start_bridge(DATABASE_URL => $url, LOOPS => 1, LOCK_TIMEOUT => 30, STATEMENT_TIMEOUT => 30);
my @there  = (url => $bridge->{url});
my $lost   = sub { scalar(() = $bridge->log_text =~ /no connection to the database/g) };
my $before = $lost->();    # even the statement that makes it more needs its time
my @now    = ($read->($bridge), $graph->($bridge));
is($now[$_], $good[$_], 'found C5: the same answer, ' . ($reads[$_] // 'GraphQL')) for 0 .. $#good;

# Ten clients that write at once.
my @users = map { account(@there) } 1 .. 10;
my ($fine, $began) = (0, time);
for my $round (1 .. 20)
{
	my $body = '{"title":"t","content":"#tag"}';
	my @sockets = map { my $s = raw_connect($bridge->{url}); syswrite $s, "POST /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $_->{token}\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body"; $s } @users;
	$fine += grep { (raw_read($_, 30, qr/\}\z/))[0] =~ m{^HTTP/1\.1 201 } } @sockets;
}
is($fine, 200, 'ten clients at once: every post is written');

# One that takes longer than those settings allow.
open my $holder, '|-', 'psql', '-X', '-q', '-o', '/dev/null' or die "psql: $!";
$holder->autoflush(1);
print $holder "BEGIN; SELECT FROM social.users WHERE id = $users[0]{id} FOR UPDATE;\n";
my $stuck = sub { psql("SELECT count(*) FROM pg_stat_activity WHERE datname = '$name' AND usename = 'social_bridge' AND wait_event_type = 'Lock' AND query_start < clock_timestamp() - interval '$_[0]'") > 0 };
ok(wait_until(30, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE '%FOR UPDATE%'}) > 0 }), 'a row is locked');
my $socket = raw_connect($bridge->{url});
my $text   = '{"title":"t","content":"waits"}';
syswrite $socket, "POST /api/posts/posts/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $users[0]{token}\r\nContent-Type: application/json\r\nContent-Length: " . length($text) . "\r\n\r\n$text";
ok(wait_until(30, sub { $stuck->('1 s') }), 'a write waits for a second');
print $holder "ROLLBACK;\n\\q\n";
close $holder;
like((raw_read($socket, 30, qr/\}\z/))[0], qr{^HTTP/1\.1 201 }, 'and is done');
sleep 0.05 until time > $began + 1;
is(api(POST => "/api/posts/posts/$post/like/", @there, token => $users[0]{token}, json => {})->{status}, 200, 'and no connection was ended for being idle');
is($lost->(), $before, 'none was lost');
cmp_ok($before, '<', 5, 'and all began in a few tries');
is($bridge->stop, 0, 'a clean end');
done_testing;
