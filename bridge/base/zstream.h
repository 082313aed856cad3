/*
 * zstream.h owns the streams of zlib that each thread keeps: making one anew costs as much as
 * compressing a page.
 */
#ifndef SB_BASE_ZSTREAM_H
#define SB_BASE_ZSTREAM_H

#include <zlib.h>

/* What a thread has one stream of. */
enum sb_zstream
{
	SB_ZSTREAM_GZIP,    /* compresses, with the head of gzip (RFC 1952) */
	SB_ZSTREAM_DEFLATE, /* compresses, with the head of zlib (RFC 1950) */
	SB_ZSTREAM_INFLATE, /* reads what the latter wrote */
	SB_ZSTREAMS
};

/*
 * The thread's stream, at its beginning; it is ended with the thread. Between two calls for the
 * same one nothing else may use it. Both that compress are of the fastest level.
 */
extern z_stream *sb_zstream(enum sb_zstream which);

#endif /* SB_BASE_ZSTREAM_H */
