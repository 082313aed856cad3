/*
 * ratelimit_policy.c owns the table of limits, and how a request finds its windows.
 */
#include "core/ratelimit_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#define ACCOUNT_MAX 254 /* bytes of a name that tell accounts apart; no address is longer */

static const char *const subject_names[SOCIAL_LIMIT_SUBJECTS] = {
	"user", "anonymous", "client", "address", "session", "account", "key"};

/*
 * The limits of the seeds (mission 119-124), as I-07 to I-10 and I-29 settle them. Of one action,
 * the first row is the one that `rates` replaces.
 */
static const struct
{
	const char *surface;
	const char *action;
	enum social_limit_subject subject;
	const char *rates;
} defaults[] = {
	/* Standing: every request, on every surface (120); the day's quota of graphql and auth (119).
	 */
	{"*", "global", SOCIAL_LIMIT_CLIENT, "100/minute"},
	/* Of an API key in place of both: what a script asks for is no matter of its owner's browser.
	 */
	{"*", "global", SOCIAL_LIMIT_KEY, "100/minute"},
	{"graphql", "user", SOCIAL_LIMIT_USER, "1000/day"},
	{"auth", "user", SOCIAL_LIMIT_USER, "1000/day"},
	{"graphql", "anon", SOCIAL_LIMIT_ANONYMOUS, "100/day"},
	/* Doors (119): per account as tried from one address, looser per address alone (I-29). */
	{"auth", "login", SOCIAL_LIMIT_ACCOUNT, "5/minute"},
	{"auth", "login", SOCIAL_LIMIT_ADDRESS, "30/minute"},
	{"auth", "register", SOCIAL_LIMIT_ADDRESS, "5/minute"},
	{"auth", "refresh", SOCIAL_LIMIT_SESSION, "5/minute"},
	{"auth", "refresh", SOCIAL_LIMIT_ADDRESS, "60/minute"},
	{"auth", "password_reset", SOCIAL_LIMIT_ACCOUNT, "5/minute"},
	{"auth", "password_reset", SOCIAL_LIMIT_ADDRESS, "30/minute"},
	{"auth", "credential", SOCIAL_LIMIT_USER, "5/minute"},
	/* Content (121): 1/hour meters the attempts of those who are not logged in (I-12). */
	{"rest", "post_creation", SOCIAL_LIMIT_USER, "10/hour,60/minute"},
	{"rest", "post_creation", SOCIAL_LIMIT_ANONYMOUS, "1/hour"},
	{"graphql", "post_creation", SOCIAL_LIMIT_USER, "10/hour,60/minute"},
	{"graphql", "post_creation", SOCIAL_LIMIT_ANONYMOUS, "1/hour"},
	{"rest", "feed_access", SOCIAL_LIMIT_CLIENT, "100/minute"},
	{"rest", "search", SOCIAL_LIMIT_CLIENT, "30/minute"},
	{"graphql", "search", SOCIAL_LIMIT_CLIENT, "100/hour"},
	/* Every report is somebody's work, and counts once whatever surface it comes by. */
	{"*", "report", SOCIAL_LIMIT_USER, "30/hour"},
	{"*", "export", SOCIAL_LIMIT_USER, "10/hour"},
	/* Media: in-band files (119), signed upload URLs (123). */
	{"*", "upload", SOCIAL_LIMIT_USER, "10/hour"},
	{"rest", "media_upload", SOCIAL_LIMIT_USER, "20/minute"},
	{"graphql", "media_upload", SOCIAL_LIMIT_USER, "20/minute"},
	/* What sends requests to others. */
	{"*", "webhook", SOCIAL_LIMIT_USER, "120/hour"},
	/* Streams (122, I-08) and chat (123, I-07). */
	{"*", "stream_creation", SOCIAL_LIMIT_USER, "3/day,10/hour"},
	{"*", "stream_publish", SOCIAL_LIMIT_ADDRESS, "30/minute"},
	{"*", "chat_message", SOCIAL_LIMIT_USER, "5/minute"},
	{"*", "chat_message_host", SOCIAL_LIMIT_USER, "30/minute"},
};

#define DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

/* ---- the set --------------------------------------------------------------------------------- */

const char *
social_limit_subject_name(enum social_limit_subject subject)
{
	return subject_names[subject];
}

bool
social_limit_subject_named(const char *name, enum social_limit_subject *subject)
{
	for (int i = 0; i < SOCIAL_LIMIT_SUBJECTS; i++)
		if (strcmp(subject_names[i], name) == 0)
		{
			*subject = (enum social_limit_subject) i;
			return true;
		}
	return false;
}

static bool
is_standing(const char *action)
{
	return strcmp(action, "global") == 0 || strcmp(action, "user") == 0 ||
		   strcmp(action, "anon") == 0;
}

bool
social_limit_is_action(const char *surface, const char *action)
{
	for (size_t i = 0; i < DEFAULTS; i++)
	{
		bool of_surface = strcmp(defaults[i].surface, surface) == 0;

		if (action == NULL && of_surface)
			return true;
		if (action && (of_surface || strcmp(defaults[i].surface, "*") == 0) &&
			!is_standing(action) && strcmp(defaults[i].action, action) == 0)
			return true;
	}
	return false;
}

static struct social_limit_row *
find_row(struct social_limit_set *set, const char *surface, const char *action,
		 enum social_limit_subject subject)
{
	for (int i = 0; i < set->count; i++)
	{
		struct social_limit_row *row = &set->rows[i];

		if (row->subject == subject && strcmp(row->surface, surface) == 0 &&
			strcmp(row->action, action) == 0)
			return row;
	}
	return NULL;
}

bool
social_limit_set_override(struct social_limit_set *set, const char *surface, const char *action,
						  enum social_limit_subject subject, const char *rates)
{
	struct social_limit_row *row = find_row(set, surface, action, subject);
	struct social_limit_row new = {.subject = subject, .is_override = true};

	new.nrates = social_rate_parse(rates, strlen(rates), new.rates);
	if (new.nrates < 0 || *surface == '\0' || *action == '\0' ||
		strlen(surface) >= sizeof(new.surface) || strlen(action) >= sizeof(new.action))
		return false;
	if (row == NULL && set->count == SOCIAL_LIMIT_ROWS_MAX)
		return false;
	strcpy(new.surface, surface);
	strcpy(new.action, action);
	new.is_standing = is_standing(action);
	*(row ? row : &set->rows[set->count++]) = new;
	return true;
}

/* The rates of "action=rates;…" are about one row of the action: see the header. */
static bool
is_for_bridges(const struct social_limit_row *row)
{
	return !row->is_standing && strcmp(row->surface, "graphql") != 0 &&
		   strcmp(row->surface, "auth") != 0;
}

/* Finds that row; NULL when there is none. */
static struct social_limit_row *
row_for_bridges(struct social_limit_set *set, const char *action, size_t len)
{
	for (int i = 0; i < set->count; i++)
	{
		struct social_limit_row *row = &set->rows[i];

		if (strlen(row->action) == len && memcmp(row->action, action, len) == 0 &&
			is_for_bridges(row))
			return row;
	}
	return NULL;
}

/* One "action=rates". */
static bool
set_action_rates(struct social_limit_set *set, const char *item, size_t len)
{
	const char *equals = memchr(item, '=', len);
	size_t name_len = equals ? (size_t) (equals - item) : 0;
	struct social_rate rates[SOCIAL_RATE_WINDOWS_MAX];
	int nrates = equals ? social_rate_parse(equals + 1, len - name_len - 1, rates) : -1;
	struct social_limit_row *row;

	if (nrates < 0)
		return false;
	row = row_for_bridges(set, item, name_len);
	if (row)
	{
		row->nrates = nrates;
		memcpy(row->rates, rates, sizeof(rates));
	}
	return true;
}

bool
social_limit_set_rates(struct social_limit_set *set, const char *list)
{
	while (*list)
	{
		size_t len = strcspn(list, ";");

		if (!set_action_rates(set, list, len))
			return false;
		list += len + (list[len] == ';');
	}
	return true;
}

void
social_limit_set_init(struct social_limit_set *set)
{
	memset(set, 0, sizeof(*set));
	for (size_t i = 0; i < DEFAULTS; i++)
	{
		(void) social_limit_set_override(set, defaults[i].surface, defaults[i].action,
										 defaults[i].subject, defaults[i].rates);
		set->rows[i].is_override = false;
	}
}

/* ---- subjects -------------------------------------------------------------------------------- */

bool
social_limit_network(const char *address, char network[SOCIAL_LIMIT_ADDRESS_MAX])
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) == 1)
	{
		strcpy(network, address); /* there is only one way to write one */
		return true;
	}
	if (inet_pton(AF_INET6, address, &v6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return inet_ntop(AF_INET, v6.s6_addr + 12, network, SOCIAL_LIMIT_ADDRESS_MAX) != NULL;
	memset(v6.s6_addr + 8, 0, 8);
	if (inet_ntop(AF_INET6, &v6, network, SOCIAL_LIMIT_ADDRESS_MAX - 3) == NULL)
		return false;
	strcat(network, "/64");
	return true;
}

/* A text being put together; what has no room is left out. printf costs more than all the rest. */
struct text
{
	char *at;
	char *end; /* the last byte, for the NUL */
};

static void
put(struct text *text, const char *part, size_t len)
{
	size_t room = (size_t) (text->end - text->at);

	len = len < room ? len : room;
	memcpy(text->at, part, len);
	text->at += len;
	*text->at = '\0';
}

static void
put_word(struct text *text, const char *word)
{
	put(text, word, strlen(word));
}

static void
put_number(struct text *text, int64_t number)
{
	uint64_t rest = number < 0 ? -(uint64_t) number : (uint64_t) number;
	char digits[20];
	char *first = digits + sizeof(digits);

	do
		*--first = (char) ('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		put(text, "-", 1);
	put(text, first, (size_t) (digits + sizeof(digits) - first));
}

/* Beyond ASCII too: the Kelvin sign is a k to lower(), and so another way to write many names. */
static void
put_folded(struct text *text, UChar32 c)
{
	uint8_t bytes[U8_MAX_LENGTH];
	int32_t len = 0;

	if (c < 0)
		c = 0xFFFD;
	/* Without dot and dotless i apart, as lower() has it; ICU leaves this one as it is. */
	c = c == 0x0130 ? 'i' : u_foldCase(c, U_FOLD_CASE_DEFAULT);
	U8_APPEND_UNSAFE(bytes, len, c);
	if (len <= text->end - text->at)
		put(text, (const char *) bytes, (size_t) len);
}

/* What social.trim_identifier() takes off a name, and a little more. */
static bool
is_blank(UChar32 c)
{
	return u_isUWhiteSpace(c) || c == 0x200B || c == 0x2060 || c == 0xFEFF;
}

/*
 * Names of accounts are told apart without regard to case, and to blanks around them; of a long
 * one, whole characters.
 */
static void
put_account(struct text *text, const char *account)
{
	int32_t len = (int32_t) strlen(account);
	int32_t at = 0;
	UChar32 c;

	for (int32_t next = 0; next < len; at = next)
	{
		U8_NEXT(account, next, len, c);
		if (!is_blank(c))
			break;
	}
	account += at;
	len = (int32_t) strnlen(account, ACCOUNT_MAX + U8_MAX_LENGTH);
	for (int32_t before = len; before > 0; len = before)
	{
		U8_PREV(account, 0, before, c);
		if (!is_blank(c))
			break;
	}
	at = 0;
	while (at < len && at < ACCOUNT_MAX)
	{
		U8_NEXT(account, at, len, c);
		put_folded(text, c);
	}
}

/*
 * Whether the request has such a subject; `subject` becomes the one it is counted as. An API key is
 * one by itself: what holds for every request of a person does not for a key's, which has its own;
 * what he may make in a time, he may by all his keys together.
 */
static bool
has_subject(const struct social_limit_request *request, const struct social_limit_row *row,
			enum social_limit_subject *subject)
{
	bool is_person = request->user_id != 0;
	bool is_key = request->session_id < 0;

	switch (*subject)
	{
		case SOCIAL_LIMIT_USER:
			return is_person && !(is_key && row->is_standing);
		case SOCIAL_LIMIT_CLIENT:
			if (is_key && row->is_standing)
				return false;
			*subject = is_key      ? SOCIAL_LIMIT_KEY
					   : is_person ? SOCIAL_LIMIT_USER
								   : SOCIAL_LIMIT_ADDRESS;
			return is_person || request->address != NULL;
		case SOCIAL_LIMIT_KEY:
			return is_key;
		case SOCIAL_LIMIT_ANONYMOUS:
			*subject = SOCIAL_LIMIT_ADDRESS;
			return !is_person && request->address != NULL;
		case SOCIAL_LIMIT_SESSION:
			return request->session_id > 0;
		case SOCIAL_LIMIT_ACCOUNT:
			return request->account != NULL;
		case SOCIAL_LIMIT_ADDRESS:
		case SOCIAL_LIMIT_SUBJECTS:
			break;
	}
	return request->address != NULL;
}

static void
put_subject(struct text *text, enum social_limit_subject subject,
			const struct social_limit_request *request)
{
	put_word(text, subject_names[subject]);
	put(text, ":", 1);
	if (subject == SOCIAL_LIMIT_USER)
		put_number(text, request->user_id);
	else if (subject == SOCIAL_LIMIT_SESSION)
		put_number(text, request->session_id);
	else if (subject == SOCIAL_LIMIT_KEY)
		put_number(text, -request->session_id);
	else
		put_word(text, request->address ? request->address : "");
	if (subject != SOCIAL_LIMIT_ACCOUNT)
		return;
	put(text, ":", 1);
	put_account(text, request->account);
}

/* ---- windows --------------------------------------------------------------------------------- */

/* Adds a window; of two that count the same, the lower limit is kept. */
static void
add_window(struct social_limit_windows *windows, const struct social_limit_row *row,
		   const struct social_rate_draw *draw, enum social_limit_subject subject,
		   const struct social_limit_request *request)
{
	const struct social_rate *rate = &draw->rate;
	struct social_limit_window *window = &windows->list[windows->count];
	struct text key = {window->key, window->key + sizeof(window->key) - 1};

	if (windows->count == SOCIAL_LIMIT_WINDOWS_MAX)
		return;
	put_word(&key, row->is_standing ? "*" : row->surface);
	put(&key, "/", 1);
	put_word(&key, row->action);
	put(&key, "/", 1);
	put_number(&key, rate->period / 1000000);
	put(&key, "/", 1);
	put_subject(&key, subject, request);
	window->key_len = (size_t) (key.at - window->key);
	for (int i = 0; i < windows->count; i++)
	{
		struct social_limit_window *known = &windows->list[i];

		if (known->key_len != window->key_len ||
			memcmp(known->key, window->key, window->key_len) != 0)
			continue;
		if (rate->limit < known->draw.rate.limit)
			known->draw.rate = *rate;
		return;
	}
	window->draw = *draw;
	window->row = row;
	windows->count++;
}

static void
add_rates(struct social_limit_windows *windows, const struct social_limit_row *row,
		  const struct social_rate *rates, int nrates, int32_t times, bool counts_only,
		  const struct social_limit_request *request)
{
	enum social_limit_subject subject = row->subject;
	struct social_rate_draw draw = {.times = times, .counts_only = counts_only};

	if (nrates == 0 || !has_subject(request, row, &subject))
		return;
	for (int i = 0; i < nrates; i++)
	{
		draw.rate = rates[i];
		add_window(windows, row, &draw, subject, request);
	}
}

void
social_limit_resolve_row(const struct social_limit_row *row,
						 const struct social_limit_request *request,
						 struct social_limit_windows *windows)
{
	add_rates(windows, row, row->rates, row->nrates, 1, false, request);
}

/* How often a request's list of actions names one; 0: not at all. */
static int32_t
times_of(const char *list, const char *action)
{
	size_t len = list ? strlen(action) : 0;

	for (const char *at = list; at != NULL; at = strchr(at, ','))
	{
		at += *at == ',';
		if (strncmp(at, action, len) != 0 || (at[len] && at[len] != ',' && at[len] != '*'))
			continue;
		if (at[len] == '*')
		{
			long times = strtol(at + len + 1, NULL, 10);

			return times < 1                       ? 1
				   : times > SOCIAL_RATE_LIMIT_MAX ? SOCIAL_RATE_LIMIT_MAX
												   : (int) times;
		}
		return 1;
	}
	return 0;
}

/* The part of "action=rates;…" behind the sign of this action; NULL when it is not there. */
static const char *
rates_of(const char *list, const char *action, size_t *len)
{
	size_t name_len = strlen(action);

	for (const char *at = list; at != NULL; at = strchr(at, ';'))
	{
		at += *at == ';';
		if (strncmp(at, action, name_len) == 0 && at[name_len] == '=')
		{
			*len = strcspn(at + name_len + 1, ";");
			return at + name_len + 1;
		}
	}
	return NULL;
}

/* The rates that a request brings along. */
struct given
{
	const char *list; /* "action=rates;…", or NULL */
	struct social_rate rates[SOCIAL_RATE_WINDOWS_MAX];
	int count; /* of rates, for the first policy that may refuse; -1: none, or spent */
};

static bool
read_given(struct given *given, const char *rates)
{
	given->list = rates && strchr(rates, '=') ? rates : NULL;
	given->count = -1;
	if (rates == NULL || given->list)
		return true;
	given->count = social_rate_parse(rates, strlen(rates), given->rates);
	return given->count >= 0;
}

/* Adds the windows of a policy that counts the request. False when its given rates are malformed.
 */
static bool
add_row(struct social_limit_windows *windows, const struct social_limit_set *set,
		const struct social_limit_row *row, struct given *given, int32_t times, bool counts_only,
		const struct social_limit_request *request)
{
	struct social_rate listed[SOCIAL_RATE_WINDOWS_MAX];
	const struct social_rate *rates = row->rates;
	int nrates = row->nrates;

	if (!row->is_standing && given->count >= 0 && !counts_only)
	{
		rates = given->rates;
		nrates = given->count;
		given->count = -1;
	}
	else if (given->list && is_for_bridges(row) &&
			 row_for_bridges((struct social_limit_set *) set, row->action, strlen(row->action)) ==
				 row)
	{
		size_t len;
		const char *text = rates_of(given->list, row->action, &len);

		if (text)
		{
			nrates = social_rate_parse(text, len, listed);
			rates = listed;
		}
	}
	if (nrates >= 0)
		add_rates(windows, row, rates, nrates, times, counts_only, request);
	return nrates >= 0;
}

/* Whether a policy may refuse the request; an action's others only count it. */
static bool
may_refuse(const struct social_limit_set *set, const struct social_limit_row *row,
		   const struct social_limit_request *request)
{
	return set->strict || row->surface[0] == '*' ||
		   (request->surface != NULL && strcmp(row->surface, request->surface) == 0);
}

bool
social_limit_resolve(const struct social_limit_set *set, const struct social_limit_request *request,
					 struct social_limit_windows *windows)
{
	struct given given;

	windows->count = 0;
	if (!read_given(&given, request->rates))
		return false;
	/* Those that refuse come first: there is always room for them. */
	for (int counts_only = 0; counts_only <= 1; counts_only++)
		for (int i = 0; i < set->count; i++)
		{
			const struct social_limit_row *row = &set->rows[i];
			int32_t times = row->is_standing ? 1 : times_of(request->action, row->action);

			if (times == 0 || may_refuse(set, row, request) == counts_only ||
				(counts_only && row->is_standing))
				continue;
			if (!add_row(windows, set, row, &given, times, counts_only, request))
				return false;
		}
	return true;
}
