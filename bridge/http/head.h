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

#include "http/strict.h"

enum sb_head_outcome
{
	SB_HEAD_MORE, /* well so far */
	SB_HEAD_WHOLE,
	SB_HEAD_BAD
};

#define SB_HEAD_FIELDS 48

struct sb_head_form
{
	const char *problem; /* SB_HEAD_BAD: one line that says why */

	/* SB_HEAD_WHOLE. */
	size_t size;     /* with empty lines before it, and the one that ends it */
	uint64_t body;   /* bytes of the body behind it */
	bool is_last;    /* where the body ends is not certain, so nothing may follow */
	bool is_cut;     /* it has more fields than there is room for */
	bool is_closing; /* it says that nothing follows it, or is not HTTP/1.1 */

	/*
	 * It is what most are: not large, HTTP/1.1 that goes on, and without any field for which it
	 * would be read, or answered, in another way. Its parts, in the text:
	 */
	bool is_usual;
	const char *method;
	size_t method_len;
	const char *target;
	size_t target_len;
	const char *version;
	size_t version_len;
	struct sb_header fields[SB_HEAD_FIELDS];
	int nfields;
};

/* Reads the head that begins at text. */
extern enum sb_head_outcome sb_head_read(const char *text, size_t len, struct sb_head_form *form);

#endif /* SB_HTTP_HEAD_H */
