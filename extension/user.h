/*
 * user.h owns look-ups of accounts for the C side. Both read with a fresh snapshot.
 */
#ifndef SOCIAL_USER_H
#define SOCIAL_USER_H

#include "postgres.h"

/* Columns of social.users that C reads by number; an upgrade only ever appends columns. */
#define SOCIAL_USERS_ID 1
#define SOCIAL_USERS_IS_ACTIVE 7

/* Does this account exist, and may it act? */
extern bool social_user_is_active(int64 user_id);

/* The id of the active account with this name, in any case; 0 when there is none. */
extern int64 social_active_user_named(const char *username);

#endif /* SOCIAL_USER_H */
