# pg_upgrade.t: a cluster with the extension and its data goes through pg_upgrade (here to the same
# version, which takes the same way) and lives on. issue: the domain in the database.
use strict;
use warnings;
use lib 'test/upgrade', 'test/http';
use Cluster;
use Social qw(wait_until);
use Test::More;

# Every table's rows, when nothing waits any more to be counted or numbered: the worker of the cluster does that,
# too, and what it has begun a round of our own leaves alone.
sub fingerprint
{
	my $waiting = join ' + ', map { "(SELECT count(*) FROM social.$_)" }
		split /\n/, sql(q{SELECT relname FROM pg_class WHERE relnamespace = 'social'::regnamespace AND relkind = 'r' AND (relname ~ '_deltas$' OR relname IN ('event_outbox', 'event_counts'))});
	wait_until(300, sub { sql('SELECT social.tick()'); sql("SELECT $waiting") == 0 }) or BAIL_OUT('what waits is never counted');
	return join "\n", map { "$_ " . sql("SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') FROM social.$_ t") }
		split /\n/, sql("SELECT relname FROM pg_class WHERE relnamespace = 'social'::regnamespace AND relkind = 'r' ORDER BY 1");
}

my $settings = "shared_preload_libraries = 'social'\nsocial.database = 'postgres'";
make_cluster('old', $settings);
start('old');
sql('CREATE EXTENSION social');
sql('SELECT social.init_data()');
sql(q{UPDATE social.text_tables SET unicode = '14.0', icu = '70.1'}); # as if another operating system had made the indexes
my $before = fingerprint();
like($before, qr/^posts 1\d\d\d /m, 'the old cluster has data');
stop('old');

make_cluster('new', $settings);
ok(owner("$bin/pg_upgrade", '-b', $bin, '-B', $bin, '-d', "$dir/old", '-D', "$dir/new", '-s', $dir, '-p', $port, '-P', $port, '-U', 'postgres'), 'pg_upgrade succeeds')
	or BAIL_OUT(output());
start('new');
is(fingerprint(), $before, 'every row is there');
is(sql('SELECT count(*) FROM social.reconcile()'), 0, 'counts equal the truth');
is(sql("SELECT name FROM social.check() WHERE status = 'error'"), 'text indexes', 'found C20: check() tells that the indexes were made with other tables of Unicode');
sql('SELECT social.reindex_texts()');
is(sql("SELECT name, detail FROM social.check() WHERE status = 'error'"), '', 'check() finds no error then');
like(sql("SELECT social.act_as('alice', true); SELECT social.create_post('After', 'the upgrade')"), qr/^\d+$/m, 'and it lives on');
stop('new');
done_testing();
