/*
 * statement_log.c owns how much the server's log is told about the statements of a request.
 *
 * Only errors of requests are touched. Whoever writes SQL by himself, in whatever database of the
 * server, finds his statements in the log as they were.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/elog.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "base/errors.h"
#include "base/init.h"
#include "base/statement_log.h"

#define STATEMENT_MAX 500 /* bytes */

static LocalTransactionId request = InvalidLocalTransactionId;
static bool log_refusals = true;
static emit_log_hook_type previous_emit_log;

/* Does the statement open the request itself? It may fail before that. */
static bool
opens_request(void)
{
	return debug_query_string != NULL && strstr(debug_query_string, "social.admit(") != NULL;
}

static bool
is_of_request(void)
{
	return opens_request() || (request != InvalidLocalTransactionId && MyProc != NULL &&
							   request == SOCIAL_LOCAL_TRANSACTION_ID);
}

/* The memory that is current lives as long as the error; detail_log is for the log alone. */
static void
cut_statement(ErrorData *edata)
{
	int len = (int) strlen(debug_query_string);
	int kept = pg_mbcliplen(debug_query_string, len, STATEMENT_MAX);
	const char *detail = edata->detail_log ? edata->detail_log : edata->detail;

	edata->hide_stmt = true;
	edata->detail_log = psprintf("%s%sStatement of %d bytes, cut: %.*s", detail ? detail : "",
								 detail ? " " : "", len, kept, debug_query_string);
}

/* Is it one of our own errors, which tell a caller why not? */
static bool
is_refusal(const ErrorData *edata)
{
	return edata->elevel == ERROR && ERRCODE_TO_CATEGORY(edata->sqlerrcode) ==
										 ERRCODE_TO_CATEGORY(ERRCODE_SOCIAL_BAD_REQUEST);
}

static void
on_log(ErrorData *edata)
{
	if (previous_emit_log)
		previous_emit_log(edata);
	if (!log_refusals && is_refusal(edata) && is_of_request())
		edata->output_to_server = false;
	if (edata->elevel >= ERROR && edata->elevel >= log_min_error_statement && !edata->hide_stmt &&
		edata->sqlerrcode != ERRCODE_OUT_OF_MEMORY && is_of_request() &&
		debug_query_string != NULL && strlen(debug_query_string) > STATEMENT_MAX)
		cut_statement(edata);
}

void
social_log_request(void)
{
	request = SOCIAL_LOCAL_TRANSACTION_ID;
}

void
social_statement_log_init(void)
{
	DefineCustomBoolVariable("social.log_refusals",
							 "Tells the server's log why requests of bridges are refused.",
							 "A bridge turns it off where it asks once more, field by field, for "
							 "what was refused, and logged, as a whole.",
							 &log_refusals, true, PGC_USERSET, 0, NULL, NULL, NULL);
	previous_emit_log = emit_log_hook;
	emit_log_hook = on_log;
}
