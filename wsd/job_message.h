/*
 * What is said about a run: its job_updates, the order that its runner gets, what its runner answers.
 *
 * Source: notes-ws sections 5, 7 and 8; notes-clients sections 1, 3 and 8 (require_terminal_result).
 */
#ifndef WSD_JOB_MESSAGE_H
#define WSD_JOB_MESSAGE_H

#include "wsd/jobs.h"

#define JOB_TEXT_EXPIRED "This job may have expired or the link is invalid. Please start a new workflow."
#define JOB_TEXT_NO_RESUME "This job may have expired or cannot be resumed. Please start a new workflow."

/* All of these give the caller a reference. */

/* A job_update with all its keys, the others null. NULL texts give null. */
struct value *job_update(const char *job_id, const char *workflow_id, const char *status, const char *error);
/* "running" with its run_state. */
struct value *job_running_update(const struct job *job);
/* The job_updates with which a run ends, a list: "error" before "failed" when nodes failed. */
struct value *job_end_messages(const struct job *job);
/* How the run ended, as the record that its log gets (RUNNER_MSG_END), and back: texts of the arena; false when it makes no
 * sense. */
struct blob *job_end_record(const struct job_end *end);
bool job_end_of_record(const struct blob *blob, struct arena *arena, struct job_end *end);
/* How the run was asked for, as JSON text for its row, and back into a spec. */
const char *job_options_text(const struct job *job, struct arena *arena);
void job_options_read(struct job_spec *spec, const struct value *options);
/* The order for the runner (RUNNER_RUN). */
struct value *job_run_order(const struct job *job);

/* Reads RUNNER_DONE into the job; gives the status, a constant ("failed" for an answer that makes no sense). */
const char *job_take_done(struct job *job, const void *payload, size_t len);
/* "The process that ran this workflow was ended by signal 9 (Killed) while node n1 was running". Caller frees. */
char *job_death_text(const struct job *job, const char *reason);
/* The nodes that have completed, as a JSON list: a resumed run skips them. */
const char *job_completed_nodes(const struct job *job, struct arena *arena);
/* The result as JSON text when the client wants to be able to ask for it later and it is not too long; else NULL. */
const char *job_result_to_keep(const struct job *job, struct arena *arena);

#endif
