-- mutation { likePost(postId: …) { post { id likesCount } success } }
\set n random(1, {VIEWERS})
\set id {BASE} + random(0, {POSTS} - 1)
BEGIN;
WITH liked AS (INSERT INTO plain.post_likes (post_id, user_id) SELECT p.id, ({VIEWER_IDS})[:n] FROM plain.posts p WHERE p.id = :id ON CONFLICT DO NOTHING RETURNING post_id)
INSERT INTO plain.notifications (recipient_id, actor_id, type, post_id)
SELECT p.author_id, ({VIEWER_IDS})[:n], 'like', p.id FROM liked l JOIN plain.posts p ON p.id = l.post_id WHERE p.author_id <> ({VIEWER_IDS})[:n];
SELECT json_build_object('post', json_build_object('id', :id::text, 'likesCount', (SELECT count(*) FROM plain.post_likes l WHERE l.post_id = :id)));
COMMIT;
