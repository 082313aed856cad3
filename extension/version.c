/*
 * version.c owns the library's own version, which may differ from the script's after an upgrade of
 * the package.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(social_library_version);

/* library_version() text: the version that the loaded library was built as. */
Datum
social_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(SOCIAL_VERSION));
}
