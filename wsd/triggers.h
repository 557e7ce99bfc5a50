/*
 * Trigger workflows that are started: each is one run, that goes on until it is stopped or ends by itself.
 *
 * REST writes the start into the database (nodetool_c_triggers); at each start of the daemon the runs of all that are there
 * begin anew. Events (a webhook, a time that has come, a hand on a button) are rows of nodetool_c_trigger_events before they
 * are anything else: they reach the run's nodes one after the other, and a row counts as taken when its node says so. So an
 * event fires once, and none is lost while daemon or run are down.
 */
#ifndef WSD_TRIGGERS_H
#define WSD_TRIGGERS_H

#include "wsd/jobs.h"

/* Starts the runs of all started trigger workflows. Behind journal_open, before anything else asks the journal. */
void triggers_init(void);
/* A user wants that workflow started; REST has written the row, with the id that the run gets. */
void triggers_start(const char *user_id, const char *workflow_id, const char *job_id);
/* There may be new events for that workflow. */
void triggers_look(const char *workflow_id);

/* Of every run, for those that are a trigger's: its runner has its order; its end is being stored (`closing`: because the
 * daemon ends); a frame RUNNER_EVENT_TAKEN has come. */
void triggers_run_began(struct job *job);
void triggers_run_ended(const struct job *job, bool closing);
void triggers_event_taken(const struct job *job, const void *payload, size_t len);
/* An upgrade of the daemon (handover.h): what the next program must know of the run's events; the run is there again. */
void triggers_hand_over(const struct job *job, struct value *state);
void triggers_take_over(struct job *job, const struct value *state);
/* How many are started, and how many events were handed to runs. */
int triggers_count(void);
int64_t triggers_fired(void);

/* ---- schedules (trigger_schedule.c) --------------------------------------------------------------------- */

struct schedules;

/* Sets the timers of the ScheduleTrigger nodes of the run's graph, after catching up on what passed while nobody looked.
 * *out holds them as soon as they stand; NULL when there are none. */
void schedules_begin(const struct job *job, struct schedules **out);
/* Takes NULL. */
void schedules_end(struct schedules *schedules);

#endif
