/*
 * errors.h owns what a client is told when something fails: the one table from SQLSTATE to HTTP
 * status and code, and the error body (mission 126, design D2).
 */
#ifndef SB_ERROR_ERRORS_H
#define SB_ERROR_ERRORS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/* Everything that an error body holds; texts may be NULL but for message and code. */
struct sb_error
{
	int status;
	const char *code;
	const char *message;
	const char *detail;
	const char *hint; /* as the database says it: sb_hint_for() */
};

/*
 * What a failed statement means to the client. The texts point into the result or are constant.
 * Texts of the server reach the client only for the states that the table calls public.
 */
extern struct sb_error sb_error_from_result(const PGresult *result);

/*
 * A refusal that must leave a trace (a failed login, a refresh token used twice) does not raise,
 * which would undo the trace: its function returns a row whose columns error_code (an SQLSTATE),
 * error_message and error_detail say what an exception would say; error_name may give a code that
 * tells more than the state's. Whether this is such a row.
 */
extern bool sb_error_in_row(const PGresult *result, struct sb_error *error);

/* What a client is told whose request cannot be parsed, or did not come in time. */
extern const char *sb_error_refusal(int status);

/* The database is away, or has no room: 503; others hold a lock, or it is a standby:
 * likewise. Not in time: 504. */
extern struct sb_error sb_error_unavailable(void);
extern struct sb_error sb_error_busy(void);
extern struct sb_error sb_error_read_only(void);
extern struct sb_error sb_error_late(void);

/* The code that stands for an HTTP status, e.g. 404 NOT_FOUND; "INTERNAL" for those without. */
extern const char *sb_error_code(int status);

/* Logs a statement that failed, of which the client is not told: the id and name of the work. */
extern void sb_error_log(const PGresult *result, const char *work, const char *task);

/* {"error":…,"code":…,"detail":…[,"hint":…]}, malloc'd, NUL-terminated, length in *len. */
extern char *sb_error_body(const struct sb_error *error, size_t *len);

/*
 * The same as problem details (RFC 9457): type about:blank, title (the status in words), status, a
 * detail that is always a text, and beside them error, code and hint.
 */
extern char *sb_error_problem(const struct sb_error *error, const char *title, size_t *len);

#endif /* SB_ERROR_ERRORS_H */
