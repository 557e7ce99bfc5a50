/* /api/sdk/v1: what client programs ask a server first, workflows in short and their interfaces (notes-clients section 8). */
#include "config.h"
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "handler.h"
#include "model/model.h"

#define PAGE_MAX 100
#define IDS_MAX 100

/* ---- capabilities ------------------------------------------------------------------------------------------- */

static struct value *words(const char *const *list)
{
	struct value *v = value_list();

	for (; *list; list++)
		list_push(v, value_str(*list));
	return v;
}

/* A setting in the form that nodetoolctl gives to nginx: a number and perhaps a unit ("100m", "600s"). */
static int64_t with_unit(const char *name, const char *fallback, const char *units, const int64_t *factors)
{
	const char *text = config_get(name);
	const char *unit;
	char *end;
	int64_t n = strtoll(text ? text : fallback, &end, 10);

	if (!strcmp(end, "ms"))
		return n / 1000;
	unit = *end ? strchr(units, *end | 0x20) : NULL;
	if (unit && __builtin_mul_overflow(n, factors[unit - units], &n))
		n = INT64_MAX;
	return n < 0 ? 0 : n;
}

static struct value *limits(void)
{
	static const int64_t sizes[] = { 1 << 10, 1 << 20, 1 << 30 };
	static const int64_t times[] = { 1, 60, 3600 };
	struct value *v = value_map();

	map_set_int(v, "max_rpc_batch", IDS_MAX);
	map_set_int(v, "max_inline_bytes", config_int("NODETOOL_WS_MAX_FRAME", 1024, INT32_MAX, 256 << 20));
	map_set_int(v, "max_upload_bytes", with_unit("NODETOOL_MAX_UPLOAD", "8g", "kmg", sizes));
	map_set_int(v, "max_queued_jobs", config_int("NODETOOL_QUEUE_MAX", 1, INT32_MAX, 10000));
	map_set_int(v, "max_job_event_replay", config_int("NODETOOL_JOB_MESSAGES_MAX", 1, INT32_MAX, 20000));
	map_set_int(v, "request_timeout_seconds", with_unit("NODETOOL_READ_TIMEOUT", "600s", "smh", times));
	return v;
}

static int capabilities(struct request *req, struct response *res)
{
	static const char *const encodings[] = { "messagepack", "json-text", NULL };
	static const char *const schemes[] = { "asset", NULL };
	const char *const modes[] = { auth_enforced() ? "bearer" : "none", NULL };
	struct value *v = value_map();
	char now[TIME_TEXT_MAX];

	(void)req;
	map_set_str(v, "protocol_version", "1");
	map_set_str(v, "nodetool_version", PACKAGE_VERSION);
	map_set_str(v, "server_time", time_utc(time_now_us(), "Z", now));
	map_set(v, "supported_encodings", words(encodings));
	map_set_str(v, "default_encoding", encodings[0]);
	map_set(v, "profiles", value_map());
	map_set_str(v, "registry_revision", PACKAGE_VERSION);
	map_set_bool(v, "python_bridge", false);
	map_set(v, "auth_modes", words(modes));
	map_set(v, "asset_uri_schemes", words(schemes));
	map_set(v, "limits", limits());
	return res_json(res, v);
}

/* ---- workflows ---------------------------------------------------------------------------------------------- */

struct summaries {
	struct request *req;
	struct value *list;
	const char *next;
};

static int add_summary(const struct workflow *w, void *arg)
{
	static const struct {
		const char *name;
		enum workflow_column column;
	} shown[] = {
		{ "id", WORKFLOW_ID },
		{ "name", WORKFLOW_NAME },
		{ "description", WORKFLOW_DESCRIPTION },
		{ "revision", WORKFLOW_UPDATED_AT },
		{ "run_mode", WORKFLOW_RUN_MODE },
	};
	struct summaries *s = arg;
	struct value *v = value_map();
	struct sv time = w->c[WORKFLOW_UPDATED_AT];
	struct sv id = w->c[WORKFLOW_ID];

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		struct sv text = w->c[shown[i].column];

		map_set(v, shown[i].name, text.p ? value_strn(text.p, text.n) : value_null());
	}
	map_set_str(v, "registry_revision", PACKAGE_VERSION);
	list_push(s->list, v);
	s->next = arena_printf(s->req->arena, "%.*s~%.*s", (int)time.n, time.p ? time.p : "", (int)id.n, id.p);
	return 0;
}

static int list_workflows(struct request *req, struct response *res)
{
	struct summaries s = { req, value_list(), NULL };
	struct db *db = db_default(&req->err);
	struct workflow_page page = { .user_id = req->user.id,
				      .after = field_filter(req->query, "cursor"),
				      .limit = map_int(req->query, "limit", PAGE_MAX),
				      .columns = 1u << WORKFLOW_NAME | 1u << WORKFLOW_DESCRIPTION | 1u << WORKFLOW_RUN_MODE };
	struct value *v;
	bool more;

	if (!db || workflow_list(db, req->arena, &page, add_summary, &s, &more, &req->err)) {
		value_unref(s.list);
		return -1;
	}
	v = value_map();
	map_set(v, "workflows", s.list);
	map_set_str(v, "next", more ? s.next : NULL);
	return res_json(res, v);
}

static struct value *interface_of(const struct workflow *w)
{
	struct sv text = w->c[WORKFLOW_GRAPH];
	struct json_error why;
	struct value *graph = json_parse(text.p ? text.p : "", text.n, &why);
	struct value *v = graph_interface(graph);
	char etag[ETAG_SIZE];

	workflow_etag(w, graph, etag);
	map_set_int(v, "version", 1);
	map_set_str(v, "workflow_id", w->c[WORKFLOW_ID].p);
	map_set_str(v, "etag", etag);
	map_set_str(v, "source", "server");
	map_set(v, "diagnostics", value_list());
	value_unref(graph);
	return v;
}

static struct value *not_found(const char *id)
{
	struct value *v = value_map();

	map_set_str(v, "workflow_id", id);
	map_set_str(v, "code", "not_found");
	map_set_str(v, "message", "Workflow not found");
	return v;
}

static int list_interfaces(struct request *req, struct response *res)
{
	const struct value *ids = map_get(req->body, "ids");
	struct db *db = db_default(&req->err);
	struct value *v = value_map();
	struct value *found = value_list();
	struct value *errors = value_list();
	struct workflow w;
	int rc = db ? 0 : -1;

	map_set(v, "interfaces", found);
	map_set(v, "errors", errors);
	for (size_t i = 0; rc >= 0 && i < value_len(ids); i++) {
		const char *id = value_text(list_at(ids, i));

		rc = workflow_get(db, req->arena, req->user.id, id, true, &w, &req->err);
		if (rc >= 0)
			list_push(rc ? errors : found, rc ? not_found(id) : interface_of(&w));
	}
	if (rc >= 0)
		return res_json(res, v);
	value_unref(v);
	return -1;
}

/* ---- what is not there -------------------------------------------------------------------------------------- */

static int not_yet(struct request *req, struct response *res)
{
	(void)res;
	return req_fail(req, 501, "This server does not offer this part of the SDK's interface yet");
}

/* ---- routes ------------------------------------------------------------------------------------------------- */

static const struct field page_query[] = {
	{ .name = "cursor", .kind = FIELD_STR, .flags = FIELD_NULLABLE, .description = "`next` of the page before." },
	{ .name = "limit", .kind = FIELD_INT, .flags = FIELD_MIN | FIELD_MAX, .def = "100", .min = 1, .max = PAGE_MAX },
	{ 0 },
};

static const struct field interfaces_body[] = {
	{ .name = "ids", .kind = FIELD_LIST, .flags = FIELD_REQUIRED, .item = ITEM(FIELD_STR), .max_len = IDS_MAX },
	{ .name = "version", .kind = FIELD_INT, .flags = FIELD_MIN | FIELD_MAX, .def = "1", .min = 1, .max = 1 },
	{ 0 },
};

static const struct route routes[] = {
	{ "GET", "/api/sdk/v1/capabilities", capabilities, .summary = "What this server can do, for client programs." },
	{ "GET", "/api/sdk/v1/workflows", list_workflows, .query = page_query, .summary = "One's workflows in short." },
	{ "POST", "/api/sdk/v1/workflow-interfaces", list_interfaces, .body = BODY(interfaces_body),
	  .summary = "Inputs and outputs of several workflows." },
	{ "GET", "/api/sdk/v1/node-types", not_yet, .query = page_query, .summary = "Types of nodes (not yet)." },
	{ "POST", "/api/sdk/v1/preflight", not_yet, .summary = "Whether a workflow can run (not yet)." },
	{ "GET", "/api/sdk/v1/models", not_yet, .summary = "Models (not yet)." },
	{ "GET", "/api/sdk/v1/model-downloads", not_yet, .summary = "Downloads of models (not yet)." },
	{ "POST", "/api/sdk/v1/model-downloads", not_yet, .summary = "Download a model (not yet)." },
	{ "POST", "/api/sdk/v1/assets/temporary", not_yet, .summary = "A temporary file (not yet)." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "sdk", routes, ARRAY_LEN(routes));
}
