# search_storm.t: searches that read the index's own lists find what has been there all along, while
# others write, delete, and VACUUM takes rows and pages away. mission P-06, design D6.
use strict;
use warnings;
use lib 'test/isolation';
use Storm;
use Test::More;

sql(q{INSERT INTO social.users (username) SELECT 'u' || n FROM generate_series(1, 50) n});
# A word whose list is a tree of several pages, one whose list has just become a tree, and a short one.
sql(q{SET social.notifications = off;
	INSERT INTO social.posts (author_id, title, content)
	SELECT 1 + n % 50, 'Planted ' || n, 'anchor stays' || CASE WHEN n % 20 = 0 THEN ' twentieth' ELSE '' END || CASE WHEN n % 5000 = 0 THEN ' seldom' ELSE '' END
	FROM generate_series(1, 20000) n});

for my $fastupdate ('on', 'off')
{
	sql("ALTER INDEX social.posts_search_idx SET (fastupdate = $fastupdate)");
	my $writers = start(8, ['social.notifications=off', 'synchronous_commit=off'], <<'SQL');
\set tag random(1, 1000000000)
INSERT INTO social.posts (author_id, title, content) SELECT 1 + g % 50, 'Passing', 'anchor goes twentieth seldom w' || :tag FROM generate_series(1, 50) g;
DELETE FROM social.posts WHERE id IN (SELECT id FROM social.posts WHERE title = 'Passing' ORDER BY id LIMIT 50 FOR UPDATE SKIP LOCKED);
SQL
	my $vacuum = start(1, [], "VACUUM social.posts;\nSELECT gin_clean_pending_list('social.posts_search_idx');\n");
	my $bounds = [ map { "social.search_$_" } 'candidates_max=1048576', 'rows_max=1048576', 'walk_max=1' ];
	# A missing post divides by zero, which fails the transaction.
	my $readers = start(2, $bounds, <<'SQL');
SELECT 1 / (s.total = v.wanted)::integer FROM (VALUES ('anchor stays', 20000), ('twentieth stays', 1000), ('seldom -goes', 4), ('"anchor stays twentieth"', 1000)) v (query, wanted),
	LATERAL social.search_ranking(social.search_query(v.query), v.query, 1, NULL) s;
SQL
	# As everybody searches: within bounds, and in time.
	my $everybody = start(1, ['statement_timeout=60s'], "SELECT count(*) FROM social.search_posts('anchor twentieth');\nSELECT count(*) FROM social.search_posts('\"anchor goes twentieth seldom\"');\n");
	ends_well($readers, "fastupdate $fastupdate: every planted post is found, every time");
	ends_well($everybody, 'and bounded searches end in time');
	ends_well($writers, 'beside eight writers');
	ends_well($vacuum, 'and VACUUM');
}
is(sql(q{SELECT total FROM social.search_ranking(social.search_query('seldom stays'), 'seldom stays', 1, NULL)}), 4, 'and afterwards');

done_testing();
