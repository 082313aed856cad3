/*
 * api_key.h owns API keys for the C side: whose one is, whether it lives, what it may do. Which one
 * acts: viewer.h. Their text: core/api_key.h.
 *
 * Who acts by a key acts in a session of his own, whose number is the key's with a minus: what
 * looks after sessions (bridges, above all) looks after keys as well, and takes neither for the
 * other.
 */
#ifndef SOCIAL_ACCOUNT_API_KEY_H
#define SOCIAL_ACCOUNT_API_KEY_H

#include "postgres.h"
#include "datatype/timestamp.h"
#include "utils/snapshot.h"

struct social_api_key
{
	int64 id;
	int64 user_id;
	TimestampTz expires_at;
};

/* Whose key this is. NULL, or why it lets nobody act; the account has not been looked at. */
extern const char *social_api_key_find(const text *token, struct social_api_key *key);

/* Whether the key exists, is this user's, and has neither been revoked nor expired. */
extern bool social_api_key_is_live(int64 key_id, int64 user_id, Snapshot snapshot);

/* What it may do (enum social_scope); 0 where there is no such key. */
extern uint32 social_api_key_scopes(int64 key_id, Snapshot snapshot);

#endif /* SOCIAL_ACCOUNT_API_KEY_H */
