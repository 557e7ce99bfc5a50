/* Runs and an upgrade of the daemon: see handover.h. */
#ifndef WSD_JOB_HANDOVER_H
#define WSD_JOB_HANDOVER_H

#include "wsd/jobs.h"

/* How many runs have something that is not written; their runners are not read from any more as soon as it is. */
int jobs_unsettled(void);
/* How many runs go on whose clients wait for an answer over HTTP. */
int jobs_over_http(void);
/* The list `runs` of the state; behind journal_close. */
struct value *jobs_hand_over(void);
/* A run that was registered again goes on with the runner that it had; false when that is not there. */
bool job_take_over(struct job *job);

#endif
