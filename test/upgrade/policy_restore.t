# policy_restore.t: a dump carries the grants of a direct role but not the policies of the extension's
# tables; the restored database has both, and the role sees there what it saw before. mission P-03.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $dir  = tempdir(CLEANUP => 1);
my $role = "social_direct_$$";
my ($source, $target) = ("social_policy_$$", "social_policy_restored_$$");

sub sql
{
	my ($database, @statements) = @_;
	open my $psql, '-|', 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $database, map { ('-c', $_) } @statements
		or BAIL_OUT("psql: $!");
	my $output = join '', <$psql>;
	close $psql or BAIL_OUT("psql failed in $database: @statements");
	chomp $output;
	return $output;
}

# What the role reads in each table, as nobody and as the author.
sub seen
{
	my ($database) = @_;
	my $counts = q{(SELECT count(*) FROM social.posts) || ' ' || (SELECT count(*) FROM social.users) || ' ' || (SELECT count(*) FROM social.blocks)};
	return join ', ', map { sql($database, 'SET client_min_messages = warning', $_, "SET ROLE $role", "SELECT 'rows ' || $counts") =~ /rows (.*)/ }
	  'SELECT social.act_as(NULL::bigint, true)', q{SELECT social.act_as('secretive', true)};
}

sql('postgres', "CREATE ROLE $role", "CREATE DATABASE $source TEMPLATE template0 ENCODING 'UTF8'", "CREATE DATABASE $target TEMPLATE template0 ENCODING 'UTF8'");
sql($source, 'CREATE EXTENSION social', "SELECT social.grant_direct('$role')",
	q{INSERT INTO social.users (username, is_active) VALUES ('secretive', true), ('other', true), ('gone', false)},
	q{BEGIN; SELECT social.act_as('secretive'), social.create_post('Public', 'all'), social.create_post('Private', 'mine', visibility => 'private'),
		social.create_post('Draft', 'mine', false), social.block_user((SELECT id FROM social.users WHERE username = 'other')); COMMIT});
is(seen($source), '1 2 0, 3 1 1', 'before: a stranger reads the public post, the author all three');
system("pg_dump -f $dir/dump.sql $source 2>$dir/warnings") == 0 or BAIL_OUT('pg_dump failed');
sql($target, "\\i $dir/dump.sql");
is(seen($target), seen($source), 'after: the same');
is(sql($target, q{SELECT count(*) FROM pg_policy}), sql($source, q{SELECT count(*) FROM pg_policy}), 'with the same policies');

sql('postgres', "DROP DATABASE $source", "DROP DATABASE $target", "DROP ROLE $role");
done_testing();
