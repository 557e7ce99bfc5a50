/* Run logs in the journal's thread: see journal_log.h. */
#include "wsd/journal_log.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/runner.h"

#define SLICE_BYTES ((size_t)1 << 20) /* read at a time for a client that wants to see a run again */
#define SLICE_COUNT 4000

void journal_log_write(struct journal_op *op)
{
	if (!op->log)
		return;
	if (op->kind == JOURNAL_END)
		runlog_append_last(op->log, op->log_id, op->blobs, op->blob_count);
	else if (op->kind == JOURNAL_MESSAGES)
		runlog_append(op->log, op->log_id, op->blobs, op->blob_count);
	else if (op->kind == JOURNAL_FORGET)
		runlog_forget(op->log, op->log_id);
}

/* Reads the log to its end. */
static void scan(struct runlog_reader *r, struct journal_logged *out)
{
	struct runlog_record record;

	while (runlog_next(r, &record)) {
		if (record.type == RUNNER_MSG_END)
			out->ended = true;
		if (record.type > RUNNER_MSG_JOB_UPDATE)
			continue;
		out->last = record.seq;
		if (!out->first)
			out->first = record.seq;
	}
}

static void reopen(struct journal_op *op)
{
	struct runlog_reader r;

	if (op->rc != 0 || runlog_open(&r, op->log_id, NULL) != 0)
		return;
	scan(&r, &op->logged);
	if (runlog_continue(op->log, op->log_id, &r) < 0)
		log_job(LOG_LVL_ERROR, op->log_id, "its log cannot be continued");
	runlog_reader_close(&r);
}

void journal_log_over(struct journal_op *op)
{
	if (op->log && op->kind == JOURNAL_END)
		runlog_close(op->log);
	else if (op->log && op->kind == JOURNAL_RESUME)
		reopen(op);
}

static void read_slice(struct runlog_reader *r, struct journal_op *op)
{
	struct runlog_record record;
	size_t bytes = 0;
	struct blob *blob;

	op->blobs = xmalloc(SLICE_COUNT * sizeof(struct blob *));
	op->cursor.over = true;
	while (runlog_next(r, &record)) {
		if (record.type > RUNNER_MSG_JOB_UPDATE || record.seq <= op->cursor.after)
			continue;
		blob = runlog_blob(r, &record);
		if (!blob)
			continue;
		op->blobs[op->blob_count++] = blob;
		bytes += blob->len;
		if (bytes >= SLICE_BYTES || op->blob_count == SLICE_COUNT) {
			op->cursor.over = false;
			break;
		}
	}
	op->cursor.at = r->at;
}

void journal_log_read(struct journal_op *op)
{
	struct runlog_reader r;

	op->cursor.over = true;
	if (runlog_open(&r, op->id, op->cursor.bucket) != 0)
		return;
	memcpy(op->cursor.bucket, r.bucket, sizeof(r.bucket));
	if (op->want_log)
		scan(&r, &op->logged);
	runlog_seek(&r, op->cursor.at);
	read_slice(&r, op);
	runlog_reader_close(&r);
}
