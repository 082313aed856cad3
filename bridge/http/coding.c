/*
 * coding.c owns content codings of answers.
 */
#include "http/coding.h"

#include <brotli/encode.h>

#include "base/config.h"
#include "base/memory.h"
#include "base/zstream.h"
#include "http/content.h"
#include "http/request.h"
#include "loop/loop.h"

/* The fastest that there is, as gzip's level (base/zstream.h): a page of 19 kB becomes 2.9 kB in
 * some 40 microseconds by either, and slower ones save little more of it. */
#define BROTLI_QUALITY 0
#define BROTLI_WINDOW  18
#define MAX_LENGTH     (2 * 1024 * 1024)

struct sb_coding
{
	const char *name;
	size_t (*bound)(size_t len);
	size_t (*encode)(const char *bytes, size_t len, char *out, size_t size);
};

static size_t
bound_gzip(size_t len)
{
	return deflateBound(sb_zstream(SB_ZSTREAM_GZIP), (uLong) len);
}

static size_t
encode_gzip(const char *bytes, size_t len, char *out, size_t size)
{
	z_stream *stream = sb_zstream(SB_ZSTREAM_GZIP);

	stream->next_in = (Bytef *) bytes;
	stream->avail_in = (uInt) len;
	stream->next_out = (Bytef *) out;
	stream->avail_out = (uInt) size;
	if (deflate(stream, Z_FINISH) != Z_STREAM_END)
		sb_checked(NULL);
	return stream->total_out;
}

static size_t
encode_brotli(const char *bytes, size_t len, char *out, size_t size)
{
	if (!BrotliEncoderCompress(BROTLI_QUALITY, BROTLI_WINDOW, BROTLI_MODE_TEXT, len,
							   (const uint8_t *) bytes, &size, (uint8_t *) out))
		sb_checked(NULL);
	return size;
}

/* Of two that are as welcome the first is taken. */
static const struct sb_coding codings[SB_CODINGS] = {
	{"br", BrotliEncoderMaxCompressedSize, encode_brotli},
	{"gzip", bound_gzip, encode_gzip},
};

const struct sb_coding *
sb_coding_at(int number)
{
	return &codings[number];
}

int
sb_coding_number(const struct sb_coding *coding)
{
	return (int) (coding - codings);
}

const struct sb_coding *
sb_coding_choose(struct sb_request *request, size_t len)
{
	size_t least = (size_t) request->loop->config->compress_min;
	const struct sb_coding *best = NULL;
	int wanted = 0;

	if (least == 0 || len < least || len > MAX_LENGTH)
		return NULL;
	sb_request_add_vary(request, "Accept-Encoding");
	for (size_t i = 0; i < SB_CODINGS; i++)
	{
		int quality = sb_content_coding_quality(request, codings[i].name);

		if (quality > wanted)
			best = &codings[i];
		wanted = quality > wanted ? quality : wanted;
	}
	return best && wanted >= sb_content_coding_quality(request, "identity") ? best : NULL;
}

const char *
sb_coding_name(const struct sb_coding *coding)
{
	return coding->name;
}

char *
sb_coding_encode(const struct sb_coding *coding, const char *bytes, size_t len, size_t *coded)
{
	size_t size = coding->bound(len);
	char *out = sb_malloc(size);

	*coded = coding->encode(bytes, len, out, size);
	return sb_realloc(out, *coded);
}
