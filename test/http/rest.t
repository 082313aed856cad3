# REST: register, login, posts, like; what each answers and who may (seed 001, 003, 020-022, 025, 049).
use strict;
use warnings;
use utf8;
use Social;
use Test::More;

my $name    = sprintf 'Rest_%x_%x', $$, time;
my $created = api(POST => '/api/auth/register/',
	json => { username => $name, email => "$name\@example.com", password => 'correct horse battery', first_name => 'Zoë' });
is($created->{status}, 201, 'seed 003: register answers 201');
is($created->{json}{username},   $name,  'with what was given');
is($created->{json}{first_name}, 'Zoë',  'in UTF-8');
ok(!exists $created->{json}{password} && $created->{content} !~ /correct horse|argon2/, 'without the password');

my $login = api(POST => '/api/auth/login/', json => { username => $name, password => 'correct horse battery' });
is($login->{status}, 200, 'seed 001: login answers 200');
is(join(' ', sort keys %{ $login->{json} }), 'access expires_in refresh refresh_expires_in token_type user', 'with tokens and user');
is($login->{json}{token_type}, 'Bearer', 'a bearer token');
is($login->{json}{user}{username}, $name, 'of the same user');
is($login->{headers}{'cache-control'}, 'no-store', 'that nobody may cache');
my $token = $login->{json}{access};

my $post = api(POST => '/api/posts/posts/', token => $token,
	json => { title => 'Grüße', content => "Learning #PostgreSQL with \@$name \x{2603}" });
is($post->{status}, 201, 'seed 021: creating a post answers 201');
my $id = $post->{json}{id};
like($id, qr/^[0-9]+$/, 'with its id, a number');
is($post->{headers}{location}, "/api/posts/posts/$id/", 'and where it is');
is($post->{json}{title}, 'Grüße', 'title as given');
is_deeply($post->{json}{hashtags}, ['postgresql'], 'hashtags extracted');
is_deeply($post->{json}{mentions}, [$name], 'mentions extracted');
is($post->{json}{author}{username}, $name, 'the author is the caller');

for my $path ("/api/posts/posts/$id/", "/api/posts/posts/$id")
{
	my $got = api(GET => $path, token => $token);
	is($got->{status}, 200, "seed 022: GET $path");
	is_deeply($got->{json}, $post->{json}, 'is what creating it answered');
}

for my $time (1, 2)
{
	my $like = api(POST => "/api/posts/posts/$id/like/", token => $token);
	is($like->{status}, 200, "seed 025: like, time $time");
	is($like->{content}, '{"liked":true,"likes_count":1,"reaction":"heart"}', 'counts the liker once');
}

my @ids;
for my $n (1 .. 3)
{
	push @ids, api(POST => '/api/posts/posts/', token => $token, json => { title => "n$n", content => "text $n" })->{json}{id};
}
my $first = api(GET => '/api/posts/posts/?first=2', token => $token);
is($first->{status}, 200, 'seed 020: list');
is_deeply([ map { $_->{id} } @{ $first->{json}{results} } ], [ @ids[ 2, 1 ] ], 'newest first, as many as asked for');
my $second = api(GET => "/api/posts/posts/?first=2&after=$first->{json}{next}", token => $token);
is_deeply([ map { $_->{id} } @{ $second->{json}{results} } ], [ $ids[0], $id ], 'and on from the cursor');

my $draft = api(POST => '/api/posts/posts/', token => $token, json => { title => 'd', content => 'd', is_published => JSON::PP::false });
is($draft->{status}, 201, 'a draft can be created');
is(api(GET => "/api/posts/posts/$draft->{json}{id}/", token => $token)->{status}, 200, 'its author sees it');
is_error(api(GET => "/api/posts/posts/$draft->{json}{id}/", token => account()->{token}), 404, 'NOT_FOUND',
	'for others it does not exist');

for my $route ([ GET => '/api/posts/posts/' ], [ GET => "/api/posts/posts/$id/" ], [ POST => '/api/posts/posts/' ], [ POST => "/api/posts/posts/$id/like/" ])
{
	my $answer = api(@$route, $route->[0] eq 'POST' ? (json => { title => $name, content => 'x' }) : ());
	is_error($answer, 401, 'UNAUTHENTICATED', "seed 049: $route->[0] $route->[1] needs a token");
	is($answer->{headers}{'www-authenticate'}, 'Bearer', 'and says which kind');
}
is(psql("SELECT count(*) FROM social.posts WHERE title = '$name'"), 0, 'and nothing was written');

my $open = start_bridge(ANONYMOUS_READ => 'on');
is(api(GET => "/api/posts/posts/$id/", url => $open->{url})->{status}, 200, 'I-12: ANONYMOUS_READ opens reading');
is_error(api(POST => "/api/posts/posts/$id/like/", url => $open->{url}), 401, 'UNAUTHENTICATED', 'but no writing');

is(api(HEAD => "/api/posts/posts/$id/", token => $token)->{status}, 200, 'HEAD works where GET does');
is(api(HEAD => "/api/posts/posts/$id/", token => $token)->{content} // '', '', 'without a body');
done_testing;
