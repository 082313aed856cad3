/* bridge_arena_test.c: memory of arenas, which comes again to the next one of the same thread. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "tap.h"

static bool
is_zero(const unsigned char *bytes, size_t len)
{
	while (len > 0 && bytes[len - 1] == 0)
		len--;
	return len == 0;
}

/* Takes pieces of many sizes, looks at them and fills them. */
static bool
use(struct sb_arena *arena)
{
	bool good = true;

	for (size_t size = 0; size < 12000; size = size * 2 + 1)
	{
		unsigned char *piece = sb_arena_alloc(arena, size);

		good &= is_zero(piece, size) && (uintptr_t) piece % _Alignof(max_align_t) == 0;
		memset(piece, 0xa5, size);
	}
	return good;
}

int
main(void)
{
	struct sb_arena arenas[40] = {0};
	bool good = true;

	for (int round = 0; round < 3; round++)
	{
		for (size_t i = 0; i < sizeof(arenas) / sizeof(arenas[0]); i++)
			good &= use(&arenas[i]);
		for (size_t i = 0; i < sizeof(arenas) / sizeof(arenas[0]); i++)
			sb_arena_free(&arenas[i]);
	}
	ok(good, "pieces are zeroed and aligned, whoever had them before");
	is_int((int64_t) arenas[0].total, 0, "what is freed is empty");
	is_str(sb_arena_printf(&arenas[0], "%s %d", "used", 2), "used 2", "and may be used again");
	sb_arena_free(&arenas[0]);
	sb_arena_forget_spare();
	sb_arena_forget_spare();
	ok(use(&arenas[0]), "also after the spare ones have been given back");
	sb_arena_free(&arenas[0]);
	sb_arena_forget_spare();
	return done_testing();
}
