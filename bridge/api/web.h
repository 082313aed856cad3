/*
 * web.h owns the start of the pages for browsers: their files are read before any thread, and after
 * that no request opens one.
 */
#ifndef SB_API_WEB_H
#define SB_API_WEB_H

struct sb_config;
struct sb_problems;

/* Reads what PLAYGROUND_DIR has to have; a file that cannot be read is a problem. */
extern void sb_web_init(const struct sb_config *config, struct sb_problems *problems);

#endif /* SB_API_WEB_H */
