# comment.pl: a comment with its check, counters, notification and trend event, against inserting
# its row alone (same columns, keys and foreign keys, no trigger of ours). issue: speed.
# synchronous_commit off, so that the disk does not hide what the triggers cost.
use strict;
use warnings;
use Bench;

$ENV{PGOPTIONS} = '-c synchronous_commit=off';
sql(<<'SQL');
INSERT INTO social.users (username, email, password)
SELECT 'commenter' || n, 'commenter' || n || '@example.com', '!' FROM generate_series(1, 1000) n;
INSERT INTO social.posts (author_id, title, content)
SELECT id, 'commented post', 'text' FROM social.users WHERE username LIKE 'commenter%';
CREATE SCHEMA bench_comment;
CREATE TABLE bench_comment.comments (LIKE social.comments INCLUDING ALL,
	FOREIGN KEY (post_id) REFERENCES social.posts ON DELETE CASCADE,
	FOREIGN KEY (author_id) REFERENCES social.users ON DELETE CASCADE,
	FOREIGN KEY (post_id, parent_id) REFERENCES bench_comment.comments (post_id, id) ON DELETE CASCADE);
VACUUM ANALYZE social.users, social.posts;
SQL
my $user = sql("SELECT min(id) FROM social.users WHERE username LIKE 'commenter%'");
my $post = sql("SELECT min(id) FROM social.posts WHERE title = 'commented post'");

my $side = sub {
	my ($table) = @_;
	return sub {
		my $result = pgbench(<<"SCRIPT", '-c 2', '-j 1', '-T ' . seconds_per_side());
\\set post random(0, 999)
\\set user random(0, 999)
INSERT INTO $table (post_id, author_id, content) VALUES ($post + :post, $user + :user, 'I had not thought of it that way, thank you.');
SCRIPT
		die "failed transactions: $result->{output}" if $result->{failed};
		return $result->{tps};
	};
};
my %tps = interleave(ours => $side->('social.comments'), plain => $side->('bench_comment.comments'));
row('comment, notification and counters, tps / the row alone', median(@{ $tps{ours} }), median(@{ $tps{plain} }), '>= 0.4');

my $untold = sql(<<'SQL');
SELECT count(*) FROM social.comments c JOIN social.posts p ON p.id = c.post_id
WHERE p.title = 'commented post' AND c.author_id <> p.author_id AND NOT EXISTS (SELECT FROM social.notifications n WHERE n.comment_id = c.id AND n.recipient_id = p.author_id)
SQL
my $drift = sql("SELECT count(*) FROM social.reconcile() WHERE counter = 'post_counters.comments_count'");
sql("DROP SCHEMA bench_comment CASCADE; DELETE FROM social.users WHERE username LIKE 'commenter%'");
printf "%-58s %12d\n%-58s %12d\n", '  comments whose post\'s author was not told', $untold, '  counters that drifted', $drift;
exit($untold || $drift ? 1 : 0);
