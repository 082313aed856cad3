/*
 * What vipsheader and ffprobe say of a file, and whether it may be decoded (issue 15: bombs,
 * endless videos).
 */
#include <string.h>

#include "tap.h"
#include "worker/media_facts.h"

static struct sb_picture_facts picture;
static struct sb_video_facts video;
static char reason[300];

static bool
reads_picture(const char *text)
{
	*reason = '\0';
	return sb_picture_facts_read(text, &picture, reason, sizeof(reason));
}

static bool
reads_video(const char *streams, const char *duration)
{
	char text[4096];

	*reason = '\0';
	snprintf(text, sizeof(text), "{\"streams\": [%s], \"format\": {\"duration\": %s}}", streams,
			 duration);
	return sb_video_facts_read(text, &video, reason, sizeof(reason));
}

static void
test_pictures(void)
{
	ok(reads_picture("in.jpg: 4000x3000 uchar\nwidth: 4000\nheight: 3000\nvips-loader: jpegload\n"),
	   "a picture");
	is_int(picture.width, 4000, "its width");
	is_int(picture.frames, 1, "one frame");
	is_str(picture.loader, "jpegload", "who reads it");
	ok(reads_picture("width: 4000\nheight: 3000\norientation: 6\n"), "one on its side");
	is_int(picture.width, 3000, "is told upright");
	ok(reads_picture("width: 20\nheight: 10\norientation: 99\nn-pages: 7\n"), "an animation");
	is_int(picture.width, 20, "an orientation that is none changes nothing");
	is_int(picture.frames, 7, "its frames");
	ok(!reads_picture("width: 50000\nheight: 50000\n"), "too many pixels");
	is_str(reason, "it has 50000 x 50000 pixels, the limit is 100000000", "which is said");
	ok(reads_picture("width: 10000\nheight: 10000\n"), "as many as may be");
	ok(!reads_picture("width: 100\nheight: 100\nn-pages: 5000\n"), "too many frames");
	ok(!reads_picture("width: 9000\nheight: 9000\nn-pages: 4\n"), "too many pixels in all frames");
	ok(!reads_picture(""), "nothing");
	ok(!reads_picture("width: -1\nheight: 5\n"), "a size below nothing");
	ok(!reads_picture("width: 99999999999999999999\nheight: 5\n"), "a size beyond numbers");
	ok(!reads_picture("width: 9\nheight: 5\nn-pages: 0\n"), "no frames");
	ok(!reads_picture("xwidth: 9\nheight: 5\n"), "another name");
}

#define PICTURE                                                                                    \
	"{\"codec_type\": \"video\", \"codec_name\": \"h264\", \"pix_fmt\": \"yuv420p\", \"width\": "  \
	"640, \"height\": 480"
#define AAC "{\"codec_type\": \"audio\", \"codec_name\": \"aac\"}"

static void
test_videos(void)
{
	ok(reads_video(PICTURE "}, " AAC, "\"2.5\""), "a video");
	ok(video.is_playable && video.has_sound && video.duration == 2.5 && video.width == 640,
	   "what it is");
	ok(reads_video(PICTURE "}", "\"1\"") && video.is_playable && !video.has_sound, "without sound");
	ok(reads_video(PICTURE "}, {\"codec_type\": \"audio\", \"codec_name\": \"pcm_s16le\"}",
				   "\"1\"") &&
		   !video.is_playable,
	   "sound that browsers do not play");
	ok(reads_video("{\"codec_type\": \"video\", \"codec_name\": \"h264\", \"pix_fmt\": "
				   "\"yuv422p10le\", \"width\": 64, \"height\": 48}",
				   "\"1\"") &&
		   !video.is_playable,
	   "a picture of more bits than they play");
	ok(reads_video(PICTURE ", \"side_data_list\": [{}, {\"rotation\": -90}]}", "\"1\"") &&
		   video.width == 480,
	   "one on its side is told upright");
	ok(!reads_video(PICTURE ", \"disposition\": {\"attached_pic\": 1}}, " AAC, "\"1\""),
	   "the picture of a cover is no video");
	is_str(reason, "it has no picture", "which is said");
	ok(!reads_video(AAC, "\"1\""), "sound alone");
	ok(!reads_video(PICTURE "}", "\"3601\""), "too long");
	ok(!reads_video(PICTURE "}", "\"1e300\""), "endless");
	ok(!reads_video(PICTURE "}", "\"inf\"") && !reads_video(PICTURE "}", "\"nan\""), "no number");
	ok(!reads_video(PICTURE "}", "\"-5\"") && !reads_video(PICTURE "}", "null"), "no length");
	ok(!reads_video("{\"codec_type\": \"video\", \"width\": 100000, \"height\": 100000}", "\"1\""),
	   "too large");
	ok(!reads_video("{\"codec_type\": \"video\", \"width\": 4294967297, \"height\": 4294967297}",
					"\"1\""),
	   "beyond numbers");
	ok(!reads_video("{\"codec_type\": \"video\", \"width\": \"a\", \"height\": []}", "\"1\""),
	   "no size");
	ok(!reads_video("7, null, [], {\"codec_type\": 5}", "\"1\""), "nothing that one knows");
	ok(!sb_video_facts_read("{", &video, reason, sizeof(reason)), "no JSON");
	ok(!sb_video_facts_read("[]", &video, reason, sizeof(reason)), "no object");
}

int
main(void)
{
	test_pictures();
	test_videos();
	return done_testing();
}
