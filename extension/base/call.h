/*
 * call.h owns calling a function of ours that is written in SQL, with one argument, from C.
 */
#ifndef SOCIAL_CALL_H
#define SOCIAL_CALL_H

#include "postgres.h"

/*
 * What social.<name>(argument) returns, in the current memory context; false for null. The caller's
 * rights do not matter. type is that of the argument; InvalidOid: there is none.
 */
extern bool social_call(char *name, Oid type, Datum argument, bool isnull, Datum *result);

#endif /* SOCIAL_CALL_H */
