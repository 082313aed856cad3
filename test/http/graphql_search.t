# Finding over GraphQL (seed 058-064, 085, 130-132, I-23): searches, hashtags, mentions, trends and the
# feed, with the documents that the seed prints, word for word.
use strict;
use warnings;
use utf8;
use GraphQL;
use JSON::PP;
use Social;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my ($ann, $bob, $cem) = map { account() } 1 .. 3;
my $word = sprintf 'gs%x%x', $$, time & 0xffff;
psql("INSERT INTO social.users (username) SELECT 'john' WHERE NOT EXISTS (SELECT FROM social.users u WHERE lower(u.username) = 'john'); SELECT social.act_as($cem->{id}), social.block_user($ann->{id})");
my $john = psql("SELECT username FROM social.users WHERE lower(username) = 'john'");
sub ids { my ($posts) = @_; return [ map { $_->{id} } @{ $posts // [] } ] }
sub has { my ($posts, $id) = @_; return scalar grep { $_ eq $id } @{ ids($posts) } }

# ---- the seed's documents
my $first = payload(post => $ann, <<'END');
mutation {
  createPost(
    title: "Django Tips"
    content: "@john Check out #django tips for #webdev in 2026!"
  ) {
    post {
      id
      title
      hashtags {
        tag
      }
      mentions {
        mentionedUser {
          username
        }
      }
      createdAt
    }
    success
    message
  }
}
END
like(delete $first->{createdAt}, qr/^\d{4}-/, 'seed 071: when it was written');
is_deeply($first, { id => $first->{id}, title => 'Django Tips', hashtags => [ { tag => 'django' }, { tag => 'webdev' } ], mentions => [ { mentionedUser => { username => $john } } ] },
	"seed 071, 083, 084: the seed's createPost");
my $orm = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($ann->{id}, 'Django ORM tutorial', 'the django orm, by #$word') RETURNING id");
my $found = get($bob, <<'END');
query {
  searchPostsFts(query: "django orm") {
    id
    title
    content
    author {
      username
    }
  }
}
END
is_deeply([ grep { $_->{id} eq $orm } @$found ], [ { id => "$orm", title => 'Django ORM tutorial', content => "the django orm, by #$word", author => { username => $ann->{username} } } ], "seed 059: the seed's search");
$found = get($bob, <<'END');
query {
  searchPostsFts(query: "django orm tutorial") {
    id
    title
    content
    author {
      username
    }
    hashtags {
      tag
    }
    createdAt
  }
}
END
is_deeply([ map { $_->{hashtags} } grep { $_->{id} eq $orm } @$found ], [ [ { tag => $word } ] ], 'seed 059, 130: with tags');
my $lists = ask($bob, <<'END');
query {
  hashtagPosts(tag: "django") {
    id
    title
    hashtags {
      tag
    }
  }
  trendingHashtags(limit: 10) {
    tag
    postCount
  }
  userMentions(userId: 1) {
    mentionedUser {
      username
    }
    post {
      title
    }
  }
}
END
is($lists->{errors}, undef, 'seed 062, 063, 064: three lists at once');
is_deeply([ grep { $_->{id} eq $first->{id} } @{ $lists->{data}{hashtagPosts} } ], [ { id => $first->{id}, title => 'Django Tips', hashtags => [ { tag => 'django' }, { tag => 'webdev' } ] } ], 'seed 062: posts with the tag');
is(ref $lists->{data}{userMentions}, 'ARRAY', 'seed 064: mentions');
my $tags = get(undef, <<'END');
query {
  trendingHashtags(limit: 10) {
    tag
    postCount
    createdAt
  }
}
END
my @counts = map { $_->{postCount} } @$tags;
is_deeply(\@counts, [ sort { $b <=> $a } @counts ], 'seed 063, 085, 132: by the number of posts');
ok(@counts <= 10 && !grep({ $_->{createdAt} !~ /^\d{4}-/ } @$tags), 'as many as asked for, each with its time');

# ---- searching
my $odd = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($ann->{id}, 'percent', 'x${word}y is 100%_ sure') RETURNING id");
is_deeply(ids(get($bob, 'query ($q: String!) { searchPosts(query: $q) { id title } }', q => uc "${word}Y is 100%_")), ["$odd"], 'seed 058, I-24: searchPosts finds any part of a text, and no character is special');
is_deeply(ids(get($bob, "{ searchPosts(query: \"$word\", first: 1) { id } }")), ["$odd"], 'the newest first, as many as asked for');
is_deeply(get($cem, "{ $_(query: \"$word\") { id } }"), [], "$_: nothing across a block") for qw(searchPosts searchPostsFts);
my $hits = get($bob, "{ searchHits(query: \"django $word\") { post { id title author { username } } rank titleSnippet snippet total totalIsExact isBounded } }");
cmp_ok(delete $hits->[0]{rank}, '>', 0, 'a hit has a rank');
is_deeply($hits, [ { post => { id => "$orm", title => 'Django ORM tutorial', author => { username => $ann->{username} } }, titleSnippet => '<mark>Django</mark> ORM tutorial', snippet => "the <mark>django</mark> orm, by #<mark>$word</mark>",
	total => 1, totalIsExact => $true, isBounded => $false } ], 'searchHits says where a post matches, and of how many');
refused('BAD_REQUEST', "$_: an empty query", $bob, "{ $_(query: \" \") { __typename } }") for qw(searchPosts searchHits);
refused('BAD_REQUEST', "$_: one that is too long", $bob, "query (\$q: String!) { $_(query: \$q) { __typename } }", q => 'x' x 501) for qw(searchPosts searchHits);

# ---- hashtags and mentions
is_deeply(get(undef, "{ hashtag(tag: \"#${\uc $word}\") { tag display postCount posts { id } } }"), { tag => $word, display => $word, postCount => 1, posts => [ { id => "$orm" } ] }, 'seed 103: one hashtag, in any spelling');
is(get(undef, "{ hashtag(tag: \"none$word\") { tag } }"), undef, 'or none');
is_deeply(get(undef, "{ hashtagPosts(tag: \"none$word\") { id } }"), [], 'seed 062: which no post carries');
my $all = get(undef, '{ hashtags(limit: 3) { tag postCount createdAt } }');
is_deeply([ map { $_->{tag} } @$all ], [ sort map { $_->{tag} } @$all ], 'seed 061: hashtags, in order');
my $named = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($ann->{id}, 'names', 'to \@$bob->{username}') RETURNING id");
is_deeply(get($ann, "{ userMentions(userId: $bob->{id}) { mentionedUser { username } post { id title } } }"), [ { mentionedUser => { username => $bob->{username} }, post => { id => "$named", title => 'names' } } ], 'seed 064, 104: userMentions');
is_deeply(get($cem, "{ userMentions(userId: $bob->{id}) { post { id } } }"), [], 'but not across a block');

# ---- trends: what scores there are is the worker's
psql("INSERT INTO social.post_trends (post_id, score) VALUES ($orm, social.trend_merge(NULL, 1e7, now())) ON CONFLICT (post_id) DO UPDATE SET score = excluded.score;
	INSERT INTO social.hashtag_trends (hashtag_id, score) SELECT h.id, social.trend_merge(NULL, 1e7, now()) FROM social.hashtags h WHERE h.tag = '$word' ON CONFLICT (hashtag_id) DO UPDATE SET score = excluded.score");
ok(has(get($_, '{ trendingPosts(limit: 100) { id author { username } } }'), $orm), 'seed 060, 132: trendingPosts') for $bob, undef;
ok(!has(get($cem, '{ trendingPosts(limit: 100) { id } }'), $orm), 'but not across a block');
is(scalar @{ get($bob, '{ trendingPosts(limit: 1) { id } }') }, 1, 'as many as asked for');
ok(scalar(grep { $_->{tag} eq $word } @{ get($bob, '{ trendingTopics(limit: 100) { tag postCount } }') }), 'trendingTopics');
psql("DELETE FROM social.post_trends WHERE post_id = $orm; DELETE FROM social.hashtag_trends t USING social.hashtags h WHERE h.id = t.hashtag_id AND h.tag = '$word'");

# ---- the feed
psql("SELECT social.act_as($bob->{id}), social.follow_user($ann->{id})");
my $cems = psql("INSERT INTO social.posts (author_id, title, content) VALUES ($cem->{id}, 'by cem', 'x') RETURNING id");
my $dan  = account();
psql("SELECT social.act_as($dan->{id}), social.repost_post($cems); SELECT social.act_as($bob->{id}), social.follow_user($dan->{id})");
my $feed = get($bob, '{ feed { id title author { username } isReposted } }');
is_deeply([ map { $_->{id} } @$feed[ 0 .. 1 ] ], [ "$cems", "$named" ], 'I-23: the feed, newest first');
my $entries = get($bob, '{ feedEntries(first: 2) { post { id author { username } } repostedBy { username } repostedAt } }');
like(delete $entries->[0]{repostedAt}, qr/^\d{4}-/, 'and when it was passed on');
is_deeply($entries, [ { post => { id => "$cems", author => { username => $cem->{username} } }, repostedBy => { username => $dan->{username} } }, { post => { id => "$named", author => { username => $ann->{username} } }, repostedBy => undef, repostedAt => undef } ],
	'by whom');
psql("SELECT social.act_as($cem->{id}), social.block_user($bob->{id})");
ok(!has(get($bob, '{ feed { id } }'), $cems), 'nothing across a block, whoever passed it on');
refused('UNAUTHENTICATED', "$_: nobody has one", undef, "{ $_ { __typename } }") for qw(feed feedEntries);
done_testing;
