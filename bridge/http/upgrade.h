/*
 * upgrade.h owns how a connection leaves HTTP for another protocol (RFC 9110 section 7.8).
 */
#ifndef SB_HTTP_UPGRADE_H
#define SB_HTTP_UPGRADE_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/buffer.h"

struct sb_request;

/*
 * A connection that has left HTTP. It stays one of its address, and of all (http/peers.h), until
 * sb_line_end().
 */
struct sb_line
{
	int fd; /* non-blocking */
	union
	{
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} peer;
	bool is_counted;
};

/*
 * Answers 101 with that Upgrade header and those that were added to the answer. on_upgraded gets
 * the line, which is his from then on, and the bytes that have come already, for the time of the
 * call; the request lives for as long. Never called where the client is gone before.
 */
extern void sb_request_upgrade(struct sb_request *request, const char *protocol,
							   void (*on_upgraded)(struct sb_request *request, struct sb_line *line,
												   const struct sb_buffer *early));

/* Closes the line. */
extern void sb_line_end(struct sb_line *line);

#endif /* SB_HTTP_UPGRADE_H */
