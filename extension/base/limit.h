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

/* Raises SM400 "<what> is required" when the text is null or nothing of it can be seen. */
extern void social_limit_require(const char *what, const text *value);

/*
 * Raises SM400 "<what> is not valid" when the text holds control characters (line breaks and tabs
 * are none unless it is to be one line), or when it is not empty and nothing of it can be seen.
 */
extern void social_limit_check_form(const char *what, const text *value, bool is_line);

/* The trigger's data; raises when the function was not called as a row trigger, and as version.h.
 */
extern TriggerData *social_row_trigger(FunctionCallInfo fcinfo);

/* The row that a BEFORE trigger passes on unchanged: new for INSERT and UPDATE, else old. */
extern HeapTuple social_row_trigger_result(const TriggerData *trigger);

/* A text column of a row, detoasted; NULL when it is null. */
extern text *social_row_text(const TriggerData *trigger, HeapTuple row, const char *column);

/* Has the new row another text in a column than the old one, or is there no old one? */
extern bool social_row_text_is_new(const TriggerData *trigger, const char *column);

#endif /* SOCIAL_LIMIT_H */
