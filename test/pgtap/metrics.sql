-- metrics.sql proves the installation's figures for monitoring (seed 045, 153; issue 13 line 5).
BEGIN;
SELECT no_plan();

CREATE TEMP VIEW m AS SELECT * FROM social.metrics();
SELECT is_empty($$ SELECT name, label_value FROM m GROUP BY 1, 2 HAVING count(*) > 1 $$, 'seed 045: no figure is there twice');
SELECT is_empty($$ SELECT name FROM m WHERE name !~ '^social_[a-z_]+$' OR help !~ '^[A-Z].*\.$' OR value IS NULL OR (kind = 'counter') <> (name LIKE '%\_total') OR kind NOT IN ('counter', 'gauge') $$,
	'each has a name in Prometheus''s form, a sentence, a value');
SELECT is_empty($$ SELECT name FROM m WHERE (label = '') <> (label_value = '') OR label !~ '^[a-z]*$' OR length(label_value) > 63 $$, 'a label has a name and a value, a short one');
SELECT is_empty($$ SELECT name FROM m GROUP BY 1 HAVING count(DISTINCT (kind, help, label)) > 1 $$, 'those of one name are alike');
SELECT is((SELECT label_value FROM m WHERE name = 'social_extension_info'), (SELECT extversion FROM pg_extension WHERE extname = 'social'), 'the version');
SELECT is((SELECT value FROM m WHERE name = 'social_database_connections_max'), current_setting('max_connections')::float8, 'connections that there may be');
SELECT cmp_ok((SELECT value FROM m WHERE name = 'social_database_size_bytes'), '>', 1000000::float8, 'the size of the database');
SELECT is((SELECT array_agg(value ORDER BY name) FROM m WHERE name LIKE 'social\_replication\_%'), ARRAY[0, 0, 0, 0]::float8[], 'a server without standbys');
SELECT is((SELECT value FROM m WHERE name = 'social_worker_running'), social.worker_is_running()::integer::float8, 'whether a worker runs');
SELECT ok(NOT social.worker_is_running() OR (SELECT value FROM m WHERE name = 'social_worker_age_seconds') < 600, 'when it was at work');
SELECT ok(NOT social.worker_is_running() OR (SELECT value FROM m WHERE name = 'social_worker_step_runs_total' AND label_value = 'fold_counters') > 0, 'and how often');
SELECT set_eq($$ SELECT label_value FROM m WHERE name = 'social_deltas_waiting' $$, ARRAY['user', 'post', 'comment', 'hashtag', 'subject'], 'deltas that wait, by what they count');
SELECT set_eq($$ SELECT label_value FROM m WHERE name = 'social_security_events' $$, $$ SELECT replace(replace(name, ' ', '_'), '-', '_') FROM social.security_counters() $$, 'seed 153: every security counter');

-- What is late shows.
INSERT INTO social.users (username) VALUES ('tap_late') RETURNING id \gset
SELECT set_eq($$ SELECT name FROM m WHERE name LIKE 'social\_events\_%' $$, ARRAY['social_events_position', 'social_events_waiting', 'social_events_lag_seconds'], 'the event log: where it is, what waits for a number, for how long');
SELECT value AS mails FROM m WHERE name = 'social_mail_waiting' \gset
INSERT INTO social.mail_outbox (template, address, variables, due_at) VALUES ('verify_email', 'late@example.com', '{}', now() - interval '100 days');
SELECT is((SELECT value FROM m WHERE name = 'social_mail_waiting'), :mails::float8 + 1, 'mails that wait');
SELECT is((SELECT value FROM m WHERE name = 'social_mail_lag_seconds'), 8640000::float8, 'and since when');
INSERT INTO social.posts (author_id, title, content, is_published, publish_at) VALUES (:id, 'late', 'late', false, now() - interval '200 days');
SELECT is((SELECT value FROM m WHERE name = 'social_posts_due_lag_seconds'), 17280000::float8, 'a scheduled post that nobody published');
SELECT value AS events FROM m WHERE name = 'social_security_events' AND label_value = 'suspensions' \gset
SELECT social.audit('suspend_user', 'user', :id) \g /dev/null
SELECT is((SELECT value FROM m WHERE name = 'social_security_events' AND label_value = 'suspensions'), :events::float8 + 1, 'seed 153: an event counts');
INSERT INTO social.post_counter_deltas (post_id) SELECT 0 FROM generate_series(1, 10100);
SELECT is((SELECT value FROM m WHERE name = 'social_deltas_waiting' AND label_value = 'post'), 10000::float8, 'what waits is counted up to a bound');

-- Bridges read it, and nobody whose business it is not.
CREATE ROLE tap_figures_bridge;
CREATE ROLE tap_figures_reader;
SELECT social.grant_bridge('tap_figures_bridge');
SELECT social.grant_reader('tap_figures_reader');
SET LOCAL ROLE tap_figures_bridge;
SELECT isnt_empty('SELECT FROM social.metrics()', 'a bridge reads the figures');
SELECT throws_ok('SELECT social.worker_steps()', '42501', NULL, 'through this function alone');
SET LOCAL ROLE tap_figures_reader;
SELECT throws_ok('SELECT FROM social.metrics()', '42501', NULL, 'a reader does not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
