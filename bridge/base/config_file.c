/*
 * config_file.c owns what of the settings stands in files.
 */
#include "base/config_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static char *
skip_spaces(char *text)
{
	return text + strspn(text, " \t\r");
}

static void
trim_end(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
}

/* False for a quote that does not end, or ends before the text does. */
static bool
unquote(char **text)
{
	char quote = **text;
	char *end;

	if (quote != '"' && quote != '\'')
		return true;
	end = strchr(*text + 1, quote);
	if (end == NULL || end[1] != '\0')
		return false;
	*end = '\0';
	++*text;
	return true;
}

enum sb_config_line
sb_config_line(char *line, char **name, char **value)
{
	char *equals;

	line = skip_spaces(line);
	trim_end(line);
	if (*line == '\0' || *line == '#')
		return SB_CONFIG_LINE_EMPTY;
	equals = strchr(line, '=');
	if (equals == NULL || equals == line)
		return SB_CONFIG_LINE_WRONG;
	*equals = '\0';
	*name = line;
	if (line[strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0')
		return SB_CONFIG_LINE_WRONG;
	*value = skip_spaces(equals + 1);
	return unquote(value) ? SB_CONFIG_LINE_VALUE : SB_CONFIG_LINE_WRONG;
}

/* All of a file, NUL-terminated and malloc'd; NULL with the reason in *problem. */
static char *
read_all(const char *path, size_t *len, const char **problem)
{
	FILE *file = fopen(path, "re");
	char *text;

	if (file == NULL)
	{
		*problem = strerror(errno);
		return NULL;
	}
	text = sb_malloc(SB_CONFIG_FILE_MAX + 1);
	errno = 0;
	*len = fread(text, 1, SB_CONFIG_FILE_MAX + 1, file);
	*problem = ferror(file)                ? strerror(errno ? errno : EIO)
			   : *len > SB_CONFIG_FILE_MAX ? "it is too large"
										   : NULL;
	fclose(file);
	if (*problem)
	{
		free(text);
		return NULL;
	}
	text[*len] = '\0';
	if (strlen(text) != *len)
	{
		*problem = "it is no text";
		free(text);
		return NULL;
	}
	return text;
}

const char *
sb_config_file_read(const char *path,
					void (*on_line)(void *arg, int line, const char *name, const char *value),
					void *arg)
{
	const char *problem;
	size_t len;
	char *text = read_all(path, &len, &problem);
	char *rest = text;
	char *line;

	for (int number = 1; text && (line = strsep(&rest, "\n")) != NULL; number++)
	{
		char *name = NULL;
		char *value = NULL;
		enum sb_config_line what = sb_config_line(line, &name, &value);

		if (what == SB_CONFIG_LINE_VALUE)
			on_line(arg, number, name, value);
		else if (what == SB_CONFIG_LINE_WRONG)
			on_line(arg, number, NULL, NULL);
	}
	free(text);
	return problem;
}

char *
sb_config_secret_read(const char *path, const char **problem)
{
	size_t len;
	char *text = read_all(path, &len, problem);

	if (text == NULL)
		return NULL;
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len > 0 && text[len - 1] == '\r')
		text[--len] = '\0';
	return text;
}
