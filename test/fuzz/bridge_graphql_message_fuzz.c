/*
 * bridge_graphql_message_fuzz.c reads any bytes as a message of graphql-transport-ws. What it
 * wants: no fault; of what is taken, an id of its length and a payload that is an object; and that
 * what is written about it is JSON with that very id.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/graphql_message.h"
#include "base/buffer.h"

#define CHECK(condition) ((condition) ? (void) 0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_written(const struct sb_graphql_message *message)
{
	struct sb_buffer out = {0};
	json_t *json;

	sb_graphql_message_write(&out, SB_GRAPHQL_NEXT, message->id, "{\"data\":null}", 13);
	json = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
	CHECK(json_is_object(json));
	CHECK(strcmp(json_string_value(json_object_get(json, "id")), message->id) == 0);
	CHECK(json_is_object(json_object_get(json, "payload")));
	json_decref(json);
	sb_buffer_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sb_graphql_message message;

	if (sb_graphql_message_read(&message, (const char *) data, size) == NULL)
	{
		CHECK(message.payload == NULL || json_is_object(message.payload));
		CHECK(message.type != SB_GRAPHQL_SUBSCRIBE || message.payload);
		if (message.id)
		{
			CHECK(*message.id && strlen(message.id) <= SB_GRAPHQL_ID_MAX);
			check_written(&message);
		}
		sb_graphql_message_token(message.payload);
		for (int phase = SB_GRAPHQL_NEW; phase <= SB_GRAPHQL_ACKNOWLEDGED; phase++)
		{
			int code = sb_graphql_message_refusal((enum sb_graphql_phase) phase, message.type);

			CHECK(code == 0 || code == 4401 || code == 4429);
		}
	}
	sb_graphql_message_clear(&message);
	return 0;
}
