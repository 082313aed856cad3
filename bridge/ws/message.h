/*
 * message.h owns the words of what is said on a subscriber's socket: the names of the rows of
 * ws/message.def, and what documents need to know of them. Pure.
 */
#ifndef SB_WS_MESSAGE_H
#define SB_WS_MESSAGE_H

/* What the bridge says itself. */
enum sb_answer
{
#define SB_ANSWER(name, type, id, data, help) SB_ANSWER_##name,
#define SB_EVENT(type, data, help)
#include "ws/message.def"
#undef SB_ANSWER
#undef SB_EVENT
	SB_ANSWERS
};

struct sb_message_kind
{
	const char *type;
	char id;          /* '!' it has one, '-' it may have one, ' ' it has none */
	const char *data; /* a shape; "": there is none */
	const char *help;
};

extern const char *sb_answer_type(enum sb_answer answer);

/* The rows, for documents: answers, then events; NULL behind the last. */
extern const struct sb_message_kind *sb_message_kind_at(int n);

/* What a subscriber may say (the rows of ws/command.c). */
struct sb_command_kind
{
	const char *type;
	const char *takes;   /* its members beside the type, as a shape; "": none */
	const char *answers; /* types of what may be said to it, by blanks */
	const char *help;
};

#endif /* SB_WS_MESSAGE_H */
