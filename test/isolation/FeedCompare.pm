package FeedCompare;
# FeedCompare.pm holds a feed against itself, for the storms: compare() in the database says whether the
# pages are the same by walking and by merging, from the top and from a random place, both ways.
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = 'feed_compare';

sub feed_compare
{
	return <<'SQL';
CREATE FUNCTION compare(reader bigint DEFAULT 1) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	place text := (SELECT social.cursor_encode('home_feed', p.position, p.id) FROM social.posts p
		WHERE p.position >= (SELECT (random() * max(n.position))::bigint FROM social.posts n) ORDER BY p.position LIMIT 1);
	budget text;
	found text[];
BEGIN
	PERFORM social.act_as(reader);
	FOREACH budget IN ARRAY ARRAY['0', '10000000', '-1']
	LOOP
		PERFORM set_config('social.feed_walk_budget', budget, true);
		found := found || (SELECT string_agg(concat_ws(' ', f.id, f.reposted_by_id), ',') FROM (
			(SELECT f.id, f.reposted_by_id FROM social.home_feed(first => 50) f) UNION ALL
			(SELECT f.id, f.reposted_by_id FROM social.home_feed(first => 50, after => place) f) UNION ALL
			(SELECT f.id, f.reposted_by_id FROM social.home_feed(first => 50, before => place) f)) f);
	END LOOP;
	RETURN coalesce(found[1] = found[2] AND found[1] = found[3], false);
END
$$;
SQL
}

1;
