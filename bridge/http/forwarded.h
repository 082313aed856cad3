/*
 * forwarded.h owns the client's address behind proxies (mission P-11): X-Forwarded-For is believed
 * only as far as proxies that TRUSTED_PROXIES names wrote it.
 *
 * It is read from the right: each hop was added by the one to its right, so the first that is no
 * trusted proxy is the client. Whatever is further left the client may have written himself. A hop
 * that is no address makes the whole header worthless, and the peer itself counts. Forwarded (RFC
 * 7239) is not read.
 */
#ifndef SB_HTTP_FORWARDED_H
#define SB_HTTP_FORWARDED_H

#include <netinet/in.h>
#include <stdbool.h>

struct sb_request;
struct sockaddr;

/*
 * Reads the list of proxies: addresses and networks (192.0.2.0/24, 2001:db8::/32), separated by
 * commas; NULL or empty trusts nobody. False with the faulty item in *error. Before any thread.
 */
extern bool sb_forwarded_init(const char *proxies, const char **error);

/* Whether the peer is a trusted proxy. */
extern bool sb_forwarded_is_proxy(const struct sockaddr *peer);

/*
 * Puts the client's address in the place of the peer's, in address; values are those of all
 * X-Forwarded-For headers, in their order. Leaves it alone where the peer is not trusted.
 */
extern void sb_forwarded_resolve(char address[INET6_ADDRSTRLEN], const char *const *values,
								 int nvalues);

/* The same for a request whose address is its peer's. */
extern void sb_forwarded_apply(struct sb_request *request);

/* What a trusted proxy says in a header that is there once; NULL: nothing. */
extern const char *sb_forwarded_says(const struct sb_request *request, const char *name);

/* Whether a trusted proxy says that the client came by this scheme, "https" or "http"; who is none
 * has come by TLS where his connection has. */
extern bool sb_forwarded_came_by(const struct sb_request *request, const char *scheme);

#endif /* SB_HTTP_FORWARDED_H */
