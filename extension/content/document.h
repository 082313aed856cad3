/*
 * document.h owns rows as JSON objects that hold what is asked of them, for C that has found rows.
 */
#ifndef SOCIAL_DOCUMENT_H
#define SOCIAL_DOCUMENT_H

#include "postgres.h"
#include "access/htup.h"
#include "lib/stringinfo.h"
#include "utils/rel.h"

#include "content/document_shape.h"

/* Documents under way: the tables that they are made of. */
struct social_documents
{
	StringInfoData out;
	Relation tables[SOCIAL_DOCUMENT_KINDS]; /* NULL until the first use */
	Relation profiles;
	const int32 *sizes; /* of lists */
	int nsizes;
};

/* In the current memory context, until end. */
extern void social_documents_begin(struct social_documents *documents);
extern void social_documents_end(struct social_documents *documents);

/* Appends a row that the viewer sees, or that of an id: null where they do not see it. */
extern void social_document_add(struct social_documents *documents,
								struct social_document_rows *rows, HeapTuple row);
extern void social_document_add_id(struct social_documents *documents,
								   struct social_document_rows *rows, int64 id);

/* What REST shows of a post; in the current memory context. */
extern struct social_document_rows *social_document_rest_post(void);

#endif /* SOCIAL_DOCUMENT_H */
