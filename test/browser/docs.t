# The documentation of the REST interface in a browser (issue 13, line 2): headless Chromium reads it, logs
# in by it and writes a post. The picture of it is build/test/docs-swagger.png.
use strict;
use warnings;
use File::Path 'make_path';
use JSON::PP;
use Social;
use Test::More;

plan skip_all => 'bridge/web is not installed: the npm registry was out of reach' unless -f 'bridge/web/node_modules/.installed';
make_path('build/test');
my $document = api(GET => '/api/schema/')->{json};
for my $kind (qw(swagger plain))
{
	# Swagger UI shows webhooks among the operations, at the end.
	my $operations = map { keys %$_ } map { values %{ $document->{$_} } } 'paths', $kind eq 'swagger' ? 'webhooks' : ();
	my $bridge = start_bridge(PLAYGROUND_DIR => $kind eq 'swagger' ? 'bridge/web/node_modules' : '');
	my $user   = account(url => $bridge->{url});
	my $seen   = decode_json(`node test/browser/docs.mjs $kind $bridge->{url}/api/docs/ $user->{username} '$user->{password}' $operations build/test/docs-$kind.png`);

	is($seen->{failed}, undef, "$kind: all that a person does goes well (build/test/docs-$kind.png is how it looks)");
	is($seen->{operations}, $operations, 'every operation is shown');
	is_deeply([ grep { !m{ \Q$bridge->{url}\E/api/} && !m{ data:} } @{ $seen->{requests} } ], [], 'nobody but this bridge is asked for anything');
	if ($kind eq 'plain')
	{
		is_deeply($seen->{problems}, [], 'no exception, no error in the console, nothing that the policy forbids');
		like($seen->{note}, qr/apt-get install npm/, 'how Swagger UI is had is said where there is none');
		is($seen->{first}, 'POST /api/auth/register/ Makes an account. Nobody is logged in by it.', 'what each is');
		next;
	}
	is_deeply([ grep { !/401 \(Unauthorized\)/ } @{ $seen->{problems} } ], [], 'no exception, nothing that the policy forbids');
	is($seen->{errors}, '', 'Swagger UI has no complaint about the document');
	like($seen->{stranger}, qr/401.*UNAUTHENTICATED/s, 'who has no token is told so');
	like($seen->{login}, qr/200.*"access"/s, 'a log-in');
	like($seen->{created}, qr/201.*"username": "$user->{username}".*"title": "First light"/s, 'whose token is used from then on');
	is(psql("SELECT content FROM social.posts WHERE author_id = $user->{id}"), 'from the documentation', 'the post is there');
	is($seen->{kept}, '{},{},', 'nothing of it is left in the browser');
}
done_testing;
