-- 0.2--0.3.sql owns what tables need to get from 0.2 to 0.3. Nothing here rewrites a table, and
-- nothing counts on a function that 0.2 brought: an installation of 0.1 comes through here too.

-- rate limits
DROP FUNCTION IF EXISTS social.admit(bigint);

-- posts
ALTER TABLE social.posts ADD COLUMN language text COLLATE "C";
COMMENT ON TABLE social.posts IS 'Posts and drafts. hashtags, search_vector and position are kept by a trigger: folded tags in order of first appearance, title weighted A above content B, and the place in newest-first lists (null unless the post is published and not deleted). kept_position is the place that a deleted post gets back when it is restored; publish_at is null once a post is published. language says which words of the text are forms of one word, and is guessed from the script where nobody says it.';
