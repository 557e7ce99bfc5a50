/*
 * Trigger workflows that were started, and what fires them.
 *
 * Events are written by whoever sees them (REST, the daemon's timers) and read by the daemon, which hands them to the run of
 * the workflow. An event's id is unique: the same event comes once, also after a restart.
 */
#ifndef MODEL_TRIGGER_H
#define MODEL_TRIGGER_H

#include "db/db.h"

#define TRIGGER_EVENTS_MAX 10000 /* that wait for one workflow */
#define TRIGGER_KEEP_US (INT64_C(24) * 3600 * 1000000) /* that the ids of taken events are known */

struct trigger_event {
	int64_t number; /* rises */
	const char *event_id; /* unique among all users: holds the workflow's id */
	const char *user_id;
	const char *workflow_id;
	const char *node_id;
	const char *payload; /* JSON object: a value for each output of the node */
};

/* 0: stored; 1: that event is known already; -1 (429 when too many wait). In a transaction. */
int trigger_event_add(struct db *db, const struct trigger_event *event, struct err *err) MUST_CHECK;
/* The workflow's events that were not taken, with numbers above `after`, oldest first, at most `max`. Their number, or -1. */
int trigger_event_list(struct db *db, struct arena *arena, const char *workflow_id, int64_t after, size_t max,
		       struct trigger_event *out, struct err *err) MUST_CHECK;
/* In a transaction; old ids are forgotten on the way. */
int trigger_event_taken(struct db *db, int64_t number, struct err *err) MUST_CHECK;
/* A workflow that is stopped: events that wait and the state of its schedules go. In a transaction. */
int trigger_forget(struct db *db, const char *workflow_id, struct err *err) MUST_CHECK;

struct trigger_start {
	const char *user_id;
	const char *workflow_id;
	const char *job_id; /* the run it had last */
	const char *status; /* of that run; NULL when it has no row */
};
/* Every started workflow of every user. */
int trigger_all(struct db *db, struct arena *arena, int (*each)(const struct trigger_start *start, void *arg), void *arg,
		struct err *err) MUST_CHECK;
/* The run of a daemon before this one is over (`reason`, where its row does not say so yet); the workflow gets the id of a new
 * one, in start->job_id. In a transaction. */
int trigger_renew(struct db *db, struct arena *arena, struct trigger_start *start, const char *reason, struct err *err)
	MUST_CHECK;
/* The run has ended by itself: its workflow is no longer started. In a transaction. */
int trigger_ended(struct db *db, const char *job_id, struct err *err) MUST_CHECK;

/* Seconds since 1970 up to which the schedule has fired; 1 when it never has. `key` names workflow and node. */
int trigger_schedule_get(struct db *db, const char *key, int64_t *fired, struct err *err) MUST_CHECK;
int trigger_schedule_set(struct db *db, const char *key, const char *workflow_id, int64_t fired, struct err *err) MUST_CHECK;

struct trigger_hook {
	const char *user_id;
	const char *workflow_id;
	const char *node_id;
	const char *created_at;
	bool started; /* its workflow is */
};
/* A node has one address: the one before ends. In a transaction. */
int trigger_hook_set(struct db *db, const struct trigger_hook *hook, const char *token_hash, struct err *err) MUST_CHECK;
/* 1 when there is none of that hash. */
int trigger_hook_find(struct db *db, struct arena *arena, const char *token_hash, struct trigger_hook *out, struct err *err)
	MUST_CHECK;
int trigger_hook_list(struct db *db, const char *user_id, const char *workflow_id,
		      int (*each)(const struct trigger_hook *hook, void *arg), void *arg, struct err *err) MUST_CHECK;
/* Number of addresses that ended, or -1. In a transaction. */
int64_t trigger_hook_delete(struct db *db, const char *user_id, const char *workflow_id, struct err *err) MUST_CHECK;

#endif
