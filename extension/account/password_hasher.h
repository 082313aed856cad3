/*
 * password_hasher.h owns where password hashes are computed: in processes of their own, whose
 * priority is low, so that what else the server does gets the processors first. A backend could
 * lower its own priority, but not raise it again.
 *
 * Where no such process is free (nothing is preloaded, the server has no worker slots left, more
 * may hash at once than there are processes), the backend computes by itself.
 */
#ifndef SOCIAL_PASSWORD_HASHER_H
#define SOCIAL_PASSWORD_HASHER_H

#include "core/password.h"

/* Making a hash, or verifying one. Without pointers: it travels through shared memory. */
struct social_password_task
{
	bool verifies;                    /* whether the password fits `encoded`; else makes that */
	struct social_password_cost cost; /* of the hash that is made */
	bool pays_always;                 /* verifying: what is no hash costs as much as one */
	size_t len;
	char password[SOCIAL_PASSWORD_MAX_BYTES];
	char encoded[SOCIAL_PASSWORD_ENCODED_MAX + 2]; /* with the terminating NUL */
	enum social_password_result result;
};

/* Does it, in a turn of password_turn.h. May be cancelled. */
extern void social_password_hasher_do(struct social_password_task *task);

#endif /* SOCIAL_PASSWORD_HASHER_H */
