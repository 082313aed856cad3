/*
 * client.c owns the TCP connections of one loop and their deadlines.
 *
 * Each state has one timeout, so each list is in the order of its deadlines by itself.
 */
#include "http/client.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "error/errors.h"
#include "http/gate.h"
#include "http/peers.h"
#include "http/request.h"
#include "loop/loop.h"
#include "base/memory.h"

#define STOP_GRACE_MS 500

static uint64_t
timeout_ms(const struct sb_clients *clients, enum sb_client_state state)
{
	if (state == SB_CLIENT_IDLE)
		return (uint64_t) clients->config->keepalive_timeout * 1000;
	return (uint64_t) clients->config->request_timeout * 1000;
}

static void
unlink_client(struct sb_clients *clients, struct sb_client *client)
{
	if (client->prev)
		client->prev->next = client->next;
	else
		clients->lists[client->state].head = client->next;
	if (client->next)
		client->next->prev = client->prev;
	else
		clients->lists[client->state].tail = client->prev;
}

static void
link_client(struct sb_clients *clients, struct sb_client *client)
{
	client->next = NULL;
	client->prev = clients->lists[client->state].tail;
	if (client->prev)
		client->prev->next = client;
	else
		clients->lists[client->state].head = client;
	clients->lists[client->state].tail = client;
}

struct sb_client *
sb_client_new(struct sb_loop *loop, struct sb_clients *clients, int fd,
			  const struct sockaddr *address)
{
	struct sb_client *client = sb_calloc(1, sizeof(*client));

	client->fd = fd;
	client->loop = loop;
	client->state = SB_CLIENT_NEW;
	client->deadline_ms = loop->now_ms + timeout_ms(clients, SB_CLIENT_NEW);
	memcpy(&client->address, address,
		   address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
										  : sizeof(struct sockaddr_in));
	link_client(clients, client);
	clients->count++;
	client->has_place = true;
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
sb_client_free(struct sb_clients *clients, struct sb_client *client)
{
	sb_client_release(client);
	sb_peers_remove();
	unlink_client(clients, client);
	clients->count--;
	free(client);
}

void
sb_client_address(const struct sb_client *client, char *text)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *) &client->address;
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *) &client->address)->sin6_addr;

	*text = '\0';
	if (client->address.ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, text, INET6_ADDRSTRLEN);
	else if (client->address.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
		inet_ntop(AF_INET, v6->s6_addr + 12, text, INET6_ADDRSTRLEN);
	else if (client->address.ss_family == AF_INET6)
		inet_ntop(AF_INET6, v6, text, INET6_ADDRSTRLEN);
}

void
sb_client_enter(struct sb_clients *clients, struct sb_client *client, enum sb_client_state state,
				uint64_t now_ms)
{
	if (client->state == SB_CLIENT_CLOSING)
		return;
	unlink_client(clients, client);
	client->state = state;
	client->deadline_ms = now_ms + timeout_ms(clients, state);
	link_client(clients, client);
}

void
sb_client_discard_input(int fd)
{
	char scratch[4096];

	for (int i = 0; i < 16 && recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT) > 0; i++)
		;
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
	sb_request_write_headers(client->request, &answer);
	sb_buffer_puts(&answer, "Content-Type: application/json\r\nContent-Length: ");
	sb_buffer_put_int(&answer, (int64_t) body_len);
	sb_buffer_puts(&answer, "\r\n\r\n");
	sb_buffer_append(&answer, body, body_len);
	/* The socket's buffer is empty, so this fits or the client is gone. */
	(void) !send(client->fd, answer.data, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	sb_client_discard_input(client->fd);
	sb_buffer_free(&answer);
	free(body);
}

void
sb_client_cut(struct sb_clients *clients, struct sb_client *client, int status, uint64_t now_ms)
{
	if (client->state == SB_CLIENT_CLOSING)
		return;
	sb_client_release(client);
	/* Last words must not go before what was said, or into it. */
	if (status && (client->gate == NULL || sb_gate_flush(client->gate)))
		send_last_words(client, status);
	if (client->request && status)
		client->request->status = status;
	sb_client_enter(clients, client, SB_CLIENT_CLOSING, now_ms);
	shutdown(client->fd, SHUT_RDWR);
}

static void
expire_list(struct sb_clients *clients, enum sb_client_state state, int status, uint64_t now_ms)
{
	struct sb_client *client;

	while ((client = clients->lists[state].head) && client->deadline_ms <= now_ms)
		sb_client_cut(clients, client, status, now_ms);
}

void
sb_clients_expire(struct sb_clients *clients, uint64_t now_ms)
{
	expire_list(clients, SB_CLIENT_NEW, 408, now_ms);
	expire_list(clients, SB_CLIENT_READING, 408, now_ms);
	expire_list(clients, SB_CLIENT_WRITING, 0, now_ms);
	expire_list(clients, SB_CLIENT_IDLE, 0, now_ms);
}

void
sb_clients_stop(struct sb_clients *clients, uint64_t now_ms)
{
	uint64_t young = timeout_ms(clients, SB_CLIENT_NEW) - STOP_GRACE_MS;
	struct sb_client *client;

	while ((client = clients->lists[SB_CLIENT_IDLE].head))
		sb_client_cut(clients, client, 0, now_ms);
	while ((client = clients->lists[SB_CLIENT_NEW].head) && client->deadline_ms <= now_ms + young)
		sb_client_cut(clients, client, 0, now_ms);
}
