/*
 * worker_main.c owns the process of social-worker: settings, one thread with the loop, and its end.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "base/process.h"
#include "loop/loop.h"
#include "pg/target.h"
#include "service.h"
#include "worker/bucket.h"
#include "worker/dispatcher.h"
#include "worker/import.h"

struct thread
{
	pthread_t id;
	struct sb_loop *loop;
	struct sb_worker *worker;
};

static const struct sb_mail_kind stop = {0, 0};

static void
on_stop(void *owner, const void *messages, int count, bool more)
{
	sb_worker_stop(((struct thread *) owner)->worker);
}

static void *
run(void *arg)
{
	struct thread *thread = arg;
	struct sb_loop *loop = thread->loop;

	while (!sb_worker_is_finished(thread->worker))
	{
		sb_loop_wait(loop, false);
		sb_loop_deliver(loop);
		sb_loop_run_timers(loop);
		sb_worker_settle(thread->worker);
		sb_log_flush();
	}
	sb_worker_free(thread->worker);
	sb_log_finish();
	return NULL;
}

static uint64_t
rounds(void *owner, int n)
{
	const struct thread *thread = owner;

	return __atomic_load_n(&thread->loop->metrics->iterations[0], __ATOMIC_RELAXED);
}

static void
check_config(const struct sb_config *config, struct sb_problems *problems)
{
	sb_pg_target_init(config, problems);
	sb_worker_check(config, problems);
}

/* What social-bridge is asked for and has done here, where libcurl is: the settings are its own. */
static int
do_task(const struct sb_config *config, enum sb_config_task task)
{
	if (task == SB_CONFIG_IMPORT)
		return sb_import(config);
	return task == SB_CONFIG_BUCKET ? sb_bucket_configure(config) : 2;
}

static bool
is_asked_by_bridge(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--configure-bucket") == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	struct sb_config config;
	struct thread thread;
	struct sb_service service = {.program = "social-worker",
								 .config = &config,
								 .argc = argc,
								 .argv = argv,
								 .rounds = rounds,
								 .owner = &thread,
								 .count = 1};
	int exit_status;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return 2;
	sb_config_for(is_asked_by_bridge(argc, argv) ? SB_PROGRAM_BRIDGE : SB_PROGRAM_WORKER);
	if (!sb_service_load(service.program, &config, argc, argv, check_config, do_task, &exit_status))
		return exit_status;
	sb_process_begin();
	sb_service_block_signals(&service);
	thread.loop = sb_loop_new(&config, 0);
	sb_loop_subscribe(thread.loop, &stop, on_stop, &thread);
	thread.worker = sb_worker_new(thread.loop);
	sb_log(SB_LOG_INFO, "starting", "version", SOCIAL_VERSION);
	sb_log_flush();
	if (pthread_create(&thread.id, NULL, run, &thread) != 0)
		return 1;
	sb_service_wait(&service);
	sb_loop_send(thread.loop, &stop, NULL);
	pthread_join(thread.id, NULL);
	sb_loop_free(thread.loop);
	sb_service_free(&service);
	sb_pg_target_free();
	curl_global_cleanup();
	sb_log(SB_LOG_INFO, "stopped", NULL, NULL);
	sb_log_finish();
	return 0;
}
