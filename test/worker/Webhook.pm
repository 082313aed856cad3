package Webhook;
# Webhook.pm owns what the tests of webhooks share: receivers that verify what they get, and webhooks to them.
use strict;
use warnings;
use Exporter 'import';
use File::Temp 'tempdir';
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Social;
use Test::More;
use Worker;
our @EXPORT = qw(webhook_settings allow_loopback start_receiver webhook_of webhook_is webhook_becomes due_now titles post_by);

my @receivers;    # processes
my $n = 0;

# Settings of a worker that delivers webhooks alone.
sub webhook_settings { return (SMTP_URL => '', MAIL_FROM => '', MEDIA_JOBS => 0, WEBHOOK_JOBS => 4, WORKER_POLL => 1, @_) }

# Receivers of tests are at 127.0.0.1, without TLS.
sub allow_loopback
{
	my ($networks) = @_;
	psql(sprintf q{ALTER SYSTEM SET social.webhook_networks = '%s'}, $networks // '127.0.0.0/8');
	psql(q{ALTER SYSTEM SET social.webhook_http = on});
	psql(q{ALTER SYSTEM SET social.webhook_timeout = '1s'});
	psql(q{SELECT pg_reload_conf()});
	wait_until(60, sub { psql(q{SELECT social.setting('webhook_networks')}) eq ($networks // '127.0.0.0/8') }) or die 'the server does not reload';
	return;
}

# A receiver (webhook_receiver.mjs): {port, dir, pid}; with a certificate and its key it speaks TLS.
sub start_receiver
{
	my ($port, @tls) = @_;
	my $dir = tempdir('receiver-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	$port //= free_port();
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		open STDOUT, '>', "$dir/output";
		open STDERR, '>&', \*STDOUT;
		exec 'node', 'test/worker/webhook_receiver.mjs', $port, $dir, @tls or POSIX::_exit(127);
	}
	push @receivers, $pid;
	wait_until(60, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }) or die 'no receiver: ' . `cat $dir/output`;
	return bless { port => $port, dir => $dir, pid => $pid, url => (@tls ? 'https' : 'http') . "://127.0.0.1:$port", secrets => {}, answers => {} };
}

sub write_json
{
	my ($self, $name) = @_;
	open my $file, '>', "$self->{dir}/$name.new" or die $!;
	print $file encode_json($self->{$name});
	close $file;
	rename "$self->{dir}/$name.new", "$self->{dir}/$name" or die $!;
	return;
}
sub knows { my ($self, $path, @secrets) = @_; $self->{secrets}{$path} = \@secrets; return $self->write_json('secrets') }
sub answers { my ($self, $path, $answer) = @_; $self->{answers}{$path} = $answer; delete $self->{answers}{$path} if !defined $answer; return $self->write_json('answers') }

# What came to a path, in order: {headers, body (decoded), raw, verified}.
sub received
{
	my ($self, $path) = @_;
	open my $file, '<', "$self->{dir}/received" or return;
	my @all = map { eval { decode_json($_) } // () } <$file>;
	return map { { %$_, raw => $_->{body}, body => decode_json($_->{body}) } } grep { $_->{path} eq $path } @all;
}

# The titles or types that came, each id once, in the order of their first coming.
sub titles { my %seen; return join ',', map { $_->{body}{data}{title} // $_->{body}{type} } grep { !$seen{ $_->{headers}{'webhook-id'} }++ } @_ }

# A webhook of a person's to a path of a receiver, of new posts unless it says something else: {id, secret, path}.
sub webhook_of
{
	my ($person, $receiver, $path, %more) = @_;
	my $answer = api(POST => '/api/accounts/webhooks/', token => $person->{token}, json => { url => "$receiver->{url}$path", event_types => ['post.created'], topics => ["user:$person->{id}"], %more });
	die "webhooks.create: $answer->{content}" unless $answer->{status} == 201;
	$receiver->knows($path, $answer->{json}{secret});
	return { %{ $answer->{json} }, path => $path };
}

sub webhook_is { my ($hook) = @_; return psql("SELECT concat_ws(' ', state, nullif(reason, ''), failures, last_status, nullif(last_error, '')) FROM social.admin_webhooks WHERE id = $hook->{id}") }
sub webhook_becomes
{
	my ($hook, $like, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $is = '';
	wait_until(60, sub { ($is = webhook_is($hook)) =~ $like });
	return like($is, $like, $name);
}

# The time of its next attempt has come.
sub due_now
{
	my ($hook) = @_;
	psql("UPDATE social.webhooks SET next_at = now() - interval '1 second' WHERE id = $hook->{id} AND next_at IS NOT NULL");
	psql("SELECT social.requeue_jobs(array_agg(id)) FROM social.jobs WHERE kind LIKE 'webhook%' AND args = jsonb_build_object('webhook_id', $hook->{id})");
	return;
}

sub post_by { my ($person, $title) = @_; return psql("SELECT social.act_as($person->{id}, true) \\g /dev/null\nSELECT social.create_post('$title', 'text')") }

sub stop
{
	my ($self) = @_;
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	@receivers = grep { $_ != $self->{pid} } @receivers;
	return;
}

END
{
	local $?;
	kill 'KILL', @receivers if @receivers;
	waitpid $_, 0 for @receivers;
	# What follows finds an installation without webhooks.
	eval { psql("ALTER SYSTEM RESET social.$_") for qw(webhook_networks webhook_http webhook_timeout webhook_max); psql(q{SELECT pg_reload_conf()}); psql(q{DELETE FROM social.webhooks; DELETE FROM social.jobs WHERE kind LIKE 'webhook%'}) } if $ENV{PGHOST};
}

1;
