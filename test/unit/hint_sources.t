# Every hint of the extension that speaks SQL has words for the clients of HTTP, or none, in the table
# of bridge/error/hints.c; and every row there is of a hint that exists (found A14).
use strict;
use warnings;
use Test::More;

sub slurp { my ($file) = @_; open my $handle, '<', $file or die "$file: $!"; local $/; return scalar <$handle> }

my $string = qr/"(?:[^"\\]|\\.)*"/;
my $nested = qr/(\((?:[^()"]++|$string|(?-1))*\))/;

# The strings in a piece of C; neighbours are one.
sub strings_of
{
	my ($text) = @_;
	my @found;
	while ($text =~ /($string(?:\s*(?:INT64_FORMAT\s*)?$string)*)/g)
	{
		push @found, join('', map { s/\\(["\\])/$1/gr } $1 =~ /"((?:[^"\\]|\\.)*)"/g);
	}
	return @found;
}

# The arguments of a call in SQL that begins at the text's position.
sub arguments
{
	my ($text, $at) = @_;
	my ($depth, $in_text, @list) = (1, 0, '');
	for (; $depth > 0; $at++)
	{
		my $c = substr $text, $at, 1;
		die 'unclosed call' if $c eq '';
		$in_text = !$in_text if $c eq q{'};
		$depth += $c eq '(' ? 1 : $c eq ')' ? -1 : 0 unless $in_text;
		if ($c eq ',' && $depth == 1 && !$in_text) { push @list, '' }
		elsif ($depth > 0) { $list[-1] .= $c }
	}
	return @list;
}

my %hints;
for my $file (glob 'extension/*.[ch] extension/*/*.[ch]')
{
	my $text = slurp($file);
	$hints{$_}{$file} = 1 for map { strings_of($_) } map { $_->[1] } grep { $_->[0] } map { [ 1, $_ ] } $text =~ /\berrhint(?:_plural|_internal)?\s*$nested/g;
	$hints{$_}{$file} = 1 for map { (strings_of($_))[2] } $text =~ /(\{"SM\d{3}",\s*$string,\s*$string\})/g;
}
for my $file (glob 'sql/api/*.sql sql/upgrade/0.4--*.sql')
{
	my $text = slurp($file);
	while ($text =~ /\braise_error\(/g)
	{
		my $hint = (arguments($text, pos $text))[3] // '';
		$hints{ s/''/'/gr }{$file} = 1 for $hint =~ /'((?:[^']|'')+)'/g;
	}
	$hints{ s/''/'/gr }{$file} = 1 for $text =~ /\bHINT\s*=\s*'((?:[^']|'')+)'/g;
}
cmp_ok(scalar keys %hints, '>', 50, 'the extension has hints');
ok($hints{$_}, "one of them: $_") for 'Log in again.', 'Choose another one.', 'Give it a value.', 'Compare it with the earlier request.', 'Its author has closed it for replies.';

# What only somebody with a connection to the database could do, or would call it by that name.
my $sql = qr{\bsocial\.|\\df|=>|\(\)|\b(?:SELECT|SET|ALTER|CREATE|DROP|UPDATE|INSERT|EXTENSION)\b|\b[Cc]all\b|\b(?:function|viewer|null|role|transactions?|schema)\b|[a-z]_[a-z*]};
my ($table) = slurp('bridge/error/hints.c') =~ /\n\} hints\[\] = (\{.*?\n\});/s;
my %row = map { ((strings_of($_))[0] => $_) } $table =~ /\n\t(\{$string.*?\}\}),/sg;
cmp_ok(scalar keys %row, '>', 20, 'the bridge has a table of them');
ok($row{$_}, "HTTP has words for it, or none: $_") or diag(keys %{ $hints{$_} }) for grep { $_ =~ $sql } sort keys %hints;
ok($hints{$_}, "still raised: $_") for sort keys %row;
for my $hint (sort keys %row)
{
	my (undef, @texts) = strings_of($row{$hint} =~ s/NULL/""/gr);
	unlike($_, $sql, "no SQL over HTTP: $hint") for @texts;
}
done_testing;
