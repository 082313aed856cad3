/*
 * scope.c owns which scope an API key needs for what.
 */
#include "api/scope.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "caller/caller.h"
#include "core/api_key.h"

struct row
{
	uint32_t scope;
	const char *routes; /* names, with blanks between */
	const char *fields;
};

#define SB_SCOPE(word, routes, fields) {SCOPE_##word, routes, fields},
#define SCOPE_ANY                      SB_SCOPE_ANY
#define SCOPE_READ                     SOCIAL_SCOPE_READ
#define SCOPE_WRITE                    SOCIAL_SCOPE_WRITE
#define SCOPE_SPORTS_WRITE             SOCIAL_SCOPE_SPORTS_WRITE
#define SCOPE_ADMIN_READ               SOCIAL_SCOPE_ADMIN_READ
#define SCOPE_ADMIN_WRITE              SOCIAL_SCOPE_ADMIN_WRITE

static const struct row rows[] = {
#include "api/scope.def"
};

static bool
names(const char *list, const char *name, size_t len)
{
	for (const char *at = strstr(list, name); at; at = strstr(at + 1, name))
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

uint32_t
sb_scope_of_route(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (names(rows[i].routes, name, strlen(name)))
			return rows[i].scope;
	return 0;
}

/* The name of a list whose connection this is, in plain; else the name itself. */
static const char *
plain(const char *name, char *text, size_t size)
{
	static const char suffix[] = "Connection";
	size_t len = strlen(name);
	size_t rest = len - (sizeof(suffix) - 1);

	if (len < sizeof(suffix) || len >= size || strcmp(name + rest, suffix) != 0)
		return name;
	memcpy(text, name, rest);
	text[rest] = '\0';
	return text;
}

uint32_t
sb_scope_of_field(const char *name)
{
	char text[128];
	const char *field = plain(name, text, sizeof(text));

	if (strncmp(name, "__", 2) == 0)
		return SB_SCOPE_ANY;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (names(rows[i].fields, field, strlen(field)))
			return rows[i].scope;
	return 0;
}

const char *
sb_scope_word(uint32_t scope)
{
	for (int i = 0; i < SOCIAL_SCOPES; i++)
		if (scope == UINT32_C(1) << i)
			return social_scope_name(i);
	return scope ? "any" : "";
}
