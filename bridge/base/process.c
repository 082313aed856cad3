/*
 * process.c owns what the system says of this process and its machine.
 */
#include "base/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static double started_at;

void
sb_process_begin(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	started_at = (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* The beginning of a file below /proc, NUL-terminated; empty when it cannot be read. */
static void
read_file(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, size - 1, file) : 0;

	text[len] = '\0';
	if (file)
		fclose(file);
}

static uint64_t
count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t count = 0;

	if (directory == NULL)
		return 0;
	while ((entry = readdir(directory)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count - 1; /* the directory's own */
}

void
sb_process_read(struct sb_process *process)
{
	uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
	unsigned long long pages = 0;
	unsigned long long resident = 0;
	struct rusage usage;
	struct rlimit limit;
	char text[256];

	memset(process, 0, sizeof(*process));
	process->started_at = started_at;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		process->cpu_seconds = (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
							   (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		process->max_descriptors = (uint64_t) limit.rlim_cur;
	process->open_descriptors = count_descriptors();
	read_file("/proc/self/statm", text, sizeof(text));
	if (sscanf(text, "%llu %llu", &pages, &resident) == 2)
	{
		process->virtual_bytes = pages * page;
		process->resident_bytes = resident * page;
	}
}

/* The share of time that the processors were not idle, from one call to the next. */
static double
busy_percent(void)
{
	static unsigned long long last_all;
	static unsigned long long last_idle;
	unsigned long long ticks[8] = {0};
	unsigned long long all = 0;
	unsigned long long idle;
	double percent = 0;
	char text[512];

	read_file("/proc/stat", text, sizeof(text));
	if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1], &ticks[2],
			   &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) < 4)
		return 0;
	for (int i = 0; i < 8; i++)
		all += ticks[i];
	idle = ticks[3] + ticks[4];
	if (all > last_all && idle >= last_idle)
		percent = 100.0 * (1.0 - (double) (idle - last_idle) / (double) (all - last_all));
	last_all = all;
	last_idle = idle;
	return percent;
}

/* A line of /proc/meminfo, in bytes. */
static uint64_t
memory_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
}

void
sb_machine_read(struct sb_machine *machine)
{
	struct statvfs disk;
	char text[1024];

	memset(machine, 0, sizeof(*machine));
	machine->cpu_percent = busy_percent();
	machine->cores = (int) sysconf(_SC_NPROCESSORS_ONLN);
	if (getloadavg(machine->load, 3) != 3)
		memset(machine->load, 0, sizeof(machine->load));
	read_file("/proc/meminfo", text, sizeof(text));
	machine->memory_bytes = memory_of(text, "MemTotal:");
	machine->memory_available_bytes = memory_of(text, "MemAvailable:");
	if (statvfs(".", &disk) == 0)
	{
		machine->disk_bytes = (uint64_t) disk.f_blocks * disk.f_frsize;
		machine->disk_free_bytes = (uint64_t) disk.f_bavail * disk.f_frsize;
	}
}
