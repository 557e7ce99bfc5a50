/* From the runner to the log to the watchers: see job_log.h. */
#include "wsd/job_log.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 16

static void queue(struct job *job, struct blob *blob)
{
	struct job_unwritten *u = &job->unwritten;

	if (u->count == u->cap) {
		u->cap = u->cap ? u->cap * 2 : FIRST_CAP;
		u->list = xrealloc(u->list, u->cap * sizeof(struct blob *));
	}
	u->list[u->count++] = blob;
	u->bytes += blob->len;
	job_pressure(job);
}

void job_number(struct job *job, struct blob *blob)
{
	blob->seq = job->history.last_seq + 1;
	job_remember(job, blob_ref(blob));
	queue(job, blob);
}

static struct blob *own_message(struct job *job, struct value *message)
{
	struct blob *blob;

	map_set_int(message, "job_seq", job->history.last_seq + 1);
	blob = blob_of_value(message);
	blob->type = RUNNER_MSG_JOB_UPDATE;
	value_unref(message);
	return blob;
}

void job_say(struct job *job, struct value *message)
{
	job_number(job, own_message(job, message));
}

void job_say_now(struct job *job, struct value *message)
{
	struct blob *blob = own_message(job, message);

	job_number(job, blob);
	job_broadcast(job, blob);
}

void job_record(struct job *job, struct blob *blob)
{
	blob->seq = job->history.last_seq;
	queue(job, blob);
}

void job_record_input(struct job *job, enum runner_frame kind, const struct buf *payload)
{
	char *copy = xmalloc(payload->len + 1);
	struct blob *blob;

	copy[0] = (char)kind;
	memcpy(copy + 1, payload->data, payload->len);
	blob = blob_new(copy, payload->len + 1, NULL, 0);
	blob->type = RUNNER_MSG_INPUT;
	free(copy);
	job_record(job, blob);
	job_flush(job);
}

/* ---- writing ------------------------------------------------------------------------------------------- */

void job_flush_with(struct job *job, struct journal_op *op)
{
	op->log = &job->log;
	op->log_id = job->id;
	op->blobs = job->unwritten.list;
	op->blob_count = job->unwritten.count;
	memset(&job->unwritten, 0, sizeof(job->unwritten));
}

/* A node that must not run twice may begin: that it does is on disk. */
static void allow(struct job *job, const struct blob *blob)
{
	struct value *m = value_map();

	map_set_str(m, "node_id", blob->key);
	job_send(job, RUNNER_GO, m);
	value_unref(m);
}

void job_announce_written(struct job *job, struct journal_op *op)
{
	for (size_t i = 0; i < op->blob_count; i++) {
		struct blob *blob = op->blobs[i];

		if (blob->type == RUNNER_MSG_NODE_INTENT)
			allow(job, blob);
		else if (blob->type <= RUNNER_MSG_JOB_UPDATE && blob->seq > job->announced)
			job_broadcast(job, blob);
		blob_unref(blob);
	}
	free(op->blobs);
	op->blobs = NULL;
	op->blob_count = 0;
}

static void written(struct journal_op *op)
{
	struct job *job = op->arg;

	job->writing = false;
	job_announce_written(job, op);
	job_flush(job);
	job_pressure(job);
}

void job_flush(struct job *job)
{
	struct journal_op *op;

	if (job->writing || job->joined || !job->unwritten.count || job->state >= JOB_ENDING)
		return;
	op = journal_op_new(JOURNAL_MESSAGES, written, job);
	job->writing = true;
	job_flush_with(job, op);
	journal_submit(op);
}

void job_log_free(struct job *job)
{
	for (size_t i = 0; i < job->unwritten.count; i++)
		blob_unref(job->unwritten.list[i]);
	free(job->unwritten.list);
	memset(&job->unwritten, 0, sizeof(job->unwritten));
}
