/*
 * notification_row.h owns the rows of social.notifications: writing what notices say, and taking
 * back what was undone (see notification.h for why no foreign key is checked).
 */
#ifndef SOCIAL_NOTIFICATION_ROW_H
#define SOCIAL_NOTIFICATION_ROW_H

#include "notification/notification.h"

/* Writes or deletes the rows of n > 0 notices, in their order; nothing where the table is not. */
extern void social_notification_write(const struct social_notice *notices, int n);

#endif /* SOCIAL_NOTIFICATION_ROW_H */
