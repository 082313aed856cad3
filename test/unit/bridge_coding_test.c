/*
 * bridge_coding_test.c: which coding an answer gets, and that it can be undone (issue 13, line 3;
 * RFC 9110 section 12.5.3).
 */
#include <brotli/decode.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/config.h"
#include "http/coding.h"
#include "http/request.h"
#include "loop/loop.h"
#include "tap.h"

static struct sb_config config = {.compress_min = 1400};
static struct sb_loop loop = {.config = &config};

/* The name of the coding that is chosen, or "-"; *vary: whether caches are told. */
static const char *
choose(const char *accept, size_t len, bool *vary)
{
	struct sb_header header = {"Accept-Encoding", 15, accept, accept ? strlen(accept) : 0};
	struct sb_request request = {.loop = &loop, .headers = &header, .nheaders = accept ? 1 : 0};
	const struct sb_coding *coding = sb_coding_choose(&request, len);

	*vary = sb_request_has_answer_header(&request, "Vary");
	sb_arena_free(&request.arena);
	return coding ? sb_coding_name(coding) : "-";
}

static const char *const choices[][2] = {
	{NULL, "-"},
	{"", "-"},
	{"identity", "-"},
	{"gzip", "gzip"},
	{"br", "br"},
	{"deflate, gzip;q=1.0, *;q=0.5", "gzip"},
	{"gzip, deflate, br, zstd", "br"},
	{"gzip, br;q=0.9", "gzip"},
	{"gzip;q=0, br;q=0", "-"},
	{"*;q=0", "-"},
	{"*", "br"},
	{"br;q=0, *", "gzip"},
	{"gzip;q=0.5, identity", "-"},
	{"gzip;q=0.5, identity;q=0.5", "gzip"},
	{"identity;q=0, gzip;q=0.001", "gzip"},
	{"deflate", "-"},
	{"nonsense;;;q=,,", "-"},
};

/* What the bytes were, malloc'd; NULL when they cannot be undone. */
static char *
undo(const char *name, const char *coded, size_t coded_len, size_t len)
{
	char *out = malloc(len + 1);
	size_t size = len + 1;
	bool good;

	if (strcmp(name, "br") == 0)
		good = BrotliDecoderDecompress(coded_len, (const uint8_t *) coded, &size,
									   (uint8_t *) out) == BROTLI_DECODER_RESULT_SUCCESS;
	else
	{
		z_stream stream = {.next_in = (Bytef *) coded,
						   .avail_in = (uInt) coded_len,
						   .next_out = (Bytef *) out,
						   .avail_out = (uInt) size};

		inflateInit2(&stream, 15 + 16);
		good = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
		size = stream.total_out;
		inflateEnd(&stream);
	}
	if (good && size == len)
		return out;
	free(out);
	return NULL;
}

int
main(void)
{
	size_t sizes[] = {0, 1, 1400, 70000, 2 * 1024 * 1024};
	bool vary;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
	{
		is_str(choose(choices[i][0], 1400, &vary), choices[i][1],
			   choices[i][0] ? choices[i][0] : "(no header)");
		ok(vary, "caches are told");
	}
	is_str(choose("gzip", 1399, &vary), "-", "not for what is small");
	ok(!vary, "which does not hang on the header");
	is_str(choose("gzip", 2 * 1024 * 1024 + 1, &vary), "-", "nor for what is huge");
	config.compress_min = 0;
	is_str(choose("gzip", 100000, &vary), "-", "COMPRESS_MIN=0 turns it off");

	for (int round = 0; round < 2; round++)
		for (int number = 0; number < SB_CODINGS; number++)
			for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			{
				const struct sb_coding *coding = sb_coding_at(number);
				char *bytes = malloc(sizes[i] + 1);
				size_t len;
				char *coded;
				char *again;

				/* Text, then bytes that cannot be made smaller. */
				for (size_t b = 0; b < sizes[i]; b++)
					bytes[b] = (char) (round ? random() : "{\"id\":1}, "[b % 10]);
				coded = sb_coding_encode(coding, bytes, sizes[i], &len);
				again = undo(sb_coding_name(coding), coded, len, sizes[i]);
				ok(again && memcmp(again, bytes, sizes[i]) == 0, sb_coding_name(coding));
				is_int(sb_coding_number(coding), number, "its number");
				free(bytes);
				free(coded);
				free(again);
			}
	return done_testing();
}
