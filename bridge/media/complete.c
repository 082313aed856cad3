/*
 * complete.c owns the reading of S3's CompleteMultipartUpload.
 */
#include "media/complete.h"

#include <stdbool.h>
#include <string.h>

/* What is between <name> and </name>, from *at on; *at moves behind it. */
static bool
take_element(const char **at, const char *end, const char *name, const char **inner, size_t *len)
{
	size_t name_len = strlen(name);
	const char *open = *at;
	const char *close;

	for (;; open++)
	{
		open = memchr(open, '<', (size_t) (end - open));
		if (open == NULL || (size_t) (end - open) < name_len + 2)
			return false;
		if (memcmp(open + 1, name, name_len) == 0 && open[name_len + 1] == '>')
			break;
	}
	*inner = open + name_len + 2;
	for (close = *inner;; close++)
	{
		close = memchr(close, '<', (size_t) (end - close));
		if (close == NULL || (size_t) (end - close) < name_len + 3)
			return false;
		if (close[1] == '/' && memcmp(close + 2, name, name_len) == 0 && close[name_len + 2] == '>')
			break;
	}
	*len = (size_t) (close - *inner);
	*at = close + name_len + 3;
	return true;
}

/* Takes a prefix or a suffix off, where it is there. */
static void
strip(const char **text, size_t *len, const char *mark)
{
	size_t mark_len = strlen(mark);

	if (*len >= mark_len && memcmp(*text, mark, mark_len) == 0)
	{
		*text += mark_len;
		*len -= mark_len;
	}
	if (*len >= mark_len && memcmp(*text + *len - mark_len, mark, mark_len) == 0)
		*len -= mark_len;
}

static unsigned
number_of(const char *text, size_t len)
{
	unsigned number = 0;

	strip(&text, &len, " ");
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9' || i > 4)
			return 0;
		number = number * 10 + (unsigned) (text[i] - '0');
	}
	return number;
}

static bool
read_part(const char *text, size_t len, struct sb_complete_part *part)
{
	const char *at = text;
	const char *inner;
	size_t inner_len;

	if (!take_element(&at, text + len, "PartNumber", &inner, &inner_len))
		return false;
	part->number = number_of(inner, inner_len);
	at = text; /* they come in any order */
	if (!take_element(&at, text + len, "ETag", &inner, &inner_len))
		return false;
	strip(&inner, &inner_len, "\"");
	strip(&inner, &inner_len, "&quot;");
	strip(&inner, &inner_len, "&#34;");
	part->tag[0] = '\0';
	if (inner_len == SB_LABEL_TAG && memchr(inner, '\0', inner_len) == NULL)
	{
		memcpy(part->tag, inner, inner_len);
		part->tag[inner_len] = '\0';
	}
	return part->number > 0;
}

int
sb_complete_read(const char *text, size_t len, struct sb_complete_part parts[SB_COMPLETE_PARTS])
{
	static const char root[] = "<CompleteMultipartUpload";
	const char *at = memmem(text, len, root, sizeof(root) - 1);
	const char *end = text + len;
	const char *inner;
	size_t inner_len;
	int count = 0;

	if (at == NULL || memmem(text, len, "<!", 2) != NULL)
		return 0; /* declarations are none of it */
	while (take_element(&at, end, "Part", &inner, &inner_len))
	{
		if (count == SB_COMPLETE_PARTS || !read_part(inner, inner_len, &parts[count]))
			return 0;
		if (count > 0 && parts[count].number <= parts[count - 1].number)
			return -1;
		count++;
	}
	return count;
}
