/*
 * text.h owns what the triggers need from a text: its distinct tags and mentioned names.
 */
#ifndef SOCIAL_TEXT_H
#define SOCIAL_TEXT_H

#include "postgres.h"
#include "utils/array.h"

#define SOCIAL_POST_HASHTAGS_MAX 30
#define SOCIAL_POST_MENTIONS_MAX 20

/*
 * Distinct names in order of first appearance. keys[i] is the folded form that tables are looked
 * up by, spellings[i] the form as first written, without the sign; both are text Datums.
 */
struct social_text_names
{
	int count;
	Datum *keys;
	Datum *spellings;
	Datum *alternatives; /* of mentions: the key to try where nobody has the first; or 0 */
};

/*
 * The distinct hashtags of several texts (a post's title, then its content), at most `limit`.
 * Keys are NFKC case-folded (social_text_fold). NULL parts are skipped. Everything is allocated
 * in the current memory context. Needs a UTF-8 database. Mission items 71, 103, 131.
 */
extern void social_text_hashtags(const text *const *parts, int nparts, int limit,
								 struct social_text_names *names);

/*
 * The same for mentions; keys are to be compared with lower(username). Two of them may turn out to
 * be the same person.
 */
extern void social_text_mentions(const text *const *parts, int nparts, int limit,
								 struct social_text_names *names);

/* The keys as a one-dimensional text[] (empty array for none). */
extern ArrayType *social_text_keys_array(const struct social_text_names *names);

/*
 * A text as search reads it, posts and queries alike: canonical and compatible forms made one
 * (NFKC; superscripts, subscripts and fractions stay), without soft hyphens and zero-width
 * characters. Returns the same text when there is nothing to do.
 */
extern text *social_text_searchable(text *value);

/* Such a text as dictionaries are given it: in small letters, where the database's locale does not
 * know them (C). Returns the same text when there is nothing to do. */
extern text *social_text_lowered(text *value);

/* NFKC case folding of UTF-8 bytes: the key of a hashtag. Returns a new text. */
extern text *social_text_fold(const char *bytes, int len);

#endif /* SOCIAL_TEXT_H */
