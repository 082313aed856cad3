/*
 * admission_value_fuzz.c feeds any bytes to the reader of what lies in Redis, as they are and with
 * the digest that they would have: what it takes is written again and read as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "cache/value.h"

#define CHECK(condition) ((condition) ? (void) 0 : abort())
#define HEAD             (28 + SB_VERSION_EPOCH_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_again(const PGresult *result, const struct sb_version *version)
{
	struct sb_version read_version;
	size_t len;
	char *bytes = sb_value_encode(result, version, 64, &len);
	PGresult *read = bytes ? sb_value_decode(bytes, len, &read_version) : NULL;

	if (bytes)
	{
		CHECK(read && read_version.number == version->number &&
			  PQnfields(read) == PQnfields(result));
		for (int i = 0; i < PQnfields(read); i++)
			CHECK(PQgetlength(read, 0, i) == PQgetlength(result, 0, i) &&
				  memcmp(PQgetvalue(read, 0, i), PQgetvalue(result, 0, i),
						 (size_t) PQgetlength(read, 0, i)) == 0);
	}
	PQclear(read);
	free(bytes);
}

static void
read_value(const char *bytes, size_t size)
{
	struct sb_version version;
	PGresult *result = sb_value_decode(bytes, size, &version);

	if (result)
		check_again(result, &version);
	PQclear(result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes;
	uint64_t digest;

	read_value((const char *) data, size);
	if (size < HEAD)
		return 0;
	bytes = malloc(size);
	CHECK(bytes);
	memcpy(bytes, data, size);
	memcpy(bytes, "SoC1", 4);
	bytes[4] &= 1;
	memset(bytes + 5, 0, 3);
	if (bytes[4] == 0)
	{
		uint32_t len = (uint32_t) (size - HEAD);

		memcpy(bytes + 8, &len, 4);
	}
	digest = XXH3_64bits_withSeed(bytes + 20, size - 20, XXH3_64bits(bytes, 12));
	memcpy(bytes + 12, &digest, 8);
	read_value(bytes, size);
	free(bytes);
	return 0;
}
