/*
 * limit.h owns length limits of user input, and the small things that row triggers share.
 */
#ifndef SOCIAL_LIMIT_H
#define SOCIAL_LIMIT_H

#include "postgres.h"
#include "commands/trigger.h"
#include "fmgr.h"

/* Registers a limit as an integer setting (superusers change it), with its default. */
extern void social_limit_define(const char *name, const char *purpose, int *value, int initial);

/* Raises SM400 "<what> is too long" when the text has more than `limit` characters. */
extern void social_limit_check(const char *what, const text *value, int limit);

/* Raises SM400 "<what> is required" when the text is null, empty or blank. */
extern void social_limit_require(const char *what, const text *value);

/* The trigger's data; raises when the function was not called as a row trigger, and as version.h.
 */
extern TriggerData *social_row_trigger(FunctionCallInfo fcinfo);

/* The row that a BEFORE trigger passes on unchanged: new for INSERT and UPDATE, else old. */
extern HeapTuple social_row_trigger_result(const TriggerData *trigger);

/* A text column of a row, detoasted; NULL when it is null. */
extern text *social_row_text(const TriggerData *trigger, HeapTuple row, const char *column);

/* social_limit_check on a column of the new row. */
extern void social_limit_check_column(const TriggerData *trigger, const char *column, int limit);

#endif /* SOCIAL_LIMIT_H */
