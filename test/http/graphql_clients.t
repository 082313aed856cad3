# Clients of GraphQL have a session with the bridge (seed 083-087): Apollo Client, urql and Relay, the last
# with what its own compiler makes of our schema.
use strict;
use warnings;
use JSON::PP;
use Social;
use Test::More;

plan skip_all => 'test/npm is not installed: the npm registry was out of reach' unless -f 'test/npm/node_modules/.installed';
for my $client (qw(apollo urql relay))
{
	my $user = account();
	my @ids  = split /\n/, psql("SELECT social.act_as($user->{id}, session => true) \\g /dev/null\nSELECT social.create_post('number ' || i, 'text') FROM generate_series(1, 7) i");
	my $seen = decode_json(`node test/npm/clients.mjs $client $ENV{BRIDGE_URL}/graphql/ $user->{token} $user->{id} $ids[0]` || '{}');

	is_deeply($seen->{states}, [ map { s/ by/ by $user->{username}/r } 'number 1 by: 0 false', 'number 1 by: 41 true', 'number 1 by: 1 true', 'guessed by: 1 true', 'number 1 by: 1 true', 'guessed again by: 1 true', 'last by: 1 true' ],
		"$client: a query with variables; a guess that the answer corrects, one that is taken back, one that comes true");
	like($seen->{refusal}, qr/title/, 'with the reason');
	is_deeply($seen->{pages}{forward}, { ids => [ reverse @ids ], requests => 3 }, 'seven posts in pages of three, newest first');
	is_deeply($seen->{pages}{backward}, { ids => [ reverse @ids[ 1 .. 6 ] ], requests => 2 }, 'and back from the last one');
	is($seen->{again}, 'last', 'and a post by its id among everything');
}
done_testing;
