/*
 * redis.c owns counting in Redis.
 */
#include "ratelimit/redis.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "redis/connection.h"

#define NUMBER_MAX      24
#define ARGUMENTS_FIXED 4 /* EVALSHA, the script, how many keys, the mode */
#define NUMBERS         4 /* of each window */

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

/* A question under way; its arguments are kept in case the script must be sent whole. */
struct question
{
	struct sb_redis_command command; /* must stay first */
	struct sb_redis *redis;
	void (*on_answer)(void *arg, int64_t now, int64_t *timestamps);
	void *arg;
	int count;
	int argc;
	const char **argv;
	size_t *lens;
	char (*numbers)[NUMBER_MAX];
	char *keys;
	bool sent_whole; /* EVAL, because Redis does not know the script */
};

/* The name that Redis gives the script: its SHA-1 in hexadecimal digits. */
static const char *
script_name(void)
{
	static _Thread_local char name[2 * SHA_DIGEST_LENGTH + 1]; /* each loop is a thread */
	unsigned char digest[SHA_DIGEST_LENGTH];

	if (*name)
		return name;
	SHA1((const unsigned char *) script, sizeof(script) - 1, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(name + 2 * i, 3, "%02x", digest[i]);
	return name;
}

static void
free_question(struct question *question)
{
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
	return sb_redis_send(question->redis, &question->command, question->argc, question->argv,
						 question->lens);
}

/* Redis has not met the script, or was started afresh, or told to forget its scripts. */
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
on_reply(struct sb_redis_command *command, const redisReply *reply)
{
	struct question *question = (struct question *) command;

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
new_question(struct sb_redis *redis, const char *prefix, const struct social_limit_window *windows,
			 int count, bool peek)
{
	struct question *question = sb_calloc(1, sizeof(*question));
	size_t room = strlen(prefix) + sizeof(":rate:") + SOCIAL_LIMIT_KEY_MAX;
	size_t n = (size_t) count;

	question->redis = redis;
	question->command.on_reply = on_reply;
	question->count = count;
	question->argv = sb_calloc(ARGUMENTS_FIXED + (1 + NUMBERS) * n, sizeof(*question->argv));
	question->lens = sb_calloc(ARGUMENTS_FIXED + (1 + NUMBERS) * n, sizeof(*question->lens));
	question->numbers = sb_calloc(1 + NUMBERS * n, NUMBER_MAX);
	question->keys = sb_malloc(n * room);
	put_argument(question, "EVALSHA", 7);
	put_argument(question, script_name(), 2 * SHA_DIGEST_LENGTH);
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
sb_limit_redis_take(struct sb_redis *redis, const char *prefix,
					const struct social_limit_window *windows, int count, bool peek,
					void (*on_answer)(void *arg, int64_t now, int64_t *timestamps), void *arg)
{
	struct question *question;

	if (!sb_redis_is_up(redis))
		return false;
	question = new_question(redis, prefix, windows, count, peek);
	question->on_answer = on_answer;
	question->arg = arg;
	if (send_question(question))
		return true;
	free_question(question);
	return false;
}
