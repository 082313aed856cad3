/*
 * share.h names the columns of social.reposts that C reads by number; upgrades only append columns.
 */
#ifndef SOCIAL_SHARE_H
#define SOCIAL_SHARE_H

#define SOCIAL_REPOSTS_POST_ID    1
#define SOCIAL_REPOSTS_USER_ID    2
#define SOCIAL_REPOSTS_POSITION   3
#define SOCIAL_REPOSTS_CREATED_AT 4

#endif /* SOCIAL_SHARE_H */
