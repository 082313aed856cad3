# Tags of what is read, and updates that ask for what was read (issue 13, "HTTP a client expects": ETag,
# If-None-Match, If-Match; its bad input: two writers, one 412).
use strict;
use warnings;
use JSON::PP;
use Social;
use Test::More;

my $ann = account();
my $bea = account();
my $id  = api(POST => '/api/posts/posts/', token => $ann->{token}, json => { title => 'a post', content => 'text' })->{json}{id};
my $comment = api(POST => "/api/posts/posts/$id/comments/", token => $ann->{token}, json => { content => 'a comment' })->{json}{id};
my %path = (post => "/api/posts/posts/$id/", comment => "/api/posts/posts/$id/comments/$comment/", profile => '/api/accounts/users/me/');
my %edit = (post => sub { { content => "edit $_[0]" } }, comment => sub { { content => "edit $_[0]" } }, profile => sub { { bio => "edit $_[0]" } });
sub get   { my ($path, %headers) = @_; return api(GET => $path, token => $ann->{token}, headers => \%headers) }
sub tag   { my ($path) = @_; return get($path)->{headers}{etag} }
sub patch { my ($kind, $text, %headers) = @_; return api(PATCH => $path{$kind}, token => $ann->{token}, json => $edit{$kind}->($text), headers => \%headers) }

# Reading.
for my $path (values %path, '/api/posts/posts/', "/api/accounts/users/$ann->{id}/", '/api/posts/feed/', '/api/posts/search/?query=post', "/api/posts/posts/$id/comments/")
{
	my $first = get($path);
	my $tag   = $first->{headers}{etag};
	like($tag, qr/^"[0-9a-f.]+"$/, "GET $path: a strong tag");
	for my $list ($tag, "W/$tag", "\"x\", $tag", "$tag, \"y\"", '*', ' * ')
	{
		my $again = get($path, 'If-None-Match' => $list);
		is("$again->{status} " . length($again->{content} // '') . " $again->{headers}{etag}", "304 0 $tag", "304 for If-None-Match: $list") or diag($again->{content});
	}
	is(get($path, 'If-None-Match' => $_)->{content}, $first->{content}, "200 for If-None-Match: $_") for '"x"', 'nonsense', '"', 'W/', ',', $tag =~ s/"\z/x"/r;
	my $head = api(HEAD => $path, token => $ann->{token});
	is_deeply([ @{ $head->{headers} }{qw(etag content-length)} ], [ @{ $first->{headers} }{qw(etag content-length)} ], 'HEAD tells the same');
	is(api(HEAD => $path, token => $ann->{token}, headers => { 'If-None-Match' => $tag })->{status}, 304, 'and is asked likewise');
	is(get($path, 'If-Match' => $tag)->{status}, 200, 'If-Match on a GET');
	is_error(get($path, 'If-Match' => '"x"'), 412, 'PRECONDITION_FAILED', 'which does not hold');
}
is_deeply([ @{ get($path{post})->{headers} }{qw(cache-control vary)} ], [ 'private, no-cache', 'Authorization' ], 'content may be kept by whom it was for');
is(get($path{profile})->{headers}{'cache-control'}, 'no-store', 'an account is not kept');

# A like is another document, and no other version.
my $before = tag($path{post});
api(POST => "$path{post}like/", token => $bea->{token});
isnt(tag($path{post}), $before, 'a like changes the bytes, so the tag');
is(get($path{post}, 'If-None-Match' => $before)->{status}, 200, 'and they are sent');
my $answer = patch(post => 'liked', 'If-Match' => $before);
is($answer->{status}, 200, 'but it is no conflict with an edit');
is($answer->{headers}{etag}, tag($path{post}), 'which tells the next tag');

# Updating.
for my $kind (sort keys %path)
{
	my $tag = tag($path{$kind});
	is(patch($kind, 1, 'If-Match' => $tag)->{status}, 200, "$kind: as it was read");
	is_error(patch($kind, 2, 'If-Match' => $tag), 412, 'PRECONDITION_FAILED', 'a second time it has changed');
	like(get($path{$kind})->{content}, qr/edit 1/, 'and stays');
	my $now = tag($path{$kind});
	is_error(patch($kind, 3, 'If-Match' => $_), 412, 'PRECONDITION_FAILED', "no match: $_") for "W/$now", '"x"', '"0.0"', $now =~ s/^"[^.]*/"/r;
	is_error(patch($kind, 3, 'If-Match' => $_), 400, 'BAD_REQUEST', 'no list: ' . substr $_, 0, 30) for 'x', '"', "$now x", '*, "x"', substr($now, 0, 5), join(',', ('"12345678901234567890.0"') x 110);
	is_error(patch($kind, 3, 'If-None-Match' => $_), 412, 'PRECONDITION_FAILED', "If-None-Match: $_") for '*', $now, "W/$now";
	like(get($path{$kind})->{content}, qr/edit 1/, 'nothing of that was done');
	is(patch($kind, 4, 'If-Match' => "\"x\", $now")->{status}, 200, 'one of a list');
	is(patch($kind, 5, 'If-Match' => '*')->{status}, 200, 'any');
	is(patch($kind, 6, 'If-None-Match' => '"1.0"')->{status}, 200, 'any but that');
	is(patch($kind, 7)->{status}, 200, 'and without a condition as ever');

	# Two writers who have read the same: behind a lock, and as it comes.
	for my $round (1 .. 3)
	{
		$tag = tag($path{$kind});
		my $lock;
		if ($round == 1)
		{
			open $lock, '|-', 'psql', '-X', '-q', '-o', '/dev/null' or die;
			$lock->autoflush;
			my ($table, $row) = $kind eq 'post' ? (posts => $id) : $kind eq 'comment' ? (comments => $comment) : (users => $ann->{id});
			print $lock "BEGIN; SELECT FROM social.$table WHERE id = $row FOR UPDATE; SELECT 'etag lock $kind';\n";
			wait_until(30, sub { psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%etag lock $kind%' AND state = 'idle in transaction'") }) or die;
		}
		my @writers = map { raw_connect() } 1, 2;
		for my $writer (0, 1)
		{
			my $body = encode_json($edit{$kind}->("round $round writer $writer"));
			syswrite $writers[$writer], "PATCH $path{$kind} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer $ann->{token}\r\nContent-Type: application/json\r\nIf-Match: $tag\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
		}
		if ($lock)
		{
			wait_until(30, sub { psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%require_version%'") >= 2 });
			print $lock "ROLLBACK;\n";
			close $lock;
		}
		my @answers = map { (raw_read($_, 30))[0] } @writers;
		my @status  = map { m{^HTTP/1\.1 (\d+)} ? $1 : 'none' } @answers;
		is(join(' ', sort @status), '200 412', "$kind, round $round: two writers, one 412");
		my $winner = $status[0] eq '200' ? 0 : 1;
		like(get($path{$kind})->{content}, qr/round $round writer $winner/, 'and the other one\'s text');
	}
}
is_error(api(PATCH => $path{post}, token => $bea->{token}, json => { content => 'x' }, headers => { 'If-Match' => '*' }), 403, 'FORBIDDEN', 'somebody else\'s');
is_error(api(PATCH => '/api/posts/posts/9007199254740991/', token => $ann->{token}, json => { content => 'x' }, headers => { 'If-Match' => '*' }), 404, 'NOT_FOUND', 'what is not there');
is_error(api(DELETE => "/api/accounts/users/$bea->{id}/follow/", token => $ann->{token}, headers => { 'If-Match' => '"1.0"' }), 412, 'PRECONDITION_FAILED', 'what has no version fits none');
for my $kind (qw(comment post))
{
	my $tag = tag($path{$kind});
	patch($kind, 'late');
	is_error(api(DELETE => $path{$kind}, token => $ann->{token}, headers => { 'If-Match' => $tag }), 412, 'PRECONDITION_FAILED', "deleting a $kind that has changed");
	is(api(DELETE => $path{$kind}, token => $ann->{token}, headers => { 'If-Match' => tag($path{$kind}) })->{status}, 200, 'and as it is');
}

# Answers of what is made tell a tag; what a browser page is made of has one, too.
like(api(POST => '/api/posts/posts/', token => $ann->{token}, json => { title => 'new', content => 'text' })->{headers}{etag}, qr/^"[0-9]+\./, 'a new post');
my $schema = api(GET => '/api/schema/')->{headers}{etag};
is(api(GET => '/api/schema/', headers => { 'If-None-Match' => $_ })->{status}, 304, "bytes that never change: $_") for $schema, "W/$schema", "\"a\", $schema";
is(api(GET => '/api/schema/', headers => { 'If-None-Match' => $schema =~ s/"\z/x"/r })->{status}, 200, 'another tag');
done_testing;
