/*
 * delivery.c owns the way from the log to the subscribers.
 *
 * The doorbell (auth/doorbell.c) says that there is something new, and is not believed: what
 * follows the last event is read from the log, one batch at a time. Who has subscribed to a topic
 * of it is looked up in the hub; one statement says what each of those viewers may see of each
 * event, right then. A bell that was lost costs a second: the log is looked at as often in any
 * case; on a standby, which nobody can ring at, five times as often.
 */
#include "event/delivery.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admission/services.h"
#include "auth/doorbell.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "event/doubt.h"
#include "event/hub.h"
#include "event/subscriber.h"
#include "event/topic.h"
#include "loop/loop.h"
#include "pg/pool.h"

#define TICK_MS   100
#define POLL_MS   1000
#define DEAF_MS   200  /* the same on a standby, where no bell rings */
#define EMPTY_MS  20   /* after a look that found nothing: anybody may ring */
#define FAILED_MS 1000 /* after one that failed */
#define FETCH     500  /* events in a batch; fetch_sql says so, too */
#define MAX_PAIRS                                                                                  \
	5000                 /* of an event and a viewer; the event at which it is reached is the last \
						  */
#define MANY_PAIRS   100 /* from here on not among the quick statements */
#define SEEN_VIEWERS 1024

static const char fetch_sql[] =
	"SELECT e.id, e.type, t.topic, e.author_id, e.post_id, e.subject_id "
	"FROM social.events_after($1, 500) e "
	"LEFT JOIN LATERAL unnest(e.topics) t (topic) ON true ORDER BY e.id";
/* What a thousand are told alike comes once, with all of them. */
static const char payload_sql[] =
	"SELECT p.event_id, string_agg(p.viewer_id::text, ','), p.payload::text, p.on_feed "
	"FROM social.event_payloads($1::bigint[], $2::bigint[]) p "
	"GROUP BY p.event_id, p.payload::text, p.on_feed";
static const char position_sql[] = "SELECT social.event_position()";

struct sb_delivery
{
	struct sb_timer timer; /* must stay first */
	struct sb_listeners *listeners;
	struct sb_loop *loop;
	struct sb_pg_pool *pool;
	struct sb_hub *hub;
	struct sb_doubts *doubts;
	int64_t position; /* the last event taken from the log; below 0: nobody listens */
	int64_t before;   /* the same before the batch that is under way */
	bool is_rung;
	bool has_more; /* the log went on when it was last read */
	bool is_busy;  /* a statement is under way */
	uint64_t not_before_ms;
	uint64_t looked_ms;
	struct sb_pg_unit unit;
	PGresult *events; /* of the batch, up to `rows` */
	int rows;
	char text[24];
	char *lists[2];
	const char *values[2];
};

static void look(struct sb_delivery *delivery);

/* Sends the unit's one statement; on_done gets the delivery as its owner. */
static void
submit(struct sb_delivery *delivery, enum sb_pg_lane lane, const char *sql, int nparams,
	   void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome))
{
	sb_pg_unit_clear(&delivery->unit);
	delivery->unit.owner = delivery;
	delivery->unit.on_done = on_done;
	sb_pg_unit_add(&delivery->unit, sb_pg_statement_id(sql), sql, nparams, delivery->values);
	delivery->is_busy = sb_pg_pool_submit(delivery->pool, lane, &delivery->unit);
}

/* Later again, from where it was. */
static void
put_off(struct sb_delivery *delivery, const char *why, const struct sb_pg_unit *unit,
		enum sb_pg_outcome outcome)
{
	if (outcome == SB_PG_ERROR)
		sb_log(SB_LOG_ERROR, why, "error",
			   PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
	delivery->position = delivery->before;
	delivery->is_rung = true;
	delivery->not_before_ms = delivery->loop->now_ms + FAILED_MS;
}

static void
end_batch(struct sb_delivery *delivery)
{
	PQclear(delivery->events);
	delivery->events = NULL;
	for (int i = 0; i < 2; i++)
	{
		free(delivery->lists[i]);
		delivery->lists[i] = NULL;
	}
	sb_pg_unit_clear(&delivery->unit);
	delivery->is_busy = false;
	look(delivery);
}

/* ---- what was read --------------------------------------------------------------------------- */

static int64_t
number_at(const PGresult *result, int row, int column)
{
	return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

/* Calls each for every subscription that hears of the event in that row. */
static void
each_listener(const struct sb_delivery *delivery, int row,
			  void (*each)(struct sb_subscription *subscription, int row, void *arg), void *arg)
{
	const PGresult *events = delivery->events;
	int64_t id = number_at(events, row, 0);

	if (PQgetisnull(events, row, 2))
		return;
	for (struct sb_subscription *one = sb_hub_find(delivery->hub, PQgetvalue(events, row, 2),
												   (size_t) PQgetlength(events, row, 2));
		 one; one = one->next)
		if (one->from < id)
			each(one, row, arg);
}

/* ---- who may see it -------------------------------------------------------------------------- */

/* The pairs that are asked about. */
struct pairs
{
	struct sb_buffer ids;
	struct sb_buffer viewers;
	int count;
	int64_t id; /* of the event of the last pairs */
	/* Those who are there already, each in the place that his id says; the last of its own. */
	int64_t seen[SEEN_VIEWERS];
};

static void
add_pair(struct sb_subscription *subscription, int row, void *arg)
{
	struct pairs *pairs = arg;
	int64_t viewer = ((const struct sb_subscriber *) subscription->owner)->listener->user_id;
	int64_t *seen = &pairs->seen[(uint64_t) viewer % SEEN_VIEWERS];

	/* Who is asked about twice is told the same. */
	if (*seen == viewer)
		return;
	*seen = viewer;
	sb_buffer_puts(&pairs->ids, pairs->count ? "," : "{");
	sb_buffer_put_int(&pairs->ids, pairs->id);
	sb_buffer_puts(&pairs->viewers, pairs->count ? "," : "{");
	sb_buffer_put_int(&pairs->viewers, viewer);
	pairs->count++;
}

/* What the batch puts in doubt, when all of it was delivered: what a topic is lost by is told
 * before. */
static void
weigh(const struct sb_delivery *delivery)
{
	int64_t last = 0;

	for (int row = 0; row < delivery->rows; row++)
	{
		const struct sb_doubt event = {.type = PQgetvalue(delivery->events, row, 1),
									   .author_id = number_at(delivery->events, row, 3),
									   .post_id = number_at(delivery->events, row, 4),
									   .subject_id = number_at(delivery->events, row, 5)};
		int64_t id = number_at(delivery->events, row, 0);

		if (id != last)
			sb_doubts_weigh(delivery->doubts, &event);
		last = id;
	}
}

/* The pairs of the batch, which ends where there are many. */
static void
collect_pairs(struct sb_delivery *delivery, struct pairs *pairs)
{
	int count = PQntuples(delivery->events);

	*pairs = (struct pairs){0};
	for (delivery->rows = 0; delivery->rows < count; delivery->rows++)
	{
		int64_t id = number_at(delivery->events, delivery->rows, 0);

		if (id != pairs->id && pairs->count >= MAX_PAIRS)
			break;
		if (id != pairs->id)
			memset(pairs->seen, 0xff, sizeof(pairs->seen)); /* nobody */
		pairs->id = id;
		each_listener(delivery, delivery->rows, add_pair, pairs);
	}
	sb_buffer_puts(&pairs->ids, "}");
	sb_buffer_puts(&pairs->viewers, "}");
}

/* ---- delivering ------------------------------------------------------------------------------ */

/* What a viewer may see of an event; in the order of both. */
struct sight
{
	int64_t id;
	int64_t viewer;
	const char *payload;
	int len;
	bool on_feed;
};

struct batch
{
	const struct sb_delivery *delivery;
	struct sight *sights;
	size_t count;
	struct sb_event event;  /* the last that was told */
	const struct sight *of; /* what it is made of */
};

static int
compare_sights(const void *a, const void *b)
{
	const struct sight *one = a;
	const struct sight *other = b;

	if (one->id != other->id)
		return one->id < other->id ? -1 : 1;
	return (one->viewer > other->viewer) - (one->viewer < other->viewer);
}

static size_t
count_viewers(const PGresult *result)
{
	size_t count = 0;

	for (int row = 0; row < PQntuples(result); row++)
	{
		count++;
		for (const char *at = PQgetvalue(result, row, 1); *at; at++)
			count += *at == ',';
	}
	return count;
}

static void
read_sights(struct batch *batch, const PGresult *result)
{
	batch->sights = sb_calloc(count_viewers(result), sizeof(*batch->sights));
	for (int row = 0; row < PQntuples(result); row++)
	{
		struct sight sight = {.id = number_at(result, row, 0),
							  .payload = PQgetvalue(result, row, 2),
							  .len = PQgetlength(result, row, 2),
							  .on_feed = *PQgetvalue(result, row, 3) == 't'};

		for (char *at = PQgetvalue(result, row, 1); *at; at += *at == ',')
		{
			sight.viewer = strtoll(at, &at, 10);
			batch->sights[batch->count++] = sight;
		}
	}
	qsort(batch->sights, batch->count, sizeof(*batch->sights), compare_sights);
}

/* Equal bytes are one event, for however many. */
static struct sb_event *
event_of(struct batch *batch, const struct sight *sight, const char *type)
{
	if (batch->of && batch->of->id == sight->id && batch->of->len == sight->len &&
		(batch->of->payload == sight->payload ||
		 memcmp(batch->of->payload, sight->payload, (size_t) sight->len) == 0))
		return &batch->event;
	sb_event_forget(&batch->event);
	batch->event = (struct sb_event){
		.id = sight->id, .type = type, .payload = sight->payload, .len = (size_t) sight->len};
	batch->of = sight;
	return &batch->event;
}

static void
deliver(struct sb_subscription *subscription, int row, void *arg)
{
	struct batch *batch = arg;
	struct sb_subscriber *subscriber = subscription->owner;
	const PGresult *events = batch->delivery->events;
	struct sight wanted = {.id = number_at(events, row, 0),
						   .viewer = subscriber->listener->user_id};
	const struct sight *sight;

	/* A subscriber hears of an event once, whatever topics it comes under. */
	if (subscriber->sent_id == wanted.id)
		return;
	sight = bsearch(&wanted, batch->sights, batch->count, sizeof(*batch->sights), compare_sights);
	if (sight == NULL)
		sb_doubts_add(batch->delivery->doubts, subscription);
	if (sight == NULL || (!sight->on_feed && sb_topic_is_near(sb_hub_name(subscription))))
		return;
	subscriber->sent_id = wanted.id;
	subscriber->kind->deliver(subscriber, event_of(batch, sight, PQgetvalue(events, row, 1)));
}

static void
on_payloads(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_delivery *delivery = unit->owner;
	struct batch batch = {.delivery = delivery};

	if (outcome == SB_PG_OK)
	{
		read_sights(&batch, unit->results[0]);
		for (int row = 0; row < delivery->rows; row++)
			each_listener(delivery, row, deliver, &batch);
		weigh(delivery);
		sb_event_forget(&batch.event);
		free(batch.sights);
	}
	else
		put_off(delivery, "events could not be shown to their viewers", unit, outcome);
	end_batch(delivery);
}

/* ---- reading the log ------------------------------------------------------------------------- */

static void
resync(struct sb_subscription *subscription, void *arg)
{
	const struct sb_delivery *delivery = arg;
	struct sb_subscriber *subscriber = subscription->owner;

	subscription->from = delivery->position;
	subscriber->kind->on_resync(subscriber, sb_hub_name(subscription), delivery->position);
}

/* The log does not go on from where we were: everybody reads anew. */
static void
on_position(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_delivery *delivery = unit->owner;

	if (outcome == SB_PG_OK)
	{
		delivery->position = number_at(unit->results[0], 0, 0);
		sb_hub_each(delivery->hub, resync, delivery);
	}
	else
		put_off(delivery, "the event log could not be read", unit, outcome);
	end_batch(delivery);
}

static void
on_events(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_delivery *delivery = unit->owner;
	const char *state =
		outcome == SB_PG_ERROR ? PQresultErrorField(unit->error, PG_DIAG_SQLSTATE) : NULL;
	struct pairs pairs;
	int count;

	if (state && strcmp(state, "SM410") == 0)
	{
		submit(delivery, SB_LANE_READ, position_sql, 0, on_position);
		if (delivery->is_busy)
			return;
		outcome = SB_PG_LOST;
	}
	if (outcome != SB_PG_OK)
	{
		put_off(delivery, "the event log could not be read", unit, outcome);
		end_batch(delivery);
		return;
	}
	delivery->events = sb_pg_unit_take(unit, 0);
	count = PQntuples(delivery->events);
	collect_pairs(delivery, &pairs);
	if (delivery->rows > 0)
		delivery->position = number_at(delivery->events, delivery->rows - 1, 0);
	else
		delivery->not_before_ms = delivery->loop->now_ms + EMPTY_MS;
	delivery->has_more = count >= FETCH || delivery->rows < count;
	delivery->is_rung |= delivery->has_more;
	delivery->lists[0] = pairs.ids.data;
	delivery->lists[1] = pairs.viewers.data;
	if (pairs.count == 0)
	{
		weigh(delivery);
		end_batch(delivery);
		return;
	}
	delivery->values[0] = delivery->lists[0];
	delivery->values[1] = delivery->lists[1];
	submit(delivery, pairs.count < MANY_PAIRS ? SB_LANE_READ : SB_LANE_SLOW_READ, payload_sql, 2,
		   on_payloads);
	if (delivery->is_busy)
		return;
	put_off(delivery, "", NULL, SB_PG_LOST);
	end_batch(delivery);
}

/* Takes what is new, when it is time. */
static void
look(struct sb_delivery *delivery)
{
	uint64_t now = delivery->loop->now_ms;

	if (delivery->is_busy)
		return;
	sb_doubts_ask(delivery->doubts, delivery->has_more);
	if (sb_hub_count(delivery->hub) == 0)
		delivery->position = -1;
	if (delivery->position < 0 || !delivery->is_rung || now < delivery->not_before_ms)
		return;
	delivery->is_rung = false;
	delivery->looked_ms = now;
	delivery->before = delivery->position;
	snprintf(delivery->text, sizeof(delivery->text), "%" PRId64, delivery->position);
	delivery->values[0] = delivery->text;
	submit(delivery, SB_LANE_READ, fetch_sql, 1, on_events);
	if (!delivery->is_busy)
		put_off(delivery, "", NULL, SB_PG_LOST);
}

static void
on_rung(void *owner, const void *messages, int count, bool more)
{
	struct sb_delivery *delivery = owner;

	delivery->is_rung = true;
	look(delivery);
}

static void
on_tick(struct sb_timer *timer)
{
	struct sb_delivery *delivery = (struct sb_delivery *) timer;

	uint64_t pause = sb_pg_pool_is_standby(delivery->pool) ? DEAF_MS : POLL_MS;

	delivery->is_rung |= delivery->loop->now_ms - delivery->looked_ms >= pause;
	look(delivery);
}

/* ---- for subscribers ------------------------------------------------------------------------- */

struct sb_hub *
sb_delivery_hub(const struct sb_delivery *delivery)
{
	return delivery->hub;
}

int64_t
sb_delivery_position(const struct sb_delivery *delivery)
{
	return delivery->position;
}

int64_t
sb_delivery_told(const struct sb_delivery *delivery)
{
	return delivery->is_busy ? delivery->before : delivery->position;
}

void
sb_delivery_begin(struct sb_delivery *delivery, int64_t from)
{
	if (delivery->position >= 0)
		return;
	delivery->position = from;
	delivery->is_rung = true;
}

struct sb_delivery *
sb_delivery_new(struct sb_services *services)
{
	struct sb_delivery *delivery = sb_calloc(1, sizeof(*delivery));

	delivery->listeners = sb_listeners_new(services);
	delivery->loop = services->loop;
	delivery->pool = services->pool;
	delivery->hub = sb_hub_new();
	delivery->doubts = sb_doubts_new(delivery->loop, delivery->pool, delivery->hub);
	delivery->position = -1;
	services->delivery = delivery;
	sb_loop_subscribe(services->loop, &sb_doorbell_events, on_rung, delivery);
	sb_loop_every(services->loop, &delivery->timer, TICK_MS, on_tick);
	return delivery;
}

void
sb_delivery_free(struct sb_delivery *delivery)
{
	if (delivery == NULL)
		return;
	PQclear(delivery->events);
	for (int i = 0; i < 2; i++)
		free(delivery->lists[i]);
	sb_pg_unit_clear(&delivery->unit);
	sb_doubts_free(delivery->doubts);
	sb_hub_free(delivery->hub);
	sb_listeners_free(delivery->listeners);
	free(delivery);
}
