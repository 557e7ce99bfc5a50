/* What is said about a run: see job_message.h. */
#include "wsd/job_message.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_RESULT_MAX ((size_t)64 << 10)

struct value *job_update(const char *job_id, const char *workflow_id, const char *status, const char *error)
{
	struct value *m = value_map();

	map_set_str(m, "type", "job_update");
	map_set_str(m, "status", status);
	map_set_str(m, "job_id", job_id);
	map_set_str(m, "workflow_id", workflow_id);
	map_set(m, "message", value_null());
	map_set(m, "result", value_null());
	map_set_str(m, "error", error);
	map_set(m, "traceback", value_null());
	map_set(m, "run_state", value_null());
	map_set(m, "duration", value_null());
	return m;
}

struct value *job_running_update(const struct job *job)
{
	struct value *m = job_update(job->id, job->workflow_id, "running", NULL);
	struct value *state = value_map();

	map_set_str(state, "status", "running");
	map_set(state, "suspended_node_id", value_null());
	map_set(state, "suspension_reason", value_null());
	map_set(state, "error_message", value_null());
	map_set_str(state, "execution_strategy", "threaded");
	map_set_bool(state, "is_resumable", true);
	map_set(m, "run_state", state);
	return m;
}

/* The result; with the further key "outputs" when the client insists on a terminal result. */
static struct value *shown_result(const struct job *job)
{
	struct value *result;

	if (!job->require_result)
		return job->result ? value_ref(job->result) : value_map();
	result = job->result && value_is(job->result, VALUE_MAP) ? value_copy(job->result) : value_map();
	map_set(result, "outputs", job->result ? value_ref(job->result) : value_map());
	return result;
}

static void completed(const struct job *job, struct value *m)
{
	map_set(m, "message", value_strf("Workflow %s completed", job->id));
	map_set(m, "result", shown_result(job));
	map_set_float(m, "duration", job->duration);
}

static void suspended(const struct job *job, struct value *m)
{
	map_set(m, "message", value_strf("Workflow suspended at node %s: %s", job->suspended_node ? job->suspended_node : "",
					 job->suspension_reason ? job->suspension_reason : ""));
}

static void failed(const struct job *job, struct value *list)
{
	const char *wf = job->workflow_id;
	struct value *m;

	if (job->no_workflow) {
		m = job_update(job->id, wf, "failed", NULL);
		map_set(m, "error", value_strf("ValueError: %s", job->error));
		list_push(list, m);
		return;
	}
	if (!job->early && job->error_kind)
		list_push(list, job_update(job->id, wf, "error", job->error));
	m = job_update(job->id, wf, "failed", job->error);
	if (job->error_kind)
		map_set(m, "error", value_strf("%s: %s", job->error_kind, job->error ? job->error : ""));
	list_push(list, m);
}

struct value *job_end_messages(const struct job *job)
{
	struct value *list = value_list();
	struct value *m;

	if (!strcmp(job->status, "failed")) {
		failed(job, list);
		return list;
	}
	m = job_update(job->id, job->workflow_id, job->status, NULL);
	if (!strcmp(job->status, "completed"))
		completed(job, m);
	else if (!strcmp(job->status, "suspended"))
		suspended(job, m);
	list_push(list, m);
	return list;
}

struct value *job_run_order(const struct job *job)
{
	struct value *m = value_map();

	map_set_str(m, "job_id", job->id);
	map_set_str(m, "workflow_id", job->workflow_id);
	map_set_str(m, "user_id", job->user_id);
	map_set(m, "graph", value_ref(job->graph));
	map_set(m, "params", value_ref(job->params));
	map_set_bool(m, "explicit_types", job->explicit_types);
	map_set_bool(m, "binary", job->binary);
	map_set_bool(m, "use_cache", job->use_cache);
	map_set_str(m, "workspace", job->workspace);
	map_set(m, "resume", job->resume ? value_ref(job->resume) : value_null());
	/* One number is for our own "running" in front of its first message. */
	map_set_int(m, "first_seq", (int64_t)job->history.last_seq + (job->begun ? 1 : 2));
	return m;
}

const char *job_options_text(const struct job *job, struct arena *arena)
{
	struct value *m = value_map();
	const char *text;

	map_set_bool(m, "explicit_types", job->explicit_types);
	map_set_bool(m, "binary", job->binary);
	map_set_bool(m, "require_result", job->require_result);
	map_set_bool(m, "use_cache", job->use_cache);
	if (job->priority)
		map_set_int(m, "priority", job->priority);
	text = json_text(arena, m, JSON_COMPACT);
	value_unref(m);
	return text;
}

void job_options_read(struct job_spec *spec, const struct value *options)
{
	spec->explicit_types = map_bool(options, "explicit_types", false);
	spec->binary = map_bool(options, "binary", false);
	spec->require_result = map_bool(options, "require_result", false);
	spec->use_cache = map_bool(options, "use_cache", false);
	spec->priority = map_int(options, "priority", 0);
	spec->place = map_int(options, "place", 0);
}

static const char *known_status(const char *status)
{
	static const char *const known[] = { "completed", "failed", "cancelled", "suspended" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(status, known[i]))
			return known[i];
	return "failed";
}

/* The texts of a job_end, by the keys of its record. */
static const struct end_text {
	const char *key;
	size_t offset;
} end_texts[] = {
	{ "error", offsetof(struct job_end, error) },	      { "node_id", offsetof(struct job_end, node_id) },
	{ "reason", offsetof(struct job_end, reason) },	      { "state", offsetof(struct job_end, state) },
	{ "completed", offsetof(struct job_end, completed) }, { "result", offsetof(struct job_end, result) },
};

struct blob *job_end_record(const struct job_end *end)
{
	struct value *m = value_map();
	const char *text;
	struct blob *blob;

	map_set_str(m, "status", end->status);
	for (size_t i = 0; i < ARRAY_LEN(end_texts); i++) {
		memcpy(&text, (const char *)end + end_texts[i].offset, sizeof(text));
		if (text)
			map_set_str(m, end_texts[i].key, text);
	}
	blob = blob_of_value(m);
	blob->type = RUNNER_MSG_END;
	value_unref(m);
	return blob;
}

bool job_end_of_record(const struct blob *blob, struct arena *arena, struct job_end *end)
{
	struct value *m = blob_value(blob);
	const char *text;

	for (size_t i = 0; i < ARRAY_LEN(end_texts); i++) {
		text = map_str(m, end_texts[i].key, NULL);
		text = text ? arena_strdup(arena, text) : NULL;
		memcpy((char *)end + end_texts[i].offset, &text, sizeof(text));
	}
	text = map_str(m, "status", NULL);
	end->status = text ? known_status(text) : NULL;
	value_unref(m);
	return end->status != NULL;
}

static char *text_or_null(const struct value *map, const char *key)
{
	const char *text = map_str(map, key, NULL);

	return text ? xstrdup(text) : NULL;
}

static char *json_or_null(const struct value *v)
{
	struct buf out;

	if (value_is_null(v))
		return NULL;
	buf_init(&out, BUF_MAX_BODY);
	if (json_write(&out, v, JSON_COLUMN) < 0) {
		buf_free(&out);
		return NULL;
	}
	return buf_take(&out);
}

const char *job_take_done(struct job *job, const void *payload, size_t len)
{
	struct json_error error;
	struct value *done = msgpack_parse(payload, len, &error);
	struct value *result = map_get(done, "result");
	const char *status = known_status(map_str(done, "status", ""));

	if (!done) {
		job->error = xstrdup("The runner's answer makes no sense");
		return "failed";
	}
	if (!strcmp(status, "failed")) {
		job->error = text_or_null(done, "error");
		job->error_kind = text_or_null(done, "error_kind");
		job->early = map_bool(done, "early", false);
	}
	if (!value_is_null(result))
		job->result = value_ref(result);
	job->duration = value_as_float(map_get(done, "duration"));
	job->suspended_node = text_or_null(done, "node_id");
	job->suspension_reason = text_or_null(done, "reason");
	job->suspension_state = json_or_null(map_get(done, "state"));
	value_unref(done);
	return status;
}

/* The last message of the node that began to run last and has not ended; NULL when there is none. Caller unrefs. */
static struct value *running_node(const struct job *job)
{
	const struct history *h = &job->history;
	struct value *found = NULL;
	struct value *m;
	uint32_t seq = 0;
	size_t i;

	for (i = 0; i < h->latest_count; i++) {
		if (h->latest[i]->type != RUNNER_MSG_NODE_UPDATE || h->latest[i]->seq < seq)
			continue;
		m = blob_value(h->latest[i]);
		if (strcmp(map_str(m, "status", ""), "running")) {
			value_unref(m);
			continue;
		}
		value_unref(found);
		found = m;
		seq = h->latest[i]->seq;
	}
	return found;
}

char *job_death_text(const struct job *job, const char *reason)
{
	struct value *node = running_node(job);
	char *text;

	if (node)
		text = xasprintf("The process that ran this workflow %s while node %s (%s) was running", reason,
				 map_str(node, "node_id", ""), map_str(node, "node_type", ""));
	else
		text = xasprintf("The process that ran this workflow %s", reason);
	value_unref(node);
	return text;
}

const char *job_completed_nodes(const struct job *job, struct arena *arena)
{
	const struct history *h = &job->history;
	struct value *list = value_list();
	struct value *before = map_get(job->resume, "completed");
	const char *text;
	size_t i;

	for (i = 0; i < value_len(before); i++)
		list_push(list, value_ref(list_at(before, i)));
	for (i = 0; i < h->latest_count; i++) {
		struct value *m = h->latest[i]->type == RUNNER_MSG_NODE_UPDATE ? blob_value(h->latest[i]) : NULL;

		if (!strcmp(map_str(m, "status", ""), "completed"))
			list_push(list, value_str(h->latest[i]->key));
		value_unref(m);
	}
	text = json_text(arena, list, JSON_COLUMN);
	value_unref(list);
	return text;
}

const char *job_result_to_keep(const struct job *job, struct arena *arena)
{
	const char *text;

	if (!job->require_result || !job->result || strcmp(job->status, "completed"))
		return NULL;
	text = json_text(arena, job->result, JSON_COLUMN);
	return text && strlen(text) <= KEPT_RESULT_MAX ? text : NULL;
}
