/*
 * certificate.h owns what the bridge shows by TLS who it is with: the certificate and its key
 * (TLS_CERTIFICATE, TLS_KEY), and what a session by TLS may be made of.
 */
#ifndef SB_TLS_CERTIFICATE_H
#define SB_TLS_CERTIFICATE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "base/config.h"

/* Read-only once it is read, and shared by the sessions that began with it. */
struct sb_certificate;

/*
 * Reads both files, before any thread; what is wrong with them is a problem each. Sessions that
 * begin from then on are shown what they hold. Does nothing where the settings name none.
 */
extern void sb_certificate_read(const struct sb_config *config, struct sb_problems *problems);

/*
 * The same while sessions run: those that begin from then on are shown the new one. What cannot be
 * read leaves the old one in its place, and is told in the log.
 */
extern void sb_certificate_read_again(const struct sb_config *config);

/* No session is left: frees what was read. */
extern void sb_certificate_free(void);

/* A session of a client that has connected; *certificate is held by it, until it is released. NULL
 * where there is no memory. From any thread. */
extern gnutls_session_t sb_certificate_session(struct sb_certificate **certificate);
extern void sb_certificate_release(struct sb_certificate *certificate);

#endif /* SB_TLS_CERTIFICATE_H */
