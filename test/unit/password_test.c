/*
 * password_test.c proves password hashes (seed 117): ours round-trip, Django's verify, and hostile
 * or malformed ones are refused without being computed.
 */
#include "tap.h"

#include "password.h"

#include <time.h>

static const struct social_password_cost cheap = {8, 1};

static enum social_password_result
verify(const char *password, const char *encoded)
{
	return social_password_verify(password, strlen(password), encoded);
}

static void
test_ours(void)
{
	char first[SOCIAL_PASSWORD_ENCODED_SIZE];
	char second[SOCIAL_PASSWORD_ENCODED_SIZE];
	char longest[SOCIAL_PASSWORD_MAX_BYTES + 1];
	struct social_password_cost other = {16, 1};

	is_int(social_password_hash("pässword", 9, &cheap, first), SOCIAL_PASSWORD_OK,
		   "seed 117: hashes");
	social_password_hash("pässword", 9, &cheap, second);
	ok(strncmp(first, "$argon2id$v=19$m=8,t=1,p=1$", 27) == 0, "seed 117: argon2id with its cost");
	ok(strcmp(first, second) != 0, "seed 117: a salt of its own");
	is_int(verify("pässword", first), SOCIAL_PASSWORD_OK, "seed 117: verifies");
	is_int(verify("passwörd", first), SOCIAL_PASSWORD_MISMATCH, "seed 117: another password");
	is_int(verify("", first), SOCIAL_PASSWORD_MISMATCH, "seed 117: an empty password");
	ok(!social_password_needs_rehash(first, &cheap), "seed 117: the same cost needs no rehash");
	ok(social_password_needs_rehash(first, &other), "seed 117: another cost does");

	memset(longest, 'x', sizeof(longest));
	is_int(social_password_hash(longest, SOCIAL_PASSWORD_MAX_BYTES, &cheap, first),
		   SOCIAL_PASSWORD_OK, "seed 117: 1,000 bytes");
	is_int(social_password_verify(longest, SOCIAL_PASSWORD_MAX_BYTES, first), SOCIAL_PASSWORD_OK,
		   "seed 117: 1,000 bytes verify");
	is_int(social_password_verify(longest, SOCIAL_PASSWORD_MAX_BYTES - 1, first),
		   SOCIAL_PASSWORD_MISMATCH, "seed 117: every byte counts");
	is_int(social_password_hash(longest, SOCIAL_PASSWORD_MAX_BYTES + 1, &cheap, first),
		   SOCIAL_PASSWORD_REFUSED, "seed 117: 1,001 bytes");
	is_int(social_password_hash("a\0b", 3, &cheap, second), SOCIAL_PASSWORD_REFUSED,
		   "seed 117: a NUL byte");
	is_int(social_password_verify("a\0b", 3, first), SOCIAL_PASSWORD_REFUSED,
		   "seed 117: a NUL byte, verified");
}

struct encoded_case
{
	const char *encoded;
	enum social_password_result result; /* for the password "secret" */
};

/* The valid ones were made with the argon2 command and Python's hashlib. */
static const struct encoded_case cases[] = {
	{"pbkdf2_sha256$1000$saltSALT123$7HZFUcb8Gh4XsP3JGl8jZSZ96vb+T8we36aAlnAJaAk=",
	 SOCIAL_PASSWORD_OK},
	{"pbkdf2_sha256$1$saltSALT123$f0NlxujNR16ypdZRemNDBGjOztYJbzYrytHhvFHRX+E=",
	 SOCIAL_PASSWORD_OK},
	{"pbkdf2_sha256$2$saltSALT123$f0NlxujNR16ypdZRemNDBGjOztYJbzYrytHhvFHRX+E=",
	 SOCIAL_PASSWORD_MISMATCH},
	{"pbkdf2_sha256$1$SALTsalt123$f0NlxujNR16ypdZRemNDBGjOztYJbzYrytHhvFHRX+E=",
	 SOCIAL_PASSWORD_MISMATCH},
	{"$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHRzYWx0$X5FYVfax/F4kJBbMzd3VLf8g5G04Ag8NxNL9jEesfik",
	 SOCIAL_PASSWORD_OK},
	{"$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0$X5FYVfax/F4kJBbMzd3VLf8g5G04Ag8NxNL9jEesfik",
	 SOCIAL_PASSWORD_MISMATCH},
	{"argon2$argon2id$v=19$m=1024,t=3,p=8$c2FsdHNhbHRzYWx0$Rv+HdOSNcg8n63a4HWDHc+"
	 "6Bjtc1B9Y4RVQfQjj77hc",
	 SOCIAL_PASSWORD_OK},
	{"argon2$argon2i$v=19$m=64,t=3,p=2$c2FsdHNhbHRzYWx0$s3CKnYQawByMlBvspvUveSZYaHZ+"
	 "FfJdhoXKwMt98dY",
	 SOCIAL_PASSWORD_OK},
	{"argon2$argon2d$v=19$m=64,t=3,p=2$c2FsdHNhbHRzYWx0$s3CKnYQawByMlBvspvUveSZYaHZ+"
	 "FfJdhoXKwMt98dY",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},

	/* no form of ours */
	{"", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"!", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"secret", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha1$1$salt$bNFNdsYzTaVQg4lXczHmyZEmTRI=", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"bcrypt_sha256$$2b$12$abc", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"md5$salt$hash", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$2b$12$abcdefghijklmnopqrstuv", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2d$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2i$v=19$m=8,t=3,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},

	/* malformed */
	{"pbkdf2_sha256", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$1", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$1$salt", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$1$salt$", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$1$salt$AAAA", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$1$$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$0$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$-1$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$+1$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$1e3$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$1$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$1$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=16$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=19$m=08,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=19$t=1,m=8,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=19$m=8,t=1,p=0$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=19$m=8,t=1,p=1", SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=19$m=8,t=1,p=1$", SOCIAL_PASSWORD_MISMATCH},
	{"$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0", SOCIAL_PASSWORD_MISMATCH},
	{"$argon2id$v=19$m=8,t=1,p=1$?$?", SOCIAL_PASSWORD_MISMATCH},

	/* too costly: computing any of these would take minutes, or the machine's memory */
	{"$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=19$m=18446744073709551617,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=19$m=8,t=4294967295,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=19$m=1048576,t=1000,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"$argon2id$v=19$m=8,t=1,p=16777215$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"argon2$argon2id$v=19$m=9999999,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$2147483648$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
	{"pbkdf2_sha256$5000001$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	 SOCIAL_PASSWORD_UNKNOWN_FORM},
};

static void
test_encoded_forms(void)
{
	static const struct social_password_cost wanted = {9, 1};
	clock_t start = clock();
	char too_long[2000];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char name[200];

		snprintf(name, sizeof(name), "seed 117: %.80s", cases[i].encoded);
		is_int(verify("secret", cases[i].encoded), cases[i].result, name);
		snprintf(name, sizeof(name), "seed 117: wrong password, %.80s", cases[i].encoded);
		ok(verify("Secret", cases[i].encoded) != SOCIAL_PASSWORD_OK, name);
		ok(social_password_needs_rehash(cases[i].encoded, &wanted), "seed 117: it needs a rehash");
	}
	memset(too_long, 'A', sizeof(too_long));
	memcpy(too_long, "pbkdf2_sha256$1$", 16);
	too_long[sizeof(too_long) - 1] = '\0';
	is_int(verify("secret", too_long), SOCIAL_PASSWORD_UNKNOWN_FORM, "seed 117: an over-long hash");
	ok(clock() - start < 20 * CLOCKS_PER_SEC, "seed 117: nothing costly was computed");
}

int
main(void)
{
	test_ours();
	test_encoded_forms();
	return done_testing();
}
