/*
 * shapes.h owns the language in which rows tell what JSON looks like, as JSON Schemas (2020-12).
 *
 * The shape of an answer is written like parameters, `name:type` for each member of an object
 *   type    text, int, bigint, number, bool, time (RFC 3339), json (anything), object (any), the
 *           name of a shape (api/shapes.def), or a list of one of these: [Post]
 *   then    ? = may be null, - = may be absent
 * or is one type without a name. What else is known of a member or a parameter, its meaning, its
 * bounds, its words, stands in api/fields.def.
 */
#ifndef SB_API_SHAPES_H
#define SB_API_SHAPES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* What a schema is for. */
enum sb_schema_use
{
	SB_SCHEMA_EXACT, /* to hold answers against: nothing but these members */
	SB_SCHEMA_OPEN   /* for documents: a client takes no notice of members that it does not know */
};

/*
 * Whether every shape can be read and every field is one that fits what has its name; false with
 * one line on standard error. After the routes' parameters and answers have been read by
 * sb_shapes_schema() and sb_shapes_describe(), which note what they meet.
 */
extern bool sb_shapes_check(void);

/*
 * The schema of a shape as it is written at that place (the name of a shape or a route). NULL with
 * the faulty item in *problem, which the caller frees.
 */
extern json_t *sb_shapes_schema(const char *text, const char *place, enum sb_schema_use use,
								char **problem);

/* The schemas of all shapes, by name, each with its description. After sb_shapes_check(). */
extern json_t *sb_shapes_all(enum sb_schema_use use);

/*
 * Adds to the schema of a parameter what is known of it: the route's name, its own. False where the
 * field does not fit its type.
 */
extern bool sb_shapes_describe(json_t *schema, const char *place, const char *name);

/* Makes a schema one that null fits, too; takes it over. */
extern json_t *sb_shapes_or_null(json_t *schema);

/* Prints the shapes as rows of a table in Markdown. */
extern void sb_shapes_print(FILE *out);

#endif /* SB_API_SHAPES_H */
