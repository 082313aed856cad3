# What parses is what the reference implementation parses (found D2): documents of every part of the
# grammar, whole and with a few tokens changed. And what is valid is what it validates, in requests to
# our schema. GRAMMAR_SEED and GRAMMAR_COUNT ask for others.
use strict;
use warnings;
use JSON::PP;
use Test::More;
plan skip_all => 'test/npm is not installed: the npm registry was out of reach' unless -f 'test/npm/node_modules/.installed';

my $variant = $ENV{VARIANT} // 'release';
my $explain = "build/$variant/test/unit/graphql_explain";
my ($count, $seed) = ($ENV{GRAMMAR_COUNT} // 3000, $ENV{GRAMMAR_SEED} // 1);
my $lines = sub { my ($command) = @_; open my $pipe, '-|', $command or die "$command: $!"; chomp(my @lines = <$pipe>); close $pipe or die "$command: $?"; return @lines };

is(system('make', '--no-print-directory', '-s', "VARIANT=$variant", $explain), 0, 'the explain command builds');
my @asked = map { decode_json($_) } $lines->("node test/npm/graphql.mjs corpus $count $seed");
my @codes = $lines->("node test/npm/graphql.mjs corpus $count $seed | $explain --codes");
is(scalar @codes, $count, 'every document is answered');
cmp_ok(scalar(grep { $_->{parses} } @asked), '>', $count / 20, 'many of them parse');
my @apart = grep { $asked[$_]{parses} != ($codes[$_] ne 'GRAPHQL_PARSE_FAILED') } 0 .. $#asked;
is(scalar @apart, 0, 'parsers agree') or diag(map { "$asked[$_]{document}\nparses there: $asked[$_]{parses}, here: $codes[$_]\n" } @apart[ 0 .. ($#apart < 9 ? $#apart : 9) ]);

my $requests = "$explain --sdl | node test/npm/graphql.mjs rules $count $seed";
@asked = map { decode_json($_) } $lines->($requests);
@codes = $lines->("$requests | $explain --codes");
cmp_ok(scalar(grep { !$_->{fails} } @asked), '>', $count / 20, 'many requests are valid');
@apart = grep { $asked[$_]{fails} != ($codes[$_] =~ /^GRAPHQL_(?:PARSE|VALIDATION)_FAILED$/ ? 1 : 0) } 0 .. $count - 1;
is(scalar @apart, 0, 'the rules agree') or diag(map { "$asked[$_]{document}\nfails there: $asked[$_]{fails}, here: $codes[$_]\n" } @apart[ 0 .. ($#apart < 9 ? $#apart : 9) ]);
done_testing;
