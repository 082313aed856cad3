/*
 * playground.h owns the playground's start: its files are read before any thread, and after that no
 * request opens one.
 */
#ifndef SB_API_PLAYGROUND_H
#define SB_API_PLAYGROUND_H

struct sb_config;
struct sb_problems;

/* Reads what PLAYGROUND_DIR has to have; a file that cannot be read is a problem. */
extern void sb_playground_init(const struct sb_config *config, struct sb_problems *problems);

#endif /* SB_API_PLAYGROUND_H */
