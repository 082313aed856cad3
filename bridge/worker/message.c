/*
 * message.c owns the form of a mail.
 */
#include "worker/message.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"

#define LINE_MAX_LEN 76 /* characters of a line of the text (RFC 2045) */
#define WORD_BYTES   39 /* of an encoded word: 52 of base64, and 12 around them */
#define PLAIN_MAX    60 /* a header's value that is longer is encoded, so that it can be folded */

/* ---- addresses --------------------------------------------------------------------------------
 */

bool
sb_address_is_good(const char *address)
{
	size_t len = strlen(address);
	const char *at = strrchr(address, '@');

	if (len < 3 || len > 254 || at == NULL || at == address || at[1] == '\0' ||
		!sb_utf8_is_text(address, len))
		return false;
	for (const char *c = address; *c; c++)
		if ((unsigned char) *c <= ' ' || *c == 0x7f || strchr("<>()[]\\,;:\"", *c) ||
			(*c == '@' && c != at))
			return false;
	return true;
}

static bool
copy(char *out, size_t size, const char *text, size_t len)
{
	if (len >= size)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

bool
sb_mailbox_parse(const char *text, struct sb_mailbox_name *mailbox)
{
	const char *open = strrchr(text, '<');
	const char *end = text + strlen(text);
	const char *name = text;
	size_t len = open ? (size_t) (open - text) : 0;

	mailbox->name[0] = '\0';
	if (open == NULL)
		return copy(mailbox->address, sizeof(mailbox->address), text, strlen(text)) &&
			   sb_address_is_good(mailbox->address);
	while (len && *name == ' ')
		name++, len--;
	while (len && name[len - 1] == ' ')
		len--;
	if (len >= 2 && *name == '"' && name[len - 1] == '"')
		name++, len -= 2;
	return end[-1] == '>' && sb_utf8_is_text(name, len) &&
		   copy(mailbox->name, sizeof(mailbox->name), name, len) &&
		   copy(mailbox->address, sizeof(mailbox->address), open + 1, (size_t) (end - open - 2)) &&
		   sb_address_is_good(mailbox->address);
}

/* ---- headers ----------------------------------------------------------------------------------
 */

/* The character at text, 1 to 4 bytes as they may stand in a header; *len is how many were read. */
static size_t
clean(const char *text, size_t left, char out[4], size_t *len)
{
	size_t width = sb_utf8_width(text, left);

	*len = width ? width : 1;
	memcpy(out, text, *len);
	if (width == 0)
		out[0] = '?';
	else if ((unsigned char) *text < ' ' || *text == 0x7f)
		out[0] = ' ';
	return *len;
}

static bool
is_plain(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char) *c >= 0x7f)
			return false;
	return strlen(text) <= PLAIN_MAX && strstr(text, "=?") == NULL;
}

static void
put_base64(struct sb_buffer *out, const unsigned char *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3)
	{
		uint32_t three = (uint32_t) bytes[i] << 16 |
						 (i + 1 < len ? (uint32_t) bytes[i + 1] : 0) << 8 |
						 (i + 2 < len ? (uint32_t) bytes[i + 2] : 0);

		sb_buffer_putc(out, digits[three >> 18]);
		sb_buffer_putc(out, digits[three >> 12 & 63]);
		sb_buffer_putc(out, i + 1 < len ? digits[three >> 6 & 63] : '=');
		sb_buffer_putc(out, i + 2 < len ? digits[three & 63] : '=');
	}
}

/* Encoded words, each of whole characters, on lines of their own (RFC 2047). */
static void
put_encoded(struct sb_buffer *out, const char *text)
{
	size_t len = strlen(text);
	size_t at = 0;

	while (at < len)
	{
		char bytes[WORD_BYTES + 4];
		size_t filled = 0;
		size_t read = 0;

		if (at > 0)
			sb_buffer_puts(out, "\r\n ");
		while (at < len && filled + 4 <= WORD_BYTES)
		{
			filled += clean(text + at, len - at, bytes + filled, &read);
			at += read;
		}
		sb_buffer_puts(out, "=?UTF-8?B?");
		put_base64(out, (const unsigned char *) bytes, filled);
		sb_buffer_puts(out, "?=");
	}
}

static void
put_value(struct sb_buffer *out, const char *text)
{
	if (!is_plain(text))
	{
		put_encoded(out, text);
		return;
	}
	for (; *text; text++)
		sb_buffer_putc(out, (unsigned char) *text < ' ' ? ' ' : *text);
}

static void
put_mailbox(struct sb_buffer *out, const struct sb_mailbox_name *mailbox)
{
	if (mailbox->name[0] && is_plain(mailbox->name))
	{
		sb_buffer_putc(out, '"');
		for (const char *c = mailbox->name; *c; c++)
		{
			if (*c == '"' || *c == '\\')
				sb_buffer_putc(out, '\\');
			sb_buffer_putc(out, (unsigned char) *c < ' ' ? ' ' : *c);
		}
		sb_buffer_putc(out, '"');
	}
	else if (mailbox->name[0])
		put_encoded(out, mailbox->name);
	sb_buffer_printf(out, "%s<%s>", mailbox->name[0] ? "\r\n " : "", mailbox->address);
}

static void
put_date(struct sb_buffer *out, int64_t unix_time)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
									   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t) unix_time;
	struct tm time;

	gmtime_r(&seconds, &time);
	sb_buffer_printf(out, "%s, %d %s %d %02d:%02d:%02d +0000", days[time.tm_wday], time.tm_mday,
					 months[time.tm_mon], time.tm_year + 1900, time.tm_hour, time.tm_min,
					 time.tm_sec);
}

/* ---- the text: quoted-printable ---------------------------------------------------------------
 */

/* Whether a byte may stand for itself; a space not at the end of a line. */
static bool
is_itself(const char *c)
{
	return (*c > ' ' && *c < 0x7f && *c != '=') || (*c == ' ' && c[1] != '\n' && c[1] != '\0');
}

static void
put_text(struct sb_buffer *out, const char *text)
{
	int column = 0;

	for (const char *c = text; *c; c++)
	{
		bool is_plain_byte = is_itself(c);

		if (*c == '\n')
		{
			sb_buffer_puts(out, "\r\n");
			column = 0;
			continue;
		}
		if (column + (is_plain_byte ? 1 : 3) > LINE_MAX_LEN - 1)
		{
			sb_buffer_puts(out, "=\r\n");
			column = 0;
		}
		if (is_plain_byte)
			sb_buffer_putc(out, *c);
		else
			sb_buffer_printf(out, "=%02X", (unsigned char) *c);
		column += is_plain_byte ? 1 : 3;
	}
	if (column > 0)
		sb_buffer_puts(out, "\r\n");
}

void
sb_message_write(struct sb_buffer *out, const struct sb_message *message)
{
	sb_buffer_puts(out, "Date: ");
	put_date(out, message->made_at);
	sb_buffer_puts(out, "\r\nFrom: ");
	put_mailbox(out, message->from);
	sb_buffer_printf(out, "\r\nTo: <%s>\r\nSubject: ", message->to);
	put_value(out, message->subject);
	sb_buffer_printf(out, "\r\nMessage-ID: <%s@%s>", message->id,
					 strrchr(message->from->address, '@') + 1);
	/* Nobody's absence notes, please (RFC 3834). */
	sb_buffer_puts(out, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
						"Content-Type: text/plain; charset=utf-8\r\n"
						"Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	put_text(out, message->text);
}
