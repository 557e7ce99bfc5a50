/*
 * A run seen again from its log: what a client that reconnects with `last_seq` has missed and the daemon does not hold in
 * memory any more. It comes in slices, as fast as the client reads; a run that still goes on is then followed live.
 */
#ifndef WSD_REPLAY_H
#define WSD_REPLAY_H

#include "wsd/protocol.h"

/* Sends job_resumed, then everything behind `last_seq`. `end` (taken, may be NULL) is the job_update that says how a run of
 * the past ended, for the case that its log does not. `workflow_id` is the one to show, or NULL. */
void replay_start(struct session *s, const char *job_id, const char *workflow_id, uint32_t last_seq, struct value *end);
/* The session's queue is short again; the session is over. */
void replay_relieved(struct session *s);
void replay_session_over(struct session *s);

/* reconnect.c */
/* The answer in front of a replay (notes-clients section 8). */
void send_resumed(struct session *s, const char *job_id, const char *workflow_id, const char *status, uint32_t last_seq,
		  size_t count, bool incomplete);
/* What the daemon holds of the run behind `seq`; the session watches the run from now on, if it goes on. */
void join_after(struct session *s, struct job *job, const char *workflow_id, uint32_t seq);

#endif
