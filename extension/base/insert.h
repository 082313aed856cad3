/*
 * insert.h owns inserting a row into one of our tables as INSERT does, with whatever triggers hang
 * on it, but without a statement: for the acts that people send most, whose statement would cost
 * more than their row.
 *
 * The caller answers for two things that a statement would look at again: the rows of ours that the
 * new one refers to, which he holds until the end of the transaction, and the CHECKs of ours. What
 * is not ours is looked at: further CHECKs of the table, foreign keys to tables of others, and all
 * of it where a trigger of somebody's has had its hands on the row before.
 */
#ifndef SOCIAL_INSERT_H
#define SOCIAL_INSERT_H

#include "postgres.h"
#include "utils/rel.h"

struct social_insert
{
	Relation table; /* open with RowExclusiveLock */
	int nchecks;    /* CHECKs of the table that the caller answers for, all or none */
	bool is_quiet;  /* triggers of ours do not fire: the caller does what they would */
	bool if_new;    /* not where a row of its primary key is there; its writer is waited for */
	/* All columns of ours, with their defaults; what others have added has its own. */
	const Datum *values;
	const bool *isnull;
	int ncolumns;
};

enum social_inserted
{
	SOCIAL_INSERTED,
	SOCIAL_NOT_NEW, /* `if_new`, and it is not */
	SOCIAL_LEFT_OUT /* by a trigger */
};

/* Its triggers run as the owner of the table. */
extern enum social_inserted social_insert(const struct social_insert *insert);

#endif /* SOCIAL_INSERT_H */
