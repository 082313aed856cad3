# From which country somebody watches, by a file in MaxMind's format (issue 16 line 6, seed 140): for addresses of both
# kinds, and those that no file knows; what is wrong with a file is told, and a reload takes another one over. Numbers
# of viewers are all that leaves the bridge.
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP;
use Mmdb;
use Social;
use Test::More;
use WebSocket;

my $dir  = tempdir(CLEANUP => 1);
my $file = "$dir/countries.mmdb";
my $live = '/api/posts/live/stream/';
sub write_file { my ($path, $bytes) = @_; open my $out, '>:raw', $path or die; print $out $bytes; close $out; return $path }
sub is_in { return { country => { iso_code => $_[0], names => { en => "Land of $_[0]" } }, continent => { code => 'EU' } } }
my %networks = ('81.2.69.0/24' => is_in('GB'), '89.160.20.112/28' => is_in('SE'), '2001:db8:1::/48' => is_in('DE'), '198.51.100.0/24' => { continent => { code => 'EU' } },
	'198.51.101.0/24' => { country => { iso_code => 'DEU' } }, '198.51.102.0/24' => { country => { iso_code => [ 16, 7 ] } }, '198.51.103.0/24' => { country => 'GB' });
my $good = mmdb(6, %networks);
write_file($file, $good);

my $host = account();
my $id   = api(POST => $live, token => $host->{token}, json => { title => 'From everywhere' })->{json}{id};
psql("UPDATE social.streams SET status = 'live', started_at = now() WHERE id = $id");
# Somebody watches from an address: the countries that this adds to what the host is told.
sub countries { return { map { $_->{country} => $_->{viewers} } @{ api(GET => "${live}$id/analytics/", token => $host->{token})->{json}{countries} } } }
sub comes_from
{
	my ($bridge, $address, %header) = @_;
	my $before = countries();
	my $answer = api(GET => "${live}watch/$id/", url => $bridge->{url}, token => account()->{token}, headers => { 'X-Forwarded-For' => $address, %header });
	diag("$address: $answer->{status} $answer->{content}") if $answer->{status} != 200;
	my $after = countries();
	return join ' ', map { ($after->{$_} - ($before->{$_} // 0)) == 1 ? $_ : "$_ several times" } grep { $after->{$_} != ($before->{$_} // 0) } sort keys %$after;
}

my $bridge = start_bridge(COUNTRY_FILE => $file, TRUSTED_PROXIES => '127.0.0.1', COUNTRY_HEADER => 'CF-IPCountry');
for my $case ([ '81.2.69.142', 'GB', 'IPv4' ], [ '89.160.20.112', 'SE', 'the first of a network' ], [ '89.160.20.127', 'SE', 'the last' ], [ '89.160.20.128', 'unknown', 'the one behind it' ],
	[ '2001:db8:1::7', 'DE', 'IPv6' ], [ '2001:db8:2::7', 'unknown', 'IPv6 that is in no network' ], [ '10.1.2.3', 'unknown', 'a private address' ], [ 'fd00::1', 'unknown', 'a private one of IPv6' ],
	[ '127.0.0.1', 'unknown', 'this machine' ], [ '203.0.113.9', 'unknown', 'an address that the file does not have' ], [ '198.51.100.1', 'unknown', 'a network without a country' ],
	[ '198.51.101.1', 'unknown', 'a country of three letters' ], [ '198.51.102.1', 'unknown', 'one that is a number' ], [ '198.51.103.1', 'unknown', 'one that is no map' ])
{
	my ($address, $country, $name) = @$case;
	is(comes_from($bridge, $address), $country, "issue 16: $name");
}
is(comes_from($bridge, '81.2.69.142', 'CF-IPCountry' => 'fr'), 'FR', 'what the proxy says counts first');
is(comes_from($bridge, '81.2.69.142', 'CF-IPCountry' => 'T1'), 'GB', 'where it says a country');

# A socket is where its handshake came from.
my $before = countries()->{SE};
my $socket = WebSocket->new('/graphql/', url => $bridge->{url}, protocol => 'graphql-transport-ws', headers => { 'X-Forwarded-For' => '89.160.20.113' });
$socket->say_json({ type => 'connection_init', payload => { Authorization => 'Bearer ' . account()->{token} } });
$socket->next_message;
$socket->say_json({ id => '1', type => 'subscribe', payload => { query => "mutation { watchStream(streamId: $id) { success } }" } });
ok($socket->next_message->{payload}{data}{watchStream}{success}, 'watched by a socket');
is(countries()->{SE} - $before, 1, 'is counted there');

# ---- another file
sub reload
{
	my ($bytes) = @_;
	write_file("$file.next", $bytes);
	rename "$file.next", $file or die;
	return rereads();
}
sub reloads { return scalar(() = $bridge->log_text =~ /settings read again/g) }
sub rereads { my $were = reloads(); $bridge->signal('HUP'); return wait_until(30, sub { reloads() > $were }) }
# The file is read a moment after the settings.
sub becomes { my ($address, $country) = @_; return wait_until(30, sub { comes_from($bridge, $address) eq $country }) }
reload(mmdb(6, '81.2.69.0/24' => is_in('NO')));
ok(becomes('81.2.69.142', 'NO'), 'seed 140: a reload takes another file over');
is(comes_from($bridge, '89.160.20.112'), 'unknown', 'and nothing of the one before');
reload(mmdb(4, '81.2.69.0/24' => is_in('DK')));
ok(becomes('81.2.69.142', 'DK'), 'a file of IPv4 alone');
is(comes_from($bridge, '2001:db8:1::7'), 'unknown', 'knows none of IPv6');
# Cut off in its place, as by who copies over it, and not read again.
truncate $file, 40 or die;
is(comes_from($bridge, '81.2.69.142'), 'DK', 'a file that is cut off under the bridge harms nobody');
rereads();
ok(wait_until(30, sub { $bridge->log_text =~ /COUNTRY_FILE: \Q$file\E is no file of MaxMind's format: .*\n.*countries are told by the file as it was/ }), 'a reload says what is wrong with it') or diag($bridge->log_text);
is(comes_from($bridge, '81.2.69.142'), 'DK', 'and keeps what there was');
unlink $file;
rereads();
ok(wait_until(30, sub { $bridge->log_text =~ /COUNTRY_FILE: \Q$file\E cannot be read: No such file or directory/ }), 'likewise of one that is gone');
reload($good);
ok(becomes('81.2.69.142', 'GB'), 'until there is a good one');
is($bridge->stop, 0, 'it ends as ever');
unlike($bridge->log_text, qr/\b(?:GB|SE|DK)\b/, 'seed 140: no log says from which country who came');

# ---- what is none: said before anything starts
sub check { my ($path) = @_; my $said = `COUNTRY_FILE='$path' $ENV{BRIDGE_BIN} --check-config 2>&1`; return ($? >> 8, $? & 127, $said) }
write_file($file, $good);
is((check($file))[0], 0, 'a good file');
for my $case ([ "$dir/none", 'cannot be read: No such file or directory$' ], [ $dir, 'cannot be read: \w' ], [ '/dev/zero', 'cannot be read: \w' ], [ write_file("$dir/empty", ''), q{is no file of MaxMind's format: \w} ],
	[ write_file("$dir/text", "Germany\n" x 1000), q{is no file of MaxMind's format: \w} ])
{
	my ($path, $problem) = @$case;
	my ($status, $signal, $said) = check($path);
	is("$status $signal " . ($said =~ /COUNTRY_FILE: \Q$path\E $problem/m ? 'says why' : $said), '1 0 says why', "issue 16: $path is refused");
}
my (@crashes, $refused);
my @lengths = map { int($_ * length($good) / 24) } 0 .. 23;
for my $length (@lengths)
{
	# The head is there, or the tail.
	for my $cut (substr($good, 0, $length), substr($good, length($good) - $length))
	{
		my ($status, $signal) = check(write_file("$dir/cut", $cut));
		push @crashes, "$length: $signal" if $signal || $status > 1;
		$refused++ if $status == 1;
	}
}
is("@crashes", '', 'issue 16: a file that is cut off ends nothing');
cmp_ok($refused, '>=', scalar @lengths, 'and is refused where its end is missing');
# What lies within says nonsense: nobody is told anything, or something, and it goes on.
my $torn = $good;
substr($torn, $_, 1) = chr(ord(substr($torn, $_, 1)) ^ 0xff) for grep { $_ % 7 == 3 } 0 .. length($good) - 300;
write_file($file, $torn);
$bridge = start_bridge(COUNTRY_FILE => $file, TRUSTED_PROXIES => '127.0.0.1');
comes_from($bridge, $_) for '81.2.69.142', '2001:db8:1::7', '89.160.20.120', '198.51.101.1';
is(api(GET => '/api/posts/health/', url => $bridge->{url})->{status}, 200, 'one that is torn ends nobody');
is($bridge->stop, 0, 'it ends as ever');
done_testing();
