/*
 * graphql_document.c owns which document is run: one that comes as it is, or one that is named.
 */
#include "api/graphql_document.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "api/graphql_run.h"
#include "base/arena.h"
#include "base/config.h"
#include "loop/loop.h"

static struct sb_graphql *
library_of(const struct sb_graphql_run *run)
{
	return run->admission->services->graphql;
}

/* For how long a loop knows what the database said, so that what is removed there is gone. */
#define KNOWN_MS 60000

/* Whether a document has the hash that its id promises. */
static bool
is_hash_of(const char *id, const struct sb_graphql_request *asked)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char name[sizeof("sha256:") + 2 * SHA256_DIGEST_LENGTH] = "sha256:";
	char *at = name + strlen(name);

	SHA256((const unsigned char *) asked->document, asked->document_len, hash);
	for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
		at += sprintf(at, "%02x", hash[i]);
	return strcmp(id, name) == 0;
}

/* Runs a document that was named, if the loop knows it. */
static bool
execute_known(struct sb_graphql_run *run)
{
	struct sb_graphql_request *asked = &run->asked;
	const char *text =
		sb_graphql_find_document(library_of(run), run->document_id,
								 run->admission->services->loop->now_ms, &asked->document_len);

	if (text == NULL)
		return false;
	asked->document = sb_arena_copy(run->admission->arena, text, asked->document_len);
	sb_graphql_run_execute(run);
	return true;
}

static void
on_document(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_graphql_run *run = unit->owner;
	const PGresult *result = outcome == SB_PG_OK ? unit->results[1] : NULL;

	if (outcome != SB_PG_OK)
	{
		run->asker->on_failure(run, outcome);
		return;
	}
	if (!PQgetisnull(result, 0, 0))
		sb_graphql_keep_document(library_of(run), run->document_id, PQgetvalue(result, 0, 0),
								 (size_t) PQgetlength(result, 0, 0),
								 run->admission->services->loop->now_ms + KNOWN_MS);
	if (!execute_known(run))
		sb_graphql_run_refuse(run, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
}

/* Looks a document up that was named, in the loop's memory and then in the database. */
static void
look_up(struct sb_graphql_run *run)
{
	static const char sql[] = "SELECT social.graphql_document($1)";

	if (execute_known(run))
		return;
	sb_graphql_run_begin_unit(run, on_document);
	sb_pg_unit_add(&run->admission->unit, sb_pg_statement_id(sql), sql, 1, &run->document_id);
	sb_graphql_run_send_unit(run, SB_LANE_READ);
}

/*
 * A document may be named by its id alone, or come with its hash, to be known by it from then on
 * (Apollo's automatic persisted queries): in the loop's memory, which strangers may fill, and not
 * in the database, which holds what its administrators put there.
 */
void
sb_graphql_run(struct sb_graphql_run *run)
{
	const char *mode = run->admission->services->loop->config->graphql_documents;
	bool is_off = strcmp(mode, "off") == 0;
	bool is_only = strcmp(mode, "only") == 0;

	if (run->document_id == NULL && is_only)
		sb_graphql_run_refuse(run, "FORBIDDEN", "Only documents that are known here are run");
	else if (run->document_id == NULL || (is_off && run->asked.document))
		sb_graphql_run_execute(run);
	else if (is_off)
		sb_graphql_run_refuse(run, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
	else if (run->asked.document && !is_hash_of(run->document_id, &run->asked))
		sb_graphql_run_refuse(run, "BAD_USER_INPUT", "The hash is not that of the document");
	else if (run->asked.document && !is_only)
	{
		sb_graphql_keep_document(library_of(run), run->document_id, run->asked.document,
								 run->asked.document_len, UINT64_MAX);
		sb_graphql_run_execute(run);
	}
	else
		look_up(run);
}
