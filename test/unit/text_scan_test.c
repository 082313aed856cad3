/*
 * text_scan_test.c proves the grammar of tags and mentions (seed 131; pains P-08, P-09), its bounds
 * and its linear time. Each accepted form is followed by its malformed neighbours.
 */
#include "tap.h"

#include "core/text_scan.h"

#include <stdlib.h>
#include <time.h>

#define TEN     "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

struct scan_case
{
	const char *name;
	const char *text;
	const char *tags;     /* joined by blanks */
	const char *mentions; /* joined by blanks */
};

static const struct scan_case cases[] = {
	{"nothing", "", "", ""},
	{"plain text", "no signs at all", "", ""},
	{"bare signs", "# @ ＃ ＠ #", "", ""},

	/* tags: characters */
	{"a word", "go #running now", "running", ""},
	{"alone", "#x", "x", ""},
	{"digits before letters", "#2fast", "2fast", ""},
	{"digits alone", "take bus #16, #0 #1_2", "", ""},
	{"underscores alone", "#_ #___", "", ""},
	{"underscore inside", "#a_b _#c", "a_b", ""},
	{"a hyphen ends it", "#well-known", "well", ""},
	{"an apostrophe ends it", "#it's", "it", ""},
	{"accents", "#mañana #café", "mañana café", ""},
	{"combining accent", "#cafe\u0301", "cafe\u0301", ""},
	{"Turkish i", "#İzmir #ısı", "İzmir ısı", ""},
	{"Cyrillic, Greek, Armenian", "#ашок #Γάμμα_ #Մահ", "ашок Γάμμα_ Մահ", ""},
	{"Han, Kana, Hangul", "#漢字 #ひらがな #カタカナー #한국", "漢字 ひらがな カタカナー 한국", ""},
	{"half-width Kana with sound marks", "#ﾊﾟﾋﾞ", "ﾊﾟﾋﾞ", ""},
	{"full-width sign and letters", "＃ｔａｇ１", "ｔａｇ１", ""},
	{"Thai and Devanagari marks", "#ผู้เริ่ม #महात्मा", "ผู้เริ่ม महात्मा", ""},
	{"other scripts' digits need a letter", "#१२३४ #१२क", "१२क", ""},
	{"beyond the basic plane", "#\U00020021 #A\U000104a0", "\U00020021 A\U000104a0", ""},
	{"middle dot", "#il·lusió", "il·lusió", ""},
	{"Katakana dot, wave dash, tilde", "#ア・イ #メ〜テ #メ～テ", "ア・イ メ〜テ メ～テ", ""},
	{"joiners without a letter", "#〃 #・・ #·", "", ""},
	{"zero-width joiners", "#a\u200Cb #a\u200Db", "a\u200Cb a\u200Db", ""},
	{"Hebrew points and maqaf", "#עַל־יְדֵי #מ״כ", "עַל־יְדֵי מ״כ", ""},
	{"Tibetan tsheg", "#བོད་སྐད", "བོད་སྐད", ""},
	{"invisible letter alone", "#\u3164 #\u115F\u1160", "", ""},
	{"keycap emoji", "#\uFE0F\u20E3 #\u20E3x", "", ""},
	{"emoji ends it", "#fun😀more", "fun", ""},

	/* tags: what may stand around them */
	{"after brackets and quotes", "(#a [#b ’#c \"#d", "a b c d", ""},
	{"after punctuation", ".#a ,#b :#c !#d ?#e 。#f", "a b c d e f", ""},
	{"before punctuation", "#a. #b, #c: #d; #e! #f?", "a b c d e f", ""},
	{"after a letter", "a#b 漢#字 é#x 1#y _#z", "", ""},
	{"after an ampersand", "&#nbsp &amp;#ok", "ok", ""},
	{"after an emoji", "😀#a ✌\uFE0F#b ✌\uFE0E#c", "a b c", ""},
	{"doubled sign", "##twice", "twice", ""},
	{"a sign right after", "#tag# #tag## #tag＃", "", ""},
	{"a tag right after", "#one#two", "", ""},
	{"a tag after a comma", "#one,#two", "one two", ""},
	{"a scheme is no tag", "#http://example.com #https://x.org", "", ""},
	{"a colon is fine", "#note: #note:/ #a:/b", "note note a", ""},
	{"line ends", "#a\n#b\r\n#c\t#d", "a b c d", ""},
	{"no-break and ideographic space", "x\u00A0#a\u3000#b", "a b", ""},
	{"NUL-free control bytes", "\x01#a\x7F#b", "a b", ""},

	/* tags: length */
	{"100 code points", "#" HUNDRED " #ok", HUNDRED " ok", ""},
	{"101 code points", "#" HUNDRED "k #ok", "ok", ""},

	/* mentions */
	{"a name", "hello @alice", "", "alice"},
	{"several", "@a @B_1 @123", "", "a B_1 123"},
	{"full-width sign", "＠alice", "", "alice"},
	{"after punctuation", "(@a .@b :@c \"@d /@e -@f =@g", "", "a b c d e f g"},
	{"before punctuation", "@a, @b. @c: @d! @e's @f-g @h/list", "", "a b c d e f h"},
	{"after Han", "の@alice漢字", "", "alice"},
	{"after a word character", "x@alice 1@alice _@alice", "", ""},
	{"after barred signs", "!@a #@a $@a %@a &@a *@a @@a ＠@a", "", ""},
	{"after a retweet mark", "RT@a rt@b RT:@c (Rt@d", "", "a b c d"},
	{"after a word that ends in rt", "art@a .RT@a -rt@a 1rt@a", "", ""},
	{"a sign right after", "@a@ @_@ @a＠", "", ""},
	{"an accented letter right after", "@aliceì @alice\u0301 @josé", "", ""},
	{"another script right after", "@aliceの @aliceи", "", "alice alice"},
	{"a scheme is no name", "@http://example.com", "", ""},
	{"30 characters", "@" TEN TEN TEN, "", TEN TEN TEN},
	{"31 characters", "@" TEN TEN TEN "k @ok", "", "ok"},
	{"no such letter", "@élan @-x @", "", ""},

	/* addresses */
	{"e-mail", "mail me@example.com or x.y+z@example.org", "", ""},
	{"e-mail, two signs", "@one @two@example.com", "", "one"},
	{"e-mail, local part ends oddly", "me+@example.com jo-@example.com josé@example.com", "", ""},
	{"no e-mail after all", "+@alice.smith josé@alice", "", "alice alice"},
	{"a sentence goes on", ".@alice.Great @bob.Good", "", "alice bob"},
	{"inside a URL", "http://example.com/#a https://x.org/@b?q=#c", "", ""},
	{"inside a URL's query", "http://example.com/?a=(#b)&c=@d", "", ""},
	{"inside a URL's fragment", "http://example.com#/@x http://x.org:80#!/#y", "", ""},
	{"host without a dot", "http://localhost/#a http://localhost:8000/@b", "", ""},
	{"other schemes", "ftp://x.org/#a irc://irc.example.org/#chan", "", ""},
	{"bare host", "example.com/#a t.co/@b example.com:80/#c example.org?q=#d", "", ""},
	{"bare host in brackets", "(example.com/#a) [x.org/@b]", "", ""},
	{"bare host after Han", "見よexample.com/#a", "", ""},
	{"accents and Cyrillic in a path", "http://x.org/é/ж/#a", "", ""},
	{"brackets in a path", "http://x.org/a_(b)/#c (http://x.org/d)#e", "e", ""},
	{"Han ends a path", "http://x.org/a。#b", "b", ""},
	{"a quote ends a path", "\"http://x.org/a\"#b <http://x.org>@c", "b", "c"},
	{"a blank ends a URL", "http://x.org/a #b http://x.org @c", "b", "c"},
	{"no host", "http:///#a http://#b :///#c", "a b c", ""},
	{"no dotted host", "and/#a or/@b a./#c ./#d 1.5/#e", "a c d e", "b"},
	{"one-letter last label", "a.b/#c", "c", ""},
	{"host glued to a sign", "#t.co/@b @t.co/#c $x.org/#d", "t c d", "b t"},
	{"host inside a longer path", "/x.org/#a", "a", ""},

	/* both */
	{"a post", "Hi @bob, see #PostgreSQL and #C (@carol)", "PostgreSQL C", "bob carol"},
	{"repetitions stay", "#a #A #a @x @X", "a A a", "x X"},
	{"glued to each other", "@a#b #c@d #漢@e", "c 漢", "a e"},

	/* bytes that are not UTF-8 */
	{"stray bytes are symbols", "\xFF#a \x80@b\xC3 #c\xE3\x81", "a c", "b"},
	{"cut at the end", "#\xC3", "", ""},
	{"over-long and surrogate forms", "#\xC1\x81 #\xED\xA0\x80", "", ""},
};

/* Joins what the scanner finds by blanks; the caller frees. */
static char *
scan(const char *text, size_t len, unsigned kinds)
{
	struct social_text_scanner scanner;
	struct social_text_entity entity;
	char *found = calloc(1, len * 2 + 1);
	size_t used = 0;

	social_text_scan_begin(&scanner, text, len, kinds);
	while (social_text_scan_next(&scanner, &entity))
	{
		if (used > 0)
			found[used++] = ' ';
		memcpy(found + used, text + entity.name, entity.end - entity.name);
		used += entity.end - entity.name;
	}
	return found;
}

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		/* An exact copy on the heap: a read past the end is caught by the sanitizer. */
		size_t len = strlen(cases[i].text);
		char *copy = malloc(len ? len : 1);
		char name[200];
		char *tags;
		char *mentions;

		memcpy(copy, cases[i].text, len);
		tags = scan(copy, len, SOCIAL_TEXT_HASHTAG);
		mentions = scan(copy, len, SOCIAL_TEXT_MENTION);
		snprintf(name, sizeof(name), "seed 131, tags: %s", cases[i].name);
		is_str(tags, cases[i].tags, name);
		snprintf(name, sizeof(name), "seed 131, mentions: %s", cases[i].name);
		is_str(mentions, cases[i].mentions, name);
		free(tags);
		free(mentions);
		free(copy);
	}
}

/* Whom a mention may mean: the name as a reader sees it, and that without its apostrophe's part. */
static const struct
{
	const char *text; /* a mention whose name is `jose` */
	const char *full; /* NULL: nobody is meant */
	const char *plain;
} whole_names[] = {
	{"@jose", "jose", "jose"},
	{"@jose. (@jose, @jose- @jose_", "jose", "jose"},
	{"@jose...", "jose", "jose"},
	{"@jose-- and", "jose", "jose"},
	{"@jose.garcia code", "jose.garcia", "jose.garcia"},
	{"@jose.garcia.", "jose.garcia", "jose.garcia"},
	{"@jose-garcia", "jose-garcia", "jose-garcia"},
	{"@jose+x", "jose+x", "jose+x"},
	{"@jose..x", "jose..x", "jose..x"},
	{"＠jose.garcia", "jose.garcia", "jose.garcia"},
	{"@joseи", "joseи", "joseи"},
	{"@jose漢字。", "jose漢字", "jose漢字"},
	{"@jose٣", "jose٣", "jose٣"},
	{"@jose²", "jose²", "jose²"},
	{"@jose\u0903", "jose\u0903", "jose\u0903"},
	{"@jose.\u00E9", "jose.\u00E9", "jose.\u00E9"},
	{"@jose\u200Bgarcia", "jose\u200Bgarcia", "jose\u200Bgarcia"},
	{"@jose\uFE0F!", "jose", "jose"},
	{"@jose．ｇ", "jose．ｇ", "jose．ｇ"},
	{"@jose😀x", "jose", "jose"},
	{"@jose/list", "jose", "jose"},
	{"@jose:x", "jose", "jose"},
	{"@jose's", "jose's", "jose"},
	{"@jose\u2019s code", "jose\u2019s", "jose"},
	{"@jose'", "jose", "jose"},
	{"@jose.garcia's", "jose.garcia's", "jose.garcia"},
	{"@jose.garcia@example.org", NULL, NULL},
	{"@jose.@bea", "jose", "jose"},
};

static void
test_whole_names(void)
{
	char *long_name = malloc(2000);

	for (size_t i = 0; i < sizeof(whole_names) / sizeof(whole_names[0]); i++)
	{
		size_t len = strlen(whole_names[i].text);
		char *copy = malloc(len);
		char full[100] = "";
		char plain[100] = "";
		char name[200];
		struct social_text_scanner scanner;
		struct social_text_entity entity;

		memcpy(copy, whole_names[i].text, len);
		social_text_scan_begin(&scanner, copy, len, SOCIAL_TEXT_MENTION);
		snprintf(name, sizeof(name), "found B1: whom %s means", whole_names[i].text);
		if (!social_text_scan_next(&scanner, &entity) || (whole_names[i].full == NULL))
			ok(entity.full == 0 && entity.plain == 0, name);
		else
		{
			memcpy(full, copy + entity.name, entity.full - entity.name);
			memcpy(plain, copy + entity.name, entity.plain - entity.name);
			ok(strcmp(full, whole_names[i].full) == 0 && strcmp(plain, whole_names[i].plain) == 0,
			   name);
		}
		free(copy);
	}

	for (int joined = 0; joined < 2; joined++)
	{
		struct social_text_scanner scanner;
		struct social_text_entity entity;

		memcpy(long_name, "@jose.", 6);
		memset(long_name + 6, joined ? '.' : 'x', 1994);
		social_text_scan_begin(&scanner, long_name, 2000, SOCIAL_TEXT_MENTION);
		ok(social_text_scan_next(&scanner, &entity) && entity.end == 5 && entity.full == 0,
		   "found B1: a name without end means nobody");
	}
	free(long_name);
}

static void
test_offsets(void)
{
	const char *text = "の@bob ＃tag";
	struct social_text_scanner scanner;
	struct social_text_entity entity;

	social_text_scan_begin(&scanner, text, strlen(text), SOCIAL_TEXT_HASHTAG | SOCIAL_TEXT_MENTION);
	ok(social_text_scan_next(&scanner, &entity) && entity.kind == SOCIAL_TEXT_MENTION &&
		   entity.start == 3 && entity.name == 4 && entity.end == 7,
	   "seed 131: a mention's offsets are bytes");
	ok(social_text_scan_next(&scanner, &entity) && entity.kind == SOCIAL_TEXT_HASHTAG &&
		   entity.start == 8 && entity.name == 11 && entity.end == 14,
	   "seed 131: a full-width sign is three bytes");
	ok(!social_text_scan_next(&scanner, &entity) && !social_text_scan_next(&scanner, &entity),
	   "the end stays the end");
}

/* Repeats a pattern to about `size` bytes and returns the best of three times in seconds. */
static double
time_pattern(const char *pattern, size_t size)
{
	size_t step = strlen(pattern);
	char *text = malloc(size + step);
	double best = 1e9;

	for (size_t i = 0; i < size; i += step)
		memcpy(text + i, pattern, step);
	for (int i = 0; i < 3; i++)
	{
		struct timespec start;
		struct timespec end;
		double seconds;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
		free(scan(text, size, SOCIAL_TEXT_HASHTAG | SOCIAL_TEXT_MENTION));
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
		seconds =
			(double) (end.tv_sec - start.tv_sec) + (double) (end.tv_nsec - start.tv_nsec) / 1e9;
		best = seconds < best ? seconds : best;
	}
	free(text);
	return best;
}

/* A quadratic scan of 1 MB takes minutes; a linear one is done in a fraction of a second. */
static void
test_linear_time(void)
{
	static const char *patterns[] = {
		"#",       "@",        "＃",          "＠",          "a.",       "http://",    "#a",
		"@a",      "#a ",      "@a ",         "a.#",         "a.b/",     "a/#",        "a?@",
		"/#",      "?#",       "x.co/(#",     "x.co/@",      "http://#", "http://a/#", "://@",
		":/#",     "a.co/。#", "http://a。#", ".#",          "-@",       "。#",        "é@a.",
		"a+@b.cc", "\xEF\xBC", "1:1/#",       "aa.aa:1/。#",
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
	{
		char name[100];
		double seconds = time_pattern(patterns[i], 1 << 20);

		snprintf(name, sizeof(name), "seed 131: 1 MB of \"%s\" in linear time", patterns[i]);
		if (!ok(seconds < 1.0, name))
			printf("#   %.3f s\n", seconds);
	}
}

int
main(void)
{
	test_cases();
	test_whole_names();
	test_offsets();
	test_linear_time();
	return done_testing();
}
