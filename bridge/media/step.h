/*
 * step.h owns what a loop has of its own for objects, and how a request goes on from step to step:
 * a thread of media/disk.h does its part, the loop goes on.
 */
#ifndef SB_MEDIA_STEP_H
#define SB_MEDIA_STEP_H

#include "http/door.h"
#include "loop/loop.h"
#include "media/answer.h"
#include "media/disk.h"
#include "media/object.h"
#include "media/store.h"

struct sb_media
{
	struct sb_door door; /* must stay first */
	struct sb_timer timer;
	struct sb_loop *loop;
	struct sb_disk disk;
	struct sb_media_store store;
	struct sb_object *objects;
	struct sb_object *waiting; /* for the store to be read */
	struct sb_disk_job sweep;
	bool is_sweeping;
	uint64_t swept_at_ms;
	bool is_over;
};

/* Has a thread do the work; then is called in the loop, with what became of it. */
extern void sb_step_work(struct sb_object *object, void (*what)(struct sb_disk_job *job),
						 void (*then)(struct sb_object *object));

/* Answers with the error, where that can be when the body has gone by: who still sends may not see
 * an answer. */
extern void sb_step_refuse(struct sb_object *object, enum sb_refusal refusal);

/* The same for what failed with object->error; what, for the log. */
extern void sb_step_refuse_failure(struct sb_object *object, const char *what);

/* True: the work is done. Otherwise the request is refused, or, where the client is gone, ended. */
extern bool sb_step_is_done(struct sb_object *object, const char *what);

/* Makes a tag that no other object has; false: there is no random number to be had. */
extern bool sb_step_make_tag(struct sb_object *object);

/* The answer is known (http/door.h). */
extern void sb_step_deliver(struct sb_request *request);

/* The request ends. */
extern void sb_step_finish(struct sb_object *object, bool delivered);

#endif /* SB_MEDIA_STEP_H */
