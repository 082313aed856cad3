# Deleting the own account as clients see it (issue 17 line 3, seed 166): sockets and streams of events end at once, a broadcast
# ends, nobody sees the person any more; a login with restore brings everything back; asked for twice, in the middle of
# a broadcast, with a mail that waits.
use strict;
use warnings;
use EventStream;
use JSON::PP;
use Social;
use Test::More;
use WebSocket;

my ($ann, $bob) = map { account() } 1, 2;
my ($yes, $no) = (JSON::PP::true(), JSON::PP::false());
sub ask { my ($who, $method, $path, $json) = @_; return api($method => $path, token => $who->{token}, $json ? (json => $json) : ()) }
sub log_in { my (%more) = @_; return api(POST => '/api/accounts/login/', json => { username => $ann->{username}, password => $ann->{password}, %more }) }

ask($bob, POST => "/api/accounts/users/$ann->{id}/follow/", { following => $yes });
my $post = ask($ann, POST => '/api/posts/posts/', { title => 'Of Ann', content => 'zebras of Ann' })->{json}{id};
my $bobs = ask($bob, POST => '/api/posts/posts/', { title => 'Of Bob', content => 'words of his' })->{json}{id};
ask($ann, POST => "/api/posts/posts/$bobs/like/", {});
my $live = ask($ann, POST => '/api/posts/live/stream/', { title => 'Live' })->{json};
psql(qq{SELECT social.stream_publish('$live->{stream_key}', 'c', '192.0.2.1'), social.stream_event('local', 'gone $live->{id}', 'update', clock_timestamp(), '{"stream_key": "$live->{stream_key}", "publisher": "c"}')});
is(ask($bob, GET => "/api/posts/live/stream/$live->{id}/")->{json}{status}, 'live', 'she is live');
psql("SELECT social.act_as($ann->{id}), social.request_email_verification()");

# As Bob sees it.
sub seen
{
	return {
		person => ask($bob, GET => "/api/accounts/users/$ann->{id}/")->{status},
		post   => ask($bob, GET => "/api/posts/posts/$post/")->{status},
		stream => ask($bob, GET => "/api/posts/live/stream/$live->{id}/")->{status},
		feed   => scalar(grep { $_->{author}{id} == $ann->{id} } @{ ask($bob, GET => '/api/posts/feed/')->{json}{results} }),
		found  => scalar(grep { ($_->{post} // $_)->{id} == $post } @{ ask($bob, GET => '/api/posts/search/?query=zebras')->{json}{results} }),
	};
}
my $before = seen();
is_deeply($before, { person => 200, post => 200, stream => 200, feed => 1, found => 1 }, 'she is seen');

my $socket = WebSocket->new('/ws/', token => $ann->{token});
is($socket->next_message->{type}, 'ready', 'a socket of hers');
my $events = EventStream->new("topics=notifications:$ann->{id}", token => $ann->{token});
ok($events->hear('subscribed'), 'and a stream of events');

# ---- deleted
my $gone = ask($ann, DELETE => '/api/accounts/users/me/', { password => $ann->{password} });
is($gone->{status}, 200, 'deleted') or diag($gone->{content});
is($socket->closed_with, 4401, 'issue 17: her socket ends, 4401');
is($events->closed_with->{code}, 4401, 'and her stream of events');
is(ask($ann, GET => '/api/accounts/users/me/')->{status}, 401, 'her token is refused');
is(api(POST => '/api/accounts/token/refresh/', json => { refresh => $ann->{refresh} })->{status}, 401, 'and the one that renews it');
is_deeply(seen(), { person => 404, post => 404, stream => 404, feed => 0, found => 0 }, 'issue 17: nobody sees her, or what she made, at once');
is(psql("SELECT status FROM social.streams WHERE id = $live->{id}"), 'ended', 'her broadcast has ended');
is(api(POST => '/api/auth/register/', json => { username => $ann->{username}, password => 'correct horse battery', email => "x$ann->{email}" })->{status}, 409, 'her name is kept for her');
is(psql("SELECT count(*) FROM social.mail_outbox WHERE user_id = $ann->{id} AND template = 'account_deletion'"), 1, 'a mail says so');

# ---- had back
is_error(log_in(password => 'wrong'), 401, 'UNAUTHENTICATED', 'a wrong password learns nothing');
my $told = log_in();
is_error($told, 403, 'ACCOUNT_DELETING', 'the right one does');
like($told->{json}{detail}, qr/^Until 2\d{3}-.*restore/, 'until when, and how to have it back');
$told = log_in(restore => $yes);
is($told->{json}{user}{id}, $ann->{id}, 'issue 17: with restore it is back') or diag($told->{content});
$ann->{token} = $told->{json}{access};
is_deeply(seen(), $before, 'whole');
ok(wait_until(60, sub { ask($bob, GET => "/api/posts/posts/$bobs/")->{json}{likes_count} == 1 }), 'what she did counts again');

# ---- closed
is(ask($ann, POST => '/api/accounts/users/me/delete/', { password => $ann->{password} })->{status}, 200, 'deleted once more');
psql("UPDATE social.account_deletions SET due_at = now() WHERE user_id = $ann->{id}");
is_error(log_in(restore => $yes), 401, 'UNAUTHENTICATED', 'when the time is over nothing brings it back');
ok(wait_until(120, sub { psql("SELECT count(*) FROM social.users WHERE id = $ann->{id}") eq '0' }), 'the worker erases it') or diag(psql("SELECT * FROM social.account_deletions WHERE user_id = $ann->{id}"), psql('SELECT * FROM social.worker_steps()'));
is(api(POST => '/api/auth/register/', json => { username => $ann->{username}, password => 'correct horse battery', email => $ann->{email} })->{status}, 201, 'her name and address are free');
is(ask($bob, GET => "/api/posts/posts/$bobs/")->{json}{likes_count}, 0, 'what she did is gone');
is(ask($bob, GET => "/api/accounts/users/$bob->{id}/")->{json}{following_count}, 0, 'and so is who followed her');
done_testing;
