/*
 * caller.h owns who asks, whatever it is asked by: an HTTP request, a message on a socket, a stream
 * that begins. What knows callers (limits, tokens, sessions) knows nothing of those.
 */
#ifndef SB_CALLER_H
#define SB_CALLER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/decimal.h"

/* What one piece of work counts as. */
struct sb_purpose
{
	const char *surface;
	const char *action;  /* as of struct social_limit_request; NULL = what holds for everything */
	const char *account; /* the account that a door is knocked at for, or NULL */
};

/* What is left of the tightest window. All in seconds; reset is Unix time. */
struct sb_figures
{
	bool is_known; /* else nothing below holds */
	int limit;
	int remaining;
	int64_t reset;
	int64_t window;
	int64_t retry_after; /* 0 = no need to wait */
};

/*
 * Somebody with one piece of work. Zeroed memory is a stranger of no address. Who has several
 * pieces of work at the same time makes a copy for each.
 */
struct sb_caller
{
	char address[INET6_ADDRSTRLEN]; /* empty = unknown */
	const char *agent;   /* what the client calls itself, as text worth keeping; or NULL */
	const char *country; /* where it is, two letters, as a trusted proxy says; or NULL */
	int64_t user_id;     /* 0 = anonymous */
	int64_t session_id;  /* 0 = the token names none; negative: of an API key */
	uint32_t scopes;     /* what that key may do (core/api_key.h), and SB_SCOPE_ANY */
	int64_t expires_at;  /* when the token that shows it ends, in seconds since 1970 */
	char user_text[SB_DECIMAL_SIZE];
	char session_text[SB_DECIMAL_SIZE];

	struct sb_purpose purpose;
	struct sb_figures figures; /* of the limits, as last counted */

	/* For the log. */
	const char *work;  /* the id of the piece of work */
	const char *task;  /* the name of what it is, or NULL */
	const char *trace; /* the id of the trace that it is part of (W3C Trace Context), or NULL */
};

/* For what any API key may do; each has it. */
#define SB_SCOPE_ANY (UINT32_C(1) << 31)

/* The caller has shown whose he is, and, where it was an API key, what that may do. */
extern void sb_caller_set_owner(struct sb_caller *caller, int64_t user_id, int64_t session_id,
								uint32_t scopes);

/* Whether he may do what takes this scope; 0: what is not for API keys. */
extern bool sb_caller_may(const struct sb_caller *caller, uint32_t scope);

/* As parameters of statements: the ids and the address as texts, NULL where there is none. */
extern const char *sb_caller_user(const struct sb_caller *caller);
extern const char *sb_caller_session(const struct sb_caller *caller);
extern const char *sb_caller_address(const struct sb_caller *caller);

/* What of a text that a client calls itself is worth keeping, in bytes; 0: it is no text. */
extern size_t sb_caller_agent_length(const char *text);

#endif /* SB_CALLER_H */
