/*
 * session.h owns the question whether a session lives, for the C side. Which one acts: viewer.h.
 */
#ifndef SOCIAL_SESSION_H
#define SOCIAL_SESSION_H

#include "postgres.h"
#include "utils/snapshot.h"

/*
 * Does this session exist, belong to this user and live: not ended, not expired, and not idle for
 * longer than social.session_idle_timeout? As the snapshot sees it; one look-up by key. Of a
 * negative number the API key is meant (account/api_key.h).
 */
extern bool social_session_is_live(int64 session_id, int64 user_id, Snapshot snapshot);

/* A session id as the sid claim of a token holds it; 0 for anything else. */
extern int64 social_session_parse(const char *sid);

#endif /* SOCIAL_SESSION_H */
