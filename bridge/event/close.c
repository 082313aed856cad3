/*
 * close.c owns the table of why sockets are closed.
 */
#include "event/close.h"

static const struct
{
	int code;
	const char *reason;
	const char *help;
} rows[] = {
#define SB_CLOSE(name, code, reason, help) {code, reason, help},
#include "event/close.def"
#undef SB_CLOSE
};

int
sb_close_code(enum sb_close close)
{
	return rows[close].code;
}

const char *
sb_close_reason(enum sb_close close)
{
	return rows[close].reason;
}

const char *
sb_close_help(enum sb_close close)
{
	return rows[close].help;
}

enum sb_close
sb_close_of(int code)
{
	int close = 0;

	while (close < SB_CLOSES && rows[close].code != code)
		close++;
	return (enum sb_close) close;
}

enum sb_close
sb_close_for(int status)
{
	enum sb_close close = sb_close_of(4000 + status);

	return close < SB_CLOSES ? close : status < 500 ? SB_CLOSE_NOT_FOUND : SB_CLOSE_UNAVAILABLE;
}
