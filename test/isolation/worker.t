# worker.t: the background worker does its rounds in the database that social.database names: folds,
# publishes, expires; an error in one step stops no other; it survives DROP and CREATE EXTENSION and
# makes room for DROP DATABASE. design D12, mission P-24.
use strict;
use warnings;
use File::Temp;
use Test::More;
use Time::HiRes qw(sleep time);

my $own = "social_worker_$$";

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

# Waits until a query returns what is wanted; fails after a deadline.
sub becomes
{
	my ($database, $sql, $wanted, $name) = @_;
	my $deadline = time + 240; # a step that took long under load rests the longer
	my $got;
	while (($got = sql($database, $sql)) ne $wanted && time < $deadline) { sleep 0.05 }
	is($got, $wanted, $name);
}

plan skip_all => 'the library is not preloaded'
	if sql('postgres', q{SELECT current_setting('shared_preload_libraries') NOT LIKE '%social%'}) eq 't';

my $worker = 'SELECT pid FROM pg_stat_activity WHERE backend_type = \'social worker\' AND datname';
my $served = sql('postgres', 'SHOW social.database');

# Makes the worker serve another database.
sub serve
{
	my ($database) = @_;
	sql('postgres', "ALTER SYSTEM SET social.database = '$database'", 'SELECT pg_reload_conf()');
}

sql('postgres', "CREATE DATABASE $own TEMPLATE template0 ENCODING 'UTF8'");
my $changed = 1;
sql($own, 'CREATE EXTENSION social',
	q{INSERT INTO social.users (username) SELECT 'u' || n FROM generate_series(1, 20) n},
	q{INSERT INTO social.posts (author_id, title, content) VALUES (1, 'p', '#one')},
	q{INSERT INTO social.posts (author_id, title, content, is_published, publish_at) VALUES (2, 'due', '#two', false, now() - interval '1 minute')},
	q{INSERT INTO social.mutes (muter_id, muted_id, expires_at) VALUES (1, 2, now() - interval '1 minute')},
	q{INSERT INTO social.user_counter_deltas (user_id, followers_count) VALUES (1, 2), (1, -2)});
serve($own);

becomes('postgres', "SELECT count(*) FROM ($worker = '$own') w", 1, 'found C16: a reload moves the worker to the database that social.database names');
is(sql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'social worker'}), 1, 'and there is one');
becomes($own, 'SELECT count(*) FROM social.user_counter_deltas', 0, 'the worker folds counters');
becomes($own, 'SELECT count(*) FROM social.post_trends', 2, 'and trends, of a post that it published too');
becomes($own, q{SELECT is_published AND position IS NOT NULL FROM social.posts WHERE title = 'due'}, 't', 'it publishes what is due');
becomes($own, 'SELECT count(*) FROM social.mutes', 0, 'and removes mutes whose time is over');
my $pid = sql('postgres', "$worker = '$own'");
sql($own, 'INSERT INTO social.post_likes (post_id, user_id) SELECT 1, id FROM social.users');
becomes($own, 'SELECT count(*) FROM social.trend_events', 0, 'a commit wakes it');

sql($own, q{INSERT INTO social.users (username) VALUES ('going');
	INSERT INTO social.follows (follower_id, followed_id) SELECT g.id, o.id FROM social.users g, social.users o WHERE g.username = 'going' AND o.username <> 'going'});
my $follow = q{SELECT count(*) FILTER (WHERE follower_is_counted) FROM social.follows f JOIN social.users u ON u.id = f.follower_id WHERE u.username = 'going'};
my $followed = sql($own, $follow);
isnt($followed, 0, 'somebody follows people');
sql($own, q{UPDATE social.users SET suspended_at = now(), suspended_until = now() + interval '1 hour' WHERE username = 'going'});
becomes($own, $follow, 0, 'found B5: the worker goes through what a suspended person did');
is(sql($own, 'SELECT count(*) FROM social.reconcile()'), 0, 'and counts are exact');
becomes($own, q{SELECT count(*) FROM social.recounts WHERE due > now() + interval '50 minutes'}, 1, 'its end is awaited');
sql($own, q{BEGIN; ALTER TABLE social.users DISABLE TRIGGER social_note_standing;
	UPDATE social.users SET suspended_until = now() WHERE username = 'going'; ALTER TABLE social.users ENABLE TRIGGER social_note_standing;
	UPDATE social.recounts SET due = now(); COMMIT});
becomes($own, $follow, $followed, 'found B5: and through it again when the suspension is over');
is(sql($own, 'SELECT count(*) FROM social.reconcile()'), 0, 'exactly');
sql($own, q{DELETE FROM social.users WHERE username = 'going'});

# Rounds rest 50 ms in between, however many commits ask for one meanwhile (design D4).
my $rounds = q{SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'user_counter_deltas_idx'};
my ($begun, $before) = (time, sql($own, $rounds));
my $script = File::Temp->new;
print $script "DELETE FROM social.post_likes WHERE post_id = 1 AND user_id = 1 + :client_id;\nINSERT INTO social.post_likes (post_id, user_id) VALUES (1, 1 + :client_id);\n";
close $script;
my $output = `pgbench -n -c 4 -T 2 -f $script $own 2>&1`;
my ($commits) = $output =~ /processed: (\d+)/ or BAIL_OUT("pgbench: $output");
my ($made, $deadline) = (0, time + 240);
until ($made > 0 || time > $deadline) { $made = sql($own, $rounds) - $before } # the worker tells once a second
cmp_ok($made, '>', 0, 'rounds go on under load');
cmp_ok($made, '<=', 2 + 20 * (time - $begun), "at their own pace: $made rounds for $commits commits");

# What tells of counts goes with an event, in one commit, so that both are heard of at once (issue 14); where it fails,
# the event is numbered without.
my $mark   = sql($own, 'SELECT social.event_position()');
my $ridden = qq{SELECT count(*) > 0 FROM (SELECT FROM social.events WHERE id > $mark GROUP BY xmin::text HAVING count(DISTINCT type LIKE '%.counts') = 2) e};
print { $script = File::Temp->new } "SELECT social.act_as(1, session => true);\nSELECT social.create_comment(1, 'heard of');\n\\sleep 5 ms\n";
close $script;
my $tell = sub { `pgbench -n -c 1 -T 1 -f $script $own 2>&1` =~ /processed: [1-9]/ or fail('comments are written') };
$tell->();
becomes($own, $ridden, 't', 'counts go with an event');
my ($right, $ends) = (sql($own, q{SELECT pg_get_functiondef('social.number_counts'::regproc)}), q{SELECT count(*) FROM social.event_outbox});
sql($own, q{CREATE OR REPLACE FUNCTION social.number_counts(batch integer DEFAULT 10000) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken counts''; END'});
$tell->();
becomes($own, $ends, 0, 'where they fail, events go without');
becomes($own, q{SELECT string_agg(step, ', ') FROM social.worker_failures()}, 'number_counts', 'and it is told which step fails');
# Also where that takes longer than what failed rests.
my $quick = sql($own, q{SELECT pg_get_functiondef('social.number_events'::regproc)});
sql($own, $quick =~ s/\bBEGIN\b/BEGIN PERFORM pg_sleep(0.3);/r);
$tell->();
becomes($own, $ends, 0, 'slow ones, too');
sql($own, $quick);
sql($own, $right);
becomes($own, 'SELECT count(*) FROM social.event_counts', 0, 'and counts are told of when they do not fail any more');

# Whoever may not do it gets an error, and the worker stays.
sql('postgres', "DO \$\$ BEGIN DROP ROLE IF EXISTS social_worker_stranger, social_worker_maker; END \$\$", 'CREATE ROLE social_worker_stranger', 'CREATE ROLE social_worker_maker CREATEDB');
for my $statement ("DROP DATABASE $own", "DROP DATABASE IF EXISTS $own WITH (FORCE)", "ALTER DATABASE $own RENAME TO ${own}_2",
	"ALTER DATABASE $own SET TABLESPACE pg_default", "CREATE DATABASE ${own}_2 TEMPLATE $own")
{
	for my $role ('social_worker_stranger', 'social_worker_maker')
	{
		my $said = `psql -X -q -d postgres -v VERBOSITY=sqlstate -c "SET ROLE $role" -c "$statement" 2>&1`;
		like($said, qr/42501/, "$role may not: $statement");
	}
}
sql('postgres', "ALTER DATABASE $own CONNECTION LIMIT 100");
sql($own, 'DELETE FROM social.post_likes');
becomes($own, 'SELECT count(*) FROM social.trend_events', 0, 'found B12: the worker goes on');
is(sql('postgres', "$worker = '$own'"), $pid, 'found B12: and is the same one');
my $copied = time;
sql('postgres', 'DROP ROLE social_worker_stranger, social_worker_maker', "CREATE DATABASE ${own}_2 TEMPLATE $own", "DROP DATABASE ${own}_2");
becomes('postgres', "SELECT count(*) FROM ($worker = '$own') w", 1, 'for a copy by who may it makes room, and comes back');
$pid = sql('postgres', "$worker = '$own'");

# A step that fails, and one that is not there.
sql($own, q{CREATE OR REPLACE FUNCTION social.fold_trends(batch integer DEFAULT 10000) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken''; END'});
sql($own, q{INSERT INTO social.posts (author_id, title, content, is_published, publish_at) VALUES (2, 'due again', '#two', false, now())});
becomes($own, q{SELECT is_published FROM social.posts WHERE title = 'due again'}, 't', 'an error in one step stops no other');
is(sql('postgres', "$worker = '$own'"), $pid, 'nor the worker');
like(sql($own, 'SET client_min_messages = error', 'SELECT social.tick()'), qr/^\d+$/, 'nor a tick');
sql($own, 'ALTER EXTENSION social DROP FUNCTION social.fold_trends(integer)', 'DROP FUNCTION social.fold_trends(integer)');
sql($own, q{INSERT INTO social.posts (author_id, title, content, is_published, publish_at) VALUES (2, 'due at last', '#two', false, now())});
becomes($own, q{SELECT is_published FROM social.posts WHERE title = 'due at last'}, 't', 'a step that is not there is left out');
is(sql('postgres', "$worker = '$own'"), $pid, 'by the same worker');

# The worker wants a table that somebody has locked; who drops the extension meanwhile waits for the worker, before
# having locked anything that the worker could want next.
my @busy;
for my $statements ("BEGIN; LOCK TABLE social.recounts; SELECT pg_sleep(600)", 'SET social.allow_drop = on; SET deadlock_timeout = 100; DROP EXTENSION social')
{
	open $busy[@busy], '|-', 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $own or BAIL_OUT("psql: $!");
	print { $busy[-1] } "$statements;\n";
	$busy[-1]->flush;
	becomes('postgres', "SELECT count(*) FROM pg_locks JOIN ($worker = '$own') w USING (pid) WHERE NOT granted AND relation IS NOT NULL", 1, 'the worker waits for a table') if @busy == 1;
}
becomes($own, q{SELECT count(*) FROM pg_locks WHERE NOT granted AND classid = 'pg_extension'::regclass AND mode = 'AccessExclusiveLock'}, 1, 'DROP EXTENSION waits for a round of the worker');
is(sql($own, q{SELECT count(*) FROM pg_locks l JOIN pg_locks d USING (pid) WHERE NOT d.granted AND d.classid = 'pg_extension'::regclass AND l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL}), 0, 'and has locked no table');
sql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = '$own' AND query LIKE '%pg_sleep(600)%' AND backend_type = 'client backend' AND pid <> pg_backend_pid()");
close $busy[0];
ok(close $busy[1], 'it is done when the round is over');
becomes('postgres', "SELECT count(*) FROM ($worker = '$own') w", 0, 'without the extension the worker leaves');
sql($own, 'CREATE EXTENSION social', q{INSERT INTO social.users (username) VALUES ('u')},
	q{INSERT INTO social.posts (author_id, title, content) VALUES (1, 'p', '#one')});
becomes($own, 'SELECT count(*) FROM social.post_trends', 1, 'and comes back with it');
sql('postgres', "DROP DATABASE $own");
$changed = 0;
is(sql('postgres', "SELECT count(*) FROM pg_database WHERE datname = '$own'"), 0, 'it makes room for DROP DATABASE');
serve($served);
sql('postgres', 'ALTER SYSTEM RESET social.database', 'SELECT pg_reload_conf()');
becomes('postgres', "SELECT count(*) FROM ($worker = '$served') w", 1, 'and goes back to where it belongs')
	if sql('postgres', "SELECT count(*) FROM pg_database WHERE datname = '$served'");

END
{
	if ($changed)
	{
		local $?;
		system 'psql', '-X', '-q', '-d', 'postgres', '-c', 'ALTER SYSTEM RESET social.database', '-c', 'SELECT pg_reload_conf()',
			'-c', "DROP DATABASE IF EXISTS $own WITH (FORCE)";
	}
}
done_testing();
