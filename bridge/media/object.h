/*
 * object.h owns a request for an object, from its head to the end of its answer.
 */
#ifndef SB_MEDIA_OBJECT_H
#define SB_MEDIA_OBJECT_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "media/disk.h"
#include "media/folder.h"
#include "media/label.h"
#include "media/name.h"
#include "media/parts.h"

struct sb_complete_part;
struct sb_media;
struct sb_request;

/* What became of what a thread of media/disk.h was asked for. */
enum sb_outcome
{
	SB_OUTCOME_DONE,
	SB_OUTCOME_BROKEN,  /* the client is gone, or was too slow (is_late) */
	SB_OUTCOME_FAILED,  /* error says why */
	SB_OUTCOME_ALTERED, /* the bytes are not those that Content-MD5 says */
	SB_OUTCOME_PART     /* a part is not there, or is another one */
};

/* What an address is of. */
enum sb_target
{
	SB_TARGET_OBJECT,
	SB_TARGET_UPLOADS, /* of an object that is to be sent in parts */
	SB_TARGET_UPLOAD,  /* of one that is sent so */
	SB_TARGET_PART,
	SB_TARGET_LIST /* of objects: the key is the place from which on */
};

/* Lives in its request's arena. */
struct sb_object
{
	struct sb_disk_job job; /* must stay first */
	struct sb_object *next; /* of those of the loop */
	struct sb_object *prev;
	struct sb_media *media;
	struct sb_request *request;
	void (*then)(struct sb_object *object); /* in the loop, when the job is done */
	int socket;                             /* the client's, which is ours until the end */
	bool has_waited;                        /* for the store's settings to be read again */
	struct sb_object *next_waiting;

	/* What is asked for. */
	struct sb_label label; /* of PUT as it will be, of others as it was found */
	char name[SB_NAME_LENGTH + 1];
	uint64_t body;     /* bytes that the request has */
	const char *early; /* those that came with its head */
	size_t early_len;  /* 0 when they are written */
	bool waits;        /* for `100 Continue`, before it sends them */
	bool is_length_signed;
	enum sb_target target;
	bool names_upload;            /* by its id */
	char upload[SB_PARTS_ID + 1]; /* "" for what is no id */
	unsigned part;
	bool is_listing;     /* a list was asked for by its name */
	int most;            /* objects of a list */
	int listed;          /* that it has */
	bool is_truncated;   /* there are more than it has */
	bool is_public;      /* the address is good for days */
	int64_t life;        /* seconds that it is good for */
	int refusal;         /* of media/answer.h, once it is known */
	bool has_descriptor; /* counted in http/peers.h */

	/* The thread's, while one works. */
	enum sb_outcome outcome;
	int error;
	struct sb_incoming incoming;
	EVP_MD_CTX *digest;    /* NULL: nobody wants it */
	unsigned char md5[16]; /* what it must be */
	uint64_t left;         /* bytes of the body that have not come */
	int file;              /* the object, to be read; -1: none */
	int64_t changed_at;
	uint64_t offset;       /* in it, of what is sent next */
	uint64_t length;       /* bytes of it that are sent */
	struct sb_buffer text; /* the body, where it says something; then what there is to answer */
	struct sb_complete_part *parts; /* that the object is to be made of; malloc'd */
	int nparts;
	int next_part;
	struct sb_buffer head; /* what is sent before them */
	size_t head_sent;
	bool lingers; /* the client may still be sending: what he says is read to its end */

	/* Of both, atomic. */
	uint64_t moved;  /* bytes, since the beginning */
	bool is_waiting; /* for the client */

	/* The loop's: whether he is too slow. */
	uint64_t moved_before;
	uint64_t since_ms;
	bool is_late;
};

/* ---- work for media/disk.h ------------------------------------------------------------------- */

/* The body into a new file, which becomes the object. */
extern void sb_object_receive(struct sb_disk_job *job);

/* The body to nowhere. */
extern void sb_object_pass_over(struct sb_disk_job *job);

/* The head, then the bytes of the file. */
extern void sb_object_send(struct sb_disk_job *job);

/* Finds the object, and reads its label. */
extern void sb_object_find(struct sb_disk_job *job);

/* Removes it. */
extern void sb_object_remove(struct sb_disk_job *job);

/* Begins an upload in parts, lists its parts, gives it up. */
extern void sb_object_create(struct sb_disk_job *job);
extern void sb_object_list(struct sb_disk_job *job);
extern void sb_object_abort(struct sb_disk_job *job);

/* Reads the body into text; then makes the object of its parts. */
extern void sb_object_collect(struct sb_disk_job *job);
extern void sb_object_assemble(struct sb_disk_job *job);

/* Removes what others left behind on its way in; job is none of an object. */
extern void sb_object_sweep(struct sb_disk_job *job);

#endif /* SB_MEDIA_OBJECT_H */
