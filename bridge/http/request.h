/*
 * request.h owns one HTTP request: what came, who asks, and the answer. Handlers see this and
 * nothing of the HTTP library; how it is answered is http/reply.h.
 */
#ifndef SB_HTTP_REQUEST_H
#define SB_HTTP_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admission/admission.h"
#include "base/arena.h"
#include "caller/caller.h"
#include "http/router.h"
#include "http/strict.h"
#include "http/url.h"

#define SB_REQUEST_ID_MAX      64
#define SB_REQUEST_MAX_HEADERS 100

struct MHD_Connection;
struct MHD_Response;
struct sb_buffer;
struct sb_client;
struct sb_idempotency;
struct sb_line;
struct sb_loop;
struct sb_stream;
struct sockaddr;

enum sb_phase
{
	SB_PHASE_HEAD,      /* the library reads the head */
	SB_PHASE_BODY,      /* the body comes in; an answer known already waits for its end */
	SB_PHASE_HANDLING,  /* the handler runs */
	SB_PHASE_SUSPENDED, /* the handler waits for something; the library leaves it alone */
	SB_PHASE_ANSWERED   /* the answer is on its way */
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
	const struct sockaddr *peer; /* of the connection: the client, or a proxy */
	struct MHD_Connection *mhd;  /* NULL when it was taken from the gate */
	bool is_by_tls;              /* of the connection, which ends here (TLS_CERTIFICATE) */
	uint64_t started_us;
	enum sb_phase phase;

	/* The head: valid from SB_PHASE_BODY on. */
	const char *target;
	size_t target_len;
	const char *method_name;
	enum sb_method method;
	bool is_http_1_1; /* else 1.0 */
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

	struct sb_caller caller; /* counts as what the route says, unless the handler knows better */

	/* For the handler. */
	struct sb_admission admission;
	json_t *json;                       /* released with the request */
	struct sb_idempotency *idempotency; /* NULL: it may be done again */
	void *state;
	void (*on_end)(struct sb_request *); /* frees state; may be NULL */

	/* The answer. */
	void (*deliver)(struct sb_request *); /* takes it on its way */
	void (*resume)(struct sb_request *);  /* goes on with what was suspended */
	struct sb_request *next_answered;     /* http/direct.c */
	bool is_answered;                     /* what follows is known */
	int status;
	const char *content_type; /* NULL: none */
	const char *answer;
	size_t answer_len;
	void (*free_answer)(void *answer_owner); /* NULL: it need not be freed */
	void *answer_owner;
	struct MHD_Response
		*whole;        /* in the place of the body: made by whom it belongs to; else NULL */
	bool may_be_coded; /* it holds no secrets (http/coding.h); what handlers read themselves */
	struct sb_answer_header *answer_headers;
	bool must_close;
	struct sb_stream *stream; /* NULL: its body is all there (http/stream.h) */
	uint64_t head_us;         /* when such an answer began */
	/* With 101 (http/upgrade.h). */
	void (*on_upgraded)(struct sb_request *, struct sb_line *, const struct sb_buffer *);
};

/* The value of a request header (case-insensitive), or NULL; the first when there are several. */
extern const char *sb_request_header(const struct sb_request *request, const char *name);

/* How many headers have this name. */
extern int sb_request_count_headers(const struct sb_request *request, const char *name);

/* Adds a header to the answer; the texts must live as long as the request. */
extern void sb_request_add_header(struct sb_request *request, const char *name, const char *value);

/* The same, in the place of an earlier one of that name. */
extern void sb_request_set_header(struct sb_request *request, const char *name, const char *value);

/* Adds the name of a header of the request that the answer hangs on; a constant. */
extern void sb_request_add_vary(struct sb_request *request, const char *name);

/* Whether the answer has a header of that name. */
extern bool sb_request_has_answer_header(const struct sb_request *request, const char *name);

/*
 * What the body makes of the purpose: the account that it names, and whether it is the action at
 * all.
 */
extern void sb_request_read_purpose(struct sb_request *request);

/*
 * Starts the request's unit (admission.unit) afresh, for whoever asks; on_done gets the request as
 * unit->owner. See admission/admission.h for sending it.
 */
extern void sb_request_begin_unit(struct sb_request *request,
								  void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome));

#endif /* SB_HTTP_REQUEST_H */
