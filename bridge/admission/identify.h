/*
 * identify.h owns finding out who a caller is, at the price of an attempt where he is nobody.
 */
#ifndef SB_ADMISSION_IDENTIFY_H
#define SB_ADMISSION_IDENTIFY_H

#include <stdint.h>

#include "error/errors.h"

struct sb_admission;

/*
 * Checks a token, which lives as long as the work: the caller has its owner then, and on_identified
 * is told of no refusal; else why he is not let in, for the time of the call: 401 for a token that
 * is no good. It is called exactly once, perhaps before this returns.
 *
 * A token that is no good counts as one attempt of the address; so does one that only the database
 * or newer keys can tell, before those are asked. What the caller came for counts afterwards, for
 * the owner alone.
 */
extern void sb_admission_identify(struct sb_admission *admission, const char *token,
								  void (*on_identified)(struct sb_admission *admission,
														const struct sb_error *refusal));

/* What an API key is told that lacks a scope; 0: what is for none. */
extern struct sb_error sb_admission_lacks(uint32_t scope);

/*
 * For a caller without a token where one is needed: counts the attempt at what he came for (mission
 * I-12), then says 401, or 429 beyond the limit. on_refused is called exactly once, perhaps before
 * this returns.
 */
extern void sb_admission_turn_away(struct sb_admission *admission,
								   void (*on_refused)(struct sb_admission *admission,
													  const struct sb_error *refusal));

#endif /* SB_ADMISSION_IDENTIFY_H */
