/*
 * listen.h owns the one connection of the process that listens: what NOTIFY says on its channels
 * reaches a callback, in the thread of the loop that holds the connection. Not behind a pooler that
 * shares sessions.
 */
#ifndef SB_PG_LISTEN_H
#define SB_PG_LISTEN_H

struct sb_loop;
struct sb_pg_listen;

struct sb_pg_channel
{
	const char *sql;  /* the LISTEN; NULL ends the list */
	const char *name; /* as notifications carry it */
	void (*on_notify)(const char *payload);
};

/*
 * Connects, and again whenever the connection is lost. on_listening is called each time that all
 * channels are listened to: anything may have been said before. The channels must be static.
 */
extern struct sb_pg_listen *sb_pg_listen_new(struct sb_loop *loop,
											 const struct sb_pg_channel *channels,
											 void (*on_listening)(void));
extern void sb_pg_listen_free(struct sb_pg_listen *listen);

/* Does what is due; once an iteration of the loop. */
extern void sb_pg_listen_settle(struct sb_pg_listen *listen);

#endif /* SB_PG_LISTEN_H */
