/*
 * job_journal: what the daemon writes about runs (table nodetool_jobs), and what it reads to start one.
 *
 * All functions but the readers must be called inside a transaction (db_begin; db_begin_durable for ends).
 * Source: notes-ws section 6; notes-workflows sections "Running over HTTP" and 4; cases/jobs/ws-*, cases/workflows/run-*.
 */
#ifndef MODEL_JOB_JOURNAL_H
#define MODEL_JOB_JOURNAL_H

#include "base/base.h"
#include "db/db.h"

/* A new job. Texts may be NULL where the column may. */
struct job_start {
	const char *id;
	const char *user_id;
	const char *workflow_id;
	const char *job_type; /* "workflow"; "" for runs over HTTP */
	const char *status;   /* "scheduled"; "running" for runs over HTTP, which have no state in between */
	const char *graph;    /* JSON text */
	const char *params;   /* JSON text */
	const char *execution_strategy;
	const char *worker_id; /* who runs it: job_journal_unfinished goes by it */
	const char *options;   /* JSON text: how it was asked for, for a daemon that goes on with it; NULL: nothing to say */
};

/* The end of a job. */
struct job_end {
	const char *id;
	const char *status; /* completed, failed, cancelled, suspended */
	const char *error;  /* failed: for people */
	bool http;          /* an HTTP run: finished_at and error stay null (cases/workflows/run-fails) */
	const char *node_id; /* suspended */
	const char *reason;
	const char *state;     /* JSON text */
	const char *completed; /* JSON list: ids of the nodes that a resumed run skips */
	const char *result; /* JSON text, kept for clients that ask again when this daemon has forgotten it; NULL: not kept */
};

/* What a client that reconnects learns from the row. Texts belong to the arena. */
struct job_found {
	const char *status;
	const char *workflow_id;
	const char *error;
	const char *result; /* JSON text or NULL */
	const char *graph;
	const char *params;
	const char *node_id;
	const char *reason;
	const char *state;     /* JSON text */
	const char *completed; /* JSON text */
	const char *job_type;
	const char *options; /* as in job_start */
	int64_t attempts;    /* how often a daemon has gone on with it */
	const char *started_at;
};

/* 409 when there is a job of that id already. */
int job_journal_start(struct db *db, const struct job_start *job, struct err *err) MUST_CHECK;
int job_journal_running(struct db *db, const char *id, struct err *err) MUST_CHECK;
int job_journal_end(struct db *db, const struct job_end *end, struct err *err) MUST_CHECK;
/* A suspended job goes on, with this daemon. 0, 1 when the user has no such job that is suspended, -1. */
int job_journal_resume(struct db *db, const char *id, const char *user_id, const char *worker_id, struct err *err)
	MUST_CHECK;
/* Takes a row out again: an HTTP run that never began leaves none (cases/workflows/run-stream-bad-node). */
int job_journal_forget(struct db *db, const char *id, struct err *err) MUST_CHECK;

/* Settles a run that a daemon before this one left unfinished: failed, with the reason. -1 on error, else the number of rows
 * (0: it has ended). */
int job_journal_settle_one(struct db *db, const char *id, const char *reason, struct err *err) MUST_CHECK;

/* The next run behind the id `after` ("" at first), in the order of ids, that a daemon before this one left unfinished, and
 * its user: status scheduled, running or recovering, and a worker_id other than `worker_id` (rows without one are not a
 * daemon's; one that failed under the original says scheduled, with its error). There is one daemon per database. 0, 1 when there is none, -1. */
int job_journal_unfinished(struct db *db, const char *worker_id, const char *after, struct arena *arena, const char **id,
			   const char **user_id, struct err *err) MUST_CHECK;
/* This daemon goes on with the run: it is running, with one more attempt; or waits or runs as before. */
int job_journal_adopt(struct db *db, const char *id, const char *worker_id, bool as_before, struct err *err) MUST_CHECK;
/* 0: found, 1: there is no such job of that user, -1: error. */
int job_journal_find(struct db *db, const char *id, const char *user_id, struct arena *arena, struct job_found *out,
		     struct err *err) MUST_CHECK;
/* The graph (JSON text) of one of the user's own workflows or of a public one, and the path of its workspace when that is
 * the user's (else NULL); *use_cache: its settings ask for results that were kept. 0, 1 when there is none, -1. */
int job_journal_workflow(struct db *db, const char *workflow_id, const char *user_id, struct arena *arena,
			 const char **graph, const char **workspace, bool *use_cache, struct err *err) MUST_CHECK;

#endif
