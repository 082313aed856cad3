# django.t: a Django application moves in: both seeds' shapes of tables, as migrations would make them.
# Keys, times, password hashes and the order of lists stay; nobody is notified; what does not fit is told;
# a move that is broken off goes on, and one that is repeated takes nothing twice. Mission 3.5 (migration).
use strict;
use warnings;
use lib 'test/upgrade';
use Databases;
use Test::More;
use Time::HiRes qw(sleep time);

my $db = "social_django_$$";
my $hash = 'pbkdf2_sha256$2000$salt1234$Bk2hpPLgJXueKm3Y3PNNIXX7v7e1t26Jx1PlcOCja4M=';
create_database($db);
sql($db, 'CREATE EXTENSION social');

# Seed A: users, posts, interactions; keys are numbers, the profile is a table of its own.
sql($db, <<"SQL");
CREATE SCHEMA old;
SET search_path = old;
CREATE TABLE users_user (id bigserial PRIMARY KEY, password varchar(128) NOT NULL, last_login timestamptz, is_superuser boolean NOT NULL DEFAULT false, username varchar(150) NOT NULL UNIQUE,
	first_name varchar(150) NOT NULL DEFAULT '', last_name varchar(150) NOT NULL DEFAULT '', email varchar(254) NOT NULL DEFAULT '', is_staff boolean NOT NULL DEFAULT false,
	is_active boolean NOT NULL DEFAULT true, date_joined timestamptz NOT NULL);
CREATE TABLE users_profile (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users_user, bio text NOT NULL DEFAULT '', avatar varchar(100), location varchar(100) NOT NULL DEFAULT '', website varchar(200) NOT NULL DEFAULT '');
CREATE TABLE users_follow (id bigserial PRIMARY KEY, follower_id bigint NOT NULL REFERENCES users_user, following_id bigint NOT NULL REFERENCES users_user, created_at timestamptz NOT NULL);
CREATE TABLE posts_post (id bigserial PRIMARY KEY, author_id bigint NOT NULL REFERENCES users_user, title text NOT NULL, content text NOT NULL, is_published boolean NOT NULL DEFAULT true, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE posts_comment (id bigserial PRIMARY KEY, post_id bigint NOT NULL REFERENCES posts_post, author_id bigint NOT NULL REFERENCES users_user, parent_id bigint REFERENCES posts_comment, content text NOT NULL, is_edited boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE interactions_like (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users_user, post_id bigint REFERENCES posts_post, comment_id bigint REFERENCES posts_comment, created_at timestamptz NOT NULL);
CREATE TABLE interactions_share (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users_user, post_id bigint NOT NULL REFERENCES posts_post, message text NOT NULL DEFAULT '', created_at timestamptz NOT NULL);
CREATE TABLE posts_bookmark (id bigserial PRIMARY KEY, person bigint);
INSERT INTO users_user (id, username, password, email, is_staff, is_active, date_joined) VALUES
	(11, 'ada', '$hash', 'ada\@example.com', true, true, '2024-01-01Z'), (12, 'Bob', '$hash', 'bob\@example.com', false, true, '2024-01-02Z'), (13, 'bob', '!unusable', '', false, true, '2024-01-03Z'),
	(14, 'gone', '$hash', 'ada\@example.com', false, false, '2024-01-04Z'), (15, 'with space\@x', '$hash', '', false, true, '2024-01-05Z');
INSERT INTO users_profile (user_id, bio, avatar, website) VALUES (11, 'Writes #code.', 'avatars/ada.jpg', 'javascript:alert(1)'), (12, '', NULL, 'https://bob.example');
INSERT INTO users_follow (follower_id, following_id, created_at) VALUES (12, 11, '2024-02-01Z'), (13, 11, '2024-02-02Z'), (11, 12, '2024-02-03Z'), (12, 12, '2024-02-04Z'), (12, 11, '2024-02-05Z');
INSERT INTO posts_post (id, author_id, title, content, is_published, created_at, updated_at) VALUES
	(101, 11, 'First', 'About #django and \@bob', true, '2024-03-01Z', '2024-03-02Z'), (103, 12, 'Late key, early time', 'x', true, '2024-02-15Z', '2024-02-15Z'),
	(102, 11, '', E'No title,\\ntwo lines', true, '2024-03-05Z', '2024-03-05Z'), (104, 11, 'Draft', 'not yet', false, '2024-03-06Z', '2024-03-06Z'),
	(105, 11, 'Empty', E' ', true, '2024-03-07Z', '2024-03-07Z'), (106, 11, ' ', '', true, '2024-03-08Z', '2024-03-08Z'), (107, 11, repeat('long ', 200), repeat('word ', 5000), true, '2024-03-09Z', '2024-03-09Z');
INSERT INTO posts_comment (id, post_id, author_id, parent_id, content, is_edited, created_at, updated_at) VALUES
	(201, 101, 12, NULL, 'Nice', true, '2024-03-02Z', '2024-03-03Z'), (202, 101, 11, 201, 'Thanks', false, '2024-03-03Z', '2024-03-03Z'), (203, 106, 12, NULL, 'under what was left out', false, '2024-03-09Z', '2024-03-09Z');
INSERT INTO interactions_like (user_id, post_id, comment_id, created_at) VALUES (12, 101, NULL, '2024-03-04Z'), (13, 101, NULL, '2024-03-04Z'), (12, 101, NULL, '2024-03-05Z'), (11, NULL, 201, '2024-03-05Z');
INSERT INTO interactions_share (user_id, post_id, message, created_at) VALUES (12, 101, '', '2024-03-03Z'), (12, 101, 'Read this', '2024-03-20Z');
SQL

sub move { return sql($db, "SET client_min_messages = warning;\nCALL social.import_django($_[0])") }

# Broken off while it waits: what it had taken stays.
my $pid = open my $holder, '|-', 'psql', '-X', '-q', '-d', $db or die "psql: $!";
print $holder "BEGIN; LOCK TABLE social.comments IN ACCESS EXCLUSIVE MODE; SELECT 1 \\g /dev/null\n";
$holder->flush;
sub becomes
{
	my ($query, $wanted, $name) = @_;
	my ($deadline, $got) = (time + 120);
	while (($got = sql($db, $query)) ne $wanted && time < $deadline) { sleep 0.05 }
	return is($got, $wanted, $name);
}
becomes("SELECT count(*) FROM pg_locks WHERE relation = 'social.comments'::regclass AND mode = 'AccessExclusiveLock' AND granted", 1, 'somebody holds the comments');
open my $mover, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', 'psql', '-X', '-q', '-A', '-t', '-d', $db, '-c', "CALL social.import_django('old', 2)" or die "psql: $!";
my $waiting = "FROM pg_locks WHERE relation = 'social.comments'::regclass AND NOT granted";
becomes("SELECT count(*) $waiting", 1, 'the move has come to them');
sql($db, "SELECT pg_terminate_backend(pid) $waiting");
like(do { local $/ = undef; <$mover> }, qr/terminating connection/, 'it is ended there');
ok(!close $mover, 'it is broken off');
close $holder;
is(sql($db, "SELECT (SELECT count(*) FROM social.users), (SELECT count(*) FROM social.comments)"), '5|0', 'what it had taken by then stays');
move("'old'");

is(sql($db, "SELECT id, username, is_staff, is_active, created_at = '2024-01-01'::timestamptz + (id - 11) * interval '1 day' FROM social.users ORDER BY id"),
	"11|ada|t|t|t\n12|Bob|f|t|t\n13|bob_13|f|t|t\n14|gone|f|f|t\n15|with space\@x|f|t|t", 'people keep their keys and times; a name that differs by case alone gets the key behind it');
is(sql($db, "SELECT (l).error_code IS NULL, social.verify_password('old-password', password) FROM social.users, LATERAL social.login('ada', 'old-password') l WHERE id = 11"), 't|t', 'the old password opens the door');
like(sql($db, "SELECT password FROM social.users WHERE id = 11"), qr/^\$argon2id\$/, 'and its hash is a new one from then on');
is(sql($db, "SELECT email = '', pending_email FROM social.users WHERE id IN (11, 14) ORDER BY id"), "t|ada\@example.com\nt|ada\@example.com", 'addresses wait for proof, so two may claim one');
is(sql($db, 'SELECT user_id, bio, avatar, website FROM social.profiles ORDER BY 1'), "11|Writes #code.|avatars/ada.jpg|\n12|||https://bob.example", 'profiles; an address that nobody should follow is left out');
is(sql($db, 'SELECT follower_id, followed_id, created_at::date FROM social.follows ORDER BY 1, 2'), "11|12|2024-02-03\n12|11|2024-02-01\n13|11|2024-02-02", 'follows, each once, nobody themselves');
is(sql($db, 'SELECT id, title FROM social.visible_posts WHERE id < 107 ORDER BY position'), "103|Late key, early time\n101|First\n102|No title, two lines\n105|Empty", 'posts stand in order of time, a missing title is taken from the text');
is(sql($db, 'SELECT is_published, position IS NULL FROM social.posts WHERE id = 104'), 'f|t', 'a draft stays one');
is(sql($db, 'SELECT char_length(title) > 900, char_length(content) > 20000 FROM social.posts WHERE id = 107'), 't|t', 'what was long stays long');
is(sql($db, "SELECT tag FROM social.hashtags ORDER BY 1"), 'django', 'tags are found');
is(sql($db, 'SELECT mentioned_user_id FROM social.mentions'), 12, 'and mentions');
is(sql($db, "SELECT array_agg(id) FROM social.search_posts('django')"), '{101}', 'and words');
is(sql($db, 'SELECT id, parent_id, is_edited, updated_at::date FROM social.comments ORDER BY 1'), "201||t|2024-03-03\n202|201|f|2024-03-03", 'comments with their replies');
is(sql($db, 'SELECT likes_count, comments_count, reposts_count FROM social.post(101)'), '2|2|1', 'counts follow');
is(sql($db, 'SELECT count(*) FROM social.comment_likes'), 1, 'likes of comments, out of the same table');
is(sql($db, 'SELECT count(*) FROM social.posts p JOIN social.reposts r ON r.post_id = 101 AND r.user_id = 12 WHERE p.id = 101 AND r.position > p.position AND r.position < (SELECT position FROM social.posts WHERE id = 102)'), 1, 'a share without words is a repost at its time');
is(sql($db, "SELECT content, quoted_post_id, title FROM social.posts WHERE quoted_post_id IS NOT NULL"), 'Read this|101|', 'one with words is a quote');
is(sql($db, 'SELECT count(*) FROM social.notifications'), 0, 'nobody is told of any of it');
is(sql($db, 'SELECT count(*) FROM social.reconcile()'), 0, 'counts equal the truth');
is(sql($db, "SELECT kind, key, note FROM social.django_notes ORDER BY 1, 2"), join("\n", 'bookmark|posts_bookmark|left out: the table has no column for person, post', 'comment|203|left out: its post is not there',
	'post|106|left out: title is required', 'user|13|renamed: the name was taken or missing, its key was put behind it'), 'what was not taken as it was is told');
is(sql($db, "SELECT social.act_as('ada', true) AS viewer \\gset\nSELECT social.create_post('New', 'text') > 107"), 't', 'and life goes on, with ids of its own');

# What has come since, and nothing twice.
sql($db, "INSERT INTO old.users_user (id, username, password, date_joined) VALUES (900, 'late', 'x', now()); INSERT INTO old.posts_post (id, author_id, title, content, created_at, updated_at) VALUES (108, 900, 'Since', 'text', now(), now())");
sql($db, "DELETE FROM social.post_likes WHERE user_id = 13");
my $people = sql($db, 'SELECT count(*) FROM social.users');
move("'old', 3");
is(sql($db, "SELECT (SELECT count(*) FROM social.users) - $people, (SELECT string_agg(title, ',') FROM social.posts WHERE author_id = 900), (SELECT count(*) FROM social.post_likes)"), '1|Since|1', 'the next call takes what has come since, and only that');
my $before = fingerprint($db);
move("'old', restart => true");
sub content { return join "\n", grep { !/^(django_\w+|post_likes|\w+_seq|post_counter\w*|trend_events)\||notifications/ } split /\n/, $_[0] }
is(content(fingerprint($db)), content($before), 'from the beginning it takes nothing twice');
sql($db, q{SELECT social.delete_user(12)});
move("'old', restart => true");
is(sql($db, "SELECT count(*) FROM social.users WHERE id = 12"), 0, 'who was deleted here stays deleted');

# Seed B: accounts, keys that are no numbers, people with their profile, lists of people as tables of pairs.
sql($db, <<"SQL");
CREATE SCHEMA "Old b";
SET search_path = "Old b";
CREATE TABLE accounts_user (id uuid PRIMARY KEY, password text NOT NULL, username text NOT NULL, email text, is_active boolean, date_joined timestamp, bio text, profile_image text, banner_image text, location text);
CREATE TABLE accounts_user_blocked_users (id bigserial, from_user_id uuid, to_user_id uuid);
CREATE TABLE accounts_user_muted_users (id bigserial, from_user_id uuid, to_user_id uuid);
CREATE TABLE accounts_follow (id bigserial, follower_id uuid, followed_id uuid, created_at timestamp);
CREATE TABLE b_post (id uuid, author_id uuid, title text, content text, image text, is_pinned boolean, is_highlighted boolean, reply_settings text, created_at timestamp);
CREATE VIEW posts_post AS SELECT * FROM b_post;
CREATE TABLE posts_comment (id uuid, post_id uuid, author_id uuid, parent_comment_id uuid, content text, created_at timestamp);
CREATE TABLE posts_post_likes (id bigserial, post_id uuid, user_id uuid);
CREATE TABLE posts_repost (id bigserial, user_id uuid, original_post_id uuid, created_at timestamp);
CREATE TABLE posts_bookmark (id bigserial, user_id uuid, post_id uuid, created_at timestamp);
INSERT INTO accounts_user (id, password, username, email, is_active, date_joined, bio, profile_image) SELECT format('00000000-0000-0000-0000-00000000000%s', n)::uuid, '$hash', name, name || '\@b.example', true, '2023-01-01', 'Bio', 'p/' || n || '.png'
	FROM unnest(ARRAY['ada', 'ben', 'cem', 'dua']) WITH ORDINALITY u (name, n);
INSERT INTO accounts_user_blocked_users (from_user_id, to_user_id) SELECT a.id, b.id FROM accounts_user a, accounts_user b WHERE (a.username, b.username) = ('ben', 'cem');
INSERT INTO accounts_user_muted_users (from_user_id, to_user_id) SELECT a.id, b.id FROM accounts_user a, accounts_user b WHERE (a.username, b.username) = ('dua', 'cem');
INSERT INTO accounts_follow (follower_id, followed_id, created_at) SELECT a.id, b.id, '2023-02-01' FROM accounts_user a, accounts_user b WHERE (a.username, b.username) IN (('ben', 'dua'), ('cem', 'ben'));
INSERT INTO b_post SELECT gen_random_uuid(), id, 'By ' || username, 'Content of ' || username, 'posts/1.jpg', true, false, 'followers_only', '2023-03-01' FROM accounts_user;
INSERT INTO posts_comment SELECT 'ffffffff-0000-0000-0000-000000000001', p.id, u.id, NULL, 'first', '2023-03-02' FROM b_post p, accounts_user u WHERE p.title = 'By ben' AND u.username = 'dua';
INSERT INTO posts_comment SELECT '00000000-0000-0000-0000-000000000001', post_id, author_id, id, 'reply', '2023-03-03' FROM posts_comment;
INSERT INTO posts_post_likes (post_id, user_id) SELECT p.id, u.id FROM b_post p, accounts_user u WHERE p.title = 'By ben';
INSERT INTO posts_repost (user_id, original_post_id, created_at) SELECT u.id, p.id, '2023-03-05' FROM b_post p, accounts_user u WHERE p.title = 'By ben' AND u.username = 'dua';
INSERT INTO posts_bookmark (user_id, post_id) SELECT u.id, p.id FROM b_post p, accounts_user u WHERE p.title = 'By dua' AND u.username = 'ben';
SQL
move("'Old b'");
is(sql($db, "SELECT username FROM social.users WHERE id > 900 AND id NOT IN (SELECT user_id FROM social.tombstones) ORDER BY id"), "ada_00000000-0000-0000-0000-000000000001\nben\ncem\ndua", 'people whose keys are no numbers; a second application moves in beside the first');
is(sql($db, "SELECT u.username, p.bio, p.avatar FROM social.profiles p JOIN social.users u ON u.id = p.user_id WHERE u.username = 'ben'"), 'ben|Bio|p/2.png', 'with what stands on the account itself');
is(sql($db, "SELECT a.username, b.username FROM social.blocks x JOIN social.users a ON a.id = blocker_id JOIN social.users b ON b.id = blocked_id"), 'ben|cem', 'blocks');
is(sql($db, "SELECT a.username, b.username FROM social.mutes x JOIN social.users a ON a.id = muter_id JOIN social.users b ON b.id = muted_id"), 'dua|cem', 'mutes');
is(sql($db, "SELECT a.username, b.username FROM social.follows x JOIN social.users a ON a.id = follower_id JOIN social.users b ON b.id = followed_id WHERE x.follower_id > 900"), 'ben|dua', 'follows, but not across a block');
is(sql($db, "SELECT v.likes_count, v.comments_count, v.reposts_count, p.reply_settings, p.is_pinned, p.image FROM social.posts p, LATERAL social.post(p.id) v WHERE p.title = 'By ben'"), '4|2|1|followers|t|posts/1.jpg', 'posts, through a view, and what was done to them');
is(sql($db, "SELECT c.content, p.content FROM social.comments c JOIN social.comments p ON p.id = c.parent_id WHERE c.author_id > 900"), 'reply|first', 'a reply, whatever the order of the keys');
is(sql($db, 'SELECT count(*) FROM social.bookmarks'), 1, 'bookmarks');
is(sql($db, 'SELECT count(*) FROM social.reconcile()'), 0, 'counts equal the truth');

sub refusal { my ($sql) = @_; return sql($db, "DO \$\$ BEGIN $sql EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLSTATE; PERFORM set_config('my.state', SQLSTATE, false); END \$\$; SELECT current_setting('my.state')") }
is(refusal("PERFORM social.django_begin('nowhere', false);"), 'SM404', 'a schema without such tables is told so');
is(refusal("PERFORM social.import_django_batch('old', 0);"), 'SM400', 'a batch has its bounds');
is(refusal(q{SET LOCAL ROLE pg_monitor; PERFORM social.import_django_batch('old');}), '42501', 'it is nobody else\'s');
done_testing;
