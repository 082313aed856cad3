/*
 * text_check_test.c proves what every text that a person gives must be (found C8): each kind of
 * character that shows nothing or commands, alone, beside something seen, and at each end.
 */
#include "tap.h"

#include "core/text_check.h"

#include <string.h>

struct check_case
{
	const char *text;
	enum social_text_fault as_line;
	enum social_text_fault as_lines;
};

#define FINE     SOCIAL_TEXT_FINE
#define UNSEEN   SOCIAL_TEXT_UNSEEN
#define CONTROLS SOCIAL_TEXT_CONTROLS

static const struct check_case cases[] = {
	{"", UNSEEN, UNSEEN},
	{" ", UNSEEN, UNSEEN},
	{"\t\r\n\v\f ", UNSEEN, UNSEEN},
	{"\x01\x1b\x7f", UNSEEN, UNSEEN},
	{"\xC2\xA0", UNSEEN, UNSEEN},
	{"\xC2\xAD", UNSEEN, UNSEEN},
	{"\u115F\u1160", UNSEEN, UNSEEN},
	{"\u180E", UNSEEN, UNSEEN},
	{"\u200B", UNSEEN, UNSEEN},
	{"\u200D\u2060\uFEFF", UNSEEN, UNSEEN},
	{"\u2028\u2029", UNSEEN, UNSEEN},
	{"\u202E", UNSEEN, UNSEEN},
	{"\u2800", UNSEEN, UNSEEN},
	{"\u3000", UNSEEN, UNSEEN},
	{"\u3164", UNSEEN, UNSEEN},
	{"\uFFA0", UNSEEN, UNSEEN},
	{"\uFE0F", UNSEEN, UNSEEN},
	{"\U000E0041", UNSEEN, UNSEEN},
	{"\xC2\x85", UNSEEN, UNSEEN},
	{" \u00A0\u200B\u3000 ", UNSEEN, UNSEEN},

	{"a", FINE, FINE},
	{".", FINE, FINE},
	{"é", FINE, FINE},
	{"\u200Ba", FINE, FINE},
	{"a\u00ADb", FINE, FINE},
	{"日本", FINE, FINE},
	{"日\u3000本", FINE, FINE},
	{"👨\u200D👩\u200D👧", FINE, FINE},
	{"❤\uFE0F", FINE, FINE},
	{"می\u200Cخواهم", FINE, FINE},
	{"\u0301", FINE, FINE},
	{"\u2801", FINE, FINE},
	{"\uE000", FINE, FINE},
	{"\xFF", FINE, FINE},
	{"\xC2", FINE, FINE},

	{"a\nb", CONTROLS, FINE},
	{"a\r\nb", CONTROLS, FINE},
	{"a\tb", CONTROLS, FINE},
	{"a\u2028b", CONTROLS, FINE},
	{"a\u2029b", CONTROLS, FINE},
	{"a\vb", CONTROLS, CONTROLS},
	{"a\fb", CONTROLS, CONTROLS},
	{"a\x1b[31mb", CONTROLS, CONTROLS},
	{"a\x7f", CONTROLS, CONTROLS},
	{"\x01.", CONTROLS, CONTROLS},
	{"é\x08", CONTROLS, CONTROLS},
	{"a\xC2\x85", CONTROLS, CONTROLS},
	{"a\xC2\x9B", CONTROLS, CONTROLS},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		size_t len = strlen(cases[i].text);
		char name[64];

		snprintf(name, sizeof(name), "C8: text %zu as one line", i);
		is_int(social_text_check(cases[i].text, len, true), cases[i].as_line, name);
		snprintf(name, sizeof(name), "C8: text %zu as several", i);
		is_int(social_text_check(cases[i].text, len, false), cases[i].as_lines, name);
	}
	is_int(social_text_check("a\0b", 3, false), CONTROLS, "a NUL is a control character");
	return done_testing();
}
