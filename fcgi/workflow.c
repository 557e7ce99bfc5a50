/* /api/workflows: route table; workflows and their lists (notes-workflows section 2). */
#include "workflow.h"

#include <string.h>

#include "graph/graph.h"
#include "handler.h"
#include "notify/notify.h"
#include "package/package.h"

/* ---- bodies and queries ----------------------------------------------------------------------------------- */

static const struct field setting_options[] = {
	{ .name = "str", .kind = FIELD_STR },
	{ .name = "bool", .kind = FIELD_BOOL },
	{ .name = "int", .kind = FIELD_INT },
	{ .name = "float", .kind = FIELD_FLOAT },
	{ 0 },
};
static const struct field setting = { .kind = FIELD_UNION, .flags = FIELD_NULLABLE, .options = setting_options };

static const struct field workflow_body[] = {
	{ .name = "name", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "access", .kind = FIELD_STR, .flags = FIELD_REQUIRED, .description = "\"public\" or anything else." },
	{ .name = "tool_name", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "package_name", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "path", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "tags", .kind = FIELD_LIST, .flags = FIELD_NULLABLE, .item = ITEM(FIELD_STR) },
	{ .name = "description", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "thumbnail", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .description = "Storage key." },
	{ .name = "thumbnail_url", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "graph", .kind = FIELD_MODEL, .flags = FIELD_NULLABLE, .model = graph_fields, .model_name = "Graph" },
	{ .name = "comfy_workflow", .kind = FIELD_OBJECT, .flags = FIELD_NULLABLE, .description = "The node map form." },
	{ .name = "settings", .kind = FIELD_OBJECT, .flags = FIELD_NULLABLE, .item = &setting },
	{ .name = "run_mode", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "workspace_id", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "html_app", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ 0 },
};

static const struct field create_query[] = {
	{ .name = "from_example_package", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "from_example_name", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ 0 },
};

static const struct field list_query[] = {
	{ .name = "cursor", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .description = "`next` of the page before." },
	LIMIT_FIELD,
	{ .name = "columns", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .description = "Names with commas between." },
	{ .name = "run_mode", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ 0 },
};

static const struct field public_query[] = {
	LIMIT_FIELD,
	{ .name = "cursor", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "columns", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ 0 },
};

static const struct field tools_query[] = {
	{ .name = "cursor", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	LIMIT_FIELD,
	{ 0 },
};

static const struct field interface_query[] = {
	{ .name = "version", .kind = FIELD_INT, .flags = FIELD_MIN | FIELD_MAX, .def = "1", .min = 1, .max = 1 },
	{ 0 },
};

static const struct field run_query[] = { { .name = "stream", .kind = FIELD_BOOL, .def = "false" }, { 0 } };
static const struct field run_body[] = { { .name = "params", .kind = FIELD_OBJECT, .def = "{}" }, { 0 } };

static const struct field name_body[] = {
	{ .name = "provider", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "model", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ 0 },
};

/* ---- what the handlers share ------------------------------------------------------------------------------ */

#define ALL_COLUMNS WORKFLOW_ALL_COLUMNS

static int not_found(struct request *req)
{
	return req_fail(req, 404, "Workflow not found");
}

static struct sv column_json(struct request *req, struct value *v)
{
	char *text = value_is_null(v) ? NULL : json_text(req->arena, v, JSON_COLUMN);

	return text ? sv_of(text) : (struct sv){ 0 };
}

void announce_saved(const struct request *req, const char *type, const char *id, const char *etag, bool created)
{
	notify_change(req->user.id, "updated", type, id, etag);
	if (created)
		notify_change(req->user.id, "created", type, id, etag);
}

int find_workflow(struct request *req, struct db *db, bool or_public, struct workflow *w)
{
	int rc = workflow_get(db, req->arena, req->user.id, req_param(req, "id"), or_public, w, &req->err);

	return rc == 1 ? not_found(req) : rc;
}

static int answer(struct response *res, const struct workflow *w, struct value *graph)
{
	return workflow_json(&res->body, w, graph, ALL_COLUMNS) ?
		       req_fail(res->req, 500, "The workflow is too large to be shown") :
		       0;
}

/* ---- lists ------------------------------------------------------------------------------------------------- */

struct list {
	struct response *res;
	uint32_t columns;
	int64_t count;
	const char *next; /* cursor behind the last one */
};

static const char *cursor_of(struct request *req, const struct workflow *w)
{
	struct sv time = w->c[WORKFLOW_UPDATED_AT];
	struct sv id = w->c[WORKFLOW_ID];

	return arena_printf(req->arena, "%.*s~%.*s", (int)time.n, time.p ? time.p : "", (int)id.n, id.p);
}

static int list_item(const struct workflow *w, void *arg)
{
	struct list *list = arg;
	struct buf *out = &list->res->body;

	if (list->count++)
		buf_addc(out, ',');
	list->next = cursor_of(list->res->req, w);
	return workflow_json_cached(out, w, list->columns);
}

/* The columns of a list: bit per name. -1 with 422 for a name that no column has. */
static int parse_columns(struct request *req, uint32_t *mask)
{
	struct sv rest = sv_of(field_filter(req->query, "columns") ? field_filter(req->query, "columns") : "");
	struct sv name;
	size_t i;

	*mask = rest.n ? 1u << WORKFLOW_ID | 1u << WORKFLOW_UPDATED_AT : workflow_list_columns;
	while (rest.n && sv_split(&rest, ',', &name)) {
		name = sv_trim(name);
		for (i = 0; i < WORKFLOW_COLUMNS && !sv_eq(name, workflow_columns[i].name); i++)
			;
		if (i == WORKFLOW_COLUMNS)
			return req_fail(req, 422, "Unknown column: %.*s", (int)name.n, name.p);
		*mask |= 1u << i;
	}
	return 0;
}

static int list_page(struct request *req, struct response *res, const char *user_id, const char *run_mode)
{
	struct list list = { .res = res };
	struct db *db = db_default(&req->err);
	struct workflow_page page = { .user_id = user_id,
				      .run_mode = run_mode,
				      .after = field_filter(req->query, "cursor"),
				      .limit = map_int(req->query, "limit", 100) };
	bool more;

	if (!db || parse_columns(req, &list.columns))
		return -1;
	page.columns = list.columns;
	buf_adds(&res->body, "{\"workflows\":[");
	if (workflow_list(db, req->arena, &page, list_item, &list, &more, &req->err))
		return res->body.failed ? req_fail(req, 500, "The list is too long: ask for less by limit") : -1;
	buf_adds(&res->body, "],\"next\":");
	if (more && list.next)
		json_write_str(&res->body, list.next, strlen(list.next), JSON_COMPACT);
	else
		buf_adds(&res->body, "\"\"");
	return buf_addc(&res->body, '}');
}

static int list_workflows(struct request *req, struct response *res)
{
	return list_page(req, res, req->user.id, field_filter(req->query, "run_mode"));
}

static int list_public(struct request *req, struct response *res)
{
	return list_page(req, res, NULL, NULL);
}

static int tool_item(const struct workflow *w, void *arg)
{
	static const enum workflow_column shown[] = { WORKFLOW_NAME, WORKFLOW_TOOL_NAME, WORKFLOW_DESCRIPTION };
	struct list *list = arg;
	struct buf *out = &list->res->body;

	list->next = cursor_of(list->res->req, w);
	if (!w->c[WORKFLOW_TOOL_NAME].n)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		buf_adds(out, i ? "," : list->count ? ",{" : "{");
		row_json(out, workflow_columns[shown[i]].name, COLUMN_TEXT, w->c[shown[i]], i ? "null" : "\"\"");
	}
	list->count++;
	return buf_addc(out, '}');
}

static int list_tools(struct request *req, struct response *res)
{
	struct list list = { .res = res };
	struct db *db = db_default(&req->err);
	struct workflow_page page = { .user_id = req->user.id,
				      .run_mode = "tool",
				      .after = field_filter(req->query, "cursor"),
				      .limit = map_int(req->query, "limit", 100),
				      .columns = 1u << WORKFLOW_NAME | 1u << WORKFLOW_TOOL_NAME |
						 1u << WORKFLOW_DESCRIPTION };
	bool more;

	if (!db)
		return -1;
	buf_adds(&res->body, "{\"workflows\":[");
	if (workflow_list(db, req->arena, &page, tool_item, &list, &more, &req->err))
		return -1;
	buf_adds(&res->body, "],\"next\":");
	if (more && list.next)
		json_write_str(&res->body, list.next, strlen(list.next), JSON_COMPACT);
	else
		buf_adds(&res->body, "null");
	return buf_addc(&res->body, '}');
}

static int name_item(const struct workflow *w, void *arg)
{
	struct list *list = arg;
	struct buf *out = &list->res->body;
	struct sv id = w->c[WORKFLOW_ID];
	struct sv name = w->c[WORKFLOW_NAME];

	if (list->count++)
		buf_addc(out, ',');
	json_write_str(out, id.p, id.n, JSON_COMPACT);
	buf_addc(out, ':');
	return json_write_str(out, name.p ? name.p : "", name.n, JSON_COMPACT);
}

static int list_names(struct request *req, struct response *res)
{
	struct list list = { .res = res };
	struct db *db = db_default(&req->err);
	struct workflow_page page = { .user_id = req->user.id, .limit = INT64_MAX, .columns = 1u << WORKFLOW_NAME };
	bool more;

	if (!db)
		return -1;
	buf_addc(&res->body, '{');
	if (workflow_list(db, req->arena, &page, name_item, &list, &more, &req->err))
		return -1;
	return buf_addc(&res->body, '}');
}

/* ---- one workflow ------------------------------------------------------------------------------------------ */

static int show(struct request *req, struct response *res, bool public_only)
{
	struct db *db = db_default(&req->err);
	struct workflow w;

	if (!db || find_workflow(req, db, true, &w))
		return -1;
	if (public_only && !sv_eq(w.c[WORKFLOW_ACCESS], "public"))
		return not_found(req);
	return workflow_json_cached(&res->body, &w, ALL_COLUMNS) ?
		       req_fail(req, 500, "The workflow is too large to be shown") :
		       0;
}

static int get_workflow(struct request *req, struct response *res)
{
	return show(req, res, false);
}

static int get_public(struct request *req, struct response *res)
{
	return show(req, res, true);
}

static int get_interface(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct json_error error;
	struct value *graph;
	struct value *out;
	struct workflow w;
	char etag[ETAG_SIZE];

	if (!db || find_workflow(req, db, true, &w))
		return -1;
	graph = json_parse(w.c[WORKFLOW_GRAPH].p ? w.c[WORKFLOW_GRAPH].p : "", w.c[WORKFLOW_GRAPH].n, &error);
	workflow_etag(&w, graph, etag);
	out = graph_interface(graph);
	value_unref(graph);
	map_set_int(out, "version", 1);
	map_set_str(out, "workflow_id", w.c[WORKFLOW_ID].p);
	map_set_str(out, "etag", etag);
	map_set_str(out, "source", "server");
	map_set(out, "diagnostics", value_list());
	return res_json(res, out);
}

/* Fields that create and update take alike; `graph` as the column holds it. */
static void fill(struct request *req, struct workflow *w, struct sv graph)
{
	const struct value *body = req->body;

	w->c[WORKFLOW_NAME] = field_text(body, "name");
	w->c[WORKFLOW_ACCESS] = field_text(body, "access");
	w->c[WORKFLOW_DESCRIPTION] = field_text(body, "description");
	w->c[WORKFLOW_TAGS] = column_json(req, map_get(body, "tags"));
	w->c[WORKFLOW_RUN_MODE] = field_text(body, "run_mode");
	w->c[WORKFLOW_WORKSPACE_ID] = field_text(body, "workspace_id");
	w->c[WORKFLOW_PACKAGE_NAME] = field_text(body, "package_name");
	w->c[WORKFLOW_HTML_APP] = field_text(body, "html_app");
	w->c[WORKFLOW_GRAPH] = graph;
	w->c[WORKFLOW_UPDATED_AT] = row_now(req->arena);
}

int save_workflow(struct request *req, struct response *res, struct db *db, const struct workflow *w,
		  struct value *graph, bool created)
{
	char etag[ETAG_SIZE];

	if (workflow_put(db, w, &req->err) || db_commit(db, &req->err))
		return -1;
	workflow_etag(w, graph, etag);
	announce_saved(req, "workflow", w->c[WORKFLOW_ID].p, etag, created);
	return answer(res, w, graph);
}

/* The graph of a new workflow and its text; 400 when there is none. Work that needs no database is done before the
 * transaction begins: other processes wait for it. */
static struct value *graph_of_new(struct request *req, bool *comfy)
{
	struct value *graph = map_get(req->body, "graph");
	struct value *map = map_get(req->body, "comfy_workflow");

	*comfy = value_is_null(graph) && value_len(map);
	if (*comfy) {
		graph = graph_from_comfy(map, &req->err);
		if (graph)
			arena_defer(req->arena, value_unref_ptr, graph);
		return graph;
	}
	if (value_is_null(graph)) {
		req_fail(req, 400, "Invalid workflow");
		return NULL;
	}
	graph_strip_connected(graph);
	return graph;
}

static int create(struct request *req, struct response *res)
{
	const char *package = field_filter(req->query, "from_example_package");
	const char *example = field_filter(req->query, "from_example_name");
	struct db *db = db_default(&req->err);
	struct workflow w = { 0 };
	struct value *graph;
	char id[ID_SIZE];
	bool comfy = false;
	int rc;

	if (!db)
		return -1;
	w.c[WORKFLOW_CREATED_AT] = row_now(req->arena);
	fill(req, &w, (struct sv){ 0 });
	w.c[WORKFLOW_THUMBNAIL_URL] = field_text(req->body, "thumbnail_url");
	graph = package && example ? graph_of_example(req, package, example, &w) : graph_of_new(req, &comfy);
	if (!graph)
		return -1;
	id_new(id);
	w.c[WORKFLOW_GRAPH] = column_json(req, graph);
	if (comfy)
		w.c[WORKFLOW_PACKAGE_NAME] = SV_LIT("");
	w.c[WORKFLOW_ID] = sv_of(id);
	w.c[WORKFLOW_USER_ID] = sv_of(req->user.id);
	w.c[WORKFLOW_RECEIVE_CLIPBOARD] = SV_LIT("false");
	w.c[WORKFLOW_SETTINGS] = SV_LIT("{}");
	w.c[WORKFLOW_THUMBNAIL] = field_text(req->body, "thumbnail");
	if (db_begin(db, &req->err))
		return -1;
	rc = save_workflow(req, res, db, &w, graph, true);
	db_rollback(db);
	return rc;
}

/* The row to update, or the beginnings of a new one. */
static int find_or_begin(struct request *req, struct db *db, struct workflow *w, bool *created)
{
	const char *id = req_param(req, "id");
	const char *owner;
	int rc = workflow_get(db, req->arena, req->user.id, id, false, w, &req->err);

	*created = rc == 1;
	if (rc <= 0)
		return rc;
	rc = workflow_owner(db, req->arena, id, &owner, &req->err);
	if (rc <= 0)
		return rc ? -1 : not_found(req);
	*w = (struct workflow){ 0 };
	w->c[WORKFLOW_ID] = sv_of(id);
	w->c[WORKFLOW_USER_ID] = sv_of(req->user.id);
	w->c[WORKFLOW_CREATED_AT] = row_now(req->arena);
	w->c[WORKFLOW_RECEIVE_CLIPBOARD] = SV_LIT("false");
	return 0;
}

static int update_in(struct request *req, struct response *res, struct db *db, struct value *graph, struct sv text)
{
	struct workflow w;
	bool created;

	if (find_or_begin(req, db, &w, &created))
		return -1;
	if (value_is_null(graph))
		return req_fail(req, 400, "Invalid workflow");
	fill(req, &w, text);
	w.c[WORKFLOW_TOOL_NAME] = field_text(req->body, "tool_name");
	w.c[WORKFLOW_SETTINGS] = column_json(req, map_get(req->body, "settings"));
	if (!value_is_null(map_get(req->body, "thumbnail")))
		w.c[WORKFLOW_THUMBNAIL] = field_text(req->body, "thumbnail");
	return save_workflow(req, res, db, &w, graph, created);
}

static int update(struct request *req, struct response *res)
{
	struct value *graph = map_get(req->body, "graph");
	struct db *db = db_default(&req->err);
	struct sv text = { 0 };
	int rc;

	if (!value_is_null(graph)) {
		graph_strip_connected(graph);
		text = column_json(req, graph);
	}
	if (!db || db_begin(db, &req->err))
		return -1;
	rc = update_in(req, res, db, graph, text);
	db_rollback(db);
	return rc;
}

static int delete_in(struct request *req, struct response *res, struct db *db)
{
	struct workflow w;
	char etag[ETAG_SIZE];

	if (find_workflow(req, db, false, &w) ||
	    workflow_delete(db, req->user.id, req_param(req, "id"), &req->err) < 0 || db_commit(db, &req->err))
		return -1;
	workflow_etag(&w, NULL, etag);
	notify_change(req->user.id, "deleted", "workflow", req_param(req, "id"), etag);
	return res_json(res, value_null());
}

static int delete_workflow(struct request *req, struct response *res)
{
	return handle_write(req, res, delete_in);
}

/* ---- what belongs elsewhere -------------------------------------------------------------------------------- */

static int run(struct request *req, struct response *res)
{
	(void)res;
	return req_fail(req, 503, "Workflows are run by the daemon (wsd), which answers this path behind nginx");
}

/* ---- routes ------------------------------------------------------------------------------------------------ */

static const struct field search_query[] = {
	{ .name = "query", .kind = FIELD_STR, .flags = FIELD_REQUIRED, .description = "Part of a node's type or title." },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/workflows/", list_workflows, .query = list_query, .summary = "List one's own workflows." },
	{ "POST", "/api/workflows/", create, .query = create_query, .body = BODY(workflow_body),
	  .summary = "Store a new workflow." },
	{ "GET", "/api/workflows/public", list_public, .query = public_query, .summary = "List public workflows." },
	{ "GET", "/api/workflows/public/{id}", get_public, .summary = "One public workflow." },
	{ "GET", "/api/workflows/tools", list_tools, .query = tools_query, .summary = "List workflows that are tools." },
	{ "GET", "/api/workflows/names", list_names, .summary = "Names of all one's own workflows by id." },
	{ "GET", "/api/workflows/examples", list_examples, .summary = "Examples of the packages, and what they need." },
	{ "GET", "/api/workflows/examples/search", search_examples, .query = search_query,
	  .summary = "Examples whose nodes' types or titles hold a text." },
	{ "GET", "/api/workflows/examples/{package_name}/{example_name}", get_example, .summary = "One example in full." },
	{ "PUT", "/api/workflows/examples/{id}", save_example, .body = BODY(workflow_body),
	  .summary = "Store an example in a package (for its makers)." },
	{ "GET", "/api/workflows/{id}", get_workflow, .summary = "One workflow." },
	{ "PUT", "/api/workflows/{id}", update, .body = BODY(workflow_body),
	  .summary = "Replace a workflow, or create it under that id." },
	{ "DELETE", "/api/workflows/{id}", delete_workflow, .summary = "Delete a workflow; versions and jobs stay." },
	{ "GET", "/api/workflows/{id}/app", get_app, .type = "text/html", .summary = "The workflow's own page." },
	{ "GET", "/api/workflows/{id}/interface", get_interface, .query = interface_query,
	  .summary = "Inputs and outputs for client programs." },
	{ "POST", "/api/workflows/{id}/run", run, .query = run_query, .body = BODY(run_body),
	  .summary = "Run a workflow and wait for it (the daemon answers)." },
	{ "POST", "/api/workflows/{id}/generate-name", generate_name, .body = BODY(name_body),
	  .summary = "Let a language model name a workflow." },
	{ "POST", "/api/workflows/{id}/versions", create_version, .body = BODY(version_body),
	  .summary = "Keep the present graph as a version." },
	{ "GET", "/api/workflows/{id}/versions", list_versions, .query = versions_query,
	  .summary = "Versions, newest first." },
	{ "GET", "/api/workflows/{id}/versions/{version}", get_version, .path = version_path, .summary = "One version." },
	{ "POST", "/api/workflows/{id}/versions/{version}/restore", restore_version, .path = version_path,
	  .summary = "Make a version's graph the workflow's." },
	{ "DELETE", "/api/workflows/{id}/versions/{version_id}", delete_version, .summary = "Delete a version." },
	{ "POST", "/api/workflows/{id}/autosave", autosave, .body = BODY(autosave_body),
	  .summary = "Keep a version now and then." },
	{ "GET", "/api/workflows/{id}/dsl-export", export_dsl, .type = "text/plain", .summary = "The workflow as code." },
	{ "POST", "/api/workflows/{id}/gradio-export", export_gradio, .body = BODY(gradio_body), .type = "text/plain",
	  .summary = "The workflow as a Gradio program." },
};

static void close_all(void)
{
	workflow_cache_free();
	package_free_all();
	db_default_close();
}

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = close_all;
	return router_main(argc, argv, "workflow", routes, ARRAY_LEN(routes));
}
