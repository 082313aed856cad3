/*
 * content.c owns what Content-Type, Accept and Accept-Encoding say.
 */
#include "http/content.h"

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

/* ---- Accept ---------------------------------------------------------------------------------- */

/* The next separator outside of quotes, or the end. */
static const char *
item_end(const char *at, const char *end, char separator)
{
	bool quoted = false;

	for (; at < end && (quoted || *at != separator); at++)
	{
		if (quoted && *at == '\\' && at + 1 < end)
			at++;
		else if (*at == '"')
			quoted = !quoted;
	}
	return at;
}

/* How exactly a media range covers the type: 2 by its name, 1 by its family, 0 with everything, -1
 * not at all. */
static int
range_fit(const char *range, const char *type)
{
	size_t family = (size_t) (strchr(type, '/') - type) + 1;

	if (names_type(range, type))
		return 2;
	if (strncasecmp(range, type, family) == 0 && names_type(range + family, "*"))
		return 1;
	return names_type(range, "*/*") ? 0 : -1;
}

/* A weight (RFC 9110 section 12.4.2) in thousandths; -1: malformed. */
static int
read_weight(const char *text, const char *end)
{
	static const int places[] = {1000, 0, 100, 10, 1};
	int weight = 0;
	int at = 0;

	for (; text < end && *text != ' ' && *text != '\t'; text++, at++)
	{
		if (at > 4 || (at == 1 ? *text != '.' : *text < '0' || *text > '9'))
			return -1;
		weight += at == 1 ? 0 : places[at] * (*text - '0');
	}
	while (text < end && (*text == ' ' || *text == '\t'))
		text++;
	return at == 0 || text < end || weight > 1000 ? -1 : weight;
}

/* The weight of one item of Accept; other parameters say nothing about a type of ours. */
static int
item_weight(const char *item, const char *end)
{
	for (const char *at = item_end(item, end, ';'); at < end; at = item_end(at, end, ';'))
	{
		at++;
		at += strspn(at, " \t");
		if (strncasecmp(at, "q=", 2) == 0)
			return read_weight(at + 2, item_end(at, end, ';'));
	}
	return 1000;
}

/*
 * What the items of a header say about something, of which fit_of() tells how exactly an item
 * covers it (-1: not at all): the weight of the most exact, whose fit is in *fit; `missing` without
 * the header.
 */
static int
weigh(const struct sb_request *request, const char *header, const char *wanted,
	  int (*fit_of)(const char *item, const char *wanted), int missing, int *fit)
{
	size_t name_len = strlen(header);
	int quality = 0;
	bool any = false;

	*fit = -1;
	for (int i = 0; i < request->nheaders; i++)
	{
		const char *at = request->headers[i].value;
		const char *last = at + strlen(at);

		if (request->headers[i].name_len != name_len ||
			strncasecmp(request->headers[i].name, header, name_len) != 0)
			continue;
		any = true;
		for (const char *end; at < last; at = end + (end < last))
		{
			int weight;
			int found;

			end = item_end(at, last, ',');
			at += strspn(at, " \t");
			found = fit_of(at, wanted);
			weight = found >= *fit ? item_weight(at, end) : -1;
			if (weight < 0 || found < 0)
				continue; /* what cannot be read says nothing */
			quality = found > *fit || weight > quality ? weight : quality;
			*fit = found;
		}
	}
	return any ? quality : missing;
}

int
sb_content_quality(const struct sb_request *request, const char *type, bool *named)
{
	int fit;
	int quality = weigh(request, "Accept", type, range_fit, 1000, &fit);

	*named = fit == 2;
	return quality;
}

bool
sb_content_wants_problem(const struct sb_request *request)
{
	bool named;
	bool other;
	int quality = sb_content_quality(request, "application/problem+json", &named);

	return named && quality > 0 &&
		   quality >= sb_content_quality(request, "application/json", &other);
}

/* ---- Accept-Encoding ------------------------------------------------------------------------- */

/* 1 by its name, 0 with everything. */
static int
coding_fit(const char *item, const char *coding)
{
	if (names_type(item, coding))
		return 1;
	return names_type(item, "*") ? 0 : -1;
}

int
sb_content_coding_quality(const struct sb_request *request, const char *coding)
{
	int fit;

	return weigh(request, "Accept-Encoding", coding, coding_fit, 0, &fit);
}
