# Every view, column and function that the GraphQL schema names exists, has a fitting type, and may be
# used by the bridge's role (design D3).
use strict;
use warnings;
use Test::More;

my $variant = $ENV{VARIANT} // 'release';
my $explain = "build/$variant/test/unit/graphql_explain";
my %fits    = (
	ID       => qr/^bigint$/,
	Int      => qr/^(smallint|integer|bigint)$/,
	Float    => qr/^(real|double precision|numeric.*)$/,
	String   => qr/^(text|character varying.*)$/,
	Boolean  => qr/^boolean$/,
	DateTime => qr/^timestamp with time zone$/,
);

sub psql
{
	my ($input) = @_;
	open my $child, '-|', 'sh', '-c', 'printf %s "$0" | psql -X -A -t -q -v ON_ERROR_STOP=1 2>&1', $input or die "psql: $!";
	local $/;
	my $output = <$child> // '';
	close $child;
	return ($? == 0, $output);
}

is(system('make', '--no-print-directory', '-s', "VARIANT=$variant", $explain), 0, 'the explain command builds');
my @sources = map { chomp; [ split /\t/, $_, 3 ] } `$explain --sources`;
cmp_ok(scalar @sources, '>', 40, 'the schema has sources');
for my $source (@sources)
{
	my ($field, $type, $sql) = @$source;
	my ($fine, $output) = psql("SET ROLE social_bridge; EXPLAIN $sql;");
	ok($fine, "$field can be read by the bridge") or diag("$sql\n$output");
	next if $type eq '';
	($fine, $output) = psql("$sql \\gdesc");
	like($output =~ s/^.*\|//r =~ s/\n//r, $fits{$type} // qr/./, "$field can be a $type");
}
done_testing;
