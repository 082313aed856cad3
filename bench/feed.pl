# feed.pl: the 20 newest posts of a home feed for every class of reader, against the better of the
# two forms that SQL has for it; against LATERAL alone; against reading 20 rows by known ids; deep
# pages against first ones; and the same while 8 writers post. Milliseconds of the backend's CPU,
# p50; with writers of the clock. design D5, section 5, mission P-05.
#
# The SQL forms do the visibility work that decides about a row (blocks, mutes, visibility, hidden
# and deleted posts), fetch ids first and the page's rows by them, and leave out what ours has
# besides: reposts, one's own posts, posts for mentioned people.
use strict;
use warnings;
use Bench;
use Dataset;

$| = 1;
Dataset::load() if !Dataset::is_loaded();
Dataset::load_subjects();

my $seen = <<'SQL';
p.position IS NOT NULL AND p.deleted_at IS NULL AND p.hidden_at IS NULL AND p.visibility IN ('public', 'followers')
SQL
my $listed = <<'SQL';
f.followed_id <> ALL ((SELECT social.blocked_ids())::bigint[]) AND f.followed_id <> ALL ((SELECT social.muted_ids())::bigint[])
SQL
my $prepare = <<"SQL";
PREPARE ours AS SELECT * FROM social.home_feed(first => 20);
PREPARE deep(text) AS SELECT * FROM social.home_feed(first => 20, after => \$1);
PREPARE known(bigint[]) AS SELECT * FROM social.visible_posts WHERE id = ANY (\$1) ORDER BY position DESC;
PREPARE lateral_ids(bigint) AS
SELECT v.* FROM (
	SELECT l.id, l.position FROM social.follows f CROSS JOIN LATERAL (
		SELECT p.id, p.position FROM social.posts p WHERE p.author_id = f.followed_id AND $seen ORDER BY p.position DESC LIMIT 20) l
	WHERE f.follower_id = \$1 AND $listed ORDER BY l.position DESC LIMIT 20) n
JOIN social.visible_posts v ON v.id = n.id ORDER BY n.position DESC;
PREPARE plain_join(bigint) AS
SELECT v.* FROM (
	SELECT p.id, p.position FROM social.posts p JOIN social.follows f ON f.followed_id = p.author_id
	WHERE f.follower_id = \$1 AND $listed AND $seen ORDER BY p.position DESC LIMIT 20) n
JOIN social.visible_posts v ON v.id = n.id ORDER BY n.position DESC;
SQL

# The same where posts about what somebody follows stand there, too.
my $seen_about = $seen =~ s/IN \('public', 'followers'\)/= 'public'/r . ' AND ' . $listed =~ s/f\.followed_id/p.author_id/gr;
$prepare .= <<"SQL";
PREPARE lateral_about(bigint) AS
SELECT v.* FROM (
	SELECT m.id, m.position FROM (
		(SELECT l.id, l.position FROM social.follows f CROSS JOIN LATERAL (
			SELECT p.id, p.position FROM social.posts p WHERE p.author_id = f.followed_id AND $seen ORDER BY p.position DESC LIMIT 20) l
		WHERE f.follower_id = \$1 AND $listed)
		UNION
		(SELECT l.id, l.position FROM social.sport_follows f CROSS JOIN LATERAL (
			SELECT p.id, p.position FROM social.post_subjects s JOIN social.posts p ON p.id = s.post_id WHERE s.subject_id = f.subject_id AND $seen_about ORDER BY s.position DESC LIMIT 20) l
		WHERE f.user_id = \$1)) m
	ORDER BY m.position DESC LIMIT 20) n
JOIN social.visible_posts v ON v.id = n.id ORDER BY n.position DESC;
PREPARE join_about(bigint) AS
SELECT v.* FROM (
	SELECT p.id, p.position FROM social.posts p WHERE $seen
		AND (EXISTS (SELECT FROM social.follows f WHERE f.follower_id = \$1 AND f.followed_id = p.author_id)
			OR p.visibility = 'public' AND EXISTS (SELECT FROM social.post_subjects s JOIN social.sport_follows f ON f.user_id = \$1 AND f.subject_id = s.subject_id WHERE s.post_id = p.id))
		AND p.author_id <> ALL ((SELECT social.blocked_ids())::bigint[]) AND p.author_id <> ALL ((SELECT social.muted_ids())::bigint[])
	ORDER BY p.position DESC LIMIT 20) n
JOIN social.visible_posts v ON v.id = n.id ORDER BY n.position DESC;
SQL

my %readers;
push @{ $readers{"$_->[0] $_->[1]"} }, $_->[2]
  for map { [ split /\|/ ] } split /\n/, sql('SELECT class, follows, user_id FROM bench_data.readers ORDER BY class DESC, follows, user_id');
my $missed = 0;

# Like row(), and counts what missed its bar.
sub bar
{
	my ($name, $ours, $reference, $bar) = @_;
	my ($sense, $limit) = split ' ', $bar;
	my $ratio = row($name, $ours, $reference, $bar);
	$missed++ if $sense eq '<=' ? $ratio > $limit : $ratio < $limit;
}

# The ids of a reader's first page.
sub page_ids
{
	my ($reader) = @_;
	my $found = sql("SELECT social.act_as($reader, true) \\g /dev/null\nSELECT array_agg(id) FROM social.home_feed(first => 20)");
	die "reader $reader has no full page: $found" if split(/,/, $found) != 20;
	return $found;
}

# What the readers of a class take: the first page, the references, and known ids.
sub first_page
{
	my ($class) = @_;
	my @calls = map { my $reader = $_; my $ids = page_ids($reader); (
		[ 'ours',    $reader, 'EXECUTE ours' ],
		[ 'lateral', $reader, "EXECUTE lateral_ids($reader)" ],
		[ 'join',    $reader, "EXECUTE plain_join($reader)" ],
		[ 'known',   $reader, "EXECUTE known('$ids')" ]) } @{ $readers{$class} };
	return latencies(prepare => $prepare, calls => \@calls);
}

my %form = (lateral => 'LATERAL on ids', join => 'join, ORDER BY position');
my (%first, %better);
my @classes = sort { my ($x, $m, $y, $n) = map { split / / } $a, $b; $y cmp $x || $m <=> $n } keys %readers;
for my $class (@classes)
{
	my %ms = first_page($class);
	$first{$class}  = \%ms;
	$better{$class} = $ms{lateral} < $ms{join} ? 'lateral' : 'join';
	bar("feed, $class, ms / $form{ $better{$class} }", $ms{ours}, $ms{ $better{$class} }, '<= 1.5');
}
bar('feed, typical 2000, LATERAL on ids in ms / ms', $first{'typical 2000'}{lateral}, $first{'typical 2000'}{ours}, '>= 20') if $first{'typical 2000'};
for my $class (grep { /^typical (\d+)/ && $1 >= 200 } @classes)
{
	bar("feed, $class, 20 known ids in ms / ms", $first{$class}{known}, $first{$class}{ours}, '>= 0.5');
}

# Deep pages: of a place three tenths of all posts back, in turn with the first page.
my $back = int(Dataset::posts() * 0.3);
my $deep = sql("SELECT social.cursor_encode('home_feed', position, id) FROM social.posts WHERE position IS NOT NULL ORDER BY position DESC OFFSET $back LIMIT 1");
for my $class (grep { !/asleep/ } @classes)
{
	my @calls = map { ([ 'first', $_, 'EXECUTE ours' ], [ 'deep', $_, "EXECUTE deep('$deep')" ]) } @{ $readers{$class} };
	my %ms = latencies(prepare => $prepare, calls => \@calls);
	bar("feed, $class, ms of a page $back posts back / first", $ms{deep}, $ms{first}, '<= 2');
}

# Readers of 200 typical people, and of subjects.
my %about;
push @{ $about{ $_->[0] } }, $_->[1] for map { [ split /\|/ ] } split /\n/, sql('SELECT class, user_id FROM bench_data.subject_readers ORDER BY class, user_id');
for my $class (sort keys %about)
{
	my @calls = map { my $reader = $_; my $ids = page_ids($reader); (
		[ 'ours',    $reader, 'EXECUTE ours' ],
		[ 'lateral', $reader, "EXECUTE lateral_about($reader)" ],
		[ 'join',    $reader, "EXECUTE join_about($reader)" ],
		[ 'known',   $reader, "EXECUTE known('$ids')" ],
		[ 'deep',    $reader, "EXECUTE deep('$deep')" ]) } @{ $about{$class} };
	my %ms = latencies(prepare => $prepare, calls => \@calls);
	my $form = $ms{lateral} < $ms{join} ? 'lateral' : 'join';
	bar("feed, $class, ms / $form{$form}", $ms{ours}, $ms{$form}, '<= 1.5');
	# As many follows as of people alone.
	my $like = $class =~ / 2000$/ ? 'typical 2000' : 'typical 200';
	bar("feed, $class, ms / $like", $ms{ours}, $first{$like}{ours}, '<= 2') if $first{$like};
	bar("feed, $class, ms of a page $back posts back / first", $ms{deep}, $ms{ours}, '<= 2');
}

# While 8 sessions post as fast as they can: a few readers of each class, the form that was better without.
my $low = sql("SELECT id FROM social.users WHERE username = 'person0'");
my $high = $low + Dataset::people() - 1;
my $writers = fork // die "fork: $!";
if (!$writers)
{
	open STDOUT, '>', '/dev/null';
	exec qw(pgbench -n -M prepared -c 8 -j 1 -T 3600 -f), write_script($low, $high) or die "pgbench: $!";
}
sub write_script
{
	my ($from, $to) = @_;
	open my $script, '>', "$ENV{RUN_DIR}/feed_writers.sql" or die $!;
	print $script "\\set author random($from, $to)\n",
	  "INSERT INTO social.posts (author_id, title, content) VALUES (:author, 'written meanwhile', 'Posted while others read, about #writing and how long it takes.');\n";
	return "$ENV{RUN_DIR}/feed_writers.sql";
}
my $before = sql('SELECT max(id) FROM social.posts');
for my $class (grep { / (200|2000|10000)$/ && !/asleep/ } @classes)
{
	my $execute = $better{$class} eq 'join' ? 'EXECUTE plain_join' : 'EXECUTE lateral_ids';
	my @calls = map { ([ 'ours', $_, 'EXECUTE ours' ], [ 'better', $_, "$execute($_)" ]) } @{ $readers{$class} }[ 0 .. 3 ];
	my %ms = latencies(prepare => $prepare, calls => \@calls, clock => 'wall');
	bar("feed, $class, 8 writers, ms / $form{ $better{$class} }", $ms{ours}, $ms{better}, '<= 1.5');
}
kill 'TERM', $writers;
waitpid $writers, 0;
printf "%-58s %12d\n", '  posts written meanwhile', sql('SELECT max(id) FROM social.posts') - $before;
exit($missed ? 1 : 0);
