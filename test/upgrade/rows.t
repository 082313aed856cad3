# rows.t: rows that were there before an update are put right by it: mentions of somebody else, addresses
# that are none, tags that were never public, what inactive people did. found B1, B5, B6, B7.
use strict;
use warnings;
use lib 'test/upgrade';
use Databases;
use Test::More;

my $old = create_database("social_rows_$$");
sql($old, "CREATE EXTENSION social VERSION '0.3'");
sql($old, <<'SQL');
SET social.restoring = on;
INSERT INTO social.users (id, username, is_active, suspended_at) VALUES (1, 'ann', true, NULL), (2, 'jose', true, NULL), (3, 'gone', false, NULL), (4, 'banned', true, now());
INSERT INTO social.posts (id, author_id, title, content, visibility, position, image, video, hashtags) VALUES
	(1, 1, 'To another', '@jose.garcia knows', 'mentioned', 1, 'javascript:alert(1)', 'media/a.mp4', '{}'),
	(2, 1, 'To jose', 'for @jose.', 'mentioned', 2, 'https://example.org/a.png', ' data:text/html,x', '{}'),
	(3, 4, 'Tagged', '#BadTag', 'public', 3, NULL, NULL, '{badtag}'),
	(4, 1, 'Inner', '#InnerTag', 'followers', 4, NULL, NULL, '{innertag}');
INSERT INTO social.profiles (user_id, avatar, website) VALUES (1, 'media/a.png', 'javascript:alert(1)');
INSERT INTO social.mentions (post_id, mentioned_user_id) VALUES (1, 2), (2, 2);
INSERT INTO social.hashtags (id, tag, display) VALUES (1, 'badtag', 'BadTag'), (2, 'innertag', 'InnerTag');
INSERT INTO social.post_hashtags (post_id, hashtag_id, position, is_public) VALUES (3, 1, 3, true), (4, 2, 4, NULL);
INSERT INTO social.post_likes (post_id, user_id) VALUES (2, 2), (2, 3), (2, 4);
INSERT INTO social.comments (id, post_id, author_id, content, hidden_at) VALUES (1, 2, 4, 'c', NULL), (2, 2, 1, 'hidden', now());
INSERT INTO social.follows (follower_id, followed_id) VALUES (3, 1), (2, 1), (1, 4);
INSERT INTO social.user_counters SELECT id, (id = 1)::int * 2 + (id = 4)::int, (id IN (1, 2, 3))::int, CASE id WHEN 1 THEN 3 WHEN 4 THEN 1 ELSE 0 END FROM social.users;
INSERT INTO social.post_counters SELECT id, (id = 2)::int * 3, (id = 2)::int * 2 FROM social.posts;
INSERT INTO social.comment_counters VALUES (1), (2);
INSERT INTO social.hashtag_counters VALUES (1, 1), (2, 0);
SQL
run('pg_dump', '-d', $old, '-f', "$dir/old.sql");
sql($old, 'ALTER EXTENSION social UPDATE');
is(sql($old, q{SELECT string_agg(post_id || ' ' || mentioned_user_id, ', ' ORDER BY post_id) FROM social.mentions}), '2 2', 'found B1: who was never meant may no longer read a private post');
is(sql($old, q{SELECT string_agg(concat_ws(' ', id, image, video), ', ' ORDER BY id) FROM social.posts WHERE id < 3}), '1 media/a.mp4, 2 https://example.org/a.png', 'found B6: addresses of other schemes are gone');
is(sql($old, q{SELECT avatar || website FROM social.profiles}), 'media/a.png', 'found B6: on profiles, too');
is(sql($old, q{SELECT string_agg(tag || ' ' || display || ' ' || is_public || ' ' || isfinite(created_at), ', ' ORDER BY tag) FROM social.hashtags}),
	'badtag BadTag true true, innertag innertag false false', 'found B7: what only followers saw is nobody else\'s');
is(sql($old, 'SELECT string_agg(counter || object_id, \' \') FROM social.reconcile()'), '', 'counts equal the rows that count');
sql($old, 'SELECT social.tick()') for 1 .. 2;
is(sql($old, q{SELECT concat_ws(' ', p.likes_count, p.comments_count, u.followers_count, u.following_count, (SELECT posts_count FROM social.hashtag_counters WHERE hashtag_id = 1))
	FROM social.post_counters p, social.visible_users u WHERE p.post_id = 2 AND u.id = 1}), '1 0 1 0 0', 'found B5: what inactive people did before the update counts no more');
is(sql($old, 'SELECT count(*) FROM social.recounts WHERE due <= now() + interval \'1 hour\''), 0, 'the work is done');
is(sql($old, 'SELECT string_agg(counter || object_id, \' \') FROM social.reconcile()'), '', 'counts equal the truth');

# Columns that somebody has added to a table stand where the update would put ours.
my $theirs = create_database("social_rows_theirs_$$");
sql($theirs, "CREATE EXTENSION social VERSION '0.3'");
sql($theirs, 'ALTER TABLE social.post_likes ADD COLUMN theirs text; ALTER TABLE social.profiles ADD COLUMN theirs text');
like(`psql -X -d $theirs -c 'ALTER EXTENSION social UPDATE' 2>&1`, qr/is_counted is column 6 of social.post_likes, and has to be 5\n/, 'which it refuses, as C knows columns by their numbers');
is(sql($theirs, q{SELECT extversion FROM pg_extension WHERE extname = 'social'}), '0.3', 'and nothing has happened');

# A dump of the earlier version goes into that version, so that the update puts its rows right as well.
my $restored = create_database("social_rows_restored_$$");
sql($restored, "CREATE EXTENSION social VERSION '0.3'");
open my $psql, '-|', "psql -X -q -o /dev/null -d $restored -f $dir/old.sql 2>&1" or BAIL_OUT("psql: $!");
is(join('', map { s/^.*ERROR: *//r } <$psql>), qq{schema "social" already exists\n}, 'a dump of an earlier version restores into that version');
close $psql;
sql($restored, 'ALTER EXTENSION social UPDATE');
sql($restored, 'SELECT social.tick()') for 1 .. 2;
for my $what (q{SELECT string_agg(post_id || ' ' || mentioned_user_id, ', ' ORDER BY post_id) FROM social.mentions},
	q{SELECT string_agg(concat_ws(' ', id, image, video, hashtags, position), ', ' ORDER BY id) FROM social.posts},
	q{SELECT string_agg(p::text, ' ') FROM social.profiles p}, q{SELECT string_agg(tag || is_public, ' ' ORDER BY tag) FROM social.hashtags},
	q{SELECT string_agg(concat_ws(' ', post_id, user_id, is_counted), ', ' ORDER BY post_id, user_id) FROM social.post_likes},
	q{SELECT string_agg(c::text, ' ' ORDER BY c) FROM social.post_counters c}) {
	is(sql($restored, $what), sql($old, $what), "restored and updated as updated: $what");
}
is(sql($restored, 'SELECT string_agg(counter || object_id, \' \') FROM social.reconcile()'), '', 'and its counts equal the truth');
done_testing();
