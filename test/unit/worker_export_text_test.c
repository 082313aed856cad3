/*
 * worker_export_text_test.c proves how what there is of a person is written: fields of CSV as RFC
 * 4180 has them, text that is nothing else in HTML.
 */
#include <stdbool.h>
#include <string.h>

#include "tap.h"
#include "worker/export_text.h"

static bool
is_field(const char *value, const char *wanted)
{
	struct sb_buffer line = {0};
	bool is_it;

	sb_buffer_puts(&line, "");
	sb_export_put_field(&line, value, value ? strlen(value) : 0);
	is_it = strcmp(line.data ? line.data : "", wanted) == 0;
	sb_buffer_free(&line);
	return is_it;
}

static bool
is_html(const char *text, const char *wanted)
{
	struct sb_buffer page = {0};
	bool is_it;

	sb_buffer_puts(&page, "");
	sb_export_put_html(&page, text);
	is_it = strcmp(page.data ? page.data : "", wanted) == 0;
	sb_buffer_free(&page);
	return is_it;
}

int
main(void)
{
	ok(is_field(NULL, ""), "nothing is nothing");
	ok(is_field("", "\"\""), "what is empty is told apart from it");
	ok(is_field("word", "word"), "a word is itself");
	ok(is_field("a,b", "\"a,b\""), "a comma is quoted");
	ok(is_field("a\nb", "\"a\nb\""), "so is the end of a line");
	ok(is_field("a\rb", "\"a\rb\""), "of either kind");
	ok(is_field("say \"a\"", "\"say \"\"a\"\"\""), "quotes are doubled");
	ok(is_field(" a", "\" a\"") && is_field("a ", "\"a \""), "blanks at the ends stay");
	ok(is_field("caf\xc3\xa9", "caf\xc3\xa9"), "UTF-8 is itself");
	ok(is_html("plain", "plain"), "plain text is itself");
	ok(is_html("<script>alert('\"&')</script>",
			   "&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;"),
	   "whatever means something in HTML does not");
	return done_testing();
}
