/*
 * document_kept.c owns keeping what documents are asked to hold for the session: every request asks
 * in one of few texts, and reading one costs as much as several rows.
 *
 * A shape has one user at a time, because what the user has open hangs on it: while it has one, or
 * was left by one who met an error, the next gets another in its place.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "content/document_shape.h"

#define SHAPES   64   /* a power of two */
#define TEXT_MAX 4096 /* longer ones are read each time */

struct shape
{
	MemoryContext memory; /* of the shape itself, too */
	bool is_stale;
	char *source;
	char *members;
	int len;
	struct social_document_rows *rows;
};

static struct shape *shapes[SHAPES]; /* by their texts */
static uint64 changes;               /* that we were told of */

/* Columns of some table or view have changed. */
static void
on_columns(Datum arg, int cache, uint32 hash)
{
	changes++;
	for (int i = 0; i < SHAPES; i++)
	{
		if (shapes[i] != NULL)
			shapes[i]->is_stale = true;
	}
}

static void
watch(void)
{
	static bool watching;

	if (watching)
		return;
	CacheRegisterSyscacheCallback(ATTNUM, on_columns, (Datum) 0);
	watching = true;
}

/* Its user, if there is one, ends with the transaction. */
static void
give_up(struct shape *shape)
{
	if (shape->rows->is_taken)
		MemoryContextSetParent(shape->memory, TopTransactionContext);
	else
		MemoryContextDelete(shape->memory);
}

static struct shape *
make(const char *source, const char *members, int len)
{
	MemoryContext memory =
		AllocSetContextCreate(CurrentMemoryContext, "social document", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	struct shape *shape = palloc0(sizeof(*shape));
	uint64 before = changes;

	shape->memory = memory;
	shape->source = pstrdup(source);
	shape->members = pnstrdup(members, len);
	shape->len = len;
	shape->rows = social_document_read(source, shape->members, len);
	MemoryContextSwitchTo(caller);
	/* What changes while it is being read, nobody else tells it. */
	shape->is_stale = changes != before;
	MemoryContextSetParent(memory, TopMemoryContext);
	return shape;
}

static bool
fits(const struct shape *shape, const char *source, const char *members, int len)
{
	return shape != NULL && !shape->is_stale && !shape->rows->is_taken && shape->len == len &&
		   memcmp(shape->members, members, len) == 0 && strcmp(shape->source, source) == 0;
}

struct social_document_rows *
social_document_take(const char *source, const char *members, int len)
{
	struct shape **place;

	if (len > TEXT_MAX)
		return social_document_read(source, members, len);
	watch();
	place = &shapes[hash_bytes((const unsigned char *) members, len) & (SHAPES - 1)];
	if (!fits(*place, source, members, len))
	{
		struct shape *made = make(source, members, len);

		if (*place != NULL)
			give_up(*place);
		*place = made;
	}
	(*place)->rows->is_taken = true;
	return (*place)->rows;
}
