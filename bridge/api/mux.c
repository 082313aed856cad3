/*
 * mux.c owns what the settings say of Mux (mux.h).
 */
#include "api/mux.h"

#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "pg/pool.h"

struct telling
{
	struct sb_pg_unit unit;
	const char *values[3];
};

static void
on_told(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct telling *telling = (struct telling *) unit;

	if (outcome == SB_PG_ERROR)
		sb_log(SB_LOG_ERROR, "the settings of Mux do not fit", "error",
			   PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	else if (outcome != SB_PG_OK)
		sb_log(SB_LOG_WARNING, "the database has not heard of Mux", NULL, NULL);
	sb_pg_unit_clear(unit);
	free(telling);
}

void
sb_mux_tell(struct sb_services *services)
{
	static const char sql[] =
		"SELECT social.set_mux(is_default => $1::boolean, signing_key_id => $2::text, private_key "
		"=> $3::text)";
	const struct sb_config *config = services->loop->config;
	bool is_auto = strcmp(config->stream_provider, "auto") == 0;
	struct telling *telling;

	if (sb_pg_pool_is_standby(services->pool) || (is_auto && config->mux_private_key == NULL))
		return;
	telling = sb_calloc(1, sizeof(*telling));
	/* What is null stays as it is in the database. */
	telling->values[0] = is_auto                                       ? NULL
						 : strcmp(config->stream_provider, "mux") == 0 ? "true"
																	   : "false";
	telling->values[1] = config->mux_signing_key;
	telling->values[2] = config->mux_private_key;
	telling->unit.on_done = on_told;
	sb_pg_unit_add(&telling->unit, sb_pg_statement_id(sql), sql, 3, telling->values);
	if (!sb_pg_pool_submit(services->pool, SB_LANE_SLOW, &telling->unit))
		free(telling);
}
