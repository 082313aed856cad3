/*
 * text_bigram_test.c proves how texts in scripts without spaces fall into runs and bigrams (pain
 * P-07, seed 130).
 */
#include "tap.h"

#include "core/text_bigram.h"

#include <stdlib.h>

struct bigram_case
{
	const char *name;
	const char *text;
	const char *expected; /* bigrams joined by blanks; other stretches in brackets */
};

static const struct bigram_case cases[] = {
	{"nothing", "", ""},
	{"Latin", "plain words, 42", "[plain words, 42]"},
	{"Han", "東京都", "東京 京都 都"},
	{"one character", "犬", "犬"},
	{"Kana with its length mark", "タワー", "タワ ワー ー"},
	{"the length mark alone", "ー", "ー"},
	{"iteration marks", "人々", "人々 々"},
	{"Hangul", "서울", "서울 울"},
	{"a blank between", "서울 시", "서울 울 [ ] 시"},
	{"Thai with vowels and tones", "ที่", "ที ี่ ่"},
	{"Lao, Khmer, Myanmar", "ລາວ ខ្មែរ မြန်", "ລາ າວ ວ [ ] ខ្ ្ម មែ ែរ រ [ ] မြ ြန န် ်"},
	{"Bopomofo", "ㄅㄆ", "ㄅㄆ ㄆ"},
	{"beyond the basic plane", "\U00020021\U00020022", "\U00020021\U00020022 \U00020022"},
	{"Latin on both sides", "the東京tower", "[the] 東京 京 [tower]"},
	{"punctuation of these scripts", "東、京。", "東 [、] 京 [。]"},
	{"the middle dot of names", "ア・イ", "ア [・] イ"},
	{"Thai digits", "๑๒", "๑๒ ๒"},
	{"digits and emoji are none", "3😀4", "[3😀4]"},
	{"Cyrillic, Greek, Arabic, Devanagari", "дом σπίτι بيت घर", "[дом σπίτι بيت घर]"},
	{"bytes that are no text", "東\xE3\x81", "東 [\xE3\x81]"},
	{"a stray byte in between", "東\x80京", "東 [\x80] 京"},
};

/* The stretches of a text in the form of the cases. */
static void
describe(const char *text, char *out)
{
	size_t len = strlen(text);
	size_t pos = 0;
	struct social_text_run run;

	*out = '\0';
	while (social_text_run_next(text, len, &pos, &run))
	{
		size_t at = run.start;
		struct social_text_bigram bigram;

		if (!run.is_spaceless)
			out += sprintf(out, "%s[%.*s]", run.start > 0 ? " " : "", (int) (run.end - run.start),
						   text + run.start);
		while (run.is_spaceless && social_text_bigram_next(text, run.end, &at, &bigram))
			out += sprintf(out, "%s%.*s", bigram.start > 0 ? " " : "",
						   (int) (bigram.end - bigram.start), text + bigram.start);
	}
}

static bool
has(const char *text)
{
	return social_text_has_spaceless(text, strlen(text));
}

int
main(void)
{
	char found[500];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		describe(cases[i].text, found);
		is_str(found, cases[i].expected, cases[i].name);
	}
	ok(!has("plain words"), "ASCII has none");
	ok(!has("naïve дом 😀 “quotes” …"), "nor have other scripts, emoji and quotes");
	ok(has("a 犬"), "one character is enough");
	ok(has("ｶﾞ"), "half-width Kana");
	ok(has("ＡＢＣ"), "full-width letters, which are to be made plain");
	ok(has("㈱"), "an enclosed character");
	ok(!has("\xE3\x81"), "not half a character");
	return done_testing();
}
