/* error.c owns the collecting and printing of request errors (specification section 7.1). */
#include "graphql/error.h"

#include <string.h>

#include "base/utf8.h"

static void
fail_at(struct gql_errors *errors, const char *code, uint32_t at, uint32_t also, const char *format,
		va_list args)
{
	if (gql_errors_full(errors))
		return;
	errors->items[errors->n++] = (struct gql_error){
		.code = code, .message = sb_arena_vprintf(errors->arena, format, args), .at = {at, also}};
}

void
gql_fail(struct gql_errors *errors, const char *code, uint32_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(errors, code, at, GQL_NOWHERE, format, args);
	va_end(args);
}

void
gql_fail2(struct gql_errors *errors, const char *code, uint32_t at, uint32_t also,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(errors, code, at, also, format, args);
	va_end(args);
}

void
gql_fail_field(struct gql_errors *errors, const char *path, const char *code, uint32_t at,
			   const char *format, va_list args)
{
	if (gql_errors_full(errors))
		return;
	fail_at(errors, code, at, GQL_NOWHERE, format, args);
	errors->items[errors->n - 1].path = path;
}

void
gql_locate(const char *source, size_t len, uint32_t at, int *line, int *column)
{
	size_t stop = at < len ? at : len;

	*line = 1;
	*column = 1;
	for (size_t i = 0; i < stop;)
	{
		int width = sb_utf8_width(source + i, len - i);

		if (source[i] == '\n' || source[i] == '\r')
		{
			if (source[i] == '\r' && i + 1 < stop && source[i + 1] == '\n')
				i++;
			(*line)++;
			*column = 1;
		}
		else
			(*column)++;
		i += width ? (size_t) width : 1;
	}
}

static void
print_place(struct sb_buffer *out, const char *source, size_t len, uint32_t at)
{
	int line;
	int column;

	gql_locate(source, len, at, &line, &column);
	sb_buffer_printf(out, "{\"line\":%d,\"column\":%d}", line, column);
}

void
gql_print_location(struct sb_buffer *out, const char *source, size_t len, uint32_t at)
{
	sb_buffer_puts(out, "\"locations\":[");
	print_place(out, source, len, at);
	sb_buffer_putc(out, ']');
}

void
gql_print_error(struct sb_buffer *out, const struct gql_errors *errors,
				const struct gql_error *error)
{
	sb_buffer_puts(out, "{\"message\":");
	sb_buffer_put_json(out, error->message, strlen(error->message));
	if (error->at[0] != GQL_NOWHERE)
	{
		sb_buffer_puts(out, ",\"locations\":[");
		print_place(out, errors->source, errors->source_len, error->at[0]);
		if (error->at[1] != GQL_NOWHERE)
		{
			sb_buffer_putc(out, ',');
			print_place(out, errors->source, errors->source_len, error->at[1]);
		}
		sb_buffer_putc(out, ']');
	}
	if (error->path)
		sb_buffer_printf(out, ",\"path\":%s", error->path);
	sb_buffer_printf(out, ",\"extensions\":{\"code\":\"%s\"}}", error->code);
}

void
gql_print_errors(struct sb_buffer *out, const struct gql_errors *errors)
{
	sb_buffer_putc(out, '[');
	for (int i = 0; i < errors->n; i++)
	{
		if (i > 0)
			sb_buffer_putc(out, ',');
		gql_print_error(out, errors, &errors->items[i]);
	}
	sb_buffer_putc(out, ']');
}
