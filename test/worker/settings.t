# social-worker's settings and signals: what --help lists, what --check-config refuses (issue 15 line 2).
use strict;
use warnings;
use File::Temp 'tempdir';
use Social;
use Test::More;
use Worker;

$ENV{DATABASE_URL} =~ s/social_bridge/social_worker/;
sub worker { my ($arguments, %env) = @_; local @ENV{ keys %env } = values %env; my $words = `$ENV{WORKER_BIN} $arguments 2>&1`; return ($? >> 8, $words) }
chomp(my $version = `sed -n "s/^default_version *= *'\\(.*\\)'/\\1/p" social.control`);

my ($status, $words) = worker('--version');
is($words, "social-worker $version\n", '--version');
($status, $words) = worker('--help');
is($status, 0, '--help');
like($words, qr/^  SMTP_URL .*\n(?:.*\n)*\* SMTP_PASSWORD /m, 'lists its settings');
like($words, qr/DATABASE_URL/, 'and those of both programs');
unlike($words, qr/HTTP_PORT|GRAPHQL/, 'not the bridge\'s');
unlike(`$ENV{BRIDGE_BIN} --help`, qr/SMTP_URL|WORKER_/, 'which does not list the worker\'s');
my %good = (SMTP_URL => 'smtp://localhost', MAIL_FROM => 'a@example.com', FRONTEND_URL => 'https://example.com');
is_deeply([ worker('--check-config', %good) ], [ 0, "social-worker: the settings are good\n" ], 'good settings');
for (
	[ 'a URL of another kind',      qr/SMTP_URL must/,         SMTP_URL => 'http://localhost' ],
	[ 'no URL',                     qr/SMTP_URL must/,         SMTP_URL => 'smtp://[::1' ],
	[ 'nobody as the sender',       qr/MAIL_FROM must/,        MAIL_FROM => '' ],
	[ 'no address as the sender',   qr/MAIL_FROM must/,        MAIL_FROM => 'Name <a@b' ],
	[ 'two senders',                qr/MAIL_FROM must/,        MAIL_FROM => 'a@example.com, b@example.com' ],
	[ 'another word',               qr/SMTP_TLS must be/,      SMTP_TLS => 'maybe' ],
	[ 'an unknown kind',            qr/does not know the kind video/, WORKER_KINDS => 'mail, video' ],
	[ 'a kind without settings',    qr/no settings for the kind mail/, WORKER_KINDS => 'mail', SMTP_URL => '', MAIL_FROM => '' ],
	[ 'a place that is not there',  qr/MEDIA_TEMP: no files/,  MEDIA_JOBS => 1, MEDIA_TEMP => '/nonexistent' ],
	[ 'a store that is no URL',     qr/MEDIA_STORE_URL must/,  MEDIA_JOBS => 1, MEDIA_STORE_URL => '/files' ],
	[ 'no number',                  qr/WORKER_LEASE must be/,  WORKER_LEASE => 'x' ],
	[ 'a missing file',             qr/SMTP_PASSWORD_FILE/,    SMTP_PASSWORD_FILE => '/nonexistent' ])
{
	my ($name, $like, %bad) = @$_;
	my ($status, $words) = worker('--check-config', %good, %bad);
	is($status, 1, $name);
	like($words, $like, 'and is told so');
}
is((worker('--http-port=1'))[0], 2, 'a flag of the other program is unknown');
is((worker('--routes'))[0], 2, 'and so is what only that one does');

# One file for both programs.
my $dir = tempdir('worker-XXXXXX', TMPDIR => 1, CLEANUP => 1);
open my $file, '>', "$dir/both.conf" or die;
print $file "HTTP_PORT=8001\nSMTP_URL=smtp://localhost\nMAIL_FROM=a\@example.com\nFRONTEND_URL=https://example.com\nMAX_BODY=none\n";
close $file;
is_deeply([ worker('--check-config', CONFIG_FILE => "$dir/both.conf") ], [ 0, "social-worker: the settings are good\n" ], 'a file with the bridge\'s settings serves');
is((worker('--check-config', CONFIG_FILE => "$dir/both.conf", SMTP_URL => 'no'))[0], 1, 'a variable wins over it');

# ---- signals, and without anything to do
my $idle = start_worker(SMTP_URL => '', MAIL_FROM => '', HEARTBEAT_FILE => '/nonexistent/heartbeat', WORKER_POLL => 1, LOG_LEVEL => 'debug');
my $unheard = sub { scalar(() = $idle->log_text =~ /HEARTBEAT_FILE cannot be written/g) };
ok(wait_until(30, sub { $unheard->() }), 'a sign of life that cannot be given is told');
my $told = time;
$idle->signal('HUP');
ok(wait_until(30, sub { $idle->log_text =~ /settings read again/ }), 'SIGHUP reads the settings again');
ok(wait_until(30, sub { time > $told + 3 }), 'it is given each second');
is($idle->stop, 0, 'SIGTERM ends it');
is($unheard->(), 1, 'of which one is told');
like($idle->log_text, qr/"msg":"stopped"/, 'which it says');
my $lost = start_worker(wait => 0, DATABASE_URL => 'host=/nonexistent dbname=social user=social_worker');
ok(wait_until(30, sub { $lost->log_text =~ /no connection to the database/ }), 'without a database it tries on');
is($lost->stop, 0, 'and can be ended');

# ---- what its role may do
is(psql(q{SELECT string_agg(c.relname, ' ') FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND has_table_privilege('social_worker', c.oid, 'SELECT')}), '', 'its role reads no table and no view');
is(psql(q{SELECT string_agg(p.proname, ' ' ORDER BY p.proname COLLATE "C") FROM pg_proc p WHERE p.pronamespace = 'social'::regnamespace AND has_function_privilege('social_worker', p.oid, 'EXECUTE')}),
	psql(q{SELECT string_agg(function_name, ' ' ORDER BY function_name COLLATE "C") FROM social.function_audience() WHERE audience IN ('job_worker', 'worker')}), 'and calls nothing but what workers do');
done_testing;
