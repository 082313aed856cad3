/*
 * media_video.c owns the variants of a video, made by ffmpeg: a poster and what comes of it as of a
 * picture, a sprite of 25 moments, and a file that every browser plays. What is H.264 and AAC is
 * copied; anything else is encoded, and gets a ladder (HLS) of that and a smaller one.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "worker/media_facts.h"
#include "worker/media_work.h"

#define SPRITE_SIDE     5    /* pictures in a row, and rows */
#define KEY_FRAMES_FROM 30.0 /* seconds; of what is longer, a sprite shows key frames */

static const struct sb_media_limits look_limits = {
	.cpu_seconds = 60,
	.memory = (uint64_t) 2 * 1024 * 1024 * 1024,
	.file_size = (uint64_t) 64 * 1024 * 1024,
};
static const struct sb_media_limits encode_limits = {
	.cpu_seconds = 5400, /* of all threads */
	.memory = (uint64_t) 4 * 1024 * 1024 * 1024,
	.file_size = (uint64_t) 4 * 1024 * 1024 * 1024,
};

/* No network, no other files, no formats and codecs but those that people send. */
#define DECODERS                                                                                   \
	"h264,hevc,vp8,vp9,libdav1d,av1,mpeg1video,mpeg2video,mpeg4,msmpeg4,msmpeg4v2,msmpeg4v1,h263," \
	"mjpeg,prores,dnxhd,dvvideo,rawvideo,cinepak,qtrle,png,aac,mp3,mp3float,mp2,mp2float,ac3,"     \
	"eac3,alac,opus,libopus,vorbis,flac,adpcm_ms,adpcm_ima_qt,adpcm_ima_wav,pcm_s16le,pcm_s16be,"  \
	"pcm_s24le,pcm_s24be,pcm_s32le,pcm_u8,pcm_s8,pcm_f32le,pcm_mulaw,pcm_alaw"
#define INPUT  "-protocol_whitelist file -codec_whitelist " DECODERS " -f %s"
#define FFMPEG "ffmpeg -nostdin -hide_banner -loglevel error -y -threads 2 "
/* Where it was made, and with what, is nobody's business. */
#define ANONYMOUS                                                                                  \
	"-map_metadata -1 -map_chapters -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact "

static const char *
format_of(const struct sb_media_work *work)
{
	return strcmp(work->source.content_type, "video/x-msvideo") == 0 ? "avi" : "mov";
}

static bool
look(struct sb_media_work *work, const char *file, struct sb_video_facts *facts)
{
	struct sb_buffer text = {0};
	char reason[300];
	bool is_good = sb_media_run(work, &look_limits, &text,
								"ffprobe -hide_banner -v error " INPUT
								" -of json -show_format -show_streams %s",
								format_of(work), file);

	if (is_good && !sb_video_facts_read(text.data ? text.data : "", facts, reason, sizeof(reason)))
		is_good = sb_media_reject(work, "%s", reason);
	sb_buffer_free(&text);
	return is_good;
}

/* A frame near the beginning, where it is rarely black any more. */
static bool
make_poster(struct sb_media_work *work, const char *file, const struct sb_video_facts *facts)
{
	for (int i = 0; i < 2; i++)
	{
		double at = i == 0 ? fmin(1.0, facts->duration / 10) : 0;

		if (!sb_media_run(work, &look_limits, NULL,
						  FFMPEG INPUT
						  " -ss %.3f -i %s -map 0:v:0 -frames:v 1 -pix_fmt rgb24 poster.png",
						  format_of(work), at, file))
			return false;
		if (sb_media_has(work, "poster.png"))
			return sb_media_make_picture(work, "poster.png", "image/png", "poster");
	}
	return sb_media_reject(work, "it has no picture that can be decoded");
}

static bool
make_sprite(struct sb_media_work *work, const char *file, const struct sb_video_facts *facts)
{
	int tile_width = 160;
	int tile_height = (int) ((double) tile_width * facts->height / facts->width / 2 + 0.5) * 2;

	tile_height = tile_height < 2 ? 2 : tile_height > 320 ? 320 : tile_height;
	if (!sb_media_run(work, &encode_limits, NULL,
					  FFMPEG
					  "%s" INPUT " -i %s -map 0:v:0 -an -sn -vf "
					  "fps=%.6f:round=up,scale=%d:%d,tile=%dx%d -frames:v 1 -q:v 5 " ANONYMOUS
					  "sprite.jpg",
					  facts->duration > KEY_FRAMES_FROM ? "-skip_frame nokey " : "",
					  format_of(work), file, SPRITE_SIDE * SPRITE_SIDE / facts->duration,
					  tile_width, tile_height, SPRITE_SIDE, SPRITE_SIDE))
		return false;
	if (sb_media_has(work, "sprite.jpg"))
		sb_media_add(work, "sprite", "sprite.jpg", "image/jpeg", tile_width * SPRITE_SIDE,
					 tile_height * SPRITE_SIDE);
	return true;
}

static bool
copy(struct sb_media_work *work, const char *file)
{
	return sb_media_run(work, &encode_limits, NULL,
						FFMPEG INPUT " -i %s -map 0:v:0 -map 0:a:0? -c copy " ANONYMOUS
									 "-movflags +faststart -f mp4 video.mp4",
						format_of(work), file);
}

/* The length of a side that is to be a multiple of two. */
static int
even(double length)
{
	int whole = (int) (length / 2 + 0.5) * 2;

	return whole < 2 ? 2 : whole;
}

/* The size of a video whose shorter side has at most so many pixels. */
static void
fit(const struct sb_video_facts *facts, int shorter, int *width, int *height)
{
	int least = facts->width < facts->height ? facts->width : facts->height;
	double scale = least > shorter ? (double) shorter / least : 1;

	*width = even(facts->width * scale);
	*height = even(facts->height * scale);
}

#define ENCODE                                                                                     \
	"-vf scale=%d:%d,setsar=1 -pix_fmt yuv420p -c:v libx264 -preset veryfast -crf 23 "             \
	"-maxrate %s -bufsize %s -g 120 -fpsmax 60 -c:a aac -b:a 128k -ac 2 -threads:v 2 " ANONYMOUS   \
	"-movflags +faststart -f mp4 "

static bool
encode(struct sb_media_work *work, const char *format, const char *from, const char *to, int width,
	   int height, const char *rate)
{
	return sb_media_run(work, &encode_limits, NULL,
						FFMPEG INPUT " -i %s -map 0:v:0 -map 0:a:0? " ENCODE "%s", format, from,
						width, height, rate, rate, to);
}

/* A ladder of what was encoded and a smaller one, each in one file of its own. */
static bool
make_ladder(struct sb_media_work *work, const struct sb_video_facts *facts, int width, int height)
{
	int small_width;
	int small_height;

	fit(facts, 360, &small_width, &small_height);
	if (!encode(work, "mov", "video.mp4", "small.mp4", small_width, small_height, "800k") ||
		!sb_media_run(
			work, &encode_limits, NULL,
			FFMPEG INPUT
			" -i video.mp4 " INPUT " -i small.mp4 -map 0:v:0 %s-map 1:v:0 %s-c copy " ANONYMOUS
			"-f hls -hls_time 6 -hls_playlist_type vod -hls_segment_type fmp4 -hls_flags "
			"single_file -master_pl_name playlist.m3u8 -var_stream_map %s stream_%%v.m3u8",
			"mov", "mov", facts->has_sound ? "-map 0:a:0 " : "",
			facts->has_sound ? "-map 1:a:0 " : "",
			facts->has_sound ? "v:0,a:0\tv:1,a:1" : "v:0\tv:1"))
		return false;
	sb_media_add(work, "playlist", "playlist.m3u8", "application/vnd.apple.mpegurl", 0, 0);
	sb_media_add(work, "stream_0_list", "stream_0.m3u8", "application/vnd.apple.mpegurl", 0, 0);
	sb_media_add(work, "stream_0", "stream_0.m4s", "video/mp4", width, height);
	sb_media_add(work, "stream_1_list", "stream_1.m3u8", "application/vnd.apple.mpegurl", 0, 0);
	sb_media_add(work, "stream_1", "stream_1.m4s", "video/mp4", small_width, small_height);
	return true;
}

static bool
make_playable(struct sb_media_work *work, const char *file, const struct sb_video_facts *facts)
{
	int width = facts->width;
	int height = facts->height;

	if (facts->is_playable && !copy(work, file))
		return false;
	if (!facts->is_playable)
	{
		fit(facts, 1080, &width, &height);
		if (!encode(work, format_of(work), file, "video.mp4", width, height, "6000k") ||
			!make_ladder(work, facts, width, height))
			return false;
	}
	sb_media_add(work, "video", "video.mp4", "video/mp4", width, height);
	return true;
}

bool
sb_media_make_video(struct sb_media_work *work, const char *file)
{
	struct sb_video_facts facts;

	if (!look(work, file, &facts) || !make_poster(work, file, &facts) ||
		!make_sprite(work, file, &facts) || !make_playable(work, file, &facts))
		return false;
	work->width = facts.width;
	work->height = facts.height;
	work->duration = facts.duration;
	return true;
}
