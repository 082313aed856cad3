# Routes describe themselves, and are held against the database (design: adding a route is one place).
use strict;
use warnings;
use JSON::PP;
use Route;
use Social;
use Test::More;

my $book = Route::book();
my @rows = @{ $book->{routes} };
cmp_ok(scalar @rows, '>', 30, 'there are routes');
my %seen;
is_deeply([ grep { $seen{$_}++ } map { my $row = $_; map { "$row->{method} $_" } @{ $row->{paths} } } @rows ], [], 'no path is served twice');
is_deeply([ grep { $seen{$_}++ } map { "$_->{method} $_->{name}" } @rows ], [], 'names are unique with their method');
is_deeply([ map { $_->{name} } grep { $_->{summary} !~ /^[A-Z].*\.$/ } @rows ], [], 'each says in a sentence what it does');
my %used = map { $_ => 1 } JSON::PP->new->canonical->encode($book) =~ m{#/components/schemas/(\w+)}g;
is_deeply([ grep { !$used{$_} } sort keys %{ $book->{shapes} } ], [], 'every shape is used');

# An account's operations stand below both paths of the seeds (mission I-02).
my ($account) = grep { $_->{name} eq 'account.get' } @rows;
is_deeply($account->{paths}, [ '/api/auth/users/me/', '/api/accounts/users/me/' ], 'a group is served below each of its bases');
my $token = account()->{token};
is(api(GET => $_, token => $token)->{status}, 200, "$_ answers") for @{ $account->{paths} };

# ---- the statements, as the bridge asks -------------------------------------------------------
my @statements = map { my $row = $_; map { { name => $row->{name}, %$_ } } @{ $row->{statements} } } @rows;
my $problems = sub {
	my $json = encode_json(\@_);
	$json =~ s/'/''/g;
	return psql("SET ROLE social_bridge; SELECT name || ': ' || problem FROM social.statement_problems('$json') ORDER BY 1");
};
is($problems->(@statements), '', 'every statement fits the database, with its parameters, for the role of the bridge');
my ($like) = grep { $_->{name} eq 'posts.like' } @statements;
is($problems->({ %$like, types => ['text', 'text'] }, $like), 'posts.like: its parameters are {bigint,text}, not {text,text}', 'a parameter of another type is told');
like($problems->({ %$like, sql => 'SELECT social.unlike_everything($1)' }), qr/^posts\.like: function social\.unlike_everything\(unknown\) does not exist/, 'so is a function that is not there');
like($problems->({ %$like, sql => 'SELECT private_key FROM social.jwt_key', types => [] }), qr/^posts\.like: permission denied/, 'and what the bridge may not read');
like($problems->({ %$like, sql => 'TABLE social.posts; DROP TABLE social.posts', types => [] }), qr/^posts\.like: /, 'nothing but one statement is prepared');
is(psql("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'social%'"), 0, 'nothing stays behind');

# What GraphQL can do REST can do, by the same functions or by those that go before them here.
{
	my $schema = join '', map { open my $file, '<', $_ or die "$_: $!"; local $/; <$file> } glob 'bridge/graphql/schema/*.graphql';
	my %called = map { $_ => 1 } map { $_->{sql} =~ /social\.(\w+)/g } @statements;
	my %other  = (posts => 'post_documents', search_posts => 'search_ranking', update_profile => 'update_account', follow_user => 'set_following', user_posts => 'rest_documents', home_feed => 'feed_documents', post_comments => 'rest_documents', comment_replies => 'rest_documents', picture_variants => 'profile_json',
		stream_url => 'stream_json', stream_recording_url => 'stream_recording_json', stream_playback_url => 'stream_json', watch_stream => 'stream_watch_json', chat_role => 'chat_message_json', chat_offset => 'chat_message_json', webhook_secrets => 'webhook_json', own_export_url => 'export_document');
	$called{$_} //= $called{ $other{$_} } for keys %other;
	my %wanted = map { $_ => 1 } $schema =~ /social\.(\w+)\(/g, $schema =~ /\@call\(name: "social\.(\w+)"/g;
	delete @wanted{qw(viewer_id document documents event_post_id event_comment_id event_notification_id event_media_id event_chat_message_id event_feed_entry)}; # what GraphQL itself stands on
	is_deeply([ grep { !/^nodes?(_id)?$/ && !$called{$_} } sort keys %wanted ], [], 'REST offers what GraphQL does');
}

# What has a limit of its own is said by some route, and by some field where GraphQL has one: left out, it would be free
# (seed 119-124). Counted elsewhere: what everybody does, what sockets and the ingest server send, bytes of uploads.
{
	my $schema = join '', map { open my $file, '<', $_ or die "$_: $!"; local $/; <$file> } glob 'bridge/graphql/schema/*.graphql';
	my $kept = sub {
		my ($surfaces) = @_;
		return split /\n/, psql("SELECT DISTINCT action FROM social.rate_limit_policy WHERE surface = ANY ('{$surfaces}')
			AND action <> ALL ('{global,user,anon,chat_message,chat_message_host,stream_publish,upload}') ORDER BY 1");
	};
	my %said = map { ($_->{action} // '') => 1 } @rows;
	is_deeply([ grep { !$said{$_} } $kept->('*,rest,auth') ], [], 'every limited action is one of a route');
	%said = map { s{.*/}{}r => 1 } $schema =~ /\@limit\(action: "([^"]+)"/g;
	is_deeply([ grep { !$said{$_} } $kept->('*,graphql,auth') ], [], 'and of a field');
}

# A bridge that meets a database of another make says which routes it cannot serve.
{
	psql('ALTER FUNCTION social.unfollow_user(bigint) RENAME TO unfollow_user_elsewhere');
	my $bridge = start_bridge();
	ok(wait_until(30, sub { $bridge->log_text =~ /does not fit the database.*unfollow/ }), 'the log names the route at the start');
	my %named = map { $_ => 1 } $bridge->log_text =~ /does not fit the database","route":"([^"]*)"/g;
	is_deeply([ sort keys %named ], [ 'DELETE /api/accounts/users/{id}/follow/', 'POST /api/accounts/users/{id}/unfollow/' ], 'those alone');
	$bridge->stop;
	psql('ALTER FUNCTION social.unfollow_user_elsewhere(bigint) RENAME TO unfollow_user');
}
my $bridge = start_bridge();
is($bridge->stop, 0, 'a clean end');
unlike($bridge->log_text, qr/does not fit/, 'a database of its own make suits it');
done_testing;
