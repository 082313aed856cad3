/*
 * bridge_input_fuzz.c feeds any bytes to what reads a request before any route: the target, the
 * body, what traceparent, Host, Accept, Content-Type, If-Match and Idempotency-Key say, the
 * addresses that proxies forward, the keys from the database; and to the writer of JSON texts,
 * whose output must be JSON.
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/content.h"
#include "api/idempotency.h"
#include "auth/keys.h"
#include "base/buffer.h"
#include "base/config_file.h"
#include "base/config_form.h"
#include "http/etag.h"
#include "http/forwarded.h"
#include "http/params.h"
#include "http/request.h"
#include "http/strict.h"
#include "http/trace.h"
#include "http/url.h"
#include "base/utf8.h"

#define CHECK(condition) ((condition) ? (void) 0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a target was cut into is text, and there is not too much of it. */
/* What is escaped is read as what it was. */
static void
read_back(struct sb_arena *arena, const char *value)
{
	const char *target = sb_arena_printf(arena, "/?v=%s", sb_url_escape(arena, value));
	struct sb_url url;
	bool twice;

	CHECK(sb_url_parse(&url, arena, target, strlen(target)) == NULL);
	CHECK(strcmp(sb_url_query(&url, "v", &twice), value) == 0);
}

static void
read_target(const char *text, size_t len)
{
	struct sb_arena arena = {0};
	struct sb_url url;

	if (sb_url_parse(&url, &arena, text, len) == NULL)
	{
		CHECK(url.nsegments <= SB_URL_MAX_SEGMENTS && url.nquery <= SB_URL_MAX_QUERY);
		for (int i = 0; i < url.nsegments; i++)
			CHECK(sb_utf8_is_text(url.segments[i], strlen(url.segments[i])));
		for (int i = 0; i < url.nquery; i++)
		{
			CHECK(sb_utf8_is_text(url.query[i].value, strlen(url.query[i].value)));
			read_back(&arena, url.query[i].value);
		}
	}
	sb_arena_free(&arena);
}

static void
read_body(const char *text, size_t len)
{
	static const char spec[] = "body.t:text! body.i:int body.l:bigint body.b:bool=true "
							   "body.m:time~ body.n:bigints body.o:text- body.p:json";
	struct sb_arena arena = {0};
	struct sb_url url = {0};
	struct sb_params_input input = {.url = &url, .address = "192.0.2.1"};
	struct sb_params params;
	const char *values[SB_PARAMS_MAX];
	const char *error = NULL;
	json_t *body = sb_params_parse(&arena, "the body", text, len, false, &error);

	CHECK((body == NULL) == (error != NULL));
	CHECK(sb_params_compile(&params, spec, "/", &error));
	input.body = body;
	if (body && sb_params_collect(&params, &arena, &input, values) == NULL)
		CHECK(values[0] && sb_utf8_is_text(values[0], strlen(values[0])) && values[3]);
	json_decref(body);
	sb_arena_free(&arena);
}

static void
write_json(const char *text, size_t len)
{
	struct sb_buffer buffer = {0};
	char *json;
	json_t *value;
	size_t json_len;

	sb_buffer_put_json(&buffer, text, len);
	json = sb_buffer_take(&buffer, &json_len);
	value = json_loadb(json, json_len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	CHECK(value != NULL);
	if (sb_utf8_is_text(text, len))
		CHECK(json_string_length(value) == len && memcmp(json_string_value(value), text, len) == 0);
	json_decref(value);
	free(json);
}

/* Whatever a trusted proxy forwards, the client's address is an address. */
static void
read_forwarded(const char *text, size_t len)
{
	static bool is_ready;
	char address[INET6_ADDRSTRLEN] = "192.0.2.1";
	unsigned char parsed[sizeof(struct in6_addr)];
	char *value = strndup(text, len);
	const char *error;

	if (!is_ready)
		CHECK(sb_forwarded_init("192.0.2.0/24, 2001:db8::/32", &error));
	is_ready = true;
	CHECK(value != NULL);
	sb_forwarded_resolve(address, (const char *const[]){value}, 1);
	CHECK(inet_pton(AF_INET, address, parsed) == 1 || inet_pton(AF_INET6, address, parsed) == 1);
	free(value);
}

/* A line of a file of settings, the name of a host, a trace: what is taken is of its form. */
static void
read_words(const char *text, size_t len)
{
	char *line = strndup(text, len);
	char *name;
	char *value;

	CHECK(line != NULL);
	if (sb_form_hosts_name(".example.com,10.0.0.1", line))
		CHECK(strcasestr(line, "example.com") || strstr(line, "10.0.0.1"));
	(void) sb_form_check(SB_FORM_HOSTS, line);
	if (sb_trace_is_valid(text, len))
		CHECK(strspn(text + SB_TRACE_ID_AT, "0123456789abcdef") == SB_TRACE_ID_LENGTH);
	if (sb_config_line(line, &name, &value) == SB_CONFIG_LINE_VALUE)
		CHECK(*name && strchr(name, '=') == NULL && name + strlen(name) < value);
	free(line);
}

/* A weight is one, and nothing is wanted by an Accept without a word. */
static void
read_media(const char *text, size_t len)
{
	char *value = strndup(text, len);
	struct sb_header headers[] = {{.name = "Accept", .name_len = 6, .value = value},
								  {.name = "Accept-Encoding", .name_len = 15, .value = value},
								  {.name = "Content-Type", .name_len = 12, .value = value}};
	struct sb_request request = {.headers = headers, .nheaders = 3};
	bool named;
	int quality;

	CHECK(value != NULL);
	quality = sb_content_quality(&request, "application/json", &named);
	CHECK(quality >= 0 && quality <= 1000 && (quality == 0 || *value));
	quality = sb_content_coding_quality(&request, "gzip");
	CHECK(quality >= 0 && quality <= 1000 && (quality == 0 || *value));
	sb_content_wants_problem(&request);
	sb_content_is(&request, "application/json");
	free(value);
}

/* A key is what may be one, and versions are an array of hexadecimal digits. */
static void
read_conditions(const char *text, size_t len)
{
	char key[SB_IDEMPOTENCY_KEY_MAX + 1];
	char *value = strndup(text, len);
	char array[200];

	CHECK(value != NULL);
	if (sb_idempotency_read_key(value, key))
		CHECK(*key && strspn(key, " \t\",\\") == 0 && strlen(key) <= strlen(value));
	for (int strongly = 0; strongly < 2; strongly++)
	{
		sb_etag_is_listed(value, "\"1.2\"", strongly);
		if (sb_etag_versions(value, strongly, array, sizeof(array)))
			CHECK(strcmp(array, "{*}") == 0 ||
				  array[1 + strspn(array + 1, "0123456789abcdef,")] == '}');
	}
	free(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;

	read_target(text, size);
	read_body(text, size);
	write_json(text, size);
	read_forwarded(text, size);
	read_media(text, size);
	read_conditions(text, size);
	read_words(text, size);
	sb_keys_free(sb_keys_parse(text, size));
	sb_strict_is_token(text, size);
	return 0;
}
