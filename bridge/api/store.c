/*
 * store.c owns what the settings say of the store of files (store.h).
 */
#include "api/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "base/config.h"
#include "base/log.h"
#include "base/memory.h"
#include "pg/pool.h"

#define NVALUES 14

struct telling
{
	struct sb_pg_unit unit;
	char public_url[512];
	char upload_seconds[16];
	char signed_seconds[16];
	const char *values[NVALUES];
};

static bool
is_s3(const struct sb_config *config)
{
	return strcmp(config->use_s3, "on") == 0;
}

void
sb_store_check(const struct sb_config *config, struct sb_problems *problems)
{
	const struct
	{
		const char *name;
		const char *value;
	} needed[] = {
		{"AWS_ACCESS_KEY_ID", config->aws_access_key_id},
		{"AWS_SECRET_ACCESS_KEY", config->aws_secret_access_key},
		{"AWS_STORAGE_BUCKET_NAME", config->aws_storage_bucket_name},
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
	{
		if (is_s3(config) && needed[i].value == NULL)
			sb_problem_error(problems, "USE_S3 is on, and %s is not set", needed[i].name);
		else if (!is_s3(config) && needed[i].value != NULL)
			sb_problem_warning(problems, "%s is set, and USE_S3 is not on", needed[i].name);
	}
	if ((config->aws_cloudfront_key_id == NULL) != (config->aws_cloudfront_key == NULL))
		sb_problem_error(problems, "AWS_CLOUDFRONT_KEY_ID and AWS_CLOUDFRONT_KEY are set together");
	else if (config->aws_cloudfront_key_id && config->aws_s3_custom_domain == NULL)
		sb_problem_error(problems, "AWS_CLOUDFRONT_KEY_ID is set, and AWS_S3_CUSTOM_DOMAIN is not");
	else if (is_s3(config) && config->aws_s3_custom_domain && config->aws_cloudfront_key_id == NULL)
		sb_problem_warning(problems, "AWS_S3_CUSTOM_DOMAIN without AWS_CLOUDFRONT_KEY_ID: whoever "
									 "guesses an address there reads media of any post");
}

static void
on_told(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct telling *telling = (struct telling *) unit;

	if (outcome == SB_PG_ERROR)
		sb_log(SB_LOG_ERROR, "the settings of the store of files do not fit", "error",
			   PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	else if (outcome != SB_PG_OK)
		sb_log(SB_LOG_WARNING, "the database has not heard of the store of files", NULL, NULL);
	sb_pg_unit_clear(unit);
	free(telling);
}

/* What is null stays as it is in the database. */
static void
fill(struct telling *telling, const struct sb_config *config)
{
	bool is_auto = strcmp(config->use_s3, "auto") == 0;
	const char **values = telling->values;

	snprintf(telling->upload_seconds, sizeof(telling->upload_seconds), "%d",
			 config->upload_url_expiration);
	snprintf(telling->signed_seconds, sizeof(telling->signed_seconds), "%d",
			 config->media_url_expiration);
	values[0] = is_auto ? NULL : is_s3(config) ? "false" : "true";
	values[1] = is_s3(config) ? config->aws_s3_endpoint_url : config->media_url;
	if (!is_auto && values[1] == NULL)
		values[1] = "";
	if (is_s3(config))
	{
		values[2] = config->aws_storage_bucket_name;
		values[3] = config->aws_s3_region_name;
		values[4] = strcmp(config->aws_s3_addressing_style, "path") == 0 ? "true" : "false";
		values[5] = config->aws_access_key_id;
		values[6] = config->aws_secret_access_key;
		snprintf(telling->public_url, sizeof(telling->public_url), "%s%s",
				 config->aws_s3_custom_domain ? "https://" : "",
				 config->aws_s3_custom_domain ? config->aws_s3_custom_domain : "");
		values[7] = telling->public_url;
		values[12] = config->aws_cloudfront_key_id ? config->aws_cloudfront_key_id : "";
		values[13] = config->aws_cloudfront_key ? config->aws_cloudfront_key : "";
	}
	values[8] = telling->upload_seconds;
	values[9] = telling->signed_seconds;
	values[10] = config->max_file_size;
	values[11] = config->allowed_file_types ? config->allowed_file_types : "";
}

void
sb_store_tell(struct sb_services *services)
{
	static const char sql[] =
		"SELECT social.set_media_store(is_local => $1::boolean, endpoint => $2::text, bucket => "
		"$3::text, region => $4::text, path_style => $5::boolean, access_key => $6::text, "
		"secret_key => $7::text, public_url => $8::text, upload_seconds => $9::integer, "
		"signed_seconds => $10::integer, max_size => pg_size_bytes($11::text), extensions => "
		"string_to_array(lower(translate($12::text, ' .', '')), ','), cdn_key_id => $13::text, "
		"cdn_private_key => $14::text)";
	struct telling *telling;

	if (sb_pg_pool_is_standby(services->pool))
		return;
	telling = sb_calloc(1, sizeof(*telling));
	fill(telling, services->loop->config);
	telling->unit.on_done = on_told;
	sb_pg_unit_add(&telling->unit, sb_pg_statement_id(sql), sql, NVALUES, telling->values);
	if (!sb_pg_pool_submit(services->pool, SB_LANE_SLOW, &telling->unit))
		free(telling);
}
