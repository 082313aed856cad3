/*
 * webhook_post.c owns sending one webhook.
 *
 * Where a name leads is looked at when the socket for it is made, so that nothing can lead
 * elsewhere between a look and the connection. Redirects are failures, no proxy of the environment
 * is asked, and of an answer no more is read than says what it is.
 */
#include "worker/webhook_post.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

#define HEAD_MAX        65536
#define BODY_MAX        65536
#define LIFE_SECONDS    60L /* of a connection that is kept */
#define CONNECT_SECONDS 10L

struct post
{
	const struct sb_webhook_target *target;
	struct sb_webhook_result *result;
	struct curl_slist *headers;
	const char *owner; /* of the address that it was not sent to; NULL: it was */
	size_t head;       /* bytes */
	size_t body;
	bool is_cut; /* more came than anybody needs */
	char problem[CURL_ERROR_SIZE];
};

/* ---- where it goes ----------------------------------------------------------------------------
 */

static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *where)
{
	struct post *post = arg;
	struct social_address address;
	const char *owner = "of no network";

	if (social_address_of_socket(&where->addr, &address))
		owner = social_address_owner(&address);
	if (owner && !(where->family == AF_INET || where->family == AF_INET6))
		post->owner = owner;
	else if (owner && !social_networks_have(&post->target->networks, &address))
		post->owner = owner;
	else
		return socket(where->family, where->socktype | SOCK_CLOEXEC, where->protocol);
	return CURL_SOCKET_BAD;
}

/* ---- what comes back --------------------------------------------------------------------------
 */

static size_t
on_head(char *line, size_t size, size_t count, void *arg)
{
	struct post *post = arg;

	post->head += size * count;
	return post->head > HEAD_MAX ? 0 : size * count;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct post *post = arg;
	size_t len = size * count;

	if (post->body < SB_WEBHOOK_ANSWER)
	{
		size_t room = SB_WEBHOOK_ANSWER - post->body;
		size_t part = len < room ? len : room;

		for (size_t i = 0; i < part; i++)
			post->result->answer[post->body + i] = bytes[i] ? bytes[i] : ' ';
	}
	post->body += len;
	post->is_cut = post->body > BODY_MAX;
	return post->is_cut ? 0 : len;
}

static int
on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	return __atomic_load_n(((struct post *) arg)->target->is_cancelled, __ATOMIC_RELAXED);
}

/* ---- sending ----------------------------------------------------------------------------------
 */

static void
add_header(struct post *post, const char *name, const char *value)
{
	char *header;

	if (asprintf(&header, "%s: %s", name, value) < 0)
		abort();
	post->headers = sb_checked(curl_slist_append(post->headers, header));
	free(header);
}

static void
set_up(CURL *easy, struct post *post, const struct sb_webhook_message *message)
{
	const struct sb_webhook_target *target = post->target;

	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, target->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, target->takes_http ? "http,https" : "https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long) target->timeout);
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, LIFE_SECONDS);
	if (target->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, target->ca_file);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, post);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post->problem);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, post);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, post);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, post);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "social/" SOCIAL_VERSION " (webhooks)");
	add_header(post, "Content-Type", "application/json");
	add_header(post, "Expect", ""); /* curl would ask first, and wait */
	add_header(post, "webhook-id", message->id);
	add_header(post, "webhook-timestamp", message->timestamp);
	add_header(post, "webhook-signature", message->signature);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) strlen(message->body));
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, message->body);
}

static void
say_why(struct post *post, CURLcode code)
{
	struct sb_webhook_result *result = post->result;

	if (post->owner)
		snprintf(result->error, sizeof(result->error),
				 "its host leads to an address that is not of the internet (%s)", post->owner);
	else if (post->head > HEAD_MAX)
		snprintf(result->error, sizeof(result->error), "the head of its answer is too long");
	else if (code != CURLE_OK && !post->is_cut)
		snprintf(result->error, sizeof(result->error), "%s",
				 *post->problem ? post->problem : curl_easy_strerror(code));
	else if (result->status >= 300 && result->status <= 399)
		snprintf(result->error, sizeof(result->error),
				 "it answered %ld, and no redirect is followed", result->status);
	else
		snprintf(result->error, sizeof(result->error), "it answered %ld", result->status);
}

void
sb_webhook_post(CURL *easy, const struct sb_webhook_target *target,
				const struct sb_webhook_message *message, struct sb_webhook_result *result)
{
	struct post post = {.target = target, .result = result};
	curl_off_t microseconds = 0;
	curl_off_t retry_after = 0;
	CURLcode code;

	memset(result, 0, sizeof(*result));
	set_up(easy, &post, message);
	code = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &result->status);
	curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &microseconds);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
	result->took_ms = (long) (microseconds / 1000);
	result->retry_after = retry_after > 0 && retry_after < INT32_MAX ? (long) retry_after : 0;
	/* One that says more than anybody needs has said what it is. */
	result->is_delivered = (code == CURLE_OK || post.is_cut) && post.head <= HEAD_MAX &&
						   result->status >= 200 && result->status <= 299;
	if (!result->is_delivered)
		say_why(&post, code);
	curl_slist_free_all(post.headers);
}
