# recount_storm.t: people are deactivated and come back while everybody likes, follows, comments and
# posts, and the worker's step goes through their rows: it ends with exact counts. found B5.
use strict;
use warnings;
use lib 'test/isolation';
use Storm;
use Test::More;

sql(q{INSERT INTO social.users (username) SELECT 'u' || n FROM generate_series(1, 200) n});
sql(q{SET social.notifications = off; INSERT INTO social.posts (author_id, title, content) SELECT id, 'p', '#t' || id % 5 FROM social.users});

my @storm = (
	[ start(6, ['synchronous_commit=off', 'social.notifications=off'], <<'SQL'), 'likes, follows, reposts, comments and posts come and go' ],
\set who random(1, 200)
\set other random(1, 199)
\set post random(1, 200)
BEGIN;
INSERT INTO social.post_likes (post_id, user_id) VALUES (:post, :who) ON CONFLICT DO NOTHING;
INSERT INTO social.reposts (post_id, user_id) VALUES (:post, :who) ON CONFLICT DO NOTHING;
COMMIT;
INSERT INTO social.follows (follower_id, followed_id) VALUES (:who, CASE WHEN :other = :who THEN 200 ELSE :other END) ON CONFLICT DO NOTHING;
INSERT INTO social.comments (post_id, author_id, content) VALUES (:post, :who, 'c');
INSERT INTO social.posts (author_id, title, content) VALUES (:who, 'x', '#t' || :who % 5 || ' #u' || :post % 5);
DELETE FROM social.post_likes WHERE post_id = :other AND user_id = :who;
DELETE FROM social.reposts WHERE post_id = :other AND user_id = :who;
DELETE FROM social.follows WHERE follower_id = :who AND followed_id = :post;
DELETE FROM social.comments WHERE id = (SELECT id FROM social.comments WHERE author_id = :who ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED);
SQL
	[ start(1, ['synchronous_commit=off'], <<'SQL'), 'people go and come back' ],
\set who random(1, 200)
UPDATE social.users SET is_active = NOT is_active WHERE id = :who;
UPDATE social.users SET suspended_at = CASE WHEN suspended_at IS NULL THEN now() END, suspended_until = CASE WHEN :who % 2 = 0 THEN now() + interval '1 second' END WHERE id = 1 + :who % 10;
SQL
	[ start(2, ['synchronous_commit=off'], "SELECT social.recount(100);\nSELECT social.fold_counters();\n"), 'two go through their rows' ],
);
ends_well(@$_) for @storm;

is(sql(q{SELECT count(*) FROM social.reconcile() WHERE counter ~ '_count$'}), 0, 'counts are those of the rows that count');
my $left;
for (1 .. 100)
{
	sql('UPDATE social.recounts SET due = now() WHERE due < now() + interval \'1 hour\'; SELECT social.recount(100000)');
	last if ($left = sql('SELECT count(*) FROM social.recounts WHERE due < now() + interval \'1 hour\'')) == 0;
}
is($left, 0, 'the work comes to an end');
is(sql('SELECT string_agg(counter || \' \' || object_id || \' \' || stored || \' \' || actual, \', \') FROM social.reconcile()'), '', 'and what counts is what people who are shown did');
isnt(sql('SELECT count(*) FROM social.post_likes WHERE is_counted IS NULL'), 0, 'some of it does not');
sql('UPDATE social.users SET is_active = true, suspended_at = NULL, suspended_until = NULL');
for (1 .. 100)
{
	sql('UPDATE social.recounts SET due = now(); SELECT social.recount(100000)');
	last if ($left = sql('SELECT count(*) FROM social.recounts')) == 0;
}
is(sql('SELECT count(*) FROM social.post_likes WHERE is_counted IS NULL'), 0, 'all of it does when everybody is back');
is(sql('SELECT count(*) FROM social.reconcile()'), 0, 'exactly');
done_testing;
