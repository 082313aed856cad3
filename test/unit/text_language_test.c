/*
 * text_language_test.c proves language codes, their configurations, and what a script says (pain
 * P-07).
 */
#include "tap.h"

#include "core/text_language.h"

struct pair
{
	const char *given;
	const char *expected; /* NULL: refused, or nothing said */
};

static const struct pair codes[] = {
	{"en", "en"},         {"EN", "en"},        {"en-US", "en"},
	{"zh_Hant_TW", "zh"}, {"eng", "en"},       {"deu", "de"},
	{"pl", "pl"},         {"nb", "nb"},        {"tlh", "tlh"},
	{"", NULL},           {"-", NULL},         {"e", NULL},
	{"xx", NULL},         {"english", NULL},   {"e1", NULL},
	{"日本", NULL},       {"abcdefghi", NULL}, {"abcdefghij-x", NULL},
	{"en us", NULL},
};

static const struct pair configs[] = {
	{"en", "english"}, {"de", "german"}, {"nn", "norwegian"},
	{"ru", "russian"}, {"ja", NULL},     {"pl", NULL},
};

static const struct pair guesses[] = {
	{"", NULL},
	{"plain words", NULL},
	{"naïve Häuser, Türkçe", NULL},
	{"123 😀 …", NULL},
	{"東京タワーへ行く", "ja"},
	{"カタカナ", "ja"},
	{"ﾊﾝｶｸ", "ja"},
	{"你好世界", "zh"},
	{"這個遊戲的日文名字裡面有一個假名大家都說這樣還是中文吧因為其他都是漢字の", "zh"},
	{"안녕하세요", "ko"},
	{"สวัสดีครับ", "th"},
	{"ສະບາຍດີ", "lo"},
	{"សួស្តី", "km"},
	{"မင်္ဂလာပါ", "my"},
	{"привет, мир", "ru"},
	{"Привіт, їжаче", NULL},
	{"Љубав је", NULL},
	{"γεια σου", "el"},
	{"բարեւ", "hy"},
	{"مرحبا بالعالم", "ar"},
	{"سلام گلم چطوری", NULL},
	{"שלום", "he"},
	{"नमस्ते दुनिया", "hi"},
	{"வணக்கம்", "ta"},
	{"I read 東京タワーへ行く", "ja"},
	{"They said 東京 in a long text of other letters", NULL},
	{"\xFF\xFE\x80", NULL},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
	{
		char code[SOCIAL_LANGUAGE_MAX_LENGTH + 1];
		bool known = social_language_code(codes[i].given, strlen(codes[i].given), code);

		is_str(known ? code : NULL, codes[i].expected, codes[i].given);
	}
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
		is_str(social_language_config(configs[i].given), configs[i].expected, configs[i].given);
	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++)
	{
		struct social_text_letters letters = {0};

		social_text_count_letters(guesses[i].given, strlen(guesses[i].given), &letters);
		is_str(social_text_guess_language(&letters), guesses[i].expected, guesses[i].given);
	}
	return done_testing();
}
