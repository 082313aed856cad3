/*
 * version.c owns the question whether this library and the extension's tables belong together.
 *
 * After a new package is installed, new sessions load its library while the tables are still the
 * old version's, until ALTER EXTENSION social UPDATE. Nothing may touch tables by column number
 * then.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "base/version.h"

PG_FUNCTION_INFO_V1(social_library_version);

/* The version that this database's extension is at; NULL when it is not there. */
static char *
script_version(void)
{
	Relation catalog = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	char *version = NULL;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("social"));
	scan = systable_beginscan(catalog, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool isnull;

		version = text_to_cstring(DatumGetTextPP(
			heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(catalog), &isnull)));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return version;
}

bool
social_version_matches(void)
{
	static bool known; /* that it matches; a mismatch is looked at anew each time */
	char *version;

	if (known || creating_extension)
		return true;
	version = script_version();
	known = version != NULL && strcmp(version, SOCIAL_VERSION) == 0;
	return known;
}

void
social_version_require(void)
{
	if (!social_version_matches())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the library of extension social is of version %s, its tables are not",
						SOCIAL_VERSION),
				 errhint("ALTER EXTENSION social UPDATE")));
}

/* library_version() text: the version that the loaded library was built as. */
Datum
social_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(SOCIAL_VERSION));
}
