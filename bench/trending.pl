# trending.pl: the top 20 posts from their folded scores, against computing the same scores from
# the likes; and likes with trending on (the worker folding meanwhile) against trending off.
# design section 5, mission item 132.
use strict;
use warnings;
use Bench;

$ENV{PGOPTIONS} = '-c synchronous_commit=off';
my ($people, $posts, $likes) = (5_000, 20_000, $ENV{LIKES} // 500_000);
sql(<<"SQL");
SET social.notifications = off;
INSERT INTO social.users (username, email, password)
SELECT 'trender' || n, 'trender' || n || '\@example.com', '!' FROM generate_series(1, $people) n;
CREATE SCHEMA bench_trend;
CREATE TABLE bench_trend.people AS SELECT id, (row_number() OVER (ORDER BY id))::int AS n FROM social.users WHERE username LIKE 'trender%';
INSERT INTO social.posts (author_id, title, content)
SELECT p.id, 'trending post', 'number ' || n FROM generate_series(0, $posts - 1) i JOIN bench_trend.people p ON p.n = 1 + i % $people;
CREATE TABLE bench_trend.posts AS SELECT id, (row_number() OVER (ORDER BY id))::int AS n FROM social.posts WHERE title = 'trending post';
INSERT INTO social.post_likes (post_id, user_id, created_at)
SELECT DISTINCT ON (s.id, p.id) s.id, p.id, now() - interval '7 days' * ((hashint8extended(i, 3) & 2147483647) / 2147483648.0)
FROM generate_series(1, $likes) i
JOIN bench_trend.posts s ON s.n = 1 + floor($posts * power((hashint8extended(i, 1) & 2147483647) / 2147483648.0, 3))::int
JOIN bench_trend.people p ON p.n = 1 + (hashint8extended(i, 2) & 2147483647) % $people;
SELECT social.rebuild_trends();
VACUUM ANALYZE social.users, social.posts, social.post_likes, social.post_trends, social.post_counters;
SQL

my $computed = <<'SQL';
SELECT p.id, p.title, t.score FROM (
	SELECT l.post_id, sum(power(2, greatest(-60, extract(epoch FROM l.created_at - now()) / 86400.0))) AS score
	FROM social.post_likes l GROUP BY 1) t
JOIN social.listed_posts p ON p.id = t.post_id AND p.visibility = 'public' ORDER BY t.score DESC LIMIT 20;
SQL
$computed =~ s/\n/ /g;
my $list = sub { my ($sql) = @_; return sub { pgbench("$sql\n", '-c 1', '-T ' . seconds_per_side())->{tps} } };
my %tps = interleave(ours => $list->('SELECT id, title FROM social.trending_posts(20);'), computed => $list->($computed));
row('trending top 20, tps / computed from likes', median(@{ $tps{ours} }), median(@{ $tps{computed} }), '>= 1000');

# Likes: each side its own people, so that no like meets another.
sql("DELETE FROM social.post_likes WHERE post_id IN (SELECT id FROM bench_trend.posts); TRUNCATE social.trend_events");
my $user = sql('SELECT min(id) FROM bench_trend.people');
my $post = sql('SELECT min(id) FROM bench_trend.posts');
my $at   = 0;
my $likes_with = sub {
	my ($trending) = @_;
	return sub {
		local $ENV{PGOPTIONS} = "-c synchronous_commit=off -c social.trending=$trending";
		my $result = pgbench(<<"SCRIPT", '-c 4', '-j 1', '-T ' . seconds_per_side(), '-D n=-1');
\\set n :n + 1
\\set post random(0, 99)
\\set user (:client_id * 1000 + :n) % $people
INSERT INTO social.post_likes (post_id, user_id) VALUES ($post + (:n / 1000 * 100 + :post) % $posts, $user + :user) ON CONFLICT DO NOTHING;
SCRIPT
		die "failed transactions: $result->{output}" if $result->{failed};
		sql("DELETE FROM social.post_likes WHERE post_id IN (SELECT id FROM bench_trend.posts); VACUUM social.post_likes, social.post_counters, social.notifications");
		return $result->{tps};
	};
};
my %rate = interleave(with => $likes_with->('on'), without => $likes_with->('off'));
row('likes with trending folded, tps / without trending', median(@{ $rate{with} }), median(@{ $rate{without} }), '>= 0.75');
sql("DELETE FROM social.users WHERE username LIKE 'trender%'; DROP SCHEMA bench_trend CASCADE");
