# text_scan.pl: both extractions of 500-character posts by the scanner, against regexp_matches.
# Microseconds of a processor per post; the bar is on how many times longer regexp_matches takes. design section 5.
use strict;
use warnings;
use Bench;

my $setup = <<'SQL';
SET client_min_messages = warning;
CREATE TEMPORARY TABLE posts AS
SELECT i, left('Shipping the new #PostgreSQL extension today with @alice_w and @bob: tags and names are found in one pass. '
	|| 'Read https://example.com/notes#scanner for how it works, or ask me@example.com. '
	|| repeat('Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore. ', 4), 465)
	|| ' #C #Linux (cc @carol) ' || to_char(i, 'FM000000') AS content
FROM generate_series(1, 1000) AS i;
ANALYZE posts;

-- The same posts for both, few enough to stay in the processor's cache: the scanner is measured, not how texts are read.
CREATE FUNCTION pg_temp.microseconds(passes integer, use_scanner boolean) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE
	started double precision := pg_temp.cpu();
BEGIN
	FOR pass IN 1 .. passes LOOP
		IF use_scanner THEN
			PERFORM count(social.extract_hashtags(content)), count(social.extract_mentions(content)) FROM posts;
		ELSE
			PERFORM count((SELECT array_agg(m[1]) FROM regexp_matches(content, '(?:^|[^\w&])#(\w*[[:alpha:]]\w*)', 'g') m)),
				count((SELECT array_agg(m[1]) FROM regexp_matches(content, '(?:^|[^\w!#$%&*@])@(\w{1,30})', 'g') m))
			FROM posts;
		END IF;
	END LOOP;
	RETURN (pg_temp.cpu() - started) / passes;
END
$$;
SQL
my $rounds  = rounds();
my @figures = map { [ split /\|/ ] } split /\n/, sql(cpu_clock() . <<"SQL");
$setup
SELECT pg_temp.microseconds(1, false), pg_temp.microseconds(20, true) FROM generate_series(1, $rounds);
SQL
my $ratio = row('regexp_matches, us per post / text scanner', median(map { $_->[0] } @figures), median(map { $_->[1] } @figures), '>= 30');
exit($ratio >= 30 ? 0 : 1);
