package Social;
# Social.pm owns what the HTTP tests share: requests, raw sockets, accounts, bridges of a test's own.
use strict;
use warnings;
use Compress::Zlib 'memGunzip';
use Exporter 'import';
use File::Temp 'tempfile';
use HTTP::Tiny;
use IO::Select;
use IO::Socket::INET;
use IPC::Open2;
use JSON::PP;
use MIME::Base64 'decode_base64url';
use POSIX ();
use Port;
use Route;
use Test::More;
use Time::HiRes qw(sleep time);
our @EXPORT = qw(api raw_connect raw_read raw psql account start_bridge free_port wait_until is_error host_port jose claims_of);

my $counter = 0;
my $agent   = HTTP::Tiny->new(timeout => 30);

sub host_port
{
	my ($url) = @_;
	return ($url // $ENV{BRIDGE_URL}) =~ m{^http://([^:/]+):(\d+)};
}

# One request. Options: json (a structure, sent as JSON), body and type, token, headers, url (another
# bridge). Returns {status, headers, content, text (without gzip), json}. An answer that is not as the route describes it
# fails the test.
sub api
{
	my ($method, $path, %option) = @_;
	my %headers = %{ $option{headers} // {} };
	$headers{Authorization} = "Bearer $option{token}" if defined $option{token};
	my $body = exists $option{json} ? encode_json($option{json}) : $option{body};
	$headers{'Content-Type'} = $option{type} // 'application/json' if defined $body;
	my $response = ($option{agent} // $agent)->request($method, ($option{url} // $ENV{BRIDGE_URL}) . $path,
		{ headers => \%headers, defined $body ? (content => $body) : () });
	my $coding = $response->{headers}{'content-encoding'} // '';
	my $text   = $coding eq 'gzip' && length $response->{content} ? memGunzip(my $copy = $response->{content}) : $response->{content};
	$response->{text} = $text;
	$response->{json} = eval { decode_json($text) };
	if (my @wrong = $coding eq 'br' ? () : Route::wrong($method, $path, $response))
	{
		local $Test::Builder::Level = $Test::Builder::Level + 1;
		fail("$method $path answers as --routes says");
		diag(join "\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)], $response->{content});
	}
	return $response;
}

# An error has its status, its code and the agreed body (mission 126).
sub is_error
{
	my ($response, $status, $code, $name) = @_;
	my $json = $response->{json};
	my $good = $response->{status} == $status && ref $json eq 'HASH' && ($json->{code} // '') eq $code
	  && length($json->{error} // '') && exists $json->{detail};
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($good, $name) or diag("$response->{status} $response->{content}");
	return $good;
}

sub raw_connect
{
	my ($url) = @_;
	my ($host, $port) = host_port($url);
	return IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 30) // die "connect: $!";
}

# Reads until the other side closes or `seconds` have passed; returns (text, closed).
sub raw_read
{
	my ($socket, $seconds, $enough) = @_;
	my ($text, $deadline) = ('', time + ($seconds // 30));
	my $select = IO::Select->new($socket);
	while ((my $left = $deadline - time) > 0)
	{
		return ($text, 0) if $enough && $text =~ $enough;
		next unless $select->can_read($left);
		my $n = sysread($socket, $text, 65536, length $text);
		return ($text, 1) unless $n;
	}
	return ($text, 0);
}

# Sends bytes as they are and returns (answer, whether the server closed). Reads until the close, or
# until the answer matches $enough.
sub raw
{
	my ($bytes, $enough, $url) = @_;
	my $socket = raw_connect($url);
	syswrite($socket, $bytes);
	my @answer = raw_read($socket, 30, $enough);
	close $socket;
	return @answer;
}

# Runs SQL as the superuser of the test database; returns its unaligned output.
sub psql
{
	my ($sql) = @_;
	my ($handle, $file) = tempfile(UNLINK => 1);
	print $handle $sql;
	close $handle;
	my $output = `psql -X -q -A -t -v ON_ERROR_STOP=1 -f $file 2>&1`;
	die "psql: $output" if $?;
	chomp $output;
	return $output;
}

# A fresh account: {id, username, password, email, token, refresh}.
sub account
{
	my (%option) = @_;
	my $name     = sprintf 'u%x_%x_%d', $$, time * 1000 & 0xffffffff, ++$counter;
	my %login    = (username => $name, password => 'correct horse battery');
	my $created  = api(POST => '/api/auth/register/', json => { %login, email => "$name\@example.com" }, %option);
	die "register: $created->{status} $created->{content}" unless $created->{status} == 201;
	my $answer = api(POST => '/api/auth/login/', json => \%login, %option);
	die "login: $answer->{status} $answer->{content}" unless $answer->{status} == 200;
	my ($id, $access, $refresh) = ($answer->{json}{user}{id}, @{ $answer->{json} }{qw(access refresh)});
	return { %login, email => "$name\@example.com", id => $id, token => $access, refresh => $refresh };
}

# Asks test/npm/jwt.mjs, which is started once and ends with the test.
my ($from_jose, $to_jose);
sub jose
{
	my ($input, @arguments) = @_;
	open2($from_jose, $to_jose, 'node', 'test/npm/jwt.mjs') unless $to_jose;
	print $to_jose encode_json([ $input, @arguments ]), "\n";
	$to_jose->flush;
	return decode_json(scalar(<$from_jose>) // die 'jwt.mjs ended');
}

# The claims of a token, unchecked.
sub claims_of
{
	my ($token) = @_;
	return decode_json(decode_base64url((split /\./, $token)[1]));
}

# Waits for a condition; true once it holds, false after `seconds`.
sub wait_until
{
	my ($seconds, $condition) = @_;
	my $deadline = time + $seconds;
	until ($condition->())
	{
		return 0 if time > $deadline;
		sleep 0.02;
	}
	return 1;
}

# A bridge of the test's own, with these settings; healthy when this returns (unless wait => 0).
# {url, port, pid, log (file)}; ends with the test, or by ->stop, which returns its exit status.
sub start_bridge
{
	my (%setting) = @_;
	my $wait = delete $setting{wait} // 1;
	my $port = delete $setting{HTTP_PORT} // free_port();
	my (undef, $log) = tempfile('bridge-XXXXXX', TMPDIR => 1, UNLINK => 1);
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		@ENV{ keys %setting, 'HTTP_PORT' } = (values %setting, $port);
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>>', $log;
		open STDERR, '>>', $log;
		exec $ENV{BRIDGE_BIN} or POSIX::_exit(127);
	}
	my $self = bless { url => "http://127.0.0.1:$port", port => $port, pid => $pid, log => $log }, 'Social::Bridge';
	return $self unless $wait;
	my $ended;
	wait_until(60, sub { $self->is_over || api(GET => '/api/posts/health/', url => $self->{url})->{status} == 200 }) && $self->{pid}
	  or die "no healthy bridge: " . $self->log_text;
	return $self;
}

package Social::Bridge;

sub log_text
{
	my ($self) = @_;
	open my $file, '<', $self->{log} or return '';
	local $/;
	return <$file> // '';
}

sub signal { my ($self, $name) = @_; return kill $name, $self->{pid} }

# Whether it has ended; then it has no pid any more.
sub is_over { my ($self) = @_; waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid} and delete $self->{pid}; return !$self->{pid} }

# Waits for the end; the exit status (0-255), or -1 after a minute.
sub finish
{
	my ($self) = @_;
	my $status = -1;
	Social::wait_until(60, sub { waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid} ? ($status = $?, 1) : 0 });
	delete $self->{pid} if $status != -1;
	return $status == -1 ? -1 : $status & 127 ? 128 + ($status & 127) : $status >> 8;
}

sub stop { my ($self) = @_; $self->signal('TERM'); return $self->finish }

sub DESTROY
{
	my ($self) = @_;
	return unless $self->{pid};
	local ($?, $!);
	if ($self->is_over)
	{
		Test::More::diag("a bridge failed, $?: ", $self->log_text) if $?;
		return;
	}
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
}

1;
