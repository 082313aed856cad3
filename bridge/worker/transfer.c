/*
 * transfer.c owns what libcurl transfers. The threads take from one list and put into another; the
 * loop is sent a signal.
 */
#include "worker/transfer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "loop/loop.h"

struct list
{
	struct sb_transfer *head;
	struct sb_transfer **end;
};

/* A thread, with the connection that it has, or keeps for the next transfer. */
struct thread
{
	struct sb_transfers *transfers;
	pthread_t id;
	struct sb_transfer *current; /* NULL: none */
	int fd;                      /* -1: none */
};

struct sb_transfers
{
	struct sb_mail_kind done_kind; /* its address is its name */
	struct sb_loop *loop;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct list waiting;
	struct list done;
	bool stops;
	int count;
	struct thread threads[]; /* what of them changes */
};

static void
append(struct list *list, struct sb_transfer *transfer)
{
	transfer->next = NULL;
	*list->end = transfer;
	list->end = &transfer->next;
}

static struct sb_transfer *
take_first(struct list *list)
{
	struct sb_transfer *first = list->head;

	if (first && (list->head = first->next) == NULL)
		list->end = &list->head;
	return first;
}

/* ---- in a thread ------------------------------------------------------------------------------
 */

/* A connection that is shut ends every wait for what comes on it. */
static int
on_opened(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct thread *thread = arg;

	pthread_mutex_lock(&thread->transfers->lock);
	thread->fd = fd;
	if (thread->transfers->stops)
		shutdown(fd, SHUT_RDWR);
	pthread_mutex_unlock(&thread->transfers->lock);
	return CURL_SOCKOPT_OK;
}

static int
on_closed(void *arg, curl_socket_t fd)
{
	struct thread *thread = arg;

	pthread_mutex_lock(&thread->transfers->lock);
	if (thread->fd == fd)
		thread->fd = -1;
	close(fd);
	pthread_mutex_unlock(&thread->transfers->lock);
	return 0;
}

static int
on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	return __atomic_load_n(&((struct sb_transfer *) arg)->is_cancelled, __ATOMIC_RELAXED);
}

static CURLcode
perform(struct thread *thread, CURL *easy, struct sb_transfer *transfer)
{
	if (__atomic_load_n(&transfer->is_cancelled, __ATOMIC_RELAXED))
		return CURLE_ABORTED_BY_CALLBACK;
	curl_easy_reset(easy);
	transfer->set_up(transfer, easy);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_opened);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, thread);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_closed);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, thread);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
	return curl_easy_perform(easy);
}

static void *
run(void *arg)
{
	struct thread *thread = arg;
	struct sb_transfers *transfers = thread->transfers;
	CURL *easy = sb_checked(curl_easy_init());
	struct sb_transfer *transfer;

	pthread_mutex_lock(&transfers->lock);
	while (!transfers->stops)
	{
		transfer = take_first(&transfers->waiting);
		if (transfer == NULL)
		{
			pthread_cond_wait(&transfers->changed, &transfers->lock);
			continue;
		}
		thread->current = transfer;
		pthread_mutex_unlock(&transfers->lock);
		transfer->result = perform(thread, easy, transfer);
		pthread_mutex_lock(&transfers->lock);
		thread->current = NULL;
		append(&transfers->done, transfer);
		sb_loop_send(transfers->loop, &transfers->done_kind, NULL);
	}
	pthread_mutex_unlock(&transfers->lock);
	curl_easy_cleanup(easy);
	return NULL;
}

/* ---- in the loop ------------------------------------------------------------------------------
 */

static void
on_signal(void *owner, const void *messages, int count, bool more)
{
	struct sb_transfers *transfers = owner;
	struct sb_transfer *transfer;

	pthread_mutex_lock(&transfers->lock);
	while ((transfer = take_first(&transfers->done)) != NULL)
	{
		pthread_mutex_unlock(&transfers->lock);
		transfer->on_done(transfer, transfer->result);
		pthread_mutex_lock(&transfers->lock);
	}
	pthread_mutex_unlock(&transfers->lock);
}

void
sb_transfer_begin(struct sb_transfers *transfers, struct sb_transfer *transfer)
{
	pthread_mutex_lock(&transfers->lock);
	append(&transfers->waiting, transfer);
	pthread_cond_signal(&transfers->changed);
	pthread_mutex_unlock(&transfers->lock);
}

/* Shuts the connections of one transfer, or with NULL all of them; with the lock. */
static void
shut(struct sb_transfers *transfers, const struct sb_transfer *transfer)
{
	for (int i = 0; i < transfers->count; i++)
	{
		const struct thread *thread = &transfers->threads[i];

		if (thread->fd >= 0 && (transfer == NULL || thread->current == transfer))
			shutdown(thread->fd, SHUT_RDWR);
	}
}

void
sb_transfer_cancel(struct sb_transfers *transfers, struct sb_transfer *transfer)
{
	__atomic_store_n(&transfer->is_cancelled, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&transfers->lock);
	shut(transfers, transfer);
	pthread_mutex_unlock(&transfers->lock);
}

struct sb_transfers *
sb_transfers_new(struct sb_loop *loop, int threads)
{
	struct sb_transfers *transfers =
		sb_calloc(1, sizeof(*transfers) + (size_t) threads * sizeof(struct thread));

	transfers->loop = loop;
	transfers->waiting.end = &transfers->waiting.head;
	transfers->done.end = &transfers->done.head;
	pthread_mutex_init(&transfers->lock, NULL);
	pthread_cond_init(&transfers->changed, NULL);
	sb_loop_subscribe(loop, &transfers->done_kind, on_signal, transfers);
	transfers->count = threads;
	for (int i = 0; i < threads; i++)
	{
		struct thread *thread = &transfers->threads[i];

		thread->transfers = transfers;
		thread->fd = -1;
		if (pthread_create(&thread->id, NULL, run, thread) != 0)
			abort();
	}
	return transfers;
}

void
sb_transfers_free(struct sb_transfers *transfers)
{
	struct sb_transfer *transfer;

	pthread_mutex_lock(&transfers->lock);
	transfers->stops = true;
	shut(transfers, NULL);
	pthread_cond_broadcast(&transfers->changed);
	pthread_mutex_unlock(&transfers->lock);
	for (int i = 0; i < transfers->count; i++)
		pthread_join(transfers->threads[i].id, NULL);
	on_signal(transfers, NULL, 0, true);
	while ((transfer = take_first(&transfers->waiting)) != NULL)
		transfer->on_done(transfer, CURLE_ABORTED_BY_CALLBACK);
	pthread_cond_destroy(&transfers->changed);
	pthread_mutex_destroy(&transfers->lock);
	free(transfers);
}
