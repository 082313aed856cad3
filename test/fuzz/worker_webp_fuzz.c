/*
 * worker_webp_fuzz.c takes any bytes as a WebP file: what is left is one, with nothing more to take
 * out.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/webp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes = malloc(size + 1);
	size_t len = size;
	size_t again;
	int width;
	int height;

	memcpy(bytes, data, size);
	if (sb_webp_strip(bytes, &len, &width, &height))
	{
		again = len;
		if (len > size || width < 1 || height < 1 ||
			!sb_webp_strip(bytes, &again, &width, &height) || again != len)
			abort();
	}
	free(bytes);
	return 0;
}
