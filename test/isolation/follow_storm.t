# follow_storm.t: the feed of somebody who follows thousands, which asks leaves of the follows' index
# about the people that it meets, equals one that has read all follows first, in one snapshot, while
# that somebody follows and unfollows so that leaves are split and emptied, and VACUUM takes entries
# and pages away. mission P-05, design D5.
use strict;
use warnings;
use lib 'test/isolation';
use FeedCompare;
use Storm;
use Test::More;

sql(<<'SQL');
SET social.notifications = off;
INSERT INTO social.users (username) SELECT 'u' || n FROM generate_series(1, 9000) n;
INSERT INTO social.follows (follower_id, followed_id) SELECT reader, n FROM generate_series(2, 9000) n, (VALUES (1), (2), (9000)) r (reader) WHERE n <> reader AND n % 3 <> 0;
INSERT INTO social.posts (author_id, title, content) SELECT 2 + hashint8(n) & 8191, 'Planted', 'it stays' FROM generate_series(1, 4000) n;
SQL
1 while sql('SELECT social.fold_counters(1000000)') > 0;
cmp_ok(sql('SELECT following_count FROM social.user_counters WHERE user_id = 1'), '>', 5000, 'too many to read them all for a page');
sql('VACUUM social.follows');
sql(feed_compare());
is(sql("SELECT compare($_)"), 't', "P-05: reader $_, before it") for 1, 2, 9000;

my $writers = start(2, ['social.notifications=off', 'synchronous_commit=off'], <<'SQL');
\set low random(2, 8900)
\set step random(1, 4)
INSERT INTO social.follows (follower_id, followed_id) SELECT 1, n FROM generate_series(:low, :low + 99) n WHERE n % :step = 0 ON CONFLICT DO NOTHING;
DELETE FROM social.follows WHERE follower_id = 1 AND followed_id IN (SELECT f.followed_id FROM social.follows f WHERE f.follower_id = 1 AND f.followed_id > 9000 - :low ORDER BY f.followed_id LIMIT 60 FOR UPDATE SKIP LOCKED);
SQL
my $vacuum  = start(1, [], "VACUUM social.follows;\n");
# An answer that differs divides by zero, which fails the transaction.
my $readers = start(2, ['default_transaction_isolation=repeatable\ read'], "SELECT 1 / compare()::integer;\nSELECT 1 / compare(2)::integer;\n");
ends_well($readers, 'asking leaf by leaf and reading all agree, every time');
ends_well($writers, 'beside two who follow and unfollow');
ends_well($vacuum, 'and VACUUM');
is(sql("SELECT compare($_)"), 't', "reader $_, afterwards") for 1, 2, 9000;
done_testing();
