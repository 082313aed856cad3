/*
 * answer.h owns what is said to a request for an object: its headers, and errors as S3 has them,
 * since client code is one for both stores.
 */
#ifndef SB_MEDIA_ANSWER_H
#define SB_MEDIA_ANSWER_H

#include "core/sigv4.h"

struct sb_object;

/* The rows of answer.c. */
struct sb_buffer;

enum sb_refusal
{
	SB_REFUSAL_NONE,
	SB_REFUSAL_UNSIGNED,
	SB_REFUSAL_UNREADABLE,
	SB_REFUSAL_UNKNOWN_KEY,
	SB_REFUSAL_MISMATCH,
	SB_REFUSAL_NOT_YET,
	SB_REFUSAL_EXPIRED,
	SB_REFUSAL_BAD_KEY,
	SB_REFUSAL_LONG_KEY,
	SB_REFUSAL_NO_KEY,
	SB_REFUSAL_METHOD,
	SB_REFUSAL_NOT_OFFERED,
	SB_REFUSAL_BODY,
	SB_REFUSAL_NO_LENGTH,
	SB_REFUSAL_LARGE,
	SB_REFUSAL_BAD_TYPE,
	SB_REFUSAL_BAD_MD5,
	SB_REFUSAL_ALTERED,
	SB_REFUSAL_LATE,
	SB_REFUSAL_ABSENT,
	SB_REFUSAL_NO_UPLOAD,
	SB_REFUSAL_PART,
	SB_REFUSAL_PART_ORDER,
	SB_REFUSAL_PART_NUMBER,
	SB_REFUSAL_XML,
	SB_REFUSAL_CONDITION,
	SB_REFUSAL_RANGE,
	SB_REFUSAL_FULL,
	SB_REFUSAL_BUSY,
	SB_REFUSAL_CLOSED,
	SB_REFUSAL_FAILURE,
	SB_REFUSALS
};

/* What a signature that is no good is refused with. */
extern enum sb_refusal sb_answer_signature(enum social_sigv4_result result);

/* Answers with the error. */
extern void sb_answer_refusal(struct sb_object *object, enum sb_refusal refusal);

/* Answers with the object that was found, as the request's conditions and its range have it. */
extern void sb_answer_object(struct sb_object *object);

/* Answers with a playlist, whose text is the arena's, in the place of the object that was found. */
extern void sb_answer_playlist(struct sb_object *object, const char *text, size_t len);

/* Answers that it was stored. */
extern void sb_answer_stored(struct sb_object *object);

/* Appends an element whose content is any text. */
extern void sb_answer_put(struct sb_buffer *out, const char *name, const char *text);

/* Answers 200 with a document of this element, whose content is text. */
extern void sb_answer_document(struct sb_object *object, const char *element, const char *text);

#endif /* SB_MEDIA_ANSWER_H */
