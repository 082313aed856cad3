/*
 * trace.h owns the form of `traceparent` (W3C Trace Context, level 1). Pure.
 */
#ifndef SB_HTTP_TRACE_H
#define SB_HTTP_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#define SB_TRACE_ID_AT     3 /* where the id of the trace stands in it */
#define SB_TRACE_ID_LENGTH 32

/*
 * Whether text[0 .. len) is version-trace-parent-flags in lower-case hexadecimal digits, the
 * version not ff and neither id all zeros. What a later version than 00 adds stands behind another
 * dash.
 */
extern bool sb_trace_is_valid(const char *text, size_t len);

#endif /* SB_HTTP_TRACE_H */
