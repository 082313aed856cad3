/*
 * ingest.h owns the configuration of the ingest server that comes along: nginx with its RTMP
 * module.
 */
#ifndef SB_API_INGEST_H
#define SB_API_INGEST_H

#include <stdbool.h>
#include <stdio.h>

struct sb_config;

/* False, and said why on standard error, when the settings make none. */
extern bool sb_ingest_print_conf(const struct sb_config *config, FILE *out);

#endif /* SB_API_INGEST_H */
