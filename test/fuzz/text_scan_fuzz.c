/*
 * text_scan_fuzz.c feeds any bytes to the scanner: finds are in order, inside the text, within the
 * length limits, and looking for one kind finds what looking for both does; and to the check of
 * form.
 */
#include "core/text_check.h"
#include "core/text_scan.h"

#include <stdint.h>
#include <stdlib.h>

#define CHECK(condition) ((condition) ? (void) 0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
count(const char *text, size_t len, unsigned kinds, unsigned wanted)
{
	struct social_text_scanner scanner;
	struct social_text_entity entity;
	size_t last_end = 0;
	int found = 0;

	social_text_scan_begin(&scanner, text, len, kinds);
	while (social_text_scan_next(&scanner, &entity))
	{
		CHECK(entity.start >= last_end && entity.name > entity.start && entity.end > entity.name &&
			  entity.end <= len);
		CHECK(entity.kind != SOCIAL_TEXT_MENTION ||
			  entity.end - entity.name <= SOCIAL_MENTION_MAX_LENGTH);
		CHECK(entity.end - entity.name <= 4 * SOCIAL_HASHTAG_MAX_CODEPOINTS);
		CHECK(entity.full == 0 ? entity.plain == 0
							   : entity.plain >= entity.end && entity.full >= entity.plain &&
									 entity.full <= len);
		CHECK(entity.kind == SOCIAL_TEXT_MENTION || entity.full == entity.end);
		last_end = entity.end;
		found += entity.kind == wanted;
	}
	return found;
}

/* What is fine as one line is so as several; whether anything is seen does not depend on that. */
static void
check_form(const char *text, size_t size)
{
	enum social_text_fault line = social_text_check(text, size, true);
	enum social_text_fault lines = social_text_check(text, size, false);

	CHECK(line == lines || (line == SOCIAL_TEXT_CONTROLS && lines == SOCIAL_TEXT_FINE));
	CHECK(size > 0 || line == SOCIAL_TEXT_UNSEEN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	unsigned both = SOCIAL_TEXT_HASHTAG | SOCIAL_TEXT_MENTION;

	check_form(text, size);
	CHECK(count(text, size, both, SOCIAL_TEXT_HASHTAG) ==
		  count(text, size, SOCIAL_TEXT_HASHTAG, SOCIAL_TEXT_HASHTAG));
	CHECK(count(text, size, both, SOCIAL_TEXT_MENTION) ==
		  count(text, size, SOCIAL_TEXT_MENTION, SOCIAL_TEXT_MENTION));
	return 0;
}
