/*
 * init.h lists the features' initialisers. Each registers its own settings (and hooks, and
 * workers), is called once by _PG_init, in the order of init.c, and must not touch the catalogs.
 */
#ifndef SOCIAL_INIT_H
#define SOCIAL_INIT_H

extern PGDLLEXPORT void _PG_init(void);
extern void social_cache_init(void);
extern void social_statement_log_init(void);
extern void social_guard_init(void);
extern void social_viewer_init(void);
extern void social_audit_init(void);
extern void social_user_init(void);
extern void social_auth_init(void);
extern void social_session_init(void);
extern void social_auth_password_init(void);
extern void social_password_turn_init(void);
extern void social_password_hasher_init(void);
extern void social_account_init(void);
extern void social_post_init(void);
extern void social_comment_init(void);
extern void social_moderation_init(void);
extern void social_counter_init(void);
extern void social_recount_init(void);
extern void social_event_init(void);
extern void social_notification_init(void);
extern void social_trending_init(void);
extern void social_page_init(void);
extern void social_search_init(void);
extern void social_feed_init(void);
extern void social_last_position_init(void);
extern void social_search_vector_init(void);
extern void social_ratelimit_init(void);
extern void social_stream_init(void);
extern void social_webhook_init(void);
extern void social_worker_init(void);
extern void social_job_init(void);

#endif /* SOCIAL_INIT_H */
