/*
 * sigv4.h owns AWS Signature Version 4 as S3 takes it: addresses that carry their signature
 * (presigned), policies of forms, and checking such an address for a store of our own. Pure: no
 * server, no clock; OpenSSL computes.
 *
 * Paths and queries are signed as they travel, percent-encoded once (S3 knows no second time), and
 * nothing is normalised: whoever writes an address in another way has another address.
 */
#ifndef SOCIAL_SIGV4_H
#define SOCIAL_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCIAL_SIGV4_ALGORITHM  "AWS4-HMAC-SHA256"
#define SOCIAL_SIGV4_FIELDS     48     /* parameters, or headers, of one request */
#define SOCIAL_SIGV4_LIFE_MAX   604800 /* seconds that an address may be good for: a week */
#define SOCIAL_SIGV4_SKEW       900    /* seconds that the signer's clock may be ahead */
#define SOCIAL_SIGV4_DATE_SIZE  17     /* 20130524T000000Z and a NUL */
#define SOCIAL_SIGV4_SIGNATURE  64     /* hexadecimal digits */
#define SOCIAL_SIGV4_UNSIGNED   "UNSIGNED-PAYLOAD"
#define SOCIAL_SIGV4_SCOPE_SIZE 384 /* of access key, date, region and service, with a NUL */

enum social_sigv4_result
{
	SOCIAL_SIGV4_OK = 0,
	SOCIAL_SIGV4_MALFORMED,   /* no such request can be signed, or was */
	SOCIAL_SIGV4_UNKNOWN_KEY, /* nobody here has this access key, region or service */
	SOCIAL_SIGV4_MISMATCH,    /* another request was signed, or with another secret */
	SOCIAL_SIGV4_NOT_YET,     /* from a clock that is ahead */
	SOCIAL_SIGV4_EXPIRED,
	SOCIAL_SIGV4_FAILURE /* OpenSSL failed */
};

/* Who signs, and for what. All are texts of printable ASCII without a slash but the secret. */
struct social_sigv4_key
{
	const char *access_key;
	const char *secret;
	const char *region;
	const char *service; /* "s3" */
};

/* A parameter of the query, percent-encoded, or a header, whose name is in small letters. */
struct social_sigv4_field
{
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

struct social_sigv4_request
{
	const char *method;
	const char *path; /* percent-encoded, begins with a slash */
	size_t path_len;
	struct social_sigv4_field *query; /* comes out in order */
	size_t nquery;
	struct social_sigv4_field
		*headers; /* those that are signed, "host" among them; in order, too */
	size_t nheaders;
	const char *payload; /* SHA-256 of the body in hexadecimal, or SOCIAL_SIGV4_UNSIGNED */
};

/* A request as it came, whose query carries its signature. */
struct social_sigv4_claim
{
	const char *method;
	const char *path;
	size_t path_len;
	const char *query; /* without the question mark */
	size_t query_len;
	/* The value of a header by its name in small letters; false: the request has none. */
	bool (*header)(void *arg, const char *name, size_t name_len, const char **value,
				   size_t *value_len);
	void *arg;
};

/* A letter, a digit, or one of - . _ ~, which stay as they are. */
extern bool social_sigv4_is_plain(unsigned char c);

/* Percent-encodes all but letters, digits, - . _ ~ (and slashes); out holds 3 * len + 1 bytes and
 * is NUL-terminated. Returns the length. */
extern size_t social_sigv4_encode(const char *text, size_t len, bool keeps_slashes, char *out);

/* A time (seconds since 1970) as signatures have it; false before the year 0 and after 9999. */
extern bool social_sigv4_date(int64_t at, char date[SOCIAL_SIGV4_DATE_SIZE]);

/* "access key/day/region/service/aws4_request". */
extern enum social_sigv4_result social_sigv4_credential(const struct social_sigv4_key *key,
														const char *date,
														char out[SOCIAL_SIGV4_SCOPE_SIZE]);

/* Puts fields into the order of signatures; false for too many, one without a name, or, unless
 * they may repeat, two of one name. */
extern bool social_sigv4_order(struct social_sigv4_field *fields, size_t nfields, bool may_repeat);

/* Signs a request whose parameters and headers are complete. */
extern enum social_sigv4_result social_sigv4_sign(const struct social_sigv4_key *key,
												  const char *date,
												  struct social_sigv4_request *request,
												  char signature[SOCIAL_SIGV4_SIGNATURE + 1]);

/* Signs a text as it is: the policy of a form, in base64. */
extern enum social_sigv4_result social_sigv4_sign_text(const struct social_sigv4_key *key,
													   const char *date, const char *text,
													   size_t len,
													   char signature[SOCIAL_SIGV4_SIGNATURE + 1]);

/*
 * Writes the query with which this request may be made from `at` on for so many seconds, up to
 * SOCIAL_SIGV4_LIFE_MAX: the parameters that it has, and those of the signature. MALFORMED where it
 * does not fit into out, which holds SOCIAL_SIGV4_QUERY_SIZE of what is in the request.
 */
#define SOCIAL_SIGV4_QUERY_SIZE(parameters, header_names)                                          \
	((parameters) + 3 * (header_names) + 3 * SOCIAL_SIGV4_SCOPE_SIZE + 512)
#define SOCIAL_SIGV4_GET_SIZE SOCIAL_SIGV4_QUERY_SIZE(0, sizeof("host"))
extern enum social_sigv4_result social_sigv4_presign(const struct social_sigv4_key *key,
													 const struct social_sigv4_request *request,
													 int64_t at, int64_t seconds, char *out,
													 size_t size);

/* The same for reading an object at this path of a host, which is all that is signed. */
extern enum social_sigv4_result social_sigv4_presign_get(const struct social_sigv4_key *key,
														 const char *host, const char *path,
														 size_t path_len, int64_t at,
														 int64_t seconds,
														 char out[SOCIAL_SIGV4_GET_SIZE]);

/*
 * Was this request signed with one of the keys, and is it good at this time? The comparison takes
 * the same time for every wrong signature. On OK, signed_headers gets the names of the signed
 * headers as the query has them ("content-length%3Bhost"), a piece of claim->query.
 */
extern enum social_sigv4_result social_sigv4_verify(const struct social_sigv4_key *keys,
													size_t nkeys,
													const struct social_sigv4_claim *claim,
													int64_t now,
													struct social_sigv4_field *signed_headers);

#endif /* SOCIAL_SIGV4_H */
