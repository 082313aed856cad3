/*
 * store.h owns what the settings say of the store of files: the database keeps it, for it signs the
 * addresses there.
 */
#ifndef SB_API_STORE_H
#define SB_API_STORE_H

struct sb_config;
struct sb_problems;
struct sb_services;

/* What is missing for a store. Before any thread. */
extern void sb_store_check(const struct sb_config *config, struct sb_problems *problems);

/* Tells a database that has just become ready; does not wait. What it refuses is logged. */
extern void sb_store_tell(struct sb_services *services);

#endif /* SB_API_STORE_H */
