# like_post.pl: likes on one post by 32 clients, synchronous_commit on, against inserting the like
# row alone (same columns, keys and foreign keys, no trigger of ours). design D4, mission P-02.
use strict;
use warnings;
use Bench;

my $clients    = 32;
my $per_client = 6000;
my $users      = $clients * $per_client;

sql(<<"SQL");
SET synchronous_commit = off;
INSERT INTO social.users (username, email, password)
SELECT 'liker' || n, 'liker' || n || '\@example.com', '!' FROM generate_series(1, $users) n;
INSERT INTO social.posts (author_id, title, content)
SELECT (SELECT min(id) FROM social.users WHERE username LIKE 'liker%'), 'hot post', 'number ' || n
FROM generate_series(1, @{[rounds()]}) n;
CREATE SCHEMA bench_like;
CREATE TABLE bench_like.post_likes (LIKE social.post_likes INCLUDING ALL,
	FOREIGN KEY (post_id) REFERENCES social.posts ON DELETE CASCADE,
	FOREIGN KEY (user_id) REFERENCES social.users ON DELETE CASCADE);
VACUUM ANALYZE social.users, social.posts;
SQL
my $first_user = sql("SELECT min(id) FROM social.users WHERE username LIKE 'liker%'");
my @posts = split /\n/, sql("SELECT id FROM social.posts WHERE title = 'hot post' ORDER BY id");
my $deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
my $deadlocks_before = sql($deadlocks);

my $side = sub {
	my ($table) = @_;
	return sub {
		my ($round) = @_;
		my $post   = $posts[ $round - 1 ];
		my $result = pgbench(<<"SCRIPT", "-c $clients", '-j 2', '-T ' . seconds_per_side(), '-D n=-1');
\\set n :n + 1
\\set user $first_user + :client_id * $per_client + :n
INSERT INTO $table (post_id, user_id) VALUES ($post, :user);
SCRIPT
		die "failed transactions: $result->{output}" if $result->{failed};
		return $result->{tps};
	};
};
my %tps = interleave(ours => $side->('social.post_likes'), plain => $side->('bench_like.post_likes'));
row("like one post, $clients clients, tps / the row alone", median(@{ $tps{ours} }), median(@{ $tps{plain} }), '>= 0.5');

my $deadlocked = sql($deadlocks) - $deadlocks_before;
my $wrong = sql(<<'SQL');
SELECT count(*) FROM social.visible_posts p
WHERE p.title = 'hot post' AND p.likes_count <> (SELECT count(*) FROM social.post_likes l WHERE l.post_id = p.id)
SQL
sql('DROP SCHEMA bench_like CASCADE');
printf "%-58s %12d\n%-58s %12d\n", '  deadlocks', $deadlocked, '  posts with a wrong count afterwards', $wrong;
exit($deadlocked || $wrong ? 1 : 0);
