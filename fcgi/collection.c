/* Collections of documents: /api/collections, /admin/collections, /collections/{name}/index. */
#include "http/http.h"

#include <string.h>

#include "handler.h"
#include "model/model.h"

#define PAGE 1000

/* ---- showing --------------------------------------------------------------------------------------------- */

/* The workflow that ingests files into the collection, when its metadata names one. */
static struct value *workflow_name(struct request *req, const struct collection *c)
{
	const char *id = map_str(c->metadata, "workflow", NULL);
	struct db *db = db_default(&req->err);
	struct workflow w;

	if (!id || !db || workflow_get(db, req->arena, req->user.id, id, false, &w, &req->err) || !w.c[WORKFLOW_NAME].p)
		return value_null();
	return value_strn(w.c[WORKFLOW_NAME].p, w.c[WORKFLOW_NAME].n);
}

static struct value *shown(const struct collection *c, struct value *workflow)
{
	struct value *v = value_map();

	map_set_str(v, "name", c->name);
	map_set_int(v, "count", c->count);
	map_set(v, "metadata", value_ref(c->metadata));
	map_set(v, "workflow_name", workflow);
	return v;
}

static int find(struct request *req, struct db *db, struct collection *out)
{
	int missing = db ? collection_get(db, req->arena, req->user.id, req_param(req, "name"), out, &req->err) : -1;

	return missing > 0 ? req_fail(req, 404, "Collection not found") : missing;
}

static int get_collection(struct request *req, struct response *res)
{
	struct collection c;

	return find(req, db_default(&req->err), &c) ? -1 : res_json(res, shown(&c, workflow_name(req, &c)));
}

static int add_to_list(const struct collection *c, void *arg)
{
	list_push(arg, shown(c, value_null()));
	return 0;
}

static int list_collections(struct request *req, struct response *res)
{
	struct db *db = db_default(&req->err);
	struct value *list = value_list();
	struct value *answer;
	int64_t count;

	arena_defer(req->arena, value_unref_ptr, list);
	if (!db || collection_list(db, req->arena, req->user.id, map_int(req->query, "offset", 0),
				   map_int(req->query, "limit", PAGE), add_to_list, list, &req->err) ||
	    collection_total(db, req->user.id, &count, &req->err))
		return -1;
	answer = value_map();
	map_set(answer, "collections", value_ref(list));
	map_set_int(answer, "count", count);
	return res_json(res, answer);
}

/* ---- changing -------------------------------------------------------------------------------------------- */

static int create_in(struct request *req, struct response *res, struct db *db)
{
	const char *name = map_str(req->body, "name", "");
	const char *model = field_filter(req->body, "embedding_model");
	const char *provider = field_filter(req->body, "embedding_provider");
	struct value *metadata;
	struct collection c;

	if (!collection_name_ok(name))
		return req_fail(req, 400,
				"A collection's name has 3 to 512 letters, digits or any of ._- and begins and ends with a letter or digit");
	metadata = value_map();
	arena_defer(req->arena, value_unref_ptr, metadata);
	map_set_str(metadata, "embedding_model", model ? model : COLLECTION_DEFAULT_MODEL);
	if (provider)
		map_set_str(metadata, "embedding_provider", provider);
	if (collection_create(db, req->user.id, name, json_text(req->arena, metadata, JSON_COLUMN), &req->err) ||
	    db_commit(db, &req->err))
		return -1;
	c = (struct collection){ .name = name, .metadata = metadata };
	return res_json(res, shown(&c, value_null()));
}

static int create_collection(struct request *req, struct response *res)
{
	return handle_write(req, res, create_in);
}

static bool has_node(const struct value *graph, const char *class_a, const char *class_b)
{
	const struct value *nodes = map_get(graph, "nodes");

	for (size_t i = 0; i < value_len(nodes); i++) {
		const char *type = map_str(list_at(nodes, i), "type", "");
		const char *last = strrchr(type, '.');

		last = last ? last + 1 : type;
		if (strcmp(last, class_a) == 0 || (class_b && strcmp(last, class_b) == 0))
			return true;
	}
	return false;
}

/* A workflow that shall ingest files must be there, and take a collection and a file. */
static int check_workflow(struct request *req, struct db *db, const char *id)
{
	struct workflow w;
	struct value *graph;
	int missing = workflow_get(db, req->arena, req->user.id, id, false, &w, &req->err);
	int result = 0;

	if (missing)
		return missing > 0 ? req_fail(req, 404, "Workflow not found") : -1;
	graph = json_parse(w.c[WORKFLOW_GRAPH].p ? w.c[WORKFLOW_GRAPH].p : "{}", w.c[WORKFLOW_GRAPH].p ? w.c[WORKFLOW_GRAPH].n : 2,
			   NULL);
	if (!has_node(graph, "CollectionInput", NULL))
		result = req_fail(req, 400, "Workflow must have a CollectionInput node");
	else if (!has_node(graph, "FileInput", "DocumentFileInput"))
		result = req_fail(req, 400, "Workflow must have a FileInput or DocumentFileInput node");
	value_unref(graph);
	return result;
}

static int update_in(struct request *req, struct response *res, struct db *db)
{
	const char *new_name = field_filter(req->body, "name");
	const struct value *changes = map_get(req->body, "metadata");
	const char *workflow = map_str(changes, "workflow", NULL);
	struct collection c;
	struct value *v;
	struct sv key;

	if (find(req, db, &c) || (workflow && *workflow && check_workflow(req, db, workflow)))
		return -1;
	if (new_name && !collection_name_ok(new_name))
		return req_fail(req, 400, "A collection cannot have that name");
	for (size_t i = 0; map_entry(changes, i, &key, &v); i++)
		map_setn(c.metadata, key.p, key.n, value_ref(v));
	if (collection_update(db, req->user.id, c.name, new_name && strcmp(new_name, c.name) != 0 ? new_name : NULL,
			      json_text(req->arena, c.metadata, JSON_COLUMN), &req->err) ||
	    db_commit(db, &req->err))
		return -1;
	if (new_name)
		c.name = new_name;
	return res_json(res, shown(&c, value_null()));
}

static int update_collection(struct request *req, struct response *res)
{
	return handle_write(req, res, update_in);
}

static int delete_in(struct request *req, struct response *res, struct db *db)
{
	struct collection c;
	struct value *answer;

	if (find(req, db, &c) || collection_delete(db, req->user.id, c.name, &req->err) || db_commit(db, &req->err))
		return -1;
	answer = value_map();
	map_set(answer, "message", value_strf("Collection %s deleted successfully", c.name));
	return res_json(res, answer);
}

static int delete_collection(struct request *req, struct response *res)
{
	return handle_write(req, res, delete_in);
}

/* ---- documents ------------------------------------------------------------------------------------------- */

static int add_in(struct request *req, struct response *res, struct db *db)
{
	const struct value *documents = map_get(req->body, "documents");
	const struct value *ids = map_get(req->body, "ids");
	const struct value *metadatas = map_get(req->body, "metadatas");
	const struct value *embeddings = map_get(req->body, "embeddings");
	struct collection c;
	struct value *answer;
	size_t count = value_len(ids);

	if (find(req, db, &c))
		return -1;
	if (value_len(documents) != count || value_len(metadatas) != count || value_len(embeddings) != count)
		return req_fail(req, 400, "documents, ids, metadatas and embeddings must be of the same length");
	for (size_t i = 0; i < count; i++) {
		struct collection_document d = { value_text(list_at(ids, i)), value_sv(list_at(documents, i)),
						 sv_of(json_text(req->arena, list_at(metadatas, i), JSON_COLUMN)),
						 collection_vector(req->arena, list_at(embeddings, i)) };

		if (collection_add(db, req->user.id, c.name, &d, true, &req->err))
			return -1;
	}
	if (db_commit(db, &req->err))
		return -1;
	answer = value_map();
	map_set(answer, "message", value_strf("Documents added to collection %s successfully", c.name));
	return res_json(res, answer);
}

static int add_documents(struct request *req, struct response *res)
{
	return handle_write(req, res, add_in);
}

static int index_file(struct request *req, struct response *res)
{
	struct collection c;

	(void)res;
	if (find(req, db_default(&req->err), &c))
		return -1;
	return req_fail(req, 501, "Indexing a file needs an embedding model, and this server has none yet");
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

static const struct field api_list_query[] = {
	{ "offset", FIELD_INT, FIELD_MIN | FIELD_NULLABLE, "0", .min = 0 },
	{ "limit", FIELD_INT, FIELD_MIN | FIELD_NULLABLE, "1000", .min = 1 },
	{ 0 },
};

static const struct field create_body[] = {
	{ "name", FIELD_STR, FIELD_REQUIRED },
	{ "embedding_model", FIELD_STR, 0, "\"" COLLECTION_DEFAULT_MODEL "\"" },
	{ "embedding_provider", FIELD_STR, FIELD_NULLABLE },
	{ 0 },
};

static const struct field admin_create_body[] = {
	{ "name", FIELD_STR, FIELD_REQUIRED },
	{ "embedding_model", FIELD_STR, FIELD_REQUIRED },
	{ 0 },
};

static const struct field update_body[] = {
	{ "name", FIELD_STR, FIELD_NULLABLE },
	{ "metadata", FIELD_OBJECT, FIELD_NULLABLE, .item = ITEM(FIELD_STR) },
	{ 0 },
};

static const struct field metadata_item = { .kind = FIELD_OBJECT, .item = ITEM(FIELD_STR) };
static const struct field vector_item = { .kind = FIELD_LIST, .item = ITEM(FIELD_FLOAT), .max_len = COLLECTION_VECTOR_MAX };

static const struct field add_body[] = {
	{ "documents", FIELD_LIST, FIELD_REQUIRED, .item = ITEM(FIELD_STR) },
	{ "ids", FIELD_LIST, FIELD_REQUIRED, .item = ITEM(FIELD_STR) },
	{ "metadatas", FIELD_LIST, FIELD_REQUIRED, .item = &metadata_item },
	{ "embeddings", FIELD_LIST, FIELD_REQUIRED, .item = &vector_item },
	{ 0 },
};

static const struct field index_form[] = {
	{ "file", FIELD_FILE, FIELD_REQUIRED },
	{ 0 },
};

#define ADMIN (ROUTE_ADMIN | ROUTE_NO_PUBLIC)

static const struct route routes[] = {
	{ "GET", "/api/collections/", list_collections, .query = api_list_query, .summary = "All collections." },
	{ "POST", "/api/collections/", create_collection, .body = BODY(create_body), .summary = "Make a collection." },
	{ "GET", "/api/collections/{name}", get_collection, .summary = "One collection." },
	{ "PUT", "/api/collections/{name}", update_collection, .body = BODY(update_body), .summary = "Rename, add metadata." },
	{ "DELETE", "/api/collections/{name}", delete_collection, .summary = "Delete a collection with its documents." },
	{ "POST", "/api/collections/{name}/index", index_file, ROUTE_MULTIPART, .form = index_form,
	  .summary = "Index a file (not yet)." },
	{ "POST", "/collections/{name}/index", index_file, ROUTE_MULTIPART | ROUTE_NO_PUBLIC, .form = index_form,
	  .summary = "Index a file (not yet)." },
	{ "GET", "/admin/collections", list_collections, ADMIN, .query = api_list_query, .summary = "All collections." },
	{ "POST", "/admin/collections", create_collection, ADMIN, .body = BODY(admin_create_body), .summary = "Make a collection." },
	{ "GET", "/admin/collections/{name}", get_collection, ADMIN, .summary = "One collection." },
	{ "PUT", "/admin/collections/{name}", update_collection, ADMIN, .body = BODY(update_body),
	  .summary = "Rename, add metadata." },
	{ "DELETE", "/admin/collections/{name}", delete_collection, ADMIN, .summary = "Delete a collection." },
	{ "POST", "/admin/collections/{name}/add", add_documents, ADMIN, .body = BODY(add_body),
	  .summary = "Add documents with their embeddings." },
};

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = db_default_close;
	return router_main(argc, argv, "collection", routes, ARRAY_LEN(routes));
}
