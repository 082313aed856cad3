/*
 * request.h owns one HTTP request: what came, who asks, and the answer. Handlers see this and
 * nothing of the HTTP library.
 */
#ifndef SB_HTTP_REQUEST_H
#define SB_HTTP_REQUEST_H

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "error/errors.h"
#include "http/router.h"
#include "http/strict.h"
#include "http/url.h"
#include "loop/loop.h"
#include "pg/pool.h"
#include "pg/unit.h"
#include "ratelimit/limits.h"

#define SB_REQUEST_ID_MAX 64

struct sb_buffer;
struct MHD_Connection;
struct MHD_Response;
struct sb_client;

enum sb_phase
{
	SB_PHASE_HEAD,      /* the library reads the head */
	SB_PHASE_BODY,      /* the body comes in; an answer known already waits for its end */
	SB_PHASE_HANDLING,  /* the handler runs, called by the library */
	SB_PHASE_SUSPENDED, /* the handler waits for something; the library leaves it alone */
	SB_PHASE_ANSWERED   /* the library has the answer */
};

struct sb_answer_header
{
	struct sb_answer_header *next;
	const char *name;
	const char *value;
};

struct sb_request
{
	struct sb_arena arena; /* freed when the request ends */
	struct sb_loop *loop;
	struct sb_client *client;
	struct MHD_Connection *mhd;
	uint64_t started_us;
	enum sb_phase phase;

	/* The head: valid from SB_PHASE_BODY on. */
	const char *target;
	size_t target_len;
	const char *method_name;
	enum sb_method method;
	struct sb_url url;
	struct sb_header *headers;
	int nheaders;
	char id[SB_REQUEST_ID_MAX + 1];
	const struct sb_route *route; /* NULL when none fits */

	/* The body: whole from SB_PHASE_HANDLING on. */
	char *body;
	size_t body_len;
	size_t body_size;
	size_t discarded; /* bytes of a body that nobody wants */

	char address[INET6_ADDRSTRLEN]; /* of the client */
	int64_t user_id;                /* 0 = anonymous */
	int64_t session_id;             /* 0 = the token names none */
	char user_text[24];
	char session_text[24];

	/* What it counts as, and how far that is. */
	struct sb_limit_use use; /* the route's, unless the handler knows better */
	bool is_counted;         /* the store has been asked, or is by the unit's admission */
	bool counts_itself;      /* the unit's admission counts */

	/* For the handler. */
	struct sb_pg_unit unit;
	void (*on_unit_done)(struct sb_pg_unit *, enum sb_pg_outcome);
	enum sb_pg_lane lane;
	const struct sb_error *refusal; /* why the limiter refused the unit: SB_PG_REFUSED */
	json_t *json;                   /* released with the request */
	void *state;
	void (*on_end)(struct sb_request *); /* frees state; may be NULL */

	/* The answer. */
	struct MHD_Response *response;
	int status;
	size_t answer_len;
	struct sb_answer_header *answer_headers;
	bool must_close;
};

/* The value of a request header (case-insensitive), or NULL; the first when there are several. */
extern const char *sb_request_header(const struct sb_request *request, const char *name);

/* How many headers have this name. */
extern int sb_request_count_headers(const struct sb_request *request, const char *name);

/* What the client calls itself, cut to a length worth keeping; NULL when it says nothing usable. */
extern const char *sb_request_user_agent(struct sb_request *request);

/* Adds a header to the answer; the texts must live as long as the request. */
extern void sb_request_add_header(struct sb_request *request, const char *name, const char *value);

/* The same, in the place of an earlier one of that name. */
extern void sb_request_set_header(struct sb_request *request, const char *name, const char *value);

/* Writes the headers that every answer has; request NULL: its id is not known. */
extern void sb_request_write_headers(const struct sb_request *request, struct sb_buffer *out);

/* Answers with a malloc'd body, which becomes the request's. */
extern void sb_request_reply(struct sb_request *request, int status, const char *content_type,
							 char *body, size_t len);

/* Answers with the first column of the first row, untouched; the result becomes the request's. */
extern void sb_request_reply_result(struct sb_request *request, int status, PGresult *result);

/* Answers with a constant JSON text, or with no body at all (NULL). */
extern void sb_request_reply_constant(struct sb_request *request, int status, const char *json);

/* Answers with the error body. */
extern void sb_request_fail(struct sb_request *request, int status, const char *message);
extern void sb_request_fail_with(struct sb_request *request, const struct sb_error *error);

/*
 * Answers for a unit that did not end in SB_PG_OK, and logs what the client is not told. A refused
 * admission (statement 0) is answered as a bad token is.
 */
extern void sb_request_fail_unit(struct sb_request *request, enum sb_pg_outcome outcome);
extern void sb_request_log_result(struct sb_request *request, const PGresult *result);

/* 401 with the challenge of RFC 6750; message NULL: no token was given. */
extern void sb_request_fail_token(struct sb_request *request, const char *message);

/* Starts request->unit afresh with the admission of whoever asks; on_done gets the request as
 * unit->owner. */
extern void sb_request_begin_unit(struct sb_request *request,
								  void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome));

/*
 * Sends request->unit, once the request is counted against its limits; on_done may be called before
 * this returns, with SB_PG_REFUSED or SB_PG_LOST. False, and it never is, when sending is not
 * possible now.
 */
extern bool sb_request_send(struct sb_request *request, enum sb_pg_lane lane);

/* The same, but answers 503 by itself. */
extern bool sb_request_submit(struct sb_request *request, enum sb_pg_lane lane);

/* What a client is told about a unit that did not end in SB_PG_OK; logs what he is not told. */
extern struct sb_error sb_request_unit_error(struct sb_request *request,
											 enum sb_pg_outcome outcome);

#endif /* SB_HTTP_REQUEST_H */
