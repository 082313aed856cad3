/* error.h owns request errors: collected with code and place, printed as the response wants them.
 */
#ifndef SB_GRAPHQL_ERROR_H
#define SB_GRAPHQL_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"

/* Values of extensions.code that this library raises itself. */
#define GQL_PARSE_FAILED         "GRAPHQL_PARSE_FAILED"
#define GQL_VALIDATION_FAILED    "GRAPHQL_VALIDATION_FAILED"
#define GQL_BAD_USER_INPUT       "BAD_USER_INPUT"
#define GQL_LIMIT_EXCEEDED       "LIMIT_EXCEEDED"
#define GQL_OPERATION_RESOLUTION "OPERATION_RESOLUTION_FAILURE"
#define GQL_METHOD_NOT_ALLOWED   "METHOD_NOT_ALLOWED"
#define GQL_NOT_CARRIED          "SUBSCRIPTION_NOT_CARRIED"

#define GQL_MAX_ERRORS 20
#define GQL_NOWHERE    UINT32_MAX

struct gql_error
{
	const char *code;
	const char *message;
	const char *path; /* JSON: the place in the response; NULL = none */
	uint32_t at[2];   /* offsets into the document; GQL_NOWHERE = none */
};

struct gql_errors
{
	struct sb_arena *arena;
	const char *source; /* the document, for lines and columns */
	size_t source_len;
	int n;
	struct gql_error items[GQL_MAX_ERRORS];
};

/* Adds an error at an offset (or GQL_NOWHERE). Past GQL_MAX_ERRORS errors are dropped. */
void gql_fail(struct gql_errors *errors, const char *code, uint32_t at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with two places. */
void gql_fail2(struct gql_errors *errors, const char *code, uint32_t at, uint32_t also,
			   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* An error of a field, whose place in the response is `path`. */
void gql_fail_field(struct gql_errors *errors, const char *path, const char *code, uint32_t at,
					const char *format, va_list args);

/* True once no further error would be kept: time to stop looking. */
static inline bool
gql_errors_full(const struct gql_errors *errors)
{
	return errors->n >= GQL_MAX_ERRORS;
}

/* Line and column, both from 1, columns in characters. */
void gql_locate(const char *source, size_t len, uint32_t at, int *line, int *column);
/* Appends `"locations":[{...}]` for one offset. */
void gql_print_location(struct sb_buffer *out, const char *source, size_t len, uint32_t at);
/* Appends one of the errors as JSON. */
void gql_print_error(struct sb_buffer *out, const struct gql_errors *errors,
					 const struct gql_error *error);
/* Appends the JSON array of the errors. */
void gql_print_errors(struct sb_buffer *out, const struct gql_errors *errors);

#endif /* SB_GRAPHQL_ERROR_H */
