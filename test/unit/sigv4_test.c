/*
 * sigv4_test.c proves signatures of version 4 with the examples that AWS publishes (mission 144,
 * 145), that addresses made are addresses taken, and that nothing else is.
 */
#include "tap.h"

#include "core/sigv4.h"

#define NOW       1369353600 /* 2013-05-24, the day of the examples */
#define EMPTY_SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct social_sigv4_key example = {
	.access_key = "AKIAIOSFODNN7EXAMPLE",
	.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	.region = "us-east-1",
	.service = "s3",
};

/* ---- what is signed -------------------------------------------------------------------------- */

/* Fields of "name=value" texts; a NULL ends them. */
static size_t
fields_of(const char *const *texts, struct social_sigv4_field *fields)
{
	size_t count = 0;

	for (; texts[count] != NULL; count++)
	{
		const char *equals = strchr(texts[count], '=');

		fields[count] = (struct social_sigv4_field){texts[count], (size_t) (equals - texts[count]),
													equals + 1, strlen(equals + 1)};
	}
	return count;
}

static void
test_examples(void)
{
	static const struct
	{
		const char *what;
		const char *method;
		const char *path;
		const char *query[3];
		const char *headers[6];
		const char *payload;
		const char *signature;
	} cases[] = {
		{"GET Object",
		 "GET",
		 "/test.txt",
		 {NULL},
		 {"x-amz-date=20130524T000000Z", "range=bytes=0-9", "host=examplebucket.s3.amazonaws.com",
		  "x-amz-content-sha256=" EMPTY_SUM, NULL},
		 EMPTY_SUM,
		 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"PUT Object, a dollar in its name",
		 "PUT",
		 "/test%24file.text",
		 {NULL},
		 {"date=Fri, 24 May 2013 00:00:00 GMT", "host=examplebucket.s3.amazonaws.com",
		  "x-amz-content-sha256=44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
		  "x-amz-date=20130524T000000Z", "x-amz-storage-class=REDUCED_REDUNDANCY", NULL},
		 "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
		 "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
		{"GET Bucket Lifecycle: a parameter without a value",
		 "GET",
		 "/",
		 {"lifecycle=", NULL},
		 {"host=examplebucket.s3.amazonaws.com", "x-amz-content-sha256=" EMPTY_SUM,
		  "x-amz-date=20130524T000000Z", NULL},
		 EMPTY_SUM,
		 "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"List Objects: parameters out of order",
		 "GET",
		 "/",
		 {"prefix=J", "max-keys=2", NULL},
		 {"host=examplebucket.s3.amazonaws.com", "x-amz-content-sha256=" EMPTY_SUM,
		  "x-amz-date=20130524T000000Z", NULL},
		 EMPTY_SUM,
		 "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
		{"blanks around a header, and runs of them within, are one",
		 "GET",
		 "/test.txt",
		 {NULL},
		 {"x-amz-date=  20130524T000000Z ", "range=\tbytes=0-9",
		  "host=examplebucket.s3.amazonaws.com", "x-amz-content-sha256=" EMPTY_SUM, NULL},
		 EMPTY_SUM,
		 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct social_sigv4_field query[3];
		struct social_sigv4_field headers[6];
		struct social_sigv4_request request = {.method = cases[i].method,
											   .path = cases[i].path,
											   .path_len = strlen(cases[i].path),
											   .query = query,
											   .nquery = fields_of(cases[i].query, query),
											   .headers = headers,
											   .nheaders = fields_of(cases[i].headers, headers),
											   .payload = cases[i].payload};
		char signature[SOCIAL_SIGV4_SIGNATURE + 1] = "";

		social_sigv4_sign(&example, "20130524T000000Z", &request, signature);
		is_str(signature, cases[i].signature, cases[i].what);
	}
}

/* Of AWS's test suite: another service, other keys. */
static void
test_suite(void)
{
	const struct social_sigv4_key key = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
										 "us-east-1", "service"};
	struct social_sigv4_field headers[] = {{"x-amz-date", 10, "20150830T123600Z", 16},
										   {"host", 4, "example.amazonaws.com", 21}};
	struct social_sigv4_request request = {.method = "GET",
										   .path = "/",
										   .path_len = 1,
										   .headers = headers,
										   .nheaders = 2,
										   .payload = EMPTY_SUM};
	char signature[SOCIAL_SIGV4_SIGNATURE + 1] = "";

	social_sigv4_sign(&key, "20150830T123600Z", &request, signature);
	is_str(signature, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		   "get-vanilla of the test suite");
}

static void
test_policy(void)
{
	static const char policy[] =
		"eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAg"
		"ICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAi"
		"dXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25f"
		"cmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxf"
		"dXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQog"
		"ICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRl"
		"LWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAi"
		"Il0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMt"
		"ZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEy"
		"NTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
	char signature[SOCIAL_SIGV4_SIGNATURE + 1] = "";

	social_sigv4_sign_text(&example, "20151229T000000Z", policy, strlen(policy), signature);
	is_str(signature, "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e",
		   "the policy of a form");
}

static void
test_texts(void)
{
	char out[64];
	char date[SOCIAL_SIGV4_DATE_SIZE] = "";
	char credential[SOCIAL_SIGV4_SCOPE_SIZE];
	struct social_sigv4_key key = example;

	social_sigv4_encode("a b/c~d+\xc3\xa9", 10, true, out);
	is_str(out, "a%20b/c~d%2B%C3%A9", "a path");
	social_sigv4_encode("a b/c~", 6, false, out);
	is_str(out, "a%20b%2Fc~", "a value");
	ok(social_sigv4_date(NOW, date) && strcmp(date, "20130524T000000Z") == 0, "a date");
	ok(!social_sigv4_date(INT64_MAX, date) && !social_sigv4_date(INT64_C(253402300800), date) &&
		   !social_sigv4_date(INT64_C(-99999999999), date),
	   "no date");
	key.region = "us/east";
	ok(social_sigv4_credential(&key, "20130524", credential) == SOCIAL_SIGV4_MALFORMED,
	   "a slash in a region");
	key.region = "";
	ok(social_sigv4_credential(&key, "20130524", credential) == SOCIAL_SIGV4_MALFORMED,
	   "no region");
	memset(out, 'r', sizeof(out) - 1);
	out[sizeof(out) - 1] = '\0';
	key.region = out;
	ok(social_sigv4_credential(&key, "20130524", credential) == SOCIAL_SIGV4_OK, "a long region");
}

/* ---- addresses ------------------------------------------------------------------------------ */

#define HOST "examplebucket.s3.amazonaws.com"

/* The headers that a request has, as "name=value"; a NULL ends them. */
static bool
header_of(void *arg, const char *name, size_t name_len, const char **value, size_t *value_len)
{
	for (const char *const *text = arg; *text != NULL; text++)
	{
		if (strncmp(*text, name, name_len) == 0 && (*text)[name_len] == '=')
		{
			*value = *text + name_len + 1;
			*value_len = strlen(*value);
			return true;
		}
	}
	return false;
}

static enum social_sigv4_result
verify(const char *method, const char *path, const char *query, const char *const *headers,
	   int64_t now)
{
	struct social_sigv4_claim claim = {.method = method,
									   .path = path,
									   .path_len = strlen(path),
									   .query = query,
									   .query_len = strlen(query),
									   .header = header_of,
									   .arg = (void *) headers};
	struct social_sigv4_key keys[2] = {example, example};
	struct social_sigv4_field names;

	keys[0].access_key = "ANOTHER";
	return social_sigv4_verify(keys, 2, &claim, now, &names);
}

#define EXAMPLE_QUERY                                                                              \
	"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-" \
	"1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders="   \
	"host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"

static void
test_presigned(void)
{
	const char *const headers[] = {"host=" HOST, NULL};
	struct social_sigv4_field host = {"host", 4, HOST, strlen(HOST)};
	struct social_sigv4_request request = {.method = "GET",
										   .path = "/test.txt",
										   .path_len = 9,
										   .headers = &host,
										   .nheaders = 1,
										   .payload = SOCIAL_SIGV4_UNSIGNED};
	char query[SOCIAL_SIGV4_QUERY_SIZE(0, 4)];
	int short_ones = 0;

	ok(social_sigv4_presign(&example, &request, NOW, 86400, query, sizeof(query)) ==
		   SOCIAL_SIGV4_OK,
	   "an address is made");
	is_str(query, EXAMPLE_QUERY, "it is the published one");
	for (size_t size = 1; size <= strlen(EXAMPLE_QUERY); size++)
		short_ones += social_sigv4_presign(&example, &request, NOW, 86400, query, size) ==
					  SOCIAL_SIGV4_MALFORMED;
	is_int(short_ones, (int64_t) strlen(EXAMPLE_QUERY), "not one byte less is enough room");
	ok(social_sigv4_presign(&example, &request, NOW, 0, query, sizeof(query)) ==
			   SOCIAL_SIGV4_MALFORMED &&
		   social_sigv4_presign(&example, &request, NOW, SOCIAL_SIGV4_LIFE_MAX + 1, query,
								sizeof(query)) == SOCIAL_SIGV4_MALFORMED,
	   "for no time at all, and for more than a week");

	is_int(verify("GET", "/test.txt", EXAMPLE_QUERY, headers, NOW), SOCIAL_SIGV4_OK,
		   "the published address is good");
	is_int(verify("GET", "/test.txt", EXAMPLE_QUERY, headers, NOW + 86399), SOCIAL_SIGV4_OK,
		   "until its last second");
	is_int(verify("GET", "/test.txt", EXAMPLE_QUERY, headers, NOW + 86400), SOCIAL_SIGV4_EXPIRED,
		   "then it has expired");
	is_int(verify("GET", "/test.txt", EXAMPLE_QUERY, headers, NOW - 900), SOCIAL_SIGV4_OK,
		   "from a clock that is a little ahead");
	is_int(verify("GET", "/test.txt", EXAMPLE_QUERY, headers, NOW - 901), SOCIAL_SIGV4_NOT_YET,
		   "and from one that is more");
	is_int(verify("PUT", "/test.txt", EXAMPLE_QUERY, headers, NOW), SOCIAL_SIGV4_MISMATCH,
		   "another method");
	is_int(verify("GET", "/test.txu", EXAMPLE_QUERY, headers, NOW), SOCIAL_SIGV4_MISMATCH,
		   "another path");
	is_int(verify("GET", "/./test.txt", EXAMPLE_QUERY, headers, NOW), SOCIAL_SIGV4_MISMATCH,
		   "a path that leads to the same");
	is_int(verify("GET", "test.txt", EXAMPLE_QUERY, headers, NOW), SOCIAL_SIGV4_MALFORMED,
		   "no path");
	is_int(verify("GET", "/test.txt", EXAMPLE_QUERY "&x=1", headers, NOW), SOCIAL_SIGV4_MISMATCH,
		   "a parameter more");
	is_int(verify("GET", "/test.txt", EXAMPLE_QUERY,
				  (const char *const[]){"host=other.example", NULL}, NOW),
		   SOCIAL_SIGV4_MISMATCH, "another host");
	is_int(verify("GET", "/test.txt", EXAMPLE_QUERY, (const char *const[]){NULL}, NOW),
		   SOCIAL_SIGV4_MISMATCH, "no host");
}

/* Whatever is changed of the query, it is refused. */
static void
test_altered(void)
{
	const char *const headers[] = {"host=" HOST, NULL};
	char query[] = EXAMPLE_QUERY;
	int taken = 0;

	for (size_t i = 0; i < strlen(query); i++)
	{
		char was = query[i];

		query[i] = was == '0' ? '1' : '0';
		taken += verify("GET", "/test.txt", query, headers, NOW) == SOCIAL_SIGV4_OK;
		query[i] = was;
	}
	is_int(taken, 0, "another character anywhere");
	for (size_t len = 0; len < strlen(EXAMPLE_QUERY); len++)
	{
		char cut[sizeof(query)];

		memcpy(cut, EXAMPLE_QUERY, len);
		cut[len] = '\0';
		taken += verify("GET", "/test.txt", cut, headers, NOW) == SOCIAL_SIGV4_OK;
	}
	is_int(taken, 0, "cut off anywhere");
}

static void
test_malformed(void)
{
	static const struct
	{
		const char *what;
		const char *from;
		const char *to;
		enum social_sigv4_result result;
	} cases[] = {
		{"another algorithm", "HMAC-SHA256", "HMAC-SHA1", SOCIAL_SIGV4_MALFORMED},
		{"no life", "Expires=86400", "Expires=0", SOCIAL_SIGV4_MALFORMED},
		{"a life below zero", "Expires=86400", "Expires=-1", SOCIAL_SIGV4_MALFORMED},
		{"eight days", "Expires=86400", "Expires=691200", SOCIAL_SIGV4_MALFORMED},
		{"a number without end", "Expires=86400", "Expires=99999999999999999999",
		 SOCIAL_SIGV4_MALFORMED},
		{"a month that is none", "Date=20130524", "Date=20131324", SOCIAL_SIGV4_MALFORMED},
		{"a date without its T", "24T000000Z", "24 000000Z", SOCIAL_SIGV4_MALFORMED},
		{"another day than that of the credential", "Date=20130524", "Date=20130525",
		 SOCIAL_SIGV4_UNKNOWN_KEY},
		{"a key of nobody", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF",
		 SOCIAL_SIGV4_UNKNOWN_KEY},
		{"another region", "us-east-1", "us-east-2", SOCIAL_SIGV4_UNKNOWN_KEY},
		{"another service", "Fs3%", "Fs4%", SOCIAL_SIGV4_UNKNOWN_KEY},
		{"a slash that is not encoded", "EXAMPLE%2F", "EXAMPLE/", SOCIAL_SIGV4_MALFORMED},
		{"an encoding in small letters", "EXAMPLE%2F", "EXAMPLE%2f", SOCIAL_SIGV4_MALFORMED},
		{"half an encoding", "%2Faws4_request", "%2", SOCIAL_SIGV4_MALFORMED},
		{"a NUL", "%2Faws4_request", "%00", SOCIAL_SIGV4_MALFORMED},
		{"no signed headers", "SignedHeaders=host", "SignedHeaders=", SOCIAL_SIGV4_MISMATCH},
		{"a header that is not there", "SignedHeaders=host", "SignedHeaders=host%3Brange",
		 SOCIAL_SIGV4_MISMATCH},
		{"the host twice", "SignedHeaders=host", "SignedHeaders=host%3Bhost",
		 SOCIAL_SIGV4_MALFORMED},
		{"a parameter twice", "X-Amz-Expires=86400", "X-Amz-Expires=86400&X-Amz-Expires=86400",
		 SOCIAL_SIGV4_MALFORMED},
		{"a short signature", "f604d404", "f604d4", SOCIAL_SIGV4_MALFORMED},
		{"a signature in large letters", "Signature=aeeed9", "Signature=AEEED9",
		 SOCIAL_SIGV4_MISMATCH},
	};
	const char *const headers[] = {"host=" HOST, NULL};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *place = strstr(EXAMPLE_QUERY, cases[i].from);
		char query[sizeof(EXAMPLE_QUERY) + 64];

		snprintf(query, sizeof(query), "%.*s%s%s", (int) (place - EXAMPLE_QUERY), EXAMPLE_QUERY,
				 cases[i].to, place + strlen(cases[i].from));
		is_int(verify("GET", "/test.txt", query, headers, NOW), cases[i].result, cases[i].what);
	}
	is_int(verify("GET", "/test.txt", "", headers, NOW), SOCIAL_SIGV4_MALFORMED, "no query");
	is_int(verify("GET", "/test.txt", "&&=&=", headers, NOW), SOCIAL_SIGV4_MALFORMED,
		   "an empty query");
}

/* An upload's: length and type are signed (mission P-21). */
static void
test_upload(void)
{
	struct social_sigv4_field headers[] = {{"host", 4, HOST, strlen(HOST)},
										   {"content-type", 12, "image/png", 9},
										   {"content-length", 14, "1234", 4}};
	struct social_sigv4_field parameters[] = {{"uploadId", 8, "a%2Fb", 5},
											  {"partNumber", 10, "7", 1}};
	struct social_sigv4_request request = {.method = "PUT",
										   .path = "/uploads/7/a.png",
										   .path_len = 16,
										   .query = parameters,
										   .nquery = 2,
										   .headers = headers,
										   .nheaders = 3,
										   .payload = SOCIAL_SIGV4_UNSIGNED};
	char query[SOCIAL_SIGV4_QUERY_SIZE(32, 40)];

	ok(social_sigv4_presign(&example, &request, NOW, 900, query, sizeof(query)) == SOCIAL_SIGV4_OK,
	   "an upload's address");
	ok(strstr(query, "SignedHeaders=content-length%3Bcontent-type%3Bhost&") != NULL,
	   "which says what is signed");
	ok(strstr(query, "&partNumber=7&uploadId=a%2Fb&X-Amz-Signature=") != NULL,
	   "with its own parameters, in order");
	is_int(verify("PUT", "/uploads/7/a.png", query,
				  (const char *const[]){"host=" HOST, "content-length=1234",
										"content-type=image/png", NULL},
				  NOW),
		   SOCIAL_SIGV4_OK, "the length and the type that were signed");
	is_int(verify("PUT", "/uploads/7/a.png", query,
				  (const char *const[]){"host=" HOST, "content-length=1235",
										"content-type=image/png", NULL},
				  NOW),
		   SOCIAL_SIGV4_MISMATCH, "a byte more");
	is_int(verify("PUT", "/uploads/7/a.png", query,
				  (const char *const[]){"host=" HOST, "content-length=1234",
										"content-type=text/html", NULL},
				  NOW),
		   SOCIAL_SIGV4_MISMATCH, "another type");
	is_int(verify("PUT", "/uploads/7/a.png", query,
				  (const char *const[]){"host=" HOST, "content-length=1234", NULL}, NOW),
		   SOCIAL_SIGV4_MISMATCH, "no type");
}

int
main(void)
{
	test_examples();
	test_suite();
	test_policy();
	test_texts();
	test_presigned();
	test_altered();
	test_malformed();
	test_upload();
	return done_testing();
}
