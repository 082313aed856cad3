/*
 * mux.h owns what the settings say of Mux: the database keeps it, for it signs who may watch a
 * stream.
 */
#ifndef SB_API_MUX_H
#define SB_API_MUX_H

struct sb_services;

/* Tells a database that has just become ready; does not wait. What it refuses is logged. */
extern void sb_mux_tell(struct sb_services *services);

#endif /* SB_API_MUX_H */
