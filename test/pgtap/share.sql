-- share.sql proves reposts, quotes, bookmarks and views.
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_author'), ('tap_one'), ('tap_two'), ('tap_blocked');
SELECT throws_ok('SELECT social.' || f || '(1)', 'SM401', NULL, 'nobody cannot ' || f) FROM unnest(ARRAY['repost_post', 'unrepost_post', 'share_post', 'bookmark_post', 'unbookmark_post']) f;
SELECT social.act_as('tap_author');
SELECT social.create_post('One', 'text') AS post \gset
SELECT social.create_post('Inner', 'text', visibility => 'followers') AS inner \gset
SELECT social.create_post('Draft', 'text', false) AS draft \gset
SELECT social.act_as('tap_one') AS one \gset
INSERT INTO social.follows SELECT :one, author_id FROM social.posts WHERE id = :post;

SELECT is(social.repost_post(:post), :post::bigint, 'seed 102: repost');
SELECT is(social.repost_post(:post), :post::bigint, 'again is harmless');
SELECT is((SELECT reposts_count FROM social.post(:post)), 1::bigint, 'seed 099: reposts_count');
SELECT is(social.share_post(:post), :post::bigint, 'seed 079: sharePost without a message is a repost');
SELECT social.share_post(:post, 'Look at #tapquote, @tap_two') AS quote \gset
SELECT results_eq('SELECT title, content, quoted_post_id, hashtags FROM social.post(' || :quote || ')',
	$$ VALUES ('', 'Look at #tapquote, @tap_two', $$ || :post || $$::bigint, '{tapquote}'::text[] COLLATE "C") $$, 'seed 102: with a message it is a post that quotes the other');
SELECT results_eq('SELECT username, message, quote_id FROM social.post_shares(' || :post || ')',
	$$ VALUES ('tap_one', 'Look at #tapquote, @tap_two', $$ || :quote || $$::bigint), ('tap_one', '', NULL) $$, 'seed 067: postShares, newest first');
SELECT results_eq('SELECT message FROM social.post_shares(' || :post || ', 5, (SELECT cursor FROM social.post_shares(' || :post || ', 1)))', $$ VALUES ('') $$, 'P-04: the next page of shares');
SELECT throws_ok('SELECT social.share_post(' || :post || $$, ' ') $$, 'SM400', 'content is required', 'an empty message');
SELECT throws_ok('SELECT social.share_post(' || :post || $$, repeat('x', 10001)) $$, 'SM400', 'content is too long', 'an over-long one');
SELECT throws_ok($$ SELECT social.share_post(-1, 'x') $$, 'SM404', 'post not found', 'an unknown post');
SELECT throws_ok('SELECT social.repost_post(-1)', 'SM404', 'post not found', 'neither is it reposted');
SELECT throws_ok('SELECT social.repost_post(' || :draft || ')', 'SM404', 'post not found', 'somebody else''s draft does not exist');
SELECT throws_ok('SELECT social.repost_post(' || :inner || ')', 'SM403', 'the post cannot be shared', 'what is for followers is not passed on');
SELECT throws_ok('SELECT social.share_post(' || :inner || $$, 'x') $$, 'SM403', 'the post cannot be shared', 'nor quoted');
SELECT throws_ok('INSERT INTO social.posts (author_id, title, content) VALUES (' || :one || $$, '', 'x') $$, 'SM400', 'title is required', 'only a quote has no title');
SELECT throws_ok('SELECT * FROM social.post_shares(-1)', 'SM404', 'post not found', 'shares of an unknown post');
SELECT throws_ok('SELECT * FROM social.post_shares(' || :post || $$, 5, 'nonsense') $$, 'SM400', 'invalid cursor', 'a mangled cursor');
SELECT is(social.unrepost_post(:post), :post::bigint, 'unrepost');
SELECT is(social.unrepost_post(:post), :post::bigint, 'again is harmless');
SELECT is((SELECT reposts_count FROM social.post(:post)), 0::bigint, 'the count is back');
SELECT throws_ok('SELECT social.repost_post(' || social.create_post('Own draft', 'x', false) || ')', 'SM403', 'the post cannot be shared', 'an own draft is not passed on');
SELECT lives_ok('SELECT social.repost_post(' || social.create_post('Own inner', 'x', visibility => 'followers') || ')', 'an own post for followers may be');

-- A quote outlives the post that it quotes.
SELECT social.act_as('tap_author');
SELECT social.delete_post(:post);
SELECT is((SELECT quoted_post_id FROM social.post(:quote)), :post::bigint, 'the quote stays while its post is deleted');
SELECT throws_ok('SELECT * FROM social.post_shares(' || :post || ')', 'SM404', 'post not found', 'whose shares nobody sees');
SELECT social.restore_post(:post);
DELETE FROM social.posts WHERE id = :post;
SELECT results_eq('SELECT title, quoted_post_id FROM social.post(' || :quote || ')', $$ VALUES ('', NULL::bigint) $$, 'and when it is purged');
UPDATE social.posts SET content = 'Look elsewhere' WHERE id = :quote;
SELECT is((SELECT content FROM social.post(:quote)), 'Look elsewhere', 'and can still be edited');

-- ---- bookmarks ----
SELECT social.create_post('Two', 'text') AS post \gset
SELECT social.create_post('Three', 'text') AS third \gset
SELECT social.act_as('tap_two') AS two \gset
SELECT is(social.bookmark_post(:post), :post::bigint, 'seed 102: bookmark');
SELECT is(social.bookmark_post(:post), :post::bigint, 'again is harmless');
UPDATE social.bookmarks SET created_at = now() - interval '1 hour' WHERE user_id = :two;
SELECT social.bookmark_post(:third);
SELECT results_eq('SELECT title FROM social.bookmarked_posts()', $$ VALUES ('Three'), ('Two') $$, 'bookmarks, the latest first');
SELECT results_eq($$ SELECT title FROM social.bookmarked_posts(5, (SELECT social.cursor_encode('bookmarked_posts', social.time_key(b.created_at), b.post_id) FROM social.visible_bookmarks b WHERE b.post_id = $$ || :third || '))',
	$$ VALUES ('Two') $$, 'P-04: the next page of bookmarks');
SELECT throws_ok('SELECT social.bookmark_post(-1)', 'SM404', 'post not found', 'an unknown post');
SELECT throws_ok($$ SELECT * FROM social.bookmarked_posts(5, 'nonsense') $$, 'SM400', 'invalid cursor', 'a mangled cursor');
SELECT social.act_as('tap_one');
SELECT is_empty('SELECT * FROM social.bookmarked_posts()', 'nobody else sees them');
SELECT social.act_as('tap_two');
INSERT INTO social.blocks SELECT author_id, :two FROM social.posts WHERE id = :third;
SELECT is_empty('SELECT * FROM social.bookmarked_posts()', 'a block takes them away');
SELECT throws_ok('SELECT social.bookmark_post(' || :third || ')', 'SM404', 'post not found', 'with the post');
DELETE FROM social.blocks WHERE blocked_id = :two;
SELECT social.unbookmark_post(:third);
SELECT is(social.unbookmark_post(:third), :third::bigint, 'unbookmark; again is harmless');
SELECT results_eq('SELECT title FROM social.bookmarked_posts()', $$ VALUES ('Two') $$, 'one is left');

-- ---- views ----
SELECT is(social.view_post(:post), :post::bigint, 'seed 102: a view');
SELECT social.view_post(:post);
SELECT is((SELECT views_count FROM social.post(:post)), 1::bigint, 'seed 099: views_count; a viewer counts once');
SELECT social.act_as('tap_one');
SELECT social.view_post(:post);
SELECT is((SELECT views_count FROM social.post(:post)), 2::bigint, 'another counts too');
SELECT social.act_as(NULL::bigint);
SELECT throws_ok('SELECT social.view_post(' || :post || ')', 'SM400', 'viewer key is required', 'somebody anonymous says who it is');
SELECT social.view_post(:post, k) FROM unnest(ARRAY['192.0.2.1', '192.0.2.1', '192.0.2.2']) k;
SELECT is((SELECT views_count FROM social.post(:post)), 4::bigint, 'anonymous viewers are told apart by their key');
SELECT is_empty($$ SELECT viewer_key FROM social.post_views WHERE post_id = $$ || :post || $$ AND viewer_key !~ '^(user [0-9]+|[0-9a-f]{64})$' $$, 'of which only a hash is kept');
SELECT social.set_client_address('192.0.2.3'), social.view_post(:post), social.view_post(:post, '192.0.2.3');
SELECT is((SELECT views_count FROM social.post(:post)), 5::bigint, 'without a key, by the address of the client');
SELECT social.set_client_address(NULL);
SELECT throws_ok($$ SELECT social.view_post(-1, 'x') $$, 'SM404', 'post not found', 'an unknown post');
UPDATE social.post_views SET window_start = window_start - interval '1 hour';
SELECT social.view_post(:post, '192.0.2.1');
SELECT is((SELECT views_count FROM social.post(:post)), 6::bigint, 'the next window counts again');
DELETE FROM social.post_views WHERE post_id = :post;
SELECT is((SELECT views_count FROM social.post(:post)), 6::bigint, 'the count outlives the rows');

SELECT is_empty($$ SELECT * FROM social.reconcile() WHERE counter LIKE 'post_counters%' $$, 'counts equal the truth');

-- ---- one place -----------------------------------------------------------------------------------
INSERT INTO social.users (username) VALUES ('tap_lift');
SELECT social.act_as('tap_lift') AS lift \gset
SELECT id AS lift FROM social.users WHERE username = 'tap_lift' \gset
SELECT social.repost_post(:third);
SELECT position AS place FROM social.reposts WHERE post_id = :third AND user_id = :lift \gset
SELECT nextval('social.post_position_seq');
SELECT social.unrepost_post(:third), social.repost_post(:third);
SELECT social.unrepost_post(:third), social.repost_post(:third);
SELECT is((SELECT position FROM social.reposts WHERE post_id = :third AND user_id = :lift), :place::bigint, 'found B14: taking a repost back and passing the post on again lifts nothing');
SELECT social.unrepost_post(:third);
UPDATE social.repost_places SET withdrawn_at = now() - interval '31 days';
SELECT count(social.retention_round()) FROM generate_series(1, 30);
SELECT social.repost_post(:third);
SELECT cmp_ok((SELECT position FROM social.reposts WHERE post_id = :third AND user_id = :lift), '>', :place::bigint, 'after a month it is a new one');

SELECT * FROM finish();
ROLLBACK;
