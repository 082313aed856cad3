/*
 * etag.h owns entity tags (RFC 9110 sections 8.8.3, 13.1): making ours, and reading lists of them.
 * Pure.
 *
 * A tag of ours is "version.digest" of a document that can be written with If-Match, and "digest"
 * of anything else: the digest is that of the bytes, which makes the tag a strong one; the version
 * is that of what the document's owner writes, and all that an update compares, so that a like on a
 * post is no conflict. Bytes that travel in a content coding have its name behind: "digest-gzip".
 */
#ifndef SB_HTTP_ETAG_H
#define SB_HTTP_ETAG_H

#include <stdbool.h>
#include <stddef.h>

#define SB_ETAG_SIZE        96 /* of a tag of ours, with its NUL */
#define SB_ETAG_VERSION_MAX 20

/* The tag of bytes, in quotes. version: up to SB_ETAG_VERSION_MAX of [0-9a-f], or NULL. */
extern void sb_etag_make(char tag[SB_ETAG_SIZE], const char *version, const char *bytes,
						 size_t len);

/* Adds the name of a content coding. */
extern void sb_etag_add_coding(char tag[SB_ETAG_SIZE], const char *coding);

enum sb_etag_item
{
	SB_ETAG_END,
	SB_ETAG_TAG,
	SB_ETAG_ANY, /* `*`, which stands alone */
	SB_ETAG_MALFORMED
};

struct sb_etag
{
	const char *opaque; /* between the quotes */
	size_t len;
	bool is_weak;
};

/* The next item of a list, from *at on, which moves on. */
extern enum sb_etag_item sb_etag_next(const char **at, struct sb_etag *tag);

/*
 * Whether a list names a tag of ours, in whatever coding; `*` names all. A malformed list names
 * what stands before the fault. strongly: weak ones are none (RFC 9110 section 8.8.3.2).
 */
extern bool sb_etag_is_listed(const char *list, const char *tag, bool strongly);

/*
 * The versions that a list names, as an array of PostgreSQL: "{12,ab}", `*` as "{*}". Weak tags and
 * those of other documents name none where strongly. False when the list is malformed, or does not
 * fit into size.
 */
extern bool sb_etag_versions(const char *list, bool strongly, char *array, size_t size);

#endif /* SB_HTTP_ETAG_H */
