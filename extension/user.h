/*
 * user.h owns look-ups of accounts for the C side. They read with a fresh snapshot.
 */
#ifndef SOCIAL_USER_H
#define SOCIAL_USER_H

#include "postgres.h"

/* Columns of social.users that C reads by number; an upgrade only ever appends columns. */
#define SOCIAL_USERS_ID              1
#define SOCIAL_USERS_IS_ACTIVE       7
#define SOCIAL_USERS_IS_STAFF        8
#define SOCIAL_USERS_IS_SUPERUSER    9
#define SOCIAL_USERS_SUSPENDED_AT    13
#define SOCIAL_USERS_SUSPENDED_UNTIL 14

/* Does this account exist, and may it act (active, and not suspended)? */
extern bool social_user_is_active(int64 user_id);

/* The id of the account with this name, in any case; 0 when there is none that may act. */
extern int64 social_active_user_named(const char *username);

/*
 * The ids of the active accounts with these names (text Datums in lower case), 0 for nobody; their
 * rows are locked FOR KEY SHARE, as a foreign key check would.
 */
extern void social_users_named(const Datum *names, int count, int64 *ids);

#endif /* SOCIAL_USER_H */
