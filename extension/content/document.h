/*
 * document.h owns rows as JSON objects that hold what is asked of them, for C that has found rows.
 */
#ifndef SOCIAL_DOCUMENT_H
#define SOCIAL_DOCUMENT_H

#include "postgres.h"
#include "access/htup.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "content/document_shape.h"

/* Documents under way: the tables that they are made of. */
struct social_documents
{
	StringInfoData out;
	Relation tables[SOCIAL_DOCUMENT_KINDS]; /* NULL until the first use */
	Relation profiles;
	const int32 *sizes; /* of lists */
	int nsizes;
	struct social_document_rows *people; /* of add_shared(); NULL until the first use */
};

/*
 * Begins what three arguments of a call ask for, until end, in the current memory context. NULL,
 * and nothing has begun, where source or members are null. Raises SM400 for what there is not.
 */
extern struct social_document_rows *social_document_begin(struct social_documents *documents,
														  FunctionCallInfo fcinfo, int source,
														  int sizes, int members);
/* The same with what REST shows of the rows of a list. */
extern struct social_document_rows *social_document_begin_rest(struct social_documents *documents,
															   const char *source);
/* The same with what REST shows of a person. */
extern struct social_document_rows *
social_document_begin_person(struct social_documents *documents);
extern void social_document_end(struct social_documents *documents,
								struct social_document_rows *rows);

/* Appends a row that the viewer sees, or that of an id: null where they do not see it. */
extern void social_document_add(struct social_documents *documents,
								struct social_document_rows *rows, HeapTuple row);
extern void social_document_add_id(struct social_documents *documents,
								   struct social_document_rows *rows, int64 id);

/* The same with a post that somebody has passed on, and who that was; 0: nobody has. */
extern void social_document_add_shared(struct social_documents *documents,
									   struct social_document_rows *rows, HeapTuple post,
									   int64 reposter, TimestampTz reposted_at);

/* Is a row of the source's table in the viewer's lists? */
extern bool social_document_is_listed(const struct social_document_rows *rows, HeapTuple row,
									  TupleDesc columns);

#endif /* SOCIAL_DOCUMENT_H */
