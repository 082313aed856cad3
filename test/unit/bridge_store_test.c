/*
 * bridge_store_test.c: the bounded memories of the bridge: prepared statements (pg/prepared.c) and
 * tokens (auth/cache.c); and the writing of JSON texts (buffer.c).
 */
#include <stdlib.h>

#include "auth/cache.h"
#include "base/buffer.h"
#include "pg/prepared.h"
#include "pg/unit.h"
#include "tap.h"

/* Lists an id; how many left for it, the last one in *evicted. */
static int
add(struct sb_pg_prepared *prepared, uint64_t id, size_t size, uint64_t *evicted)
{
	int count = 0;

	while (sb_pg_prepared_make_room(prepared, size, 3, evicted))
		count++;
	sb_pg_prepared_add(prepared, id, size);
	return count;
}

static void
test_prepared(void)
{
	struct sb_pg_prepared *prepared = sb_pg_prepared_new(16, 1000);
	uint64_t evicted = 0;
	int gone = 0;
	int kept = 0;

	for (uint64_t id = 1; id <= 16; id++)
		gone += add(prepared, id, 10, &evicted);
	ok(gone == 0, "room for as many as the limit");
	ok(sb_pg_prepared_use(prepared, 1), "one that is there");
	ok(!sb_pg_prepared_use(prepared, 17), "one that is not");
	is_int(add(prepared, 17, 10, &evicted), 1, "one more");
	is_int((int64_t) evicted, 2, "drives out the one used longest ago");
	ok(sb_pg_prepared_use(prepared, 1) && !sb_pg_prepared_use(prepared, 2), "not the used one");
	sb_pg_prepared_drop(prepared, 5);
	sb_pg_prepared_drop(prepared, 99);
	ok(!sb_pg_prepared_use(prepared, 5) && add(prepared, 18, 10, &evicted) == 0,
	   "a dropped one leaves room");
	for (uint64_t id = 1000; id < 101000; id++)
		add(prepared, id * UINT64_C(0x9e3779b97f4a7c15), 10, &evicted);
	for (uint64_t id = 1000; id < 101000; id++)
		kept += sb_pg_prepared_use(prepared, id * UINT64_C(0x9e3779b97f4a7c15));
	is_int(kept, 16, "a hundred thousand leave the last ones");
	sb_pg_prepared_clear(prepared);
	ok(!sb_pg_prepared_use(prepared, 1), "and clear leaves none");

	for (uint64_t id = 1; id <= 9; id++)
		add(prepared, id, 100, &evicted);
	is_int(add(prepared, 10, 100, &evicted), 0, "room for as many bytes as the limit");
	is_int(add(prepared, 11, 250, &evicted), 3, "larger ones drive out more");
	ok(!sb_pg_prepared_use(prepared, 3) && sb_pg_prepared_use(prepared, 4), "the oldest");
	is_int(add(prepared, 12, 5000, &evicted), 5, "one that is larger than all leaves the last few");
	ok(sb_pg_prepared_use(prepared, 12) && sb_pg_prepared_use(prepared, 11) &&
		   sb_pg_prepared_use(prepared, 10) && sb_pg_prepared_use(prepared, 4),
	   "those used last");
	is_int(add(prepared, 13, 10, &evicted), 1, "and goes when its turn comes");
	sb_pg_prepared_free(prepared);
}

static void
hash_of(unsigned number, unsigned char hash[SB_TOKEN_HASH])
{
	memset(hash, 7, SB_TOKEN_HASH);
	memcpy(hash, &number, sizeof(number));
}

static int64_t
user_of(struct sb_token_cache *cache, const unsigned char hash[SB_TOKEN_HASH], int64_t now)
{
	const struct sb_token_owner *owner = sb_token_cache_get(cache, hash, now);

	return owner ? owner->user_id : 0;
}

static void
test_tokens(void)
{
	struct sb_token_owner owner = {.user_id = 42, .session_id = 7, .exp = 200};
	struct sb_token_cache *cache = sb_token_cache_new(64);
	unsigned char hash[SB_TOKEN_HASH];
	int kept = 0;

	hash_of(1, hash);
	is_int(user_of(cache, hash, 100), 0, "an unknown token");
	sb_token_cache_put(cache, hash, &owner);
	is_int(user_of(cache, hash, 199), 42, "a known token");
	is_int(user_of(cache, hash, 200), 0, "dies with its exp");
	is_int(user_of(cache, hash, 100), 0, "for good");
	hash[SB_TOKEN_HASH - 1] ^= 1;
	sb_token_cache_put(cache, hash, &owner);
	hash[SB_TOKEN_HASH - 1] ^= 1;
	is_int(user_of(cache, hash, 100), 0, "every byte of the hash counts");
	for (unsigned i = 0; i < 10000; i++)
	{
		hash_of(i, hash);
		owner.user_id = owner.session_id = i + 1;
		sb_token_cache_put(cache, hash, &owner);
		kept += user_of(cache, hash, 100) == i + 1;
	}
	is_int(kept, 10000, "the newest is always kept");
	sb_token_cache_end_session(cache, 10000);
	ok(sb_token_cache_get(cache, hash, 100)->has_ended, "a session's end marks its token");
	hash_of(9998, hash);
	ok(!sb_token_cache_get(cache, hash, 100)->has_ended, "and no other");
	kept = 0;
	for (unsigned i = 0; i < 10000; i++)
	{
		hash_of(i, hash);
		kept += sb_token_cache_get(cache, hash, 100) != NULL;
	}
	is_int(kept, 64, "and no more than there is room for");
	sb_token_cache_clear(cache);
	is_int(user_of(cache, hash, 100), 0, "clear forgets");
	sb_token_cache_free(cache);
}

static void
test_token_hash(void)
{
	struct sb_token_cache *cache = sb_token_cache_new(64);
	struct sb_token_cache *other = sb_token_cache_new(64);
	unsigned char hash[SB_TOKEN_HASH];
	unsigned char changed[SB_TOKEN_HASH];
	char token[331];
	int differ = 0;

	memset(token, 'a', sizeof(token));
	sb_token_cache_hash(cache, token, sizeof(token), hash);
	sb_token_cache_hash(cache, token, sizeof(token), changed);
	ok(memcmp(hash, changed, SB_TOKEN_HASH) == 0, "P-13: a token has one hash");
	for (size_t i = 0; i < sizeof(token); i++)
	{
		token[i] = 'b';
		sb_token_cache_hash(cache, token, sizeof(token), changed);
		differ += memcmp(hash, changed, SB_TOKEN_HASH) != 0;
		token[i] = 'a';
	}
	is_int(differ, sizeof(token), "every byte of it counts");
	sb_token_cache_hash(cache, token, sizeof(token) - 1, changed);
	ok(memcmp(hash, changed, SB_TOKEN_HASH) != 0, "so does its length");
	sb_token_cache_hash(other, token, sizeof(token), changed);
	ok(memcmp(hash, changed, SB_TOKEN_HASH) != 0, "another cache has other hashes");
	sb_token_cache_free(other);
	sb_token_cache_free(cache);
}

static void
test_json(const char *text, size_t len, const char *want, const char *name)
{
	struct sb_buffer buffer = {0};
	char *got;

	sb_buffer_put_json(&buffer, text, len);
	got = sb_buffer_take(&buffer, NULL);
	is_str(got, want, name);
	free(got);
}

int
main(void)
{
	test_prepared();
	test_tokens();
	test_token_hash();
	test_json("a\"b\\c\n\t", 7, "\"a\\\"b\\\\c\\n\\u0009\"", "escapes");
	test_json("\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\"", "UTF-8 stays");
	test_json("a\xff\0\x7f", 4, "\"a\\u00ff\\u0000\\u007f\"", "what is no text is escaped");
	test_json("", 0, "\"\"", "nothing");
	ok(sb_pg_statement_id("SELECT 1") != sb_pg_statement_id("SELECT 2"), "ids differ with the SQL");
	return done_testing();
}
