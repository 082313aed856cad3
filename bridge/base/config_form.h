/*
 * config_form.h owns the shapes that a text among the settings may have, and which name somebody
 * meant. Pure.
 */
#ifndef SB_CONFIG_FORM_H
#define SB_CONFIG_FORM_H

#include <stdbool.h>
#include <stddef.h>

enum sb_form
{
	SB_FORM_TEXT,   /* anything but control characters */
	SB_FORM_HOST,   /* an address, IPv4 or IPv6, or a host's name */
	SB_FORM_PORTS,  /* port numbers, separated by commas (libpq takes a list) */
	SB_FORM_HOSTS,  /* hosts, separated by commas, each perhaps with a dot before it; or * */
	SB_FORM_URL,    /* http:// or https:// and a host */
	SB_FORM_PREFIX, /* printable ASCII without spaces, short */
	SB_FORM_RATES,  /* rates of a limit (extension/core/ratelimit_policy.h) */
};

/* NULL when the text has the form; otherwise what it must be, to go behind "NAME must be ". */
extern const char *sb_form_check(enum sb_form form, const char *text);

/*
 * Whether a Host header, of a name or address with or without a port, is for one of the hosts of
 * such a list.
 */
extern bool sb_form_hosts_name(const char *hosts, const char *authority);

/* A whole number in decimal digits and nothing else; false beyond the bounds. */
extern bool sb_form_int(const char *text, int min, int max, int *out);

/* Whether the text is one of the words "a|b|c". */
extern bool sb_form_word(const char *text, const char *words);

/*
 * Cuts text[0 .. len) to an origin as browsers send it: scheme://host[:port] in lower case, without
 * the port that the scheme has anyway. With path, what follows the host is cut off; otherwise it
 * may be one slash at most. malloc'd; NULL when there is no origin in it.
 */
extern char *sb_form_origin(const char *text, size_t len, bool path);

/*
 * Whether somebody who wrote `name` may have meant `setting`: they differ in their case, by a slip
 * of one or two keys, or one is the other cut short.
 */
extern bool sb_form_is_near(const char *name, const char *setting);

#endif /* SB_CONFIG_FORM_H */
