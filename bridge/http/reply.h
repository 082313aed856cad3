/*
 * reply.h owns how a request is answered: exactly once, now or later.
 */
#ifndef SB_HTTP_REPLY_H
#define SB_HTTP_REPLY_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "error/errors.h"
#include "pg/pool.h"

struct sb_buffer;
struct sb_request;

/* Answers with a malloc'd body, which becomes the request's. */
extern void sb_request_reply(struct sb_request *request, int status, const char *content_type,
							 char *body, size_t len);

/*
 * Answers with the first column of the first row, untouched; the result becomes the request's. What
 * is read has an ETag, and so has what says its version (a column of that name); 304 or 412 where
 * the request's conditions say so.
 */
extern void sb_request_reply_result(struct sb_request *request, int status, PGresult *result);

/* Answers with bytes that live as long as the process; a status that has no body (304) tells of
 * them. */
extern void sb_request_reply_static(struct sb_request *request, int status,
									const char *content_type, const char *bytes, size_t len);

/* Answers with a constant JSON text, or with no body at all (NULL). */
extern void sb_request_reply_constant(struct sb_request *request, int status, const char *json);

/* Answers with 101, by a response that the library makes for it (http/upgrade.c). */
struct MHD_Response;
extern void sb_request_reply_upgrade(struct sb_request *request, struct MHD_Response *response);

/* Answers 200 with a response whose body goes on (http/stream.h). */
extern void sb_request_reply_stream(struct sb_request *request, const char *content_type,
									struct MHD_Response *response);

/* Answers with the error body, or problem details where the client asks for them. */
extern void sb_request_fail(struct sb_request *request, int status, const char *message);
extern void sb_request_fail_with(struct sb_request *request, const struct sb_error *error);

/* 401 with the challenge of RFC 6750; message NULL: no token was given. */
extern void sb_request_fail_token(struct sb_request *request, const char *message);

/* 403 for an API key that lacks this scope, with the challenge; 0: it is for none. */
extern void sb_request_fail_scope(struct sb_request *request, uint32_t scope);

/*
 * Answers for a unit that did not end in SB_PG_OK, and logs what the client is not told. A refused
 * admission (statement 0) is answered as a bad token is.
 */
extern void sb_request_fail_unit(struct sb_request *request, enum sb_pg_outcome outcome);

/* Sends the request's unit; answers 503 by itself where that is not possible now, with false. */
extern bool sb_request_submit(struct sb_request *request, enum sb_pg_lane lane);

/* Writes the headers that every answer has; request NULL: its id is not known. */
extern void sb_reply_write_headers(const struct sb_request *request, struct sb_buffer *out);

/* ---- for whoever sends it -------------------------------------------------------------------- */

/* Puts the headers of the request's answer, one after the other. */
extern void sb_reply_put_headers(const struct sb_request *request,
								 void (*put)(void *to, const char *name, const char *value),
								 void *to);

/* Whether the connection ends with the answer, which says so. */
extern bool sb_reply_is_last(const struct sb_request *request);

#endif /* SB_HTTP_REPLY_H */
