-- comment.sql proves comments and replies.
BEGIN;
SELECT no_plan();

SELECT has_column('social', 'comments', c, 'seed 100: comments.' || c) FROM unnest(ARRAY['id', 'post_id', 'author_id', 'content', 'parent_id', 'is_edited', 'created_at', 'updated_at']) c;
INSERT INTO social.users (username) VALUES ('tap_author');
SELECT throws_ok($$ SELECT social.create_comment(1, 'x') $$, 'SM401', NULL, 'nobody cannot comment');
SELECT social.act_as('tap_author');
SELECT social.create_post('One', 'text') AS one \gset
SELECT social.create_post('Two', 'text') AS two \gset
SELECT social.create_comment(:one, 'first') AS first \gset
SELECT social.create_comment(:one, 'reply', :first) AS reply \gset

SELECT results_eq('SELECT content, parent_id, replies_count, is_edited FROM social.visible_comments WHERE post_id = ' || :one || ' ORDER BY id',
	'VALUES (''first'', NULL::bigint, 1::bigint, false), (''reply'', ' || :first || ', 0, false)', 'seed 074: createComment, with a parent');
SELECT is((SELECT comments_count FROM social.post(:one)), 2::bigint, 'seed 099: the post counts replies too');
SELECT is((SELECT social.comment_json(c)::jsonb -> 'parent_comment' FROM social.visible_comments c WHERE id = :reply), to_jsonb(:first::bigint), 'both names of the parent are shown');
SELECT throws_ok('SELECT social.create_comment(' || :two || $$, 'x', $$ || :first || ')', 'SM404', 'comment not found', 'a reply stands under its parent''s post');
SELECT throws_ok('INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT ' || :two || ', id, ' || :first || $$, 'x' FROM social.users LIMIT 1 $$, '23503', NULL, 'the table holds this too');
SELECT throws_ok($$ SELECT social.create_comment(-1, 'x') $$, 'SM404', 'post not found', 'an unknown post');
SELECT throws_ok('SELECT social.create_comment(' || :one || $$, ' ') $$, 'SM400', 'content is required', 'content is required');
SELECT throws_ok('SELECT social.create_comment(' || :one || $$, repeat('x', 5001)) $$, 'SM400', 'content is too long', 'and limited');

UPDATE social.comments SET content = 'second thought' WHERE id = :first;
SELECT is((SELECT is_edited FROM social.visible_comments WHERE id = :first), true, 'seed 075: an edit sets is_edited');
UPDATE social.comments SET content = content WHERE id = :reply;
SELECT is((SELECT is_edited FROM social.visible_comments WHERE id = :reply), false, 'the same text is no edit');

DELETE FROM social.comments WHERE id = :first;
SELECT is((SELECT comments_count FROM social.post(:one)), 0::bigint, 'seed 113: replies go with their parent, and the count follows');
SELECT is_empty('SELECT FROM social.comment_counters WHERE comment_id IN (' || :first || ', ' || :reply || ')', 'so do their counters');

SELECT * FROM finish();
ROLLBACK;
