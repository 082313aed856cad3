-- visibility_matrix.sql proves one visibility predicate in every read: each viewer x each state of a
-- post, a comment or a person x each function and view that reads them (mission 3.3, design D2).
-- What is expected stands in the plain tables of truth below and is taken from no view. Every
-- function for readers must have a row in `probes` or in `no_reads`, so that a new one cannot be
-- forgotten here.
BEGIN;
SELECT no_plan();

-- ---- the tables of truth -------------------------------------------------------------------------
-- L: everywhere; D: by direct reads, but in no list; T: as a tombstone; -: does not exist;
-- .: cannot happen (such an author cannot act).

CREATE TEMPORARY TABLE truth AS
WITH lines(kind, line) AS (VALUES
	--                         anonymous stranger follower ex_follower mentioned blocker blocked muter ex_muter author staff
	('post',    'public              L       L        L         L          L        -       -      D      L       L     L'),
	('post',    'followers           -       -        L         -          L        -       -      D      -       L     L'),
	('post',    'mentioned           -       -        -         -          L        -       -      -      -       L     L'),
	('post',    'private             -       -        -         -          -        -       -      -      -       L     L'),
	('post',    'draft               -       -        -         -          -        -       -      -      -       D     D'),
	('post',    'scheduled           -       -        -         -          -        -       -      -      -       D     D'),
	('post',    'deleted             -       -        -         -          -        -       -      -      -       -     D'),
	('post',    'hidden              -       -        -         -          -        -       -      -      -       L     L'),
	('post',    'author_suspended    -       -        -         -          -        -       -      -      -       .     L'),
	('post',    'author_inactive     -       -        -         -          -        -       -      -      -       .     -'),
	('comment', 'plain               L       L        L         L          L        -       -      D      L       L     L'),
	('comment', 'hidden              -       -        -         -          -        -       -      -      -       L     L'),
	('comment', 'tombstone           T       T        T         T          T        -       -      T      T       T     T'),
	('comment', 'author_suspended    -       -        -         -          -        -       -      -      -       .     L'),
	('comment', 'author_inactive     -       -        -         -          -        -       -      -      -       .     -'),
	('stream',  'public              -       L        L         L          L        -       -      D      L       L     L'),
	('stream',  'open                L       L        L         L          L        -       -      D      L       L     L'),
	('stream',  'private             -       -        -         -          L        -       -      -      -       L     L'),
	('stream',  'hidden              -       -        -         -          -        -       -      -      -       L     L'),
	('stream',  'author_suspended    -       -        -         -          -        -       -      -      -       .     L'),
	('stream',  'author_inactive     -       -        -         -          -        -       -      -      -       .     -'),
	('user',    'plain               L       L        L         L          L        -       -      L      L       L     L'),
	('user',    'author_suspended    -       -        -         -          -        -       -      -      -       .     L'),
	('user',    'author_inactive     -       -        -         -          -        -       -      -      -       .     -')
), viewers(n, viewer) AS (
	SELECT n, viewer FROM unnest(ARRAY['anonymous', 'stranger', 'follower', 'ex_follower', 'mentioned', 'blocker', 'blocked',
		'muter', 'ex_muter', 'author', 'staff']) WITH ORDINALITY AS v (viewer, n)
)
SELECT l.kind, w.words[1] AS state, v.viewer, w.words[v.n + 1] AS answer
FROM lines l, LATERAL regexp_split_to_array(l.line, '\s+') AS w (words), viewers v;

-- ---- the world -----------------------------------------------------------------------------------

INSERT INTO social.users (username, is_staff)
SELECT 'mx_' || name, name = 'staff' FROM unnest(ARRAY['author', 'asleep', 'gone', 'other', 'stranger', 'follower', 'ex_follower',
	'mentioned', 'blocker', 'blocked', 'muter', 'ex_muter', 'staff']) name;
CREATE TEMPORARY TABLE people AS SELECT id, substr(username, 4) AS name FROM social.users WHERE username LIKE 'mx\_%';
CREATE FUNCTION pg_temp.who(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT id FROM people p WHERE p.name = $1 $$;

-- Posts and comments by those who will be suspended or inactive; the others are by one author.
CREATE FUNCTION pg_temp.author_of(state text) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT pg_temp.who(CASE state WHEN 'author_suspended' THEN 'asleep' WHEN 'author_inactive' THEN 'gone' ELSE 'author' END)
$$;

INSERT INTO social.follows (follower_id, followed_id)
SELECT f.id, a.id FROM people f, people a
WHERE f.name IN ('follower', 'muter', 'blocker', 'blocked') AND a.name IN ('author', 'asleep', 'gone');
SELECT social.act_as('mx_ex_follower');
SELECT social.follow_user(pg_temp.who('author')), social.unfollow_user(pg_temp.who('author'));
SELECT social.act_as(NULL::bigint);

CREATE TEMPORARY TABLE objects (
	kind text, state text, author_id bigint, post_id bigint, comment_id bigint, quote_id bigint, tag text, reply_id bigint, stream_id bigint
);
INSERT INTO objects (kind, state, author_id, tag)
SELECT DISTINCT kind, state, pg_temp.author_of(state), 'mx' || kind || state FROM truth;

DO $$
DECLARE
	o objects;
	title text;
BEGIN
	FOR o IN SELECT * FROM objects WHERE kind = 'post'
	LOOP
		title := 'mxword ' || o.state;
		INSERT INTO social.posts (author_id, title, content, is_published, visibility, publish_at, is_pinned)
		VALUES (o.author_id, title, '#' || o.tag || ' @mx_mentioned @mx_blocker @mx_blocked', o.state NOT IN ('draft', 'scheduled'),
			CASE WHEN o.state IN ('followers', 'mentioned', 'private') THEN o.state ELSE 'public' END,
			CASE WHEN o.state = 'scheduled' THEN now() + interval '1 day' END, o.state NOT IN ('draft', 'scheduled'))
		RETURNING id INTO o.post_id;
		INSERT INTO social.comments (post_id, author_id, content) VALUES (o.post_id, pg_temp.who('other'), 'c') RETURNING id INTO o.comment_id;
		INSERT INTO social.comments (post_id, author_id, parent_id, content) VALUES (o.post_id, pg_temp.who('other'), o.comment_id, 'r')
		RETURNING id INTO o.reply_id;
		INSERT INTO social.posts (author_id, title, content, quoted_post_id) VALUES (pg_temp.who('other'), '', 'look', o.post_id)
		RETURNING id INTO o.quote_id;
		INSERT INTO social.post_likes (post_id, user_id) VALUES (o.post_id, pg_temp.who('other'));
		INSERT INTO social.comment_likes (comment_id, user_id) VALUES (o.comment_id, pg_temp.who('other'));
		INSERT INTO social.reposts (post_id, user_id) VALUES (o.post_id, pg_temp.who('other'));
		INSERT INTO social.bookmarks (user_id, post_id) SELECT p.id, o.post_id FROM people p;
		-- The follower's own, whatever becomes of the post.
		INSERT INTO social.post_likes (post_id, user_id) VALUES (o.post_id, pg_temp.who('follower'));
		INSERT INTO social.comment_likes (comment_id, user_id) VALUES (o.comment_id, pg_temp.who('follower'));
		INSERT INTO social.reposts (post_id, user_id) VALUES (o.post_id, pg_temp.who('follower'));
		INSERT INTO social.post_views (post_id, viewer_key, window_start, user_id) VALUES (o.post_id, 'mx', now(), pg_temp.who('other'));
		UPDATE social.posts p SET deleted_at = CASE WHEN o.state = 'deleted' THEN now() END,
			hidden_at = CASE WHEN o.state = 'hidden' THEN now() END WHERE p.id = o.post_id AND o.state IN ('deleted', 'hidden');
		UPDATE objects t SET post_id = o.post_id, comment_id = o.comment_id, quote_id = o.quote_id, reply_id = o.reply_id
		WHERE t.kind = 'post' AND t.state = o.state;
	END LOOP;
	INSERT INTO social.posts (author_id, title, content) VALUES (pg_temp.who('other'), 'mxground', 'comments stand here') RETURNING id INTO o.post_id;
	FOR o.state, o.author_id IN SELECT t.state, t.author_id FROM objects t WHERE t.kind = 'comment'
	LOOP
		INSERT INTO social.comments (post_id, author_id, content) VALUES (o.post_id, o.author_id, 'mxcomment') RETURNING id INTO o.comment_id;
		INSERT INTO social.comments (post_id, author_id, parent_id, content) VALUES (o.post_id, pg_temp.who('other'), o.comment_id, 'r')
		RETURNING id INTO o.reply_id;
		INSERT INTO social.comment_likes (comment_id, user_id) VALUES (o.comment_id, pg_temp.who('other'));
		UPDATE social.comments c SET deleted_at = CASE WHEN o.state = 'tombstone' THEN now() END,
			hidden_at = CASE WHEN o.state = 'hidden' THEN now() END WHERE c.id = o.comment_id AND o.state IN ('tombstone', 'hidden');
		UPDATE objects t SET post_id = o.post_id, comment_id = o.comment_id, reply_id = o.reply_id
		WHERE t.kind = 'comment' AND t.state = o.state;
	END LOOP;
	-- Streams: who is mentioned is invited here.
	FOR o.state, o.author_id IN SELECT t.state, t.author_id FROM objects t WHERE t.kind = 'stream'
	LOOP
		INSERT INTO social.streams (host_id, title, status, is_private, is_open, hidden_at)
		VALUES (o.author_id, 'mxstream', 'live', o.state = 'private', o.state = 'open', CASE WHEN o.state = 'hidden' THEN now() END) RETURNING id INTO o.stream_id;
		INSERT INTO social.stream_invitations (stream_id, user_id) VALUES (o.stream_id, pg_temp.who('mentioned'));
		INSERT INTO social.stream_chat_messages (stream_id, author_id, content) VALUES (o.stream_id, pg_temp.who('other'), 'said') RETURNING id INTO o.comment_id;
		UPDATE objects t SET comment_id = o.comment_id WHERE t.kind = 'stream' AND t.state = o.state;
		INSERT INTO social.notifications (recipient_id, type, actor_id, stream_id) SELECT p.id, 'live_stream', o.author_id, o.stream_id FROM people p;
		UPDATE objects t SET stream_id = o.stream_id WHERE t.kind = 'stream' AND t.state = o.state;
	END LOOP;
	-- The people: the other one follows them, likes are theirs, and they are named.
	INSERT INTO social.posts (author_id, title, content)
	VALUES (pg_temp.who('other'), 'mxnames', '@mx_author @mx_asleep @mx_gone') RETURNING id INTO o.post_id;
	FOR o.state, o.author_id IN SELECT t.state, t.author_id FROM objects t WHERE t.kind = 'user'
	LOOP
		INSERT INTO social.follows (follower_id, followed_id) VALUES (pg_temp.who('other'), o.author_id), (o.author_id, pg_temp.who('other'));
		INSERT INTO social.post_likes (post_id, user_id) VALUES (o.post_id, o.author_id);
		INSERT INTO social.comments (post_id, author_id, content) VALUES (o.post_id, pg_temp.who('other'), 'liked') RETURNING id INTO o.comment_id;
		INSERT INTO social.comment_likes (comment_id, user_id) VALUES (o.comment_id, o.author_id);
		INSERT INTO social.reposts (post_id, user_id) VALUES (o.post_id, o.author_id);
		INSERT INTO social.profiles (user_id, bio) VALUES (o.author_id, 'bio');
		INSERT INTO social.follow_requests (requester_id, target_id) SELECT o.author_id, p.id FROM people p
		WHERE p.id <> o.author_id;
		UPDATE objects t SET post_id = o.post_id, comment_id = o.comment_id WHERE t.kind = 'user' AND t.state = o.state;
	END LOOP;
END
$$;

-- The relations come last: blocks, mutes (one of them over), suspension.
INSERT INTO social.blocks (blocker_id, blocked_id)
SELECT pg_temp.who('blocker'), a.id FROM people a WHERE a.name IN ('author', 'asleep', 'gone')
UNION ALL SELECT a.id, pg_temp.who('blocked') FROM people a WHERE a.name IN ('author', 'asleep', 'gone');
INSERT INTO social.mutes (muter_id, muted_id, expires_at)
SELECT m.id, a.id, CASE WHEN m.name = 'ex_muter' THEN now() - interval '1 second' END
FROM people m, people a WHERE m.name IN ('muter', 'ex_muter') AND a.name IN ('author', 'asleep', 'gone');
UPDATE social.users SET suspended_at = now() WHERE username = 'mx_asleep';
UPDATE social.users SET is_active = false WHERE username = 'mx_gone';
SELECT is((SELECT count(*)::integer FROM objects WHERE kind NOT IN ('user', 'stream') AND (post_id IS NULL OR comment_id IS NULL)), 0, 'the world stands');

-- What is told of it: once the events, at whatever time they came, are delivered now. Until then nobody else
-- numbers any, or begins another history of them.
SELECT social.hold_task('events', true) AS held \gset
DO $$
BEGIN
	EXECUTE format('CREATE FUNCTION pg_temp.since() RETURNS bigint LANGUAGE sql AS ''SELECT %s::bigint''', social.event_position());
END
$$;
INSERT INTO social.events (type, author_id, post_id) SELECT unnest(ARRAY['post.created', 'post.counts']), o.author_id, o.post_id FROM objects o WHERE o.kind = 'post';
INSERT INTO social.events (type, author_id, post_id, comment_id) SELECT unnest(ARRAY['comment.created', 'comment.counts']), o.author_id, o.post_id, o.comment_id FROM objects o WHERE o.kind = 'comment';
INSERT INTO social.events (type, author_id, stream_id) SELECT 'stream.status', o.author_id, o.stream_id FROM objects o WHERE o.kind = 'stream';
INSERT INTO social.events (type, author_id) SELECT unnest(ARRAY['profile.edited', 'profile.counts']), o.author_id FROM objects o WHERE o.kind = 'user';

-- ---- the reads -----------------------------------------------------------------------------------
-- A probe returns rows when the object is seen; $1 post, $2 its author, $3 comment, $4 tag, $5 quote,
-- $6 reply to the comment, $7 stream. Kinds: direct and list follow the table of truth; where `expected` stands,
-- it says when the object is seen, from the state, the viewer and what the table says.

CREATE TEMPORARY TABLE probes (object text, name text, kind text, probe text, expected text);
INSERT INTO probes VALUES
	-- posts, by functions
	('post', 'post', 'direct', 'SELECT FROM social.post($1)', NULL),
	('post', 'post_json', 'direct', 'SELECT FROM social.visible_posts p WHERE p.id = $1 AND social.post_json(p) ->> ''id'' = $1::text', NULL),
	('post', 'post_document', 'direct', 'SELECT FROM social.post_document($1) d WHERE d ->> ''id'' = $1::text', NULL),
	('post', 'post_documents', 'list', 'SELECT FROM social.post_documents(100) d WHERE d.id = $1 AND d.document ->> ''id'' = $1::text', NULL),
	('post', 'post_document', 'direct', 'SELECT FROM social.post_document($5) d WHERE d -> ''quoted_post'' ->> ''id'' = $1::text', NULL),
	('post', 'document', 'direct', 'SELECT FROM social.document(''post'', $1, NULL, ''id=id'') d WHERE d ->> ''id'' = $1::text', NULL),
	('post', 'document', 'direct', 'SELECT FROM social.document(''comment'', $3, NULL, ''id=id'') d WHERE d ->> ''id'' = $3::text', NULL),
	('post', 'document', 'list', 'SELECT FROM json_array_elements(social.document(''posts'', NULL, ARRAY[100], ''id=id'')) d WHERE d ->> ''id'' = $1::text', NULL),
	('post', 'document', 'list', 'SELECT FROM json_array_elements(social.document(''user_posts'', $2, ARRAY[100], ''id=id'')) d WHERE d ->> ''id'' = $1::text', NULL),
	('post', 'document', 'direct', 'SELECT FROM json_array_elements(social.document(''replies'', $3, ARRAY[100], ''id=id'')) d WHERE d ->> ''id'' = $6::text', NULL),
	('post', 'documents', 'list', 'SELECT FROM social.documents(''posts'', NULL, NULL, ''id=id'', 100) d WHERE d.document ->> ''id'' = $1::text', NULL),
	('post', 'documents', 'list', 'SELECT FROM social.documents(''user_posts'', $2, NULL, ''id=id'', 100) d WHERE d.document ->> ''id'' = $1::text', NULL),
	('post', 'documents', 'direct', 'SELECT FROM social.documents(''replies'', $3, NULL, ''id=id'', 100) d WHERE d.document ->> ''id'' = $6::text', NULL),
	('post', 'posts', 'list', 'SELECT FROM social.posts(100) p WHERE p.id = $1', NULL),
	('post', 'subject_posts', 'list', 'SELECT FROM social.subject_posts((SELECT l.id FROM social.visible_leagues l WHERE l.slug = ''mx-league'')) p WHERE p.id = $1', NULL),
	('post', 'own_sport_follows', 'own', 'SELECT FROM social.own_sport_follows o, social.visible_leagues l WHERE l.slug = ''mx-league'' AND o.subject_id = l.id', 'viewer <> ''anonymous'''),
	('post', 'visible_post_subjects', 'direct', 'SELECT FROM social.visible_post_subjects s WHERE s.post_id = $1', NULL),
	('post', 'hashtag_posts', 'list', 'SELECT FROM social.hashtag_posts($4) p WHERE p.id = $1', NULL),
	('post', 'search_posts', 'list', 'SELECT FROM social.search_posts(''mxword'', 100) p WHERE p.id = $1', NULL),
	('post', 'search', 'list', 'SELECT FROM social.search(''mxword'', 100) f WHERE f.type = ''Post'' AND f.id = $1', NULL),
	('post', 'search_posts', 'list', 'SELECT FROM social.search_posts(''mxword'', 1) p, social.search_posts(''mxword'', 100) q WHERE q.id = $1 AND p.total = (SELECT count(*) FROM social.listed_posts l WHERE l.title || '' '' || l.content LIKE ''%mxword%'')', NULL),
	('post', 'search_ranking', 'list', 'SELECT FROM social.search_ranking(social.search_query(''mxword''), ''mxword'', 100, NULL) r WHERE $1 = ANY (r.ids)', NULL),
	('post', 'search_posts_like', 'list', 'SELECT FROM social.search_posts_like(''mxWord'', 100) p WHERE p.id = $1', NULL),
	('post', 'events_since', 'list', 'SELECT FROM social.events_since(''post:'' || $1, pg_temp.since()) e WHERE e.type = ''post.created''', NULL),
	('post', 'events_since', 'list', 'SELECT FROM social.events_since(''user:'' || $2, pg_temp.since()) e WHERE e.type = ''post.created'' AND e.payload ->> ''id'' = $1::text', NULL),
	('post', 'events_since', 'direct', 'SELECT FROM social.events_since(''post:'' || $1, pg_temp.since()) e WHERE e.type = ''post.counts''', NULL),
	('comment', 'events_since', 'list', 'SELECT FROM social.events_since(''post:'' || $1, pg_temp.since()) e WHERE e.type = ''comment.created'' AND e.payload ->> ''id'' = $3::text', NULL),
	('comment', 'events_since', 'tombstone', 'SELECT FROM social.events_since(''post:'' || $1, pg_temp.since()) e WHERE e.type = ''comment.counts'' AND e.payload ->> ''id'' = $3::text', NULL),
	('user', 'events_since', 'direct', 'SELECT FROM social.events_since(''user:'' || $2, pg_temp.since()) e WHERE e.type = ''profile.edited''', NULL),
	('user', 'events_since', 'direct', 'SELECT FROM social.events_since(''user:'' || $2, pg_temp.since()) e WHERE e.type = ''profile.counts''', NULL),
	('post', 'user_posts', 'list', 'SELECT FROM social.user_posts($2, 100) p WHERE p.id = $1', NULL),
	-- Everybody follows the league that all of them are about; who does not sees only whom they follow: test/pgtap/feed.sql, stream.sql.
	('post', 'feed_documents', 'feed', 'SELECT FROM social.feed_documents(100) d WHERE d.document ->> ''id'' = $1::text', 'answer = ''L'' AND viewer <> ''anonymous'''),
	('post', 'home_feed', 'feed', 'SELECT FROM social.home_feed(NULL, 100) p WHERE p.id = $1', 'answer = ''L'' AND viewer <> ''anonymous'''),
	('post', 'pinned_posts', 'list', 'SELECT FROM social.pinned_posts($2) p WHERE p.id = $1', NULL),
	('post', 'trending_posts', 'list', 'SELECT FROM social.trending_posts(100) p WHERE p.id = $1', NULL),
	('post', 'bookmarked_posts', 'list', 'SELECT FROM social.bookmarked_posts(100) p WHERE p.id = $1', NULL),
	('post', 'hashtag_is_visible', 'direct', 'SELECT 1 FROM social.hashtags h WHERE h.tag = $4 AND social.hashtag_is_visible(h.id)', NULL),
	('post', 'post_likers', 'direct', 'SELECT FROM social.post_likers($1)', NULL),
	('post', 'post_reactions', 'direct', 'SELECT FROM social.post_reactions($1)', NULL),
	('post', 'post_shares', 'direct', 'SELECT FROM social.post_shares($1)', NULL),
	('post', 'post_quotes', 'direct', 'SELECT FROM social.post_quotes($1) q WHERE q.id = $5', NULL),
	('post', 'post_comments', 'direct', 'SELECT FROM social.post_comments($1) m WHERE m.id = $3', NULL),
	('post', 'comment_replies', 'direct', 'SELECT FROM social.comment_replies($3) m WHERE m.id = $6', NULL),
	('post', 'comment_thread', 'direct', 'SELECT FROM social.comment_thread($1) m WHERE m.id = $6', NULL),
	('post', 'comment_likers', 'direct', 'SELECT FROM social.comment_likers($3)', NULL),
	('post', 'user_mentions', 'list', 'SELECT FROM social.user_mentions((SELECT u.id FROM social.visible_users u WHERE u.username = ''mx_mentioned'')) m WHERE m.post_id = $1', NULL),
	('post', 'media_json', 'direct', 'SELECT 1 WHERE social.media_json(1000000000000 + $1) IS NOT NULL', NULL),
	('post', 'media_cookies', 'direct', 'SELECT 1 WHERE social.media_cookies(1000000000000 + $1) IS NOT NULL', NULL),
	('post', 'post_media', 'direct', 'SELECT FROM json_array_elements(social.post_media($1))', NULL),
	-- by views
	('post', 'visible_media', 'direct', 'SELECT FROM social.visible_media m WHERE m.post_id = $1', NULL),
	('post', 'visible_posts', 'direct', 'SELECT FROM social.visible_posts p WHERE p.id = $1', NULL),
	('post', 'listed_posts', 'list', 'SELECT FROM social.listed_posts p WHERE p.id = $1', NULL),
	('post', 'visible_post_documents', 'direct', 'SELECT FROM social.visible_post_documents p WHERE p.id = $1', NULL),
	('post', 'listed_post_documents', 'list', 'SELECT FROM social.listed_post_documents p WHERE p.id = $1', NULL),
	('post', 'visible_post_likes', 'direct', 'SELECT FROM social.visible_post_likes l WHERE l.post_id = $1', NULL),
	('post', 'visible_comments', 'direct', 'SELECT FROM social.visible_comments m WHERE m.id = $3', NULL),
	('post', 'listed_comments', 'direct', 'SELECT FROM social.listed_comments m WHERE m.post_id = $1', NULL),
	('post', 'visible_comment_likes', 'direct', 'SELECT FROM social.visible_comment_likes l WHERE l.comment_id = $3', NULL),
	('post', 'visible_mentions', 'direct', 'SELECT FROM social.visible_mentions m WHERE m.post_id = $1', NULL),
	('post', 'visible_hashtags', 'direct', 'SELECT FROM social.visible_hashtags h WHERE h.tag = $4', NULL),
	('post', 'visible_shares', 'direct', 'SELECT FROM social.visible_shares s WHERE s.post_id = $1 AND s.quote_id IS NULL', NULL),
	('post', 'visible_shares', 'direct', 'SELECT FROM social.visible_shares s WHERE s.post_id = $1 AND s.quote_id = $5', NULL),
	('post', 'visible_bookmarks', 'direct', 'SELECT FROM social.visible_bookmarks b WHERE b.post_id = $1', NULL),
	-- by the tables, under their policies
	('post', 'posts', 'direct', 'SELECT FROM social.posts p WHERE p.id = $1', NULL),
	('post', 'comments', 'direct', 'SELECT FROM social.comments m WHERE m.id = $3', NULL),
	('post', 'post_likes', 'direct', 'SELECT FROM social.post_likes l WHERE l.post_id = $1', NULL),
	('post', 'comment_likes', 'direct', 'SELECT FROM social.comment_likes l WHERE l.comment_id = $3', NULL),
	('post', 'reposts', 'direct', 'SELECT FROM social.reposts r WHERE r.post_id = $1', NULL),
	('post', 'mentions', 'direct', 'SELECT FROM social.mentions m WHERE m.post_id = $1', NULL),
	('post', 'post_hashtags', 'direct', 'SELECT FROM social.post_hashtags l WHERE l.post_id = $1', NULL),
	('post', 'bookmarks', 'direct', 'SELECT FROM social.bookmarks b WHERE b.post_id = $1', NULL),
	-- comments
	('comment', 'comment_json', 'direct', 'SELECT FROM social.visible_comments m WHERE m.id = $3 AND social.comment_json(m) ->> ''content'' = ''mxcomment''', NULL),
	('comment', 'rest_documents', 'list', 'SELECT FROM social.rest_documents(''comments'', $1, 100) d WHERE d.document ->> ''id'' = $3::text AND d.document ->> ''content'' = ''mxcomment''', NULL),
	('comment', 'seen_comment', 'direct', 'SELECT FROM social.seen_comment($1, $3)', 'answer <> ''-'''),
	('post', 'seen_post', 'direct', 'SELECT FROM social.seen_post($1)', 'answer <> ''-'' AND state <> ''deleted'''),
	('post', 'rest_documents', 'list', 'SELECT FROM social.rest_documents(''user_posts'', $2, 100) d WHERE d.document ->> ''id'' = $1::text', NULL),
	('post', 'rest_documents', 'direct', 'SELECT FROM social.rest_documents(''replies'', $3, 100) d WHERE d.document ->> ''id'' = $6::text', NULL),
	('comment', 'comment_document', 'direct', 'SELECT FROM social.comment_document($3) d WHERE d ->> ''content'' = ''mxcomment'' AND d -> ''author'' ->> ''id'' = $2::text', NULL),
	('comment', 'comment_document', 'tombstone', 'SELECT FROM social.comment_document($3) d WHERE d ->> ''id'' = $3::text', NULL),
	('comment', 'document', 'direct', 'SELECT FROM social.document(''comment'', $3, NULL, ''text=content,by=user.author_id(id=id)'') d WHERE d ->> ''text'' = ''mxcomment'' AND d -> ''by'' ->> ''id'' = $2::text', NULL),
	('comment', 'document', 'list', 'SELECT FROM json_array_elements(social.document(''comments'', $1, ARRAY[100], ''id=id,text=content'')) d WHERE d ->> ''id'' = $3::text AND d ->> ''text'' = ''mxcomment''', NULL),
	('comment', 'document', 'tombstone', 'SELECT FROM social.document(''comment'', $3, NULL, ''id=id'') d WHERE d ->> ''id'' = $3::text', NULL),
	('comment', 'document', 'tombstone list', 'SELECT FROM json_array_elements(social.document(''comments'', $1, ARRAY[100], ''id=id'')) d WHERE d ->> ''id'' = $3::text', NULL),
	('comment', 'visible_comments', 'direct', 'SELECT FROM social.visible_comments m WHERE m.id = $3 AND m.content = ''mxcomment'' AND m.author_id = $2', NULL),
	('comment', 'listed_comments', 'list', 'SELECT FROM social.listed_comments m WHERE m.id = $3 AND m.content = ''mxcomment'' AND m.author_id = $2', NULL),
	('comment', 'visible_comment_likes', 'direct', 'SELECT FROM social.visible_comment_likes l WHERE l.comment_id = $3', NULL),
	('comment', 'post_comments', 'list', 'SELECT FROM social.post_comments($1, 100) m WHERE m.id = $3 AND m.content = ''mxcomment''', NULL),
	('comment', 'comment_thread', 'list', 'SELECT FROM social.comment_thread($1, 100) m WHERE m.id = $3 AND m.content = ''mxcomment''', NULL),
	('comment', 'comment_likers', 'direct', 'SELECT FROM social.comment_likers($3)', NULL),
	('comment', 'comment_reactions', 'direct', 'SELECT FROM social.comment_reactions($3)', NULL),
	('comment', 'comments', 'direct', 'SELECT FROM social.comments m WHERE m.id = $3', NULL),
	('comment', 'comment_likes', 'direct', 'SELECT FROM social.comment_likes l WHERE l.comment_id = $3', NULL),
	('comment', 'comment_replies', 'tombstone', 'SELECT FROM social.comment_replies($3) m WHERE m.id = $6', NULL),
	('comment', 'visible_comments', 'tombstone', 'SELECT FROM social.visible_comments m WHERE m.id = $3', NULL),
	('comment', 'listed_comments', 'tombstone list', 'SELECT FROM social.listed_comments m WHERE m.id = $3', NULL),
	('comment', 'post_comments', 'tombstone list', 'SELECT FROM social.post_comments($1, 100) m WHERE m.id = $3', NULL),
	('comment', 'comment_thread', 'tombstone list', 'SELECT FROM social.comment_thread($1, 100) m WHERE m.id = $3', NULL),
	-- streams
	('stream', 'visible_streams', 'direct', 'SELECT FROM social.visible_streams s WHERE s.id = $7', NULL),
	('stream', 'listed_streams', 'list', 'SELECT FROM social.listed_streams s WHERE s.id = $7', NULL),
	('stream', 'streams', 'list', 'SELECT FROM social.streams(NULL, 100) s WHERE s.id = $7', NULL),
	('stream', 'user_streams', 'direct', 'SELECT FROM social.user_streams($2, 100) s WHERE s.id = $7', NULL),
	('stream', 'followed_streams', 'feed', 'SELECT FROM social.followed_streams(100) s WHERE s.id = $7', 'answer = ''L'' AND viewer <> ''anonymous'''),
	('stream', 'feed_live_json', 'feed', 'SELECT FROM json_array_elements(social.feed_live_json()) d WHERE d ->> ''id'' = $7::text', 'answer = ''L'' AND viewer <> ''anonymous'''),
	('stream', 'subject_streams', 'list', 'SELECT FROM social.subject_streams((SELECT l.id FROM social.visible_leagues l WHERE l.slug = ''mx-league''), 100) s WHERE s.id = $7', NULL),
	('stream', 'visible_stream_subjects', 'direct', 'SELECT FROM social.visible_stream_subjects s WHERE s.stream_id = $7', NULL),
	('stream', 'search_streams', 'list', 'SELECT FROM social.search_streams(''mxstream'', 100) s WHERE s.id = $7', NULL),
	('stream', 'recorded_streams', 'list', 'SELECT FROM social.streams(NULL, 100) s WHERE s.id = $7 AND NOT EXISTS (SELECT FROM social.recorded_streams(100) r WHERE r.id = $7)', NULL),
	('stream', 'stream_recording_json', 'direct', 'SELECT FROM social.visible_streams s WHERE s.id = $7 AND social.stream_recording_json(s) IS NULL', NULL),
	('stream', 'stream_recording_url', 'direct', 'SELECT FROM social.visible_streams s WHERE s.id = $7 AND social.stream_recording_url(s.id) IS NULL', NULL),
	('stream', 'stream_json', 'direct', 'SELECT FROM social.visible_streams s WHERE s.id = $7 AND social.stream_json(s) ->> ''id'' = $7::text', NULL),
	('stream', 'watch_stream', 'direct', 'SELECT FROM social.watch_stream($7)', NULL),
	('stream', 'stream_watch_json', 'direct', 'SELECT FROM social.stream_watch_json($7) w WHERE w -> ''stream'' ->> ''id'' = $7::text', NULL),
	('stream', 'visible_chat_messages', 'direct', 'SELECT FROM social.visible_chat_messages m WHERE m.stream_id = $7', NULL),
	('stream', 'listed_chat_messages', 'direct', 'SELECT FROM social.listed_chat_messages m WHERE m.stream_id = $7', NULL),
	('stream', 'stream_chat', 'direct', 'SELECT FROM social.stream_chat($7)', NULL),
	('stream', 'chat_message_json', 'direct', 'SELECT 1 WHERE social.chat_message_json($3) IS NOT NULL', NULL),
	('stream', 'stream_replay', 'direct', 'SELECT FROM social.stream_replay($7)', NULL),
	('stream', 'chat_messages_json', 'direct', 'SELECT FROM social.chat_messages_json(ARRAY[$3])', NULL),
	('stream', 'seen_stream', 'direct', 'SELECT FROM social.seen_stream($7)', NULL),
	('stream', 'stream_moderators', 'direct', 'SELECT FROM social.seen_stream($7) WHERE (SELECT count(*) FROM social.stream_moderators($7)) = 0', NULL),
	('stream', 'events_since', 'list', 'SELECT FROM social.events_since(''stream:'' || $7, pg_temp.since()) e WHERE e.type = ''stream.status''', NULL),
	('stream', 'visible_notifications', 'told', 'SELECT FROM social.visible_notifications n WHERE n.stream_id = $7', 'answer = ''L'' AND viewer <> ''anonymous'''),
	-- people
	('user', 'person_document', 'direct', 'SELECT FROM social.person_document($2) d WHERE d ->> ''id'' = $2::text', NULL),
	('user', 'document', 'direct', 'SELECT FROM social.document(''user'', $2, NULL, ''id=id'') d WHERE d ->> ''id'' = $2::text', NULL),
	('user', 'document', 'direct', 'SELECT FROM social.document(''post'', $1, NULL, ''names=mentions'') d, social.visible_users u WHERE (d -> ''names'')::jsonb @> to_jsonb(u.username) AND u.id = $2', NULL),
	('user', 'visible_users', 'direct', 'SELECT FROM social.visible_users u WHERE u.id = $2', NULL),
	('user', 'user_json', 'direct', 'SELECT FROM social.visible_users u WHERE social.user_json(u) ->> ''id'' = $2::text', NULL),
	('user', 'profile_json', 'direct', 'SELECT FROM social.visible_users u WHERE social.profile_json(u) ->> ''id'' = $2::text', NULL),
	('user', 'users', 'direct', 'SELECT FROM social.users(100) u WHERE u.id = $2', NULL),
	('user', 'follow_json', 'direct', 'SELECT WHERE social.follow_json($2) IS NOT NULL', 'answer <> ''-'' AND viewer <> ''anonymous'''),
	('user', 'require_person', 'direct', 'SELECT social.require_person($2)', NULL),
	('user', 'followers', 'direct', 'SELECT FROM social.followers($2)', NULL),
	('user', 'followers', 'direct', 'SELECT FROM social.followers((SELECT u.id FROM social.visible_users u WHERE u.username = ''mx_other'')) u WHERE u.id = $2', NULL),
	('user', 'following', 'direct', 'SELECT FROM social.following($2)', NULL),
	('user', 'following', 'direct', 'SELECT FROM social.following((SELECT u.id FROM social.visible_users u WHERE u.username = ''mx_other'')) u WHERE u.id = $2', NULL),
	('user', 'is_following', 'direct', 'SELECT WHERE social.is_following((SELECT u.id FROM social.visible_users u WHERE u.username = ''mx_other''), $2)', NULL),
	('user', 'search', 'direct', 'SELECT FROM social.search(''mx'', 100) f WHERE f.type = ''User'' AND f.id = $2', NULL),
	('user', 'search_users', 'direct', 'SELECT FROM social.search_users(''mx'', 100) u WHERE u.id = $2', NULL),
	('user', 'visible_follows', 'direct', 'SELECT FROM social.visible_follows f WHERE f.followed_id = $2', NULL),
	('user', 'visible_follows', 'direct', 'SELECT FROM social.visible_follows f WHERE f.follower_id = $2', NULL),
	('user', 'visible_post_likes', 'direct', 'SELECT FROM social.visible_post_likes l WHERE l.post_id = $1 AND l.user_id = $2', NULL),
	('user', 'visible_comment_likes', 'direct', 'SELECT FROM social.visible_comment_likes l WHERE l.comment_id = $3 AND l.user_id = $2', NULL),
	('user', 'visible_mentions', 'direct', 'SELECT FROM social.visible_mentions m WHERE m.mentioned_user_id = $2', NULL),
	('user', 'visible_shares', 'direct', 'SELECT FROM social.visible_shares s WHERE s.user_id = $2 AND s.post_id = $1', NULL),
	('user', 'visible_post_documents', 'direct', 'SELECT FROM social.visible_post_documents d, social.visible_users u WHERE d.id = $1 AND (d.document -> ''mentions'')::jsonb @> to_jsonb(u.username) AND u.id = $2', NULL),
	('user', 'post_likers', 'direct', 'SELECT FROM social.post_likers($1) l WHERE l.user_id = $2', NULL),
	('user', 'comment_likers', 'direct', 'SELECT FROM social.comment_likers($3) l WHERE l.user_id = $2', NULL),
	('user', 'post_shares', 'direct', 'SELECT FROM social.post_shares($1) s WHERE s.user_id = $2', NULL),
	('user', 'user_mentions', 'direct', 'SELECT FROM social.user_mentions($2) m WHERE m.post_id = $1', NULL),
	('user', 'follow_requests', 'direct', 'SELECT FROM social.follow_requests(100) r WHERE r.id = $2', 'answer <> ''-'' AND viewer NOT IN (''anonymous'', ''author'')'),
	('user', 'blocked_users', 'direct', 'SELECT FROM social.blocked_users(100) b WHERE b.id = $2', 'viewer = ''blocker'' AND state <> ''author_inactive'''),
	('user', 'muted_users', 'direct', 'SELECT FROM social.muted_users(100) m WHERE m.id = $2', 'viewer = ''muter'' AND answer <> ''-'''),
	('user', 'visible_account', 'own', 'SELECT FROM social.visible_account a WHERE a.id = $2', 'answer = ''L'' AND viewer = ''author'''),
	('user', 'own_follows', 'own', 'SELECT FROM social.own_follows o WHERE o.followed_id = $2', 'viewer IN (''follower'', ''muter'', ''blocker'', ''blocked'')'),
	('user', 'own_followers', 'own', 'SELECT FROM social.own_followers o WHERE o.follower_id = $2', 'false'),
	('user', 'own_follow_requests', 'own', 'SELECT FROM social.own_follow_requests o WHERE o.target_id = $2', 'false'),
	('user', 'own_blocks', 'own', 'SELECT FROM social.own_blocks o WHERE o.blocked_id = $2', 'viewer = ''blocker'''),
	('user', 'own_mutes', 'own', 'SELECT FROM social.own_mutes o WHERE o.muted_id = $2', 'viewer = ''muter'''),
	('user', 'visible_blocks', 'direct', 'SELECT FROM social.visible_blocks b WHERE b.id = $2', 'viewer = ''blocker'' AND state <> ''author_inactive'''),
	('user', 'visible_mutes', 'direct', 'SELECT FROM social.visible_mutes m WHERE m.id = $2', 'viewer = ''muter'' AND answer <> ''-'''),
	('user', 'users', 'direct', 'SELECT FROM social.users u WHERE u.id = $2', NULL),
	('user', 'profiles', 'direct', 'SELECT FROM social.profiles p WHERE p.user_id = $2', NULL),
	('user', 'follows', 'direct', 'SELECT FROM social.follows f WHERE f.follower_id = $2', NULL),
	-- nor can anything be done to what may not be seen; each is taken back at once
	('post', 'like_post', 'write', 'SELECT social.like_post($1)', NULL),
	-- Likewise what a subscription of GraphQL is answered, and whether its topic is lost: among others in one statement.
	('post', 'event_results', 'direct', 'SELECT FROM social.event_results(1, ARRAY[' || pg_temp.who('staff') || ', social.viewer_id(), ' || pg_temp.who('author') || '], ARRAY[NULL, NULL, 0]::bigint[],
		''SELECT to_json(p.id) FROM social.visible_posts p WHERE p.id = $1::bigint'', ARRAY[$1::text]) r WHERE r.n = 2 AND r.result = $1::text', NULL),
	('comment', 'event_results', 'tombstone', 'SELECT FROM social.event_results(1, ARRAY[' || pg_temp.who('staff') || ', social.viewer_id(), ' || pg_temp.who('author') || '], ARRAY[NULL, NULL, 0]::bigint[],
		''SELECT to_json(c.id) FROM social.visible_comments c WHERE c.id = $1::bigint'', ARRAY[$3::text]) r WHERE r.n = 2 AND r.result = $3::text', NULL),
	('post', 'event_topics_lost', 'direct', 'SELECT WHERE NOT EXISTS (SELECT FROM social.event_topics_lost(array_fill(''post:'' || $1, ''{3}''), ARRAY[' || pg_temp.who('staff') || ', social.viewer_id(), ' || pg_temp.who('author') || ']) n WHERE n = 2)', NULL),
	('user', 'event_topics_lost', 'direct', 'SELECT WHERE NOT EXISTS (SELECT FROM social.event_topics_lost(array_fill(''user:'' || $2, ''{3}''), ARRAY[' || pg_temp.who('staff') || ', social.viewer_id(), ' || pg_temp.who('author') || ']) n WHERE n = 2)', NULL),
	('post', 'bookmark_post', 'write', 'SELECT social.bookmark_post($1)', NULL),
	('post', 'view_post', 'write', 'SELECT social.view_post($1)', NULL),
	('post', 'report_post', 'write', 'SELECT social.report_post($1, ''spam'')', NULL),
	('post', 'create_comment', 'write', 'SELECT social.create_comment($1, ''c'')', NULL),
	('post', 'like_comment', 'write', 'SELECT social.like_comment($3)', NULL),
	('comment', 'like_comment', 'write', 'SELECT social.like_comment($3)', NULL),
	('comment', 'report_comment', 'write', 'SELECT social.report_comment($3, ''spam'')', NULL),
	('user', 'follow_user', 'write', 'SELECT social.follow_user($2)', NULL),
	('user', 'set_following', 'write', 'SELECT social.set_following($2, true)', NULL),
	('user', 'mute_user', 'write', 'SELECT social.mute_user($2)', NULL),
	('user', 'block_user', 'write', 'SELECT social.block_user($2)', NULL),
	('user', 'report_user', 'write', 'SELECT social.report_user($2, ''spam'')', NULL),
	('user', 'follow_requests table', 'direct', 'SELECT FROM social.follow_requests r WHERE r.requester_id = $2', 'answer <> ''-'' AND viewer <> ''anonymous'''),
	('user', 'blocks', 'direct', 'SELECT FROM social.blocks b WHERE b.blocked_id = $2', 'viewer = ''blocker'''),
	('user', 'mutes', 'direct', 'SELECT FROM social.mutes m WHERE m.muted_id = $2', 'viewer IN (''muter'', ''ex_muter'')'),
	-- what the viewer is told: not by people whose notifications they have muted
	('post', 'visible_notifications', 'told', 'SELECT FROM social.visible_notifications n WHERE n.post_id = $1 AND n.type = ''mention''', 'answer <> ''-'' AND viewer NOT IN (''anonymous'', ''muter'') AND state <> ''deleted'''),
	('post', 'notifications', 'told', 'SELECT FROM social.notifications(100) n WHERE n.post_id = $1 AND n.type = ''mention''', 'answer <> ''-'' AND viewer NOT IN (''anonymous'', ''muter'') AND state <> ''deleted'''),
	('post', 'user_notifications', 'told', 'SELECT FROM social.user_notifications(first => 100) n WHERE n.post_id = $1 AND n.type = ''mention''', 'answer <> ''-'' AND viewer NOT IN (''anonymous'', ''muter'') AND state <> ''deleted'''),
	('post', 'user_unread_notifications_count', 'told', 'SELECT WHERE social.user_unread_notifications_count() = (SELECT count(*) FROM social.notifications(100))', 'viewer <> ''anonymous'''),
	('post', 'grouped_notifications', 'told', 'SELECT FROM social.grouped_notifications(100) n WHERE n.post_id = $1 AND n.type = ''mention''', 'answer <> ''-'' AND viewer NOT IN (''anonymous'', ''muter'') AND state <> ''deleted'''),
	('post', 'unread_notifications_count', 'told', 'SELECT WHERE social.unread_notifications_count() = (SELECT count(*) FROM social.notifications(100))', 'viewer <> ''anonymous'''),
	-- the viewer's own
	('post', 'draft_posts', 'own', 'SELECT FROM social.draft_posts(100) p WHERE p.id = $1', 'viewer = ''author'' AND state IN (''draft'', ''scheduled'')'),
	('post', 'deleted_posts', 'own', 'SELECT FROM social.deleted_posts(100) p WHERE p.id = $1', 'viewer = ''author'' AND state = ''deleted'''),
	('post', 'post_revisions', 'own', 'SELECT FROM social.post_revisions($1)', 'answer <> ''-'' AND viewer IN (''author'', ''staff'')'),
	('post', 'post_views', 'own', 'SELECT FROM social.post_views($1)', 'answer <> ''-'' AND viewer IN (''author'', ''staff'')'),
	('post', 'own_deleted_posts', 'own', 'SELECT FROM social.own_deleted_posts p WHERE p.id = $1', 'viewer = ''author'' AND state = ''deleted'''),
	('post', 'own_bookmarks', 'own', 'SELECT FROM social.own_bookmarks o WHERE o.post_id = $1', 'viewer <> ''anonymous'''),
	('post', 'own_post_likes', 'own', 'SELECT FROM social.own_post_likes o WHERE o.post_id = $1', 'viewer = ''follower'''),
	('post', 'own_comment_likes', 'own', 'SELECT FROM social.own_comment_likes o WHERE o.comment_id = $3', 'viewer = ''follower'''),
	('post', 'own_reposts', 'own', 'SELECT FROM social.own_reposts o WHERE o.post_id = $1', 'viewer = ''follower'''),
	-- a tag lives in public posts, whoever wrote them
	('post', 'trending_hashtags', 'tag', 'SELECT FROM social.trending_hashtags(100) h WHERE h.tag = $4', 'state IN (''public'', ''author_suspended'', ''author_inactive'')'),
	('post', 'trending_topics', 'tag', 'SELECT FROM social.trending_topics(100) h WHERE h.tag = $4', 'state IN (''public'', ''author_suspended'', ''author_inactive'')'),
	('post', 'visible_hashtags', 'tag', 'SELECT FROM social.visible_hashtags h WHERE h.tag = $4', '(answer <> ''-'' AND state NOT IN (''draft'', ''scheduled'', ''deleted'')) OR state IN (''public'', ''author_suspended'', ''author_inactive'')'),
	('post', 'hashtags function', 'tag', 'SELECT FROM social.hashtags(1, after => (SELECT social.cursor_encode(''hashtags'', g.id, g.id) FROM social.visible_hashtags g WHERE g.tag < $4 ORDER BY g.tag DESC LIMIT 1)) h WHERE h.tag = $4', '(answer <> ''-'' AND state NOT IN (''draft'', ''scheduled'', ''deleted'')) OR state IN (''public'', ''author_suspended'', ''author_inactive'')'),
	('post', 'search_hashtags', 'tag', 'SELECT FROM social.search_hashtags($4) h WHERE h.tag = $4', '(answer <> ''-'' AND state NOT IN (''draft'', ''scheduled'', ''deleted'')) OR state IN (''public'', ''author_suspended'', ''author_inactive'')'),
	('post', 'hashtags', 'tag', 'SELECT FROM social.hashtags h WHERE h.tag = $4', 'answer <> ''-'' AND state NOT IN (''draft'', ''scheduled'', ''deleted'')'),
	('post', 'hashtag_is_visible', 'tag', 'SELECT FROM social.hashtags h WHERE h.tag = $4 AND social.hashtag_is_visible(h.id)', 'answer <> ''-'' AND state NOT IN (''draft'', ''scheduled'', ''deleted'')');
DELETE FROM probes WHERE name IN ('visible_hashtags', 'hashtag_is_visible') AND kind = 'direct';

-- What is no row there for anybody: names and tags of posts that are not published, what hangs on a
-- deleted post, anonymous people's bookmarks.
UPDATE probes SET expected = 'answer <> ''-'' AND state NOT IN (''private'', ''draft'', ''scheduled'', ''deleted'')'
WHERE object = 'post' AND name IN ('visible_mentions', 'mentions');
UPDATE probes SET expected = 'answer = ''L'' AND state <> ''private''' WHERE object = 'post' AND name = 'user_mentions';
UPDATE probes SET expected = 'answer = ''L'' AND state IN (''public'', ''author_suspended'')' WHERE name = 'trending_posts';
-- Nobody acts on what they have deleted, reports or follows themselves; a block may be repeated.
UPDATE probes SET expected = 'answer IN (''L'', ''D'') AND viewer <> ''anonymous'' AND state <> ''deleted''' WHERE object = 'post' AND kind = 'write' AND name <> 'like_comment';
UPDATE probes SET expected = 'answer IN (''L'', ''D'') AND viewer NOT IN (''anonymous'', ''author'')' WHERE name IN ('report_post', 'report_comment', 'report_user', 'follow_user', 'set_following', 'mute_user');
UPDATE probes SET expected = 'viewer = ''blocker'' OR (answer <> ''-'' AND viewer NOT IN (''anonymous'', ''author''))' WHERE name = 'block_user';
UPDATE probes SET expected = 'answer <> ''-'' AND state NOT IN (''draft'', ''scheduled'', ''deleted'')' WHERE object = 'post' AND name = 'post_hashtags';
UPDATE probes SET expected = 'answer <> ''-'' AND state <> ''deleted'''
WHERE object = 'post' AND name IN ('post_likers', 'post_reactions', 'post_shares', 'post_quotes', 'post_comments', 'comment_thread', 'post_media');
UPDATE probes SET expected = 'answer <> ''-'' AND viewer <> ''anonymous''' WHERE name IN ('visible_bookmarks', 'bookmarks');
UPDATE probes SET expected = 'answer = ''L'' AND viewer <> ''anonymous''' WHERE name = 'bookmarked_posts';

-- Whoever sent a file sees it anyhow: another person, who is no viewer here.
\set cdn_key `cat test/data/jwt_keys/rs256.pem`
SELECT social.set_media_store(public_url => 'https://cdn.example.com', cdn_key_id => 'K1', cdn_private_key => :'cdn_key') \gset
INSERT INTO social.media (id, owner_id, state, key, content_type, post_id) SELECT 1000000000000 + o.post_id, pg_temp.who('other'), 'ready', 'mx/' || o.post_id, 'image/png', o.post_id FROM objects o WHERE o.kind = 'post';
INSERT INTO social.post_revisions (post_id, revision, title, content) SELECT o.post_id, 1, 't', 'c' FROM objects o WHERE o.kind = 'post';
INSERT INTO social.notifications (recipient_id, type, actor_id, post_id)
SELECT v.id, 'mention', o.author_id, o.post_id FROM objects o, people v
WHERE o.kind = 'post' AND NOT EXISTS (SELECT FROM social.notifications n WHERE n.recipient_id = v.id AND n.type = 'mention' AND n.post_id = o.post_id);
-- Above whatever other tests have left.
INSERT INTO social.post_trends (post_id, score) SELECT o.post_id, social.trend_merge(NULL, 1e6, now()) FROM objects o WHERE o.kind = 'post' ON CONFLICT (post_id) DO UPDATE SET score = excluded.score;
INSERT INTO social.hashtag_trends (hashtag_id, score) SELECT h.id, social.trend_merge(NULL, 1e6, now()) FROM social.hashtags h WHERE h.tag LIKE 'mx%' ON CONFLICT (hashtag_id) DO UPDATE SET score = excluded.score;

SELECT social.act_as(NULL::bigint), social.create_league('Mx league') \g /dev/null
INSERT INTO social.post_subjects (post_id, subject_id, position) SELECT p.id, l.id, p.position FROM objects o JOIN social.posts p ON p.id = o.post_id, social.visible_leagues l WHERE o.kind = 'post' AND l.slug = 'mx-league';
INSERT INTO social.stream_subjects (stream_id, subject_id) SELECT o.stream_id, l.id FROM objects o, social.visible_leagues l WHERE o.kind = 'stream' AND l.slug = 'mx-league';
INSERT INTO social.sport_follows (user_id, subject_id) SELECT p.id, l.id FROM people p, social.visible_leagues l WHERE l.slug = 'mx-league';

-- Functions for readers that show nobody's posts, comments or profile, or only write.
CREATE TEMPORARY TABLE no_reads AS SELECT unnest(ARRAY[
	'event_position', -- a number
	'viewer_id', 'require_viewer', 'result_id', 'authenticate', 'viewer_is_staff', 'blocked_ids', 'muted_ids', 'viewer_in_audience', 'viewer_sees_person', 'viewer_sees_post', 'viewer_sees_comment', 'viewer_lists_person', 'waiting_count', 'commenter_is_shown', 'hashtag_seen_at',
	'check_text', 'extract_hashtags', 'extract_mentions', 'hashtag_key', 'cursor_encode', 'cursor_decode', 'jwt_verify', 'verify_webhook_signature', 's3_presign', 's3_post_form', 's3_sign_policy', 'cloudfront_url', 'cloudfront_cookies', 'cloudfront_policy', 'cloudfront_signature', 'cloudfront_base64', 's3_address', 's3_host', 'raise_error',
	'page_size', 'page_cursor', 'page_json', 'help', 'function_audience', 'page_key', 'page_start', 'page_time', 'time_key', 'moment_key', 'page_moment', 'search_config', 'search_query', 'title_query', 'title_key', 'search_snippet',
	'search_vector', 'language_code', 'guess_language',
	'login', 'register', 'change_password', 'request_password_reset', 'reset_password', 'request_email_verification', 'verify_email',
	'enable_totp', 'confirm_totp', 'disable_totp', 'regenerate_recovery_codes', 'login_attempts', 'account_json', 'update_account',
	'update_profile', 'follow_user', 'unfollow_user', 'remove_follower', 'accept_follow_request',
	'reject_follow_request', 'block_user', 'unblock_user', 'mute_user', 'unmute_user',
	'create_post', 'update_post', 'publish_post', 'delete_post', 'restore_post', 'pin_post', 'unpin_post', 'highlight_post', 'unhighlight_post',
	'repost_post', 'unrepost_post', 'share_post', 'bookmark_post', 'unbookmark_post', 'view_post',
	'create_comment', 'update_comment', 'delete_comment', 'like_post', 'unlike_post', 'like_comment', 'unlike_comment',
	'report_post', 'report_comment', 'report_user', 'resolve_report', 'hide_post', 'unhide_post', 'hide_comment', 'unhide_comment',
	'suspend_user', 'unsuspend_user', 'content_rules', 'add_content_rule', 'remove_content_rule', 'reports', 'require_staff', 'delete_account',
	'moderation_entries', 'audit_entries', 'mark_notifications', 'mark_all_notifications_read', 'mark_notification_read', 'mark_notification_unread', 'mark_notification_group_read', 'notification_muted_ids',
	'notification_preferences', 'set_notification_preference', 'setting',
	-- sessions and keys: about the viewer's own logins, or about nobody
	'session_id', 'refresh_session', 'active_sessions', 'logout', 'logout_all', 'revoke_session', 'clear_expired_sessions', 'verify_token', 'jwks',
	'api_key_id', 'api_scopes', 'api_key_problem', 'require_login', 'require_scope', 'create_api_key', 'revoke_api_key', 'api_keys', 'current_api_key', 'give_consent', 'withdraw_consent', 'consents', 'consent_history',
	'security_changes', 'security_json',
	'viewer_sees_stream', 'create_stream', 'update_stream', 'delete_stream', 'rotate_stream_key', 'take_stream_key', 'start_stream', 'end_stream', 'invite_to_stream', 'uninvite_from_stream', 'stream_invitations', 'require_host',
	'check_stream_status', 'stream_key_json', 'stream_playback_url', 'stream_url', 'renew_stream_view', 'leave_stream', 'chat_rank', 'chat_role', 'send_chat_message', 'delete_chat_message', 'clear_chat_user', 'ban_chat_user', 'unban_chat_user',
	'pin_chat_message', 'unpin_chat_message', 'update_stream_chat', 'add_stream_moderator', 'remove_stream_moderator', 'stream_bans', 'stream_analytics_json', 'chat_offset', -- a host's own business: test/pgtap/stream.sql
	'media_types', 'create_upload', 'upload_json', 'complete_upload', 'update_media', 'delete_media', 'is_restoring', 'picture_url', 'picture_variants', 'own_media', 'upload_parts_json',
	'request_export', 'delete_export', 'export_document', 'own_export_url', 'exports_kept', 'export_is_under_way', -- of the viewer's own: test/pgtap/export.sql
	-- of webhooks, which are their owner's: test/pgtap/outgoing_webhook.sql
	'webhook_signature', 'webhook_new_secret', 'webhook_public_key', 'webhook_url_problem', 'address_owner', 'json_texts', 'webhook_event_types', 'webhook_secrets', 'webhook_json', 'webhook_secret_json', 'create_webhook', 'update_webhook', 'delete_webhook',
	'rotate_webhook_secret', 'test_webhook', 'replay_webhook_delivery', 'recover_webhook', 'own_webhooks', 'webhook_deliveries', 'webhook_delivery_attempts',
	-- of leagues, teams and athletes, which everybody may see
	'sport_fields', 'sport_slug', 'create_league', 'update_league', 'delete_league', 'create_team', 'update_team', 'delete_team', 'create_athlete', 'update_athlete', 'delete_athlete',
	'link_sport_subject', 'unlink_sport_subject', 'sports_import', 'leagues', 'teams', 'athletes', 'search_sports', 'set_post_subjects', 'check_sport_kind', 'follow_subject', 'unfollow_subject', 'followed_subjects',
	'rate_limit_policies', 'node_id', 'nodes'
]) AS name;

SELECT is_empty($$
	SELECT DISTINCT a.function_name FROM social.function_audience() a WHERE a.audience = 'reader'
	AND a.function_name NOT IN (SELECT name FROM probes) AND a.function_name NOT IN (SELECT name FROM no_reads)
$$, 'every function for readers has a row in this matrix');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'social'::regnamespace AND c.relkind = 'v' AND NOT starts_with(c.relname, 'admin_')
	AND c.relname NOT IN ('rate_limit_policy', 'visible_content_rules', 'visible_reports', 'visible_exports') -- about nobody, or for staff: test/pgtap/moderation.sql
	AND c.relname NOT IN ('visible_webhooks', 'visible_webhook_secrets', 'visible_webhook_deliveries', 'visible_webhook_delivery_attempts') -- their owner's
	AND c.relname NOT IN ('visible_sport_subjects', 'visible_leagues', 'visible_teams', 'visible_athletes', 'visible_sport_external_ids') -- everybody sees them
	AND c.relname NOT IN (SELECT name FROM probes)
$$, 'and so has every view for readers');
SELECT is_empty($$
	SELECT p.table_name FROM social.policies() p WHERE p.table_name NOT IN (SELECT split_part(name, ' ', 1) FROM probes)
$$, 'and every table with a policy');

-- ---- the matrix ----------------------------------------------------------------------------------

CREATE ROLE mx_direct;
SELECT social.grant_direct('mx_direct'), social.grant_reader('mx_direct');
-- What bridges ask about their viewers.
GRANT EXECUTE ON FUNCTION social.event_results(bigint, bigint[], bigint[], text, text[]), social.event_topics_lost(text[], bigint[]) TO mx_direct;

-- Is the object seen? What may not be seen does not exist: SM404; who must log in first sees nothing.
CREATE FUNCTION pg_temp.seen(probe text, o objects, is_write boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	rows bigint;
BEGIN
	EXECUTE probe USING o.post_id, o.author_id, o.comment_id, o.tag, o.quote_id, o.reply_id, o.stream_id;
	GET DIAGNOSTICS rows = ROW_COUNT;
	IF is_write THEN
		RAISE EXCEPTION 'undo' USING ERRCODE = 'MX000';
	END IF;
	RETURN rows > 0;
EXCEPTION
	WHEN SQLSTATE 'SM400' OR SQLSTATE 'SM401' OR SQLSTATE 'SM403' OR SQLSTATE 'SM404' THEN
		RETURN false;
	WHEN SQLSTATE 'MX000' THEN
		RETURN true;
END
$$;

-- Acts as each viewer, under a role that has only what grant_direct and grant_reader give, and asks every probe.
CREATE TEMPORARY TABLE answers (object text, state text, viewer text, name text, kind text, probe text, seen boolean);
CREATE FUNCTION pg_temp.ask() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t record;
	o objects;
	p probes;
	answer boolean;
BEGIN
	FOR t IN SELECT * FROM truth WHERE truth.answer <> '.'
	LOOP
		SELECT * INTO o FROM objects x WHERE x.kind = t.kind AND x.state = t.state;
		PERFORM social.act_as(pg_temp.who(nullif(t.viewer, 'anonymous')));
		FOR p IN SELECT * FROM probes WHERE probes.object = t.kind
		LOOP
			SET LOCAL ROLE mx_direct;
			answer := pg_temp.seen(p.probe, o, p.kind = 'write');
			RESET ROLE;
			INSERT INTO answers VALUES (t.kind, t.state, t.viewer, p.name, p.kind, p.probe, answer);
		END LOOP;
	END LOOP;
	PERFORM social.act_as(NULL::bigint);
END
$$;
SELECT pg_temp.ask();

CREATE FUNCTION pg_temp.expected(kind text, expected text, state text, viewer text, answer text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	result boolean;
BEGIN
	IF expected IS NULL THEN
		RETURN CASE kind WHEN 'direct' THEN answer IN ('L', 'D') WHEN 'write' THEN answer IN ('L', 'D') AND viewer <> 'anonymous' WHEN 'list' THEN answer = 'L'
			WHEN 'tombstone' THEN answer IN ('L', 'D', 'T') WHEN 'tombstone list' THEN answer IN ('L', 'T') END;
	END IF;
	EXECUTE 'SELECT ' || expected || ' FROM (SELECT $1 AS state, $2 AS viewer, $3 AS answer) x' INTO result USING state, viewer, answer;
	RETURN result;
END
$$;
CREATE TEMPORARY TABLE wrong AS
SELECT a.object, a.name, a.state, a.viewer, a.seen, a.probe
FROM answers a
JOIN probes p USING (object, name, kind, probe)
JOIN truth t ON t.kind = a.object AND t.state = a.state AND t.viewer = a.viewer
WHERE a.seen IS DISTINCT FROM pg_temp.expected(p.kind, p.expected, t.state, t.viewer, t.answer);

SELECT cmp_ok((SELECT count(*) FROM answers), '>', 4000::bigint, 'the matrix has thousands of cells');
SELECT is((SELECT string_agg(w.state || ' to ' || w.viewer || CASE WHEN w.seen THEN ' is seen' ELSE ' is not seen' END, ', ' ORDER BY w.state, w.viewer)
	FROM wrong w WHERE w.object = p.object AND w.name = p.name), NULL, format('%s by %s: every viewer, every state', p.object, p.name))
FROM (SELECT DISTINCT object, name FROM probes) p ORDER BY p.object, p.name;

SELECT * FROM finish();
ROLLBACK;
