/*
 * text_scan.c owns the scanner for #hashtags and @mentions.
 *
 * Signs are found with memchr; what stands around a sign decides. Each loop either moves one of the
 * scanner's positions forward or stays within a constant distance of the sign, hence linear time.
 * Only a sign that does not follow a blank can stand inside a URL, so plain text never looks for
 * one.
 */
#include "core/text_scan.h"

#include "core/text_char.h"
#include "core/text_url.h"

#include <string.h>

/* ---- tags and mentions ---------------------------------------------------------------------- */

static bool
follows_scheme_slashes(const struct social_text_scanner *s, size_t pos)
{
	return s->len - pos >= 3 && memcmp(s->text + pos, "://", 3) == 0;
}

/* May a tag begin at the sign at pos? */
static bool
is_tag_boundary(const struct social_text_scanner *s, size_t pos)
{
	size_t before;
	uint32_t c;

	if (pos == 0)
		return true;
	c = social_text_decode_before(s->text, pos, &before);
	if (c == 0xFE0E || c == 0xFE0F) /* variation selectors end an emoji */
		return true;
	return c != '&' && !social_text_is_tag_character(c);
}

/* Reads the tag whose name begins at `name`; s->pos moves behind it in any case. */
static bool
read_tag(struct social_text_scanner *s, size_t name)
{
	size_t pos = name;
	int codepoints = 0;
	bool has_letter = false;
	uint32_t c = 0;
	int size;

	for (; pos < s->len; pos += size)
	{
		c = social_text_decode_at(s->text, s->len, pos, &size);
		if (!social_text_is_tag_character(c))
			break;
		if (codepoints == 0 && (c == 0xFE0F || c == 0x20E3)) /* the keycap emoji */
			break;
		has_letter = has_letter || social_text_is_tag_letter(c);
		codepoints++;
	}
	s->pos = pos;
	if (!has_letter || codepoints > SOCIAL_HASHTAG_MAX_CODEPOINTS)
		return false;
	if (pos == s->len)
		return true;
	return c != '#' && c != WIDE_HASH && !follows_scheme_slashes(s, pos);
}

/* Is the sign at pos glued to a retweet mark, `RT@name`? */
static bool
follows_retweet_mark(const struct social_text_scanner *s, size_t pos)
{
	const unsigned char *text = s->text;

	if (pos < 2 || (text[pos - 2] | 0x20) != 'r' || (text[pos - 1] | 0x20) != 't')
		return false;
	if (pos == 2)
		return true;
	return !is_class(text[pos - 3], IS_WORD) && memchr("+~.-", text[pos - 3], 4) == NULL;
}

static bool
is_mention_boundary(const struct social_text_scanner *s, size_t pos)
{
	size_t before;
	uint32_t c;

	if (pos == 0)
		return true;
	c = social_text_decode_before(s->text, pos, &before);
	return (!is_class(c, BARS_MENTION) && c != WIDE_AT) || follows_retweet_mark(s, pos);
}

/*
 * The name [.., end) after the sign at pos passes for a mention; is it rather the host of an e-mail
 * address, such as a local part that ends in a letter beyond ASCII or in `+`, then host.tld?
 */
static bool
is_mail_host(const struct social_text_scanner *s, size_t pos, size_t end)
{
	const unsigned char *text = s->text;
	size_t before;
	uint32_t c;

	if (pos == 0 || s->len - end < 3 || text[end] != '.' || !is_class(text[end + 1], IS_LETTER) ||
		!is_class(text[end + 2], IS_LETTER))
		return false;
	c = social_text_decode_before(text, pos, &before);
	if (c >= 128)
		return social_text_is_tag_letter(c);
	return memchr("+-~='", c, 5) != NULL && before > 0 &&
		   social_text_is_tag_character(social_text_decode_before(text, before, &before));
}

/* Reads the mention whose sign stands at `sign`; s->pos moves behind it in any case. */
static bool
read_mention(struct social_text_scanner *s, size_t sign, size_t name)
{
	size_t pos = name;
	uint32_t c;
	int size;

	while (pos < s->len && is_class(s->text[pos], IS_WORD))
		pos++;
	s->pos = pos;
	if (pos == name || pos - name > SOCIAL_MENTION_MAX_LENGTH)
		return false;
	if (pos == s->len)
		return true;
	c = social_text_decode_at(s->text, s->len, pos, &size);
	if (c == '@' || c == WIDE_AT || social_text_is_latin_accent(c))
		return false;
	return !follows_scheme_slashes(s, pos) && !is_mail_host(s, sign, pos);
}

/*
 * Whom the mention may mean (see struct social_text_entity). It looks a bounded way ahead, so that
 * the pass stays linear.
 */
static void
find_whole_name(const struct social_text_scanner *s, struct social_text_entity *mention)
{
	size_t pos = mention->end;
	uint32_t c = 0;
	int size;
	bool in_plain = true;

	mention->full = mention->plain = mention->end;
	for (; pos < s->len; pos += size)
	{
		c = social_text_decode_at(s->text, s->len, pos, &size);
		if (social_text_is_name_character(c))
		{
			mention->full = pos + size;
			if (in_plain)
				mention->plain = mention->full;
		}
		else if (social_text_is_apostrophe(c))
			in_plain = false;
		else if (!social_text_is_name_joiner(c))
			break;
		if (pos - mention->end > SOCIAL_MENTION_MAX_GOES_ON)
			break;
	}
	/* In the end a name too long, or what stands before the sign of an address. */
	if (pos < s->len && (pos - mention->end > SOCIAL_MENTION_MAX_GOES_ON ||
						 (pos == mention->full && (c == '@' || c == WIDE_AT))))
		mention->full = mention->plain = 0;
}

/* ---- the pass ---------------------------------------------------------------------------------
 */

static size_t
find_byte(const struct social_text_scanner *s, size_t from, int byte)
{
	const void *found = from < s->len ? memchr(s->text + from, byte, s->len - from) : NULL;

	return found ? (size_t) ((const unsigned char *) found - s->text) : s->len;
}

/* The next full-width sign; its lead byte is common in East Asian text, so look at all three. */
static size_t
find_wide_sign(const struct social_text_scanner *s, size_t from)
{
	for (size_t pos = find_byte(s, from, 0xEF); pos < s->len; pos = find_byte(s, pos + 1, 0xEF))
		if (s->len - pos >= 3 && s->text[pos + 1] == 0xBC &&
			(s->text[pos + 2] == 0x83 || s->text[pos + 2] == 0xA0))
			return pos;
	return s->len;
}

/* The first sign that is wanted, not before s->pos; len for none. */
static size_t
find_sign(struct social_text_scanner *s)
{
	size_t first;

	if (s->next_hash < s->pos)
		s->next_hash = find_byte(s, s->pos, '#');
	if (s->next_at < s->pos)
		s->next_at = find_byte(s, s->pos, '@');
	if (s->next_wide < s->pos)
		s->next_wide = find_wide_sign(s, s->pos);
	first = s->next_hash < s->next_at ? s->next_hash : s->next_at;
	return first < s->next_wide ? first : s->next_wide;
}

void
social_text_scan_begin(struct social_text_scanner *scanner, const char *text, size_t len,
					   unsigned kinds)
{
	memset(scanner, 0, sizeof(*scanner));
	scanner->text = (const unsigned char *) text;
	scanner->len = len;
	scanner->kinds = kinds;
	scanner->next_hash = (kinds & SOCIAL_TEXT_HASHTAG) ? find_byte(scanner, 0, '#') : len;
	scanner->next_at = (kinds & SOCIAL_TEXT_MENTION) ? find_byte(scanner, 0, '@') : len;
	scanner->next_wide = find_wide_sign(scanner, 0);
}

bool
social_text_scan_next(struct social_text_scanner *s, struct social_text_entity *entity)
{
	size_t sign;

	while ((sign = find_sign(s)) < s->len)
	{
		int size;
		uint32_t c = social_text_decode_at(s->text, s->len, sign, &size);
		bool is_tag = c == '#' || c == WIDE_HASH;
		size_t name = sign + size;
		bool found;

		s->pos = name;
		if (!(s->kinds & (is_tag ? SOCIAL_TEXT_HASHTAG : SOCIAL_TEXT_MENTION)))
			continue;
		if (sign > 0 && s->text[sign - 1] > ' ' &&
			(!(is_tag ? is_tag_boundary(s, sign) : is_mention_boundary(s, sign)) ||
			 social_text_is_inside_url(s, sign)))
			continue;
		found = is_tag ? read_tag(s, name) : read_mention(s, sign, name);
		if (!found)
			continue;
		entity->kind = is_tag ? SOCIAL_TEXT_HASHTAG : SOCIAL_TEXT_MENTION;
		entity->start = sign;
		entity->name = name;
		entity->end = entity->full = entity->plain = s->pos;
		if (!is_tag)
			find_whole_name(s, entity);
		return true;
	}
	return false;
}
