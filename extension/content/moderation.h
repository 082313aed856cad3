/*
 * moderation.h owns the check of posts and comments against the content rules and the site's
 * filter.
 */
#ifndef SOCIAL_MODERATION_H
#define SOCIAL_MODERATION_H

#include "postgres.h"

/* What happens to a text; a higher value goes before a lower one. */
enum social_content_action
{
	SOCIAL_CONTENT_ALLOW,
	SOCIAL_CONTENT_FLAG,
	SOCIAL_CONTENT_HIDE,
	SOCIAL_CONTENT_REJECT
};

/* The action of this name; false when there is none. NULL and '' are allow. */
extern bool social_content_action_named(const char *name, enum social_content_action *action);

/*
 * What the rules of social.content_rules say about a text (title may be NULL); *reason gets the
 * strictest rule's, in the current memory context. The rules are kept by the session until one
 * changes, so that without rules this costs next to nothing.
 */
extern enum social_content_action social_content_rules_check(const text *title, const text *content,
															 char **reason);

#endif /* SOCIAL_MODERATION_H */
