/*
 * search_vector.h owns how a text becomes a vector, for posts and for queries alike.
 */
#ifndef SOCIAL_SEARCH_VECTOR_H
#define SOCIAL_SEARCH_VECTOR_H

#include "postgres.h"

/* The weighted vector of a post: title A, content B, by social.search_config. Mission item 130. */
extern Datum social_search_vector(text *title, text *content);

#endif /* SOCIAL_SEARCH_VECTOR_H */
