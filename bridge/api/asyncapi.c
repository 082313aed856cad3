/*
 * asyncapi.c owns the AsyncAPI document of the WebSockets, and its being served.
 *
 * It is made of the rows of api/socket.def (channels), ws/command.c (what clients say),
 * ws/message.def (what they are told), event/topic.def and event/close.def; the shapes are those of
 * REST.
 */
#include "api/asyncapi.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/fixed.h"
#include "api/shapes.h"
#include "base/buffer.h"
#include "base/config.h"
#include "base/memory.h"
#include "event/close.h"
#include "event/topic.h"
#include "http/router.h"
#include "ws/door.h"
#include "ws/subscriber.h"

static struct sb_fixed document; /* read-only once threads run */

static const char about[] =
	"What happens, as it happens, over WebSockets. Messages are texts of JSON: objects with a "
	"`type`, and what belongs to it.\n\n"
	"**Tokens.** Who connects shows an access token (REST: `POST /api/auth/login/`): in the header "
	"`Authorization: Bearer …`; or, as browsers can, in `Sec-WebSocket-Protocol: bearer, TOKEN, "
	"social`; or in a first message, `auth`. The bridge says `ready` then. Another `auth` with a "
	"newer token of the same person keeps the socket open beyond the end of the first. An API key "
	"with the scope `read` serves as well; once it is revoked, the socket ends with 4401.\n\n"
	"**Topics.** One socket may subscribe to several. An event that comes under more than one of "
	"them comes once. What it shows is what the viewer may see at that moment. When what a topic "
	"is about is gone, or not to be seen any more (private, blocked, suspended), nothing more "
	"comes "
	"of it, and the bridge says so by itself: `unsubscribed` with a code and a reason; where the "
	"path named it, and no other topic is left, by the close 4404.\n\n"
	"**Coming back.** Ids of events rise. Who subscribes `after` the last id that they have seen "
	"misses nothing, on whichever bridge; where the log does not reach back so far they are told: "
	"`resync`. A module for browsers that does all this is at `/api/realtime/realtime.js`.\n\n"
	"**Streams.** `GET /api/events/?topics=post:42` tells the same events, by the same ids, as "
	"server-sent events.\n\n"
	"**Closes** have a code: `x-close-codes`. Topics: `x-topics`.";

/* ---- messages -------------------------------------------------------------------------------- */

static json_t *
reference(const char *place, const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/%s/%s", place, name));
}

/* What the name of a topic is, as a regular expression. */
static json_t *
topic_pattern(void)
{
	struct sb_buffer pattern = {0};
	const struct sb_topic_kind *kind;
	json_t *text;

	sb_buffer_puts(&pattern, "^(");
	for (int i = 0; (kind = sb_topic_kind_at(i)); i++)
		sb_buffer_printf(&pattern, "%s%s%s", i ? "|" : "", kind->word,
						 kind->takes == ' '   ? ""
						 : kind->takes == 't' ? ":.+"
											  : ":[1-9][0-9]*");
	sb_buffer_puts(&pattern, ")$");
	text = json_stringn(pattern.data, pattern.len);
	sb_buffer_free(&pattern);
	return text;
}

/* The payload of a message that has this type; its other members are there already. */
static json_t *
set_type(json_t *payload, const char *type)
{
	json_object_set_new(json_object_get(payload, "properties"), "type",
						json_pack("{s:s, s:s}", "type", "string", "const", type));
	json_array_insert_new(json_object_get(payload, "required"), 0, json_string("type"));
	return payload;
}

static json_t *
payload_without_members(void)
{
	return json_pack("{s:s, s:{}, s:[]}", "type", "object", "properties", "required");
}

/* NULL, and said why, where the shape of what comes with a type cannot be read. */
static json_t *
shape_of(const char *type, const char *shape)
{
	char *problem = NULL;
	json_t *schema = sb_shapes_schema(shape, type, SB_SCHEMA_OPEN, &problem);

	if (schema == NULL)
		fprintf(stderr, "social-bridge: message %s: cannot read %s\n", type,
				problem ? problem : shape);
	free(problem);
	return schema;
}

static json_t *
payload_of_command(const struct sb_command_kind *kind)
{
	json_t *payload = *kind->takes ? shape_of(kind->type, kind->takes) : payload_without_members();
	json_t *topic = json_object_get(json_object_get(payload, "properties"), "topic");

	if (payload == NULL)
		return NULL;
	if (topic)
	{
		json_object_set_new(topic, "pattern", topic_pattern());
		json_object_set_new(topic, "maxLength", json_integer(SB_TOPIC_MAX - 1));
	}
	return set_type(payload, kind->type);
}

static json_t *
payload_of_message(const struct sb_message_kind *kind)
{
	json_t *payload = payload_without_members();
	json_t *members = json_object_get(payload, "properties");
	json_t *required = json_object_get(payload, "required");
	json_t *data = *kind->data ? shape_of(kind->type, kind->data) : NULL;

	if (*kind->data && data == NULL)
	{
		json_decref(payload);
		return NULL;
	}
	if (kind->id != ' ')
		json_object_set_new(members, "id",
							json_pack("{s:s, s:s, s:i, s:s}", "type", "integer", "format", "int64",
									  "minimum", 0, "description", "The id of an event."));
	if (kind->id == '!')
		json_array_append_new(required, json_string("id"));
	if (data)
	{
		json_object_set_new(members, "data", data);
		json_array_append_new(required, json_string("data"));
	}
	return set_type(payload, kind->type);
}

bool
sb_asyncapi_check(void)
{
	const struct sb_message_kind *message;
	const struct sb_command_kind *command;
	json_t *payload;

	for (int i = 0; (command = sb_command_kind_at(i)); i++)
	{
		if ((payload = payload_of_command(command)) == NULL)
			return false;
		json_decref(payload);
	}
	for (int i = 0; (message = sb_message_kind_at(i)); i++)
	{
		if ((payload = payload_of_message(message)) == NULL)
			return false;
		json_decref(payload);
	}
	return true;
}

static void
add_message(json_t *messages, const char *type, const char *help, json_t *payload)
{
	json_object_set_new(messages, type,
						json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", type, "title", type,
								  "summary", help, "contentType", "application/json", "payload",
								  payload));
}

static json_t *
all_messages(void)
{
	json_t *messages = json_object();
	const struct sb_message_kind *message;
	const struct sb_command_kind *command;

	for (int i = 0; (command = sb_command_kind_at(i)); i++)
		add_message(messages, command->type, command->help, payload_of_command(command));
	for (int i = 0; (message = sb_message_kind_at(i)); i++)
		add_message(messages, message->type, message->help, payload_of_message(message));
	return messages;
}

/* ---- channels and operations ----------------------------------------------------------------- */

/* References to those messages of a channel, whose types stand in text by blanks. */
static json_t *
messages_of(const struct sb_route *channel, const char *types)
{
	json_t *list = json_array();
	char *copy = sb_checked(strdup(types));
	char *rest = NULL;
	char place[128];

	snprintf(place, sizeof(place), "channels/%s/messages", channel->name);
	for (char *type = strtok_r(copy, " ", &rest); type; type = strtok_r(NULL, " ", &rest))
		json_array_append_new(list, reference(place, type));
	free(copy);
	return list;
}

static json_t *
channel_of(const struct sb_route *route, json_t *messages)
{
	json_t *own = json_object();
	json_t *parameters = json_object();
	json_t *channel;
	const char *type;
	json_t *message;

	json_object_foreach(messages, type, message)
		json_object_set_new(own, type, reference("components/messages", type));
	for (int i = 0; i < route->params.count; i++)
		json_object_set_new(
			parameters, route->params.list[i].name,
			json_pack("{s:s, s:[s]}", "description", "An id, digits only.", "examples", "42"));
	channel = json_pack("{s:s, s:s, s:s, s:o, s:{s:{s:s, s:s}}}", "address", route->path, "title",
						route->path, "description", route->summary, "messages", own, "bindings",
						"ws", "method", "GET", "bindingVersion", "0.1.0");
	if (json_object_size(parameters) > 0)
		json_object_set_new(channel, "parameters", parameters);
	else
		json_decref(parameters);
	return channel;
}

/* What clients may say there, and what they are told without having asked. */
static void
add_operations(json_t *operations, const struct sb_route *channel)
{
	const struct sb_command_kind *command;
	const struct sb_message_kind *message;
	json_t *told = json_array();
	char name[128];

	for (int i = 0; (command = sb_command_kind_at(i)); i++)
	{
		snprintf(name, sizeof(name), "%s.%s", channel->name, command->type);
		json_object_set_new(operations, name,
							json_pack("{s:s, s:o, s:s, s:o, s:{s:o, s:o}}", "action", "receive",
									  "channel", reference("channels", channel->name), "summary",
									  command->help, "messages",
									  messages_of(channel, command->type), "reply", "channel",
									  reference("channels", channel->name), "messages",
									  messages_of(channel, command->answers)));
	}
	for (int i = 0; (message = sb_message_kind_at(i)); i++)
	{
		json_t *one = messages_of(channel, message->type);

		json_array_extend(told, one);
		json_decref(one);
	}
	snprintf(name, sizeof(name), "%s.tell", channel->name);
	json_object_set_new(operations, name,
						json_pack("{s:s, s:o, s:s, s:o}", "action", "send", "channel",
								  reference("channels", channel->name), "summary",
								  "What the bridge tells: answers, and what happens.", "messages",
								  told));
}

/* ---- the whole ------------------------------------------------------------------------------- */

static json_t *
close_codes(void)
{
	json_t *list = json_array();

	for (enum sb_close close = 0; close < SB_CLOSES; close++)
		json_array_append_new(list, json_pack("{s:i, s:s, s:s}", "code", sb_close_code(close),
											  "reason", sb_close_reason(close), "description",
											  sb_close_help(close)));
	return list;
}

static json_t *
topics(void)
{
	json_t *all = json_object();
	const struct sb_topic_kind *kind;

	for (int i = 0; (kind = sb_topic_kind_at(i)); i++)
		json_object_set_new(all, kind->word, json_string(kind->help));
	return all;
}

static json_t *
server(const struct sb_config *config, const char *protocol, const char *description)
{
	return json_pack("{s:s, s:s, s:s, s:{s:{s:o, s:s}}, s:[o]}", "host", "{host}", "protocol",
					 protocol, "description", description, "variables", "host", "default",
					 json_sprintf("127.0.0.1:%d", config->http_port), "description",
					 "Where the bridge, or the proxy before it, is reached.", "security",
					 reference("components/securitySchemes", "bearer"));
}

static json_t *
make(const struct sb_config *config)
{
	int count;
	const struct sb_route *routes = sb_router_routes(&count);
	json_t *channels = json_object();
	json_t *operations = json_object();
	json_t *messages = all_messages();

	for (const struct sb_route *route = routes; route < routes + count; route++)
		if (route->handler == sb_ws_subscribe && !route->is_again)
		{
			json_object_set_new(channels, route->name, channel_of(route, messages));
			add_operations(operations, route);
		}
	return json_pack(
		"{s:s, s:{s:s, s:s, s:s, s:{s:s}}, s:s, s:{s:o, s:o}, s:o, s:o, s:{s:o, s:o, s:{s:{s:s, "
		"s:s, s:s, s:s}}}, s:o, s:o}",
		"asyncapi", "3.0.0", "info", "title", "social", "version", SOCIAL_VERSION, "description",
		about, "license", "name", "MIT License", "defaultContentType", "application/json",
		"servers", "bridge", server(config, "ws", "This bridge."), "proxy",
		server(config, "wss", "The same behind a proxy that speaks TLS."), "channels", channels,
		"operations", operations, "components", "messages", messages, "schemas",
		sb_shapes_all(SB_SCHEMA_OPEN), "securitySchemes", "bearer", "type", "http", "scheme",
		"bearer", "bearerFormat", "JWT", "description",
		"The access token of a session, or an API key with the scope read.", "x-topics", topics(),
		"x-close-codes", close_codes());
}

void
sb_asyncapi_init(const struct sb_config *config)
{
	json_t *all = make(config);
	char *text = sb_checked(json_dumps(all, JSON_COMPACT)); /* lives as long as the process */

	sb_fixed_init(&document, "application/json", text, strlen(text));
	json_decref(all);
}

void
sb_asyncapi_print(const struct sb_config *config, FILE *out)
{
	json_t *all = make(config);

	json_dumpf(all, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(all);
}

void
sb_api_asyncapi(struct sb_request *request)
{
	sb_fixed_reply(request, &document);
}
