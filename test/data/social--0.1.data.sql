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
-- Data for Name: comment_counter_deltas; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.comment_counter_deltas (comment_id, likes_count, replies_count) FROM stdin;
\.


--
-- Data for Name: comment_counters; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.comment_counters (comment_id, likes_count, replies_count) FROM stdin;
2	0	0
3	0	0
1	1	1
\.


--
-- Data for Name: users; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.users (id, username, email, password, first_name, last_name, is_active, is_staff, is_superuser, created_at, last_login_at) FROM stdin;
1	alice	alice@example.com	$argon2id$v=19$m=19456,t=2,p=1$bTiV/AeUSmJOGKDI/5pQqQ$xvpUU6lmN9tVYxDuryigI09yN/TlQ9e0E97+gs+NCZQ			t	f	f	2026-11-21 22:47:20.198669+00	\N
2	bob	bob@example.com	$argon2id$v=19$m=19456,t=2,p=1$Q28d32ug6J+0Rev/RTIKTw$xh4nkYjxhwz9aSIChRndHHYSNTJl+TR2wj+5BDmozVQ			t	f	f	2026-11-21 22:47:20.198669+00	\N
3	carol	carol@example.com	$argon2id$v=19$m=19456,t=2,p=1$t8MXQxZJBDcZCXn4qm7jqg$TiEhoMtZ4gqgbelLrSC/roaiAeOCKk5Ow2ico+Joh68			t	f	f	2026-11-21 22:47:20.198669+00	2026-11-21 22:47:20.284472+00
4	dave	dave@example.com	$argon2id$v=19$m=19456,t=2,p=1$17zlTaZrbwPezz+dm6Gflg$NINjbSZ7mhLfQqdrV5iAoFRZIe6rwDH5rlgdie53DyM			f	f	f	2026-11-21 22:47:20.198669+00	\N
\.


--
-- Data for Name: posts; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.posts (id, author_id, title, content, is_published, "position", hashtags, search_vector, created_at, updated_at) FROM stdin;
1	1	A draft	with #Trains and @bob	f	\N	{trains}	'bob':6B 'draft':2A 'train':4B	2026-11-21 22:47:20.286551+00	2026-11-21 22:47:20.286551+00
2	1	First journey	By night, #Trains #Straße #東京 with @bob and @nobody	t	1	{trains,strasse,東京}	'bob':9B 'first':1A 'journey':2A 'night':4B 'nobodi':11B 'straße':6B 'train':5B '東京':7B	2026-11-21 22:47:20.288606+00	2026-11-21 22:47:20.288606+00
3	1	Second journey	By day #trains, see https://example.com/#no	t	2	{trains}	'/#no':9B 'day':4B 'example.com':8B 'example.com/#no':7B 'journey':2A 'second':1A 'see':6B 'train':5B	2026-11-21 22:47:20.288606+00	2026-11-21 22:47:20.288606+00
4	2	A reply of sorts	@alice: the #trains were late	t	3	{trains}	'alic':5B 'late':9B 'repli':2A 'sort':4A 'train':7B	2026-11-21 22:47:20.292427+00	2026-11-21 22:47:20.292427+00
\.


--
-- Data for Name: comments; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.comments (id, post_id, author_id, parent_id, content, is_edited, created_at, updated_at) FROM stdin;
1	2	2	\N	Which line?	f	2026-11-21 22:47:20.292908+00	2026-11-21 22:47:20.292908+00
2	2	3	1	The coast line.	f	2026-11-21 22:47:20.296302+00	2026-11-21 22:47:20.296302+00
3	3	3	\N	Nice	f	2026-11-21 22:47:20.296302+00	2026-11-21 22:47:20.296302+00
\.


--
-- Data for Name: comment_likes; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.comment_likes (comment_id, user_id, created_at) FROM stdin;
1	3	2026-11-21 22:47:20.296302+00
\.


--
-- Data for Name: follows; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.follows (follower_id, followed_id, created_at) FROM stdin;
1	2	2026-11-21 22:47:20.290865+00
1	3	2026-11-21 22:47:20.290865+00
2	1	2026-11-21 22:47:20.292908+00
3	1	2026-11-21 22:47:20.296302+00
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
3	1
1	1
2	3
\.


--
-- Data for Name: hashtags; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.hashtags (id, tag, display, created_at) FROM stdin;
1	strasse	Straße	2026-11-21 22:47:20.288606+00
2	trains	Trains	2026-11-21 22:47:20.288606+00
3	東京	東京	2026-11-21 22:47:20.288606+00
\.


--
-- Data for Name: jwt_key; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.jwt_key (kid, alg, private_key, public_key, status, created_at, retired_at) FROM stdin;
\.


--
-- Data for Name: mentions; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.mentions (id, post_id, mentioned_user_id, created_at) FROM stdin;
1	2	2	2026-11-21 22:47:20.288606+00
2	4	1	2026-11-21 22:47:20.292427+00
\.


--
-- Data for Name: post_counter_deltas; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_counter_deltas (post_id, likes_count, comments_count) FROM stdin;
2	1	0
3	0	-1
\.


--
-- Data for Name: post_counters; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_counters (post_id, likes_count, comments_count) FROM stdin;
1	0	0
4	0	0
2	1	2
3	1	2
\.


--
-- Data for Name: post_hashtags; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_hashtags (post_id, hashtag_id, "position", created_at) FROM stdin;
2	2	1	2026-11-21 22:47:20.288606+00
2	1	1	2026-11-21 22:47:20.288606+00
2	3	1	2026-11-21 22:47:20.288606+00
3	2	2	2026-11-21 22:47:20.288606+00
4	2	3	2026-11-21 22:47:20.292427+00
\.


--
-- Data for Name: post_likes; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.post_likes (post_id, user_id, created_at) FROM stdin;
2	2	2026-11-21 22:47:20.292908+00
3	2	2026-11-21 22:47:20.292908+00
2	3	2026-11-21 22:47:20.296302+00
\.


--
-- Data for Name: profiles; Type: TABLE DATA; Schema: social; Owner: postgres
--

COPY social.profiles (user_id, bio, avatar, banner_image, location, website, updated_at) FROM stdin;
1	Writes about trains.	\N	\N	Lagos		2026-11-21 22:47:20.285089+00
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
4	0	0	0
2	1	1	1
3	1	1	0
1	2	2	2
\.


--
-- Name: comments_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.comments_id_seq', 3, true);


--
-- Name: hashtags_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.hashtags_id_seq', 3, true);


--
-- Name: mentions_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.mentions_id_seq', 2, true);


--
-- Name: post_position_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.post_position_seq', 3, true);


--
-- Name: posts_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.posts_id_seq', 4, true);


--
-- Name: users_id_seq; Type: SEQUENCE SET; Schema: social; Owner: postgres
--

SELECT pg_catalog.setval('social.users_id_seq', 4, true);


--
-- PostgreSQL database dump complete
--


