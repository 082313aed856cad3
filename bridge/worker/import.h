/*
 * import.h owns what `social-worker --import` does: it takes lists and posts of an archive that an
 * export has made into an account (sql/api/import.sql).
 */
#ifndef SB_WORKER_IMPORT_H
#define SB_WORKER_IMPORT_H

#include "base/config.h"

/* Takes IMPORT_FILE into the account of IMPORT_USER, all of it or nothing, and says what came of
 * it; an exit status. */
extern int sb_import(const struct sb_config *config);

#endif /* SB_WORKER_IMPORT_H */
