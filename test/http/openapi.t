# The OpenAPI document (issue 13, line 2): it says what the rows say, a linter finds nothing in it, and the
# bridge does what it says. test/http/playground.t has the page that shows it.
use strict;
use warnings;
use File::Temp 'tempfile';
use JSON::PP;
use Route;
use Social;
use Test::More;

my $text = `$ENV{BRIDGE_BIN} --print-openapi`;
is($?, 0, '--print-openapi');
my $document = decode_json($text);
my $served   = api(GET => '/api/schema/');
is("$served->{status} $served->{headers}{'content-type'}", '200 application/json', 'issue 13: the document is served, whoever asks');
is_deeply($served->{json}, $document, 'it is what --print-openapi prints');
is($document->{openapi}, '3.1.0', 'OpenAPI 3.1');
is($document->{info}{version}, `$ENV{BRIDGE_BIN} --version` =~ s/\S+ (\S+)\n/$1/r, 'of this version');

# ---- asked for again
my $tag = $served->{headers}{etag};
like($tag, qr/^"[0-9a-f]{32}"$/, 'it has a tag');
is($served->{headers}{'cache-control'}, 'no-cache', 'may be kept, and is asked for each time');
my $again = api(GET => '/api/schema', headers => { 'If-None-Match' => $tag });
is("$again->{status} $again->{headers}{etag} " . length($again->{content} // ''), "304 $tag 0", 'who has it is told so');
my $head = api(HEAD => '/api/schema/');
is("$head->{status} $head->{headers}{'content-length'}", '200 ' . length $served->{content}, 'HEAD');
is_error(api(POST => '/api/schema/', json => {}), 405, 'METHOD_NOT_ALLOWED', 'it is only read');

# ---- the rows, all of them
my %operation;
for my $path (keys %{ $document->{paths} })
{
	$operation{"\U$_\E $path"} = $document->{paths}{$path}{$_} for keys %{ $document->{paths}{$path} };
}
my @rows = grep { !$_->{hidden} } @{ Route::book()->{routes} };
is_deeply([ sort keys %operation ], [ sort map { "$_->{method} $_->{paths}[0]" } @rows ], 'every row is an operation, and nothing else is');
for my $row (@rows)
{
	my $it       = $operation{"$row->{method} $row->{paths}[0]"};
	my %sent     = map { ("$_->{in}.$_->{name}" => $_) } grep { $_->{in} ne 'header' } @{ $it->{parameters} };
	my %header   = map { ($_->{name} => 1) } grep { $_->{in} eq 'header' } @{ $it->{parameters} };
	my %body     = map { ("body.$_" => 1) } keys %{ body_schema($it)->{properties} // {} };
	my %must     = map { ($_ => 1) } @{ ($row->{takes} // {})->{required} // [] };
	my %wanted   = map { ("$_->{in}.$_->{name}" => $_) } grep { $_->{in} ne 'client' } @{ $row->{parameters} },
	  map { { in => $row->{method} eq 'GET' ? 'query' : 'body', name => $_, required => $must{$_} } } keys %{ ($row->{takes} // {})->{properties} // {} };
	my @problems = (
		(join(' ', sort keys %sent, keys %body) ne join(' ', sort keys %wanted) ? 'parameters' : ()),
		((!$header{'Idempotency-Key'} xor !($row->{idempotency_key} || "$row->{method} $row->{name}" eq 'POST graphql')) ? 'Idempotency-Key' : ()),
		((!$header{'If-Match'} xor !$row->{if_match}) ? 'If-Match' : ()),
		($it->{summary} ne $row->{summary}                                    ? 'summary'    : ()),
		((grep { !$it->{responses}{$_} } keys %{ $row->{errors} }, $row->{status}) ? 'statuses' : ()),
		((grep { index($it->{description}, "`$_`") < 0 } @{ $row->{paths} }[ 1 .. $#{ $row->{paths} } ]) ? 'other paths' : ()),
		($row->{action} && !grep({ $_->{action} eq $row->{action} } @{ $it->{'x-rate-limit'} }) ? 'limits' : ()),
		(join(' ', sort @{ body_schema($it)->{required} // [] }) ne join(' ', sort map { $_->{name} } grep { $_->{in} eq 'body' && $_->{required} } values %wanted) ? 'what must be there' : ()));
	is_deeply(\@problems, [], "$it->{operationId} is $row->{method} $row->{paths}[0]");
}

# The schema of a body, or of a place's, behind its reference.
sub body_schema
{
	my ($place) = @_;
	my $schema = ($place->{requestBody} // $place)->{content}{'application/json'}{schema} // {};
	return ($schema->{'$ref'} // '') =~ m{([^/]+)$} ? $document->{components}{schemas}{$1} : $schema;
}

# ---- every name is explained (api/fields.def)
my @silent;
sub look
{
	my ($it, $where) = @_;
	if (ref $it eq 'ARRAY') { look($it->[$_], $where) for 0 .. $#$it }
	return unless ref $it eq 'HASH';
	push @silent, map { "$where: $_" } grep { ref $it->{properties}{$_} && !$it->{properties}{$_}{description} && encode_json($it->{properties}{$_}) !~ /"\$ref"/ } keys %{ $it->{properties} } if ref $it->{properties} eq 'HASH';
	push @silent, "$where: $it->{name}" if ($it->{in} // '') =~ /^(?:path|query|header)$/ && $it->{schema} && !$it->{description};
	look($it->{$_}, "$where/$_") for grep { $_ ne 'example' } keys %$it;
	return;
}
look($document, '');
is_deeply([ sort @silent ], [], 'what there is to send and to get is explained');

# ---- some of it in full
my $create = $operation{'POST /api/posts/posts/'};
is_deeply($create->{security}, [ { bearer => [] }, { api_key => ['write'] } ], 'who must have a token, and which scope a key');
is_deeply([ map { "$_->{action} $_->{subject} $_->{rate}" } @{ $create->{'x-rate-limit'} } ],
	[ 'global client 100/minute', 'global key 100/minute', 'post_creation user 10/hour', 'post_creation user 60/minute', 'post_creation anonymous 1/hour' ], 'how often');
is($create->{responses}{201}{headers}{Location}{'$ref'}, '#/components/headers/Location', 'where the post is');
my $request = body_schema($create);
is("$request->{properties}{title}{type} $request->{properties}{title}{minLength} $request->{properties}{title}{maxLength}", 'string 1 255', 'how long a title may be');
is_deeply($request->{properties}{is_published}, { type => [ 'boolean', 'null' ], default => JSON::PP::true, description => $request->{properties}{is_published}{description} }, 'what holds where nothing is said');
my $list = $operation{'GET /api/posts/posts/'};
my ($first) = grep { $_->{name} eq 'first' } @{ $list->{parameters} };
is_deeply($first->{schema}, { type => 'integer', format => 'int32', minimum => 1, maximum => 100, default => 20 }, 'how large a page may be');
is($list->{responses}{200}{links}{next}{parameters}{after}, '$response.body#/next', 'how one page leads to the next');
is_deeply($document->{components}{schemas}{Post}{properties}{author}{anyOf}, [ { '$ref' => '#/components/schemas/Person' }, { type => 'null' } ], 'a post may have no author');
is($document->{components}{schemas}{Post}{properties}{created_at}{format}, 'date-time', 'its time is one');
is($document->{components}{schemas}{RegisterRequest}{properties}{email}{format}, 'email', 'an address is one');
is_deeply($operation{'GET /api/posts/rate-limit-status/'}{security}, [ {}, { bearer => [] }, { api_key => [] } ], 'where a token may be');
is_deeply($operation{'POST /api/auth/login/'}{security}, [], 'where it is not looked at');
is_deeply(body_schema($operation{'GET /api/posts/health/'}{responses}{503})->{properties}{status}{enum}, [ 'healthy', 'unhealthy' ], 'a refusal with a body of its own');

# ---- it is of this bridge
{
	local $ENV{ANONYMOUS_READ} = 'on';
	my $open = decode_json(scalar `$ENV{BRIDGE_BIN} --print-openapi`);
	is_deeply($open->{paths}{'/api/posts/posts/'}{get}{security}, [ {}, { bearer => [] }, { api_key => ['read'] } ], 'ANONYMOUS_READ=on: a list may be read without a token');
	is_deeply($open->{paths}{'/api/posts/posts/'}{post}{security}, [ { bearer => [] }, { api_key => ['write'] } ], 'and nothing may be written');
}

# ---- and others' tools can read it
SKIP:
{
	skip 'test/npm is not installed: the npm registry was out of reach', 4 unless -f 'test/npm/node_modules/.installed';
	my ($file, $path) = tempfile(UNLINK => 1);
	print $file $text;
	close $file;
	is_deeply(decode_json(`node test/npm/openapi_lint.mjs $path`), [], 'the linter finds nothing');

	# Every operation is called, with values that the document asks for and such that it does not.
	my $me = account();
	psql("UPDATE social.users SET is_staff = true, is_superuser = true, is_locked = true WHERE id = $me->{id}");
	psql(q{SELECT social.set_consent_document('terms', '2026-11')});
	# More accounts, with the same password, whose sessions need no check of it.
	my ($other, @accounts) = map { my %one; @one{qw(id username token refresh)} = split /\|/; \%one } split /\n/, psql(<<~SQL);
		INSERT INTO social.users (username, email, password)
		SELECT u.username || '_' || i, u.username || '_' || i || '\@example.com', u.password FROM social.users u, generate_series(1, 40) i WHERE u.id = $me->{id};
		SELECT u.id, u.username, s.access, s.refresh FROM social.users u, social.start_session(u.id) s WHERE u.username ~ '^$me->{username}_[0-9]+\$' ORDER BY 1;
		SQL
	my @people = split /\n/, psql("INSERT INTO social.users (username) SELECT '$me->{username}_p' || i FROM generate_series(1, 60) i RETURNING id");
	my @waiting = splice @people, 0, 2;
	psql("SELECT social.act_as($_, session => true); SELECT social.follow_user($me->{id})") for @waiting;
	# A file that is ready, where cookies are for: CloudFront has nothing to do with whether it is there.
	chomp(my $key = `base64 -w0 test/data/jwt_keys/rs256.pem`);
	psql("SELECT social.set_media_store(public_url => 'https://cdn.example.com', cdn_key_id => 'K1', cdn_private_key => '$key')");
	my $ready = psql("INSERT INTO social.media (owner_id, state, key, content_type) VALUES ($me->{id}, 'ready', 'uploads/$me->{id}/called.png', 'image/png') RETURNING id");
	my ($input, $from) = tempfile(UNLINK => 1);
	print $input encode_json({ url => $ENV{BRIDGE_URL}, me => $me, ready => 0 + $ready, other => { %$other, id => 0 + $other->{id} }, accounts => \@accounts, people => [ map { 0 + $_ } @people ], requests => [ map { 0 + $_ } @waiting ] });
	close $input;
	# Streams and webhooks are made, and stay, as they would for nobody.
	psql('ALTER SYSTEM SET social.stream_active_max = 1000; ALTER SYSTEM SET social.webhook_max = 1000; SELECT pg_reload_conf()');
	my $seen = decode_json(`node test/npm/openapi_calls.mjs <$from` || '{"wrong":["it ended"]}');
	is_deeply($seen->{wrong}, [], 'no call is answered otherwise than the document says') or diag(join "\n", @{ $seen->{wrong} }[0 .. 30]);
	psql("SELECT social.set_media_store(public_url => '', cdn_key_id => '', cdn_private_key => '')");
	psql('ALTER SYSTEM RESET social.stream_active_max; ALTER SYSTEM RESET social.webhook_max; SELECT pg_reload_conf()');
	note(join ', ', map { "$_: $seen->{calls}{$_}" } sort keys %{ $seen->{calls} });

	# A client in TypeScript is generated of it, checked by the compiler, and has a session.
	my $name   = "$me->{username}_ts";
	my $client = decode_json(`node test/npm/openapi_client.mjs $path build/test/openapi $ENV{BRIDGE_URL} $name` || '{"wrong":["it ended"]}');
	is_deeply($client->{wrong}, [], 'a generated client type-checks, and a session with it goes well');
	is_deeply(
		$client->{seen},
		{
			created   => { title => 'number 1', hashtags => ['first'], likes_count => 0, again => JSON::PP::true },
			pages     => [ [ 5, 4 ], [ 3, 2 ], [1] ],
			liked     => { liked => JSON::PP::true, likes_count => 1 },
			comment   => { content => 'Well said', author => "${name}_b" },
			following => JSON::PP::true,
			feed      => [ 'number 5', 'number 4', 'number 3' ],
			edited    => 'edited',
			failures  => {
				lost     => { status => 412, code => 'PRECONDITION_FAILED' },
				missing  => { status => 404, code => 'NOT_FOUND' },
				foreign  => { status => 403, code => 'FORBIDDEN' },
				taken    => { status => 409, code => 'CONFLICT' },
				wrong    => { status => 401, code => 'UNAUTHENTICATED' },
				stranger => { status => 401, code => 'UNAUTHENTICATED' },
				empty    => { status => 400, code => 'BAD_REQUEST' },
				page     => { status => 400, code => 'BAD_REQUEST' },
			},
		},
		'register, log in, write, page on, like, comment, follow, feed, errors');
}
done_testing;
