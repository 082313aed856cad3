package Worker;
# Worker.pm owns what the worker's tests share: workers of a test's own, a mail server, and what it got.
use strict;
use warnings;
use Exporter 'import';
use File::Temp qw(tempdir tempfile);
use IO::Socket::INET;
use MIME::Base64 'decode_base64';
use MIME::QuotedPrint 'decode_qp';
use POSIX ();
use Social;
use Test::More;
our @EXPORT = qw(send_what_is_left start_worker start_mail_server mail_to worker_settings queue_mail mail_state job_of);

my @servers;    # processes

# Settings of a worker that sends to a mail server without TLS.
sub worker_settings
{
	my ($server, %setting) = @_;
	return (SMTP_URL => "smtp://127.0.0.1:$server->{port}/worker.example.com", SMTP_TLS => 'off', MAIL_FROM => 'The Service <service@example.com>',
		WORKER_POLL => 1, %setting);
}

# A worker that serves when this returns (unless wait => 0): {pid, log}, with the methods of a bridge.
sub start_worker
{
	my (%setting) = @_;
	my $wait = delete $setting{wait} // 1;
	my (undef, $log) = tempfile('worker-XXXXXX', TMPDIR => 1, UNLINK => 1);
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		$ENV{DATABASE_URL} =~ s/social_bridge/social_worker/;
		@ENV{ keys %setting } = values %setting;
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>>', $log;
		open STDERR, '>>', $log;
		exec $ENV{WORKER_BIN} or POSIX::_exit(127);
	}
	my $self = bless { pid => $pid, log => $log }, 'Social::Bridge';
	!$wait || wait_until(60, sub { $self->log_text =~ /"msg":"serving"/ }) or die 'no worker serves: ' . $self->log_text;
	return $self;
}

# What other tests have left in the outbox would take the places of a test's own.
sub send_what_is_left
{
	my ($server) = @_;
	my $worker = start_worker(worker_settings($server));
	my $left = q{SELECT (SELECT count(*) FROM social.mail_outbox WHERE sent_at IS NULL AND failed_at IS NULL AND job_id IS NULL AND due_at <= now())
		+ (SELECT count(*) FROM social.admin_jobs WHERE kind = 'mail' AND state IN ('due', 'running'))};
	wait_until(300, sub { psql($left) eq '0' }) or die 'mails are left: ' . psql($left);
	$worker->stop == 0 or die 'the worker does not stop: ' . $worker->log_text;
	return;
}

# A mail server (smtp_server.py): {port, dir, pid}; further arguments are its own.
sub start_mail_server
{
	my ($port, @arguments) = @_;
	my $dir = tempdir('mails-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	$port //= free_port();
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		open STDOUT, '>', "$dir/output";
		open STDERR, '>&', \*STDOUT;
		exec '/usr/bin/python3', 'test/worker/smtp_server.py', $port, $dir, @arguments or POSIX::_exit(127);
	}
	push @servers, $pid;
	wait_until(60, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }) or die 'no mail server: ' . `cat $dir/output`;
	return bless { port => $port, dir => $dir, pid => $pid };
}

sub stop
{
	my ($self) = @_;
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	@servers = grep { $_ != $self->{pid} } @servers;
}

sub does     { my ($self, $what) = @_; open my $file, '>', "$self->{dir}/$what" or die $! }
sub does_not { my ($self, $what) = @_; unlink "$self->{dir}/$what" }

# The mails that a server has for an address, each {head (hash of lists), text, raw}, in their order.
sub mail_to
{
	my ($server, $address) = @_;
	my @mails;
	for my $file (sort { ($a =~ /(\d+)\.eml/)[0] <=> ($b =~ /(\d+)\.eml/)[0] } glob "$server->{dir}/*.eml")
	{
		open my $in, '<:raw', $file or next;
		my $raw = do { local $/; <$in> };
		my ($head, $body) = split /\r\n\r\n/, $raw, 2;
		my %head;
		(my $unfolded = $head) =~ s/\r\n(?=[ \t])//g;
		for (split /\r\n/, $unfolded) { push @{ $head{$1} }, $2 if /^([^:]+): *(.*)$/ }
		s/=\?UTF-8\?B\?([^?]*)\?= ?/decode_base64($1)/ge for map { @$_ } values %head;
		(my $text = decode_qp($body)) =~ s/\r\n/\n/g;
		push @mails, { head => \%head, text => $text, raw => $raw } if $head{'X-To'}[0] eq $address;
	}
	return @mails;
}

# Puts a mail in the outbox; its id.
sub queue_mail
{
	my ($address, $template, $variables, $lifetime) = @_;
	$_ = "'" . s/'/''/gr . "'" for my @quoted = ($template // 'password_changed', $address, $variables // '{"username": "somebody"}');
	my $interval = defined $lifetime ? "'$lifetime'" : 'NULL';
	return psql("SELECT social.queue_mail($quoted[0], NULL, $quoted[1], $quoted[2], $interval) \\g /dev/null\nSELECT max(id) FROM social.mail_outbox WHERE address = $quoted[1]");
}

sub mail_state { my ($id) = @_; return psql("SELECT concat_ws(' ', state, nullif(error, '')) FROM social.admin_mail WHERE id = $id") }

# The job of a mail: state, attempts, error.
sub job_of
{
	my ($id) = @_;
	return psql("SELECT concat_ws(' ', coalesce(a.state, social.job_state(m.job_id)), a.attempts, nullif(a.error, '')) FROM social.mail_outbox m LEFT JOIN social.admin_jobs a ON a.id = m.job_id WHERE m.id = $id");
}

END
{
	local $?;
	kill 'KILL', @servers if @servers;
	waitpid $_, 0 for @servers;
	# What follows finds an installation in which nobody sends mails, unless the cluster was the test's own.
	eval { psql(q{UPDATE social.mail_outbox SET job_id = NULL WHERE job_id IS NOT NULL; DELETE FROM social.jobs WHERE kind = 'mail'; DELETE FROM social.job_pauses WHERE queue = 'mail'; DELETE FROM social.job_kinds WHERE kind = 'mail'}) } if $ENV{BRIDGE_URL} && $ENV{PGHOST};
}

1;
