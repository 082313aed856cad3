/*
 * ratelimit_policy_test.c proves which windows a request meets, under which keys (mission 119-124,
 * I-07 to I-09, I-12, I-29), and what an address counts as (P-11).
 */
#include "tap.h"

#include "core/ratelimit_policy.h"

static struct social_limit_set set;

/* The windows of a request as "limit key", in parentheses what only counts, joined by "; ". */
static const char *
windows_of(const struct social_limit_request *request)
{
	static char text[4096];
	struct social_limit_windows windows;
	size_t len = 0;

	text[0] = '\0';
	if (!social_limit_resolve(&set, request, &windows))
		return "malformed";
	for (int i = 0; i < windows.count; i++)
	{
		const struct social_rate_draw *draw = &windows.list[i].draw;

		len += (size_t) snprintf(text + len, sizeof(text) - len, "%s%s%d %s", i ? "; " : "",
								 draw->counts_only ? "(" : "", (int) draw->rate.limit,
								 windows.list[i].key);
		if (draw->times > 1)
			len += (size_t) snprintf(text + len, sizeof(text) - len, " x%d", (int) draw->times);
		if (draw->counts_only)
			len += (size_t) snprintf(text + len, sizeof(text) - len, ")");
	}
	return text;
}

static void
test_defaults(void)
{
	struct social_limit_request person = {
		.surface = "rest", .action = "post_creation", .user_id = 7, .address = "192.0.2.1"};
	struct social_limit_request stranger = {.surface = "rest", .address = "192.0.2.1"};

	is_str(windows_of(&person),
		   "100 */global/60/user:7; 10 rest/post_creation/3600/user:7; "
		   "60 rest/post_creation/60/user:7; "
		   "(10 graphql/post_creation/3600/user:7); (60 graphql/post_creation/60/user:7)",
		   "seed 120, 121: post creation by a person, two windows (I-08)");
	is_str(windows_of(&stranger), "100 */global/60/address:192.0.2.1",
		   "seed 120: a stranger is an address");
	stranger.action = "post_creation";
	is_str(windows_of(&stranger),
		   "100 */global/60/address:192.0.2.1; 1 rest/post_creation/3600/address:192.0.2.1; "
		   "(1 graphql/post_creation/3600/address:192.0.2.1)",
		   "seed 121, I-12: 1/hour meters a stranger's attempts");
	person.action = "search";
	is_str(windows_of(&person),
		   "100 */global/60/user:7; 30 rest/search/60/user:7; (100 graphql/search/3600/user:7)",
		   "seed 123: REST search, no day's quota (I-09)");
	person.surface = "graphql";
	is_str(windows_of(&person),
		   "100 */global/60/user:7; 1000 */user/86400/user:7; 100 graphql/search/3600/user:7; "
		   "(30 rest/search/60/user:7)",
		   "seed 119: GraphQL search, and the day's quota");
	person.action = "stream_creation";
	person.surface = "rest";
	is_str(windows_of(&person),
		   "100 */global/60/user:7; 3 */stream_creation/86400/user:7; "
		   "10 */stream_creation/3600/user:7",
		   "seed 122: stream creation (I-08)");
}

static void
test_doors(void)
{
	struct social_limit_request login = {
		.surface = "auth", .action = "login", .address = "192.0.2.1", .account = "Alice"};
	struct social_limit_request refresh = {
		.surface = "auth", .action = "refresh", .session_id = 9, .address = "192.0.2.1"};
	struct social_limit_windows windows;
	static char long_name[100000];

	is_str(windows_of(&login),
		   "100 */global/60/address:192.0.2.1; 5 auth/login/60/account:192.0.2.1:alice; "
		   "30 auth/login/60/address:192.0.2.1",
		   "I-29: login per account and address, in any case, and looser per address");
	is_str(windows_of(&refresh),
		   "100 */global/60/address:192.0.2.1; 5 auth/refresh/60/session:9; "
		   "60 auth/refresh/60/address:192.0.2.1",
		   "I-29: refresh per session");
	login.account = "mar\xE2\x84\xAA\xC4\xB0"; /* Kelvin sign, I with a dot */
	is_str(windows_of(&login),
		   "100 */global/60/address:192.0.2.1; 5 auth/login/60/account:192.0.2.1:marki; "
		   "30 auth/login/60/address:192.0.2.1",
		   "I-29: what lower() takes for the same name counts as the same");
	login.account = "\xC3\x89va@EXAMPLE.com";
	is_str(windows_of(&login),
		   "100 */global/60/address:192.0.2.1; "
		   "5 auth/login/60/account:192.0.2.1:\xC3\xA9va@example.com; "
		   "30 auth/login/60/address:192.0.2.1",
		   "and the case of letters beyond ASCII is no difference");
	memset(long_name, 'a', sizeof(long_name) - 1);
	login.account = long_name;
	ok(social_limit_resolve(&set, &login, &windows) &&
		   windows.list[1].key_len < SOCIAL_LIMIT_KEY_MAX &&
		   windows.list[1].key_len == strlen(windows.list[1].key),
	   "a name of any length makes a bounded key");
	long_name[253] = '\xC3';
	long_name[254] = '\xA9';
	is_str(social_limit_resolve(&set, &login, &windows)
			   ? windows.list[1].key + windows.list[1].key_len - 3
			   : "malformed",
		   "a\xC3\xA9", "and none is cut within a character");
}

/* An API key acts in a session whose number is negative (issue 17). */
static void
test_keys(void)
{
	struct social_limit_request key = {.surface = "graphql",
									   .action = "search",
									   .user_id = 7,
									   .session_id = -5,
									   .address = "192.0.2.1"};

	is_str(windows_of(&key),
		   "100 */global/60/key:5; 100 graphql/search/3600/key:5; (30 rest/search/60/key:5)",
		   "a key is a client by itself, without the day's quota of people");
	key.action = "post_creation";
	key.surface = "rest";
	is_str(windows_of(&key),
		   "100 */global/60/key:5; 10 rest/post_creation/3600/user:7; "
		   "60 rest/post_creation/60/user:7; (10 graphql/post_creation/3600/user:7); "
		   "(60 graphql/post_creation/60/user:7)",
		   "what a person may make in a time, all keys make together");
	key.action = "refresh";
	key.surface = "auth";
	is_str(windows_of(&key), "100 */global/60/key:5; 60 auth/refresh/60/address:192.0.2.1",
		   "and it is no login session");
}

static void
test_overrides(void)
{
	struct social_limit_request request = {
		.surface = "rest", .action = "post_creation", .user_id = 7, .rates = "2/minute"};

	is_str(windows_of(&request),
		   "100 */global/60/user:7; 2 rest/post_creation/60/user:7; "
		   "(10 graphql/post_creation/3600/user:7); (60 graphql/post_creation/60/user:7)",
		   "seed 160: rates of the caller replace the action's first policy");
	request.rates = "off";
	is_str(windows_of(&request),
		   "100 */global/60/user:7; "
		   "(10 graphql/post_creation/3600/user:7); (60 graphql/post_creation/60/user:7)",
		   "or switch it off");
	request.rates = "2/fortnight";
	is_str(windows_of(&request), "malformed", "malformed ones are refused");
	request.rates = NULL;
	ok(social_limit_set_override(&set, "rest", "post_creation", SOCIAL_LIMIT_USER, "1/day"), "set");
	ok(social_limit_set_override(&set, "*", "global", SOCIAL_LIMIT_CLIENT, "off"), "switched off");
	is_str(windows_of(&request),
		   "1 rest/post_creation/86400/user:7; "
		   "(10 graphql/post_creation/3600/user:7); (60 graphql/post_creation/60/user:7)",
		   "both hold");
	ok(social_limit_set_override(&set, "rest", "like", SOCIAL_LIMIT_USER, "5/minute"), "a new one");
	request.action = "like";
	is_str(windows_of(&request), "5 rest/like/60/user:7", "holds too");
	ok(!social_limit_set_override(&set, "", "like", SOCIAL_LIMIT_USER, "5/minute") &&
		   !social_limit_set_override(&set, "rest", "like", SOCIAL_LIMIT_USER, "5/week") &&
		   !social_limit_set_override(&set, "rest",
									  "0123456789012345678901234567890123456789012345678",
									  SOCIAL_LIMIT_USER, "5/day"),
	   "what is no policy is refused");
	social_limit_set_init(&set);
	ok(social_limit_set_rates(&set, "search=7/minute;post_creation=2/hour,3/day"), "a bridge's");
	request.action = "search";
	is_str(windows_of(&request),
		   "100 */global/60/user:7; 7 rest/search/60/user:7; (100 graphql/search/3600/user:7)",
		   "rates of a bridge hold for its action");
	request.surface = "graphql";
	is_str(windows_of(&request),
		   "100 */global/60/user:7; 1000 */user/86400/user:7; 100 graphql/search/3600/user:7; "
		   "(7 rest/search/60/user:7)",
		   "not over GraphQL (I-09)");
	request.surface = "rest";
	ok(!social_limit_set_rates(&set, "search") && !social_limit_set_rates(&set, "search=;") &&
		   !social_limit_set_rates(&set, ";") && !social_limit_set_rates(&set, "search=7/year"),
	   "malformed ones are refused");
	social_limit_set_init(&set);
	set.strict = true;
	request.action = "search";
	is_str(windows_of(&request),
		   "100 */global/60/user:7; 1000 */user/86400/user:7; 30 rest/search/60/user:7; "
		   "100 graphql/search/3600/user:7",
		   "I-09: strict applies the policies of every surface, each once");
	set.strict = false;
}

/* Found B8, E11: an action is one count, whatever surface it comes by and however often at once. */
static void
test_counts(void)
{
	struct social_limit_request request = {
		.surface = "graphql", .action = "search*50", .user_id = 7, .address = "192.0.2.1"};

	social_limit_set_init(&set);
	is_str(windows_of(&request),
		   "100 */global/60/user:7; 1000 */user/86400/user:7; 100 graphql/search/3600/user:7 x50; "
		   "(30 rest/search/60/user:7 x50)",
		   "one request, fifty searches");
	request.action = "search*2,feed_access,searching";
	is_str(windows_of(&request),
		   "100 */global/60/user:7; 1000 */user/86400/user:7; 100 graphql/search/3600/user:7 x2; "
		   "(100 rest/feed_access/60/user:7); (30 rest/search/60/user:7 x2)",
		   "several actions; what only another surface limits is counted there");
	request.action = "search*0,*,,search*999999999999999999999";
	is_str(windows_of(&request),
		   "100 */global/60/user:7; 1000 */user/86400/user:7; 100 graphql/search/3600/user:7; "
		   "(30 rest/search/60/user:7)",
		   "whatever the list is");
	request.action = "search*-5";
	request.rates = "feed_access=1/minute;search=7/minute,9/hour";
	is_str(windows_of(&request),
		   "100 */global/60/user:7; 1000 */user/86400/user:7; 100 graphql/search/3600/user:7; "
		   "(7 rest/search/60/user:7); (9 rest/search/3600/user:7)",
		   "the rates of a bridge are those of the windows that only count, too");
	request.rates = "search=7/fortnight";
	is_str(windows_of(&request), "malformed", "if they can be read");
	request.rates = "feed_access=7/minute";
	request.surface = "rest";
	is_str(windows_of(&request),
		   "100 */global/60/user:7; 30 rest/search/60/user:7; (100 graphql/search/3600/user:7)",
		   "rates of another action change nothing");
	request.rates = "5/minute";
	request.surface = "graphql";
	is_str(windows_of(&request),
		   "100 */global/60/user:7; 1000 */user/86400/user:7; 5 graphql/search/60/user:7; "
		   "(30 rest/search/60/user:7)",
		   "rates alone are those of the first policy that may refuse");
}

static void
test_addresses(void)
{
	static const char *const pairs[][2] = {
		{"192.0.2.1", "192.0.2.1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:DB8:1:2::9", "2001:db8:1:2::/64"},
		{"::1", "::/64"},
		{"192.0.2.256", NULL},
		{"192.0.02.1", NULL},
		{"255.255.255.255", "255.255.255.255"},
		{"192.0.2", NULL},
		{"", NULL},
		{"example.org", NULL},
		{"192.0.2.1:80", NULL},
		{"2001:db8::1%eth0", NULL},
		{" 192.0.2.1", NULL},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		char network[SOCIAL_LIMIT_ADDRESS_MAX];
		bool good = social_limit_network(pairs[i][0], network);

		is_str(good ? network : NULL, pairs[i][1], pairs[i][0]);
	}
}

int
main(void)
{
	social_limit_set_init(&set);
	test_defaults();
	test_doors();
	test_keys();
	test_overrides();
	test_counts();
	test_addresses();
	return done_testing();
}
