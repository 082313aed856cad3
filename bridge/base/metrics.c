/*
 * metrics.c owns what the bridge counts, and how that is printed.
 */
#include "base/metrics.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

enum kind
{
	COUNTER,
	SECONDS,
	GAUGE,
	HISTOGRAM
};

static const struct row
{
	enum kind kind;
	size_t offset; /* in struct sb_metrics */
	const char *name;
	const char *label;
	const char *values;
	const char *help;
} rows[] = {
#define SB_METRIC(field, kind, name, label, values, help)                                          \
	{kind, offsetof(struct sb_metrics, field), name, label, values, help},
#define SB_HISTOGRAM(field, name, label, values, help)                                             \
	{HISTOGRAM, offsetof(struct sb_metrics, field), name, label, values, help},
#include "base/metrics.def"
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *const kind_words[] = {
	[COUNTER] = "counter", [SECONDS] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};

static const char *const answer_words[SB_ANSWER_KINDS] = {"success", "redirect",     "client_error",
														  "limited", "server_error", "none"};

/* Upper bounds of the buckets. */
static const uint32_t bounds_us[SB_BUCKETS] = {500,   1000,   2500,   5000,   10000,   25000,
											   50000, 100000, 250000, 500000, 1000000, 5000000};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list */
static struct sb_metrics *all;
static int nroutes;
static const char *(*route_name)(int index);
static const char *(*route_method)(int index);

/* ---- counting -------------------------------------------------------------------------------- */

void
sb_metrics_name_routes(int count, const char *(*name)(int), const char *(*method)(int) )
{
	nroutes = count;
	route_name = name;
	route_method = method;
}

struct sb_metrics *
sb_metrics_new(void)
{
	struct sb_metrics *metrics = sb_calloc(1, sizeof(*metrics));

	metrics->routes = sb_calloc((size_t) nroutes + 1, sizeof(*metrics->routes));
	pthread_mutex_lock(&lock);
	metrics->next = all;
	all = metrics;
	pthread_mutex_unlock(&lock);
	return metrics;
}

void
sb_histogram_add(struct sb_histogram *histogram, uint64_t us)
{
	int i = 0;

	while (i < SB_BUCKETS && us > bounds_us[i])
		i++;
	sb_metric_add(&histogram->buckets[i], 1);
	sb_metric_add(&histogram->sum_us, us);
}

static enum sb_answer_kind
kind_of(int status)
{
	if (status == 0)
		return SB_ANSWER_NONE;
	if (status == 429)
		return SB_ANSWER_LIMITED;
	return status < 300   ? SB_ANSWER_SUCCESS
		   : status < 400 ? SB_ANSWER_REDIRECT
		   : status < 500 ? SB_ANSWER_CLIENT_ERROR
						  : SB_ANSWER_SERVER_ERROR;
}

void
sb_metrics_request(struct sb_metrics *metrics, int route, int status, uint64_t us)
{
	struct sb_route_metrics *figures =
		&metrics->routes[route >= 0 && route < nroutes ? route : nroutes];

	sb_metric_add(&figures->answers[kind_of(status)], 1);
	sb_histogram_add(&figures->duration, us);
}

/* ---- reading --------------------------------------------------------------------------------- */

static uint64_t
read_figure(const uint64_t *figure)
{
	return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

/* The loops' list only grows, at its head. */
static struct sb_metrics *
first(void)
{
	struct sb_metrics *metrics;

	pthread_mutex_lock(&lock);
	metrics = all;
	pthread_mutex_unlock(&lock);
	return metrics;
}

uint64_t
sb_metrics_sum(size_t offset)
{
	uint64_t sum = 0;

	for (const struct sb_metrics *metrics = first(); metrics; metrics = metrics->next)
		sum += read_figure((const uint64_t *) ((const char *) metrics + offset));
	return sum;
}

static void
sum_histogram(struct sb_histogram *sum, const struct sb_histogram *one)
{
	for (int i = 0; i <= SB_BUCKETS; i++)
		sum->buckets[i] += read_figure(&one->buckets[i]);
	sum->sum_us += read_figure(&one->sum_us);
}

/* ---- printing -------------------------------------------------------------------------------- */

/* A text between quotes, or of a help line. */
static void
put_escaped(struct sb_buffer *out, const char *text)
{
	for (; *text; text++)
		if (*text == '\\' || *text == '"')
		{
			sb_buffer_putc(out, '\\');
			sb_buffer_putc(out, *text);
		}
		else
			sb_buffer_putc(out, (unsigned char) *text < ' ' ? ' ' : *text);
}

void
sb_metrics_head(struct sb_buffer *out, const char *name, const char *kind, const char *help)
{
	sb_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

void
sb_metrics_line(struct sb_buffer *out, const char *name, const char *label, const char *value,
				double number)
{
	sb_buffer_puts(out, name);
	if (*label)
	{
		sb_buffer_printf(out, "{%s=\"", label);
		put_escaped(out, value);
		sb_buffer_puts(out, "\"}");
	}
	sb_buffer_printf(out, " %.15g\n", number);
}

/* labels: `a="b",c="d"`, or empty. */
static void
put_histogram(struct sb_buffer *out, const char *name, const char *labels,
			  const struct sb_histogram *histogram)
{
	const char *comma = *labels ? "," : "";
	const char *open = *labels ? "{" : "";
	const char *close = *labels ? "}" : "";
	uint64_t count = 0;

	for (int i = 0; i <= SB_BUCKETS; i++)
	{
		count += histogram->buckets[i];
		sb_buffer_printf(out, "%s_bucket{%s%sle=\"", name, labels, comma);
		if (i < SB_BUCKETS)
			sb_buffer_printf(out, "%g", bounds_us[i] / 1e6);
		else
			sb_buffer_puts(out, "+Inf");
		sb_buffer_printf(out, "\"} %llu\n", (unsigned long long) count);
	}
	sb_buffer_printf(out, "%s_sum%s%s%s %.15g\n", name, open, labels, close,
					 (double) histogram->sum_us / 1e6);
	sb_buffer_printf(out, "%s_count%s%s%s %llu\n", name, open, labels, close,
					 (unsigned long long) count);
}

static void
put_cell(struct sb_buffer *out, const struct row *row, int cell, const char *value)
{
	char labels[64] = "";
	struct sb_histogram sum = {0};
	double number;

	if (row->kind != HISTOGRAM)
	{
		number = (double) sb_metrics_sum(row->offset + (size_t) cell * sizeof(uint64_t));
		sb_metrics_line(out, row->name, row->label, value,
						row->kind == SECONDS ? number / 1e6 : number);
		return;
	}
	for (const struct sb_metrics *metrics = first(); metrics; metrics = metrics->next)
		sum_histogram(&sum,
					  (const struct sb_histogram *) ((const char *) metrics + row->offset) + cell);
	if (*row->label)
		snprintf(labels, sizeof(labels), "%s=\"%s\"", row->label, value);
	put_histogram(out, row->name, labels, &sum);
}

static void
put_row(struct sb_buffer *out, const struct row *row)
{
	const char *values = row->values;
	char value[32];

	sb_metrics_head(out, row->name, kind_words[row->kind], row->help);
	for (int cell = 0; cell < SB_METRIC_VALUES; cell++)
	{
		size_t len = strcspn(values, "|");

		snprintf(value, sizeof(value), "%.*s", (int) len, values);
		put_cell(out, row, cell, value);
		if (values[len] == '\0')
			return;
		values += len + 1;
	}
}

/* What all loops counted for a route; false when nobody asked for it yet. */
static bool
sum_route(int index, struct sb_route_metrics *sum)
{
	uint64_t any = 0;

	memset(sum, 0, sizeof(*sum));
	for (const struct sb_metrics *metrics = first(); metrics; metrics = metrics->next)
	{
		const struct sb_route_metrics *one = &metrics->routes[index];

		for (int kind = 0; kind < SB_ANSWER_KINDS; kind++)
			any += sum->answers[kind] += read_figure(&one->answers[kind]);
		sum_histogram(&sum->duration, &one->duration);
	}
	return any > 0;
}

/* The name of a row, never a path: strangers choose those. */
static void
put_routes(struct sb_buffer *out)
{
	static const char requests[] = "social_http_requests_total";
	static const char duration[] = "social_http_request_duration_seconds";
	struct sb_route_metrics sum;
	char labels[160];

	for (int pass = 0; pass < 2; pass++)
	{
		if (pass == 0)
			sb_metrics_head(out, requests, "counter", "Requests by route and kind of answer.");
		else
			sb_metrics_head(out, duration, "histogram",
							"How long requests took, from their first line to their answer.");
		for (int i = 0; i <= nroutes; i++)
		{
			if (!sum_route(i, &sum))
				continue;
			snprintf(labels, sizeof(labels), "route=\"%s\",method=\"%s\"",
					 i < nroutes ? route_name(i) : "none", i < nroutes ? route_method(i) : "");
			if (pass == 1)
				put_histogram(out, duration, labels, &sum.duration);
			for (int kind = 0; pass == 0 && kind < SB_ANSWER_KINDS; kind++)
				if (sum.answers[kind] > 0)
					sb_buffer_printf(out, "%s{%s,answer=\"%s\"} %llu\n", requests, labels,
									 answer_words[kind], (unsigned long long) sum.answers[kind]);
		}
	}
}

void
sb_metrics_print(struct sb_buffer *out)
{
	for (size_t i = 0; i < ROWS; i++)
		put_row(out, &rows[i]);
	put_routes(out);
}
