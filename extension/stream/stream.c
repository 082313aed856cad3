/*
 * stream.c owns the settings of live streams; what they mean is in sql/api/stream*.sql.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "base/init.h"
#include "base/limit.h"
#include "core/ratelimit_policy.h"

static char *ingest_url;
static char *playback_url;
static char *mux_ingest_url;
static char *mux_playback_url;
static char *chat_message_rates;
static int title_max_length;
static int description_max_length;
static int chat_max_length;
static int active_max;
static int reconnect_window;
static int heartbeat_timeout;
static int lease;
static int playback_lifetime;

static const struct
{
	const char *name;
	const char *purpose;
	char **value;
	const char *initial;
} texts[] = {
	{"social.stream_ingest_url", "Where hosts publish their streams to.", &ingest_url,
	 "rtmp://127.0.0.1:1935/live"},
	{"social.stream_playback_url",
	 "Where streams are watched, without the last slash; a path is one of the bridge's host.",
	 &playback_url, "/hls"},
	{"social.mux_ingest_url", "Where hosts publish streams to that Mux takes in.", &mux_ingest_url,
	 "rtmp://global-live.mux.com:5222/app"},
	{"social.mux_playback_url", "Where streams of Mux's are watched, without the last slash.",
	 &mux_playback_url, "https://stream.mux.com"},
};

static const struct
{
	const char *name;
	const char *purpose;
	int *value;
	int initial;
	int least;
	int most;
	int unit;
} numbers[] = {
	{"social.stream_active_max", "How many streams of a host may be announced or on the air.",
	 &active_max, 5, 1, 1000, 0},
	{"social.stream_reconnect_window",
	 "How long a stream waits for its publisher to come back before it ends.", &reconnect_window,
	 60, 0, 1800, GUC_UNIT_S},
	{"social.stream_heartbeat_timeout",
	 "After how long without a heart-beat its publisher is taken to be gone.", &heartbeat_timeout,
	 15, 1, 3600, GUC_UNIT_S},
	{"social.stream_lease", "How long somebody counts as a viewer without being heard of.", &lease,
	 30, 2, 3600, GUC_UNIT_S},
	{"social.stream_playback_lifetime", "How long the address of a stream is good.",
	 &playback_lifetime, 3600, 60, 604800, GUC_UNIT_S},
};

static bool
check_rates(char **value, void **extra, GucSource source)
{
	struct social_rate rates[SOCIAL_RATE_WINDOWS_MAX];

	return **value == '\0' || social_rate_parse(*value, strlen(*value), rates) >= 0;
}

void
social_stream_init(void)
{
	for (int i = 0; i < lengthof(texts); i++)
		DefineCustomStringVariable(texts[i].name, texts[i].purpose, NULL, texts[i].value,
								   texts[i].initial, PGC_SUSET, 0, NULL, NULL, NULL);
	for (int i = 0; i < lengthof(numbers); i++)
		DefineCustomIntVariable(numbers[i].name, numbers[i].purpose, NULL, numbers[i].value,
								numbers[i].initial, numbers[i].least, numbers[i].most, PGC_SUSET,
								numbers[i].unit, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"social.chat_message_rates",
		"How often a viewer may say something in chats, in place of the "
		"limit chat_message; empty: as that says.",
		"A bridge with CHAT_MESSAGE_RATE_LIMIT sets it for its own sessions; "
		"grant_bridge() lets its role.",
		&chat_message_rates, "", PGC_SUSET, 0, check_rates, NULL, NULL);
	social_limit_define("social.stream_title_max_length", "The longest title of a stream.",
						&title_max_length, 100);
	social_limit_define("social.stream_description_max_length",
						"The longest description of a stream.", &description_max_length, 500);
	social_limit_define("social.chat_max_length", "The longest message of a chat, in characters.",
						&chat_max_length, 500);
}
