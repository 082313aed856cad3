/*
 * lease.c owns the statement by which the leases of a loop are renewed, a few thousand at a time.
 *
 * Whose right to watch is lost has lost the lease, too (sql/api/stream_view.sql): nothing but that
 * is asked here. A lease that is neither renewed nor given back ends by itself.
 */
#include "ws/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "loop/loop.h"
#include "pg/pool.h"

#define TICK_MS   250
#define FAILED_MS 1000
#define BATCH     2000 /* leases in one statement */
#define MAX_LEFT  5000 /* that wait to be given back; more end by themselves */

static const char renew_sql[] =
	"SELECT o.n FROM social.renew_stream_views(playback_tokens => $1::text[]) o (n)";
static const char leave_sql[] = "SELECT social.leave_stream_views(playback_tokens => $1::text[])";

struct sb_leases
{
	struct sb_timer timer; /* must stay first */
	struct sb_services *services;
	struct sb_lease *first;
	struct sb_lease *last;
	struct sb_buffer left; /* tokens that were let go, an array without its end */
	int nleft;
	bool is_busy; /* a unit is under way */
	uint64_t not_before_ms;
	struct sb_pg_unit unit;
	struct sb_buffer renewed; /* arrays of the unit */
	struct sb_buffer given_back;
	int nrenewed;
	const char *values[2];
};

bool
sb_lease_is_token(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(text);

	return len > 0 && len < SB_LEASE_TOKEN_MAX && strspn(text, digits) == len;
}

/* ---- the list -------------------------------------------------------------------------------- */

static void
append(struct sb_leases *leases, struct sb_lease *lease)
{
	lease->due_ms = leases->services->loop->now_ms + lease->period_ms;
	lease->next = NULL;
	lease->prev = leases->last;
	*(leases->last ? &leases->last->next : &leases->first) = lease;
	leases->last = lease;
}

static void
take_out(struct sb_lease *lease)
{
	struct sb_leases *leases = lease->all;

	*(lease->prev ? &lease->prev->next : &leases->first) = lease->next;
	*(lease->next ? &lease->next->prev : &leases->last) = lease->prev;
	lease->next = lease->prev = NULL;
}

static void
forget(struct sb_lease *lease)
{
	take_out(lease);
	lease->all = NULL;
	lease->number = 0;
}

void
sb_lease_keep(struct sb_leases *leases, struct sb_lease *lease, const char *token, int seconds,
			  void (*on_over)(struct sb_lease *))
{
	if (lease->all && strcmp(lease->token, token) == 0)
		forget(lease);
	sb_lease_let_go(lease);
	snprintf(lease->token, sizeof(lease->token), "%s", token);
	lease->all = leases;
	lease->on_over = on_over;
	lease->period_ms = (uint64_t) (seconds > 1 ? seconds : 1) * 1000 / 3;
	append(leases, lease);
}

static void
put_token(struct sb_buffer *tokens, const char *token)
{
	sb_buffer_puts(tokens, tokens->len ? "," : "{");
	sb_buffer_puts(tokens, token);
}

void
sb_lease_let_go(struct sb_lease *lease)
{
	struct sb_leases *leases = lease->all;

	if (leases == NULL)
		return;
	forget(lease);
	if (leases->nleft == MAX_LEFT)
		return;
	put_token(&leases->left, lease->token);
	leases->nleft++;
}

/* ---- the statement --------------------------------------------------------------------------- */

static struct sb_lease *
numbered(const struct sb_leases *leases, int number)
{
	struct sb_lease *lease = leases->first;

	while (lease && lease->number != number)
		lease = lease->next;
	return lease;
}

static void
end_those(struct sb_leases *leases, const PGresult *over)
{
	for (int i = 0; i < PQntuples(over); i++)
	{
		struct sb_lease *lease = numbered(leases, atoi(PQgetvalue(over, i, 0)));

		if (lease == NULL)
			continue;
		forget(lease);
		lease->on_over(lease);
	}
}

/* Those of the statement are due again; in their order, behind all others. */
static void
put_back(struct sb_leases *leases)
{
	struct sb_lease *last = leases->last;
	struct sb_lease *next;

	for (struct sb_lease *lease = leases->first; lease; lease = next)
	{
		next = lease == last ? NULL : lease->next;
		if (lease->number == 0)
			continue;
		lease->number = 0;
		take_out(lease);
		append(leases, lease);
	}
}

static void
clear(struct sb_leases *leases)
{
	sb_buffer_free(&leases->renewed);
	sb_buffer_free(&leases->given_back);
	leases->renewed = leases->given_back = (struct sb_buffer){0};
	leases->nrenewed = 0;
	sb_pg_unit_clear(&leases->unit);
	leases->is_busy = false;
}

static void
fail(struct sb_leases *leases)
{
	for (struct sb_lease *lease = leases->first; lease; lease = lease->next)
		lease->number = 0;
	leases->not_before_ms = leases->services->loop->now_ms + FAILED_MS;
	clear(leases);
}

static void
on_done(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_leases *leases = unit->owner;

	if (outcome != SB_PG_OK)
	{
		fail(leases);
		return;
	}
	if (leases->nrenewed > 0)
		end_those(leases, unit->results[0]);
	put_back(leases);
	clear(leases);
}

static void
collect_due(struct sb_leases *leases)
{
	uint64_t now = leases->services->loop->now_ms;

	for (struct sb_lease *lease = leases->first;
		 lease && lease->due_ms <= now && leases->nrenewed < BATCH; lease = lease->next)
	{
		put_token(&leases->renewed, lease->token);
		lease->number = ++leases->nrenewed;
	}
	if (leases->nrenewed > 0)
		sb_buffer_puts(&leases->renewed, "}");
	if (leases->nleft > 0)
		sb_buffer_puts(&leases->left, "}");
	leases->given_back = leases->left;
	leases->left = (struct sb_buffer){0};
	leases->nleft = 0;
}

static void
on_due(struct sb_timer *timer)
{
	struct sb_leases *leases = (struct sb_leases *) timer;
	struct sb_pg_unit *unit = &leases->unit;

	if (leases->is_busy || leases->services->loop->now_ms < leases->not_before_ms)
		return;
	collect_due(leases);
	leases->values[0] = leases->renewed.data;
	leases->values[1] = leases->given_back.data;
	unit->owner = leases;
	unit->on_done = on_done;
	if (leases->nrenewed > 0)
		sb_pg_unit_add(unit, sb_pg_statement_id(renew_sql), renew_sql, 1, leases->values);
	if (leases->given_back.len > 0)
		sb_pg_unit_add(unit, sb_pg_statement_id(leave_sql), leave_sql, 1, leases->values + 1);
	if (unit->nstatements == 0)
		return;
	leases->is_busy = sb_pg_pool_submit(leases->services->pool, SB_LANE_SLOW, unit);
	if (!leases->is_busy)
		fail(leases);
}

struct sb_leases *
sb_leases_new(struct sb_services *services)
{
	struct sb_leases *leases = sb_calloc(1, sizeof(*leases));

	leases->services = services;
	sb_loop_every(services->loop, &leases->timer, TICK_MS, on_due);
	services->leases = leases;
	return leases;
}

void
sb_leases_free(struct sb_leases *leases)
{
	if (leases == NULL)
		return;
	clear(leases);
	sb_buffer_free(&leases->left);
	free(leases);
}
