/*
 * text.c owns what is remembered of documents byte by byte: a document that came before need not be
 * cut into tokens, nor its shape be written, once more. Only what comes a second time is
 * remembered, so that documents with ever new literals cost one hash; how much that is in all is
 * bounded by the number of places and the size of each.
 */
#include <stdlib.h>
#include <string.h>

#include "graphql/plan.h"

#define PLACES    256 /* a power of two */
#define MAX_BYTES ((size_t) 32 * 1024)

struct gql_place
{
	uint64_t seen; /* the hash of what came here last, and is not remembered */
	struct gql_text *text;
};

void
gql_texts_init(struct gql_texts *texts)
{
	texts->places = calloc(PLACES, sizeof(*texts->places));
	if (!texts->places)
		abort();
}

void
gql_texts_free(struct gql_texts *texts)
{
	for (int i = 0; texts->places && i < PLACES; i++)
		free(texts->places[i].text);
	free(texts->places);
	texts->places = NULL;
}

static bool
is_equal(const struct gql_text *text, const char *source, size_t len, const char *operation)
{
	return text->len == len && memcmp(text->source, source, len) == 0 &&
		   strcmp(text->operation, operation) == 0;
}

/* The operation's name is part of the shape. */
static uint64_t
hash_of(const char *source, size_t len, const char *operation)
{
	uint64_t hash = gql_hash(source, len);

	return *operation ? hash ^ gql_hash(operation, strlen(operation)) : hash;
}

const struct gql_text *
gql_texts_find(struct gql_texts *texts, const char *source, size_t len, const char *operation)
{
	struct gql_place *place;

	texts->hash = hash_of(source, len, operation ? operation : "");
	place = &texts->places[texts->hash & (PLACES - 1)];
	return place->text && place->text->hash == texts->hash &&
				   is_equal(place->text, source, len, operation ? operation : "")
			   ? place->text
			   : NULL;
}

/* Appends to a text under construction; where its part is. */
static void *
put(char **at, const void *part, size_t size)
{
	void *start = *at;

	if (size > 0)
		memcpy(start, part, size);
	*at += size;
	return start;
}

void
gql_texts_note(struct gql_texts *texts, const struct gql_text *as)
{
	struct gql_place *place = &texts->places[texts->hash & (PLACES - 1)];
	size_t tokens = (as->tokens.n + 1) * sizeof(*as->tokens.items);
	size_t lifted = as->nlifted * sizeof(*as->lifted);
	size_t operation = strlen(as->operation) + 1;
	size_t size = sizeof(*as) + tokens + lifted + as->len + as->key_len + operation;
	struct gql_text *text;
	char *at;

	if (size > MAX_BYTES || place->seen != texts->hash)
	{
		place->seen = texts->hash;
		return;
	}
	text = malloc(size);
	if (!text)
		abort();
	*text = *as;
	at = (char *) (text + 1);
	text->hash = texts->hash;
	text->tokens.items = put(&at, as->tokens.items, tokens);
	text->lifted = put(&at, as->lifted, lifted);
	text->source = put(&at, as->source, as->len);
	text->key = put(&at, as->key, as->key_len);
	text->operation = put(&at, as->operation, operation);
	free(place->text);
	place->text = text;
}
