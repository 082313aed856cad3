/*
 * bridge_config_test.c: config.c and config_form.c, each accepted value beside its malformed
 * neighbours (found A12).
 */
#include <stdlib.h>

#include "base/config.h"
#include "base/config_file.h"
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

/* "name value", or a word. */
static const char *
line_of(const char *text)
{
	static char copy[300];
	static char said[600];
	char *name;
	char *value;

	snprintf(copy, sizeof(copy), "%s", text);
	switch (sb_config_line(copy, &name, &value))
	{
		case SB_CONFIG_LINE_EMPTY:
			return "empty";
		case SB_CONFIG_LINE_WRONG:
			return "wrong";
		case SB_CONFIG_LINE_VALUE:
			snprintf(said, sizeof(said), "%s %s", name, value);
	}
	return said;
}

static void
test_lines(void)
{
	is_str(line_of("HTTP_PORT=80"), "HTTP_PORT 80", "NAME=value");
	is_str(line_of("  HTTP_PORT= 80 \r"), "HTTP_PORT 80", "spaces around do not count");
	is_str(line_of("DATABASE_URL=host=x password=a=b"), "DATABASE_URL host=x password=a=b",
		   "the first = counts");
	is_str(line_of("A=\"b c \""), "A b c ", "quotes go");
	is_str(line_of("A='b\"c'"), "A b\"c", "of either kind");
	is_str(line_of("A=b'c"), "A b'c", "inside they are as any other");
	is_str(line_of("A="), "A ", "nothing is a value");
	is_str(line_of("A=$HOME `ls`"), "A $HOME `ls`", "nothing is expanded");
	is_str(line_of(""), "empty", "an empty line");
	is_str(line_of("  # A=b"), "empty", "a comment");
	is_str(line_of("A=\"b"), "wrong", "a quote without end");
	is_str(line_of("A=\"b\" c"), "wrong", "something behind it");
	is_str(line_of("A"), "wrong", "no value");
	is_str(line_of("=b"), "wrong", "no name");
	is_str(line_of("export A=b"), "wrong", "this is no shell");
	is_str(line_of("a=b"), "wrong", "names are in capitals");
}

static void
test_hosts(void)
{
	static const char hosts[] = "example.com, .example.org,10.0.0.1,::1";

	ok(has_form(SB_FORM_HOSTS, hosts) && has_form(SB_FORM_HOSTS, "*"), "lists of hosts");
	ok(!has_form(SB_FORM_HOSTS, "") && !has_form(SB_FORM_HOSTS, ",") &&
		   !has_form(SB_FORM_HOSTS, "http://x") && !has_form(SB_FORM_HOSTS, "*.example.com") &&
		   !has_form(SB_FORM_HOSTS, "."),
	   "what is none");
	ok(sb_form_hosts_name(hosts, "example.com") && sb_form_hosts_name(hosts, "EXAMPLE.com:8000") &&
		   sb_form_hosts_name(hosts, "example.com."),
	   "one of them, with a port, in capitals, with the root");
	ok(sb_form_hosts_name(hosts, "example.org") && sb_form_hosts_name(hosts, "a.b.example.org:1"),
	   "those below one");
	ok(sb_form_hosts_name(hosts, "10.0.0.1:80") && sb_form_hosts_name(hosts, "[::1]:80"),
	   "addresses");
	ok(!sb_form_hosts_name(hosts, "a.example.com") &&
		   !sb_form_hosts_name(hosts, "notexample.org") &&
		   !sb_form_hosts_name(hosts, "example.com.evil.example") &&
		   !sb_form_hosts_name(hosts, "") && !sb_form_hosts_name(hosts, ":80") &&
		   !sb_form_hosts_name(hosts, "10.0.0.10"),
	   "others");
	ok(sb_form_hosts_name("*", "whatever"), "all of them");
}

static void
test_reload(void)
{
	struct sb_config config;
	struct sb_config next;
	struct sb_problems problems = {0};
	char *arguments[] = {"x", "--max-body=2048", "--loops=2", NULL};
	char *others[] = {"x", "--max-body=4096", "--loops=3", NULL};

	clearenv();
	setenv("REDIS_URL", "redis://a", 1);
	(void) sb_config_load(&config, 3, arguments, &problems);
	setenv("REDIS_URL", "redis://b", 1);
	sb_config_reload(&config, &next, 3, others, &problems);
	is_int(next.max_body, 4096, "what may change does");
	is_int(next.loops, 2, "what may not stays");
	is_str(next.redis_url, "redis://a", "a text likewise");
	is_int(problems.count, 2, "which is told");
	is_int(problems.errors, 0, "and is no error");
	sb_problems_free(&problems);
}

int
main(void)
{
	test_lines();
	test_hosts();
	test_numbers();
	test_texts();
	test_origins();
	test_near_misses();
	test_load();
	test_reload();
	return done_testing();
}
