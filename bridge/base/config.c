/*
 * config.c owns the reading of settings: one table, from settings.def.
 */
#include "base/config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/config_form.h"
#include "base/memory.h"

enum kind
{
	KIND_INT,
	KIND_BOOL,
	KIND_TEXT,
	KIND_SECRET,
	KIND_WORD
};

struct setting
{
	enum kind kind;
	const char *name;
	size_t offset;
	int value; /* default of an int or bool */
	int min;
	int max;
	const char *text; /* default of a text */
	enum sb_form form;
	const char *words;
	const char *help;
};

#define AT(field) offsetof(struct sb_config, field)

static const struct setting settings[] = {
#define SB_INT(field, name, value, min, max, help)                                                 \
	{KIND_INT, name, AT(field), value, min, max, NULL, 0, NULL, help},
#define SB_BOOL(field, name, value, help)                                                          \
	{KIND_BOOL, name, AT(field), value, 0, 1, NULL, 0, NULL, help},
#define SB_TEXT(field, name, value, form, help)                                                    \
	{KIND_TEXT, name, AT(field), 0, 0, 0, value, SB_FORM_##form, NULL, help},
#define SB_SECRET(field, name, form, help)                                                         \
	{KIND_SECRET, name, AT(field), 0, 0, 0, NULL, SB_FORM_##form, NULL, help},
#define SB_WORD(field, name, value, words, help)                                                   \
	{KIND_WORD, name, AT(field), 0, 0, 0, value, 0, words, help},
#include "base/settings.def"
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* ---- problems -------------------------------------------------------------------------------- */

static void
add_problem(struct sb_problems *problems, bool is_error, const char *format, va_list arguments)
{
	struct sb_problem *problem;

	problems->list =
		sb_realloc(problems->list, (size_t) (problems->count + 1) * sizeof(*problems->list));
	problem = &problems->list[problems->count++];
	problem->is_error = is_error;
	problems->errors += is_error;
	if (vasprintf(&problem->text, format, arguments) < 0)
		abort();
}

void
sb_problem_error(struct sb_problems *problems, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_problem(problems, true, format, arguments);
	va_end(arguments);
}

void
sb_problem_warning(struct sb_problems *problems, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_problem(problems, false, format, arguments);
	va_end(arguments);
}

void
sb_problems_free(struct sb_problems *problems)
{
	for (int i = 0; i < problems->count; i++)
		free(problems->list[i].text);
	free(problems->list);
	memset(problems, 0, sizeof(*problems));
}

/* ---- one setting ----------------------------------------------------------------------------- */

static void *
field_of(struct sb_config *config, const struct setting *setting)
{
	return (char *) config + setting->offset;
}

static void
set_default(struct sb_config *config, const struct setting *setting)
{
	void *field = field_of(config, setting);

	if (setting->kind == KIND_INT)
		*(int *) field = setting->value;
	else if (setting->kind == KIND_BOOL)
		*(bool *) field = setting->value != 0;
	else
		*(const char **) field = setting->text;
}

static bool
parse_bool(const char *text, bool *out)
{
	static const char *const words[2][4] = {{"off", "false", "no", "0"},
											{"on", "true", "yes", "1"}};

	for (int value = 0; value < 2; value++)
		for (int i = 0; i < 4; i++)
			if (strcasecmp(text, words[value][i]) == 0)
			{
				*out = value == 1;
				return true;
			}
	return false;
}

/* Sets one setting from text. What is wrong is told without the text, which may be a secret. */
static void
set_text(struct sb_config *config, const struct setting *setting, const char *text,
		 struct sb_problems *problems)
{
	void *field = field_of(config, setting);
	const char *wanted = NULL;

	switch (setting->kind)
	{
		case KIND_INT:
			if (!sb_form_int(text, setting->min, setting->max, field))
				sb_problem_error(problems, "%s must be a whole number from %d to %d", setting->name,
								 setting->min, setting->max);
			return;
		case KIND_BOOL:
			wanted = parse_bool(text, field) ? NULL : "on or off";
			break;
		case KIND_WORD:
			wanted = sb_form_word(text, setting->words) ? NULL : setting->words;
			break;
		case KIND_TEXT:
		case KIND_SECRET:
			wanted = sb_form_check(setting->form, text);
			break;
	}
	if (wanted)
		sb_problem_error(problems, "%s must be %s", setting->name, wanted);
	else if (setting->kind != KIND_BOOL)
		*(const char **) field = text;
}

/* ---- flags and the environment --------------------------------------------------------------- */

/* Whether flag[0 .. len), without the dashes, names the setting: HTTP_PORT is http-port. */
static bool
is_flag_of(const struct setting *setting, const char *flag, size_t len)
{
	if (strlen(setting->name) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (flag[i] != (setting->name[i] == '_' ? '-' : tolower(setting->name[i])))
			return false;
	return true;
}

static const struct setting *
find_flag(const char *flag, size_t len)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (is_flag_of(&settings[i], flag, len))
			return &settings[i];
	return NULL;
}

/* Flags that are no settings. */
static const struct
{
	const char *flag;
	enum sb_config_task task;
} tasks[] = {
	{"--help", SB_CONFIG_HELP},           {"-h", SB_CONFIG_HELP},
	{"--version", SB_CONFIG_VERSION},     {"--reference", SB_CONFIG_REFERENCE},
	{"--check-config", SB_CONFIG_CHECK},  {"--routes", SB_CONFIG_ROUTES},
	{"--print-schema", SB_CONFIG_SCHEMA}, {"--print-openapi", SB_CONFIG_OPENAPI},
};

static bool
is_task(const char *flag, enum sb_config_task *task)
{
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
		if (strcmp(tasks[i].flag, flag) == 0)
		{
			*task = tasks[i].task;
			return true;
		}
	return false;
}

/* The setting that somebody meant who wrote this name; NULL when none is near. */
static const struct setting *
nearest(const char *name)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (sb_form_is_near(name, settings[i].name))
			return &settings[i];
	return NULL;
}

static void
refuse_flag(const char *flag, size_t len, struct sb_problems *problems)
{
	char *name = sb_checked(strndup(flag, len));
	const struct setting *meant;

	for (char *c = name; *c; c++)
		*c = (char) (*c == '-' ? '_' : toupper((unsigned char) *c));
	meant = len > 2 ? nearest(name + 2) : NULL;
	sb_problem_error(problems, "unknown flag %.*s (%s%s%s)", (int) (len < 100 ? len : 100), flag,
					 meant ? "perhaps " : "--help lists them", meant ? meant->name : "",
					 meant ? "?" : "");
	free(name);
}

static enum sb_config_task
load_flags(struct sb_config *config, int argc, char **argv, struct sb_problems *problems)
{
	enum sb_config_task task = SB_CONFIG_RUN;

	for (int i = 1; i < argc; i++)
	{
		const char *flag = argv[i];
		const char *equals = strchr(flag, '=');
		size_t len = equals ? (size_t) (equals - flag) : strlen(flag);
		const struct setting *setting;

		if (is_task(flag, &task))
		{
			if (task != SB_CONFIG_CHECK)
				return task;
			continue;
		}
		setting = strncmp(flag, "--", 2) == 0 ? find_flag(flag + 2, len - 2) : NULL;
		if (setting == NULL)
			refuse_flag(flag, len, problems);
		else if (!equals && i + 1 >= argc)
			sb_problem_error(problems, "%s needs a value", flag);
		else
			set_text(config, setting, equals ? equals + 1 : argv[++i], problems);
	}
	return task;
}

static bool
is_setting(const char *name)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].name, name) == 0)
			return true;
	return false;
}

/* The environment is full of others' variables: only those that are nearly ours are told. */
static void
warn_of_near_misses(struct sb_problems *problems)
{
	for (char **variable = environ; variable && *variable; variable++)
	{
		char *name = sb_checked(strndup(*variable, strcspn(*variable, "=")));
		const struct setting *meant = is_setting(name) ? NULL : nearest(name);

		if (meant)
			sb_problem_warning(problems, "the variable %.100s is no setting; perhaps %s is meant?",
							   name, meant->name);
		free(name);
	}
}

enum sb_config_task
sb_config_load(struct sb_config *config, int argc, char **argv, struct sb_problems *problems)
{
	for (size_t i = 0; i < SETTINGS; i++)
	{
		const char *text = getenv(settings[i].name);

		set_default(config, &settings[i]);
		if (text && *text)
			set_text(config, &settings[i], text, problems);
	}
	warn_of_near_misses(problems);
	return load_flags(config, argc, argv, problems);
}

static void
print_default(FILE *out, const struct setting *setting)
{
	if (setting->kind == KIND_INT)
		fprintf(out, " (%d)", setting->value);
	else if (setting->kind == KIND_BOOL)
		fprintf(out, " (%s)", setting->value ? "on" : "off");
	else if (setting->text)
		fprintf(out, " (%s)", setting->text);
}

void
sb_config_help(FILE *out)
{
	fputs("social-bridge: HTTP and GraphQL in front of the PostgreSQL extension \"social\".\n\n"
		  "Each setting is an environment variable, or a flag: HTTP_PORT=8001 is "
		  "--http-port=8001.\n--check-config checks them all and prints what is wrong (exit status "
		  "1).\nSIGTERM and SIGINT stop it once the requests in flight are "
		  "answered; SIGHUP reads the keys again. --reference prints the routes and the "
		  "GraphQL schema, --routes the REST routes as JSON, --print-schema the GraphQL schema, "
		  "--print-openapi the OpenAPI document of the REST routes.\n\n",
		  out);
	for (size_t i = 0; i < SETTINGS; i++)
	{
		fprintf(out, "  %-28s %s", settings[i].name, settings[i].help);
		print_default(out, &settings[i]);
		fputc('\n', out);
	}
}
