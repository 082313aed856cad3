/*
 * config_form.c owns the shapes that a text among the settings may have.
 */
#include "base/config_form.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "core/ratelimit_policy.h"

#define PREFIX_MAX   100 /* bytes */
#define HOST_MAX     255 /* bytes of a host's name */
#define COMPARED_MAX 48  /* bytes of a name that is compared */

/* ---- numbers and words ----------------------------------------------------------------------- */

static bool
parse_int(const char *text, size_t len, int min, int max, int *out)
{
	long number = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (!isdigit((unsigned char) text[i]))
			return false;
		number = number * 10 + (text[i] - '0');
	}
	if (number < min || number > max)
		return false;
	*out = (int) number;
	return true;
}

bool
sb_form_int(const char *text, int min, int max, int *out)
{
	return parse_int(text, strlen(text), min, max, out);
}

bool
sb_form_word(const char *text, const char *words)
{
	size_t len = strlen(text);

	while (*words)
	{
		size_t word = strcspn(words, "|");

		if (word == len && strncmp(words, text, len) == 0)
			return true;
		words += word + (words[word] == '|');
	}
	return false;
}

static bool
is_port_list(const char *text)
{
	int ignored;

	for (;;)
	{
		size_t len = strcspn(text, ",");

		if (!parse_int(text, len, 1, 65535, &ignored))
			return false;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

/* ---- texts, hosts and origins ---------------------------------------------------------------- */

static bool
is_text(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static bool
is_prefix(const char *text)
{
	size_t len = 0;

	while (text[len] > ' ' && text[len] < 0x7f)
		len++;
	return len <= PREFIX_MAX && text[len] == '\0';
}

static bool
is_host(const char *text, size_t len)
{
	char copy[HOST_MAX + 1];
	struct in6_addr address;

	if (len == 0 || len > HOST_MAX)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, &address) == 1)
		return true;
	for (size_t i = 0; i < len; i++)
		if (!isascii(copy[i]) || !(isalnum((unsigned char) copy[i]) || strchr("-._", copy[i])))
			return false;
	return copy[0] != '-' && copy[0] != '.';
}

/* host[:port] with an IPv6 address in brackets; *port 0 = none is said. */
static bool
parse_authority(const char *text, size_t len, int *port)
{
	const char *end = text + len;
	const char *bracket = len && *text == '[' ? memchr(text, ']', len) : NULL;
	const char *colon = bracket ? bracket + 1 : memchr(text, ':', len);

	*port = 0;
	if (bracket && !(memchr(text, ':', (size_t) (bracket - text)) &&
					 is_host(text + 1, (size_t) (bracket - text - 1))))
		return false;
	if (bracket && colon == end)
		return true;
	if (colon == NULL)
		return is_host(text, len);
	if (*colon != ':' || (!bracket && !is_host(text, (size_t) (colon - text))))
		return false;
	return parse_int(colon + 1, (size_t) (end - colon - 1), 1, 65535, port);
}

static bool
is_scheme(const char *text, size_t len)
{
	if (len == 0 || !isalpha((unsigned char) *text))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isascii(text[i]) || !(isalnum((unsigned char) text[i]) || memchr("+-.", text[i], 3)))
			return false;
	return true;
}

static bool
has_scheme(const char *origin, const char *scheme)
{
	return strncmp(origin, scheme, strlen(scheme)) == 0;
}

char *
sb_form_origin(const char *text, size_t len, bool path)
{
	char *origin = sb_checked(strndup(text, len));
	char *host = strstr(origin, "://");
	size_t host_len = host ? strcspn(host + 3, "/?#") : 0;
	const char *rest = host ? host + 3 + host_len : "";
	int port;

	if (host == NULL || !is_scheme(origin, (size_t) (host - origin)) ||
		!parse_authority(host + 3, host_len, &port) || !is_text(rest) ||
		!(path || *rest == '\0' || strcmp(rest, "/") == 0))
	{
		free(origin);
		return NULL;
	}
	host[3 + host_len] = '\0';
	for (char *c = origin; *c; c++)
		*c = (char) tolower((unsigned char) *c);
	if ((port == 80 && has_scheme(origin, "http:")) ||
		(port == 443 && has_scheme(origin, "https:")))
		*strrchr(origin, ':') = '\0';
	return origin;
}

static bool
is_url(const char *text)
{
	char *origin = sb_form_origin(text, strlen(text), true);
	bool good = origin && (has_scheme(origin, "http:") || has_scheme(origin, "https:"));

	free(origin);
	return good;
}

/* The next host of a list, after commas and blanks; its length, 0 at the end. */
static size_t
next_host(const char **list)
{
	*list += strspn(*list, ", ");
	return strcspn(*list, ", ");
}

static bool
is_host_list(const char *text)
{
	size_t len;
	bool any = false;

	for (; (len = next_host(&text)) > 0; text += len)
	{
		size_t dot = *text == '.' && len > 1;

		if (!(len == 1 && *text == '*') && !is_host(text + dot, len - dot))
			return false;
		any = true;
	}
	return any;
}

/* The host of authority[0 .. len) without port and brackets; *len is its length. */
static const char *
host_of(const char *authority, size_t *len)
{
	const char *end = memchr(authority, ']', *len);

	if (*len > 0 && *authority == '[' && end)
	{
		*len = (size_t) (end - authority - 1);
		return authority + 1;
	}
	end = memchr(authority, ':', *len);
	if (end)
		*len = (size_t) (end - authority);
	return authority;
}

bool
sb_form_hosts_name(const char *hosts, const char *authority)
{
	size_t host_len = strlen(authority);
	const char *host = host_of(authority, &host_len);
	size_t len;

	if (host_len > 0 && host[host_len - 1] == '.')
		host_len--; /* the root may be said */
	for (; (len = next_host(&hosts)) > 0; hosts += len)
	{
		if (len == 1 && *hosts == '*')
			return true;
		if (*hosts == '.' && host_len > len && strncasecmp(host + host_len - len, hosts, len) == 0)
			return true;
		if (*hosts == '.' && host_len == len - 1 && strncasecmp(host, hosts + 1, host_len) == 0)
			return true;
		if (host_len == len && strncasecmp(host, hosts, len) == 0)
			return true;
	}
	return false;
}

static bool
is_rates(const char *text)
{
	struct social_rate ignored[SOCIAL_RATE_WINDOWS_MAX];

	return social_rate_parse(text, strlen(text), ignored) >= 0;
}

const char *
sb_form_check(enum sb_form form, const char *text)
{
	switch (form)
	{
		case SB_FORM_TEXT:
			return is_text(text) ? NULL : "text without control characters";
		case SB_FORM_HOST:
			return is_host(text, strlen(text)) ? NULL : "an address or the name of a host";
		case SB_FORM_PORTS:
			return is_port_list(text) ? NULL
									  : "a port from 1 to 65535, or several separated by commas";
		case SB_FORM_HOSTS:
			return is_host_list(text) ? NULL : "names of hosts or addresses, .example.com, or *";
		case SB_FORM_URL:
			return is_url(text) ? NULL : "a URL, http://… or https://…";
		case SB_FORM_PREFIX:
			return is_prefix(text) ? NULL : "at most 100 printable characters without spaces";
		case SB_FORM_RATES:
			return is_rates(text) ? NULL
								  : "n/second, n/minute, n/hour or n/day, several separated "
									"by commas, or off";
	}
	return NULL;
}

/* ---- near misses ----------------------------------------------------------------------------- */

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/* How many keys lie between two names: one too many, one missing, another one, two swapped. */
static int
distance(const char *a, const char *b)
{
	int rows[3][COMPARED_MAX + 1];
	int len_a = (int) strlen(a);
	int len_b = (int) strlen(b);

	if (len_a > COMPARED_MAX || len_b > COMPARED_MAX)
		return INT_MAX;
	for (int j = 0; j <= len_b; j++)
		rows[0][j] = j;
	for (int i = 1; i <= len_a; i++)
	{
		int *row = rows[i % 3];
		const int *above = rows[(i + 2) % 3];
		const int *second = rows[(i + 1) % 3];

		row[0] = i;
		for (int j = 1; j <= len_b; j++)
		{
			int same = toupper((unsigned char) a[i - 1]) == toupper((unsigned char) b[j - 1]);

			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 &&
				toupper((unsigned char) a[i - 1]) == toupper((unsigned char) b[j - 2]) &&
				toupper((unsigned char) a[i - 2]) == toupper((unsigned char) b[j - 1]))
				row[j] = least(row[j], second[j - 2] + 1);
		}
	}
	return rows[len_a % 3][len_b];
}

bool
sb_form_is_near(const char *name, const char *setting)
{
	size_t len = strlen(name);
	size_t setting_len = strlen(setting);
	int slips = setting_len < 10 ? 1 : 2;

	if (strcmp(name, setting) == 0)
		return false;
	if (distance(name, setting) <= slips)
		return true;
	/* DB_PASS for DB_PASSWORD, DB_USERNAME for DB_USER, but not HTTP or REDIS_URL_PREFIX. */
	if (len < setting_len)
		return len >= 6 && strncasecmp(name, setting, len) == 0;
	return setting_len >= 6 && strncasecmp(name, setting, setting_len) == 0 &&
		   strchr(name + setting_len, '_') == NULL;
}
