/*
 * text_url.c owns where URLs begin and end in a text: scheme://host..., or host.tld and a path or
 * query.
 */
#include "core/text_url.h"

#include "core/text_char.h"

/* Walks over the characters of a host and returns where they end. */
static size_t
skip_host(const struct social_text_scanner *s, size_t pos)
{
	int size;

	while (pos < s->len)
	{
		uint32_t c = social_text_decode_at(s->text, s->len, pos, &size);

		if (!is_class(c, IS_HOST) && (c < 128 || !social_text_is_tag_character(c)))
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
		uint32_t c = social_text_decode_at(s->text, s->len, pos, &size);

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
		else if (!is_class(c, IS_PATH) && !social_text_is_latin_accent(c) &&
				 !(c >= 0x400 && c <= 0x4FF))
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
		c = social_text_decode_before(s->text, start, &before);
		if (!is_class(c, IS_HOST) && !social_text_is_latin_accent(c))
			break;
	}
	while (start < end && !is_class(s->text[start], IS_WORD) && s->text[start] < 128)
		start++;
	if (!is_dotted_host(s->text, start, end))
		return false;
	if (start == 0)
		return true;
	c = social_text_decode_before(s->text, start, &before);
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

bool
social_text_is_inside_url(struct social_text_scanner *s, size_t pos)
{
	size_t from = pos;
	size_t i;

	if (pos < s->url_limit)
		return true;
	while (from > s->url_pos)
	{
		size_t before;

		if (social_text_is_blank(social_text_decode_before(s->text, from, &before)))
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
