# social-worker sends mails (issue 15 line 8; seed 071): each arrives once, in good form; what the server
# refuses is tried again or given up, and a dead letter says why.
use strict;
use warnings;
use Social;
use Test::More;
use Worker;

my $server = start_mail_server();
my $worker = start_worker(worker_settings($server, FRONTEND_URL => 'https://app.example.com/'));
# Failures come again at once.
psql(q{SELECT social.set_job_kind('mail', backoff => '10 ms', backoff_max => '20 ms')});
my $n = 0;
sub address { my ($name) = @_; return sprintf '%s@h%d-%d.example.com', $name // 'to', $$, ++$n }
sub arrives { my ($address, $name) = @_; return ok(wait_until(60, sub { mail_to($server, $address) }), $name) }
sub becomes { my ($id, $like, $name) = @_; local $Test::Builder::Level = $Test::Builder::Level + 1; my $is = ''; wait_until(60, sub { ($is = mail_state($id)) =~ $like }); return like($is, $like, $name) }

# ---- from a door to the mailbox
my $person = account();
arrives($person->{email}, 'who registers gets a mail');
my ($mail) = mail_to($server, $person->{email});
my %head = map { $_ => $mail->{head}{$_}[0] } keys %{ $mail->{head} };
is($head{From}, '"The Service" <service@example.com>', 'from whom MAIL_FROM says');
is($head{'X-From'}, 'service@example.com', 'in the envelope, too');
is($head{To}, "<$person->{email}>", 'to whom it is for');
is($head{Subject}, 'Confirm your e-mail address', 'its subject');
like($head{Date}, qr/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/, 'its date');
my ($token) = $mail->{text} =~ m{^https://app\.example\.com/verify-email\?token=(\S+)$}m or diag($mail->{text});
is(api(POST => '/api/auth/verify-email/', json => { token => $token })->{status}, 200, 'the link in it proves the address');
my $id = psql("SELECT max(id) FROM social.mail_outbox WHERE address = '$person->{email}'");
becomes($id, qr/^sent$/, 'the outbox says that it was sent');
is($head{'Message-ID'}, psql("SELECT format('<mail.%s.%s\@example.com>', id, extract(epoch FROM created_at)::bigint) FROM social.mail_outbox WHERE id = $id"), 'its Message-ID is always the same');
is(psql("SELECT variables ? 'token' FROM social.mail_outbox WHERE id = $id"), 'f', 'and has forgotten the token');
ok(wait_until(30, sub { job_of($id) eq 'done' }), 'its job is done');
is(psql("SELECT count(*) FROM social.jobs j JOIN social.job_history h USING (id) WHERE j.args::text LIKE '%$token%'"), 0, 'no job ever knew the token');

# ---- form
my $to = address();
queue_mail($to, 'email_changed', qq({"username": "Zo\\u00eb \\u4f60\\u597d", "new_email": "x\\r\\nBcc: evil\@example.com\\r\\n\\r\\n.\\r\\nMAIL FROM:<evil\@example.com>"}));
arrives($to, 'a mail with hostile words');
($mail) = mail_to($server, $to);
like($mail->{text}, qr/^Hello Zo\x{c3}\x{ab} \xe4\xbd\xa0\xe5\xa5\xbd,\n/, 'UTF-8 is as it was');
unlike($mail->{raw}, qr/^(Bcc|MAIL FROM)/m, 'no value begins a line of its own');
is(scalar(grep { length > 76 + 2 } split /\r\n/, $mail->{raw}), 0, 'lines are short');
$to = address();
queue_mail($to, 'reset_password', '{"username": ".", "token": ".", "accounts": [{"username": "..one", "token": "a/b=&c"}, {"username": ".", "token": "d"}]}');
arrives($to, 'a mail with lines that begin with dots');
like((mail_to($server, $to))[0]{text}, qr{^\.\.one:\nhttps://app\.example\.com/reset-password\?token=a%2Fb%3D%26c\n\.:\nhttps://app\.example\.com/reset-password\?token=d\n}m, 'keeps them, and has a link for each account');
$to = address();
queue_mail($to, 'export_ready', '{"username": "ann", "until": "2026-12-01 10:00 UTC"}');
queue_mail($to, 'export_failed', '{"username": "ann", "until": "x"}');
ok(wait_until(60, sub { mail_to($server, $to) == 2 }), 'issue 17: mails about exports arrive');
my %about = map { $_->{head}{Subject}[0] => $_->{text} =~ s/\n/ /gr } mail_to($server, $to);
like($about{'The archive of your account is ready'}, qr/^Hello ann,.* is ready, and stays until 2026-12-01 10:00 UTC: log in/, 'that one is ready, and until when');
like($about{'The archive of your account could not be made'}, qr/^Hello ann,.* could not be made\. You can ask for another one/, 'or could not be made');
for my $address ("a\@b.example\r\nRCPT TO:<evil\@example.com>", 'a@b.example>,<evil@example.com', 'no address', 'a b@example.com')
{
	$id = queue_mail($address);
	becomes($id, qr/^failed its address is none$/, "no mail goes to " . ($address =~ s/\s+/ /gr));
}
$id = queue_mail(address(), 'no_such_template');
becomes($id, qr/^failed no text is known for its template$/, 'nor one of an unknown template');
like(job_of($id), qr/^dead 1 no text/, 'its job is dead');

# ---- refused for good, and for now
$id = queue_mail(address('nobody'));
becomes($id, qr/^failed the mail server said: 550 5\.1\.1 no such mailbox$/, 'a mailbox that does not exist: given up at once');
like(job_of($id), qr/^dead 1 the mail server said: 550/, 'a dead letter says why');
$id = queue_mail(address('heavy'));
becomes($id, qr/^failed the mail server said: 552 5\.3\.4 too much$/, 'a mail that is refused with its text, too');
psql("SELECT social.requeue_jobs(ARRAY(SELECT job_id FROM social.mail_outbox WHERE id = $id))");
ok(wait_until(60, sub { job_of($id) =~ /^dead 2 it was given up/ }), 'requeued, it is dead again: what it said is forgotten') or diag(job_of($id));
$server->does('busy');
$to = address('later');
$id = queue_mail($to, 'verify_email', '{"username": "late", "token": "t"}');
becomes($id, qr/^\w+ the mail server said: 451 4\.3\.0 come back later$/, 'a server that is busy');
$server->does_not('busy');
arrives($to, 'gets it later');
becomes($id, qr/^sent$/, 'which is told');
$server->does('busy');
$id = queue_mail(address('later'));
becomes($id, qr/^failed the mail server said: 451/, 'one that stays busy does not get it');
like(job_of($id), qr/^dead 8 the mail server said: 451/, 'after social.mail_attempts tries');
$server->does_not('busy');
$server->does('stranger');
$to = address();
$id = queue_mail($to);
becomes($id, qr/^waiting the mail server said: 550 5\.7\.1 we do not know you/, 'what it says of ourselves gives no mail up at once');
$server->does_not('stranger');
becomes($id, qr/^sent$/, 'and is put right');
$id = queue_mail(address(), undef, undef, '-1 second');
becomes($id, qr/^failed it had expired before it could be sent|^failed expired/, 'a mail that has expired is not sent');

# ---- the server is down
$server->stop;
$id = queue_mail(address());
becomes($id, qr/^failed .*(refused|connect)/i, 'a server that is down: a dead letter');
like(job_of($id), qr/^dead 8 .*connect/i, 'after as many tries, says why');
psql(q{SELECT social.set_job_kind('mail', backoff => '1 hour', backoff_max => '1 hour')});
$to = address();
$id = queue_mail($to);
ok(wait_until(60, sub { job_of($id) =~ /^later 1 .*connect/i }), 'while it is down, mails wait') or diag(job_of($id));
my $again = start_mail_server($server->{port});
psql("SELECT social.requeue_jobs(ARRAY(SELECT job_id FROM social.mail_outbox WHERE id = $id))");
ok(wait_until(60, sub { mail_to($again, $to) }), 'when it is back, they go') or diag(job_of($id));
$server = $again;

# ---- a queue that is paused
psql(q{SELECT social.pause_queue('mail')});
$to = address();
$id = queue_mail($to);
ok(wait_until(60, sub { job_of($id) =~ /^due 0/ }), 'a paused queue takes mails');
my $other = start_worker(worker_settings($server));
is($other->stop, 0, 'a worker that looks for some');
like(job_of($id), qr/^due 0/, 'has none');
psql(q{SELECT social.resume_queue('mail')});
arrives($to, 'resumed, they go');

# ---- an own mailer beside it
psql(q{SELECT social.pause_queue('mail')});
$id = queue_mail(address());
ok(wait_until(60, sub { job_of($id) =~ /^due 0/ }), 'a mail with a job');
my $job = psql("SELECT job_id FROM social.mail_outbox WHERE id = $id");
is(psql("SELECT count(*) FROM social.lease_mail(1000) WHERE id = $id"), 1, 'may be leased by an own mailer');
is(psql("SELECT count(*) FROM social.jobs WHERE id = $job"), 0, 'and has no job any more');
psql("SELECT social.mail_sent($id)");
psql(q{SELECT social.resume_queue('mail')});
is($worker->stop, 0, 'the worker stops');
unlike($worker->log_text, qr/Zo|evil|"token"|\Q$token\E/, 'its log has nothing of what mails say');
done_testing;
