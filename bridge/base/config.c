/*
 * config.c owns the reading of settings: one table, from settings*.def.
 */
#include "base/config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/config_file.h"
#include "base/config_form.h"
#include "base/memory.h"

enum kind
{
	KIND_INT,
	KIND_BOOL,
	KIND_TEXT,
	KIND_SECRET,
	KIND_WORD,
	KIND_NOTHING /* taken, and without effect: help says why */
};

struct setting
{
	enum kind kind;
	enum sb_program program; /* whose it is */
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
	{KIND_INT, PROGRAM, name, AT(field), value, min, max, NULL, 0, NULL, help},
#define SB_BOOL(field, name, value, help)                                                          \
	{KIND_BOOL, PROGRAM, name, AT(field), value, 0, 1, NULL, 0, NULL, help},
#define SB_TEXT(field, name, value, form, help)                                                    \
	{KIND_TEXT, PROGRAM, name, AT(field), 0, 0, 0, value, SB_FORM_##form, NULL, help},
#define SB_SECRET(field, name, form, help)                                                         \
	{KIND_SECRET, PROGRAM, name, AT(field), 0, 0, 0, NULL, SB_FORM_##form, NULL, help},
#define SB_WORD(field, name, value, words, help)                                                   \
	{KIND_WORD, PROGRAM, name, AT(field), 0, 0, 0, value, 0, words, help},
#define SB_NOTHING(name, why) {KIND_NOTHING, PROGRAM, name, 0, 0, 0, 0, NULL, 0, NULL, why},
#define PROGRAM               SB_PROGRAM_BOTH
#include "base/settings_both.def"
#undef PROGRAM
#define PROGRAM SB_PROGRAM_BRIDGE
#include "base/settings.def"
#undef PROGRAM
#define PROGRAM SB_PROGRAM_WORKER
#include "base/settings_worker.def"
#undef PROGRAM
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* Those that a reload takes over. */
static const char *const reloadable[] = {
	"DB_PASSWORD",           "DB_QUEUE",
	"SLOW_STATEMENT",        "MAX_BODY",
	"REQUEST_TIMEOUT",       "KEEPALIVE_TIMEOUT",
	"STOP_TIMEOUT",          "DRAIN_TIMEOUT",
	"SECURE_HSTS_SECONDS",   "RATE_LIMIT_FAILURE",
	"HEALTH_CHECK_ENABLED",  "METRICS_ENABLED",
	"RATE_LIMIT_MONITORING", "GRAPHQL_INTROSPECTION",
	"GRAPHQL_HTTP_STATUS",   "LOG_LEVEL",
	"POST_CACHE_TIMEOUT",    "SEARCH_CACHE_TIMEOUT",
	"HASHTAG_CACHE_TIMEOUT", "MENTION_CACHE_TIMEOUT",
	"FEED_CACHE_TIMEOUT",    "CACHE_COMPRESS_MIN",
	"SMTP_PASSWORD",         "SMTP_TIMEOUT",
	"WORKER_POLL",           "WS_ECHO",
	"WS_MAX_MESSAGE",        "WS_QUEUE",
	"WS_PING_INTERVAL",      "WS_AUTH_TIMEOUT",
	"WS_MAX_PER_USER",       "WS_MAX_TOPICS",
	"WS_QUERY_TOKEN",        "SSE_HEARTBEAT",
	"MUX_WEBHOOK_SECRET",    "MUX_WEBHOOK_SECRET_OLD",
	"COUNTRY_FILE",
};

static enum sb_program program = SB_PROGRAM_BRIDGE;

void
sb_config_for(enum sb_program which)
{
	program = which;
}

static bool
is_ours(const struct setting *setting)
{
	return (setting->program & program) != 0;
}

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

	if (setting->kind == KIND_NOTHING)
		return;
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
		case KIND_NOTHING:
			return;
	}
	if (wanted)
		sb_problem_error(problems, "%s must be %s", setting->name, wanted);
	else if (setting->kind != KIND_BOOL)
		*(const char **) field = text;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* A text that lives as long as the process: settings point to theirs, also those read long ago. */
static const char *
keep(char *text)
{
	static char **texts; /* main() alone reads settings */
	static int count;

	texts = sb_realloc(texts, (size_t) (count + 1) * sizeof(*texts));
	texts[count++] = text;
	return text;
}

/* Sets a secret from the file that NAME_FILE names. */
static void
set_from_file(struct sb_config *config, const struct setting *setting, const char *path,
			  struct sb_problems *problems)
{
	const char *problem;
	char *text = sb_config_secret_read(path, &problem);

	if (text == NULL)
		sb_problem_error(problems, "%s_FILE %.200s: %s", setting->name, path, problem);
	else
		set_text(config, setting, keep(text), problems);
}

/* The setting of that name, or with *in_file the secret of one with _FILE behind it. */
static const struct setting *
find_name(const char *name, bool *in_file)
{
	static const char suffix[] = "_FILE";
	size_t len = strlen(name);
	size_t stem = len > sizeof(suffix) - 1 ? len - (sizeof(suffix) - 1) : 0;

	*in_file = false;
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	*in_file = stem > 0 && strcmp(name + stem, suffix) == 0;
	for (size_t i = 0; *in_file && i < SETTINGS; i++)
		if (settings[i].kind == KIND_SECRET && strlen(settings[i].name) == stem &&
			strncmp(settings[i].name, name, stem) == 0)
			return &settings[i];
	return NULL;
}

struct file_reading
{
	struct sb_config *config;
	const char *path;
	struct sb_problems *problems;
	bool seen[SETTINGS];
};

static const struct setting *nearest(const char *name);

static void
on_file_line(void *arg, int line, const char *name, const char *value)
{
	struct file_reading *reading = arg;
	const struct setting *setting;
	const struct setting *meant;
	bool in_file;

	if (name == NULL)
	{
		sb_problem_error(reading->problems, "CONFIG_FILE %.200s, line %d: it is not NAME=value",
						 reading->path, line);
		return;
	}
	setting = find_name(name, &in_file);
	meant = setting ? NULL : nearest(name);
	if (setting == NULL || strcmp(name, "CONFIG_FILE") == 0)
	{
		sb_problem_error(reading->problems,
						 "CONFIG_FILE %.200s, line %d: %.100s is no setting of a file%s%s%s",
						 reading->path, line, name, meant ? "; perhaps " : "",
						 meant ? meant->name : "", meant ? " is meant?" : "");
		return;
	}
	if (reading->seen[setting - settings])
		sb_problem_error(reading->problems, "CONFIG_FILE %.200s, line %d: %s is there twice",
						 reading->path, line, setting->name);
	reading->seen[setting - settings] = true;
	if (*value == '\0' || !is_ours(setting))
		return;
	if (in_file)
		set_from_file(reading->config, setting, value, reading->problems);
	else
		set_text(reading->config, setting, keep(sb_checked(strdup(value))), reading->problems);
}

/* The file that the flags or the environment name; NULL: none. */
static const char *
config_file_of(int argc, char **argv)
{
	static const char flag[] = "--config-file";
	size_t len = sizeof(flag) - 1;
	const char *path = getenv("CONFIG_FILE");

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], flag, len) == 0 && argv[i][len] == '=')
			path = argv[i] + len + 1;
		else if (strcmp(argv[i], flag) == 0 && i + 1 < argc)
			path = argv[++i];
	return path && *path ? path : NULL;
}

static void
load_file(struct sb_config *config, int argc, char **argv, struct sb_problems *problems)
{
	struct file_reading reading = {
		.config = config, .path = config_file_of(argc, argv), .problems = problems};

	const char *problem =
		reading.path ? sb_config_file_read(reading.path, on_file_line, &reading) : NULL;

	if (problem)
		sb_problem_error(problems, "CONFIG_FILE %.200s: %s", reading.path, problem);
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

/* The setting of a flag, or with *in_file the secret of one that ends in -file. */
static const struct setting *
find_flag(const char *flag, size_t len, bool *in_file)
{
	static const char suffix[] = "-file";
	size_t end = sizeof(suffix) - 1;

	*in_file = false;
	for (size_t i = 0; i < SETTINGS; i++)
		if (is_ours(&settings[i]) && is_flag_of(&settings[i], flag, len))
			return &settings[i];
	*in_file = len > end && strncmp(flag + len - end, suffix, end) == 0;
	for (size_t i = 0; *in_file && i < SETTINGS; i++)
		if (settings[i].kind == KIND_SECRET && is_ours(&settings[i]) &&
			is_flag_of(&settings[i], flag, len - end))
			return &settings[i];
	return NULL;
}

/* Flags that are no settings. */
static const struct
{
	const char *flag;
	enum sb_config_task task;
	enum sb_program program;
} tasks[] = {
	{"--help", SB_CONFIG_HELP, SB_PROGRAM_BOTH},
	{"-h", SB_CONFIG_HELP, SB_PROGRAM_BOTH},
	{"--version", SB_CONFIG_VERSION, SB_PROGRAM_BOTH},
	{"--check-config", SB_CONFIG_CHECK, SB_PROGRAM_BOTH},
	{"--reference", SB_CONFIG_REFERENCE, SB_PROGRAM_BRIDGE},
	{"--routes", SB_CONFIG_ROUTES, SB_PROGRAM_BRIDGE},
	{"--print-schema", SB_CONFIG_SCHEMA, SB_PROGRAM_BRIDGE},
	{"--print-openapi", SB_CONFIG_OPENAPI, SB_PROGRAM_BRIDGE},
	{"--print-asyncapi", SB_CONFIG_ASYNCAPI, SB_PROGRAM_BRIDGE},
	{"--print-nginx-conf", SB_CONFIG_NGINX, SB_PROGRAM_BRIDGE},
	{"--configure-bucket", SB_CONFIG_BUCKET, SB_PROGRAM_BRIDGE},
	{"--import", SB_CONFIG_IMPORT, SB_PROGRAM_WORKER},
};

static bool
is_task(const char *flag, enum sb_config_task *task)
{
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++)
		if ((tasks[i].program & program) && strcmp(tasks[i].flag, flag) == 0)
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
		if (is_ours(&settings[i]) && sb_form_is_near(name, settings[i].name))
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
		bool in_file = false;

		if (is_task(flag, &task))
		{
			if (task != SB_CONFIG_CHECK)
				return task;
			continue;
		}
		setting = strncmp(flag, "--", 2) == 0 ? find_flag(flag + 2, len - 2, &in_file) : NULL;
		if (setting == NULL)
			refuse_flag(flag, len, problems);
		else if (!equals && i + 1 >= argc)
			sb_problem_error(problems, "%s needs a value", flag);
		else
			(in_file ? set_from_file : set_text)(config, setting, equals ? equals + 1 : argv[++i],
												 problems);
	}
	return task;
}

/* The environment is full of others' variables: only those that are nearly ours are told. */
static void
warn_of_near_misses(struct sb_problems *problems)
{
	for (char **variable = environ; variable && *variable; variable++)
	{
		char *name = sb_checked(strndup(*variable, strcspn(*variable, "=")));
		bool in_file;
		const struct setting *meant = find_name(name, &in_file) ? NULL : nearest(name);

		if (meant)
			sb_problem_warning(problems, "the variable %.100s is no setting; perhaps %s is meant?",
							   name, meant->name);
		free(name);
	}
}

static const char *
variable(const char *name)
{
	const char *text = getenv(name);

	return text && *text ? text : NULL;
}

static void
load_variable(struct sb_config *config, const struct setting *setting, struct sb_problems *problems)
{
	const char *text = variable(setting->name);
	const char *path = NULL;
	char name[64];

	if (setting->kind == KIND_SECRET)
	{
		snprintf(name, sizeof(name), "%s_FILE", setting->name);
		path = variable(name);
	}
	if (text && path)
		sb_problem_error(problems, "%s and %s are both set: one must go", setting->name, name);
	else if (path)
		set_from_file(config, setting, path, problems);
	else if (text)
		set_text(config, setting, text, problems);
}

enum sb_config_task
sb_config_load(struct sb_config *config, int argc, char **argv, struct sb_problems *problems)
{
	for (size_t i = 0; i < SETTINGS; i++)
		set_default(config, &settings[i]);
	load_file(config, argc, argv, problems);
	for (size_t i = 0; i < SETTINGS; i++)
		if (is_ours(&settings[i]))
			load_variable(config, &settings[i], problems);
	warn_of_near_misses(problems);
	return load_flags(config, argc, argv, problems);
}

/* ---- again ----------------------------------------------------------------------------------- */

static bool
is_reloadable(const struct setting *setting)
{
	for (size_t i = 0; i < sizeof(reloadable) / sizeof(reloadable[0]); i++)
		if (strcmp(reloadable[i], setting->name) == 0)
			return true;
	return false;
}

/* Gives a setting the other's value; whether it had another one. */
static bool
take_back(const struct setting *setting, struct sb_config *config, const struct sb_config *from)
{
	void *field = field_of(config, setting);
	const void *old = (const char *) from + setting->offset;
	const char *const *text = field;
	const char *const *old_text = old;
	bool is_other = false;

	switch (setting->kind)
	{
		case KIND_INT:
			is_other = *(const int *) field != *(const int *) old;
			*(int *) field = *(const int *) old;
			break;
		case KIND_BOOL:
			is_other = *(const bool *) field != *(const bool *) old;
			*(bool *) field = *(const bool *) old;
			break;
		case KIND_TEXT:
		case KIND_SECRET:
		case KIND_WORD:
			is_other = *text && *old_text ? strcmp(*text, *old_text) != 0 : *text != *old_text;
			*(const char **) field = *old_text;
			break;
		case KIND_NOTHING:
			break;
	}
	return is_other;
}

void
sb_config_reload(const struct sb_config *current, struct sb_config *next, int argc, char **argv,
				 struct sb_problems *problems)
{
	(void) sb_config_load(next, argc, argv, problems);
	for (size_t i = 0; i < SETTINGS; i++)
		if (!is_reloadable(&settings[i]) && take_back(&settings[i], next, current))
			sb_problem_warning(problems, "%s changed: that takes a restart", settings[i].name);
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
	bool is_bridge = program == SB_PROGRAM_BRIDGE;

	fputs(is_bridge ? "social-bridge: HTTP and GraphQL in front of the PostgreSQL extension "
					  "\"social\".\n\n"
					: "social-worker: runs background jobs of the PostgreSQL extension \"social\" "
					  "that need a network or files: mails (SMTP_URL).\n\n",
		  out);
	fputs(
		"Each setting is an environment variable, or a flag (DB_PORT=5433 is --db-port=5433), or "
		"a line of the file that CONFIG_FILE names; a flag wins over a variable, a variable over "
		"the file. A secret may stand in a file of its own: DB_PASSWORD_FILE=/path.\n"
		"--check-config checks them all and prints what is wrong (exit status 1).\n"
		"SIGTERM and SIGINT stop it once what is under way has ended. SIGHUP reads files and keys "
		"again, and takes over the settings marked *.",
		out);
	if (is_bridge)
		fputs(" --reference prints the routes and the GraphQL schema, --routes the REST routes as "
			  "JSON, --print-schema the GraphQL schema, --print-openapi the OpenAPI document of "
			  "the REST routes, --print-asyncapi the AsyncAPI document of the WebSockets. "
			  "--print-nginx-conf prints the configuration of an ingest server for live streams. "
			  "--configure-bucket tells the bucket (USE_S3) who may call it from web pages, that "
			  "versions are kept, and what goes by itself.",
			  out);
	else
		fputs(" --import takes lists and posts of an archive that an export has made (IMPORT_FILE) "
			  "into an account (IMPORT_USER), as a role with social.grant_admin().",
			  out);
	fputs("\n\n", out);
	for (size_t i = 0; i < SETTINGS; i++)
	{
		if (!is_ours(&settings[i]))
			continue;
		fprintf(out, "%c %-28s %s%s", is_reloadable(&settings[i]) ? '*' : ' ', settings[i].name,
				settings[i].kind == KIND_NOTHING ? "taken, without effect: " : "",
				settings[i].help);
		print_default(out, &settings[i]);
		fputc('\n', out);
	}
}
