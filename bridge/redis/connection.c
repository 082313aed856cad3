/*
 * connection.c owns the connection to Redis.
 *
 * It is DOWN until it is time, RESOLVING until its host's address is known (names.h: the client
 * library would ask the resolver itself), CONNECTING until Redis answers, then UP. Answers come in
 * the order of the commands, so the oldest command has the earliest deadline. The client library
 * frees its context by itself when the connection ends; on_connect and on_disconnect are where we
 * hear of it.
 */
#include "redis/connection.h"

#include <hiredis/async.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/config_form.h"
#include "base/log.h"
#include "base/memory.h"
#include "loop/loop.h"
#include "loop/names.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS  5000
#define HOST_MAX         256

enum state
{
	DOWN,
	RESOLVING,
	CONNECTING,
	UP
};

struct sb_redis
{
	struct sb_watch watch; /* must stay first: on_ready gets its address */
	struct sb_loop *loop;
	redisAsyncContext *context; /* NULL when down */
	enum state state;
	char host[HOST_MAX];
	char user[HOST_MAX];
	char password[HOST_MAX];
	int port;
	int number;
	uint64_t since_ms;    /* when the look-up or the connect began */
	unsigned tries;       /* each takes the next of the host's addresses */
	uint64_t retry_at_ms; /* valid when down */
	uint32_t backoff_ms;
	bool failed;                   /* an answer that cannot be used: settle ends the connection */
	struct sb_redis_command *head; /* under way, the oldest first */
	struct sb_redis_command *tail;
};

/* ---- the URL --------------------------------------------------------------------------------- */

static bool
copy_part(char *out, const char *text, size_t len)
{
	if (len >= HOST_MAX)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

static bool
parse_number(const char *text, size_t len, int max, int *number)
{
	*number = 0;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9' || *number > max)
			return false;
		*number = *number * 10 + (text[i] - '0');
	}
	return len > 0 && *number <= max;
}

/* [user:]password before the sign; the password may hold any other character. */
static bool
parse_credentials(struct sb_redis *redis, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t user_len = colon ? (size_t) (colon - text) : 0;

	if (!copy_part(redis->user, text, user_len))
		return false;
	return copy_part(redis->password, colon ? colon + 1 : text, len - user_len - (colon != NULL));
}

/* host[:port], an IPv6 address in brackets. */
static bool
parse_place(struct sb_redis *redis, const char *text, size_t len)
{
	const char *end = text + len;
	const char *bracket = len && *text == '[' ? memchr(text, ']', len) : NULL;
	const char *host = bracket ? text + 1 : text;
	const char *host_end = bracket ? bracket : memchr(text, ':', len);
	const char *rest = bracket ? bracket + 1 : host_end ? host_end : end;

	redis->port = 6379;
	if (!copy_part(redis->host, host, (size_t) ((host_end ? host_end : end) - host)))
		return false;
	if (sb_form_check(SB_FORM_HOST, redis->host) != NULL)
		return false;
	return rest == end ||
		   (*rest == ':' && parse_number(rest + 1, (size_t) (end - rest - 1), 65535, &redis->port));
}

/* redis://[user:password@]host[:port][/number] */
static bool
parse_url(struct sb_redis *redis, const char *url)
{
	const char *at;
	const char *slash;
	size_t len;

	if (url == NULL || strncmp(url, "redis://", 8) != 0)
		return false;
	url += 8;
	at = strrchr(url, '@');
	if (at && !parse_credentials(redis, url, (size_t) (at - url)))
		return false;
	url = at ? at + 1 : url;
	slash = strchr(url, '/');
	len = slash ? (size_t) (slash - url) : strlen(url);
	redis->number = 0;
	if (slash && slash[1] && !parse_number(slash + 1, strlen(slash + 1), 65535, &redis->number))
		return false;
	return parse_place(redis, url, len);
}

bool
sb_redis_check_url(const char *url)
{
	struct sb_redis ignored = {.port = 0};

	return parse_url(&ignored, url);
}

/* ---- the loop ---------------------------------------------------------------------------------
 */

static void
on_ready(struct sb_watch *watch, uint32_t events)
{
	struct sb_redis *redis = (struct sb_redis *) watch;

	if (redis->context && (events & ~EPOLLOUT))
		redisAsyncHandleRead(redis->context);
	if (redis->context && (events & ~EPOLLIN))
		redisAsyncHandleWrite(redis->context);
}

static void
want(struct sb_redis *redis, uint32_t add, uint32_t drop)
{
	uint32_t events = (redis->watch.events | add) & ~drop;

	if (redis->context)
		sb_loop_watch(redis->loop, &redis->watch, redis->context->c.fd, events);
}

static void
add_read(void *arg)
{
	want(arg, EPOLLIN, 0);
}

static void
drop_read(void *arg)
{
	want(arg, 0, EPOLLIN);
}

static void
add_write(void *arg)
{
	want(arg, EPOLLOUT, 0);
}

static void
drop_write(void *arg)
{
	want(arg, 0, EPOLLOUT);
}

static void
cleanup(void *arg)
{
	struct sb_redis *redis = arg;

	sb_loop_unwatch(redis->loop, &redis->watch);
}

/* ---- connecting and losing ------------------------------------------------------------------- */

/* The library has ended the connection, or does so when this returns. */
static void
note_loss(struct sb_redis *redis, const char *reason)
{
	if (redis->state == DOWN)
		return;
	sb_log_begin(SB_LOG_WARNING, "no connection to Redis");
	sb_log_text("error", reason);
	sb_log_int("retry_ms", redis->backoff_ms);
	sb_log_end();
	redis->state = DOWN;
	redis->context = NULL;
	redis->failed = false;
	redis->retry_at_ms = redis->loop->now_ms + redis->backoff_ms;
	if (redis->backoff_ms < BACKOFF_LAST_MS)
		redis->backoff_ms *= 2;
}

static void
drop(struct sb_redis *redis, const char *reason)
{
	redisAsyncContext *context = redis->context;

	note_loss(redis, reason);
	if (context)
		redisAsyncFree(context);
}

static void
on_connect(const redisAsyncContext *context, int status)
{
	if (status != REDIS_OK)
		note_loss(context->data, context->errstr);
}

static void
on_disconnect(const redisAsyncContext *context, int status)
{
	struct sb_redis *redis = context->data;

	if (redis->context == context)
		note_loss(redis, status == REDIS_OK ? "closed" : context->errstr);
}

/* AUTH and SELECT: only a refusal matters. */
static void
on_greeted(redisAsyncContext *context, void *answer, void *arg)
{
	const redisReply *reply = answer;
	struct sb_redis *redis = context->data;

	if (reply && reply->type == REDIS_REPLY_ERROR)
	{
		sb_log(SB_LOG_WARNING, "Redis refused a command", "error", reply->str);
		redis->failed = true;
	}
}

static void
on_alive(redisAsyncContext *context, void *answer, void *arg)
{
	const redisReply *reply = answer;
	struct sb_redis *redis = context->data;

	if (reply == NULL || redis->failed)
		return;
	if (reply->type != REDIS_REPLY_STATUS)
	{
		on_greeted(context, answer, arg);
		redis->failed = true;
		return;
	}
	redis->state = UP;
	redis->backoff_ms = BACKOFF_FIRST_MS;
	sb_log(SB_LOG_INFO, "Redis is there", NULL, NULL);
}

static void
greet(struct sb_redis *redis)
{
	redisAsyncContext *context = redis->context;

	if (*redis->user)
		redisAsyncCommand(context, on_greeted, NULL, "AUTH %s %s", redis->user, redis->password);
	else if (*redis->password)
		redisAsyncCommand(context, on_greeted, NULL, "AUTH %s", redis->password);
	redisAsyncCommand(context, on_greeted, NULL, "SELECT %d", redis->number);
	redisAsyncCommand(context, on_alive, NULL, "PING"); /* an error while it loads its data */
}

/* The address is there, or is still looked up. */
static void
go_on_resolving(struct sb_redis *redis)
{
	struct sb_addresses found;
	enum sb_names_state state = sb_names_get(redis->host, redis->since_ms, &found);
	redisAsyncContext *context;

	if (state == SB_NAMES_PENDING)
		return;
	if (state == SB_NAMES_UNKNOWN)
	{
		note_loss(redis, "its host has no address");
		return;
	}
	context = sb_checked(
		redisAsyncConnect(found.list[redis->tries++ % (unsigned) found.count], redis->port));
	redis->state = CONNECTING;
	redis->since_ms = redis->loop->now_ms;
	if (context->err)
	{
		note_loss(redis, context->errstr);
		redisAsyncFree(context);
		return;
	}
	redis->context = context;
	context->data = redis;
	context->ev.data = redis;
	context->ev.addRead = add_read;
	context->ev.delRead = drop_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = drop_write;
	context->ev.cleanup = cleanup;
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
	greet(redis);
}

static void
start(struct sb_redis *redis)
{
	redis->state = RESOLVING;
	redis->since_ms = redis->loop->now_ms;
	go_on_resolving(redis);
}

/* ---- commands -------------------------------------------------------------------------------- */

/* Answers come in order, also those that do not: the first is the oldest. */
static void
on_reply(redisAsyncContext *context, void *answer, void *arg)
{
	struct sb_redis_command *command = arg;
	struct sb_redis *redis = command->redis;

	redis->head = command->next;
	if (redis->head == NULL)
		redis->tail = NULL;
	command->on_reply(command, answer);
}

bool
sb_redis_send(struct sb_redis *redis, struct sb_redis_command *command, int argc,
			  const char *const *argv, const size_t *lens)
{
	if (!sb_redis_is_up(redis) || redisAsyncCommandArgv(redis->context, on_reply, command, argc,
														(const char **) argv, lens) != REDIS_OK)
		return false;
	command->redis = redis;
	command->next = NULL;
	command->deadline_ms = redis->loop->now_ms + (uint64_t) redis->loop->config->redis_timeout;
	if (redis->tail)
		redis->tail->next = command;
	else
		redis->head = command;
	redis->tail = command;
	return true;
}

/* ---- life ------------------------------------------------------------------------------------ */

void
sb_redis_settle(struct sb_redis *redis)
{
	uint64_t now = redis->loop->now_ms;

	if (redis->state == DOWN)
	{
		if (now >= redis->retry_at_ms)
			start(redis);
	}
	else if (redis->failed)
		drop(redis, "the connection cannot be used");
	else if (redis->head && now > redis->head->deadline_ms)
		drop(redis, "Redis does not answer in time");
	else if (redis->state < UP && now - redis->since_ms > BACKOFF_LAST_MS)
		drop(redis, "Redis cannot be reached");
	else if (redis->state == RESOLVING)
		go_on_resolving(redis);
}

struct sb_redis *
sb_redis_new(struct sb_loop *loop)
{
	struct sb_redis *redis = sb_calloc(1, sizeof(*redis));

	redis->loop = loop;
	redis->watch.fd = -1;
	redis->watch.on_ready = on_ready;
	redis->backoff_ms = BACKOFF_FIRST_MS;
	(void) parse_url(redis, loop->config->redis_url);
	start(redis);
	return redis;
}

void
sb_redis_close(struct sb_redis *redis)
{
	redisAsyncContext *context = redis->context;

	redis->state = DOWN;
	redis->retry_at_ms = UINT64_MAX;
	redis->context = NULL;
	if (context)
		redisAsyncFree(context);
}

void
sb_redis_free(struct sb_redis *redis)
{
	if (redis == NULL)
		return;
	sb_redis_close(redis);
	free(redis);
}

bool
sb_redis_is_up(const struct sb_redis *redis)
{
	return redis->state == UP && !redis->failed;
}
