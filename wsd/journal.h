/*
 * The journal: one thread with the daemon's only database connection behind a queue, so that the loop never waits for a
 * disk. It is also the one checkpointer of the database.
 *
 * Operations are carried out in the order in which they were given. What is urgent (new jobs, ends, questions) goes at
 * once, together with all that waits (group commit: one transaction, one wait for the disk); the rest waits 20 ms or for
 * 100 others. Afterwards each operation's `done` is called in the loop.
 */
#ifndef WSD_JOURNAL_H
#define WSD_JOURNAL_H

#include "base/base.h"
#include "model/job_journal.h"
#include "wsd/runlog.h"

struct journal_command {
	int64_t number;
	const char *user_id;
	const char *command; /* NOTIFY_… */
	const char *job_id;
	const char *workflow_id;
};

enum journal_kind {
	JOURNAL_START,   /* writes `start`; reads the graph first when need_graph, and the workspace */
	JOURNAL_RESUME,  /* a suspended job goes on (id, user_id); the workspace is read */
	JOURNAL_MESSAGES, /* writes `blobs` to `log` */
	JOURNAL_RUNNING, /* status running; lazy, and left out when the end comes first */
	JOURNAL_END,     /* writes `blobs` to `log`, then `end`, waits for the disk */
	JOURNAL_FORGET,  /* the row and the log go */
	JOURNAL_READ,    /* reads a slice of the log of job `id` from `cursor` on into `blobs` */
	/* The next run, behind `id`, that a daemon before this one left unfinished: `id`, `user_id`, `found`, what its log holds
	 * in `blobs`, `logged`, and the log itself in `resumed_log`. rc 0: it goes on, with this daemon; 1: it cannot, or has
	 * ended, and is settled; 2: there is none. */
	JOURNAL_RECOVER,
	JOURNAL_TRACE,   /* what the nodes of job `id` of user_id did, as JSON in `text`; rc 1: there is no such job */
	JOURNAL_FIND,    /* reads `found`; a row that claims to be running is settled, because nobody runs it */
	JOURNAL_COMMAND, /* reads the oldest wish of REST with a number above `number` into `command` */
	JOURNAL_COMMAND_DONE, /* takes the wish `number` out */
	JOURNAL_CALL /* `call`, in the transaction of the batch */
};

/* Where a reader is in the log of a run, and what it wants. */
struct journal_cursor {
	char bucket[RUNLOG_BUCKET_SIZE]; /* "": not looked for yet */
	uint64_t at;
	uint32_t after; /* messages up to this number are passed over */
	bool over;      /* there was nothing more */
};

/* What the log of a run holds. */
struct journal_logged {
	uint32_t first; /* numbers of its messages; 0: there are none */
	uint32_t last;
	bool ended; /* how the run ended is in it */
	bool gap;   /* it was too long for all that was said */
};

struct journal_op {
	struct journal_op *next;
	enum journal_kind kind;
	struct arena *arena; /* holds every text of the operation */
	void (*done)(struct journal_op *op); /* in the loop; NULL: nobody waits. The operation is freed behind it */
	void *arg;

	/* CALL: in the thread; 0, or -1 with op->err (of which 409 concerns this operation alone). */
	int (*call)(struct db *db, struct journal_op *op);
	void *data; /* CALL: for `call` and `done`, in the arena */

	const char *id; /* RUNNING, FORGET, FIND */
	const char *user_id;
	const char *workflow_id;
	struct job_start start;
	struct job_end end;
	bool need_graph;
	bool keep_row; /* write the row even when the workflow is not there: it then fails */

	int rc; /* 0; 1: not there; -1: see err */
	struct err err;
	const char *graph;
	const char *workspace;
	bool use_cache; /* the workflow's settings ask for it */
	struct job_found found;
	struct runlog *log;
	const char *log_id;
	struct blob **blobs; /* malloc'd list of references; whoever gets the operation back frees it */
	size_t blob_count;
	struct journal_cursor cursor;
	bool want_log; /* READ: fill `logged` too */
	struct journal_logged logged;
	struct runlog resumed_log;
	struct buf text; /* TRACE: whoever gets the operation back frees it */
	int64_t number;
	struct journal_command command;
	bool want_etag; /* of the row, behind the commit (START, RUNNING, END; user_id must be set) */
	char etag[33];
	int tries;
	_Atomic bool dropped;
};

/* Opens the database (one daemon only: a lock beside the file says so), starts the
 * thread. After loop_init. */
int journal_open(struct err *err) MUST_CHECK;
/* Carries out what is queued, then ends the thread. `done` is still called for all of it. */
void journal_close(void);
/* A zeroed operation with its arena. */
struct journal_op *journal_op_new(enum journal_kind kind, void (*done)(struct journal_op *), void *arg);
/* Queues it; the journal owns it from here on. */
void journal_submit(struct journal_op *op);
/* Takes a lazy operation that has not been carried out back: it is not written any more. */
void journal_drop(struct journal_op *op);
/* Another process wrote: the write-ahead log may have grown. */
void journal_touch(void);
/* "host-pid-8 hex digits": who this daemon is in the table of jobs. */
const char *journal_worker_id(void);
/* Figures of the database as they were behind the last batch. */
void journal_get_db_stats(struct db_stats *out);
/* How many operations wait. */
int journal_queued(void);

#endif
