/*
 * message.h owns bytes that are to be sent to several, who share them.
 */
#ifndef SB_MESSAGE_H
#define SB_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_MESSAGE_HEAD 10 /* bytes of room for what a protocol puts before a message */

/* A message to be sent, perhaps on many connections of one loop. Goes with its last reference. */
struct sb_message
{
	uint32_t references;
	int64_t id; /* of what it tells of; 0 = of nothing that has one */
	bool is_text;
	uint8_t
		head_len; /* bytes right before `bytes`, for those who are sent them, too; 0: none yet */
	size_t len;
	char *bytes; /* in the room */
	char room[];
};

/* A copy of the bytes; the caller's reference. */
extern struct sb_message *sb_message_new(bool is_text, const char *bytes, size_t len);
extern void sb_message_release(struct sb_message *message);

#endif /* SB_MESSAGE_H */
