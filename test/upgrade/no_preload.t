# no_preload.t: without shared_preload_libraries everything works; tick() does the worker's rounds.
# It runs the pgTAP files of every domain against such a cluster. issue: the domain in the database.
use strict;
use warnings;
use lib 'test/upgrade', 'test/http';
use Cluster;
use Social qw(start_bridge wait_until);
use Test::More;

make_cluster('plain', '');
start('plain');
sql('CREATE EXTENSION social');
sql('CREATE EXTENSION pgtap');
@ENV{qw(PGHOST PGPORT PGUSER PGDATABASE PGTZ)} = ($dir, $port, 'postgres', 'postgres', 'UTC');
is(sql("SELECT status FROM social.check() WHERE name = 'preloaded'"), 'warning', 'check() says that the library is not preloaded');
is(sql('SELECT social.content_version() IS NULL'), 't', 'content has no version, so bridges keep nothing');

like(sql("SELECT detail FROM social.check() WHERE name = 'worker rounds'"), qr/^not kept/, 'and what rounds failed at is not kept');

is(sql('SELECT * FROM social.password_turns()'), '0|0|0', 'whoever hashes a password needs no turn');

# Files that wait for the worker are not among them.
for my $file (map { "test/pgtap/$_.sql" } qw(core user follow relation visibility post comment share reaction hashtag mention search feed notification trending moderation content_rule audit retention admin password login guard ratelimit))
{
	next unless -f $file;
	open my $psql, '-|', "$bin/psql", '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', $file or die;
	my @lines = <$psql>;
	ok(close($psql), "$file runs to its end");
	is(join('', grep { /^not ok|^# Looks/ } @lines), '', "$file passes");
}

my $deltas = "SELECT count(*) FROM social.post_counter_deltas";
sql("INSERT INTO social.users (username) VALUES ('alice')");
sql("INSERT INTO social.posts (author_id, title, content) SELECT id, 'One', 'text' FROM social.users");
sql("INSERT INTO social.post_counter_deltas (post_id, likes_count) SELECT id, 0 FROM social.posts");
is(sql($deltas), 1, 'a delta waits');
sql('SELECT social.tick()');
is(sql($deltas), 0, 'until tick()');

# Sessions that have called nothing of ours before (found C2).
sub drops { return owner("$bin/psql", '-X', '-v', 'ON_ERROR_STOP=1', '-h', $dir, '-p', $port, '-U', 'postgres', '-d', $_[0], '-c', $_[1]) }
sql('CREATE ROLE boss SUPERUSER');
sql('CREATE DATABASE owned OWNER boss TEMPLATE template0');
ok(drops('owned', "SET ROLE boss; CREATE EXTENSION social; INSERT INTO social.users (username) VALUES ('alice'); INSERT INTO social.posts (author_id, title, content) SELECT id, 'One', 'text' FROM social.users"),
	'an installation of another owner');
for my $drop ('DROP EXTENSION social', 'DROP EXTENSION plpgsql CASCADE', 'DROP SCHEMA social CASCADE', 'DROP OWNED BY boss CASCADE')
{
	ok(!drops('owned', $drop), "$drop is refused");
}
is((() = output() =~ /cannot drop extension social while it holds posts/g), 4, 'each time');
ok(drops('owned', 'SET social.allow_drop = on; DROP EXTENSION plpgsql CASCADE'), 'social.allow_drop allows it');

# A bridge stands in for the worker (design D12).
sql(q{CREATE ROLE social_bridge LOGIN; SELECT social.grant_bridge('social_bridge')});
my $bridge = start_bridge(DATABASE_URL => "host=$dir port=$port dbname=postgres user=social_bridge");
sql("INSERT INTO social.post_counter_deltas (post_id, likes_count) SELECT id, 0 FROM social.posts");
ok(wait_until(120, sub { sql($deltas) == 0 }), 'or until the bridge asks for a round');
sql("INSERT INTO social.post_counter_deltas (post_id, likes_count) SELECT id, 0 FROM social.posts");
ok(wait_until(120, sub { sql($deltas) == 0 }), 'again and again');

done_testing();
