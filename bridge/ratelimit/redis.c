/*
 * redis.c owns counting in Redis.
 *
 * The connection is DOWN until it is time, RESOLVING until its host's address is known (names.h:
 * the client library would ask the resolver itself), CONNECTING until the script is loaded, then
 * UP. Answers come in the order of the questions, so the oldest question has the earliest deadline.
 * The client library frees its context by itself when the connection ends; on_connect and
 * on_disconnect are where we hear of it.
 */
#include "ratelimit/redis.h"

#include <hiredis/async.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/config_form.h"
#include "base/log.h"
#include "loop/loop.h"
#include "base/memory.h"
#include "loop/names.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS  5000
#define HOST_MAX         256
#define NUMBER_MAX       24
#define ARGUMENTS_FIXED  4 /* EVALSHA, the script, how many keys, the mode */
#define NUMBERS          4 /* of each window */

/*
 * KEYS: windows. ARGV: "take" or "peek", then of each limit, period (microseconds), how many
 * requests to count, and 1 where it only counts. The same arithmetic as
 * extension/core/ratelimit_gcra.c, in a second place because it must run where the timestamps are;
 * test/unit/admission_redis_test.c compares them. A key lives until its window is whole again, and
 * a second more: Redis cuts its clock for that to milliseconds.
 */
static const char script[] =
	"local time = redis.call('TIME')\n"
	"local now = time[1] * 1000000 + time[2]\n"
	"local free, answer, step = true, {now}, {}\n"
	"for i, key in ipairs(KEYS) do\n"
	"  local limit, period = tonumber(ARGV[4 * i - 2]), tonumber(ARGV[4 * i - 1])\n"
	"  local whole = math.floor(period / limit) * limit\n"
	"  local at = tonumber(redis.call('GET', key)) or 0\n"
	"  answer[i + 1] = at\n"
	"  at = math.min(math.max(at - now, 0), whole)\n"
	"  step[i] = at + math.floor(period / limit) * tonumber(ARGV[4 * i])\n"
	"  free = free and (step[i] <= whole or ARGV[4 * i + 1] == '1')\n"
	"  step[i] = math.min(step[i], whole)\n"
	"end\n"
	"if free and ARGV[1] == 'take' then\n"
	"  for i, key in ipairs(KEYS) do\n"
	"    redis.call('SET', key, string.format('%.0f', now + step[i]), 'PX',\n"
	"      string.format('%.0f', math.ceil(step[i] / 1000) + 1000))\n"
	"  end\n"
	"end\n"
	"return answer\n";

enum state
{
	DOWN,
	RESOLVING,
	CONNECTING,
	UP
};

/* A question under way; its arguments are kept in case the script must be sent again. */
struct question
{
	struct question *next;
	struct sb_limit_redis *redis;
	void (*on_answer)(void *arg, int64_t now, int64_t *timestamps);
	void *arg;
	uint64_t deadline_ms;
	int count;
	int argc;
	const char **argv;
	size_t *lens;
	char (*numbers)[NUMBER_MAX];
	char *keys;
	bool sent_whole; /* EVAL, because Redis had forgotten the script */
};

struct sb_limit_redis
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
	char sha[64];
	uint64_t since_ms;    /* when the look-up or the connect began */
	unsigned tries;       /* each takes the next of the host's addresses */
	uint64_t retry_at_ms; /* valid when down */
	uint32_t backoff_ms;
	bool failed; /* an answer that cannot be used: settle ends the connection */
	struct question *head;
	struct question *tail;
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
parse_credentials(struct sb_limit_redis *redis, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t user_len = colon ? (size_t) (colon - text) : 0;

	if (!copy_part(redis->user, text, user_len))
		return false;
	return copy_part(redis->password, colon ? colon + 1 : text, len - user_len - (colon != NULL));
}

/* host[:port], an IPv6 address in brackets. */
static bool
parse_place(struct sb_limit_redis *redis, const char *text, size_t len)
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
parse_url(struct sb_limit_redis *redis, const char *url)
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
sb_limit_redis_check(const char *url)
{
	struct sb_limit_redis ignored = {.port = 0};

	return parse_url(&ignored, url);
}

/* ---- the loop ---------------------------------------------------------------------------------
 */

static void
on_ready(struct sb_watch *watch, uint32_t events)
{
	struct sb_limit_redis *redis = (struct sb_limit_redis *) watch;

	if (redis->context && (events & ~EPOLLOUT))
		redisAsyncHandleRead(redis->context);
	if (redis->context && (events & ~EPOLLIN))
		redisAsyncHandleWrite(redis->context);
}

static void
want(struct sb_limit_redis *redis, uint32_t add, uint32_t drop)
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
	struct sb_limit_redis *redis = arg;

	sb_loop_unwatch(redis->loop, &redis->watch);
}

/* ---- connecting and losing ------------------------------------------------------------------- */

/* The library has ended the connection, or does so when this returns. */
static void
note_loss(struct sb_limit_redis *redis, const char *reason)
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
drop(struct sb_limit_redis *redis, const char *reason)
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
	struct sb_limit_redis *redis = context->data;

	if (redis->context == context)
		note_loss(redis, status == REDIS_OK ? "closed" : context->errstr);
}

/* AUTH and SELECT: only a refusal matters. */
static void
on_greeted(redisAsyncContext *context, void *answer, void *arg)
{
	const redisReply *reply = answer;
	struct sb_limit_redis *redis = context->data;

	if (reply && reply->type == REDIS_REPLY_ERROR)
	{
		sb_log(SB_LOG_WARNING, "Redis refused a command", "error", reply->str);
		redis->failed = true;
	}
}

static void
on_script_loaded(redisAsyncContext *context, void *answer, void *arg)
{
	const redisReply *reply = answer;
	struct sb_limit_redis *redis = context->data;

	if (reply == NULL || redis->failed)
		return;
	if (reply->type != REDIS_REPLY_STRING || (size_t) reply->len >= sizeof(redis->sha))
	{
		redis->failed = true;
		return;
	}
	memcpy(redis->sha, reply->str, (size_t) reply->len + 1);
	redis->state = UP;
	redis->backoff_ms = BACKOFF_FIRST_MS;
	sb_log(SB_LOG_INFO, "Redis is there", NULL, NULL);
}

static void
greet(struct sb_limit_redis *redis)
{
	redisAsyncContext *context = redis->context;

	if (*redis->user)
		redisAsyncCommand(context, on_greeted, NULL, "AUTH %s %s", redis->user, redis->password);
	else if (*redis->password)
		redisAsyncCommand(context, on_greeted, NULL, "AUTH %s", redis->password);
	redisAsyncCommand(context, on_greeted, NULL, "SELECT %d", redis->number);
	redisAsyncCommand(context, on_script_loaded, NULL, "SCRIPT LOAD %s", script);
}

/* The address is there, or is still looked up. */
static void
go_on_resolving(struct sb_limit_redis *redis)
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
start(struct sb_limit_redis *redis)
{
	redis->state = RESOLVING;
	redis->since_ms = redis->loop->now_ms;
	go_on_resolving(redis);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void on_reply(redisAsyncContext *context, void *answer, void *arg);

static void
free_question(struct question *question)
{
	struct sb_limit_redis *redis = question->redis;
	struct question **link = &redis->head;
	struct question *before = NULL;

	for (; *link && *link != question; link = &(*link)->next)
		before = *link;
	if (*link)
		*link = question->next;
	if (redis->tail == question)
		redis->tail = before;
	free(question->argv);
	free(question->lens);
	free(question->numbers);
	free(question->keys);
	free(question);
}

static void
answer_question(struct question *question, const redisReply *reply)
{
	int64_t *timestamps = sb_calloc((size_t) question->count, sizeof(*timestamps));
	void (*on_answer)(void *, int64_t, int64_t *) = question->on_answer;
	void *arg = question->arg;
	int64_t now = reply ? reply->element[0]->integer : 0;

	for (int i = 0; reply && i < question->count; i++)
		timestamps[i] = reply->element[i + 1]->integer;
	free_question(question);
	on_answer(arg, now, reply ? timestamps : NULL);
	free(timestamps);
}

static bool
is_sound(const redisReply *reply, int count)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != (size_t) count + 1)
		return false;
	for (size_t i = 0; i < reply->elements; i++)
		if (reply->element[i]->type != REDIS_REPLY_INTEGER)
			return false;
	return true;
}

static bool
send_question(struct question *question)
{
	return redisAsyncCommandArgv(question->redis->context, on_reply, question, question->argc,
								 question->argv, question->lens) == REDIS_OK;
}

/* Redis was started afresh, or told to forget its scripts. */
static bool
send_whole(struct question *question)
{
	question->argv[0] = "EVAL";
	question->lens[0] = 4;
	question->argv[1] = script;
	question->lens[1] = sizeof(script) - 1;
	question->sent_whole = true;
	return send_question(question);
}

static void
on_reply(redisAsyncContext *context, void *answer, void *arg)
{
	struct question *question = arg;
	const redisReply *reply = answer;

	if (reply && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0 &&
		!question->sent_whole && send_whole(question))
		return;
	if (reply && !is_sound(reply, question->count))
	{
		sb_log(SB_LOG_WARNING, "Redis could not count", "error",
			   reply->type == REDIS_REPLY_ERROR ? reply->str : NULL);
		reply = NULL;
	}
	answer_question(question, reply);
}

static void
put_argument(struct question *question, const char *text, size_t len)
{
	question->argv[question->argc] = text;
	question->lens[question->argc++] = len;
}

static void
put_number(struct question *question, int slot, int64_t number)
{
	int len = snprintf(question->numbers[slot], NUMBER_MAX, "%" PRId64, number);

	put_argument(question, question->numbers[slot], (size_t) len);
}

static struct question *
new_question(struct sb_limit_redis *redis, const struct social_limit_window *windows, int count,
			 bool peek)
{
	struct question *question = sb_calloc(1, sizeof(*question));
	const char *prefix = redis->loop->config->redis_prefix;
	size_t room = strlen(prefix) + sizeof(":rate:") + SOCIAL_LIMIT_KEY_MAX;
	size_t n = (size_t) count;

	question->redis = redis;
	question->count = count;
	question->argv = sb_calloc(ARGUMENTS_FIXED + (1 + NUMBERS) * n, sizeof(*question->argv));
	question->lens = sb_calloc(ARGUMENTS_FIXED + (1 + NUMBERS) * n, sizeof(*question->lens));
	question->numbers = sb_calloc(1 + NUMBERS * n, NUMBER_MAX);
	question->keys = sb_malloc(n * room);
	put_argument(question, "EVALSHA", 7);
	put_argument(question, redis->sha, strlen(redis->sha));
	put_number(question, 0, count);
	for (size_t i = 0; i < n; i++)
	{
		char *key = question->keys + i * room;

		put_argument(question, key,
					 (size_t) snprintf(key, room, "%s:rate:%s", prefix, windows[i].key));
	}
	put_argument(question, peek ? "peek" : "take", 4);
	for (int i = 0; i < count; i++)
	{
		const struct social_rate_draw *draw = &windows[i].draw;
		int slot = 1 + NUMBERS * i;

		put_number(question, slot, draw->rate.limit);
		put_number(question, slot + 1, draw->rate.period);
		put_number(question, slot + 2, draw->times);
		put_number(question, slot + 3, draw->counts_only);
	}
	return question;
}

bool
sb_limit_redis_take(struct sb_limit_redis *redis, const struct social_limit_window *windows,
					int count, bool peek,
					void (*on_answer)(void *arg, int64_t now, int64_t *timestamps), void *arg)
{
	struct question *question;

	if (redis->state != UP || redis->failed)
		return false;
	question = new_question(redis, windows, count, peek);
	question->on_answer = on_answer;
	question->arg = arg;
	question->deadline_ms = redis->loop->now_ms + (uint64_t) redis->loop->config->redis_timeout;
	if (!send_question(question))
	{
		free_question(question);
		return false;
	}
	if (redis->tail)
		redis->tail->next = question;
	else
		redis->head = question;
	redis->tail = question;
	return true;
}

/* ---- life ------------------------------------------------------------------------------------ */

void
sb_limit_redis_settle(struct sb_limit_redis *redis)
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

struct sb_limit_redis *
sb_limit_redis_new(struct sb_loop *loop)
{
	struct sb_limit_redis *redis = sb_calloc(1, sizeof(*redis));

	redis->loop = loop;
	redis->watch.fd = -1;
	redis->watch.on_ready = on_ready;
	redis->backoff_ms = BACKOFF_FIRST_MS;
	(void) parse_url(redis, loop->config->redis_url);
	start(redis);
	return redis;
}

void
sb_limit_redis_free(struct sb_limit_redis *redis)
{
	redisAsyncContext *context;

	if (redis == NULL)
		return;
	context = redis->context;
	redis->state = DOWN;
	redis->context = NULL;
	if (context)
		redisAsyncFree(context);
	free(redis);
}

bool
sb_limit_redis_is_up(const struct sb_limit_redis *redis)
{
	return redis->state == UP && !redis->failed;
}
