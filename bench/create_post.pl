# create_post.pl: a post with 2 hashtags and 1 mention, against the same row with its text vector
# and indexes but without our triggers, and against the same work in PL/pgSQL row by row: limits,
# content rules, the script that tells the language, tags, counters, the author's last position, the
# mention, and telling the mentioned person unless they are blocked, muted or do not want to know.
# synchronous_commit off, so that the disk does not hide what the triggers cost; posts by CPU second of the
# whole server, the worker's rounds among them. design section 5.
use strict;
use warnings;
use Bench;

$ENV{PGOPTIONS} = '-c synchronous_commit=off';
sql(<<'SQL');
INSERT INTO social.users (username, email, password)
SELECT 'writer' || n, 'writer' || n || '@example.com', '!' FROM generate_series(1, 1000) n;
CREATE SCHEMA bench_post;
SET search_path = bench_post;

CREATE TABLE plain (LIKE social.posts INCLUDING ALL,
	FOREIGN KEY (author_id) REFERENCES social.users ON DELETE CASCADE);

CREATE TABLE posts (LIKE social.posts INCLUDING ALL,
	FOREIGN KEY (author_id) REFERENCES social.users ON DELETE CASCADE);
CREATE TABLE post_counters (LIKE social.post_counters INCLUDING ALL);
CREATE TABLE user_counters (LIKE social.user_counters INCLUDING ALL);
INSERT INTO user_counters (user_id) SELECT id FROM social.users;
CREATE TABLE hashtags (LIKE social.hashtags INCLUDING ALL);
CREATE TABLE hashtag_counters (LIKE social.hashtag_counters INCLUDING ALL);
CREATE TABLE post_hashtags (LIKE social.post_hashtags INCLUDING ALL,
	FOREIGN KEY (post_id) REFERENCES posts ON DELETE CASCADE,
	FOREIGN KEY (hashtag_id) REFERENCES hashtags ON DELETE CASCADE);
CREATE TABLE mentions (LIKE social.mentions INCLUDING ALL,
	FOREIGN KEY (post_id) REFERENCES posts ON DELETE CASCADE,
	FOREIGN KEY (mentioned_user_id) REFERENCES social.users ON DELETE CASCADE);
CREATE TABLE last_positions (user_id bigint PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE notifications (LIKE social.notifications INCLUDING ALL,
	FOREIGN KEY (post_id) REFERENCES posts ON DELETE CASCADE,
	FOREIGN KEY (recipient_id) REFERENCES social.users ON DELETE CASCADE);

CREATE FUNCTION prepare() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	found_tag text[];
BEGIN
	IF char_length(NEW.title) NOT BETWEEN 1 AND current_setting('social.title_max_length')::integer
		OR char_length(NEW.content) NOT BETWEEN 1 AND current_setting('social.content_max_length')::integer THEN
		RAISE EXCEPTION 'title or content is missing or too long';
	END IF;
	IF EXISTS (SELECT FROM social.content_rules r WHERE position(r.pattern IN lower(NEW.title || ' ' || NEW.content)) > 0) THEN
		RAISE EXCEPTION 'title or content carries what it may not';
	END IF;
	NEW.language := CASE
		WHEN NEW.title || NEW.content ~ '[\u3040-\u30ff]' THEN 'ja'
		WHEN NEW.title || NEW.content ~ '[\u4e00-\u9fff]' THEN 'zh'
		WHEN NEW.title || NEW.content ~ '[\uac00-\ud7af]' THEN 'ko'
		WHEN NEW.title || NEW.content ~ '[\u0e00-\u0e7f]' THEN 'th' END;
	NEW.search_vector := setweight(to_tsvector('english', NEW.title), 'A') || setweight(to_tsvector('english', NEW.content), 'B');
	NEW.position := nextval('social.post_position_seq');
	FOR found_tag IN SELECT regexp_matches(NEW.title || ' ' || NEW.content, '(?:^|[^[:alnum:]_&])#([[:alnum:]_]+)', 'g') LOOP
		NEW.hashtags := NEW.hashtags || lower(found_tag[1]);
	END LOOP;
	RETURN NEW;
END $$;
CREATE FUNCTION apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	tag_name text;
	tag_id bigint;
	found_name text[];
	person bigint;
BEGIN
	INSERT INTO bench_post.post_counters (post_id) VALUES (NEW.id);
	INSERT INTO bench_post.last_positions (user_id, position) VALUES (NEW.author_id, NEW.position)
		ON CONFLICT (user_id) DO UPDATE SET position = greatest(last_positions.position, excluded.position);
	UPDATE bench_post.user_counters SET posts_count = posts_count + 1 WHERE user_id = NEW.author_id;
	FOREACH tag_name IN ARRAY NEW.hashtags LOOP
		SELECT id INTO tag_id FROM bench_post.hashtags WHERE tag = tag_name;
		IF tag_id IS NULL THEN
			INSERT INTO bench_post.hashtags (tag, display) VALUES (tag_name, tag_name) ON CONFLICT DO NOTHING;
			SELECT id INTO tag_id FROM bench_post.hashtags WHERE tag = tag_name;
			INSERT INTO bench_post.hashtag_counters (hashtag_id) VALUES (tag_id) ON CONFLICT DO NOTHING;
		END IF;
		INSERT INTO bench_post.post_hashtags (post_id, hashtag_id, position) VALUES (NEW.id, tag_id, NEW.position);
		UPDATE bench_post.hashtag_counters SET posts_count = posts_count + 1 WHERE hashtag_id = tag_id;
	END LOOP;
	FOR found_name IN SELECT regexp_matches(NEW.title || ' ' || NEW.content, '(?:^|[^[:alnum:]_!#$%&*@])@([A-Za-z0-9_]{1,30})', 'g') LOOP
		SELECT id INTO person FROM social.users WHERE lower(username) = lower(found_name[1]) AND is_active;
		IF person IS NOT NULL AND NOT EXISTS (SELECT FROM social.blocks b
			WHERE (b.blocker_id, b.blocked_id) IN ((person, NEW.author_id), (NEW.author_id, person))) THEN
			INSERT INTO bench_post.mentions (post_id, mentioned_user_id) VALUES (NEW.id, person) ON CONFLICT DO NOTHING;
			IF FOUND AND person <> NEW.author_id
				AND NOT EXISTS (SELECT FROM social.mutes m WHERE m.muter_id = person AND m.muted_id = NEW.author_id AND m.notifications)
				AND NOT EXISTS (SELECT FROM social.notification_preferences p WHERE p.user_id = person AND p.type = 'mention' AND NOT p.is_enabled) THEN
				INSERT INTO bench_post.notifications (recipient_id, type, actor_id, post_id) VALUES (person, 'mention', NEW.author_id, NEW.id);
			END IF;
		END IF;
	END LOOP;
	RETURN NULL;
END $$;
CREATE TRIGGER a_prepare BEFORE INSERT ON posts FOR EACH ROW EXECUTE FUNCTION prepare();
CREATE TRIGGER b_apply AFTER INSERT ON posts FOR EACH ROW EXECUTE FUNCTION apply();
SQL
my $first = sql("SELECT min(id) FROM social.users WHERE username LIKE 'writer%'");

my $values = <<'TEXT';
'Notes from day ' || :a::text,
'Reading about #topic' || :a::text || ' with @writer' || :b::text || ' this morning; the longer I look, the more the old lessons hold. Write it down, measure it, then decide again. More in #part' || :b::text || ' soon.'
TEXT
my %target = (
	a_ours    => "INSERT INTO social.posts (author_id, title, content) SELECT $first + :a, $values;",
	b_plain   => "INSERT INTO bench_post.plain (author_id, title, content, position, hashtags, search_vector)
		SELECT $first + :a, t, c, nextval('social.post_position_seq'), ARRAY['topic' || :a::text, 'part' || :b::text],
		setweight(to_tsvector('english', t), 'A') || setweight(to_tsvector('english', c), 'B')
		FROM (SELECT $values) AS v(t, c);",
	c_plpgsql => "INSERT INTO bench_post.posts (author_id, title, content) SELECT $first + :a, $values;",
);
$target{$_} =~ s/\n/ /g for keys %target;
my %sides = map {
	my $sql = $target{$_};
	$_ => sub {
		my $before = cpu_seconds('postgres');
		my $result = pgbench("\\set a random(1, 500)\n\\set b random(1, 900)\n$sql\n", '-c 2', '-j 1', '-T ' . seconds_per_side());
		die "failed transactions: $result->{output}" if $result->{failed};
		return $result->{transactions} / (cpu_seconds('postgres') - $before);
	}
} keys %target;
my %rate = interleave(%sides);
my ($ours, $plain, $plpgsql) = map { median(@{ $rate{$_} }) } qw(a_ours b_plain c_plpgsql);
row('create post (2 hashtags, 1 mention), a CPU s / row alone', $ours, $plain, '>= 0.30');
row('create post, a CPU s / the same in PL/pgSQL row by row', $ours, $plpgsql, '>= 1.5');
my $drift = sql('SELECT social.tick(); SELECT count(*) FROM social.reconcile()');
$drift =~ s/^.*\n//s;
sql('DROP SCHEMA bench_post CASCADE');
printf "%-58s %12d\n", '  counters that drifted', $drift;
exit($drift ? 1 : 0);
