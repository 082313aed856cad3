/*
 * sigv4_fuzz.c feeds any bytes to the check of signed addresses: none that was not signed here is
 * taken, and any path and parameters that are signed here are, until one of their bytes changes.
 */
#include "core/sigv4.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) ((condition) ? (void) 0 : abort())
#define NOW              1369353600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct social_sigv4_key key = {
	"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "s3"};

static bool
header_of(void *arg, const char *name, size_t name_len, const char **value, size_t *value_len)
{
	*value = "localhost";
	*value_len = strlen(*value);
	return name_len == 4 && memcmp(name, "host", 4) == 0;
}

static enum social_sigv4_result
verify(const char *path, size_t path_len, const char *query, size_t query_len)
{
	struct social_sigv4_claim claim = {.method = "GET",
									   .path = path,
									   .path_len = path_len,
									   .query = query,
									   .query_len = query_len,
									   .header = header_of};
	struct social_sigv4_field names;

	return social_sigv4_verify(&key, 1, &claim, NOW, &names);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	size_t half = size / 2;
	struct social_sigv4_field host = {"host", 4, "localhost", 9};
	char *path = malloc(3 * half + 2);
	char *value = malloc(3 * (size - half) + 1);
	size_t query_size = SOCIAL_SIGV4_QUERY_SIZE(3 * (size - half) + 8, 4);
	char *query = malloc(query_size);
	struct social_sigv4_field field = {"name", 4, value, 0};
	struct social_sigv4_request request = {.method = "GET",
										   .path = path,
										   .query = &field,
										   .nquery = 1,
										   .headers = &host,
										   .nheaders = 1,
										   .payload = SOCIAL_SIGV4_UNSIGNED};
	size_t len;

	CHECK(path != NULL && value != NULL && query != NULL);
	CHECK(verify("/", 1, text, size) != SOCIAL_SIGV4_OK);

	path[0] = '/';
	request.path_len = 1 + social_sigv4_encode(text, half, true, path + 1);
	field.value_len = social_sigv4_encode(text + half, size - half, false, value);
	CHECK(social_sigv4_presign(&key, &request, NOW, 900, query, query_size) == SOCIAL_SIGV4_OK);
	len = strlen(query);
	CHECK(verify(path, request.path_len, query, len) == SOCIAL_SIGV4_OK);
	if (size > 1)
	{
		query[(data[0] * 256 + data[1]) % len] ^= 1;
		CHECK(verify(path, request.path_len, query, len) != SOCIAL_SIGV4_OK);
	}
	free(path);
	free(value);
	free(query);
	return 0;
}
