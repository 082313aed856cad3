# export.pl: what an export of somebody with 10,000 posts costs (issue 17: under 5 s of one core, and 64 MB): CPU seconds
# of the worker and of the backend that it reads by, and the most memory that the worker has had. The other side is the
# least that reads and packs the same rows: COPY as JSON and as CSV, and gzip.
use strict;
use warnings;
use lib 'test/http', 'test/instance', 'test/worker';
use Bench;
use Media;
use POSIX qw(sysconf _SC_CLK_TCK);
use Social;
use Worker;

use_directory();
my $worker = start_worker(media_settings(WORKER_KINDS => 'export,media.delete', LOG_LEVEL => 'info'));
my $ann    = account();
psql("INSERT INTO social.posts (author_id, title, content) SELECT $ann->{id}, 'Post ' || n, repeat('some words of post ' || n || ' #tag', 25) FROM generate_series(1, 10000) n");
my $data = psql('SHOW data_directory');
my ($postmaster) = do { open my $file, '<', "$data/postmaster.pid" or die; <$file> =~ /^(\d+)/ };

# CPU seconds of all children that a process has seen end.
sub children
{
	open my $file, '<', "/proc/$postmaster/stat" or die;
	my @fields = split ' ', <$file> =~ s/^.*\) //sr;
	return ($fields[13] + $fields[14]) / sysconf(_SC_CLK_TCK);
}
sub peak { open my $file, '<', "/proc/$worker->{pid}/status" or die; my ($kb) = join('', <$file>) =~ /VmHWM:\s+(\d+)/; return $kb / 1024 }

my $path = '/api/accounts/users/me/export/';
my %figures = interleave(
	ours => sub {
		my @before = (Bench::process_cpu($worker->{pid}), children());
		psql("SELECT social.export_user($ann->{id})");
		wait_until(300, sub { psql("SELECT state FROM social.admin_exports WHERE user_id = $ann->{id}") eq 'ready' }) or die $worker->log_text;
		wait_until(10, sub { psql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'social_worker' AND state = 'idle in transaction'}) eq '0' });
		return Bench::process_cpu($worker->{pid}) - $before[0] + children() - $before[1];
	},
	least => sub {
		my @before = (times, children());
		for my $what ('(SELECT row_to_json(p) FROM social.posts p WHERE author_id = ID) TO STDOUT', '(SELECT * FROM social.posts WHERE author_id = ID) TO STDOUT CSV')
		{
			my $copy = $what =~ s/ID/$ann->{id}/r;
			system("psql -XqAtc 'COPY $copy' | gzip > /dev/null") == 0 or die;
		}
		my @after = (times, children());
		return $after[2] + $after[3] - $before[2] - $before[3] + $after[4] - $before[4];
	});
my $peak = peak();
row('CPU s of an export of 10,000 posts / of COPY and gzip', median(@{ $figures{ours} }), median(@{ $figures{least} }), '');
my $is_met = row('CPU s of an export of 10,000 posts / bar', median(@{ $figures{ours} }), 5, '<= 1') <= 1;
$is_met &= row('MB that the worker has had at most / bar', $peak, 64, '<= 1') <= 1;
$worker->stop;
exit !$is_met;
