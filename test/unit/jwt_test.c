/*
 * jwt_test.c proves the token core (seed 114, pain P-14): every row of the negative corpus is
 * refused for its reason, tokens round-trip, and published vectors hold.
 */
#include "tap.h"

#include "core/jwt.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#define CORPUS      "test/data/jwt_negative.tsv"
#define KEYS        "test/data/jwt_keys/"
#define CORPUS_TIME 1700000000

struct file_text
{
	char bytes[8192];
	size_t len;
};

/* Reads a key of the corpus; `empty` is the key of no bytes. */
static struct file_text
read_key(const char *name)
{
	struct file_text text = {.len = 0};
	char path[200];
	FILE *file;

	if (strcmp(name, "empty") == 0)
		return text;
	snprintf(path, sizeof(path), KEYS "%s", name);
	file = fopen(path, "r");
	if (file != NULL)
	{
		text.len = fread(text.bytes, 1, sizeof(text.bytes), file);
		fclose(file);
	}
	return text;
}

/* Verifies an exact copy of the token, so that the sanitizer sees a read past its end. */
static enum social_jwt_result
verify(const char *token, const struct social_jws_key *key, const struct social_jwt_policy *policy)
{
	size_t len = strlen(token);
	char *copy = malloc(len ? len : 1);
	struct social_jwt_claims claims;
	enum social_jwt_result result;

	memcpy(copy, token, len);
	result = social_jwt_verify(copy, len, key, policy, &claims);
	if (result == SOCIAL_JWT_OK)
		social_jwt_claims_release(&claims);
	free(copy);
	return result;
}

static void
test_corpus(void)
{
	char line[16384];
	FILE *file = fopen(CORPUS, "r");
	int rows = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
	{
		char *rest = line;
		char *columns[7];
		struct file_text bytes;
		struct social_jws_key key = {0};
		struct social_jwt_policy policy = {.now = CORPUS_TIME};
		char name[200];

		for (int i = 0; i < 7; i++)
			columns[i] = strsep(&rest, "\t\n");
		bytes = read_key(columns[1]);
		key.algorithm = social_jws_algorithm_by_name(columns[2]);
		key.bytes = bytes.bytes;
		key.len = bytes.len;
		policy.issuer = columns[3];
		policy.audience = columns[4];
		snprintf(name, sizeof(name), "seed 114: %s", columns[0]);
		is_str(social_jwt_result_text(verify(columns[5], &key, &policy)), columns[6], name);
		rows++;
	}
	if (file != NULL)
		fclose(file);
	ok(rows > 150, "the corpus was read from " CORPUS);
}

static void
test_round_trip(const char *name, const struct social_jws_key *private_key,
				const struct social_jws_key *public_key)
{
	struct social_jwt_policy policy = {
		.now = 1000, .issuer = "social", .audience = "app", .is_access_token = true};
	struct social_jwt_header header;
	struct social_jwt_claims claims;
	char *token;
	char *text;
	char label[100];

	snprintf(label, sizeof(label), "seed 114: %s signs and verifies", name);
	ok(social_jwt_sign(private_key, "k1",
					   "{\"iss\":\"social\",\"aud\":[\"app\"],\"sub\":\"42\",\"sid\":\"s\\u00e9\","
					   "\"jti\":\"j\",\"iat\":990,\"nbf\":990,\"exp\":1001}",
					   &token) == SOCIAL_JWT_OK &&
		   social_jwt_verify(token, strlen(token), public_key, &policy, &claims) == SOCIAL_JWT_OK,
	   label);
	is_int(claims.subject_id, 42, "sub as a number");
	is_str(claims.sid, "s\u00e9", "sid");
	is_str(claims.jti, "j", "jti");
	ok(claims.iat == 990 && claims.nbf == 990 && claims.exp == 1001, "dates");
	text = social_jwt_claims_text(&claims);
	ok(text != NULL && strstr(text, "\"s\\u00E9\"") != NULL, "all claims as ASCII text");
	free(text);
	social_jwt_claims_release(&claims);

	ok(social_jwt_peek(token, strlen(token), &header) == SOCIAL_JWT_OK && header.has_kid &&
		   strcmp(header.kid, "k1") == 0 && header.algorithm == public_key->algorithm,
	   "the header can be peeked at");
	policy.now = 1001;
	is_int(verify(token, public_key, &policy), SOCIAL_JWT_EXPIRED, "dead at exp");
	policy.leeway = 1;
	is_int(verify(token, public_key, &policy), SOCIAL_JWT_OK, "alive within the leeway");
	policy.now = 988;
	is_int(verify(token, public_key, &policy), SOCIAL_JWT_NOT_YET_VALID, "not before nbf");
	free(token);
}

static void
test_round_trips(void)
{
	struct social_jws_key secret = {SOCIAL_JWS_HS256, "a secret of at least thirty-two bytes", 37};
	struct social_jws_key private_key = {SOCIAL_JWS_ES256};
	struct social_jws_key public_key = {SOCIAL_JWS_ES256};
	char *private_pem;
	char *public_pem;

	test_round_trip("HS256", &secret, &secret);
	ok(social_jws_generate(SOCIAL_JWS_ES256, &private_pem, &public_pem), "a key pair is made");
	private_key.bytes = private_pem;
	private_key.len = strlen(private_pem);
	public_key.bytes = public_pem;
	public_key.len = strlen(public_pem);
	/* Often, since r or s begins with a zero byte once in 128 times. */
	for (int i = 0; i < 20; i++)
		test_round_trip("ES256", &private_key, &public_key);
	free(private_pem);
	free(public_pem);
}

/* Signs the claims and says what an access token with them comes to. */
static enum social_jwt_result
try_access_token(const char *claims)
{
	struct social_jws_key key = {SOCIAL_JWS_HS256, "a secret of at least thirty-two bytes", 37};
	struct social_jwt_policy policy = {.now = 1000, .is_access_token = true};
	enum social_jwt_result result;
	char *token;

	result = social_jwt_sign(&key, NULL, claims, &token);
	if (result == SOCIAL_JWT_OK)
		result = verify(token, &key, &policy);
	free(token);
	return result;
}

static void
test_access_tokens(void)
{
	static const struct
	{
		const char *claims;
		enum social_jwt_result result;
	} cases[] = {
		{"{\"sub\":\"1\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_OK},
		{"{\"sub\":\"9223372036854775807\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_OK},
		{"{\"sub\":\"9223372036854775808\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_BAD_SUBJECT},
		{"{\"sub\":\"0\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_BAD_SUBJECT},
		{"{\"sub\":\"-1\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_BAD_SUBJECT},
		{"{\"sub\":\"01\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_BAD_SUBJECT},
		{"{\"sub\":\" 1\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_BAD_SUBJECT},
		{"{\"sub\":\"1 OR 1=1\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_BAD_SUBJECT},
		{"{\"sub\":\"alice\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_BAD_SUBJECT},
		{"{\"sub\":\"\",\"iat\":1,\"exp\":2000}", SOCIAL_JWT_BAD_SUBJECT},
		{"{\"iat\":1,\"exp\":2000}", SOCIAL_JWT_MISSING_CLAIM},
		{"{\"sub\":\"1\",\"exp\":2000}", SOCIAL_JWT_MISSING_CLAIM},
		{"{\"sub\":\"1\",\"iat\":1}", SOCIAL_JWT_MISSING_CLAIM},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char name[200];

		snprintf(name, sizeof(name), "seed 114, access token %s", cases[i].claims);
		is_str(social_jwt_result_text(try_access_token(cases[i].claims)),
			   social_jwt_result_text(cases[i].result), name);
	}
}

/* The example of RFC 7515 A.1: HS256, blanks and line ends inside the JSON. */
static void
test_published_vector(void)
{
	static const unsigned char secret[] = {
		3,   35,  53, 75,  43,  15, 165, 188, 131, 126, 6,   101, 119, 123, 166, 143,
		90,  179, 40, 230, 240, 84, 201, 40,  169, 15,  132, 178, 210, 80,  46,  191,
		211, 251, 90, 146, 210, 6,  71,  239, 150, 138, 180, 195, 119, 98,  61,  34,
		61,  46,  33, 114, 5,   46, 79,  8,   192, 205, 154, 245, 103, 208, 128, 163};
	static const char token[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
								"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcG"
								"xlLmNvbS9pc19yb290Ijp0cnVlfQ."
								"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	struct social_jws_key key = {SOCIAL_JWS_HS256, secret, sizeof(secret)};
	struct social_jwt_policy policy = {.now = 1300819379, .issuer = "joe"};

	is_int(verify(token, &key, &policy), SOCIAL_JWT_OK, "seed 114: RFC 7515 A.1 verifies");
	policy.now++;
	is_int(verify(token, &key, &policy), SOCIAL_JWT_EXPIRED, "seed 114: RFC 7515 A.1 expires");
}

static void
test_secrets(void)
{
	struct file_text pem = read_key("es256_public.pem");
	struct file_text private_pem = read_key("es256.pem");
	struct social_jws_key key = {SOCIAL_JWS_HS256, pem.bytes, pem.len};
	unsigned char *der = NULL;
	FILE *file = fopen(KEYS "rs256_public.pem", "r");
	EVP_PKEY *rsa = file ? PEM_read_PUBKEY(file, NULL, NULL, NULL) : NULL;
	char *token;

	is_int(social_jwt_sign(&key, NULL, "{}", &token), SOCIAL_JWT_BAD_KEY, "no PEM as a secret");
	key.bytes = private_pem.bytes;
	key.len = private_pem.len;
	is_int(social_jwt_sign(&key, NULL, "{}", &token), SOCIAL_JWT_BAD_KEY, "no private PEM either");
	key.len = (size_t) i2d_PUBKEY(rsa, &der);
	key.bytes = der;
	is_int(social_jwt_sign(&key, NULL, "{}", &token), SOCIAL_JWT_BAD_KEY, "no DER as a secret");
	key.bytes = "ssh-rsa AAAA";
	key.len = 12;
	is_int(social_jwt_sign(&key, NULL, "{}", &token), SOCIAL_JWT_BAD_KEY, "no SSH key as a secret");
	key.len = 0;
	is_int(social_jwt_sign(&key, NULL, "{}", &token), SOCIAL_JWT_BAD_KEY, "no empty secret");
	key.algorithm = SOCIAL_JWS_ES256;
	key.bytes = pem.bytes;
	key.len = pem.len;
	is_int(social_jwt_sign(&key, NULL, "{}", &token), SOCIAL_JWT_BAD_KEY,
		   "a public key does not sign");
	ok(token == NULL, "a refusal returns no token");
	OPENSSL_free(der);
	EVP_PKEY_free(rsa);
	if (file != NULL)
		fclose(file);
}

int
main(void)
{
	test_published_vector();
	test_round_trips();
	test_access_tokens();
	test_secrets();
	test_corpus();
	return done_testing();
}
