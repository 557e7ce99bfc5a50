/* /api/jobs/triggers: starting and stopping trigger workflows (notes-workflows section 4), and events by hand. */
#include "job_trigger.h"

#include <string.h>

#include "graph/graph.h"
#include "handler.h"
#include "model/model.h"
#include "model/trigger.h"
#include "notify/notify.h"

static struct value *trigger_value(const char *workflow_id, const char *job_id, const char *status, bool running)
{
	struct value *v = value_map();

	map_set_str(v, "workflow_id", workflow_id);
	map_set_str(v, "job_id", job_id);
	map_set_str(v, "status", status);
	map_set_bool(v, "is_running", running);
	return v;
}

static int trigger_item(const char *workflow_id, const char *job_id, const char *status, void *arg)
{
	list_push(arg, trigger_value(workflow_id, job_id, status, true));
	return 0;
}

int trigger_list_started(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct value *v = value_map();

	map_set(v, "workflows", value_list());
	if (!db || trigger_list(db, req->user.id, trigger_item, map_get(v, "workflows"), &req->err)) {
		value_unref(v);
		return -1;
	}
	return res_json(res, v);
}

int trigger_workflow(struct request *req, struct db *db, struct workflow *w)
{
	int rc = workflow_get(db, req->arena, req->user.id, req_param(req, "workflow_id"), false, w, &req->err);

	return rc == 1 ? req_fail(req, 404, "Workflow not found") : rc;
}

static bool has_trigger(const struct workflow *w)
{
	struct sv text = w->c[WORKFLOW_GRAPH];
	struct json_error error;
	struct value *graph = text.p ? json_parse(text.p, text.n, &error) : NULL;
	bool found = graph_has_trigger(graph);

	value_unref(graph);
	return found;
}

static int start_in(struct request *req, struct response *res, struct db *db)
{
	struct job_command command = { .user_id = req->user.id, .command = NOTIFY_START_TRIGGER };
	const char *status = "running";
	struct workflow w;
	char id[ID_SIZE];
	int rc;

	if (trigger_workflow(req, db, &w))
		return -1;
	command.workflow_id = w.c[WORKFLOW_ID].p;
	if (!has_trigger(&w))
		return req_fail(req, 400, "Workflow does not contain trigger nodes");
	rc = trigger_running(db, req->arena, req->user.id, command.workflow_id, &command.job_id, &status, &req->err);
	if (rc == 1) {
		id_new(id);
		command.job_id = id;
		if (trigger_set(db, req->user.id, command.workflow_id, id, &req->err) ||
		    job_command_add(db, &command, &req->err) || db_commit(db, &req->err))
			return -1;
		notify_command(req->user.id, NOTIFY_START_TRIGGER, command.workflow_id);
	}
	return rc < 0 ? -1 : res_json(res, trigger_value(command.workflow_id, command.job_id, "running", true));
}

int trigger_start(struct request *req, struct response *res)
{
	return handle_write(req, res, start_in);
}

static int stop_in(struct request *req, struct response *res, struct db *db)
{
	struct job_command command = { .user_id = req->user.id, .command = NOTIFY_STOP_TRIGGER };
	const char *status;
	struct workflow w;
	int rc;

	if (trigger_workflow(req, db, &w))
		return -1;
	command.workflow_id = w.c[WORKFLOW_ID].p;
	rc = trigger_running(db, req->arena, req->user.id, command.workflow_id, &command.job_id, &status, &req->err);
	if (rc == 0) {
		if (trigger_clear(db, req->user.id, command.workflow_id, &req->err) ||
		    trigger_forget(db, command.workflow_id, &req->err) ||
		    job_command_add(db, &command, &req->err) || db_commit(db, &req->err))
			return -1;
		notify_command(req->user.id, NOTIFY_STOP_TRIGGER, command.workflow_id);
	}
	return rc < 0 ? -1 : res_json(res, trigger_value(command.workflow_id, NULL, rc ? "not_running" : "stopped", false));
}

int trigger_stop(struct request *req, struct response *res)
{
	return handle_write(req, res, stop_in);
}

/* ---- nodes and events -------------------------------------------------------------------------------------- */

int trigger_node(struct request *req, const struct workflow *w, const char *node_id, const char *type, struct value **data,
		 const char **id)
{
	struct sv text = w->c[WORKFLOW_GRAPH];
	struct json_error error;
	struct value *graph = text.p ? json_parse(text.p, text.n, &error) : NULL;
	struct value *nodes = map_get(graph, "nodes");
	int rc = req_fail(req, node_id ? 404 : 400, "The workflow has no such node");
	size_t i;

	for (i = 0; i < value_len(nodes); i++) {
		const struct value *node = list_at(nodes, i);

		if (!strcmp(map_str(node, "type", ""), type) &&
		    (!node_id || !strcmp(map_str(node, "id", ""), node_id))) {
			*id = arena_strdup(req->arena, map_str(node, "id", ""));
			*data = value_is(map_get(node, "data"), VALUE_MAP) ? value_ref(map_get(node, "data")) : value_map();
			rc = 0;
			break;
		}
	}
	value_unref(graph);
	return rc;
}

int trigger_store(struct request *req, struct response *res, struct db *db, struct trigger_event *event, const char *name,
		  struct value *payload)
{
	char stamp[TIME_TEXT_MAX];
	struct value *answer;
	char hash[65];
	char id[ID_SIZE];
	int rc;

	id_new(id);
	name = name && *name ? name : id;
	sha256_hex(name, strlen(name), hash);
	event->event_id = arena_printf(req->arena, "%s:%s:%s", event->workflow_id, event->node_id, hash);
	map_set_str(payload, "timestamp", time_utc(time_now_us(), "+00:00", stamp));
	event->payload = json_text(req->arena, payload, JSON_COMPACT);
	rc = event->payload ? trigger_event_add(db, event, &req->err) : req_fail(req, 413, "The event is too long");
	if (rc < 0 && req->err.status == 429)
		res_header(res, "Retry-After", "5");
	if (rc < 0 || db_commit(db, &req->err) < 0)
		return -1;
	notify_command(event->user_id, NOTIFY_FIRE_TRIGGER, event->workflow_id);
	answer = value_map();
	map_set_str(answer, "event_id", event->event_id);
	map_set_bool(answer, "accepted", rc == 0);
	return res_json_status(res, 202, answer);
}

const struct field trigger_fire_body[] = {
	{ .name = "node_id", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .max_len = 256,
	  .description = "A manual trigger; the workflow's first one when it is not given." },
	{ .name = "event_id", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .max_len = 256,
	  .description = "An event of the same id fires once." },
	{ .name = "data", .kind = FIELD_ANY, .flags = FIELD_NULLABLE, .description = "What the node hands on." },
	{ 0 },
};

static int fire_in(struct request *req, struct response *res, struct db *db)
{
	const char *wish = field_filter(req->body, "node_id");
	struct trigger_event event = { .user_id = req->user.id };
	struct value *payload;
	struct value *data;
	const char *job_id;
	const char *status;
	struct workflow w;
	int rc;

	if (trigger_workflow(req, db, &w) || trigger_node(req, &w, wish, "nodetool.triggers.ManualTrigger", &data, &event.node_id))
		return -1;
	value_unref(data);
	event.workflow_id = w.c[WORKFLOW_ID].p;
	rc = trigger_running(db, req->arena, req->user.id, event.workflow_id, &job_id, &status, &req->err);
	if (rc)
		return rc < 0 ? -1 : req_fail(req, 409, "The workflow is not started");
	payload = value_map();
	data = map_get(req->body, "data");
	map_set(payload, "data", data ? value_ref(data) : value_null());
	map_set_str(payload, "source", "manual");
	map_set_str(payload, "event_type", "manual");
	rc = trigger_store(req, res, db, &event, field_filter(req->body, "event_id"), payload);
	value_unref(payload);
	return rc;
}

int trigger_fire(struct request *req, struct response *res)
{
	return handle_write(req, res, fire_in);
}
