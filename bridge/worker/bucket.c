/*
 * bucket.c owns telling a bucket what it must know (bucket.h). An address is a secret for as long
 * as it is good, so none is printed.
 */
#include "worker/bucket.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/config.h"
#include "base/config_form.h"
#include "base/memory.h"
#include "pg/target.h"
#include "worker/batch.h"

#define ANSWER_MAX 4096 /* bytes of an answer that are looked at */

enum outcome
{
	SKIPPED,
	DONE,
	REFUSED, /* which does not matter */
	FAILED
};

/* ---- whose pages ----------------------------------------------------------------------------- */

/* The origins of a list, as cors.c reads it; path: they may be URLs. */
static void
put_origins(struct sb_buffer *array, const char *list, bool path)
{
	while (list && *list)
	{
		size_t len = strcspn(list, ", ");
		char *origin = len > 0 ? sb_form_origin(list, len, path) : NULL;

		if (len == 1 && *list == '*' && !path)
			sb_batch_put_text(array, "*");
		else if (origin)
			sb_batch_put_text(array, origin);
		free(origin);
		list += len;
		list += strspn(list, ", ");
	}
}

/* ---- the database ---------------------------------------------------------------------------- */

/* The requests; NULL, and said why. */
static PGresult *
read_requests(PGconn *pg, const struct sb_config *config)
{
	static const char sql[] =
		"SELECT what, is_needed, method, url, content_md5, body, after FROM "
		"social.bucket_requests(origins => $1::text[], client_delete => $2::boolean)";
	struct sb_buffer origins = {0};
	const char *values[2];
	PGresult *requests;

	put_origins(&origins, config->cors_allowed_origins, false);
	put_origins(&origins, config->frontend_url, true);
	values[0] = sb_batch_end(&origins);
	values[1] = config->aws_s3_client_delete ? "true" : "false";
	requests = PQexecParams(pg, sql, 2, NULL, values, NULL, NULL, 0);
	sb_buffer_free(&origins);
	if (PQresultStatus(requests) == PGRES_TUPLES_OK)
		return requests;
	fprintf(stderr, "the database refuses: %s\n", PQresultErrorMessage(requests));
	if (strcmp(PQresultErrorField(requests, PG_DIAG_SQLSTATE)
				   ? PQresultErrorField(requests, PG_DIAG_SQLSTATE)
				   : "",
			   "SM409") == 0)
		fputs("A bridge that starts with USE_S3=on tells it which bucket is meant, as does "
			  "social.set_media_store().\n",
			  stderr);
	PQclear(requests);
	return NULL;
}

/* ---- requests -------------------------------------------------------------------------------- */

struct answer
{
	char text[ANSWER_MAX];
	size_t len;
};

static size_t
on_answer(char *bytes, size_t size, size_t count, void *arg)
{
	struct answer *answer = arg;
	size_t room = sizeof(answer->text) - 1 - answer->len;
	size_t len = size * count < room ? size * count : room;

	memcpy(answer->text + answer->len, bytes, len);
	answer->len += len;
	return size * count;
}

/* What an error of S3 is called, "<Code>…</Code>"; cut into the answer. */
static const char *
code_of(struct answer *answer)
{
	char *code = strstr(answer->text, "<Code>");
	char *end = code ? strstr(code, "</Code>") : NULL;

	if (end == NULL)
		return "";
	*end = '\0';
	return code + strlen("<Code>");
}

/* Sends a row of the requests; what came of it is said. */
static enum outcome
send_request(CURL *easy, const PGresult *requests, int row)
{
	const char *what = PQgetvalue(requests, row, 0);
	bool is_needed = *PQgetvalue(requests, row, 1) == 't';
	const char *body = PQgetvalue(requests, row, 5);
	struct answer answer = {.len = 0};
	struct curl_slist *headers = NULL;
	char problem[CURL_ERROR_SIZE] = "";
	char md5[128];
	CURLcode result;
	long status = 0;

	snprintf(md5, sizeof(md5), "Content-MD5: %s", PQgetvalue(requests, row, 4));
	headers = sb_checked(curl_slist_append(headers, md5));
	headers = sb_checked(curl_slist_append(headers, "Content-Type: application/xml"));
	headers = sb_checked(curl_slist_append(headers, "Expect:"));
	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, PQgetvalue(requests, row, 3));
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, PQgetvalue(requests, row, 2));
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long) strlen(body));
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
	result = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	answer.text[answer.len] = '\0';
	if (result == CURLE_OK && status >= 200 && status < 300)
	{
		printf("%s: done\n", what);
		return DONE;
	}
	if (result != CURLE_OK)
		fprintf(stderr, "%s: %s\n", what, *problem ? problem : curl_easy_strerror(result));
	else
		fprintf(stderr, "%s: the store answers %ld %s%s\n", what, status, code_of(&answer),
				is_needed ? "" : ", and can do without");
	return result == CURLE_OK && !is_needed ? REFUSED : FAILED;
}

/* All of them, in their order. Whether all that is needed was done. */
static bool
send_requests(CURL *easy, const PGresult *requests)
{
	enum outcome before = SKIPPED;
	bool is_done = true;

	for (int row = 0; row < PQntuples(requests); row++)
	{
		const char *after = PQgetvalue(requests, row, 6);

		if (PQgetisnull(requests, row, 6) ||
			(strcmp(after, "done") == 0 ? before == DONE : before == FAILED || before == REFUSED))
			before = send_request(easy, requests, row);
		else
			before = SKIPPED;
		is_done = is_done && before != FAILED;
	}
	return is_done;
}

int
sb_bucket_configure(const struct sb_config *config)
{
	PGconn *pg = sb_pg_target_wait(config);
	PGresult *requests = NULL;
	CURL *easy = sb_checked(curl_easy_init());
	bool is_done;

	if (PQstatus(pg) != CONNECTION_OK)
		fprintf(stderr, "the database is not there: %s", PQerrorMessage(pg));
	else
		requests = read_requests(pg, config);
	is_done = requests != NULL && send_requests(easy, requests);
	PQclear(requests);
	PQfinish(pg);
	curl_easy_cleanup(easy);
	return is_done ? 0 : 1;
}
