/*
 * text_similar_fuzz.c feeds any two texts to what compares names: a text fits itself and begins
 * with its beginning, errors stay within what is allowed, and trigrams are distinct.
 */
#include "core/text_similar.h"
#include "core/text_trigram.h"

#include <stdbool.h>
#include <stdlib.h>

#define CHECK(condition) ((condition) ? (void) 0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_rising(const int32_t *trigrams, size_t count, size_t most)
{
	CHECK(count <= most);
	for (size_t i = 1; i < count; i++)
		CHECK(trigrams[i - 1] < trigrams[i]);
}

static void
check_trigrams(const char *text, size_t len)
{
	int32_t *trigrams = malloc((len + 2) * sizeof(*trigrams));

	check_rising(trigrams, social_text_trigrams(text, len, trigrams), len);
	check_rising(trigrams, social_text_name_trigrams(text, len, trigrams), len + 2);
	for (int others = 0; others < 2; others++)
		check_rising(trigrams, social_text_name_thirds(text, len, others, trigrams), len + 2);
	free(trigrams);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	size_t split = size == 0 ? 0 : data[0] % size;
	struct social_text_similarity found;

	check_trigrams(text, size);
	found = social_text_compare(text, split, text + split, size - split);
	CHECK(found.fit >= SOCIAL_FIT_NONE && found.fit <= SOCIAL_FIT_EXACT);
	CHECK(found.errors >= 0 && found.errors <= 2 && found.rest >= 0);
	if (size > 0 && size <= SOCIAL_SIMILAR_MAX_CHARACTERS)
		CHECK(social_text_compare(text, size, text, size).fit == SOCIAL_FIT_EXACT);
	return 0;
}
