/*
 * hints.c owns the table of hints that speak SQL. test/unit/hint_sources.t goes through the sources
 * of the extension and fails for one that is not here, and for one here that is nowhere else.
 */
#include "error/hints.h"

#include <stddef.h>
#include <string.h>

/* What SQL clients read, and what those of HTTP do; NULL: nothing that they could do. */
static const struct
{
	const char *sql;
	const char *text[SB_HINT_SURFACES];
} hints[] = {
	{"SELECT name, arguments, description FROM social.help() says what each function takes.",
	 {"The reference of the routes says what each takes.",
	  "Introspection says what each field takes."}},
	{"Check the id, and who acts: SELECT social.viewer_id().",
	 {"Check the id, and who is logged in.", "Check the id, and who is logged in."}},
	{"Log in, or call social.act_as() from a trusted role.", {"Log in.", "Log in."}},
	{"SELECT id, username FROM social.visible_users lists them.",
	 {"GET /api/accounts/users/ lists them.", NULL}},
	{"Shorten it; the limits are settings social.*_max_length.", {"Shorten it.", "Shorten it."}},
	{"The upper bound is the setting social.page_size_max.",
	 {"Ask for a smaller page.", "Ask for a smaller page."}},
	{"Leave the viewer out to read one's own feed.", {NULL, NULL}},
	{"Call enable_totp first.", {"POST /api/auth/totp/enable/ first.", "Turn them on first."}},
	{"Call disable_totp first.", {"POST /api/auth/totp/disable/ first.", "Turn them off first."}},
	{"Mute posts, notifications or both, or call unmute_user.",
	 {"Mute posts, notifications or both, or unmute.",
	  "Mute posts, notifications or both, or unmute."}},
	{"Take it back with is_published => false to publish it later.",
	 {"Take it back to publish it later.", "Take it back to publish it later."}},
	{"social.notification_preferences() lists them.",
	 {"GET /api/notifications/preferences/ lists them.", NULL}},
	{"Read anew what is shown, then listen from social.event_position().",
	 {"Read anew what is shown.", "Read anew what is shown."}},
	{"Give one address without a port, or null.", {NULL, NULL}},
	{"It is the JSON document at the issuer's jwks_uri.", {NULL, NULL}},
	{"kept_answer tells it.", {NULL, NULL}}, /* the bridge asks it, and answers with that */
	/* For operators: nothing that a client asks for comes here. */
	{"ALTER EXTENSION social UPDATE", {NULL, NULL}},
	{"Dump the database first, then SET social.allow_drop = on.", {NULL, NULL}},
	{"Lower social.argon2_memory or social.argon2_iterations.", {NULL, NULL}},
	{"Retention removes old ones: see social.set_retention().", {NULL, NULL}},
	{"Run CREATE EXTENSION social.", {NULL, NULL}},
	{"SELECT data_class FROM social.admin_retention lists them.", {NULL, NULL}},
	{"SELECT extensions FROM social.media_types() lists them.", {NULL, NULL}},
	{"SELECT social.set_media_store() makes one.", {NULL, NULL}},
	{"SELECT * FROM social.django_tables() lists the names; a view can give a table one of them.",
	 {NULL, NULL}},
	{"SELECT part FROM social.export_parts() lists them.", {NULL, NULL}},
	{"SELECT id FROM social.admin_graphql_documents lists them.", {NULL, NULL}},
	{"SELECT issuer FROM social.admin_jwt_issuers lists them.", {NULL, NULL}},
	{"SELECT kid FROM social.admin_jwt_keys lists them.", {NULL, NULL}},
	{"SELECT kid, alg, status FROM social.admin_jwt_keys lists them.", {NULL, NULL}},
	{"Set social.content_filter to a function, with its schema, or to ''.", {NULL, NULL}},
	{"Take rate limits in short transactions.", {NULL, NULL}},
	{"Use social.set_rate_limit().", {NULL, NULL}},
	{"Write them as n/second, n/minute, n/hour or n/day, separated by commas, or off; null for the "
	 "default.",
	 {NULL, NULL}},
};

const char *
sb_hint_for(enum sb_hint_surface surface, const char *hint)
{
	for (size_t i = 0; hint && i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strcmp(hints[i].sql, hint) == 0)
			return hints[i].text[surface];
	return hint;
}
