/*
 * openapi_webhook.h owns what the OpenAPI document says of webhooks: the request that is sent to
 * whoever has one (api/outgoing_webhook.def).
 */
#ifndef SB_API_OPENAPI_WEBHOOK_H
#define SB_API_OPENAPI_WEBHOOK_H

#include <jansson.h>

/* The member "webhooks" of the document, for the caller to free. */
extern json_t *sb_openapi_webhooks(void);

#endif /* SB_API_OPENAPI_WEBHOOK_H */
