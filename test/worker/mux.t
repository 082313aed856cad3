# social-worker and Mux (mission 034-041, 135-143, 159, I-17, P-19, P-20; issue 16 line 4): what it says there, held against
# what npm @mux/mux-node says to the same server; faults; and that keys and tokens stand nowhere.
use strict;
use warnings;
use File::Temp 'tempdir';
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64;
use POSIX ();
use Rest;
use Social;
use Test::More;
use Worker;

my @servers;
sub start_mux
{
	my ($port) = @_;
	my $self = bless { port => $port // free_port(), dir => tempdir('mux-XXXXXX', TMPDIR => 1, CLEANUP => 1), seen => 0 }, 'Mux';
	my $pid = fork // die "fork: $!";
	if ($pid == 0) { exec '/usr/bin/python3', 'test/worker/mux_server.py', $self->{port}, $self->{dir} or POSIX::_exit(127) }
	push @servers, $self->{pid} = $pid;
	wait_until(60, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}) }) or die 'no server';
	return $self;
}
# What has come since it was asked last, in order.
sub Mux::requests
{
	my ($self) = @_;
	my @all;
	while (open my $file, '<', "$self->{dir}/" . ($self->{seen} + 1) . '.json') { local $/; push @all, decode_json(<$file>); $self->{seen}++ }
	return @all;
}
sub Mux::does { my ($self, $what, $text) = @_; open my $file, '>', "$self->{dir}/$what" or die; print $file $text // '' }
sub Mux::does_not { my ($self, $what) = @_; unlink "$self->{dir}/$what" }
sub stop_mux { my ($self) = @_; kill 'KILL', $self->{pid}; waitpid $self->{pid}, 0; @servers = grep { $_ != $self->{pid} } @servers }

my $logged   = -s "$ENV{RUN_DIR}/postgres.log";
my $mux      = start_mux();
my %settings = (SMTP_URL => '', MAIL_FROM => '', MEDIA_JOBS => 0, MUX_TOKEN_ID => 'the-token-id', MUX_TOKEN_SECRET => 'the-token-secret', MUX_BASE_URL => "http://127.0.0.1:$mux->{port}", WORKER_POLL => 1);
# What other tests have left is not ours.
psql(q{DELETE FROM social.streams WHERE provider = 'mux' \g /dev/null
DELETE FROM social.jobs WHERE kind = 'mux'});
my $first    = psql(q{SELECT coalesce(max(id), 0) + 1 FROM social.jobs});
# A key for private streams, and new ones are Mux's, as the bridge's settings say.
my $key    = encode_base64(join('', `openssl genrsa -traditional 2048 2>/dev/null`), '');
my $bridge = start_bridge(STREAM_PROVIDER => 'mux', MUX_SIGNING_KEY => 'key-of-the-test', MUX_PRIVATE_KEY => $key);
ok(wait_until(60, sub { psql('SELECT a.is_default AND a.signing_key_id <> $$$$ FROM social.mux_account a') eq 't' }), 'seed 159: the database hears of the settings');
my $worker = start_worker(%settings);
my ($host, $friend, $stranger) = map { account() } 1 .. 3;
my $live = 'posts/live/stream/';

# Nothing is left to be said of a stream, nor under way.
sub is_settled
{
	my ($id, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(wait_until(120, sub { psql("SELECT (SELECT count(*) FROM social.mux_next_request($id)) + (SELECT count(*) FROM social.jobs j WHERE j.kind = 'mux' AND j.id >= $first AND j.dead_at IS NULL)") eq '0' }), $name)
	  or diag(psql("SELECT n FROM social.mux_next_request($id) n"), psql(q{SELECT state, attempts, error FROM social.admin_jobs WHERE kind = 'mux'}), $worker->log_text);
}
sub shape { my ($r) = @_; return join ' ', $r->{method}, $r->{path}, $r->{body} }

# ---- a stream's life
my $made = does($host, "POST $live", { title => 'At Mux', is_open => $no }, 201, { stream_key => undef, rtmp_url => 'rtmp://global-live.mux.com:5222/app', playback_url => undef }, 'seed 035, 136: announced; the key is Mux\'s to make');
my $id   = $made->{id};
is_settled($id, 'Mux hears of it');
my $playback = psql("SELECT s.playback_id FROM social.streams s WHERE s.id = $id");
my ($create) = $mux->requests;
ok(wait_until(60, sub { psql("SELECT count(*) FROM social.events e WHERE e.type = 'stream.edited' AND e.stream_id = $id") > 0 }), 'its host is told that it is there, with its key');
my $told = does($host, "POST $live$id/take-key/", undef, 200, { rtmp_url => 'rtmp://global-live.mux.com:5222/app' }, 'I-17: the host takes the key');
like($told->{stream_key}, qr/^key-/, 'that Mux has made');
my @keys = ($told->{stream_key});
like(does($friend, "GET $live$id/", undef, 200, {}, 'seed 036')->{playback_url}, qr{^https://stream\.mux\.com/play-[a-z0-9-]+\.m3u8$}, 'seed 136: where it is watched');
does($host, "PATCH $live$id/", { is_private => $yes, allowed_users => [ $friend->{id} ] }, 200, { is_private => $yes }, 'seed 139: private from now on');
is_settled($id, 'Mux hears of it');
my ($sign, $unsign) = $mux->requests;
my $watch = does($friend, "GET ${live}watch/$id/", undef, 200, { mode => 'provider_token' }, 'P-20: who is invited gets a token');
my ($shown, $token) = $watch->{playback_url} =~ m{^https://stream\.mux\.com/([a-z0-9-]+)\.m3u8\?token=([A-Za-z0-9_.-]+)$};
does($stranger, "GET ${live}watch/$id/", undef, 403, undef, 'seed 041: nobody else');
does($host, "POST $live$id/rotate-key/", undef, 200, { stream_key => undef }, 'I-17: another key');
is_settled($id, 'Mux hears of it');
my ($reset) = $mux->requests;
push @keys, does($host, "POST $live$id/take-key/", undef, 200, {}, 'which is taken')->{stream_key};
isnt($keys[0], $keys[1], 'and another one');
my $live_id = psql("SELECT s.provider_id FROM social.streams s WHERE s.id = $id");
psql("SELECT social.stream_event('mux', 'asset $live_id', 'video.asset.created', clock_timestamp(), '{\"provider_id\": \"$live_id\", \"asset_id\": \"asset-of-the-test\", \"recording_id\": \"public-of-the-test\", \"policy\": \"public\"}')");
is_settled($id, 'what is recorded becomes as private');
my ($sign_asset, $unsign_asset) = $mux->requests;
does($host, "POST $live$id/end/", undef, 200, { status => 'ended' }, 'seed 040: the end');
is_settled($id, 'Mux hears of it');
my ($complete, $disable) = $mux->requests;
does($host, "DELETE $live$id/", undef, 200, {}, 'seed 038: deleted');
ok(wait_until(120, sub { psql("SELECT count(*) FROM social.jobs j WHERE j.kind = 'mux' AND j.id >= $first") eq '0' }), 'Mux hears of it');
my ($delete, $delete_asset, @more) = sort { $b->{path} cmp $a->{path} } $mux->requests;
is(scalar @more, 0, 'and of nothing else');

# ---- npm
SKIP: {
	skip 'test/npm is not installed: the npm registry was out of reach', 3 unless -f 'test/npm/node_modules/.installed';
	my $said = decode_json(`node test/npm/mux.mjs requests $settings{MUX_BASE_URL}` || '{}');
	my @theirs = $mux->requests;
	my @ours   = ($create, $sign, $unsign, $reset, $sign_asset, $unsign_asset, $complete, $disable, $delete, $delete_asset);
	my $json   = JSON::PP->new->canonical;
	my ($public) = $unsign->{path} =~ m{/([^/]+)$};
	my $same = sub {
		my ($r, $live, $public, $passthrough) = @_;
		(my $path = $r->{path}) =~ s/\Q$live\E/LIVE/;
		$path =~ s/\Q$public\E/PUBLIC/;
		my $body = $r->{body} eq '' ? '' : $json->encode(decode_json($r->{body}) // {});
		$body =~ s/"passthrough":"\Q$passthrough\E"/"passthrough":"P"/;
		return { method => $r->{method}, path => $path, body => $body, map { $_ => $r->{headers}{$_} } 'authorization', 'content-type' };
	};
	is_deeply([ map { $same->($_, $live_id, $public, $playback) } @ours ], [ map { $same->($_, $said->{live}, $said->{public}, 'passthrough') } @theirs ], 'issue 16: method, path, authorization, type and body of each request are those of npm @mux/mux-node')
	  or diag(explain([ map { shape($_) } @ours ], [ map { shape($_) } @theirs ]));
	ok($said->{reset}, 'which gets on with the server as well');
	chomp(my $theirs = `node test/npm/mux.mjs token $shown key-of-the-test $key 3600`);
	my ($a, $b) = map { [ map { decode_json(decode_base64(tr{-_}{+/}r)) } (split /\./)[ 0, 1 ] ] } $token, $theirs;
	ok(abs(delete($a->[1]{exp}) - delete $b->[1]{exp}) < 300, 'tokens that hold as long');
	is_deeply($a, $b, 'issue 16: and say the same');
}

# ---- faults
my $dead = "SELECT count(*) FROM social.jobs j WHERE j.kind = 'mux' AND j.id >= $first AND j.dead_at IS NOT NULL";
sub failed { my ($like) = @_; return psql("SELECT count(*) FROM social.jobs j WHERE j.kind = 'mux' AND j.id >= $first AND j.error ~ '$like'") > 0 }
# What waits for its next try has it now.
sub hurry { psql("UPDATE social.jobs SET run_at = now() WHERE kind = 'mux' AND id >= $first AND worker_id IS NULL AND dead_at IS NULL \\g /dev/null\nSELECT social.wake_jobs(now())") }
for ([ 'fails', 500, 'Mux answers 500 \(of_the_test\) to POST /video/v1/live-streams', 'is broken' ], [ 'fails', 401, 'Mux answers 401', 'does not know us' ], [ 'fails', 403, 'Mux answers 403', 'does not let us' ], [ 'throttles', '', 'Mux answers 429', 'has enough of us' ], [ 'garbles', '', 'no answer', 'answers no JSON' ])
{
	my ($how, $with, $like, $name) = @$_;
	$mux->does($how, $with);
	my $id = psql("SELECT social.act_as($host->{id}, session => true) \\g /dev/null\nSELECT (c.stream).id FROM social.create_stream('$name') c");
	ok(wait_until(120, sub { failed($like) }), "who asks a Mux that $name is told") or diag(psql("SELECT error FROM social.jobs WHERE kind = 'mux'"), $worker->log_text);
	is(psql($dead), 0, 'and asks again');
	$mux->does_not($how);
	hurry();
	is_settled($id, 'until it is told');
	psql("SELECT social.act_as($host->{id}, session => true) \\g /dev/null\nSELECT social.delete_stream($id)");
}
$mux->does('fails', 422);
my $refused = psql("SELECT social.act_as($host->{id}, session => true) \\g /dev/null\nSELECT (c.stream).id FROM social.create_stream('refused') c");
ok(wait_until(120, sub { psql($dead) > 0 }), 'what Mux will never take is given up');
is(psql("SELECT error FROM social.jobs WHERE kind = 'mux' AND dead_at IS NOT NULL AND id >= $first ORDER BY id DESC LIMIT 1"), 'Mux answers 422 (of_the_test) to POST /video/v1/live-streams', 'with its word for it, and no more');
$mux->does_not('fails');
psql("DELETE FROM social.jobs WHERE kind = 'mux' AND dead_at IS NOT NULL AND id >= $first");
psql("SELECT social.act_as($host->{id}, session => true) \\g /dev/null\nSELECT social.delete_stream($refused)");

# Mux is away, and back; a worker is killed in between.
stop_mux($mux);
my $away = psql("SELECT social.act_as($host->{id}, session => true) \\g /dev/null\nSELECT (c.stream).id FROM social.create_stream('away') c");
ok(wait_until(120, sub { failed('Mux cannot be asked') }), 'Mux is away');
kill 'KILL', $worker->{pid};
waitpid $worker->{pid}, 0;
my $log = $worker->log_text;
my $again = start_mux($mux->{port});
$worker = start_worker(%settings);
hurry();
is_settled($away, 'and is told when it is there again, by another worker');

# What is gone at Mux is no reason to fail.
$again->does('forgets');
does($host, "POST $live$away/end/", undef, 200, { status => 'ended' }, 'the end of a stream that Mux has forgotten');
is_settled($away, 'is one');
does($host, "DELETE $live$away/", undef, 200, {}, 'and can be deleted');
ok(wait_until(120, sub { psql("SELECT count(*) FROM social.jobs j WHERE j.kind = 'mux' AND j.id >= $first") eq '0' }), 'there too');
is($worker->stop, 0, 'the worker stops');
$log .= $worker->log_text . $bridge->log_text . do { open my $file, '<', "$ENV{RUN_DIR}/postgres.log" or die $!; seek $file, $logged, 0; local $/; <$file> };

# ---- secrets
my $known = join '|', map { quotemeta } @keys, 'the-token-secret', substr($key, 100, 60), $token, encode_base64('the-token-id:the-token-secret', '');
unlike($log, qr/$known/, 'I-17: no log has a key, a token or a secret');
is(psql("SELECT count(*) FROM (SELECT j::text AS t FROM social.jobs j UNION ALL SELECT h::text FROM social.job_history h UNION ALL SELECT a::text FROM social.audit_log a UNION ALL SELECT e::text FROM social.stream_events e UNION ALL SELECT s::text FROM social.mux_streams s UNION ALL SELECT s::text FROM social.streams s) x WHERE x.t ~ '" . join('|', @keys) . "'"), 0, 'I-17: nor jobs, events, the audit log or a row');
like(`$ENV{WORKER_BIN} --help`, qr/MUX_TOKEN_SECRET/, 'seed 159: the settings');
{
	local @ENV{qw(MUX_TOKEN_ID MUX_TOKEN_SECRET)} = ('only', '');
	delete $ENV{MUX_TOKEN_SECRET};
	like(`$ENV{WORKER_BIN} --check-config 2>&1`, qr/MUX_TOKEN_ID and MUX_TOKEN_SECRET/, 'which come together');
}

END
{
	local $?;
	kill 'KILL', @servers if @servers;
	waitpid $_, 0 for @servers;
	eval { psql(q{UPDATE social.mux_account SET is_default = false; DELETE FROM social.streams WHERE provider = 'mux'; DELETE FROM social.jobs WHERE kind = 'mux'}) } if $ENV{PGHOST};
}
done_testing;
