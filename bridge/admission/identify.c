/*
 * identify.c owns finding out who a caller is.
 */
#include "admission/identify.h"

#include <string.h>

#include "admission/admission.h"
#include "admission/services.h"
#include "auth/auth.h"
#include "auth/cache.h"
#include "auth/session.h"
#include "base/arena.h"
#include "core/api_key.h"
#include "ratelimit/limits.h"

typedef void (*on_verdict)(struct sb_admission *admission, const struct sb_error *refusal);

static void
refuse_unidentified(struct sb_admission *admission, on_verdict on_refused, const char *message)
{
	struct sb_error error = {401, sb_error_code(401), message, NULL, NULL};

	on_refused(admission, &error);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* A check of the caller's token; in the arena. */
struct identification
{
	struct sb_auth_check check;
	struct sb_admission *admission;
	struct sb_purpose purpose;    /* what he came for */
	enum sb_auth_outcome outcome; /* so far */
	on_verdict on_identified;
};

static void
accept_token(struct identification *token, struct sb_token_owner *owner)
{
	struct sb_admission *admission = token->admission;

	sb_caller_set_owner(admission->caller, owner->user_id, owner->session_id, owner->scopes);
	admission->caller->expires_at = owner->exp;
	/* What it was counted as before anybody knew whose it is does not count for its owner. */
	sb_admission_count_anew(admission, &token->purpose);
	sb_session_seen(admission->services->pool, admission->caller, owner);
	token->on_identified(admission, NULL);
}

static const char *
problem_of(const char *token)
{
	size_t len = strlen(token);
	enum social_api_key_result result;

	if (!social_api_key_is(token, len))
		return "the token is not valid or has expired";
	result = social_api_key_check(token, len);
	return result == SOCIAL_API_KEY_OK ? "the API key is unknown, has expired or was revoked"
									   : social_api_key_result_text(result);
}

static void
refuse_token(struct identification *token)
{
	refuse_unidentified(token->admission, token->on_identified, problem_of(token->check.token));
}

/* The attempt is counted: the token is refused, or asked about where that is dear. */
static void
go_on(struct identification *token)
{
	if (token->outcome == SB_AUTH_COSTLY)
		sb_auth_ask(token->admission->services->auth, &token->check);
	else
		refuse_token(token);
}

static void
on_token_counted(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct identification *token = unit->owner;
	struct sb_error error = {.status = 0};

	if (outcome == SB_PG_ERROR || outcome == SB_PG_REFUSED)
		error = sb_admission_error(token->admission, outcome);
	if (error.status == 429 || outcome == SB_PG_REFUSED)
		token->on_identified(token->admission, &error);
	else
		go_on(token);
}

/*
 * Counts a token that is no good, or not yet known to be, as an attempt of the address: it meets
 * the limits of every surface, and none of a surface's own.
 */
static void
count_token(struct identification *token)
{
	static const struct sb_purpose attempt = {.surface = "rest"};
	struct sb_admission *admission = token->admission;

	if (sb_limits_store(admission->services->limits) != SB_LIMIT_OFF)
	{
		sb_admission_count_anew(admission, &attempt);
		sb_admission_begin(admission, on_token_counted);
		admission->unit.owner = token;
		if (sb_admission_send(admission, SB_LANE_READ))
			return;
	}
	go_on(token);
}

static void
on_checked(void *arg, enum sb_auth_outcome outcome, struct sb_token_owner *owner)
{
	struct identification *token = arg;
	struct sb_error error = sb_error_unavailable();
	bool was_counted = token->outcome == SB_AUTH_COSTLY;

	token->outcome = outcome;
	if (outcome == SB_AUTH_OK)
		accept_token(token, owner);
	else if (outcome == SB_AUTH_UNAVAILABLE)
		token->on_identified(token->admission, &error);
	else if (was_counted)
		refuse_token(token);
	else
		count_token(token);
}

void
sb_admission_identify(struct sb_admission *admission, const char *token_text,
					  on_verdict on_identified)
{
	struct identification *token = sb_arena_alloc(admission->arena, sizeof(*token));

	*token = (struct identification){.admission = admission,
									 .purpose = admission->caller->purpose,
									 .outcome = SB_AUTH_INVALID,
									 .on_identified = on_identified};
	token->check.token = token_text;
	token->check.on_checked = on_checked;
	token->check.arg = token;
	sb_auth_check(admission->services->auth, &token->check);
}

/* ---- API keys -------------------------------------------------------------------------------- */

/* As social.require_scope() and social.require_login() say it. */
struct sb_error
sb_admission_lacks(uint32_t scope)
{
	static const struct sb_error none = {403, "NOT_FOR_KEYS", "this is not for API keys",
										 "Log in to do it.", NULL};
	static const char *const details[SOCIAL_SCOPES] = {
		"It lacks the scope read.", "It lacks the scope write.", "It lacks the scope sports:write.",
		"It lacks the scope admin:read.", "It lacks the scope admin:write."};

	for (int i = 0; i < SOCIAL_SCOPES; i++)
		if (scope == UINT32_C(1) << i)
			return (struct sb_error){403, "SCOPE_MISSING", "the API key may not do this",
									 details[i], NULL};
	return none;
}

/* ---- strangers ------------------------------------------------------------------------------- */

/* A stranger's attempt; in the arena. */
struct attempt
{
	struct sb_admission *admission;
	on_verdict on_refused;
};

static void
refuse_stranger(struct attempt *attempt)
{
	refuse_unidentified(attempt->admission, attempt->on_refused, "authentication is required");
}

static void
on_attempt_counted(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct attempt *attempt = unit->owner;
	struct sb_error error = {.status = 0};

	if (outcome == SB_PG_ERROR || outcome == SB_PG_REFUSED)
		error = sb_admission_error(attempt->admission, outcome);
	if (error.status == 429)
		attempt->on_refused(attempt->admission, &error);
	else
		refuse_stranger(attempt);
}

void
sb_admission_turn_away(struct sb_admission *admission, on_verdict on_refused)
{
	struct attempt *attempt = sb_arena_alloc(admission->arena, sizeof(*attempt));

	*attempt = (struct attempt){.admission = admission, .on_refused = on_refused};
	sb_admission_begin(admission, on_attempt_counted);
	admission->unit.owner = attempt;
	if (!sb_admission_send(admission, SB_LANE_READ))
		refuse_stranger(attempt);
}
