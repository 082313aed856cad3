/*
 * delivery.h owns how events get from the database's log to the subscribers of one loop: in the
 * order of the log, each to whoever may see it at that moment, none left out.
 */
#ifndef SB_EVENT_DELIVERY_H
#define SB_EVENT_DELIVERY_H

#include <stdint.h>

struct sb_delivery;
struct sb_hub;
struct sb_services;

/* Of a loop, whose services have it from then on, with its listeners. */
extern struct sb_delivery *sb_delivery_new(struct sb_services *services);

/* After all listeners have left, and after the services were closed. */
extern void sb_delivery_free(struct sb_delivery *delivery);

extern struct sb_hub *sb_delivery_hub(const struct sb_delivery *delivery);

/* The last event that was taken from the log; below 0: none is, for nobody listens. */
extern int64_t sb_delivery_position(const struct sb_delivery *delivery);

/* The last event that has been told to all who hear of it; likewise. */
extern int64_t sb_delivery_told(const struct sb_delivery *delivery);

/* Somebody is live from there on: takes what follows from the log. */
extern void sb_delivery_begin(struct sb_delivery *delivery, int64_t from);

#endif /* SB_EVENT_DELIVERY_H */
