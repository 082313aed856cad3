/*
 * zstream.c owns the streams of zlib that each thread keeps.
 */
#include "base/zstream.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

#define WINDOW MAX_WBITS
#define GZIP   16 /* added to the window: a head of gzip, says deflateInit2() */
#define MEMORY 8

/* Of a thread; those that were not asked for yet have no state. */
struct streams
{
	z_stream of[SB_ZSTREAMS];
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int
begin_gzip(z_stream *stream)
{
	return deflateInit2(stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW + GZIP, MEMORY,
						Z_DEFAULT_STRATEGY);
}

static int
begin_deflate(z_stream *stream)
{
	return deflateInit2(stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY);
}

static int
begin_inflate(z_stream *stream)
{
	return inflateInit(stream);
}

static const struct
{
	int (*begin)(z_stream *);
	int (*reset)(z_stream *);
	int (*end)(z_stream *);
} rows[SB_ZSTREAMS] = {
	[SB_ZSTREAM_GZIP] = {begin_gzip, deflateReset, deflateEnd},
	[SB_ZSTREAM_DEFLATE] = {begin_deflate, deflateReset, deflateEnd},
	[SB_ZSTREAM_INFLATE] = {begin_inflate, inflateReset, inflateEnd},
};

static void
on_thread_end(void *arg)
{
	struct streams *streams = arg;

	for (int i = 0; i < SB_ZSTREAMS; i++)
		if (streams->of[i].state != NULL)
			rows[i].end(&streams->of[i]);
	free(streams);
}

static void
make_key(void)
{
	if (pthread_key_create(&key, on_thread_end) != 0)
		sb_checked(NULL);
}

z_stream *
sb_zstream(enum sb_zstream which)
{
	struct streams *streams;
	z_stream *stream;

	pthread_once(&once, make_key);
	streams = pthread_getspecific(key);
	if (streams == NULL)
	{
		streams = sb_calloc(1, sizeof(*streams));
		if (pthread_setspecific(key, streams) != 0)
			sb_checked(NULL);
	}
	stream = &streams->of[which];
	if (stream->state == NULL && rows[which].begin(stream) != Z_OK)
		sb_checked(NULL);
	rows[which].reset(stream);
	return stream;
}
