/*
 * close.h owns why connections are closed on which events are heard: the names of the rows of
 * event/close.def.
 */
#ifndef SB_EVENT_CLOSE_H
#define SB_EVENT_CLOSE_H

enum sb_close
{
#define SB_CLOSE(name, code, reason, help) SB_CLOSE_##name,
#include "event/close.def"
#undef SB_CLOSE
	SB_CLOSES /* also: another code, or a connection that was lost */
};

extern int sb_close_code(enum sb_close close);
extern const char *sb_close_reason(enum sb_close close);
extern const char *sb_close_help(enum sb_close close);

/* The row of a code; SB_CLOSES when there is none. */
extern enum sb_close sb_close_of(int code);

/* Why a connection is closed on which nothing can be told but an error of that status. */
extern enum sb_close sb_close_for(int status);

#endif /* SB_EVENT_CLOSE_H */
