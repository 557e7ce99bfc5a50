/*
 * The pool of runners: processes that execute one run at a time (wsd/runner.h), forked by a zygote.
 *
 * The zygote is forked from main before there is any thread, connection or loop, so that what runners inherit is clean
 * and small. It forks runners on request, hands their socket over (SCM_RIGHTS) and reports their ends. Should it die, the
 * program is started anew as `wsd --zygote FD`.
 *
 * A runner serves one user only, one run at a time. After a run that ended well it may serve the next run of the same
 * user; after a failed run, a late cancellation or 100 runs it is discarded. Who is next is fair.h's affair.
 */
#ifndef WSD_POOL_H
#define WSD_POOL_H

#include "base/base.h"
#include "value/value.h"
#include "wsd/fair.h"
#include "wsd/runner.h"

#include <sys/types.h>

/* ---- zygote (wsd/zygote.c) ----------------------------------------------------------------------------- */

enum zygote_kind {
	ZYGOTE_SPAWN = 1, /* to the zygote; answered by ZYGOTE_BORN with the descriptor */
	ZYGOTE_KILL = 2,  /* to the zygote: SIGKILL for `pid`, if it is one of its children and lives */
	ZYGOTE_BORN = 3,  /* pid 0: the fork failed, status is errno */
	ZYGOTE_DIED = 4   /* pid, and status as waitpid gives it */
};

struct zygote_msg {
	int32_t kind;
	int32_t pid;
	int32_t status;
};

/* Forks the zygote; *fd is the daemon's end of its socket (SOCK_SEQPACKET), *pid its process, to be waited for. */
int zygote_start(int *fd, pid_t *pid, struct err *err) MUST_CHECK;
/* Starts a zygote by executing this program again (when threads forbid a plain fork). */
int zygote_restart(int *fd, pid_t *pid, struct err *err) MUST_CHECK;
/* The zygote's main loop on its end of the socket; returns its exit status. Its runners die with it. */
int zygote_main(int fd);

/* ---- pool ---------------------------------------------------------------------------------------------- */

struct runner;

/* What a run has to do with its runner: part of the structure that owns the run. */
struct pool_run {
	struct fair_item turn; /* its place in the queue; rank, priority, place and arrived are set by the owner */
	struct runner *runner;
	const char *user; /* lent, as long as the run is in the pool */
	/* A runner is there: send RUNNER_RUN now. */
	void (*start)(struct pool_run *run);
	/* One frame (the payload is lent). After RUNNER_DONE the runner is no longer the run's. */
	void (*frame)(struct pool_run *run, enum runner_frame kind, const void *payload, size_t len);
	/* All that came at once has been given to `frame`, and the run goes on. May be NULL. */
	void (*settled)(struct pool_run *run);
	/* The runner died before RUNNER_DONE; `reason` is a text for people. The runner is no longer the run's. */
	void (*died)(struct pool_run *run, const char *reason);
};

struct pool_stats {
	int runners;
	int busy;
	int waiting;
	int64_t spawned;
	int64_t crashed;
};

/* Takes over the zygote and pre-warms runners. After loop_init. */
void pool_init(int zygote_fd, pid_t zygote_pid);
/* Closes every runner's socket and the zygote's; kills those that do not end by themselves. */
void pool_destroy(void);
/* Queues the run; run->start is called as soon as a runner is free, never before this returns. */
void pool_enqueue(struct pool_run *run);
/* Takes a run that waits out of the queue; false when it has a runner already. */
bool pool_dequeue(struct pool_run *run);
/* True when a run that was queued waits for another one to end (and not only for a process to start). */
bool pool_must_wait(const struct pool_run *run);
/* While it is on, nobody gets a runner. */
void pool_hold(bool on);
/* The record of a user, held; for whoever counts what he has (fair_user.active). Ends with fair_release. */
struct fair_user *pool_user(const char *name);
/* Sends a frame to the run's runner; nothing is lost, memory grows when the runner does not read (bounded: the run's
 * `died` is called then). */
void pool_send(struct pool_run *run, enum runner_frame kind, const void *payload, size_t len);
/* Stops (or goes on) reading from the run's runner: it then waits as soon as the socket is full. */
void pool_pause(struct pool_run *run, bool pause);
/* Kills the run's runner at once; `died` is not called. */
void pool_kill(struct pool_run *run);
/* Says whether the runner of a run that ended may serve another one; call in or after the RUNNER_DONE frame. */
void pool_finished(struct pool_run *run, bool clean);
/* Upgrades (pool_handover.c, handover.h). What the next program needs of a run's runner; NULL when there is none. */
struct value *pool_hand_over_run(const struct pool_run *run);
struct value *pool_hand_over_zygotes(void);
/* Behind pool_init: the runners and zygotes of the program before. */
void pool_take_over(void);
/* The run gets the runner that it had; false when that is gone. It is read from behind pool_attached. */
bool pool_attach(struct pool_run *run, const char *job_id);
void pool_attached(struct pool_run *run);
/* All runs are there: runners that are left over go. */
void pool_taken_over(void);
void pool_get_stats(struct pool_stats *out);

#endif
