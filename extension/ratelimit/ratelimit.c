/*
 * ratelimit.c owns the SQL side of the rate limiter: taking from the store that the settings name,
 * looking at it, and what a caller is told.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/errors.h"
#include "base/init.h"
#include "ratelimit/ratelimit.h"

PG_FUNCTION_INFO_V1(social_take_rate_limit);
PG_FUNCTION_INFO_V1(social_take_login_limit);
PG_FUNCTION_INFO_V1(social_rate_limit_status);
PG_FUNCTION_INFO_V1(social_rate_limit_policies);
PG_FUNCTION_INFO_V1(social_check_rates);
PG_FUNCTION_INFO_V1(social_rate_limit_store);

#define EPOCH_SHIFT ((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * USECS_PER_SEC)

enum store
{
	STORE_AUTO,
	STORE_MEMORY,
	STORE_TABLE
};

static const struct config_enum_entry stores[] = {
	{"auto", STORE_AUTO, false},
	{"memory", STORE_MEMORY, false},
	{"table", STORE_TABLE, false},
	{NULL, 0, false},
};

static bool limits_on;
static bool strict;
static int wanted_store;

void
social_ratelimit_init(void)
{
	DefineCustomBoolVariable("social.rate_limits", "Whether requests are counted and limited.",
							 "A bridge with RATE_LIMITS=off turns it off for its own sessions; "
							 "grant_bridge() lets its role.",
							 &limits_on, true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("social.rate_limits_strict",
							 "Whether the limits of every surface hold on each.", NULL, &strict,
							 false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("social.rate_limit_store",
							 "Where requests are counted: memory (when preloaded), or a table.",
							 "auto takes the memory where there is one.", &wanted_store, STORE_AUTO,
							 stores, PGC_SUSET, 0, NULL, NULL, NULL);
	social_limit_memory_init();
}

static bool
uses_memory(void)
{
	return wanted_store != STORE_TABLE && social_limit_memory_exists();
}

static int64
unix_now(void)
{
	return GetCurrentTimestamp() + EPOCH_SHIFT;
}

static int64
seconds_up(int64 microseconds)
{
	return (microseconds + USECS_PER_SEC - 1) / USECS_PER_SEC;
}

/* ---- what a caller is told ------------------------------------------------------------------- */

/* "limit remaining reset window retry_after", reset in Unix time, all in whole seconds. */
static char *
figures_text(const struct social_rate_figures *figures)
{
	return psprintf("%d %d " INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT, figures->rate.limit,
					figures->remaining, seconds_up(figures->reset_at),
					figures->rate.period / USECS_PER_SEC, seconds_up(figures->retry_after));
}

static void
refuse(const struct social_limit_windows *windows, const struct social_rate_figures *figures)
{
	const struct social_limit_window *window = &windows->list[figures->window];
	char rate[SOCIAL_RATE_TEXT_MAX];
	int64 seconds = seconds_up(figures->retry_after);

	social_rate_format(&figures->rate, rate);
	ereport(ERROR,
			(errcode(ERRCODE_SOCIAL_RATE_LIMITED), errmsg("rate limit exceeded"),
			 errdetail("The limit \"%s\" is %s.", window->row->action, rate),
			 window->draw.times > window->draw.rate.limit
				 ? errhint("One request may do this at most %d times.", window->draw.rate.limit)
				 : errhint_plural("Try again in " INT64_FORMAT " second.",
								  "Try again in " INT64_FORMAT " seconds.", seconds, seconds),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, figures_text(figures))));
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* Finds the request's windows, its address counted as its network. SM400 for what is malformed. */
static void
resolve(struct social_limit_request *request, struct social_limit_windows *windows)
{
	char network[SOCIAL_LIMIT_ADDRESS_MAX];
	struct social_limit_set *set = unconstify(struct social_limit_set *, social_limit_policies());

	set->strict = strict;
	if (request->address != NULL && !social_limit_network(request->address, network))
		ereport(ERROR,
				(errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid address"),
				 errdetail("\"%.100s\" is neither an IPv4 nor an IPv6 address.", request->address),
				 errhint("Give one address without a port, or null.")));
	request->address = request->address == NULL ? NULL : pstrdup(network);
	if (!social_limit_resolve(set, request, windows))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid rates"),
						errdetail("\"%.100s\" is no list of rates.", request->rates),
						errhint("Write them as n/second, n/minute, n/hour or n/day, separated by "
								"commas, or off.")));
}

/* Takes from one store; whether all windows had room. */
static bool
take_from(const struct social_limit_windows *windows, bool from_memory,
		  struct social_rate_figures *figures)
{
	enum social_limit_outcome outcome = from_memory
											? social_limit_memory_take(windows, unix_now(), figures)
											: social_limit_table_take(windows, unix_now(), figures);

	if (outcome == SOCIAL_LIMIT_BUSY)
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("the request could not be counted in time"),
						errdetail("Another transaction holds a rate limit that this one needs."),
						errhint("Take rate limits in short transactions.")));
	return outcome == SOCIAL_LIMIT_TAKEN;
}

/* Counts a request; NULL when nothing limits it. Raises SM429. */
static char *
take(struct social_limit_request *request, bool from_memory)
{
	struct social_limit_windows windows;
	struct social_rate_figures figures;

	resolve(request, &windows);
	if (windows.count == 0)
		return NULL;
	if (!take_from(&windows, from_memory, &figures))
		refuse(&windows, &figures);
	return figures.window < 0 ? NULL : figures_text(&figures);
}

char *
social_limit_admit(struct social_limit_request *request)
{
	return limits_on && uses_memory() ? take(request, true) : NULL;
}

static char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static int64
id_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? 0 : PG_GETARG_INT64(number);
}

/*
 * take_rate_limit(action text, user_id bigint, session_id bigint, address text, account text,
 * rates text, surface text) text: counts one request in every window that it meets, or in none.
 * The figures of the tightest; null when nothing limits it. SM429 when it is one too many.
 */
Datum
social_take_rate_limit(PG_FUNCTION_ARGS)
{
	struct social_limit_request request = {.action = text_argument(fcinfo, 0),
										   .user_id = id_argument(fcinfo, 1),
										   .session_id = id_argument(fcinfo, 2),
										   .address = text_argument(fcinfo, 3),
										   .account = text_argument(fcinfo, 4),
										   .rates = text_argument(fcinfo, 5),
										   .surface = text_argument(fcinfo, 6)};
	char *figures = limits_on ? take(&request, uses_memory()) : NULL;

	if (figures == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(figures));
}

/*
 * take_login_limit(user_id bigint, name text, address text) boolean: counts a try at an account,
 * whatever it was called, in the windows of auth/login/account. No request's key begins with such
 * a character: what a bridge counts by the typed name is another count.
 */
Datum
social_take_login_limit(PG_FUNCTION_ARGS)
{
	const struct social_limit_set *set = social_limit_policies();
	char *address = text_argument(fcinfo, 2);
	char network[SOCIAL_LIMIT_ADDRESS_MAX];
	struct social_limit_request request = {.address = network};
	struct social_limit_windows windows = {.count = 0};
	struct social_rate_figures figures;

	if (!limits_on || address == NULL || !social_limit_network(address, network))
		PG_RETURN_BOOL(true);
	request.account =
		PG_ARGISNULL(0)
			? psprintf("\002%s", PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1)))
			: psprintf("\001" INT64_FORMAT, PG_GETARG_INT64(0));
	for (int i = 0; i < set->count; i++)
		if (set->rows[i].subject == SOCIAL_LIMIT_ACCOUNT &&
			strcmp(set->rows[i].surface, "auth") == 0 && strcmp(set->rows[i].action, "login") == 0)
			social_limit_resolve_row(&set->rows[i], &request, &windows);
	PG_RETURN_BOOL(windows.count == 0 || take_from(&windows, uses_memory(), &figures));
}

/* ---- looking --------------------------------------------------------------------------------- */

/* One row of rate_limit_status(). */
static void
put_status(ReturnSetInfo *result, const struct social_limit_window *window, int64 now,
		   int64 timestamp)
{
	struct social_rate_figures figures;
	Datum values[8];
	bool nulls[8] = {false};

	social_gcra_peek(&window->draw.rate, now, timestamp, &figures);
	values[0] = CStringGetTextDatum(window->row->surface);
	values[1] = CStringGetTextDatum(window->row->action);
	values[2] = CStringGetTextDatum(social_limit_subject_name(window->row->subject));
	values[3] = Int32GetDatum(figures.rate.limit);
	values[4] = Int32GetDatum(figures.remaining);
	values[5] = Int64GetDatum(seconds_up(figures.reset_at));
	values[6] = Int32GetDatum((int32) (figures.rate.period / USECS_PER_SEC));
	values[7] = Int64GetDatum(seconds_up(figures.retry_after));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * rate_limit_status(user_id bigint, session_id bigint, address text, rates text): every window that
 * a request of this caller could meet, with what is left in it; takes nothing.
 */
Datum
social_rate_limit_status(PG_FUNCTION_ARGS)
{
	struct social_limit_request request = {.user_id = id_argument(fcinfo, 0),
										   .session_id = id_argument(fcinfo, 1),
										   .address = text_argument(fcinfo, 2)};
	struct social_limit_set *set = palloc(sizeof(*set));
	char *rates = text_argument(fcinfo, 3);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64 now = unix_now();
	struct social_limit_windows windows;
	int64 timestamps[SOCIAL_LIMIT_WINDOWS_MAX];

	resolve(&request, &windows); /* for what it checks, and the address's network */
	*set = *social_limit_policies();
	if (rates != NULL && !social_limit_set_rates(set, rates))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid rates"),
						errdetail("\"%.100s\" is no list of actions and rates.", rates),
						errhint("Write them as action=rates, separated by semicolons.")));
	InitMaterializedSRF(fcinfo, 0);
	for (int row = 0; limits_on && row < set->count; row++)
	{
		windows.count = 0;
		social_limit_resolve_row(&set->rows[row], &request, &windows);
		if (uses_memory())
			social_limit_memory_read(&windows, timestamps);
		else
			social_limit_table_read(&windows, timestamps);
		for (int i = 0; i < windows.count; i++)
			put_status(result, &windows.list[i], now, timestamps[i]);
	}
	return (Datum) 0;
}

/* rate_limit_policies(): the windows of the policies in force; rate null for one without any. */
Datum
social_rate_limit_policies(PG_FUNCTION_ARGS)
{
	const struct social_limit_set *set = social_limit_policies();
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int at = 0; at < set->count; at++)
	{
		const struct social_limit_row *row = &set->rows[at];

		for (int i = 0; i < Max(row->nrates, 1); i++)
		{
			bool none = row->nrates == 0;
			Datum values[7];
			bool nulls[7] = {false, false, false, none, none, none, false};
			char rate[SOCIAL_RATE_TEXT_MAX];

			social_rate_format(&row->rates[i], rate);
			values[0] = CStringGetTextDatum(row->surface);
			values[1] = CStringGetTextDatum(row->action);
			values[2] = CStringGetTextDatum(social_limit_subject_name(row->subject));
			values[3] = CStringGetTextDatum(rate);
			values[4] = Int32GetDatum(row->rates[i].limit);
			values[5] = Int32GetDatum((int32) (row->rates[i].period / USECS_PER_SEC));
			values[6] = CStringGetTextDatum(row->is_override ? "override" : "default");
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

/* check_rates(rates text) boolean: whether the text is a list of rates, or off. */
Datum
social_check_rates(PG_FUNCTION_ARGS)
{
	text *rates = PG_GETARG_TEXT_PP(0);
	struct social_rate ignored[SOCIAL_RATE_WINDOWS_MAX];

	PG_RETURN_BOOL(social_rate_parse(VARDATA_ANY(rates), VARSIZE_ANY_EXHDR(rates), ignored) >= 0);
}

/* rate_limit_store() text: where this session counts requests: memory, table, or off. */
Datum
social_rate_limit_store(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(!limits_on ? "off" : uses_memory() ? "memory" : "table"));
}
