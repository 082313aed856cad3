-- reaction.sql owns likes, one for each person and target.

CREATE TABLE social.post_likes (
	post_id bigint NOT NULL REFERENCES social.posts ON DELETE CASCADE,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	reaction text NOT NULL DEFAULT 'heart' CONSTRAINT post_likes_reaction_check CHECK (char_length(reaction) BETWEEN 1 AND 32),
	is_counted boolean DEFAULT true,
	PRIMARY KEY (post_id, user_id)
);
COMMENT ON TABLE social.post_likes IS 'Who likes which post, and with which reaction. is_counted is null while the person is not shown.';
CREATE INDEX post_likes_newest_idx ON social.post_likes (post_id, created_at DESC, user_id DESC);
CREATE INDEX post_likes_user_idx ON social.post_likes (user_id, created_at DESC);

CREATE TABLE social.comment_likes (
	comment_id bigint NOT NULL REFERENCES social.comments ON DELETE CASCADE,
	user_id bigint NOT NULL REFERENCES social.users ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	reaction text NOT NULL DEFAULT 'heart' CONSTRAINT comment_likes_reaction_check CHECK (char_length(reaction) BETWEEN 1 AND 32),
	is_counted boolean DEFAULT true,
	PRIMARY KEY (comment_id, user_id)
);
COMMENT ON TABLE social.comment_likes IS 'Who likes which comment, and with which reaction. is_counted is null while the person is not shown.';
CREATE INDEX comment_likes_newest_idx ON social.comment_likes (comment_id, created_at DESC, user_id DESC);
CREATE INDEX comment_likes_user_idx ON social.comment_likes (user_id, created_at DESC);
