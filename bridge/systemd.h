/*
 * systemd.h owns what a service manager and the bridge tell each other: sockets that are open
 * already, and how the service is (sd_listen_fds(3), sd_notify(3)).
 *
 * Both protocols are a few variables and a datagram, and promised to stay. libsystemd would bring
 * three decompressors and libgcrypt into a process that faces the public, for forty lines.
 */
#ifndef SB_SYSTEMD_H
#define SB_SYSTEMD_H

#include <stdbool.h>
#include <stdint.h>

#define SB_SYSTEMD_FDS_MAX 64

/* Listening sockets that were passed. */
struct sb_systemd_sockets
{
	int count; /* for the public; 0: none was passed */
	int fds[SB_SYSTEMD_FDS_MAX];
	int operators; /* the one named "admin" (FileDescriptorName=); -1: none */
};

/*
 * Takes the sockets that were passed to this process, non-blocking and closed on exec; false with
 * one line on standard error when one is no listening TCP socket. Once, before any thread.
 */
extern bool sb_systemd_take_sockets(struct sb_systemd_sockets *sockets);

/* Tells the service manager, if there is one: "READY=1" and its like, one to a line. */
extern void sb_systemd_notify(const char *state);

/* How often it wants to hear that all is well, in microseconds; 0: it does not. */
extern uint64_t sb_systemd_watchdog_us(void);

#endif /* SB_SYSTEMD_H */
