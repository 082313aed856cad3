/*
 * text_bigram_fuzz.c feeds any bytes to what reads scripts: stretches lie side by side and take
 * turns, bigrams begin at each character of theirs, and no text and no tag of a language is too
 * odd.
 */
#include "core/text_bigram.h"
#include "core/text_language.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) ((condition) ? (void) 0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_bigrams(const char *text, const struct social_text_run *run)
{
	struct social_text_bigram bigram = {run->start, run->start, false};
	size_t pos = run->start;

	while (pos < run->end)
	{
		CHECK(!bigram.is_last && bigram.start <= pos);
		CHECK(social_text_bigram_next(text, run->end, &pos, &bigram));
		CHECK(bigram.start < pos && pos <= bigram.end && bigram.end <= run->end);
		CHECK(bigram.is_last == (pos == run->end) && bigram.is_last == (pos == bigram.end));
	}
	CHECK(bigram.is_last && !social_text_bigram_next(text, run->end, &pos, &bigram));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	struct social_text_letters letters = {0};
	struct social_text_run run;
	char code[SOCIAL_LANGUAGE_MAX_LENGTH + 1];
	const char *guess;
	size_t pos = 0;
	size_t end = 0;
	bool was_spaceless = false;
	bool any = false;

	while (social_text_run_next(text, size, &pos, &run))
	{
		CHECK(run.start == end && run.end == pos);
		CHECK(end == 0 || run.is_spaceless != was_spaceless);
		if (run.is_spaceless)
			check_bigrams(text, &run);
		was_spaceless = run.is_spaceless;
		any |= was_spaceless;
		end = run.end;
	}
	CHECK(end == size);
	CHECK(!any || social_text_has_spaceless(text, size));

	social_text_count_letters(text, size, &letters);
	guess = social_text_guess_language(&letters);
	CHECK(guess == NULL || social_language_code(guess, strlen(guess), code));
	if (social_language_code(text, size, code))
		CHECK(strlen(code) >= 2);
	return 0;
}
