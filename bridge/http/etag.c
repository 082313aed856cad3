/*
 * etag.c owns entity tags.
 */
#include "http/etag.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/hex.h"

void
sb_etag_make(char tag[SB_ETAG_SIZE], const char *version, const char *bytes, size_t len)
{
	/* Nobody is harmed by bytes that were made to collide but whoever made them. */
	XXH128_hash_t hash = XXH3_128bits(bytes, len);
	size_t version_len = version ? strnlen(version, SB_ETAG_VERSION_MAX) : 0;
	char *at = tag;

	*at++ = '"';
	if (version)
	{
		memcpy(at, version, version_len);
		at += version_len;
		*at++ = '.';
	}
	sb_hex_write(at, hash.high64);
	sb_hex_write(at + SB_HEX_DIGITS, hash.low64);
	memcpy(at + 2 * SB_HEX_DIGITS, "\"", 2);
}

void
sb_etag_add_coding(char tag[SB_ETAG_SIZE], const char *coding)
{
	size_t len = strlen(tag) - 1;

	snprintf(tag + len, SB_ETAG_SIZE - len, "-%s\"", coding);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool
is_of_tag(unsigned char c)
{
	return c == 0x21 || (c >= 0x23 && c <= 0x7e) || c >= 0x80;
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Behind an item there is nothing, or a comma. */
static enum sb_etag_item
end_item(const char **at, enum sb_etag_item item)
{
	*at = skip_blanks(*at);
	if (**at == ',' && item == SB_ETAG_TAG)
		++*at;
	else if (**at)
		return SB_ETAG_MALFORMED;
	return item;
}

enum sb_etag_item
sb_etag_next(const char **at, struct sb_etag *tag)
{
	const char *text = *at;

	while (*(text = skip_blanks(text)) == ',')
		text++;
	*at = text;
	if (*text == '\0')
		return SB_ETAG_END;
	if (*text == '*')
	{
		++*at;
		return end_item(at, SB_ETAG_ANY);
	}
	tag->is_weak = strncmp(text, "W/", 2) == 0;
	text += tag->is_weak ? 2 : 0;
	if (*text != '"')
		return SB_ETAG_MALFORMED;
	tag->opaque = ++text;
	while (is_of_tag((unsigned char) *text))
		text++;
	tag->len = (size_t) (text - tag->opaque);
	if (*text != '"')
		return SB_ETAG_MALFORMED;
	*at = text + 1;
	return end_item(at, SB_ETAG_TAG);
}

/* How long a tag of ours is without the coding behind it, of which its characters hold no dash. */
static size_t
bare_length(const char *opaque, size_t len)
{
	const char *dash = memchr(opaque, '-', len);

	return dash ? (size_t) (dash - opaque) : len;
}

bool
sb_etag_is_listed(const char *list, const char *tag, bool strongly)
{
	const char *ours = tag + 1;
	size_t len = bare_length(ours, strlen(ours) - 1);
	struct sb_etag item;

	for (;;)
		switch (sb_etag_next(&list, &item))
		{
			case SB_ETAG_ANY:
				return true;
			case SB_ETAG_TAG:
				if (!(strongly && item.is_weak) && bare_length(item.opaque, item.len) == len &&
					memcmp(item.opaque, ours, len) == 0)
					return true;
				break;
			case SB_ETAG_END:
			case SB_ETAG_MALFORMED:
				return false;
		}
}

/* The length of a tag's version; 0 when it has none. */
static size_t
version_length(const struct sb_etag *tag)
{
	size_t len = 0;

	while (len < tag->len && len <= SB_ETAG_VERSION_MAX &&
		   strchr("0123456789abcdef", tag->opaque[len]))
		len++;
	return len <= SB_ETAG_VERSION_MAX && len < tag->len && tag->opaque[len] == '.' ? len : 0;
}

bool
sb_etag_versions(const char *list, bool strongly, char *array, size_t size)
{
	size_t used = 1;
	struct sb_etag item;
	enum sb_etag_item kind;

	if (size < sizeof("{*}"))
		return false;
	array[0] = '{';
	while ((kind = sb_etag_next(&list, &item)) == SB_ETAG_TAG)
	{
		size_t len = strongly && item.is_weak ? 0 : version_length(&item);

		if (len == 0)
			continue;
		if (used + len + 3 > size)
			return false;
		if (used > 1)
			array[used++] = ',';
		memcpy(array + used, item.opaque, len);
		used += len;
	}
	if (kind == SB_ETAG_MALFORMED || (kind == SB_ETAG_ANY && used > 1))
		return false;
	if (kind == SB_ETAG_ANY)
		array[used++] = '*';
	array[used] = '}';
	array[used + 1] = '\0';
	return true;
}
