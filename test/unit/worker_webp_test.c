/*
 * What of a WebP file is picture, and what is not (issue 15 line 5: metadata gone).
 */
#include <string.h>

#include "tap.h"
#include "worker/webp.h"

#define LOSSY "VP8 \x0a\0\0\0\x30\x01\0\x9d\x01\x2a\x14\0\x0a\0"

static unsigned char bytes[1000];
static size_t len;
static int width;
static int height;

/* Puts chunks behind a head that is right. */
static bool
strips(const char *chunks, size_t size)
{
	memcpy(bytes, "RIFF\0\0\0\0WEBP", 12);
	memcpy(bytes + 12, chunks, size);
	bytes[4] = (unsigned char) (size + 4);
	len = size + 12;
	return sb_webp_strip(bytes, &len, &width, &height);
}

#define STRIPS(chunks) strips(chunks, sizeof(chunks) - 1)
#define LEFT(chunks)                                                                               \
	(len == sizeof(chunks) - 1 + 12 && memcmp(bytes + 12, chunks, sizeof(chunks) - 1) == 0)

int
main(void)
{
	ok(STRIPS(LOSSY) && LEFT(LOSSY), "a picture stays as it is");
	is_int(width, 20, "its width");
	is_int(height, 10, "and height");
	ok(STRIPS("VP8L\5\0\0\0\x2f\x13\x40\x02\0\0"), "another form");
	ok(width == 20 && height == 10, "and its size");
	ok(STRIPS("VP8X\x0a\0\0\0\x2c\0\0\0\x13\0\0\x09\0\0" LOSSY "EXIF\3\0\0\0GPS\0XMP \2\0\0\0<>"),
	   "one with metadata");
	ok(LEFT("VP8X\x0a\0\0\0\0\0\0\0\x13\0\0\x09\0\0" LOSSY), "has none left");
	ok(width == 20 && height == 10, "and is as large");
	is_int(bytes[4], (int) len - 8, "the head tells the length");
	ok(STRIPS("VP8X\x0a\0\0\0\x32\0\0\0\x13\0\0\x09\0\0ICCP\2\0\0\0ab"
			  "ANIM\6\0\0\0\0\0\0\0\0\0ANMF\2\0\0\0xyWhat\1\0\0\0z\0"),
	   "one that moves");
	ok(LEFT("VP8X\x0a\0\0\0\x12\0\0\0\x13\0\0\x09\0\0ANIM\6\0\0\0\0\0\0\0\0\0ANMF\2\0\0\0xy"),
	   "moves still");
	ok(!STRIPS("VP8 \x0a\0\0\0\x30\x01\0\x9d\x01\x2a\x14"), "a picture that ends too soon");
	ok(!STRIPS(LOSSY "EXIF\xff\xff\xff\xff"), "a chunk longer than the file");
	ok(!STRIPS(LOSSY "EXI"), "half a chunk");
	ok(!STRIPS("EXIF\2\0\0\0ab" LOSSY), "metadata first");
	ok(!STRIPS("VP8 \x0a\0\0\0\x30\x01\0\x9d\x01\x2a\0\0\0\0"), "a picture of nothing");
	len = 12;
	ok(!sb_webp_strip(bytes, &len, &width, &height), "a head alone");
	(void) STRIPS(LOSSY);
	memcpy(bytes, "RIFX", 4);
	ok(!sb_webp_strip(bytes, &len, &width, &height), "another file");
	return done_testing();
}
