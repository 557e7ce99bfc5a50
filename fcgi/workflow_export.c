/* Workflows as Python source: GET /api/workflows/{id}/dsl-export, POST /api/workflows/{id}/gradio-export. */
#include "workflow.h"

#include "graph/graph.h"

const struct field gradio_body[] = {
	{ .name = "app_title", .kind = FIELD_STR, .def = "\"NodeTool Workflow\"" },
	{ .name = "theme", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "description", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "allow_flagging", .kind = FIELD_BOOL, .def = "false" },
	{ .name = "queue", .kind = FIELD_BOOL, .def = "true" },
	{ 0 },
};

/* The complete graph of the path's workflow (the arena drops it). */
static int find_graph(struct request *req, struct value **graph)
{
	struct db *db = db_default(&req->err);
	struct json_error error;
	struct value *stored;
	struct workflow w;

	if (!db || find_workflow(req, db, true, &w))
		return -1;
	stored = json_parse(w.c[WORKFLOW_GRAPH].p ? w.c[WORKFLOW_GRAPH].p : "", w.c[WORKFLOW_GRAPH].n, &error);
	*graph = stored ? graph_complete(stored) : NULL;
	value_unref(stored);
	if (!*graph)
		return req_fail(req, 422, "The stored graph cannot be read");
	arena_defer(req->arena, value_unref_ptr, *graph);
	return 0;
}

int export_dsl(struct request *req, struct response *res)
{
	struct value *graph;

	if (find_graph(req, &graph))
		return -1;
	res->type = "text/plain; charset=utf-8";
	return graph_export_dsl(&res->body, graph) ? req_fail(req, 500, "The workflow is too large to be exported") : 0;
}

int export_gradio(struct request *req, struct response *res)
{
	struct value *graph;

	if (find_graph(req, &graph))
		return -1;
	res->type = "text/plain; charset=utf-8";
	return graph_export_gradio(&res->body, graph, req->body) ?
		       req_fail(req, 500, "The workflow is too large to be exported") :
		       0;
}
