/*
 * viewer.c owns who is acting: a setting that only the functions here can change.
 *
 * The setting is what gives the viewer the life of a transaction or savepoint, and what carries it
 * into parallel workers. Its parsed value is kept beside it, so that reading costs nothing. RESET
 * ALL and DISCARD ALL, which a pool sends before somebody else gets the connection, leave nobody
 * acting; anybody may send them, because as nobody one may do less.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "account/api_key.h"
#include "account/audit.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/init.h"
#include "base/statement_log.h"
#include "core/admission.h"
#include "core/api_key.h"
#include "ratelimit/ratelimit.h"
#include "account/session.h"
#include "account/user.h"
#include "viewer/viewer.h"

PG_FUNCTION_INFO_V1(social_viewer_id);
PG_FUNCTION_INFO_V1(social_require_viewer);
PG_FUNCTION_INFO_V1(social_require_writer);
PG_FUNCTION_INFO_V1(social_act_as_id);
PG_FUNCTION_INFO_V1(social_act_as_name);
PG_FUNCTION_INFO_V1(social_admit);
PG_FUNCTION_INFO_V1(social_set_result_id);
PG_FUNCTION_INFO_V1(social_result_id);
PG_FUNCTION_INFO_V1(social_session_id);
PG_FUNCTION_INFO_V1(social_api_key_id);
PG_FUNCTION_INFO_V1(social_require_scope);
PG_FUNCTION_INFO_V1(social_require_login);

static char *viewer_setting;
static int64 viewer; /* parsed viewer_setting; 0 = nobody */

/* The acting user's login session, 0 = unknown; holds for the transaction that named it. */
static int64 session;
static int64 session_viewer; /* whose it is: another viewer has another, or none */
static LocalTransactionId session_transaction = InvalidLocalTransactionId;

/* What the API key may do that acts; read once a transaction. */
static uint32 scopes;
static int64 scopes_session; /* whose they are */
static LocalTransactionId scopes_transaction = InvalidLocalTransactionId;

static int64 result;
static LocalTransactionId result_transaction = InvalidLocalTransactionId;

/* Accepts '' (nobody) or a positive id. */
static bool
check_viewer(char **newval, void **extra, GucSource source)
{
	int64 *parsed = (int64 *) SOCIAL_GUC_MALLOC(sizeof(int64));
	char *end;

	if (parsed == NULL)
		return false;
	errno = 0;
	*parsed = **newval == '\0' ? 0 : strtoll(*newval, &end, 10);
	if (**newval != '\0' && (errno != 0 || *end != '\0' || *parsed <= 0))
	{
		SOCIAL_GUC_FREE(parsed);
		return false;
	}
	*extra = parsed;
	return true;
}

static void
assign_viewer(const char *newval, void *extra)
{
	viewer = extra == NULL ? 0 : *(int64 *) extra;
}

void
social_viewer_init(void)
{
	DefineCustomStringVariable(
		"social.viewer_id", "The user who acts; set by act_as, admit and authenticate only.", NULL,
		&viewer_setting, "", PGC_SUSET, GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
		check_viewer, assign_viewer, NULL);
}

int64
social_viewer(void)
{
	return viewer;
}

int64
social_viewer_required(void)
{
	if (viewer == 0)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_UNAUTHENTICATED), errmsg("authentication required"),
						errdetail("Nobody acts."),
						errhint("Log in, or call social.act_as() from a trusted role.")));
	return viewer;
}

void
social_viewer_set(int64 user_id, bool session)
{
	char value[MAXINT8LEN + 1] = "";

	if (user_id != 0)
		pg_lltoa(user_id, value);
	social_viewer_session_set(0);
	(void) set_config_option("social.viewer_id", value, PGC_SUSET, PGC_S_SESSION,
							 session ? GUC_ACTION_SET : GUC_ACTION_LOCAL, true, 0, false);
}

int64
social_viewer_session(void)
{
	return session_transaction == SOCIAL_LOCAL_TRANSACTION_ID && session_viewer == viewer ? session
																						  : 0;
}

void
social_viewer_session_set(int64 session_id)
{
	session = session_id;
	session_viewer = viewer;
	session_transaction = SOCIAL_LOCAL_TRANSACTION_ID;
}

/* ---- API keys -------------------------------------------------------------------------------- */

/* What the API key that acts may do; everything where none does. A key's scopes never change. */
static uint32
acting_scopes(void)
{
	int64 acting = social_viewer_session();
	Snapshot snapshot;

	if (acting >= 0)
		return ~UINT32_C(0);
	if (scopes_session == acting && scopes_transaction == SOCIAL_LOCAL_TRANSACTION_ID)
		return scopes;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scopes = social_api_key_scopes(-acting, snapshot);
	scopes_session = acting;
	scopes_transaction = SOCIAL_LOCAL_TRANSACTION_ID;
	UnregisterSnapshot(snapshot);
	return scopes;
}

void
social_viewer_confine(void)
{
	if ((acting_scopes() & SOCIAL_SCOPES_WRITE) == 0)
		(void) set_config_option("transaction_read_only", "on", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
}

void
social_viewer_require_scope(uint32 scope)
{
	int number = 0;

	if (acting_scopes() & scope)
		return;
	while (scope >> (number + 1))
		number++;
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_FORBIDDEN), errmsg("the API key may not do this"),
					errdetail("It lacks the scope %s.", social_scope_name(number))));
}

/* require_scope(scope text) void: SM403 where an API key acts that lacks it; SM400 for another
 * word. */
Datum
social_require_scope(PG_FUNCTION_ARGS)
{
	text *word = PG_GETARG_TEXT_PP(0);
	uint32 scope = social_scope_named(VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word));

	if (scope == 0)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid scope")));
	social_viewer_require_scope(scope);
	PG_RETURN_VOID();
}

/* require_login() bigint: the acting user; SM401 when nobody acts, SM403 where an API key does. */
Datum
social_require_login(PG_FUNCTION_ARGS)
{
	int64 user_id = social_viewer_required();

	if (social_viewer_session() < 0)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_FORBIDDEN), errmsg("this is not for API keys"),
						errdetail("Log in to do it.")));
	PG_RETURN_INT64(user_id);
}

/* api_key_id() bigint: the API key that acts, or null. */
Datum
social_api_key_id(PG_FUNCTION_ARGS)
{
	int64 acting = social_viewer_session();

	if (acting >= 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(-acting);
}

/* ---- who acts -------------------------------------------------------------------------------- */

/* viewer_id() bigint: the acting user, or null. */
Datum
social_viewer_id(PG_FUNCTION_ARGS)
{
	if (viewer == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(viewer);
}

/* require_viewer() bigint: the acting user; SM401 when nobody acts. */
Datum
social_require_viewer(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(social_viewer_required());
}

int64
social_viewer_required_writer(void)
{
	int64 writer = social_viewer_required();

	social_viewer_require_scope(SOCIAL_SCOPE_WRITE);
	if (!social_user_hold(writer))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_UNAUTHENTICATED), errmsg("the account is gone")));
	return writer;
}

/* require_writer() bigint: the same, held until the end of the transaction; SM401 when it is gone.
 */
Datum
social_require_writer(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(social_viewer_required_writer());
}

static bool
is_active(int64 user_id)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	bool active = social_user_is_active(user_id, snapshot);

	UnregisterSnapshot(snapshot);
	return active;
}

/* act_as(user_id bigint, session boolean): null means nobody. SM404 for an unknown account. */
Datum
social_act_as_id(PG_FUNCTION_ARGS)
{
	int64 user_id;

	if (PG_ARGISNULL(0))
	{
		social_viewer_set(0, !PG_ARGISNULL(1) && PG_GETARG_BOOL(1));
		PG_RETURN_NULL();
	}
	user_id = PG_GETARG_INT64(0);
	if (!is_active(user_id))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_NOT_FOUND), errmsg("user not found"),
						errdetail("There is no active user " INT64_FORMAT ".", user_id),
						errhint("SELECT id, username FROM social.visible_users lists them.")));
	social_viewer_set(user_id, !PG_ARGISNULL(1) && PG_GETARG_BOOL(1));
	PG_RETURN_INT64(user_id);
}

/* act_as(username text, session boolean): the same by name, in any case. */
Datum
social_act_as_name(PG_FUNCTION_ARGS)
{
	char *username;
	int64 user_id;

	if (PG_ARGISNULL(0))
		return social_act_as_id(fcinfo);
	username = text_to_cstring(PG_GETARG_TEXT_PP(0));
	user_id = social_active_user_named(username);
	if (user_id == 0)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_NOT_FOUND), errmsg("user not found"),
						errdetail("There is no active user named \"%s\".", username),
						errhint("SELECT id, username FROM social.visible_users lists them.")));
	social_viewer_set(user_id, !PG_ARGISNULL(1) && PG_GETARG_BOOL(1));
	PG_RETURN_INT64(user_id);
}

static char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/* Raises SM401 unless the account may act, and the session, when there is one, lives. */
static void
require_alive(int64 user_id, int64 session_id)
{
	Snapshot snapshot;

	if (user_id == 0 && session_id == 0)
		return;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (user_id != 0 && !social_user_is_active(user_id, snapshot))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_UNAUTHENTICATED), errmsg("authentication required"),
						errdetail("The account is gone, inactive or suspended."),
						errhint("Log in with another account.")));
	if (session_id != 0 && !social_session_is_live(session_id, user_id, snapshot))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_UNAUTHENTICATED), errmsg("authentication required"),
						errdetail(session_id < 0 ? "The API key has expired or was revoked."
												 : "The session has ended."),
						errhint("Log in again.")));
	UnregisterSnapshot(snapshot);
}

/* Counts the request that admit() opens; its figures, or NULL. Raises SM429. */
static char *
count_request(FunctionCallInfo fcinfo, int64 user_id, int64 session_id)
{
	struct social_limit_request request = {.user_id = user_id,
										   .session_id = session_id,
										   .action = text_argument(fcinfo, 2),
										   .address = text_argument(fcinfo, 3),
										   .rates = text_argument(fcinfo, 4),
										   .surface = text_argument(fcinfo, 5),
										   .account = text_argument(fcinfo, 6)};

	if (request.address != NULL)
		social_client_address_set(request.address);
	return request.surface == NULL ? NULL : social_limit_admit(&request);
}

/* Errors of the admission say so: it may stand in the statement that answers (bridge/admission/).
 */
static void
say_admission(void *arg)
{
	errcontext(ADMISSION_CONTEXT);
}

/*
 * admit(user_id bigint, session_id bigint, action text, address text, rates text, surface text,
 * account text) text: opens a request as this user, or as nobody for null; lasts until the end of
 * the transaction. Counts it first, when a surface is named. SM429, and SM401 when the account is
 * gone, inactive or suspended, or the session has ended. Until 0.2 it took the user alone.
 */
Datum
social_admit(PG_FUNCTION_ARGS)
{
	int64 user_id = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	int64 session_id = PG_NARGS() < 2 || PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1);
	ErrorContextCallback context = {.previous = error_context_stack, .callback = say_admission};
	char *figures;

	social_log_request();
	error_context_stack = &context;
	figures = PG_NARGS() < 7 ? NULL : count_request(fcinfo, user_id, session_id);
	require_alive(user_id, session_id);
	error_context_stack = context.previous;
	if (user_id != viewer)
		social_viewer_set(user_id, false);
	social_viewer_session_set(session_id);
	social_viewer_confine();
	if (figures == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(figures));
}

void
social_result_set(int64 id)
{
	result = id;
	result_transaction = SOCIAL_LOCAL_TRANSACTION_ID;
}

/* set_result_id(id bigint) bigint: leaves an id for the next statement of this transaction. */
Datum
social_set_result_id(PG_FUNCTION_ARGS)
{
	social_result_set(PG_GETARG_INT64(0));
	PG_RETURN_INT64(result);
}

/* result_id() bigint: the id left by set_result_id in this transaction, or null. */
Datum
social_result_id(PG_FUNCTION_ARGS)
{
	if (result_transaction != SOCIAL_LOCAL_TRANSACTION_ID)
		PG_RETURN_NULL();
	PG_RETURN_INT64(result);
}

/* session_id() bigint: the acting login session, or null. */
Datum
social_session_id(PG_FUNCTION_ARGS)
{
	int64 session_id = social_viewer_session();

	if (session_id <= 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(session_id);
}
