/*
 * errors.c owns the table from SQLSTATE to HTTP status and code, and the error body.
 */
#include "error/errors.h"

#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "error/hints.h"

/* A state, or a class of them (two characters); the first row that fits counts. */
struct row
{
	const char *sqlstate;
	int status;
	const char *message; /* NULL: public, the server's own texts are for the client */
	const char *code;    /* NULL: the status's */
};

static const char unavailable[] = "the service is not available at the moment, try again";
static const char late[] = "the request took too long";
static const char busy[] = "somebody else is changing the same, try again";
static const char read_only[] = "nothing can be changed at the moment, only read";
static const char internal[] = "something went wrong on our side";

static const struct row rows[] = {
	{"SM400", 400, NULL},
	{"SM401", 401, NULL},
	{"SM403", 403, NULL},
	{"SM404", 404, NULL},
	{"SM409", 409, NULL},
	{"SM410", 410, NULL, "RESYNC"}, /* the event log does not reach back so far */
	{"SM412", 412, NULL},
	{"SM422", 422, NULL},
	{"SM423", 409, NULL, "IN_PROGRESS"}, /* of an idempotency key; so is SM208, for a moment */
	{"SM208", 409, NULL, "IN_PROGRESS"},
	{"SM429", 429, NULL},
	{"22", 400, NULL}, /* data exceptions: out of range, malformed, not in encoding */
	{"23505", 409, "already exists"},       /* a race that the function's own check lost */
	{"25006", 503, read_only, "READ_ONLY"}, /* the database is a standby */
	{"55P03", 503, busy, "BUSY"},           /* LOCK_TIMEOUT */
	{"40", 503, unavailable},               /* deadlock, serialization: a second try works */
	{"57014", 504, late},                   /* statement_timeout */
	{"57", 503, unavailable},               /* shutdown, restart, crash of another backend */
	{"53", 503, unavailable},               /* no connection slot, memory or disk left */
	{"08", 503, unavailable},               /* connection trouble */
	{"0A000", 503, unavailable}, /* the extension was upgraded under a prepared statement */
	{"26000", 503, unavailable}, /* likewise: prepared again by the next request */
	{"", 500, internal},
};

struct code_row
{
	int status;
	const char *code;
};

static const struct code_row codes[] = {
	{400, "BAD_REQUEST"},
	{401, "UNAUTHENTICATED"},
	{403, "FORBIDDEN"},
	{404, "NOT_FOUND"},
	{405, "METHOD_NOT_ALLOWED"},
	{406, "NOT_ACCEPTABLE"},
	{408, "TIMEOUT"},
	{409, "CONFLICT"},
	{410, "GONE"},
	{411, "LENGTH_REQUIRED"},
	{412, "PRECONDITION_FAILED"},
	{413, "PAYLOAD_TOO_LARGE"},
	{414, "URI_TOO_LONG"},
	{415, "UNSUPPORTED_MEDIA_TYPE"},
	{422, "UNPROCESSABLE"},
	{429, "RATE_LIMITED"},
	{431, "HEADERS_TOO_LARGE"},
	{503, "UNAVAILABLE"},
	{504, "TIMEOUT"},
	{505, "VERSION_NOT_SUPPORTED"},
};

const char *
sb_error_code(int status)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return "INTERNAL";
}

const char *
sb_error_refusal(int status)
{
	switch (status)
	{
		case 408:
			return "the request did not arrive in time";
		case 413:
			return "the request body is too large";
		case 414:
			return "the request target is too long";
		case 431:
			return "the head of the request is too large";
		case 505:
			return "this version of HTTP is not spoken here";
		default:
			return "the request is not well-formed HTTP";
	}
}

/* A text that the server sends, or NULL when it says nothing. */
static const char *
field(const PGresult *result, int code)
{
	const char *text = PQresultErrorField(result, code);

	return text && *text ? text : NULL;
}

static const struct row *
row_of(const char *sqlstate)
{
	const struct row *row = rows;

	while (strncmp(sqlstate, row->sqlstate, strlen(row->sqlstate)) != 0)
		row++;
	return row;
}

static struct sb_error
error_of_state(const char *sqlstate, const char *message, const char *detail)
{
	const struct row *row = row_of(sqlstate);
	struct sb_error error = {row->status, row->code ? row->code : sb_error_code(row->status),
							 row->message, NULL, NULL};

	if (row->message == NULL)
	{
		error.message = message;
		error.detail = detail;
	}
	return error;
}

/* An id of ours that is there already is no client's doing: a sequence is behind its table. */
static bool
is_primary_key(const char *constraint)
{
	size_t len = constraint ? strlen(constraint) : 0;

	return len > 5 && strcmp(constraint + len - 5, "_pkey") == 0;
}

struct sb_error
sb_error_from_result(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	struct sb_error error;

	if (sqlstate == NULL)
		return sb_error_unavailable(); /* libpq's own: the connection broke */
	if (strcmp(sqlstate, "23505") == 0 &&
		is_primary_key(PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME)))
		sqlstate = "";
	error = error_of_state(sqlstate, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
						   field(result, PG_DIAG_MESSAGE_DETAIL));
	if (strncmp(sqlstate, "SM", 2) == 0) /* the server's own hints are all about SQL */
		error.hint = field(result, PG_DIAG_MESSAGE_HINT);
	return error;
}

/* The text of a column of the first row; NULL when it is null or there is no such column. */
static const char *
column(const PGresult *result, const char *name)
{
	int number = PQfnumber(result, name);

	if (number < 0 || PQgetisnull(result, 0, number) || PQgetlength(result, 0, number) == 0)
		return NULL;
	return PQgetvalue(result, 0, number);
}

bool
sb_error_in_row(const PGresult *result, struct sb_error *error)
{
	const char *sqlstate;
	const char *message;
	const char *name;

	if (PQnfields(result) < 2 || PQntuples(result) != 1)
		return false;
	sqlstate = column(result, "error_code");
	if (sqlstate == NULL)
		return false;
	message = column(result, "error_message");
	*error = error_of_state(sqlstate, message ? message : internal, column(result, "error_detail"));
	name = column(result, "error_name");
	if (name)
		error->code = name;
	return true;
}

struct sb_error
sb_error_unavailable(void)
{
	return (struct sb_error){503, sb_error_code(503), unavailable, NULL, NULL};
}

struct sb_error
sb_error_busy(void)
{
	return error_of_state("55P03", NULL, NULL);
}

struct sb_error
sb_error_read_only(void)
{
	return error_of_state("25006", NULL, NULL);
}

struct sb_error
sb_error_late(void)
{
	return (struct sb_error){504, sb_error_code(504), late, NULL, NULL};
}

void
sb_error_log(const PGresult *result, const char *work, const char *task)
{
	sb_log_begin(SB_LOG_ERROR, "statement failed");
	sb_log_text("request_id", work);
	sb_log_text("route", task);
	sb_log_text("sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE));
	sb_log_text("error", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	sb_log_end();
}

static void
put(struct sb_buffer *buffer, const char *key, const char *text)
{
	sb_buffer_puts(buffer, key);
	if (text)
		sb_buffer_put_json(buffer, text, strlen(text));
	else
		sb_buffer_puts(buffer, "null");
}

char *
sb_error_body(const struct sb_error *error, size_t *len)
{
	struct sb_buffer buffer = {0};
	const char *hint = sb_hint_for(SB_HINT_REST, error->hint);

	put(&buffer, "{\"error\":", error->message);
	put(&buffer, ",\"code\":", error->code);
	put(&buffer, ",\"detail\":", error->detail);
	if (hint)
		put(&buffer, ",\"hint\":", hint);
	sb_buffer_puts(&buffer, "}");
	return sb_buffer_take(&buffer, len);
}

char *
sb_error_problem(const struct sb_error *error, const char *title, size_t *len)
{
	struct sb_buffer buffer = {0};
	const char *hint = sb_hint_for(SB_HINT_REST, error->hint);

	put(&buffer, "{\"type\":\"about:blank\",\"title\":", title);
	sb_buffer_puts(&buffer, ",\"status\":");
	sb_buffer_put_int(&buffer, error->status);
	put(&buffer, ",\"detail\":", error->detail ? error->detail : error->message);
	put(&buffer, ",\"error\":", error->message);
	put(&buffer, ",\"code\":", error->code);
	if (hint)
		put(&buffer, ",\"hint\":", hint);
	sb_buffer_puts(&buffer, "}");
	return sb_buffer_take(&buffer, len);
}
