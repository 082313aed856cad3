/*
 * sequence.h owns sequences that keep up with ids that somebody else chose.
 */
#ifndef SOCIAL_SEQUENCE_H
#define SOCIAL_SEQUENCE_H

#include "postgres.h"

/*
 * A row with this id was added to a table with an identity column `id`: the column's sequence goes
 * on above it. An import brings ids of its own; the next id that we give out is none of them.
 */
extern void social_sequence_pass(const char *table, int64 id);

#endif /* SOCIAL_SEQUENCE_H */
