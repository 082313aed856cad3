-- insert.sql proves that what is written without a statement (extension/base/insert.c: likes, posts) is
-- written as INSERT would: what others have hung on the tables holds. mission 101, 052; P-02.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (id, username) VALUES (9750001, 'insert_author'), (9750002, 'insert_reader');
INSERT INTO social.posts (id, author_id, title, content)
SELECT 9750001 + n, 9750001, 'a post', 'text' FROM generate_series(0, 9) n;
CREATE ROLE insert_caller;
SELECT social.grant_reader('insert_caller');
CREATE SCHEMA theirs;
CREATE TABLE theirs.log (what text, id bigint, who name);
CREATE FUNCTION theirs.row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO theirs.log VALUES (TG_TABLE_NAME || ' ' || TG_WHEN || ' ' || TG_LEVEL, coalesce(to_jsonb(NEW) ->> 'post_id', to_jsonb(NEW) ->> 'id')::bigint, current_user);
	RETURN NEW;
END $$;
CREATE FUNCTION theirs.statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO theirs.log SELECT TG_TABLE_NAME || ' ' || TG_WHEN || ' ' || TG_LEVEL, count(*), current_user FROM added;
	RETURN NULL;
END $$;
CREATE FUNCTION theirs.change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.post_id = 9750002 THEN
		RETURN NULL;
	ELSIF NEW.post_id = 9750003 THEN
		NEW.reaction := '';
	ELSIF NEW.post_id = 9750004 THEN
		NEW.post_id := -1;
	ELSE
		NEW.reaction := 'theirs';
	END IF;
	RETURN NEW;
END $$;
CREATE FUNCTION pg_temp.act(user_id bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM social.act_as(user_id);
	SET LOCAL ROLE insert_caller;
END $$;

-- ---- triggers -------------------------------------------------------------------------------------

SAVEPOINT clean;
CREATE TRIGGER theirs_row AFTER INSERT ON social.post_likes FOR EACH ROW EXECUTE FUNCTION theirs.row();
CREATE TRIGGER theirs_statement AFTER INSERT ON social.post_likes REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION theirs.statement();
CREATE TRIGGER theirs_row AFTER INSERT ON social.posts FOR EACH ROW EXECUTE FUNCTION theirs.row();
SELECT pg_temp.act(9750002);
SELECT is(social.like_post(9750001), 9750001::bigint, 'a like, by a role that may do nothing else');
SELECT set_config('insert.post', social.create_post('a title', 'about #insert_tag')::text, true);
RESET ROLE;
SELECT results_eq($$SELECT what, id FROM theirs.log ORDER BY 1, 2$$,
	$$VALUES ('post_likes AFTER ROW', 9750001::bigint), ('post_likes AFTER STATEMENT', 1), ('posts AFTER ROW', current_setting('insert.post')::bigint)$$,
	'triggers of somebody''s fire, with transition tables');
SELECT is_empty($$SELECT who FROM theirs.log l WHERE who <> (SELECT tableowner FROM pg_tables WHERE schemaname = 'social' AND tablename = 'posts')$$, 'as the tables'' owner, as in a statement of ours');
SELECT is((SELECT p.likes_count FROM social.visible_posts p WHERE p.id = 9750001), 1::bigint, 'and ours beside them');
SELECT is((SELECT p.hashtags FROM social.posts p WHERE p.id = current_setting('insert.post')::bigint), ARRAY['insert_tag'], 'of posts, too');
SELECT is((SELECT count(*) FROM social.notifications n WHERE n.recipient_id = 9750001 AND n.post_id = 9750001 AND n.type = 'like'), 1::bigint, 'somebody is told');
ROLLBACK TO clean;

-- ---- what a trigger of somebody's does before ------------------------------------------------------

CREATE TRIGGER theirs_before BEFORE INSERT ON social.post_likes FOR EACH ROW EXECUTE FUNCTION theirs.change();
SELECT social.act_as(9750002);
SELECT social.like_post(9750001), social.like_post(9750002);
SELECT results_eq($$SELECT l.post_id, l.reaction FROM social.post_likes l WHERE l.user_id = 9750002$$, $$VALUES (9750001::bigint, 'theirs'::text)$$, 'it may change a row, or leave it out');
SELECT is((SELECT count(*) FROM social.reconcile() r WHERE r.object_id BETWEEN 9750001 AND 9750010), 0::bigint, 'and only what was written counts');
SELECT throws_ok('SELECT social.like_post(9750003)', '23514', NULL, 'a check of ours looks at what it has changed');
SELECT throws_ok('SELECT social.like_post(9750004)', '23503', NULL, 'as does a foreign key');
ROLLBACK TO clean;

-- ---- checks and foreign keys -----------------------------------------------------------------------

CREATE TABLE theirs.reactions (name text PRIMARY KEY);
INSERT INTO theirs.reactions VALUES ('heart');
ALTER TABLE social.posts ADD CHECK (title <> 'forbidden');
SET LOCAL session_replication_role = replica; -- other tests' likes may be of one moment, and other reactions
DELETE FROM social.post_likes WHERE user_id NOT IN (9750001, 9750002);
SET LOCAL session_replication_role = origin;
ALTER TABLE social.post_likes ADD FOREIGN KEY (reaction) REFERENCES theirs.reactions;
ALTER TABLE social.post_likes ADD UNIQUE (user_id, created_at) DEFERRABLE INITIALLY DEFERRED;
SELECT social.act_as(9750002);
SELECT lives_ok('SELECT social.like_post(9750001)', 'a foreign key of somebody''s');
SELECT throws_ok($$SELECT social.like_post(9750002, 'fire')$$, '23503', NULL, 'and what it refuses');
SELECT throws_ok($$SELECT social.like_post(9750002); SET CONSTRAINTS ALL IMMEDIATE$$, '23505', NULL, 'a unique constraint of somebody''s, whenever it is looked at');
SELECT lives_ok($$SELECT social.create_post('allowed', 'text')$$, 'a check of somebody''s');
SELECT throws_ok($$SELECT social.create_post('forbidden', 'text')$$, '23514', NULL, 'and what it refuses');
ROLLBACK TO clean;

-- ---- triggers that are turned off ------------------------------------------------------------------

ALTER TABLE social.post_likes DISABLE TRIGGER social_count_row;
SELECT social.act_as(9750002);
SELECT social.like_post(9750001);
SELECT is((SELECT p.likes_count FROM social.visible_posts p WHERE p.id = 9750001), 0::bigint, 'what a trigger would do that is turned off does not happen');
ROLLBACK TO clean;

-- ---- triggers that are called as ours are -----------------------------------------------------------

CREATE TRIGGER social_theirs BEFORE INSERT ON social.post_likes FOR EACH ROW EXECUTE FUNCTION theirs.change();
CREATE TRIGGER social_theirs AFTER INSERT OR UPDATE OR DELETE ON social.jobs FOR EACH ROW EXECUTE FUNCTION theirs.row();
SELECT social.act_as(9750002);
SELECT throws_ok('SELECT social.like_post(9750004)', '23503', NULL, 'a foreign key looks at what a trigger has changed, whatever that is called');
SELECT social.set_job_kind('insert_theirs');
SELECT set_config('insert.job', social.enqueue_job('insert_theirs')::text, true);
SELECT is((SELECT count(*) FROM social.claim_jobs('insert', ARRAY['insert_theirs'])), 1::bigint, 'a job is claimed');
SELECT is((SELECT count(*) FROM theirs.log l WHERE l.id = current_setting('insert.job')::bigint), 2::bigint, 'and a trigger is told of a job that is asked for, and of one that is claimed');
ROLLBACK TO clean;

-- ---- rows that C writes for others -----------------------------------------------------------------

CREATE TRIGGER theirs_row AFTER INSERT ON social.notifications FOR EACH ROW EXECUTE FUNCTION theirs.row();
CREATE TRIGGER theirs_row AFTER INSERT ON social.mentions FOR EACH ROW EXECUTE FUNCTION theirs.row();
CREATE TRIGGER theirs_statement AFTER INSERT ON social.post_hashtags REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION theirs.statement();
SELECT pg_temp.act(9750002);
SELECT set_config('insert.post', social.create_post('a title', 'about #insert_tag, by @insert_author')::text, true);
SELECT social.like_post(9750001);
RESET ROLE;
SELECT results_eq($$SELECT what, CASE WHEN id = current_setting('insert.post')::bigint THEN 'the post' ELSE id::text END FROM theirs.log ORDER BY 1, 2$$,
	$$VALUES ('mentions AFTER ROW', 'the post'), ('notifications AFTER ROW', '9750001'), ('notifications AFTER ROW', 'the post'), ('post_hashtags AFTER STATEMENT', '1')$$,
	'triggers of somebody''s hear of notifications, mentions and hashtags of posts');
SELECT is((SELECT count(*) FROM social.notifications n WHERE n.actor_id = 9750002), 2::bigint, 'which are written once');
SELECT is((SELECT count(*) FROM social.reconcile() r WHERE r.object_id BETWEEN 9750001 AND 9750010 OR r.counter LIKE 'hashtag%'), 0::bigint, 'and counted once');
CREATE FUNCTION theirs.none() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER theirs_before BEFORE INSERT ON social.notifications FOR EACH ROW EXECUTE FUNCTION theirs.none();
SELECT social.like_post(9750005);
SELECT is((SELECT count(*) FROM social.notifications n WHERE n.post_id = 9750005), 0::bigint, 'or left out');
ROLLBACK TO clean;

-- ---- columns of somebody's -------------------------------------------------------------------------

DO $$
DECLARE
	written text;
BEGIN
	FOREACH written IN ARRAY ARRAY['posts', 'post_likes', 'comments', 'notifications', 'post_hashtags', 'mentions', 'jobs', 'job_history', 'event_outbox', 'event_counts',
		'last_positions', 'post_counters', 'post_counter_deltas', 'user_counters', 'user_counter_deltas', 'trend_events', 'recounts'] LOOP
		EXECUTE format('ALTER TABLE social.%I ADD COLUMN theirs_gone text', written);
		EXECUTE format($add$ALTER TABLE social.%I DROP COLUMN theirs_gone, ADD COLUMN theirs_text text NOT NULL DEFAULT 'theirs', ADD COLUMN theirs_length integer GENERATED ALWAYS AS (length(theirs_text) + 1) STORED$add$, written);
	END LOOP;
END $$;
SELECT social.act_as(9750002);
SELECT set_config('insert.post', social.create_post('a title', 'about #insert_tag, by @insert_author')::text, true);
SELECT social.like_post(9750001), social.repost_post(9750001), social.follow_user(9750001), social.view_post(9750001);
SELECT set_config('insert.comment', social.create_comment(9750001, 'a comment')::text, true);
SELECT social.set_job_kind('insert_theirs');
SELECT set_config('insert.job', social.enqueue_job('insert_theirs')::text, true);
SELECT is((SELECT count(*) FROM social.claim_jobs('insert', ARRAY['insert_theirs'])), 1::bigint, 'columns of somebody''s: a job is claimed');
SELECT social.finish_jobs('insert', ARRAY[current_setting('insert.job')::bigint], ARRAY[1]);
SELECT is_empty($$
	SELECT t.at, t.length FROM (
		SELECT 'post', p.theirs_text, p.theirs_length FROM social.posts p WHERE p.id = current_setting('insert.post')::bigint
		UNION ALL SELECT 'tag', h.theirs_text, h.theirs_length FROM social.post_hashtags h WHERE h.post_id = current_setting('insert.post')::bigint
		UNION ALL SELECT 'mention', m.theirs_text, m.theirs_length FROM social.mentions m WHERE m.post_id = current_setting('insert.post')::bigint
		UNION ALL SELECT 'like', l.theirs_text, l.theirs_length FROM social.post_likes l WHERE l.user_id = 9750002
		UNION ALL SELECT 'comment', c.theirs_text, c.theirs_length FROM social.comments c WHERE c.id = current_setting('insert.comment')::bigint
		UNION ALL SELECT 'notification', n.theirs_text, n.theirs_length FROM social.notifications n WHERE n.actor_id = 9750002
		UNION ALL SELECT 'counter', c.theirs_text, c.theirs_length FROM social.post_counters c WHERE c.post_id = 9750001
		UNION ALL SELECT 'done', j.theirs_text, j.theirs_length FROM social.job_history j WHERE j.kind = 'insert_theirs'
		UNION ALL SELECT 'event', e.theirs_text, e.theirs_length FROM social.event_outbox e
		UNION ALL SELECT 'place', l.theirs_text, l.theirs_length FROM social.last_positions l WHERE l.user_id = 9750002
	) AS t (at, text, length) WHERE (t.text, t.length) IS DISTINCT FROM ('theirs', 7)
$$, 'they have their defaults, and what is generated');
SELECT is((SELECT (p.title, p.hashtags, d.likes_count)::text FROM social.posts p, social.visible_posts d WHERE p.id = current_setting('insert.post')::bigint AND d.id = 9750001), '("a title",{insert_tag},1)', 'beside ours');
SELECT is((SELECT count(*) FROM social.reconcile() r WHERE r.object_id BETWEEN 9750001 AND 9750010), 0::bigint, 'counts are right');
ALTER TABLE social.post_likes ADD COLUMN theirs_user bigint DEFAULT 9750099 CHECK (theirs_user > 0), ADD COLUMN theirs_must text;
ALTER TABLE social.post_likes ALTER COLUMN theirs_user SET DEFAULT -1;
SELECT throws_ok('SELECT social.like_post(9750002)', '23514', NULL, 'a check on one is looked at');
ALTER TABLE social.post_likes ALTER COLUMN theirs_user SET DEFAULT 9750099, ADD FOREIGN KEY (theirs_user) REFERENCES social.users NOT VALID;
SELECT throws_ok('SELECT social.like_post(9750002)', '23503', NULL, 'and a reference to ours');
ALTER TABLE social.post_likes ALTER COLUMN theirs_user SET DEFAULT NULL;
SELECT lives_ok('SELECT social.like_post(9750002)', 'no default is null');
DELETE FROM social.post_likes;
ALTER TABLE social.post_likes ALTER COLUMN theirs_must SET NOT NULL;
SELECT throws_ok('SELECT social.like_post(9750002)', '23502', NULL, 'unless that is refused');
ROLLBACK TO clean;
SELECT throws_ok($$ALTER TABLE social.posts ALTER COLUMN image SET DEFAULT 'x', ALTER COLUMN image SET NOT NULL$$, '23502', NULL, 'posts without a picture are there');
DELETE FROM social.posts;
ALTER TABLE social.posts ALTER COLUMN image SET NOT NULL;
SELECT social.act_as(9750002);
SELECT throws_ok($$SELECT social.create_post('t', 'c')$$, '23502', NULL, 'a column of ours that must not be null any more');
ROLLBACK TO clean;

-- ---- one statement, several acts -------------------------------------------------------------------

SELECT social.act_as(9750002);
SELECT social.like_post(9750001), social.like_post(9750001), social.like_post(9750001, 'fire');
SELECT results_eq($$SELECT l.reaction, (SELECT p.likes_count FROM social.visible_posts p WHERE p.id = 9750001) FROM social.post_likes l WHERE l.user_id = 9750002$$,
	$$VALUES ('fire'::text, 1::bigint)$$, 'the same like again, in the same statement, is the same row');
SELECT is((SELECT social.like_post(social.create_post('mine', 'text')) > 0), true, 'an act sees what an earlier one of its statement has written');
SELECT throws_ok($$SELECT social.like_post(9750001, 'two words')$$, 'SM400', NULL, 'a reaction is checked');
SELECT throws_ok('SELECT social.like_post(NULL)', 'SM404', NULL, 'null is no post');

-- ---- the ends of a post's columns ------------------------------------------------------------------

SELECT set_config('insert.post', social.create_post('t', 'c', NULL, NULL, NULL, 'infinity', '', '', NULL)::text, true);
SELECT is((SELECT (p.is_published, p.visibility, p.reply_settings, p.publish_at, p.image, p.video, p.language, p.created_at = now(), p.updated_at = now())::text FROM social.posts p WHERE p.id = current_setting('insert.post')::bigint),
	'(f,public,everyone,,,,,t,t)', 'null is the default, an empty address none, infinity a draft');
SELECT throws_ok($$SELECT social.create_post('t', 'c', true, 'strangers')$$, 'SM400', NULL, 'an unknown visibility');
SELECT throws_ok($$SELECT social.create_post(NULL, 'c')$$, 'SM400', NULL, 'no title');

SELECT * FROM finish();
ROLLBACK;
