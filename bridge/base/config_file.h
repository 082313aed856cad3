/*
 * config_file.h owns what of the settings stands in files: a file of settings, and secrets of which
 * a file holds one each (NAME_FILE).
 *
 * A file of settings has a line for each, NAME=value, as systemd's EnvironmentFile and a shell
 * would read it: spaces around the value do not count, quotes around all of it go, lines that are
 * empty or begin with # say nothing. Nothing is expanded.
 */
#ifndef SB_CONFIG_FILE_H
#define SB_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define SB_CONFIG_FILE_MAX 65536 /* bytes of either */

/* A line of a file of settings, which is cut up. */
enum sb_config_line
{
	SB_CONFIG_LINE_EMPTY,
	SB_CONFIG_LINE_VALUE, /* *name and *value are set */
	SB_CONFIG_LINE_WRONG
};

/* Pure. */
extern enum sb_config_line sb_config_line(char *line, char **name, char **value);

/*
 * Calls on_line for each line that says something: of a name and a value, or with NULL for both
 * where it cannot be read. The texts are valid for the time of the call. NULL, or why the file
 * cannot be read: a constant, or of strerror().
 */
extern const char *sb_config_file_read(const char *path,
									   void (*on_line)(void *arg, int line, const char *name,
													   const char *value),
									   void *arg);

/*
 * The text of a file that holds a secret, without the line's end behind it; malloc'd. NULL with the
 * reason in *problem, a constant or of strerror().
 */
extern char *sb_config_secret_read(const char *path, const char **problem);

#endif /* SB_CONFIG_FILE_H */
