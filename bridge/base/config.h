/*
 * config.h owns what our programs can be told: the rows of settings*.def, read from the environment
 * and flags.
 */
#ifndef SB_CONFIG_H
#define SB_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

/* The programs that are made of this code, as a set. */
enum sb_program
{
	SB_PROGRAM_BRIDGE = 1,
	SB_PROGRAM_WORKER = 2,
	SB_PROGRAM_BOTH = 3
};

/*
 * Which one this is; before anything is loaded, and the bridge unless it is said. Settings of the
 * other one keep their defaults, and may stand in a file that both read.
 */
extern void sb_config_for(enum sb_program program);

/* Read-only once main() has loaded it; shared by the loops. */
struct sb_config
{
#define SB_INT(field, name, value, min, max, help) int field;
#define SB_BOOL(field, name, value, help)          bool field;
#define SB_TEXT(field, name, value, form, help)    const char *field;
#define SB_SECRET(field, name, form, help)         const char *field;
#define SB_WORD(field, name, value, words, help)   const char *field;
#define SB_NOTHING(name, why)
#include "base/settings_both.def"
#include "base/settings.def"
#include "base/settings_worker.def"
#undef SB_INT
#undef SB_BOOL
#undef SB_TEXT
#undef SB_SECRET
#undef SB_WORD
#undef SB_NOTHING
};

/* What is wrong with the settings, all of it; zeroed memory is an empty list. */
struct sb_problems
{
	struct sb_problem
	{
		bool is_error; /* otherwise the program may start */
		char *text;    /* one line */
	} * list;
	int count;
	int errors;
};

extern void sb_problem_error(struct sb_problems *problems, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
extern void sb_problem_warning(struct sb_problems *problems, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
extern void sb_problems_free(struct sb_problems *problems);

/* What the process is asked to do. */
enum sb_config_task
{
	SB_CONFIG_RUN,
	SB_CONFIG_CHECK,     /* --check-config */
	SB_CONFIG_HELP,      /* --help, -h */
	SB_CONFIG_VERSION,   /* --version */
	SB_CONFIG_REFERENCE, /* --reference */
	SB_CONFIG_SCHEMA,    /* --print-schema */
	SB_CONFIG_OPENAPI,   /* --print-openapi */
	SB_CONFIG_ASYNCAPI,  /* --print-asyncapi */
	SB_CONFIG_ROUTES,    /* --routes */
	SB_CONFIG_NGINX,     /* --print-nginx-conf */
	SB_CONFIG_BUCKET,    /* --configure-bucket */
	SB_CONFIG_IMPORT     /* --import */
};

/*
 * Fills config from the defaults, then the file that CONFIG_FILE or --config-file names, then the
 * environment, then the flags (--http-port=8001 or --http-port 8001); each takes the place of what
 * came before. A secret may stand in a file of its own, whose path NAME_FILE says in its place.
 * Texts live as long as the process. An unset or empty variable keeps what was. What is wrong is
 * added to problems, and the setting keeps its default; so is, as a warning, a variable whose name
 * is nearly that of a setting.
 */
extern enum sb_config_task sb_config_load(struct sb_config *config, int argc, char **argv,
										  struct sb_problems *problems);

/*
 * Reads all of it again, into next. What cannot change while the process lives keeps its value from
 * `current`, with a warning where it is another by now. When there are errors next is not to be
 * used.
 */
extern void sb_config_reload(const struct sb_config *current, struct sb_config *next, int argc,
							 char **argv, struct sb_problems *problems);

/* Prints every setting with its flag, default and help. */
extern void sb_config_help(FILE *out);

#endif /* SB_CONFIG_H */
