/* lex.c owns the scanner: source text to tokens, one pass, every lexical error with its place. */
#include "graphql/lex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum class
{
	OTHER,
	BLANK, /* white space, line ends and the insignificant comma */
	PUNCTUATOR,
	LETTER, /* also the underscore */
	DIGIT,
	QUOTE,
	DOT,
	HASH,
	MINUS,
};

static const uint8_t class_of[256] = {
	['\t'] = BLANK,     ['\n'] = BLANK,        ['\r'] = BLANK,         [' '] = BLANK,
	[','] = BLANK,      ['!'] = PUNCTUATOR,    ['$'] = PUNCTUATOR,     ['&'] = PUNCTUATOR,
	['('] = PUNCTUATOR, [')'] = PUNCTUATOR,    [':'] = PUNCTUATOR,     ['='] = PUNCTUATOR,
	['@'] = PUNCTUATOR, ['['] = PUNCTUATOR,    [']'] = PUNCTUATOR,     ['{'] = PUNCTUATOR,
	['|'] = PUNCTUATOR, ['}'] = PUNCTUATOR,    ['A' ... 'Z'] = LETTER, ['a' ... 'z'] = LETTER,
	['_'] = LETTER,     ['0' ... '9'] = DIGIT, ['"'] = QUOTE,          ['.'] = DOT,
	['#'] = HASH,       ['-'] = MINUS,
};

struct lexer
{
	const char *source;
	uint32_t len;
	uint32_t at;
	struct gql_errors *errors;
};

static inline int
class_at(const struct lexer *lexer, uint32_t at)
{
	return at < lexer->len ? class_of[(unsigned char) lexer->source[at]] : OTHER;
}

/* The byte at an offset, or 0 past the end. */
static inline unsigned char
byte_at(const struct lexer *lexer, uint32_t at)
{
	return at < lexer->len ? (unsigned char) lexer->source[at] : 0;
}

static bool
lex_error(struct lexer *lexer, uint32_t at, const char *what)
{
	int width;

	if (at >= lexer->len)
		gql_fail(lexer->errors, GQL_PARSE_FAILED, at, "Syntax Error: %s, found the end", what);
	else if ((width = sb_utf8_width(lexer->source + at, lexer->len - at)) == 0)
		gql_fail(lexer->errors, GQL_PARSE_FAILED, at, "Syntax Error: the document is not UTF-8");
	else if (width == 1 && !isprint((unsigned char) lexer->source[at]))
		gql_fail(lexer->errors, GQL_PARSE_FAILED, at, "Syntax Error: %s, found U+%04X", what,
				 (unsigned) lexer->source[at]);
	else
		gql_fail(lexer->errors, GQL_PARSE_FAILED, at, "Syntax Error: %s, found \"%.*s\"", what,
				 width, lexer->source + at);
	return false;
}

/* Skips one character that is not a line end; false when it is not UTF-8. */
static inline bool
skip_character(struct lexer *lexer)
{
	int width = sb_utf8_width(lexer->source + lexer->at, lexer->len - lexer->at);

	if (width == 0)
		return lex_error(lexer, lexer->at, "");
	lexer->at += (uint32_t) width;
	return true;
}

/* Skips the rest of a comment; `at` is on its sign. */
static bool
skip_comment(struct lexer *lexer)
{
	const char *source = lexer->source;
	uint32_t len = lexer->len;
	uint32_t at = lexer->at;

	while (at < len && source[at] != '\n' && source[at] != '\r')
	{
		if ((unsigned char) source[at] < 0x80)
		{
			at++;
			continue;
		}
		lexer->at = at;
		if (!skip_character(lexer))
			return false;
		at = lexer->at;
	}
	lexer->at = at;
	return true;
}

/* Skips blanks, comments and byte order marks. */
static bool
skip_ignored(struct lexer *lexer)
{
	const char *source = lexer->source;
	uint32_t len = lexer->len;

	for (;;)
	{
		uint32_t at = lexer->at;

		while (at < len && class_of[(unsigned char) source[at]] == BLANK)
			at++;
		lexer->at = at;
		if (class_at(lexer, at) == HASH)
		{
			if (!skip_comment(lexer))
				return false;
		}
		else if (len - at >= 3 && memcmp(source + at, "\xEF\xBB\xBF", 3) == 0)
			lexer->at += 3;
		else
			return true;
	}
}

/* IntValue and FloatValue; neither may be followed by a digit, a dot or a letter. */
static bool
lex_number(struct lexer *lexer, uint8_t *kind)
{
	*kind = GQL_INT;
	if (byte_at(lexer, lexer->at) == '-')
		lexer->at++;
	if (class_at(lexer, lexer->at) != DIGIT)
		return lex_error(lexer, lexer->at, "a number needs a digit here");
	if (byte_at(lexer, lexer->at++) == '0')
	{
		if (class_at(lexer, lexer->at) == DIGIT)
			return lex_error(lexer, lexer->at, "a number has no leading zero");
	}
	while (class_at(lexer, lexer->at) == DIGIT)
		lexer->at++;
	if (byte_at(lexer, lexer->at) == '.')
	{
		*kind = GQL_FLOAT;
		lexer->at++;
		if (class_at(lexer, lexer->at) != DIGIT)
			return lex_error(lexer, lexer->at, "a number needs a digit here");
		while (class_at(lexer, lexer->at) == DIGIT)
			lexer->at++;
	}
	if ((byte_at(lexer, lexer->at) | 0x20) == 'e')
	{
		*kind = GQL_FLOAT;
		lexer->at++;
		if (byte_at(lexer, lexer->at) == '+' || byte_at(lexer, lexer->at) == '-')
			lexer->at++;
		if (class_at(lexer, lexer->at) != DIGIT)
			return lex_error(lexer, lexer->at, "a number needs a digit here");
		while (class_at(lexer, lexer->at) == DIGIT)
			lexer->at++;
	}
	if (class_at(lexer, lexer->at) == DOT || class_at(lexer, lexer->at) == LETTER)
		return lex_error(lexer, lexer->at, "a number ends before this");
	return true;
}

/* Four hexadecimal digits at `at`; -1 when they are not. */
static int32_t
four_hex(const struct lexer *lexer, uint32_t at)
{
	int32_t value = 0;

	for (uint32_t i = at; i < at + 4; i++)
	{
		unsigned char c = byte_at(lexer, i);

		if (!isxdigit(c))
			return -1;
		value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

/* An escape of the form \u{X...}: a Unicode scalar value in any number of digits. */
static bool
lex_braced_escape(struct lexer *lexer, uint32_t start)
{
	uint32_t value = 0;
	uint32_t first = start + 3;

	lexer->at = first;
	while (isxdigit(byte_at(lexer, lexer->at)))
	{
		unsigned char c = byte_at(lexer, lexer->at++);

		if (value <= 0x10FFFF)
			value = value << 4 | (uint32_t) (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	if (lexer->at == first || byte_at(lexer, lexer->at) != '}' || value > 0x10FFFF ||
		(value >= 0xD800 && value <= 0xDFFF))
		return lex_error(lexer, start, "not a Unicode scalar value");
	lexer->at++;
	return true;
}

/* An escape in a quoted string; `at` is on the backslash. */
static bool
lex_escape(struct lexer *lexer)
{
	uint32_t start = lexer->at;
	unsigned char c = byte_at(lexer, start + 1);
	int32_t code;

	if (c && strchr("\"\\/bfnrt", c))
	{
		lexer->at += 2;
		return true;
	}
	if (c != 'u')
		return lex_error(lexer, start, "unknown escape");
	if (byte_at(lexer, start + 2) == '{')
		return lex_braced_escape(lexer, start);
	code = four_hex(lexer, start + 2);
	lexer->at += 6;
	if (code >= 0xD800 && code <= 0xDBFF)
	{
		/* A leading surrogate counts only together with a trailing one. */
		int32_t trail = -1;

		if (byte_at(lexer, lexer->at) == '\\' && byte_at(lexer, lexer->at + 1) == 'u')
			trail = four_hex(lexer, lexer->at + 2);
		lexer->at += 6;
		code = trail >= 0xDC00 && trail <= 0xDFFF ? 0 : -1;
	}
	if (code < 0 || (code >= 0xDC00 && code <= 0xDFFF))
		return lex_error(lexer, start, "not a Unicode scalar value");
	return true;
}

static bool
lex_quoted(struct lexer *lexer)
{
	lexer->at++;
	for (;;)
	{
		unsigned char c = byte_at(lexer, lexer->at);

		if (lexer->at >= lexer->len || c == '\n' || c == '\r')
			return lex_error(lexer, lexer->at, "a string must end on its line");
		if (c == '"')
		{
			lexer->at++;
			return true;
		}
		if (c == '\\' ? !lex_escape(lexer) : !skip_character(lexer))
			return false;
	}
}

static inline bool
starts_with(const struct lexer *lexer, const char *what, uint32_t len)
{
	return lexer->len - lexer->at >= len && memcmp(lexer->source + lexer->at, what, len) == 0;
}

static bool
lex_block(struct lexer *lexer)
{
	lexer->at += 3;
	while (!starts_with(lexer, "\"\"\"", 3))
	{
		if (lexer->at >= lexer->len)
			return lex_error(lexer, lexer->at, "a block string must end with \"\"\"");
		if (starts_with(lexer, "\\\"\"\"", 4))
			lexer->at += 4;
		else if (!skip_character(lexer))
			return false;
	}
	lexer->at += 3;
	return true;
}

/* Where the name at `at` ends. */
static uint32_t
end_of_name(const struct lexer *lexer)
{
	const char *source = lexer->source;
	uint32_t len = lexer->len;
	uint32_t at = lexer->at + 1;

	while (at < len && (class_of[(unsigned char) source[at]] == LETTER ||
						class_of[(unsigned char) source[at]] == DIGIT))
		at++;
	return at;
}

static bool
lex_token(struct lexer *lexer, uint8_t *kind)
{
	uint32_t start = lexer->at;

	switch (class_at(lexer, start))
	{
		case PUNCTUATOR:
			*kind = (uint8_t) lexer->source[lexer->at++];
			return true;
		case LETTER:
			*kind = GQL_NAME;
			lexer->at = end_of_name(lexer);
			return true;
		case DIGIT:
		case MINUS:
			return lex_number(lexer, kind);
		case QUOTE:
			*kind = starts_with(lexer, "\"\"\"", 3) ? GQL_BLOCK_STRING : GQL_STRING;
			return *kind == GQL_STRING ? lex_quoted(lexer) : lex_block(lexer);
		case DOT:
			*kind = GQL_SPREAD;
			if (!starts_with(lexer, "...", 3))
				return lex_error(lexer, start, "three dots are a spread, fewer are nothing");
			lexer->at += 3;
			return true;
		default:
			return lex_error(lexer, start, "no token starts like this");
	}
}

static struct gql_token *
next_slot(struct gql_tokens *tokens)
{
	if (tokens->n >= tokens->size)
	{
		tokens->size = tokens->size ? tokens->size * 2 : 512;
		tokens->items = realloc(tokens->items, tokens->size * sizeof(*tokens->items));
		if (!tokens->items)
			abort();
	}
	return &tokens->items[tokens->n];
}

bool
gql_lex(struct gql_tokens *tokens, const char *source, size_t len, uint32_t max_tokens,
		struct gql_errors *errors)
{
	struct lexer lexer = {.source = source, .len = (uint32_t) len, .errors = errors};

	tokens->n = 0;
	for (;;)
	{
		struct gql_token *token = next_slot(tokens);

		if (!skip_ignored(&lexer))
			return false;
		*token = (struct gql_token){.start = lexer.at, .kind = GQL_END};
		if (lexer.at >= lexer.len)
			return true;
		if (tokens->n >= max_tokens)
		{
			gql_fail(errors, GQL_LIMIT_EXCEEDED, lexer.at, "The document has more than %u tokens",
					 max_tokens);
			return false;
		}
		if (!lex_token(&lexer, &token->kind))
			return false;
		token->len = lexer.at - token->start;
		tokens->n++;
	}
}

void
gql_tokens_free(struct gql_tokens *tokens)
{
	free(tokens->items);
	*tokens = (struct gql_tokens){0};
}
