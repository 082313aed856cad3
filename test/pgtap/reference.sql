-- reference.sql proves that references of a table to itself hold as foreign keys do (found C3).
BEGIN;
SELECT no_plan();

INSERT INTO social.users (username) VALUES ('tap_ref') RETURNING id AS one \gset
INSERT INTO social.posts (author_id, title, content) VALUES (:one, 'quoted', 'text') RETURNING id AS post \gset
INSERT INTO social.posts (author_id, title, content) VALUES (:one, 'other', 'text') RETURNING id AS other \gset
INSERT INTO social.posts (author_id, title, content, quoted_post_id) VALUES (:one, '', 'a quote', :post) RETURNING id AS quote \gset
SELECT throws_ok('INSERT INTO social.posts (author_id, title, content, quoted_post_id) VALUES (' || :one || $$, '', 'x', -1) $$,
	'23503', 'insert or update on table "posts" violates foreign key constraint "posts_quoted_post_id_fkey"', 'a quote of nothing is refused');
SELECT throws_ok('UPDATE social.posts SET quoted_post_id = -1 WHERE id = ' || :quote, '23503', NULL, 'also by an update');
SELECT lives_ok('INSERT INTO social.posts (id, author_id, title, content, quoted_post_id) VALUES (-7, ' || :one || $$, '', 'x', -8), (-8, $$ || :one || $$, '', 'y', -7) $$,
	'rows of one statement may name each other');
SELECT throws_ok('UPDATE social.posts SET id = -9 WHERE id = ' || :post, '23503', 'update on table "posts" violates foreign key constraint "posts_quoted_post_id_fkey"', 'a post that is quoted keeps its id');
SELECT lives_ok('UPDATE social.posts SET id = id WHERE id = ' || :post, 'the same id is no change');
SELECT lives_ok('UPDATE social.posts SET id = -9 WHERE id = ' || :other, 'others may change theirs');
UPDATE social.posts SET id = :other WHERE id = -9;
DELETE FROM social.posts WHERE id = :post;
SELECT is((SELECT quoted_post_id FROM social.posts WHERE id = :quote), NULL, 'a quote of a post that is gone quotes nothing');

INSERT INTO social.comments (post_id, author_id, content) VALUES (:quote, :one, 'top') RETURNING id AS top \gset
INSERT INTO social.comments (post_id, author_id, content, parent_id) VALUES (:quote, :one, 'reply', :top) RETURNING id AS reply \gset
SELECT throws_ok('INSERT INTO social.comments (post_id, author_id, content, parent_id) VALUES (-7, ' || :one || $$, 'x', $$ || :top || ')', '23503', NULL, 'a reply stands under the post of its parent');
SELECT throws_ok('UPDATE social.comments SET post_id = -7 WHERE id = ' || :top, '23503', NULL, 'so a comment with replies moves to no other post');
SELECT throws_ok('UPDATE social.comments SET post_id = -7 WHERE id = ' || :reply, '23503', NULL, 'nor does a reply');
-- Deeper than a function could call itself.
INSERT INTO social.comments (id, post_id, author_id, content, parent_id)
SELECT -n, :quote, :one, 'deep', CASE n WHEN 1 THEN :reply ELSE 1 - n END FROM generate_series(1, 5000) AS n ORDER BY n;
SELECT is((SELECT comments_count FROM social.post_counters WHERE post_id = :quote), 5002::bigint, 'all count');
DELETE FROM social.comments WHERE id = :top;
SELECT is_empty('SELECT FROM social.comments WHERE post_id = ' || :quote, 'replies go with their parent, however deep');
SELECT is((SELECT comments_count FROM social.post_counters WHERE post_id = :quote), 0::bigint, 'and count no more');
SELECT is_empty('SELECT * FROM social.reconcile()', 'counts are true');

SELECT * FROM finish();
ROLLBACK;
