/*
 * document.c owns the documents that are known by a name: a chained hash table with a
 * least-recently-used list, bounded in entries and in bytes, as strangers may fill it.
 */
#include <stdlib.h>
#include <string.h>

#include "graphql/plan.h"

#define MAX_ENTRIES 1024
#define MAX_BYTES   ((size_t) 8 * 1024 * 1024)

struct gql_named_document
{
	struct gql_named_document *chain;
	struct gql_named_document *newer;
	struct gql_named_document *older;
	uint64_t hash;
	uint64_t until_ms;
	char *text;
	size_t len;
	size_t id_len;
	char id[];
};

static void
unlink_used(struct gql_documents *documents, struct gql_named_document *document)
{
	*(document->newer ? &document->newer->older : &documents->newest) = document->older;
	*(document->older ? &document->older->newer : &documents->oldest) = document->newer;
}

static void
link_newest(struct gql_documents *documents, struct gql_named_document *document)
{
	document->newer = NULL;
	document->older = documents->newest;
	*(documents->newest ? &documents->newest->newer : &documents->oldest) = document;
	documents->newest = document;
}

static struct gql_named_document **
slot_of(struct gql_documents *documents, const char *id, uint64_t hash)
{
	struct gql_named_document **at = &documents->slots[hash & (GQL_DOCUMENT_SLOTS - 1)];

	while (*at && ((*at)->hash != hash || strcmp((*at)->id, id) != 0))
		at = &(*at)->chain;
	return at;
}

static size_t
size_of(const struct gql_named_document *document)
{
	return sizeof(*document) + document->id_len + document->len;
}

static void
drop(struct gql_documents *documents, struct gql_named_document **at)
{
	struct gql_named_document *document = *at;

	*at = document->chain;
	unlink_used(documents, document);
	documents->entries--;
	documents->bytes -= size_of(document);
	free(document->text);
	free(document);
}

static void
drop_oldest(struct gql_documents *documents)
{
	drop(documents, slot_of(documents, documents->oldest->id, documents->oldest->hash));
}

void
gql_documents_free(struct gql_documents *documents)
{
	while (documents->oldest)
		drop_oldest(documents);
}

const char *
sb_graphql_find_document(struct sb_graphql *graphql, const char *id, uint64_t now_ms, size_t *len)
{
	struct gql_documents *documents = &graphql->documents;
	struct gql_named_document **at = slot_of(documents, id, gql_hash(id, strlen(id)));

	if (*at && (*at)->until_ms <= now_ms)
		drop(documents, at);
	else if (*at)
	{
		unlink_used(documents, *at);
		link_newest(documents, *at);
		*len = (*at)->len;
		return (*at)->text;
	}
	return NULL;
}

void
sb_graphql_keep_document(struct sb_graphql *graphql, const char *id, const char *text, size_t len,
						 uint64_t until_ms)
{
	struct gql_documents *documents = &graphql->documents;
	size_t id_len = strlen(id);
	uint64_t hash = gql_hash(id, id_len);
	struct gql_named_document **at = slot_of(documents, id, hash);
	struct gql_named_document *document;

	if (*at)
		drop(documents, at);
	if (len > graphql->limits.max_bytes)
		return;
	document = calloc(1, sizeof(*document) + id_len + 1);
	if (!document || !(document->text = malloc(len + 1)))
		abort();
	memcpy(document->id, id, id_len + 1);
	memcpy(document->text, text, len);
	document->text[len] = '\0';
	document->hash = hash;
	document->len = len;
	document->id_len = id_len;
	document->until_ms = until_ms;
	at = &documents->slots[hash & (GQL_DOCUMENT_SLOTS - 1)];
	document->chain = *at;
	*at = document;
	link_newest(documents, document);
	documents->entries++;
	documents->bytes += size_of(document);
	while (documents->entries > MAX_ENTRIES || documents->bytes > MAX_BYTES)
		drop_oldest(documents);
}
