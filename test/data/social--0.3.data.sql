--
-- PostgreSQL database dump
--


-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Data for Name: users; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.users (id, username, email, password, first_name, last_name, is_active, is_staff, is_superuser, created_at, last_login_at, is_locked, suspended_at, suspended_until, deleted_at, pending_email, email_verified_at, password_changed_at) FROM stdin;
3	carol	carol@example.com	$argon2id$v=19$m=19456,t=2,p=1$WjvWgeK3WmIEPV4MLDWB9g$B4YD0nCI1Xss1FsjoJFM034n0kg51qLcXCkdPj0aJHA			t	f	f	2026-11-22 00:06:43.095164+00	\N	f	\N	\N	\N		\N	\N
4	dave	dave@example.com	$argon2id$v=19$m=19456,t=2,p=1$4s9ZNAKL+PnWVXPDu1s9wA$x9v5xGRMnGM0JcjCkcm7Ay+hST71BW9w4V95wgQwuGo			t	f	f	2026-11-22 00:06:43.095164+00	\N	f	\N	\N	\N		\N	\N
5	gone	gone@example.com	$argon2id$v=19$m=19456,t=2,p=1$9n+tQm7rneNF+hYTYbUMVw$8Wu0+6IniBHli+GlVLnqxT4p2rCdfLm/OPHaSFOrNmU			f	f	f	2026-11-22 00:06:43.095164+00	\N	f	\N	\N	\N		\N	\N
1	alice	alice@example.com	$argon2id$v=19$m=19456,t=2,p=1$7Q/9uXKtTSqPVRm405OCdQ$84p0E67d08FBZIeOFzuXEyehX/yPJTVWOPZwm4b4/v0	Alice		t	f	f	2026-11-22 00:06:43.095164+00	2026-11-22 00:06:43.29082+00	f	\N	\N	\N		\N	\N
2	bob	bob@example.com	$argon2id$v=19$m=19456,t=2,p=1$XRMeihaJfEE54jme0Drdpg$P6dl6IpNHs7CgqbYRkyPcvN748IG08Hh5E/GWU3jDN4			t	f	f	2026-11-22 00:06:43.095164+00	2026-11-22 03:25:48.930468+00	f	\N	\N	\N		\N	\N
\.


--
-- Data for Name: account_tokens; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.account_tokens (id, user_id, purpose, token_hash, email, created_at, expires_at, used_at) FROM stdin;
1	1	reset_password	\\xe09739cc46ad86c338f745dbd73b1dab8a1689ec99f2e52d59969a26e4e72ac9	alice@example.com	2026-11-22 03:25:49.019322+00	2026-11-22 04:25:49.019322+00	\N
\.


--
-- Data for Name: audit_log; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.audit_log (id, actor_id, action, object_type, object_id, detail, address, application, database_role, created_at) FROM stdin;
1	\N	activate_jwt_key	jwt_key	\N	{"kid": "89bdcaff7ee7420c9a5f0cf79816b33b", "retired": "cSXbYEEay5co93b_h6xzYA"}	\N	psql	postgres	2026-11-22 03:25:48.918089+00
2	2	set_rate_limit	rate_limit	\N	{"rates": "2/day", "action": "post_creation", "subject": "user", "surface": "rest"}	\N	psql	postgres	2026-11-22 03:25:49.009457+00
3	2	request_password_reset	user	1	{}	\N	psql	postgres	2026-11-22 03:25:49.019322+00
\.


--
-- Data for Name: blocks; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.blocks (blocker_id, blocked_id, created_at) FROM stdin;
3	4	2026-11-22 00:06:43.231429+00
\.


--
-- Data for Name: posts; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.posts (id, author_id, title, content, is_published, "position", hashtags, search_vector, created_at, updated_at, visibility, reply_settings, publish_at, is_pinned, is_highlighted, quoted_post_id, image, video, edited_at, deleted_at, hidden_at, kept_position, language) FROM stdin;
2	1	A draft	for @bob #draft #coffee	f	\N	{draft,coffee}	'bob':4B 'coffe':6B 'draft':2A,5B	2026-11-22 00:06:43.204752+00	2026-11-22 00:06:43.204752+00	public	everyone	\N	f	f	\N	\N	\N	\N	\N	\N	\N	\N
3	1	For followers	quiet words @dave	t	2	{}	'dave':5B 'follow':2A 'quiet':3B 'word':4B	2026-11-22 00:06:43.20537+00	2026-11-22 00:06:43.20537+00	followers	everyone	\N	f	f	\N	\N	\N	\N	\N	\N	\N	\N
4	1	日本語の投稿	東京は雨です #東京	t	3	{東京}	'日本語の投稿':1A '東京':3B '東京は雨です':2B	2026-11-22 00:06:43.20614+00	2026-11-22 00:06:43.20614+00	public	everyone	\N	f	f	\N	\N	\N	\N	\N	\N	\N	\N
5	1	Deleted	soon gone #gone	t	\N	{gone}	'delet':1A 'gone':3B,4B 'soon':2B	2026-11-22 00:06:43.206923+00	2026-11-22 00:06:43.206923+00	public	everyone	\N	f	f	\N	\N	\N	\N	2026-11-22 00:06:43.207479+00	\N	4	\N
1	1	Hello #world	Good evening @bob, see https://example.com/a#b #tea	t	1	{world,tea}	'/a#b':9B 'bob':5B 'even':4B 'example.com':8B 'example.com/a#b':7B 'good':3B 'hello':1A 'see':6B 'tea':10B 'world':2A	2026-11-22 00:06:43.199986+00	2026-11-22 00:06:43.209511+00	public	everyone	\N	f	f	\N	\N	\N	2026-11-22 00:06:43.209511+00	\N	\N	\N	\N
6	2		worth a look	t	5	{}	'look':3B 'worth':1B	2026-11-22 00:06:43.219653+00	2026-11-22 00:06:43.219653+00	public	everyone	\N	f	f	1	\N	\N	\N	\N	\N	\N	\N
7	2	日本語の題	ラーメンは #おいしい @alice	t	7	{おいしい}	'alic':15B 'い':14B 'いし':12B 'おい':11B 'しい':13B 'の題':4A 'は':10B 'メン':8B 'ラー':6B 'ンは':9B 'ーメ':7B '日本':1A '本語':2A '語の':3A '題':5A	2026-11-22 03:25:49.011925+00	2026-11-22 03:25:49.011925+00	public	everyone	\N	f	f	\N	\N	\N	\N	\N	\N	\N	ja
\.


--
-- Data for Name: bookmarks; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.bookmarks (user_id, post_id, created_at) FROM stdin;
2	1	2026-11-22 00:06:43.221182+00
\.


--
-- Data for Name: comment_counter_deltas; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.comment_counter_deltas (comment_id, likes_count, replies_count) FROM stdin;
\.


--
-- Data for Name: comment_counters; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.comment_counters (comment_id, likes_count, replies_count) FROM stdin;
1	1	1
2	1	0
\.


--
-- Data for Name: comments; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.comments (id, post_id, author_id, parent_id, content, is_edited, created_at, updated_at, edited_at, deleted_at, hidden_at, is_counted) FROM stdin;
1	1	2	\N	well said @alice	f	2026-11-22 00:06:43.217408+00	2026-11-22 00:06:43.217408+00	\N	\N	\N	t
2	1	3	1	a reply	f	2026-11-22 00:06:43.225761+00	2026-11-22 00:06:43.225761+00	\N	\N	\N	t
\.


--
-- Data for Name: comment_likes; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.comment_likes (comment_id, user_id, created_at, reaction) FROM stdin;
1	3	2026-11-22 00:06:43.228274+00	heart
2	3	2026-11-22 00:06:43.228274+00	heart
\.


--
-- Data for Name: content_rules; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.content_rules (id, kind, pattern, action, created_at) FROM stdin;
\.


--
-- Data for Name: follow_requests; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.follow_requests (requester_id, target_id, created_at) FROM stdin;
\.


--
-- Data for Name: follows; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.follows (follower_id, followed_id, created_at) FROM stdin;
2	3	2026-11-22 00:06:43.21187+00
2	1	2026-11-22 00:06:43.21187+00
3	1	2026-11-22 00:06:43.224832+00
4	1	2026-11-22 00:06:43.237137+00
\.


--
-- Data for Name: hashtag_counter_deltas; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.hashtag_counter_deltas (hashtag_id, posts_count) FROM stdin;
\.


--
-- Data for Name: hashtag_counters; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.hashtag_counters (hashtag_id, posts_count) FROM stdin;
2	1
3	1
4	0
1	0
5	1
7	1
\.


--
-- Data for Name: hashtags; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.hashtags (id, tag, display, created_at) FROM stdin;
1	coffee	coffee	2026-11-22 00:06:43.199986+00
2	world	world	2026-11-22 00:06:43.199986+00
3	東京	東京	2026-11-22 00:06:43.20614+00
4	gone	gone	2026-11-22 00:06:43.206923+00
5	tea	tea	2026-11-22 00:06:43.209511+00
7	おいしい	おいしい	2026-11-22 03:25:49.011925+00
\.


--
-- Data for Name: hashtag_trends; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.hashtag_trends (hashtag_id, score) FROM stdin;
\.


--
-- Data for Name: jwt_issuers; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.jwt_issuers (issuer, jwks, audience, user_claim, user_match, created_at, updated_at) FROM stdin;
\.


--
-- Data for Name: jwt_key; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.jwt_key (kid, alg, private_key, public_key, status, created_at, retired_at, activated_at) FROM stdin;
cSXbYEEay5co93b_h6xzYA	ES256	\\x2d2d2d2d2d424547494e2050524956415445204b45592d2d2d2d2d0a4d494748416745414d424d4742797147534d34394167454743437147534d34394177454842473077617749424151516774505a564536684f366f57574c4a36540a5444344d7573777948344f692f31577a54467a373436476f42466d6852414e43414154695a4c376b566d4d756553746d5346594757504e474e786343776437590a30524a6e484b61623866614c594c70326b3451474a6642414354624a6d4e7979346678326b4d4b783965737730376d5333454c52594b54670a2d2d2d2d2d454e442050524956415445204b45592d2d2d2d2d0a	-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4mS+5FZjLnkrZkhWBljzRjcXAsHe\n2NESZxymm/H2i2C6dpOEBiXwQAk2yZjcsuH8dpDCsfXrMNO5ktxC0WCk4A==\n-----END PUBLIC KEY-----\n	retired	2026-11-22 00:06:43.29082+00	2026-11-22 03:25:48.918089+00	\N
89bdcaff7ee7420c9a5f0cf79816b33b	ES256	\\x2d2d2d2d2d424547494e2050524956415445204b45592d2d2d2d2d0a4d494748416745414d424d4742797147534d34394167454743437147534d34394177454842473077617749424151516732684647736b726136663434547875750a6f386d6f71764d4b4f326a5555426a527253365743552b566647716852414e43414153617142457357787456643678432b42786b5841563369344c48354f34560a50526c736c696e37704e324638495630637957636855577436616d7731506c344f527431317861432f336a613978505a6e6b4e69306761320a2d2d2d2d2d454e442050524956415445204b45592d2d2d2d2d0a	-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmqgRLFsbVXesQvgcZFwFd4uCx+Tu\nFT0ZbJYp+6TdhfCFdHMlnIVFrempsNT5eDkbddcWgv942vcT2Z5DYtIGtg==\n-----END PUBLIC KEY-----\n	active	2026-11-22 03:25:48.918089+00	\N	2026-11-22 03:25:48.918089+00
9a1a931767cc4ea7927dc306b014bcaa	ES256	\\x2d2d2d2d2d424547494e2050524956415445204b45592d2d2d2d2d0a4d494748416745414d424d4742797147534d34394167454743437147534d3439417745484247307761774942415151674b503462394b44514f736f786571476d0a4471772f56786235763870367166515149324e5341337278464e696852414e4341415459326a2f58474462423235555954544b644a756a636d746a366e7239680a30692f586d657976636369556836324d35474f334b683866464c54466f576c327459504b596d592f5238536f2f456c464f7a474c496855450a2d2d2d2d2d454e442050524956415445204b45592d2d2d2d2d0a	-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2No/1xg2wduVGE0ynSbo3JrY+p6/\nYdIv15nsr3HIlIetjORjtyofHxS0xaFpdrWDymJmP0fEqPxJRTsxiyIVBA==\n-----END PUBLIC KEY-----\n	standby	2026-11-22 03:25:48.918089+00	\N	\N
\.


--
-- Data for Name: last_positions; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.last_positions (user_id, post_position, repost_position) FROM stdin;
2	7	6
\.


--
-- Data for Name: leaked_passwords; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.leaked_passwords (hash) FROM stdin;
\.


--
-- Data for Name: login_attempts; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.login_attempts (id, user_id, username, address, user_agent, device, outcome, created_at) FROM stdin;
1	2	bob	\N			success	2026-11-22 03:25:48.930468+00
2	2	bob	\N			wrong_password	2026-11-22 03:25:48.974118+00
\.


--
-- Data for Name: mail_outbox; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.mail_outbox (id, template, user_id, address, variables, created_at, due_at, expires_at, attempts, leased_until, sent_at, failed_at, error) FROM stdin;
1	reset_password	1	alice@example.com	{"token": "3vvwIZPYTa1BGps3bHEV1A4M_2lm9raGGYz3_8wSE2A", "username": "alice"}	2026-11-22 03:25:49.019322+00	2026-11-22 03:25:49.019322+00	2026-11-22 04:25:49.019322+00	0	\N	\N	\N	
\.


--
-- Data for Name: mentions; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.mentions (id, post_id, mentioned_user_id, created_at) FROM stdin;
1	1	2	2026-11-22 00:06:43.199986+00
3	3	4	2026-11-22 00:06:43.20537+00
4	7	1	2026-11-22 03:25:49.011925+00
\.


--
-- Data for Name: mutes; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.mutes (muter_id, muted_id, posts, notifications, expires_at, created_at) FROM stdin;
3	2	t	t	\N	2026-11-22 00:06:43.23324+00
\.


--
-- Data for Name: notification_preferences; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.notification_preferences (user_id, type, is_enabled) FROM stdin;
\.


--
-- Data for Name: notifications; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.notifications (id, recipient_id, type, actor_id, post_id, comment_id, message, is_read, read_at, created_at, quote_id) FROM stdin;
1	2	mention	1	1	\N		f	\N	2026-11-22 00:06:43.199986+00	\N
2	3	mention	1	1	\N		f	\N	2026-11-22 00:06:43.199986+00	\N
3	4	mention	1	3	\N		f	\N	2026-11-22 00:06:43.20537+00	\N
4	3	follow	2	\N	\N		f	\N	2026-11-22 00:06:43.21187+00	\N
5	1	follow	2	\N	\N		f	\N	2026-11-22 00:06:43.21187+00	\N
6	1	like	2	3	\N		f	\N	2026-11-22 00:06:43.214276+00	\N
7	1	like	2	4	\N		f	\N	2026-11-22 00:06:43.214276+00	\N
8	1	like	2	1	\N		f	\N	2026-11-22 00:06:43.214276+00	\N
9	1	comment	2	1	1		f	\N	2026-11-22 00:06:43.217408+00	\N
10	1	repost	2	1	\N		f	\N	2026-11-22 00:06:43.219653+00	6
11	1	repost	2	1	\N		f	\N	2026-11-22 00:06:43.221182+00	\N
12	1	follow	3	\N	\N		f	\N	2026-11-22 00:06:43.224832+00	\N
13	2	reply	3	1	2		f	\N	2026-11-22 00:06:43.225761+00	\N
14	1	comment	3	1	2		f	\N	2026-11-22 00:06:43.225761+00	\N
15	2	comment_like	3	1	1		f	\N	2026-11-22 00:06:43.228274+00	\N
16	1	follow	4	\N	\N		f	\N	2026-11-22 00:06:43.237137+00	\N
17	1	mention	2	7	\N		f	\N	2026-11-22 03:25:49.011925+00	\N
\.


--
-- Data for Name: post_counter_deltas; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_counter_deltas (post_id, likes_count, comments_count, reposts_count, views_count) FROM stdin;
\.


--
-- Data for Name: post_counters; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_counters (post_id, likes_count, comments_count, reposts_count, views_count) FROM stdin;
2	0	0	0	0
5	0	0	0	0
3	1	0	0	0
4	1	0	0	0
6	0	0	0	0
1	1	2	1	1
7	0	0	0	0
\.


--
-- Data for Name: post_hashtags; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_hashtags (post_id, hashtag_id, "position", created_at, is_public) FROM stdin;
1	2	1	2026-11-22 00:06:43.199986+00	t
4	3	3	2026-11-22 00:06:43.20614+00	t
1	5	1	2026-11-22 00:06:43.209511+00	t
7	7	7	2026-11-22 03:25:49.011925+00	t
\.


--
-- Data for Name: post_likes; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_likes (post_id, user_id, created_at, reaction) FROM stdin;
3	2	2026-11-22 00:06:43.214276+00	heart
4	2	2026-11-22 00:06:43.214276+00	heart
1	2	2026-11-22 00:06:43.214276+00	heart
\.


--
-- Data for Name: post_reindex; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_reindex (before_id, started_at) FROM stdin;
7	2026-11-22 03:25:48.595586+00
\.


--
-- Data for Name: post_revisions; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_revisions (id, post_id, revision, title, content, editor_id, created_at) FROM stdin;
1	1	1	Hello #world	Good morning @bob and @carol, see https://example.com/a#b #coffee	1	2026-11-22 00:06:43.209511+00
\.


--
-- Data for Name: post_trends; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_trends (post_id, score) FROM stdin;
\.


--
-- Data for Name: post_views; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_views (post_id, viewer_key, window_start, user_id, created_at) FROM stdin;
1	user 2	2026-11-22 00:00:00+00	2	2026-11-22 00:06:43.221182+00
\.


--
-- Data for Name: profiles; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.profiles (user_id, bio, avatar, banner_image, location, website, updated_at) FROM stdin;
1	first of #all	\N	\N			2026-11-22 00:06:43.1979+00
\.


--
-- Data for Name: rate_limit_overrides; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.rate_limit_overrides (surface, action, subject, rates, changed_at) FROM stdin;
rest	post_creation	user	2/day	2026-11-22 03:25:49.009457+00
\.


--
-- Data for Name: recovery_codes; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.recovery_codes (user_id, code_hash, created_at) FROM stdin;
\.


--
-- Data for Name: user_sessions; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.user_sessions (id, user_id, device, user_agent, address, family_secret, created_at, last_seen_at, expires_at, revoked_at, revoked_reason) FROM stdin;
1	2			\N	\\x774f687837335f596151454d5133554475664c4333636638706c6e4d467674376247626f6b594347745941	2026-11-22 03:25:48.930468+00	2026-11-22 03:25:48.930468+00	2026-11-29 03:25:48.930468+00	\N	\N
\.


--
-- Data for Name: refresh_tokens; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.refresh_tokens (id, session_id, token_hash, parent_id, created_at, expires_at, used_at) FROM stdin;
1	1	\\xe80afdbef276832c76f9d206e22b1dd47747d166ee0bc5b3151b6cc750bfe6fa	\N	2026-11-22 03:25:48.930468+00	2026-11-29 03:25:48.930468+00	\N
\.


--
-- Data for Name: reports; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.reports (id, reporter_id, user_id, post_id, comment_id, reason, details, status, resolution, resolved_by, resolved_at, created_at) FROM stdin;
1	3	\N	1	\N	spam	look	open		\N	\N	2026-11-22 00:06:43.234591+00
\.


--
-- Data for Name: reposts; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.reposts (post_id, user_id, "position", created_at) FROM stdin;
1	2	6	2026-11-22 00:06:43.221182+00
\.


--
-- Data for Name: retention; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.retention (data_class, keep, changed_at) FROM stdin;
\.


--
-- Data for Name: token_blacklist; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.token_blacklist (jti, token_type, user_id, session_id, reason, created_at, expires_at) FROM stdin;
\.


--
-- Data for Name: trend_events; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.trend_events (post_id, amount, at) FROM stdin;
1	1	2026-11-22 00:06:43.199986+00
3	1	2026-11-22 00:06:43.20537+00
4	1	2026-11-22 00:06:43.20614+00
5	1	2026-11-22 00:06:43.206923+00
5	-0.9999999955394695	2026-11-22 00:06:43.207479+00
3	1	2026-11-22 00:06:43.214276+00
4	1	2026-11-22 00:06:43.214276+00
1	1	2026-11-22 00:06:43.214276+00
1	2	2026-11-22 00:06:43.217408+00
6	1	2026-11-22 00:06:43.219653+00
1	3	2026-11-22 00:06:43.221182+00
1	0.1	2026-11-22 00:06:43.221182+00
1	2	2026-11-22 00:06:43.225761+00
7	1	2026-11-22 03:25:49.011925+00
\.


--
-- Data for Name: user_counter_deltas; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.user_counter_deltas (user_id, followers_count, following_count, posts_count) FROM stdin;
\.


--
-- Data for Name: user_counters; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.user_counters (user_id, followers_count, following_count, posts_count) FROM stdin;
5	0	0	0
3	1	1	0
4	0	1	0
1	3	0	3
2	0	2	2
\.


--
-- Data for Name: user_totp; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.user_totp (user_id, secret, created_at, confirmed_at, last_step, failures, failed_at) FROM stdin;
2	\\xbe26cb18ccca9dc2ee8d4f8bf19c0c13832a01bc	2026-11-22 03:25:49.025194+00	\N	0	0	\N
\.


--
-- Name: account_tokens_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.account_tokens_id_seq', 1, true);


--
-- Name: audit_log_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.audit_log_id_seq', 3, true);


--
-- Name: comments_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.comments_id_seq', 2, true);


--
-- Name: content_rules_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.content_rules_id_seq', 1, false);


--
-- Name: hashtags_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.hashtags_id_seq', 7, true);


--
-- Name: login_attempts_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.login_attempts_id_seq', 2, true);


--
-- Name: mail_outbox_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.mail_outbox_id_seq', 1, true);


--
-- Name: mentions_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.mentions_id_seq', 4, true);


--
-- Name: notifications_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.notifications_id_seq', 17, true);


--
-- Name: post_position_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.post_position_seq', 7, true);


--
-- Name: post_revisions_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.post_revisions_id_seq', 1, true);


--
-- Name: posts_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.posts_id_seq', 7, true);


--
-- Name: refresh_tokens_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.refresh_tokens_id_seq', 1, true);


--
-- Name: reports_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.reports_id_seq', 1, true);


--
-- Name: user_sessions_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.user_sessions_id_seq', 1, true);


--
-- Name: users_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.users_id_seq', 5, true);


--
-- PostgreSQL database dump complete
--


