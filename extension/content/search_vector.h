/*
 * search_vector.h owns how a text becomes a vector, and a search string a query.
 *
 * Every text is read with the general configuration (social.search_config), and besides with that
 * of its language when there is one: both readings' lexemes stand at the same positions. So a query
 * without a language finds a word of any post in the forms that the general configuration knows,
 * and one with a language also in the forms of that language. Runs in scripts without spaces are
 * bigrams (text_bigram.h) in every text, whatever its language.
 */
#ifndef SOCIAL_SEARCH_VECTOR_H
#define SOCIAL_SEARCH_VECTOR_H

#include "postgres.h"
#include "tsearch/ts_type.h"

/*
 * The weighted vector of a post: title A, content B; `language` is a code of social_language, or
 * NULL. Mission items 130, P-07.
 */
extern Datum social_search_vector(text *title, text *content, const char *language);

/* Refuses a search string that is empty or over-long, of whatever kind of search: SM400. */
extern void social_search_check_query(const text *query);

/*
 * A search string in the syntax of websearch_to_tsquery. Without words in scripts without spaces,
 * and without a language (NULL: guessed from the script) that has a configuration of its own, it is
 * what websearch_to_tsquery makes with the general configuration. SM400 when it is empty, over-long
 * or in an unknown language.
 */
extern TSQuery social_search_query_of(text *query, text *language);

/*
 * The code of a language tag; NULL for NULL and ''. SM400 for a tag whose language nobody knows.
 */
extern const char *social_language(const text *tag);

/* The language that the script of these texts suggests; NULL: none. NULL parts are skipped. */
extern const char *social_guess_language(const text *const *parts, int nparts);

#endif /* SOCIAL_SEARCH_VECTOR_H */
