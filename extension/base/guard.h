/*
 * guard.h owns the protection of the data from restores and from DROP.
 */
#ifndef SOCIAL_GUARD_H
#define SOCIAL_GUARD_H

#include "postgres.h"

/*
 * True while this session restores a dump: our triggers then do nothing, because the dump holds
 * what they would make. Said with social.restoring, or found out from what pg_dump writes at the
 * head of every dump (mission P-03).
 */
extern bool social_restoring(void);

#endif /* SOCIAL_GUARD_H */
