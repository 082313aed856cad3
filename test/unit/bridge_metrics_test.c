/*
 * bridge_metrics_test.c: metrics.c: counting, adding loops up, and the Prometheus text format (seed
 * 045).
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/metrics.h"
#include "tap.h"

static const char *const names[] = {"posts.list", "posts.create"};
static const char *const methods[] = {"GET", "POST"};

static const char *
name(int index)
{
	return names[index];
}

static const char *
method(int index)
{
	return methods[index];
}

/* Whether the text has this line. */
static bool
has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
	return false;
}

static char *
print(void)
{
	struct sb_buffer out = {0};
	size_t len;

	sb_metrics_print(&out);
	return sb_buffer_take(&out, &len);
}

static void *
count_much(void *metrics)
{
	for (int i = 0; i < 100000; i++)
		sb_metrics_request(metrics, 0, 200, 700);
	return NULL;
}

static void
test_sums(struct sb_metrics *one, struct sb_metrics *other)
{
	pthread_t threads[2];
	char *text;

	pthread_create(&threads[0], NULL, count_much, one);
	pthread_create(&threads[1], NULL, count_much, other);
	for (int i = 0; i < 20; i++)
		free(print()); /* a reader disturbs nobody */
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	text = print();
	ok(has_line(text, "social_http_requests_total{route=\"posts.list\",method=\"GET\",answer="
					  "\"success\"} 200000"),
	   "the loops' counts are added up");
	ok(has_line(text, "social_http_request_duration_seconds_sum{route=\"posts.list\",method="
					  "\"GET\"} 140"),
	   "and their times");
	ok(strstr(text, "posts.create") == NULL, "a route that nobody asked for is left out");
	free(text);
}

static void
test_buckets(struct sb_metrics *metrics)
{
#define BUCKET(le)                                                                                 \
	"social_http_request_duration_seconds_bucket{route=\"posts.create\",method=\"POST\",le=\"" le  \
	"\"} "
	char *text;

	sb_metrics_request(metrics, 1, 201, 500);
	sb_metrics_request(metrics, 1, 201, 501);
	sb_metrics_request(metrics, 1, 503, 5000001);
	text = print();
	ok(has_line(text, BUCKET("0.0005") "1"), "a bound belongs to its bucket");
	ok(has_line(text, BUCKET("0.001") "2"), "buckets hold those before them");
	ok(has_line(text, BUCKET("5") "2") && has_line(text, BUCKET("+Inf") "3"),
	   "the last has no end");
	ok(strstr(text, "answer=\"server_error\"} 1\n") != NULL, "kinds of answers");
	free(text);
}

static void
test_answers(struct sb_metrics *metrics)
{
	static const struct
	{
		int status;
		const char *word;
	} rows[] = {{200, "success"}, {294, "success"},      {304, "redirect"}, {404, "client_error"},
				{429, "limited"}, {500, "server_error"}, {0, "none"}};
	char *text;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		sb_metrics_request(metrics, i % 2 ? 2 : -1, rows[i].status, 1);
	text = print();
	ok(has_line(text,
				"social_http_requests_total{route=\"none\",method=\"\",answer=\"success\"} 2"),
	   "what is no route counts as one");
	for (size_t i = 2; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		char line[128];

		snprintf(line, sizeof(line),
				 "social_http_requests_total{route=\"none\",method=\"\",answer=\"%s\"} 1",
				 rows[i].word);
		ok(has_line(text, line), rows[i].word);
	}
	free(text);
}

static void
test_lines(void)
{
	struct sb_buffer out = {0};
	size_t len;
	char *text;

	sb_metrics_line(&out, "m", "l", "a\"b\\c\nd", 1.5);
	sb_metrics_line(&out, "m", "", "", 12345678901234.0);
	text = sb_buffer_take(&out, &len);
	ok(strcmp(text, "m{l=\"a\\\"b\\\\c d\"} 1.5\nm 12345678901234\n") == 0, "labels are escaped");
	free(text);
}

int
main(void)
{
	struct sb_metrics *one;
	struct sb_metrics *other;

	sb_metrics_name_routes(2, name, method);
	one = sb_metrics_new();
	other = sb_metrics_new();
	sb_metric_add(&one->busy_us[0], 1500000);
	sb_metric_set(&one->waiting[1], 3);
	sb_metric_set(&other->waiting[1], 4);
	test_sums(one, other);
	test_buckets(other);
	test_answers(one);
	test_lines();
	{
		char *text = print();

		ok(has_line(text, "social_loop_busy_seconds_total 1.5"),
		   "microseconds are shown in seconds");
		ok(has_line(text, "social_database_queue{lane=\"write\"} 7"), "gauges by label");
		ok(has_line(text, "# TYPE social_database_queue_seconds histogram"), "types");
		free(text);
	}
	return done_testing();
}
