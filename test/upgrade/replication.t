# replication.t: a publication of all tables refuses nothing in a day's life, a logical subscriber in
# a cluster of its own equals the publisher row by row, its worker stays out of the way, and it takes
# over. check() tells when the worker's rounds fail. found C1
use strict;
use warnings;
use lib 'test/upgrade', 'test/http';
use Cluster;
use IPC::Open2;
use Port;
use Social qw(wait_until);
use Test::More;

my %port = (publisher => $port, subscriber => free_port());

sub at
{
	my ($name, $sql) = @_;
	local $Cluster::port = $port{$name};
	return sql($sql);
}

# Every row of every logged table.
sub rows_of
{
	my ($name) = @_;
	my $union = at($name, q{SELECT string_agg(format('SELECT %L AS name, count(*) AS n, md5(string_agg(t::text, chr(10) ORDER BY t::text)) AS digest FROM social.%I t', relname, relname), ' UNION ALL ' ORDER BY relname)
		FROM pg_class WHERE relnamespace = 'social'::regnamespace AND relkind = 'r' AND relpersistence = 'p'});
	return at($name, "$union ORDER BY 1");
}
my ($published, $received);
sub equal { return wait_until(300, sub { ($published, $received) = (rows_of('publisher'), rows_of('subscriber')); $published eq $received }) }

for my $name (sort keys %port)
{
	make_cluster($name, "port = $port{$name}\nwal_level = logical\nshared_preload_libraries = 'social'\nsocial.database = 'postgres'\nsocial.trending_half_life = '1h'");
	start($name);
	at($name, 'CREATE EXTENSION social');
}
at('publisher', 'CREATE PUBLICATION p FOR ALL TABLES');

# Some are there before the subscription, and are copied.
at('publisher', 'SELECT social.init_data(1)');
at('publisher', "SELECT social.register_user('quiet', 'quiet\@example.com', 'correct horse battery'), social.act_as('bob', true); SELECT social.follow_user(id) FROM social.users WHERE username = 'quiet'");
at('subscriber', "CREATE SUBSCRIPTION s CONNECTION 'host=$dir port=$port{publisher} user=postgres dbname=postgres' PUBLICATION p");
is(at('subscriber', 'SELECT social.is_subscriber()'), 't', 'a subscriber knows that it is one');
is(at('publisher', 'SELECT social.is_subscriber()'), 'f', 'and the publisher that it is none');
ok(wait_until(300, sub { at('subscriber', "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'") == 0 }), 'every table is copied');
ok(equal(), 'the copy is equal') or is($received, $published);
# Its memory is loaded anew, and has to hear of what arrives from then on.
stop('subscriber');
start('subscriber');
# Without a walk in order only people whose last position is high enough are looked up.
my $feed = "SET social.feed_walk_budget = 0; SELECT social.act_as('bob', true); SELECT string_agg(title, ', ') FROM social.home_feed()";
at('subscriber', $feed);
# So does what a session keeps.
my $pid = open2(my $answers, my $session, "$bin/psql", '-X', '-q', '-A', '-t', '-h', $dir, '-p', $port{subscriber}, '-U', 'postgres', '-d', 'postgres');
sub kept { print $session "$_[0];\n"; $session->flush; chomp(my $answer = <$answers>); return $answer }
my $limit = "SELECT rate FROM social.rate_limit_policy WHERE action = 'search' AND surface = 'rest' AND subject = 'client'";
isnt(kept($limit), '7/minute', 'a session has read the limits');

# A day's life, with folds that find rows held, so that there are deltas.
at('publisher', $_) for split /^--\n/m, <<'SQL';
SELECT social.act_as('alice', true);
SELECT social.register('newcomer', 'newcomer@example.com', 'correct horse battery');
SELECT social.update_profile(bio => 'replicated', is_locked => true), social.set_notification_preference('like', false);
SELECT social.update_post(social.create_post('A post #replicated', 'for @bob'), content => 'edited for @carol #twice');
SELECT social.create_post('Later', 'at its time', publish_at => now() + interval '1 second', is_published => false);
SELECT social.delete_post(social.create_post('Gone', 'for now'));
SELECT social.restore_post(id) FROM (SELECT social.delete_post(social.create_post('Back', 'again')) AS id) p;
SELECT social.pin_post(social.create_post('Pinned', 'text'));
--
SELECT social.act_as('quiet', true);
SELECT social.create_post('No longer quiet', 'text');
--
SELECT social.act_as('bob', true);
SELECT social.like_post(id), social.repost_post(id), social.bookmark_post(id), social.view_post(id), social.share_post(id, 'a quote'), social.report_post(id, 'spam')
FROM social.posts WHERE title = 'A post #replicated';
SELECT social.create_comment(id, 'reply', social.create_comment(id, 'comment')), social.delete_comment(social.create_comment(id, 'gone')) FROM social.posts WHERE title = 'A post #replicated';
SELECT social.follow_user(1), social.follow_user(5), social.unfollow_user(5), social.mute_user(7), social.block_user(8), social.unblock_user(8), social.block_user(9);
SELECT social.unlike_post(post_id) FROM social.post_likes WHERE user_id = 2 LIMIT 3;
SELECT social.unrepost_post(post_id) FROM social.reposts WHERE user_id = 2 LIMIT 1;
SELECT social.mark_all_notifications_read();
--
SELECT outcome FROM (SELECT 1 AS outcome FROM social.login('alice', 'demo-password')) l;
SELECT 1 FROM social.login('alice', 'wrong');
SELECT social.request_password_reset('alice@example.com') IS NULL;
SELECT social.rotate_jwt_key() IS NOT NULL, social.set_retention('post_views', '1 hour'), social.set_rate_limit('rest', 'search', 'client', '7/minute'), social.add_content_rule('word', 'forbidden', 'reject');
INSERT INTO social.post_counter_deltas (post_id, likes_count) SELECT id, n FROM social.posts, unnest('{1,1,-2}'::integer[]) AS n;
INSERT INTO social.last_positions (user_id) SELECT id FROM social.users LIMIT 5;
SELECT social.start_reindex();
--
SELECT social.delete_user(6);
--
SELECT social.request_account_deletion(7, true, '0') IS NOT NULL;
SELECT count(social.erase_accounts(1000)) FROM generate_series(1, 300);
SELECT 1 / (SELECT count(*) FROM social.tombstones);
--
SELECT count(*) FROM social.reconcile(true);
--
SELECT social.rebuild_trends() > 0;
--
SELECT social.purge_deleted(), social.expire_mutes(), social.advance_sequences();
--
DELETE FROM social.posts WHERE id IN (SELECT id FROM social.posts WHERE author_id = 3 ORDER BY id LIMIT 5);
DELETE FROM social.comments WHERE id IN (SELECT id FROM social.comments ORDER BY id LIMIT 5);
UPDATE social.users SET is_active = false WHERE id = 4;
--
SELECT count(*) FROM (SELECT social.retention_round(1000)) r;
SQL
ok(wait_until(300, sub { at('publisher', 'SELECT (SELECT count(*) FROM social.post_counter_deltas) + (SELECT count(*) FROM social.trend_events) + (SELECT count(*) FROM social.post_reindex)') == 0 }),
	'the publisher\'s worker folds, and makes vectors anew');
# Between two readings of a feed it would come into the second alone.
ok(wait_until(300, sub { at('publisher', q{SELECT count(*) FROM social.posts WHERE title = 'Later' AND position IS NOT NULL}) == 1 }), 'and publishes what is due');
is(at('publisher', "SELECT count(*) FROM social.reconcile()"), 0, 'its counts are true');
is(at('publisher', "SELECT name, detail FROM social.check() WHERE status = 'error'"), '', 'its check() finds no error');
ok(equal(), 'the subscriber equals the publisher, row by row') or is($received, $published);
like($published, qr/^posts\|\d\d/m, 'of which there are some');
is(at('subscriber', 'SELECT count(*) FROM social.reconcile()'), 0, 'and its counts are true');
is(at('subscriber', 'SELECT count(*) FROM pg_stat_subscription_stats WHERE apply_error_count > 0 OR sync_error_count > 0'), 0, 'nothing was tried twice');
is(at('subscriber', $feed), at('publisher', $feed), 'home feeds are equal: what arrives is in memory as well');
like(at('subscriber', $feed), qr/No longer quiet/, 'so somebody who was never active before is on them');
is(kept($limit), '7/minute', 'a session reads limits that arrive');

# The worker there does nothing; what it would do is not done twice.
at('publisher', 'SELECT social.act_as(1); INSERT INTO social.post_counter_deltas (post_id) SELECT max(id) FROM social.posts');
is(at('subscriber', 'SELECT social.tick()'), 0, 'a round does nothing on a subscriber');
is(at('subscriber', "SELECT status, detail FROM social.check() WHERE name = 'subscriber'"), 'ok|yes: the worker does nothing here', 'check() says so');
is(at('subscriber', "SELECT status FROM social.check() WHERE name = 'worker rounds'"), 'ok', 'and that nothing failed');
ok(equal(), 'still equal');

# Taking over.
at('subscriber', 'DROP SUBSCRIPTION s');
stop('publisher');
isnt(at('subscriber', 'SELECT count(*) FROM social.sequences_behind()'), 0, 'sequences are behind on a subscriber');
is(at('subscriber', "SELECT status FROM social.check() WHERE name = 'sequences'"), 'error', 'which check() tells now');
at('subscriber', 'SELECT * FROM social.advance_sequences()');
is(at('subscriber', "SELECT name, detail FROM social.check() WHERE status = 'error'"), '', 'then there is no error');
at('subscriber', $_) for split /^--\n/m, <<'SQL';
SELECT social.register_user('afterwards', 'afterwards@example.com', 'correct horse battery');
SELECT social.act_as('bob', true);
SELECT social.create_post('After taking over', 'with #replicated');
SELECT social.like_post(id), social.create_comment(id, 'comment'), social.repost_post(id), social.view_post(id) FROM social.posts WHERE title = 'After taking over';
SELECT social.follow_user(20), social.unfollow_user(1);
INSERT INTO social.post_counter_deltas (post_id) SELECT max(id) FROM social.posts;
SQL
is(at('subscriber', "SELECT likes_count, comments_count, reposts_count, views_count FROM social.visible_posts WHERE title = 'After taking over'"), '1|1|1|1', 'people write, and are counted');
ok(wait_until(300, sub { at('subscriber', 'SELECT (SELECT count(*) FROM social.post_counter_deltas) + (SELECT count(*) FROM social.trend_events)') == 0 }), 'the worker goes to work');
is(at('subscriber', 'SELECT count(*) FROM social.reconcile()'), 0, 'and counts are true');

# Whatever the reason is, check() tells when rounds fail, and when they do no longer.
at('subscriber', q{CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
	CREATE TRIGGER refuse BEFORE DELETE ON social.trend_events FOR EACH ROW EXECUTE FUNCTION public.refuse();
	SELECT social.act_as('alice'), social.create_post('Fails to trend', 'text')});
ok(wait_until(300, sub { at('subscriber', "SELECT detail FROM social.check() WHERE name = 'worker rounds' AND status = 'error'") =~ /^fold_trends failed \d+ times since .*: not today \(P0001\)$/ }), 'check() tells which step fails, with what');
at('subscriber', 'DROP TRIGGER refuse ON social.trend_events');
ok(wait_until(300, sub { at('subscriber', "SELECT status FROM social.check() WHERE name = 'worker rounds'") eq 'ok' }), 'until it does no longer');

is($Cluster::failures, 0, 'no statement failed');
done_testing();
