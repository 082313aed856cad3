/*
 * post_document.h owns a post as REST shows it, for C that has found the post.
 */
#ifndef SOCIAL_POST_DOCUMENT_H
#define SOCIAL_POST_DOCUMENT_H

#include "postgres.h"
#include "access/htup.h"
#include "utils/rel.h"

/*
 * The JSON of a post that the viewer may see apart from its author; 0 when they do not see that
 * one. `users` is the open table.
 */
extern Datum social_post_document_make(HeapTuple post, TupleDesc columns, Relation users);

#endif /* SOCIAL_POST_DOCUMENT_H */
