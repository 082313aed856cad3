/*
 * confine.c owns what a child process that reads hostile files may do. The network is kept away by
 * seccomp, which needs no privilege and works in containers and under systemd, where a namespace of
 * one's own is often refused.
 */
#include "worker/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICE 10

#if defined(__x86_64__)
#define ARCH               AUDIT_ARCH_X86_64
#define FIRST_FOREIGN_CALL 0x40000000 /* the calls of x32, which are others */
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

/* The sanitizers' own memory is beyond any limit. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_LIMITED false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_IS_LIMITED false
#endif
#endif
#ifndef MEMORY_IS_LIMITED
#define MEMORY_IS_LIMITED true
#endif

/* ---- limits -----------------------------------------------------------------------------------
 */

static bool
limit(__rlimit_resource_t resource, uint64_t most)
{
	return setrlimit(resource, &(struct rlimit){most, most}) == 0;
}

static bool
set_limits(const struct sb_confinement *confinement)
{
	return limit(RLIMIT_CORE, 0) && limit(RLIMIT_CPU, (uint64_t) confinement->cpu_seconds) &&
		   limit(RLIMIT_FSIZE, confinement->file_size) && limit(RLIMIT_NOFILE, 64) &&
		   (!MEMORY_IS_LIMITED || limit(RLIMIT_AS, confinement->memory));
}

/* ---- calls of the kernel ----------------------------------------------------------------------
 */

#ifdef ARCH

#define LOAD(field)                                                                                \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t) offsetof(struct seccomp_data, field))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define RETURN(what)        BPF_STMT(BPF_RET | BPF_K, (what))
#define REFUSE              RETURN(SECCOMP_RET_ERRNO | EPERM)
#define NO(call)            UNLESS(__NR_##call, 1), REFUSE

static const struct sock_filter filter[] = {
	LOAD(arch),
	UNLESS(ARCH, 1),
	BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
	RETURN(SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
#ifdef FIRST_FOREIGN_CALL
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_FOREIGN_CALL, 0, 1),
	RETURN(SECCOMP_RET_KILL_PROCESS),
#endif
	/* the network, and what reaches it in other ways */
	NO(socket),
	NO(socketpair),
	NO(io_uring_setup),
	/* others' processes and memory */
	NO(ptrace),
	NO(process_vm_readv),
	NO(process_vm_writev),
	NO(pidfd_getfd),
	NO(kill),
	NO(tkill),
	NO(rt_sigqueueinfo),
	/* doors of the kernel that no decoder needs */
	NO(bpf),
	NO(perf_event_open),
	NO(userfaultfd),
	NO(keyctl),
	NO(add_key),
	NO(request_key),
	NO(mount),
	NO(umount2),
	NO(pivot_root),
	NO(chroot),
	NO(unshare),
	NO(setns),
	NO(open_by_handle_at),
/* other processes: a thread may begin, by the call whose flags can be seen */
#ifdef __NR_fork
	NO(fork),
	NO(vfork),
#endif
	UNLESS(__NR_clone3, 1),
	RETURN(SECCOMP_RET_ERRNO | ENOSYS),
	UNLESS(__NR_clone, 3),
	LOAD(args[0]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
	REFUSE,
	RETURN(SECCOMP_RET_ALLOW),
};

static bool
restrict_calls(void)
{
	const struct sock_fprog program = {sizeof(filter) / sizeof(*filter),
									   (struct sock_filter *) filter};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

static bool
restrict_calls(void)
{
	errno = ENOSYS; /* nobody has tried it on this machine */
	return false;
}

#endif

/* ---- files ------------------------------------------------------------------------------------
 */

#define READS                                                                                      \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITES                                                                                     \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                              \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR)
#define OTHERS                                                                                     \
	(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |  \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static void
allow(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access,
											  .parent_fd = open(path, O_PATH | O_CLOEXEC)};

	if (rule.parent_fd < 0)
		return; /* not every system has all of them */
	(void) syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

/* Kernels without it (before 5.13, or where it is turned off) leave files to their owners' modes.
 */
static void
restrict_files(const char *directory)
{
	static const char *const programs[] = {"/usr", "/lib", "/lib64", "/bin", "/opt", NULL};
	static const char *const read[] = {"/etc",
									   "/sys/devices/system/cpu",
									   "/proc/cpuinfo",
									   "/proc/meminfo",
									   "/dev/urandom",
									   "/dev/random",
									   NULL};
	const struct landlock_ruleset_attr all = {.handled_access_fs = READS | WRITES | OTHERS};
	int rules = (int) syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);

	if (rules < 0)
		return;
	for (const char *const *path = programs; *path; path++)
		allow(rules, *path, READS);
	for (const char *const *path = read; *path; path++)
	{
		allow(rules, *path, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
		allow(rules, *path, LANDLOCK_ACCESS_FS_READ_FILE); /* which is all that a file has */
	}
	allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
	allow(rules, directory, WRITES | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	(void) syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

const char *
sb_confine(const struct sb_confinement *confinement)
{
	sigset_t none;

	sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
	(void) signal(SIGPIPE, SIG_DFL);
	(void) setsid(); /* Ctrl-C is not for it */
	(void) umask(077);
	(void) setpriority(PRIO_PROCESS, 0, NICE);
	(void) syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != confinement->parent)
		return "its parent is gone";
	if (chdir(confinement->directory) != 0)
		return "its directory cannot be entered";
	if (!set_limits(confinement))
		return "its limits cannot be set";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "it cannot give up privileges";
	restrict_files(confinement->directory);
	if (!restrict_calls())
		return "the kernel takes no filter of calls (seccomp)";
	return NULL;
}
