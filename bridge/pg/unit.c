/*
 * unit.c owns the shape of work for the database.
 */
#include "pg/unit.h"

#include <string.h>

void
sb_pg_unit_add(struct sb_pg_unit *unit, uint64_t id, const char *sql, int nparams,
			   const char *const *values)
{
	struct sb_pg_statement *statement = &unit->statements[unit->nstatements++];

	statement->id = id;
	statement->sql = sql;
	statement->compose = NULL;
	statement->nparams = nparams;
	statement->values = values;
}

PGresult *
sb_pg_unit_take(struct sb_pg_unit *unit, int i)
{
	PGresult *result = unit->results[i];

	unit->results[i] = NULL;
	return result;
}

void
sb_pg_unit_rewind(struct sb_pg_unit *unit)
{
	for (int i = 0; i < SB_PG_UNIT_MAX; i++)
		PQclear(unit->results[i]);
	PQclear(unit->error);
	memset(unit->results, 0, sizeof(unit->results));
	unit->error = NULL;
	unit->nresults = unit->is_folded;
	unit->failed_at = unit->nanswered = 0;
	unit->syncs = false;
}

void
sb_pg_unit_clear(struct sb_pg_unit *unit)
{
	unit->is_folded = false;
	sb_pg_unit_rewind(unit);
	unit->nstatements = 0;
	unit->shares = false;
}

uint64_t
sb_pg_statement_id(const char *sql)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *sql; sql++)
		hash = (hash ^ (unsigned char) *sql) * UINT64_C(0x100000001b3);
	return hash;
}
