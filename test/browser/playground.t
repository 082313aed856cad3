# The playground in a browser (seed 087): headless Chromium logs in, runs createPost and sees the answer.
# The picture of it is build/test/graphiql.png.
use strict;
use warnings;
use File::Path 'make_path';
use JSON::PP;
use Social;
use Test::More;

plan skip_all => 'bridge/web is not installed: the npm registry was out of reach' unless -f 'bridge/web/node_modules/.installed';
make_path('build/test');
for my $kind (qw(graphiql plain))
{
	my $bridge = start_bridge($kind eq 'graphiql' ? (PLAYGROUND_DIR => 'bridge/web/node_modules', GRAPHQL_INTROSPECTION => 'everybody') : (PLAYGROUND_DIR => '', GRAPHQL_INTROSPECTION => 'staff'));
	my $user   = account(url => $bridge->{url});
	psql("UPDATE social.users SET is_staff = true WHERE id = $user->{id}") if $kind eq 'plain';
	my $seen   = decode_json(`node test/browser/playground.mjs $kind $bridge->{url}/graphql/ $user->{username} '$user->{password}' build/test/$kind.png`);

	is($seen->{failed}, undef, "$kind: all that a person does goes well (build/test/$kind.png is how it looks)");
	is_deeply($seen->{problems}, [], 'no exception, no error in the console, nothing that the policy forbids');
	is_deeply([ grep { !m{ \Q$bridge->{url}\E/graphql/} && !m{ data:} } @{ $seen->{requests} } ], [], 'nobody but this bridge is asked for anything');
	like($seen->{introspection}, $kind eq 'plain' ? qr/^introspection: closed to you/ : qr/^introspection: open$/, 'it says whether introspection is open');
	like($seen->{toStaff}, qr/open/, 'as it is to whoever has logged in');
	like($seen->{note}, $kind eq 'plain' ? qr/apt-get install npm/ : qr/^$/, 'how GraphiQL is had is said where there is none');
	like($seen->{refused}, qr/password|credentials/i, 'a wrong password is told');
	is($seen->{who}, $user->{username}, 'who is logged in is shown');
	like($seen->{created}, qr/"message": "Post created".*"title": "First light"/s, 'createPost: the answer is in the page');
	like($seen->{me}, qr/"username": "\Q$user->{username}\E"/, 'as the one who is logged in');
	is($seen->{still}, $user->{username}, 'who stays so when the page is loaded again');
	is($seen->{kept}, 0, 'after the end of the session nothing of it is left in the browser');
	my $titles = psql("SELECT string_agg(title, ',' ORDER BY id) FROM social.posts WHERE author_id = $user->{id}");
	is($titles, $kind eq 'graphiql' ? 'First light,Typed' : 'First light', 'the posts are there');
	next if $kind eq 'plain';
	like($seen->{typed}, qr/"title": "Typed"/, 'a document that was typed');
	cmp_ok($seen->{header}, '>=', 1, 'with a header that was typed');
	like($seen->{documentation}, qr/Mutation/, 'the documentation of the schema is there to read');
}
done_testing;
