/*
 * breaker.h owns leaving alone what has failed: for a moment, then for longer and longer; one try
 * that goes well ends that. Zeroed memory is closed: whatever it is for works.
 */
#ifndef SB_CACHE_BREAKER_H
#define SB_CACHE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define SB_BREAKER_FIRST_MS 100
#define SB_BREAKER_LAST_MS  5000

struct sb_breaker
{
	uint32_t backoff_ms; /* 0: closed */
	uint64_t retry_at_ms;
	bool is_trying;
};

/* Whether to try now. Open, and when it is time, it lets one through, whose end must be told. */
static inline bool
sb_breaker_lets(struct sb_breaker *breaker, uint64_t now_ms)
{
	if (breaker->backoff_ms == 0)
		return true;
	if (breaker->is_trying || now_ms < breaker->retry_at_ms)
		return false;
	breaker->is_trying = true;
	return true;
}

/* It went well. True when that closes it. */
static inline bool
sb_breaker_close(struct sb_breaker *breaker)
{
	bool was_open = breaker->backoff_ms > 0;

	*breaker = (struct sb_breaker){.backoff_ms = 0};
	return was_open;
}

/* It failed. True when that opens it; what was under way then may fail without making it longer. */
static inline bool
sb_breaker_open(struct sb_breaker *breaker, uint64_t now_ms)
{
	bool opens = breaker->backoff_ms == 0;

	if (opens)
		breaker->backoff_ms = SB_BREAKER_FIRST_MS;
	else if (breaker->is_trying)
		breaker->backoff_ms = breaker->backoff_ms * 2 > SB_BREAKER_LAST_MS
								  ? SB_BREAKER_LAST_MS
								  : breaker->backoff_ms * 2;
	else
		return false;
	breaker->retry_at_ms = now_ms + breaker->backoff_ms;
	breaker->is_trying = false;
	return opens;
}

#endif /* SB_CACHE_BREAKER_H */
