/*
 * child.c owns running another program on a hostile file.
 */
#include "worker/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/loop.h"
#include "worker/confine.h"

#define LOOK_MS   100 /* whether it is to be ended */
#define UNABLE    126 /* the exit status of what could not begin */
#define WORDS_MAX 4096

/* Nothing of the worker's own environment, where passwords may be. */
static char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
									"LANG=C.UTF-8",
									"HOME=/nonexistent",
									"TMPDIR=.",
									"MALLOC_ARENA_MAX=2",
									"VIPS_BLOCK_UNTRUSTED=1",
									"VIPS_CONCURRENCY=1",
									NULL};

struct run
{
	const struct sb_child *child;
	pid_t pid;
	int out;
	int err;
	int pidfd;
	struct sb_buffer *output;
	struct sb_buffer words; /* the beginning of standard error */
	bool is_cancelled;
};

/* ---- the child --------------------------------------------------------------------------------
 */

static bool
find_program(const char *name, char *path, size_t size)
{
	static const char *const places[] = {"/usr/local/bin", "/usr/bin", "/bin", NULL};

	for (const char *const *place = places; *place; place++)
	{
		snprintf(path, size, "%s/%s", *place, name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* Between fork and exec: in a process of many threads nothing that takes a lock is called. */
static void __attribute__((noreturn))
become(const struct sb_child *child, const char *path, int in, int out, int err, pid_t parent)
{
	const char *problem;

	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(UNABLE);
	problem = sb_confine(&(struct sb_confinement){.directory = child->directory,
												  .cpu_seconds = child->cpu_seconds,
												  .memory = child->memory,
												  .file_size = child->file_size,
												  .parent = parent});
	if (problem == NULL)
	{
		(void) execve(path, (char *const *) child->argv, environment);
		problem = "it cannot be executed";
	}
	(void) !write(2, problem, strlen(problem));
	_exit(UNABLE);
}

static bool
begin(struct run *run, const char *path)
{
	int out[2] = {-1, -1};
	int err[2] = {-1, -1};
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t parent = getpid();

	run->pid = -1;
	if (in >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0)
		run->pid = fork();
	if (run->pid == 0)
		become(run->child, path, in, out[1], err[1], parent);
	close(in);
	close(out[1]);
	close(err[1]);
	run->out = out[0];
	run->err = err[0];
	run->pidfd = run->pid > 0 ? (int) syscall(SYS_pidfd_open, run->pid, 0) : -1;
	return run->pid > 0;
}

/* ---- the parent -------------------------------------------------------------------------------
 */

/* Takes in what has come, as far as there is room; false at its end. */
static bool
take_in(int fd, struct sb_buffer *into, size_t most)
{
	char bytes[16384];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (into->len < most)
		sb_buffer_append(into, bytes,
						 (size_t) n < most - into->len ? (size_t) n : most - into->len);
	return n > 0;
}

static void
look_at_the_clock(struct run *run)
{
	if (run->is_cancelled || (!__atomic_load_n(run->child->is_cancelled, __ATOMIC_RELAXED) &&
							  sb_loop_clock_us() / 1000 < run->child->deadline_ms))
		return;
	run->is_cancelled = true;
	kill(run->pid, SIGKILL);
}

/* Listens until the child has ended, or nobody has its output open any more. */
static int
wait_for(struct run *run)
{
	int status = 0;
	bool has_ended = false;

	while (!has_ended)
	{
		struct pollfd fds[] = {
			{run->out, POLLIN, 0}, {run->err, POLLIN, 0}, {run->pidfd, POLLIN, 0}};

		(void) poll(fds, 3, LOOK_MS);
		if (fds[0].revents && !take_in(run->out, run->output, SB_CHILD_OUTPUT_MAX))
		{
			close(run->out);
			run->out = -1;
		}
		if (fds[1].revents && !take_in(run->err, &run->words, WORDS_MAX))
		{
			close(run->err);
			run->err = -1;
		}
		look_at_the_clock(run);
		if (run->out < 0 || run->pidfd < 0 || fds[2].revents)
			has_ended = waitpid(run->pid, &status, WNOHANG) == run->pid;
	}
	return status;
}

static void
take_the_rest(struct run *run)
{
	while (run->out >= 0 && take_in(run->out, run->output, SB_CHILD_OUTPUT_MAX))
		continue;
	while (run->err >= 0 && take_in(run->err, &run->words, WORDS_MAX))
		continue;
}

/* The first line that says what is wrong, without the part of a program that says it. */
static void
first_words(const struct run *run, char *problem, size_t size)
{
	const char *at = run->words.data ? run->words.data : "";
	size_t len = strcspn(at, "\r\n");
	size_t n = 0;

	while (*at && (strspn(at, " \t") >= len || memmem(at, len, "WARNING", 7)))
	{
		at += len + (at[len] != '\0');
		len = strcspn(at, "\r\n");
	}
	if (*at == '[' && memchr(at, ']', len))
	{
		size_t part = strcspn(at, "]") + 1;

		part += strspn(at + part, " ");
		at += part;
		len -= part;
	}
	for (size_t i = 0; i < len && n + 1 < size; i++)
		problem[n++] = at[i] >= ' ' && at[i] < 0x7f ? at[i] : '?';
	problem[n] = '\0';
}

/* Whether it met a full disk, whose room may be there again by now: that is not its file's fault.
 */
static bool
has_no_room(const struct run *run)
{
	static const char *const said[] = {"No space left on device", "Disk quota exceeded"};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (run->words.len > 0 && memmem(run->words.data, run->words.len, said[i], strlen(said[i])))
			return true;
	return false;
}

static enum sb_child_end
judge(const struct run *run, int status, char *problem, size_t size)
{
	first_words(run, problem, size);
	if (run->is_cancelled)
	{
		snprintf(problem, size, "it was ended, as its time is over");
		return SB_CHILD_CANCELLED;
	}
	if (WIFSIGNALED(status))
	{
		int number = WTERMSIG(status);
		bool is_limit = number == SIGXCPU || number == SIGXFSZ || number == SIGKILL;

		snprintf(problem, size,
				 number == SIGXFSZ ? "it writes too much"
				 : is_limit        ? "it takes too much time or memory"
								   : "its decoder crashed");
		return is_limit ? SB_CHILD_LIMITED : SB_CHILD_CRASHED;
	}
	if (WEXITSTATUS(status) == UNABLE)
		return SB_CHILD_UNABLE;
	if (WEXITSTATUS(status) != 0 && has_no_room(run))
	{
		snprintf(problem, size, "there is no room for what it writes");
		return SB_CHILD_UNABLE;
	}
	if (WEXITSTATUS(status) != 0 && *problem == '\0')
		snprintf(problem, size, "its decoder gave up");
	return WEXITSTATUS(status) == 0 ? SB_CHILD_DONE : SB_CHILD_FAILED;
}

enum sb_child_end
sb_child_run(const struct sb_child *child, struct sb_buffer *output, char *problem, size_t size)
{
	struct run run = {.child = child, .output = output};
	char path[256];
	enum sb_child_end end;

	if (!find_program(child->argv[0], path, sizeof(path)))
	{
		snprintf(problem, size, "there is no program %s", child->argv[0]);
		return SB_CHILD_UNABLE;
	}
	if (!begin(&run, path))
	{
		snprintf(problem, size, "no process can be begun: %s", strerror(errno));
		end = SB_CHILD_UNABLE;
	}
	else
	{
		int status = wait_for(&run);

		take_the_rest(&run);
		end = judge(&run, status, problem, size);
	}
	if (run.out >= 0)
		close(run.out);
	if (run.err >= 0)
		close(run.err);
	if (run.pidfd >= 0)
		close(run.pidfd);
	sb_buffer_free(&run.words);
	return end;
}
