/*
 * init.c owns the library's entry point: one call for each feature.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "base/init.h"

PG_MODULE_MAGIC;

void
_PG_init(void)
{
	social_cache_init(); /* the last to hear of a transaction's end */
	social_statement_log_init();
	social_guard_init();
	social_viewer_init();
	social_audit_init();
	social_user_init();
	social_auth_init();
	social_session_init();
	social_auth_password_init();
	social_password_turn_init();
	social_password_hasher_init();
	social_account_init();
	social_post_init();
	social_comment_init();
	social_moderation_init();
	social_event_init(); /* its notes are applied last: those of the others make some */
	social_counter_init();
	social_recount_init();
	social_notification_init();
	social_trending_init();
	social_page_init();
	social_search_init();
	social_feed_init();
	social_last_position_init();
	social_search_vector_init();
	social_ratelimit_init();
	social_stream_init();
	social_webhook_init();
	social_worker_init();
	social_job_init(); /* after the worker's: what it waits for is set before it is woken */
	MarkGUCPrefixReserved("social");
}
