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

/* The same, whose account is held until the end of the transaction; SM401 also when it is gone. */
extern int64 social_viewer_required_writer(void);

/*
 * Makes user_id (0 = nobody) the viewer, until the end of the transaction, or of the session when
 * `session`. Follows savepoints and rollback like any setting. Does not check the account.
 * No session acts from then on.
 */
extern void social_viewer_set(int64 user_id, bool session);

/*
 * The login session of the acting user, or 0; it holds until the end of the transaction, for the
 * viewer at the time that it is set.
 */
extern int64 social_viewer_session(void);
extern void social_viewer_session_set(int64 session_id);

/* Leaves an id for what is run in this transaction, as set_result_id() does. */
extern void social_result_set(int64 id);

#endif /* SOCIAL_VIEWER_H */
