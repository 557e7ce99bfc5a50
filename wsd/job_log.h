/*
 * The messages of a run between the runner and those who watch: numbered as they come, written to the run's log
 * (runlog.h), then announced. One write is on its way at a time; what comes meanwhile goes with the next one, or with
 * the end of the run.
 */
#ifndef WSD_JOB_LOG_H
#define WSD_JOB_LOG_H

#include "wsd/jobs.h"

/* Numbers a message of the runner and queues it; takes the reference. */
void job_number(struct job *job, struct blob *blob);
/* A message of the daemon's own; takes the reference. */
void job_say(struct job *job, struct value *message);
/* The same, announced at once: for what follows from the run's row, which is stored. */
void job_say_now(struct job *job, struct value *message);
/* Queues a record that nobody is told of (RUNNER_MSG_NODE_DONE and the like); takes the reference. */
void job_record(struct job *job, struct blob *blob);
/* Keeps a frame that the runner gets from outside: a run that goes on later gets it again. */
void job_record_input(struct job *job, enum runner_frame kind, const struct buf *payload);
/* Writes what is queued, unless a write is on its way. */
void job_flush(struct job *job);
/* Hands everything that is queued over to the operation that stores the run's end. */
void job_flush_with(struct job *job, struct journal_op *op);
/* Announces what an operation has written, and frees it. */
void job_announce_written(struct job *job, struct journal_op *op);
/* Drops what is queued. */
void job_log_free(struct job *job);

#endif
