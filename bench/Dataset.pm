package Dataset;
# The data of the feed and search benchmarks: people, posts and follows with the heavy tails of a
# real network, the same for the same sizes. Loaded once into a database; its schema bench_data
# says what is in it.
#
# perl -Ibench -MDataset -e 'Dataset::load()' loads it into the database that PG* name.
# BENCH_POSTS (1,000,000), BENCH_USERS (a tenth of the posts), BENCH_FOLLOWS (five times the posts).
#
# People: 60 % active (posts by a power law), 20 % quiet (one post a week), 5 % asleep (nothing for
# the last 30 of the 90 days), the rest only read. Readers follow 10, 200, 2,000 or 10,000 of:
# everybody, by popularity (typical), quiet people, people asleep.
# Text: Zipf's law over 50,000 words with English stop words in between; 2 % each in Japanese,
# Chinese, Korean and Thai. Some old posts have a query as their title (bench_data.planted).
use strict;
use warnings;
use utf8;
use Bench;
use List::Util qw(shuffle min);
use POSIX qw(strftime);

use constant { DAYS => 90, VOCABULARY => 50_000, READERS => 20 };
use constant PI => 4 * atan2(1, 1);

# The commonest words, from the first on; made-up words follow them.
my @COMMON = qw(time people year day world life work hand school child city night water house story
  music book money game news friend family street market garden river summer winter morning coffee
  photo travel paper letter number system power country problem company question government team
  kitchen window bridge mountain forest island ocean station airport hotel recipe dinner bread cheese
  engine bicycle train driver doctor nurse teacher student library museum theatre painting poem novel
  camera guitar piano football tennis stadium winner record weather storm snow cloud desert valley
  harbour sailor captain soldier queen castle village farmer horse cattle chicken tomato potato
  pepper sugar butter lemon orange apple cherry flower rose planet rocket satellite computer keyboard
  database index query server network message language grammar logic theorem proof);
my @STOP = qw(the of and to in is that it was for on are as with they at be this from have or by one
  had not but what all were when we there can an your which their if will up about out them then she
  some her would these him into has more very after our just);
my %SCRIPT = (
	ja => [qw(東京 大阪 京都 日本 料理 天気 音楽 映画 写真 旅行 学校 会社 電車 新聞 時間 言葉 友達 家族 仕事 週末 散歩 公園 桜 祭り 温泉 寿司 珈琲 野球 選手 試合 の は を に が と で も です ます した ている から まで ありがとう おはよう テスト サーバー データベース)],
	zh => [qw(北京 上海 中国 电影 音乐 天气 旅行 学校 公司 火车 新闻 时间 朋友 家庭 工作 周末 公园 咖啡 足球 比赛 城市 数据 系统 网络 手机 照片 故事 城墙 的 了 在 是 我 有 和 不 人 这 中 大 为 上 个 到 说 们 很好 今天 明天)],
	ko => [qw(서울 부산 한국 영화 음악 날씨 여행 학교 회사 기차 신문 시간 친구 가족 주말 공원 커피 축구 경기 도시 데이터 시스템 네트워크 사진 이야기 오늘 내일 어제 좋은 아름다운 우리는 그리고 하지만 정말 많은 새로운 사람 마음 생각)],
	th => [qw(กรุงเทพ เชียงใหม่ ประเทศไทย ภาพยนตร์ ดนตรี อากาศ เดินทาง โรงเรียน บริษัท รถไฟ ข่าว เวลา เพื่อน ครอบครัว ทำงาน วันหยุด สวน กาแฟ ฟุตบอล เมือง ข้อมูล ระบบ เครือข่าย รูปภาพ เรื่อง วันนี้ พรุ่งนี้ ดี สวย และ ที่ ของ ใน มี ไป มา ได้)]);
# Words of two characters that stand in a few posts only.
my %PLANTED_WORD = (ja => '鰻重', zh => '馄饨', ko => '낙지', th => 'ผี');
# Queries that are the whole title of one old post.
my @PLANTED_TITLE = ('time', 'people time', 'world life work', 'time people year day', 'harbour satellite', 'database index query');

sub posts   { $ENV{BENCH_POSTS}   // 1_000_000 }
sub people  { $ENV{BENCH_USERS}   // int(posts() / 10) }
sub follows { $ENV{BENCH_FOLLOWS} // 5 * posts() }

# The word of a rank, 1 the commonest.
sub word
{
	my ($rank) = @_;
	return $COMMON[ $rank - 1 ] if $rank <= @COMMON;
	my ($rest, $word) = ($rank - @COMMON, '');
	for (1 .. 3)
	{
		$word .= substr('bdfgklmnprtv', $rest % 12, 1) . substr('aeiou', $rest / 12 % 5, 1);
		$rest = int($rest / 60);
	}
	return $word . 'k';
}

sub gauss { sqrt(-2 * log(1 - rand)) * cos(2 * PI * rand) }

# An index below $n, small ones much more often.
sub skewed { my ($n, $power) = @_; return int($n * rand()**$power) }

# Words by their frequency, to pick from with one random number: Zipf's law, a third stop words.
sub word_table
{
	my ($size, $shift) = (1_000_000, 4);
	my @words = map { word($_) } 1 .. VOCABULARY;
	my @table;
	for my $i (0 .. $size - 1)
	{
		my $rank = int(($shift + 1) * ((VOCABULARY + $shift) / ($shift + 1))**(($i + 0.5) / $size) - $shift);
		$table[$i] = $words[ $rank - 1 ];
	}
	my $stops = int($size / 2);
	push @table, map { $STOP[ int(@STOP * ($_ / $stops)**2) ] } 0 .. $stops - 1;
	return @table;
}

# ---- who there is ------------------------------------------------------------------------------

# Lists of people (numbers below people()) by kind; $people->{by_popularity} has all but the readers.
sub make_people
{
	my $n       = people();
	my @all     = shuffle 0 .. $n - 1;
	my @readers = splice @all, 0, min(8 * READERS, int($n / 20));
	my %people  = (readers => \@readers);
	$people{quiet}  = [ splice @all, 0, int($n * 0.2) ];
	$people{asleep} = [ splice @all, 0, int($n * 0.05) ];
	$people{active} = [ splice @all, 0, int($n * 0.6) ];
	my (%key, $i);
	$key{$_} = ++$i * exp(gauss()) for @{ $people{active} };
	$key{$_} = $n * (0.02 + rand) for @{ $people{quiet} }, @{ $people{asleep} }, @all;
	$people{by_popularity} = [ sort { $key{$a} <=> $key{$b} } keys %key ];
	return \%people;
}

# The author of each post, oldest first: quiet people's at their times, then active people's between.
sub make_authors
{
	my ($people) = @_;
	my $n = posts();
	my @author;
	my $at = sub {
		my ($day, $person) = @_;
		my $slot = int($n * $day / DAYS) % $n;
		$slot = ($slot + 1) % $n while defined $author[$slot];
		$author[$slot] = $person;
	};
	for my $person (@{ $people->{quiet} })
	{
		my $phase = rand 7;
		for (my $day = $phase; $day < DAYS; $day += 7) { $at->($day + (rand() - 0.5) * min(1, $phase, DAYS - $day), $person) }
	}
	for my $person (@{ $people->{asleep} }) { $at->(rand(DAYS - 30), $person) for 1 .. 10 }
	my $active = $people->{active};
	$author[$_] //= $active->[ skewed(scalar @$active, 2.5) ] for 0 .. $n - 1;
	return \@author;
}

# Readers of each class: [class, number of follows, people followed].
sub make_readers
{
	my ($people) = @_;
	my @free = @{ $people->{readers} };
	my @made;
	for my $class ([ 'typical', 'by_popularity' ], [ 'quiet', 'quiet' ], [ 'asleep', 'asleep' ])
	{
		my ($name, $list) = ($class->[0], $people->{ $class->[1] });
		for my $follows (10, 200, 2_000, 10_000)
		{
			next if $follows > @$list * 0.8 || ($name eq 'asleep' && $follows == 10);
			for (1 .. ($follows < 10_000 ? READERS / 2 : READERS / 4))
			{
				my $reader = shift(@free) // last;
				push @made, [ $name, $follows, $reader, draw($list, $follows, $name eq 'typical' ? 2.5 : 1) ];
			}
		}
	}
	return @made;
}

# So many different people of a list, the first ones more often.
sub draw
{
	my ($list, $wanted, $power, $but) = @_;
	my (%drawn, @drawn);
	for (1 .. 20 * $wanted)
	{
		my $person = $list->[ skewed(scalar @$list, $power) ];
		next if $drawn{$person}++ || (defined $but && $person == $but);
		last if push(@drawn, $person) == $wanted;
	}
	return \@drawn;
}

# ---- loading -------------------------------------------------------------------------------------

# A psql that takes the rows of a COPY. Triggers and foreign keys rest, but for what makes a post's
# own columns, which load() has set to fire always.
sub copy_into
{
	my ($columns) = @_;
	open my $pipe, '|-:utf8', 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', 'SET session_replication_role = replica; SET synchronous_commit = off; SET client_min_messages = warning',
	  '-c', "COPY $columns FROM STDIN" or die "psql: $!";
	return $pipe;
}

sub close_copy
{
	my ($pipe) = @_;
	close $pipe or die "COPY failed";
}

sub stamp { return strftime('%Y-%m-%d %H:%M:%S+00', gmtime $_[0]) }

sub load_users
{
	my ($people, $base, $end) = @_;
	my $pipe = copy_into('social.users (id, username, email, password, created_at, is_active, is_locked, suspended_at)');
	my $start = stamp($end - DAYS * 86400);
	my %reader = map { $_ => 1 } @{ $people->{readers} };
	for my $person (0 .. people() - 1)
	{
		my $chance = $reader{$person} ? 1 : rand;
		printf $pipe "%d\tperson%d\tperson%d\@example.com\t!\t%s\t%s\t%s\t%s\n", $base + $person, $person, $person, $start,
		  $chance < 0.003 ? 'f' : 't', $chance > 0.98 && $chance < 0.99 ? 't' : 'f', $chance > 0.99 && $chance < 0.993 ? $start : '\N';
	}
	close_copy($pipe);
}

sub load_follows
{
	my ($people, $readers, $base, $end) = @_;
	my $pipe = copy_into('social.follows (follower_id, followed_id, created_at)');
	my @times = map { stamp($end - rand(DAYS) * 86400) } 1 .. 2000;
	my $list = $people->{by_popularity};
	my $write = sub {
		my ($follower, $followed) = @_;
		print $pipe join('', map { $base + $follower . "\t" . ($base + $_) . "\t$times[rand @times]\n" } @$followed);
		return scalar @$followed;
	};
	my $left = follows();
	$left -= $write->(@$_[ 2, 3 ]) for @$readers;
	my %degree = map { $_ => min(rand()**-0.7, 300) } @$list;
	my $sum = 0;
	$sum += $_ for values %degree;
	for my $person (sort { $a <=> $b } keys %degree)
	{
		my $wanted = min(int($degree{$person} * $left / $sum + rand), int(@$list / 4));
		$write->($person, draw($list, $wanted, 2.5, $person)) if $wanted;
	}
	close_copy($pipe);
}

# A text of so many words in a language.
sub text_of
{
	my ($language, $length, $table) = @_;
	return join ' ', map { $table->[ rand @$table ] } 1 .. $length if $language eq 'en';
	my $words = $SCRIPT{$language};
	return join $language eq 'ko' ? ' ' : '', map { $words->[ skewed(scalar @$words, 1.5) ] } 1 .. $length;
}

# One post as [title, content, mentioned people].
sub post_text
{
	my ($table, $active) = @_;
	my $chance = rand;
	my $language = $chance < 0.02 ? 'ja' : $chance < 0.04 ? 'zh' : $chance < 0.06 ? 'ko' : $chance < 0.08 ? 'th' : 'en';
	my $title    = ucfirst text_of($language, 2 + int(rand 6), $table);
	my $content  = text_of($language, 1 + min(400, int(exp(3.1 + 0.6 * gauss()))), $table);
	my @mentioned;
	$content .= ' ' . $PLANTED_WORD{$language} if $language ne 'en' && rand() < 0.001;
	$content .= ' harbour lights at dusk' if rand() < 0.003;
	$content .= " #" . word(1 + skewed(5000, 3)) for 1 .. (rand() < 0.25 ? 1 + int(rand 3) : 0);
	if (rand() < 0.1)
	{
		push @mentioned, $active->[ skewed(scalar @$active, 2.5) ];
		$content .= " \@person$mentioned[0]";
	}
	return $title, $content, \@mentioned;
}

# What becomes of a post: [visibility, published, deleted, hidden] by chance; most are public.
sub post_state
{
	my $chance = rand;
	return ('followers', 1, 0, 0) if $chance < 0.03;
	return ('mentioned', 1, 0, 0) if $chance < 0.033;
	return ('private',   1, 0, 0) if $chance < 0.038;
	return ('public',    0, 0, 0) if $chance < 0.048;
	return ('public',    1, 1, 0) if $chance < 0.058;
	return ('public',    1, 0, 1) if $chance < 0.060;
	return ('public', 1, 0, 0);
}

# Loads the posts; returns [post, person] of the mentions, and the number of posts with a position.
sub load_posts
{
	my ($people, $authors, $base_user, $base_post, $end) = @_;
	my $pipe  = copy_into('social.posts (id, author_id, title, content, is_published, visibility, deleted_at, hidden_at, created_at, updated_at)');
	my @table = word_table();
	my ($n, $listed, @mentions) = (posts(), 0);
	my %planted = map { int($n * 0.002 * ($_ + 1)) => $PLANTED_TITLE[$_] } 0 .. $#PLANTED_TITLE;
	for my $i (0 .. $n - 1)
	{
		my ($title, $content, $mentioned) = post_text(\@table, $people->{active});
		my ($visibility, $published, $deleted, $hidden) = post_state();
		if (defined $planted{$i})
		{
			($title, $visibility, $published, $deleted, $hidden) = ($planted{$i}, 'public', 1, 0, 0);
			$authors->[$i] = $people->{readers}[-1];
		}
		my $time = stamp($end - DAYS * 86400 * (1 - $i / $n));
		print $pipe join("\t", $base_post + $i, $base_user + $authors->[$i], $title, $content, $published, $visibility,
			$deleted ? stamp($end) : '\N', $hidden ? $time : '\N', $time, $time), "\n";
		next unless $published && !$deleted;
		$listed++;
		push @mentions, map { [ $base_post + $i, $base_user + $_, $time ] } @$mentioned if $visibility ne 'private';
	}
	close_copy($pipe);
	return ($listed, \@mentions);
}

sub load_mentions
{
	my ($mentions) = @_;
	my $pipe = copy_into('social.mentions (post_id, mentioned_user_id, created_at)');
	print $pipe join("\t", @$_), "\n" for @$mentions;
	close_copy($pipe);
}

# One repost for five posts, by active people, of posts not much older; each in the place between
# two posts' positions that the doubled step of the sequence has left free.
sub load_reposts
{
	my ($people, $listed, $base_user, $base_position) = @_;
	my $pipe   = copy_into('bench_data.reposts (number, user_id, position, at)');
	my $active = $people->{active};
	for my $r (1 .. int($listed / 5))
	{
		my $slot = $r * 5;
		my $number = $slot - 1 - int(min($slot - 2, -log(1 - rand) * $listed / DAYS));
		printf $pipe "%d\t%d\t%d\t%f\n", $number, $base_user + $active->[ skewed(scalar @$active, 2.5) ], $base_position + 2 * $slot + 1, $slot / $listed;
	}
	close_copy($pipe);
}

sub load_readers
{
	my ($readers, $base) = @_;
	my $pipe = copy_into('bench_data.readers (class, follows, user_id)');
	print $pipe join("\t", @$_[ 0, 1 ], $base + $_->[2]), "\n" for @$readers;
	close_copy($pipe);
}

# ---- the whole -----------------------------------------------------------------------------------

my $PREPARE = <<'SQL';
SET client_min_messages = warning;
CREATE SCHEMA bench_data;
CREATE TABLE bench_data.readers (class text, follows integer, user_id bigint);
CREATE TABLE bench_data.planted (query text, post_id bigint);
CREATE TABLE bench_data.reposts (number bigint, user_id bigint, position bigint, at double precision);
CREATE TABLE bench_data.indexes AS
SELECT x.indexrelid::regclass::text AS name, pg_get_indexdef(x.indexrelid) AS definition
FROM pg_index x WHERE x.indrelid IN ('social.posts'::regclass, 'social.follows'::regclass)
	AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid);
SELECT format('DROP INDEX %s', name) FROM bench_data.indexes \gexec
ALTER TABLE social.posts ENABLE ALWAYS TRIGGER social_post_before;
SELECT nextval('social.post_position_seq') AS position \gset
ALTER SEQUENCE social.post_position_seq INCREMENT BY 2;
SELECT (SELECT coalesce(max(id), 0) + 1000 FROM social.users), (SELECT coalesce(max(id), 0) + 1000 FROM social.posts), :position;
SQL

# What the triggers would have made of the rows; then the indexes, and the sequences.
my $DERIVE = <<'SQL';
SET client_min_messages = warning;
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '1GB';
INSERT INTO bench_data.planted SELECT DISTINCT ON (t.query) t.query, p.id
FROM unnest(:'planted'::text[]) AS t (query) JOIN social.posts p ON p.title = t.query AND p.id >= :base_post ORDER BY t.query, p.id;
INSERT INTO social.hashtags (tag, display)
SELECT DISTINCT t, t FROM social.posts p, unnest(p.hashtags) t WHERE p.position IS NOT NULL AND p.id >= :base_post ON CONFLICT DO NOTHING;
INSERT INTO social.post_hashtags (post_id, hashtag_id, position, created_at, is_public)
SELECT p.id, h.id, p.position, p.created_at, CASE WHEN p.visibility = 'public' AND p.hidden_at IS NULL THEN true END
FROM social.posts p, unnest(p.hashtags) t JOIN social.hashtags h ON h.tag = t WHERE p.position IS NOT NULL AND p.id >= :base_post;
WITH numbered AS (
	SELECT p.id, p.visibility, p.created_at, row_number() OVER (ORDER BY p.position) AS n
	FROM social.posts p WHERE p.position IS NOT NULL AND p.id >= :base_post)
INSERT INTO social.reposts (post_id, user_id, position, created_at)
SELECT n.id, r.user_id, r.position, n.created_at + interval '1 hour'
FROM bench_data.reposts r JOIN numbered n ON n.n = r.number WHERE n.visibility = 'public'
ON CONFLICT DO NOTHING;
-- Readers have blocked and muted a few people whom they would meet.
INSERT INTO social.blocks (blocker_id, blocked_id)
SELECT r.user_id, u.id FROM bench_data.readers r CROSS JOIN LATERAL (
	SELECT u.id FROM social.users u WHERE u.id >= :base_user AND u.id <> r.user_id ORDER BY hashint8extended(u.id, r.user_id) LIMIT 3) u;
INSERT INTO social.mutes (muter_id, muted_id)
SELECT r.user_id, f.followed_id FROM bench_data.readers r CROSS JOIN LATERAL (
	SELECT f.followed_id FROM social.follows f WHERE f.follower_id = r.user_id ORDER BY hashint8extended(f.followed_id, 1) LIMIT 2) f;
SELECT definition FROM bench_data.indexes \gexec
DROP TABLE bench_data.indexes, bench_data.reposts;
-- Each counter table anew from what it counts.
SELECT format('INSERT INTO social.%1$I AS c (%2$I, %3$s) SELECT o.id, %4$s FROM social.%5$I o %6$s ON CONFLICT (%2$I) DO UPDATE SET %7$s',
	counter_table, counter_key, string_agg(quote_ident(counter_column), ', '), string_agg(format('coalesce(t%s.n, 0)', i), ', '), object_table,
	string_agg(format('LEFT JOIN (SELECT %1$I AS id, count(*) AS n FROM social.%2$I WHERE %3$I IS NOT NULL GROUP BY 1) t%4$s ON t%4$s.id = o.id',
		source_key, source_table, coalesce(when_set, source_key), i), ' '),
	string_agg(format('%1$I = excluded.%1$I', counter_column), ', '))
FROM (SELECT c.*, row_number() OVER () AS i FROM social.counted_columns() c) c
GROUP BY counter_table, counter_key, object_table \gexec
ALTER TABLE social.posts ENABLE TRIGGER social_post_before;
RESET session_replication_role;
SELECT social.rebuild_last_positions() \g /dev/null
ALTER SEQUENCE social.post_position_seq INCREMENT BY 1;
SELECT setval('social.post_position_seq', nextval('social.post_position_seq') + 10) \g /dev/null
SELECT setval(pg_get_serial_sequence('social.posts', 'id'), (SELECT max(id) FROM social.posts)) \g /dev/null
SELECT setval(pg_get_serial_sequence('social.users', 'id'), (SELECT max(id) FROM social.users)) \g /dev/null
VACUUM ANALYZE;
SQL

# What posts are about: 2,000 subjects, a fifth of the posts about one or two of 1,500 of them, few of
# which most are about. Readers who follow 200 people (those of whom a typical reader does) and 20, 200
# or 2,000 subjects, by popularity, or 500 about which nobody posts: bench_data.subject_readers.
my $SUBJECTS = <<'SQL';
SET client_min_messages = warning;
SET social.notifications = off;
CREATE TABLE bench_data.subject_readers (class text, user_id bigint);
CREATE TABLE bench_data.subjects AS
WITH made AS (INSERT INTO social.sport_subjects (kind, slug, name) SELECT 'team', 'bench-' || n, 'Bench ' || n FROM generate_series(1, 2000) n RETURNING id)
SELECT id, row_number() OVER (ORDER BY id)::integer AS n FROM made;
INSERT INTO social.post_subjects (post_id, subject_id, position)
SELECT p.id, s.id, p.position
FROM social.posts p CROSS JOIN LATERAL (SELECT hashint8extended(p.id, k) & 1048575 AS h, k FROM generate_series(1, 2) k) r
JOIN bench_data.subjects s ON s.n = 1 + floor(1500 * (r.h / 1048576.0) ^ 2.5)
WHERE p.position IS NOT NULL AND (hashint8extended(p.id, 3) & 1023) < 205 / r.k
ON CONFLICT DO NOTHING;
WITH free AS (
	SELECT u.id, row_number() OVER (ORDER BY u.id) AS n FROM social.users u JOIN social.user_counters c ON c.user_id = u.id
	WHERE u.username LIKE 'person%' AND u.is_active AND u.suspended_at IS NULL AND c.followers_count + c.following_count + c.posts_count = 0 ORDER BY u.id LIMIT 40)
INSERT INTO bench_data.subject_readers SELECT (ARRAY['subjects 20', 'subjects 200', 'subjects 2000', 'idle subjects 500'])[1 + (n - 1) % 4], id FROM free;
INSERT INTO social.follows (follower_id, followed_id)
SELECT r.user_id, f.followed_id
FROM (SELECT user_id, row_number() OVER (ORDER BY user_id) - 1 AS n FROM bench_data.subject_readers) r
JOIN (SELECT user_id, row_number() OVER (ORDER BY user_id) - 1 AS n FROM bench_data.readers WHERE class = 'typical' AND follows = 200) t ON t.n = r.n % 10
JOIN social.follows f ON f.follower_id = t.user_id;
INSERT INTO social.sport_follows (user_id, subject_id)
SELECT r.user_id, s.id FROM bench_data.subject_readers r CROSS JOIN LATERAL (
	SELECT s.id FROM bench_data.subjects s WHERE (s.n > 1500) OR r.class NOT LIKE 'idle%'
	ORDER BY CASE WHEN r.class LIKE 'idle%' THEN 0 ELSE ((hashint8extended(s.id, r.user_id) & 1048575) / 1048576.0) ^ (1.0 / (2000.0 / s.n)) END DESC LIMIT split_part(reverse(split_part(reverse(r.class), ' ', 1)), ' ', 1)::integer) s;
VACUUM ANALYZE social.post_subjects, social.sport_follows, social.follows, social.sport_subjects, social.user_counters;
SQL

sub load_subjects { sql($SUBJECTS) if sql("SELECT to_regclass('bench_data.subject_readers') IS NULL") eq 't' }

sub is_loaded { return sql("SELECT to_regclass('bench_data.readers') IS NOT NULL") eq 't' }

sub load
{
	srand(20_240_601);
	my ($people, $end) = (make_people(), time);
	my $authors = make_authors($people);
	my @readers = make_readers($people);
	sql("ALTER SYSTEM SET max_wal_size = '8GB'; SELECT pg_reload_conf()");
	my ($base_user, $base_post, $base_position) = split /\|/, sql($PREPARE);
	load_users($people, $base_user, $end);
	my $child = fork // die "fork: $!";
	if (!$child)
	{
		srand(1);
		load_follows($people, \@readers, $base_user, $end);
		POSIX::_exit(0);
	}
	my ($listed, $mentions) = load_posts($people, $authors, $base_user, $base_post, $end);
	waitpid $child, 0;
	die 'the follows failed' if $?;
	load_mentions($mentions);
	load_reposts($people, $listed, $base_user, $base_position);
	load_readers(\@readers, $base_user);
	my $planted = join ',', map { qq("$_") } @PLANTED_TITLE;
	sql("\\set planted '{$planted}'\n\\set base_post $base_post\n\\set base_user $base_user\n$DERIVE");
	sql('ALTER SYSTEM RESET max_wal_size; SELECT pg_reload_conf()');
}

1;
