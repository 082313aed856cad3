/*
 * text_language.c owns the tables of languages and scripts.
 */
#include "core/text_language.h"

#include "core/text_char.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/uscript.h>

/* A language that the server has a configuration for. */
struct configured
{
	const char *code;
	const char *config;
};

static const struct configured languages[] = {
	{"ar", "arabic"},     {"ca", "catalan"},   {"da", "danish"},     {"de", "german"},
	{"el", "greek"},      {"en", "english"},   {"es", "spanish"},    {"eu", "basque"},
	{"fi", "finnish"},    {"fr", "french"},    {"ga", "irish"},      {"hi", "hindi"},
	{"hu", "hungarian"},  {"hy", "armenian"},  {"id", "indonesian"}, {"it", "italian"},
	{"lt", "lithuanian"}, {"nb", "norwegian"}, {"ne", "nepali"},     {"nl", "dutch"},
	{"nn", "norwegian"},  {"no", "norwegian"}, {"pt", "portuguese"}, {"ro", "romanian"},
	{"ru", "russian"},    {"sr", "serbian"},   {"sv", "swedish"},    {"ta", "tamil"},
	{"tr", "turkish"},    {"yi", "yiddish"},
};

/*
 * The language that most texts of a script are in, and the letters in use there that it lacks: a
 * text with one of those is in another language, nobody knows which. Han and Kana are told apart in
 * the guess.
 */
struct script
{
	UScriptCode icu;
	enum social_text_script script;
	const char *language;
	const char *foreign;
};

static const struct script scripts[] = {
	{USCRIPT_HAN, SOCIAL_SCRIPT_HAN, "zh", ""},
	{USCRIPT_BOPOMOFO, SOCIAL_SCRIPT_HAN, "zh", ""},
	{USCRIPT_HIRAGANA, SOCIAL_SCRIPT_KANA, "ja", ""},
	{USCRIPT_KATAKANA, SOCIAL_SCRIPT_KANA, "ja", ""},
	{USCRIPT_HANGUL, SOCIAL_SCRIPT_HANGUL, "ko", ""},
	{USCRIPT_THAI, SOCIAL_SCRIPT_THAI, "th", ""},
	{USCRIPT_LAO, SOCIAL_SCRIPT_LAO, "lo", ""},
	{USCRIPT_KHMER, SOCIAL_SCRIPT_KHMER, "km", ""},
	{USCRIPT_MYANMAR, SOCIAL_SCRIPT_MYANMAR, "my", ""},
	{USCRIPT_CYRILLIC, SOCIAL_SCRIPT_CYRILLIC, "ru",
	 "іїєґўјљњћђџќѓѕәғқңөұүһІЇЄҐЎЈЉЊЋЂЏЌЃЅӘҒҚҢӨҰҮҺ"},
	{USCRIPT_GREEK, SOCIAL_SCRIPT_GREEK, "el", ""},
	{USCRIPT_ARMENIAN, SOCIAL_SCRIPT_ARMENIAN, "hy", ""},
	{USCRIPT_ARABIC, SOCIAL_SCRIPT_ARABIC, "ar", "پچژگکیٹڈڑںھہۂےۓ"},
	{USCRIPT_HEBREW, SOCIAL_SCRIPT_HEBREW, "he", "װױײ"},
	{USCRIPT_DEVANAGARI, SOCIAL_SCRIPT_DEVANAGARI, "hi", "ळ"},
	{USCRIPT_TAMIL, SOCIAL_SCRIPT_TAMIL, "ta", ""},
};

/* ---- codes ---------------------------------------------------------------------------------- */

const char *
social_language_config(const char *code)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
	{
		if (strcmp(languages[i].code, code) == 0)
			return languages[i].config;
	}
	return NULL;
}

static bool
is_iso_language(const char *code)
{
	for (const char *const *known = uloc_getISOLanguages(); *known != NULL; known++)
	{
		if (strcmp(*known, code) == 0)
			return true;
	}
	return false;
}

bool
social_language_code(const char *tag, size_t len, char code[SOCIAL_LANGUAGE_MAX_LENGTH + 1])
{
	UErrorCode status = U_ZERO_ERROR;
	char first[SOCIAL_LANGUAGE_MAX_LENGTH + 1];
	size_t n = 0;

	while (n < len && tag[n] != '-' && tag[n] != '_')
	{
		if (n == SOCIAL_LANGUAGE_MAX_LENGTH || !is_class((unsigned char) tag[n], IS_LETTER))
			return false;
		first[n] = tag[n] | 0x20;
		n++;
	}
	first[n] = '\0';
	if (n < 2 || uloc_getLanguage(first, code, SOCIAL_LANGUAGE_MAX_LENGTH + 1, &status) < 2 ||
		U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
		return false;
	return social_language_config(code) != NULL || is_iso_language(code);
}

/* ---- guessing ------------------------------------------------------------------------------- */

static const struct script *
script_of(uint32_t c)
{
	UErrorCode status = U_ZERO_ERROR;
	UScriptCode icu = uscript_getScript((UChar32) c, &status);

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
	{
		if (scripts[i].icu == icu)
			return &scripts[i];
	}
	return NULL;
}

static void
count_letter(const char *letter, int size, uint32_t c, struct social_text_letters *letters)
{
	const struct script *script;
	char utf8[5] = "";

	if (!u_isalpha((UChar32) c))
		return;
	script = script_of(c);
	if (script == NULL)
	{
		letters->count[SOCIAL_SCRIPT_OTHER]++;
		return;
	}
	letters->count[script->script]++;
	memcpy(utf8, letter, size);
	if (!letters->is_foreign[script->script] && strstr(script->foreign, utf8) != NULL)
		letters->is_foreign[script->script] = true;
}

void
social_text_count_letters(const char *text, size_t len, struct social_text_letters *letters)
{
	size_t pos = 0;

	while (pos < len)
	{
		int size = 1;
		uint32_t c = (unsigned char) text[pos];

		if (c < 128)
			letters->count[SOCIAL_SCRIPT_OTHER] += is_class(c, IS_LETTER);
		else
		{
			c = social_text_decode_at((const unsigned char *) text, len, pos, &size);
			count_letter(text + pos, size, c, letters);
		}
		pos += size;
	}
}

const char *
social_text_guess_language(const struct social_text_letters *letters)
{
	struct social_text_letters all = *letters;
	enum social_text_script most = SOCIAL_SCRIPT_OTHER;
	size_t total = 0;

	/* Japanese is Kana with Han in between; a name in Kana does not make Chinese Japanese. */
	if (all.count[SOCIAL_SCRIPT_KANA] * 20 >= all.count[SOCIAL_SCRIPT_HAN])
	{
		all.count[SOCIAL_SCRIPT_KANA] += all.count[SOCIAL_SCRIPT_HAN];
		all.count[SOCIAL_SCRIPT_HAN] = 0;
	}
	for (int i = 0; i < SOCIAL_NSCRIPTS; i++)
	{
		total += all.count[i];
		if (i != SOCIAL_SCRIPT_OTHER &&
			(most == SOCIAL_SCRIPT_OTHER || all.count[i] > all.count[most]))
			most = i;
	}
	if (all.count[most] == 0 || all.count[most] * 4 < total || all.is_foreign[most])
		return NULL;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
	{
		if (scripts[i].script == most)
			return scripts[i].language;
	}
	return NULL;
}
