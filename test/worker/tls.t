# Mails travel under TLS, with a name and a password that stand in a file (issue 15 line 8).
use strict;
use warnings;
use File::Temp 'tempdir';
use Social;
use Test::More;
use Worker;

my $dir = tempdir('tls-XXXXXX', TMPDIR => 1, CLEANUP => 1);
system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout $dir/$_.key -out $dir/$_.crt 2>/dev/null") == 0 or die 'openssl' for qw(mail other);
my $server = start_mail_server(undef, "$dir/mail.crt", "$dir/mail.key", 'sender', 'pw secret 7');
open my $file, '>', "$dir/password" or die;
print $file "pw secret 7\n";
close $file;
my $plain = start_mail_server();
my $n = 0;
sub settings { my ($server, %more) = @_; my %setting = worker_settings($server, SMTP_TLS => 'required', SMTP_USER => 'sender', SMTP_PASSWORD_FILE => "$dir/password", SMTP_CA_FILE => "$dir/mail.crt", %more); return %setting }

# One mail and a worker: what becomes of it.
sub try_one
{
	my ($server, $name, $like, %more) = @_;
	my $to = sprintf 'tls%d@h%d.example.com', ++$n, $$;
	my $worker = start_worker(settings($server, %more));
	psql(q{SELECT social.set_job_kind('mail', backoff => '1 hour')});
	my $id = queue_mail($to);
	my $is = '';
	wait_until(60, sub { ($is = mail_state($id)) =~ $like });
	like($is, $like, $name);
	is($worker->stop, 0, 'the worker stops');
	unlike($worker->log_text, qr/pw secret/, 'and its log has no password');
	psql("DELETE FROM social.mail_outbox WHERE id = $id");
	return (mail_to($server, $to))[0];
}

my $mail = try_one($server, 'STARTTLS, name and password', qr/^sent$/);
is($mail->{head}{'X-TLS'}[0] . $mail->{head}{'X-User'}[0], 'Truesender', 'are what the server saw');
ok(!try_one($server, 'a certificate that nobody has signed', qr/^waiting .*certificate/i, SMTP_CA_FILE => "$dir/other.crt"), 'gets nothing');
ok(!try_one($server, 'a wrong password', qr/^waiting .*535/i, SMTP_PASSWORD_FILE => '', SMTP_PASSWORD => 'wrong'), 'sends nothing, and gives no mail up');
ok(!try_one($plain, 'a server without STARTTLS', qr/^waiting .*(TLS|SSL)/i), 'gets nothing where it is required');
ok(try_one($plain, 'a server without STARTTLS', qr/^sent$/, SMTP_TLS => 'auto', SMTP_USER => '', SMTP_PASSWORD_FILE => ''), 'gets the mail where it is not');

done_testing;
