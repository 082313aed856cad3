/*
 * message.c owns the table of what is told on a subscriber's socket.
 */
#include "ws/message.h"

#include <stddef.h>

static const struct sb_message_kind kinds[] = {
#define SB_ANSWER(name, type, id, data, help) {type, id, data, help},
#define SB_EVENT(type, data, help)
#include "ws/message.def"
#undef SB_ANSWER
#undef SB_EVENT
#define SB_ANSWER(name, type, id, data, help)
#define SB_EVENT(type, data, help) {type, '!', data, help},
#include "ws/message.def"
#undef SB_ANSWER
#undef SB_EVENT
};

#define KINDS ((int) (sizeof(kinds) / sizeof(kinds[0])))

const char *
sb_answer_type(enum sb_answer answer)
{
	return kinds[answer].type;
}

const struct sb_message_kind *
sb_message_kind_at(int n)
{
	return n < KINDS ? &kinds[n] : NULL;
}
