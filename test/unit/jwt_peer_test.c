/*
 * jwt_peer_test.c holds the token core against libjwt (seed 114, pain P-14): what one signs the
 * other verifies, the negative corpus is run against both, and libjwt, where our core has pinned
 * the algorithm, takes whatever our core takes. libjwt is here and not in the bridge: it reads the
 * key anew for each token, which costs an ES256 token seven times what our core costs (the last
 * rows say how much here), on a loop that strangers may send tokens to.
 */
#include "tap.h"

#include "core/jwt.h"

#include <jwt.h>
#include <stdlib.h>
#include <time.h>

#define CORPUS "test/data/jwt_negative.tsv"
#define KEYS   "test/data/jwt_keys/"
#define CLAIMS                                                                                     \
	"{\"iss\":\"social\",\"aud\":[\"app\"],\"sub\":\"42\",\"sid\":\"7\",\"iat\":990,\"exp\":2000}"

static const struct social_jwt_policy policy = {
	.now = 1000, .issuer = "social", .audience = "app", .is_access_token = true};

struct pair
{
	struct social_jws_key signing;
	struct social_jws_key verifying;
	char *texts[2];
};

static struct pair
make_pair(enum social_jws_algorithm algorithm)
{
	static const char secret[] = "a secret of at least thirty-two bytes";
	struct pair pair = {{algorithm, secret, sizeof(secret) - 1},
						{algorithm, secret, sizeof(secret) - 1}};

	if (algorithm != SOCIAL_JWS_HS256 &&
		social_jws_generate(algorithm, &pair.texts[0], &pair.texts[1]))
	{
		pair.signing.bytes = pair.texts[0];
		pair.signing.len = strlen(pair.texts[0]);
		pair.verifying.bytes = pair.texts[1];
		pair.verifying.len = strlen(pair.texts[1]);
	}
	return pair;
}

/* libjwt's verdict, after our pin: the header names the key's own algorithm. */
static bool
peer_takes(const char *token, const struct social_jws_key *key)
{
	struct social_jwt_header header;
	jwt_t *jwt = NULL;
	bool good;

	if (social_jwt_peek(token, strlen(token), &header) != SOCIAL_JWT_OK ||
		header.algorithm != key->algorithm)
		return false;
	good = jwt_decode(&jwt, token, key->bytes, (int) key->len) == 0;
	jwt_free(jwt);
	return good;
}

static bool
we_take(const char *token, const struct social_jws_key *key)
{
	struct social_jwt_claims claims;
	bool good = social_jwt_verify(token, strlen(token), key, &policy, &claims) == SOCIAL_JWT_OK;

	if (good)
		social_jwt_claims_release(&claims);
	return good;
}

static char *
peer_signs(const struct social_jws_key *key)
{
	jwt_t *jwt = NULL;
	char *token = NULL;

	if (jwt_new(&jwt) == 0 && jwt_add_grants_json(jwt, CLAIMS) == 0 &&
		jwt_set_alg(jwt, jwt_str_alg(social_jws_algorithm_name(key->algorithm)), key->bytes,
					(int) key->len) == 0)
		token = jwt_encode_str(jwt);
	jwt_free(jwt);
	return token;
}

static void
test_both_ways(const char *name, struct pair *pair, const struct pair *stranger)
{
	char label[100];
	char *token = NULL;

	/* Often, since r or s begins with a zero byte once in 128 times. */
	for (int i = 0; i < 20; i++)
	{
		snprintf(label, sizeof(label), "seed 114: libjwt verifies our %s, %d", name, i + 1);
		(void) social_jwt_sign(&pair->signing, "k1", CLAIMS, &token);
		ok(token != NULL && peer_takes(token, &pair->verifying), label);
		ok(token != NULL && !peer_takes(token, &stranger->verifying), "and not with another key");
		free(token);

		snprintf(label, sizeof(label), "seed 114: we verify libjwt's %s, %d", name, i + 1);
		token = peer_signs(&pair->signing);
		ok(token != NULL && we_take(token, &pair->verifying), label);
		ok(token != NULL && !we_take(token, &stranger->verifying), "and not with another key");
		free(token);
	}
}

/* The corpus: what we take libjwt takes; what only its signature spoils neither does. */
static void
test_corpus(void)
{
	char line[16384];
	FILE *file = fopen(CORPUS, "r");
	int rows = 0;
	int valid = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
	{
		char bytes[8192];
		char path[200];
		char name[300];
		char *rest = line;
		char *columns[7];
		struct social_jws_key key = {.bytes = bytes};
		FILE *key_file;

		for (int i = 0; i < 7; i++)
			columns[i] = strsep(&rest, "\t\n");
		snprintf(path, sizeof(path), KEYS "%s", columns[1]);
		key_file = fopen(path, "r"); /* NULL: the key of no bytes */
		if (key_file != NULL)
		{
			key.len = fread(bytes, 1, sizeof(bytes), key_file);
			fclose(key_file);
		}
		key.algorithm = social_jws_algorithm_by_name(columns[2]);
		rows++;
		snprintf(name, sizeof(name), "seed 114: libjwt on \"%s\"", columns[0]);
		if (strcmp(columns[6], social_jwt_result_text(SOCIAL_JWT_OK)) == 0)
			ok(peer_takes(columns[5], &key), name), valid++;
		else if (strcmp(columns[6], social_jwt_result_text(SOCIAL_JWT_BAD_SIGNATURE)) == 0)
			ok(!peer_takes(columns[5], &key), name);
	}
	if (file != NULL)
		fclose(file);
	ok(rows > 150 && valid > 5, "the corpus was read from " CORPUS);
}

static double
seconds_of(bool (*takes)(const char *, const struct social_jws_key *), const char *token,
		   const struct social_jws_key *key)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (int i = 0; i < 200; i++)
		(void) takes(token, key);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return (double) (end.tv_sec - begin.tv_sec) + (double) (end.tv_nsec - begin.tv_nsec) / 1e9;
}

/* Says what the decision above rests on; the machine is not judged. */
static void
tell_cost(const char *name, struct pair *pair)
{
	char *token = NULL;
	double ours;
	double theirs;

	(void) social_jws_open(&pair->verifying, true);
	(void) social_jwt_sign(&pair->signing, "k1", CLAIMS, &token);
	ours = seconds_of(we_take, token, &pair->verifying);
	theirs = seconds_of(peer_takes, token, &pair->verifying);
	printf("# %s: a new token costs us %.0f us, libjwt %.0f us of CPU\n", name, ours * 5000,
		   theirs * 5000);
	social_jws_close(&pair->verifying);
	free(token);
}

int
main(void)
{
	static const enum social_jws_algorithm algorithms[] = {SOCIAL_JWS_HS256, SOCIAL_JWS_ES256,
														   SOCIAL_JWS_RS256};

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
	{
		const char *name = social_jws_algorithm_name(algorithms[i]);
		struct pair pair = make_pair(algorithms[i]);
		struct pair stranger = make_pair(algorithms[i]);

		if (algorithms[i] == SOCIAL_JWS_HS256)
			stranger.verifying.bytes = "another secret of thirty-two byte";
		stranger.verifying.len = strlen(stranger.verifying.bytes);
		test_both_ways(name, &pair, &stranger);
		tell_cost(name, &pair);
		for (int text = 0; text < 2; text++)
		{
			free(pair.texts[text]);
			free(stranger.texts[text]);
		}
	}
	test_corpus();
	return done_testing();
}
