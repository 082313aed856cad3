/*
 * shape.c owns the key under which a document's plan is remembered. Two documents share a key only
 * if their token streams are equal but for literals that stand directly after a colon, so every
 * rule but those about the literals' values holds for both or for neither.
 */
#include <stdlib.h>
#include <string.h>

#include "graphql/plan.h"

/* Bytes that no token starts with. */
enum mark
{
	NAME_END = 1,
	LIFTED,
	LITERAL,
	CONDITION,
	OPERATION,
};

static bool
is_word(const char *source, const struct gql_token *token, const char *word, uint32_t len)
{
	return token->kind == GQL_NAME && token->len == len &&
		   memcmp(source + token->start, word, len) == 0;
}

/* True when the variable named by tokens[i] decides about a selection: @skip(if: $name. */
static bool
is_condition(const char *source, const struct gql_token *tokens, uint32_t i)
{
	return i >= 6 && tokens[i - 1].kind == '$' && tokens[i - 2].kind == ':' &&
		   is_word(source, &tokens[i - 3], "if", 2) && tokens[i - 4].kind == '(' &&
		   (is_word(source, &tokens[i - 5], "skip", 4) ||
			is_word(source, &tokens[i - 5], "include", 7)) &&
		   tokens[i - 6].kind == '@';
}

static char
condition_value(json_t *variables, const char *name, size_t len)
{
	json_t *value = variables ? json_object_getn(variables, name, len) : NULL;

	if (!value)
		return 'a';
	if (json_is_true(value))
		return 't';
	return json_is_false(value) ? 'f' : 'x';
}

static void
add_lifted(struct gql_lifted *lifted, uint32_t token)
{
	if (lifted->n >= lifted->size)
	{
		lifted->size = lifted->size ? lifted->size * 2 : 64;
		lifted->items = realloc(lifted->items, lifted->size * sizeof(*lifted->items));
		if (!lifted->items)
			abort();
	}
	lifted->items[lifted->n++] = token;
}

static void
add_literal(struct sb_buffer *key, const char *source, const struct gql_token *token)
{
	uint32_t len = token->len;

	sb_buffer_putc(key, LITERAL);
	sb_buffer_append(key, (const char *) &len, sizeof(len));
	sb_buffer_append(key, source + token->start, len);
}

bool
gql_shape(struct sb_buffer *key, struct gql_lifted *lifted, const char *source,
		  const struct gql_tokens *tokens, const char *operation_name, json_t *variables)
{
	bool is_fixed = true;

	key->len = 0;
	lifted->n = 0;
	for (uint32_t i = 0; i < tokens->n; i++)
	{
		const struct gql_token *token = &tokens->items[i];

		if (token->kind == GQL_NAME)
		{
			sb_buffer_reserve(key, token->len + 3);
			memcpy(key->data + key->len, source + token->start, token->len);
			key->len += token->len;
			key->data[key->len++] = NAME_END;
			if (is_condition(source, tokens->items, i))
			{
				is_fixed = false;
				key->data[key->len++] = CONDITION;
				key->data[key->len++] =
					condition_value(variables, source + token->start, token->len);
			}
		}
		else if (token->kind != GQL_INT && token->kind != GQL_FLOAT && !gql_is_string(token->kind))
		{
			sb_buffer_reserve(key, 1);
			key->data[key->len++] = (char) token->kind;
		}
		else if (i > 0 && tokens->items[i - 1].kind == ':')
		{
			sb_buffer_reserve(key, 2);
			key->data[key->len++] = LIFTED;
			key->data[key->len++] = (char) (gql_is_string(token->kind) ? GQL_STRING : token->kind);
			add_lifted(lifted, i);
		}
		else
			add_literal(key, source, token);
	}
	sb_buffer_putc(key, OPERATION);
	if (operation_name)
		sb_buffer_puts(key, operation_name);
	return is_fixed;
}
