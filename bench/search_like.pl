# search_like.pl: substring search against the scan that ILIKE makes, for texts that are common,
# rare, nowhere, or made of common parts; people and hashtags by what somebody types; and what the
# trigram index costs those who post. Milliseconds of the backend's CPU, p50; posts by CPU second.
# All people of the data are called person and a number: the worst case for looking up a name.
use strict;
use warnings;
use Bench;
use Dataset;

$| = 1;
Dataset::load() if !Dataset::is_loaded();
# As after an update: vectors that bigrams are missing from are made anew.
sql('SELECT social.start_reindex(); DO $$ BEGIN WHILE social.reindex_posts(20000) > 0 LOOP COMMIT; END LOOP; END $$; VACUUM ANALYZE social.posts;')
  if sql("SELECT count(*) FROM social.posts p WHERE p.title ~ '[가-힣]' AND p.language IS NULL");

# ---- finding ----------------------------------------------------------------------------------------

my %text = (
	'a common word'          => 'time',
	'a rare word'            => Dataset::word(1000),
	'a phrase'               => 'harbour lights',
	'nowhere'                => 'xyzzyx',
	'rare, of common parts'  => 'orld life wor',
	'two Japanese characters' => '鰻重',
	'two letters'            => 'q!',
);
my @calls;
for my $name (sort keys %text)
{
	push @calls, [ "like $name", undef, "EXECUTE ours('$text{$name}')" ], [ "scan $name", undef, "EXECUTE scan('%$text{$name}%')" ];
}
my %ms = latencies(calls => \@calls, prepare => <<'SQL');
PREPARE ours(text) AS SELECT * FROM social.search_posts_like($1, 20);
-- Every post is read: the page is in order of the position, not walked by it.
PREPARE scan(text) AS SELECT * FROM social.visible_posts v WHERE v.id IN (
	SELECT p.id FROM social.posts p WHERE p.position IS NOT NULL AND p.visibility = 'public' AND (p.title ILIKE $1 OR p.content ILIKE $1)
	ORDER BY p.position + 0 DESC LIMIT 20);
SQL
row("substring search, $_, ms / ILIKE scan", $ms{"like $_"}, $ms{"scan $_"}, '') for sort keys %text;

my %typed = latencies(
	calls => [
		[ 'users a beginning', undef, q{EXECUTE people('person123')} ], [ 'users a typing error', undef, q{EXECUTE people('perosn1234')} ],
		[ 'hashtags a beginning', undef, q{EXECUTE tags('mu')} ], [ 'hashtags a typing error', undef, q{EXECUTE tags('musci')} ],
		[ 'known', undef, 'EXECUTE known' ] ],
	prepare => <<'SQL');
PREPARE people(text) AS SELECT * FROM social.search_users($1, 20);
PREPARE tags(text) AS SELECT * FROM social.search_hashtags($1, 20);
PREPARE known AS SELECT * FROM social.visible_users WHERE id BETWEEN 101 AND 120;
SQL
row("search $_, ms / 20 people by known ids", $typed{$_}, $typed{known}, '') for sort grep { $_ ne 'known' } keys %typed;

# ---- posting ------------------------------------------------------------------------------------------

$ENV{PGOPTIONS} = '-c synchronous_commit=off';
my $last = sql('SELECT max(id) FROM social.posts');
my $insert = "INSERT INTO social.posts (author_id, title, content) SELECT author_id, title, content FROM social.posts WHERE id = :id AND title <> '';";
my $with = sub {
	my ($has_index) = @_;
	# An index that is not ready takes no entries.
	sql("UPDATE pg_index SET indisready = $has_index WHERE indexrelid = 'social.posts_trigram_idx'::regclass");
	my $before = cpu_seconds('postgres');
	my $result = pgbench("\\set id random(1, $last)\n$insert\n", '-c 2', '-j 1', '-T ' . seconds_per_side());
	return $result->{transactions} / (cpu_seconds('postgres') - $before);
};
my %posts = interleave(a_with => sub { $with->('true') }, b_without => sub { $with->('false') });
row('posts by CPU second, with the trigram index / without', median(@{ $posts{a_with} }), median(@{ $posts{b_without} }), '');
sql("UPDATE pg_index SET indisready = true WHERE indexrelid = 'social.posts_trigram_idx'::regclass; REINDEX INDEX social.posts_trigram_idx;");
printf "%-58s %12s\n", "  trigram index beside the posts' rows", sql("SELECT pg_size_pretty(pg_relation_size('social.posts_trigram_idx')) || ' / ' || pg_size_pretty(pg_relation_size('social.posts'))");
