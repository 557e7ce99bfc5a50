/* Runs that a daemon before this one left unfinished, in the journal's thread: see JOURNAL_RECOVER. */
#include "wsd/journal_log.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/handover.h"
#include "wsd/job_message.h"
#include "wsd/runner.h"

#define ATTEMPTS_MAX 3 /* a run that goes down with the daemon so often is not begun once more */
#define MESSAGES_BYTES ((size_t)64 << 20) /* what is read of its messages: the last of them */

#define REASON_RESTART "Server shutdown while job was running"
#define REASON_ATTEMPTS "The server ended several times while this run was going on"
#define REASON_GAP "The server ended while this run was going on, and its log was too long to be kept whole"
#define REASON_GRAPH "The server ended while this run was going on, and its graph cannot be read"

/* What is read of a log: all records that no client sees, and the last messages. */
struct gathered {
	struct blob **list;
	size_t count;
	size_t cap;
	size_t oldest; /* the first that may be a message */
	size_t bytes;
};

static void drop_oldest(struct gathered *g)
{
	for (; g->bytes > MESSAGES_BYTES && g->oldest + 1 < g->count; g->oldest++) {
		struct blob *blob = g->list[g->oldest];

		if (!blob || blob->type > RUNNER_MSG_JOB_UPDATE)
			continue;
		g->bytes -= blob->len;
		blob_unref(blob);
		g->list[g->oldest] = NULL;
	}
}

static void gather(struct gathered *g, struct blob *blob)
{
	if (g->count == g->cap) {
		g->cap = g->cap ? g->cap * 2 : 64;
		g->list = xrealloc(g->list, g->cap * sizeof(struct blob *));
	}
	g->list[g->count++] = blob;
	if (blob->type <= RUNNER_MSG_JOB_UPDATE)
		g->bytes += blob->len;
	drop_oldest(g);
}

static void release(struct journal_op *op)
{
	for (size_t i = 0; i < op->blob_count; i++)
		blob_unref(op->blobs[i]);
	free(op->blobs);
	op->blobs = NULL;
	op->blob_count = 0;
}

static void note(struct journal_logged *logged, const struct runlog_record *record)
{
	logged->ended |= record->type == RUNNER_MSG_END;
	logged->gap |= record->type == RUNLOG_GAP;
	if (record->type > RUNNER_MSG_JOB_UPDATE)
		return;
	logged->last = record->seq;
	if (!logged->first)
		logged->first = record->seq;
}

/* Reads the log to the end of what is sound. */
static void read_log(struct journal_op *op, struct runlog_reader *r)
{
	struct gathered g = { 0 };
	struct runlog_record record;
	struct blob *blob;

	while (runlog_next(r, &record)) {
		note(&op->logged, &record);
		blob = runlog_blob(r, &record);
		if (blob)
			gather(&g, blob);
	}
	op->blobs = g.list;
	op->blob_count = g.count;
}

/* A node that must not run twice has begun and not completed: its id, else NULL. */
static const char *half_done(const struct journal_op *op)
{
	const char *begun = NULL;

	for (size_t i = 0; i < op->blob_count; i++) {
		const struct blob *blob = op->blobs[i];
		bool done = false;

		if (!blob || blob->type != RUNNER_MSG_NODE_INTENT)
			continue;
		for (size_t k = i + 1; k < op->blob_count && !done; k++)
			done = op->blobs[k] && op->blobs[k]->type == RUNNER_MSG_NODE_DONE &&
			       !strcmp(op->blobs[k]->key, blob->key);
		if (!done)
			begun = blob->key;
	}
	return begun;
}

/* True when the last that the run said of itself is that it waits for a runner. */
static bool still_waits(const struct journal_op *op)
{
	const struct blob *blob = NULL;
	struct value *last;
	bool waits;

	if (op->logged.ended || !op->found.status || strcmp(op->found.status, "scheduled"))
		return false;
	for (size_t i = op->blob_count; i-- > 0 && !(blob && blob->type != RUNNER_MSG_INPUT);)
		blob = op->blobs[i];
	if (!blob || blob->type != RUNNER_MSG_JOB_UPDATE)
		return false;
	last = blob_value(blob);
	waits = !strcmp(map_str(last, "status", ""), "queued");
	value_unref(last);
	return waits;
}

/* Why the run cannot go on; NULL when it can. */
static const char *obstacle(const struct journal_op *op, bool waits)
{
	const char *node = half_done(op);

	if (!waits && !config_bool("NODETOOL_AUTO_RECOVER_JOBS", true))
		return REASON_RESTART;
	if (!op->found.job_type || !*op->found.job_type || !op->found.options)
		return REASON_RESTART;
	if (op->found.attempts >= ATTEMPTS_MAX)
		return REASON_ATTEMPTS;
	if (op->logged.gap)
		return REASON_GAP;
	if (node)
		return arena_printf(op->arena, "The server ended while node %s was running, which must not run twice", node);
	return op->found.graph ? NULL : REASON_GRAPH;
}

/* The end that the log has and the table has not: 0 when there is one. */
static int logged_end(struct journal_op *op)
{
	for (size_t i = op->blob_count; i-- > 0;)
		if (op->blobs[i] && op->blobs[i]->type == RUNNER_MSG_END)
			return job_end_of_record(op->blobs[i], op->arena, &op->end) ? 0 : -1;
	return -1;
}

static int store(struct db *db, struct journal_op *op, bool as_before, const char *why)
{
	bool ends = op->logged.ended || why;
	int rc;

	if ((ends ? db_begin_durable(db, &op->err) : db_begin(db, &op->err)) < 0)
		return -1;
	op->end.id = op->id;
	if (op->logged.ended && logged_end(op) == 0)
		rc = job_journal_end(db, &op->end, &op->err);
	else if (why)
		rc = job_journal_settle_one(db, op->id, why, &op->err);
	else
		rc = job_journal_adopt(db, op->id, journal_worker_id(), as_before, &op->err);
	if (rc < 0 || db_commit(db, &op->err) < 0) {
		db_rollback(db);
		return -1;
	}
	return op->end.status || why;
}

int journal_recover(struct db *db, struct journal_op *op)
{
	struct runlog_reader r;
	const char *graph;
	const char *why;
	bool logged;
	bool waits;
	bool handed;
	int rc;

	rc = job_journal_unfinished(db, journal_worker_id(), op->id, op->arena, &op->id, &op->user_id, &op->err);
	if (rc != 0)
		return rc < 0 ? -1 : 2;
	rc = job_journal_find(db, op->id, op->user_id, op->arena, &op->found, &op->err);
	if (rc == 0 && op->found.workflow_id && *op->found.workflow_id)
		rc = job_journal_workflow(db, op->found.workflow_id, op->user_id, op->arena, &graph, &op->workspace, &op->use_cache,
					  &op->err);
	if (rc < 0)
		return -1;
	logged = runlog_open(&r, op->id, NULL) == 0;
	if (logged)
		read_log(op, &r);
	waits = still_waits(op);
	handed = handover_run(op->id) != NULL;
	why = handed ? NULL : obstacle(op, waits);
	rc = store(db, op, waits || handed, why);
	op->found.status = waits ? "scheduled" : "running";
	if (rc != 0) {
		release(op);
		log_job(LOG_LVL_WARN, op->id, "was going on when the server ended: %s", why ? why : "it had ended");
	} else if (logged && runlog_continue(&op->resumed_log, op->id, &r) < 0) {
		log_job(LOG_LVL_ERROR, op->id, "its log cannot be continued");
	}
	if (logged)
		runlog_reader_close(&r);
	return rc;
}
