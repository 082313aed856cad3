package Route;
# Route.pm holds answers against what the routes say of themselves (social-bridge --routes): the shape
# of what succeeds, the statuses of what does not and their bodies. Social::api() asks it about every answer.
use strict;
use warnings;
use B ();
use JSON::PP;

# What any request may meet before it reaches a route, and by how it was sent.
my %general = map { $_ => 1 } 304, 400, 404, 405, 408, 411, 412, 413, 414, 415, 417, 429, 431, 501, 503, 504, 505;
my ($book, @rows);

sub book
{
	return $book if $book;
	my $text = `$ENV{BRIDGE_BIN} --routes`;
	$book = decode_json($text);
	for my $row (@{ $book->{routes} })
	{
		for my $path (@{ $row->{paths} })
		{
			my $regex = join '/', map { /^\{/ ? '[0-9]+' : quotemeta } grep { length } split m{/}, $path;
			# What is written out wins over an id, as in the bridge.
			push @rows, [ $row, qr{^/$regex/?$}, $row->{method}, ($path =~ tr/{//) ];
		}
	}
	@rows = sort { $a->[3] <=> $b->[3] } @rows;
	return $book;
}

sub find
{
	my ($method, $path) = @_;
	book();
	$path =~ s/\?.*//s;
	my ($row) = grep { $path =~ $_->[1] && $_->[2] eq $method } @rows;
	return $row ? $row->[0] : undef;
}

sub is_number { my ($value) = @_; return B::svref_2object(\$value)->FLAGS & (B::SVf_IOK | B::SVf_NOK) && !(B::svref_2object(\$value)->FLAGS & B::SVf_POK) }
sub is_text   { my ($value) = @_; return defined $value && !ref $value && !is_number($value) }

my %fits = (
	string  => \&is_text,
	integer => sub { defined $_[0] && !ref $_[0] && is_number($_[0]) && $_[0] == int $_[0] },
	number  => sub { defined $_[0] && !ref $_[0] && is_number($_[0]) },
	boolean => sub { JSON::PP::is_bool($_[0]) },
	null    => sub { !defined $_[0] },
	array   => sub { ref $_[0] eq 'ARRAY' },
	object  => sub { ref $_[0] eq 'HASH' },
);

# What is wrong with a value: a list of lines, none when it fits.
sub problems
{
	my ($schema, $value, $place) = @_;
	$schema = $book->{shapes}{$1} if ($schema->{'$ref'} // '') =~ m{([^/]+)$};
	if ($schema->{anyOf})
	{
		my @tries = map { [ problems($_, $value, $place) ] } @{ $schema->{anyOf} };
		return grep({ !@$_ } @tries) ? () : @{ $tries[0] };
	}
	return "$place is not $schema->{const}" if defined $schema->{const} && $schema->{const} ne ($value // '');
	return () unless $schema->{type};
	my ($type, $null) = ref $schema->{type} ? @{ $schema->{type} } : $schema->{type};
	return () if $null && !defined $value;
	return "$place is no $type" unless $fits{$type}->($value);
	return "$place is none of its words" if $schema->{enum} && !grep { defined && $_ eq $value } @{ $schema->{enum} };
	if ($type eq 'array')
	{
		return map { problems($schema->{items}, $value->[$_], "$place\[$_]") } 0 .. $#$value;
	}
	if ($type eq 'object')
	{
		my $members = $schema->{properties};
		return (
			(map { "$place.$_ is missing" } grep { !exists $value->{$_} } @{ $schema->{required} }),
			(map { "$place.$_ is in no shape" } grep { !$members->{$_} } sort keys %$value),
			map { problems($members->{$_}, $value->{$_}, "$place.$_") } grep { $members->{$_} } sort keys %$value);
	}
	return "$place is no time" if ($schema->{format} // '') eq 'date-time' && $value !~ /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
	return ();
}

# What is wrong with an answer: a list of lines.
sub wrong
{
	my ($method, $path, $response) = @_;
	my $row = find($method, $path) or return ();
	my $status = $response->{status};
	return () if $status == 599; # HTTP::Tiny's own
	my $error = $row->{errors}{$status};
	$error = $book->{problem} if $error && ($response->{headers}{'content-type'} // '') eq 'application/problem+json';
	return "$status is none of its statuses" if $status >= 300 && !$general{$status} && !$error;
	return $error && defined $response->{json} ? problems($error, $response->{json}, 'the answer') : () if $status >= 300;
	return "$status instead of $row->{status}" if $status != $row->{status} && $status != 294; # draft2026: 200 with errors
	my $type = $response->{headers}{'content-type'} // '';
	return () if $type =~ m{^text/html}; # a page for people, where a browser asks
	my $is_json = $type =~ m{^application/([\w.-]+\+)?json};
	return problems($row->{answer}, $is_json ? $response->{json} : $response->{content}, 'the answer');
}

1;
