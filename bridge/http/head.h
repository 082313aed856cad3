/*
 * head.h owns the lexical form of a request's head, read before the HTTP library sees it. Pure.
 *
 * Only the form that no two parsers read in two ways (RFC 9112): lines end in CR LF, one blank
 * stands between the parts of the first, a name is a token with its colon right behind, no line
 * goes on in the next, and there are no control characters. What the fields mean is checked
 * afterwards, by http/strict.c.
 */
#ifndef SB_HTTP_HEAD_H
#define SB_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sb_head_outcome
{
	SB_HEAD_MORE, /* well so far */
	SB_HEAD_WHOLE,
	SB_HEAD_BAD
};

struct sb_head_form
{
	size_t size;         /* SB_HEAD_WHOLE: with empty lines before it, and the one that ends it */
	uint64_t body;       /* likewise: bytes of the body behind it */
	bool is_last;        /* likewise: where the body ends is not certain, so nothing may follow */
	const char *problem; /* SB_HEAD_BAD: one line that says why */
};

/* Reads the head that begins at text. */
extern enum sb_head_outcome sb_head_read(const char *text, size_t len, struct sb_head_form *form);

#endif /* SB_HTTP_HEAD_H */
