/*
 * playground.c owns the playground for browsers at /graphql/ (mission 087): the page, and the files
 * that it takes. They are a fixed table in memory; a request names a row, never a path.
 */
#include "api/playground.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "http/content.h"
#include "base/buffer.h"
#include "base/config.h"
#include "http/reply.h"
#include "http/request.h"

#define TAG_BYTES 16

/* A file of bridge/web/ as sb_web_SYMBOL .. sb_web_SYMBOL_end. */
#define EMBED(symbol, name)                                                                        \
	__asm__(".section .rodata\n"                                                                   \
			".global sb_web_" #symbol "\n"                                                         \
			"sb_web_" #symbol ":\n"                                                                \
			".incbin \"bridge/web/" name "\"\n"                                                    \
			".global sb_web_" #symbol "_end\n"                                                     \
			"sb_web_" #symbol "_end:\n"                                                            \
			".byte 0\n"                                                                            \
			".previous\n");                                                                        \
	extern const char sb_web_##symbol[];                                                           \
	extern const char sb_web_##symbol##_end[];

#define SB_PLAYGROUND_OWN(symbol, name, type) EMBED(symbol, name)
#define SB_PLAYGROUND_NPM(name, type, path)
#include "api/playground.def"
#undef SB_PLAYGROUND_OWN
#undef SB_PLAYGROUND_NPM
EMBED(plain, "plain.html")
EMBED(graphiql, "graphiql.html")

struct file
{
	const char *name;
	const char *type;
	const char *path; /* below PLAYGROUND_DIR; NULL: part of the program */
	const char *data; /* NULL: not there */
	const char *end;
	char tag[2 * TAG_BYTES + 3]; /* its ETag */
};

/* Read-only once threads run. */
static struct file files[] = {
#define SB_PLAYGROUND_OWN(symbol, name, type)                                                      \
	{name, type, NULL, sb_web_##symbol, sb_web_##symbol##_end, ""},
#define SB_PLAYGROUND_NPM(name, type, path) {name, type, path, NULL, NULL, ""},
#include "api/playground.def"
};
static struct file plain = {"",           "text/html; charset=utf-8", NULL,
							sb_web_plain, sb_web_plain_end,           ""};
static struct file graphiql = {
	"", "text/html; charset=utf-8", NULL, sb_web_graphiql, sb_web_graphiql_end, ""};
static struct file *page; /* NULL: PLAYGROUND is off */

/* Nothing but our own files is loaded, asked or told anything. GraphiQL's style sheet has its fonts
 * and pictures inside. */
static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; font-src data:; "
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* ---- at the start ---------------------------------------------------------------------------- */

static void
set_tag(struct file *file)
{
	unsigned char hash[TAG_BYTES];
	char hex[2 * TAG_BYTES + 1];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *) file->data,
					   (unsigned long long) (file->end - file->data), NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(file->tag, sizeof(file->tag), "\"%s\"", hex);
}

/* What it reads lives as long as the process. */
static void
read_file(struct file *file, const char *directory, struct sb_problems *problems)
{
	struct sb_buffer buffer = {0};
	char path[PATH_MAX];
	FILE *in = NULL;
	size_t n;

	if ((size_t) snprintf(path, sizeof(path), "%s/%s", directory, file->path) < sizeof(path))
		in = fopen(path, "re");
	for (n = in ? 1 : 0; n > 0; buffer.len += n)
	{
		sb_buffer_reserve(&buffer, BUFSIZ);
		n = fread(buffer.data + buffer.len, 1, BUFSIZ, in);
	}
	if (in == NULL || ferror(in) || buffer.len == 0)
		sb_problem_error(problems, "PLAYGROUND_DIR: cannot read %s: %s", file->path,
						 buffer.len || in == NULL ? strerror(errno) : "there is nothing in it");
	if (in)
		fclose(in);
	if (buffer.data == NULL)
		return;
	file->data = buffer.data;
	file->end = buffer.data + buffer.len;
}

void
sb_playground_init(const struct sb_config *config, struct sb_problems *problems)
{
	if (!config->playground)
		return;
	page = config->playground_dir ? &graphiql : &plain;
	set_tag(page);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
	{
		if (files[i].path && config->playground_dir)
			read_file(&files[i], config->playground_dir, problems);
		if (files[i].data)
			set_tag(&files[i]);
	}
}

/* ---- requests -------------------------------------------------------------------------------- */

/* The file, unless the client has it already. Kept, but asked for each time: a bridge of another
 * version may stand at the same address a minute later. */
static void
reply_file(struct sb_request *request, const struct file *file)
{
	const char *has = sb_request_header(request, "If-None-Match");
	bool is_same = has && (strcmp(has, "*") == 0 || strstr(has, file->tag));

	sb_request_add_header(request, "Cache-Control", "no-cache");
	sb_request_add_header(request, "ETag", file->tag);
	sb_request_reply_static(request, is_same ? 304 : 200, file->type, file->data,
							(size_t) (file->end - file->data));
}

bool
sb_api_playground_page(struct sb_request *request)
{
	bool named;
	bool other;
	bool twice;
	int wanted = sb_content_quality(request, "text/html", &named);

	if (page == NULL || !named ||
		wanted <= sb_content_quality(request, "application/json", &other) ||
		sb_url_query(&request->url, "query", &twice))
		return false;
	sb_request_add_header(request, "Content-Security-Policy", policy);
	sb_request_add_header(request, "Vary", "Accept");
	reply_file(request, page);
	return true;
}

void
sb_api_playground_file(struct sb_request *request)
{
	const struct file *file = files;

	while (strcmp(file->name, request->route->name) != 0)
		file++;
	if (page && file->data)
		reply_file(request, file);
	else
		sb_request_fail(request, 404, "there is nothing at this path");
}
