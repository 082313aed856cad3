/*
 * observed.h owns the registry of observed tables: one row for each table whose rows mean something
 * beyond themselves, which says all that it means when one of them comes, changes or goes. What
 * happens then belongs to the domains; each has a function for its part of a row.
 *
 * Row triggers note what a row means, and the statement trigger behind them applies it, both in the
 * order of the fields below: counter rows are locked before anything else (counter.h).
 * social.observed_tables() shows the registry to SQL, which makes the triggers of it.
 */
#ifndef SOCIAL_OBSERVED_H
#define SOCIAL_OBSERVED_H

#include "postgres.h"

#include "counter/counter.h"
#include "counter/last_position.h"
#include "counter/recount.h"
#include "counter/trending.h"
#include "event/event.h"
#include "notification/notification.h"

/* What does not apply is left out. */
struct social_observed
{
	const char *table;
	bool only_new; /* what changes or goes means nothing */
	struct social_counted counts[2];
	const struct social_counter *counters; /* the rows are what it counts for */
	struct social_notified notice;
	struct social_trend_source trend;
	struct social_positioned position;
	struct social_recounted recounts[2];
	enum social_event_source event;
};

#endif /* SOCIAL_OBSERVED_H */
