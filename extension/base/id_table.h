/*
 * id_table.h owns what hash tables of things by their id have in common: lib/simplehash.h, for a
 * struct whose `int64 id` is the key. Whoever includes it has defined SH_PREFIX and
 * SH_ELEMENT_TYPE, perhaps SH_HASH_KEY, and may include it again for another table: so it is not
 * guarded.
 */
#include "common/hashfn.h"

#define SH_KEY_TYPE int64
#define SH_KEY      id
#ifndef SH_HASH_KEY
#define SH_HASH_KEY(tb, key) murmurhash32((uint32) (key) ^ (uint32) ((key) >> 32))
#endif
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE           static inline
#define SH_DECLARE
#define SH_DEFINE
/* The server's own header shadows a local variable. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow=compatible-local"
#include "lib/simplehash.h"
#pragma GCC diagnostic pop
