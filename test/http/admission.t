# The admission comes before whatever a request reads (mission 126): where it counts nothing it is a condition of the
# statement that answers (bridge/admission/), which must say no before anything of the statement has been run.
use strict;
use warnings;
use JSON::PP;
use Route;
use Social;
use Test::More;

my ($there, $gone) = map { account() } 1 .. 2;
# Without triggers: the bridge is not told, and only the database knows.
psql("SET session_replication_role = replica; UPDATE social.users SET suspended_at = now() WHERE id = $gone->{id}");

# ---- every route that reads, with what it must be told
my ($asked, @others) = (0);
for my $row (grep { $_->{method} eq 'GET' && $_->{auth} =~ /^(?:content|required|staff)$/ && @{ $_->{statements} } } @{ Route::book()->{routes} })
{
	my $path  = $row->{paths}[0] =~ s/\{\w+\}/1/gr;
	my @query = map { "$_->{name}=" . ($_->{type} =~ /int/ ? 1 : 'topic') } grep { $_->{in} eq 'query' && $_->{required} } @{ $row->{parameters} };
	my $answer = api(GET => $path . (@query ? '?' . join('&', @query) : ''), token => $gone->{token});
	$asked++;
	push @others, "$answer->{status} $path @query" unless $answer->{status} == 401 && ($answer->{headers}{'www-authenticate'} // '') =~ /invalid_token/;
}
cmp_ok($asked, '>', 40, 'every route that reads');
is_deeply(\@others, [], 'refuses who is suspended, as nobody who may log in');

# ---- before what the statement fails of by itself
for my $path ('/api/posts/posts/?after=nonsense', '/api/posts/posts/?first=0', '/api/posts/posts/7777777/')
{
	is(api(GET => $path, token => $there->{token})->{status} >= 400, 1, "$path is in vain");
	is(api(GET => $path, token => $gone->{token})->{status}, 401, 'but who is suspended does not hear of it');
}

# ---- GraphQL: of the whole, not of a field
my $ask = sub { my ($who, $query) = @_; return api(POST => '/graphql/', token => $who->{token}, headers => { Accept => 'application/graphql-response+json' }, json => { query => $query }) };
for my $query ('{ me { username } }', '{ bad: searchPostsFts(query: " ") { id } }', '{ a: searchPostsFts(query: " ") { id } b: me { username } }', '{ post(id: 1) { id } }')
{
	my $answer = $ask->($gone, $query);
	is($answer->{status}, 401, $query) or diag($answer->{content});
	ok(!exists $answer->{json}{data}, 'there is no data');
	is($answer->{json}{code}, 'UNAUTHENTICATED', 'and one error');
}
my $field = $ask->($there, '{ bad: searchPostsFts(query: " ") { id } good: me { username } }');
is($field->{json}{data}{good}{username}, $there->{username}, "what fails of itself is a field's affair");
is(api(POST => '/graphql/', json => { query => '{ me { username } notifications(first: 1) { id } }' })->{status}, 200, 'so is a field that wants a login of nobody');

# ---- the condition itself, as the server plans it: looked at once, above all that reads
my @statements = split /\n/, psql(<<'SQL');
SELECT replace(statement, E'\n', ' ') FROM (VALUES
	($$SELECT p.id FROM social.posts p, social.users u WHERE u.id = p.author_id$$),
	($$SELECT count(*) FROM social.posts$$),
	($$SELECT id FROM social.posts UNION ALL SELECT id FROM social.users$$),
	($$SELECT id FROM social.posts ORDER BY id LIMIT 1$$),
	($$SELECT row_to_json(r)::text FROM (SELECT social.document('post', 1, ARRAY[]::integer[], 'id=id.text') AS post) r$$)) s (statement)
SQL
for my $statement (@statements)
{
	eval { psql("SELECT q.* FROM ($statement) q WHERE (SELECT social.admit($gone->{id}, NULL, address => NULL) IS NULL)") };
	like($@, qr/authentication required/, "no row of: $statement");
	like($@, qr/CONTEXT: +social\.admit$/m, 'and the error says whose it is');
}
done_testing;
