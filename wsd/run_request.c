/* run_job: from a client's wish to a run. Source: notes-ws section 4; notes-clients sections 1 to 4. */
#include "wsd/protocol.h"

#include <string.h>

#include "http/http.h"
#include "model/job_queue.h"
#include "wsd/job_message.h"

static const struct field node_fields[] = {
	{ "id", FIELD_STR, FIELD_REQUIRED },
	{ "type", FIELD_STR, 0, "\"default\"" },
	{ "parent_id", FIELD_STR, FIELD_NULLABLE },
	{ "data", FIELD_ANY, FIELD_NULLABLE, "{}" },
	{ "ui_properties", FIELD_ANY, FIELD_NULLABLE, "{}" },
	{ "dynamic_properties", FIELD_OBJECT, FIELD_NULLABLE, "{}" },
	{ "dynamic_outputs", FIELD_OBJECT, FIELD_NULLABLE, "{}" },
	{ "sync_mode", FIELD_STR, FIELD_NULLABLE, "\"on_any\"" },
	{ 0 },
};

static const struct field edge_fields[] = {
	{ "id", FIELD_STR, FIELD_NULLABLE },
	{ "source", FIELD_STR, FIELD_REQUIRED },
	{ "sourceHandle", FIELD_STR, FIELD_REQUIRED },
	{ "target", FIELD_STR, FIELD_REQUIRED },
	{ "targetHandle", FIELD_STR, FIELD_REQUIRED },
	{ "ui_properties", FIELD_OBJECT, FIELD_NULLABLE },
	{ 0 },
};

static const struct field graph_fields[] = {
	{ "nodes", FIELD_LIST, FIELD_REQUIRED, .item = ITEM_MODEL(node_fields) },
	{ "edges", FIELD_LIST, FIELD_REQUIRED, .item = ITEM_MODEL(edge_fields) },
	{ 0 },
};

/* Further keys (settings, execution_options, job_name, …) are ignored. */
static const struct field run_fields[] = {
	{ "type", FIELD_STR, 0, "\"run_job_request\"" },
	{ "job_id", FIELD_STR, FIELD_NULLABLE },
	{ "job_type", FIELD_STR, 0, "\"workflow\"", .max_len = 64 },
	{ "execution_strategy", FIELD_ENUM, FIELD_NULLABLE, .choices = "threaded|subprocess|docker" },
	{ "params", FIELD_ANY, FIELD_NULLABLE },
	{ "workflow_id", FIELD_STR, 0, "\"\"", .max_len = 256 },
	{ "user_id", FIELD_STR, 0, "\"\"" },
	{ "auth_token", FIELD_STR, 0, "\"\"" },
	{ "api_url", FIELD_STR, FIELD_NULLABLE },
	{ "env", FIELD_OBJECT, FIELD_NULLABLE },
	{ "graph", FIELD_MODEL, FIELD_NULLABLE, .model = graph_fields },
	{ "explicit_types", FIELD_BOOL, FIELD_NULLABLE, "false" },
	{ "resource_limits", FIELD_OBJECT, FIELD_NULLABLE },
	{ "require_terminal_result", FIELD_BOOL, FIELD_NULLABLE, "false" },
	{ "use_cache", FIELD_BOOL, FIELD_NULLABLE, "false" },
	{ "priority", FIELD_ANY, FIELD_NULLABLE },
	{ 0 },
};

/* The first fault as "graph.nodes.0.id: Field required". */
static void answer_faults(struct session *s, const struct value *errors)
{
	const struct value *first = list_at(errors, 0);
	const struct value *loc = map_get(first, "loc");
	struct buf text;
	size_t i;

	buf_init(&text, BUF_MAX_SMALL);
	for (i = 0; i < value_len(loc); i++) {
		const struct value *part = list_at(loc, i);

		if (i)
			buf_addc(&text, '.');
		if (value_is(part, VALUE_INT))
			buf_printf(&text, "%lld", (long long)value_as_int(part));
		else
			buf_adds(&text, value_text(part));
	}
	buf_printf(&text, ": %s", map_str(first, "msg", "invalid"));
	protocol_invalid(s, text.failed ? "invalid" : text.data);
	buf_free(&text);
}

/* A run that cannot even be registered ends at once. */
static void refuse(struct session *s, const char *job_id, const char *workflow_id, const char *error)
{
	session_send(s, job_update(job_id, workflow_id, "failed", error));
}

/* What is no number, or a wild one, is no reason to refuse a run. */
static int64_t priority_of(const struct value *v)
{
	double wish = value_is_number(v) ? value_as_float(v) : 0;

	if (!(wish > -QUEUE_PRIORITY_MAX))
		return wish < 0 ? -QUEUE_PRIORITY_MAX : 0;
	return wish < QUEUE_PRIORITY_MAX ? (int64_t)wish : QUEUE_PRIORITY_MAX;
}

static void start(struct session *s, const struct value *request)
{
	struct value *params = map_get(request, "params");
	struct value *graph = map_get(request, "graph");
	struct job_spec spec = {
		.id = map_str(request, "job_id", NULL),
		.user_id = s->user,
		.workflow_id = map_str(request, "workflow_id", ""),
		.job_type = map_str(request, "job_type", "workflow"),
		.explicit_types = map_bool(request, "explicit_types", false),
		.use_cache = map_bool(request, "use_cache", false),
		.require_result = map_bool(request, "require_terminal_result", false),
		.binary = !s->text,
		.priority = priority_of(map_get(request, "priority")),
	};
	char id[ID_SIZE];

	if (jobs_full(s->user)) {
		id_new(id);
		refuse(s, spec.id && id_safe(spec.id) ? spec.id : id, spec.workflow_id,
		       "Too many runs are waiting on this server. Please try again later.");
		return;
	}
	spec.graph = value_is(graph, VALUE_MAP) ? value_ref(graph) : NULL;
	spec.params = value_is_null(params) ? value_map() : value_ref(params);
	session_start_watch(s, job_start(&spec), NULL);
}

void command_run_job(struct session *s, struct value *data)
{
	struct value *errors = value_list();
	struct value *request = fields_validate(run_fields, data, NULL, errors);
	const struct value *params;
	struct value *answer;

	if (value_len(errors)) {
		answer_faults(s, errors);
	} else {
		answer = value_map();
		map_set_str(answer, "message", "Job started");
		map_set(answer, "workflow_id", value_ref(map_get(request, "workflow_id")));
		session_send(s, answer);
		params = map_get(request, "params");
		if (!value_is_null(params) && !value_is(params, VALUE_MAP))
			refuse(s, map_str(request, "workflow_id", ""), map_str(request, "workflow_id", ""),
			       "ValueError: params must be an object");
		else
			start(s, request);
	}
	value_unref(errors);
	value_unref(request);
}
