/*
 * content.c owns what Content-Type and Accept say.
 */
#include "api/content.h"

#include <string.h>
#include <strings.h>

#include "http/request.h"

/* Whether value begins with the media type, and that is all of its name. */
static bool
names_type(const char *value, const char *type)
{
	size_t len = strlen(type);

	value += strspn(value, " \t");
	return strncasecmp(value, type, len) == 0 && strchr("; \t,", value[len]) != NULL;
}

bool
sb_content_is(const struct sb_request *request, const char *type)
{
	const char *value = sb_request_header(request, "Content-Type");
	const char *charset;

	if (value == NULL || sb_request_count_headers(request, "Content-Type") > 1 ||
		!names_type(value, type))
		return false;
	charset = strcasestr(value, "charset=");
	if (charset == NULL)
		return true;
	charset += strlen("charset=");
	charset += *charset == '"';
	return strncasecmp(charset, "utf-8", 5) == 0;
}

bool
sb_content_accepts(const struct sb_request *request, const char *type)
{
	const char *value = sb_request_header(request, "Accept");

	while (value)
	{
		if (names_type(value, type))
			return true;
		value = strchr(value, ',');
		if (value)
			value++;
	}
	return false;
}
