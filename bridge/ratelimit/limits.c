/*
 * limits.c owns counting what callers do against their rate limits.
 */
#include "ratelimit/limits.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "caller/caller.h"
#include "error/errors.h"
#include "loop/loop.h"
#include "pg/pool.h"
#include "ratelimit/figures.h"
#include "ratelimit/redis.h"
#include "redis/connection.h"
#include "core/ratelimit_policy.h"

struct sb_limits
{
	struct sb_loop *loop;
	struct sb_pg_pool *pool;
	enum sb_limit_store store; /* OFF until the database has said which */
	struct sb_redis *redis;    /* NULL unless it is asked */
	char *rates;               /* all that the settings give, or NULL */
	struct social_limit_set policies;
};

/* ---- settings -------------------------------------------------------------------------------- */

/* The actions that settings give rates for, and the settings of each: both together, for streams.
 */
static const struct
{
	const char *action;
	size_t setting;
	size_t second; /* 0 = none */
} given[] = {
#define AT(field) offsetof(struct sb_config, field)
	{"post_creation", AT(post_creation_rate_limit), 0},
	{"stream_creation", AT(live_stream_creation_rate_limit), AT(stream_creation_rate_limit)},
	{"media_upload", AT(media_upload_rate_limit), 0},
	{"chat_message", AT(chat_message_rate_limit), 0},
	{"feed_access", AT(feed_access_rate_limit), 0},
	{"search", AT(search_rate_limit), 0},
};

#define GIVEN (sizeof(given) / sizeof(given[0]))

/* NULL = unset; made by sb_limits_check(), then read-only. */
static char *rates[GIVEN];     /* as they are given */
static char *of_action[GIVEN]; /* "action=rates" */

static const char *
setting_at(const struct sb_config *config, size_t offset)
{
	return offset ? *(const char *const *) ((const char *) config + offset) : NULL;
}

static char *
join(const char *first, char separator, const char *second)
{
	char *text = sb_malloc(strlen(first) + strlen(second) + 2);

	sprintf(text, "%s%c%s", first, separator, second);
	return text;
}

static void
read_settings(const struct sb_config *config)
{
	for (size_t i = 0; i < GIVEN; i++)
	{
		const char *first = setting_at(config, given[i].setting);
		const char *second = setting_at(config, given[i].second);
		const char *only = first ? first : second;

		free(rates[i]);
		free(of_action[i]);
		if (first && second)
			rates[i] = join(first, ',', second);
		else
			rates[i] = only ? sb_checked(strdup(only)) : NULL;
		of_action[i] = rates[i] ? join(given[i].action, '=', rates[i]) : NULL;
	}
}

/*
 * The seeds' variables are about the REST surface (I-09), whose windows count an action of every
 * surface.
 */
const char *
sb_limits_rates(const struct sb_limits *limits, const struct sb_purpose *purpose)
{
	if (purpose->action == NULL || limits->rates == NULL)
		return NULL;
	for (size_t i = 0; i < GIVEN; i++)
		if (strcmp(given[i].action, purpose->action) == 0)
			return of_action[i];
	return strpbrk(purpose->action, ",*") ? limits->rates : NULL; /* several */
}

/* "action=rates;…" of all that are given, malloc'd; NULL: none is. */
static char *
list_rates(void)
{
	struct sb_buffer list = {0};
	size_t len;

	for (size_t i = 0; i < GIVEN; i++)
	{
		if (of_action[i] == NULL)
			continue;
		sb_buffer_puts(&list, list.len ? ";" : "");
		sb_buffer_puts(&list, of_action[i]);
	}
	return list.len ? sb_buffer_take(&list, &len) : NULL;
}

static bool
is_rates(const char *text)
{
	struct social_rate ignored[SOCIAL_RATE_WINDOWS_MAX];

	return text == NULL || social_rate_parse(text, strlen(text), ignored) >= 0;
}

bool
sb_limits_use_redis(const struct sb_config *config)
{
	return config->rate_limits && strcmp(config->rate_limit_store, "redis") == 0;
}

void
sb_limits_check(const struct sb_config *config, struct sb_problems *problems)
{
	if (sb_limits_use_redis(config) && config->redis_url == NULL)
		sb_problem_error(problems, "RATE_LIMIT_STORE=redis needs REDIS_URL");
	if (config->redis_url && !sb_redis_check_url(config->redis_url))
		sb_problem_error(problems,
						 "REDIS_URL must be redis://[user:password@]host[:port][/number]");
	read_settings(config);
	for (size_t i = 0; i < GIVEN; i++)
		if (!is_rates(rates[i]))
			sb_problem_error(problems,
							 "LIVE_STREAM_CREATION_RATE_LIMIT and STREAM_CREATION_RATE_LIMIT "
							 "must be of different periods");
}

/* ---- what the database says ------------------------------------------------------------------ */

static const char *
member(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static void
apply_overrides(struct social_limit_set *set, json_t *overrides)
{
	enum social_limit_subject subject;
	json_t *row;
	size_t i;

	json_array_foreach(overrides, i, row)
	{
		if (!social_limit_subject_named(member(row, "subject"), &subject) ||
			!social_limit_set_override(set, member(row, "surface"), member(row, "action"), subject,
									   member(row, "rates")))
			sb_log(SB_LOG_WARNING, "a rate limit of the database cannot be read", "action",
				   member(row, "action"));
	}
}

void
sb_limits_configure(struct sb_limits *limits, json_t *config)
{
	const char *store = member(config, "store");

	social_limit_set_init(&limits->policies);
	limits->policies.strict = json_is_true(json_object_get(config, "strict"));
	apply_overrides(&limits->policies, json_object_get(config, "overrides"));
	if (limits->rates)
		(void) social_limit_set_rates(&limits->policies, limits->rates);
	if (!limits->loop->config->rate_limits || strcmp(store, "off") == 0)
		limits->store = SB_LIMIT_OFF;
	else if (sb_limits_use_redis(limits->loop->config))
		limits->store = SB_LIMIT_REDIS;
	else
		limits->store = strcmp(store, "memory") == 0 ? SB_LIMIT_MEMORY : SB_LIMIT_TABLE;
}

enum sb_limit_store
sb_limits_store(const struct sb_limits *limits)
{
	return limits->store;
}

const char *
sb_limits_all_rates(const struct sb_limits *limits)
{
	return limits->rates;
}

void
sb_limits_note_refusal(struct sb_limits *limits, const struct sb_caller *caller)
{
	static const char *const surfaces[] = {"rest", "graphql", "auth"};
	size_t other = sizeof(surfaces) / sizeof(surfaces[0]);
	size_t i = 0;

	while (i < other &&
		   (caller->purpose.surface == NULL || strcmp(caller->purpose.surface, surfaces[i]) != 0))
		i++;
	sb_metric_add(&limits->loop->metrics->limited[i], 1);
}

/* ---- counting -------------------------------------------------------------------------------- */

/* A caller who waits for the store; in the arena. */
struct count
{
	struct sb_limits *limits;
	struct sb_caller *caller;
	struct sb_arena *arena;
	void (*on_counted)(void *arg, const struct sb_error *refusal);
	void *arg;
	struct sb_pg_unit unit;
	struct social_limit_windows windows;
	char network[SOCIAL_LIMIT_ADDRESS_MAX];
	const char *values[7];
};

static void
tell(struct count *count, const struct sb_error *refusal)
{
	count->on_counted(count->arg, refusal);
}

static bool
is_closed_on_failure(const struct count *count)
{
	const char *failure = count->limits->loop->config->rate_limit_failure;

	if (strcmp(failure, "auto") == 0)
		return strcmp(count->caller->purpose.surface, "auth") == 0;
	return strcmp(failure, "closed") == 0;
}

/* The store failed: the doors stay shut, the rest goes on uncounted. */
static void
settle_failure(struct count *count)
{
	bool standby = sb_pg_pool_is_standby(count->limits->pool);
	struct sb_error error = standby ? sb_error_read_only() : sb_error_unavailable();

	sb_metric_add(count->limits->loop->metrics->limit_failures, 1);
	tell(count, is_closed_on_failure(count) ? &error : NULL);
}

static struct social_limit_request
limit_request(const struct sb_caller *caller, char network[SOCIAL_LIMIT_ADDRESS_MAX])
{
	struct social_limit_request limited = {
		.surface = caller->purpose.surface,
		.action = caller->purpose.action,
		.account = caller->purpose.account,
		.user_id = caller->user_id,
		.session_id = caller->session_id,
		.address = social_limit_network(caller->address, network) ? network : NULL,
		/* rates: the policies have those of the settings. */
	};

	return limited;
}

/* ---- the table ------------------------------------------------------------------------------- */

static void
on_table_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct count *count = unit->owner;
	struct sb_caller *caller = count->caller;
	struct sb_error error;

	if (outcome == SB_PG_OK)
	{
		if (PQntuples(unit->results[0]) == 1 && !PQgetisnull(unit->results[0], 0, 0))
			sb_figures_read(&caller->figures, PQgetvalue(unit->results[0], 0, 0));
		sb_pg_unit_clear(unit);
		tell(count, NULL);
		return;
	}
	if (outcome == SB_PG_ERROR && sb_limit_is_refusal(unit->error))
	{
		PGresult *refusal = unit->error; /* the count may be gone when its caller has been told */

		unit->error = NULL;
		error = sb_error_from_result(refusal);
		sb_figures_read_refusal(&caller->figures, refusal);
		sb_limits_note_refusal(count->limits, caller);
		sb_pg_unit_clear(unit);
		tell(count, &error);
		PQclear(refusal);
		return;
	}
	if (outcome == SB_PG_ERROR)
		sb_error_log(unit->error, caller->work, caller->task);
	sb_pg_unit_clear(unit);
	settle_failure(count);
}

static void
count_in_table(struct count *count)
{
	static const char sql[] = "SELECT social.take_rate_limit($1, $2, $3, $4, $5, $6, $7)";
	const struct sb_caller *caller = count->caller;
	struct sb_pg_pool *pool = count->limits->pool;
	const char **values = count->values;

	values[0] = caller->purpose.action;
	values[1] = sb_caller_user(caller);
	values[2] = sb_caller_session(caller);
	values[3] = sb_caller_address(caller);
	values[4] = caller->purpose.account;
	values[5] = sb_limits_rates(count->limits, &caller->purpose);
	values[6] = caller->purpose.surface;
	count->unit.owner = count;
	count->unit.on_done = on_table_done;
	sb_pg_unit_add(&count->unit, sb_pg_statement_id(sql), sql, 7, values);
	if (sb_pg_pool_is_standby(pool) || !sb_pg_pool_submit(pool, SB_LANE_WRITE, &count->unit))
		settle_failure(count);
}

/* ---- Redis ----------------------------------------------------------------------------------- */

static struct sb_error
refusal_of(struct count *count, const struct social_rate_figures *figures)
{
	const struct social_limit_window *window = &count->windows.list[figures->window];
	struct sb_error error = {429, sb_error_code(429), "rate limit exceeded", NULL, NULL};
	int64_t seconds = (figures->retry_after + 999999) / 1000000;
	char rate[SOCIAL_RATE_TEXT_MAX];

	social_rate_format(&figures->rate, rate);
	error.detail =
		sb_arena_printf(count->arena, "The limit \"%s\" is %s.", window->row->action, rate);
	if (window->draw.times > window->draw.rate.limit)
		error.hint = sb_arena_printf(count->arena, "One request may do this at most %d times.",
									 (int) window->draw.rate.limit);
	else
		error.hint = sb_arena_printf(count->arena, "Try again in %lld second%s.",
									 (long long) seconds, seconds == 1 ? "" : "s");
	return error;
}

static void
on_redis_answer(void *arg, int64_t now, int64_t *timestamps)
{
	struct count *count = arg;
	struct social_rate_draw draws[SOCIAL_LIMIT_WINDOWS_MAX];
	struct social_rate_figures figures;
	struct sb_error error;
	bool taken;

	if (timestamps == NULL)
	{
		settle_failure(count);
		return;
	}
	for (int i = 0; i < count->windows.count; i++)
		draws[i] = count->windows.list[i].draw;
	taken = social_gcra_take(draws, count->windows.count, now, timestamps, &figures);
	if (figures.window >= 0)
		sb_figures_take(&count->caller->figures, &figures);
	if (!taken)
	{
		sb_limits_note_refusal(count->limits, count->caller);
		error = refusal_of(count, &figures);
	}
	tell(count, taken ? NULL : &error);
}

static void
count_in_redis(struct count *count)
{
	struct sb_limits *limits = count->limits;
	struct social_limit_request limited = limit_request(count->caller, count->network);

	if (!social_limit_resolve(&limits->policies, &limited, &count->windows) ||
		count->windows.count == 0)
		tell(count, NULL);
	else if (limits->redis == NULL ||
			 !sb_limit_redis_take(limits->redis, limits->loop->config->redis_prefix,
								  count->windows.list, count->windows.count, false, on_redis_answer,
								  count))
		settle_failure(count);
}

void
sb_limits_count(struct sb_limits *limits, struct sb_caller *caller, struct sb_arena *arena,
				void (*on_counted)(void *arg, const struct sb_error *refusal), void *arg)
{
	struct count *count = sb_arena_alloc(arena, sizeof(*count));

	count->limits = limits;
	count->caller = caller;
	count->arena = arena;
	count->on_counted = on_counted;
	count->arg = arg;
	if (limits->store == SB_LIMIT_REDIS)
		count_in_redis(count);
	else
		count_in_table(count);
}

/* ---- the status ------------------------------------------------------------------------------ */

/* Every window of the caller, asked of Redis at once; in the arena. */
struct status
{
	void (*on_status)(void *arg, char *json, size_t len);
	void *arg;
	int count;
	struct social_limit_window windows[2 * SOCIAL_LIMIT_ROWS_MAX];
	char network[SOCIAL_LIMIT_ADDRESS_MAX];
};

static void
put_member(struct sb_buffer *out, const char *name, int64_t value)
{
	sb_buffer_puts(out, ",\"");
	sb_buffer_puts(out, name);
	sb_buffer_puts(out, "\":");
	sb_buffer_put_int(out, value);
}

static void
put_window(struct sb_buffer *out, const struct social_limit_window *window,
		   const struct social_rate_figures *figures)
{
	const char *subject = social_limit_subject_name(window->row->subject);

	sb_buffer_puts(out, "{\"surface\":");
	sb_buffer_put_json(out, window->row->surface, strlen(window->row->surface));
	sb_buffer_puts(out, ",\"action\":");
	sb_buffer_put_json(out, window->row->action, strlen(window->row->action));
	sb_buffer_puts(out, ",\"subject\":");
	sb_buffer_put_json(out, subject, strlen(subject));
	put_member(out, "limit", figures->rate.limit);
	put_member(out, "remaining", figures->remaining);
	put_member(out, "reset", (figures->reset_at + 999999) / 1000000);
	put_member(out, "window_seconds", figures->rate.period / 1000000);
	put_member(out, "retry_after", (figures->retry_after + 999999) / 1000000);
	sb_buffer_puts(out, "}");
}

static void
on_redis_status(void *arg, int64_t now, int64_t *timestamps)
{
	struct status *status = arg;
	struct social_rate_figures figures;
	struct sb_buffer out = {0};
	size_t len;
	char *json;

	if (timestamps == NULL)
	{
		status->on_status(status->arg, NULL, 0);
		return;
	}
	sb_buffer_puts(&out, "{\"limits\":[");
	for (int i = 0; i < status->count; i++)
	{
		social_gcra_peek(&status->windows[i].draw.rate, now, timestamps[i], &figures);
		sb_buffer_puts(&out, i ? "," : "");
		put_window(&out, &status->windows[i], &figures);
	}
	sb_buffer_puts(&out, "]}");
	json = sb_buffer_take(&out, &len);
	status->on_status(status->arg, json, len);
}

static void
add_row(struct status *status, const struct social_limit_row *row,
		const struct social_limit_request *limited)
{
	struct social_limit_windows windows = {.count = 0};

	social_limit_resolve_row(row, limited, &windows);
	for (int i = 0; i < windows.count && status->count < 2 * SOCIAL_LIMIT_ROWS_MAX; i++)
		status->windows[status->count++] = windows.list[i];
}

void
sb_limits_status(struct sb_limits *limits, const struct sb_caller *caller, struct sb_arena *arena,
				 void (*on_status)(void *arg, char *json, size_t len), void *arg)
{
	struct status *status = sb_arena_alloc(arena, sizeof(*status));
	struct social_limit_request limited = limit_request(caller, status->network);

	status->on_status = on_status;
	status->arg = arg;
	for (int i = 0; i < limits->policies.count; i++)
		add_row(status, &limits->policies.rows[i], &limited);
	if (limits->redis == NULL ||
		!sb_limit_redis_take(limits->redis, limits->loop->config->redis_prefix, status->windows,
							 status->count, true, on_redis_status, status))
		on_status(arg, NULL, 0);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct sb_limits *
sb_limits_new(struct sb_loop *loop, struct sb_pg_pool *pool, struct sb_redis *redis)
{
	struct sb_limits *limits = sb_calloc(1, sizeof(*limits));

	limits->loop = loop;
	limits->pool = pool;
	limits->rates = list_rates();
	if (sb_limits_use_redis(loop->config))
		limits->redis = redis;
	return limits;
}

void
sb_limits_free(struct sb_limits *limits)
{
	if (limits == NULL)
		return;
	free(limits->rates);
	free(limits);
}
