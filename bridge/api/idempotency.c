/*
 * idempotency.c owns requests that are done once, however often they are sent.
 */
#include "api/idempotency.h"

#include <sodium.h>
#include <string.h>

#include "http/reply.h"
#include "http/request.h"

#define CLAIM_AT 1 /* behind the admission */
#define NVALUES  3

/* Of one request; in its arena. */
struct sb_idempotency
{
	char key[SB_IDEMPOTENCY_KEY_MAX + 1];
	char hash[2 * crypto_hash_sha256_BYTES + 1];
	const char *values[NVALUES]; /* key, step, hash: what all three statements are told */
};

static const char claim_sql[] = "SELECT social.claim_request($1, $2, $3)";
static const char kept_sql[] = "SELECT k.answer, k.result_id FROM social.kept_answer($1, $2, $3) k";

bool
sb_idempotency_read_key(const char *value, char key[SB_IDEMPOTENCY_KEY_MAX + 1])
{
	size_t len = strlen(value);

	if (len >= 2 && *value == '"' && value[len - 1] == '"')
	{
		value++;
		len -= 2;
	}
	if (len == 0 || len > SB_IDEMPOTENCY_KEY_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (value[i] <= ' ' || value[i] > '~' || strchr(",\"\\", value[i]))
			return false;
	memcpy(key, value, len);
	key[len] = '\0';
	return true;
}

/* What makes two requests the same: method, target and body. */
static void
hash_request(const struct sb_request *request, char *hex, size_t size)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *) request->method_name,
							  strlen(request->method_name) + 1);
	crypto_hash_sha256_update(&state, (const unsigned char *) request->target,
							  request->target_len + 1);
	crypto_hash_sha256_update(&state, (const unsigned char *) request->body, request->body_len);
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(hex, size, hash, sizeof(hash));
}

bool
sb_idempotency_begin(struct sb_request *request)
{
	const char *value = sb_request_header(request, "Idempotency-Key");
	struct sb_idempotency *idempotency;

	if (value == NULL)
		return true;
	idempotency = sb_arena_alloc(&request->arena, sizeof(*idempotency));
	if (sb_request_count_headers(request, "Idempotency-Key") > 1 ||
		!sb_idempotency_read_key(value, idempotency->key))
	{
		sb_request_fail(request, 400,
						"Idempotency-Key must be one key of 1 to 255 visible characters");
		return false;
	}
	hash_request(request, idempotency->hash, sizeof(idempotency->hash));
	idempotency->values[0] = idempotency->key;
	idempotency->values[1] = "0";
	idempotency->values[2] = idempotency->hash;
	request->idempotency = idempotency;
	return true;
}

void
sb_idempotency_claim(struct sb_request *request, int step)
{
	struct sb_idempotency *idempotency = request->idempotency;

	if (idempotency == NULL)
		return;
	if (step > 0)
		idempotency->values[1] = sb_arena_printf(&request->arena, "%d", step);
	sb_pg_unit_add(&request->admission.unit, sb_pg_statement_id(claim_sql), claim_sql, NVALUES,
				   idempotency->values);
}

void
sb_idempotency_add_answer(struct sb_request *request, const struct sb_pg_statement *statement)
{
	struct sb_pg_unit *unit = &request->admission.unit;
	int n = statement->nparams;
	const char **values;
	const char *sql;

	if (request->idempotency == NULL)
	{
		sb_pg_unit_add(unit, statement->id, statement->sql, n, statement->values);
		return;
	}
	values = sb_arena_alloc(&request->arena, (size_t) (n + NVALUES) * sizeof(*values));
	for (int i = 0; i < n; i++)
		values[i] = statement->values[i];
	memcpy(values + n, request->idempotency->values, sizeof(request->idempotency->values));
	sql = sb_arena_printf(&request->arena,
						  "SELECT a.*, social.keep_answer($%d, $%d, $%d, a.answer::text) AS kept "
						  "FROM (SELECT) one LEFT JOIN (%s) a (answer) ON true",
						  n + 1, n + 2, n + 3, statement->sql);
	sb_pg_unit_add(unit, sb_pg_statement_id(sql), sql, n + NVALUES, values);
}

/* Whether the claim failed, which is behind the admission. */
static bool
claim_failed(const struct sb_request *request, enum sb_pg_outcome outcome)
{
	return request->idempotency && outcome == SB_PG_ERROR &&
		   request->admission.unit.failed_at == CLAIM_AT;
}

bool
sb_idempotency_was_done(const struct sb_request *request, enum sb_pg_outcome outcome)
{
	const char *state;

	if (!claim_failed(request, outcome))
		return false;
	state = PQresultErrorField(request->admission.unit.error, PG_DIAG_SQLSTATE);
	return state && strcmp(state, "SM208") == 0;
}

bool
sb_idempotency_is_refused(const struct sb_request *request, enum sb_pg_outcome outcome)
{
	return claim_failed(request, outcome);
}

bool
sb_idempotency_ask(struct sb_request *request,
				   void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome))
{
	sb_request_set_header(request, "Idempotent-Replayed", "true");
	sb_request_begin_unit(request, on_done);
	sb_pg_unit_add(&request->admission.unit, sb_pg_statement_id(kept_sql), kept_sql, NVALUES,
				   request->idempotency->values);
	/* The lane that writes: a standby may not have it yet. */
	return sb_admission_send(&request->admission, SB_LANE_WRITE);
}
