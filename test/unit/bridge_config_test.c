/*
 * bridge_config_test.c: config.c and config_form.c, each accepted value beside its malformed
 * neighbours (found A12).
 */
#include <stdlib.h>

#include "base/config.h"
#include "base/config_form.h"
#include "tap.h"

static bool
has_form(enum sb_form form, const char *text)
{
	return sb_form_check(form, text) == NULL;
}

static const char *
origin(const char *text, bool path)
{
	static char copy[300];
	char *found = sb_form_origin(text, strlen(text), path);

	snprintf(copy, sizeof(copy), "%s", found ? found : "none");
	free(found);
	return copy;
}

static void
test_numbers(void)
{
	int n = -1;

	ok(sb_form_int("80", 0, 65535, &n) && n == 80, "digits");
	ok(sb_form_int("65535", 0, 65535, &n) && !sb_form_int("65536", 0, 65535, &n), "the bound");
	ok(!sb_form_int(" 80", 0, 65535, &n) && !sb_form_int("80 ", 0, 65535, &n), "no spaces");
	ok(!sb_form_int("+80", 0, 65535, &n) && !sb_form_int("-1", -5, 5, &n), "no signs");
	ok(!sb_form_int("", 0, 9, &n) && !sb_form_int("0x10", 0, 99, &n) &&
		   !sb_form_int("1e3", 0, 9999, &n),
	   "nothing else");
	ok(!sb_form_int("99999999999999999999", 0, 2147483647, &n), "nor a number without end");
	ok(sb_form_word("redis", "database|redis") && sb_form_word("database", "database|redis"),
	   "words");
	ok(!sb_form_word("red", "database|redis") && !sb_form_word("", "database|redis") &&
		   !sb_form_word("database|redis", "database|redis"),
	   "only whole ones");
	ok(has_form(SB_FORM_PORTS, "5432") && has_form(SB_FORM_PORTS, "5432,5433"), "ports");
	ok(!has_form(SB_FORM_PORTS, "0") && !has_form(SB_FORM_PORTS, "5432,") &&
		   !has_form(SB_FORM_PORTS, "tcp://172.17.0.2:5432"),
	   "what is none");
}

static void
test_texts(void)
{
	ok(has_form(SB_FORM_HOST, "127.0.0.1") && has_form(SB_FORM_HOST, "::1") &&
		   has_form(SB_FORM_HOST, "db-1.example.com"),
	   "hosts");
	ok(!has_form(SB_FORM_HOST, "a b") && !has_form(SB_FORM_HOST, "http://x") &&
		   !has_form(SB_FORM_HOST, "[::1]") && !has_form(SB_FORM_HOST, "x:80"),
	   "what is none");
	ok(has_form(SB_FORM_PREFIX, "social_media") && !has_form(SB_FORM_PREFIX, "a b"), "prefixes");
	ok(has_form(SB_FORM_RATES, "10/hour") && has_form(SB_FORM_RATES, "off") &&
		   !has_form(SB_FORM_RATES, "10/fortnight"),
	   "rates");
	ok(has_form(SB_FORM_URL, "https://x.example/a?b") && !has_form(SB_FORM_URL, "ftp://x") &&
		   !has_form(SB_FORM_URL, "x.example"),
	   "URLs");
	ok(has_form(SB_FORM_TEXT, "a b") && !has_form(SB_FORM_TEXT, "a\nb"), "texts are of one line");
}

static void
test_origins(void)
{
	is_str(origin("https://App.Example.com", false), "https://app.example.com", "lower case");
	is_str(origin("http://x:8080/", false), "http://x:8080", "one slash at the end is cut");
	is_str(origin("http://x:80", false), "http://x", "browsers do not send the port of the scheme");
	is_str(origin("https://x:443", false), "https://x", "either");
	is_str(origin("http://[::1]:3000", false), "http://[::1]:3000", "IPv6");
	is_str(origin("capacitor://localhost", false), "capacitor://localhost", "an app's own scheme");
	is_str(origin("http://x/path", false), "none", "a path is refused");
	is_str(origin("http://x/path?a#b", true), "http://x", "but for a page's URL");
	is_str(origin("http://x?a", false), "none", "a query");
	is_str(origin("x.example", false), "none", "no scheme");
	is_str(origin("http://", false), "none", "no host");
	is_str(origin("http:///x", true), "none", "nor here");
	is_str(origin("http://*.example.com", false), "none", "a pattern");
	is_str(origin("http://me@x", false), "none", "a user");
	is_str(origin("http://x:0", false), "none", "no port");
	is_str(origin("http://x:99999", false), "none", "a port beyond all");
	is_str(origin("ht tp://x", false), "none", "a space");
	is_str(origin("http://[::1", false), "none", "half a bracket");
}

static void
test_near_misses(void)
{
	ok(sb_form_is_near("HTTP_PROT", "HTTP_PORT") && sb_form_is_near("HTTP_POR", "HTTP_PORT"),
	   "slips");
	ok(sb_form_is_near("http_port", "HTTP_PORT"), "the case");
	ok(sb_form_is_near("CORS_ALOWED_ORIGIN", "CORS_ALLOWED_ORIGINS"), "two slips in a long name");
	ok(sb_form_is_near("DB_PASS", "DB_PASSWORD") && sb_form_is_near("DB_USERNAME", "DB_USER"),
	   "cut short");
	ok(!sb_form_is_near("HTTP_PORT", "HTTP_PORT"), "not itself");
	ok(!sb_form_is_near("HTTP_PROXY", "HTTP_PORT") && !sb_form_is_near("REDIS_PORT", "REDIS_URL") &&
		   !sb_form_is_near("DB_ENGINE", "DB_NAME") && !sb_form_is_near("HTTP", "HTTP_PORT") &&
		   !sb_form_is_near("HOME", "LOOPS"),
	   "not others' variables");
}

static int
errors_of(int argc, char **argv, struct sb_config *config, enum sb_config_task *task)
{
	struct sb_problems problems = {0};
	int errors;

	*task = sb_config_load(config, argc, argv, &problems);
	errors = problems.errors;
	sb_problems_free(&problems);
	return errors;
}

static void
test_load(void)
{
	struct sb_config config;
	enum sb_config_task task;

	clearenv();
	is_int(errors_of(1, (char *[]){"x"}, &config, &task), 0, "nothing is said");
	ok(config.http_port == 8000 && task == SB_CONFIG_RUN, "the defaults");
	is_int(errors_of(2, (char *[]){"x", "--check-config"}, &config, &task), 0, "--check-config");
	is_int(task, SB_CONFIG_CHECK, "is a task");
	is_int(errors_of(2, (char *[]){"x", "-h"}, &config, &task) + (int) task, SB_CONFIG_HELP,
		   "as is -h");
	is_int(errors_of(4, (char *[]){"x", "--http-port=a", "--max-body", "b"}, &config, &task), 2,
		   "every problem is told");
	is_int(config.http_port, 8000, "and the default stays");
	is_int(errors_of(3, (char *[]){"x", "--htp-port=1", "--http-port"}, &config, &task), 2,
		   "unknown flags, and one without a value");
	setenv("HTTP_PORT", " 80", 1);
	setenv("LOG_LEVEL", "loud", 1);
	is_int(errors_of(1, (char *[]){"x"}, &config, &task), 2, "the environment likewise");
	setenv("HTTP_PORT", "81", 1);
	setenv("LOG_LEVEL", "", 1);
	is_int(errors_of(2, (char *[]){"x", "--http-port=82"}, &config, &task), 0,
		   "an empty variable is none");
	is_int(config.http_port, 82, "flags come last");
}

int
main(void)
{
	test_numbers();
	test_texts();
	test_origins();
	test_near_misses();
	test_load();
	return done_testing();
}
