/*
 * client.c owns the TCP connections of one loop and their deadlines.
 *
 * Each state has one timeout, so each list is in the order of its deadlines by itself.
 */
#include "http/client.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "error/errors.h"
#include "http/gate.h"
#include "http/peers.h"
#include "http/reply.h"
#include "http/request.h"
#include "http/socket.h"
#include "loop/loop.h"
#include "base/memory.h"

#define STOP_GRACE_MS 500

/* What tells the states apart. */
static const struct
{
	size_t timeout; /* the setting that says for how many seconds; 0 = nobody is waited for */
	int status;     /* of the last words to whom it runs out; 0 = none */
} states[SB_CLIENT_STATES] = {
#define AT(field) offsetof(struct sb_config, field)
	[SB_CLIENT_NEW] = {AT(request_timeout), 408},
	[SB_CLIENT_READING] = {AT(request_timeout), 408},
	[SB_CLIENT_WORKING] = {0, 0},
	[SB_CLIENT_WRITING] = {AT(request_timeout), 0},
	[SB_CLIENT_STREAMING] = {0, 0},
	[SB_CLIENT_IDLE] = {AT(keepalive_timeout), 0},
	[SB_CLIENT_CLOSING] = {0, 0},
};

static uint64_t
timeout_ms(const struct sb_clients *clients, enum sb_client_state state)
{
	const char *config = (const char *) clients->loop->config;
	size_t setting = states[state].timeout;

	return setting ? (uint64_t) * (const int *) (config + setting) * 1000 : 0;
}

static void
unlink_client(struct sb_client *client)
{
	struct sb_clients *clients = client->clients;

	if (client->prev)
		client->prev->next = client->next;
	else
		clients->lists[client->state].head = client->next;
	if (client->next)
		client->next->prev = client->prev;
	else
		clients->lists[client->state].tail = client->prev;
	clients->lists[client->state].count--;
}

static void
link_client(struct sb_client *client)
{
	struct sb_clients *clients = client->clients;

	client->next = NULL;
	client->prev = clients->lists[client->state].tail;
	if (client->prev)
		client->prev->next = client;
	else
		clients->lists[client->state].head = client;
	clients->lists[client->state].tail = client;
	clients->lists[client->state].count++;
}

/* An address as text, IPv4 in its own form; "" for one of another kind. */
static void
write_address(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *) address;
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *) address)->sin6_addr;

	*text = '\0';
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, text, INET6_ADDRSTRLEN);
	else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
		inet_ntop(AF_INET, v6->s6_addr + 12, text, INET6_ADDRSTRLEN);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, v6, text, INET6_ADDRSTRLEN);
}

struct sb_client *
sb_client_new(struct sb_loop *loop, struct sb_clients *clients, int fd,
			  const struct sockaddr *address)
{
	struct sb_client *client = sb_calloc(1, sizeof(*client));

	client->fd = fd;
	client->loop = loop;
	client->clients = clients;
	client->state = SB_CLIENT_NEW;
	client->deadline_ms = loop->now_ms + timeout_ms(clients, SB_CLIENT_NEW);
	memcpy(&client->address, address,
		   address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
										  : sizeof(struct sockaddr_in));
	write_address((struct sockaddr *) &client->address, client->address_text);
	link_client(client);
	clients->count++;
	client->has_place = !clients->are_operators && !clients->are_relayed;
	return client;
}

void
sb_client_release(struct sb_client *client)
{
	if (client->has_place)
		sb_peers_release((struct sockaddr *) &client->address);
	client->has_place = false;
}

void
sb_client_free(struct sb_client *client)
{
	sb_client_release(client);
	if (client->clients->are_relayed && !client->has_gone)
		sb_peers_lighten();
	else if (!client->clients->are_operators && !client->has_gone)
		sb_peers_remove(false);
	unlink_client(client);
	client->clients->count--;
	free(client);
}

void
sb_client_enter(struct sb_client *client, enum sb_client_state state)
{
	if (client->state == SB_CLIENT_CLOSING)
		return;
	unlink_client(client);
	client->state = state;
	client->deadline_ms = client->loop->now_ms + timeout_ms(client->clients, state);
	link_client(client);
}

/* Writes an answer past the library: it takes none before the request is whole. */
static void
send_last_words(const struct sb_client *client, int status)
{
	struct sb_error error = {status, sb_error_code(status), sb_error_refusal(status), NULL, NULL};
	struct sb_buffer answer = {0};
	size_t body_len;
	char *body = sb_error_body(&error, &body_len);

	sb_buffer_puts(&answer, "HTTP/1.1 ");
	sb_buffer_put_int(&answer, status);
	sb_buffer_puts(&answer, " ");
	sb_buffer_puts(&answer, MHD_get_reason_phrase_for((unsigned) status));
	sb_buffer_puts(&answer, "\r\nConnection: close\r\n");
	sb_reply_write_headers(client->request, &answer);
	sb_buffer_puts(&answer, "Content-Type: application/json\r\nContent-Length: ");
	sb_buffer_put_int(&answer, (int64_t) body_len);
	sb_buffer_puts(&answer, "\r\n\r\n");
	sb_buffer_append(&answer, body, body_len);
	/* The socket's buffer is empty, so this fits or the client is gone. */
	(void) !send(client->fd, answer.data, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	sb_socket_discard_input(client->fd);
	sb_buffer_free(&answer);
	free(body);
}

void
sb_client_cut(struct sb_client *client, int status)
{
	if (client->state == SB_CLIENT_CLOSING)
		return;
	sb_client_release(client);
	/* Last words must not go before what was said, or into it. */
	if (status && (client->gate == NULL || sb_gate_flush(client->gate)))
		send_last_words(client, status);
	if (client->request && status)
		client->request->status = status;
	sb_client_enter(client, SB_CLIENT_CLOSING);
	shutdown(client->fd, SHUT_RDWR);
}

void
sb_clients_expire(struct sb_clients *clients, uint64_t now_ms)
{
	struct sb_client *client;

	for (int i = 0; i < SB_CLIENT_STATES; i++)
		while (states[i].timeout && (client = clients->lists[i].head) != NULL &&
			   client->deadline_ms <= now_ms)
			sb_client_cut(client, states[i].status);
}

void
sb_clients_measure(const struct sb_clients *clients, uint64_t *gauges)
{
	for (int i = 0; i < SB_CLIENT_STATES; i++)
		sb_metric_set(&gauges[i], (uint64_t) clients->lists[i].count);
}

void
sb_clients_stop(struct sb_clients *clients, uint64_t now_ms, bool at_once)
{
	uint64_t young = timeout_ms(clients, SB_CLIENT_NEW) - STOP_GRACE_MS;
	struct sb_client *client;

	while (at_once && (client = clients->lists[SB_CLIENT_IDLE].head))
		sb_client_cut(client, 0);
	while ((client = clients->lists[SB_CLIENT_NEW].head) && client->deadline_ms <= now_ms + young)
		sb_client_cut(client, 0);
}
