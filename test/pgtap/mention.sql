-- mention.sql proves mentions.
BEGIN;
SELECT no_plan();

SELECT columns_are('social', 'visible_mentions', ARRAY['id', 'post_id', 'mentioned_user_id', 'created_at'], 'seed 104: fields of a mention');
SELECT col_is_unique('social', 'mentions', ARRAY['post_id', 'mentioned_user_id'], 'seed 104: unique for post and user');
SELECT has_index('social', 'mentions', 'mentions_user_created_idx', 'seed 163: mentions by user, newest first');
INSERT INTO social.users (username) SELECT 'tap_' || n FROM generate_series(1, 25) n;
INSERT INTO social.users (username, is_active) VALUES ('tap_gone', false);
SELECT social.act_as('tap_1');
SELECT social.create_post('To @tap_2', '@tap_2 @TAP_2 @tap_3 mail@tap_4 @tap_gone @tap_nobody') AS post \gset
SELECT results_eq('SELECT u.username FROM social.visible_mentions m JOIN social.visible_users u ON u.id = m.mentioned_user_id WHERE m.post_id = ' || :post || ' ORDER BY m.id',
	$$ VALUES ('tap_2'), ('tap_3') $$, 'seed 104: each active person once, in order; mail addresses and unknown names stay text');
SELECT max(id) AS newest FROM social.mentions \gset
UPDATE social.posts SET content = '@tap_3 @tap_5' WHERE id = :post;
SELECT results_eq('SELECT u.username, m.id > ' || :newest || ' FROM social.mentions m JOIN social.users u ON u.id = m.mentioned_user_id WHERE m.post_id = ' || :post || ' ORDER BY 1',
	$$ VALUES ('tap_2', false), ('tap_3', false), ('tap_5', true) $$, 'P-09: an edit adds only new names and keeps the rest');
SELECT social.create_post('Many', (SELECT string_agg('@tap_' || n, ' ' ORDER BY n) FROM generate_series(1, 25) n)) AS many \gset
SELECT is((SELECT count(*) FROM social.mentions WHERE post_id = :many), 20::bigint, 'P-09: at most 20 mentions a post');
SELECT is((SELECT social.post_json(p) -> 'mentions' ->> 0 FROM social.post(:many) p), 'tap_1', 'a post''s JSON names them');

SELECT social.create_post('Inner', 'for @tap_5', visibility => 'followers') AS inner \gset
SELECT id AS five FROM social.users WHERE username = 'tap_5' \gset
SELECT results_eq('SELECT post_id FROM social.user_mentions(' || :five || ')', 'VALUES (' || :inner || '::bigint), (' || :many || '), (' || :post || ')', 'seed 064: userMentions, newest first');
SELECT results_eq('SELECT post_id FROM social.user_mentions(' || :five || ', 5, (SELECT social.cursor_encode(''user_mentions'', social.time_key(m.created_at), m.id) FROM social.user_mentions(' || :five || ', 1) m))',
	'VALUES (' || :many || '::bigint), (' || :post || ')', 'P-04: the next page');
SELECT social.act_as('tap_9');
SELECT results_eq('SELECT post_id FROM social.user_mentions(' || :five || ')', 'VALUES (' || :many || '::bigint), (' || :post || ')', 'of posts that the viewer may see');
SELECT throws_ok('SELECT * FROM social.user_mentions(-1)', 'SM404', 'user not found', 'an unknown person');
SELECT throws_ok('SELECT * FROM social.user_mentions(' || :five || ', 5, ''nonsense'')', 'SM400', 'invalid cursor', 'a mangled cursor');
INSERT INTO social.mutes (muter_id, muted_id) SELECT social.viewer_id(), author_id FROM social.posts WHERE id = :post;
SELECT is_empty('SELECT * FROM social.user_mentions(' || :five || ')', 'not of muted people''s');

-- Accounts moved in from elsewhere may have names that ours cannot be.
SELECT social.act_as('tap_1');
INSERT INTO social.users (username, is_active) VALUES ('jose', true), ('Jose.Garcia', true), ('o', true), ('O''Brien', true), ('o''gone', false);
SELECT id AS jose FROM social.users WHERE username = 'jose' \gset
CREATE FUNCTION pg_temp.meant(text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	post bigint := social.create_post('t', $1, visibility => 'mentioned');
BEGIN
	RETURN coalesce((SELECT string_agg(u.username, ' ' ORDER BY m.id) FROM social.mentions m JOIN social.users u ON u.id = m.mentioned_user_id
		WHERE m.post_id = post), '');
END $$;
SELECT is(pg_temp.meant(t.content), t.meant, 'found B1: whom ' || t.content || ' means') FROM (VALUES
	('@jose', 'jose'), ('@jose.', 'jose'), ('ask (@JOSE), or', 'jose'), ('@jose''s idea', 'jose'), ('@jose’s idea', 'jose'), ('@jose- yes', 'jose'), ('@jose, hi', 'jose'),
	('@jose.garcia code', 'Jose.Garcia'), ('＠JOSE.GARCIA.', 'Jose.Garcia'), ('@jose.garcia''s idea', 'Jose.Garcia'), ('@jose @jose''s', 'jose'),
	('@jose.garci', ''), ('@jose.garcia2', ''), ('@jose-garcia', ''), ('@jose+garcia', ''), ('@joseé', ''), (U&'@jose\0301', ''), ('@joseи', ''), ('@jose漢', ''),
	('@jose٣', ''), (U&'@jose\200Bgarcia', ''), ('@jose.garcia@example.org', ''), ('@jose.' || repeat('x', 700), ''),
	('@O''BRIEN', 'O''Brien'), ('@o''clock', 'o'), ('@o''gone', '')) t (content, meant);
SELECT is_empty('SELECT FROM social.notifications n JOIN social.posts p ON p.id = n.post_id WHERE n.recipient_id = ' || :jose || ' AND p.content LIKE ''%garcia%''',
	'found B1: and nobody else is told');
SELECT social.create_post('Draft', '@jose.garcia', is_published => false, visibility => 'mentioned') AS meant \gset
SELECT social.publish_post(:meant);
SELECT social.update_post(:meant, content => '@jose-garcia and @jose.garcia');
SELECT social.act_as('jose');
SELECT is_empty('SELECT FROM social.post(' || :meant || ')', 'found B1: nor may they read a draft that was published and edited');
SELECT social.act_as('Jose.Garcia');
SELECT isnt_empty('SELECT FROM social.post(' || :meant || ')', 'but the one whom it names');

SELECT * FROM finish();
ROLLBACK;
