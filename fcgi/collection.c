/* Collections of documents: /api/collections, /admin/collections, /collections/{name}/index. */
#include "http/http.h"

#include <stdio.h>
#include <string.h>

#include "handler.h"
#include "model/model.h"
#include "provider/provider.h"

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
	const char *name = field_name(req->body, "name");
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
	bool renamed = field_text(req->body, "name").n > 0;
	const char *new_name = renamed ? field_name(req->body, "name") : NULL;
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

/* ---- files ----------------------------------------------------------------------------------------------- */

#define INDEX_FILE_MAX ((int64_t)16 << 20)
#define PART_BYTES 2000 /* of one document that a file becomes */
#define PARTS_AT_ONCE 64 /* embedded by one request to the service */

/* A file whose parts become documents. */
struct indexed {
	struct collection collection;
	const char *name;
	const char *metadata;
	struct value *parts;   /* texts */
	struct value *vectors; /* theirs */
};

/* Where to cut a text that is longer than a part: behind a paragraph, a line, a sentence or a word, else anywhere between two
 * characters. */
static size_t part_end(struct sv text)
{
	static const char *const marks[] = { "\n\n", "\n", ". ", " " };
	size_t n = PART_BYTES;

	if (text.n <= n)
		return text.n;
	for (size_t m = 0; m < ARRAY_LEN(marks); m++) {
		size_t len = strlen(marks[m]);

		for (size_t i = n; i > PART_BYTES / 2; i--)
			if (memcmp(text.p + i - len, marks[m], len) == 0)
				return i;
	}
	while (n > 1 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static struct value *parts_of(struct sv text)
{
	struct value *list = value_list();

	while (text.n) {
		size_t n = part_end(text);
		struct sv part = sv_trim((struct sv){ text.p, n });

		if (part.n)
			list_push(list, value_strn(part.p, part.n));
		text = (struct sv){ text.p + n, text.n - n };
	}
	return list;
}

/* The upload's content when it is a text. */
static int read_text(struct request *req, const struct upload *file, struct sv *out)
{
	FILE *f = file->size <= INDEX_FILE_MAX ? fopen(file->path, "re") : NULL;
	char *text;

	if (file->size > INDEX_FILE_MAX)
		return req_fail(req, 413, "Files of at most %lld MB can be indexed", (long long)INDEX_FILE_MAX >> 20);
	if (!f)
		return req_fail(req, 500, "The uploaded file cannot be read");
	text = arena_alloc(req->arena, (size_t)file->size + 1);
	out->p = text;
	out->n = fread(text, 1, (size_t)file->size, f);
	fclose(f);
	if (memchr(out->p, 0, out->n) || !utf8_valid(out->p, out->n))
		return req_fail(req, 422, "Only files of text in UTF-8 can be indexed here; a workflow can index others");
	return 0;
}

/* Asks the collection's model, a batch at a time. */
static int embed_parts(struct request *req, struct indexed *in)
{
	struct provider_use use = { .user_id = req->user.id };

	collection_model(&in->collection, &use.service, &use.model);
	for (size_t at = 0; at < value_len(in->parts); at += PARTS_AT_ONCE) {
		struct value *batch = value_list();
		struct value *vectors;

		for (size_t i = at; i < at + PARTS_AT_ONCE && i < value_len(in->parts); i++)
			list_push(batch, value_ref(list_at(in->parts, i)));
		use.started_us = time_now_us();
		vectors = provider_embed_wait(&use, batch, 0, NULL, &req->err);
		value_unref(batch);
		if (!vectors)
			return -1;
		for (size_t i = 0; i < value_len(vectors); i++)
			list_push(in->vectors, value_ref(list_at(vectors, i)));
		value_unref(vectors);
	}
	return 0;
}

static int store_parts(struct request *req, const struct indexed *in)
{
	struct db *db = db_default(&req->err);
	int rc = db ? db_begin(db, &req->err) : -1;

	for (size_t i = 0; !rc && i < value_len(in->parts); i++) {
		struct collection_document d = { arena_printf(req->arena, "%s:%zu", in->name, i), value_sv(list_at(in->parts, i)),
						 sv_of(in->metadata), collection_vector(req->arena, list_at(in->vectors, i)) };

		rc = collection_add(db, req->user.id, in->collection.name, &d, true, &req->err);
		if (rc > 0)
			rc = req_fail(req, 404, "Collection not found");
	}
	if (!rc)
		rc = db_commit(db, &req->err);
	if (db)
		db_rollback(db);
	return rc;
}

static int index_file(struct request *req, struct response *res)
{
	const struct upload *file = req_upload(req, "file");
	struct value *metadata = value_map();
	struct value *answer;
	struct indexed in = { .vectors = value_list() };
	struct sv text;

	arena_defer(req->arena, value_unref_ptr, metadata);
	arena_defer(req->arena, value_unref_ptr, in.vectors);
	if (find(req, db_default(&req->err), &in.collection))
		return -1;
	if (map_str(in.collection.metadata, "workflow", NULL))
		return req_fail(req, 501, "The collection's workflow has to be run with the file: this path does not run it yet");
	if (read_text(req, file, &text))
		return -1;
	in.name = *file->filename ? file->filename : "file";
	map_set_str(metadata, "file", in.name);
	in.metadata = json_text(req->arena, metadata, JSON_COLUMN);
	in.parts = parts_of(text);
	arena_defer(req->arena, value_unref_ptr, in.parts);
	if (embed_parts(req, &in) || store_parts(req, &in))
		return -1;
	answer = value_map();
	map_set_str(answer, "path", in.name);
	map_set(answer, "error", value_null());
	return res_json(res, answer);
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
	  .summary = "Index a file of text." },
	{ "POST", "/collections/{name}/index", index_file, ROUTE_MULTIPART | ROUTE_NO_PUBLIC, .form = index_form,
	  .summary = "Index a file of text." },
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
