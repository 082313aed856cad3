/*
 * session.c owns what runs on every request of a session, the random texts that are refresh tokens,
 * and the sessions' settings. What sessions are is in sql/api/session.sql.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/base64url.h"
#include "base/column.h"
#include "base/init.h"
#include "base/place.h"
#include "account/api_key.h"
#include "account/session.h"
#include "base/table.h"

PG_FUNCTION_INFO_V1(social_session_is_live_sql);
PG_FUNCTION_INFO_V1(social_refresh_token_new);
PG_FUNCTION_INFO_V1(social_refresh_token_next);

#define SECONDS_PER_YEAR   (366 * SECS_PER_DAY)
#define REFRESH_TOKEN_SIZE SOCIAL_BASE64URL_SIZE(PG_SHA256_DIGEST_LENGTH)

static int refresh_token_lifetime;
static int refresh_grace;
static int session_lifetime;
static int session_idle_timeout;
static int sessions_max;
static int api_key_lifetime;
static int api_keys_max;

/* ---- settings ------------------------------------------------------------------------------- */

static const struct
{
	const char *name;
	const char *purpose;
	int *value;
	int initial;
	int minimum;
	int maximum;
	int flags;
} settings[] = {
	{"social.refresh_token_lifetime", "How long a refresh token is valid.", &refresh_token_lifetime,
	 7 * SECS_PER_DAY, 1, SECONDS_PER_YEAR, GUC_UNIT_S},
	{"social.refresh_grace",
	 "For how long a refresh token that was used gives the same answer again; later its use ends "
	 "the session.",
	 &refresh_grace, 10, 0, SECS_PER_HOUR, GUC_UNIT_S},
	{"social.session_lifetime", "How long a session may go on being refreshed; 0 means for ever.",
	 &session_lifetime, 0, 0, 10 * SECONDS_PER_YEAR, GUC_UNIT_S},
	{"social.session_idle_timeout",
	 "A session that was not seen for so long is over; 0 means never.", &session_idle_timeout, 0, 0,
	 SECONDS_PER_YEAR, GUC_UNIT_S},
	{"social.sessions_max",
	 "How many sessions a person may have; a login beyond ends those not seen for longest. 0 means "
	 "any number.",
	 &sessions_max, 100, 0, 100000, 0},
	{"social.api_key_lifetime", "How long an API key may be made for.", &api_key_lifetime,
	 SECONDS_PER_YEAR, 60, 10 * SECONDS_PER_YEAR, GUC_UNIT_S},
	{"social.api_keys_max", "How many API keys a person may have that live.", &api_keys_max, 20, 0,
	 100000, 0},
};

void
social_session_init(void)
{
	for (int i = 0; i < lengthof(settings); i++)
		DefineCustomIntVariable(settings[i].name, settings[i].purpose, NULL, settings[i].value,
								settings[i].initial, settings[i].minimum, settings[i].maximum,
								PGC_SUSET, settings[i].flags, NULL, NULL, NULL);
}

/* ---- the acting session --------------------------------------------------------------------- */

static TimestampTz
time_of(HeapTuple row, int column, TupleDesc columns)
{
	bool isnull;

	return DatumGetTimestampTz(heap_getattr(row, column, columns, &isnull));
}

/* Does the session in `row` let this user act? */
static bool
is_live(HeapTuple row, TupleDesc columns, int64 user_id)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	bool isnull;

	if (!heap_attisnull(row, SOCIAL_USER_SESSIONS_REVOKED_AT, columns) ||
		DatumGetInt64(heap_getattr(row, SOCIAL_USER_SESSIONS_USER_ID, columns, &isnull)) !=
			user_id ||
		time_of(row, SOCIAL_USER_SESSIONS_EXPIRES_AT, columns) <= now)
		return false;
	return session_idle_timeout == 0 ||
		   now <
			   TimestampTzPlusMilliseconds(time_of(row, SOCIAL_USER_SESSIONS_LAST_SEEN_AT, columns),
										   session_idle_timeout * INT64CONST(1000));
}

bool
social_session_is_live(int64 session_id, int64 user_id, Snapshot snapshot)
{
	Relation sessions;
	HeapTuple row;
	bool live;

	if (session_id < 0)
		return social_api_key_is_live(-session_id, user_id, snapshot);
	sessions = social_table_open("user_sessions", AccessShareLock);
	row = social_place_find(sessions, session_id, snapshot);
	live = row != NULL && is_live(row, RelationGetDescr(sessions), user_id);
	if (row != NULL)
		heap_freetuple(row);
	table_close(sessions, AccessShareLock);
	return live;
}

int64
social_session_parse(const char *sid)
{
	int64 id;

	/* The shortest form alone, so that one session has one name. */
	if (sid == NULL || sid[0] < '1' || sid[0] > '9' || strlen(sid) > 19 ||
		strspn(sid, "0123456789") != strlen(sid))
		return 0;
	errno = 0;
	id = strtoll(sid, NULL, 10);
	return errno == 0 ? id : 0;
}

/* session_is_live(session_id bigint, user_id bigint) boolean */
Datum
social_session_is_live_sql(PG_FUNCTION_ARGS)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	bool live = social_session_is_live(PG_GETARG_INT64(0), PG_GETARG_INT64(1), snapshot);

	UnregisterSnapshot(snapshot);
	PG_RETURN_BOOL(live);
}

/* ---- refresh tokens -------------------------------------------------------------------------- */

/* refresh_token_new() text: a random one. */
Datum
social_refresh_token_new(PG_FUNCTION_ARGS)
{
	unsigned char bytes[PG_SHA256_DIGEST_LENGTH];
	char token[REFRESH_TOKEN_SIZE];

	if (!pg_strong_random(bytes, sizeof(bytes)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
	social_base64url_encode(bytes, sizeof(bytes), token);
	PG_RETURN_TEXT_P(cstring_to_text(token));
}

/*
 * refresh_token_next(token text, family_secret bytea) text: the token that follows this one in its
 * family. It takes the token to know it, and the table holds but its hash: whoever reads the tables
 * cannot go on with anybody's session.
 */
Datum
social_refresh_token_next(PG_FUNCTION_ARGS)
{
	text *token = PG_GETARG_TEXT_PP(0);
	bytea *secret = PG_GETARG_BYTEA_PP(1);
	unsigned char mac[PG_SHA256_DIGEST_LENGTH];
	char next[REFRESH_TOKEN_SIZE];
	pg_hmac_ctx *context = pg_hmac_create(PG_SHA256);

	if (context == NULL ||
		pg_hmac_init(context, (const uint8 *) VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret)) < 0 ||
		pg_hmac_update(context, (const uint8 *) VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token)) < 0 ||
		pg_hmac_final(context, mac, sizeof(mac)) < 0)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not make a refresh token")));
	pg_hmac_free(context);
	social_base64url_encode(mac, sizeof(mac), next);
	PG_RETURN_TEXT_P(cstring_to_text(next));
}
