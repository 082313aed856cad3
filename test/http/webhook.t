# The webhook of Mux (mission 042, 142, 143, 153, 159, P-19; issue 16 line 4): what is taken, what is refused and why, that
# all of it is logged and counted, and that npm @mux/mux-node takes what we take.
use strict;
use warnings;
use Digest::SHA 'hmac_sha256_hex';
use File::Temp 'tempfile';
use HTTP::Tiny;
use IPC::Open2;
use JSON::PP;
use Rest;
use Social;
use Test::More;

my $secret = 'whsec-' . join '', map { ('a' .. 'z', 0 .. 9)[ rand 36 ] } 1 .. 32;
my $bridge = start_bridge(MUX_WEBHOOK_SECRET => $secret, MUX_WEBHOOK_SECRET_OLD => "old$secret", MUX_WEBHOOK_URL => 'https://example.org/api/posts/live/webhook/', TRUSTED_PROXIES => '127.0.0.2');
my $path   = '/api/posts/live/webhook/';
my $client = HTTP::Tiny->new(timeout => 60);
my $mark   = "t$$" . time;
my $n      = 0;

sub header { my ($body, %as) = @_; my $t = time - ($as{age} // 0); return "t=$t,v1=" . hmac_sha256_hex("$t.$body", $as{secret} // $secret) }
# Sends a body; by default signed as it has to be.
sub send_hook
{
	my ($body, %as) = @_;
	my %headers = ('Content-Type' => 'application/json', %{ $as{headers} // {} });
	$headers{'Mux-Signature'} = exists $as{header} ? $as{header} : header($body, %as);
	delete $headers{'Mux-Signature'} unless defined $headers{'Mux-Signature'};
	my $answer = $client->request(POST => ($as{url} // $bridge->{url}) . $path, { headers => \%headers, content => $body });
	$answer->{json} = eval { decode_json($answer->{content}) };
	return $answer;
}
# A body of Mux's: $ago seconds old.
sub event
{
	my ($id, $type, $ago, %data) = @_;
	my @t = gmtime(time - $ago);
	return JSON::PP->new->canonical->encode({ id => "$mark-$id", type => $type, created_at => sprintf('%04d-%02d-%02dT%02d:%02d:%02d.000000Z', $t[5] + 1900, $t[4] + 1, @t[ 3, 2, 1, 0 ]), object => { type => 'live', id => $data{id} }, environment => { name => 'Test', id => 'e' }, attempts => [], data => \%data });
}
sub is_taken { my ($body, $outcome, $name, %as) = @_; local $Test::Builder::Level = $Test::Builder::Level + 1; my $answer = send_hook($body, %as); is("$answer->{status} " . ($answer->{json}{outcome} // $answer->{content}), "200 $outcome", $name) }
sub is_refused
{
	my ($answer, $status, $outcome, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($answer->{status}, $status, "$name is refused");
	is(psql("SELECT outcome || ' ' || is_refused FROM social.admin_webhook_attempts ORDER BY id DESC LIMIT 1"), "$outcome true", "and logged: $outcome");
	unlike($answer->{content}, qr/\Q$secret\E|[0-9a-f]{64}/, 'without a word too much');
}

# ---- a stream at Mux, which a worker would have made
my ($host, $friend) = map { account() } 1 .. 2;
my $stream = psql("BEGIN; SELECT social.set_mux(is_default => true) \\g /dev/null\nSELECT social.act_as($host->{id}) \\g /dev/null\nSELECT (c.stream).id FROM social.create_stream('At Mux') c \\gset\nUPDATE social.mux_account SET is_default = false; COMMIT; SELECT :id");
my $made = psql("SELECT social.mux_answered($stream, 'create', 201, '{\"data\": {\"id\": \"live-$mark\", \"stream_key\": \"key-$mark-key\", \"playback_ids\": [{\"id\": \"play-$mark\", \"policy\": \"public\"}]}}')");
my $live = 'posts/live/stream/';
does($friend, "GET $live$stream/", undef, 200, { status => 'scheduled', playback_url => "https://stream.mux.com/play-$mark.m3u8" }, 'seed 136: where it is watched');
does($host, "GET $live$stream/", undef, 200, { stream_url => 'rtmp://global-live.mux.com:5222/app' }, 'seed 136: where it is published');
does($friend, "POST $live$stream/take-key/", undef, 403, undef, 'I-17: its key is the host\'s');
does($host, "POST $live$stream/take-key/", undef, 200, { stream_key => "key-$mark-key", rtmp_url => 'rtmp://global-live.mux.com:5222/app' }, 'I-17: who is told');
does($host, "POST $live$stream/take-key/", undef, 409, undef, 'I-17: once');

# ---- what is taken
is_taken(event(1, 'video.live_stream.connected', 50, id => "live-$mark"), 'applied', 'seed 042: somebody publishes');
does($friend, "GET $live$stream/", undef, 200, { status => 'starting' }, 'seed 135: it is starting');
my $active = event(2, 'video.live_stream.active', 40, id => "live-$mark", stream_key => "key-$mark-key");
is_taken($active, 'applied', 'seed 042: pictures come');
does($friend, "GET $live$stream/", undef, 200, { status => 'live' }, 'seed 136: it is live, without the host');
is_taken($active, 'repeated', 'P-19: the same again changes nothing') for 1, 2;
is_taken(event(3, 'video.live_stream.idle', 45, id => "live-$mark"), 'stale', 'P-19: what is older comes too late');
does($friend, "GET $live$stream/", undef, 200, { status => 'live' }, 'it is live still');
is_taken(event(4, 'video.live_stream.active', 30, id => "live-$mark"), 'applied', 'issue 16: with the old secret, while one is changed for another', secret => "old$secret");
is_taken(event(5, 'video.something.new', 0, id => 'x'), 'unknown', 'an unknown type is taken, and not sent again for a day');
is_taken(event(6, 'video.live_stream.warning', 0, id => "live-$mark"), 'ignored', 'one that means nothing');
is_taken(event(7, 'video.live_stream.active', 0, id => "live-of-somebody"), 'unknown', 'a stream that is none of ours');
is_taken(event(8, 'video.live_stream.active', 86400 * 8, id => "live-$mark"), 'ignored', 'what happened last week');
my $pretty = "  {\n\t\"id\": \"$mark-9\", \"type\": \"video.live_stream.active\", \"created_at\": \"" . (decode_json(event(9, 'x', 20))->{created_at}) . "\", \"data\": {\"id\": \"live-$mark\", \"title\": \"\xc3\xa4\"} }\r\n";
is_taken($pretty, 'applied', 'seed 142: what is signed are the bytes, whatever they look like');
my $body = event(10, 'video.live_stream.active', 10, id => "live-$mark");
(my $one) = header($body) =~ /v1=(.*)/;
my $t = time;
is_taken($body, 'applied', 'several signatures, of which one is ours', header => "t=$t,v1=" . ('0' x 64) . ',v0=x,v1=' . hmac_sha256_hex("$t.$body", $secret));

# ---- what is refused
my $tell = event(11, 'video.live_stream.idle', 0, id => "live-$mark");
is_refused(send_hook($tell, header => undef), 403, 'missing', 'seed 142: no header');
is_refused(send_hook($tell, header => ''), 403, 'missing', 'an empty one');
is_refused(send_hook($tell, header => $_), 403, 'malformed', "seed 142: $_") for 'nonsense', "t=$t", "v1=" . ('0' x 64), "t=$t, v1=" . hmac_sha256_hex("$t.$tell", $secret), "t=$t,v1=" . uc hmac_sha256_hex("$t.$tell", $secret), "t=$t,t=$t,v1=" . hmac_sha256_hex("$t.$tell", $secret),
  "t=$t," . join ',', map { 'v1=' . hmac_sha256_hex("$t.$tell", $secret) } 1 .. 17;
is_refused(send_hook($tell, secret => 'another'), 403, 'bad_signature', 'another secret');
is_refused(send_hook($tell, secret => ''), 403, 'bad_signature', 'none');
is_refused(send_hook($tell, header => header("$tell ")), 403, 'bad_signature', 'seed 142: one byte less');
is_refused(send_hook("$tell\n", header => header($tell)), 403, 'bad_signature', 'seed 142: one byte more');
is_refused(send_hook($tell =~ s/idle/idlf/r, header => header($tell)), 403, 'bad_signature', 'seed 142: another body');
is_refused(send_hook($tell, header => header($tell) =~ s/t=(\d+)/'t=' . ($1 + 1)/er), 403, 'bad_signature', 'another time');
is_refused(send_hook($tell, header => header($tell) =~ s/(.)$/$1 eq '0' ? '1' : '0'/er), 403, 'bad_signature', 'another digit');
is_refused(send_hook($tell, age => 301), 403, 'too_old', 'seed 143: 301 s old');
is_refused(send_hook($tell, age => -310), 403, 'too_new', 'from tomorrow');
is_refused(send_hook('x' x 262_145), 413, 'too_large', 'a huge one');
is_refused(send_hook($_), 400, 'bad_body', 'no event: ' . substr $_, 0, 20) for '', 'x', '[]', "{\"id\":\"a\0\",\"type\":\"b\",\"data\":{}}", "\xff\xfe", '{"id":"a","type":"b"}', '[' x 5000;
is(send_hook('x' x 2_000_000)->{status}, 413, 'a monstrous one');
my ($two) = raw("POST $path HTTP/1.1\r\nHost: localhost\r\nContent-Length: " . length($tell) . "\r\nMux-Signature: " . header($tell) . "\r\nMux-Signature: " . header($tell) . "\r\n\r\n$tell", qr{\}$}, $bridge->{url});
like($two, qr{^HTTP/1\.1 40[03] }, 'two headers');
is(send_hook($tell, url => $ENV{BRIDGE_URL})->{status}, 403, 'a bridge without a secret takes nothing');
is(psql("SELECT outcome FROM social.admin_webhook_attempts ORDER BY id DESC LIMIT 1"), 'failure', 'and says so');
is($client->get("$bridge->{url}$path")->{status}, 405, 'nothing is to be read here');
does($friend, "GET $live$stream/", undef, 200, { status => 'live' }, 'none of that ended the stream');

# ---- from where
my $proxy = start_bridge(MUX_WEBHOOK_SECRET => $secret, TRUSTED_PROXIES => '127.0.0.1', SECURE_SSL_REDIRECT => 'off', MUX_WEBHOOK_SOURCES => '203.0.113.0/24, 2001:db8::/32');
my $from = sub { my ($address, $scheme) = @_; return (url => $proxy->{url}, headers => { 'X-Forwarded-For' => $address, $scheme ? ('X-Forwarded-Proto' => $scheme) : () }) };
is_taken($body, 'repeated', "issue 16: from $_", $from->($_, 'https')) for '203.0.113.7', '2001:db8::1';
is_refused(send_hook($body, $from->($_, 'https')), 403, 'foreign_source', "issue 16: from $_") for '203.0.114.7', '198.51.100.203, 198.51.100.1', 'nobody';
is_refused(send_hook($body, $from->('203.0.113.7', $_)), 403, 'plain_http', 'seed 143: by ' . ($_ // 'nobody knows what')) for 'http', undef;
is(psql("SELECT address FROM social.admin_webhook_attempts WHERE outcome = 'plain_http' ORDER BY id DESC LIMIT 1"), '203.0.113.7', 'seed 143: the log has the address of who sent it');

# ---- the recording
psql("DELETE FROM social.jobs WHERE kind = 'mux'");
is_taken($tell, 'applied', 'P-19: idle is the end');
does($friend, "GET $live$stream/", undef, 200, { status => 'ended' }, 'seed 135: it has ended');
is_taken(event(20, 'video.asset.live_stream_completed', 0, id => "asset-$mark", live_stream_id => "live-$mark", playback_ids => [ { id => "film-$mark", policy => 'public' } ]), 'applied', 'seed 140: the recording is ready');
does($friend, "GET ${live}watch/$stream/", undef, 200, { playback_url => "https://stream.mux.com/film-$mark.m3u8", mode => 'public', playback_token => undef }, 'and is watched where the stream was');

# ---- the log, figures
is(psql("SELECT string_agg(DISTINCT outcome, ' ' ORDER BY outcome) FROM social.admin_webhook_attempts WHERE event_id LIKE '$mark-%' AND NOT is_refused"), 'applied ignored repeated stale unknown', 'seed 143: what was taken is logged');
my $bridge_log = $bridge->log_text . $proxy->log_text;
unlike($bridge_log, qr/\Q$secret\E|key-\Q$mark\E|v1=|[0-9a-f]{64}/, 'I-17: no secret, key or signature stands in the log');
like($bridge_log, qr/"msg":"a webhook was refused".*"reason":"bad_signature"/, 'seed 143: but why one was refused');
is(psql("SELECT count(*) FROM social.webhook_attempts w WHERE w::text LIKE '%key-$mark%'"), 0, 'nor in that of attempts');
my $operators = start_bridge(MUX_WEBHOOK_SECRET => $secret, ADMIN_PORT => my $port = free_port(), LOOPS => 1);
send_hook($tell, url => $operators->{url}, %$_) for {}, { secret => 'x' }, { age => 400 };
my $figures = $client->get("http://127.0.0.1:$port/metrics")->{content};
like($figures, qr/^social_webhooks_total\{outcome="$_"\} 1$/m, "seed 153: counted: $_") for qw(repeated bad_signature too_old);

# ---- who is no friend is a stranger as any, who is not is not limited
my $limited = start_bridge(RATE_LIMITS => 'on', MUX_WEBHOOK_SECRET => $secret, TRUSTED_PROXIES => '127.0.0.1', SECURE_SSL_REDIRECT => 'off');
my %far = (url => $limited->{url}, headers => { 'X-Forwarded-For' => "198.51.100.$$" =~ s/(\.\d+)$/'.' . ($$ % 250 + 1)/er, 'X-Forwarded-Proto' => 'https' });
my $before = psql('SELECT count(*) FROM social.webhook_attempts');
my %answers;
$answers{ send_hook('x', %far, secret => 'x')->{status} }++ for 1 .. 120;
ok(($answers{429} // 0) >= 10, 'who cannot sign is limited') or diag(explain(\%answers));
cmp_ok(psql('SELECT count(*) FROM social.webhook_attempts') - $before, '<=', $answers{403}, 'and fills no table');
is_taken($tell, 'repeated', 'who can is not', %far);

# ---- another secret, without a restart
my ($fh, $file) = tempfile(UNLINK => 1);
my $rewrite = sub { open my $out, '>', $file or die $!; print $out @_; close $out };
$rewrite->("MUX_WEBHOOK_SECRET=$secret\n");
my $turning = start_bridge(CONFIG_FILE => $file, LOOPS => 1);
is_taken($tell, 'repeated', 'the first secret', url => $turning->{url});
$rewrite->("MUX_WEBHOOK_SECRET=new$secret\nMUX_WEBHOOK_SECRET_OLD=$secret\n");
$turning->signal('HUP');
ok(wait_until(60, sub { send_hook($tell, url => $turning->{url}, secret => "new$secret")->{status} == 200 }), 'issue 16: SIGHUP takes over another one');
is_taken($tell, 'repeated', 'and the old one is good meanwhile', url => $turning->{url});

# ---- npm
SKIP: {
	skip 'test/npm is not installed: the npm registry was out of reach', 2 unless -f 'test/npm/node_modules/.installed';
	my $pid = open2(my $out, my $in, 'node', 'test/npm/mux.mjs', 'verify', $secret);
	my @cases = map { [ $_->[0], $_->[1] // header($_->[0]) ] } [$active], [$pretty], [ $active, "t=$t,v1=" . ('0' x 64) . ',v0=x,v1=' . hmac_sha256_hex("$t.$active", $secret) ], [ $active, header($active, secret => 'x') ], [ $active, header($active, age => 400) ], [ $active, 'nonsense' ], [ "$active ", header($active) ];
	print $in encode_json({ header => $_->[1], body => do { utf8::decode(my $text = $_->[0]); $text } }), "\n" for @cases;
	close $in;
	chomp(my @theirs = <$out>);
	waitpid $pid, 0;
	is("@theirs", 'true true true false false false false', 'npm @mux/mux-node takes what it should');
	is(join(' ', map { send_hook($_->[0], header => $_->[1])->{status} == 200 ? 'true' : 'false' } @cases), "@theirs", 'and we what it takes');
}
# Others find no recording of ours.
END { local $?; eval { psql(q{DELETE FROM social.streams WHERE provider = 'mux' \g /dev/null
DELETE FROM social.jobs WHERE kind = 'mux'}) } if $stream }
done_testing;
