/*
 * webhook.h owns the door for webhooks of providers: whose they are, and what becomes of them.
 */
#ifndef SB_API_WEBHOOK_H
#define SB_API_WEBHOOK_H

struct sb_config;
struct sb_problems;

/* Checks the settings against each other, and keeps the list of sources. Before any thread. */
extern void sb_webhook_check(const struct sb_config *config, struct sb_problems *problems);

#endif /* SB_API_WEBHOOK_H */
