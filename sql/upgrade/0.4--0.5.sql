-- 0.4--0.5.sql owns what tables need to get from 0.4 to 0.5. Nothing here rewrites a table, and
-- nothing counts on a function that 0.4 brought: older installations come through here too.

-- account: whose claim to an unproven address a login met; tries that were one too many.
ALTER TABLE social.login_attempts ADD COLUMN claimant_id bigint REFERENCES social.users ON DELETE CASCADE;
CREATE INDEX login_attempts_claimant_idx ON social.login_attempts (claimant_id) WHERE claimant_id IS NOT NULL;
COMMENT ON TABLE social.login_attempts IS 'Every attempt to log in, also those that failed. user_id is null when no account has the name; claimant_id is whose claim to an unproven address it met.';
ALTER TABLE social.login_attempts DROP CONSTRAINT login_attempts_outcome_check,
	ADD CONSTRAINT login_attempts_outcome_check CHECK (outcome IN ('success', 'wrong_password', 'paused', 'unknown_account', 'inactive',
		'suspended', 'refused', 'code_required', 'wrong_code', 'code_paused'));
UPDATE social.login_attempts a SET claimant_id = (
	SELECT u.id FROM social.users u WHERE lower(u.pending_email) = lower(a.username) AND u.pending_email <> '' ORDER BY u.id LIMIT 1)
WHERE a.user_id IS NULL AND position('@' IN a.username) > 0;
-- A token that opens nothing remembers no address.
UPDATE social.account_tokens SET email = '' WHERE user_id IS NULL AND email <> '';
-- What accounts that were erased have left: their names in the audit log, and their reports' words.
DO $$
BEGIN
	PERFORM set_config('social.restoring', 'on', true);
	UPDATE social.audit_log SET detail = detail - 'username' WHERE action = 'delete_user' AND detail ? 'username';
	PERFORM set_config('social.restoring', 'off', true);
	UPDATE social.reports SET details = '' WHERE reporter_id IS NULL AND reason <> 'content rule' AND details <> '';
END
$$;
DROP FUNCTION IF EXISTS social.account_with_address(text);
-- mention: what an older version took for a mention of jose in "@jose.garcia" no longer lets jose read
-- what is not for everybody. A post's own author and what stays named elsewhere in it stay.
DELETE FROM social.mentions m USING social.posts p, social.users u
WHERE p.id = m.post_id AND u.id = m.mentioned_user_id AND p.visibility <> 'public' AND u.username ~ '^[A-Za-z0-9_]+$'
	AND concat_ws(E'\n', p.title, p.content) ~* ('[@＠]' || u.username || '[^[:space:]]')
	AND concat_ws(E'\n', p.title, p.content) !~* ('[@＠]' || u.username || '([^[:alnum:]_.+@＠-]|[.+-]+([^[:alnum:]_.+-]|$)|$)');

-- post: a post that was taken back keeps its place, too.
COMMENT ON TABLE social.posts IS 'Posts and drafts. hashtags, search_vector and position are kept by a trigger: folded tags in order of first appearance, title weighted A above content B, and the place in newest-first lists (null unless the post is published and not deleted). kept_position is the place that a post which was deleted or taken back from publication gets back; publish_at is null once a post is published. language says which words of the text are forms of one word, and is guessed from the script where nobody says it.';

-- user, post: one check for every address that clients show; what has another scheme than http and
-- https (javascript:, data:) goes.
DROP FUNCTION IF EXISTS social.check_profile_url(text, text, boolean);
UPDATE social.posts SET image = CASE WHEN image !~ '^[^/?#]*:' OR image ~* '^https?://' THEN image END,
	video = CASE WHEN video !~ '^[^/?#]*:' OR video ~* '^https?://' THEN video END
WHERE (image ~ '^[^/?#]*:' AND image !~* '^https?://') OR (video ~ '^[^/?#]*:' AND video !~* '^https?://');
UPDATE social.profiles SET avatar = CASE WHEN avatar !~ '^[^/?#]*:' OR avatar ~* '^https?://' THEN avatar END,
	banner_image = CASE WHEN banner_image !~ '^[^/?#]*:' OR banner_image ~* '^https?://' THEN banner_image END,
	website = CASE WHEN website !~ '^[^/?#]*:' OR website ~* '^https?://' THEN website ELSE '' END
WHERE (avatar ~ '^[^/?#]*:' AND avatar !~* '^https?://') OR (banner_image ~ '^[^/?#]*:' AND banner_image !~* '^https?://')
	OR (website ~ '^[^/?#]*:' AND website !~* '^https?://');
-- replication: every table can name the rows that it loses (found C1)
ALTER TABLE social.user_counter_deltas REPLICA IDENTITY FULL;
ALTER TABLE social.post_counter_deltas REPLICA IDENTITY FULL;
ALTER TABLE social.comment_counter_deltas REPLICA IDENTITY FULL;
ALTER TABLE social.hashtag_counter_deltas REPLICA IDENTITY FULL;
ALTER TABLE social.trend_events REPLICA IDENTITY FULL;
ALTER TABLE social.post_reindex REPLICA IDENTITY FULL;
ALTER TABLE social.last_positions ADD COLUMN part bigint NOT NULL DEFAULT 0;
ALTER TABLE social.last_positions ALTER COLUMN part SET DEFAULT (9e18::double precision * random())::bigint;
UPDATE social.last_positions l SET part = DEFAULT
WHERE EXISTS (SELECT FROM social.last_positions o WHERE o.user_id = l.user_id AND o.ctid <> l.ctid);
DROP INDEX social.last_positions_user_idx;
ALTER TABLE social.last_positions ADD PRIMARY KEY (user_id, part);

-- references: triggers of ours hold those of a table to itself (found C3)
ALTER TABLE social.posts DROP CONSTRAINT posts_quoted_post_id_fkey;
ALTER TABLE social.comments DROP CONSTRAINT comments_parent_fkey;

-- key: no key is made at install any more.
COMMENT ON TABLE social.jwt_key IS 'Signing keys, each with its one algorithm. private_key holds the HS256 secret or a private key as PEM, public_key a public key as PEM. The active key signs; active and retired ones verify; a standby one is published and waits for its turn. The first is made when a bridge starts, or for the first token. Nobody but the owner may read this table.';
-- guard: whatever may drop something (found C2); sql/api makes it again
DROP EVENT TRIGGER social_guard_drop;

-- hashtag: a tag gets its time and spelling from its first public use.
ALTER TABLE social.hashtags ADD COLUMN is_public boolean NOT NULL DEFAULT true;
COMMENT ON TABLE social.hashtags IS 'Tags. tag is the folded key that lookups use (compatibility-composed and case-folded), display the spelling of the first public post that used it, created_at its time. Until then is_public is false, display the key and created_at -infinity: what used it is nobody else''s business.';
UPDATE social.hashtags h SET is_public = false, display = h.tag, created_at = '-infinity'
WHERE NOT EXISTS (SELECT FROM social.post_hashtags l WHERE l.hashtag_id = h.id AND l.is_public);

-- notification: what was taken back is told once.
ALTER TABLE social.notifications ADD COLUMN withdrawn_at timestamptz;
CREATE INDEX notifications_withdrawn_idx ON social.notifications (actor_id) WHERE withdrawn_at IS NOT NULL;
COMMENT ON TABLE social.notifications IS 'One row for each thing that somebody is told: who did (actor_id, null for the system) what (type) to what (post_id, comment_id, or the recipient; where a quote is the deed, quote_id is the post that quotes post_id). A like writes two index entries here and no more: the key serves lists, the unread count and look-ups of one''s own; actor_id needs no foreign key, because a notification goes with the like, comment, follow or share that it tells of, and that with its actor. A like, follow or share that is taken back leaves it withdrawn: seen by nobody, it remembers that this was told, until its actor goes.';

-- trending: distinct others count; what that asks of comments and of the sources.
CREATE INDEX comments_post_author_idx ON social.comments (post_id, author_id) WHERE is_counted IS NOT NULL;
DROP FUNCTION IF EXISTS social.trend_sources();
-- language: posts and queries are read in one normal form. The worker makes the vectors anew.
DELETE FROM social.post_reindex;
INSERT INTO social.post_reindex (before_id) SELECT max(p.id) + 1 FROM social.posts p HAVING max(p.id) IS NOT NULL;
-- blocks: nobody waits for what is between two people (found E5, E15)
ALTER TABLE social.blocks ADD COLUMN is_settled boolean NOT NULL DEFAULT true;
CREATE INDEX blocks_unsettled_idx ON social.blocks (blocker_id, blocked_id) WHERE NOT is_settled;
DROP FUNCTION IF EXISTS social.hold_pair(bigint, bigint, boolean);
-- user: since when an address is claimed; the accounts that there are came with their claims.
ALTER TABLE social.users ADD COLUMN claimed_at timestamptz;
UPDATE social.users SET claimed_at = created_at WHERE pending_email <> '';

-- counter: what suspended and inactive people did does not count.
ALTER TABLE social.post_likes ADD COLUMN is_counted boolean DEFAULT true;
ALTER TABLE social.comment_likes ADD COLUMN is_counted boolean DEFAULT true;
ALTER TABLE social.reposts ADD COLUMN is_counted boolean DEFAULT true;
ALTER TABLE social.follows ADD COLUMN follower_is_counted boolean DEFAULT true;
ALTER TABLE social.follows ADD COLUMN followed_is_counted boolean DEFAULT true;
ALTER TABLE social.comments ADD COLUMN author_is_counted boolean DEFAULT true;
ALTER TABLE social.comments ADD COLUMN is_reply boolean DEFAULT true;
DROP TRIGGER IF EXISTS social_comment_check ON social.comments;
UPDATE social.comments SET is_counted = NULL, is_reply = NULL WHERE hidden_at IS NOT NULL;
CREATE TABLE social.recounts (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	due timestamptz NOT NULL DEFAULT now(),
	step integer NOT NULL DEFAULT 0,
	place text,
	horizon xid8,
	is_settled boolean NOT NULL DEFAULT false,
	passes integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE social.recounts IS 'People whose rows are to be looked through, because they count no more or again: at which step and place the worker is. A pass is settled when no transaction runs any more that was under way before horizon; else another one follows. The row of somebody who is suspended for a time waits for its end.';
CREATE INDEX recounts_due_idx ON social.recounts (due, id);
CREATE INDEX recounts_user_idx ON social.recounts (user_id);
COMMENT ON TABLE social.post_likes IS 'Who likes which post, and with which reaction. is_counted is null while the person is not shown.';
COMMENT ON TABLE social.comment_likes IS 'Who likes which comment, and with which reaction. is_counted is null while the person is not shown.';
COMMENT ON TABLE social.reposts IS 'Plain reposts. A share with a message is a post of its own that names the other in quoted_post_id. is_counted is null while the person is not shown.';
COMMENT ON TABLE social.follows IS 'One row for each follower and the person they follow. follower_is_counted and followed_is_counted are null while that person is not shown.';
COMMENT ON TABLE social.comments IS 'Comments; parent_id makes a reply, and a reply stands under the same post as its parent. A deleted comment that has replies stays as a tombstone; It does not count for its post (is_counted is null), but among the replies to its parent (is_reply). A hidden comment, and one whose author is not shown (author_is_counted is null), counts for neither.';
INSERT INTO social.recounts (user_id) SELECT u.id FROM social.users u WHERE NOT u.is_active OR u.suspended_at IS NOT NULL ORDER BY u.id;

-- share: a repost that is taken back and made again keeps its place.
CREATE TABLE social.repost_places (
	post_id bigint NOT NULL REFERENCES social.posts ON DELETE CASCADE,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	position bigint NOT NULL,
	created_at timestamptz NOT NULL,
	withdrawn_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (post_id, user_id)
);
COMMENT ON TABLE social.repost_places IS 'Where reposts stood that were taken back: who passes the same post on again gets the same place, so that nobody can lift a post to the top again and again. Retention forgets them.';
CREATE INDEX repost_places_user_idx ON social.repost_places (user_id);
CREATE INDEX repost_places_withdrawn_idx ON social.repost_places (withdrawn_at);
-- language: which version of Unicode the indexes on texts were made with (found C20).
CREATE TABLE social.text_tables (
	is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
	unicode text NOT NULL,
	icu text NOT NULL
);
COMMENT ON TABLE social.text_tables IS 'The one row says which version of Unicode the indexes on texts were made with, and whose tables those were. It stays in its cluster: pg_dump leaves it out, because a restore makes the indexes anew, and pg_upgrade takes it along, as it does the indexes.';
-- counter: the fold takes a batch, as every step of the worker.
DROP FUNCTION social.fold_counters();

-- observed: views are observed as the other rows are.
DROP TRIGGER IF EXISTS social_post_view_after ON social.post_views;
DROP FUNCTION IF EXISTS social.post_view_after();
-- notification: each like looks for what it told before; indexes that find it by ids alone.
CREATE INDEX notifications_post_actor_idx ON social.notifications (post_id, actor_id, type) WHERE post_id IS NOT NULL;
CREATE INDEX notifications_comment_actor_idx ON social.notifications (comment_id, actor_id, type) WHERE comment_id IS NOT NULL;
DROP INDEX social.notifications_post_idx;
DROP INDEX social.notifications_comment_idx;
-- share: who has seen a post, the latest first; whether somebody has put a post aside is one look by
-- one key, and not one at everybody who has.
ALTER TABLE social.bookmarks DROP CONSTRAINT bookmarks_pkey, ADD CONSTRAINT bookmarks_pkey PRIMARY KEY (post_id, user_id);
DROP INDEX social.bookmarks_post_idx;
CREATE INDEX post_views_newest_idx ON social.post_views (post_id, created_at DESC, user_id DESC) WHERE user_id IS NOT NULL;
-- page: every list has one form (before, cursor, has_more), and JSON pages are the bridge's to make.
DROP FUNCTION IF EXISTS social.post_comments(bigint, integer, text);
DROP FUNCTION IF EXISTS social.comment_replies(bigint, integer, text);
DROP FUNCTION IF EXISTS social.comment_thread(bigint, integer, text);
DROP FUNCTION IF EXISTS social.home_feed(bigint, integer, text, text);
DROP FUNCTION IF EXISTS social.followers(bigint, integer, text);
DROP FUNCTION IF EXISTS social.following(bigint, integer, text);
DROP FUNCTION IF EXISTS social.follow_requests(integer, text);
DROP FUNCTION IF EXISTS social.login_attempts(integer, text);
DROP FUNCTION IF EXISTS social.user_mentions(bigint, integer, text);
DROP FUNCTION IF EXISTS social.reports(text, integer, text);
DROP FUNCTION IF EXISTS social.notifications(integer, text, boolean);
DROP FUNCTION IF EXISTS social.grouped_notifications(integer, text);
DROP FUNCTION IF EXISTS social.user_posts(bigint, integer, text);
DROP FUNCTION IF EXISTS social.draft_posts(integer, text);
DROP FUNCTION IF EXISTS social.deleted_posts(integer, text);
DROP FUNCTION IF EXISTS social.post_revisions(bigint, integer, text);
DROP FUNCTION IF EXISTS social.post_likers(bigint, integer, text);
DROP FUNCTION IF EXISTS social.comment_likers(bigint, integer, text);
DROP FUNCTION IF EXISTS social.blocked_users(integer, text);
DROP FUNCTION IF EXISTS social.muted_users(integer, text);
DROP FUNCTION IF EXISTS social.hashtag_posts(text, integer, text);
DROP FUNCTION IF EXISTS social.search_posts(text, integer, text);
DROP FUNCTION IF EXISTS social.search_posts_like(text, integer, text);
DROP FUNCTION IF EXISTS social.search_users(text, integer, text);
DROP FUNCTION IF EXISTS social.search_hashtags(text, integer, text);
DROP FUNCTION IF EXISTS social.search_ranking(tsquery, text, integer, text);
DROP FUNCTION IF EXISTS social.post_shares(bigint, integer, text);
DROP FUNCTION IF EXISTS social.bookmarked_posts(integer, text);
DROP FUNCTION IF EXISTS social.posts_page(integer, text);
DROP FUNCTION IF EXISTS social.users_page(integer, text);
DROP FUNCTION IF EXISTS social.feed_page(integer, text);
DROP FUNCTION IF EXISTS social.search_page(text, integer, text);
DROP FUNCTION IF EXISTS social.login_attempts_page(integer, text);
-- user: a profile's picture has two names (I-02).
DROP FUNCTION IF EXISTS social.update_profile(text, text, text, text, text, text, text, boolean);
-- document: GraphQL documents that clients may name.
CREATE TABLE social.graphql_documents (
	id text COLLATE "C" PRIMARY KEY CHECK (id <> '' AND length(id) <= 128),
	body text NOT NULL CHECK (body <> ''),
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.graphql_documents IS 'GraphQL documents that clients may name instead of sending them (add_graphql_document). What stands under an id never changes; each is kept until it is removed.';
-- idempotency: requests that are done once.
CREATE TABLE social.idempotency_keys (
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	key text COLLATE "C" NOT NULL CHECK (key <> '' AND length(key) <= 255),
	step integer NOT NULL,
	request_hash text COLLATE "C" NOT NULL,
	result_id bigint,
	answer text,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, key, step)
);
COMMENT ON TABLE social.idempotency_keys IS 'Requests that were sent with an Idempotency-Key and did what they were sent for: a row is written by the transaction that did it, so it is there when the effect is, and only then. step is the field of a GraphQL mutation, 0 otherwise. A key stands for its person''s one request of that hash until retention forgets it. Nobody but the owner may read this table.';
CREATE INDEX idempotency_keys_created_idx ON social.idempotency_keys (created_at);
REVOKE ALL ON social.idempotency_keys FROM PUBLIC;
-- audit: what staff see of the log is found without the rest of it.
CREATE INDEX audit_log_moderation_idx ON social.audit_log (id)
	WHERE object_type IN ('post', 'comment', 'report', 'content_rule') OR action IN ('suspend_user', 'unsuspend_user');

-- page: trending lists, searches of everything, sessions and pinned posts are lists like any other.
DROP FUNCTION IF EXISTS social.trending_hashtags(integer), social.trending_topics(integer), social.trending_posts(integer),
	social.search(text, integer), social.active_sessions(), social.pinned_posts(bigint);
-- django: how far a move from a Django application has come.
CREATE TABLE social.django_imports (
	source text COLLATE "C" NOT NULL,
	step text COLLATE "C" NOT NULL,
	last_created timestamptz,
	last_table text COLLATE "C",
	last_key text COLLATE "C",
	rows_read bigint NOT NULL DEFAULT 0,
	rows_taken bigint NOT NULL DEFAULT 0,
	is_done boolean NOT NULL DEFAULT false,
	PRIMARY KEY (source, step)
);
COMMENT ON TABLE social.django_imports IS 'How far social.import_django() has come: one row for each step, which is a table of the source, or several that are read in order of time.';

CREATE TABLE social.django_ids (
	id bigint NOT NULL,
	source text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	PRIMARY KEY (source, kind, key)
);
COMMENT ON TABLE social.django_ids IS 'Which id here a person, post or comment of a Django database has got.';

CREATE TABLE social.django_notes (
	source text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	note text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (source, kind, key)
);
COMMENT ON TABLE social.django_notes IS 'Rows of a Django database that were not taken as they are, and why.';
