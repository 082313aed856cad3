package GraphQL;
# GraphQL.pm owns what the tests of GraphQL's operations share: asking as somebody, and what an answer
# or a refusal looks like.
use strict;
use warnings;
use Exporter 'import';
use JSON::PP;
use Social;
use Test::More;
our @EXPORT = qw(ask get refused payload);

# The whole answer. Who asks is an account, a token, or undef for nobody.
sub ask
{
	my ($as, $query, %variables) = @_;
	my $token = ref $as ? $as->{token} : $as;
	return api(POST => '/graphql/', json => { query => $query, variables => \%variables }, defined $token ? (token => $token) : ())->{json};
}

# The one root field of an answer without errors.
sub get
{
	my $answer = ask(@_);
	my ($key, @more) = keys %{ $answer->{data} // {} };
	return $answer->{data}{$key} unless $answer->{errors} || @more;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	fail('an answer without errors');
	diag(encode_json($answer));
	return;
}

# The object of a mutation's payload, which says that it went well (seed 083).
sub payload
{
	my ($object, @question) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $payload = get(@question);
	ok($payload->{success} && length $payload->{message}, "seed 083: success and message, with $object") or diag($question[1]);
	return $payload->{$object};
}

# Refused: the field is null, and has an error with this code and its place.
sub refused
{
	my ($code, $name, @question) = @_;
	my $answer = ask(@question);
	my ($key)  = keys %{ $answer->{data} // {} };
	my $error  = $answer->{errors}[0] // {};
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_deeply([ defined $key && $answer->{data}{$key}, $error->{path}, $error->{extensions}{code}, ref $error->{locations} ], [ undef, [$key], $code, 'ARRAY' ], $name)
	  or diag(encode_json($answer));
	return $error;
}

1;
