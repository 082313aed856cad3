# People over REST: the list, one profile, following in all its forms (seed 016, 017, 018, I-06).
use strict;
use warnings;
use Social;
use Test::More;

my ($ann, $bob) = (account(), account());
my $true = JSON::PP::true;

my $list = api(GET => '/api/accounts/users/?first=2', token => $ann->{token});
is($list->{status}, 200, 'seed 016: the list of people');
is_deeply([ map { $_->{id} } @{ $list->{json}{results} } ], [ $bob->{id}, $ann->{id} ], 'newest first, as many as asked for');
ok(!exists $list->{json}{results}[0]{email}, 'without e-mail addresses');
my $all = api(GET => '/api/accounts/users/?first=1', token => $ann->{token});
is(api(GET => "/api/accounts/users/?first=1&after=$all->{json}{next}", token => $ann->{token})->{json}{results}[0]{id}, $ann->{id}, 'and on from the cursor');
is_error(api(GET => '/api/accounts/users/?after=x', token => $ann->{token}), 400, 'BAD_REQUEST', 'a bad cursor');
is_error(api(GET => '/api/accounts/users/'), 401, 'UNAUTHENTICATED', 'seed 049: not without a token');

my $profile = api(GET => "/api/accounts/users/$bob->{id}/", token => $ann->{token});
is($profile->{status}, 200, 'seed 017: a profile');
is($profile->{json}{username}, $bob->{username}, 'of the person');
is_deeply([ @{ $profile->{json} }{qw(following requested follows_you)} ], [ (JSON::PP::false) x 3 ], 'nothing between the two yet');
ok(exists $profile->{json}{avatar} && exists $profile->{json}{profile_image}, 'I-02: both names of the picture');
is_error(api(GET => '/api/accounts/users/999999999/', token => $ann->{token}), 404, 'NOT_FOUND', 'an unknown person');

my $path  = "/api/accounts/users/$bob->{id}";
my $state = sub { my ($answer) = @_; [ $answer->{status}, @{ $answer->{json} }{qw(following requested followers_count)} ] };
my ($yes, $no) = ([ 200, $true, JSON::PP::false, 1 ], [ 200, JSON::PP::false, JSON::PP::false, 0 ]);
my $do = sub { my ($method, $what, %option) = @_; $state->(api($method, "$path/$what/", token => $ann->{token}, %option)) };
is_deeply($do->(POST => 'follow'), $yes, 'seed 018: an empty body follows');
is_deeply($do->(POST => 'follow'), $no, 'and, again, unfollows');
is_deeply($do->(POST => 'follow', json => {}), $yes, 'an empty object likewise');
is_deeply($do->(POST => 'follow', json => { following => $true }), $yes, "I-06: following true is safe to repeat (time $_)") for 1, 2;
is(api(GET => "$path/", token => $ann->{token})->{json}{following}, $true, 'the profile says so');
is(api(GET => "/api/accounts/users/$ann->{id}/", token => $bob->{token})->{json}{follows_you}, $true, 'and the other one hears of it');
is_deeply($do->(POST => 'follow', json => { following => JSON::PP::false }), $no, "I-06: following false is safe to repeat (time $_)") for 1, 2;
$do->(POST => 'follow');
is_deeply($do->(POST => 'unfollow'), $no, "I-06: unfollow is safe to repeat (time $_)") for 1, 2;
$do->(POST => 'follow');
is_deeply($do->(DELETE => 'follow'), $no, "I-06: DELETE follow is safe to repeat (time $_)") for 1, 2;

is_error(api(POST => "$path/follow/", token => $ann->{token}, json => { following => 'yes' }), 400, 'BAD_REQUEST', 'a word is neither true nor false');
is_error(api(POST => "$path/follow/", token => $ann->{token}, body => 'following=true', type => 'application/x-www-form-urlencoded'), 415, 'UNSUPPORTED_MEDIA_TYPE', 'a form');
is_error(api(POST => "/api/accounts/users/$ann->{id}/follow/", token => $ann->{token}), 400, 'BAD_REQUEST', 'nobody follows themselves');
is_error(api(POST => '/api/accounts/users/999999999/follow/', token => $ann->{token}), 404, 'NOT_FOUND', 'nor somebody unknown');
is_error(api(POST => "$path/follow/"), 401, 'UNAUTHENTICATED', 'nor without a token');

psql("UPDATE social.users SET is_locked = true WHERE id = $bob->{id}");
is_deeply($do->(POST => 'follow'), [ 200, JSON::PP::false, $true, 0 ], 'a locked account is asked');
is_deeply($do->(POST => 'follow'), $no, 'and the request taken back');
psql("INSERT INTO social.blocks (blocker_id, blocked_id) VALUES ($bob->{id}, $ann->{id})");
is_error(api(POST => "$path/follow/", token => $ann->{token}), 404, 'NOT_FOUND', 'who has blocked does not exist');
is_error(api(GET => "$path/", token => $ann->{token}), 404, 'NOT_FOUND', 'nor their profile');

# Own things can be taken back although the other one is gone (found B2).
my $post = api(POST => '/api/posts/posts/', token => $bob->{token}, json => { title => 'A', content => 'b' });
psql("DELETE FROM social.blocks; UPDATE social.users SET is_locked = false WHERE id = $bob->{id}");
$do->(POST => 'follow');
my $unlike = { json => { query => "mutation { unlikePost(postId: $post->{json}{id}) { success post { id } } }" } };
api(POST => "/api/posts/posts/$post->{json}{id}/like/", token => $ann->{token});
psql("UPDATE social.users SET suspended_at = now() WHERE id = $bob->{id}");
is_deeply($do->(DELETE => 'follow'), [ 200, JSON::PP::false, JSON::PP::false, undef ], 'found B2: a suspended person is unfollowed');
is_error(api(DELETE => "$path/follow/", token => $ann->{token}), 404, 'NOT_FOUND', 'found B2: and after that does not exist');
is_deeply(api(POST => '/graphql/', token => $ann->{token}, %$unlike)->{json}{data}{unlikePost},
	{ success => $true, post => undef }, 'found B2: a like is taken back from a post that cannot be seen');
is(api(POST => '/graphql/', token => $ann->{token}, %$unlike)->{json}{errors}[0]{extensions}{code}, 'NOT_FOUND', 'found B2: once');
done_testing;
