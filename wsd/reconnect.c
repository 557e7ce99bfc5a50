/*
 * reconnect_job and resume_job: a client joins a run.
 *
 * With `last_seq` it gets `job_resumed` and then exactly the messages behind that number. Without, it gets the state of
 * the run: the last message of each node and edge, and what nobody has seen yet. A run that has ended says how, each time
 * anew. Source: notes-ws sections 7 and 12; notes-clients sections 3 and 8.
 */
#include "wsd/replay.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/job_message.h"
#include "wsd/job_queue.h"

/* What was asked, as long as the database is asked in turn. */
struct question {
	struct ticket ticket;
	char *job_id;
	char *workflow_id; /* NULL: not given */
	bool resume;
	bool has_seq;
	uint32_t last_seq;
};

static void acknowledge(struct session *s, const char *verb, struct value *shown, const struct value *data)
{
	struct value *workflow = map_get(data, "workflow_id");
	struct value *m = value_map();
	struct buf id;

	buf_init(&id, BUF_MAX_SMALL);
	if (value_is(shown, VALUE_STR))
		buf_adds(&id, value_text(shown));
	else
		json_write(&id, shown, JSON_COMPACT);
	map_set(m, "message", value_strf("%s job %s", verb, id.failed ? "" : id.data));
	buf_free(&id);
	map_set(m, "job_id", value_ref(shown));
	map_set(m, "workflow_id", workflow ? value_ref(workflow) : value_null());
	session_send(s, m);
}

void send_resumed(struct session *s, const char *job_id, const char *workflow_id, const char *status, uint32_t last_seq,
		  size_t count, bool incomplete)
{
	struct value *m = value_map();

	map_set_str(m, "type", "job_resumed");
	map_set_str(m, "job_id", job_id);
	map_set_str(m, "workflow_id", workflow_id);
	map_set_str(m, "status", status);
	map_set_int(m, "last_seq", last_seq);
	map_set_int(m, "replay_count", (int64_t)count);
	map_set_bool(m, "replay_incomplete", incomplete);
	session_send(s, m);
}

/* What has been announced behind `seq`: what is not written yet comes in a moment. */
static void replay_after(struct watch *w, uint32_t seq)
{
	struct job *job = w->job;
	struct blob *blob;

	for (size_t i = history_after(&job->history, seq); (blob = history_at(&job->history, i)); i++)
		if (blob->seq <= job->announced)
			session_send_watched(w, blob);
	job->delivered = job->announced;
}

void join_after(struct session *s, struct job *job, const char *workflow_id, uint32_t seq)
{
	struct watch *w = session_start_watch(s, job, workflow_id);

	replay_after(w, seq);
	if (!job_is_active(job))
		job_unwatch(w);
}

/* False when the daemon does not hold all of it: the run's log is read then. */
static bool replay_by_seq(struct session *s, struct job *job, const struct question *q)
{
	uint32_t first = history_first_seq(&job->history);

	if (first > q->last_seq + 1)
		return false;
	send_resumed(s, job->id, q->workflow_id ? q->workflow_id : job->workflow_id,
		     job_is_active(job) ? "running" : "finished", q->last_seq,
		     job->announced > q->last_seq ? job->announced - q->last_seq : 0, false);
	join_after(s, job, q->workflow_id, q->last_seq);
	return true;
}

static void send_status(struct session *s, struct watch *w)
{
	struct value *m = w->job->queued ? job_queued_update(w->job) : job_running_update(w->job);

	if (w->workflow_id)
		map_set_str(m, "workflow_id", w->workflow_id);
	session_send(s, m);
}

/* The run as it stands, then what nobody has read. */
static void replay_state(struct session *s, struct watch *w)
{
	struct history *h = &w->job->history;
	uint32_t unread = w->job->delivered;
	size_t i;

	send_status(s, w);
	if (w->job->queued) { /* that says it all, as long as it waits */
		w->job->delivered = w->job->announced;
		return;
	}
	for (i = 0; i < h->latest_count; i++)
		if (h->latest[i]->type == RUNNER_MSG_NODE_UPDATE && h->latest[i]->seq <= unread)
			session_send_watched(w, h->latest[i]);
	for (i = 0; i < h->latest_count; i++)
		if (h->latest[i]->type == RUNNER_MSG_EDGE_UPDATE && h->latest[i]->seq <= unread)
			session_send_watched(w, h->latest[i]);
	send_status(s, w);
	replay_after(w, unread);
}

static struct value *end_update(const char *job_id, const char *workflow_id, const char *status, const char *error)
{
	return job_update(job_id, workflow_id, status, !strcmp(status, "failed") ? error : NULL);
}

/* How a remembered run ended; what nobody has read comes before. */
static void tell_end(struct session *s, struct watch *w)
{
	struct job *job = w->job;
	struct history *h = &job->history;
	struct value *m;
	struct value *last;

	if (job->delivered < job->announced) {
		replay_after(w, job->delivered);
		return;
	}
	m = end_update(job->id, w->workflow_id ? w->workflow_id : job->workflow_id, job->status, job->error);
	if (job->require_result && h->count) {
		last = blob_value(history_at(h, h->count - 1));
		if (map_get(last, "result"))
			map_set(m, "result", value_ref(map_get(last, "result")));
		value_unref(last);
	}
	session_send(s, m);
}

static void join(struct session *s, struct job *job, const struct question *q)
{
	struct watch *w;

	if (q->has_seq) {
		if (!replay_by_seq(s, job, q))
			replay_start(s, job->id, q->workflow_id, q->last_seq, NULL);
		return;
	}
	w = session_start_watch(s, job, q->workflow_id);
	if (job_is_active(job))
		replay_state(s, w);
	else
		tell_end(s, w);
	if (!job_is_active(job))
		job_unwatch(w);
}

/* ---- runs of the past: the database knows ------------------------------------------------------------- */

static void send_unknown(struct session *s, const struct question *q)
{
	const char *workflow = q->workflow_id ? q->workflow_id : "";

	if (q->has_seq)
		send_resumed(s, q->job_id, workflow, "unknown", q->last_seq, 0, true);
	session_send(s, job_update(q->job_id, workflow, "failed", q->resume ? JOB_TEXT_NO_RESUME : JOB_TEXT_EXPIRED));
}

static void send_found(struct session *s, const struct question *q, const struct job_found *found)
{
	const char *workflow = q->workflow_id ? q->workflow_id : found->workflow_id ? found->workflow_id : "";
	struct json_error error;
	struct value *result;
	struct value *m;

	m = end_update(q->job_id, workflow, found->status ? found->status : "failed", found->error);
	result = found->result ? json_parse(found->result, strlen(found->result), &error) : NULL;
	if (value_is(result, VALUE_MAP)) {
		struct value *outputs = value_copy(result);

		map_set(outputs, "outputs", value_ref(result));
		map_set(m, "result", outputs);
	}
	value_unref(result);
	if (q->has_seq)
		replay_start(s, q->job_id, q->workflow_id, q->last_seq, m);
	else
		session_send(s, m);
}

static struct value *parsed(const char *text)
{
	struct json_error error;

	return text ? json_parse(text, strlen(text), &error) : NULL;
}

/* Lets a suspended run go on; false when it is none, or cannot. */
static bool resume_found(struct session *s, const struct question *q, const struct job_found *found)
{
	struct value *state = parsed(found->state);
	struct value *completed = parsed(found->completed);
	struct job_spec spec = {
		.id = q->job_id,
		.user_id = s->user,
		.workflow_id = found->workflow_id ? found->workflow_id : "",
		.job_type = "workflow",
		.graph = parsed(found->graph),
		.params = parsed(found->params),
		.binary = !s->text,
		.resume = value_map(),
	};
	struct job *active = job_find(q->job_id, s->user);
	bool good = found->status && !strcmp(found->status, "suspended") && found->node_id &&
		    value_is(spec.graph, VALUE_MAP) && value_is(spec.params, VALUE_MAP) &&
		    !(active && job_is_active(active));

	map_set_str(spec.resume, "node_id", found->node_id);
	map_set(spec.resume, "state", state ? state : value_null());
	map_set(spec.resume, "completed", completed ? completed : value_list());
	if (good) {
		session_start_watch(s, job_resume(&spec), q->workflow_id);
		return true;
	}
	value_unref(spec.graph);
	value_unref(spec.params);
	value_unref(spec.resume);
	return false;
}

static void free_question(struct question *q)
{
	ticket_drop(&q->ticket);
	free(q->job_id);
	free(q->workflow_id);
	free(q);
}

static void answered(struct journal_op *op)
{
	struct question *q = op->arg;
	struct session *s = q->ticket.session;

	if (s && q->resume && op->rc == 0 && resume_found(s, q, &op->found))
		log_job(LOG_LVL_DEBUG, q->job_id, "goes on");
	else if (s && op->rc == 0 && !q->resume)
		send_found(s, q, &op->found);
	else if (s)
		send_unknown(s, q);
	free_question(q);
}

static void ask_database(struct question *q)
{
	struct journal_op *op = journal_op_new(JOURNAL_FIND, answered, q);

	op->id = arena_strdup(op->arena, q->job_id);
	op->user_id = arena_strdup(op->arena, q->ticket.session->user);
	journal_submit(op);
}

/* ---- the commands -------------------------------------------------------------------------------------- */

static void reconnect(struct session *s, struct value *data, bool resume)
{
	struct value *seq = map_get(data, "last_seq");
	struct question *q;
	struct value *shown;
	struct job *job;
	const char *id;

	if (!command_job_id(s, data, &id, &shown))
		return;
	acknowledge(s, resume ? "Resumption initiated for" : "Reconnecting to", shown, data);
	q = xcalloc(1, sizeof(*q));
	ticket_take(&q->ticket, s);
	q->job_id = xstrdup(id ? id : "");
	q->workflow_id = map_str(data, "workflow_id", NULL) ? xstrdup(map_str(data, "workflow_id", "")) : NULL;
	q->resume = resume;
	q->has_seq = value_is_number(seq) && value_as_float(seq) >= 0 && value_as_float(seq) < 4e9;
	q->last_seq = q->has_seq ? (uint32_t)value_as_int(seq) : 0;
	if (q->has_seq)
		s->modern = true;
	job = id ? job_find(id, s->user) : NULL;
	if (job && (job_is_active(job) || !resume)) {
		join(s, job, q);
	} else if (!id) {
		send_unknown(s, q);
	} else {
		ask_database(q);
		return;
	}
	free_question(q);
}

void command_reconnect_job(struct session *s, struct value *data)
{
	reconnect(s, data, false);
}

void command_resume_job(struct session *s, struct value *data)
{
	reconnect(s, data, true);
}
