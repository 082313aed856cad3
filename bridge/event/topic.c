/*
 * topic.c owns the table of topics.
 */
#include "event/topic.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/utf8.h"

static const struct sb_topic_kind kinds[] = {
#define SB_TOPIC(word, takes, name, help) {word, takes, help},
#include "event/topic.def"
#undef SB_TOPIC
};

static const char names_sql[] =
	"SELECT CASE split_part(t.topic, ':', 1) "
#define SB_TOPIC(word, takes, name, help) "WHEN '" word "' THEN " name " "
#include "event/topic.def"
#undef SB_TOPIC
	"END FROM (SELECT g.topic, g.n, substr(g.topic, strpos(g.topic, ':') + 1) AS key "
	"FROM unnest($1::text[]) WITH ORDINALITY g (topic, n)) t ORDER BY t.n";

#define KINDS ((int) (sizeof(kinds) / sizeof(kinds[0])))

const struct sb_topic_kind *
sb_topic_kind_at(int n)
{
	return n < KINDS ? &kinds[n] : NULL;
}

bool
sb_topic_is_near(const char *name)
{
	return strcmp(name, "feed") == 0 || strcmp(name, "streams") == 0;
}

bool
sb_topic_has_history(const char *name)
{
	return strncmp(name, "stream:", strlen("stream:")) == 0;
}

const char *
sb_topic_names_sql(void)
{
	return names_sql;
}

bool
sb_topic_read(const char *text, struct sb_topic_name *name)
{
	size_t len = strlen(text);
	size_t word = strcspn(text, ":");
	const char *rest = text[word] ? text + word + 1 : NULL;

	*name = (struct sb_topic_name){0};
	for (int i = 0; i < KINDS && name->kind == NULL; i++)
		if (strlen(kinds[i].word) == word && strncmp(kinds[i].word, text, word) == 0)
			name->kind = &kinds[i];
	if (name->kind == NULL || len >= SB_TOPIC_MAX || !sb_utf8_is_text(text, len))
		return false;
	if (name->kind->takes == ' ')
		return rest == NULL;
	if (rest == NULL || *rest == '\0')
		return false;
	if (name->kind->takes == 't')
		return true;
	if (!sb_is_id(rest, strlen(rest)) || *rest == '0')
		return false;
	name->id = strtoll(rest, NULL, 10);
	return true;
}
