/*
 * admission_test.c: a caller who is no HTTP request is identified, counted and admitted. It sends
 * chat messages, as a socket would, into the instance's database, with each store of limits. What
 * is linked here ends at bridge/admission/: neither the HTTP library nor a file of bridge/http/ is
 * there.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admission/admission.h"
#include "admission/identify.h"
#include "admission/services.h"
#include "base/arena.h"
#include "base/log.h"
#include "loop/loop.h"
#include "pg/target.h"
#include "ratelimit/limits.h"
#include "tap.h"

#define DEADLINE_S 120
#define MESSAGES   3 /* that one may send: CHAT_MESSAGE_RATE_LIMIT below */

static struct sb_config config;
static struct sb_loop *loop;
static struct sb_services *services;

/* ---- a loop, and the wait for what is under way ---------------------------------------------- */

static bool
turn_until(const bool *is_done)
{
	uint64_t deadline = sb_loop_clock_us() + DEADLINE_S * UINT64_C(1000000);

	while (!*is_done && sb_loop_clock_us() < deadline)
	{
		sb_loop_wait(loop, false);
		sb_loop_deliver(loop);
		sb_services_settle(services);
		sb_loop_run_timers(loop);
	}
	return *is_done;
}

static bool store_answers;

static void
on_status(void *arg, char *json, size_t len)
{
	store_answers |= json != NULL;
	*(bool *) arg = true;
	free(json);
}

/* Redis is connected to while others are served already, uncounted. */
static bool
wait_for_redis(uint64_t deadline)
{
	struct sb_arena arena = {0};
	struct sb_caller nobody = {.purpose = {.surface = "socket"}};

	store_answers = false;
	while (!store_answers && sb_loop_clock_us() < deadline)
	{
		bool is_answered = false;

		sb_limits_status(services->limits, &nobody, &arena, on_status, &is_answered);
		sb_loop_wait(loop, false);
		turn_until(&is_answered);
		sb_services_settle(services);
		sb_arena_free(&arena);
	}
	return store_answers;
}

static bool
begin(const char *store)
{
	char name[] = "test";
	char *arguments[] = {name, NULL};
	struct sb_problems problems = {0};
	uint64_t deadline = sb_loop_clock_us() + DEADLINE_S * UINT64_C(1000000);

	setenv("RATE_LIMITS", "on", 1);
	setenv("RATE_LIMIT_STORE", store, 1);
	setenv("CHAT_MESSAGE_RATE_LIMIT", "3/hour", 1);
	if (sb_config_load(&config, 1, arguments, &problems) != SB_CONFIG_RUN || !sb_log_init("error"))
		return false;
	sb_pg_target_init(&config, &problems);
	sb_limits_check(&config, &problems);
	if (problems.errors)
		return false;
	sb_problems_free(&problems);
	loop = sb_loop_new(&config, 0);
	services = sb_services_new(loop);
	while (!sb_services_all_ready() && sb_loop_clock_us() < deadline)
		turn_until(&services->is_ready);
	return sb_services_all_ready() && (strcmp(store, "redis") != 0 || wait_for_redis(deadline));
}

static void
end(void)
{
	loop->stopping = true;
	sb_services_settle(services);
	sb_services_close(services);
	sb_services_free(services);
	sb_loop_free(loop);
	sb_pg_target_free();
}

/* ---- somebody -------------------------------------------------------------------------------- */

/* A new user's token, malloc'd; *user_id is his. NULL when that goes wrong. */
static char *
log_in(const char *username, int64_t *user_id)
{
	PGconn *pg = PQconnectdb("");
	PGresult *result;
	char *token = NULL;

	PQclear(PQexecParams(pg,
						 "SELECT social.register(username => $1, email => $1 || '@example.com', "
						 "password => 'A long pass phrase')",
						 1, NULL, &username, NULL, NULL, 0));
	result = PQexecParams(pg,
						  "SELECT access, user_id FROM social.login(username => $1, password => "
						  "'A long pass phrase')",
						  1, NULL, &username, NULL, NULL, 0);
	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
	{
		token = strdup(PQgetvalue(result, 0, 0));
		*user_id = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
	}
	else
		printf("# %s", PQerrorMessage(pg));
	PQclear(result);
	PQfinish(pg);
	return token;
}

/* ---- what is done with a caller -------------------------------------------------------------- */

struct message
{
	struct sb_arena arena;
	struct sb_caller caller;
	struct sb_admission admission;
	bool is_done;
	enum sb_pg_outcome outcome;
	int status; /* of the refusal; 0 = there was none */
	char code[32];
	int64_t viewer;
};

static void
keep_refusal(struct message *message, const struct sb_error *refusal)
{
	message->status = refusal ? refusal->status : 0;
	snprintf(message->code, sizeof(message->code), "%s", refusal ? refusal->code : "");
}

static void
on_verdict(struct sb_admission *admission, const struct sb_error *refusal)
{
	struct message *message = admission->owner;

	keep_refusal(message, refusal);
	message->is_done = true;
}

static void
on_sent(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct message *message = unit->owner;
	struct sb_error error = {0};

	message->outcome = outcome;
	if (outcome != SB_PG_OK)
		error = sb_admission_error(&message->admission, outcome);
	keep_refusal(message, outcome == SB_PG_OK ? NULL : &error);
	if (outcome == SB_PG_OK)
		message->viewer = strtoll(PQgetvalue(unit->results[1], 0, 0), NULL, 10);
	message->is_done = true;
}

static void
message_init(struct message *message, const char *address)
{
	memset(message, 0, sizeof(*message));
	snprintf(message->caller.address, sizeof(message->caller.address), "%s", address);
	message->caller.purpose = (struct sb_purpose){.surface = "socket", .action = "chat_message"};
	message->caller.work = "message";
	sb_admission_init(&message->admission, services, &message->caller, &message->arena, message);
}

static void
message_finish(struct message *message)
{
	sb_admission_finish(&message->admission);
	sb_arena_free(&message->arena);
}

static void
send_message(struct message *message)
{
	static const char sql[] = "SELECT social.viewer_id()";

	sb_admission_begin(&message->admission, on_sent);
	sb_pg_unit_add(&message->admission.unit, sb_pg_statement_id(sql), sql, 0, NULL);
	if (sb_admission_send(&message->admission, SB_LANE_WRITE))
		turn_until(&message->is_done);
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void
test_messages(const char *token, int64_t user_id)
{
	struct message first;

	message_init(&first, "203.0.113.9");
	sb_admission_identify(&first.admission, token, on_verdict);
	ok(turn_until(&first.is_done) && first.status == 0, "a good token lets the caller in");
	is_int(first.caller.user_id, user_id, "as its owner");
	ok(first.caller.session_id > 0, "with his session");
	is_str(first.caller.purpose.action, "chat_message", "for what he came for");
	for (int i = 1; i <= MESSAGES + 1; i++)
	{
		struct message message;

		message_init(&message, "203.0.113.9");
		sb_caller_set_owner(&message.caller, first.caller.user_id, first.caller.session_id, 0);
		send_message(&message);
		ok(message.is_done, "a message is answered");
		ok(message.caller.figures.is_known, "he is told what is left");
		is_int(message.caller.figures.limit, MESSAGES, "of the limit of messages");
		is_int(message.status, i <= MESSAGES ? 0 : 429, "as many as he may are admitted");
		is_str(message.code, i <= MESSAGES ? "" : "RATE_LIMITED", "one more is refused");
		is_int(message.viewer, i <= MESSAGES ? user_id : 0, "the database acts for him");
		ok((message.caller.figures.retry_after > 0) == (i > MESSAGES),
		   "and knows when to try again");
		message_finish(&message);
	}
	message_finish(&first);
}

static void
test_refusals(void)
{
	struct message message;

	message_init(&message, "203.0.113.10");
	sb_admission_identify(&message.admission, "no.token.atall", on_verdict);
	ok(turn_until(&message.is_done), "a bad token is answered");
	is_int(message.status, 401, "with a refusal");
	is_str(message.code, "UNAUTHENTICATED", "that says why");
	is_int(message.caller.user_id, 0, "the caller is nobody");
	message_finish(&message);

	message_init(&message, "203.0.113.10");
	sb_admission_turn_away(&message.admission, on_verdict);
	ok(turn_until(&message.is_done), "a stranger is answered");
	is_int(message.status, 401, "he needs a token");
	message_finish(&message);
}

int
main(void)
{
	static const char *const stores[] = {"database", "redis"};

	for (int i = 0; i < 2; i++)
	{
		char username[64];
		int64_t user_id;
		char *token;

		snprintf(username, sizeof(username), "admitted_%d_%d", (int) getpid(), i);
		token = log_in(username, &user_id);
		if (ok(token != NULL, "somebody has a token") && ok(begin(stores[i]), stores[i]))
		{
			test_messages(token, user_id);
			test_refusals();
			end();
		}
		free(token);
	}
	return done_testing();
}
