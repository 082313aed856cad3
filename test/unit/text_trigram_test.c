/*
 * text_trigram_test.c proves trigrams of texts and names (seed 058): what they are made of, and
 * that a part of a text has none that the text lacks.
 */
#include "tap.h"

#include "core/text_trigram.h"

#define MAX 400

static size_t
count_of(const char *text)
{
	int32_t trigrams[MAX];

	return social_text_trigrams(text, strlen(text), trigrams);
}

static size_t
name_count_of(const char *name)
{
	int32_t trigrams[MAX];

	return social_text_name_trigrams(name, strlen(name), trigrams);
}

/* Are all of a's in b? Both rise. */
static bool
is_subset(const int32_t *a, size_t na, const int32_t *b, size_t nb)
{
	size_t j = 0;

	for (size_t i = 0; i < na; i++)
	{
		while (j < nb && b[j] < a[i])
			j++;
		if (j == nb || b[j] != a[i])
			return false;
	}
	return true;
}

static void
test_texts(void)
{
	static const struct
	{
		const char *text;
		size_t count;
	} cases[] = {
		{"", 0},           {"ab", 0},       {"abc", 1},    {"abcd", 2},
		{"abc abc", 1},    {"ab cd ef", 0}, {"a-b-c", 0},  {"a_b", 1},
		{"aaaaaa", 1},     {"naïve", 3},    {"東京都", 1}, {"東京", 0},
		{"東、京都駅", 1}, {"😀😀😀😀", 1},     {"100%", 1},   {"\xFF\xFE\xFD\xFC", 0},
		{"“abc”", 1},      {"abc\nabd", 2},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(count_of(cases[i].text), cases[i].count, cases[i].text);
}

static void
test_parts(void)
{
	static const char text[] = "the quick_brown fox, 12 größere Füchse; 東京タワー and 😀 more";
	size_t len = sizeof(text) - 1;
	int32_t whole[MAX];
	int32_t part[MAX];
	size_t nwhole = social_text_trigrams(text, len, whole);
	bool all = true;
	bool is_rising = true;

	for (size_t i = 1; i < nwhole; i++)
		is_rising &= whole[i - 1] < whole[i];
	ok(is_rising, "distinct, and in rising order");
	for (size_t from = 0; from < len; from++)
	{
		for (size_t to = from; to <= len; to++)
			all &=
				((text[from] & 0xC0) == 0x80 || (text[to] & 0xC0) == 0x80) ||
				is_subset(part, social_text_trigrams(text + from, to - from, part), whole, nwhole);
	}
	ok(all, "no part has a trigram that the whole lacks");
}

static void
test_names(void)
{
	int32_t name[MAX];
	int32_t typed[MAX];
	int32_t third[MAX];
	size_t nname = social_text_name_trigrams("john_doe smith", 14, name);

	is_int(name_count_of(""), 0, "no name");
	is_int(name_count_of("a"), 1, "one letter");
	is_int(name_count_of("john"), 4, "one for each letter");
	is_int(name_count_of("john_doe"), 7, "words begin after an underscore");
	is_int(name_count_of("  john  "), 4, "blanks are no words");
	ok(is_subset(typed, social_text_name_trigrams("jo", 2, typed), name, nname), "a beginning");
	ok(is_subset(typed, social_text_name_trigrams("doe", 3, typed), name, nname), "a word");
	ok(is_subset(typed, social_text_name_trigrams("john sm", 7, typed), name, nname),
	   "words, the last begun");
	ok(!is_subset(typed, social_text_name_trigrams("ohn", 3, typed), name, nname),
	   "not what stands inside");
	is_int(social_text_name_thirds("johnny", 6, false, third), 2, "every third");
	is_int(social_text_name_thirds("johnny", 6, true, typed), 4, "the others");
	ok(!is_subset(third, 2, typed, 4), "which are not the same");
	is_int(social_text_name_thirds("j", 1, true, third), 0, "one trigram has no others");
}

/* One wrong character anywhere leaves some of both in names of five characters or more. */
static void
test_errors(void)
{
	bool all = true;

	for (size_t len = 5; len < 12; len++)
	{
		for (size_t wrong = 0; wrong < len; wrong++)
		{
			char typed[] = "abcdefghijkl";
			int32_t name[MAX];
			size_t nname = social_text_name_trigrams(typed, len, name);

			typed[wrong] = 'x';
			for (int others = 0; others < 2; others++)
			{
				int32_t kept[MAX];
				size_t nkept = social_text_name_thirds(typed, len, others, kept);
				bool any = false;

				for (size_t i = 0; i < nkept; i++)
					any |= is_subset(&kept[i], 1, name, nname);
				all &= any;
			}
		}
	}
	ok(all, "a typing error leaves some of every third, and some of the others");
}

int
main(void)
{
	test_texts();
	test_parts();
	test_names();
	test_errors();
	return done_testing();
}
