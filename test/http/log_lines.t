# What clients send does not fill a disk: lines of both logs have bounds, whatever is refused (found E7).
# A cluster of the test's own, for its log.
use strict;
use warnings;
use lib 'test/upgrade';
use Cluster;
use Social;
use Test::More;

make_cluster('logged', "shared_preload_libraries = 'social'\nsocial.database = 'postgres'\nfsync = off");
start('logged');
sql('CREATE EXTENSION social');
sql(q{CREATE ROLE social_bridge LOGIN; SELECT social.grant_bridge('social_bridge')});
@ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)} = ($dir, $port, 'postgres', 'postgres');
my $bridge = start_bridge(DATABASE_URL => "host=$dir port=$port dbname=postgres user=social_bridge", LOOPS => 1, RATE_LIMITS => 'off');
my @there  = (url => $bridge->{url});
my $user   = account(@there);

# Runs something; (its answer, what the server's log and the bridge's got meanwhile).
sub logged
{
	my ($what) = @_;
	my $from   = -s "$dir/logged.log";
	my $before = length $bridge->log_text;
	my $answer = $what->();
	wait_until(30, sub { length($bridge->log_text) > $before });
	open my $file, '<', "$dir/logged.log" or die;
	seek $file, $from, 0;
	local $/;
	return ($answer, <$file> // '', substr $bridge->log_text, $before);
}
sub longest { my $most = 0; for (split /\n/, $_[0]) { $most = length if length > $most } return $most }
my $graphql = sub { my ($query) = @_; api(POST => '/graphql/', @there, token => $user->{token}, json => { query => $query }) };
my $bounded = sub {
	my ($server, $own, $name) = @_;
	cmp_ok(length $server, '<', 3000, "$name: the server's log gets little") or diag(length $server, ":\n", substr $server, 0, 4000);
	cmp_ok(longest($server), '<', 1000, 'in short lines') or diag(longest($server));
	cmp_ok(length $own, '<', 5000, "and the bridge's");
};

# ---- a large document, refused by the database
my $fields = 'id title content createdAt likesCount commentsCount author { username createdAt } hashtags { tag }';
my $large  = '{ ' . join(' ', map { "s$_: searchPostsFts(query: \"\") { $fields $fields $fields }" } 1 .. 49) . ' }';
cmp_ok(length $large, '>', 14000, 'a large document');
my ($answer, $server, $own) = logged(sub { $graphql->($large) });
is($answer->{json}{errors}[0]{extensions}{code}, 'BAD_REQUEST', 'is refused') or diag($answer->{content});
like($server, qr/ERROR: .*query/, "the server's log tells of it");
like($server, qr/^.*DETAIL: .*Statement of \d{5,} bytes, cut: SELECT/m, 'and how its statement begins') or diag(substr $server, 0, 2000);
unlike($server, qr/STATEMENT/, 'but does not repeat it');
$bounded->($server, $own, 'found E7');
unlike($answer->{content}, qr/Statement of/, 'which the client is not told');

# ---- one that fails otherwise: out of time
my $usual = $bridge;
$bridge = start_bridge(DATABASE_URL => "host=$dir port=$port dbname=postgres user=social_bridge", LOOPS => 1, RATE_LIMITS => 'off', STATEMENT_TIMEOUT => 1, LOCK_TIMEOUT => 1);
@there  = (url => $bridge->{url});
psql(q{CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NEW; END';
	CREATE TRIGGER slow BEFORE INSERT ON social.posts FOR EACH ROW EXECUTE FUNCTION public.slow()});
my $text = 'word ' x 400;
($answer, $server, $own) = logged(sub { $graphql->('mutation { ' . join(' ', map { "c$_: createPost(title: \"t\", content: \"$text\") { __typename }" } 1 .. 4) . ' }') });
isnt($answer->{content}, '', 'a mutation that is too slow is answered') or diag($answer->{content});
$bounded->($server, $own, 'out of time');
psql('DROP TRIGGER slow ON social.posts; DROP FUNCTION public.slow()');
is($bridge->stop, 0, 'a clean end');
$bridge = $usual;
@there  = (url => $bridge->{url});

# ---- over REST: long values, long paths
($answer, $server, $own) = logged(sub { api(POST => '/api/posts/posts/', @there, token => $user->{token}, json => { title => 'x' x 100_000, content => 'c' }) });
is($answer->{status}, 400, 'a title beyond all length');
$bounded->($server, $own, 'a long value');
($answer, $server, $own) = logged(sub { api(GET => '/api/posts/search/?query=%20&after=' . ('y' x 3000), @there, token => $user->{token}) });
is($answer->{status}, 400, 'a cursor beyond all length');
$bounded->($server, $own, 'a long cursor');
($answer, $server, $own) = logged(sub { api(GET => '/api/' . ('%C3%A9%22' x 500) . '/', @there) });
is($answer->{status}, 404, 'a long path');
cmp_ok(longest($own), '<', 1500, 'is cut in the log') or diag(longest($own));

# ---- what people prove themselves with is in no log, also where it is what the database refuses
for my $door ('login(username: "nobody", password: "hush-hush")', 'register(username: "a b", email: "a@example.com", password: "hush-hush")', 'refreshToken(refresh: "hush-hush")', 'logout(refresh: "hush-hush")',
	'changePassword(oldPassword: "hush-hush", newPassword: "hush")', 'changePassword(oldPassword: "hush-hush", newPassword: "hush-hush-hush")', 'resetPassword(token: "hush-hush", newPassword: "hush")',
	'resetPassword(token: "hush-hush", newPassword: "hush-hush-hush")', 'verifyEmail(token: "hush-hush")', 'changeEmail(email: "nowhere", currentPassword: "hush-hush")',
	'enableTotp(password: "hush-hush")', 'confirmTotp(code: "hush")', 'disableTotp(password: "hush-hush", code: "hush")', 'regenerateRecoveryCodes(code: "hush")')
{
	my ($name) = $door =~ /^(\w+)/;
	($answer, $server, $own) = logged(sub { $graphql->("mutation { $door { success } }") });
	like($answer->{json}{errors}[0]{path}[0], qr/^$name$/, "$name is refused") or diag($answer->{content});
	unlike("$server$own", qr/hush/, 'and its secrets are in no log');
}

# ---- whoever writes SQL finds it in the log as it was
my $sql = 'SELECT 1/0, ' . join(', ', map { "'word $_'" } 1 .. 300);
(undef, $server) = logged(sub { eval { psql($sql) }; api(GET => '/api/posts/health/', @there) });
like($server, qr/STATEMENT:  .*'word 300'/, "others' statements are logged whole");
(undef, $server) = logged(sub { eval { psql("BEGIN; SELECT social.admit(NULL); COMMIT; $sql") }; api(GET => '/api/posts/health/', @there) });
like($server, qr/STATEMENT:  .*'word 300'/, 'also by somebody who admitted a request before');

# ---- a statement that has its admission in it is a request's, also where it fails before that
(undef, $server) = logged(sub { eval { psql(($sql =~ s{1/0}{'x'::integer}r =~ s/^/SELECT q.* FROM (/r) . ') q WHERE (SELECT social.admit(NULL, NULL, address => NULL) IS NULL)') }; api(GET => '/api/posts/health/', @there) });
like($server, qr/Statement of \d+ bytes, cut: SELECT q/, 'and is cut') or diag($server);
unlike($server, qr/'word 300'/, 'not repeated');
is($bridge->stop, 0, 'a clean end');
done_testing;
