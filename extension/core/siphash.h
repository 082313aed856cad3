/*
 * siphash.h owns a keyed hash for tables whose keys strangers choose (SipHash-2-4, Aumasson and
 * Bernstein): without the key nobody can make two of them meet. Pure.
 */
#ifndef SOCIAL_SIPHASH_H
#define SOCIAL_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of data[0 .. len) under a secret of two words. */
extern uint64_t social_siphash(const uint64_t *secret, const void *data, size_t len);

#endif /* SOCIAL_SIPHASH_H */
