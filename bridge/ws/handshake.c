/*
 * handshake.c owns the opening handshake of a WebSocket.
 */
#include "ws/handshake.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "http/request.h"

#define KEY_LENGTH 24 /* of 16 bytes in base64 */

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 section 1.3 */

void
sb_handshake_accept(const char *key, char accept[SB_HANDSHAKE_ACCEPT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	char text[KEY_LENGTH + sizeof(guid)];

	snprintf(text, sizeof(text), "%.*s%s", KEY_LENGTH, key, guid);
	EVP_Digest(text, strlen(text), digest, &len, EVP_sha1(), NULL);
	EVP_EncodeBlock((unsigned char *) accept, digest, (int) len);
}

/* Whether a text is 16 bytes in base64. */
static bool
is_key(const char *text)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return strlen(text) == KEY_LENGTH && strspn(text, letters) == KEY_LENGTH - 2 &&
		   strcmp(text + KEY_LENGTH - 2, "==") == 0;
}

/* The next item of a list (RFC 9110 section 5.6.1) from *at on; NULL at its end. */
static const char *
next_item(const char **at, size_t *len)
{
	const char *item = *at + strspn(*at, " \t,");

	*len = strcspn(item, ",");
	*at = item + *len;
	while (*len > 0 && (item[*len - 1] == ' ' || item[*len - 1] == '\t'))
		(*len)--;
	return *len > 0 ? item : NULL;
}

/* Whether a header, however often it stands there, lists a word, in any case of letters. */
static bool
lists(const struct sb_request *request, const char *name, const char *word)
{
	size_t name_len = strlen(name);

	for (int i = 0; i < request->nheaders; i++)
	{
		const char *at = request->headers[i].value;
		const char *item;
		size_t len;

		if (request->headers[i].name_len != name_len ||
			strncasecmp(request->headers[i].name, name, name_len) != 0)
			continue;
		while ((item = next_item(&at, &len)))
			if (len == strlen(word) && strncasecmp(item, word, len) == 0)
				return true;
	}
	return false;
}

static bool
is_word(const char *item, size_t len, const char *word)
{
	return len == strlen(word) && strncmp(item, word, len) == 0;
}

/*
 * The protocol that is spoken, and "bearer" with the token behind it: browsers can send no other
 * header (mission I-15). Who names only the token gets "bearer" back: a browser wants one of those
 * that it named.
 */
static void
read_protocols(struct sb_handshake *handshake, struct sb_request *request, const char *spoken)
{
	const char *at = sb_request_header(request, "Sec-WebSocket-Protocol");
	const char *item;
	size_t len;

	while (at && (item = next_item(&at, &len)))
	{
		if (is_word(item, len, spoken))
			handshake->protocol = spoken;
		else if (is_word(item, len, "bearer") && handshake->token == NULL &&
				 (item = next_item(&at, &len)))
			handshake->token = sb_arena_copy(&request->arena, item, len);
	}
	if (handshake->token && handshake->protocol == NULL)
		handshake->protocol = "bearer";
}

static void
refuse(struct sb_handshake *handshake, int status, const char *problem)
{
	handshake->status = status;
	handshake->problem = problem;
}

void
sb_handshake_read(struct sb_handshake *handshake, struct sb_request *request, const char *spoken)
{
	const char *key = sb_request_header(request, "Sec-WebSocket-Key");
	const char *version = sb_request_header(request, "Sec-WebSocket-Version");

	*handshake = (struct sb_handshake){.status = 101};
	if (!request->is_http_1_1 || !lists(request, "Upgrade", "websocket") ||
		!lists(request, "Connection", "upgrade"))
		refuse(handshake, 426, "this path is for WebSockets: Upgrade: websocket");
	else if (request->method != SB_GET || request->body_len > 0)
		refuse(handshake, 400, "a WebSocket begins with GET, without a body");
	else if (version == NULL || sb_request_count_headers(request, "Sec-WebSocket-Version") > 1)
		refuse(handshake, 400, "Sec-WebSocket-Version must be given once");
	else if (strcmp(version, "13") != 0)
		refuse(handshake, 426, "Sec-WebSocket-Version must be 13");
	else if (key == NULL || sb_request_count_headers(request, "Sec-WebSocket-Key") > 1 ||
			 !is_key(key))
		refuse(handshake, 400, "Sec-WebSocket-Key must be 16 bytes in base64, once");
	else if (sb_request_count_headers(request, "Sec-WebSocket-Protocol") > 1)
		refuse(handshake, 400, "Sec-WebSocket-Protocol may be given once");
	else
	{
		sb_handshake_accept(key, handshake->accept);
		read_protocols(handshake, request, spoken);
	}
}
