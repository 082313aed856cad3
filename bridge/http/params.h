/*
 * params.h owns how a request's values become a statement's parameters: a specification per
 * route, read once, applied to each request. No HTTP library, no database.
 *
 * A specification is a list of `source.name:type`, in the order of $1, $2, …:
 *   source  body (a member of the JSON object), query, path (the {name} of the route's path),
 *           client (address, user_agent: who sends the request; country: from where, as a trusted
 *           proxy says)
 *   type    text, int, bigint, bool, time (RFC 3339), bigints (a list of at most
 *           SB_PARAM_LIST_MAX; in a query with commas between), json (an object or a list, of a
 *           body alone)
 *   then    ! = must be there, =word = default; neither = null when absent
 *           ~ = likewise, but a JSON null clears the field: it becomes the empty text, of a time
 *           infinity, of an id 0
 *           - = likewise, but a JSON null is refused: the field cannot be without a value
 * A JSON null counts as absent otherwise. A body of which nothing must be there may be empty, but
 * for PUT.
 */
#ifndef SB_HTTP_PARAMS_H
#define SB_HTTP_PARAMS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "http/url.h"

#define SB_PARAMS_MAX     16
#define SB_PARAM_NAME     48
/* Of ids in one parameter. */
#define SB_PARAM_LIST_MAX 100

enum sb_param_source
{
	SB_PARAM_BODY,
	SB_PARAM_QUERY,
	SB_PARAM_PATH,
	SB_PARAM_CLIENT
};

enum sb_param_type
{
	SB_PARAM_TEXT,
	SB_PARAM_INT,
	SB_PARAM_BIGINT,
	SB_PARAM_BOOL,
	SB_PARAM_TIME,
	SB_PARAM_BIGINTS,
	SB_PARAM_JSON
};

struct sb_param
{
	enum sb_param_source source;
	enum sb_param_type type;
	char name[SB_PARAM_NAME];
	bool required;
	bool null_clears;
	bool null_is_wrong;
	bool has_default;
	char value[SB_PARAM_NAME]; /* the default */
	int segment;               /* path: which segment of the URL holds it */
};

struct sb_params
{
	int count;
	bool has_body;   /* at least one comes from the body */
	bool needs_body; /* at least one of those must be there */
	struct sb_param list[SB_PARAMS_MAX];
};

/* The words of a specification, and the type of PostgreSQL that is sent. */
extern const char *sb_param_source_word(enum sb_param_source source);
extern const char *sb_param_type_word(enum sb_param_type type);
extern const char *sb_param_sql_type(enum sb_param_type type);

/* Where values come from; all of it outlives the collecting. */
struct sb_params_input
{
	const struct sb_url *url;
	json_t *body;           /* NULL when there is none */
	const char *address;    /* of the client */
	const char *user_agent; /* NULL when the client does not say */
	const char *country;    /* NULL when nobody does */
};

/* Reads a specification; path is the route's. False with the faulty item in *error. */
extern bool sb_params_compile(struct sb_params *params, const char *spec, const char *path,
							  const char **error);

/*
 * Fills values[0 .. count) with texts that live as long as the arena and the input. NULL when
 * fine, else one line, from the arena, that names the field.
 */
extern const char *sb_params_collect(const struct sb_params *params, struct sb_arena *arena,
									 const struct sb_params_input *input, const char **values);

/*
 * Reads a JSON object strictly: UTF-8, no member twice, no number out of range, bounded depth,
 * nothing behind it; \u0000 in a text only for who looks for it there himself (with_nul). The
 * caller owns the result; NULL with one line from the arena in *error, which calls the text `what`.
 */
extern json_t *sb_params_parse(struct sb_arena *arena, const char *what, const char *text,
							   size_t len, bool with_nul, const char **error);

#endif /* SB_HTTP_PARAMS_H */
