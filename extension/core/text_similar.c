/*
 * text_similar.c owns how well a name fits what somebody typed (see text_similar.h).
 */
#include "core/text_similar.h"

#include "core/text_char.h"

#define MAX_CHARACTERS SOCIAL_SIMILAR_MAX_CHARACTERS
#define REST_MAX       SOCIAL_SIMILAR_MAX_REST

/* The code points of a text, at most MAX_CHARACTERS; *rest gets how many more there are, or
 * REST_MAX. */
static int
decode(const char *text, size_t len, uint32_t *characters, int *rest)
{
	int count = 0;

	*rest = 0;
	for (size_t pos = 0; pos < len;)
	{
		int size;
		uint32_t c = social_text_decode_at((const unsigned char *) text, len, pos, &size);

		pos += size;
		if (count < MAX_CHARACTERS)
			characters[count++] = c;
		else if (++*rest == REST_MAX)
			break;
	}
	return count;
}

static int
errors_allowed(int query_length)
{
	return query_length <= 2 ? 0 : query_length <= 5 ? 1 : 2;
}

static int
smallest(int a, int b)
{
	return a < b ? a : b;
}

/*
 * The typing errors that make the query of the name (*whole), and of the beginning of the name
 * that it is nearest to (*beginning).
 */
static void
count_errors(const uint32_t *query, int nquery, const uint32_t *name, int nname, int *whole,
			 int *beginning)
{
	/* Of the query's first i characters and the name's first j: rows i - 2, i - 1 and i. */
	int rows[3][MAX_CHARACTERS + 1] = {{0}};
	const int *last;

	for (int j = 0; j <= nname; j++)
		rows[0][j] = j;
	for (int i = 1; i <= nquery; i++)
	{
		const int *before = rows[(i + 1) % 3];
		const int *above = rows[(i + 2) % 3];
		int *row = rows[i % 3];

		row[0] = i;
		for (int j = 1; j <= nname; j++)
		{
			int errors = above[j - 1] + (query[i - 1] != name[j - 1]);

			errors = smallest(errors, smallest(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && query[i - 1] == name[j - 2] && query[i - 2] == name[j - 1])
				errors = smallest(errors, before[j - 2] + 1);
			row[j] = errors;
		}
	}
	last = rows[nquery % 3];
	*whole = last[nname];
	*beginning = last[0];
	for (int j = 1; j <= nname; j++)
		*beginning = smallest(*beginning, last[j]);
}

struct social_text_similarity
social_text_compare(const char *query, size_t query_len, const char *name, size_t name_len)
{
	struct social_text_similarity found = {SOCIAL_FIT_NONE, 0, 0};
	uint32_t wanted[MAX_CHARACTERS];
	uint32_t given[MAX_CHARACTERS];
	int query_rest;
	int name_rest;
	int nwanted = decode(query, query_len, wanted, &query_rest);
	int ngiven = decode(name, name_len, given, &name_rest);
	int allowed = errors_allowed(nwanted);
	int same = 0;
	int whole;
	int beginning;

	if (nwanted == 0 || query_rest > 0 || nwanted > ngiven + allowed)
		return found;
	while (same < nwanted && same < ngiven && wanted[same] == given[same])
		same++;
	if (same == nwanted)
	{
		found.rest = ngiven - nwanted + name_rest;
		found.fit = found.rest == 0 ? SOCIAL_FIT_EXACT : SOCIAL_FIT_BEGINNING;
		return found;
	}
	if (allowed == 0)
		return found;
	if (ngiven > nwanted + allowed)
	{
		name_rest += ngiven - nwanted - allowed;
		ngiven = nwanted + allowed;
	}
	count_errors(wanted, nwanted, given, ngiven, &whole, &beginning);
	found.rest = ngiven + name_rest > nwanted ? ngiven + name_rest - nwanted : 0;
	if (whole <= allowed && name_rest == 0)
		found = (struct social_text_similarity){SOCIAL_FIT_LIKE, whole, found.rest};
	else if (beginning <= allowed)
		found = (struct social_text_similarity){SOCIAL_FIT_LIKE_BEGINNING, beginning, found.rest};
	return found;
}
