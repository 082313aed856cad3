/*
 * viewer.h owns the question "who is acting?" for the C side.
 */
#ifndef SOCIAL_VIEWER_H
#define SOCIAL_VIEWER_H

#include "postgres.h"

/* The acting user's id, or 0 when nobody acts. */
extern int64 social_viewer(void);

/* The acting user's id; raises SM401 when nobody acts. */
extern int64 social_viewer_required(void);

/* The same, whose account is held until the end of the transaction; SM401 also when it is gone,
 * SM403 where an API key acts that may not write. */
extern int64 social_viewer_required_writer(void);

/*
 * Makes user_id (0 = nobody) the viewer, until the end of the transaction, or of the session when
 * `session`. Follows savepoints and rollback like any setting. Does not check the account.
 * No session acts from then on.
 */
extern void social_viewer_set(int64 user_id, bool session);

/*
 * The login session of the acting user, or 0; it holds until the end of the transaction, for the
 * viewer at the time that it is set. A negative one is that of an API key (account/api_key.h).
 */
extern int64 social_viewer_session(void);
extern void social_viewer_session_set(int64 session_id);

/*
 * Whoever acts by an API key that may write nothing does so in a transaction that may not: for what
 * opens a request.
 */
extern void social_viewer_confine(void);

/* Raises SM403 where an API key acts that lacks the scope (core/api_key.h). */
extern void social_viewer_require_scope(uint32 scope);

/* Leaves an id for what is run in this transaction, as set_result_id() does. */
extern void social_result_set(int64 id);

#endif /* SOCIAL_VIEWER_H */
