/* The registry of runs and their life: see jobs.h. Their messages are built in job_message.c. */
#include "wsd/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wsd/job_log.h"
#include "wsd/job_message.h"
#include "wsd/job_queue.h"
#include "wsd/job_table.h"
#include "wsd/metrics.h"
#include "wsd/triggers.h"
#include "wsd/updates.h"

#define GRACE_US ((int64_t)80000)          /* from CANCEL to SIGKILL */
#define ENDED_MAX 100                      /* ended runs that are remembered */
#define ENDED_BYTES ((size_t)16 << 20)     /* and what their messages may take */
#define ENDED_US ((int64_t)3600 * 1000000) /* and for how long */

static struct {
	lws_dll2_owner_t active;
	lws_dll2_owner_t ended; /* the oldest first */
	lws_dll2_owner_t parked; /* at the end of the daemon: wait for the next one */
	size_t ended_bytes;
	int64_t started;
	bool closing;
} jobs;

static void submit_start(struct job *job);
static void release_held(struct job *job, bool count);
static void end(struct job *job, const char *status, const char *error);

/* ---- registry ------------------------------------------------------------------------------------------ */

struct job *job_find(const char *id, const char *user_id)
{
	struct job *job = job_table_find(id);

	return job && !strcmp(job->user_id, user_id) ? job : NULL;
}

bool job_is_active(const struct job *job)
{
	return job->state < JOB_ENDED;
}

/* What only a run that goes on needs. */
static void free_burden(struct job *job)
{
	if (job->account) {
		job->account->active--;
		fair_release(job->account);
		job->account = NULL;
	}
	value_unref(job->graph);
	value_unref(job->params);
	value_unref(job->resume);
	value_unref(job->result);
	buf_free(&job->early_frames);
	release_held(job, false);
	job->graph = job->params = job->resume = job->result = NULL;
}

static void free_job(struct job *job)
{
	job_table_remove(job);
	lws_dll2_remove(&job->link);
	loop_timer_stop(&job->grace);
	loop_timer_stop(&job->stall);
	free_burden(job);
	job_log_free(job);
	history_free(&job->history);
	free(job->user_id);
	free(job->workflow_id);
	free(job->job_type);
	free(job->workspace);
	free(job->error);
	free(job->error_kind);
	free(job->suspended_node);
	free(job->suspension_reason);
	free(job->suspension_state);
	free(job);
}

static void forget_old(void)
{
	int64_t now = time_mono_us();
	struct job *job;

	while (jobs.ended.head) {
		job = lws_container_of(jobs.ended.head, struct job, link);
		if (jobs.ended.count <= ENDED_MAX && jobs.ended_bytes <= ENDED_BYTES && now - job->ended_at < ENDED_US)
			break;
		jobs.ended_bytes -= job->history.bytes;
		free_job(job);
	}
}

/* ---- messages ------------------------------------------------------------------------------------------ */

/* The row has changed: those who look at the user's jobs learn it. */
static void announce(struct job *job, const struct journal_op *op, const char *event)
{
	if (op->etag[0])
		updates_change(job->user_id, event, "job", job->id, op->etag);
}

static void submit(struct job *job, struct journal_op *op)
{
	op->want_etag = updates_wanted(job->user_id);
	op->user_id = arena_strdup(op->arena, job->user_id);
	journal_submit(op);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

/* How it ended, as records for the log and messages. */
static void say_end(struct job *job)
{
	struct value *messages = job_end_messages(job);
	size_t i;

	for (i = 0; i < value_len(messages); i++)
		job_say(job, value_ref(list_at(messages, i)));
	value_unref(messages);
}

static void dismiss_watchers(struct job *job)
{
	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&job->watchers)) {
		struct watch *w = lws_container_of(d, struct watch, in_job);

		lws_dll2_remove(&w->in_job);
		w->ended(w);
		job_unwatch(w);
	} lws_end_foreach_dll_safe(d, next);
}

static void end_stored(struct journal_op *op)
{
	struct job *job = op->arg;

	job->state = JOB_ENDED;
	job->ended_at = time_mono_us();
	lws_dll2_remove(&job->link);
	lws_dll2_add_tail(&job->link, &jobs.ended);
	triggers_run_ended(job, jobs.closing);
	metrics_run_ended(job->status, job->duration);
	job_announce_written(job, op);
	dismiss_watchers(job);
	if (op->kind == JOURNAL_END)
		announce(job, op, "updated");
	free_burden(job);
	jobs.ended_bytes += job->history.bytes;
	forget_old();
}

/* The run is over: stores its end, then everybody hears of it. */
static void end(struct job *job, const char *status, const char *error)
{
	struct journal_op *op;

	if (job->state >= JOB_ENDING)
		return;
	loop_timer_stop(&job->grace);
	loop_timer_stop(&job->stall);
	job->stalled = false;
	job->state = JOB_ENDING;
	job->status = status;
	if (error && !job->error)
		job->error = xstrdup(error);
	if (job->running_op)
		journal_drop(job->running_op);
	say_end(job);
	if (job->http && (job->early || job->no_workflow)) {
		op = journal_op_new(JOURNAL_FORGET, end_stored, job);
		op->id = arena_strdup(op->arena, job->id);
		job_flush_with(job, op);
		journal_submit(op);
		return;
	}
	op = journal_op_new(JOURNAL_END, end_stored, job);
	op->end.id = arena_strdup(op->arena, job->id);
	op->end.status = status;
	op->end.error = job->error ? arena_strdup(op->arena, job->error) : NULL;
	op->end.http = job->http;
	if (!strcmp(status, "suspended")) {
		op->end.node_id = job->suspended_node ? arena_strdup(op->arena, job->suspended_node) : NULL;
		op->end.reason = job->suspension_reason ? arena_strdup(op->arena, job->suspension_reason) : NULL;
		op->end.state = job->suspension_state ? arena_strdup(op->arena, job->suspension_state) : NULL;
		op->end.completed = job_completed_nodes(job, op->arena);
	}
	op->end.result = job_result_to_keep(job, op->arena);
	job_record(job, job_end_record(&op->end));
	job_flush_with(job, op);
	submit(job, op);
}

/* ---- the runner ---------------------------------------------------------------------------------------- */

/* The run has really begun: a second "running", without run_state (notes-ws section 5). */
static void say_running(struct job *job)
{
	if (job->begun)
		return;
	job->begun = true;
	job_say(job, job_update(job->id, job->workflow_id, "running", NULL));
}

/* Takes the reference. */
static void take_numbered(struct job *job, struct blob *blob)
{
	say_running(job);
	job_number(job, blob);
}

/* What a run says after it was told to stop counts only when it was too late for that. Takes the reference. */
static void hold(struct job *job, struct blob *blob)
{
	job->held = xrealloc(job->held, (job->held_count + 1) * sizeof(*job->held));
	job->held[job->held_count++] = blob;
}

static void release_held(struct job *job, bool count)
{
	size_t i;

	for (i = 0; i < job->held_count; i++) {
		if (count)
			take_numbered(job, job->held[i]);
		else
			blob_unref(job->held[i]);
	}
	free(job->held);
	job->held = NULL;
	job->held_count = 0;
}

static void take_message(struct job *job, const char *payload, size_t len)
{
	struct runner_message_head head;
	struct blob *blob;
	const char *key = payload + sizeof(head);

	if (len < sizeof(head))
		return;
	memcpy(&head, payload, sizeof(head));
	if (len - sizeof(head) < head.key_len)
		return;
	blob = blob_new(key + head.key_len, len - sizeof(head) - head.key_len, key, head.key_len);
	blob->type = head.type;
	blob->has_bigint = head.flags & RUNNER_MSG_HAS_BIGINT;
	job->joined = head.flags & RUNNER_MSG_JOINED;
	if (head.type == RUNNER_MSG_TRACE)
		metrics_nodes((struct sv){ (const char *)blob->data, blob->len });
	if (head.type > RUNNER_MSG_JOB_UPDATE)
		job_record(job, blob);
	else if (job->cancelling)
		hold(job, blob);
	else
		take_numbered(job, blob);
}

static void take_done(struct job *job, const void *payload, size_t len)
{
	const char *status;

	loop_timer_stop(&job->grace);
	status = job_take_done(job, payload, len);
	release_held(job, strcmp(status, "cancelled") != 0);
	if (!job->early && strcmp(status, "cancelled") != 0)
		say_running(job);
	pool_finished(&job->run, !strcmp(status, "completed") || !strcmp(status, "suspended"));
	end(job, status, NULL);
}

static void run_frame(struct pool_run *run, enum runner_frame kind, const void *payload, size_t len)
{
	struct job *job = lws_container_of(run, struct job, run);

	if (kind == RUNNER_MESSAGE)
		take_message(job, payload, len);
	else if (kind == RUNNER_DONE)
		take_done(job, payload, len);
	else if (kind == RUNNER_EVENT_TAKEN)
		triggers_event_taken(job, payload, len);
}

static void run_settled(struct pool_run *run)
{
	job_flush(lws_container_of(run, struct job, run));
}

static void run_died(struct pool_run *run, const char *reason)
{
	struct job *job = lws_container_of(run, struct job, run);
	char *error;

	if (job->cancelling) {
		end(job, "cancelled", NULL);
		return;
	}
	error = job_death_text(job, reason);
	log_job(LOG_LVL_WARN, job->id, "%s", error);
	end(job, "failed", error);
	free(error);
}

static void running_stored(struct journal_op *op)
{
	struct job *job = op->arg;

	job->running_op = NULL;
	if (!op->dropped)
		announce(job, op, "updated");
}

static void run_start(struct pool_run *run)
{
	struct job *job = lws_container_of(run, struct job, run);
	struct value *order;

	job->state = JOB_RUNNING;
	job->status = "running";
	job_waited(job);
	metrics_run_waited((double)(time_mono_us() - job->asked_us) / 1e6);
	if (!job->http) {
		job->running_op = journal_op_new(JOURNAL_RUNNING, running_stored, job);
		job->running_op->id = arena_strdup(job->running_op->arena, job->id);
		submit(job, job->running_op);
	}
	order = job_run_order(job);
	job_send(job, RUNNER_RUN, order);
	value_unref(order);
	job_send_early(job);
	triggers_run_began(job);
}

/* ---- start --------------------------------------------------------------------------------------------- */

/* It ends before it could wait for a runner. */
static void begin_to_fail(struct job *job)
{
	if (!job->http)
		job_say_now(job, job_running_update(job));
}

static void started(struct job *job, struct journal_op *op)
{
	struct json_error why;
	char *error;

	if (op->logged.last > job->history.last_seq) /* of a daemon before this one */
		job->history.last_seq = job->delivered = job->announced = op->logged.last;
	announce(job, op, "updated");
	if (!job->resume)
		announce(job, op, "created");
	if (op->rc > 0) {
		begin_to_fail(job);
		job->no_workflow = true;
		error = xasprintf("Workflow %s not found", job->workflow_id);
		end(job, "failed", error);
		free(error);
		return;
	}
	if (!job->graph && op->graph)
		job->graph = json_parse(op->graph, strlen(op->graph), &why);
	if (!job->graph) {
		begin_to_fail(job);
		job->early = true;
		job->error_kind = xstrdup("ValueError");
		end(job, "failed", "The stored graph cannot be read");
		return;
	}
	if (op->workspace)
		job->workspace = xstrdup(op->workspace);
	job->use_cache |= op->use_cache;
	job_wait(job, false);
}

static void start_stored(struct journal_op *op)
{
	struct job *job = op->arg;

	if (op->rc < 0 && op->err.status == 409) { /* the id is taken by a run of the past: ours instead */
		job_table_remove(job);
		id_new(job->id);
		job_table_add(job);
		submit_start(job);
		return;
	}
	if (op->rc < 0 || (op->rc > 0 && job->resume)) {
		job->state = JOB_ENDING;
		job->status = "failed";
		job->early = true;
		job->error = xstrdup(op->rc < 0 ? "The run could not be stored" : JOB_TEXT_NO_RESUME);
		say_end(job);
		job_flush_with(job, op);
		end_stored(op);
		return;
	}
	if (job->cancelling || jobs.closing) {
		end(job, "cancelled", NULL);
		return;
	}
	started(job, op);
}

static char *json_in(struct arena *arena, const struct value *v)
{
	return json_text(arena, v, JSON_COLUMN);
}

static void submit_start(struct job *job)
{
	struct journal_op *op = journal_op_new(JOURNAL_START, start_stored, job);

	op->workflow_id = arena_strdup(op->arena, job->workflow_id);
	op->need_graph = !job->graph;
	op->keep_row = !job->http;
	op->start.id = arena_strdup(op->arena, job->id);
	op->start.user_id = arena_strdup(op->arena, job->user_id);
	op->start.workflow_id = op->workflow_id;
	op->start.job_type = arena_strdup(op->arena, job->job_type);
	op->start.status = job->http ? "running" : "scheduled";
	op->start.graph = job->http ? "{}" : job->graph ? json_in(op->arena, job->graph) : NULL;
	op->start.params = job->http ? "{}" : json_in(op->arena, job->params);
	op->start.execution_strategy = job->http ? "threaded" : NULL;
	op->start.worker_id = arena_strdup(op->arena, journal_worker_id());
	op->start.options = job->http ? NULL : job_options_text(job, op->arena);
	submit(job, op);
}

static void submit_resume(struct job *job)
{
	struct journal_op *op = journal_op_new(JOURNAL_RESUME, start_stored, job);

	op->id = arena_strdup(op->arena, job->id);
	op->workflow_id = arena_strdup(op->arena, job->workflow_id);
	op->log = &job->log;
	op->log_id = job->id;
	submit(job, op);
}

static struct job *new_job(struct job_spec *spec, const char *id)
{
	struct job *job = xcalloc(1, sizeof(*job));

	snprintf(job->id, sizeof(job->id), "%s", id);
	job->user_id = xstrdup(spec->user_id);
	job->workflow_id = xstrdup(spec->workflow_id);
	job->job_type = xstrdup(spec->job_type);
	job->graph = spec->graph;
	job->params = spec->params;
	job->resume = spec->resume;
	job->explicit_types = spec->explicit_types;
	job->binary = spec->binary;
	job->require_result = spec->require_result;
	job->use_cache = spec->use_cache;
	job->http = spec->http;
	job->priority = spec->priority;
	job->place = spec->place;
	job->arrived = time_now_us();
	job->account = pool_user(job->user_id);
	job->account->active++;
	job->status = "scheduled";
	job->asked_us = time_mono_us();
	job->run.user = job->user_id;
	job->run.start = run_start;
	job->run.frame = run_frame;
	job->run.settled = run_settled;
	job->run.died = run_died;
	job_table_add(job);
	lws_dll2_add_tail(&job->link, &jobs.active);
	jobs.started++;
	return job;
}

struct job *job_start(struct job_spec *spec)
{
	bool wish = spec->id && job_id_well_formed(spec->id) && !job_table_find(spec->id);
	struct job *job;
	char id[ID_SIZE];

	id_new(id);
	job = new_job(spec, wish ? spec->id : id);
	submit_start(job);
	return job;
}

struct job *job_resume(struct job_spec *spec)
{
	struct job *old = job_table_find(spec->id);
	uint32_t seq = 0;
	struct job *job;

	if (old) { /* its messages go on counting */
		seq = old->history.last_seq;
		jobs.ended_bytes -= old->history.bytes;
		free_job(old);
	}
	job = new_job(spec, spec->id);
	job->status = "running"; /* so its row says as soon as it goes on */
	job->history.last_seq = job->delivered = job->announced = seq;
	submit_resume(job);
	return job;
}

struct job *job_adopt(struct job_spec *spec)
{
	return new_job(spec, spec->id);
}

/* ---- cancel -------------------------------------------------------------------------------------------- */

static void grace_over(struct loop_timer *timer)
{
	struct job *job = lws_container_of(timer, struct job, grace);

	pool_kill(&job->run);
	end(job, "cancelled", NULL);
}

bool job_cancel(struct job *job)
{
	struct value *empty;

	if (job->state >= JOB_ENDING || job->cancelling)
		return false;
	job->cancelling = true;
	if (job->state == JOB_WAITING) {
		pool_dequeue(&job->run);
		end(job, "cancelled", NULL);
	} else if (job->state == JOB_RUNNING) {
		empty = value_map();
		loop_timer_set(&job->grace, GRACE_US, grace_over);
		job_send(job, RUNNER_CANCEL, empty);
		value_unref(empty);
	}
	return true;
}

/* ---- life of the registry ------------------------------------------------------------------------------ */

void jobs_shutdown(void)
{
	jobs.closing = true;
	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&jobs.active)) {
		struct job *job = lws_container_of(d, struct job, link);

		if (job->state == JOB_WAITING)
			pool_dequeue(&job->run);
		if (job->state == JOB_WAITING && job->queued) { /* as its row and its log say, for whichever daemon */
			lws_dll2_remove(&job->link);
			lws_dll2_add_tail(&job->link, &jobs.parked);
		} else if (job->state == JOB_WAITING || job->state == JOB_RUNNING) {
			pool_kill(&job->run);
			end(job, "cancelled", NULL);
		}
	} lws_end_foreach_dll_safe(d, next);
}

void jobs_free(void)
{
	while (jobs.active.head)
		free_job(lws_container_of(jobs.active.head, struct job, link));
	while (jobs.ended.head)
		free_job(lws_container_of(jobs.ended.head, struct job, link));
	while (jobs.parked.head)
		free_job(lws_container_of(jobs.parked.head, struct job, link));
}

void jobs_get_stats(struct jobs_stats *out)
{
	out->active = (int)jobs.active.count;
	out->ended = (int)jobs.ended.count;
	out->started = jobs.started;
	out->bytes = history_total();
}

void jobs_each_active(void (*fn)(struct job *job, void *arg), void *arg)
{
	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&jobs.active)) {
		fn(lws_container_of(d, struct job, link), arg);
	} lws_end_foreach_dll_safe(d, next);
}
