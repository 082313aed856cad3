/*
 * text_similar.h owns how well a name fits what somebody typed: exactly, by its beginning, or but
 * for typing errors. Mission item 58.
 */
#ifndef SOCIAL_TEXT_SIMILAR_H
#define SOCIAL_TEXT_SIMILAR_H

#include <stddef.h>

/* Longer texts are compared by their first characters. */
#define SOCIAL_SIMILAR_MAX_CHARACTERS 64

/* How many more there are is counted up to here, so that a comparison takes the same time for all.
 */
#define SOCIAL_SIMILAR_MAX_REST 200

/* Ways to fit, the worst first; the values order results. */
enum social_text_fit
{
	SOCIAL_FIT_NONE,
	SOCIAL_FIT_LIKE_BEGINNING, /* the beginning, but for typing errors */
	SOCIAL_FIT_LIKE,           /* the whole, but for typing errors */
	SOCIAL_FIT_BEGINNING,
	SOCIAL_FIT_EXACT
};

/* How a name fits; what separates fits of one kind, smaller is better. */
struct social_text_similarity
{
	enum social_text_fit fit;
	int errors; /* typing errors */
	int rest;   /* characters that the name goes on for */
};

/*
 * Compares folded UTF-8. Typing errors are characters that are wrong, missing, too many, or two in
 * the wrong order: none in a query of up to two characters, one in up to five, two in longer ones.
 */
extern struct social_text_similarity social_text_compare(const char *query, size_t query_len,
														 const char *name, size_t name_len);

#endif /* SOCIAL_TEXT_SIMILAR_H */
