/*
 * worker_media_facts_fuzz.c: what vipsheader and ffprobe say of hostile files.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/media_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct sb_picture_facts picture;
	struct sb_video_facts video;
	char reason[300];

	memcpy(text, data, size);
	text[size] = '\0';
	if (sb_picture_facts_read(text, &picture, reason, sizeof(reason)) &&
		((long) picture.width * picture.height > SB_PICTURE_PIXELS_MAX || picture.frames < 1))
		abort();
	if (sb_video_facts_read(text, &video, reason, sizeof(reason)) &&
		(!(video.duration > 0 && video.duration <= SB_VIDEO_SECONDS_MAX) || video.width < 1 ||
		 (long) video.width * video.height > SB_VIDEO_PIXELS_MAX))
		abort();
	free(text);
	return 0;
}
