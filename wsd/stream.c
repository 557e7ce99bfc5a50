/* stream_input, end_input_stream: items for the inputs of a run. Source: notes-ws section 3; cases/ws/stream_input_*. */
#include "wsd/protocol.h"

#include <string.h>

#include "http/http.h"

/* A chunk with its defaults. */
static const struct field chunk_fields[] = {
	{ "type", FIELD_STR, 0, "\"chunk\"" },
	{ "node_id", FIELD_STR, FIELD_NULLABLE },
	{ "thread_id", FIELD_STR, FIELD_NULLABLE },
	{ "workflow_id", FIELD_STR, FIELD_NULLABLE },
	{ "content_type", FIELD_CHOICE, 0, "\"text\"", .choices = "text|audio|image|video|document" },
	{ "content", FIELD_STR, 0, "\"\"" },
	{ "content_metadata", FIELD_OBJECT, 0, "{}" },
	{ "done", FIELD_BOOL, 0, "false" },
	{ "thinking", FIELD_BOOL, 0, "false" },
	{ 0 },
};

static void answer_error(struct session *s, const char *text)
{
	struct value *m = value_map();

	map_set_str(m, "error", text);
	session_send(s, m);
}

static bool blank(struct sv text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (!strchr(" \t\r\n\v\f", text.p[i]))
			return false;
	return true;
}

/* The streamed run and the name of the input; NULL after an answer. */
static struct job *find_input(struct session *s, const struct value *data, struct value **shown)
{
	const struct value *input = map_get(data, "input");
	struct watch *w;
	const char *id;

	if (!command_job_id(s, data, &id, shown))
		return NULL;
	w = session_watch(s, id);
	if (!w || !job_is_active(w->job)) {
		answer_error(s, "No active job/context");
		return NULL;
	}
	if (!value_is(input, VALUE_STR) || blank(value_sv(input))) {
		answer_error(s, "Invalid input name");
		return NULL;
	}
	return w->job;
}

static struct value *frame_of(const struct value *data)
{
	struct value *m = value_map();
	const char *handle = map_str(data, "handle", "");

	map_set(m, "input", value_ref(map_get(data, "input")));
	map_set_str(m, "handle", handle[0] ? handle : "output");
	return m;
}

static void acknowledge(struct session *s, const char *text, struct value *shown, const struct value *data)
{
	struct value *workflow = map_get(data, "workflow_id");
	struct value *m = value_map();

	map_set_str(m, "message", text);
	map_set(m, "job_id", value_ref(shown));
	map_set(m, "workflow_id", workflow ? value_ref(workflow) : value_null());
	session_send(s, m);
}

/* The value as the run gets it: chunks are checked and filled up. NULL after an answer. */
static struct value *item_of(struct session *s, const struct value *data)
{
	struct value *v = map_get(data, "value");
	struct value *errors;
	struct value *chunk;

	if (!v)
		return value_null();
	if (strcmp(map_str(v, "type", ""), "chunk") != 0)
		return value_ref(v);
	errors = value_list();
	chunk = fields_validate(chunk_fields, v, NULL, errors);
	if (value_len(errors)) {
		protocol_invalid(s, map_str(list_at(errors, 0), "msg", "value: this is no chunk"));
		value_unref(chunk);
		chunk = NULL;
	}
	value_unref(errors);
	return chunk;
}

void command_stream_input(struct session *s, struct value *data)
{
	struct value *shown;
	struct job *job = find_input(s, data, &shown);
	struct value *item;
	struct value *m;

	if (!job)
		return;
	item = item_of(s, data);
	if (!item)
		return;
	m = frame_of(data);
	map_set(m, "value", item);
	job_send(job, RUNNER_INPUT, m);
	value_unref(m);
	acknowledge(s, "Input item streamed", shown, data);
}

void command_end_input_stream(struct session *s, struct value *data)
{
	struct value *shown;
	struct job *job = find_input(s, data, &shown);
	struct value *m;

	if (!job)
		return;
	m = frame_of(data);
	job_send(job, RUNNER_END_INPUT, m);
	value_unref(m);
	acknowledge(s, "Input stream ended", shown, data);
}
