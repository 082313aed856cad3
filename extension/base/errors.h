/*
 * errors.h owns the SQLSTATEs of the extension: class SM, one per HTTP status it stands for.
 * The bridge maps them in bridge/error/errors.c; nothing else knows the numbers.
 */
#ifndef SOCIAL_ERRORS_H
#define SOCIAL_ERRORS_H

#include "utils/elog.h"

/* The input itself is wrong: missing, over-long, malformed, an unknown enum value, a bad cursor. */
#define ERRCODE_SOCIAL_BAD_REQUEST     MAKE_SQLSTATE('S', 'M', '4', '0', '0')
/* Nobody acts, or the credentials do not hold. */
#define ERRCODE_SOCIAL_UNAUTHENTICATED MAKE_SQLSTATE('S', 'M', '4', '0', '1')
/* Somebody acts who may not do this. */
#define ERRCODE_SOCIAL_FORBIDDEN       MAKE_SQLSTATE('S', 'M', '4', '0', '3')
/* The object does not exist, or the viewer may not know that it does. */
#define ERRCODE_SOCIAL_NOT_FOUND       MAKE_SQLSTATE('S', 'M', '4', '0', '4')
/* A unique name is taken, or the state forbids the change. */
#define ERRCODE_SOCIAL_CONFLICT        MAKE_SQLSTATE('S', 'M', '4', '0', '9')
/* What was asked to go on from is not known any more: read anew ("resync"). */
#define ERRCODE_SOCIAL_GONE            MAKE_SQLSTATE('S', 'M', '4', '1', '0')
/* Well-formed, but contradicts what an earlier request said. */
#define ERRCODE_SOCIAL_UNPROCESSABLE   MAKE_SQLSTATE('S', 'M', '4', '2', '2')
/* A rate limit's window is exhausted. */
#define ERRCODE_SOCIAL_RATE_LIMITED    MAKE_SQLSTATE('S', 'M', '4', '2', '9')
/*
 * Raised in SQL only: SM208, a request with an idempotency key was done before, SM423, one is under
 * way (sql/api/idempotency.sql); SM412, a document is not of the version that was asked for
 * (sql/api/version.sql).
 */

#endif /* SOCIAL_ERRORS_H */
