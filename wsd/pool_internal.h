/* What the files of the pool share: its runners and the processes that fork them. */
#ifndef WSD_POOL_INTERNAL_H
#define WSD_POOL_INTERNAL_H

#include "wsd/loop.h"
#include "wsd/pool.h"

#define READ_SIZE ((size_t)64 << 10)
#define UNREAD_MAX ((size_t)512 << 20) /* bytes that a runner may leave unread */
#define RESPAWN_US ((int64_t)500000)   /* after a fork that failed */

/* A process that forks runners. After an upgrade of the daemon the one before lives on until its last run has ended. */
struct zygote {
	struct loop_fd control;
	pid_t pid;
	int runners; /* that it forked and that are not discarded */
	bool leaving;
	lws_dll2_t link; /* those that leave */
};

struct runner {
	struct loop_fd lf;
	lws_dll2_t link; /* pool.runners */
	struct zygote *zygote;
	pid_t pid;
	char user[129]; /* "" until its first run */
	char job[ID_SIZE]; /* of a runner that was handed over: the run that it has, until that is there; else "" */
	struct pool_run *run;
	bool leaving; /* gets no further run */
	bool paused;  /* not read from */
	int runs;
	long first_pages;
	int64_t idle_since;
	struct buf in;
	size_t in_at; /* bytes of `in` that are used up */
	struct buf out;
	size_t out_at;
};

struct pool_state {
	struct zygote zygote;
	lws_dll2_owner_t old; /* zygotes that leave */
	lws_dll2_owner_t runners;
	struct fair_queue queue; /* runs that wait */
	struct loop_timer assign; /* hands runners to runs that wait */
	struct loop_timer trim;
	int spawning;
	int warm;
	int max;
	bool closing;
	bool held; /* nobody gets a runner */
	int64_t retry_at;
	int64_t spawned;
	int64_t crashed;
};

extern struct pool_state pool;

/* pool.c */
void pool_schedule(int64_t us); /* looks at who waits, so many microseconds from now */
struct runner *runner_add(struct zygote *zygote, pid_t pid, int fd);
/* Closes the runner's socket; the process ends by itself or is killed. */
void runner_discard(struct runner *r, bool kill_it);
/* The runner ended, or must: its run hears of it. */
void runner_gone(struct runner *r, const char *reason);
void runner_want_events(struct runner *r);
/* Events of its socket. */
void runner_ready(struct loop_fd *lf, uint32_t events);

/* pool_zygote.c */
void zygote_ask(struct zygote *zygote, int kind, pid_t pid);
void zygote_attach(struct zygote *zygote, int fd, pid_t pid);
/* A runner of it is gone: one that leaves ends with the last. */
void zygote_let_go(struct zygote *zygote);
/* Closes its socket and waits for its end. */
void zygote_end(struct zygote *zygote);

#endif
