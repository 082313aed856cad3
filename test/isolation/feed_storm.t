# feed_storm.t: a home feed that reads an index's leaves by itself equals one that asks person by
# person, in one snapshot, while others post, repost, edit and delete so that leaves are split and
# emptied, and VACUUM takes entries and pages away. mission P-05, design D5.
use strict;
use warnings;
use lib 'test/isolation';
use FeedCompare;
use Storm;
use Test::More;

sql(<<'SQL');
SET social.notifications = off;
INSERT INTO social.users (username) SELECT 'u' || n FROM generate_series(1, 60) n;
INSERT INTO social.follows (follower_id, followed_id) SELECT 1, n FROM generate_series(2, 30) n;
INSERT INTO social.posts (author_id, title, content) SELECT 2 + n % 59, 'Planted', 'it stays' FROM generate_series(1, 3000) n;
INSERT INTO social.sport_subjects (kind, slug, name) SELECT 'team', 's' || n, 'S' FROM generate_series(1, 20) n;
INSERT INTO social.sport_follows (user_id, subject_id) SELECT 1, id FROM social.sport_subjects WHERE slug < 's15';
INSERT INTO social.post_subjects (post_id, subject_id, position) SELECT p.id, s.id, p.position FROM social.posts p JOIN social.sport_subjects s ON s.slug = 's' || 1 + p.id % 20 WHERE p.id % 3 = 0;
SQL
sql(feed_compare());
my $writers = start(4, ['social.notifications=off', 'synchronous_commit=off'], <<'SQL');
\set author random(2, 60)
WITH passing AS (INSERT INTO social.posts (author_id, title, content) SELECT 2 + (:author + g) % 59, 'Passing', 'it goes' FROM generate_series(1, 20) g RETURNING id, position)
INSERT INTO social.post_subjects (post_id, subject_id, position) SELECT p.id, s.id, p.position FROM passing p JOIN social.sport_subjects s ON s.slug = 's' || 1 + p.id % 20;
INSERT INTO social.reposts (post_id, user_id) SELECT p.id, :author FROM social.posts p ORDER BY p.position DESC NULLS LAST LIMIT 3 FOR KEY SHARE SKIP LOCKED ON CONFLICT DO NOTHING;
UPDATE social.posts SET title = 'Passing on' WHERE id IN (SELECT id FROM social.posts WHERE title = 'Passing' ORDER BY id DESC LIMIT 5 FOR UPDATE SKIP LOCKED);
DELETE FROM social.posts WHERE id IN (SELECT id FROM social.posts WHERE title LIKE 'Passing%' ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED);
SQL
my $vacuum  = start(1, [], "VACUUM social.posts, social.reposts, social.post_subjects;\n");
# An answer that differs divides by zero, which fails the transaction.
my $readers = start(2, ['default_transaction_isolation=repeatable\ read'], "SELECT 1 / compare()::integer;\n");
ends_well($readers, 'P-05: walking and merging agree, every time');
ends_well($writers, 'beside four writers');
ends_well($vacuum, 'and VACUUM');
is(sql('SELECT compare()'), 't', 'and afterwards');
done_testing();
