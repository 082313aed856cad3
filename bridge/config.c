/*
 * config.c owns the reading of settings: one table, from settings.def.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind
{
	KIND_INT,
	KIND_BOOL,
	KIND_TEXT,
	KIND_SECRET
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
	const char *help;
};

#define AT(field) offsetof(struct sb_config, field)

static const struct setting settings[] = {
#define SB_INT(field, name, value, min, max, help)                                                 \
	{KIND_INT, name, AT(field), value, min, max, NULL, help},
#define SB_BOOL(field, name, value, help) {KIND_BOOL, name, AT(field), value, 0, 1, NULL, help},
#define SB_TEXT(field, name, value, help) {KIND_TEXT, name, AT(field), 0, 0, 0, value, help},
#define SB_SECRET(field, name, help)      {KIND_SECRET, name, AT(field), 0, 0, 0, NULL, help},
#include "settings.def"
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

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
parse_int(const struct setting *setting, const char *text, int *out)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || end == text || *end || number < setting->min || number > setting->max)
		return false;
	*out = (int) number;
	return true;
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

/* Sets one setting from text; false with a message in error. */
static bool
set_text(struct sb_config *config, const struct setting *setting, const char *text, char *error,
		 size_t size)
{
	void *field = field_of(config, setting);

	if (setting->kind == KIND_INT && !parse_int(setting, text, field))
	{
		snprintf(error, size, "%s must be a whole number from %d to %d", setting->name,
				 setting->min, setting->max);
		return false;
	}
	if (setting->kind == KIND_BOOL && !parse_bool(text, field))
	{
		snprintf(error, size, "%s must be on or off", setting->name);
		return false;
	}
	if (setting->kind == KIND_TEXT || setting->kind == KIND_SECRET)
		*(const char **) field = text;
	return true;
}

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

static enum sb_config_outcome
load_flags(struct sb_config *config, int argc, char **argv, char *error, size_t size)
{
	for (int i = 1; i < argc; i++)
	{
		const char *flag = argv[i];
		const char *equals = strchr(flag, '=');
		size_t len = equals ? (size_t) (equals - flag) : strlen(flag);
		const struct setting *setting;

		if (strcmp(flag, "--help") == 0)
			return SB_CONFIG_HELP;
		if (strcmp(flag, "--version") == 0)
			return SB_CONFIG_VERSION;
		if (strcmp(flag, "--reference") == 0)
			return SB_CONFIG_REFERENCE;
		setting = strncmp(flag, "--", 2) == 0 ? find_flag(flag + 2, len - 2) : NULL;
		if (setting == NULL)
		{
			snprintf(error, size, "unknown flag %.*s (--help lists them)", (int) len, flag);
			return SB_CONFIG_ERROR;
		}
		if (!equals && i + 1 >= argc)
		{
			snprintf(error, size, "%s needs a value", flag);
			return SB_CONFIG_ERROR;
		}
		if (!set_text(config, setting, equals ? equals + 1 : argv[++i], error, size))
			return SB_CONFIG_ERROR;
	}
	return SB_CONFIG_OK;
}

enum sb_config_outcome
sb_config_load(struct sb_config *config, int argc, char **argv, char *error, size_t size)
{
	for (size_t i = 0; i < SETTINGS; i++)
	{
		const char *text = getenv(settings[i].name);

		set_default(config, &settings[i]);
		if (text && *text && !set_text(config, &settings[i], text, error, size))
			return SB_CONFIG_ERROR;
	}
	return load_flags(config, argc, argv, error, size);
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
		  "--http-port=8001.\nSIGTERM and SIGINT stop it once the requests in flight are "
		  "answered; SIGHUP reads the keys again. --reference prints the routes and the "
		  "GraphQL schema.\n\n",
		  out);
	for (size_t i = 0; i < SETTINGS; i++)
	{
		fprintf(out, "  %-28s %s", settings[i].name, settings[i].help);
		print_default(out, &settings[i]);
		fputc('\n', out);
	}
}
