# The schema that clients were promised: bridge/schema.graphql, as of the last release or the last change
# that broke something on purpose (issue 12, line 6). What breaks clients of it is called out here; what
# is meant to goes into CHANGELOG.md, and `make snapshot` promises the schema of now.
use strict;
use warnings;
use File::Temp 'tempfile';
use JSON::PP;
use Test::More;
plan skip_all => 'test/npm is not installed: the npm registry was out of reach' unless -f 'test/npm/node_modules/.installed';

my $bridge = $ENV{BRIDGE_BIN} // 'build/' . ($ENV{VARIANT} // 'release') . '/social-bridge';
my $now    = `$bridge --print-schema`;
is($?, 0, 'social-bridge --print-schema');
like($now, qr/^type Query \{$/m, 'is SDL');
unlike($now, qr/social\.|\@(?:rows|column|source|call|rowDocument)\b/, 'without what names SQL');
my ($handle, $file) = tempfile(UNLINK => 1);
print $handle $now;
close $handle;

sub breaks { my (@files) = @_; return map { decode_json($_) } `node test/npm/graphql.mjs breaks @files` }
my @breaks = breaks('bridge/schema.graphql', $file);
is($?, 0, 'graphql-js reads both');
is(scalar @breaks, 0, 'nothing that clients were promised is gone') or diag(map { "$_->{type}: $_->{description}\n" } @breaks);

# The check sees what it is there for.
my ($other, $less) = tempfile(UNLINK => 1);
print $other $now =~ s/^  username: String!$/  username: String/mr;
close $other;
cmp_ok(scalar breaks($file, $less), '>', 0, 'a field that may be null all at once is a break');
done_testing;
