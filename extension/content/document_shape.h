/*
 * document_shape.h owns what a document is asked to hold: the text that says it, and what is made
 * of that.
 *
 *   id=id.text,title=title,by=user.author_id(name=username),all=comments.id[1](id=id.text)
 *
 * A member is a key and a column of the view of its kind, perhaps followed by a form (text: as a
 * string; upper: in capitals); or a source (document_shape.c), the column that leads there, the
 * place of the list's size among the sizes, and the members of those rows; or "word", a constant.
 */
#ifndef SOCIAL_DOCUMENT_SHAPE_H
#define SOCIAL_DOCUMENT_SHAPE_H

#include "postgres.h"
#include "access/tupdesc.h"

/* What rows are of. */
enum social_document_kind
{
	SOCIAL_DOCUMENT_USER,
	SOCIAL_DOCUMENT_POST,
	SOCIAL_DOCUMENT_COMMENT,
	SOCIAL_DOCUMENT_TAG,
	SOCIAL_DOCUMENT_KINDS
};

/* Where rows are found: one by its id, or those that an index has in order. */
struct social_document_source
{
	const char *name;
	enum social_document_kind kind;
	const char *index; /* of a list of rows, else NULL */
	int nkeys;         /* columns of the index that the row around gives */
	int order;         /* the column behind them, by which pages go */
	const char *page;  /* the list function (sql/README.md, Pages) with the same rows and cursors */
	bool newest_first;
	bool is_array; /* items of an array column */
};

enum social_document_part
{
	SOCIAL_DOCUMENT_COLUMN,   /* of the kind's table */
	SOCIAL_DOCUMENT_IS_SET,   /* whether that column is not null */
	SOCIAL_DOCUMENT_COUNT,    /* of its counters */
	SOCIAL_DOCUMENT_PROFILE,  /* of the person's profile */
	SOCIAL_DOCUMENT_PICTURE,  /* where a picture of the profile can be seen */
	SOCIAL_DOCUMENT_MENTIONS, /* the names of those whom a post mentions */
	SOCIAL_DOCUMENT_MEDIA,    /* the files that a post shows */
	SOCIAL_DOCUMENT_TAG_NAME,
	SOCIAL_DOCUMENT_CONSTANT,
	SOCIAL_DOCUMENT_ROWS
};

enum social_document_form
{
	SOCIAL_DOCUMENT_PLAIN,
	SOCIAL_DOCUMENT_TEXT,
	SOCIAL_DOCUMENT_UPPER
};

struct social_document_rows;

struct social_document_member
{
	const char *key; /* with its quotes and the colon */
	enum social_document_part part;
	enum social_document_form form;
	int column; /* from 1; of a count, from 0 */
	Oid type;   /* of the column */
	const char *constant;
	struct social_document_rows *rows;
	struct social_document_member *next;
};

/* What is made of the rows of a source. */
struct social_document_rows
{
	const struct social_document_source *source;
	int size; /* of a list: from 1 */
	struct social_document_member *members;
	struct social_walk *walk; /* of a list, once it has been opened */
	Datum *values;            /* of the row that is being written, once there has been one */
	bool *isnull;
	bool is_taken; /* of what take() returned: somebody uses it */
};

/* Reads a text, in the current memory context; SM400 for one that is wrong. */
extern struct social_document_rows *social_document_read(const char *source, const char *members,
														 int len);

/*
 * The same, read once in a session. It is the caller's until he sets is_taken to false, with no
 * walk and no values left in it, or until the end of the transaction.
 */
extern struct social_document_rows *social_document_take(const char *source, const char *members,
														 int len);

extern const char *social_document_table(enum social_document_kind kind);
/* The kind's index into social_counters. */
extern int social_document_counter(enum social_document_kind kind);

#endif /* SOCIAL_DOCUMENT_SHAPE_H */
