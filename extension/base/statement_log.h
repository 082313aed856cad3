/*
 * statement_log.h owns how much the server's log is told about the statements of a request.
 */
#ifndef SOCIAL_STATEMENT_LOG_H
#define SOCIAL_STATEMENT_LOG_H

/*
 * This transaction is a request of a bridge: where its statement is to be logged with an error, no
 * more than its beginning is. A query in GraphQL of 16 kB is a statement of 110 kB, and anybody may
 * send one that is refused.
 */
extern void social_log_request(void);

#endif /* SOCIAL_STATEMENT_LOG_H */
