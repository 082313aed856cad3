/*
 * subscriber.h owns the question whether our tables here are a copy that a subscription of logical
 * replication writes. What the worker would do arrives from the publisher; done twice, it would
 * part the two.
 */
#ifndef SOCIAL_SUBSCRIBER_H
#define SOCIAL_SUBSCRIBER_H

#include "postgres.h"

/* Does a subscription, enabled or not, name a table of ours in this database? */
extern bool social_is_subscriber(void);

#endif /* SOCIAL_SUBSCRIBER_H */
