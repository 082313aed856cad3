/*
 * library.h owns which versions of libmicrohttpd are known, and what each leaves to us. Pure.
 */
#ifndef SB_HTTP_LIBRARY_H
#define SB_HTTP_LIBRARY_H

/*
 * The library is one shared object for versions that read requests in different ways. What two
 * parsers could read in two ways is a way in for an attacker, so only a version for which
 * test/http/strict.t has been run may serve.
 */
struct sb_library
{
	const char *version; /* as MHD_get_version() says it */
	int strictness;      /* for MHD_OPTION_STRICT_FOR_CLIENT */
	unsigned flags;      /* for MHD_start_daemon() */
};

/* NULL for a version that is not known. */
extern const struct sb_library *sb_library_find(const char *version);

/* The versions that are known, as text. */
extern const char *sb_library_known(void);

#endif /* SB_HTTP_LIBRARY_H */
