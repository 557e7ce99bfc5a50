/* /api/workflows/{id}/versions and /autosave (notes-workflows section 3). */
#include "workflow.h"

#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "handler.h"
#include "notify/notify.h"

#define AUTOSAVE_INTERVAL_US (30 * 1000000LL)
#define AUTOSAVE_KEEP_US (7 * 24 * 3600 * 1000000LL)
#define AUTOSAVE_MAX 50

const struct field version_path[] = { { .name = "version", .kind = FIELD_INT }, { 0 } };

const struct field versions_query[] = {
	{ .name = "cursor", .kind = FIELD_INT, .flags = FIELD_NULLABLE, .description = "Numbers below it." },
	LIMIT_FIELD,
	{ 0 },
};

const struct field version_body[] = {
	{ .name = "name", .kind = FIELD_STR, .def = "\"\"" },
	{ .name = "description", .kind = FIELD_STR, .def = "\"\"" },
	{ 0 },
};

const struct field autosave_body[] = {
	{ .name = "save_type", .kind = FIELD_STR, .def = "\"autosave\"",
	  .description = "autosave, manual, checkpoint or restore." },
	{ .name = "description", .kind = FIELD_STR, .def = "\"\"" },
	{ .name = "force", .kind = FIELD_BOOL, .def = "false" },
	{ .name = "client_id", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "graph", .kind = FIELD_OBJECT, .flags = FIELD_NULLABLE },
	{ .name = "max_versions", .kind = FIELD_INT, .flags = FIELD_NULLABLE },
	{ 0 },
};

/* ---- versions ---------------------------------------------------------------------------------------------- */

static void announce_version(const struct request *req, const struct workflow_version *v)
{
	char etag[ETAG_SIZE];

	version_etag(v, etag);
	announce_saved(req, "workflowversion", v->c[VERSION_ID].p, etag, true);
}

/* Numbers, names and stores a version inside of the caller's transaction, and commits. */
static int store_version(struct request *req, struct db *db, struct workflow_version *v, const char *name)
{
	char id[ID_SIZE];
	int64_t number;

	if (version_highest(db, v->c[VERSION_WORKFLOW_ID].p, &number, &req->err))
		return -1;
	id_new(id);
	v->c[VERSION_ID] = sv_of(arena_strdup(req->arena, id));
	v->c[VERSION_NUMBER] = sv_of(arena_printf(req->arena, "%lld", (long long)number + 1));
	if (!v->c[VERSION_NAME].n)
		v->c[VERSION_NAME] = sv_of(arena_printf(req->arena, "%s %lld", name, (long long)number + 1));
	v->c[VERSION_CREATED_AT] = row_now(req->arena);
	v->c[VERSION_USER_ID] = sv_of(req->user.id);
	return version_put(db, v, &req->err) || db_commit(db, &req->err) ? -1 : 0;
}

static int create_in(struct request *req, struct response *res, struct db *db)
{
	struct workflow_version v = { 0 };
	struct workflow w;

	if (find_workflow(req, db, false, &w))
		return -1;
	v.c[VERSION_WORKFLOW_ID] = w.c[WORKFLOW_ID];
	v.c[VERSION_NAME] = field_text(req->body, "name");
	v.c[VERSION_DESCRIPTION] = field_text(req->body, "description");
	v.c[VERSION_GRAPH] = w.c[WORKFLOW_GRAPH];
	v.c[VERSION_SAVE_TYPE] = SV_LIT("manual");
	v.c[VERSION_AUTOSAVE_METADATA] = SV_LIT("{}");
	if (store_version(req, db, &v, "Version"))
		return -1;
	announce_version(req, &v);
	return version_json(&res->body, &v);
}

int create_version(struct request *req, struct response *res)
{
	return handle_write(req, res, create_in);
}

struct version_list {
	struct buf *out;
	int64_t count;
	int64_t last;
};

static int version_item(const struct workflow_version *v, void *arg)
{
	struct version_list *list = arg;

	if (list->count++)
		buf_addc(list->out, ',');
	list->last = strtoll(v->c[VERSION_NUMBER].p, NULL, 10);
	return version_json(list->out, v);
}

int list_versions(struct request *req, struct response *res)
{
	struct version_list list = { .out = &res->body };
	int64_t limit = map_int(req->query, "limit", 100);
	struct value *cursor = map_get(req->query, "cursor");
	struct db *db = db_default(&req->err);
	struct workflow w;
	bool more = false;

	if (!db || find_workflow(req, db, true, &w))
		return -1;
	buf_adds(&res->body, "{\"versions\":[");
	/* Numbers begin with 1: nothing is below a cursor of 0 or less. */
	if ((value_is_null(cursor) || value_as_int(cursor) > 0) &&
	    version_list(db, req->arena, w.c[WORKFLOW_ID].p, value_is_null(cursor) ? 0 : value_as_int(cursor), limit,
			 version_item, &list, &more, &req->err))
		return -1;
	if (more && list.count)
		return buf_printf(&res->body, "],\"next\":\"%lld\"}", (long long)list.last);
	return buf_adds(&res->body, "],\"next\":null}");
}

static int find_version(struct request *req, struct db *db, const struct workflow *w, struct workflow_version *v)
{
	int64_t number = map_int(req->params, "version", 0);
	int rc = version_get(db, req->arena, w->c[WORKFLOW_ID].p, number, v, &req->err);

	return rc == 1 ? req_fail(req, 404, "Version not found") : rc;
}

int get_version(struct request *req, struct response *res)
{
	struct workflow_version v;
	struct db *db = db_default(&req->err);
	struct workflow w;

	if (!db || find_workflow(req, db, true, &w) || find_version(req, db, &w, &v))
		return -1;
	return version_json(&res->body, &v);
}

static int restore_in(struct request *req, struct response *res, struct db *db)
{
	struct workflow_version v;
	struct workflow w;

	if (find_workflow(req, db, false, &w) || find_version(req, db, &w, &v))
		return -1;
	w.c[WORKFLOW_GRAPH] = v.c[VERSION_GRAPH];
	w.c[WORKFLOW_UPDATED_AT] = row_now(req->arena);
	return save_workflow(req, res, db, &w, NULL, false);
}

int restore_version(struct request *req, struct response *res)
{
	return handle_write(req, res, restore_in);
}

static int delete_in(struct request *req, struct response *res, struct db *db)
{
	struct workflow w;
	struct value *v;
	int rc;

	if (find_workflow(req, db, false, &w))
		return -1;
	rc = version_delete(db, w.c[WORKFLOW_ID].p, req_param(req, "version_id"), &req->err);
	if (rc)
		return rc == 1 ? req_fail(req, 404, "Version not found") : -1;
	if (db_commit(db, &req->err))
		return -1;
	notify_change(req->user.id, "deleted", "workflowversion", req_param(req, "version_id"), NULL);
	v = value_map();
	map_set_bool(v, "success", true);
	return res_json(res, v);
}

int delete_version(struct request *req, struct response *res)
{
	return handle_write(req, res, delete_in);
}

/* ---- autosave (notes-workflows section 3) ------------------------------------------------------------------ */

static int skipped(struct response *res, const char *reason)
{
	struct value *v = value_map();

	map_set(v, "version", value_null());
	map_set_str(v, "message", reason);
	map_set_bool(v, "skipped", true);
	return res_json(res, v);
}

/* True when an autosave of the workflow is younger than the interval. */
static int too_soon(struct request *req, struct db *db, const char *workflow_id, bool *soon)
{
	const char *newest;
	int64_t made;
	int rc = version_newest_autosave(db, req->arena, workflow_id, &newest, &req->err);

	*soon = rc == 0 && newest && time_parse(newest, &made) == 0 && time_now_us() - made < AUTOSAVE_INTERVAL_US;
	return rc < 0 ? -1 : 0;
}

static void announce_trimmed(const char *id, void *arg)
{
	const struct request *req = arg;

	notify_change(req->user.id, "deleted", "workflowversion", id, NULL);
}

/* The graph to store: the request's when it is a valid one, else the workflow's. NULL when that is none either. */
static struct value *autosave_graph(struct request *req, const struct workflow *w)
{
	struct value *given = map_get(req->body, "graph");
	struct value *graph = value_len(given) ? graph_complete(given) : NULL;
	struct sv stored = w->c[WORKFLOW_GRAPH];
	struct json_error error;

	if (!graph && stored.p)
		graph = json_parse(stored.p, stored.n, &error);
	if (graph)
		arena_defer(req->arena, value_unref_ptr, graph);
	return graph;
}

static struct sv autosave_metadata(struct request *req)
{
	struct value *metadata = value_map();
	char *text;

	map_set_str(metadata, "client_id", map_str(req->body, "client_id", NULL));
	map_set_str(metadata, "trigger_reason", map_str(req->body, "save_type", ""));
	text = json_text(req->arena, metadata, JSON_COLUMN);
	value_unref(metadata);
	return sv_of(text ? text : "{}");
}

/* After the answer's content is settled: autosaves beyond the limit that are older than a week go. */
static int trim_old(struct request *req, struct db *db, const char *workflow_id, int64_t limit)
{
	char week[TIME_TEXT_MAX];

	time_local(time_now_us() - AUTOSAVE_KEEP_US, 'T', week);
	return version_trim_autosaves(db, req->arena, workflow_id, limit, week, announce_trimmed, req, &req->err);
}

static int autosave_in(struct request *req, struct response *res, struct db *db)
{
	bool plain = strcmp(map_str(req->body, "save_type", ""), "autosave") == 0;
	int64_t limit = map_int(req->body, "max_versions", 0);
	struct workflow_version v = { 0 };
	const char *workflow_id;
	struct value *graph;
	struct workflow w;
	bool soon = false;

	if (find_workflow(req, db, false, &w))
		return -1;
	workflow_id = w.c[WORKFLOW_ID].p;
	if (plain && !map_bool(req->body, "force", false) && too_soon(req, db, workflow_id, &soon))
		return -1;
	if (soon)
		return skipped(res, "skipped (too soon)");
	limit = limit ? limit : AUTOSAVE_MAX;
	if (version_trim_autosaves(db, req->arena, workflow_id, limit > 1 ? limit - 1 : 0, NULL, announce_trimmed, req,
				   &req->err))
		return -1;
	graph = autosave_graph(req, &w);
	if (!value_len(map_get(graph, "nodes")))
		return db_commit(db, &req->err) ? -1 : skipped(res, "skipped (empty workflow)");
	v.c[VERSION_WORKFLOW_ID] = w.c[WORKFLOW_ID];
	v.c[VERSION_DESCRIPTION] = field_text(req->body, "description");
	v.c[VERSION_GRAPH] = sv_of(json_text(req->arena, graph, JSON_COLUMN));
	v.c[VERSION_SAVE_TYPE] = field_text(req->body, "save_type");
	v.c[VERSION_AUTOSAVE_METADATA] = autosave_metadata(req);
	if (trim_old(req, db, workflow_id, limit) || store_version(req, db, &v, "Autosave"))
		return -1;
	announce_version(req, &v);
	buf_adds(&res->body, "{\"message\":\"autosaved\",\"skipped\":false,\"version\":");
	version_json(&res->body, &v);
	return buf_addc(&res->body, '}');
}

int autosave(struct request *req, struct response *res)
{
	static const char *const types[] = { "autosave", "manual", "checkpoint", "restore" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(map_str(req->body, "save_type", ""), types[i]) == 0)
			return handle_write(req, res, autosave_in);
	}
	return req_fail(req, 422, "save_type must be autosave, manual, checkpoint or restore");
}
