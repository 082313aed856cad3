-- text_scan.sql measures both extractions of 500-character posts against regexp_matches, interleaved,
-- and prints the median ratio (design: at least 30). psql -f, in a database with the extension.
\set QUIET on
SET client_min_messages = warning;
CREATE TEMPORARY TABLE posts AS
SELECT i, left('Shipping the new #PostgreSQL extension today with @alice_w and @bob: tags and names are found in one pass. '
	|| 'Read https://example.com/notes#scanner for how it works, or ask me@example.com. '
	|| repeat('Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore. ', 4), 465)
	|| ' #C #Linux (cc @carol) ' || to_char(i, 'FM000000') AS content
FROM generate_series(1, 20000) AS i;
ANALYZE posts;

CREATE FUNCTION pg_temp.seconds(calls integer, use_scanner boolean) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	IF use_scanner THEN
		PERFORM count(social.extract_hashtags(content)), count(social.extract_mentions(content))
		FROM posts WHERE i <= calls;
	ELSE
		PERFORM count((SELECT array_agg(m[1]) FROM regexp_matches(content, '(?:^|[^\w&])#(\w*[[:alpha:]]\w*)', 'g') m)),
			count((SELECT array_agg(m[1]) FROM regexp_matches(content, '(?:^|[^\w!#$%&*@])@(\w{1,30})', 'g') m))
		FROM posts WHERE i <= calls;
	END IF;
	RETURN extract(epoch FROM clock_timestamp() - started) / calls;
END
$$;

CREATE TEMPORARY TABLE measured AS
SELECT pg_temp.seconds(1000, false) AS pattern, pg_temp.seconds(20000, true) AS scanner FROM generate_series(1, 7);
SELECT format('text scanner: %s us, regexp_matches: %s us, ratio %s (bar 30)',
	round(1e6 * percentile_cont(0.5) WITHIN GROUP (ORDER BY scanner)::numeric, 2),
	round(1e6 * percentile_cont(0.5) WITHIN GROUP (ORDER BY pattern)::numeric, 1),
	round(percentile_cont(0.5) WITHIN GROUP (ORDER BY pattern / scanner)::numeric, 1))
FROM measured
\g (format=unaligned tuples_only=on)
