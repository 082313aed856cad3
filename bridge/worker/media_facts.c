/*
 * media_facts.c owns what vipsheader and ffprobe say of a file.
 */
#include "worker/media_facts.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- pictures ---------------------------------------------------------------------------------
 */

/* The value of a line "name: value"; NULL: there is none. */
static const char *
value_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	while (text && *text)
	{
		if (strncmp(text, name, len) == 0 && strncmp(text + len, ": ", 2) == 0)
			return text + len + 2;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

static long
number_of(const char *text, const char *name, long otherwise)
{
	const char *value = value_of(text, name);
	char *end;
	long number = value ? strtol(value, &end, 10) : otherwise;

	return value && end == value ? otherwise : number;
}

bool
sb_picture_facts_read(const char *text, struct sb_picture_facts *facts, char *reason, size_t size)
{
	long width = number_of(text, "width", 0);
	long height = number_of(text, "height", 0);
	long frames = number_of(text, "n-pages", 1);
	long orientation = number_of(text, "orientation", 1);
	const char *loader = value_of(text, "vips-loader");
	bool is_on_its_side = orientation >= 5 && orientation <= 8;

	memset(facts, 0, sizeof(*facts));
	if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX || frames < 1)
	{
		snprintf(reason, size, "it has no size");
		return false;
	}
	if ((int64_t) width * height > SB_PICTURE_PIXELS_MAX)
	{
		snprintf(reason, size, "it has %ld x %ld pixels, the limit is %d", width, height,
				 SB_PICTURE_PIXELS_MAX);
		return false;
	}
	if (frames > SB_PICTURE_FRAMES_MAX || (int64_t) width * height * frames > SB_PICTURE_ALL_MAX)
	{
		snprintf(reason, size,
				 "it has %ld frames of %ld x %ld pixels, the limit is %d frames and %d pixels",
				 frames, width, height, SB_PICTURE_FRAMES_MAX, SB_PICTURE_ALL_MAX);
		return false;
	}
	facts->width = (int) (is_on_its_side ? height : width);
	facts->height = (int) (is_on_its_side ? width : height);
	facts->frames = (int) frames;
	if (loader)
		snprintf(facts->loader, sizeof(facts->loader), "%.*s", (int) strcspn(loader, "\n"), loader);
	return true;
}

/* ---- videos -----------------------------------------------------------------------------------
 */

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* The first stream of a kind that is no picture of a cover; NULL: there is none. */
static const json_t *
stream_of(const json_t *root, const char *kind)
{
	const json_t *streams = json_object_get(root, "streams");

	for (size_t i = 0; i < json_array_size(streams); i++)
	{
		const json_t *stream = json_array_get(streams, i);
		const json_t *cover =
			json_object_get(json_object_get(stream, "disposition"), "attached_pic");

		if (strcmp(text_of(stream, "codec_type"), kind) == 0 && json_integer_value(cover) == 0)
			return stream;
	}
	return NULL;
}

static bool
is_turned(const json_t *stream)
{
	const json_t *list = json_object_get(stream, "side_data_list");

	for (size_t i = 0; i < json_array_size(list); i++)
	{
		const json_t *rotation = json_object_get(json_array_get(list, i), "rotation");

		if (rotation)
			return (long) json_number_value(rotation) % 180 != 0;
	}
	return false;
}

static double
duration_of(const json_t *root, const json_t *stream)
{
	double duration = strtod(text_of(json_object_get(root, "format"), "duration"), NULL);

	return duration > 0 && isfinite(duration) ? duration
											  : strtod(text_of(stream, "duration"), NULL);
}

/* What every browser plays: 8 bits, 4:2:0. */
static bool
is_playable(const json_t *picture, const json_t *sound)
{
	const char *form = text_of(picture, "pix_fmt");

	return strcmp(text_of(picture, "codec_name"), "h264") == 0 &&
		   (strcmp(form, "yuv420p") == 0 || strcmp(form, "yuvj420p") == 0) &&
		   (sound == NULL || strcmp(text_of(sound, "codec_name"), "aac") == 0);
}

static bool
read_video(const json_t *root, struct sb_video_facts *facts, char *reason, size_t size)
{
	const json_t *picture = stream_of(root, "video");
	const json_t *sound = stream_of(root, "audio");
	int64_t width = json_integer_value(json_object_get(picture, "width"));
	int64_t height = json_integer_value(json_object_get(picture, "height"));
	double duration = duration_of(root, picture);

	if (picture == NULL || width < 1 || height < 1)
		snprintf(reason, size, "it has no picture");
	else if (width > SB_VIDEO_PIXELS_MAX || height > SB_VIDEO_PIXELS_MAX ||
			 width * height > SB_VIDEO_PIXELS_MAX)
		snprintf(reason, size, "it has %lld x %lld pixels, the limit is %d", (long long) width,
				 (long long) height, SB_VIDEO_PIXELS_MAX);
	else if (!(duration > 0) || !isfinite(duration))
		snprintf(reason, size, "it does not say how long it is");
	else if (duration > SB_VIDEO_SECONDS_MAX)
		snprintf(reason, size, "it has %.0f seconds, the limit is %d", fmin(duration, 1e15),
				 SB_VIDEO_SECONDS_MAX);
	else
	{
		facts->width = (int) (is_turned(picture) ? height : width);
		facts->height = (int) (is_turned(picture) ? width : height);
		facts->duration = duration;
		facts->has_sound = sound != NULL;
		facts->is_playable = is_playable(picture, sound);
		return true;
	}
	return false;
}

bool
sb_video_facts_read(const char *text, struct sb_video_facts *facts, char *reason, size_t size)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	bool is_good;

	memset(facts, 0, sizeof(*facts));
	if (root == NULL)
	{
		snprintf(reason, size, "it cannot be read");
		return false;
	}
	is_good = read_video(root, facts, reason, size);
	json_decref(root);
	return is_good;
}
