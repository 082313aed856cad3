/*
 * doubt.c owns which subscriptions are in doubt, and the statement that decides.
 */
#include "event/doubt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "event/hub.h"
#include "event/subscriber.h"
#include "event/topic.h"
#include "loop/loop.h"
#include "pg/pool.h"

#define MAX_PAIRS  5000 /* in one statement */
#define MANY_PAIRS 100  /* from here on not among the quick statements */
#define MAX_PEOPLE 64   /* of one batch of events; of more everybody's are in doubt */
#define FAILED_MS  500  /* after a statement that failed */
#define REASON_MS  1000 /* within which an event says why an earlier one was not seen */
#define BEHIND_MS  1000 /* and so long what is read of the log goes first */

static const char lost_sql[] =
	"SELECT l.n FROM social.event_topics_lost($1::text[], $2::bigint[]) l (n)";

/* What a type of event puts in doubt. */
static const struct
{
	const char *type;
	bool post;    /* what is heard of the post; without a post, of anything */
	bool author;  /* what its author hears */
	bool subject; /* what the other person hears */
} kinds[] = {
	{"visibility.changed", .post = true},
	{"post.deleted", .post = true},
	{"relation.changed", .author = true, .subject = true},
	{"follow.deleted", .author = true},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A pair that is asked about. */
struct pair
{
	char *topic;
	int64_t viewer;
};

struct sb_doubts
{
	struct sb_loop *loop;
	struct sb_pg_pool *pool;
	struct sb_hub *hub;
	bool is_due;                /* something is in doubt */
	uint64_t since_ms;          /* since then */
	uint64_t unseen_ms;         /* and more will be, from here on; 0: nothing will */
	bool is_busy;               /* a statement is under way */
	bool is_general;            /* everything is in doubt */
	bool goes_on;               /* the log is known to */
	int64_t people[MAX_PEOPLE]; /* all that these hear is */
	int npeople;
	uint64_t not_before_ms;
	struct sb_pg_unit unit;
	struct pair *pairs; /* of the statement */
	int npairs;
	int size;
	struct sb_buffer topics;
	struct sb_buffer viewers;
	const char *values[2];
};

static int64_t
viewer_of(const struct sb_subscription *subscription)
{
	return ((const struct sb_subscriber *) subscription->owner)->listener->user_id;
}

/* ---- what is in doubt -------------------------------------------------------------------------
 */

static void
be_due(struct sb_doubts *doubts)
{
	if (!doubts->is_due)
		doubts->since_ms = doubts->loop->now_ms;
	doubts->is_due = true;
}

/* Other topics are about nothing that could be hidden. */
static bool
may_be_lost(const struct sb_subscription *subscription)
{
	struct sb_topic_name name;

	return sb_topic_read(sb_hub_name(subscription), &name) && name.kind->takes == 'i';
}

void
sb_doubts_add(struct sb_doubts *doubts, struct sb_subscription *subscription)
{
	if (subscription->doubted_ms || !may_be_lost(subscription))
		return;
	subscription->doubted_ms = doubts->loop->now_ms + REASON_MS;
	if (doubts->unseen_ms == 0)
		doubts->unseen_ms = subscription->doubted_ms;
}

static void
doubt(struct sb_doubts *doubts, struct sb_subscription *subscription)
{
	if (!may_be_lost(subscription))
		return;
	subscription->is_doubted = true;
	be_due(doubts);
}

/* Puts it in doubt where its time has come; the first of the others is remembered. */
static void
doubt_unseen(struct sb_subscription *subscription, void *arg)
{
	struct sb_doubts *doubts = arg;

	if (subscription->doubted_ms == 0)
		return;
	if (subscription->doubted_ms <= doubts->loop->now_ms)
	{
		subscription->doubted_ms = 0;
		doubt(doubts, subscription);
	}
	else if (doubts->unseen_ms == 0 || subscription->doubted_ms < doubts->unseen_ms)
		doubts->unseen_ms = subscription->doubted_ms;
}

static void
add_person(struct sb_doubts *doubts, int64_t id)
{
	be_due(doubts);
	if (doubts->npeople < MAX_PEOPLE)
		doubts->people[doubts->npeople++] = id;
	else
		doubts->is_general = true;
}

static void
add_post(struct sb_doubts *doubts, int64_t id)
{
	char topic[32];
	int len = snprintf(topic, sizeof(topic), "post:%" PRId64, id);

	for (struct sb_subscription *one = sb_hub_find(doubts->hub, topic, (size_t) len); one;
		 one = one->next)
		doubt(doubts, one);
}

void
sb_doubts_weigh(struct sb_doubts *doubts, const struct sb_doubt *event)
{
	size_t i = 0;

	while (i < KINDS && strcmp(kinds[i].type, event->type) != 0)
		i++;
	if (i == KINDS)
		return;
	if (kinds[i].post && event->post_id)
		add_post(doubts, event->post_id);
	else if (kinds[i].post)
	{
		doubts->is_general = true;
		be_due(doubts);
	}
	if (kinds[i].author)
		add_person(doubts, event->author_id);
	if (kinds[i].subject)
		add_person(doubts, event->subject_id);
}

static void
add_if_theirs(struct sb_subscription *subscription, void *arg)
{
	struct sb_doubts *doubts = arg;
	bool is_theirs = doubts->is_general;

	for (int i = 0; i < doubts->npeople && !is_theirs; i++)
		is_theirs = doubts->people[i] == viewer_of(subscription);
	if (is_theirs)
		doubt(doubts, subscription);
}

/* ---- the statement ----------------------------------------------------------------------------
 */

static void
add_pair(struct sb_subscription *subscription, void *arg)
{
	struct sb_doubts *doubts = arg;
	const char *topic = sb_hub_name(subscription);
	int64_t viewer = viewer_of(subscription);
	struct pair *last = doubts->npairs ? &doubts->pairs[doubts->npairs - 1] : NULL;

	if (!subscription->is_doubted || subscription->is_asked)
		return;
	if (doubts->npairs == MAX_PAIRS)
	{
		be_due(doubts);
		return;
	}
	subscription->is_doubted = false;
	subscription->doubted_ms = 0;
	subscription->is_asked = true;
	if (last && last->viewer == viewer && strcmp(last->topic, topic) == 0)
		return;
	if (doubts->npairs == doubts->size)
	{
		doubts->size = doubts->size ? doubts->size * 2 : 16;
		doubts->pairs = sb_realloc(doubts->pairs, (size_t) doubts->size * sizeof(*doubts->pairs));
	}
	doubts->pairs[doubts->npairs++] =
		(struct pair){.topic = sb_checked(strdup(topic)), .viewer = viewer};
	/* A word, a colon, an id: nothing in it is to be quoted. */
	sb_buffer_putc(&doubts->topics, doubts->npairs == 1 ? '{' : ',');
	sb_buffer_puts(&doubts->topics, topic);
	sb_buffer_putc(&doubts->viewers, doubts->npairs == 1 ? '{' : ',');
	sb_buffer_put_int(&doubts->viewers, viewer);
}

static void
forget_pairs(struct sb_doubts *doubts)
{
	for (int i = 0; i < doubts->npairs; i++)
		free(doubts->pairs[i].topic);
	doubts->npairs = 0;
	sb_buffer_free(&doubts->topics);
	sb_buffer_free(&doubts->viewers);
	doubts->topics = doubts->viewers = (struct sb_buffer){0};
}

static void
be_sure(struct sb_subscription *subscription, void *arg)
{
	subscription->is_asked = false;
}

static void
doubt_again(struct sb_subscription *subscription, void *arg)
{
	subscription->is_doubted |= subscription->is_asked;
	subscription->is_asked = false;
}

/* Those of the pair that were asked about, and not who has come since. */
static void
lose(struct sb_doubts *doubts, const struct pair *pair)
{
	struct sb_subscription *next;

	for (struct sb_subscription *one = sb_hub_find(doubts->hub, pair->topic, strlen(pair->topic));
		 one; one = next)
	{
		next = one->next;
		if (one->is_asked && viewer_of(one) == pair->viewer)
			sb_subscriber_lose(one->owner, one, pair->topic);
	}
}

static void
put_off(struct sb_doubts *doubts)
{
	sb_hub_each(doubts->hub, doubt_again, NULL);
	be_due(doubts);
	doubts->not_before_ms = doubts->loop->now_ms + FAILED_MS;
}

static void
on_lost(struct sb_pg_unit *unit, enum sb_pg_outcome outcome)
{
	struct sb_doubts *doubts = unit->owner;

	doubts->is_busy = false;
	if (outcome == SB_PG_OK)
	{
		for (int i = 0; i < PQntuples(unit->results[0]); i++)
			lose(doubts, &doubts->pairs[atoi(PQgetvalue(unit->results[0], i, 0)) - 1]);
		sb_hub_each(doubts->hub, be_sure, NULL);
	}
	else
	{
		if (outcome == SB_PG_ERROR)
			sb_log(SB_LOG_ERROR, "it could not be asked who may hear of a topic", "error",
				   PQresultErrorField(unit->error, PG_DIAG_MESSAGE_PRIMARY));
		put_off(doubts);
	}
	forget_pairs(doubts);
	sb_pg_unit_clear(unit);
	sb_doubts_ask(doubts, doubts->goes_on);
}

void
sb_doubts_ask(struct sb_doubts *doubts, bool goes_on)
{
	uint64_t now = doubts->loop->now_ms;
	enum sb_pg_lane lane;

	doubts->goes_on = goes_on;
	if (doubts->is_busy || now < doubts->not_before_ms)
		return;
	if (doubts->unseen_ms && now >= doubts->unseen_ms)
	{
		doubts->unseen_ms = 0;
		sb_hub_each(doubts->hub, doubt_unseen, doubts);
	}
	if (!doubts->is_due || (goes_on && now < doubts->since_ms + BEHIND_MS))
		return;
	doubts->is_due = false;
	if (doubts->is_general || doubts->npeople)
		sb_hub_each(doubts->hub, add_if_theirs, doubts);
	doubts->is_due = doubts->is_general = false;
	doubts->npeople = 0;
	sb_hub_each(doubts->hub, add_pair, doubts);
	if (doubts->npairs == 0)
		return;
	sb_buffer_putc(&doubts->topics, '}');
	sb_buffer_putc(&doubts->viewers, '}');
	doubts->values[0] = doubts->topics.data;
	doubts->values[1] = doubts->viewers.data;
	lane = doubts->npairs < MANY_PAIRS ? SB_LANE_READ : SB_LANE_SLOW_READ;
	doubts->unit.owner = doubts;
	doubts->unit.on_done = on_lost;
	sb_pg_unit_add(&doubts->unit, sb_pg_statement_id(lost_sql), lost_sql, 2, doubts->values);
	doubts->is_busy = sb_pg_pool_submit(doubts->pool, lane, &doubts->unit);
	if (doubts->is_busy)
		return;
	put_off(doubts);
	forget_pairs(doubts);
	sb_pg_unit_clear(&doubts->unit);
}

struct sb_doubts *
sb_doubts_new(struct sb_loop *loop, struct sb_pg_pool *pool, struct sb_hub *hub)
{
	struct sb_doubts *doubts = sb_calloc(1, sizeof(*doubts));

	doubts->loop = loop;
	doubts->pool = pool;
	doubts->hub = hub;
	return doubts;
}

void
sb_doubts_free(struct sb_doubts *doubts)
{
	forget_pairs(doubts);
	sb_pg_unit_clear(&doubts->unit);
	free(doubts->pairs);
	free(doubts);
}
