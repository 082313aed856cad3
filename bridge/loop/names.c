/*
 * names.c owns the threads that ask the resolver, and their last answers.
 *
 * The list of names is as long as the settings are: entries are never freed, so a thread that is
 * still waiting when the process ends holds nothing that has gone.
 */
#include "loop/names.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "loop/loop.h"
#include "base/memory.h"

#define FRESH_MS 1000 /* for so long an answer serves those who ask later */

struct name
{
	struct name *next;
	char *host;
	bool running;
	bool answered;
	uint64_t answered_at_ms;
	struct sb_addresses addresses; /* none: unknown */
};

struct listener
{
	struct listener *next;
	struct sb_loop *loop;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of both lists and all in them */
static struct name *names;
static struct listener *listeners;

/* ---- loops ----------------------------------------------------------------------------------- */

void
sb_names_join(struct sb_loop *loop)
{
	struct listener *listener = sb_calloc(1, sizeof(*listener));

	listener->loop = loop;
	pthread_mutex_lock(&lock);
	listener->next = listeners;
	listeners = listener;
	pthread_mutex_unlock(&lock);
}

void
sb_names_leave(struct sb_loop *loop)
{
	struct listener **link = &listeners;

	pthread_mutex_lock(&lock);
	while (*link && (*link)->loop != loop)
		link = &(*link)->next;
	if (*link)
	{
		struct listener *listener = *link;

		*link = listener->next;
		free(listener);
	}
	pthread_mutex_unlock(&lock);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void
resolve(const char *host, struct sb_addresses *addresses)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;

	addresses->count = 0;
	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return;
	for (struct addrinfo *at = list; at && addresses->count < SB_NAMES_MAX; at = at->ai_next)
		if (getnameinfo(at->ai_addr, at->ai_addrlen, addresses->list[addresses->count],
						SB_NAMES_ADDRESS, NULL, 0, NI_NUMERICHOST) == 0)
			addresses->count++;
	freeaddrinfo(list);
}

static void *
run(void *arg)
{
	struct name *name = arg;
	struct sb_addresses addresses;

	resolve(name->host, &addresses);
	pthread_mutex_lock(&lock);
	name->addresses = addresses;
	name->answered = true;
	name->answered_at_ms = sb_loop_clock_us() / 1000;
	name->running = false;
	for (struct listener *listener = listeners; listener; listener = listener->next)
		sb_loop_wake(listener->loop);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void
ask(struct name *name)
{
	pthread_attr_t detached;
	pthread_t thread;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	name->running = pthread_create(&thread, &detached, run, name) == 0;
	pthread_attr_destroy(&detached);
	if (name->running)
		return;
	name->answered = true;
	name->answered_at_ms = sb_loop_clock_us() / 1000;
	name->addresses.count = 0;
}

static struct name *
find_or_add(const char *host)
{
	struct name *name = names;

	while (name && strcmp(name->host, host) != 0)
		name = name->next;
	if (name)
		return name;
	name = sb_calloc(1, sizeof(*name));
	name->host = sb_checked(strdup(host));
	name->next = names;
	names = name;
	return name;
}

static bool
is_address(const char *host)
{
	unsigned char scratch[sizeof(struct in6_addr)];

	return strlen(host) < SB_NAMES_ADDRESS &&
		   (inet_pton(AF_INET, host, scratch) == 1 || inet_pton(AF_INET6, host, scratch) == 1);
}

enum sb_names_state
sb_names_get(const char *host, uint64_t since_ms, struct sb_addresses *addresses)
{
	enum sb_names_state state = SB_NAMES_PENDING;
	struct name *name;

	if (is_address(host))
	{
		addresses->count = 1;
		strcpy(addresses->list[0], host);
		return SB_NAMES_FOUND;
	}
	pthread_mutex_lock(&lock);
	name = find_or_add(host);
	if (!name->running && !(name->answered && name->answered_at_ms + FRESH_MS >= since_ms))
		ask(name);
	if (!name->running)
	{
		*addresses = name->addresses;
		state = addresses->count ? SB_NAMES_FOUND : SB_NAMES_UNKNOWN;
	}
	pthread_mutex_unlock(&lock);
	return state;
}
