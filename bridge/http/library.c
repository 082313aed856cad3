/*
 * library.c owns the table of libmicrohttpd's versions.
 */
#include "http/library.h"

#include <stddef.h>
#include <string.h>

/*
 * MHD_USE_NO_THREAD_SAFETY, which the header of 0.9.75 lacks. A daemon is its loop's alone; without
 * this 1.0 takes a connection in at its next turn, and nobody would know whether it did.
 */
#define NO_THREAD_SAFETY (1U << 19)

/*
 * 0.9.75 joins folded lines, ends lines at a bare LF and texts at a NUL, whatever its strictness,
 * and with strictness it answers less: it closes without a word. From 1.0 on, 1 refuses all that.
 */
static const struct sb_library libraries[] = {
	{"0.9.75", 0, 0},
	{"1.0.1", 1, NO_THREAD_SAFETY},
	{"1.0.10", 1, NO_THREAD_SAFETY},
};

const struct sb_library *
sb_library_find(const char *version)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		if (strcmp(libraries[i].version, version) == 0)
			return &libraries[i];
	return NULL;
}

const char *
sb_library_known(void)
{
	return "0.9.75, 1.0.1 and 1.0.10";
}
