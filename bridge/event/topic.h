/*
 * topic.h owns the names of what can be subscribed to, one row each (event/topic.def). Pure.
 */
#ifndef SB_EVENT_TOPIC_H
#define SB_EVENT_TOPIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_TOPIC_MAX 512 /* bytes of a name, with its NUL */

struct sb_topic_kind
{
	const char *word;
	char takes; /* as event/topic.def says */
	const char *help;
};

struct sb_topic_name
{
	const struct sb_topic_kind *kind;
	int64_t id; /* 'i' and 'm' */
};

/*
 * Reads text as the name of a topic. False when it is none: ids are digits only, and of one form. A
 * hashtag's is as the database writes it, without case: the caller asks for that.
 */
extern bool sb_topic_read(const char *text, struct sb_topic_name *name);

/*
 * Whether of the events under this name (as the database writes it) only those are told that are by
 * the viewer, or by somebody whom they follow.
 */
extern bool sb_topic_is_near(const char *name);

/* Whether whoever begins to hear of it is told what was said lately (social.topic_history()). */
extern bool sb_topic_has_history(const char *name);

/*
 * A statement for topics that could be read, $1 an array of them: for each, in their order, its
 * name as the database writes it, or null where whoever acts may not hear of it.
 */
extern const char *sb_topic_names_sql(void);

/* The rows, for documents; NULL behind the last. */
extern const struct sb_topic_kind *sb_topic_kind_at(int n);

#endif /* SB_EVENT_TOPIC_H */
