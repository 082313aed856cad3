/*
 * bridge_log_test.c: log.c, whose lines have bounds whatever is put in (found E7).
 */
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

static char line[65536];

/* The line that logging this text gives. */
static const char *
logged(const char *text)
{
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	size_t len;

	dup2(fileno(file), STDERR_FILENO);
	sb_log(SB_LOG_ERROR, "message", "text", text);
	sb_log_flush();
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	len = fread(line, 1, sizeof(line) - 1, file);
	line[len] = '\0';
	fclose(file);
	return line;
}

static char *
repeat(const char *text, int times)
{
	char *all = calloc((size_t) times + 1, strlen(text));

	for (int i = 0; i < times; i++)
		strcat(all, text);
	return all;
}

int
main(void)
{
	char *kilobyte = repeat("x", 1024);
	char *more = repeat("x", 100000);
	char *letters = repeat("\xc3\xa9", 2000);
	char *odd = repeat("\xff", 2000);
	char *shifted = repeat("\xe2\x82\xac", 1000);

	ok(sb_log_init("info"), "a level");
	ok(strstr(logged("short"), "\"text\":\"short\"}\n") != NULL, "a short text is whole");
	ok(strstr(logged(kilobyte), "x\"}\n") != NULL && strlen(line) > 1024, "so is a kilobyte");
	ok(strstr(logged(more), "x\xe2\x80\xa6\"}\n") != NULL && strlen(line) < 1200, "more is cut");
	ok(strstr(logged(letters), "\xc3\xa9\xe2\x80\xa6\"}\n") != NULL && strlen(line) < 1200,
	   "between letters");
	ok(strstr(logged(shifted), "\xe2\x82\xac\xe2\x80\xa6\"}\n") != NULL && strlen(line) < 1200,
	   "of any width");
	ok(strstr(logged(odd), "\\u00ff\xe2\x80\xa6\"}\n") != NULL && strlen(line) < 7000,
	   "what is no text, too");
	sb_log_finish();
	free(kilobyte);
	free(more);
	free(letters);
	free(odd);
	free(shifted);
	return done_testing();
}
