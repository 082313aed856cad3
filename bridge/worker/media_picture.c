/*
 * media_picture.c owns the variants of a picture, made by libvips' own programs: the size is looked
 * at before anything is decoded, the large one is decoded once (a JPEG no larger than needed), the
 * others come from it.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "worker/media_facts.h"
#include "worker/media_work.h"
#include "worker/webp.h"

#define SIDE            2048 /* pixels, of the largest variant */
#define ANIMATION_SIDE  1024 /* of one that moves */
#define PLACEHOLDER_MAX 3000 /* bytes of the tiny picture, whose text is a third longer */

static const struct sb_media_limits limits = {
	.cpu_seconds = 120,
	.memory = (uint64_t) 2 * 1024 * 1024 * 1024,
	.file_size = (uint64_t) 512 * 1024 * 1024,
};

/* Metadata go from all of them. A size with > is never made larger. */
#define SMALL(size, more, file, options)                                                           \
	"vipsthumbnail base.png --size " size ">" more " -o " file "[strip," options "]"
#define WEBP "Q=80,effort=1"
#define JPEG "Q=82,optimize_coding,background=255"

static const struct variant
{
	const char *name; /* NULL: what the largest is called */
	const char *form; /* of the name */
	const char *file;
	const char *content_type;
	const char *command;
	bool is_still; /* the largest of an animation is made otherwise */
} rows[] = {
	{NULL, "%s", "full.webp", "image/webp", SMALL("2048x2048", "", "full.webp", WEBP), false},
	{NULL, "%s_jpeg", "full.jpg", "image/jpeg", SMALL("2048x2048", "", "full.jpg", JPEG), true},
	{"preview", "%s", "preview.webp", "image/webp", SMALL("600x600", "", "preview.webp", WEBP),
	 true},
	{"preview", "%s_jpeg", "preview.jpg", "image/jpeg", SMALL("600x600", "", "preview.jpg", JPEG),
	 true},
	{"thumbnail", "%s", "thumbnail.webp", "image/webp",
	 SMALL("150x150", " --smartcrop centre", "thumbnail.webp", WEBP), true},
	{"thumbnail", "%s_jpeg", "thumbnail.jpg", "image/jpeg",
	 SMALL("150x150", " --smartcrop centre", "thumbnail.jpg", JPEG), true},
};
#define ROWS (sizeof(rows) / sizeof(*rows))

const char *const sb_media_files[] = {
	"full.webp",      "full.jpg",
	"preview.webp",   "preview.jpg",
	"thumbnail.webp", "thumbnail.jpg",
	"sprite.jpg",     "video.mp4",
	"playlist.m3u8",  "stream_0.m3u8",
	"stream_0.m4s",   "stream_1.m3u8",
	"stream_1.m4s",   NULL,
};

/* Which of libvips' loaders are for a type; what looks like something else is not what was sent. */
static const char *
loader_of(const char *content_type)
{
	if (strcmp(content_type, "image/jpeg") == 0)
		return "jpegload";
	return strcmp(content_type, "image/png") == 0 ? "pngload" : "gifload";
}

static bool
look(struct sb_media_work *work, const char *file, const char *content_type,
	 struct sb_picture_facts *facts)
{
	struct sb_buffer text = {0};
	char reason[300];
	bool is_good = false;

	if (sb_media_run(work, &limits, &text, "vipsheader -a %s", file))
	{
		is_good = sb_picture_facts_read(text.data ? text.data : "", facts, reason, sizeof(reason));
		if (!is_good)
			(void) sb_media_reject(work, "%s", reason);
		else if (strcmp(facts->loader, loader_of(content_type)) != 0)
			is_good = sb_media_reject(work, "it is not %s", content_type);
	}
	sb_buffer_free(&text);
	return is_good;
}

/* The picture upright, in sRGB, no larger than the largest variant. */
static bool
make_base(struct sb_media_work *work, const char *file, int side)
{
	return sb_media_run(
		work, &limits, NULL,
		"vips thumbnail %s base.png[strip,compression=0] %d --height %d --size down "
		"--export-profile srgb --fail-on truncated",
		file, side, side);
}

static bool
make_animation(struct sb_media_work *work, const char *file)
{
	return sb_media_run(work, &limits, NULL,
						"vipsthumbnail %s[n=-1] --size %dx%d> --export-profile srgb -o "
						"full.webp[strip,Q=75,effort=1]",
						file, ANIMATION_SIDE, ANIMATION_SIDE);
}

/* Takes a WebP file of ours, cleans it and tells its size; bytes, if wanted, are the caller's to
 * free(). */
static bool
clean(struct sb_media_work *work, const char *file, int *width, int *height, unsigned char **bytes,
	  size_t *len)
{
	char path[SB_WORKPLACE_PATH + 64];
	struct stat status = {0};
	unsigned char *all;
	FILE *stream;
	bool is_good;

	snprintf(path, sizeof(path), "%s/%s", work->directory, file);
	stream = fopen(path, "r+be");
	if (stream == NULL || fstat(fileno(stream), &status) != 0)
		status.st_size = 0;
	*len = (size_t) status.st_size;
	all = sb_malloc(*len);
	is_good = stream && fread(all, 1, *len, stream) == *len &&
			  sb_webp_strip(all, len, width, height) && fseek(stream, 0, SEEK_SET) == 0 &&
			  fwrite(all, 1, *len, stream) == *len && fflush(stream) == 0 &&
			  ftruncate(fileno(stream), (off_t) *len) == 0;
	if (stream)
		fclose(stream);
	if (is_good && bytes)
		*bytes = all;
	else
		free(all);
	return is_good || sb_media_reject(work, "its variants cannot be read");
}

static bool
make_placeholder(struct sb_media_work *work)
{
	static const char begin[] = "data:image/webp;base64,";
	unsigned char *bytes;
	size_t len;
	int width;
	int height;

	if (!sb_media_run(work, &limits, NULL,
					  "vipsthumbnail base.png --size 16x16> -o tiny.webp[strip,Q=30]") ||
		!clean(work, "tiny.webp", &width, &height, &bytes, &len))
		return false;
	if (len <= PLACEHOLDER_MAX) /* otherwise there is none, which is no harm */
	{
		memcpy(work->placeholder, begin, sizeof(begin));
		(void) EVP_EncodeBlock((unsigned char *) work->placeholder + sizeof(begin) - 1, bytes,
							   (int) len);
	}
	free(bytes);
	return true;
}

/* Adds all that was made. A JPEG is as large as the WebP before it, of which it is the likeness. */
static bool
add_all(struct sb_media_work *work, const char *large)
{
	int width = 0;
	int height = 0;

	for (size_t i = 0; i < ROWS; i++)
	{
		bool is_webp = strcmp(rows[i].content_type, "image/webp") == 0;
		char name[32];
		size_t len;

		if (is_webp && !clean(work, rows[i].file, &width, &height, NULL, &len))
			return false;
		snprintf(name, sizeof(name), rows[i].form, rows[i].name ? rows[i].name : large);
		sb_media_add(work, name, rows[i].file, rows[i].content_type, width, height);
	}
	return true;
}

bool
sb_media_make_picture(struct sb_media_work *work, const char *file, const char *content_type,
					  const char *large)
{
	struct sb_picture_facts facts;

	if (!look(work, file, content_type, &facts) ||
		!make_base(work, file, facts.frames > 1 ? ANIMATION_SIDE : SIDE))
		return false;
	work->width = facts.width;
	work->height = facts.height;
	if (facts.frames > 1 && !make_animation(work, file))
		return false;
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].is_still || facts.frames == 1) &&
			!sb_media_run(work, &limits, NULL, "%s", rows[i].command))
			return false;
	return make_placeholder(work) && add_all(work, large);
}
