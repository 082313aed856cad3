/*
 * step.c owns how a request for an object goes on from step to step.
 */
#include "media/step.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/hex.h"
#include "base/log.h"
#include "http/direct.h"
#include "http/request.h"

/* Bytes of a body that is refused, read before the answer. */
#define PASSED_OVER (16 * 1024 * 1024)

/* ---- steps ----------------------------------------------------------------------------------- */

void
sb_step_finish(struct sb_object *object, bool delivered)
{
	struct sb_media *media = object->media;

	*(object->prev ? &object->prev->next : &media->objects) = object->next;
	if (object->next)
		object->next->prev = object->prev;
	sb_door_close(object->request, delivered);
}

static void
on_done(struct sb_disk_job *job)
{
	struct sb_object *object = (struct sb_object *) job;

	if (object->media->is_over)
		sb_step_finish(object, false);
	else
		object->then(object);
}

void
sb_step_work(struct sb_object *object, void (*what)(struct sb_disk_job *),
			 void (*then)(struct sb_object *))
{
	object->job.work = what;
	object->job.on_done = on_done;
	object->then = then;
	object->since_ms = object->media->loop->now_ms;
	sb_disk_do(&object->media->disk, &object->job);
}

static void
on_sent(struct sb_object *object)
{
	sb_step_finish(object, object->outcome == SB_OUTCOME_DONE);
}

void
sb_step_deliver(struct sb_request *request)
{
	struct sb_object *object = request->state;
	bool has_body = sb_direct_has_body(request);

	if (object->left > 0)
		request->must_close = object->lingers = true;
	sb_direct_write_head(request, &object->head);
	if (!has_body)
		object->length = 0;
	else if (request->answer)
		sb_buffer_append(&object->head, request->answer, request->answer_len);
	sb_step_work(object, sb_object_send, on_sent);
}

static void
on_passed_over(struct sb_object *object)
{
	if (object->outcome == SB_OUTCOME_DONE || object->is_late)
		sb_answer_refusal(object, object->refusal);
	else
		sb_step_finish(object, false);
}

void
sb_step_refuse(struct sb_object *object, enum sb_refusal refusal)
{
	object->refusal = refusal;
	if (object->left == 0 || object->left > PASSED_OVER || object->is_late ||
		(object->waits && object->early_len == 0))
		sb_answer_refusal(object, refusal);
	else
		sb_step_work(object, sb_object_pass_over, on_passed_over);
}

void
sb_step_refuse_failure(struct sb_object *object, const char *what)
{
	switch (object->error)
	{
		case ENOENT:
			sb_step_refuse(object, object->names_upload ? SB_REFUSAL_NO_UPLOAD : SB_REFUSAL_ABSENT);
			return;
		case ENOSPC:
		case EDQUOT:
		case EFBIG:
			sb_step_refuse(object, SB_REFUSAL_FULL);
			break;
		case EMFILE:
		case ENFILE:
			sb_step_refuse(object, SB_REFUSAL_BUSY);
			return;
		default:
			sb_step_refuse(object, SB_REFUSAL_FAILURE);
	}
	sb_log(SB_LOG_ERROR, what, "error", strerror(object->error));
}

bool
sb_step_is_done(struct sb_object *object, const char *what)
{
	switch (object->outcome)
	{
		case SB_OUTCOME_DONE:
			return true;
		case SB_OUTCOME_FAILED:
			sb_step_refuse_failure(object, what);
			break;
		case SB_OUTCOME_ALTERED:
			sb_step_refuse(object, SB_REFUSAL_ALTERED);
			break;
		case SB_OUTCOME_PART:
			sb_step_refuse(object, SB_REFUSAL_PART);
			break;
		case SB_OUTCOME_BROKEN:
			if (object->is_late)
				sb_step_refuse(object, SB_REFUSAL_LATE);
			else
				sb_step_finish(object, false);
	}
	return false;
}

bool
sb_step_make_tag(struct sb_object *object)
{
	uint64_t numbers[2];

	if (getrandom(numbers, sizeof(numbers), 0) != sizeof(numbers))
		return false;
	sb_hex_write(object->label.tag, numbers[0]);
	sb_hex_write(object->label.tag + SB_HEX_DIGITS, numbers[1]);
	return true;
}
