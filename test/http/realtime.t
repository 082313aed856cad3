# The module for events (bridge/web/realtime, issue 14, line 6): types, its package, and an application in Node.js
# that uses it over a network that fails. test/browser/realtime.t has it in a browser.
use strict;
use warnings;
use Cwd 'getcwd';
use File::Temp 'tempdir';
use IPC::Open2;
use JSON::PP;
use Social;
use Test::More;

plan skip_all => 'test/npm is not installed: the npm registry was out of reach' unless -f 'test/npm/node_modules/.installed';

# ---- types, and the package
my $home = tempdir(CLEANUP => 1);
my $top  = getcwd();
my $tsc  = "node $top/test/npm/node_modules/typescript/bin/tsc";
sub slurp { my ($path) = @_; open my $file, '<', $path or die "$path: $!"; local $/; return scalar <$file> }
is(scalar `$tsc -p bridge/web/realtime`, '', 'the compiler of TypeScript finds nothing in the module and its example');
system("$tsc -p bridge/web/realtime --noEmit false --declaration --emitDeclarationOnly --outDir $home/types");
is(slurp('bridge/web/realtime/realtime.d.ts'), slurp("$home/types/realtime.d.ts"), 'realtime.d.ts has the types of its comments (make types)');
is(system(qq{cd $home && echo '{"type":"module"}' >package.json && npm install --ignore-scripts --no-audit --no-fund --offline --loglevel=error $top/bridge/web/realtime >&2}), 0, 'npm installs it from its directory');
my $module = "$home/node_modules/social-realtime/realtime.js";
ok(-f $module, 'and there it is');
open my $app, '>', "$home/app.ts" or die;
print $app <<'TS';
import { Realtime, type RealtimeEvent } from 'social-realtime';
const ids: number[] = [];
const realtime = new Realtime({ token: async () => null, onEvent: ({ id }: RealtimeEvent) => void ids.push(id) });
realtime.subscribe('feed');
// @ts-expect-error: there is no token
export const without = new Realtime({ onEvent() {} });
TS
close $app;
is(scalar `cd $home && $tsc --noEmit --strict --target es2022 --module nodenext --lib es2022,dom app.ts`, '', 'an application in TypeScript has its types');
like(decode_json(slurp('bridge/web/realtime/package.json'))->{version}, qr/^\Q@{[ `$ENV{BRIDGE_BIN} --version` =~ s{\S+ (\S+)\n}{$1}r ]}\E\./, 'of this version');

# ---- an application
my ($me, $other) = map { account() } 1, 2;
api(POST => "/api/accounts/users/$other->{id}/follow/", token => $me->{token});
my $bridge = start_bridge(LOOPS => 2, STOP_TIMEOUT => 5);
my $port   = $bridge->{port};
my $pid    = open2(my $from, my $to, 'node', 'test/npm/realtime.mjs', $bridge->{url}, $ENV{BRIDGE_URL}, $me->{id}, $me->{token}, $other->{id}, $other->{token}, $module);
my %answer = (
	restart => sub { $bridge->stop; $bridge = start_bridge(LOOPS => 2, STOP_TIMEOUT => 5, HTTP_PORT => $port); return 'done' },
	token   => sub { my $sid = claims_of($me->{token})->{sid}; return psql("SELECT social.sign_access_token($me->{id}, '$sid', now() + interval '20 seconds')") },
	end     => sub { api(POST => '/api/auth/logout/', token => $me->{token}, json => { refresh => $me->{refresh} }); return 'done' },
);
my $seen = { wrong => ['it ended'] };
while (my $line = <$from>)
{
	chomp $line;
	if (my $do = $answer{$line}) { print $to $do->(), "\n"; $to->flush }
	else                         { $seen = decode_json($line) }
}
waitpid $pid, 0;
is_deeply($seen->{wrong}, [], 'all that it waits for comes');
cmp_ok(scalar @{ $seen->{posted} // [] }, '>', 10, 'posts are written all the while');
is_deeply($seen->{created}, $seen->{posted}, 'through a cut, a silence, a restart and on another bridge every event comes once and in order, though under two topics');
ok($seen->{ascending}, 'the ids of all events rise');
is_deeply($seen->{gaps}, [], 'without a gap');
is($seen->{subscriptions}, 3, 'each connection subscribes to each topic once, however often the page does');
is($seen->{subscribedOnce}, 3, 'and is told so once');
is_deeply([ sort @{ $seen->{names} // [] } ], [qw(connecting open waiting)], 'its state is told');
ok((grep { $_ eq ' the bridge does not answer' } @{ $seen->{reasons} // [] }), 'P-17: a peer that is silent is given up') or diag(explain($seen->{reasons}));
ok((grep { /^1012 / } @{ $seen->{reasons} // [] }), 'a bridge that stops says so');
is_deeply($seen->{error} && [ @{ $seen->{error} }{qw(status topic)} ], [ 404, 'post:9007199254740991' ], 'a topic that is none is told');
is_deeply($seen->{gone} && [ @{ $seen->{gone} }{qw(status code)}, $seen->{gone}{topic} =~ /^post:\d+$/ ? 1 : 0 ], [ 404, 'NOT_FOUND', 1 ], 'so is one that is gone');
is_deeply([ sort @{ $seen->{topics} // [] } ], [ 'hashtag:REALTIME', 'hashtag:later', "notifications:$me->{id}" ], 'and is no topic any more');
is_deeply($seen->{unsubscribed}, [ "user:$other->{id}", 'feed' ], 'one spelling of a hashtag is left, the other is heard of');
is_deeply($seen->{closed} && [ @{ $seen->{closed} }{qw(name reason)} ], [ 'closed', 'closed by the page' ], 'it closes');
ok($seen->{late}, 'P-18: another page goes on after the last event of the first');
is($seen->{thrown}, 2, 'what the page throws is told, and changes nothing');
is_deeply($seen->{gapTopics}, [ ([ 'feed', "notifications:$me->{id}", "user:$other->{id}" ]) x 2 ], 'a gap is told for each topic: an id of no log, more than can be held');
is_deeply($seen->{afterGap}, [ 1, 1 ], 'and what follows comes once');
is_deeply($seen->{asked}, [ JSON::PP::false, JSON::PP::true ], 'I-15: a token that is refused is asked for anew, once');
is_deeply($seen->{hopeless} && [ @{ $seen->{hopeless} }{qw(name code)} ], [ 'closed', 4401 ], 'and then it is closed, with the code');
is_deeply([ @{ $seen->{failing} // [] }[0 .. 3] ], [qw(connecting waiting connecting waiting)], 'a token that cannot be had is asked for again');
is_deeply($seen->{renewed}, [qw(connecting open)], 'a token is renewed in the socket, which stays open beyond its end');
cmp_ok($seen->{auths} // 0, '>=', 2, 'by another auth');
is_deeply($seen->{ended} && [ @{ $seen->{ended} }[ 1, -1 ] ], [ 'open  0', 'closed nobody is logged in 0' ], 'P-17: the end of the session closes it');
like($seen->{ended}[2] // '', qr/^waiting .* 4401$/, 'as the bridge says');
# ---- the chat of a stream
my $talker = account();
my $stream = api(POST => '/api/posts/live/stream/', token => $talker->{token}, json => { title => 'Talk' })->{json}{id};
psql("INSERT INTO social.stream_chat_messages (stream_id, author_id, content) VALUES ($stream, $talker->{id}, 'before')");
ok(wait_until(60, sub { psql("SELECT count(*) FROM social.events WHERE stream_id = $stream AND type = 'chat.message'") == 1 }), 'something was said');
my $chat = decode_json(`timeout 90 node test/npm/realtime_chat.mjs $ENV{BRIDGE_URL} $talker->{token} $stream $module` || '{}');
is_deeply($chat->{history}, [ [ "stream:$stream", ['before'] ] ], 'issue 16: who joins a chat is told what was said, once, apart from events');
is_deeply($chat->{events}, [ [ $chat->{said}, 'from a page' ] ], 'what a page says comes back with its id');
is_deeply($chat->{refused}, [ [ 503, 'UNAVAILABLE' ], [ 400, 'BAD_REQUEST' ], [ 404, 'NOT_FOUND' ], [ 503, 'UNAVAILABLE' ] ], 'what is refused, or is not answered any more, is thrown');
is_deeply([ $chat->{state}, sort @{ $chat->{topics} // [] } ], [ 'open', 'feed', "stream:$stream" ], 'and ends neither the connection nor a topic');

done_testing;
