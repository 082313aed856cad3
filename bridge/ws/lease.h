/*
 * lease.h owns the leases of viewers who hold them by a connection (issue 16, line 6): each is
 * renewed for as long as it is kept, those of a loop together, and given back when it is let go.
 */
#ifndef SB_WS_LEASE_H
#define SB_WS_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#define SB_LEASE_TOKEN_MAX 128 /* with its NUL */

struct sb_leases;
struct sb_services;

/* Part of whoever keeps it. Zeroed memory keeps none. */
struct sb_lease
{
	struct sb_lease *next; /* of the loop, in the order in which they are due */
	struct sb_lease *prev;
	struct sb_leases *all; /* NULL: none is kept */
	void (*on_over)(struct sb_lease *lease);
	uint64_t due_ms;
	uint64_t period_ms;
	int number; /* in the statement that is under way; 0: it is not in it */
	char token[SB_LEASE_TOKEN_MAX];
};

/* Those of a loop, whose services have them from then on. */
extern struct sb_leases *sb_leases_new(struct sb_services *services);

/* After all were let go, and after the services were closed. */
extern void sb_leases_free(struct sb_leases *leases);

/* Whether a text can be a token at all. */
extern bool sb_lease_is_token(const char *text);

/*
 * Keeps a lease that was renewed at this moment and lasts for so many seconds; one that is kept
 * already is let go. on_over is called once it cannot be renewed any more: it is not kept then.
 */
extern void sb_lease_keep(struct sb_leases *leases, struct sb_lease *lease, const char *token,
						  int seconds, void (*on_over)(struct sb_lease *lease));

/* Keeps it no longer: soon its viewer does not count any more, unless others renew it. */
extern void sb_lease_let_go(struct sb_lease *lease);

#endif /* SB_WS_LEASE_H */
