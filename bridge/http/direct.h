/*
 * direct.h owns requests that are served without the HTTP library: those that the gate has read to
 * their end, and that are like most (http/head.h). It takes nine system calls to have the library
 * read them again, and give the answer back; the rest, of every kind, goes to the library.
 */
#ifndef SB_HTTP_DIRECT_H
#define SB_HTTP_DIRECT_H

#include <stdbool.h>

struct sb_buffer;
struct sb_client;
struct sb_clients;
struct sb_head_form;
struct sb_request;
struct sb_services;

/* Takes the request that begins at text, its body behind it; false: it is for the library. */
extern bool sb_direct_take(struct sb_client *client, struct sb_services *services, const char *text,
						   const struct sb_head_form *form);

/* Sends the answers of those that have one. */
extern void sb_direct_answer_all(struct sb_clients *clients);

/* The thread serves no more: frees what it kept for that. */
extern void sb_direct_end(void);

/* ---- for http/door.h and whoever stands there --------------------------------------------------
 */

/* What the gate has found in the head, in a copy that lives as long as the request; its method. */
extern const char *sb_direct_read_head(struct sb_request *request, const char *text,
									   const struct sb_head_form *form, const char **version);

/* Appends the head of the request's answer. */
extern void sb_direct_write_head(const struct sb_request *request, struct sb_buffer *out);

/* Whether the bytes go with the head that speaks of them (RFC 9110 section 6.4.1). */
extern bool sb_direct_has_body(const struct sb_request *request);

#endif /* SB_HTTP_DIRECT_H */
