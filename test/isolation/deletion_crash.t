# deletion_crash.t: the worker and the postmaster are killed (-9) again and again while the worker erases somebody: it goes
# on where it was, and in the end nothing is left and every count is right (issue 17 line 3).
use strict;
use warnings;
use lib 'test/upgrade', 'test/http';
use Cluster;
use Port;
use Social qw(wait_until);
use Test::More;

adopt_servers();
make_cluster('primary', "shared_preload_libraries = 'social'\nsocial.database = 'postgres'\nmax_connections = 20\nrestart_after_crash = on");
start('primary');
sql('CREATE EXTENSION social');
sql($_) for
  q{INSERT INTO social.users (id, username) SELECT n, 'c' || n FROM generate_series(1, 500) n},
  q{INSERT INTO social.posts (author_id, title, content) SELECT 1 + n % 2, 'p', '#shared #of' || n % 7 FROM generate_series(1, 80) n},
  q{INSERT INTO social.follows (follower_id, followed_id) SELECT n, 1 FROM generate_series(2, 500) n},
  q{INSERT INTO social.post_likes (post_id, user_id) SELECT p.id, n FROM social.posts p, generate_series(1, 20) n},
  q{INSERT INTO social.comments (post_id, author_id, content) SELECT p.id, 1 + n % 3, 'c' FROM social.posts p, generate_series(1, 6) n},
  q{INSERT INTO social.comments (post_id, author_id, parent_id, content) SELECT c.post_id, 2, c.id, 'r' FROM social.comments c WHERE c.author_id = 1};

# Asks quietly: while a server is down there is no answer.
sub ask
{
	my ($sql) = @_;
	my $answer = `$bin/psql -X -q -A -t -v ON_ERROR_STOP=1 -h $dir -p $port -U postgres -d postgres -c "$sql" 2>/dev/null`;
	chomp $answer;
	return $? == 0 ? $answer : undef;
}
my $worker = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'social worker'};
my $left = q{SELECT (SELECT count(*) FROM social.comments WHERE author_id = 1) + (SELECT count(*) FROM social.posts WHERE author_id = 1) + (SELECT count(*) FROM social.follows WHERE followed_id = 1) + (SELECT count(*) FROM social.post_likes WHERE user_id = 1)};
my $all = ask($left);
sql(q{SELECT social.request_account_deletion(1, grace => '0')});
my $was = $all;
for my $victim (qw(worker postmaster worker postmaster))
{
	ok(wait_until(240, sub { my $now = ask($left) // $was; my $less = $now < $was; $was = $now; return $less || $now == 0 }), 'it is being erased');
	my $pid = $victim eq 'worker' && ask($worker);
	ok($victim eq 'worker' ? $pid && kill(9, $pid) : kill_server('primary'), "the $victim is killed");
	ok(start_again('primary'), 'the server starts again') if $victim eq 'postmaster';
	ok(wait_until(240, sub { ask($worker) }), 'the worker is back');
}
ok(wait_until(480, sub { (ask('SELECT count(*) FROM social.users WHERE id = 1') // 1) eq '0' }), 'issue 17: the account is gone in the end') or diag(ask('SELECT * FROM social.worker_steps()'), ask($left));
ok(wait_until(240, sub { (ask('SELECT count(*) FROM social.account_deletions WHERE erased_at IS NOT NULL') // 0) eq '1' }), 'and nothing is left of it, as the ledger says');
is(sql('SELECT count(*) FROM social.user_footprint(1)'), 0, 'which is so');
ok(wait_until(120, sub { (ask('SELECT count(*) FROM social.reconcile()') // 1) eq '0' }), 'counts are right');
is(sql(q{SELECT count(*) FROM social.comments WHERE author_id = 2 AND content = 'r' AND parent_id IN (SELECT id FROM social.comments WHERE content = '')}), 80, 'what others replied under other posts stands where it stood');
is($Cluster::failures, 0, 'no statement failed');
stop('primary');
done_testing;
