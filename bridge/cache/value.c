/*
 * value.c owns how an answer of the database stands in Redis.
 *
 *   head   magic, how the rest is coded, the length of the row below, a digest of all that is not
 *          the digest, the version: its number and its epoch, padded with NULs
 *   row    how many columns; of each the name and the value, each its length and its bytes; the
 *          length of a null is NULL_LENGTH
 *
 * Numbers are little-endian. A digest finds what has become of bytes by accident, not what somebody
 * has made with care: who may write to our Redis could as well answer in its stead.
 */
#include "cache/value.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/zstream.h"

#define MAGIC       "SoC1"
#define DIGEST_AT   12
#define NUMBER_AT   20
#define EPOCH_AT    28
#define HEAD        (EPOCH_AT + SB_VERSION_EPOCH_MAX)
#define COLUMNS_MAX 8
#define NULL_LENGTH UINT32_MAX

enum coding
{
	PLAIN,
	ZLIB
};

/* ---- numbers --------------------------------------------------------------------------------- */

static void
put_number(char *out, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		out[i] = (char) (number >> (8 * i));
}

static uint64_t
get_number(const char *in, int bytes)
{
	uint64_t number = 0;

	for (int i = 0; i < bytes; i++)
		number |= (uint64_t) (unsigned char) in[i] << (8 * i);
	return number;
}

/* Of a whole value, but for the place where it stands itself. */
static uint64_t
digest_of(const char *bytes, size_t len)
{
	return XXH3_64bits_withSeed(bytes + NUMBER_AT, len - NUMBER_AT, XXH3_64bits(bytes, DIGEST_AT));
}

/* ---- zlib ------------------------------------------------------------------------------------ */

/* A compressed row behind a head, or NULL when that is no smaller. */
static char *
compress_row(const char *row, size_t len, size_t *whole)
{
	z_stream *stream = sb_zstream(SB_ZSTREAM_DEFLATE);
	char *bytes = sb_malloc(HEAD + len);

	stream->next_in = (Bytef *) row;
	stream->avail_in = (uInt) len;
	stream->next_out = (Bytef *) bytes + HEAD;
	stream->avail_out = (uInt) len;
	if (deflate(stream, Z_FINISH) == Z_STREAM_END)
	{
		*whole = HEAD + stream->total_out;
		return bytes;
	}
	free(bytes);
	return NULL;
}

/* A row of just this length, malloc'd; NULL when the bytes are not that. */
static char *
expand_row(const char *bytes, size_t len, size_t row_len)
{
	z_stream *stream = sb_zstream(SB_ZSTREAM_INFLATE);
	char *row = sb_malloc(row_len + 1);

	stream->next_in = (Bytef *) bytes;
	stream->avail_in = (uInt) len;
	stream->next_out = (Bytef *) row;
	stream->avail_out = (uInt) row_len;
	if (inflate(stream, Z_FINISH) == Z_STREAM_END && stream->total_out == row_len &&
		stream->avail_in == 0)
		return row;
	free(row);
	return NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void
append_field(struct sb_buffer *row, const char *bytes, size_t len)
{
	char number[4];

	put_number(number, bytes ? len : NULL_LENGTH, 4);
	sb_buffer_append(row, number, 4);
	if (bytes)
		sb_buffer_append(row, bytes, len);
}

static bool
make_row(const PGresult *result, struct sb_buffer *row)
{
	int columns = PQnfields(result);

	if (PQntuples(result) != 1 || columns < 1 || columns > COLUMNS_MAX ||
		PQgetisnull(result, 0, 0) || PQgetlength(result, 0, 0) > SB_VALUE_MAX)
		return false;
	sb_buffer_reserve(row, (size_t) PQgetlength(result, 0, 0) + 512);
	sb_buffer_putc(row, (char) columns);
	for (int i = 0; i < columns; i++)
	{
		const char *value = PQgetisnull(result, 0, i) ? NULL : PQgetvalue(result, 0, i);

		append_field(row, PQfname(result, i), strlen(PQfname(result, i)));
		append_field(row, value, (size_t) PQgetlength(result, 0, i));
	}
	return row->len <= SB_VALUE_MAX - HEAD;
}

char *
sb_value_encode(const PGresult *result, const struct sb_version *version, size_t compress_min,
				size_t *len)
{
	struct sb_buffer row = {0};
	enum coding coding = ZLIB;
	char *bytes = NULL;

	if (!make_row(result, &row))
	{
		sb_buffer_free(&row);
		return NULL;
	}
	if (compress_min > 0 && row.len >= compress_min)
		bytes = compress_row(row.data, row.len, len);
	if (bytes == NULL)
	{
		coding = PLAIN;
		*len = HEAD + row.len;
		bytes = sb_malloc(*len);
		memcpy(bytes + HEAD, row.data, row.len);
	}
	memcpy(bytes, MAGIC, 4);
	put_number(bytes + 4, coding, 4);
	put_number(bytes + 8, row.len, 4);
	put_number(bytes + NUMBER_AT, version->number, 8);
	memset(bytes + EPOCH_AT, 0, SB_VERSION_EPOCH_MAX);
	memcpy(bytes + EPOCH_AT, version->epoch, strlen(version->epoch));
	put_number(bytes + DIGEST_AT, digest_of(bytes, *len), 8);
	sb_buffer_free(&row);
	return bytes;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct field
{
	char *bytes; /* NULL = null */
	size_t len;
};

/* The next field of a row; the byte behind it is there, and is the caller's to end it with. */
static bool
take_field(char **at, const char *end, struct field *field)
{
	uint64_t len;

	if (end - *at < 4)
		return false;
	len = get_number(*at, 4);
	*at += 4;
	*field = (struct field){NULL, 0};
	if (len == NULL_LENGTH)
		return true;
	if (len > (uint64_t) (end - *at))
		return false;
	*field = (struct field){*at, len};
	*at += len;
	return true;
}

/* The columns of a row; how many, 0: it is none. */
static int
split_row(char *row, size_t len, struct field names[COLUMNS_MAX], struct field values[COLUMNS_MAX])
{
	char *at = row + 1;
	const char *end = row + len;
	int columns = len > 0 ? row[0] : 0;

	if (columns < 1 || columns > COLUMNS_MAX)
		return 0;
	for (int i = 0; i < columns; i++)
		if (!take_field(&at, end, &names[i]) || names[i].bytes == NULL ||
			!take_field(&at, end, &values[i]))
			return 0;
	return at == end && values[0].bytes ? columns : 0;
}

/* A result of one row; the lengths of its texts lie behind them no more. */
static PGresult *
make_result(int columns, struct field *names, struct field *values)
{
	PGresult *result = sb_checked(PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK));
	PGresAttDesc attributes[COLUMNS_MAX];
	bool is_whole;

	memset(attributes, 0, sizeof(attributes));
	for (int i = 0; i < columns; i++)
	{
		names[i].bytes[names[i].len] = '\0';
		attributes[i].name = names[i].bytes;
	}
	is_whole = PQsetResultAttrs(result, columns, attributes);
	for (int i = 0; i < columns; i++)
		is_whole = is_whole && PQsetvalue(result, 0, i, values[i].bytes,
										  values[i].bytes ? (int) values[i].len : -1);
	if (is_whole)
		return result;
	PQclear(result);
	return NULL;
}

static bool
read_head(const char *bytes, size_t len, struct sb_version *version, size_t *row_len)
{
	if (len < HEAD || len > SB_VALUE_MAX || memcmp(bytes, MAGIC, 4) != 0 ||
		get_number(bytes + DIGEST_AT, 8) != digest_of(bytes, len))
		return false;
	*row_len = get_number(bytes + 8, 4);
	version->number = get_number(bytes + NUMBER_AT, 8);
	memcpy(version->epoch, bytes + EPOCH_AT, SB_VERSION_EPOCH_MAX);
	version->epoch[SB_VERSION_EPOCH_MAX] = '\0';
	return *row_len > 0 && *row_len <= SB_VALUE_MAX;
}

PGresult *
sb_value_decode(const char *bytes, size_t len, struct sb_version *version)
{
	struct field names[COLUMNS_MAX];
	struct field values[COLUMNS_MAX];
	PGresult *result = NULL;
	size_t row_len;
	char *row = NULL;
	int columns;

	if (!read_head(bytes, len, version, &row_len))
		return NULL;
	if (get_number(bytes + 4, 4) == ZLIB)
		row = expand_row(bytes + HEAD, len - HEAD, row_len);
	else if (get_number(bytes + 4, 4) == PLAIN && len - HEAD == row_len)
	{
		row = sb_malloc(row_len + 1);
		memcpy(row, bytes + HEAD, row_len);
	}
	if (row == NULL)
		return NULL;
	columns = split_row(row, row_len, names, values);
	if (columns > 0)
		result = make_result(columns, names, values);
	free(row);
	return result;
}
