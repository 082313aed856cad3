/*
 * figures.h owns what a caller is told about his limits (mission 125, I-10).
 */
#ifndef SB_RATELIMIT_FIGURES_H
#define SB_RATELIMIT_FIGURES_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "caller/caller.h"
#include "core/ratelimit_gcra.h"

/* Takes over what the arithmetic says of the tightest window. */
extern void sb_figures_take(struct sb_figures *figures, const struct social_rate_figures *taken);

/* The same from the database's text ("limit remaining reset window retry_after"); NULL: none. */
extern void sb_figures_read(struct sb_figures *figures, const char *text);

/* The same from a statement that failed because of a limit; others have no figures. */
extern void sb_figures_read_refusal(struct sb_figures *figures, const PGresult *error);

/* Whether a statement failed because of a limit. */
extern bool sb_limit_is_refusal(const PGresult *error);

#endif /* SB_RATELIMIT_FIGURES_H */
