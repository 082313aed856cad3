/*
 * text_scan.h owns the grammar of #hashtags and @mentions: one linear pass over UTF-8, no regular
 * expressions, no locale. Pure: no server headers.
 *
 * The rules are Twitter's (mission P-08, P-09; item 131) with our lengths:
 * - a tag follows `#` or `＃`, holds letters, marks, decimal digits, `_` and a few joining
 *   characters, at least one letter or mark, and at most 100 code points;
 * - a tag does not follow a tag character or `&`, and is not followed by `#`, `＃` or `://`;
 * - a mention follows `@` or `＠` and is 1-30 of [A-Za-z0-9_];
 * - a mention does not follow a word character or one of `! # $ % & * @ ＠` (but may follow `RT`),
 *   and is not followed by `@`, `＠`, an accented Latin letter or `://`;
 * - a longer run is no tag and no mention, rather than a cut one;
 * - whom a mention may mean is narrower than the published grammar: `@jose.garcia` finds `jose`,
 * but names that came from elsewhere may have any letters, and marks between them, and then it is
 *   somebody else's (`full` and `plain` below);
 * - nothing counts inside a URL (scheme://host..., or host.tld followed by a path or query; any
 *   host will do, no list of top-level domains is kept), no mention inside an e-mail address.
 */
#ifndef SOCIAL_TEXT_SCAN_H
#define SOCIAL_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define SOCIAL_HASHTAG_MAX_CODEPOINTS 100
#define SOCIAL_MENTION_MAX_LENGTH     30
#define SOCIAL_MENTION_MAX_GOES_ON    600 /* bytes after it that may belong to the name */

/* What to look for; the values combine. */
enum social_text_kind
{
	SOCIAL_TEXT_HASHTAG = 1,
	SOCIAL_TEXT_MENTION = 2
};

/*
 * One find. Byte offsets into the text: the sign stands at `start`, the name is [name, end).
 *
 * What stands at the end of a mention may go on like a name of ours cannot: with letters, marks and
 * digits of any script, also behind `.`, `-`, `+` and their like. The mention means whoever has
 * exactly the name [name, full), else [name, plain), which leaves off what begins with an
 * apostrophe
 * (`@jose's`), and nobody else. Both are `end` where nothing goes on, and 0 where nobody is meant:
 * a name too long, an address. For tags they are `end`.
 */
struct social_text_entity
{
	enum social_text_kind kind;
	size_t start;
	size_t name;
	size_t end;
	size_t full;
	size_t plain;
};

/* The state of a pass; the text must outlive it. Nothing to free. */
struct social_text_scanner
{
	const unsigned char *text;
	size_t len;
	size_t pos;       /* everything before it is done with */
	size_t url_pos;   /* the search for URLs has come so far ... */
	size_t url_limit; /* ... and the last URL it found ends here */
	size_t next_hash; /* the first `#`, `@` and byte 0xEF not before pos; len for none */
	size_t next_at;
	size_t next_wide;
	unsigned kinds;
};

/* Starts a pass over text[0 .. len); kinds is an OR of enum social_text_kind. Never fails. */
extern void social_text_scan_begin(struct social_text_scanner *scanner, const char *text,
								   size_t len, unsigned kinds);

/*
 * Finds the next tag or mention, in order of appearance. False at the end. Any bytes are safe:
 * a byte that is not UTF-8 counts as a symbol. The whole pass is linear in the text's length.
 */
extern bool social_text_scan_next(struct social_text_scanner *scanner,
								  struct social_text_entity *entity);

#endif /* SOCIAL_TEXT_SCAN_H */
