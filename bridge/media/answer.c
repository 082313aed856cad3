/*
 * answer.c owns what is said to a request for an object.
 */
#include "media/answer.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "http/etag.h"
#include "http/reply.h"
#include "http/request.h"
#include "media/object.h"
#include "media/range.h"

#define TAG_SIZE        (SB_LABEL_TAG + 3)
#define DATE_SIZE       32
#define DATE_FORM       "%a, %d %b %Y %H:%M:%S GMT"
#define PUBLIC_SECONDS  86400 /* that caches keep what everybody may see (mission 145) */
#define PRIVATE_SECONDS 60    /* that one's own keeps the rest */

/* ---- errors ---------------------------------------------------------------------------------- */

/* Codes and statuses are those of S3, but for a full disk, which it never has. */
static const struct
{
	int status;
	const char *code;
	const char *message;
} refusals[SB_REFUSALS] = {
	[SB_REFUSAL_UNSIGNED] = {403, "AccessDenied", "Access Denied"},
	[SB_REFUSAL_UNREADABLE] =
		{400, "AuthorizationQueryParametersError",
		 "The parameters of the signature are not what AWS4-HMAC-SHA256 has."},
	[SB_REFUSAL_UNKNOWN_KEY] = {403, "InvalidAccessKeyId",
								"The access key, its region or its service is none of ours."},
	[SB_REFUSAL_MISMATCH] = {403, "SignatureDoesNotMatch",
							 "Another request was signed: method, address, and signed headers must "
							 "be as they were."},
	[SB_REFUSAL_NOT_YET] = {403, "AccessDenied", "Request is not valid yet"},
	[SB_REFUSAL_EXPIRED] = {403, "AccessDenied", "Request has expired"},
	[SB_REFUSAL_BAD_KEY] = {400, "InvalidURI", "The address names no key."},
	[SB_REFUSAL_LONG_KEY] = {400, "KeyTooLongError", "Your key is too long"},
	[SB_REFUSAL_NO_KEY] = {403, "AccessDenied", "Nothing but objects is served here."},
	[SB_REFUSAL_METHOD] = {405, "MethodNotAllowed",
						   "The specified method is not allowed against this resource."},
	[SB_REFUSAL_NOT_OFFERED] = {501, "NotImplemented",
								"A parameter or a header asks for what is not offered here."},
	[SB_REFUSAL_BODY] = {400, "InvalidRequest", "This request has no body."},
	[SB_REFUSAL_NO_LENGTH] = {411, "MissingContentLength",
							  "You must provide the Content-Length HTTP header."},
	[SB_REFUSAL_LARGE] = {400, "EntityTooLarge",
						  "Your proposed upload exceeds the maximum allowed size"},
	[SB_REFUSAL_BAD_TYPE] = {400, "InvalidArgument", "The Content-Type is too long."},
	[SB_REFUSAL_BAD_MD5] = {400, "InvalidDigest", "The Content-MD5 you specified is not valid."},
	[SB_REFUSAL_ALTERED] = {400, "BadDigest",
							"The Content-MD5 you specified did not match what we received."},
	[SB_REFUSAL_LATE] = {400, "RequestTimeout",
						 "The client did not send enough of the body in time."},
	[SB_REFUSAL_ABSENT] = {404, "NoSuchKey", "The specified key does not exist."},
	[SB_REFUSAL_NO_UPLOAD] = {404, "NoSuchUpload",
							  "The specified multipart upload does not exist: it was completed, "
							  "given up, or forgotten."},
	[SB_REFUSAL_PART] = {400, "InvalidPart",
						 "One or more of the specified parts could not be found, or are others."},
	[SB_REFUSAL_PART_ORDER] = {400, "InvalidPartOrder",
							   "The list of parts was not in ascending order."},
	[SB_REFUSAL_PART_NUMBER] = {400, "InvalidArgument",
								"Part number must be an integer between 1 and 10000, inclusive"},
	[SB_REFUSAL_XML] = {400, "MalformedXML", "The document names no parts, or is too long."},
	[SB_REFUSAL_CONDITION] = {412, "PreconditionFailed",
							  "At least one of the pre-conditions you specified did not hold"},
	[SB_REFUSAL_RANGE] = {416, "InvalidRange", "The requested range is not satisfiable"},
	[SB_REFUSAL_FULL] = {507, "InsufficientStorage", "There is no room left for this object."},
	[SB_REFUSAL_BUSY] = {503, "SlowDown", "Please reduce your request rate."},
	[SB_REFUSAL_CLOSED] =
		{503, "ServiceUnavailable",
		 "There is no directory of files here (MEDIA_DIR), or it is not known yet."},
	[SB_REFUSAL_FAILURE] = {500, "InternalError",
							"We encountered an internal error. Please try again."},
};

enum sb_refusal
sb_answer_signature(enum social_sigv4_result result)
{
	static const enum sb_refusal answers[] = {
		[SOCIAL_SIGV4_OK] = SB_REFUSAL_NONE,
		[SOCIAL_SIGV4_MALFORMED] = SB_REFUSAL_UNREADABLE,
		[SOCIAL_SIGV4_UNKNOWN_KEY] = SB_REFUSAL_UNKNOWN_KEY,
		[SOCIAL_SIGV4_MISMATCH] = SB_REFUSAL_MISMATCH,
		[SOCIAL_SIGV4_NOT_YET] = SB_REFUSAL_NOT_YET,
		[SOCIAL_SIGV4_EXPIRED] = SB_REFUSAL_EXPIRED,
		[SOCIAL_SIGV4_FAILURE] = SB_REFUSAL_FAILURE,
	};

	return answers[result];
}

void
sb_answer_refusal(struct sb_object *object, enum sb_refusal refusal)
{
	struct sb_request *request = object->request;
	int status = refusals[refusal].status;
	const char *text =
		sb_arena_printf(&request->arena,
						"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code>"
						"<Message>%s</Message><RequestId>%s</RequestId></Error>\n",
						refusals[refusal].code, refusals[refusal].message, request->id);

	object->length = 0;
	if (status == 503)
		sb_request_add_header(request, "Retry-After", "1");
	if (status == 405)
		sb_request_add_header(request, "Allow", "GET, POST, PUT, DELETE, HEAD, OPTIONS");
	if (status == 416)
		sb_request_add_header(
			request, "Content-Range",
			sb_arena_printf(&request->arena, "bytes */%" PRIu64, object->label.size));
	sb_request_reply_static(request, status, "application/xml", text, strlen(text));
}

/* ---- objects --------------------------------------------------------------------------------- */

struct type
{
	const char *name;
	bool is_shown;
};

/* How an object of this type is served. */
static struct type
find_type(const char *text)
{
	static const struct type types[] = {
#define SB_TYPE(name, shown) {name, shown},
#include "media/types.def"
#undef SB_TYPE
	};
	size_t len = strcspn(text, "; \t");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i].name) == len && strncasecmp(types[i].name, text, len) == 0)
			return types[i];
	return (struct type){"application/octet-stream", false};
}

static const char *
tag_of(const struct sb_object *object)
{
	return sb_arena_printf(&object->request->arena, "\"%s\"", object->label.tag);
}

static const char *
date_of(const struct sb_object *object)
{
	char *text = sb_arena_alloc(&object->request->arena, DATE_SIZE);
	time_t time = (time_t) object->changed_at;
	struct tm parts;

	if (gmtime_r(&time, &parts) == NULL || strftime(text, DATE_SIZE, DATE_FORM, &parts) == 0)
		strcpy(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	return text;
}

/* A date of a header; -1: none. */
static int64_t
header_date(const struct sb_request *request, const char *name)
{
	const char *text = sb_request_header(request, name);
	struct tm parts = {0};
	const char *end = text ? strptime(text, DATE_FORM, &parts) : NULL;

	return end && *end == '\0' ? (int64_t) timegm(&parts) : -1;
}

/* What the request's conditions make of it (RFC 9110 section 13.2.2): 200, 304 or 412. */
static int
judge(const struct sb_object *object, const char *tag)
{
	const struct sb_request *request = object->request;
	const char *must = sb_request_header(request, "If-Match");
	const char *unless = sb_request_header(request, "If-None-Match");
	int64_t before = header_date(request, "If-Unmodified-Since");
	int64_t since = header_date(request, "If-Modified-Since");

	if (must ? !sb_etag_is_listed(must, tag, true) : before >= 0 && object->changed_at > before)
		return 412;
	if (unless ? sb_etag_is_listed(unless, tag, false) : since >= 0 && object->changed_at <= since)
		return 304;
	return 200;
}

/* Whether the range is of what is here now, as far as the client cares (section 13.1.5). */
static bool
is_range_meant(const struct sb_object *object, const char *tag, const char *date)
{
	const char *text = sb_request_header(object->request, "If-Range");

	return text == NULL || strcmp(text, tag) == 0 || strcmp(text, date) == 0;
}

static void
add_safety(struct sb_object *object, const struct type *type)
{
	struct sb_request *request = object->request;
	int64_t kept = object->life < PRIVATE_SECONDS ? object->life : PRIVATE_SECONDS;

	sb_request_add_header(request, "Content-Security-Policy", "sandbox; default-src 'none'");
	if (!type->is_shown)
		sb_request_add_header(request, "Content-Disposition", "attachment");
	sb_request_add_header(
		request, "Cache-Control",
		object->is_public
			? sb_arena_printf(&request->arena, "public, max-age=%d, immutable", PUBLIC_SECONDS)
			: sb_arena_printf(&request->arena, "private, max-age=%" PRId64, kept));
}

void
sb_answer_object(struct sb_object *object)
{
	struct sb_request *request = object->request;
	const char *wanted = sb_request_header(request, "Range");
	const char *tag = tag_of(object);
	const char *date = date_of(object);
	int status = judge(object, tag);
	enum sb_range range = SB_RANGE_WHOLE;
	uint64_t first = 0;
	uint64_t length = object->label.size;
	struct type type = find_type(object->label.type);

	if (status == 412)
	{
		sb_answer_refusal(object, SB_REFUSAL_CONDITION);
		return;
	}
	sb_request_add_header(request, "ETag", tag);
	if (status == 200 && wanted && is_range_meant(object, tag, date))
		range = sb_range_read(wanted, object->label.size, &first, &length);
	if (range == SB_RANGE_BEYOND)
	{
		sb_answer_refusal(object, SB_REFUSAL_RANGE);
		return;
	}
	object->offset = range == SB_RANGE_PART ? first : 0;
	object->length = range == SB_RANGE_PART ? length : object->label.size;
	if (range == SB_RANGE_PART)
	{
		status = 206;
		sb_request_add_header(request, "Content-Range",
							  sb_arena_printf(&request->arena,
											  "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
											  object->offset, object->offset + object->length - 1,
											  object->label.size));
	}
	sb_request_add_header(request, "Last-Modified", date);
	sb_request_add_header(request, "Accept-Ranges", "bytes");
	add_safety(object, &type);
	/* The bytes follow by themselves. */
	sb_request_reply_static(request, status, type.name, NULL, (size_t) object->length);
}

void
sb_answer_playlist(struct sb_object *object, const char *text, size_t len)
{
	struct type type = find_type(object->label.type);

	/* No tag: the addresses in it are others each time. */
	object->length = 0;
	add_safety(object, &type);
	sb_request_reply_static(object->request, 200, type.name, text, len);
}

void
sb_answer_stored(struct sb_object *object)
{
	sb_request_add_header(object->request, "ETag", tag_of(object));
	sb_request_reply_static(object->request, 200, NULL, "", 0);
}

void
sb_answer_put(struct sb_buffer *out, const char *name, const char *text)
{
	sb_buffer_printf(out, "<%s>", name);
	for (; *text; text++)
		switch (*text)
		{
			case '&':
				sb_buffer_puts(out, "&amp;");
				break;
			case '<':
				sb_buffer_puts(out, "&lt;");
				break;
			case '>':
				sb_buffer_puts(out, "&gt;");
				break;
			case '"':
				sb_buffer_puts(out, "&quot;");
				break;
			default:
				sb_buffer_putc(out, *text);
		}
	sb_buffer_printf(out, "</%s>", name);
}

void
sb_answer_document(struct sb_object *object, const char *element, const char *text)
{
	const char *document =
		sb_arena_printf(&object->request->arena,
						"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s "
						"xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">%s</%s>\n",
						element, text, element);

	sb_request_reply_static(object->request, 200, "application/xml", document, strlen(document));
}
