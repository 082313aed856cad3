/*
 * bridge_graphql_message_test.c: api/graphql_message.c: the messages of graphql-transport-ws, what
 * is none, and when each may come (issue 14).
 */
#include <stdlib.h>

#include "api/graphql_message.h"
#include "base/buffer.h"
#include "tap.h"

static struct sb_graphql_message message;

static const char *
read_text(const char *text)
{
	sb_graphql_message_clear(&message);
	return sb_graphql_message_read(&message, text, strlen(text));
}

static void
takes(const char *text, enum sb_graphql_message_type type)
{
	is_str(read_text(text), NULL, text);
	is_int(message.type, type, "  is of its type");
}

static void
refuses(const char *text, const char *because)
{
	const char *problem = read_text(text);

	ok(problem && strstr(problem, because), text);
	if (problem && !strstr(problem, because))
		printf("#   got %s\n", problem);
}

static void
test_reading(void)
{
	char long_id[SB_GRAPHQL_ID_MAX + 64];

	takes("{\"type\":\"connection_init\"}", SB_GRAPHQL_CONNECTION_INIT);
	ok(message.payload == NULL && message.id == NULL, "  without a payload");
	takes("{\"type\":\"connection_init\",\"payload\":null}", SB_GRAPHQL_CONNECTION_INIT);
	takes("{\"type\":\"connection_init\",\"payload\":{\"token\":\"t\"}}",
		  SB_GRAPHQL_CONNECTION_INIT);
	ok(message.payload != NULL, "  with one");
	takes("{\"type\":\"ping\"}", SB_GRAPHQL_PING);
	takes("{\"type\":\"pong\",\"payload\":{\"at\":1}}", SB_GRAPHQL_PONG);
	takes("{\"id\":\"a\",\"type\":\"complete\"}", SB_GRAPHQL_COMPLETE);
	is_str(message.id, "a", "  with the id");
	takes("{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{\"query\":\"{ me { id } }\"},\"x\":1}",
		  SB_GRAPHQL_SUBSCRIBE);
	is_str(json_string_value(json_object_get(message.payload, "query")), "{ me { id } }",
		   "  with what it asks for");

	refuses("", "JSON object");
	refuses("[]", "JSON object");
	refuses("\"ping\"", "JSON object");
	refuses("{\"type\":\"ping\"} {}", "JSON object");
	refuses("{\"type\":\"ping\",\"type\":\"pong\"}", "JSON object");
	refuses("{\"type\":\"pi\\u0000ng\"}", "JSON object");
	refuses("{}", "type is");
	refuses("{\"type\":7}", "type is");
	refuses("{\"type\":\"start\",\"id\":\"1\"}", "type is");
	refuses("{\"type\":\"next\",\"id\":\"1\",\"payload\":{}}", "type is");
	refuses("{\"type\":\"connection_ack\"}", "type is");
	refuses("{\"type\":\"error\",\"id\":\"1\",\"payload\":[]}", "type is");
	refuses("{\"type\":\"subscribe\",\"payload\":{}}", "id is");
	refuses("{\"type\":\"subscribe\",\"id\":\"\",\"payload\":{}}", "id is");
	refuses("{\"type\":\"subscribe\",\"id\":1,\"payload\":{}}", "id is");
	refuses("{\"type\":\"complete\"}", "id is");
	refuses("{\"type\":\"subscribe\",\"id\":\"1\"}", "payload is");
	refuses("{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":null}", "payload is");
	refuses("{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":\"{ me }\"}", "payload is");
	refuses("{\"type\":\"ping\",\"payload\":[]}", "payload is");
	snprintf(long_id, sizeof(long_id), "{\"type\":\"complete\",\"id\":\"%0*d\"}", SB_GRAPHQL_ID_MAX,
			 1);
	takes(long_id, SB_GRAPHQL_COMPLETE);
	snprintf(long_id, sizeof(long_id), "{\"type\":\"complete\",\"id\":\"%0*d\"}",
			 SB_GRAPHQL_ID_MAX + 1, 1);
	refuses(long_id, "id is");
}

static void
test_writing(void)
{
	struct sb_buffer out = {0};

	sb_graphql_message_write(&out, SB_GRAPHQL_CONNECTION_ACK, NULL, NULL, 0);
	is_str(out.data, "{\"type\":\"connection_ack\"}", "an acknowledgement");
	sb_buffer_free(&out);
	sb_graphql_message_write(&out, SB_GRAPHQL_NEXT, "a\"b", "{\"data\":null}", 13);
	is_str(out.data, "{\"id\":\"a\\\"b\",\"type\":\"next\",\"payload\":{\"data\":null}}",
		   "a result, under an id that is quoted");
	sb_buffer_free(&out);
	sb_graphql_message_write(&out, SB_GRAPHQL_COMPLETE, "1", NULL, 0);
	is_str(out.data, "{\"id\":\"1\",\"type\":\"complete\"}", "an end");
	sb_buffer_free(&out);
}

static void
test_order(void)
{
	static const enum sb_graphql_message_type anytime[] = {SB_GRAPHQL_PING, SB_GRAPHQL_PONG,
														   SB_GRAPHQL_COMPLETE};

	is_int(sb_graphql_message_refusal(SB_GRAPHQL_NEW, SB_GRAPHQL_CONNECTION_INIT), 0,
		   "it begins with connection_init");
	is_int(sb_graphql_message_refusal(SB_GRAPHQL_INITIALISED, SB_GRAPHQL_CONNECTION_INIT), 4429,
		   "a second one is 4429");
	is_int(sb_graphql_message_refusal(SB_GRAPHQL_ACKNOWLEDGED, SB_GRAPHQL_CONNECTION_INIT), 4429,
		   "later, too");
	is_int(sb_graphql_message_refusal(SB_GRAPHQL_NEW, SB_GRAPHQL_SUBSCRIBE), 4401,
		   "an operation before it is 4401");
	is_int(sb_graphql_message_refusal(SB_GRAPHQL_INITIALISED, SB_GRAPHQL_SUBSCRIBE), 4401,
		   "and so before the acknowledgement");
	is_int(sb_graphql_message_refusal(SB_GRAPHQL_ACKNOWLEDGED, SB_GRAPHQL_SUBSCRIBE), 0,
		   "then it is taken");
	for (size_t i = 0; i < sizeof(anytime) / sizeof(anytime[0]); i++)
		for (int phase = SB_GRAPHQL_NEW; phase <= SB_GRAPHQL_ACKNOWLEDGED; phase++)
			is_int(sb_graphql_message_refusal((enum sb_graphql_phase) phase, anytime[i]), 0,
				   "what may come at any time");
}

static void
has_token(const char *payload, const char *token)
{
	json_t *json = json_loads(payload, 0, NULL);

	is_str(sb_graphql_message_token(json), token, payload);
	json_decref(json);
}

static void
test_token(void)
{
	is_str(sb_graphql_message_token(NULL), NULL, "no payload has no token");
	has_token("{}", NULL);
	has_token("{\"other\":\"x\"}", NULL);
	has_token("{\"token\":\"t\"}", "t");
	has_token("{\"Authorization\":\"Bearer t\"}", "t");
	has_token("{\"authorization\":\"bearer  t\"}", "t");
	has_token("{\"authorization\":\"Basic t\"}", "");
	has_token("{\"Authorization\":\"t\"}", "");
	has_token("{\"token\":7}", "");
	has_token("{\"Authorization\":null}", "");
}

int
main(void)
{
	test_reading();
	test_writing();
	test_order();
	test_token();
	sb_graphql_message_clear(&message);
	return done_testing();
}
