# Documents made from the schema, half of them with a few tokens changed (seed 083-087): the bridge finds
# valid what graphql-js finds valid, and answers exactly what was asked, name by name, as graphql-js sees it
# over the same data. GENERATED_SEED and GENERATED_COUNT ask for others.
use strict;
use warnings;
use JSON::PP;
use Social;
use Test::More;

plan skip_all => 'test/npm is not installed: the npm registry was out of reach' unless -f 'test/npm/node_modules/.installed';
my ($count, $seed) = ($ENV{GENERATED_COUNT} // 400, $ENV{GENERATED_SEED} // 1);

# Two people with something of everything between them; one of them is staff.
my ($one, $two) = (account(), account());
my $tag = sprintf 'generated%x', $$;
psql(<<"SQL");
UPDATE social.users SET is_staff = true WHERE id = $two->{id};
SELECT social.act_as($one->{id}, session => true);
SELECT social.create_post('number ' || i, 'words for #$tag and \@$two->{username}') FROM generate_series(1, 5) i;
SELECT social.follow_user($two->{id});
SELECT social.act_as($two->{id}, session => true);
SELECT social.follow_user($one->{id});
SELECT social.like_post(id), social.bookmark_post(id), social.share_post(id), social.create_comment(id, 'well said') FROM social.posts WHERE author_id = $one->{id};
SELECT social.create_comment(post_id, 'answered', parent_id => id) FROM social.comments WHERE author_id = $two->{id};
SELECT social.report_post(id, 'spam') FROM social.posts WHERE author_id = $one->{id};
SQL
my ($post, $comment) = split /\|/, psql("SELECT p.id, min(c.id) FROM social.posts p JOIN social.comments c ON c.post_id = p.id WHERE p.author_id = $one->{id} GROUP BY p.id ORDER BY p.id LIMIT 1");
my @nodes = split /\n/, psql("SELECT social.node_id('Post', $post) UNION ALL SELECT social.node_id('User', $one->{id}) UNION ALL SELECT social.node_id('Comment', $comment)");
my %pool  = (tokens => [ $one->{token}, $two->{token}, undef ], values => {
	ID     => [ map { "$_" } $one->{id}, $two->{id}, $post, $comment, '999999999' ],
	userId => [ map { "$_" } $one->{id}, $two->{id} ], postId => ["$post"], commentId => ["$comment"], nodeId => [ @nodes, 'none' ],
	String => [ 'words', 'well said' ], tag => [ $tag, 'none' ], username => [ $one->{username} ] });

# So many rows and names that no document is refused for its size.
my $bridge = start_bridge(GRAPHQL_MAX_COST => 100_000_000, GRAPHQL_MAX_ALIASES => 10_000, GRAPHQL_MAX_DEPTH => 50, GRAPHQL_MAX_DIRECTIVES => 1000, GRAPHQL_MAX_TOKENS => 100_000);
open my $file, '>', "$ENV{TMPDIR}/pool-$$.json" or die $!;
print $file encode_json(\%pool);
close $file;
my $seen = decode_json(`$ENV{BRIDGE_BIN} --print-schema | node test/npm/generated.mjs $bridge->{url}/graphql/ $count $seed "\$(cat $ENV{TMPDIR}/pool-$$.json)"` || '{}');
unlink "$ENV{TMPDIR}/pool-$$.json";

is($seen->{apart}, 0, "$count documents (seed $seed): verdicts and answers are those of graphql-js") or diag(JSON::PP->new->pretty->encode($seen->{problems}));
cmp_ok($seen->{valid}, '>', $count / 3, 'many are valid');
cmp_ok($seen->{invalid}, '>', $count / 10, 'many are not');
cmp_ok($seen->{leaves}, '>', 2 * $count, 'and there is much in the answers');
cmp_ok($seen->{fields}, '>', $seen->{all} / 2, 'of most fields of Query');
is_deeply([ grep { /INTERNAL|UNAVAILABLE|LIMIT/ } keys %{ $seen->{codes} } ], [], 'nothing fails for a reason of our own') or diag(encode_json($seen->{codes}));
done_testing;
