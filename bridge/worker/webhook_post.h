/*
 * webhook_post.h owns sending one webhook: an HTTP request to an address that somebody else chose,
 * and what came of it. In a thread.
 */
#ifndef SB_WORKER_WEBHOOK_POST_H
#define SB_WORKER_WEBHOOK_POST_H

#include <curl/curl.h>
#include <stdbool.h>

#include "core/network.h"

#define SB_WEBHOOK_ANSWER 1024 /* bytes that are kept of what was answered */

/* What holds for all that one endpoint is sent. */
struct sb_webhook_target
{
	const char *url;
	bool takes_http;
	struct social_networks networks; /* that it may lie in, beside the internet */
	int timeout;                     /* seconds, for all of it */
	const char *ca_file;             /* NULL: the system's */
	const int *is_cancelled;         /* atomic */
};

struct sb_webhook_message
{
	const char *id;
	const char *timestamp;
	const char *signature;
	const char *body;
};

struct sb_webhook_result
{
	bool is_delivered;
	long status; /* of the answer; 0: none */
	long took_ms;
	long retry_after; /* seconds that it asked for; 0: it did not */
	char error[CURL_ERROR_SIZE + 64];
	char answer[SB_WEBHOOK_ANSWER + 1];
};

extern void sb_webhook_post(CURL *easy, const struct sb_webhook_target *target,
							const struct sb_webhook_message *message,
							struct sb_webhook_result *result);

#endif /* SB_WORKER_WEBHOOK_POST_H */
