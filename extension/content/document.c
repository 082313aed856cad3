/*
 * document.c owns rows as JSON objects that hold what is asked of them: posts, comments and people,
 * with what they lead to. A page holds twenty rows and more; as SQL the joins and sub-selects of
 * each cost several times what they read. Whether the viewer sees a row is asked here (sight.h),
 * once for each; test/pgtap/row_document.sql compares with the views.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/json.h"
#include "utils/snapmgr.h"

#include "base/column.h"
#include "base/errors.h"
#include "base/place.h"
#include "base/table.h"
#include "base/walk.h"
#include "content/document.h"
#include "content/post_media.h"
#include "content/post_mention.h"
#include "counter/counter.h"
#include "media/address.h"
#include "viewer/sight.h"

PG_FUNCTION_INFO_V1(social_document);
PG_FUNCTION_INFO_V1(social_post_document);
PG_FUNCTION_INFO_V1(social_comment_document);
PG_FUNCTION_INFO_V1(social_person_document);

/* What REST shows. */
#define PERSON                                                                                     \
	"id=id,username=username,first_name=first_name,last_name=last_name,avatar=avatar,"             \
	"profile_image=avatar,avatar_url=avatar_url"
#define QUOTED                                                                                     \
	"id=id,author=user.author_id(" PERSON "),title=title,content=content,image=image,video=video," \
	"media=media,created_at=created_at"
#define POST                                                                                       \
	"id=id,author=user.author_id(" PERSON "),title=title,content=content,hashtags=hashtags,"       \
	"mentions=mentions,image=image,video=video,media=media,quoted_post_id=quoted_post_id,"         \
	"quoted_post=post.quoted_post_id(" QUOTED "),is_published=is_published,"                       \
	"visibility=visibility,reply_settings=reply_settings,is_pinned=is_pinned,"                     \
	"is_highlighted=is_highlighted,likes_count=likes_count,comments_count=comments_count,"         \
	"reposts_count=reposts_count,views_count=views_count,language=language,is_edited=is_edited,"   \
	"edited_at=edited_at,publish_at=publish_at,created_at=created_at,updated_at=updated_at"
#define COMMENT                                                                                    \
	"id=id,post_id=post_id,author=user.author_id(" PERSON "),parent_id=parent_id,"                 \
	"parent_comment=parent_id,content=content,is_edited=is_edited,edited_at=edited_at,"            \
	"is_deleted=is_deleted,likes_count=likes_count,replies_count=replies_count,"                   \
	"created_at=created_at,updated_at=updated_at"

/* The largest text of a time, as JsonEncodeDateTime() wants it. */
#define TIME_SIZE 128

/* A row that is being written. */
struct row
{
	enum social_document_kind kind;
	int64 id;
	const Datum *values;
	const bool *isnull;
	int64 counts[SOCIAL_COUNTER_COLUMNS_MAX];
	bool has_counts;
	HeapTuple profile;
	bool has_profile; /* it has been looked for */
};

/* Closes what a call has opened; what was read of the members is as it was. */
static void
let_go(struct social_document_rows *rows)
{
	if (rows->walk != NULL)
		social_walk_close(rows->walk);
	rows->walk = NULL;
	rows->values = NULL;
	rows->isnull = NULL;
	rows->is_taken = false;
	for (struct social_document_member *at = rows->members; at != NULL; at = at->next)
	{
		if (at->rows != NULL)
			let_go(at->rows);
	}
}

void
social_document_end(struct social_documents *documents, struct social_document_rows *rows)
{
	let_go(rows);
	if (documents->people != NULL)
		let_go(documents->people);
	for (int i = 0; i < SOCIAL_DOCUMENT_KINDS; i++)
	{
		if (documents->tables[i] != NULL)
			table_close(documents->tables[i], NoLock);
	}
	if (documents->profiles != NULL)
		table_close(documents->profiles, NoLock);
}

static Relation
table_of(struct social_documents *documents, enum social_document_kind kind)
{
	if (documents->tables[kind] == NULL)
		documents->tables[kind] = social_table_open(social_document_table(kind), AccessShareLock);
	return documents->tables[kind];
}

/* ---- values --------------------------------------------------------------------------------- */

static void
add_text(StringInfo out, Datum value, enum social_document_form form)
{
	char *string = TextDatumGetCString(value);

	escape_json(out, form == SOCIAL_DOCUMENT_UPPER ? asc_toupper(string, strlen(string)) : string);
	pfree(string);
}

static void
add_texts(StringInfo out, Datum array)
{
	Datum *items;
	bool *nulls;
	int nitems;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls,
					  &nitems);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < nitems; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		if (nulls[i])
			appendStringInfoString(out, "null");
		else
			add_text(out, items[i], SOCIAL_DOCUMENT_PLAIN);
	}
	appendStringInfoChar(out, ']');
}

static void
add_number(StringInfo out, int64 number, enum social_document_form form)
{
	char digits[MAXINT8LEN + 1];
	int len = pg_lltoa(number, digits);

	if (form == SOCIAL_DOCUMENT_TEXT)
		appendStringInfoChar(out, '"');
	appendBinaryStringInfo(out, digits, len);
	if (form == SOCIAL_DOCUMENT_TEXT)
		appendStringInfoChar(out, '"');
}

static void
add_value(StringInfo out, Datum value, bool isnull, const struct social_document_member *member)
{
	char time[TIME_SIZE];

	if (isnull)
	{
		appendStringInfoString(out, "null");
		return;
	}
	switch (member->type)
	{
		case BOOLOID:
			appendStringInfoString(out, DatumGetBool(value) ? "true" : "false");
			break;
		case INT8OID:
			add_number(out, DatumGetInt64(value), member->form);
			break;
		case TIMESTAMPTZOID:
			JsonEncodeDateTime(time, value, TIMESTAMPTZOID, NULL);
			appendStringInfoChar(out, '"');
			appendStringInfoString(out, time);
			appendStringInfoChar(out, '"');
			break;
		case TEXTARRAYOID:
			add_texts(out, value);
			break;
		default:
			add_text(out, value, member->form);
	}
}

/* ---- what stands beside a row --------------------------------------------------------------- */

static int64
count_of(struct row *row, int column)
{
	if (!row->has_counts)
		social_counter_read(&social_counters[social_document_counter(row->kind)], row->id,
							row->counts);
	row->has_counts = true;
	return row->counts[column];
}

/* A column of a person's profile, of which some have none. */
static Datum
profile_value(struct social_documents *documents, struct row *row, int column, bool *isnull)
{
	if (documents->profiles == NULL)
		documents->profiles = social_table_open("profiles", AccessShareLock);
	if (!row->has_profile)
		row->profile = social_place_find(documents->profiles, row->id, GetActiveSnapshot());
	row->has_profile = true;
	*isnull = row->profile == NULL;
	return *isnull
			   ? (Datum) 0
			   : heap_getattr(row->profile, column, RelationGetDescr(documents->profiles), isnull);
}

/* The same as it is shown: who has none has an empty one, without addresses of pictures. */
static void
add_profile(struct social_documents *documents, struct row *row,
			const struct social_document_member *member)
{
	bool isnull;
	Datum value = profile_value(documents, row, member->column, &isnull);

	if (row->profile == NULL &&
		TupleDescAttr(RelationGetDescr(documents->profiles), member->column - 1)->attnotnull)
		appendStringInfoString(&documents->out, "\"\"");
	else
		add_value(&documents->out, value, isnull, member);
}

/* Where a picture of the profile can be seen. */
static void
add_picture(struct social_documents *documents, struct row *row, int column)
{
	bool isnull;
	Datum value = profile_value(documents, row, column, &isnull);
	text *picture = isnull ? NULL : DatumGetTextPP(value);
	const char *url = picture == NULL ? NULL
									  : social_address_of_picture(VARDATA_ANY(picture),
																  VARSIZE_ANY_EXHDR(picture));

	if (url == NULL)
		appendStringInfoString(&documents->out, "null");
	else
		escape_json(&documents->out, url);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void add_rows(struct social_documents *documents, struct social_document_rows *rows,
					 Datum key, bool isnull);

static void
add_member(struct social_documents *documents, struct row *row,
		   const struct social_document_member *member)
{
	StringInfo out = &documents->out;
	Datum value = member->column > 0 && row->values ? row->values[member->column - 1] : (Datum) 0;
	bool isnull = member->column > 0 && row->values ? row->isnull[member->column - 1] : true;

	appendStringInfoString(out, member->key);
	switch (member->part)
	{
		case SOCIAL_DOCUMENT_COLUMN:
			add_value(out, value, isnull, member);
			break;
		case SOCIAL_DOCUMENT_IS_SET:
			appendStringInfoString(out, isnull ? "false" : "true");
			break;
		case SOCIAL_DOCUMENT_COUNT:
			add_number(out, count_of(row, member->column), member->form);
			break;
		case SOCIAL_DOCUMENT_PROFILE:
			add_profile(documents, row, member);
			break;
		case SOCIAL_DOCUMENT_PICTURE:
			add_picture(documents, row, member->column);
			break;
		case SOCIAL_DOCUMENT_MEDIA:
			social_post_media_add(out, row->id, row->values, row->isnull);
			break;
		case SOCIAL_DOCUMENT_MENTIONS:
			social_post_mentions_add(out, row->id, row->values,
									 table_of(documents, SOCIAL_DOCUMENT_USER));
			break;
		case SOCIAL_DOCUMENT_CONSTANT:
			appendStringInfoString(out, member->constant);
			break;
		case SOCIAL_DOCUMENT_ROWS:
			add_rows(documents, member->rows, value, isnull);
			break;
		case SOCIAL_DOCUMENT_TAG_NAME: /* of items, which are no rows */
			break;
	}
}

/* Of a deleted comment only its place is left (visible_comments). */
static void
empty_comment(Datum *values, bool *isnull)
{
	if (isnull[SOCIAL_COMMENTS_DELETED_AT - 1])
		return;
	isnull[SOCIAL_COMMENTS_AUTHOR_ID - 1] = true;
	values[SOCIAL_COMMENTS_CONTENT - 1] = PointerGetDatum(cstring_to_text(""));
	values[SOCIAL_COMMENTS_IS_EDITED - 1] = BoolGetDatum(false);
	isnull[SOCIAL_COMMENTS_EDITED_AT - 1] = true;
	values[SOCIAL_COMMENTS_UPDATED_AT - 1] = values[SOCIAL_COMMENTS_DELETED_AT - 1];
}

void
social_document_add(struct social_documents *documents, struct social_document_rows *rows,
					HeapTuple tuple)
{
	TupleDesc columns = RelationGetDescr(table_of(documents, rows->source->kind));
	struct row row = {.kind = rows->source->kind};
	char before = '{';

	if (rows->values == NULL)
	{
		rows->values = palloc(columns->natts * sizeof(Datum));
		rows->isnull = palloc(columns->natts * sizeof(bool));
	}
	heap_deform_tuple(tuple, columns, rows->values, rows->isnull);
	if (row.kind == SOCIAL_DOCUMENT_COMMENT)
		empty_comment(rows->values, rows->isnull);
	row.id = DatumGetInt64(rows->values[SOCIAL_COLUMN_ID - 1]);
	row.values = rows->values;
	row.isnull = rows->isnull;
	for (struct social_document_member *at = rows->members; at != NULL; at = at->next)
	{
		appendStringInfoChar(&documents->out, before);
		before = ',';
		add_member(documents, &row, at);
	}
	appendStringInfoChar(&documents->out, '}');
}

/* A copy of the row of this id; NULL where the viewer does not see it. */
static HeapTuple
find_row(struct social_documents *documents, enum social_document_kind kind, int64 id)
{
	Relation table = table_of(documents, kind);
	HeapTuple row;

	if (kind == SOCIAL_DOCUMENT_USER)
		return social_sight_person(table, id);
	row = social_place_find(table, id, GetActiveSnapshot());
	if (row == NULL)
		return NULL;
	return (kind == SOCIAL_DOCUMENT_POST
				? social_sight_shows_post(row, RelationGetDescr(table), false)
				: social_sight_shows_comment(row, RelationGetDescr(table), false))
			   ? row
			   : NULL;
}

void
social_document_add_id(struct social_documents *documents, struct social_document_rows *rows,
					   int64 id)
{
	HeapTuple row = find_row(documents, rows->source->kind, id);

	if (row == NULL)
	{
		appendStringInfoString(&documents->out, "null");
		return;
	}
	social_document_add(documents, rows, row);
	heap_freetuple(row);
}

void
social_document_add_shared(struct social_documents *documents, struct social_document_rows *rows,
						   HeapTuple post, int64 reposter, TimestampTz reposted_at)
{
	static const struct social_document_member at = {.type = TIMESTAMPTZOID};
	StringInfo out = &documents->out;

	social_document_add(documents, rows, post);
	out->data[--out->len] = '\0'; /* two more members go in before its end */
	if (documents->people == NULL)
		documents->people = social_document_take("user", PERSON, strlen(PERSON));
	appendStringInfoString(out, ",\"reposted_by\":");
	if (reposter != 0)
		social_document_add_id(documents, documents->people, reposter);
	else
		appendStringInfoString(out, "null");
	appendStringInfoString(out, ",\"reposted_at\":");
	add_value(out, TimestampTzGetDatum(reposted_at), reposter == 0, &at);
	appendStringInfoChar(out, '}');
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* How many rows a list may have. */
static int
size_of(const struct social_documents *documents, const struct social_document_rows *rows)
{
	if (rows->size < 1 || rows->size > documents->nsizes || documents->sizes[rows->size - 1] < 0)
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid page size"),
						errdetail("Of the list %s.", rows->source->name)));
	return documents->sizes[rows->size - 1];
}

/* Starts the walk over what the list is made of. */
static struct social_walk *
start_walk(struct social_documents *documents, struct social_document_rows *rows, int64 key)
{
	const struct social_document_source *source = rows->source;

	if (rows->walk == NULL)
	{
		rows->walk = palloc(sizeof(*rows->walk));
		social_walk_open(rows->walk, social_document_table(source->kind), source->index);
	}
	social_walk_start(rows->walk, source->nkeys, &key, source->newest_first,
					  source->newest_first ? SOCIAL_WALK_NEWEST : SOCIAL_WALK_OLDEST,
					  SOCIAL_WALK_NO_BUDGET);
	return rows->walk;
}

bool
social_document_is_listed(const struct social_document_rows *rows, HeapTuple row, TupleDesc columns)
{
	return rows->source->kind == SOCIAL_DOCUMENT_POST
			   ? social_sight_shows_post(row, columns, true)
			   : social_sight_shows_comment(row, columns, true);
}

static void
add_list(struct social_documents *documents, struct social_document_rows *rows, int64 key)
{
	int left = size_of(documents, rows);
	struct social_walk *walk = start_walk(documents, rows, key);
	TupleDesc columns = RelationGetDescr(walk->table);
	const char *before = "";

	appendStringInfoChar(&documents->out, '[');
	while (left > 0 && social_walk_next(walk))
	{
		bool is_copy;
		HeapTuple row = ExecFetchSlotHeapTuple(walk->slot, false, &is_copy);

		if (social_document_is_listed(rows, row, columns))
		{
			appendStringInfoString(&documents->out, before);
			social_document_add(documents, rows, row);
			before = ",";
			left--;
		}
		if (is_copy)
			heap_freetuple(row);
	}
	appendStringInfoChar(&documents->out, ']');
}

/* The items of an array as objects. */
static void
add_items(struct social_documents *documents, struct social_document_rows *rows, Datum array)
{
	StringInfo out = &documents->out;
	int size = size_of(documents, rows);
	Datum *items;
	bool *nulls;
	int nitems;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls,
					  &nitems);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < Min(nitems, size); i++)
	{
		char before = '{';

		if (i > 0)
			appendStringInfoChar(out, ',');
		for (struct social_document_member *at = rows->members; at != NULL; at = at->next)
		{
			appendStringInfoChar(out, before);
			before = ',';
			appendStringInfoString(out, at->key);
			if (at->part == SOCIAL_DOCUMENT_CONSTANT)
				appendStringInfoString(out, at->constant);
			else if (nulls[i])
				appendStringInfoString(out, "null");
			else
				add_text(out, items[i], at->form);
		}
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
}

/* What a key leads to: null or an object, or a list. */
static void
add_rows(struct social_documents *documents, struct social_document_rows *rows, Datum key,
		 bool isnull)
{
	const struct social_document_source *source = rows->source;

	check_stack_depth();
	if (isnull && (source->is_array || source->nkeys > 0))
		appendStringInfoString(&documents->out, "[]");
	else if (source->is_array)
		add_items(documents, rows, key);
	else if (source->index != NULL)
		add_list(documents, rows, isnull ? 0 : DatumGetInt64(key));
	else if (isnull)
		appendStringInfoString(&documents->out, "null");
	else
		social_document_add_id(documents, rows, DatumGetInt64(key));
}

/* ---- SQL ------------------------------------------------------------------------------------ */

static Datum
json_datum(const StringInfoData *json)
{
	return PointerGetDatum(cstring_to_text_with_len(json->data, json->len));
}

/* Begins documents, in the current memory context. */
static void
begin(struct social_documents *documents)
{
	memset(documents, 0, sizeof(*documents));
	initStringInfo(&documents->out);
}

struct social_document_rows *
social_document_begin(struct social_documents *documents, FunctionCallInfo fcinfo, int source,
					  int sizes, int members)
{
	ArrayType *array = PG_ARGISNULL(sizes) ? NULL : PG_GETARG_ARRAYTYPE_P(sizes);
	text *wanted;

	if (PG_ARGISNULL(source) || PG_ARGISNULL(members))
		return NULL;
	if (array != NULL && (ARR_NDIM(array) > 1 || array_contains_nulls(array)))
		ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("invalid page size"),
						errdetail("The sizes are a list of numbers.")));
	begin(documents);
	if (array != NULL)
	{
		documents->sizes = (const int32 *) ARR_DATA_PTR(array);
		documents->nsizes = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	}
	wanted = PG_GETARG_TEXT_PP(members);
	return social_document_take(text_to_cstring(PG_GETARG_TEXT_PP(source)), VARDATA_ANY(wanted),
								VARSIZE_ANY_EXHDR(wanted));
}

struct social_document_rows *
social_document_begin_rest(struct social_documents *documents, const char *source)
{
	static const struct
	{
		const char *source;
		const char *members;
	} lists[] = {
		{"posts", POST}, {"user_posts", POST}, {"comments", COMMENT}, {"replies", COMMENT}};

	for (size_t i = 0; i < lengthof(lists); i++)
	{
		if (strcmp(lists[i].source, source) != 0)
			continue;
		begin(documents);
		return social_document_take(source, lists[i].members, strlen(lists[i].members));
	}
	ereport(ERROR, (errcode(ERRCODE_SOCIAL_BAD_REQUEST), errmsg("there is no such document"),
					errdetail("\"%s\" is no list.", source)));
	return NULL;
}

struct social_document_rows *
social_document_begin_person(struct social_documents *documents)
{
	begin(documents);
	return social_document_take("user", PERSON, strlen(PERSON));
}

/* The document of a key, or null. */
static Datum
make_document(struct social_documents *documents, struct social_document_rows *rows, Datum key,
			  bool isnull)
{
	add_rows(documents, rows, key, isnull);
	social_document_end(documents, rows);
	return strcmp(documents->out.data, "null") == 0 ? (Datum) 0 : json_datum(&documents->out);
}

/* The same in the words of REST. */
static Datum
make_one(FunctionCallInfo fcinfo, const char *source, const char *members)
{
	struct social_documents documents;
	Datum made;

	begin(&documents);
	made = make_document(&documents, social_document_take(source, members, strlen(members)),
						 PG_GETARG_DATUM(0), false);
	fcinfo->isnull = made == (Datum) 0;
	return made;
}

/* document(source text, key bigint, sizes integer[], members text) json; SM400. */
Datum
social_document(PG_FUNCTION_ARGS)
{
	struct social_documents documents;
	struct social_document_rows *rows = social_document_begin(&documents, fcinfo, 0, 2, 3);
	Datum made = (Datum) 0;

	if (rows != NULL)
		made = make_document(&documents, rows, PG_GETARG_DATUM(1), PG_ARGISNULL(1));
	fcinfo->isnull = made == (Datum) 0;
	return made;
}

/* person_document(user_id bigint) json: null for somebody whom the viewer does not see. */
Datum
social_person_document(PG_FUNCTION_ARGS)
{
	return make_one(fcinfo, "user", PERSON);
}

/* post_document(post_id bigint) json: null for a post that the viewer does not see. */
Datum
social_post_document(PG_FUNCTION_ARGS)
{
	return make_one(fcinfo, "post", POST);
}

/* comment_document(comment_id bigint) json: null for a comment that the viewer does not see. */
Datum
social_comment_document(PG_FUNCTION_ARGS)
{
	return make_one(fcinfo, "comment", COMMENT);
}
