/*
 * address.c owns what the address of an object says.
 */
#include "media/address.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "http/request.h"
#include "media/listing.h"
#include "media/object.h"
#include "media/store.h"

#define LIST_LENGTH 1000  /* where max-keys says nothing, as S3 has it */
#define PUBLIC_LIFE 86400 /* seconds from which on an address is one for everybody */

struct claim
{
	const struct sb_media_store *store;
	const struct sb_request *request;
};

/* What the signature counts a header as: false where there is none, or more than one. */
static bool
header_of(void *arg, const char *name, size_t name_len, const char **value, size_t *value_len)
{
	const struct claim *claim = arg;
	int count = 0;

	/* Proxies change it: what is signed is where the store says that it is. */
	if (name_len == 4 && memcmp(name, "host", 4) == 0)
	{
		*value = claim->store->host;
		*value_len = strlen(claim->store->host);
		return true;
	}
	for (int i = 0; i < claim->request->nheaders; i++)
	{
		const struct sb_header *header = &claim->request->headers[i];

		if (header->name_len != name_len || strncasecmp(header->name, name, name_len) != 0)
			continue;
		*value = header->value;
		*value_len = header->value_len;
		count++;
	}
	return count == 1;
}

/* The value of a parameter, whose name has nothing to be escaped; false: there is none. */
static bool
find_parameter(const char *query, const char *name, const char **value, size_t *len)
{
	size_t name_len = strlen(name);

	while (query)
	{
		if (strncmp(query, name, name_len) == 0 && query[name_len] == '=')
		{
			*value = query + name_len + 1;
			*len = strcspn(*value, "&");
			return true;
		}
		query = strchr(query, '&');
		query = query ? query + 1 : NULL;
	}
	return false;
}

/* The value of a parameter of this name; NULL: it is another. */
static const char *
value_of(const char *parameter, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	if (len < name_len || memcmp(parameter, name, name_len) != 0)
		return NULL;
	if (len == name_len)
		return parameter + len;
	return parameter[name_len] == '=' ? parameter + name_len + 1 : NULL;
}

/* What is not written as we write ids is the id of no upload. */
static void
read_upload(struct sb_object *object, const char *value, size_t len)
{
	object->names_upload = true;
	if (len == SB_PARTS_ID && strspn(value, "0123456789abcdef") >= len)
		memcpy(object->upload, value, len);
}

/* A parameter of a list. */
static enum sb_refusal
read_list(struct sb_object *object, const char *text, size_t len)
{
	const char *end = text + len;
	const char *value;
	unsigned long most;
	char *stop;

	if ((value = value_of(text, len, "list-type")) && end - value == 1 && *value == '2')
		object->is_listing = true;
	else if ((value = value_of(text, len, "max-keys")) && end > value && end - value < 10 &&
			 *value >= '1' && *value <= '9')
	{
		most = strtoul(value, &stop, 10);
		if (stop != end)
			return SB_REFUSAL_NOT_OFFERED;
		object->most = most < SB_LISTING_MOST ? (int) most : SB_LISTING_MOST;
	}
	else if ((value = value_of(text, len, "start-after")))
		return sb_name_read(value, (size_t) (end - value), object->label.key) == SB_NAME_GOOD
				   ? SB_REFUSAL_NONE
				   : SB_REFUSAL_BAD_KEY;
	else
		return SB_REFUSAL_NOT_OFFERED;
	return SB_REFUSAL_NONE;
}

/* A parameter that is none of the signature's. */
static enum sb_refusal
read_parameter(struct sb_object *object, const char *text, size_t len)
{
	const char *end = text + len;
	const char *value;
	char *stop;

	if (object->target == SB_TARGET_LIST)
		return read_list(object, text, len);
	if (value_of(text, len, "uploads"))
		object->target = SB_TARGET_UPLOADS;
	else if ((value = value_of(text, len, "uploadId")))
		read_upload(object, value, (size_t) (end - value));
	else if ((value = value_of(text, len, "partNumber")))
	{
		object->part = (unsigned) strtoul(value, &stop, 10);
		if (stop != end || value == end || object->part < 1 || object->part > SB_PARTS_MAX ||
			end - value > 5)
			return SB_REFUSAL_PART_NUMBER;
	}
	else if (value_of(text, len, "x-id") == NULL)
		return SB_REFUSAL_NOT_OFFERED;
	return SB_REFUSAL_NONE;
}

/* What the address is of: an object, an upload, a part of one, or the list of all. */
static enum sb_refusal
read_target(struct sb_object *object, const char *query)
{
	enum sb_refusal refusal = SB_REFUSAL_NONE;

	while (query && refusal == SB_REFUSAL_NONE)
	{
		size_t len = strcspn(query, "&");

		if (len > 0 && strncasecmp(query, "X-Amz-", 6) != 0)
			refusal = read_parameter(object, query, len);
		query = query[len] ? query + len + 1 : NULL;
	}
	if (refusal == SB_REFUSAL_NONE &&
		(object->target == SB_TARGET_UPLOADS || !object->names_upload) &&
		(object->part > 0 || object->names_upload))
		return SB_REFUSAL_NOT_OFFERED;
	if (refusal == SB_REFUSAL_NONE && object->target == SB_TARGET_LIST && !object->is_listing)
		return SB_REFUSAL_NO_KEY;
	if (object->names_upload)
		object->target = object->part > 0 ? SB_TARGET_PART : SB_TARGET_UPLOAD;
	return refusal;
}

static bool
names_length(const struct social_sigv4_field *names)
{
	static const char name[] = "content-length";

	return memmem(names->value, names->value_len, name, sizeof(name) - 1) != NULL;
}

static enum sb_refusal
check_signature(const struct sb_media_store *store, struct sb_object *object, const char *query)
{
	const struct sb_request *request = object->request;
	struct claim owner = {store, request};
	struct social_sigv4_claim claim = {.method = request->method_name,
									   .path = request->target,
									   .path_len = (size_t) (query - request->target) - 1,
									   .query = query,
									   .query_len = strlen(query),
									   .header = header_of,
									   .arg = &owner};
	struct social_sigv4_field names = {0};
	const char *value;
	size_t len;
	enum social_sigv4_result result =
		social_sigv4_verify(&store->key, 1, &claim, (int64_t) time(NULL), &names);

	if (result != SOCIAL_SIGV4_OK)
		return sb_answer_signature(result);
	object->is_length_signed = names_length(&names);
	if (find_parameter(query, "X-Amz-Expires", &value, &len))
		object->life = strtol(value, NULL, 10);
	object->is_public = object->life >= PUBLIC_LIFE;
	return read_target(object, query);
}

/* The log gets neither key nor signature. */
static void
name_path(struct sb_request *request, const struct sb_media_store *store)
{
	request->url.path = sb_arena_copy(&request->arena, store->prefix, store->prefix_len);
	request->url.path_len = store->prefix_len;
}

enum sb_refusal
sb_address_read(const struct sb_media_store *store, struct sb_object *object)
{
	struct sb_request *request = object->request;
	const char *mark = strchr(request->target, '?');
	size_t path_len = mark ? (size_t) (mark - request->target) : request->target_len;
	const char *value;
	size_t len;

	name_path(request, store);
	if (path_len < store->prefix_len ||
		memcmp(request->target, store->prefix, store->prefix_len) != 0)
		return SB_REFUSAL_NO_KEY;
	if (mark == NULL || !find_parameter(mark + 1, "X-Amz-Signature", &value, &len))
		return SB_REFUSAL_UNSIGNED;
	if (path_len == store->prefix_len)
	{
		object->target = SB_TARGET_LIST;
		object->most = LIST_LENGTH;
		return check_signature(store, object, mark + 1);
	}
	/* Before the signature, which nobody should have made for such a key. */
	switch (sb_name_read(request->target + store->prefix_len, path_len - store->prefix_len,
						 object->label.key))
	{
		case SB_NAME_LONG:
			return SB_REFUSAL_LONG_KEY;
		case SB_NAME_BAD:
			return SB_REFUSAL_BAD_KEY;
		case SB_NAME_GOOD:
			break;
	}
	if (!sb_name_make(object->label.key, object->name))
		return SB_REFUSAL_FAILURE;
	return check_signature(store, object, mark + 1);
}
