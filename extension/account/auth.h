/*
 * auth.h owns what the server's side of tokens shares: settings, times, the refusal.
 */
#ifndef SOCIAL_AUTH_H
#define SOCIAL_AUTH_H

#include "postgres.h"
#include "datatype/timestamp.h"

#define SOCIAL_AUTH_INVALID_TOKEN "invalid token"

/* The settings of these names; the leeway in seconds. */
extern char *social_jwt_issuer;
extern char *social_jwt_audience;
extern int social_jwt_leeway;

/* Whole seconds since 1970, as tokens count. */
extern int64 social_auth_seconds(TimestampTz at);

/* Raises SM401 with the reason as detail. */
extern void social_auth_refuse(const char *reason);

#endif /* SOCIAL_AUTH_H */
