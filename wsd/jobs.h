/*
 * The registry of runs: from the command that starts one to the last question about it.
 *
 * A run is stored before it starts, runs in a runner (pool.h), and its end is stored before anyone hears of it. Its
 * messages are numbered and kept (history.h), so that any number of watchers can come and go. Ended runs stay for a while
 * (bounded in number, bytes and age); after that their row in the database answers.
 *
 * Source: notes-ws sections 4 to 7 and 12; notes-clients sections 1, 3 and 8.
 */
#ifndef WSD_JOBS_H
#define WSD_JOBS_H

#include <libwebsockets.h>

#include "wsd/history.h"
#include "wsd/journal.h"
#include "wsd/loop.h"
#include "wsd/pool.h"
#include "wsd/runlog.h"

enum job_state {
	JOB_STORING, /* its row is being written */
	JOB_WAITING, /* for a runner */
	JOB_RUNNING,
	JOB_ENDING, /* its end is being written */
	JOB_ENDED
};

/* What starts a run. Lent but for graph and params, which are taken over. */
struct job_spec {
	const char *id; /* the client's wish; used when it is a UUID and new */
	const char *user_id;
	const char *workflow_id; /* "" when there is none */
	const char *job_type;
	struct value *graph;  /* NULL: the stored workflow's */
	struct value *params; /* a map */
	struct value *resume; /* of a suspended run that goes on: {node_id, state, completed}; taken over */
	bool explicit_types;
	bool binary;         /* the asker reads MessagePack: assets come as bytes */
	bool require_result; /* the end carries result.outputs */
	bool use_cache;      /* results of deterministic nodes may come from the result store */
	bool http;           /* a run over HTTP: other row, other messages */
	int64_t priority;    /* among the user's own runs (fair.h) */
	int64_t place;
};

struct job {
	char id[ID_SIZE];
	char *user_id;
	char *workflow_id;
	char *job_type;
	enum job_state state;
	const char *status; /* as in the table: scheduled, running, completed, failed, cancelled, suspended */
	struct value *graph;
	struct value *params;
	struct value *resume;
	char *workspace;
	bool explicit_types;
	bool binary;
	bool require_result;
	bool use_cache;
	bool http;
	bool no_workflow;
	bool cancelling;
	bool begun; /* the runner has said something */
	bool queued; /* clients were told that it waits, and not yet that it runs */
	int64_t priority;
	int64_t place;
	int64_t arrived; /* microseconds since 1970 */
	struct fair_user *account; /* counts the user's runs that wait or go on */

	struct pool_run run;
	struct loop_timer grace; /* after CANCEL */
	struct loop_timer stall; /* while all watchers are behind */
	bool stalled;
	bool paused; /* its runner is not read from */
	bool patience_over;
	struct journal_op *running_op; /* not written yet */
	struct buf early_frames;       /* input that came before there was a runner */

	/* The end, from the runner or from here. */
	char *error;
	char *error_kind;
	bool early;
	struct value *result; /* lives until the watchers have heard of the end */
	double duration;
	char *suspended_node;
	char *suspension_reason;
	char *suspension_state;

	struct history history; /* every message that has a number, also those that are not written yet */
	struct blob **held;     /* messages that came after CANCEL */
	size_t held_count;
	struct runlog log; /* the journal's thread uses it while an operation of the run is on its way */
	struct job_unwritten {
		struct blob **list; /* waits to be written to the log, in order */
		size_t count;
		size_t cap;
		size_t bytes;
	} unwritten;
	bool joined;        /* the last of them belongs to a message that has not come yet */
	bool writing;       /* a part is being written */
	uint32_t announced; /* number of the last message that is written and was sent to whoever watches */
	uint32_t delivered; /* number of the last message that somebody got */
	lws_dll2_owner_t watchers;
	struct job *hash_next;
	lws_dll2_t link; /* running or ended jobs */
	int64_t asked_us; /* monotonic: when it was asked for, and when it ended */
	int64_t ended_at;
};

/* Somebody who gets the messages of a run. */
struct watch {
	lws_dll2_t in_job;
	lws_dll2_t in_owner; /* for the owner's own list */
	struct job *job;
	void *owner;
	char *workflow_id; /* shown instead of the job's; NULL: the job's own */
	void (*message)(struct watch *watch, struct blob *blob);
	/* True while the owner's client has much to read yet; job_relieved is called when it has not any more. */
	bool (*behind)(const struct watch *watch);
	/* After the last message: the watch is unhooked from the job and freed behind this call. */
	void (*ended)(struct watch *watch);
};

struct jobs_stats {
	int active;
	int ended;
	int64_t started;
	size_t bytes;
};

void jobs_init(void);
/* SIGTERM: ends all runs that have begun as cancelled (stored; runners are killed); those that were told to
 * wait do so again at the next start. Call before journal_close. */
void jobs_shutdown(void);
/* Frees everything; after journal_close. */
void jobs_free(void);

/* Registers the run and starts to store it. Never fails at once: what goes wrong is told to the watchers. The first watch
 * can be added behind the call, before anything is sent. */
struct job *job_start(struct job_spec *spec);
/* The same for a suspended run of the user that goes on under its id (spec->resume is set): its row must say so. */
struct job *job_resume(struct job_spec *spec);
/* Goes on with the runs that a daemon before this one left unfinished. After pool_init, before anything is asked. */
void jobs_recover(void);
/* 1 while it is at it, else 0. */
int jobs_recovering(void);
/* For it alone: the run as it is registered; it waits for a runner behind job_wait. */
struct job *job_adopt(struct job_spec *spec);
/* Keeps a frame for the runner until there is one. */
void job_keep_early(struct job *job, enum runner_frame kind, const void *payload, size_t len);
/* The runner is there: it gets all of that. */
void job_send_early(struct job *job);
/* A run that this daemon remembers; NULL when there is none or when it is another user's. */
struct job *job_find(const char *id, const char *user_id);
bool job_is_active(const struct job *job);
/* Ends the run as cancelled: false when it has ended (or is about to). */
bool job_cancel(struct job *job);
/* Sends a frame to the run's runner, as soon as there is one. */
void job_send(struct job *job, enum runner_frame kind, const struct value *payload);

/* `model` holds the functions and the owner. `list` (may be NULL) is the owner's own list. */
struct watch *job_watch(struct job *job, const struct watch *model, lws_dll2_owner_t *list);
/* The watcher has caught up. A run whose watchers are all behind waits for the first of them (but not for ever). */
void job_relieved(struct job *job);
void job_unwatch(struct watch *watch);
/* Keeps a numbered message for those who come later; takes the reference. */
void job_remember(struct job *job, struct blob *blob);
/* Sends a numbered message to the watchers. */
void job_broadcast(struct job *job, struct blob *blob);
/* Lets the run wait, or go on, as those want who watch it and the disk. */
void job_pressure(struct job *job);

/* True when so many runs wait and run, of all or of that user, that no further one of his should be started. */
bool jobs_full(const char *user_id); /* job_queue.c */
void jobs_get_stats(struct jobs_stats *out);
void jobs_each_active(void (*fn)(struct job *job, void *arg), void *arg);

#endif
