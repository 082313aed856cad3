/*
 * request.c owns what came and who asks.
 */
#include "http/request.h"

#include <string.h>
#include <strings.h>

const char *
sb_request_header(const struct sb_request *request, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < request->nheaders; i++)
		if (request->headers[i].name_len == len &&
			strncasecmp(request->headers[i].name, name, len) == 0)
			return request->headers[i].value;
	return NULL;
}

int
sb_request_count_headers(const struct sb_request *request, const char *name)
{
	size_t len = strlen(name);
	int count = 0;

	for (int i = 0; i < request->nheaders; i++)
		count += request->headers[i].name_len == len &&
				 strncasecmp(request->headers[i].name, name, len) == 0;
	return count;
}

void
sb_request_add_header(struct sb_request *request, const char *name, const char *value)
{
	struct sb_answer_header *header = sb_arena_alloc(&request->arena, sizeof(*header));

	header->name = name;
	header->value = value;
	header->next = request->answer_headers;
	request->answer_headers = header;
}

void
sb_request_set_header(struct sb_request *request, const char *name, const char *value)
{
	struct sb_answer_header *header = request->answer_headers;

	while (header && strcmp(header->name, name) != 0)
		header = header->next;
	if (header)
		header->value = value;
	else
		sb_request_add_header(request, name, value);
}

void
sb_request_add_vary(struct sb_request *request, const char *name)
{
	struct sb_answer_header *header = request->answer_headers;

	while (header && strcmp(header->name, "Vary") != 0)
		header = header->next;
	if (header)
		header->value = sb_arena_printf(&request->arena, "%s, %s", header->value, name);
	else
		sb_request_add_header(request, "Vary", name);
}

bool
sb_request_has_answer_header(const struct sb_request *request, const char *name)
{
	const struct sb_answer_header *header = request->answer_headers;

	while (header && strcmp(header->name, name) != 0)
		header = header->next;
	return header != NULL;
}

/* ---- work for the database ------------------------------------------------------------------- */

void
sb_request_read_purpose(struct sb_request *request)
{
	struct sb_purpose *purpose = &request->caller.purpose;
	const char *account = request->route->account_member;
	const char *condition = request->route->action_member;

	if (account && purpose->account == NULL)
		purpose->account = json_string_value(json_object_get(request->json, account));
	if (condition && !json_is_string(json_object_get(request->json, condition)))
		purpose->action = NULL;
}

void
sb_request_begin_unit(struct sb_request *request,
					  void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome))
{
	sb_request_read_purpose(request);
	sb_admission_begin(&request->admission, on_done);
}
