/*
 * certificate.c owns the certificate, its key, and what a session by TLS may be made of.
 */
#include "tls/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

#define MAX_FILE 1048576

/*
 * What the library takes for good enough (NORMAL), without what it keeps for peers of old: each
 * session has a secret of its own (no RSA key exchange), and bytes are sealed as they are encrypted
 * (AEAD alone).
 */
#define PRIORITY(versions)                                                                         \
	"NORMAL:-VERS-ALL:" versions ":-RSA:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:" \
	"-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"

struct sb_certificate
{
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t ticket_key; /* of sessions that are taken up again */
	int holders;               /* under the lock: sessions, and one while it is the current one */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sb_certificate *current; /* under the lock */
static gnutls_priority_t priority;

/* ---- files ----------------------------------------------------------------------------------- */

static void
free_bytes(gnutls_datum_t *bytes)
{
	if (bytes->data)
		explicit_bzero(bytes->data, bytes->size);
	free(bytes->data);
	*bytes = (gnutls_datum_t){0};
}

/* As much of a file as may be; false with errno. */
static bool
read_all(int fd, gnutls_datum_t *bytes)
{
	struct stat file;
	ssize_t got = 1;

	if (fstat(fd, &file) != 0)
		return false;
	if (!S_ISREG(file.st_mode) || file.st_size > MAX_FILE)
	{
		errno = S_ISDIR(file.st_mode) ? EISDIR : S_ISREG(file.st_mode) ? EFBIG : EINVAL;
		return false;
	}
	bytes->data = sb_malloc(MAX_FILE);
	while (got > 0 && bytes->size < MAX_FILE)
	{
		got = read(fd, bytes->data + bytes->size, MAX_FILE - bytes->size);
		bytes->size += got > 0 ? (unsigned) got : 0;
	}
	return got >= 0;
}

/* free_bytes() in any case. */
static bool
read_file(const char *name, const char *path, gnutls_datum_t *bytes, struct sb_problems *problems)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is_read = fd >= 0 && read_all(fd, bytes);

	if (!is_read)
		sb_problem_error(problems, "%s: %s cannot be read: %s", name, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return is_read;
}

/* ---- what is in them ------------------------------------------------------------------------- */

static void
warn_of_time(const char *path, const char *what, time_t when, struct sb_problems *problems)
{
	char text[32];
	struct tm utc;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &utc));
	sb_problem_warning(problems, "TLS_CERTIFICATE: %s %s %s", path, what, text);
}

/* A certificate, and perhaps those that it is signed with. */
static bool
check_certificate(const char *path, const gnutls_datum_t *bytes, struct sb_problems *problems)
{
	gnutls_x509_crt_t *list = NULL;
	unsigned count = 0;
	time_t now = time(NULL);
	int status = gnutls_x509_crt_list_import2(&list, &count, bytes, GNUTLS_X509_FMT_PEM,
											  GNUTLS_X509_CRT_LIST_SORT);

	if (status < 0 || count == 0)
	{
		sb_problem_error(problems, "TLS_CERTIFICATE: %s has no certificate (PEM): %s", path,
						 gnutls_strerror(status));
		return false;
	}
	if (gnutls_x509_crt_get_expiration_time(list[0]) < now)
		warn_of_time(path, "expired at", gnutls_x509_crt_get_expiration_time(list[0]), problems);
	else if (gnutls_x509_crt_get_activation_time(list[0]) > now)
		warn_of_time(path, "is not good before", gnutls_x509_crt_get_activation_time(list[0]),
					 problems);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
	return true;
}

static bool
check_key(const char *path, const gnutls_datum_t *bytes, struct sb_problems *problems)
{
	gnutls_x509_privkey_t key;
	int status = gnutls_x509_privkey_init(&key);

	if (status < 0)
		return false;
	status = gnutls_x509_privkey_import2(key, bytes, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_x509_privkey_deinit(key);
	if (status < 0)
		sb_problem_error(problems, "TLS_KEY: %s has no key without a password (PEM): %s", path,
						 gnutls_strerror(status));
	return status >= 0;
}

static void
free_certificate(struct sb_certificate *certificate)
{
	if (certificate == NULL)
		return;
	if (certificate->credentials)
		gnutls_certificate_free_credentials(certificate->credentials);
	gnutls_memset(certificate->ticket_key.data, 0, certificate->ticket_key.size);
	gnutls_free(certificate->ticket_key.data);
	free(certificate);
}

static struct sb_certificate *
certificate_of(const struct sb_config *config, const gnutls_datum_t *chain,
			   const gnutls_datum_t *key, struct sb_problems *problems)
{
	struct sb_certificate *certificate = sb_calloc(1, sizeof(*certificate));
	int status = gnutls_certificate_allocate_credentials(&certificate->credentials);

	certificate->holders = 1;
	if (status >= 0)
		status = gnutls_session_ticket_key_generate(&certificate->ticket_key);
	if (status >= 0)
		status = gnutls_certificate_set_x509_key_mem2(certificate->credentials, chain, key,
													  GNUTLS_X509_FMT_PEM, NULL, 0);
	if (status >= 0)
		return certificate;
	if (status == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		sb_problem_error(problems, "TLS_KEY: %s does not belong to the certificate in %s",
						 config->tls_key, config->tls_certificate);
	else
		sb_problem_error(problems, "TLS_CERTIFICATE: %s cannot be used: %s",
						 config->tls_certificate, gnutls_strerror(status));
	free_certificate(certificate);
	return NULL;
}

/* NULL, and a problem or several, where they are of no use. */
static struct sb_certificate *
read_both(const struct sb_config *config, struct sb_problems *problems)
{
	gnutls_datum_t chain = {0};
	gnutls_datum_t key = {0};
	struct sb_certificate *certificate = NULL;
	bool is_good = read_file("TLS_CERTIFICATE", config->tls_certificate, &chain, problems) &&
				   check_certificate(config->tls_certificate, &chain, problems);

	/* Both are looked at in any case: who puts the one right hears of the other. */
	is_good &= read_file("TLS_KEY", config->tls_key, &key, problems) &&
			   check_key(config->tls_key, &key, problems);
	if (is_good)
		certificate = certificate_of(config, &chain, &key, problems);
	free_bytes(&chain);
	free_bytes(&key);
	return certificate;
}

/* ---- the one that counts --------------------------------------------------------------------- */

static void
put_in_place(struct sb_certificate *certificate)
{
	struct sb_certificate *before;

	pthread_mutex_lock(&lock);
	before = current;
	current = certificate;
	pthread_mutex_unlock(&lock);
	sb_certificate_release(before);
}

void
sb_certificate_read(const struct sb_config *config, struct sb_problems *problems)
{
	const char *text = strcmp(config->tls_min_version, "1.3") == 0
						   ? PRIORITY("+VERS-TLS1.3")
						   : PRIORITY("+VERS-TLS1.3:+VERS-TLS1.2");
	int status;

	if (config->tls_certificate == NULL && config->tls_key == NULL)
		return;
	if (config->tls_certificate == NULL || config->tls_key == NULL)
	{
		sb_problem_error(problems, "TLS_CERTIFICATE and TLS_KEY belong together: %s is missing",
						 config->tls_certificate ? "TLS_KEY" : "TLS_CERTIFICATE");
		return;
	}
	status = gnutls_priority_init(&priority, text, NULL);
	if (status < 0)
		sb_problem_error(problems, "GnuTLS has no TLS %s or later: %s", config->tls_min_version,
						 gnutls_strerror(status));
	else
		put_in_place(read_both(config, problems));
}

void
sb_certificate_read_again(const struct sb_config *config)
{
	struct sb_problems problems = {0};
	struct sb_certificate *certificate;

	if (config->tls_certificate == NULL)
		return;
	certificate = read_both(config, &problems);
	for (int i = 0; i < problems.count; i++)
		sb_log(problems.list[i].is_error ? SB_LOG_ERROR : SB_LOG_WARNING, problems.list[i].text,
			   NULL, NULL);
	if (certificate)
	{
		put_in_place(certificate);
		sb_log(SB_LOG_INFO, "certificate read again", NULL, NULL);
	}
	else
		sb_log(SB_LOG_ERROR, "TLS goes on with the certificate as it was", NULL, NULL);
	sb_problems_free(&problems);
}

void
sb_certificate_free(void)
{
	put_in_place(NULL);
	if (priority)
		gnutls_priority_deinit(priority);
	priority = NULL;
}

void
sb_certificate_release(struct sb_certificate *certificate)
{
	bool is_last;

	if (certificate == NULL)
		return;
	pthread_mutex_lock(&lock);
	is_last = --certificate->holders == 0;
	pthread_mutex_unlock(&lock);
	if (is_last)
		free_certificate(certificate);
}

/* ---- sessions -------------------------------------------------------------------------------- */

gnutls_session_t
sb_certificate_session(struct sb_certificate **held)
{
	static const gnutls_datum_t protocol = {(unsigned char *) "http/1.1", 8};
	struct sb_certificate *certificate;
	gnutls_session_t session;

	if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0)
		return NULL;
	pthread_mutex_lock(&lock);
	certificate = current;
	certificate->holders++;
	pthread_mutex_unlock(&lock);
	if (gnutls_priority_set(session, priority) < 0 ||
		gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, certificate->credentials) < 0 ||
		gnutls_session_ticket_enable_server(session, &certificate->ticket_key) < 0 ||
		gnutls_alpn_set_protocols(session, &protocol, 1, GNUTLS_ALPN_MANDATORY) < 0)
	{
		gnutls_deinit(session);
		sb_certificate_release(certificate);
		return NULL;
	}
	/* The deadline is the relay's, which is woken by its sockets. */
	gnutls_handshake_set_timeout(session, GNUTLS_INDEFINITE_TIMEOUT);
	*held = certificate;
	return session;
}
