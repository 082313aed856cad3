-- hashtag.sql owns who sees hashtags, and the posts of one.

CREATE OR REPLACE VIEW social.visible_hashtags AS
SELECT h.id, h.tag,
	coalesce(c.posts_count, 0) + coalesce((SELECT sum(d.posts_count) FROM social.hashtag_counter_deltas d WHERE d.hashtag_id = h.id), 0) AS post_count,
	h.created_at, h.display
FROM social.hashtags h
LEFT JOIN social.hashtag_counters c ON c.hashtag_id = h.id;
COMMENT ON VIEW social.visible_hashtags IS 'Hashtags with the number of public posts that carry them; display is the first spelling used.';
