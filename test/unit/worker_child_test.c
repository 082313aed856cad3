/*
 * What decoders may do (issue 15 line 2): children of the worker have limits of time, memory and
 * size, no network, no children, and end with what they were asked by.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loop/loop.h"
#include "tap.h"
#include "worker/child.h"
#include "worker/workplace.h"

static char directory[] = "/tmp/child-test-XXXXXX";
static struct sb_buffer output;
static char problem[300];
static int is_cancelled;

/* What a shell's commands come to. Its own words are all that it may run. */
static enum sb_child_end
run(const char *commands, uint64_t ms)
{
	const char *const argv[] = {"bash", "-c", commands, NULL};

	sb_buffer_free(&output);
	*problem = '\0';
	return sb_child_run(&(struct sb_child){.argv = argv,
										   .directory = directory,
										   .cpu_seconds = 2,
										   .memory = (uint64_t) 512 * 1024 * 1024,
										   .file_size = 100000,
										   .deadline_ms = sb_loop_clock_us() / 1000 + ms,
										   .is_cancelled = &is_cancelled},
						&output, problem, sizeof(problem));
}

static void *
cancel_soon(void *arg)
{
	struct stat status;
	char path[sizeof(directory) + 16];

	snprintf(path, sizeof(path), "%s/begun", directory);
	while (stat(path, &status) != 0)
		(void) usleep(1000);
	__atomic_store_n(&is_cancelled, 1, __ATOMIC_RELAXED);
	return NULL;
}

#define ENDLESS "while :; do :; done"
#define MINUTES 600000

static void
test_ends(void)
{
	const char *const missing[] = {"no-such-program", NULL};
	pthread_t thread;

	is_int(run("echo out; echo; echo 'a WARNING' >&2; echo >&2; echo '[h @ 0x1] one\t' >&2; echo "
			   "two >&2",
			   MINUTES),
		   SB_CHILD_DONE, "it ends");
	is_str(output.data, "out\n\n", "what it writes");
	is_str(problem, "one?", "its first words that matter, in what can be printed");
	is_int(run("echo why >&2; exit 3", MINUTES), SB_CHILD_FAILED, "it fails");
	is_str(problem, "why", "and says why");
	is_int(run("exit 3", MINUTES), SB_CHILD_FAILED, "without a word");
	is_str(problem, "its decoder gave up", "others say it");
	is_int(run("echo 'unable to write' >&2; echo 'sprite.jpg: No space left on device' >&2; exit 1",
			   MINUTES),
		   SB_CHILD_UNABLE, "a full disk is not the file's fault");
	is_str(problem, "there is no room for what it writes", "which is said");
	is_int(run("ulimit -c 0; kill -SEGV $$; " ENDLESS, MINUTES), SB_CHILD_LIMITED,
		   "it can send no signals, even to itself");
	is_int(sb_child_run(&(struct sb_child){.argv = missing, .is_cancelled = &is_cancelled}, &output,
						problem, sizeof(problem)),
		   SB_CHILD_UNABLE, "a program that is missing");
	is_str(problem, "there is no program no-such-program", "is named");
	is_int(run("for ((i = 0; i < 300000; i++)); do echo 0123456789; done", MINUTES), SB_CHILD_DONE,
		   "one that writes a lot");
	is_int((int64_t) output.len, SB_CHILD_OUTPUT_MAX, "is not heard to its end");
	is_int(run("exec 1>&- 2>&-; for ((i = 0; i < 1000; i++)); do :; done; exit 7", MINUTES),
		   SB_CHILD_FAILED, "one that closes its mouth is waited for");
	is_int(run(ENDLESS, 300), SB_CHILD_CANCELLED, "one that is late is ended");
	(void) pthread_create(&thread, NULL, cancel_soon, NULL);
	is_int(run(": >begun; " ENDLESS, MINUTES), SB_CHILD_CANCELLED, "as is one that nobody wants");
	(void) pthread_join(thread, NULL);
	is_cancelled = 0;
}

static void
test_limits(void)
{
	is_int(run(ENDLESS, MINUTES), SB_CHILD_LIMITED, "so many seconds");
	is_str(problem, "it takes too much time or memory", "and no more");
	ok(run("a=x; while :; do a=$a$a; done", MINUTES) != SB_CHILD_DONE, "so much memory");
	ok(run("while :; do printf '%01000d' 0; done >large", MINUTES) != SB_CHILD_DONE,
	   "so large files");
	is_int(run("exec 9<>/dev/tcp/127.0.0.1/9", MINUTES), SB_CHILD_FAILED, "no network");
	ok(strstr(problem, "not permitted") != NULL, "by the kernel's word");
	is_int(run("(echo child)", MINUTES) == SB_CHILD_DONE && output.len, 0, "no children");
	is_int(run("kill -9 $PPID", MINUTES), SB_CHILD_FAILED, "no signals to others");
	is_int(run("echo mine >file && read -r line <file && echo \"$line\"", MINUTES), SB_CHILD_DONE,
		   "its own directory is its own");
	is_str(output.data, "mine\n", "to write and to read");
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0) /* the kernel has Landlock */
		is_int(run("read -r line </proc/self/environ", MINUTES), SB_CHILD_FAILED,
			   "what is not its own it cannot even read");
	(void) setenv("SECRET", "secret", 1);
	is_int(run("echo \"[$SECRET]$HOME\"", MINUTES), SB_CHILD_DONE, "its environment");
	is_str(output.data, "[]/nonexistent\n", "has nothing of ours");
	is_int(run("ulimit -c; ulimit -n; nice", MINUTES) == SB_CHILD_UNABLE, 0, "limits");
	ok(output.data && strncmp(output.data, "0\n64\n", 5) == 0, "no core, few descriptors");
}

static void
test_workplace(void)
{
	char path[SB_WORKPLACE_PATH];
	char file[SB_WORKPLACE_PATH + 16];
	struct stat status;
	struct sb_workplace *one = sb_workplace_new(directory, problem, sizeof(problem));
	struct sb_workplace *two = sb_workplace_new(directory, problem, sizeof(problem));
	int seat;

	ok(one && two, "two processes have places beside each other");
	ok(sb_workplace_make(one, 7, path), "a job has a directory");
	snprintf(file, sizeof(file), "%s/file", path);
	fclose(fopen(file, "w"));
	sb_workplace_free(sb_workplace_new(directory, problem, sizeof(problem)));
	ok(stat(file, &status) == 0, "nobody removes what somebody works on");
	ok(sb_workplace_make(one, 7, path) && stat(file, &status) != 0, "which is empty each time");
	seat = sb_workplace_sit(one, 1);
	ok(seat >= 0 && sb_workplace_sit(two, 1) < 0, "a seat is one's own");
	close(seat);
	seat = sb_workplace_sit(two, 1);
	ok(seat >= 0, "and free again");
	close(seat);
	ok(!sb_workplace_has_room(one, UINT64_MAX), "there is no endless room");
	sb_workplace_free(two);
	sb_workplace_free(one);
	ok(stat(path, &status) != 0, "nothing is left");
	ok(sb_workplace_new("/nonexistent", problem, sizeof(problem)) == NULL,
	   "a place that is not there");
}

/* A process that is killed leaves a directory, which the next one finds. */
static void
test_sweep(void)
{
	char path[SB_WORKPLACE_PATH] = "";
	struct stat status;
	int fds[2];
	struct sb_workplace *next;
	char end;

	if (pipe(fds) != 0)
		abort();
	if (fork() == 0)
	{
		struct sb_workplace *place = sb_workplace_new(directory, problem, sizeof(problem));

		(void) sb_workplace_make(place, 1, path);
		(void) !write(fds[1], path, sizeof(path));
		_exit(0);
	}
	close(fds[1]);
	(void) !read(fds[0], path, sizeof(path));
	(void) !read(fds[0], &end, 1); /* its end of the pipe goes with it */
	next = sb_workplace_new(directory, problem, sizeof(problem));
	ok(next && *path && stat(path, &status) != 0, "what a killed process has left is removed");
	sb_workplace_free(next);
	close(fds[0]);
}

int
main(void)
{
	if (mkdtemp(directory) == NULL)
		abort();
	test_ends();
	test_limits();
	test_workplace();
	test_sweep();
	sb_workplace_remove(directory);
	sb_buffer_free(&output);
	return done_testing();
}
