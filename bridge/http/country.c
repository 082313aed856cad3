/*
 * country.c owns the country that an address is in.
 *
 * Loops look up while a reload reads another file: `lock` is held by who looks up, and by who puts
 * the other one in its place.
 */
#include "http/country.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static MMDB_s countries;
static atomic_bool is_read; /* without the lock, a hint: where there is no file nobody waits */

/* ---- the file -------------------------------------------------------------------------------- */

static bool
copy(int from, int to)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t) n) != n)
			return false;
	return n == 0;
}

/*
 * The library maps what it opens: a file that somebody writes anew in its place would be cut off
 * under who looks up, and end the process. So it gets a copy in memory, which is nobody else's.
 * Below 0, with errno: it cannot be read.
 */
static int
copy_of(const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is not waited for */
	int to = from < 0 ? -1 : memfd_create("countries", MFD_CLOEXEC);
	struct stat state;
	bool is_good = to >= 0 && fstat(from, &state) == 0;
	int problem;

	errno = is_good && !S_ISREG(state.st_mode) ? EINVAL : errno;
	is_good = is_good && S_ISREG(state.st_mode) && copy(from, to);
	problem = errno;
	if (from >= 0)
		close(from);
	if (to >= 0 && !is_good)
		close(to);
	errno = problem;
	return is_good ? to : -1;
}

static void
put_in_place(const MMDB_s *file)
{
	MMDB_s before;
	bool was_read;

	pthread_rwlock_wrlock(&lock);
	before = countries;
	was_read = is_read;
	is_read = file != NULL;
	if (file)
		countries = *file;
	pthread_rwlock_unlock(&lock);
	if (was_read)
		MMDB_close(&before);
}

bool
sb_country_read(const char *path, char *problem, size_t size)
{
	MMDB_s file;
	char copied[32];
	int fd;
	int status;

	if (path == NULL)
	{
		put_in_place(NULL);
		return true;
	}
	fd = copy_of(path);
	if (fd < 0)
	{
		snprintf(problem, size, "COUNTRY_FILE: %s cannot be read: %s", path, strerror(errno));
		return false;
	}
	snprintf(copied, sizeof(copied), "/proc/self/fd/%d", fd);
	status = MMDB_open(copied, MMDB_MODE_MMAP, &file);
	close(fd);
	if (status != MMDB_SUCCESS)
	{
		snprintf(problem, size, "COUNTRY_FILE: %s is no file of MaxMind's format: %s", path,
				 MMDB_strerror(status));
		return false;
	}
	put_in_place(&file);
	return true;
}

/* ---- an address ------------------------------------------------------------------------------ */

static bool
socket_of(const char *address, struct sockaddr_storage *storage)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *) storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) storage;

	memset(storage, 0, sizeof(*storage));
	storage->ss_family = strchr(address, ':') ? AF_INET6 : AF_INET;
	return storage->ss_family == AF_INET6 ? inet_pton(AF_INET6, address, &v6->sin6_addr) == 1
										  : inet_pton(AF_INET, address, &v4->sin_addr) == 1;
}

/* What the file says of an entry, where that is two letters. */
static bool
read_entry(MMDB_entry_s *entry, char country[3])
{
	MMDB_entry_data_s data;

	if (MMDB_get_value(entry, &data, "country", "iso_code", NULL) != MMDB_SUCCESS ||
		!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != 2 ||
		!isalpha((unsigned char) data.utf8_string[0]) ||
		!isalpha((unsigned char) data.utf8_string[1]))
		return false;
	memcpy(country, data.utf8_string, 2);
	country[2] = '\0';
	return true;
}

bool
sb_country_of(const char *address, char country[3])
{
	struct sockaddr_storage storage;
	MMDB_lookup_result_s result;
	bool is_known = false;
	int status = MMDB_SUCCESS;

	if (!is_read)
		return false;
	pthread_rwlock_rdlock(&lock);
	if (is_read && socket_of(address, &storage))
	{
		result = MMDB_lookup_sockaddr(&countries, (const struct sockaddr *) &storage, &status);
		is_known =
			status == MMDB_SUCCESS && result.found_entry && read_entry(&result.entry, country);
	}
	pthread_rwlock_unlock(&lock);
	return is_known;
}
