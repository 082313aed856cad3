/*
 * siphash.c owns the keyed hash SipHash-2-4.
 */
#include "core/siphash.h"

#include <string.h>

static inline uint64_t
rotate(uint64_t word, int bits)
{
	return (word << bits) | (word >> (64 - bits));
}

static inline void
mix(uint64_t v[4], int rounds)
{
	while (rounds-- > 0)
	{
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static inline void
take_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

/* Up to eight bytes as a little-endian word, whatever the machine's order is. */
static inline uint64_t
word_of(const unsigned char *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++)
		word |= (uint64_t) bytes[i] << (8 * i);
	return word;
}

uint64_t
social_siphash(const uint64_t *secret, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t v[4] = {
		secret[0] ^ UINT64_C(0x736f6d6570736575), secret[1] ^ UINT64_C(0x646f72616e646f6d),
		secret[0] ^ UINT64_C(0x6c7967656e657261), secret[1] ^ UINT64_C(0x7465646279746573)};
	size_t whole = len & ~(size_t) 7;

	for (size_t i = 0; i < whole; i += 8)
		take_word(v, word_of(bytes + i, 8));
	take_word(v, word_of(bytes + whole, len - whole) | (uint64_t) len << 56);
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
