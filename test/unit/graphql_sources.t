# Every view, column and function that the GraphQL schema names exists, has a fitting type, and may be
# used by the bridge's role (design D3); so do the members of documents.
use strict;
use warnings;
use File::Temp 'tempfile';
use Test::More;

my $variant = $ENV{VARIANT} // 'release';
my $explain = "build/$variant/test/unit/graphql_explain";
my %fits    = (
	ID       => qr/^(bigint|text)$/,
	Int      => qr/^(smallint|integer|bigint)$/,
	Float    => qr/^(real|double precision|numeric.*)$/,
	String   => qr/^(text|character varying.*)$/,
	Boolean  => qr/^boolean$/,
	DateTime => qr/^timestamp with time zone$/,
);

is(system('make', '--no-print-directory', '-s', "VARIANT=$variant", $explain), 0, 'the explain command builds');
my @sources = map { chomp; [ split /\t/, $_, 3 ] } `$explain --sources`;
cmp_ok(scalar @sources, '>', 40, 'the schema has sources');

# One session for all: what each statement says stands behind its number.
my $script = "SET ROLE social_bridge;\n";
for my $i (0 .. $#sources)
{
	my ($field, $type, $sql) = @{ $sources[$i] };
	# What a document is asked for is read when it is made.
	$script .= "\\echo :$i\n" . ($sql =~ /^SELECT (?:count\(\*\) FROM )?social\.documents?\(/ ? '' : 'EXPLAIN ') . "$sql;\n";
	$script .= "\\echo :$i type\n$sql \\gdesc\n" if $type ne '';
}
my ($file, $name) = tempfile(UNLINK => 1);
print $file $script;
close $file;
my %said;
my $at = '';
for (`psql -X -A -t -q -f $name 2>&1`)
{
	$at = $1, next if /^:(\d+(?: type)?)$/;
	$said{$at} .= $_;
}
for my $i (0 .. $#sources)
{
	my ($field, $type, $sql) = @{ $sources[$i] };
	ok(defined $said{$i} && $said{$i} !~ /ERROR:/, "$field can be read by the bridge") or diag("$sql\n" . ($said{$i} // ''));
	next if $type eq '';
	my $found = ($said{"$i type"} // '') =~ s/^.*\|//r =~ s/\n//r;
	my $list  = $type =~ s/\[\]$//;
	is($found =~ s/\[\]$//, $list, "$field is an array") if $list || $found =~ /\[\]$/;
	like($found, $fits{$type} // qr/./, "$field can be a $type");
}
done_testing;
