/*
 * media_facts.h owns what vipsheader and ffprobe say of a file, and whether it may be decoded at
 * all. Pure: what they write comes from hostile files.
 */
#ifndef SB_WORKER_MEDIA_FACTS_H
#define SB_WORKER_MEDIA_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#define SB_PICTURE_PIXELS_MAX 100000000 /* of one frame */
#define SB_PICTURE_FRAMES_MAX 2000
#define SB_PICTURE_ALL_MAX    300000000 /* pixels of all frames */
#define SB_VIDEO_PIXELS_MAX   (8192 * 4352)
#define SB_VIDEO_SECONDS_MAX  3600

struct sb_picture_facts
{
	int width; /* upright */
	int height;
	int frames;
	char loader[32];
};

/*
 * Reads the lines of `vipsheader -a`. False: it is not to be decoded, reason says why.
 */
extern bool sb_picture_facts_read(const char *text, struct sb_picture_facts *facts, char *reason,
								  size_t size);

struct sb_video_facts
{
	int width; /* upright */
	int height;
	double duration; /* seconds */
	bool has_sound;
	bool is_playable; /* H.264 as browsers take it, and AAC or silence */
};

/* Reads what `ffprobe -of json -show_format -show_streams` writes; likewise. */
extern bool sb_video_facts_read(const char *text, struct sb_video_facts *facts, char *reason,
								size_t size);

#endif /* SB_WORKER_MEDIA_FACTS_H */
