/*
 * password_test.c proves password hashes (seed 117): ours round-trip, Django's verify, and hostile
 * or malformed ones are refused without being computed.
 */
#include "tap.h"

#include "core/password.h"
#include "core/password_form.h"

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

/* found C9: one form, whatever keyboard */
static const struct
{
	const char *typed;
	const char *form; /* NULL: as typed */
	int length;
} forms[] = {
	{"plain ascii", NULL, 11},
	{" blanks stay ", NULL, 13},
	{"ma\xc3\xb1"
	 "ana",
	 NULL, 6},
	{"man\xcc\x83"
	 "ana",
	 "ma\xc3\xb1"
	 "ana",
	 7}, /* the length is of what is given */
	{"a\xc2\xa0"
	 "b\xe3\x80\x80"
	 "c",
	 "a b c", 5},
	{"\xef\xbc\xa1wide", NULL, 5},   /* width is kept (RFC 8265 4.2.2) */
	{"\xef\xac\x81n", NULL, 2},      /* so are ligatures: NFC, not NFKC */
	{"\xe2\x84\xa6", "\xce\xa9", 1}, /* the ohm sign is an omega */
	{"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c", 3}, /* Hangul */
	{"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac", NULL, 2},   /* joined emoji */
	{"\xe2\x9d\xa4\xef\xb8\x8f", NULL, 1},                       /* a variation selector */
	{"\xe2\x80\x8b", NULL, -1},                                  /* zero-width space */
	{"a\xc2\xad"
	 "b",
	 NULL, -1}, /* soft hyphen */
	{"a\xe2\x80\xae"
	 "b",
	 NULL, -1}, /* a mark of direction */
	{"a\xe3\x85\xa4"
	 "b",
	 NULL, -1}, /* Hangul filler */
	{"a\xef\xbf\xbf"
	 "b",
	 NULL, -1}, /* no character */
	{"a\x7f"
	 "b",
	 NULL, -1},
	{"a\tb", NULL, -1},
	{"a\xe2\x80\xa8"
	 "b",
	 NULL, -1}, /* line separator */
	{"   ", NULL, 0},
	{"\xe2\xa0\x80\xe2\xa0\x80", NULL, 0}, /* braille blanks */
	{"", NULL, 0},
	{"not \xff utf-8", NULL, 11},
	{"\xc3", NULL, 1},
};

static void
test_forms(void)
{
	char form[SOCIAL_PASSWORD_MAX_BYTES];
	char longest[SOCIAL_PASSWORD_MAX_BYTES + 1];
	char old[SOCIAL_PASSWORD_ENCODED_SIZE];
	size_t len;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
	{
		bool differs = social_password_form(forms[i].typed, strlen(forms[i].typed), form, &len);

		ok(differs == (forms[i].form != NULL) &&
			   (!differs ||
				(len == strlen(forms[i].form) && memcmp(form, forms[i].form, len) == 0)),
		   "found C9: the form");
		is_int(social_password_length(forms[i].typed, strlen(forms[i].typed)), forms[i].length,
			   "found C8: the length");
		is_int(social_password_tries(forms[i].typed, strlen(forms[i].typed)), differs ? 2 : 1,
			   "P-16: the tries follow from what is typed alone");
	}
	/* U+0958 is two characters in every normal form: 333 of them outgrow the limit. */
	for (int i = 0; i < 333; i++)
		memcpy(longest + 3 * i, "\xe0\xa5\x98", 3);
	ok(!social_password_form(longest, 999, form, &len),
	   "found C9: one that outgrows the limit stays as typed");
	social_password_hash(longest, 999, &cheap, old);
	is_int(social_password_verify(longest, 999, old), SOCIAL_PASSWORD_OK,
		   "found C9: and fits itself");
	social_password_hash("ma\xc3\xb1"
						 "ana",
						 7, &cheap, old);
	is_int(verify("man\xcc\x83"
				  "ana",
				  old),
		   SOCIAL_PASSWORD_OK, "found C9: composed or not");
	is_int(verify("manana", old), SOCIAL_PASSWORD_MISMATCH,
		   "found C9: a letter without its tilde is another");
	is_int(verify("man\xcc\x83"
				  "ana",
				  "pbkdf2_sha256$1000$saltSALT123$stkie1Ynu3dEdaD/kHaTZhkiI1Tecuj+Bo1auJlryp4="),
		   SOCIAL_PASSWORD_OK, "found C9: a hash of what was typed, made before, fits");
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
	test_forms();
	test_encoded_forms();
	return done_testing();
}
