/*
 * document_shape.c owns reading what a document is asked to hold (see document_shape.h). Columns go
 * by the names that they have in the view of the kind, and only what the view has can be asked for.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "base/column.h"
#include "base/errors.h"
#include "base/table.h"
#include "content/document_shape.h"
#include "counter/counter.h"

static const struct social_document_source sources[] = {
	{.name = "user", .kind = SOCIAL_DOCUMENT_USER},
	{.name = "post", .kind = SOCIAL_DOCUMENT_POST},
	{.name = "comment", .kind = SOCIAL_DOCUMENT_COMMENT},
	{.name = "posts",
	 .kind = SOCIAL_DOCUMENT_POST,
	 .index = "posts_position_key",
	 .order = SOCIAL_POSTS_POSITION,
	 .page = "posts",
	 .newest_first = true},
	{.name = "user_posts",
	 .kind = SOCIAL_DOCUMENT_POST,
	 .index = "posts_author_position_idx",
	 .nkeys = 1,
	 .order = SOCIAL_POSTS_POSITION,
	 .page = "user_posts",
	 .newest_first = true},
	{.name = "comments",
	 .kind = SOCIAL_DOCUMENT_COMMENT,
	 .index = "comments_top_idx",
	 .nkeys = 1,
	 .order = SOCIAL_COLUMN_ID,
	 .page = "post_comments"},
	{.name = "replies",
	 .kind = SOCIAL_DOCUMENT_COMMENT,
	 .index = "comments_parent_idx",
	 .nkeys = 1,
	 .order = SOCIAL_COLUMN_ID,
	 .page = "comment_replies"},
	{.name = "tags", .kind = SOCIAL_DOCUMENT_TAG, .is_array = true},
};

static const struct
{
	const char *table;
	const char *view;
	const char *beside; /* a table of the same key, whose row may be missing */
	int counter;
} kinds[SOCIAL_DOCUMENT_KINDS] = {
	[SOCIAL_DOCUMENT_USER] = {"users", "visible_users", "profiles", SOCIAL_USER_COUNTERS},
	[SOCIAL_DOCUMENT_POST] = {"posts", "visible_posts", NULL, SOCIAL_POST_COUNTERS},
	[SOCIAL_DOCUMENT_COMMENT] = {"comments", "visible_comments", NULL, SOCIAL_COMMENT_COUNTERS},
};

/* What is made of another column, and what no view has. */
static const struct
{
	enum social_document_kind kind;
	const char *name;
	enum social_document_part part;
	const char *column;
} rules[] = {
	{SOCIAL_DOCUMENT_POST, "is_edited", SOCIAL_DOCUMENT_IS_SET, "edited_at"},
	{SOCIAL_DOCUMENT_COMMENT, "is_deleted", SOCIAL_DOCUMENT_IS_SET, "deleted_at"},
	{SOCIAL_DOCUMENT_POST, "mentions", SOCIAL_DOCUMENT_MENTIONS, NULL},
	{SOCIAL_DOCUMENT_POST, "media", SOCIAL_DOCUMENT_MEDIA, NULL},
	{SOCIAL_DOCUMENT_USER, "avatar_url", SOCIAL_DOCUMENT_PICTURE, "avatar"},
	{SOCIAL_DOCUMENT_USER, "banner_url", SOCIAL_DOCUMENT_PICTURE, "banner_image"},
	{SOCIAL_DOCUMENT_TAG, "tag", SOCIAL_DOCUMENT_TAG_NAME, NULL},
};

const char *
social_document_table(enum social_document_kind kind)
{
	return kinds[kind].table;
}

int
social_document_counter(enum social_document_kind kind)
{
	return kinds[kind].counter;
}

static void
refuse(const char *what, const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("there is no such document"),
					errdetail("%s \"%s\".", what, name)));
}

/* ---- columns -------------------------------------------------------------------------------- */

/* Where the tables and views of a kind are open while a text is read. */
enum
{
	TABLE,
	VIEW,
	BESIDE,
	NPLACES
};

/* A text that is being read. */
struct reader
{
	const char *at;
	const char *end;
	Relation open[SOCIAL_DOCUMENT_KINDS][NPLACES];
};

/* The number of a column, 0 when the table or view has none of this name. */
static int
column_of(struct reader *reader, enum social_document_kind kind, int place, const char *name,
		  Oid *type)
{
	const char *names[] = {kinds[kind].table, kinds[kind].view, kinds[kind].beside};
	Relation *relation = &reader->open[kind][place];
	TupleDesc columns;

	if (names[place] == NULL)
		return 0;
	if (*relation == NULL)
		*relation = relation_open(social_relation_oid(names[place]), AccessShareLock);
	columns = RelationGetDescr(*relation);
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (column->attisdropped || strcmp(NameStr(column->attname), name) != 0)
			continue;
		*type = column->atttypid;
		return i + 1;
	}
	return 0;
}

static void
close_relations(struct reader *reader)
{
	for (int i = 0; i < SOCIAL_DOCUMENT_KINDS * NPLACES; i++)
	{
		Relation relation = reader->open[i / NPLACES][i % NPLACES];

		if (relation != NULL)
			relation_close(relation, NoLock);
	}
}

static bool
bind_rule(struct reader *reader, struct social_document_member *member,
		  enum social_document_kind kind, const char *name)
{
	for (size_t i = 0; i < lengthof(rules); i++)
	{
		if (rules[i].kind != kind || strcmp(rules[i].name, name) != 0)
			continue;
		member->part = rules[i].part;
		if (rules[i].column != NULL)
			member->column =
				column_of(reader, kind, rules[i].part == SOCIAL_DOCUMENT_PICTURE ? BESIDE : TABLE,
						  rules[i].column, &member->type);
		return true;
	}
	return false;
}

static bool
bind_count(struct social_document_member *member, enum social_document_kind kind, const char *name)
{
	const struct social_counter *counter = &social_counters[kinds[kind].counter];

	for (int i = 0; i < counter->ncolumns; i++)
	{
		if (strcmp(counter->columns[i], name) != 0)
			continue;
		member->part = SOCIAL_DOCUMENT_COUNT;
		member->column = i;
		member->type = INT8OID;
		return true;
	}
	return false;
}

/* Finds out where a column of the kind's view comes from. */
static void
bind_column(struct reader *reader, struct social_document_member *member,
			enum social_document_kind kind, const char *name)
{
	Oid type;

	if (bind_rule(reader, member, kind, name))
		return;
	if (column_of(reader, kind, VIEW, name, &type) == 0)
		refuse("There is no column", name);
	if (bind_count(member, kind, name))
		return;
	member->part = SOCIAL_DOCUMENT_COLUMN;
	member->column = column_of(reader, kind, TABLE, name, &member->type);
	if (member->column == 0)
	{
		member->part = SOCIAL_DOCUMENT_PROFILE;
		member->column = column_of(reader, kind, BESIDE, name, &member->type);
	}
	if (member->column == 0)
		refuse("No document has the column", name);
	if (member->type != TEXTOID && member->type != INT8OID && member->type != BOOLOID &&
		member->type != TIMESTAMPTZOID && member->type != TEXTARRAYOID)
		refuse("No document has columns of the type of", name);
}

/* ---- the text ------------------------------------------------------------------------------- */

/* Takes this character off the text. */
static bool
take(struct reader *reader, char wanted)
{
	if (reader->at == reader->end || *reader->at != wanted)
		return false;
	reader->at++;
	return true;
}

static void
require(struct reader *reader, char wanted)
{
	const char missing[] = {wanted, '\0'};

	if (!take(reader, wanted))
		refuse("The members lack a", missing);
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A name; palloc'd. */
static char *
take_word(struct reader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && is_word(*reader->at))
		reader->at++;
	if (reader->at == start)
		refuse("The members lack a name behind", pnstrdup(start, 0));
	return pnstrdup(start, reader->at - start);
}

static enum social_document_form
form_named(const char *name)
{
	if (strcmp(name, "text") == 0)
		return SOCIAL_DOCUMENT_TEXT;
	if (strcmp(name, "upper") != 0)
		refuse("There is no form", name);
	return SOCIAL_DOCUMENT_UPPER;
}

static const struct social_document_source *
source_named(const char *name)
{
	for (size_t i = 0; i < lengthof(sources); i++)
	{
		if (strcmp(sources[i].name, name) == 0)
			return &sources[i];
	}
	refuse("There is no source", name);
	return NULL;
}

static struct social_document_member *take_members(struct reader *reader,
												   enum social_document_kind kind);

/* "[1](members)" behind a source and its column. */
static struct social_document_rows *
take_rows(struct reader *reader, const char *source)
{
	struct social_document_rows *rows = palloc0(sizeof(*rows));

	rows->source = source_named(source);
	if (take(reader, '['))
	{
		rows->size = atoi(take_word(reader));
		require(reader, ']');
	}
	if ((rows->size > 0) != (rows->source->index != NULL || rows->source->is_array))
		refuse("A list has a size, and nothing else has: source", source);
	require(reader, '(');
	rows->members = take_members(reader, rows->source->kind);
	require(reader, ')');
	return rows;
}

/* The column must be what the source goes by. */
static void
check_key(const struct social_document_member *member, const char *column)
{
	const struct social_document_source *source = member->rows->source;

	if (member->type != (source->is_array ? TEXTARRAYOID : INT8OID))
		refuse("To rows of this source does not lead", column);
}

static void
take_value(struct reader *reader, struct social_document_member *member,
		   enum social_document_kind kind)
{
	char *name = take_word(reader);
	char *behind = take(reader, '.') ? take_word(reader) : NULL;

	if (reader->at < reader->end && (*reader->at == '[' || *reader->at == '('))
	{
		if (behind == NULL)
			refuse("No column leads to the rows of", name);
		bind_column(reader, member, kind, behind);
		member->rows = take_rows(reader, name);
		if (member->part != SOCIAL_DOCUMENT_COLUMN)
			refuse("To rows of this source does not lead", behind);
		check_key(member, behind);
		member->part = SOCIAL_DOCUMENT_ROWS;
		return;
	}
	bind_column(reader, member, kind, name);
	if (behind != NULL)
		member->form = form_named(behind);
}

static struct social_document_member *
take_member(struct reader *reader, enum social_document_kind kind)
{
	struct social_document_member *member = palloc0(sizeof(*member));

	member->key = psprintf("\"%s\":", take_word(reader));
	require(reader, '=');
	if (take(reader, '"'))
	{
		member->part = SOCIAL_DOCUMENT_CONSTANT;
		member->constant = psprintf("\"%s\"", take_word(reader));
		require(reader, '"');
	}
	else
		take_value(reader, member, kind);
	return member;
}

static struct social_document_member *
take_members(struct reader *reader, enum social_document_kind kind)
{
	struct social_document_member *first;
	struct social_document_member *last;

	check_stack_depth();
	first = last = take_member(reader, kind);
	while (take(reader, ','))
		last = last->next = take_member(reader, kind);
	return first;
}

struct social_document_rows *
social_document_read(const char *source, const char *members, int len)
{
	struct reader reader = {.at = members, .end = members + len};
	struct social_document_rows *rows = palloc0(sizeof(*rows));

	rows->source = source_named(source);
	if (rows->source->is_array)
		refuse("Only within another document stands", source);
	rows->size = rows->source->index != NULL ? 1 : 0;
	rows->members = take_members(&reader, rows->source->kind);
	if (reader.at != reader.end)
		refuse("The members go on with", pnstrdup(reader.at, reader.end - reader.at));
	close_relations(&reader);
	return rows;
}
