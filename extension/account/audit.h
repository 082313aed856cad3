/*
 * audit.h owns where a request comes from, as the audit log notes it.
 */
#ifndef SOCIAL_AUDIT_H
#define SOCIAL_AUDIT_H

/* For the rest of the transaction requests come from this address; '' = from the connection's. */
extern void social_client_address_set(const char *address);

#endif /* SOCIAL_AUDIT_H */
