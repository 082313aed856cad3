/*
 * openapi_webhook.c owns what the OpenAPI document says of webhooks.
 */
#include "api/openapi_webhook.h"

#include "base/memory.h"

static const struct
{
	const char *name;
	const char *description;
} headers[] = {
	{"webhook-id", "The message: the same in each attempt, so that one that comes twice is known."},
	{"webhook-timestamp", "When this attempt was made, in seconds since 1970."},
	{"webhook-signature",
	 "A signature with each secret, with blanks between: v1 (HMAC-SHA256) or v1a (ed25519), a "
	 "comma, "
	 "and base64. What is signed is the id, the timestamp and the body, with full stops between."},
};

static const struct
{
	const char *status;
	const char *description;
} answers[] = {
	{"2XX", "It has arrived."},
	{"410", "Nothing is wanted any more: the webhook is disabled."},
	{"429", "Later: after Retry-After, where it is there. So with 502, 503 and 504."},
	{"default", "It has not arrived, redirects too: it is sent again, for 75 hours."},
};

static json_t *
parameters(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		json_array_append_new(list,
							  json_pack("{s:s, s:s, s:b, s:s, s:{s:s}}", "name", headers[i].name,
										"in", "header", "required", 1, "description",
										headers[i].description, "schema", "type", "string"));
	return list;
}

static json_t *
responses(void)
{
	json_t *all = json_object();

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		json_object_set_new(all, answers[i].status,
							json_pack("{s:s}", "description", answers[i].description));
	return all;
}

static json_t *
message(void)
{
	return json_pack(
		"{s:s, s:[s,s,s], s:{s:{s:s, s:s, s:[s]}, s:{s:s, s:s, s:s}, s:{s:s, s:s}}}", "type",
		"object", "required", "type", "timestamp", "data", "properties", "type", "type", "string",
		"description", "What has happened: as on sockets (/api/schema/asyncapi/), or webhook.test.",
		"examples", "post.created", "timestamp", "type", "string", "format", "date-time",
		"description", "When it happened.", "data", "type", "object", "description",
		"What the webhook's owner may see of it at this moment, as REST shows it.");
}

json_t *
sb_openapi_webhooks(void)
{
	return sb_checked(
		json_pack("{s:{s:{s:s, s:[s], s:s, s:s, s:[], s:o, s:{s:b, s:{s:{s:o}}}, s:o}}}", "event",
				  "post", "operationId", "webhookEvent", "tags", "webhook", "summary",
				  "Something has happened that a webhook is told of.", "description",
				  "Sent to the address of a webhook, to the letter of Standard Webhooks 1.0.",
				  "security", "parameters", parameters(), "requestBody", "required", 1, "content",
				  "application/json", "schema", message(), "responses", responses()));
}
