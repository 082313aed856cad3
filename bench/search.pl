# search.pl: the 20 best posts of a query, against the full ILIKE scan and against ranking every
# match, at a tenth of the posts and at all; no query far dearer than the cheapest, however hostile;
# how much of the exact ranking the bounded one finds; what search costs an insert, and what waits
# in the GIN index a query. Milliseconds of the backend's CPU, p50. design D6, section 5,
# mission P-06 and P-07, item 167.
use strict;
use warnings;
use utf8;
use Bench;
use Dataset;

$| = 1;
binmode STDOUT, ':utf8';
my ($rare, $medium) = (Dataset::word(30_000), Dataset::word(500));

# Class, query in web-search syntax, the words that ILIKE looks for, the word that it must not find.
my @QUERIES = (
	[ 'rare word',      $rare,               [$rare] ],
	[ 'medium word',    $medium,             [$medium] ],
	[ 'common word',    'people',            ['people'] ],
	[ 'commonest word', 'time',              ['time'] ],
	[ 'two words',      'time people',       [ 'time', 'people' ] ],
	[ 'two words, one medium', "time $medium", [ 'time', $medium ] ],
	[ 'three words',    'world school coffee', [ 'world', 'school', 'coffee' ] ],
	[ 'phrase',         '"harbour lights"',  ['harbour lights'] ],
	[ 'phrase of common words', '"time people"', ['time people'] ],
	[ 'negation',       'people -time',      ['people'], 'time' ]);

# Queries that somebody sends to make us work; each is answered or refused.
my @HOSTILE = (
	'-time', '-time -people', 'the of and', '""', '"', '- - -', 'or or or', '"time people year day world life work hand"',
	'"time time time time"', '-zzzz', 'time -time', 'zzzzqqqq', join(' or ', map { Dataset::word($_) } 1 .. 60),
	join(' ', map { Dataset::word($_) } 1 .. 60), join(' ', map { '-' . Dataset::word($_) } 1 .. 60),
	join(' ', map { '"' . Dataset::word($_) . ' ' . Dataset::word($_ + 1) . '"' } 1 .. 25),
	join(' or ', map { '"' . Dataset::word($_) . ' ' . Dataset::word($_ + 1) . '"' } 1 .. 20),
	"zzzzqqqq or $rare", "$rare -time", "people -$rare", 'rarely -the', '東京', '鰻重', '北京', '馄饨', '서울', '낙지', 'กรุงเทพ', 'ผี', 'の', '東京 -大阪');

my $missed = 0;

# Like row(), and counts what missed its bar.
sub bar
{
	my ($name, $ours, $reference, $bar) = @_;
	my ($sense, $limit) = split ' ', $bar;
	my $ratio = row($name, $ours, $reference, $bar);
	$missed++ if $sense eq '<=' ? $ratio > $limit : $ratio < $limit;
}

my $seen = q{p.position IS NOT NULL AND p.deleted_at IS NULL AND p.hidden_at IS NULL AND p.visibility = 'public'};
my $prepare = <<"SQL";
PREPARE ours(text) AS SELECT * FROM social.search_posts(\$1, 20);
PREPARE rank_all(tsquery) AS
SELECT v.* FROM (
	SELECT p.id, p.position, ts_rank(p.search_vector, \$1) AS score FROM social.posts p
	WHERE p.search_vector @@ \$1 AND $seen ORDER BY score DESC, p.position DESC LIMIT 20) n
JOIN social.visible_posts v ON v.id = n.id ORDER BY n.score DESC, n.position DESC;
SQL

# The scan that a table without search would make: every post read, title matches first, the total.
sub ilike
{
	my ($name, $words, $without) = @_;
	my $has = sub { my ($word) = @_; return "(p.title ILIKE '%$word%' OR p.content ILIKE '%$word%')" };
	my $where = join ' AND ', (map { $has->($_) } @$words), $without ? 'NOT ' . $has->($without) : ();
	return <<"SQL";
PREPARE $name AS
SELECT v.*, n.total FROM (
	SELECT p.id, p.position, p.title ILIKE '%$words->[0]%' AS titled, count(*) OVER () AS total FROM social.posts p
	WHERE $where AND $seen ORDER BY titled DESC, p.position DESC LIMIT 20) n
JOIN social.visible_posts v ON v.id = n.id ORDER BY n.titled DESC, n.position DESC;
SQL
}

sub quoted
{
	my ($text) = @_;
	utf8::encode($text);
	$text =~ s/'/''/g;
	return "'$text'";
}

# Each class of query against the scan, and the commonest word against ranking every match.
sub against_references
{
	my ($size) = @_;
	for my $query (@QUERIES)
	{
		my ($class, $text, $words, $without) = @$query;
		my $wanted = quoted($text);
		my @calls = ([ 'ours', undef, "EXECUTE ours($wanted)" ], [ 'ilike', undef, 'EXECUTE full_scan' ]);
		push @calls, [ 'rank_all', undef, "EXECUTE rank_all(websearch_to_tsquery('english', $wanted))" ] if $class eq 'commonest word';
		my %ms = latencies(prepare => $prepare . ilike('full_scan', $words, $without), calls => \@calls);
		bar("search, $size, $class, ILIKE scan in ms / ms", $ms{ilike}, $ms{ours}, '>= 62');
		bar("search, $size, $class, ranking all in ms / ms", $ms{rank_all}, $ms{ours}, '>= 100') if $ms{rank_all} && $size eq '1 M';
		row("search, $size, $class, ranking all in ms / ms", $ms{rank_all}, $ms{ours}) if $ms{rank_all} && $size ne '1 M';
	}
}

# The posts on a query's first page; (undef) when it is refused.
sub page_of
{
	my ($text, $settings) = @_;
	my $call = 'SELECT id FROM social.search_posts(' . quoted($text) . ', 20);';
	my $found = eval { sql("SET client_min_messages = warning;\n\\set VERBOSITY sqlstate\n" . ($settings // '') . $call) };
	return undef if !defined $found && $@ =~ /SM400/;
	die $@ if !defined $found;
	return split /\n/, $found;
}

# Every query that is answered, hostile ones too: the dearest against the cheapest that finds something.
sub dearest_and_cheapest
{
	my @texts = ((map { $_->[1] } @QUERIES), @HOSTILE);
	my (@calls, %found);
	for my $i (0 .. $#texts)
	{
		my @ids = page_of($texts[$i]);
		next if @ids && !defined $ids[0];
		$found{$i} = @ids;
		push @calls, [ $i, undef, 'EXECUTE ours(' . quoted($texts[$i]) . ')' ];
	}
	my %ms     = latencies(prepare => $prepare, calls => \@calls);
	my @sorted = sort { $ms{$a} <=> $ms{$b} } keys %ms;
	my ($cheapest) = grep { $found{$_} } @sorted;
	bar('search, dearest of ' . @sorted . ' queries in ms / cheapest', $ms{ $sorted[-1] }, $ms{$cheapest}, '<= 50');
	printf "  %-56s %12.5g\n", substr($texts[$_], 0, 56), $ms{$_} for $cheapest, @sorted[ -3 .. -1 ];
}

# How much of the first page that ranking every match would give is on ours.
sub recall
{
	my $unbounded = join '', map { "SET social.search_$_;\n" } 'candidates_max = 1048576', 'rows_max = 1048576', 'walk_max = 1';
	my ($hits, $all) = (0, 0);
	for my $query (@QUERIES)
	{
		my %ours = map { $_ => 1 } page_of($query->[1]);
		my @best = page_of($query->[1], $unbounded);
		$all  += @best;
		$hits += grep { $ours{$_} } @best;
	}
	row('search, bounded first pages, posts of the exact ones / all', $hits, $all, '');
}

# Old posts whose title is the query.
sub planted
{
	my @planted = map { [ split /\|/ ] } split /\n/, sql('SELECT query, post_id FROM bench_data.planted ORDER BY query');
	my $found = 0;
	for (@planted)
	{
		my ($query, $post) = @$_;
		$found++ if grep { $_ == $post } page_of($query);
	}
	bar('search, old posts with the query as title, on page one / all', $found, scalar @planted, '>= 1');
}

# Inserts with search and without, in turn: an insert into posts, and into posts without the search
# indexes and with a configuration that knows no word.
my $search_indexes = q{SELECT x.indexrelid::regclass::text AS name, pg_get_indexdef(x.indexrelid) AS definition FROM pg_index x
	JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am m ON m.oid = c.relam
	WHERE x.indrelid = 'social.posts'::regclass AND (m.amname = 'gin' OR c.relname = 'posts_title_key_idx')};

sub inserts
{
	local $ENV{PGOPTIONS} = '-c synchronous_commit=off';
	my ($low, $high) = split /\|/, sql(q{SELECT min(id), max(id) FROM social.users WHERE username LIKE 'person%'});
	my ($first, $last) = split /\|/, sql('SELECT min(id), max(id) FROM social.posts');
	my $script = <<"SCRIPT";
\\set author random($low, $high)
\\set text random($first, $last - 1000)
INSERT INTO social.posts (author_id, title, content) SELECT :author, title, content FROM social.posts WHERE id >= :text ORDER BY id LIMIT 1;
SCRIPT
	sql("CREATE TEXT SEARCH CONFIGURATION bench_data.nothing (PARSER = default); CREATE TABLE bench_data.indexes AS $search_indexes");
	my %tps = interleave(
		with    => sub { pgbench($script, '-c 2', '-j 1', '-T ' . seconds_per_side())->{tps} },
		without => sub {
			sql("SELECT format('DROP INDEX %s', name) FROM bench_data.indexes \\gexec\n");
			local $ENV{PGOPTIONS} = "$ENV{PGOPTIONS} -c social.search_config=bench_data.nothing";
			my $result = pgbench($script, '-c 2', '-j 1', '-T ' . seconds_per_side());
			sql("SELECT definition FROM bench_data.indexes \\gexec\n");
			return $result->{tps};
		});
	row('search, inserts with it, tps / without', median(@{ $tps{with} }), median(@{ $tps{without} }), '');
}

# A cheap query with 10,000 posts inserted since the last vacuum, and after one.
sub pending
{
	my $cheap = sub
	{
		my %ms = latencies(prepare => $prepare, calls => [ [ 'ours', undef, 'EXECUTE ours(' . quoted($rare) . ')' ] ], rounds => 30);
		return $ms{ours};
	};
	my (@before, @after);
	for (1 .. 3)
	{
		sql(q{INSERT INTO social.posts (author_id, title, content)
			SELECT author_id, title, content FROM social.posts WHERE id > (SELECT max(id) FROM social.posts) - 10100 ORDER BY id LIMIT 10000});
		push @before, $cheap->();
		sql('VACUUM (INDEX_CLEANUP ON) social.posts');
		push @after, $cheap->();
	}
	bar('search, rare word 10,000 inserts after a vacuum, ms / after it', median(@before), median(@after), '<= 2');
}

# ---- a tenth of the posts, in a database of its own; then all ---------------------------------

sub in_small_database
{
	my ($work) = @_;
	sql("DROP DATABASE IF EXISTS bench_small;\nCREATE DATABASE bench_small");
	local $ENV{PGDATABASE}  = 'bench_small';
	local $ENV{BENCH_POSTS} = int(Dataset::posts() / 10);
	sql('SET client_min_messages = warning; CREATE EXTENSION social');
	Dataset::load();
	$work->();
	$ENV{PGDATABASE} = 'postgres';
	sql('DROP DATABASE bench_small');
}

# 1,000,000 as "1 M"
sub size_name
{
	my ($posts) = @_;
	return $posts >= 1_000_000 ? $posts / 1_000_000 . ' M' : $posts / 1000 . ' k';
}

Dataset::load() if !Dataset::is_loaded();
in_small_database(sub { against_references(size_name(Dataset::posts())); inserts() });
against_references(size_name(Dataset::posts()));
dearest_and_cheapest();
recall();
planted();
pending();
exit($missed ? 1 : 0);
