/*
 * worker_live_stat_fuzz.c takes any bytes as the ingest server's statistics: what is read is no
 * number below 0.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/live_stat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sb_live_stat stat;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	if (sb_live_stat_read(text, "play", "one", &stat) && (stat.bits < 0 || stat.dropped < 0))
		abort();
	free(text);
	return 0;
}
