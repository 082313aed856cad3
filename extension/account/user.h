/*
 * user.h owns look-ups of accounts for the C side. They read with a fresh snapshot, unless they are
 * given one.
 */
#ifndef SOCIAL_USER_H
#define SOCIAL_USER_H

#include "postgres.h"
#include "utils/snapshot.h"

/* What every request asks about the account that acts. */
struct social_account
{
	int64 id;      /* 0: there is no such account, and nothing else is true of it but has_filters */
	bool may_act;  /* active, and not suspended */
	bool is_staff; /* or a superuser */
	bool has_filters; /* blocks or mutes may keep something from it, or it from somebody */
};

/*
 * The account as the snapshot sees it. Cheap to ask again: what one statement of a transaction has
 * read serves the next, as long as nothing was committed or written in between.
 */
extern struct social_account social_user_account(int64 user_id, Snapshot snapshot);

/* Does this account exist, and may it act (active, and not suspended)? */
extern bool social_user_is_active(int64 user_id, Snapshot snapshot);

/*
 * Locks the account FOR KEY SHARE, as a foreign key check would, so that it stays until the end of
 * the transaction; waits for who deletes it. False when it is gone.
 */
extern bool social_user_hold(int64 user_id);

/* The id of the account with this name, in any case; 0 when there is none that may act. */
extern int64 social_active_user_named(const char *username);

/*
 * The ids of the active accounts with these names (text Datums in lower case), 0 for nobody; where
 * no account at all has a name, its alternative (0: none) is looked for. Their rows are locked FOR
 * KEY SHARE, as a foreign key check would; has_filters tells of those as struct social_account.
 */
extern void social_users_named(const Datum *names, const Datum *alternatives, int count, int64 *ids,
							   bool *has_filters);

#endif /* SOCIAL_USER_H */
