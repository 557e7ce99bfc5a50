/*
 * Runs that wait for a runner: what clients hear of it, and their order (fair.h).
 *
 * A run that gets a runner at once begins with `running`, as clients have always seen it. One that has to wait for another
 * one to end begins with `queued` (which the web editor shows as running and others pass over) and says `running`, with its
 * run_state, as soon as it has a runner. Source: notes-ws section 8; notes-clients sections 2, 4 and 8 (queue_position).
 */
#ifndef WSD_JOB_QUEUE_H
#define WSD_JOB_QUEUE_H

#include "wsd/jobs.h"

/* Lets the run wait for a runner, and says so unless `told` (it was said before a restart). */
void job_wait(struct job *job, bool told);
/* It has got one. */
void job_waited(struct job *job);
/* What clients are told of its status: that of the table, but `queued` while it has to wait. */
const char *job_shown_status(const struct job *job);
/* The message about its place, without a number. Caller unrefs. */
struct value *job_queued_update(const struct job *job);
/* REST has changed the order of the user's runs. */
void jobs_reordered(const char *user_id);

#endif
