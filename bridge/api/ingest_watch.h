/*
 * ingest_watch.h owns the answers to who may watch, which an ingest server asks once a second for
 * each viewer.
 */
#ifndef SB_API_INGEST_WATCH_H
#define SB_API_INGEST_WATCH_H

/* Asks the database what waits to be asked, if it is time; once an iteration of the loop. */
extern void sb_ingest_watch_settle(void);

#endif /* SB_API_INGEST_WATCH_H */
