/*
 * foreign.c owns the tokens that only the database can check.
 */
#include "auth/foreign.h"

#include <stdlib.h>
#include <string.h>

#include "auth/cache.h"
#include "caller/caller.h"
#include "core/api_key.h"
#include "core/base64url.h"
#include "error/errors.h"
#include "base/memory.h"
#include "pg/pool.h"

/* The second part of a token, read as JSON; NULL when it is none. */
static json_t *
unchecked_claims(const char *token, size_t len)
{
	const char *first = memchr(token, '.', len);
	const char *claims = first ? first + 1 : NULL;
	const char *second = claims ? memchr(claims, '.', len - (size_t) (claims - token)) : NULL;
	char text[SOCIAL_JWT_MAX_LENGTH];
	size_t size;

	if (second == NULL ||
		!social_base64url_decode(claims, (size_t) (second - claims), text, sizeof(text), &size))
		return NULL;
	return json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
}

static bool
names_a_secret(const struct sb_keys *keys, const char *token, size_t len)
{
	struct social_jwt_header header;
	const struct sb_key *key;

	if (social_jwt_peek(token, len, &header) != SOCIAL_JWT_OK || !header.has_kid)
		return false;
	key = sb_keys_find(keys, header.kid);
	return key && !key->is_public;
}

static bool
names_an_issuer(const struct sb_keys *keys, const char *token, size_t len)
{
	json_t *claims;
	json_t *issuer;
	const char *name;
	size_t i;
	bool found = false;

	if (json_array_size(keys->issuers) == 0)
		return false;
	claims = unchecked_claims(token, len);
	name = json_string_value(json_object_get(claims, "iss"));
	json_array_foreach(keys->issuers, i, issuer) found |=
		name && json_is_string(issuer) && strcmp(json_string_value(issuer), name) == 0;
	json_decref(claims);
	return found;
}

bool
sb_foreign_is(const struct sb_keys *keys, const char *token, size_t len)
{
	return social_api_key_is(token, len) || names_a_secret(keys, token, len) ||
		   names_an_issuer(keys, token, len);
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct question
{
	struct sb_pg_unit unit;
	const char *values[1];
	void (*on_answer)(void *arg, bool answered, const struct sb_token_owner *owner);
	void *arg;
};

static int64_t
number(const PGresult *result, int column)
{
	return PQgetisnull(result, 0, column) ? 0 : strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

/* The scopes of an API key, with blanks between; what nobody knows here says nothing. */
static uint32_t
scopes_in(const PGresult *result, int column)
{
	const char *at = PQgetvalue(result, 0, column);
	uint32_t scopes = SB_SCOPE_ANY;

	while (*at)
	{
		size_t len = strcspn(at, " ");

		scopes |= social_scope_named(at, len);
		at += len + (at[len] == ' ');
	}
	return scopes;
}

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct question *question = (struct question *) unit;
	struct sb_token_owner owner = {0};
	bool answered = outcome == SB_PG_OK ||
					(outcome == SB_PG_ERROR && sb_error_from_result(unit->error).status < 500);

	if (outcome == SB_PG_OK && PQntuples(unit->results[0]) == 1)
	{
		owner.user_id = number(unit->results[0], 0);
		owner.session_id = number(unit->results[0], 1);
		owner.exp = number(unit->results[0], 2);
		owner.scopes = scopes_in(unit->results[0], 4);
	}
	sb_pg_unit_clear(unit);
	question->on_answer(question->arg, answered, owner.user_id > 0 ? &owner : NULL);
	free(question);
}

void
sb_foreign_ask(struct sb_pg_pool *pool, const char *token,
			   void (*on_answer)(void *arg, bool answered, const struct sb_token_owner *owner),
			   void *arg)
{
	static const char sql[] = "SELECT t.user_id, t.session_id, extract(epoch FROM "
							  "t.expires_at)::bigint, t.error_code, "
							  "social.api_key_scopes(t.session_id) FROM social.verify_token($1) t";
	struct question *question = sb_calloc(1, sizeof(*question));

	question->values[0] = token;
	question->on_answer = on_answer;
	question->arg = arg;
	question->unit.on_done = on_done;
	sb_pg_unit_add(&question->unit, sb_pg_statement_id(sql), sql, 1, question->values);
	if (!sb_pg_pool_submit(pool, SB_LANE_READ, &question->unit))
		on_done(&question->unit, SB_PG_LOST);
}
