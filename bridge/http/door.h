/*
 * door.h owns requests that go past the routes, to somebody who moves their bodies himself: he is
 * lent the client's socket, from the head of the request to the end of his answer.
 */
#ifndef SB_HTTP_DOOR_H
#define SB_HTTP_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_client;
struct sb_head_form;
struct sb_request;
struct sb_services;

/* Whoever has services->door. */
struct sb_door
{
	/* Whether a target, as it came, is his. */
	bool (*is_for)(const struct sb_door *door, const char *target, size_t len);
	/*
	 * The head has come, and of its body's bytes these, which live as long as the request: he
	 * prepares for its answer.
	 */
	void (*begin)(struct sb_door *door, struct sb_request *request, uint64_t body,
				  const char *early, size_t early_len);
	/* What every request must be it is: he answers, now or later (http/reply.h). */
	void (*open)(struct sb_request *request);
	/* It is answered: he brings the answer to the client, and ends with sb_door_close(). */
	void (*deliver)(struct sb_request *request);
};

/*
 * Takes the request that begins at text, with the first `here` bytes of its body; false: it is none
 * of the door's.
 */
extern bool sb_door_take(struct sb_client *client, struct sb_services *services, const char *text,
						 const struct sb_head_form *form, size_t here);

/* The client's socket, until sb_door_close(). */
extern int sb_door_socket(const struct sb_request *request);

/* The answer is out, or (delivered: false) the client is gone. Frees the request. Later than in the
 * calls above. */
extern void sb_door_close(struct sb_request *request, bool delivered);

#endif /* SB_HTTP_DOOR_H */
