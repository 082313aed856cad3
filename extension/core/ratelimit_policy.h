/*
 * ratelimit_policy.h owns which limits there are, and which of them one request meets. Pure: the
 * extension and the bridge link it, so that every store counts the same windows under the same
 * keys.
 *
 * A policy names a surface (rest, graphql, auth, …; * = all), an action, and a subject: whose
 * requests are counted together. The actions global, user and anon stand for every request of their
 * surface and count all surfaces together; the others are what a route says that it is. Such an
 * action is counted by the policies of every surface, and refused by those of its own: a person's
 * posts are one count, whatever they came by, and each surface has its rate of them.
 */
#ifndef SOCIAL_RATELIMIT_POLICY_H
#define SOCIAL_RATELIMIT_POLICY_H

#include "core/ratelimit_gcra.h"

#define SOCIAL_LIMIT_SURFACE_MAX 16
#define SOCIAL_LIMIT_ACTION_MAX  48
#define SOCIAL_LIMIT_ROWS_MAX    128
#define SOCIAL_LIMIT_WINDOWS_MAX 12  /* of one request */
#define SOCIAL_LIMIT_KEY_MAX     384 /* bytes of a key and its NUL */
#define SOCIAL_LIMIT_ADDRESS_MAX 64  /* bytes of an address, or of a network, and its NUL */

enum social_limit_subject
{
	SOCIAL_LIMIT_USER,      /* a person who is logged in */
	SOCIAL_LIMIT_ANONYMOUS, /* an address, for those who are not */
	SOCIAL_LIMIT_CLIENT,    /* a person who is logged in, else an address */
	SOCIAL_LIMIT_ADDRESS,   /* an address, logged in or not */
	SOCIAL_LIMIT_SESSION,   /* a login session */
	SOCIAL_LIMIT_ACCOUNT,   /* a named account, as tried from one address */
	SOCIAL_LIMIT_KEY,       /* an API key */
	SOCIAL_LIMIT_SUBJECTS
};

struct social_limit_row
{
	char surface[SOCIAL_LIMIT_SURFACE_MAX];
	char action[SOCIAL_LIMIT_ACTION_MAX];
	enum social_limit_subject subject;
	bool is_standing; /* for every request of the surface */
	bool is_override;
	int nrates; /* 0: no limit */
	struct social_rate rates[SOCIAL_RATE_WINDOWS_MAX];
};

/* The policies in force. strict: those of every surface hold on each (mission I-09). */
struct social_limit_set
{
	bool strict;
	int count;
	struct social_limit_row rows[SOCIAL_LIMIT_ROWS_MAX];
};

/* Who asks, and for what; NULL and 0 = unknown. */
struct social_limit_request
{
	const char *surface;
	const char *action; /* "post_creation"; "search*50,feed_access" is 50 of one and 1 of another */
	int64_t user_id;
	int64_t session_id;  /* negative: of an API key */
	const char *address; /* as social_limit_network() wrote it */
	const char *account;
	const char *rates; /* NULL = as the policies say; rates in place of those of the first policy
						* that may refuse; or a list as of social_limit_set_rates() */
};

/* One window that a request takes from. */
struct social_limit_window
{
	struct social_rate_draw draw;
	const struct social_limit_row *row;
	size_t key_len;
	char key[SOCIAL_LIMIT_KEY_MAX];
};

struct social_limit_windows
{
	int count;
	struct social_limit_window list[SOCIAL_LIMIT_WINDOWS_MAX];
};

/* Fills the set with the defaults. */
extern void social_limit_set_init(struct social_limit_set *set);

/*
 * Puts rates ("off" = none) in place of a policy's own, or adds a policy. False when a word is too
 * long or empty, the rates are malformed, or the set is full.
 */
extern bool social_limit_set_override(struct social_limit_set *set, const char *surface,
									  const char *action, enum social_limit_subject subject,
									  const char *rates);

/*
 * Puts a bridge's rates in place: "action=rates" items, separated by semicolons, each for the first
 * policy of its action that is no door's and not GraphQL's. False for what is malformed.
 */
extern bool social_limit_set_rates(struct social_limit_set *set, const char *list);

/*
 * Whether a default policy names the surface and the action, one that a request may say that it is;
 * action NULL: whether one names the surface.
 */
extern bool social_limit_is_action(const char *surface, const char *action);

extern const char *social_limit_subject_name(enum social_limit_subject subject);
extern bool social_limit_subject_named(const char *name, enum social_limit_subject *subject);

/*
 * Writes what an address is counted as: IPv4 as it is (also when mapped into IPv6), IPv6 by its
 * /64. False when the text is no address.
 */
extern bool social_limit_network(const char *address, char network[SOCIAL_LIMIT_ADDRESS_MAX]);

/*
 * The windows that the request takes from, each with its key; none when nothing limits it. False
 * when request->rates is malformed.
 */
extern bool social_limit_resolve(const struct social_limit_set *set,
								 const struct social_limit_request *request,
								 struct social_limit_windows *windows);

/* The windows of one policy for this request, added to windows; none when it has no such subject.
 */
extern void social_limit_resolve_row(const struct social_limit_row *row,
									 const struct social_limit_request *request,
									 struct social_limit_windows *windows);

#endif /* SOCIAL_RATELIMIT_POLICY_H */
