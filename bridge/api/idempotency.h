/*
 * idempotency.h owns requests that are done once, however often they are sent (issue 13, mission
 * 3.1): what Idempotency-Key says, and the two statements that stand around those of the request,
 * in its transaction. The database decides (sql/api/idempotency.sql).
 *
 * A request that was done before ends in an error of its claim; its answer is asked for then, so
 * that all others cost one round trip.
 */
#ifndef SB_API_IDEMPOTENCY_H
#define SB_API_IDEMPOTENCY_H

#include <stdbool.h>
#include <stddef.h>

#include "pg/unit.h"

struct sb_request;

#define SB_IDEMPOTENCY_KEY_MAX 255

/*
 * Reads the header's value: 1 to 255 visible ASCII characters but `,`, `"` and `\`, bare or in
 * double quotes (a string of RFC 9651). The key without quotes into key; false when it is none.
 * Pure.
 */
extern bool sb_idempotency_read_key(const char *value, char key[SB_IDEMPOTENCY_KEY_MAX + 1]);

/*
 * Takes the request's key, if it has one: from here on request->idempotency says so. False when
 * that was answered (400).
 */
extern bool sb_idempotency_begin(struct sb_request *request);

/* Before the work's statements: claims the step. Nothing without a key. */
extern void sb_idempotency_claim(struct sb_request *request, int step);

/*
 * Adds the statement that answers; with a key in a form that keeps its answer, too, and gives a row
 * whatever it finds.
 */
extern void sb_idempotency_add_answer(struct sb_request *request,
									  const struct sb_pg_statement *statement);

/* Whether the unit failed because the step was done before. */
extern bool sb_idempotency_was_done(const struct sb_request *request, enum sb_pg_outcome outcome);

/* Whether the unit failed because the key is no good for this request. */
extern bool sb_idempotency_is_refused(const struct sb_request *request, enum sb_pg_outcome outcome);

/*
 * Asks for the answer that was kept; on_done gets a last result of (answer, id) and the marker of
 * the header is set. False when that cannot be sent now.
 */
extern bool sb_idempotency_ask(struct sb_request *request,
							   void (*on_done)(struct sb_pg_unit *, enum sb_pg_outcome));

#endif /* SB_API_IDEMPOTENCY_H */
