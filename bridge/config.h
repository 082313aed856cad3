/*
 * config.h owns what the bridge can be told: settings.def read from the environment and flags.
 */
#ifndef SB_CONFIG_H
#define SB_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

/* Read-only once main() has loaded it; shared by the loops. */
struct sb_config
{
#define SB_INT(field, name, value, min, max, help) int field;
#define SB_BOOL(field, name, value, help)          bool field;
#define SB_TEXT(field, name, value, help)          const char *field;
#define SB_SECRET(field, name, help)               const char *field;
#include "settings.def"
#undef SB_INT
#undef SB_BOOL
#undef SB_TEXT
#undef SB_SECRET
};

enum sb_config_outcome
{
	SB_CONFIG_OK,
	SB_CONFIG_HELP,      /* --help was asked for */
	SB_CONFIG_VERSION,   /* --version was asked for */
	SB_CONFIG_REFERENCE, /* --reference was asked for */
	SB_CONFIG_ERROR      /* error holds one line that says which setting and why */
};

/*
 * Fills config from the defaults, then the environment, then the flags (--http-port=8001 or
 * --http-port 8001). Texts point into the environment and argv. An unset or empty variable keeps
 * the default. error receives a message of at most size bytes.
 */
extern enum sb_config_outcome sb_config_load(struct sb_config *config, int argc, char **argv,
											 char *error, size_t size);

/* Prints every setting with its flag, default and help. */
extern void sb_config_help(FILE *out);

#endif /* SB_CONFIG_H */
