/* Runs go on that a daemon before this one left unfinished: see jobs_recover. One is read after the other. */
#include <stdlib.h>
#include <string.h>

#include "wsd/handover.h"
#include "wsd/job_handover.h"
#include "wsd/job_log.h"
#include "wsd/job_message.h"
#include "wsd/job_queue.h"

static bool looking;

static void look_for_next(const char *after);

static struct value *parsed(const char *text)
{
	struct json_error error;

	return text ? json_parse(text, strlen(text), &error) : NULL;
}

/* What the runner has to know of the time before; lists of ids too, for whoever knows nothing of records. */
static struct value *resume_of(const struct journal_op *op)
{
	struct value *resume = value_map();
	struct value *done = value_map();
	struct value *shown = value_map();
	struct value *completed = value_list();

	for (size_t i = 0; i < op->blob_count; i++) {
		const struct blob *blob = op->blobs[i];

		if (blob && blob->type == RUNNER_MSG_NODE_DONE) {
			map_set(done, blob->key, value_bytes(blob->data, blob->len));
			list_push(completed, value_str(blob->key));
		} else if (blob && blob->type == RUNNER_MSG_OUTPUT_UPDATE) {
			map_set_int(shown, blob->key, map_int(shown, blob->key, 0) + 1);
		}
	}
	map_set(resume, "done", done);
	map_set(resume, "shown", shown);
	map_set(resume, "completed", completed);
	return resume;
}

/* Its messages are remembered as if this daemon had seen them. */
static void remember(struct job *job, struct journal_op *op)
{
	for (size_t i = 0; i < op->blob_count; i++) {
		struct blob *blob = op->blobs[i];

		if (blob && blob->type == RUNNER_MSG_INPUT && blob->len > 0 && !handover_run(job->id))
			job_keep_early(job, (enum runner_frame)blob->data[0], blob->data + 1, blob->len - 1);
		if (blob && blob->type <= RUNNER_MSG_JOB_UPDATE)
			job_remember(job, blob);
		else
			blob_unref(blob);
	}
	free(op->blobs);
	op->blobs = NULL;
	op->blob_count = 0;
	if (op->logged.last > job->history.last_seq)
		job->history.last_seq = op->logged.last;
	job->announced = job->delivered = job->history.last_seq;
}

/* What was said of the run's own status: whether its runner has begun, and whether clients were told that it waits. */
static void recall(struct job *job, const struct journal_op *op)
{
	for (size_t i = 0; i < op->blob_count; i++) {
		const struct blob *blob = op->blobs[i];
		struct value *m = blob && blob->type == RUNNER_MSG_JOB_UPDATE ? blob_value(blob) : NULL;
		bool running = !strcmp(map_str(m, "status", ""), "running");

		if (m)
			job->queued = !strcmp(map_str(m, "status", ""), "queued");
		job->begun |= running && value_is_null(map_get(m, "run_state"));
		value_unref(m);
	}
}

static void go_on(struct journal_op *op)
{
	struct value *options = parsed(op->found.options);
	struct job_spec spec = {
		.id = op->id,
		.user_id = op->user_id,
		.workflow_id = op->found.workflow_id ? op->found.workflow_id : "",
		.job_type = op->found.job_type,
		.graph = parsed(op->found.graph),
		.params = parsed(op->found.params),
		.resume = resume_of(op),
	};
	struct job *job;

	job_options_read(&spec, options);
	value_unref(options);
	if (!value_is(spec.params, VALUE_MAP)) {
		value_unref(spec.params);
		spec.params = value_map();
	}
	job = job_adopt(&spec);
	job->log = op->resumed_log;
	job->use_cache |= op->use_cache;
	if (op->workspace)
		job->workspace = xstrdup(op->workspace);
	if (!strcmp(op->found.status, "running"))
		job->status = "running";
	if (op->found.started_at && time_parse(op->found.started_at, &job->arrived) < 0)
		job->arrived = 0;
	recall(job, op);
	remember(job, op);
	if (!job_take_over(job))
		job_wait(job, job->history.last_seq > 0);
	log_job(LOG_LVL_INFO, job->id, "%s", strcmp(job->status, "running") ? "waits" : "goes on");
}

static void recovered(struct journal_op *op)
{
	if (op->rc < 0)
		log_error("the runs that were going on cannot be read: %s", op->err.detail);
	if (op->rc < 0 || op->rc == 2) {
		looking = false;
		pool_taken_over();
		pool_hold(false);
		return;
	}
	if (op->rc == 0)
		go_on(op);
	look_for_next(op->id);
}

static void look_for_next(const char *after)
{
	struct journal_op *op = journal_op_new(JOURNAL_RECOVER, recovered, NULL);

	op->id = arena_strdup(op->arena, after);
	journal_submit(op);
}

void jobs_recover(void)
{
	looking = true;
	pool_hold(true); /* until all are there: their order counts */
	look_for_next("");
}

int jobs_recovering(void)
{
	return looking;
}
