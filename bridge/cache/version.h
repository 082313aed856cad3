/*
 * version.h owns what the bridge knows of the version of the content (social.content_version(),
 * extension/content/cache.c): asked for when somebody wants it, some twenty times a second at most,
 * and believed for a tenth of a second.
 *
 * Whoever has a version first, and reads the content afterwards, has content of that version or
 * newer.
 */
#ifndef SB_CACHE_VERSION_H
#define SB_CACHE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

struct sb_loop;
struct sb_pg_pool;
struct sb_versions;

#define SB_VERSION_EPOCH_MAX 40

struct sb_version
{
	char epoch[SB_VERSION_EPOCH_MAX + 1]; /* of one start of one database; empty: unknown */
	uint64_t number;
};

/* Somebody who waits for it; his until on_version. */
struct sb_version_wait
{
	/* Called exactly once, with NULL when it is not to be had in time. */
	void (*on_version)(struct sb_version_wait *wait, const struct sb_version *version);

	struct sb_version_wait *next;
	uint64_t deadline_ms;
};

extern struct sb_versions *sb_versions_new(struct sb_loop *loop, struct sb_pg_pool *pool);

/* Nobody may wait any more. */
extern void sb_versions_free(struct sb_versions *versions);

/* Calls wait->on_version, at once where the version is known well enough. */
extern void sb_versions_get(struct sb_versions *versions, struct sb_version_wait *wait);

/* Lets nobody wait too long. Each iteration of the loop. */
extern void sb_versions_settle(struct sb_versions *versions);

/* Reads "EPOCH:NUMBER"; false when it is no version. */
extern bool sb_version_read(struct sb_version *version, const char *text);

/* Whether what was read at one version may be shown to who must see what another shows. */
extern bool sb_version_covers(const struct sb_version *version, const struct sb_version *wanted);

#endif /* SB_CACHE_VERSION_H */
