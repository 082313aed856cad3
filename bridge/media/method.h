/*
 * method.h owns what the methods of HTTP do to objects.
 */
#ifndef SB_MEDIA_METHOD_H
#define SB_MEDIA_METHOD_H

struct sb_object;

/* Does what the request asks for, whose address is good. */
extern void sb_method_handle(struct sb_object *object);

#endif /* SB_MEDIA_METHOD_H */
