/*
 * job_queue: the runs of a user that wait for a runner. Their rows (status scheduled) are the queue; priority and place stand
 * beside the options of the run in metadata_json, so that a restart of the daemon changes nothing of the order.
 */
#ifndef MODEL_JOB_QUEUE_H
#define MODEL_JOB_QUEUE_H

#include "base/base.h"
#include "db/db.h"

#define QUEUE_PRIORITY_MAX 1000 /* and -1000 is the lowest */

struct queued_job {
	const char *id;
	const char *workflow_id;
	const char *queued_at;
	int64_t priority; /* higher ones are first */
	int64_t place;    /* among equal priorities, the lower ones first; 0: behind those that have one, as they came */
};

/* In the order in which they get runners. The list and its texts belong to the arena. */
int job_queue_list(struct db *db, struct arena *arena, const char *user_id, struct queued_job **out, size_t *count,
		   struct err *err) MUST_CHECK;
/* Sorts as job_queue_list does. */
void job_queue_sort(struct queued_job *list, size_t count);
/* Makes the order of the list the order of the queue: places are numbered anew, and whoever stands in front of a higher
 * priority gets that one. */
void job_queue_settle(struct queued_job *list, size_t count);
/* Stores priorities and places; inside a transaction. What does not wait any more is passed over. */
int job_queue_store(struct db *db, const char *user_id, const struct queued_job *list, size_t count, struct err *err)
	MUST_CHECK;

#endif
