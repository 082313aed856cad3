/*
 * value.h owns how an answer of the database stands in Redis: one row with its columns' names, at
 * the version of the content that was known before it was asked for.
 *
 * What is read back is believed only as far as it can be: whoever else writes to that Redis, and
 * whatever has become of the bytes, costs a question to the database, and nothing more.
 */
#ifndef SB_CACHE_VALUE_H
#define SB_CACHE_VALUE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "cache/version.h"

/* Bytes of a value, compressed or not; what is larger is not kept. */
#define SB_VALUE_MAX (1024 * 1024)

/*
 * The bytes, malloc'd, compressed by zlib from compress_min bytes on (0: never); NULL when this is
 * not kept: no row, or too large.
 */
extern char *sb_value_encode(const PGresult *result, const struct sb_version *version,
							 size_t compress_min, size_t *len);

/*
 * The result that the bytes were made of, which is the caller's to PQclear(), with its version;
 * NULL when they are no value.
 */
extern PGresult *sb_value_decode(const char *bytes, size_t len, struct sb_version *version);

#endif /* SB_CACHE_VALUE_H */
