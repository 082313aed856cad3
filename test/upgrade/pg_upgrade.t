# pg_upgrade.t: a cluster with the extension and its data goes through pg_upgrade (here to the same
# version, which takes the same way) and lives on. issue: the domain in the database.
use strict;
use warnings;
use Cwd 'getcwd';
use File::Temp 'tempdir';
use IO::Socket::INET;
use Test::More;

my $bin    = $ENV{PG_BINDIR} // '/usr/lib/postgresql/15/bin';
my $port   = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport;
my $dir    = tempdir('/tmp/social-upgrade.XXXXXX', CLEANUP => 1);
my @as     = $> == 0 ? qw(setpriv --reuid postgres --regid postgres --init-groups --) : ();
my $here   = getcwd();
chown +(getpwnam 'postgres')[2, 3], $dir if $> == 0;
delete @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS)};

# Runs a program as the owner of the clusters; returns whether it succeeded; its output is kept.
sub owner
{
	my (@command) = @_;
	my $pid = fork() // die;
	if (!$pid)
	{
		chdir $dir;
		open STDOUT, '>>', "$dir/output";
		open STDERR, '>&', \*STDOUT;
		exec @as, @command or die;
	}
	waitpid $pid, 0;
	return $? == 0;
}

sub output { open my $file, '<', "$dir/output" or return ''; local $/; return <$file> }

sub sql
{
	my ($sql) = @_;
	open my $psql, '-|', "$bin/psql", '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', $dir, '-p', $port, '-U', 'postgres', '-d', 'postgres', '-c', $sql or die;
	local $/;
	my $result = <$psql> // '';
	close $psql or diag("psql failed: $sql");
	$result =~ s{\n\z}{};
	return $result;
}

sub make_cluster
{
	my ($name) = @_;
	owner("$bin/initdb", '-D', "$dir/$name", '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-A', 'trust', '-N') or BAIL_OUT(output());
	open my $conf, '>>', "$dir/$name/postgresql.conf" or BAIL_OUT("postgresql.conf: $!");
	print $conf "port = $port\nunix_socket_directories = '$dir'\nlisten_addresses = ''\nshared_preload_libraries = 'social'\nsocial.database = 'postgres'\n";
	close $conf;
}
sub start { owner("$bin/pg_ctl", '-D', "$dir/$_[0]", '-l', "$dir/$_[0].log", '-w', 'start') or BAIL_OUT(output()) }
sub stop  { owner("$bin/pg_ctl", '-D', "$dir/$_[0]", '-m', 'fast', '-w', 'stop') }

# Every table's rows, the counters' with what waits added by a fold before.
sub fingerprint
{
	sql('SELECT social.tick()');
	return join "\n", map { "$_ " . sql("SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') FROM social.$_ t") }
		split /\n/, sql("SELECT relname FROM pg_class WHERE relnamespace = 'social'::regnamespace AND relkind = 'r' ORDER BY 1");
}

make_cluster('old');
start('old');
END { for my $name (qw(old new)) { stop($name) if -f "$dir/$name/postmaster.pid" } }
sql('CREATE EXTENSION social');
sql('SELECT social.init_data()');
my $before = fingerprint();
like($before, qr/^posts 1\d\d\d /m, 'the old cluster has data');
stop('old');

make_cluster('new');
ok(owner("$bin/pg_upgrade", '-b', $bin, '-B', $bin, '-d', "$dir/old", '-D', "$dir/new", '-s', $dir, '-p', $port, '-P', $port, '-U', 'postgres'), 'pg_upgrade succeeds')
	or BAIL_OUT(output());
start('new');
is(fingerprint(), $before, 'every row is there');
is(sql('SELECT count(*) FROM social.reconcile()'), 0, 'counts equal the truth');
is(sql("SELECT name, detail FROM social.check() WHERE status = 'error'"), '', 'check() finds no error');
like(sql("SELECT social.act_as('alice', true); SELECT social.create_post('After', 'the upgrade')"), qr/^\d+$/m, 'and it lives on');
stop('new');
chdir $here;
done_testing();
