# Workers share what there is, and come and go (issue 15 lines 1 and 2; P-24): nothing is lost when one is
# killed, at most what it had is done twice, and one that stops gives back what it has not begun.
use strict;
use warnings;
use Social;
use Test::More;
use Worker;

my $server = start_mail_server();
my $host   = "lease$$.example.com";
sub addresses { my ($from, $to) = @_; return map { "to$_\@$host" } $from .. $to }
sub arrived { return map { scalar mail_to($server, $_) } @_ }
sub counts { my ($where) = @_; return psql("SELECT count(*) FROM social.mail_outbox m LEFT JOIN social.admin_jobs j ON j.id = m.job_id WHERE m.address LIKE '%\@$host' AND $where") }

send_what_is_left($server);

# ---- two workers
$server->does('hold');
my @to = addresses(1, 24);
my @workers = map { start_worker(worker_settings($server, SMTP_CONNECTIONS => 3)) } 1 .. 2;
queue_mail($_) for @to;
ok(wait_until(60, sub { counts("j.state = 'running'") == 6 }), 'each worker has as many as it sends at once') or diag(counts("j.state = 'running'"));
is(counts("j.state = 'running' AND j.worker = (SELECT min(w.name) FROM social.admin_job_workers w WHERE w.running > 0)"), 3, 'the half of them');
$server->does_not('hold');
ok(wait_until(60, sub { counts("m.sent_at IS NULL") == 0 }), 'two workers share the mails');
is_deeply([ arrived(@to) ], [ map { 1 } @to ], 'each arrives once');
for (@workers) { is($_->stop, 0, 'a worker stops') }
cmp_ok(scalar(() = $_->log_text =~ /"msg":"mail sent"/g), '>=', 3, 'each had its part') for @workers;

# ---- kill -9 while it sends
$server->does('hold');
@to = addresses(101, 110);
my $killed = start_worker(worker_settings($server, SMTP_CONNECTIONS => 4, WORKER_LEASE => 3));
queue_mail($_) for @to;
ok(wait_until(60, sub { (grep { $_ } arrived(@to)) == 4 }), 'four mails are with the server, which has not answered');
$killed->signal('KILL');
$killed->finish;
$server->does_not('hold');
my $next = start_worker(worker_settings($server, SMTP_CONNECTIONS => 4, WORKER_LEASE => 3));
ok(wait_until(120, sub { counts("m.sent_at IS NULL") == 0 }), 'kill -9: another worker sends them all') or diag(counts("m.sent_at IS NULL"));
my @times = arrived(@to);
is(scalar(grep { $_ < 1 } @times), 0, 'none is lost');
is(scalar(grep { $_ > 2 } @times), 0, 'none is sent a third time');
cmp_ok(scalar(grep { $_ == 2 } @times), '<=', 4, 'only the leased batch is sent again');
is(scalar(grep { my @mails = mail_to($server, $_); @mails == 2 && $mails[0]{head}{'Message-ID'}[0] ne $mails[1]{head}{'Message-ID'}[0] } @to), 0, 'with the same Message-ID');
is(psql("SELECT count(*) FROM social.job_history h JOIN social.mail_outbox m ON m.job_id = h.id WHERE m.address LIKE 'to1__\@$host' AND h.attempts > 2"), 0, 'nor was any job claimed a third time');

# ---- kill -9 at any moment
my @storm = addresses(201, 260);
queue_mail($_) for @storm;
my $seen = 0;
for my $round (1 .. 6)
{
	my $victim = start_worker(worker_settings($server, SMTP_CONNECTIONS => 3, WORKER_LEASE => 3));
	# After a few more have arrived, wherever it is just then.
	wait_until(60, sub { my $now = grep { $_ } arrived(@storm); $now >= $seen + $round || $now == @storm ? ($seen = $now, 1) : 0 });
	$victim->signal('KILL');
	$victim->finish;
}
ok(wait_until(180, sub { counts("m.sent_at IS NULL") == 0 }), 'workers that are killed at any moment: the rest ends the work') or diag(counts("m.sent_at IS NULL"));
@times = arrived(@storm);
is(scalar(grep { $_ < 1 } @times), 0, 'none is lost');
cmp_ok(eval { my $sum = 0; $sum += $_ - 1 for @times; $sum }, '<=', 6 * 3, 'at most the leased batches are sent again');
is(psql("SELECT count(*) FROM social.jobs j JOIN social.mail_outbox m ON m.job_id = j.id WHERE m.address LIKE '%\@$host'"), 0, 'no job is left behind');

# ---- it loses its connection while it sends
$server->does('hold');
my ($one) = addresses(301, 301);
my $id = queue_mail($one);
ok(wait_until(60, sub { arrived($one) == 1 }), 'a mail is with the server');
psql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'social_worker'});
$server->does_not('hold');
ok(wait_until(60, sub { mail_state($id) eq 'sent' }), 'its connection lost meanwhile, the worker tells it on the next') or diag(job_of($id));
is(arrived($one), 1, 'the mail is sent once');
is($next->stop, 0, 'it stops');

# ---- draining
$server->does('hold');
@to = addresses(401, 406);
my $drained = start_worker(worker_settings($server, SMTP_CONNECTIONS => 2, STOP_TIMEOUT => 60));
queue_mail($_) for @to;
ok(wait_until(60, sub { (grep { $_ } arrived(@to)) == 2 && counts('m.job_id IS NOT NULL AND m.sent_at IS NULL') == 6 }), 'it sends two of six');
$drained->signal('TERM');
ok(wait_until(60, sub { $drained->log_text =~ /"msg":"stopping"/ }), 'SIGTERM');
$server->does_not('hold');
is($drained->finish, 0, 'what it sends is brought to its end');
is(counts("m.sent_at IS NOT NULL AND m.address LIKE 'to40%'"), 2, 'and told');
is(counts("m.sent_at IS NULL AND j.state = 'due' AND j.attempts = 0"), 4, 'the rest is for others');
my ($name) = $drained->log_text =~ /"msg":"serving","worker":"([^"]+)"/;
is(psql("SELECT count(*) FROM social.admin_job_workers WHERE name = '$name'"), 0, 'it has left');

# ---- no time to drain
$server->does('hold');
my $hasty = start_worker(worker_settings($server, SMTP_CONNECTIONS => 2, STOP_TIMEOUT => 1));
ok(wait_until(60, sub { counts("j.state = 'running'") == 2 }), 'it sends two');
is($hasty->stop, 0, 'what does not end within STOP_TIMEOUT');
is(counts("m.sent_at IS NULL AND j.state IN ('due', 'later') AND j.max_attempts > 8"), 2, 'is given back, without an attempt');
$server->does_not('hold');
my $last = start_worker(worker_settings($server));
ok(wait_until(60, sub { counts('m.sent_at IS NULL') == 0 }), 'another one sends it at once');
is($last->stop, 0, 'and stops');
done_testing;
