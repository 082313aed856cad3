/*
 * web.c owns the pages for browsers: the playground at /graphql/ (mission 087), the documentation
 * at /api/docs/ (issue 13), the example of events at /api/realtime/ (issue 14), and the files that
 * they take. They are a fixed table in memory; a request names a row, never a path.
 */
#include "api/web.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/fixed.h"
#include "http/content.h"
#include "base/buffer.h"
#include "base/config.h"
#include "http/reply.h"
#include "http/request.h"

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

#define SB_WEB_OWN(path, symbol, name, type) EMBED(symbol, name)
#define SB_WEB_NPM(path, name, type, npm_path)
#include "api/web.def"
#undef SB_WEB_OWN
#undef SB_WEB_NPM
EMBED(plain, "plain.html")
EMBED(graphiql, "graphiql.html")
EMBED(docs_plain, "docs_plain.html")
EMBED(docs, "docs.html")
EMBED(realtime, "realtime/realtime.html")

/* Read-only once threads run. */
static struct file
{
	const char *name;
	const char *type;
	const char *path;  /* below PLAYGROUND_DIR; NULL: part of the program */
	const char *start; /* NULL: read at the start */
	const char *end;
	struct sb_fixed bytes; /* without data: not there */
} files[] = {
#define SB_WEB_OWN(path, symbol, name, type)                                                       \
	{name, type, NULL, sb_web_##symbol, sb_web_##symbol##_end, {0}},
#define SB_WEB_NPM(path, name, type, npm_path) {name, type, npm_path, NULL, NULL, {0}},
#include "api/web.def"
};

/* Likewise. The bytes of a page that is not there have no data. */
static struct page
{
	const char *plain; /* without what npm brings */
	const char *plain_end;
	const char *whole;
	const char *whole_end;
	struct sb_fixed bytes;
} playground = {sb_web_plain, sb_web_plain_end, sb_web_graphiql, sb_web_graphiql_end, {0}},
  docs = {sb_web_docs_plain, sb_web_docs_plain_end, sb_web_docs, sb_web_docs_end, {0}},
  realtime = {sb_web_realtime, sb_web_realtime_end, sb_web_realtime, sb_web_realtime_end, {0}};

/* Nothing but our own files is loaded, asked or told anything. The style sheets of GraphiQL and
 * Swagger UI have their fonts and pictures inside. */
static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; font-src data:; "
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* ---- at the start ---------------------------------------------------------------------------- */

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
	sb_fixed_init(&file->bytes, file->type, buffer.data, buffer.len);
}

static void
make_page(struct page *page, bool is_whole)
{
	const char *start = is_whole ? page->whole : page->plain;
	const char *end = is_whole ? page->whole_end : page->plain_end;

	sb_fixed_init(&page->bytes, "text/html; charset=utf-8", start, (size_t) (end - start));
}

void
sb_web_init(const struct sb_config *config, struct sb_problems *problems)
{
	if (!config->playground)
		return;
	make_page(&playground, config->playground_dir != NULL);
	make_page(&docs, config->playground_dir != NULL);
	make_page(&realtime, true);
	for (struct file *file = files; file < files + sizeof(files) / sizeof(files[0]); file++)
		if (file->start)
			sb_fixed_init(&file->bytes, file->type, file->start,
						  (size_t) (file->end - file->start));
		else if (config->playground_dir)
			read_file(file, config->playground_dir, problems);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void
reply(struct sb_request *request, const struct sb_fixed *bytes)
{
	if (bytes->data)
		sb_fixed_reply(request, bytes);
	else
		sb_request_fail(request, 404, "there is nothing at this path");
}

static void
reply_page(struct sb_request *request, const struct page *page)
{
	if (page->bytes.data)
		sb_request_add_header(request, "Content-Security-Policy", policy);
	reply(request, &page->bytes);
}

bool
sb_api_playground_page(struct sb_request *request)
{
	bool named;
	bool other;
	bool twice;
	int wanted = sb_content_quality(request, "text/html", &named);

	if (playground.bytes.data == NULL || !named ||
		wanted <= sb_content_quality(request, "application/json", &other) ||
		sb_url_query(&request->url, "query", &twice))
		return false;
	sb_request_add_vary(request, "Accept");
	reply_page(request, &playground);
	return true;
}

void
sb_api_docs(struct sb_request *request)
{
	reply_page(request, &docs);
}

void
sb_api_realtime(struct sb_request *request)
{
	reply_page(request, &realtime);
}

void
sb_api_web_file(struct sb_request *request)
{
	const struct file *file = files;

	while (strcmp(file->name, request->route->name) != 0)
		file++;
	reply(request, &file->bytes);
}
