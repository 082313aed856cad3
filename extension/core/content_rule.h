/*
 * content_rule.h owns the question what a rule says about a text. Pure: no server headers.
 */
#ifndef SOCIAL_CONTENT_RULE_H
#define SOCIAL_CONTENT_RULE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Does the text hold the word (or words) as a whole? Both are UTF-8 and NFKC case-folded. A match
 * begins and ends where a word does; in scripts that are written without blanks (Han, kana, Thai,
 * Lao, Khmer, Myanmar), anywhere. An empty word is in no text.
 */
extern bool social_content_has_word(const char *text, size_t len, const char *word,
									size_t word_len);

/*
 * Does the text name this host, or a sub-domain of it, in a link with or without a scheme, or in an
 * e-mail address? Both folded likewise.
 */
extern bool social_content_has_host(const char *text, size_t len, const char *host,
									size_t host_len);

#endif /* SOCIAL_CONTENT_RULE_H */
