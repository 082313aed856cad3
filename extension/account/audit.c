/*
 * audit.c owns what the audit log needs from the server: where a request comes from, and the
 * refusal to change what has been written down.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "account/audit.h"
#include "base/guard.h"
#include "base/init.h"

#define CLIENT_ADDRESS_MAX_LENGTH 100

PG_FUNCTION_INFO_V1(social_set_client_address);
PG_FUNCTION_INFO_V1(social_append_only);

static char *client_address;

void
social_audit_init(void)
{
	DefineCustomStringVariable(
		"social.client_address",
		"Where the request comes from, as the audit log notes it; set by set_client_address only.",
		NULL, &client_address, "", PGC_SUSET,
		GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE | GUC_NO_RESET_ALL, NULL, NULL, NULL);
}

void
social_client_address_set(const char *address)
{
	char shortened[CLIENT_ADDRESS_MAX_LENGTH + 1];

	if (strcmp(address, client_address) == 0)
		return;
	strlcpy(shortened, address,
			1 + pg_mbcliplen(address, strlen(address), CLIENT_ADDRESS_MAX_LENGTH));
	(void) set_config_option("social.client_address", shortened, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
}

/*
 * set_client_address(address text): for the rest of the transaction, requests come from there; null
 * or '' means the address of the connection. A bridge calls it for its client.
 */
Datum
social_set_client_address(PG_FUNCTION_ARGS)
{
	social_client_address_set(PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_VOID();
}

/*
 * BEFORE UPDATE, DELETE or TRUNCATE of a table whose rows are only added, each row or statement.
 * Restores and retention (social.restoring) pass; so does a superuser who says so.
 */
Datum
social_append_only(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("not called as a trigger")));
	if (!social_restoring())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("rows of %s are only added, never changed or removed",
							   RelationGetRelationName(trigger->tg_relation)),
						errhint("Retention removes old ones: see social.set_retention().")));
	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		return PointerGetDatum(NULL);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple
																	  : trigger->tg_trigtuple);
}
