-- 0.4--0.5.sql owns what tables need to get from 0.4 to 0.5. Nothing here rewrites a table, and
-- nothing counts on a function that 0.4 brought: older installations come through here too.

-- account: whose claim to an unproven address a login met; tries that were one too many.
ALTER TABLE social.login_attempts ADD COLUMN claimant_id bigint REFERENCES social.users ON DELETE CASCADE;
CREATE INDEX login_attempts_claimant_idx ON social.login_attempts (claimant_id) WHERE claimant_id IS NOT NULL;
COMMENT ON TABLE social.login_attempts IS 'Every attempt to log in, also those that failed. user_id is null when no account has the name; claimant_id is whose claim to an unproven address it met.';
ALTER TABLE social.login_attempts DROP CONSTRAINT login_attempts_outcome_check,
	ADD CONSTRAINT login_attempts_outcome_check CHECK (outcome IN ('success', 'wrong_password', 'paused', 'unknown_account', 'inactive',
		'suspended', 'refused', 'deleting', 'code_required', 'wrong_code', 'code_paused'));
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
	id bigint,
	source text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	PRIMARY KEY (source, kind, key)
);
COMMENT ON TABLE social.django_ids IS 'Which id here a person, post or comment of a Django database has got; null for somebody who has been erased here, and is not moved again.';

CREATE TABLE social.django_notes (
	source text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	note text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (source, kind, key)
);
COMMENT ON TABLE social.django_notes IS 'Rows of a Django database that were not taken as they are, and why.';

-- event: the log of what has happened, and the registry's column of it.
CREATE TABLE social.event_outbox (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT now(),
	type text COLLATE "C" NOT NULL,
	author_id bigint,
	post_id bigint,
	comment_id bigint,
	recipient_id bigint,
	subject_id bigint,
	stream_id bigint,
	more bigint[]
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);
COMMENT ON TABLE social.event_outbox IS 'Events that wait for their number. A row is an event, and those of its kind that followed it in their statement (more_events). No foreign keys: an event outlives what it tells of.';

CREATE TABLE social.event_counts (
	object_id bigint NOT NULL,
	type text COLLATE "C" NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);
COMMENT ON TABLE social.event_counts IS 'Objects whose counts have changed since an event last told of them; several rows of one are one event. No index, so that a like only appends.';
ALTER TABLE social.event_counts REPLICA IDENTITY FULL;

CREATE TABLE social.events (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT clock_timestamp(),
	type text COLLATE "C" NOT NULL,
	author_id bigint,
	post_id bigint,
	comment_id bigint,
	recipient_id bigint,
	subject_id bigint,
	stream_id bigint
);
COMMENT ON TABLE social.events IS 'What has happened, in commit order: once the log shows an id, no lower one comes. Ids only, no content: what somebody may see of it is asked when it is delivered. Retention takes the oldest.';

CREATE TABLE social.event_histories (
	first_id bigint PRIMARY KEY,
	last_id bigint NOT NULL,
	identity text NOT NULL,
	pruned_to bigint NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.event_histories IS 'Histories of the event log. Another begins where this database goes on in another way than somebody may have seen it go on: after a fail-over, a recovery, a restore. Its ids begin far above (first_id) the last one that is known here (last_id): who asks for what came after an id in between has seen what is lost.';
DROP FUNCTION IF EXISTS social.observed_tables();
-- job: background jobs
CREATE TABLE social.job_kinds (
	kind text COLLATE "C" PRIMARY KEY CONSTRAINT job_kinds_kind_check CHECK (kind ~ '^[a-z][a-z0-9_.-]{0,62}$'),
	queue text COLLATE "C" NOT NULL DEFAULT 'default' CONSTRAINT job_kinds_queue_check CHECK (queue ~ '^[a-z][a-z0-9_.-]{0,62}$'),
	priority smallint NOT NULL DEFAULT 2 CONSTRAINT job_kinds_priority_check CHECK (priority BETWEEN 1 AND 4),
	max_attempts integer NOT NULL DEFAULT 10 CONSTRAINT job_kinds_attempts_check CHECK (max_attempts BETWEEN 1 AND 1000),
	backoff interval NOT NULL DEFAULT interval '10 seconds' CONSTRAINT job_kinds_backoff_check CHECK (backoff BETWEEN interval '10 milliseconds' AND backoff_max),
	backoff_max interval NOT NULL DEFAULT interval '6 hours' CONSTRAINT job_kinds_backoff_max_check CHECK (backoff_max <= interval '30 days'),
	timeout interval NOT NULL DEFAULT interval '10 minutes' CONSTRAINT job_kinds_timeout_check CHECK (timeout BETWEEN interval '1 second' AND interval '7 days'),
	concurrency integer CONSTRAINT job_kinds_concurrency_check CHECK (concurrency > 0),
	rate integer CONSTRAINT job_kinds_rate_check CHECK (rate > 0),
	rate_period interval CONSTRAINT job_kinds_period_check CHECK ((rate_period IS NULL) = (rate IS NULL) AND rate_period BETWEEN interval '1 second' AND interval '1 day'),
	rate_used_until timestamptz,
	has_history boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE social.job_kinds IS 'What jobs there are, and how each kind is run: social.set_job_kind() writes it.';

CREATE TABLE social.job_pauses (
	queue text COLLATE "C" PRIMARY KEY,
	paused_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.job_pauses IS 'Queues whose jobs nobody gets for now.';

CREATE TABLE social.job_workers (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	name text NOT NULL CONSTRAINT job_workers_name_key UNIQUE CONSTRAINT job_workers_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
	lease interval NOT NULL,
	leased_until timestamptz NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.job_workers IS 'Who runs jobs: one row a process, whose lease is that of all jobs that it has. A row whose lease has run out goes, and its jobs go to others.';

-- A job is written three times: when it is asked for, taken, and done. What is claimed leaves
-- jobs_due_idx; its entry there stays until a vacuum, which a held snapshot keeps away (see
-- extension/job/mark.c). No foreign keys to kinds and workers: each would cost a look for each job.
CREATE TABLE social.jobs (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	kind text COLLATE "C" NOT NULL,
	args jsonb NOT NULL DEFAULT '{}' CONSTRAINT jobs_args_check CHECK (pg_column_size(args) <= 65536),
	priority smallint NOT NULL DEFAULT 2 CONSTRAINT jobs_priority_check CHECK (priority BETWEEN 1 AND 4),
	run_at timestamptz NOT NULL DEFAULT now(),
	created_at timestamptz NOT NULL DEFAULT now(),
	attempts integer NOT NULL DEFAULT 0,
	max_attempts integer NOT NULL DEFAULT 10 CONSTRAINT jobs_attempts_check CHECK (max_attempts > 0),
	unique_key text CONSTRAINT jobs_key_check CHECK (octet_length(unique_key) BETWEEN 1 AND 500),
	user_id bigint REFERENCES social.users ON DELETE CASCADE,
	worker_id bigint,
	leased_at timestamptz,
	dead_at timestamptz,
	error text NOT NULL DEFAULT ''
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
COMMENT ON TABLE social.jobs IS 'Jobs that wait, run (worker_id, leased_at) or were given up (dead_at); what is done moves to job_history. social.enqueue_job() asks for one.';
CREATE INDEX jobs_due_idx ON social.jobs (kind, priority, run_at, id) WHERE worker_id IS NULL AND dead_at IS NULL;
CREATE UNIQUE INDEX jobs_unique_idx ON social.jobs (kind, unique_key) WHERE unique_key IS NOT NULL AND worker_id IS NULL AND dead_at IS NULL;
CREATE INDEX jobs_running_idx ON social.jobs (kind, leased_at, worker_id) WHERE worker_id IS NOT NULL;
CREATE INDEX jobs_dead_idx ON social.jobs (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX jobs_user_idx ON social.jobs (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE social.job_history (
	id bigint PRIMARY KEY,
	kind text COLLATE "C" NOT NULL,
	outcome text COLLATE "C" NOT NULL CONSTRAINT job_history_outcome_check CHECK (outcome IN ('done', 'cancelled', 'superseded')),
	attempts integer NOT NULL,
	created_at timestamptz NOT NULL,
	run_at timestamptz NOT NULL,
	leased_at timestamptz,
	finished_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000);
COMMENT ON TABLE social.job_history IS 'Jobs that were done, cancelled, or superseded by a later one with their key: when and how often they ran, without what they were about.';

CREATE TABLE social.job_schedules (
	name text COLLATE "C" PRIMARY KEY CONSTRAINT job_schedules_name_check CHECK (name ~ '^[a-z][a-z0-9_.-]{0,62}$'),
	kind text COLLATE "C" NOT NULL REFERENCES social.job_kinds,
	args jsonb NOT NULL DEFAULT '{}' CONSTRAINT job_schedules_args_check CHECK (pg_column_size(args) <= 65536),
	every interval NOT NULL CONSTRAINT job_schedules_every_check CHECK (every >= interval '1 second'),
	starts_at timestamptz NOT NULL,
	time_zone text NOT NULL DEFAULT 'UTC',
	catch_up text COLLATE "C" NOT NULL DEFAULT 'once' CONSTRAINT job_schedules_catch_up_check CHECK (catch_up IN ('skip', 'once', 'all')),
	next_at timestamptz NOT NULL,
	paused_at timestamptz
);
COMMENT ON TABLE social.job_schedules IS 'Jobs that come again and again; each time is starts_at and so many times every, on the clocks of time_zone. social.set_job_schedule() writes it.';
CREATE INDEX job_schedules_kind_idx ON social.job_schedules (kind);

REVOKE ALL ON social.job_kinds, social.job_pauses, social.job_workers, social.jobs, social.job_history, social.job_schedules FROM PUBLIC;

-- media: files that people send.
CREATE TABLE social.media_store (
	is_only boolean PRIMARY KEY DEFAULT true CONSTRAINT media_store_only_check CHECK (is_only),
	is_local boolean NOT NULL DEFAULT true,
	endpoint text NOT NULL DEFAULT '',
	bucket text NOT NULL DEFAULT 'files',
	region text NOT NULL DEFAULT 'local',
	path_style boolean NOT NULL DEFAULT true,
	access_key text NOT NULL,
	secret_key text NOT NULL,
	public_url text NOT NULL DEFAULT '',
	cdn_key_id text NOT NULL DEFAULT '',
	cdn_private_key text NOT NULL DEFAULT '' CONSTRAINT media_store_cdn_check CHECK ((cdn_key_id = '') = (cdn_private_key = '')),
	upload_seconds integer NOT NULL DEFAULT 900 CONSTRAINT media_store_upload_check CHECK (upload_seconds BETWEEN 1 AND 604800),
	signed_seconds integer NOT NULL DEFAULT 60 CONSTRAINT media_store_signed_check CHECK (signed_seconds BETWEEN 2 AND 604800),
	max_size bigint NOT NULL DEFAULT 104857600 CONSTRAINT media_store_size_check CHECK (max_size > 0),
	quota bigint NOT NULL DEFAULT 5368709120 CONSTRAINT media_store_quota_check CHECK (quota >= 0),
	extensions text[],
	changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.media_store IS 'Where media are stored, and with which keys addresses there are signed: the one row is written by social.set_media_store(), and by bridges from their settings. Nobody but the owner may read this table.';

CREATE TABLE social.media (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	owner_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	state text COLLATE "C" NOT NULL DEFAULT 'reserved' CONSTRAINT media_state_check CHECK (state IN ('reserved', 'uploaded', 'verified', 'processing', 'ready', 'rejected', 'failed')),
	key text COLLATE "C" NOT NULL CONSTRAINT media_key_key UNIQUE,
	file_name text NOT NULL DEFAULT '',
	content_type text COLLATE "C" NOT NULL,
	size bigint CONSTRAINT media_size_check CHECK (size > 0),
	is_form boolean NOT NULL DEFAULT false,
	post_id bigint REFERENCES social.posts ON DELETE CASCADE,
	is_profile boolean NOT NULL DEFAULT false,
	etag text NOT NULL DEFAULT '',
	width integer CONSTRAINT media_width_check CHECK (width > 0),
	height integer CONSTRAINT media_height_check CHECK (height > 0),
	duration double precision CONSTRAINT media_duration_check CHECK (duration >= 0),
	alternative_text text NOT NULL DEFAULT '',
	placeholder text NOT NULL DEFAULT '',
	variants jsonb NOT NULL DEFAULT '{}',
	error text NOT NULL DEFAULT '',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.media IS 'Files that people have sent or are about to: reserved, uploaded (so the owner says), verified (it is what was declared), processing, ready, or rejected or failed with an error. A row that goes takes its objects along (media.delete); one that neither a post nor a profile has claimed goes after the time of the data class unclaimed_media.';
CREATE INDEX media_owner_idx ON social.media (owner_id, id);
CREATE INDEX media_post_idx ON social.media (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX media_unclaimed_idx ON social.media (created_at) WHERE post_id IS NULL AND NOT is_profile;

CREATE TABLE social.media_sweeps (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	deletes boolean NOT NULL DEFAULT false,
	place text COLLATE "C" NOT NULL DEFAULT '',
	objects bigint NOT NULL DEFAULT 0,
	missing bigint NOT NULL DEFAULT 0,
	orphans bigint NOT NULL DEFAULT 0,
	deleted bigint NOT NULL DEFAULT 0,
	findings jsonb NOT NULL DEFAULT '[]',
	started_at timestamptz NOT NULL DEFAULT now(),
	finished_at timestamptz
);
COMMENT ON TABLE social.media_sweeps IS 'Comparisons of the table media with the store, both ways: how far each has come, and what it has found.';
CREATE INDEX media_variant_idx ON social.media ((id::text) COLLATE "C") WHERE variants <> '{}';

REVOKE ALL ON social.media_store, social.media, social.media_sweeps FROM PUBLIC;
-- mail: mails that social-worker sends are jobs
ALTER TABLE social.mail_outbox ADD COLUMN job_id bigint;
CREATE INDEX mail_outbox_job_idx ON social.mail_outbox (job_id, id) WHERE sent_at IS NULL AND failed_at IS NULL;

-- stream: live streams.
CREATE TABLE social.streams (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	host_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	title text NOT NULL CONSTRAINT streams_title_check CHECK (title <> ''),
	description text NOT NULL DEFAULT '',
	status text COLLATE "C" NOT NULL DEFAULT 'scheduled' CONSTRAINT streams_status_check CHECK (status IN ('scheduled', 'starting', 'live', 'ended')),
	is_private boolean NOT NULL DEFAULT false,
	is_open boolean NOT NULL DEFAULT false,
	hidden_at timestamptz,
	viewer_count integer NOT NULL DEFAULT 0 CONSTRAINT streams_viewers_check CHECK (viewer_count >= 0),
	peak_viewers integer NOT NULL DEFAULT 0 CONSTRAINT streams_peak_check CHECK (peak_viewers >= viewer_count),
	pinned_message_id bigint,
	chat_enabled boolean NOT NULL DEFAULT true,
	slow_mode_seconds integer NOT NULL DEFAULT 0 CONSTRAINT streams_slow_mode_check CHECK (slow_mode_seconds BETWEEN 0 AND 3600),
	followers_only boolean NOT NULL DEFAULT false,
	follow_minutes integer NOT NULL DEFAULT 0 CONSTRAINT streams_follow_check CHECK (follow_minutes BETWEEN 0 AND 525600),
	thumbnail_url text,
	tags text[] NOT NULL DEFAULT '{}',
	playback_id text COLLATE "C" NOT NULL CONSTRAINT streams_playback_key UNIQUE,
	provider text COLLATE "C" NOT NULL DEFAULT 'local',
	provider_id text COLLATE "C",
	publisher text COLLATE "C",
	heard_at timestamptz,
	disconnected_at timestamptz,
	event_at timestamptz,
	notice_at timestamptz,
	notice_id bigint NOT NULL DEFAULT 0,
	scheduled_at timestamptz,
	started_at timestamptz,
	ended_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	search_vector tsvector NOT NULL,
	CONSTRAINT streams_audience_check CHECK (NOT (is_private AND is_open))
);
COMMENT ON TABLE social.streams IS 'Live streams: scheduled, then starting (somebody publishes), live (pictures come), ended. A private one is for its host and those invited, one that is_open for everybody, any other for who is logged in. publisher is the connection that publishes; from disconnected_at on there is none. A stream that has begun tells its host''s followers, one after the other: notice_at and notice_id are those of the follow that was told last, null when all are.';
CREATE INDEX streams_host_idx ON social.streams (host_id, id);
CREATE INDEX streams_list_idx ON social.streams ((status = 'ended'), id);
CREATE INDEX streams_on_air_idx ON social.streams (id) WHERE status IN ('starting', 'live');
CREATE INDEX streams_notice_idx ON social.streams (id) WHERE notice_at IS NOT NULL;
CREATE UNIQUE INDEX streams_provider_key ON social.streams (provider, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX streams_search_idx ON social.streams USING gin (search_vector);

CREATE TABLE social.stream_keys (
	stream_id bigint PRIMARY KEY REFERENCES social.streams ON DELETE CASCADE,
	key_hash bytea NOT NULL CONSTRAINT stream_keys_hash_key UNIQUE,
	created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.stream_keys IS 'With which key a stream is published, as SHA-256: nobody can read the key again. It goes when the stream ends. Nobody but the owner may read this table.';

CREATE TABLE social.stream_invitations (
	stream_id bigint NOT NULL REFERENCES social.streams ON DELETE CASCADE,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (stream_id, user_id)
);
COMMENT ON TABLE social.stream_invitations IS 'Who may watch a private stream beside its host.';
CREATE INDEX stream_invitations_user_idx ON social.stream_invitations (user_id);

CREATE TABLE social.stream_events (
	provider text COLLATE "C" NOT NULL,
	event_id text COLLATE "C" NOT NULL CONSTRAINT stream_events_id_check CHECK (octet_length(event_id) BETWEEN 1 AND 200),
	stream_id bigint REFERENCES social.streams ON DELETE CASCADE,
	kind text COLLATE "C" NOT NULL,
	at timestamptz NOT NULL,
	outcome text COLLATE "C" NOT NULL CONSTRAINT stream_events_outcome_check CHECK (outcome IN ('applied', 'stale', 'ignored', 'unknown')),
	received_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (provider, event_id)
);
COMMENT ON TABLE social.stream_events IS 'What providers have said of streams, each event once, and what came of it; not what came with it, which may hold a key.';
CREATE INDEX stream_events_stream_idx ON social.stream_events (stream_id) WHERE stream_id IS NOT NULL;
CREATE INDEX stream_events_received_idx ON social.stream_events (received_at);

CREATE TABLE social.stream_views (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	stream_id bigint NOT NULL REFERENCES social.streams ON DELETE CASCADE,
	viewer_id bigint REFERENCES social.users ON DELETE CASCADE,
	token_hash bytea NOT NULL CONSTRAINT stream_views_token_key UNIQUE,
	is_told boolean NOT NULL DEFAULT true,
	joined_at timestamptz NOT NULL DEFAULT now(),
	renewed_at timestamptz NOT NULL DEFAULT now(),
	left_at timestamptz CONSTRAINT stream_views_time_check CHECK (left_at >= joined_at),
	leaving_at timestamptz
) WITH (fillfactor = 70);
COMMENT ON TABLE social.stream_views IS 'Who watched which stream, from when to when: a lease for each playback token (its SHA-256), which watching renews; one that is not ends where it was renewed last. viewer_id is null for those who are not logged in.';
CREATE INDEX stream_views_live_idx ON social.stream_views (stream_id) WHERE left_at IS NULL;
CREATE INDEX stream_views_stream_idx ON social.stream_views (stream_id, id);
CREATE INDEX stream_views_viewer_idx ON social.stream_views (viewer_id, stream_id) WHERE viewer_id IS NOT NULL;
CREATE INDEX stream_views_watching_idx ON social.stream_views (viewer_id) WHERE left_at IS NULL;

CREATE TABLE social.stream_minutes (
	stream_id bigint NOT NULL REFERENCES social.streams ON DELETE CASCADE,
	minute timestamptz NOT NULL,
	viewers integer NOT NULL DEFAULT 0,
	most_viewers integer NOT NULL DEFAULT 0,
	bitrate_sum bigint NOT NULL DEFAULT 0,
	bitrate_count integer NOT NULL DEFAULT 0,
	dropped_frames bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (stream_id, minute)
) WITH (fillfactor = 70);
COMMENT ON TABLE social.stream_minutes IS 'What each minute of a broadcast was like, for its host: how many watched, and what the ingest server said of its pictures.';
CREATE INDEX stream_minutes_minute_idx ON social.stream_minutes (minute);

CREATE TABLE social.stream_audiences (
	stream_id bigint NOT NULL REFERENCES social.streams ON DELETE CASCADE,
	country text COLLATE "C" NOT NULL,
	device text COLLATE "C" NOT NULL,
	shard smallint NOT NULL,
	viewers bigint NOT NULL DEFAULT 1,
	PRIMARY KEY (stream_id, country, device, shard)
) WITH (fillfactor = 70);
COMMENT ON TABLE social.stream_audiences IS 'From how many countries and devices a stream was watched: numbers of viewers, never who. Several rows of one count, so that those who come at once do not wait for each other.';

-- What tells of a stream goes with it.
ALTER TABLE social.notifications ADD COLUMN stream_id bigint REFERENCES social.streams ON DELETE CASCADE;
CREATE INDEX notifications_stream_idx ON social.notifications (stream_id) WHERE stream_id IS NOT NULL;

REVOKE ALL ON social.streams, social.stream_keys, social.stream_invitations, social.stream_events, social.stream_views, social.stream_minutes, social.stream_audiences FROM PUBLIC;
-- The recording of a stream is a file of its host's, which goes with it.
ALTER TABLE social.media ADD COLUMN stream_id bigint REFERENCES social.streams ON DELETE CASCADE;
CREATE INDEX media_stream_idx ON social.media (stream_id) WHERE stream_id IS NOT NULL;

REVOKE ALL ON social.streams, social.stream_keys, social.stream_invitations, social.stream_events, social.stream_views FROM PUBLIC;
-- sport: leagues, teams and athletes.
CREATE TABLE social.sport_subjects (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	kind text COLLATE "C" NOT NULL CONSTRAINT sport_subjects_kind_check CHECK (kind IN ('league', 'team', 'athlete')),
	slug text COLLATE "C" NOT NULL CONSTRAINT sport_subjects_slug_check CHECK (slug <> ''),
	name text NOT NULL CONSTRAINT sport_subjects_name_check CHECK (name <> ''),
	sport text NOT NULL DEFAULT '',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT sport_subjects_slug_key UNIQUE (kind, slug),
	CONSTRAINT sport_subjects_kind_key UNIQUE (id, kind)
);
COMMENT ON TABLE social.sport_subjects IS 'What leagues, teams and athletes have in common, under ids that no two of them share: a name, its slug, which is the only one of its kind, and a sport. A row that goes takes its league, team or athlete along.';
CREATE INDEX sport_subjects_sport_idx ON social.sport_subjects (kind, lower(sport), id);
CREATE INDEX sport_subjects_trigram_idx ON social.sport_subjects USING gin (social.name_trigrams(name, NULL)) WITH (fastupdate = on, gin_pending_list_limit = 256);

CREATE TABLE social.leagues (
	id bigint PRIMARY KEY REFERENCES social.sport_subjects ON DELETE CASCADE,
	description text NOT NULL DEFAULT '',
	country text NOT NULL DEFAULT '',
	logo_url text NOT NULL DEFAULT '',
	standings jsonb NOT NULL DEFAULT '[]' CONSTRAINT leagues_standings_check CHECK (jsonb_typeof(standings) IN ('array', 'object'))
);
COMMENT ON TABLE social.leagues IS 'Leagues. standings is the table of the season as its provider gives it.';
CREATE INDEX leagues_country_idx ON social.leagues (lower(country), id);

CREATE TABLE social.teams (
	id bigint PRIMARY KEY REFERENCES social.sport_subjects ON DELETE CASCADE,
	league_id bigint REFERENCES social.leagues ON DELETE SET NULL,
	abbreviation text NOT NULL DEFAULT '',
	city text NOT NULL DEFAULT '',
	country text NOT NULL DEFAULT '',
	logo_url text NOT NULL DEFAULT '',
	stadium_name text NOT NULL DEFAULT '',
	stadium_capacity integer CONSTRAINT teams_capacity_check CHECK (stadium_capacity >= 0),
	roster jsonb NOT NULL DEFAULT '[]' CONSTRAINT teams_roster_check CHECK (jsonb_typeof(roster) IN ('array', 'object')),
	schedule jsonb NOT NULL DEFAULT '[]' CONSTRAINT teams_schedule_check CHECK (jsonb_typeof(schedule) IN ('array', 'object'))
);
COMMENT ON TABLE social.teams IS 'Teams. A team whose league is deleted stays without one. roster and schedule are as a provider gives them.';
CREATE INDEX teams_league_idx ON social.teams (league_id, id);

CREATE TABLE social.athletes (
	id bigint PRIMARY KEY REFERENCES social.sport_subjects ON DELETE CASCADE,
	team_id bigint REFERENCES social.teams ON DELETE SET NULL,
	first_name text NOT NULL DEFAULT '',
	last_name text NOT NULL DEFAULT '',
	position text NOT NULL DEFAULT '',
	career_stats jsonb NOT NULL DEFAULT '{}' CONSTRAINT athletes_stats_check CHECK (jsonb_typeof(career_stats) IN ('array', 'object')),
	achievements jsonb NOT NULL DEFAULT '[]' CONSTRAINT athletes_achievements_check CHECK (jsonb_typeof(achievements) IN ('array', 'object')),
	photo_url text NOT NULL DEFAULT ''
);
COMMENT ON TABLE social.athletes IS 'Athletes. One whose team is deleted stays without one. career_stats and achievements are as a provider gives them.';
CREATE INDEX athletes_team_idx ON social.athletes (team_id, id);

CREATE TABLE social.sport_external_ids (
	provider text COLLATE "C" NOT NULL CONSTRAINT sport_external_ids_provider_check CHECK (provider <> ''),
	kind text COLLATE "C" NOT NULL,
	external_id text COLLATE "C" NOT NULL CONSTRAINT sport_external_ids_id_check CHECK (external_id <> ''),
	subject_id bigint NOT NULL,
	PRIMARY KEY (provider, kind, external_id),
	CONSTRAINT sport_external_ids_subject_fkey FOREIGN KEY (subject_id, kind) REFERENCES social.sport_subjects (id, kind) ON DELETE CASCADE
);
COMMENT ON TABLE social.sport_external_ids IS 'What a provider of figures calls a league, team or athlete: one id means one of a kind, of which each may have several.';
CREATE INDEX sport_external_ids_subject_idx ON social.sport_external_ids (subject_id, kind);

REVOKE ALL ON social.sport_subjects, social.leagues, social.teams, social.athletes, social.sport_external_ids FROM PUBLIC;

-- stream: chats.
CREATE TABLE social.stream_chat_messages (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	stream_id bigint NOT NULL REFERENCES social.streams ON DELETE CASCADE,
	author_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	content text NOT NULL CONSTRAINT stream_chat_messages_content_check CHECK (content <> ''),
	created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	deleted_at timestamptz,
	hidden_at timestamptz
);
COMMENT ON TABLE social.stream_chat_messages IS 'What was said in the chats of streams. A deleted message stays until retention takes it, and is seen by nobody; a hidden one is seen by who wrote it, the host and staff.';
CREATE INDEX stream_chat_messages_stream_idx ON social.stream_chat_messages (stream_id, id);
CREATE INDEX stream_chat_messages_time_idx ON social.stream_chat_messages (stream_id, created_at, id);
CREATE INDEX stream_chat_messages_author_idx ON social.stream_chat_messages (author_id, stream_id);
CREATE INDEX stream_chat_messages_deleted_idx ON social.stream_chat_messages (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE social.stream_chatters (
	stream_id bigint NOT NULL REFERENCES social.streams ON DELETE CASCADE,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	last_at timestamptz NOT NULL,
	message_count integer NOT NULL DEFAULT 1,
	PRIMARY KEY (stream_id, user_id)
) WITH (fillfactor = 70);
COMMENT ON TABLE social.stream_chatters IS 'Who has said something in the chat of a stream: when last, which slow mode asks for, and how often.';
CREATE INDEX stream_chatters_user_idx ON social.stream_chatters (user_id);

CREATE TABLE social.stream_moderators (
	stream_id bigint NOT NULL REFERENCES social.streams ON DELETE CASCADE,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (stream_id, user_id)
);
COMMENT ON TABLE social.stream_moderators IS 'Who keeps order in the chat of a stream beside its host.';
CREATE INDEX stream_moderators_user_idx ON social.stream_moderators (user_id);

CREATE TABLE social.stream_bans (
	stream_id bigint NOT NULL REFERENCES social.streams ON DELETE CASCADE,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	until timestamptz,
	reason text NOT NULL DEFAULT '',
	banned_by bigint REFERENCES social.users ON DELETE SET NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (stream_id, user_id)
);
COMMENT ON TABLE social.stream_bans IS 'Who may say nothing in the chat of a stream, for good or until a time.';
CREATE INDEX stream_bans_user_idx ON social.stream_bans (user_id);
CREATE INDEX stream_bans_by_idx ON social.stream_bans (banned_by) WHERE banned_by IS NOT NULL;
CREATE INDEX stream_bans_until_idx ON social.stream_bans (until) WHERE until IS NOT NULL;

REVOKE ALL ON social.stream_chat_messages, social.stream_chatters, social.stream_moderators, social.stream_bans FROM PUBLIC;
-- sport: a post is made with what it is about.
DROP FUNCTION IF EXISTS social.create_post(text, text, boolean, text, text, timestamptz, text, text, text);
-- sport: followers of each; what posts and streams are about; who follows which.
CREATE TABLE social.subject_counters (
	subject_id bigint PRIMARY KEY,
	followers_count bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE social.subject_counters IS 'Followers of each league, team and athlete, but for the deltas not folded yet.';
CREATE TABLE social.subject_counter_deltas (
	subject_id bigint NOT NULL,
	followers_count integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE social.subject_counter_deltas IS 'Changes of subject_counters that found the row locked.';
ALTER TABLE social.subject_counter_deltas REPLICA IDENTITY FULL;
CREATE INDEX subject_counter_deltas_idx ON social.subject_counter_deltas (subject_id);
CREATE TABLE social.post_subjects (
	post_id bigint NOT NULL REFERENCES social.posts ON DELETE CASCADE,
	subject_id bigint NOT NULL REFERENCES social.sport_subjects ON DELETE CASCADE,
	position bigint,
	PRIMARY KEY (post_id, subject_id)
);
COMMENT ON TABLE social.post_subjects IS 'Which leagues, teams and athletes a post is about. position is the post''s, which its page is read in order of: null while the post is in no list.';
CREATE INDEX post_subjects_page_idx ON social.post_subjects (subject_id, position);
CREATE INDEX post_subjects_position_idx ON social.post_subjects (position) INCLUDE (subject_id);
REVOKE ALL ON social.post_subjects FROM PUBLIC;

CREATE TABLE social.stream_subjects (
	stream_id bigint NOT NULL REFERENCES social.streams ON DELETE CASCADE,
	subject_id bigint NOT NULL REFERENCES social.sport_subjects ON DELETE CASCADE,
	PRIMARY KEY (stream_id, subject_id)
);
COMMENT ON TABLE social.stream_subjects IS 'Which leagues, teams and athletes a stream is about.';
CREATE INDEX stream_subjects_page_idx ON social.stream_subjects (subject_id, stream_id);

CREATE TABLE social.sport_follows (
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	subject_id bigint NOT NULL REFERENCES social.sport_subjects ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	is_counted boolean DEFAULT true,
	PRIMARY KEY (user_id, subject_id)
);
COMMENT ON TABLE social.sport_follows IS 'Who follows which league, team or athlete: what is about it stands in their home feed. is_counted is null while the person is not shown.';
CREATE INDEX sport_follows_subject_idx ON social.sport_follows (subject_id);
CREATE INDEX sport_follows_newest_idx ON social.sport_follows (user_id, created_at DESC, subject_id DESC);
REVOKE ALL ON social.stream_subjects, social.sport_follows FROM PUBLIC;
-- deletion: accounts are deleted after a grace; the ledger knows those that were closed before.
CREATE TABLE social.account_deletions (
	user_id bigint NOT NULL,
	account_created_at timestamptz NOT NULL,
	keeps_content boolean NOT NULL DEFAULT false,
	is_own boolean NOT NULL DEFAULT true,
	was_active boolean NOT NULL DEFAULT true,
	requested_at timestamptz NOT NULL DEFAULT now(),
	due_at timestamptz NOT NULL,
	closed_at timestamptz,
	erased_at timestamptz,
	PRIMARY KEY (user_id, account_created_at)
);
COMMENT ON TABLE social.account_deletions IS 'Deletions of accounts: asked for (closed_at is null: until due_at it can be cancelled, which takes the row away), closed (for good; the worker erases, and goes on at due_at), and erased. A row that stays tells no more of the person than a number and times; after a restore from a backup, social.replay_deletions() deletes by it again. No foreign keys: the ledger outlives what it speaks of.';
CREATE INDEX account_deletions_due_idx ON social.account_deletions (due_at) WHERE erased_at IS NULL;
REVOKE ALL ON social.account_deletions FROM PUBLIC;

CREATE TABLE social.tombstones (
	is_only boolean PRIMARY KEY DEFAULT true CONSTRAINT tombstones_only_check CHECK (is_only),
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE
);
COMMENT ON TABLE social.tombstones IS 'The one row says which account stands for all whose account is gone and whose words stay; none before it is first needed.';
CREATE INDEX tombstones_user_idx ON social.tombstones (user_id);
REVOKE ALL ON social.tombstones FROM PUBLIC;
INSERT INTO social.account_deletions (user_id, account_created_at, is_own, requested_at, due_at, closed_at)
SELECT u.id, u.created_at, false, u.deleted_at, u.deleted_at, u.deleted_at FROM social.users u WHERE u.deleted_at IS NOT NULL;
DROP FUNCTION IF EXISTS social.delete_account();
DROP FUNCTION IF EXISTS social.delete_account(text, text);
DROP FUNCTION IF EXISTS social.delete_user(bigint);
DROP FUNCTION IF EXISTS social.login(text, text, text, text, text, text);
DROP FUNCTION IF EXISTS social.open_account(social.users, text, text);
DROP FUNCTION IF EXISTS social.erase_account(bigint, integer);
DROP FUNCTION IF EXISTS social.erase_accounts(integer);
DROP FUNCTION IF EXISTS social.erase_content(text, bigint, integer);
-- api_key, consent: what scripts act by; what people agree to.
CREATE TABLE social.api_keys (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	name text NOT NULL CONSTRAINT api_keys_name_check CHECK (name <> '' AND length(name) <= 100),
	prefix text COLLATE "C" NOT NULL CONSTRAINT api_keys_prefix_key UNIQUE CONSTRAINT api_keys_prefix_check CHECK (prefix ~ '^social_sk_[0-9A-Za-z]{8}$'),
	digest bytea NOT NULL CONSTRAINT api_keys_digest_check CHECK (octet_length(digest) = 32),
	scopes text[] COLLATE "C" NOT NULL CONSTRAINT api_keys_scopes_check CHECK (cardinality(scopes) > 0),
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz NOT NULL,
	last_used_at timestamptz,
	revoked_at timestamptz,
	revoked_reason text
) WITH (fillfactor = 80);
COMMENT ON TABLE social.api_keys IS 'API keys: the text is shown once, and kept as SHA-256 alone. One lives until expires_at; revoking it sets that to the moment, and revoked_at. What it may do (scopes) never changes. Nobody but the owner may read this table.';
CREATE INDEX api_keys_user_idx ON social.api_keys (user_id, id);
CREATE INDEX api_keys_expires_idx ON social.api_keys (expires_at);
REVOKE ALL ON social.api_keys FROM PUBLIC;

CREATE TABLE social.consent_documents (
	document text COLLATE "C" NOT NULL CONSTRAINT consent_documents_document_check CHECK (document ~ '^[a-z][a-z0-9_-]{0,49}$'),
	version text COLLATE "C" NOT NULL CONSTRAINT consent_documents_version_check CHECK (version <> '' AND length(version) <= 50),
	title text NOT NULL DEFAULT '',
	url text NOT NULL DEFAULT '',
	is_required boolean NOT NULL DEFAULT false,
	published_at timestamptz NOT NULL DEFAULT now(),
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (document, version)
);
COMMENT ON TABLE social.consent_documents IS 'What people are asked to agree to, in versions. Of each document the version that was published last holds; one of the future waits. is_required: whoever has not agreed to it is told so. Empty unless the operator fills it.';

CREATE TABLE social.consents (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	document text COLLATE "C" NOT NULL,
	version text COLLATE "C" NOT NULL,
	is_given boolean NOT NULL,
	source text COLLATE "C" NOT NULL CONSTRAINT consents_source_check CHECK (length(source) <= 50),
	address text,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT consents_document_fkey FOREIGN KEY (document, version) REFERENCES social.consent_documents
);
COMMENT ON TABLE social.consents IS 'What people have agreed to, and taken back: rows are only added, and the newest of a person and a document says what holds. source is where it was said; address is the network address, which retention takes.';
CREATE INDEX consents_user_idx ON social.consents (user_id, document, id);
CREATE INDEX consents_document_idx ON social.consents (document, version);
CREATE INDEX consents_address_idx ON social.consents (created_at) WHERE address IS NOT NULL;
CREATE INDEX consents_created_idx ON social.consents (created_at);

REVOKE ALL ON social.consent_documents, social.consents FROM PUBLIC;
ALTER TABLE social.rate_limit_overrides DROP CONSTRAINT rate_limit_overrides_subject_check,
	ADD CONSTRAINT rate_limit_overrides_subject_check CHECK (subject IN ('user', 'anonymous', 'client', 'address', 'session', 'account', 'key'));
-- stream: at Mux.
CREATE TABLE social.mux_account (
	is_only boolean PRIMARY KEY DEFAULT true CONSTRAINT mux_account_only_check CHECK (is_only),
	is_default boolean NOT NULL DEFAULT false,
	signing_key_id text COLLATE "C" NOT NULL DEFAULT '',
	private_key bytea NOT NULL DEFAULT '',
	changed_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT mux_account_key_check CHECK ((signing_key_id = '') = (private_key = ''))
);
COMMENT ON TABLE social.mux_account IS 'Whether new streams are Mux''s, and the key that signs who may watch one: the one row is written by social.set_mux(), and by bridges from their settings. Nobody but the owner may read this table.';

CREATE TABLE social.mux_streams (
	stream_id bigint PRIMARY KEY REFERENCES social.streams ON DELETE CASCADE,
	stream_key text COLLATE "C",
	key_is_due boolean NOT NULL DEFAULT false,
	live_playback_id text COLLATE "C",
	live_policy text COLLATE "C" CONSTRAINT mux_streams_live_check CHECK (live_policy IN ('public', 'signed')),
	live_stale_id text COLLATE "C",
	asset_id text COLLATE "C",
	asset_playback_id text COLLATE "C",
	asset_policy text COLLATE "C" CONSTRAINT mux_streams_asset_check CHECK (asset_policy IN ('public', 'signed')),
	asset_stale_id text COLLATE "C",
	asset_ready_at timestamptz,
	completed_at timestamptz,
	disabled_at timestamptz
);
COMMENT ON TABLE social.mux_streams IS 'What is known at Mux of each of its streams: ids to play it by, of the broadcast and of the recording (asset), with their policies; ids that are to go (stale); whether the end was said (completed, disabled). stream_key waits here until its host has taken it, and no longer than the stream; key_is_due: another one is to be made. Nobody but the owner may read this table.';
CREATE UNIQUE INDEX mux_streams_asset_key ON social.mux_streams (asset_id) WHERE asset_id IS NOT NULL;

REVOKE ALL ON social.mux_account, social.mux_streams FROM PUBLIC;

-- webhook: what came to the doors for them.
CREATE TABLE social.webhook_attempts (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	provider text COLLATE "C" NOT NULL,
	outcome text COLLATE "C" NOT NULL,
	is_refused boolean NOT NULL,
	address text COLLATE "C" NOT NULL DEFAULT '',
	size integer NOT NULL DEFAULT 0,
	signed_at timestamptz,
	event_id text COLLATE "C" NOT NULL DEFAULT '',
	kind text COLLATE "C" NOT NULL DEFAULT '',
	received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE social.webhook_attempts IS 'Every webhook that came (seed 143): from which address, how long, when it says that it was signed, what became of it, and of those that were who they said which event of which kind. Not what was in it, which may hold a key.';
CREATE INDEX webhook_attempts_refused_idx ON social.webhook_attempts (received_at) WHERE is_refused;
CREATE INDEX webhook_attempts_received_idx ON social.webhook_attempts (received_at);

REVOKE ALL ON social.webhook_attempts FROM PUBLIC;
-- export: archives of what there is of people.
CREATE TABLE social.exports (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	user_id bigint NOT NULL CONSTRAINT exports_user_key UNIQUE REFERENCES social.users ON DELETE CASCADE,
	state text COLLATE "C" NOT NULL DEFAULT 'waiting' CONSTRAINT exports_state_check CHECK (state IN ('waiting', 'running', 'ready', 'failed')),
	parts_done integer NOT NULL DEFAULT 0,
	parts_total integer NOT NULL DEFAULT 0 CONSTRAINT exports_parts_check CHECK (parts_done BETWEEN 0 AND parts_total),
	key text COLLATE "C" NOT NULL CONSTRAINT exports_key_key UNIQUE,
	size bigint CONSTRAINT exports_size_check CHECK (size > 0),
	digest text COLLATE "C" NOT NULL DEFAULT '',
	error text NOT NULL DEFAULT '',
	created_at timestamptz NOT NULL DEFAULT now(),
	started_at timestamptz,
	finished_at timestamptz
);
COMMENT ON TABLE social.exports IS 'Archives of all that there is of a person, one for each at most: waiting for a worker, running, ready in the store under key, or failed with an error. A row that goes takes its object along (media.delete); one that is ready or failed goes after the time of the data class exports.';

REVOKE ALL ON social.exports FROM PUBLIC;
-- webhook: outgoing webhooks.
CREATE TABLE social.webhooks (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	owner_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	url text NOT NULL CONSTRAINT webhooks_url_check CHECK (octet_length(url) BETWEEN 1 AND 2000),
	description text NOT NULL DEFAULT '',
	event_types text[] COLLATE "C" NOT NULL,
	topics text[] COLLATE "C" NOT NULL,
	state text COLLATE "C" NOT NULL DEFAULT 'active' CONSTRAINT webhooks_state_check CHECK (state IN ('active', 'paused', 'disabled')),
	reason text COLLATE "C" NOT NULL DEFAULT '' CONSTRAINT webhooks_reason_check CHECK (reason IN ('', 'gone', 'failing', 'full')),
	after_event_id bigint NOT NULL,
	recover_after bigint,
	recover_to bigint,
	failures integer NOT NULL DEFAULT 0,
	failing_since timestamptz,
	next_at timestamptz,
	is_slow boolean NOT NULL DEFAULT false,
	runner_job_id bigint,
	runner_attempt integer,
	last_delivered_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
COMMENT ON TABLE social.webhooks IS 'Addresses that are told by HTTP what happens, in order: of which topics, and which types of events. next_at: not before, after failures; runner_job_id and runner_attempt: the job that delivers, one at a time.';
CREATE INDEX webhooks_owner_idx ON social.webhooks (owner_id, id);
CREATE INDEX webhooks_topic_idx ON social.webhooks USING gin (topics) WHERE state = 'active';
CREATE INDEX webhooks_active_idx ON social.webhooks (after_event_id) WHERE state = 'active';
CREATE INDEX webhooks_recover_idx ON social.webhooks (id) WHERE recover_to IS NOT NULL;

CREATE TABLE social.webhook_secrets (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	webhook_id bigint NOT NULL REFERENCES social.webhooks ON DELETE CASCADE,
	kind text COLLATE "C" NOT NULL CONSTRAINT webhook_secrets_kind_check CHECK (kind IN ('hmac', 'ed25519')),
	secret text COLLATE "C" NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz
);
COMMENT ON TABLE social.webhook_secrets IS 'What deliveries are signed with: whsec_ (HMAC) and whsk_ (ed25519), several while one takes the place of another. Nobody but the owner may read this table.';
CREATE INDEX webhook_secrets_webhook_idx ON social.webhook_secrets (webhook_id, id);

CREATE TABLE social.webhook_events (
	id bigint PRIMARY KEY,
	at timestamptz NOT NULL,
	type text COLLATE "C" NOT NULL,
	author_id bigint,
	post_id bigint,
	comment_id bigint,
	recipient_id bigint,
	subject_id bigint,
	stream_id bigint
);
COMMENT ON TABLE social.webhook_events IS 'Events that some webhook is told of, as the log had them (social.events), for as long as they may be told (again): the log forgets sooner.';
CREATE INDEX webhook_events_at_idx ON social.webhook_events (at);

CREATE TABLE social.webhook_deliveries (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	webhook_id bigint NOT NULL REFERENCES social.webhooks ON DELETE CASCADE,
	event_id bigint,
	type text COLLATE "C" NOT NULL,
	at timestamptz NOT NULL,
	is_of_feed boolean NOT NULL DEFAULT false,
	state text COLLATE "C" NOT NULL DEFAULT 'waiting' CONSTRAINT webhook_deliveries_state_check CHECK (state IN ('waiting', 'delivered', 'failed', 'withheld')),
	attempts integer NOT NULL DEFAULT 0,
	first_attempt_at timestamptz,
	finished_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000);
COMMENT ON TABLE social.webhook_deliveries IS 'What a webhook is told, in the order of ids; without an event it is a test. is_of_feed: heard of under the topics feed or streams alone. withheld: at that moment there was nothing of it that its owner may see.';
CREATE UNIQUE INDEX webhook_deliveries_event_key ON social.webhook_deliveries (webhook_id, event_id) WHERE event_id IS NOT NULL;
CREATE INDEX webhook_deliveries_webhook_idx ON social.webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_waiting_idx ON social.webhook_deliveries (webhook_id, id) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_created_idx ON social.webhook_deliveries (created_at);

CREATE TABLE social.webhook_delivery_attempts (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	webhook_id bigint NOT NULL,
	delivery_id bigint NOT NULL REFERENCES social.webhook_deliveries ON DELETE CASCADE,
	at timestamptz NOT NULL DEFAULT clock_timestamp(),
	status integer NOT NULL,
	took_ms integer NOT NULL,
	error text NOT NULL DEFAULT '',
	answer text NOT NULL DEFAULT ''
);
COMMENT ON TABLE social.webhook_delivery_attempts IS 'Attempts to deliver: the status of the answer (0: none), how long it took, what went wrong, and the first kilobyte of what was answered.';
CREATE INDEX webhook_delivery_attempts_webhook_idx ON social.webhook_delivery_attempts (webhook_id, id);
CREATE INDEX webhook_delivery_attempts_delivery_idx ON social.webhook_delivery_attempts (delivery_id);
CREATE INDEX webhook_delivery_attempts_at_idx ON social.webhook_delivery_attempts (at);

CREATE TABLE social.webhook_log (
	is_only boolean PRIMARY KEY DEFAULT true CONSTRAINT webhook_log_only_check CHECK (is_only),
	event_id bigint NOT NULL,
	tended_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE social.webhook_log IS 'One row: the last event of the log that was looked at for webhooks, and when it was last looked whether any waits that nobody knows of.';

REVOKE ALL ON social.webhooks, social.webhook_secrets, social.webhook_events, social.webhook_deliveries, social.webhook_delivery_attempts, social.webhook_log FROM PUBLIC;

CREATE TABLE social.imported_posts (
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	original_id bigint NOT NULL,
	post_id bigint NOT NULL REFERENCES social.posts ON DELETE CASCADE,
	PRIMARY KEY (user_id, original_id)
);
COMMENT ON TABLE social.imported_posts IS 'Which posts came with an archive that was imported, and which ids they had there: none is imported twice.';
CREATE INDEX imported_posts_post_idx ON social.imported_posts (post_id);

REVOKE ALL ON social.imported_posts FROM PUBLIC;
