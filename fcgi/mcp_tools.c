/* The table of MCP tools, and those that look at the user's own: workflows, jobs, assets. */
#include "mcp.h"

#include <string.h>

#include "daemon.h"
#include "db/db.h"
#include "graph/graph.h"
#include "model/model.h"

#define SHOWN     50
#define SHOWN_MAX 500

static int64_t limit_of(const struct value *args)
{
	int64_t n = map_int(args, "limit", SHOWN);

	return n < 1 ? 1 : n > SHOWN_MAX ? SHOWN_MAX : n;
}

/* A stored column as a value: JSON as what it says, everything else as text. */
static void set_column(struct value *m, const struct column *column, struct sv text)
{
	struct json_error why;
	struct value *v = NULL;

	if (text.p && column->kind != COLUMN_TEXT && column->kind != COLUMN_TIME)
		v = json_parse(text.p, text.n, &why);
	if (!v)
		v = text.p ? value_strn(text.p, text.n) : value_null();
	map_set(m, column->name, v);
}

static struct value *row_value(const struct column *columns, const struct sv *row, const int *shown, size_t count)
{
	struct value *m = value_map();

	for (size_t i = 0; i < count; i++)
		set_column(m, &columns[shown[i]], row[shown[i]]);
	return m;
}

/* A list that could not be read is dropped. */
static struct value *list_or_null(struct value *list, int rc)
{
	if (rc == 0)
		return list;
	value_unref(list);
	return NULL;
}

/* ---- workflows ----------------------------------------------------------------------------------------- */

static const int workflow_entry[] = { WORKFLOW_ID, WORKFLOW_NAME, WORKFLOW_DESCRIPTION, WORKFLOW_RUN_MODE, WORKFLOW_UPDATED_AT };

static int add_workflow(const struct workflow *w, void *arg)
{
	list_push(arg, row_value(workflow_columns, w->c, workflow_entry, ARRAY_LEN(workflow_entry)));
	return 0;
}

static struct value *list_workflows(struct request *req, const struct value *args)
{
	struct workflow_page page = { .user_id = req->user.id, .limit = limit_of(args), .columns = workflow_list_columns };
	const char *mode = map_str(args, "run_mode", "");
	struct db *db = db_default(&req->err);
	struct value *list = value_list();
	bool more;

	page.run_mode = *mode ? mode : NULL;
	return list_or_null(list, db ? workflow_list(db, req->arena, &page, add_workflow, list, &more, &req->err) : -1);
}

/* The user's workflow and its graph (new reference in *graph). */
static int find_workflow(struct request *req, const struct value *args, struct workflow *w, struct value **graph)
{
	struct db *db = db_default(&req->err);
	struct json_error why;
	int rc = db ? workflow_get(db, req->arena, req->user.id, map_str(args, "workflow_id", ""), true, w, &req->err) : -1;

	if (rc > 0)
		return req_fail(req, 404, "Workflow not found");
	if (rc < 0)
		return -1;
	*graph = w->c[WORKFLOW_GRAPH].p ? json_parse(w->c[WORKFLOW_GRAPH].p, w->c[WORKFLOW_GRAPH].n, &why) : NULL;
	return *graph ? 0 : req_fail(req, 422, "The graph of the workflow cannot be read");
}

static struct value *get_workflow(struct request *req, const struct value *args)
{
	struct workflow w;
	struct value *graph;
	struct value *m;

	if (find_workflow(req, args, &w, &graph))
		return NULL;
	m = row_value(workflow_columns, w.c, workflow_entry, ARRAY_LEN(workflow_entry));
	map_set(m, "input_schema", graph_input_schema(graph));
	map_set(m, "output_schema", graph_output_schema(graph));
	map_set(m, "graph", graph);
	return m;
}

static struct value *run_workflow(struct request *req, const struct value *args)
{
	const char *id = map_str(args, "workflow_id", "");
	struct value *params = map_get(args, "params");
	struct value *outputs;

	if (!id_safe(id)) {
		req_fail(req, 422, "workflow_id: the id of a workflow is required");
		return NULL;
	}
	params = value_is(params, VALUE_MAP) ? value_ref(params) : value_map();
	outputs = daemon_run_workflow(req, id, params);
	value_unref(params);
	return outputs;
}

static const struct value *node_of(const struct value *graph, const char *id)
{
	const struct value *nodes = map_get(graph, "nodes");

	for (size_t i = 0; i < value_len(nodes); i++)
		if (strcmp(map_str(list_at(nodes, i), "id", ""), id) == 0)
			return list_at(nodes, i);
	return NULL;
}

static void check_edges(const struct value *graph, struct value *faults)
{
	const struct value *edges = map_get(graph, "edges");

	for (size_t i = 0; value_is(edges, VALUE_LIST) && i < value_len(edges); i++) {
		const char *source = map_str(list_at(edges, i), "source", "");
		const char *target = map_str(list_at(edges, i), "target", "");

		if (!node_of(graph, source) || !node_of(graph, target))
			list_push(faults, value_strf("The edge from %.100s to %.100s leads to no node", source, target));
	}
}

static struct value *validate_workflow(struct request *req, const struct value *args)
{
	struct value *faults;
	struct value *graph;
	struct value *m;
	struct workflow w;
	const struct value *nodes;

	if (find_workflow(req, args, &w, &graph))
		return NULL;
	faults = value_list();
	nodes = map_get(graph, "nodes");
	if (!value_is(nodes, VALUE_LIST) || !value_len(nodes))
		list_push(faults, value_str("The workflow has no nodes"));
	for (size_t i = 0; value_is(nodes, VALUE_LIST) && i < value_len(nodes); i++) {
		const char *type = map_str(list_at(nodes, i), "type", "");

		if (!mcp_node_info(type))
			list_push(faults, value_strf("Node %.100s: no such type: %.200s", map_str(list_at(nodes, i), "id", ""),
						     type));
	}
	check_edges(graph, faults);
	m = value_map();
	map_set_bool(m, "valid", value_len(faults) == 0);
	map_set(m, "errors", faults);
	value_unref(graph);
	return m;
}

/* ---- jobs ---------------------------------------------------------------------------------------------- */

static const int job_entry[] = { JOB_ID, JOB_WORKFLOW_ID, JOB_STATUS, JOB_STARTED_AT, JOB_FINISHED_AT, JOB_ERROR };

static int add_job(const struct job *job, void *arg)
{
	list_push(arg, row_value(job_columns, job->c, job_entry, ARRAY_LEN(job_entry)));
	return 0;
}

static struct value *list_jobs(struct request *req, const struct value *args)
{
	const char *workflow = map_str(args, "workflow_id", "");
	struct db *db = db_default(&req->err);
	struct value *list = value_list();
	bool more;

	return list_or_null(list, db ? job_list(db, req->arena, req->user.id, *workflow ? workflow : NULL, NULL, limit_of(args),
						add_job, list, &more, &req->err)
				     : -1);
}

static struct value *get_job(struct request *req, const struct value *args)
{
	struct db *db = db_default(&req->err);
	struct job job;
	int rc = db ? job_get(db, req->arena, req->user.id, map_str(args, "job_id", ""), &job, &req->err) : -1;

	if (rc == 0)
		return row_value(job_columns, job.c, job_entry, ARRAY_LEN(job_entry));
	if (rc > 0)
		req_fail(req, 404, "Job not found");
	return NULL;
}

/* ---- assets -------------------------------------------------------------------------------------------- */

static const int asset_entry[] = { ASSET_ID, ASSET_NAME, ASSET_CONTENT_TYPE, ASSET_PARENT_ID, ASSET_CREATED_AT };

static struct value *asset_value(const struct asset *a)
{
	struct value *m = row_value(asset_columns, a->c, asset_entry, ARRAY_LEN(asset_entry));

	map_set(m, "uri", value_strf("asset://%.*s", (int)a->c[ASSET_ID].n, a->c[ASSET_ID].p));
	return m;
}

static int add_asset(const struct asset *a, void *arg)
{
	list_push(arg, asset_value(a));
	return 0;
}

static struct value *list_assets(struct request *req, const struct value *args)
{
	const char *parent = map_str(args, "parent_id", "");
	const char *kind = map_str(args, "content_type", "");
	const char *query = map_str(args, "query", "");
	struct asset_filter filter = { .limit = limit_of(args) };
	struct db *db = db_default(&req->err);
	struct value *list = value_list();
	bool more;
	int rc = -1;

	filter.parent_id = *parent ? parent : NULL;
	filter.content_type = *kind ? kind : NULL;
	if (db && *query)
		rc = asset_search(db, req->arena, req->user.id, query, &filter, add_asset, list, &more, &req->err);
	else if (db)
		rc = asset_list(db, req->arena, req->user.id, &filter, add_asset, list, &more, &req->err);
	return list_or_null(list, rc);
}

static struct value *get_asset(struct request *req, const struct value *args)
{
	struct db *db = db_default(&req->err);
	struct asset a;
	int rc = db ? asset_get(db, req->arena, req->user.id, map_str(args, "asset_id", ""), &a, &req->err) : -1;

	if (rc == 0)
		return asset_value(&a);
	if (rc > 0)
		req_fail(req, 404, "Asset not found");
	return NULL;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

#define TEXT(name, text) "\"" name "\":{\"type\":\"string\",\"description\":\"" text "\"}"
#define LIMIT		 "\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"description\":\"How many at most (50)\"}"
#define ARGS(properties, required) \
	"{\"type\":\"object\",\"properties\":{" properties "},\"required\":[" required "]}"
#define WORKFLOW_ID_ARGS ARGS(TEXT("workflow_id", "Its id"), "\"workflow_id\"")

static const struct mcp_tool tools[] = {
	{ "list_workflows", "Lists the user's workflows, the last changed first.",
	  ARGS(TEXT("run_mode", "Only those of this mode: workflow, app, chat, tool …") "," LIMIT, ""), true, list_workflows },
	{ "get_workflow", "Gives one workflow with its graph and the schemas of its inputs and outputs.", WORKFLOW_ID_ARGS, true,
	  get_workflow },
	{ "run_workflow", "Runs a workflow, waits for its end and gives its outputs by name.",
	  ARGS(TEXT("workflow_id", "Its id") ",\"params\":{\"type\":\"object\",\"description\":\"Values of its inputs by name\"}",
	       "\"workflow_id\""),
	  false, run_workflow },
	{ "validate_workflow", "Checks whether a workflow's node types exist and its edges lead from node to node.",
	  WORKFLOW_ID_ARGS, true, validate_workflow },
	{ "list_examples", "Lists example workflows, filtered by a part of name or description.",
	  ARGS(TEXT("query", "A part of the name or description") "," LIMIT, ""), true, mcp_list_examples },
	{ "get_example", "Gives one example workflow with its graph.",
	  ARGS(TEXT("package_name", "Its package") "," TEXT("name", "Its name"), "\"package_name\",\"name\""), true,
	  mcp_get_example },
	{ "list_nodes", "Lists node types.",
	  ARGS(TEXT("namespace", "The beginning of a namespace, such as nodetool.text") "," LIMIT, ""), true, mcp_list_nodes },
	{ "search_nodes", "Finds node types by words in type, title and description, the best first; runnable says whether they run here.",
	  ARGS(TEXT("query", "The words") "," LIMIT, "\"query\""), true, mcp_search_nodes },
	{ "get_node_info", "Gives the properties and outputs of a node type.",
	  ARGS(TEXT("node_type", "The type"), "\"node_type\""), true, mcp_get_node_info },
	{ "list_jobs", "Lists the user's runs, the latest first.",
	  ARGS(TEXT("workflow_id", "Only those of this workflow") "," LIMIT, ""), true, list_jobs },
	{ "get_job", "Gives the state of a run.", ARGS(TEXT("job_id", "Its id"), "\"job_id\""), true, get_job },
	{ "list_assets", "Lists or searches the user's assets.",
	  ARGS(TEXT("query", "A part of the name") "," TEXT("parent_id", "The folder") "," TEXT(
		       "content_type", "The beginning of a media type, such as image/") "," LIMIT,
	       ""),
	  true, list_assets },
	{ "get_asset", "Gives one asset's name, type and address.", ARGS(TEXT("asset_id", "Its id"), "\"asset_id\""), true,
	  get_asset },
	{ "list_models", "Lists models that this user can use.",
	  ARGS(TEXT("kind", "language (the default), image, tts, asr, video or embedding") "," TEXT("provider", "Only this one's"),
	       ""),
	  true, mcp_list_models },
};

const struct mcp_tool *mcp_tool_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (strcmp(tools[i].name, name) == 0)
			return &tools[i];
	return NULL;
}

struct value *mcp_tool_list(void)
{
	struct value *list = value_list();

	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		struct value *m = value_map();
		struct value *hints = value_map();
		struct json_error why;

		map_set_str(m, "name", tools[i].name);
		map_set_str(m, "description", tools[i].description);
		map_set(m, "inputSchema", json_parse(tools[i].parameters, strlen(tools[i].parameters), &why));
		map_set_bool(hints, "readOnlyHint", tools[i].read_only);
		map_set(m, "annotations", hints);
		list_push(list, m);
	}
	return list;
}
