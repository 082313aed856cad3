/*
 * text_scan.c owns the scanner for #hashtags and @mentions.
 *
 * Signs are found with memchr; what stands around a sign decides. Each loop either moves one of the
 * scanner's positions forward or stays within a constant distance of the sign, hence linear time.
 * Only a sign that does not follow a blank can stand inside a URL, so plain text never looks for one.
 */
#include "text_scan.h"

#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>

/* What decode_* returns for a byte that is not part of valid UTF-8: a symbol of no class. */
#define NOT_A_CHARACTER 0xFFFD

#define WIDE_HASH 0xFF03
#define WIDE_AT 0xFF20

#define IS_DIGIT 0x01
#define IS_LETTER 0x02
#define IS_WORD 0x04	   /* [A-Za-z0-9_] */
#define IS_HOST 0x08	   /* [A-Za-z0-9._-] */
#define IS_PATH 0x10	   /* may stand in the path of a URL */
#define IS_QUERY 0x20	   /* may stand in its query */
#define IS_BLANK 0x40	   /* ends every URL */
#define BARS_MENTION 0x80  /* no mention right after it */

#define C_DIGIT (IS_DIGIT | IS_WORD | IS_HOST | IS_PATH | IS_QUERY | BARS_MENTION)
#define C_LETTER (IS_LETTER | IS_WORD | IS_HOST | IS_PATH | IS_QUERY | BARS_MENTION)
#define C_URL (IS_PATH | IS_QUERY)

static const unsigned char ascii_class[128] = {
	[0x00 ... 0x20] = IS_BLANK, [0x7F] = IS_BLANK,
	['0' ... '9'] = C_DIGIT, ['A' ... 'Z'] = C_LETTER, ['a' ... 'z'] = C_LETTER,
	['_'] = C_URL | IS_WORD | IS_HOST | BARS_MENTION,
	['.'] = C_URL | IS_HOST, ['-'] = C_URL | IS_HOST,
	['!'] = C_URL | BARS_MENTION, ['#'] = C_URL | BARS_MENTION, ['$'] = C_URL | BARS_MENTION,
	['%'] = C_URL | BARS_MENTION, ['&'] = C_URL | BARS_MENTION, ['*'] = C_URL | BARS_MENTION,
	['@'] = C_URL | BARS_MENTION,
	['\''] = C_URL, ['+'] = C_URL, [','] = C_URL, ['/'] = C_URL, [':'] = C_URL, [';'] = C_URL,
	['='] = C_URL, ['['] = C_URL, [']'] = C_URL, ['|'] = C_URL, ['~'] = C_URL,
	['('] = IS_QUERY, [')'] = IS_QUERY, ['?'] = IS_QUERY,
};

static inline bool
is_class(uint32_t c, unsigned mask)
{
	return c < 128 && (ascii_class[c] & mask) != 0;
}

/* ---- UTF-8 ------------------------------------------------------------------------------- */

/* Decodes the code point at text[pos], pos < len; *size gets its bytes (1 for a stray byte). */
static uint32_t
decode_at(const unsigned char *text, size_t len, size_t pos, int *size)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = text[pos];
	int n = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
	uint32_t c;

	*size = 1;
	if (n == 1)
		return lead;
	if (n == 0 || len - pos < (size_t) n)
		return NOT_A_CHARACTER;
	c = lead & (0x7F >> n);
	for (int i = 1; i < n; i++)
	{
		if ((text[pos + i] & 0xC0) != 0x80)
			return NOT_A_CHARACTER;
		c = c << 6 | (text[pos + i] & 0x3F);
	}
	if (c < smallest[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return NOT_A_CHARACTER;
	*size = n;
	return c;
}

/* Decodes the code point that ends right before pos, pos > 0; *start gets where it begins. */
static uint32_t
decode_before(const unsigned char *text, size_t pos, size_t *start)
{
	size_t lead = pos - 1;
	size_t lowest = pos > 4 ? pos - 4 : 0;
	int size;
	uint32_t c;

	*start = pos - 1;
	if (text[lead] < 0x80)
		return text[lead];
	while (lead > lowest && (text[lead] & 0xC0) == 0x80)
		lead--;
	c = decode_at(text, pos, lead, &size);
	if (lead + size != pos)
		return NOT_A_CHARACTER;
	*start = lead;
	return c;
}

/* ---- character classes beyond ASCII --------------------------------------------------------- */

/* Characters that may join the letters of a tag, but do not make one by themselves. */
static bool
is_tag_joiner(uint32_t c)
{
	switch (c)
	{
		case '_':
		case 0x00B7: /* middle dot */
		case 0x05BE: /* Hebrew maqaf, geresh, gershayim */
		case 0x05F3:
		case 0x05F4:
		case 0x0F0B: /* Tibetan tsheg marks */
		case 0x0F0C:
		case 0x200C: /* zero-width non-joiner and joiner */
		case 0x200D:
		case 0x3003: /* ditto mark */
		case 0x301C: /* wave dash */
		case 0x309B: /* voiced and semi-voiced sound marks */
		case 0x309C:
		case 0x30A0: /* Katakana double hyphen and middle dot */
		case 0x30FB:
		case 0xA67E: /* Cyrillic kavyka */
		case 0xFF5E: /* full-width tilde */
			return true;
		default:
			return false;
	}
}

/* Invisible letters, such as the Hangul filler, do not make a tag: its key would be empty. */
static bool
is_tag_letter(uint32_t c)
{
	if (c < 128)
		return is_class(c, IS_LETTER);
	return (U_MASK(u_charType((UChar32) c)) & (U_GC_L_MASK | U_GC_M_MASK)) != 0 &&
		!u_hasBinaryProperty((UChar32) c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

static bool
is_tag_character(uint32_t c)
{
	if (c < 128)
		return is_class(c, IS_WORD);
	return (U_MASK(u_charType((UChar32) c)) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK)) != 0 ||
		is_tag_joiner(c);
}

/* Accented Latin letters and combining accents, as Twitter lists them. */
static bool
is_latin_accent(uint32_t c)
{
	static const uint16_t singles[] = {0x0253, 0x0254, 0x0256, 0x0257, 0x0259, 0x025B, 0x0263,
									   0x0268, 0x026F, 0x0272, 0x0289, 0x028B, 0x02BB};

	if (c < 0xC0 || c > 0x1EFF)
		return false;
	if ((c <= 0x24F && c != 0xD7 && c != 0xF7) || (c >= 0x300 && c <= 0x36F) || c >= 0x1E00)
		return true;
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
		if (singles[i] == c)
			return true;
	return false;
}

static bool
is_blank(uint32_t c)
{
	return c < 128 ? is_class(c, IS_BLANK) : u_isUWhiteSpace((UChar32) c);
}

/* ---- URLs ----------------------------------------------------------------------------------- */

/* Walks over the characters of a host and returns where they end. */
static size_t
skip_host(const struct social_text_scanner *s, size_t pos)
{
	int size;

	while (pos < s->len)
	{
		uint32_t c = decode_at(s->text, s->len, pos, &size);

		if (!is_class(c, IS_HOST) && (c < 128 || !is_tag_character(c)))
			break;
		pos += size;
	}
	return pos;
}

/* Walks over an optional `:port`. */
static size_t
skip_port(const struct social_text_scanner *s, size_t pos)
{
	size_t digits = pos + 1;

	if (pos >= s->len || s->text[pos] != ':')
		return pos;
	while (digits < s->len && is_class(s->text[digits], IS_DIGIT))
		digits++;
	return digits > pos + 1 ? digits : pos;
}

/* Walks over path, query and fragment. A closing bracket belongs only if it was opened there. */
static size_t
skip_path_and_query(const struct social_text_scanner *s, size_t pos)
{
	bool in_query = false;
	int open = 0;
	int size;

	for (; pos < s->len; pos += size)
	{
		uint32_t c = decode_at(s->text, s->len, pos, &size);

		if (in_query)
		{
			if (!is_class(c, IS_QUERY))
				break;
		}
		else if (c == '?')
			in_query = true;
		else if (c == '(')
			open++;
		else if (c == ')')
		{
			if (open-- == 0)
				break;
		}
		else if (!is_class(c, IS_PATH) && !is_latin_accent(c) && !(c >= 0x400 && c <= 0x4FF))
			break;
	}
	return pos;
}

/* Is [start, end) a name with a dot, whose last label is at least two letters? */
static bool
is_dotted_host(const unsigned char *text, size_t start, size_t end)
{
	size_t label = end;

	while (label > start && is_class(text[label - 1], IS_LETTER))
		label--;
	return end - label >= 2 && label > start + 1 && text[label - 1] == '.' &&
		text[label - 2] != '.';
}

/*
 * The slash or question mark at pos follows host characters not before `from`: do they make a
 * host.tld that may begin a URL, that is, not glued to a sign or to a longer path?
 */
static bool
follows_bare_host(const struct social_text_scanner *s, size_t from, size_t pos)
{
	size_t end = pos;
	size_t start;
	size_t before;
	uint32_t c;

	while (end > from && is_class(s->text[end - 1], IS_DIGIT))
		end--;
	end = (end < pos && end > from && s->text[end - 1] == ':') ? end - 1 : pos;

	for (start = end; start > from; start = before)
	{
		c = decode_before(s->text, start, &before);
		if (!is_class(c, IS_HOST) && !is_latin_accent(c))
			break;
	}
	while (start < end && !is_class(s->text[start], IS_WORD) && s->text[start] < 128)
		start++;
	if (!is_dotted_host(s->text, start, end))
		return false;
	if (start == 0)
		return true;
	c = decode_before(s->text, start, &before);
	return c != '@' && c != '#' && c != '$' && c != '/' && c != '.' && c != '-' && c != WIDE_AT &&
		c != WIDE_HASH;
}

/* If a URL's host ends or its scheme's slashes stand at pos, returns where the URL ends, else 0. */
static size_t
url_through(const struct social_text_scanner *s, size_t from, size_t pos)
{
	const unsigned char *text = s->text;

	if (text[pos] == '/' && pos >= 2 && text[pos - 1] == ':' && is_class(text[pos - 2], IS_WORD) &&
		pos + 1 < s->len && text[pos + 1] == '/')
	{
		size_t host = pos + 2;
		size_t end = skip_host(s, host);

		if (end == host)
			return 0;
		end = skip_port(s, end);
		if (end < s->len && (text[end] == '/' || text[end] == '?' || text[end] == '#'))
			end = skip_path_and_query(s, end);
		return end;
	}
	if (follows_bare_host(s, from, pos))
		return skip_path_and_query(s, pos);
	return 0;
}

/* Does the sign at pos stand inside a URL? Continues the search where the last call left it. */
static bool
is_inside_url(struct social_text_scanner *s, size_t pos)
{
	size_t from = pos;
	size_t i;

	if (pos < s->url_limit)
		return true;
	while (from > s->url_pos)
	{
		size_t before;

		if (is_blank(decode_before(s->text, from, &before)))
			break;
		from = before;
	}
	for (i = from; i < pos; i++)
	{
		size_t end;

		if (s->text[i] != '/' && s->text[i] != '?')
			continue;
		end = url_through(s, from, i);
		if (end > 0)
		{
			s->url_limit = end;
			from = end;
			i = end - 1;
		}
		else
			from = i;
	}
	s->url_pos = i;
	return pos < s->url_limit;
}

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
	c = decode_before(s->text, pos, &before);
	if (c == 0xFE0E || c == 0xFE0F) /* variation selectors end an emoji */
		return true;
	return c != '&' && !is_tag_character(c);
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
		c = decode_at(s->text, s->len, pos, &size);
		if (!is_tag_character(c))
			break;
		if (codepoints == 0 && (c == 0xFE0F || c == 0x20E3)) /* the keycap emoji */
			break;
		has_letter = has_letter || is_tag_letter(c);
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
	c = decode_before(s->text, pos, &before);
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
	c = decode_before(text, pos, &before);
	if (c >= 128)
		return is_tag_letter(c);
	return memchr("+-~='", c, 5) != NULL && before > 0 &&
		is_tag_character(decode_before(text, before, &before));
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
	c = decode_at(s->text, s->len, pos, &size);
	if (c == '@' || c == WIDE_AT || is_latin_accent(c))
		return false;
	return !follows_scheme_slashes(s, pos) && !is_mail_host(s, sign, pos);
}

/* ---- the pass --------------------------------------------------------------------------------- */

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
		uint32_t c = decode_at(s->text, s->len, sign, &size);
		bool is_tag = c == '#' || c == WIDE_HASH;
		size_t name = sign + size;
		bool found;

		s->pos = name;
		if (!(s->kinds & (is_tag ? SOCIAL_TEXT_HASHTAG : SOCIAL_TEXT_MENTION)))
			continue;
		if (sign > 0 && s->text[sign - 1] > ' ' &&
			(!(is_tag ? is_tag_boundary(s, sign) : is_mention_boundary(s, sign)) ||
			 is_inside_url(s, sign)))
			continue;
		found = is_tag ? read_tag(s, name) : read_mention(s, sign, name);
		if (!found)
			continue;
		entity->kind = is_tag ? SOCIAL_TEXT_HASHTAG : SOCIAL_TEXT_MENTION;
		entity->start = sign;
		entity->name = name;
		entity->end = s->pos;
		return true;
	}
	return false;
}
