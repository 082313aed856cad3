/*
 * caller.c owns who asks.
 */
#include "caller/caller.h"

#include <string.h>

#include "base/utf8.h"

#define AGENT_MAX 512 /* bytes of what a client calls itself that are kept */

void
sb_caller_set_owner(struct sb_caller *caller, int64_t user_id, int64_t session_id, uint32_t scopes)
{
	caller->user_id = user_id;
	caller->session_id = session_id;
	caller->scopes = scopes;
	sb_decimal_write(caller->user_text, user_id);
	sb_decimal_write(caller->session_text, session_id);
}

bool
sb_caller_may(const struct sb_caller *caller, uint32_t scope)
{
	return caller->session_id >= 0 || (caller->scopes & scope) != 0;
}

const char *
sb_caller_user(const struct sb_caller *caller)
{
	return caller->user_id ? caller->user_text : NULL;
}

const char *
sb_caller_session(const struct sb_caller *caller)
{
	return caller->session_id ? caller->session_text : NULL;
}

const char *
sb_caller_address(const struct sb_caller *caller)
{
	return *caller->address ? caller->address : NULL;
}

size_t
sb_caller_agent_length(const char *text)
{
	size_t len = strlen(text);
	size_t kept = 0;

	if (!sb_utf8_is_text(text, len))
		return 0;
	if (len <= AGENT_MAX)
		return len;
	while (kept + sb_utf8_width(text + kept, len - kept) <= AGENT_MAX)
		kept += sb_utf8_width(text + kept, len - kept);
	return kept;
}
