# Requests with an Idempotency-Key are done once, however often and wherever they are sent (issue 13, "HTTP a
# client expects" and its bad input; mission 3.1). What survives kills: restart.t.
use strict;
use warnings;
use IO::Select;
use JSON::PP;
use Route;
use Social;
use Test::More;

my $ann   = account();
my $bea   = account();
my $posts = '/api/posts/posts/';
my $last  = 0;
sub new_key { return "key-$$-" . ++$last }
sub keyed
{
	my ($key, $user, $method, $path, %option) = @_;
	return api($method => $path, token => $user->{token}, %option, headers => { %{ $option{headers} // {} }, 'Idempotency-Key' => $key });
}
sub post_count { my ($title) = @_; return psql("SELECT count(*) FROM social.posts WHERE title = '$title'") }

# Once: the second answer is the first one's, and says so.
my $key   = new_key();
my $title = "once $key";
my @post  = (POST => $posts, json => { title => $title, content => 'only #once' });
my $first = keyed($key, $ann, @post);
is($first->{status}, 201, 'a post with a key');
ok(!exists $first->{headers}{'idempotent-replayed'}, 'is no replay');
psql("UPDATE social.posts SET is_pinned = true WHERE title = '$title'");
for my $written ($key, "\"$key\"")
{
	my $again = keyed($written, $ann, @post);
	is("$again->{status} $again->{headers}{'idempotent-replayed'}", '201 true', "again, as $written: a replay");
	is($again->{content}, $first->{content}, 'byte for byte');
	is($again->{headers}{location}, $first->{headers}{location}, 'and header for header');
}
is(post_count($title), 1, 'there is one post');
my $other = start_bridge();
is(keyed($key, $ann, @post, url => $other->{url})->{content}, $first->{content}, 'another bridge, started later, knows it');
is($other->stop, 0, 'and ends');

# One key, one request of one person.
is_error(keyed($key, $ann, POST => $posts, json => { title => $title, content => 'other' }), 422, 'UNPROCESSABLE', 'another body');
is_error(keyed($key, $ann, POST => "$posts?x=1", json => $post[3]), 422, 'UNPROCESSABLE', 'another target');
is_error(keyed($key, $ann, POST => "$posts$first->{json}{id}/like/"), 422, 'UNPROCESSABLE', 'another route');
is(keyed($key, $bea, @post)->{status}, 201, 'another person has keys of their own');
is(post_count($title), 2, 'and posts');

# What was refused was not done.
$key = new_key();
is_error(keyed($key, $ann, POST => $posts, json => { title => '', content => 'x' }), 400, 'BAD_REQUEST', 'a refusal');
is(keyed($key, $ann, POST => $posts, json => { title => 'mended', content => 'x' })->{status}, 201, 'leaves the key free');

# Toggles are not turned round by a retry (I-06).
$key = new_key();
for my $try (1, 2)
{
	is(keyed($key, $ann, POST => "/api/accounts/users/$bea->{id}/follow/")->{json}{following}, JSON::PP::true, "follow, $try");
}
is(psql("SELECT count(*) FROM social.follows WHERE follower_id = $ann->{id} AND followed_id = $bea->{id}"), 1, 'still followed');

is_error(keyed($_, $ann, @post), 400, 'BAD_REQUEST', 'no key: ' . substr $_, 0, 20) for '', '""', 'a b', 'a,b', 'k' x 256, "a\"b";
my ($two) = raw("POST $posts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $ann->{token}\r\nContent-Type: application/json\r\nIdempotency-Key: a\r\nIdempotency-Key: a\r\nContent-Length: 2\r\n\r\n{}", qr/\}$/);
like($two, qr{^HTTP/1\.1 400 }, 'two keys are none');

# Under way: the key is held by a transaction of another session.
$key = new_key();
{
	open my $holder, '|-', 'psql', '-X', '-q', '-o', '/dev/null' or die;
	$holder->autoflush;
	print $holder "BEGIN; SELECT social.act_as($ann->{id}), social.claim_request('$key', 0, 'x');\n";
	my $held = sub { psql("SELECT count(*) FROM pg_locks WHERE locktype = 'userlock' AND granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE query LIKE '%claim_request(''$key%' AND state = 'idle in transaction')") };
	ok(wait_until(30, $held), 'a request with the key is under way');
	is_error(keyed($key, $ann, @post), 409, 'IN_PROGRESS', 'meanwhile 409');
	is(keyed($key, $bea, @post)->{status}, 201, 'for its person alone');
	print $holder "ROLLBACK;\n";
	close $holder;
}
is(keyed($key, $ann, @post)->{status}, 201, 'given up: done');

# Under way: a request that waits for a lock, begins again for it, and is still the one.
{
	my $key     = new_key();
	my $body    = encode_json({ content => "waits $key" });
	my $to      = $first->{json}{id};
	my $request = "POST $posts$to/comments/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer $bea->{token}\r\nContent-Type: application/json\r\nIdempotency-Key: $key\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
	open my $holder, '|-', 'psql', '-X', '-q', '-o', '/dev/null' or die;
	$holder->autoflush;
	print $holder "BEGIN; SELECT FROM social.posts WHERE id = $to FOR UPDATE; SELECT 'holds for $key';\n";
	ok(wait_until(30, sub { psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%holds for $key%' AND state = 'idle in transaction'") }), 'a lock stands in the way');
	my @both = map { raw_connect() } 1, 2;
	syswrite $_, $request for @both;
	my $select = IO::Select->new(@both);
	my ($early) = $select->can_read(30);
	print $holder "ROLLBACK;\n";
	close $holder;
	my %answer = map { $_ => (raw_read($_, 30))[0] } @both;
	is(join(' ', sort map { m{^HTTP/1\.1 (\d+)} } values %answer), '201 409', 'one waits, the other is told so');
	like($answer{$early}, qr{^HTTP/1\.1 409}, 'at once');
	is(psql("SELECT count(*) FROM social.comments WHERE content = 'waits $key'"), 1, 'and it is done once');
}

# Sixteen at once.
for my $round (1 .. 3)
{
	my $key  = new_key();
	my $body = encode_json({ title => "race $key", content => 'x' });
	my @racers = map { raw_connect() } 1 .. 16;
	syswrite $_, "POST $posts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer $ann->{token}\r\nContent-Type: application/json\r\nIdempotency-Key: $key\r\nContent-Length: " . length($body) . "\r\n\r\n$body" for @racers;
	my %statuses;
	$statuses{ ((raw_read($_, 30))[0] =~ m{^HTTP/1\.1 (\d+)})[0] // 'none' }++ for @racers;
	is(join(' ', grep { !/^(201|409)$/ } keys %statuses), '', 'a race is answered 201 or 409') or diag(explain(\%statuses));
	ok($statuses{201}, 'and done');
	is(post_count("race $key"), 1, 'once');
	is(keyed($key, $ann, POST => $posts, body => $body)->{headers}{'idempotent-replayed'}, 'true', 'who lost asks again');
}

# GraphQL: each field of a mutation is done once.
my $mutation = sub { my ($key) = @_; return { query => "mutation { a: createPost(title: \"g $key\", content: \"1\") { post { id } } b: createPost(title: \"g $key\", content: \"2\") { post { id } } }" } };
$key   = new_key();
$first = keyed($key, $ann, POST => '/graphql/', json => $mutation->($key));
ok($first->{json}{data}{b}{post}{id}, 'a mutation with a key');
my $again = keyed($key, $ann, POST => '/graphql/', json => $mutation->($key));
is_deeply($again->{json}, $first->{json}, 'again: the same');
is($again->{headers}{'idempotent-replayed'}, 'true', 'a replay');
is(post_count("g $key"), 2, 'each field once');
is_error(keyed($key, $ann, POST => '/graphql/', json => $mutation->('other')), 422, 'UNPROCESSABLE', 'another mutation');
psql("DELETE FROM social.idempotency_keys WHERE user_id = $ann->{id} AND key = '$key' AND step = 1; DELETE FROM social.posts WHERE title = 'g $key' AND content = '2'");
$again = keyed($key, $ann, POST => '/graphql/', json => $mutation->($key));
is($again->{json}{data}{a}{post}{id}, $first->{json}{data}{a}{post}{id}, 'a request that ended between two fields: the first is a replay');
is(post_count("g $key"), 2, 'and the second is done');
my $stranger = { query => "mutation { viewPost(postId: $first->{json}{data}{a}{post}{id}) { success } }" };
is(api(POST => '/graphql/', json => $stranger, headers => { 'Idempotency-Key' => 'k' })->{content}, api(POST => '/graphql/', json => $stranger)->{content}, 'of strangers it is not looked at')
  for 1, 2;
ok(!exists keyed(new_key(), $ann, POST => '/graphql/', json => { query => '{ me { id } }' })->{headers}{'idempotent-replayed'}, 'a query needs none');

# What holds secrets is kept nowhere.
$key = new_key();
my %login = (username => $ann->{username}, password => $ann->{password});
isnt(keyed($key, $ann, POST => '/api/auth/login/', json => \%login)->{json}{access}, keyed($key, $ann, POST => '/api/auth/login/', json => \%login)->{json}{access}, 'each login is one');
keyed($key, $ann, POST => '/graphql/', json => { query => "mutation { login(username: \"$ann->{username}\", password: \"$ann->{password}\") { access } }" });
is(psql("SELECT count(*) FROM social.idempotency_keys WHERE key = '$key'"), 0, 'its tokens are not kept, whatever the surface');

# After a day.
$key = new_key();
keyed($key, $ann, @post);
psql("UPDATE social.idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = '$key'; SELECT social.retention_round()");
ok(!exists keyed($key, $ann, @post)->{headers}{'idempotent-replayed'}, 'after a day the key is new');

# Every route that makes something takes one, but four: an account is made by nobody yet, and its name is its key; and
# the answers that have an API key, a webhook's secret or a stream's key are not to be kept (I-07).
my @without = grep { $_->{method} eq 'POST' && $_->{status} == 201 && !$_->{idempotency_key} } @{ Route::book()->{routes} };
is(join(' ', map { $_->{name} } @without), 'register keys.create webhooks.create streams.create', 'every route that makes something takes a key');
done_testing;
