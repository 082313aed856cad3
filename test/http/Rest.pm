package Rest;
# Rest.pm owns what the tests of REST's routes share: one request as one row, by whom, and what is
# expected of the answer.
use strict;
use warnings;
use Exporter 'import';
use JSON::PP;
use Social;
use Test::More;
our @EXPORT = qw(does as ids $yes $no);

our ($yes, $no) = (JSON::PP::true, JSON::PP::false);

my %code = (400 => 'BAD_REQUEST', 401 => 'UNAUTHENTICATED', 403 => 'FORBIDDEN', 404 => 'NOT_FOUND', 409 => 'CONFLICT', 415 => 'UNSUPPORTED_MEDIA_TYPE', 422 => 'UNPROCESSABLE');

# Somebody (an account, or undef) sends "POST posts/posts/1/like/" below /api/ with a body (or undef).
# Of a success, members of the answer are compared, those that are expected alone. Returns the JSON.
sub does
{
	my ($who, $call, $body, $status, $expected, $name) = @_;
	my ($method, $path) = split / /, $call, 2;
	my $answer = api($method => "/api/$path", $who ? (token => $who->{token}) : (), defined $body ? (json => $body) : ());
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	if ($status >= 400)
	{
		is_error($answer, $status, $code{$status}, "$name: $call is $status");
		return $answer->{json};
	}
	my $json = $answer->{json};
	is_deeply([ $answer->{status}, ref $json eq 'HASH' ? { map { $_ => $json->{$_} } keys %$expected } : $json ], [ $status, $expected ], "$name: $call")
	  or diag($answer->{content});
	return $json;
}

# Runs SQL as somebody; what it returns last.
sub as
{
	my ($who, $sql) = @_;
	return psql("SELECT social.act_as($who->{id}), $sql") =~ s/^.*\|//sr;
}

# The ids of a page, in order; `key` where they stand within an object.
sub ids
{
	my ($page, $key) = @_;
	return [ map { ($key ? $_->{$key} : $_)->{id} } @{ $page->{results} } ];
}

1;
