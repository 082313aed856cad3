/*
 * coding.h owns content codings of answers (RFC 9110 sections 8.4, 12.5.3): which one a client
 * wants, and bytes in it.
 *
 * An answer that holds secrets (tokens, codes) must not be coded: its length would tell of them to
 * who can have a victim send guesses beside them, and see the lengths (BREACH). Whoever answers
 * says which answers may be.
 */
#ifndef SB_HTTP_CODING_H
#define SB_HTTP_CODING_H

#include <stddef.h>

#define SB_CODINGS 2

struct sb_coding;
struct sb_request;

/* All of them, by number. */
extern const struct sb_coding *sb_coding_at(int number);
extern int sb_coding_number(const struct sb_coding *coding);

/*
 * The coding for an answer of len bytes that may have one; NULL: as it is, for it is too small
 * (COMPRESS_MIN) or far too large for a loop to stand still, or the client wants it so. Says in
 * Vary where that hangs on the client.
 */
extern const struct sb_coding *sb_coding_choose(struct sb_request *request, size_t len);

/* As Accept-Encoding and Content-Encoding call it. */
extern const char *sb_coding_name(const struct sb_coding *coding);

/* The bytes in the coding, malloc'd, their length in *coded. */
extern char *sb_coding_encode(const struct sb_coding *coding, const char *bytes, size_t len,
							  size_t *coded);

#endif /* SB_HTTP_CODING_H */
