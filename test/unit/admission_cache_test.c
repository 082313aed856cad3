/*
 * admission_cache_test.c: what is kept in Redis comes back as it was, and whatever else lies there
 * is no value (seed 127): cut, changed, of another length than it says, a small thing that becomes
 * large, or well formed and senseless. Versions, and the breaker.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zlib.h>

#include "base/memory.h"
#include "cache/breaker.h"
#include "cache/value.h"
#include "cache/version.h"
#include "tap.h"

#define HEAD (28 + SB_VERSION_EPOCH_MAX)

static const struct sb_version now = {.epoch = "17.5", .number = 42};

static PGresult *
make_result(const char *json, const char *next)
{
	char names[3][9] = {"page", "next", "previous"};
	PGresAttDesc columns[3] = {{.name = names[0]}, {.name = names[1]}, {.name = names[2]}};
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	PQsetResultAttrs(result, 3, columns);
	PQsetvalue(result, 0, 0, (char *) json, json ? (int) strlen(json) : -1);
	PQsetvalue(result, 0, 1, (char *) next, next ? (int) strlen(next) : -1);
	PQsetvalue(result, 0, 2, NULL, -1);
	return result;
}

static bool
is_same(const PGresult *a, const PGresult *b)
{
	if (b == NULL || PQnfields(a) != PQnfields(b) || PQntuples(b) != 1)
		return false;
	for (int i = 0; i < PQnfields(a); i++)
		if (strcmp(PQfname(a, i), PQfname(b, i)) != 0 ||
			PQgetisnull(a, 0, i) != PQgetisnull(b, 0, i) ||
			PQgetlength(a, 0, i) != PQgetlength(b, 0, i) ||
			memcmp(PQgetvalue(a, 0, i), PQgetvalue(b, 0, i), (size_t) PQgetlength(a, 0, i)) != 0)
			return false;
	return true;
}

static char *
long_json(size_t len)
{
	char *json = sb_malloc(len + 1);

	for (size_t i = 0; i < len; i++)
		json[i] = "{\"title\":\"words\"},"[i % 18];
	json[len] = '\0';
	return json;
}

static void
test_round_trip(const char *json, const char *next, size_t compress_min, const char *name)
{
	PGresult *result = make_result(json, next);
	struct sb_version version;
	PGresult *read = NULL;
	size_t len = 0;
	char *bytes = sb_value_encode(result, &now, compress_min, &len);

	if (bytes)
		read = sb_value_decode(bytes, len, &version);
	ok(is_same(result, read), name);
	ok(read && version.number == 42 && strcmp(version.epoch, "17.5") == 0, "with its version");
	PQclear(read);
	PQclear(result);
	free(bytes);
}

/* Reads bytes that end where their room ends, so that a sanitizer sees each step beyond. */
static bool
is_value(const char *bytes, size_t len)
{
	struct sb_version version;
	char *copy = sb_malloc(len);
	PGresult *result;

	memcpy(copy, bytes, len);
	result = sb_value_decode(copy, len, &version);
	free(copy);
	PQclear(result);
	return result != NULL;
}

/* As somebody would write it who knows the form. */
static void
seal(char *bytes, size_t len)
{
	uint64_t digest = XXH3_64bits_withSeed(bytes + 20, len - 20, XXH3_64bits(bytes, 12));

	memcpy(bytes + 12, &digest, 8);
}

static void
test_damage(size_t compress_min, const char *name)
{
	char *json = long_json(3000);
	PGresult *result = make_result(json, "next");
	size_t len;
	char *bytes = sb_value_encode(result, &now, compress_min, &len);
	int taken = 0;

	ok(is_value(bytes, len), name);
	for (size_t i = 0; i < len; i++)
		taken += is_value(bytes, i);
	is_int(taken, 0, "cut anywhere it is none");
	for (size_t i = 0; i < len; i++)
	{
		bytes[i] = (char) (bytes[i] ^ 0x20);
		taken += is_value(bytes, len);
		bytes[i] = (char) (bytes[i] ^ 0x20);
	}
	is_int(taken, 0, "nor with any byte changed");
	/* With the digest of what it has become nothing worse comes of it than another value. */
	srand(7);
	for (int i = 0; i < 20000; i++)
	{
		char *forged = sb_malloc(len);

		memcpy(forged, bytes, len);
		for (int changes = 1 + rand() % 4; changes > 0; changes--)
			forged[(size_t) rand() % len] = (char) rand();
		seal(forged, len);
		(void) is_value(forged, len);
		free(forged);
	}
	ok(true, "what is forged with care is read without harm");
	PQclear(result);
	free(bytes);
	free(json);
}

/* A head and a compressed row that becomes larger than it says, or than any may be. */
static void
test_bomb(void)
{
	size_t large = 64 * 1024 * 1024;
	char *zeros = sb_calloc(1, large);
	uLongf coded = compressBound(large);
	char *bytes = sb_calloc(1, HEAD + coded);
	uint32_t lengths[] = {100, 1024 * 1024, 64 * 1024 * 1024, UINT32_MAX, 0};
	uint32_t zlib = 1;

	compress2((Bytef *) bytes + HEAD, &coded, (Bytef *) zeros, large, 9);
	memcpy(bytes, "SoC1", 4);
	memcpy(bytes + 4, &zlib, 4);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
	{
		memcpy(bytes + 8, &lengths[i], 4);
		seal(bytes, HEAD + coded);
		ok(!is_value(bytes, HEAD + coded), "64 MB in 64 kB are no value, whatever it says");
	}
	free(zeros);
	free(bytes);
}

static void
test_what_is_kept(void)
{
	PGresult *empty = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresult *null = make_result(NULL, NULL);
	char *json = long_json(SB_VALUE_MAX);
	PGresult *large = make_result(json, NULL);
	size_t len;

	ok(sb_value_encode(empty, &now, 0, &len) == NULL, "no row is not kept");
	ok(sb_value_encode(null, &now, 0, &len) == NULL, "nor is null, which is 404");
	ok(sb_value_encode(large, &now, 1, &len) == NULL, "nor what is larger than a megabyte");
	PQclear(empty);
	PQclear(null);
	PQclear(large);
	free(json);
}

static void
test_versions(void)
{
	struct sb_version version;
	struct sb_version later = {.epoch = "17.5", .number = 43};
	struct sb_version other = {.epoch = "17.6", .number = 43};

	ok(sb_version_read(&version, "123.5:18446744073709551615") && version.number == UINT64_MAX &&
		   strcmp(version.epoch, "123.5") == 0,
	   "a version");
	ok(!sb_version_read(&version, "") && !sb_version_read(&version, ":1") &&
		   !sb_version_read(&version, "1:") && !sb_version_read(&version, "1:-1") &&
		   !sb_version_read(&version, "1:1x") && !sb_version_read(&version, "1") &&
		   !sb_version_read(&version, "12345678901234567890123456789012345678901:1"),
	   "none");
	ok(sb_version_covers(&now, &now) && sb_version_covers(&later, &now),
	   "what was read then or later will do");
	ok(!sb_version_covers(&now, &later) && !sb_version_covers(&other, &now),
	   "what was read before will not, nor what another server or database has said");
}

static void
test_breaker(void)
{
	struct sb_breaker breaker = {0};
	uint64_t at = 1000;

	ok(sb_breaker_lets(&breaker, at) && sb_breaker_lets(&breaker, at),
	   "closed it lets all through");
	ok(sb_breaker_open(&breaker, at) && !sb_breaker_open(&breaker, at),
	   "the first failure opens it; others under way do not make it longer");
	ok(!sb_breaker_lets(&breaker, at + 99), "open it lets none through");
	ok(sb_breaker_lets(&breaker, at + 100) && !sb_breaker_lets(&breaker, at + 100),
	   "when it is time, one");
	ok(!sb_breaker_open(&breaker, at + 100) && !sb_breaker_lets(&breaker, at + 299) &&
		   sb_breaker_lets(&breaker, at + 300),
	   "which fails: twice as long");
	for (int i = 0; i < 20; i++)
	{
		at = breaker.retry_at_ms;
		(void) sb_breaker_lets(&breaker, at);
		(void) sb_breaker_open(&breaker, at);
	}
	is_int((long long) (breaker.retry_at_ms - at), SB_BREAKER_LAST_MS, "but not for ever");
	ok(sb_breaker_lets(&breaker, breaker.retry_at_ms) && sb_breaker_close(&breaker) &&
		   !sb_breaker_close(&breaker) && sb_breaker_lets(&breaker, 0),
	   "one that goes well closes it");
}

int
main(void)
{
	char *json = long_json(100000);

	test_round_trip("{}", NULL, 0, "a small answer");
	test_round_trip(json, "cursor", 0, "a large one");
	test_round_trip(json, "cursor", 1400, "compressed");
	test_round_trip("{\"a\":1}", "", 1, "what does not become smaller");
	test_damage(0, "a value");
	test_damage(1, "a compressed one");
	test_bomb();
	test_what_is_kept();
	test_versions();
	test_breaker();
	free(json);
	return done_testing();
}
