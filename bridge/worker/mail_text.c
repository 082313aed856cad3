/*
 * mail_text.c owns the words of mails.
 */
#include "worker/mail_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

struct template
{
	const char *name;
	const char *path;
	const char *subject;
	const char *text;
};

static const struct template templates[] = {
#define SB_MAIL(name, path, subject, text) {name, path, subject, text},
#include "worker/mail_text.def"
#undef SB_MAIL
};

static const char *
variable(const json_t *variables, const char *name)
{
	const char *text = json_string_value(json_object_get(variables, name));

	return text ? text : "";
}

/* A value in a line of its own words: nothing of it begins another line. */
static void
put_value(struct sb_buffer *out, const char *text)
{
	for (; *text; text++)
		sb_buffer_putc(out, (unsigned char) *text < ' ' ? ' ' : *text);
}

static void
put_link(struct sb_buffer *out, const struct template *template, const json_t *of,
		 const char *frontend_url, bool says_who)
{
	size_t len = frontend_url ? strlen(frontend_url) : 0;

	if (says_who)
	{
		put_value(out, variable(of, "username"));
		sb_buffer_puts(out, ":\n");
	}
	while (len && frontend_url[len - 1] == '/')
		len--;
	if (len)
	{
		sb_buffer_append(out, frontend_url, len);
		sb_buffer_puts(out, template->path);
	}
	for (const char *c = variable(of, "token"); *c; c++)
		if (isalnum((unsigned char) *c) || strchr("-._~", *c))
			sb_buffer_putc(out, *c);
		else
			sb_buffer_printf(out, "%%%02X", (unsigned char) *c);
	sb_buffer_puts(out, "\n");
}

/* One line for the token, or one for each account that claims the address. */
static void
put_links(struct sb_buffer *out, const struct template *template, const json_t *variables,
		  const char *frontend_url)
{
	const json_t *accounts = json_object_get(variables, "accounts");
	size_t count = json_array_size(accounts);

	if (template->path == NULL)
		return;
	if (count == 0)
		put_link(out, template, variables, frontend_url, false);
	for (size_t i = 0; i < count; i++)
		put_link(out, template, json_array_get(accounts, i), frontend_url, true);
}

static void
fill(struct sb_buffer *out, const struct template *template, const json_t *variables,
	 const char *frontend_url)
{
	for (const char *c = template->text; *c; c++)
	{
		char name[32];
		size_t len = *c == '{' ? strcspn(c + 1, "}") : 0;

		if (len == 0 || len >= sizeof(name) || c[1 + len] != '}')
		{
			sb_buffer_putc(out, *c);
			continue;
		}
		memcpy(name, c + 1, len);
		name[len] = '\0';
		if (strcmp(name, "links") == 0)
			put_links(out, template, variables, frontend_url);
		else
			put_value(out, variable(variables, name));
		c += len + 1;
	}
}

const char *
sb_mail_text_write(struct sb_buffer *out, const char *name, const json_t *variables,
				   const char *frontend_url)
{
	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
		if (strcmp(templates[i].name, name) == 0)
		{
			fill(out, &templates[i], variables, frontend_url);
			return templates[i].subject;
		}
	return NULL;
}
