/*
 * names.h owns turning names of hosts into addresses, outside of every loop: a resolver may take
 * many seconds to say that it does not know.
 *
 * Each name is looked up by a thread of its own, once at a time however many wait for it; when it
 * is done, the loops that have joined are woken.
 */
#ifndef SB_NAMES_H
#define SB_NAMES_H

#include <stdint.h>

#define SB_NAMES_MAX     16 /* addresses of a name that are tried */
#define SB_NAMES_ADDRESS 64 /* bytes of one, with the scope of a link-local one */

struct sb_loop;

enum sb_names_state
{
	SB_NAMES_PENDING,
	SB_NAMES_FOUND,
	SB_NAMES_UNKNOWN
};

struct sb_addresses
{
	int count;
	char list[SB_NAMES_MAX][SB_NAMES_ADDRESS]; /* in the order in which to try them */
};

/* The loop is woken when a lookup ends, from its join to its leave. */
extern void sb_names_join(struct sb_loop *loop);
extern void sb_names_leave(struct sb_loop *loop);

/*
 * The addresses of host for somebody who wants them since since_ms (sb_loop_clock): an answer that
 * came earlier counts only for a moment. PENDING: ask again when woken. An address is its
 * own answer, at once. Any thread.
 */
extern enum sb_names_state sb_names_get(const char *host, uint64_t since_ms,
										struct sb_addresses *addresses);

#endif /* SB_NAMES_H */
