/*
 * direct.c owns requests that are served without the HTTP library.
 *
 * Answers are sent once an iteration, and not where they become known: what makes them may still
 * look at the request, which ends as it is sent.
 */
#include "http/direct.h"

#include <microhttpd.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "base/buffer.h"
#include "http/client.h"
#include "http/gate.h"
#include "http/head.h"
#include "http/intake.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/router.h"

#define MAX_PARAMETERS 64 /* what has more may be refused by the library's side */

/* ---- the request ----------------------------------------------------------------------------- */

/* The request is answered: it waits for its turn. */
static void
line_up(struct sb_request *request)
{
	struct sb_clients *clients = request->client->clients;

	request->phase = SB_PHASE_ANSWERED;
	request->next_answered = clients->answered;
	clients->answered = request;
}

static void
deliver(struct sb_request *request)
{
	/* While the handler runs, sb_direct_take() finds the answer. */
	if (request->phase == SB_PHASE_SUSPENDED)
		line_up(request);
}

/* Ends a text within the head by a NUL, in the place of what followed it there. */
static const char *
cut(char *head, const char *text, const char *part, size_t len)
{
	char *at = head + (part - text);

	at[len] = '\0';
	return at;
}

const char *
sb_direct_read_head(struct sb_request *request, const char *text, const struct sb_head_form *form,
					const char **version)
{
	char *head = sb_arena_copy(&request->arena, text, form->size);

	request->headers = sb_arena_new_array(&request->arena, struct sb_header, form->nfields);
	request->nheaders = form->nfields;
	for (int i = 0; i < form->nfields; i++)
	{
		const struct sb_header *field = &form->fields[i];

		request->headers[i] = *field;
		request->headers[i].name = cut(head, text, field->name, field->name_len);
		request->headers[i].value = cut(head, text, field->value, field->value_len);
	}
	request->target = cut(head, text, form->target, form->target_len);
	request->target_len = form->target_len;
	*version = cut(head, text, form->version, form->version_len);
	return cut(head, text, form->method, form->method_len);
}

static bool
has_many_parameters(const struct sb_head_form *form)
{
	int parameters = 1;

	for (size_t i = 0; i < form->target_len; i++)
		parameters += form->target[i] == '&';
	return parameters > MAX_PARAMETERS;
}

bool
sb_direct_take(struct sb_client *client, struct sb_services *services, const char *text,
			   const struct sb_head_form *form)
{
	struct sb_request *request;
	const char *version;
	const char *method;

	if (has_many_parameters(form) || sb_router_goes_on(form->target, form->target_len))
		return false;
	request = sb_intake_begin(client, services);
	request->deliver = deliver;
	request->phase = SB_PHASE_HANDLING;
	sb_client_enter(client, SB_CLIENT_WORKING);
	method = sb_direct_read_head(request, text, form, &version);
	sb_intake_head(request, method, version);
	if (form->body > 0)
		sb_intake_body(request, text + form->size, (size_t) form->body);
	if (!request->is_answered)
		sb_intake_whole(request);
	if (request->is_answered)
		line_up(request);
	else
		request->phase = SB_PHASE_SUSPENDED;
	return true;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static _Thread_local struct sb_buffer head; /* of the answer that is being sent */

/* The time as HTTP has it (RFC 9110 section 5.6.7), made once a second. */
static const char *
date(void)
{
	static _Thread_local char text[sizeof("Sun, 06 Nov 1994 08:49:37 GMT")];
	static _Thread_local time_t made;
	time_t now = time(NULL);
	struct tm tm;

	if (now != made && gmtime_r(&now, &tm))
	{
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		made = now;
	}
	return text;
}

static void
put_header(void *to, const char *name, const char *value)
{
	struct sb_buffer *out = to;
	size_t name_len = strlen(name);
	size_t value_len = strlen(value);
	char *at;

	sb_buffer_reserve(out, name_len + value_len + 4);
	at = out->data + out->len;
	memcpy(at, name, name_len);
	memcpy(at + name_len, ": ", 2);
	memcpy(at + name_len + 2, value, value_len);
	memcpy(at + name_len + 2 + value_len, "\r\n", 3);
	out->len += name_len + value_len + 4;
}

void
sb_direct_write_head(const struct sb_request *request, struct sb_buffer *out)
{
	sb_buffer_puts(out, "HTTP/1.1 ");
	sb_buffer_put_int(out, request->status);
	sb_buffer_putc(out, ' ');
	sb_buffer_puts(out, MHD_get_reason_phrase_for((unsigned) request->status));
	sb_buffer_puts(out, "\r\n");
	put_header(out, "Date", date());
	sb_reply_put_headers(request, put_header, out);
	if (request->status != 204)
	{
		sb_buffer_puts(out, "Content-Length: ");
		sb_buffer_put_int(out, (int64_t) request->answer_len);
		sb_buffer_puts(out, "\r\n");
	}
	sb_buffer_puts(out, "\r\n");
}

bool
sb_direct_has_body(const struct sb_request *request)
{
	return request->method != SB_HEAD && request->status != 204 && request->status != 304 &&
		   request->answer_len > 0;
}

static void
answer(struct sb_request *request)
{
	struct sb_client *client = request->client;
	struct sb_gate *gate = client->gate;
	struct iovec parts[2];

	head.len = 0;
	sb_direct_write_head(request, &head);
	parts[0] = (struct iovec){head.data, head.len};
	parts[1] = (struct iovec){(void *) request->answer, request->answer_len};
	client->request = NULL;
	sb_client_enter(client, SB_CLIENT_WRITING);
	/* He may be gone, or his next request begun, when this returns. */
	sb_gate_answer(gate, parts, sb_direct_has_body(request) ? 2 : 1, sb_reply_is_last(request));
	sb_intake_end(request, !sb_gate_is_broken(gate));
}

void
sb_direct_answer_all(struct sb_clients *clients)
{
	struct sb_request *request;

	while ((request = clients->answered))
	{
		clients->answered = request->next_answered;
		answer(request);
	}
}

void
sb_direct_end(void)
{
	sb_buffer_free(&head);
}
