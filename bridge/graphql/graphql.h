/*
 * graphql.h is the public face of the GraphQL library: a request goes in, SQL statements come out,
 * their results go in, a response body comes out. No database and no HTTP in here.
 *
 *     sb_graphql_prepare -> run the statements -> sb_graphql_respond -> sb_graphql_execution_free
 *
 * Contract: the GraphQL specification, September 2025 edition (mission 50-87, P-10). One query is
 * ONE SQL statement; a mutation is one call and one select per root field. A struct sb_graphql
 * belongs to one event loop: nothing here locks.
 */
#ifndef SB_GRAPHQL_H
#define SB_GRAPHQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

/* A compiled schema and its plan cache. */
struct sb_graphql;

/* What one request may ask for. Every limit is on; the defaults serve a rich client's pages. */
struct sb_graphql_limits
{
	size_t max_bytes;   /* length of the document */
	int max_tokens;     /* tokens of the document, and fields after fragment expansion */
	int max_depth;      /* nested fields; introspection has its own bound */
	int max_aliases;    /* aliased fields after fragment expansion, merged ones once */
	long max_cost;      /* rows the statement may touch: sum over fields of page size products */
	long quick_cost;    /* rows beyond which a query counts as slow */
	int max_page_size;  /* largest first/limit argument */
	int max_directives; /* in the document */
	int cache_entries;  /* document shapes remembered */
};

/* As bridge/base/settings.def has them (GRAPHQL_MAX_*), 64 KiB, slow beyond 3000 rows, 512 shapes.
 */
extern const struct sb_graphql_limits sb_graphql_limits_default;

/* The schema of the product, embedded at build time. */
extern const char sb_graphql_schema_text[];
extern const size_t sb_graphql_schema_text_len;

/*
 * Compiles `sdl` (schema/base.graphql says which directives name the SQL). `limits` NULL =
 * defaults. NULL on a faulty schema, with *error a malloc'd message (free()). Free with
 * sb_graphql_free.
 */
struct sb_graphql *sb_graphql_new(const char *sdl, size_t len,
								  const struct sb_graphql_limits *limits, char **error);

/* Frees the schema and the cache; every execution must have been freed before. */
void sb_graphql_free(struct sb_graphql *graphql);

/* One request as GraphQL over HTTP carries it. Only borrowed until sb_graphql_prepare returns. */
struct sb_graphql_request
{
	const char *document;
	size_t document_len;
	const char *operation_name; /* NULL when there is none */
	json_t *variables;          /* an object, or NULL; anything else is a request error */
	bool allow_mutation;        /* false for GET: a mutation is a request error */
	bool allow_subscription;    /* false where nothing carries one: a request error */
	bool apart;                 /* a step for each root field of a query: see is_divisible */
	bool announce_cost;         /* the response says what it cost: extensions.cost */
};

/* A statement to prepare under a name made of `id` and to run with text parameters. */
struct sb_graphql_statement
{
	const char *sql; /* NULL = there is none */
	uint64_t id;     /* equal for equal SQL text, for the life of the process */
	int nparams;
	const char *const *values; /* text format, NULL = null; the SQL casts each one */
};

/* A unit of work with its own transaction. */
struct sb_graphql_step
{
	const char *response_key;           /* mutation: the root field's key; query: NULL */
	struct sb_graphql_statement call;   /* mutation: runs the function; its row is not looked at */
	struct sb_graphql_statement select; /* one row, its first column JSON; error_* may follow */
	const char *action;  /* what it counts as, "[surface/]action[*times],…", or NULL: no @limit */
	const char *account; /* the value of the argument that @limit names, or NULL */
};

/* A prepared request; read-only for the caller, freed with sb_graphql_execution_free. */
struct sb_graphql_execution
{
	bool is_mutation;
	bool is_subscription;
	bool slow;         /* costs much, searches, hashes: quick ones should not have to wait for it */
	bool introspects;  /* asks for __schema or __type */
	bool is_divisible; /* a query of several root fields: when its statement fails, nobody knows
						* for which; prepared again with `apart` the others come through */
	int nroots;        /* root fields of the operation, by the names that the schema has for them */
	const char *const *roots;
	int nsteps; /* 0: the response is already complete */
	const struct sb_graphql_step *steps;
	/* Of a subscription. */
	const char *topic; /* what it listens to; "notifications" stands for the viewer's own */
	const char *types; /* the events there that it is about, by spaces */
	bool is_shared;    /* its answer is the same for all who see what the event is about */
};

/*
 * Parses, validates, limits, plans and binds. Never NULL:
 *   nsteps 0 - a request error (sb_graphql_refusal), or an answer without the database;
 *   query    - one step whose select returns the bytes of `data`;
 *   mutation - one step per root field that calls a function, in order; run each in a transaction
 *              of its own, and go on after a failed one;
 *   subscription - as a query: the statement to run for each event, after social.set_result_id()
 *              with the event's id;
 *   apart    - a query as a mutation: one step per root field that reads rows.
 * A field of a query whose arguments cannot be used (a page too large) is null, with an error, and
 * takes with it what may not be null; a mutation with such a field is refused.
 */
struct sb_graphql_execution *sb_graphql_prepare(struct sb_graphql *graphql,
												const struct sb_graphql_request *request);

/* An answer to a request that is not to be run: an error with this extensions.code, a constant. */
struct sb_graphql_execution *sb_graphql_refuse(const char *code, const char *message);

/* What a step came to: JSON bytes, or an error that a client may see. */
struct sb_graphql_result
{
	const char *json; /* NULL on error */
	size_t json_len;
	const char *error_message;
	const char *error_code;   /* extensions.code, e.g. "NOT_FOUND"; NULL = "INTERNAL" */
	const char *error_detail; /* extensions.detail, or NULL */
	const char *error_hint;   /* extensions.hint, or NULL */
};

/*
 * The response body, malloc'd and NUL-terminated, its length in *len. `results` has one entry per
 * step (NULL when nsteps is 0). A failed step becomes null with an error that carries its path.
 */
char *sb_graphql_respond(struct sb_graphql_execution *execution,
						 const struct sb_graphql_result *results, size_t *len);

/*
 * The same for one event of a subscription, whose id it tells (extensions.eventId); as often as
 * there are events.
 */
char *sb_graphql_respond_event(struct sb_graphql_execution *execution,
							   const struct sb_graphql_result *result, int64_t event_id,
							   size_t *len);

/* The extensions.code of the first request error (error.h lists them), or NULL: nothing stands in
 * the way of running it. */
const char *sb_graphql_refusal(const struct sb_graphql_execution *execution);

/* After sb_graphql_respond: whether the body has errors beside its data, be that null. */
bool sb_graphql_is_partial(const struct sb_graphql_execution *execution);

void sb_graphql_execution_free(struct sb_graphql_execution *execution);

/* The public schema as SDL, without the directives that name SQL; malloc'd, length in *len. */
char *sb_graphql_sdl(const struct sb_graphql *graphql, size_t *len);

/*
 * Everything in SQL that the schema names, as a JSON array of {"field","sql","type"}: preparing
 * each `sql` proves that views, columns and functions exist, and its last column must have a type
 * that can serve as `type` (a GraphQL scalar; null for rows). malloc'd, length in *len.
 */
char *sb_graphql_describe_sources(const struct sb_graphql *graphql, size_t *len);

/*
 * The document that is known by this id, until its time is over; NULL when there is none. Valid
 * until the next one is kept.
 */
const char *sb_graphql_find_document(struct sb_graphql *graphql, const char *id, uint64_t now_ms,
									 size_t *len);

/* Remembers a copy until that time, or until others need the room: 1,024 of them, 8 MiB. */
void sb_graphql_keep_document(struct sb_graphql *graphql, const char *id, const char *text,
							  size_t len, uint64_t until_ms);

/* Counters for the metrics page. */
struct sb_graphql_stats
{
	uint64_t hits;
	uint64_t known; /* of them: the very same bytes had come before */
	uint64_t misses;
	uint64_t evictions;
	int entries;
};
void sb_graphql_get_stats(const struct sb_graphql *graphql, struct sb_graphql_stats *stats);

#endif /* SB_GRAPHQL_H */
