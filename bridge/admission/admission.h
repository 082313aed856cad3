/*
 * admission.h owns the way of a caller's work into the database: counted against the caller's
 * limits, with the admission (social.admit) before its statements, in one flight. An HTTP request
 * embeds one, and so does whatever else takes work in.
 */
#ifndef SB_ADMISSION_H
#define SB_ADMISSION_H

#include <stdbool.h>

#include "caller/caller.h"
#include "error/errors.h"
#include "pg/pool.h"
#include "pg/unit.h"

struct sb_arena;
struct sb_services;

struct sb_admission
{
	struct sb_pg_unit unit; /* must stay first. Its owner is the admission's */
	struct sb_services *services;
	struct sb_caller *caller;
	struct sb_arena *arena; /* whose memory lives as long as the work */
	void *owner;            /* of whoever embeds this */

	void (*on_done)(struct sb_pg_unit *unit, enum sb_pg_outcome outcome);
	void (*on_counted)(void *owner, const struct sb_error *refusal);
	enum sb_pg_lane lane;           /* as it was sent */
	const struct sb_error *refusal; /* with SB_PG_REFUSED: why */
	bool is_counted;                /* the store has been asked, or is by the unit's admission */
	bool counts_itself;             /* the unit's admission counts */
};

/* For a caller, who lives as long. */
extern void sb_admission_init(struct sb_admission *admission, struct sb_services *services,
							  struct sb_caller *caller, struct sb_arena *arena, void *owner);

/* Drops the results. Nothing may be under way. */
extern void sb_admission_finish(struct sb_admission *admission);

/* What follows counts for itself, as what it is. */
extern void sb_admission_count_anew(struct sb_admission *admission,
									const struct sb_purpose *purpose);

/*
 * Starts the unit afresh, with the admission of the caller as its statement 0; on_done gets the
 * owner as unit->owner. The work's own statements are added to it.
 */
extern void sb_admission_begin(struct sb_admission *admission,
							   void (*on_done)(struct sb_pg_unit *unit,
											   enum sb_pg_outcome outcome));

/*
 * Counts the work where it is counted outside of its flight, for who may be answered without one.
 * on_counted is called exactly once, perhaps before this returns: with NULL when he may go on, or
 * is counted by the flight that he then needs (sb_admission_needs_flight()); else with what to
 * answer, for the time of the call.
 */
extern void sb_admission_count(struct sb_admission *admission,
							   void (*on_counted)(void *owner, const struct sb_error *refusal));

/* Whether only a flight to the database can count the work. */
extern bool sb_admission_needs_flight(const struct sb_admission *admission);

/*
 * Sends the unit, once the work is counted; on_done may be called before this returns, with
 * SB_PG_REFUSED or SB_PG_LOST. False, and it never is, when sending is not possible now.
 */
extern bool sb_admission_send(struct sb_admission *admission, enum sb_pg_lane lane);

/* What the caller is told about a unit that did not end in SB_PG_OK; logs what he is not told. */
extern struct sb_error sb_admission_error(const struct sb_admission *admission,
										  enum sb_pg_outcome outcome);

#endif /* SB_ADMISSION_H */
