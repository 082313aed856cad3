/*
 * target.h owns where the database is: what the settings say to libpq, and the addresses of the
 * hosts named there, which libpq is handed so that it never asks the resolver itself.
 */
#ifndef SB_PG_TARGET_H
#define SB_PG_TARGET_H

#include <libpq-fe.h>
#include <stdint.h>

#include "base/config.h"
#include "loop/names.h"

/* Reads the settings; before any thread. What libpq would refuse is added to problems. */
extern void sb_pg_target_init(const struct sb_config *config, struct sb_problems *problems);
extern void sb_pg_target_free(void);

/*
 * Begins a connection for somebody who wants one since since_ms: NULL with PENDING while names are
 * looked up, or with UNKNOWN when none of them has an address; otherwise libpq's, whose status the
 * caller checks. The name stays what TLS verifies and what a password file is searched for.
 */
extern PGconn *sb_pg_target_connect(const struct sb_config *config, uint64_t since_ms,
									enum sb_names_state *state);

/* The same for a program that does one thing and ends: it waits, and libpq asks the resolver. */
extern PGconn *sb_pg_target_wait(const struct sb_config *config);

#endif /* SB_PG_TARGET_H */
