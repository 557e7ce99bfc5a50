/* The thread that writes: see journal.h. */
#include "wsd/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "model/model.h"
#include "wsd/fault.h"
#include "wsd/journal_log.h"
#include "wsd/loop.h"

#define LAZY_MS 20
#define LAZY_COUNT 100
#define RETRY_MS 500
#define END_TRIES 60                         /* half a minute of a full or locked disk */
#define WAL_CHECKPOINT ((int64_t)4 << 20)    /* bytes of log after which it is moved into the database */
#define WAL_IDLE_S 30                        /* a smaller log is moved when nothing was written for so long */
#define WAL_AGAIN_US ((int64_t)1000000)      /* after a checkpoint that readers kept from emptying the log */
#define REASON_RECONNECT "Job worker was unavailable during reconnect"

static struct {
	struct db *db;
	struct loop_fd wake;
	int lock_fd;
	char worker_id[128];
	pthread_t thread;
	bool running;

	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct journal_op *first;
	struct journal_op *last;
	struct journal_op *done_first;
	struct journal_op *done_last;
	int count;
	bool urgent;
	bool stop;
	bool look_at_wal;
	struct db_stats stats;

	int64_t wal_retry_at; /* the thread's own */
} journal = { .wake = { .fd = -1 },
	      .lock_fd = -1,
	      .mutex = PTHREAD_MUTEX_INITIALIZER };

struct journal_op *journal_op_new(enum journal_kind kind, void (*done)(struct journal_op *), void *arg)
{
	struct arena *arena = arena_new();
	struct journal_op *op = arena_alloc(arena, sizeof(*op));

	op->arena = arena;
	op->kind = kind;
	op->done = done;
	op->arg = arg;
	return op;
}

static void append(struct journal_op **first, struct journal_op **last, struct journal_op *op)
{
	op->next = NULL;
	if (*last)
		(*last)->next = op;
	else
		*first = op;
	*last = op;
}

/* ---- in the thread ------------------------------------------------------------------------------------- */

static bool is_write(const struct journal_op *op)
{
	return op->kind != JOURNAL_FIND && op->kind != JOURNAL_COMMAND && op->kind != JOURNAL_MESSAGES &&
	       op->kind != JOURNAL_READ && op->kind != JOURNAL_RECOVER && op->kind != JOURNAL_TRACE;
}

static int start(struct journal_op *op)
{
	const char *graph = NULL;
	int rc = 1;

	if (op->workflow_id && op->workflow_id[0])
		rc = job_journal_workflow(journal.db, op->workflow_id, op->user_id, op->arena, &graph, &op->workspace,
					  &op->use_cache, &op->err);
	if (rc < 0)
		return -1;
	if (op->need_graph) {
		op->graph = graph;
		if (!op->start.graph)
			op->start.graph = graph;
		if (!graph && !op->keep_row)
			return 1;
	}
	if (job_journal_start(journal.db, &op->start, &op->err) < 0)
		return -1;
	return op->need_graph && !graph;
}

static int resume(struct journal_op *op)
{
	const char *graph;
	int rc = job_journal_resume(journal.db, op->id, op->user_id, journal.worker_id, &op->err);

	if (rc == 0 && op->workflow_id && op->workflow_id[0] &&
	    job_journal_workflow(journal.db, op->workflow_id, op->user_id, op->arena, &graph, &op->workspace, &op->use_cache,
				 &op->err) < 0)
		return -1;
	return rc;
}

static int find(struct journal_op *op)
{
	int rc = job_journal_find(journal.db, op->id, op->user_id, op->arena, &op->found, &op->err);
	const char *status = rc == 0 ? op->found.status : NULL;
	if (!status || (strcmp(status, "running") && strcmp(status, "scheduled") && strcmp(status, "recovering")))
		return rc;
	if (db_begin(journal.db, &op->err) < 0)
		return -1;
	rc = job_journal_settle_one(journal.db, op->id, REASON_RECONNECT, &op->err);
	if (rc < 0 || db_commit(journal.db, &op->err) < 0) {
		db_rollback(journal.db);
		return -1;
	}
	op->found.status = "failed";
	op->found.error = REASON_RECONNECT;
	return 0;
}

static int next_command(struct journal_op *op)
{
	struct job_command command;
	int rc = job_command_next(journal.db, op->arena, op->number, &command, &op->err);

	if (rc == 0)
		op->command = (struct journal_command){ command.number, command.user_id, command.command,
							command.job_id, command.workflow_id };
	return rc;
}

/* The row's etag, as REST shows it. */
static void read_etag(struct journal_op *op)
{
	const char *id = op->kind == JOURNAL_START ? op->start.id : op->kind == JOURNAL_END ? op->end.id : op->id;
	struct job job;
	struct err err;

	if (op->want_etag && !op->dropped && op->rc >= 0 &&
	    job_get(journal.db, op->arena, op->user_id, id, &job, &err) == 0)
		job_etag(&job, op->etag);
}

static int carry_out(struct journal_op *op)
{
	switch (op->kind) {
	case JOURNAL_START:
		return start(op);
	case JOURNAL_RESUME:
		return resume(op);
	case JOURNAL_RUNNING:
		return op->dropped ? 0 : job_journal_running(journal.db, op->id, &op->err);
	case JOURNAL_END:
		return job_journal_end(journal.db, &op->end, &op->err);
	case JOURNAL_FORGET:
		return job_journal_forget(journal.db, op->id, &op->err);
	case JOURNAL_FIND:
		return find(op);
	case JOURNAL_MESSAGES: /* written before everything else of the batch */
		return 0;
	case JOURNAL_READ:
		journal_log_read(op);
		return 0;
	case JOURNAL_TRACE:
		return journal_trace(journal.db, op);
	case JOURNAL_RECOVER:
		return journal_recover(journal.db, op);
	case JOURNAL_COMMAND:
		return next_command(op);
	case JOURNAL_CALL:
		return op->call(journal.db, op);
	case JOURNAL_COMMAND_DONE:
		return job_command_done(journal.db, op->number, &op->err);
	}
	return -1;
}

/* All writes of the batch in one transaction. A statement that fails on its own (an id that is taken) is that operation's
 * affair; everything else fails the batch. -1 with the reason when nothing was written. */
static int write_batch(struct journal_op *batch, struct err *err)
{
	struct journal_op *op;
	bool durable = false;
	bool of_run = false;
	int writes = 0;

	for (op = batch; op; op = op->next) {
		writes += is_write(op);
		durable |= op->kind == JOURNAL_END;
		of_run |= op->kind == JOURNAL_END || op->kind == JOURNAL_START;
	}
	if (!writes)
		return 0;
	if ((durable ? db_begin_durable(journal.db, err) : db_begin(journal.db, err)) < 0)
		return -1;
	for (op = batch; op; op = op->next) {
		if (!is_write(op))
			continue;
		op->err.status = 0;
		op->rc = carry_out(op);
		if (op->rc < 0 && op->err.status != 409) {
			*err = op->err;
			db_rollback(journal.db);
			return -1;
		}
	}
	if (of_run)
		fault_point("before-commit");
	if (db_commit(journal.db, err) < 0)
		return -1;
	if (of_run)
		fault_point("after-commit");
	return 0;
}

static void report(struct journal_op *batch)
{
	uint64_t one = 1;
	struct journal_op *next;
	struct db_stats stats;

	db_get_stats(journal.db, &stats);
	pthread_mutex_lock(&journal.mutex);
	journal.stats = stats;
	for (; batch; batch = next) {
		next = batch->next;
		append(&journal.done_first, &journal.done_last, batch);
	}
	pthread_mutex_unlock(&journal.mutex);
	if (write(journal.wake.fd, &one, sizeof(one)) < 0)
		log_error("journal: cannot wake the loop: %s", strerror(errno));
}

static void pause_ms(int ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

/* After a failed transaction: ends are tried again (alone, so that a faulty neighbour cannot take them down), the others
 * fail. Returns what is left to report. */
static struct journal_op *salvage(struct journal_op *batch, const struct err *err)
{
	struct journal_op *first = NULL;
	struct journal_op *last = NULL;
	struct journal_op *next;
	struct err why;

	log_error("journal: %s", err->detail);
	for (; batch; batch = next) {
		next = batch->next;
		batch->next = NULL;
		batch->rc = -1;
		batch->err = *err;
		why = *err;
		while (batch->kind == JOURNAL_END && batch->rc < 0 && ++batch->tries <= END_TRIES) {
			if (write_batch(batch, &why) == 0)
				break;
			pause_ms(RETRY_MS);
		}
		if (batch->kind == JOURNAL_END && batch->rc < 0)
			log_error("journal: the end of job %s could not be stored", batch->end.id);
		append(&first, &last, batch);
	}
	return first;
}

/* Messages are written first, and those that do not belong to the end of a run need not wait for the database. Returns
 * the other operations. */
static struct journal_op *write_logs(struct journal_op *batch)
{
	struct journal_op *first[2] = { NULL, NULL };
	struct journal_op *last[2] = { NULL, NULL };
	struct journal_op *next;
	bool done;

	for (; batch; batch = next) {
		next = batch->next;
		done = batch->kind == JOURNAL_MESSAGES;
		journal_log_write(batch);
		append(&first[done], &last[done], batch);
	}
	if (first[1])
		report(first[1]);
	return first[0];
}

static void process(struct journal_op *batch)
{
	struct journal_op *op;
	struct err err = { 0 };

	batch = write_logs(batch);
	if (!batch)
		return;
	if (write_batch(batch, &err) < 0)
		batch = salvage(batch, &err);
	for (op = batch; op; op = op->next) {
		if (!is_write(op))
			op->rc = carry_out(op);
		read_etag(op);
		journal_log_over(op);
	}
	report(batch);
}

/* Moves the log into the database when it is long, or when nothing goes on. */
static void checkpoint(bool idle)
{
	int64_t bytes = db_wal_bytes(journal.db);
	struct err err = { 0 };
	int left = 0;

	if (bytes == 0 || (!idle && bytes < WAL_CHECKPOINT) || time_mono_us() < journal.wal_retry_at)
		return;
	if (db_checkpoint(journal.db, &left, &err) < 0)
		log_warn("checkpoint: %s", err.detail);
	if (left || err.status)
		journal.wal_retry_at = time_mono_us() + WAL_AGAIN_US;
}

static void deadline(struct timespec *ts, int64_t ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += (ms % 1000) * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000;
	}
}

/* Waits for work, with the mutex held; gives the batch, or NULL when there is only the log to look at. */
static struct journal_op *wait_for_batch(bool *idle)
{
	struct journal_op *batch;
	struct timespec ts;

	*idle = false;
	while (!journal.first && !journal.stop && !journal.look_at_wal) {
		if (db_wal_bytes(journal.db) == 0) {
			pthread_cond_wait(&journal.cond, &journal.mutex);
			continue;
		}
		deadline(&ts, (int64_t)WAL_IDLE_S * 1000);
		if (pthread_cond_timedwait(&journal.cond, &journal.mutex, &ts) == ETIMEDOUT) {
			*idle = true;
			return NULL;
		}
	}
	deadline(&ts, LAZY_MS);
	while (journal.first && !journal.urgent && !journal.stop && journal.count < LAZY_COUNT)
		if (pthread_cond_timedwait(&journal.cond, &journal.mutex, &ts) == ETIMEDOUT)
			break;
	batch = journal.first;
	journal.first = journal.last = NULL;
	journal.count = 0;
	journal.urgent = false;
	journal.look_at_wal = false;
	return batch;
}

static void *work(void *arg)
{
	struct journal_op *batch;
	bool idle;
	bool stop;

	(void)arg;
	do {
		pthread_mutex_lock(&journal.mutex);
		batch = wait_for_batch(&idle);
		stop = journal.stop && !batch;
		pthread_mutex_unlock(&journal.mutex);
		if (batch)
			process(batch);
		checkpoint(idle);
		while (runlog_tidy() && idle)
			;
	} while (!stop);
	return NULL;
}

/* ---- in the loop --------------------------------------------------------------------------------------- */

static void call_done(void)
{
	struct journal_op *op;
	struct journal_op *next;

	pthread_mutex_lock(&journal.mutex);
	op = journal.done_first;
	journal.done_first = journal.done_last = NULL;
	pthread_mutex_unlock(&journal.mutex);
	for (; op; op = next) {
		next = op->next;
		if (op->done)
			op->done(op);
		arena_free(op->arena);
	}
}

static void wake_ready(struct loop_fd *lf, uint32_t events)
{
	uint64_t n;

	(void)events;
	if (read(lf->fd, &n, sizeof(n)) > 0)
		call_done();
}

void journal_submit(struct journal_op *op)
{
	pthread_mutex_lock(&journal.mutex);
	append(&journal.first, &journal.last, op);
	journal.count++;
	if (op->kind != JOURNAL_RUNNING && op->kind != JOURNAL_FORGET)
		journal.urgent = true;
	if (journal.urgent || journal.count == 1 || journal.count >= LAZY_COUNT)
		pthread_cond_signal(&journal.cond);
	pthread_mutex_unlock(&journal.mutex);
}

void journal_drop(struct journal_op *op)
{
	op->dropped = true;
}

void journal_touch(void)
{
	pthread_mutex_lock(&journal.mutex);
	journal.look_at_wal = true;
	pthread_cond_signal(&journal.cond);
	pthread_mutex_unlock(&journal.mutex);
}

const char *journal_worker_id(void)
{
	return journal.worker_id;
}

void journal_get_db_stats(struct db_stats *out)
{
	pthread_mutex_lock(&journal.mutex);
	*out = journal.stats;
	pthread_mutex_unlock(&journal.mutex);
}

int journal_queued(void)
{
	int n;

	pthread_mutex_lock(&journal.mutex);
	n = journal.count;
	pthread_mutex_unlock(&journal.mutex);
	return n;
}

static void make_worker_id(void)
{
	unsigned char noise[4];
	char hex[9];
	char host[64] = "";

	gethostname(host, sizeof(host) - 1);
	random_bytes(noise, sizeof(noise));
	hex_encode(noise, sizeof(noise), hex);
	snprintf(journal.worker_id, sizeof(journal.worker_id), "%s-%d-%.8s", host, (int)getpid(), hex);
}

/* One daemon per database: it settles the runs of daemons before it, which is only right when they are dead. */
static int take_lock(const char *db_file, struct err *err)
{
	char *path = xasprintf("%s-wsd.lock", db_file);
	int rc = 0;

	journal.lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (journal.lock_fd < 0)
		rc = err_set(err, 500, "%s cannot be opened: %s", path, strerror(errno));
	else if (flock(journal.lock_fd, LOCK_EX | LOCK_NB) < 0)
		rc = err_set(err, 500, "another daemon serves the database %s", db_file);
	free(path);
	return rc;
}

int journal_open(struct err *err)
{
	pthread_condattr_t attr;
	sigset_t all;
	sigset_t old;
	int fd;
	int rc;

	make_worker_id();
	if (db_open(&journal.db, config_db_path(), 0, err) < 0 || take_lock(config_db_path(), err) < 0 ||
	    runlog_init(config_db_path(), err) < 0)
		return -1;
	fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0)
		return err_set(err, 500, "eventfd: %s", strerror(errno));
	loop_fd_add(&journal.wake, fd, EPOLLIN, wake_ready);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&journal.cond, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all); /* signals are for the loop */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&journal.thread, NULL, work, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		return err_set(err, 500, "the journal's thread could not be started: %s", strerror(rc));
	journal.running = true;
	return 0;
}

void journal_close(void)
{
	if (journal.running) {
		pthread_mutex_lock(&journal.mutex);
		journal.stop = true;
		pthread_cond_signal(&journal.cond);
		pthread_mutex_unlock(&journal.mutex);
		pthread_join(journal.thread, NULL);
		call_done();
		loop_fd_close(&journal.wake);
		journal.running = false;
	}
	runlog_destroy();
	db_close(journal.db);
	journal.db = NULL;
	if (journal.lock_fd >= 0)
		close(journal.lock_fd);
	journal.lock_fd = -1;
}
