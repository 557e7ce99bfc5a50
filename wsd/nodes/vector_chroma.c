/* vector.chroma: documents with embeddings in the user's collections (shared/model/collection.c). */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/ndarray.h"
#include "wsd/nodes/vector_chroma.h"

#include <string.h>

/* ---- collections --------------------------------------------------------------------------------------- */

const char *chroma_user(struct node_ctx *ctx)
{
	const char *user = node_user(ctx);

	return user ? user : "1";
}

struct db *chroma_find(struct node_ctx *ctx, struct collection *out)
{
	const char *name = map_str(node_get(ctx, "collection"), "name", "");
	struct err err = { 0 };
	struct db *db = db_default(&err);
	int missing = db ? collection_get(db, node_arena(ctx), chroma_user(ctx), name, out, &err) : -1;

	if (!missing)
		return db;
	if (missing > 0)
		node_fail(ctx, "collection: there is no collection \"%.100s\"", name);
	else
		fail_err(ctx, &err);
	return NULL;
}

static int create(struct node_ctx *ctx, struct db *db, const char *name, struct err *err)
{
	const struct value *model = node_get(ctx, "embedding_model");
	const char *id = map_str(model, "repo_id", "");
	struct value *metadata = value_map();
	int rc;

	if (!*id)
		id = map_str(model, "name", "");
	map_set_str(metadata, "embedding_model", *id ? id : COLLECTION_DEFAULT_MODEL);
	rc = db_begin(db, err);
	if (!rc)
		rc = collection_create(db, chroma_user(ctx), name, json_text(node_arena(ctx), metadata, JSON_COLUMN),
				       err);
	if (!rc)
		rc = db_commit(db, err);
	db_rollback(db);
	value_unref(metadata);
	return rc;
}

static enum node_result collection(struct node_ctx *ctx)
{
	const char *name = node_text(ctx, "name");
	struct err err = { 0 };
	struct db *db = db_default(&err);
	struct collection c;
	struct value *out;
	int missing;

	if (!collection_name_ok(name))
		return node_fail(
			ctx, "name: a collection's name has 3 to 512 letters, digits or any of ._- and begins and ends "
			     "with a letter or digit");
	missing = db ? collection_get(db, node_arena(ctx), chroma_user(ctx), name, &c, &err) : -1;
	/* Another run may have made it meanwhile (409). */
	if (missing < 0 || (missing && create(ctx, db, name, &err) && err.status != 409))
		return fail_err(ctx, &err);
	out = value_map();
	map_set_str(out, "type", "collection");
	map_set_str(out, "name", name);
	map_mark_typed(out);
	return done(ctx, out);
}

static enum node_result count(struct node_ctx *ctx)
{
	struct collection c;

	return chroma_find(ctx, &c) ? done(ctx, value_int(c.count)) : NODE_FAILED;
}

/* ---- documents ----------------------------------------------------------------------------------------- */

static int push_document(const struct collection_document *d, void *arg)
{
	list_push(arg, d->document.p ? value_strn(d->document.p, d->document.n) : value_null());
	return 0;
}

static enum node_result documents(struct node_ctx *ctx, const struct value *ids, int64_t offset, int64_t limit)
{
	struct value *list = value_list();
	struct err err = { 0 };
	struct collection c;
	struct db *db = chroma_find(ctx, &c);
	int rc = 0;

	arena_defer(node_arena(ctx), value_unref_ptr, list);
	if (!db)
		return NODE_FAILED;
	if (offset < 0 || limit < 0)
		return node_fail(ctx, "offset, limit: must not be negative");
	for (size_t i = 0; !rc && i < value_len(ids); i++)
		rc = collection_document(db, chroma_user(ctx), c.name, value_text(list_at(ids, i)), push_document, list,
					 &err);
	if (!value_len(ids))
		rc = collection_documents(db, chroma_user(ctx), c.name, offset, limit, push_document, list, &err);
	return rc ? fail_err(ctx, &err) : done(ctx, value_ref(list));
}

static enum node_result peek(struct node_ctx *ctx)
{
	return documents(ctx, NULL, 0, node_int(ctx, "limit"));
}

static enum node_result get_documents(struct node_ctx *ctx)
{
	return documents(ctx, node_get(ctx, "ids"), node_int(ctx, "offset"), node_int(ctx, "limit"));
}

/* ---- indexing ------------------------------------------------------------------------------------------ */

/* Stores a document (text p NULL: none) under the id that a property gives, with the property "metadata". */
static enum node_result store(struct node_ctx *ctx, const char *id_property, struct sv text, struct sv embedding)
{
	const char *metadata = json_text(node_arena(ctx), node_get(ctx, "metadata"), JSON_COLUMN);
	struct collection_document d = { node_text(ctx, id_property), text, sv_of(metadata ? metadata : "{}"),
					 embedding };
	struct err err = { 0 };
	struct collection c;
	struct db *db = chroma_find(ctx, &c);
	int rc;

	if (!db)
		return NODE_FAILED;
	rc = db_begin(db, &err) ? -1 : collection_add(db, chroma_user(ctx), c.name, &d, false, &err);
	if (rc >= 0)
		rc = db_commit(db, &err);
	db_rollback(db);
	return rc < 0 ? fail_err(ctx, &err) : NODE_DONE;
}

static bool has_id(struct node_ctx *ctx, const char *property)
{
	if (strip(node_sv(ctx, property)).n)
		return true;
	node_fail(ctx, "%s: an id is needed", property);
	return false;
}

static enum node_result index_embedding(struct node_ctx *ctx)
{
	struct err err = { 0 };
	struct nd *array;

	if (!has_id(ctx, "index_id"))
		return NODE_FAILED;
	if (value_is_null(map_get(node_get(ctx, "embedding"), "value")))
		return node_fail(ctx, "embedding: an array is needed");
	array = nd_property(ctx, "embedding", true);
	if (!array)
		return NODE_FAILED;
	array = nd_cast(node_arena(ctx), array, ND_SINGLE, &err);
	if (!array)
		return fail_err(ctx, &err);
	if (array->n < 1 || array->n > COLLECTION_VECTOR_MAX)
		return node_fail(ctx, "embedding: 1 to %d numbers are possible", COLLECTION_VECTOR_MAX);
	return store(ctx, "index_id", (struct sv){ 0 },
		     (struct sv){ (const char *)array->p, array->n * sizeof(float) });
}

struct llm *chroma_embed(struct node_ctx *ctx, struct value *texts)
{
	struct llm *llm = NULL;
	const char *service;
	const char *model;
	struct collection c;

	if (chroma_find(ctx, &c)) {
		collection_model(&c, &service, &model);
		llm = llm_embed(ctx, service, model, texts);
	}
	value_unref(texts);
	return llm;
}

struct value *chroma_one_text(const char *text)
{
	struct value *list = value_list();

	list_push(list, value_str(text));
	return list;
}

enum node_result chroma_embedded(struct node_ctx *ctx, size_t count, struct value **out)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result = llm_step(s->llm, ctx);

	if (result != NODE_DONE)
		return result;
	if (llm_embeddings(s->llm, ctx, count, out))
		return NODE_FAILED;
	arena_defer(node_arena(ctx), value_unref_ptr, *out);
	llm_reset(s);
	return NODE_DONE;
}

static enum node_result index_text(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;
	struct value *vectors;

	if (!has_id(ctx, "document_id"))
		return NODE_FAILED;
	if (!s->llm && !(s->llm = chroma_embed(ctx, chroma_one_text(node_text(ctx, "text")))))
		return NODE_FAILED;
	result = chroma_embedded(ctx, 1, &vectors);
	if (result != NODE_DONE)
		return result;
	return store(ctx, "document_id", node_sv(ctx, "text"), collection_vector(node_arena(ctx), list_at(vectors, 0)));
}

/* ---- several texts as one document --------------------------------------------------------------------- */

static struct value *chunk_texts(const struct value *chunks)
{
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(chunks); i++) {
		struct value *chunk = list_at(chunks, i);

		list_push(list, value_is(chunk, VALUE_STR) ? value_ref(chunk) : value_str(map_str(chunk, "text", "")));
	}
	return list;
}

static double combine(const char *how, double a, double b)
{
	if (strcmp(how, "max") == 0)
		return a > b ? a : b;
	if (strcmp(how, "min") == 0)
		return a < b ? a : b;
	return a + b;
}

/* Number by number over all vectors. */
static struct value *aggregated(const struct value *vectors, const char *how)
{
	size_t n = value_len(vectors);
	bool mean = strcmp(how, "mean") == 0;
	struct value *out = value_list();

	for (size_t i = 0; i < value_len(list_at(vectors, 0)); i++) {
		double sum = value_as_float(list_at(list_at(vectors, 0), i));

		for (size_t k = 1; k < n; k++)
			sum = combine(how, sum, value_as_float(list_at(list_at(vectors, k), i)));
		list_push(out, value_float(mean ? sum / (double)n : sum));
	}
	return out;
}

static enum node_result index_aggregated(struct node_ctx *ctx)
{
	struct llm_state *s = node_state(ctx);
	const struct value *chunks = node_get(ctx, "text_chunks");
	enum node_result result;
	struct value *vectors;
	struct value *vector;

	if (!has_id(ctx, "document_id"))
		return NODE_FAILED;
	if (!strip(node_sv(ctx, "document")).n)
		return node_fail(ctx, "document: a text is needed");
	if (!value_len(chunks))
		return node_fail(ctx, "text_chunks: at least one is needed");
	if (!s->llm && !(s->llm = chroma_embed(ctx, chunk_texts(chunks))))
		return NODE_FAILED;
	result = chroma_embedded(ctx, value_len(chunks), &vectors);
	if (result != NODE_DONE)
		return result;
	vector = aggregated(vectors, node_text(ctx, "aggregation"));
	arena_defer(node_arena(ctx), value_unref_ptr, vector);
	return store(ctx, "document_id", node_sv(ctx, "document"), collection_vector(node_arena(ctx), vector));
}

/* ---- declarations -------------------------------------------------------------------------------------- */

static const struct node_prop collection_props[] = {
	{ .name = "name", .type = "str", .def = "\"\"" },
	{ .name = "embedding_model",
	  .type = "llama_model",
	  .def = "{\"type\": \"llama_model\", \"name\": \"\", \"repo_id\": \"\", \"modified_at\": \"\", \""
		 "size\": 0, \"digest\": \"\", \"details\": {}}" },
	{ 0 },
};

static const struct node_slot collection_outputs[] = {
	{ .name = "output", .type = "collection" },
	{ 0 },
};

static const struct node_prop count_props[] = {
	CHROMA_COLLECTION,
	{ 0 },
};

static const struct node_slot count_outputs[] = {
	{ .name = "output", .type = "int" },
	{ 0 },
};

static const struct node_prop get_documents_props[] = {
	CHROMA_COLLECTION,
	{ .name = "ids", .type = "list[str]", .def = "[]" },
	{ .name = "limit", .type = "int", .def = "100" },
	{ .name = "offset", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_slot get_documents_outputs[] = {
	{ .name = "output", .type = "list[str]" },
	{ 0 },
};

static const struct node_prop index_aggregated_text_props[] = {
	CHROMA_COLLECTION,
	{ .name = "document", .type = "str", .def = "\"\"", .required = true },
	{ .name = "document_id", .type = "str", .def = "\"\"" },
	{ .name = "metadata", .type = "dict", .def = "{}" },
	{ .name = "text_chunks", .type = "list[union[text_chunk,str]]", .def = "[]", .required = true },
	{ .name = "context_window", .type = "int", .def = "4096", .min = "1.0" },
	{ .name = "aggregation",
	  .type = "enum(nodetool.nodes.vector.chroma.EmbeddingAggregation:mean|max|min|sum)",
	  .def = "\"mean\"" },
	{ 0 },
};

static const struct node_slot index_aggregated_text_outputs[] = {
	{ 0 },
};

static const struct node_prop index_embedding_props[] = {
	CHROMA_COLLECTION,
	{ .name = "embedding",
	  .type = "np_array",
	  .def = "{\"type\": \"np_array\", \"value\": null, \"dtype\": \"<i8\", \"shape\": [1]}",
	  .required = true },
	{ .name = "index_id", .type = "str", .def = "\"\"" },
	{ .name = "metadata", .type = "dict", .def = "{}" },
	{ 0 },
};

static const struct node_slot index_embedding_outputs[] = {
	{ 0 },
};

static const struct node_prop index_string_props[] = {
	CHROMA_COLLECTION,
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "document_id", .type = "str", .def = "\"\"" },
	{ .name = "metadata", .type = "dict", .def = "{}" },
	{ 0 },
};

static const struct node_slot index_string_outputs[] = {
	{ 0 },
};

static const struct node_prop index_text_chunk_props[] = {
	CHROMA_COLLECTION,
	{ .name = "document_id", .type = "str", .def = "\"\"" },
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "metadata", .type = "dict", .def = "{}" },
	{ 0 },
};

static const struct node_slot index_text_chunk_outputs[] = {
	{ 0 },
};

static const struct node_prop peek_props[] = {
	CHROMA_COLLECTION,
	{ .name = "limit", .type = "int", .def = "100" },
	{ 0 },
};

static const struct node_slot peek_outputs[] = {
	{ .name = "output", .type = "list[str]" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "vector.chroma.Collection",
		.title = "Collection",
		.description = "Gives a collection of documents, and makes it when it is not there.",
		.props = collection_props,
		.outputs = collection_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = collection,
	},
	{
		.type = "vector.chroma.Count",
		.title = "Count",
		.description = "Counts the documents of a collection.",
		.props = count_props,
		.outputs = count_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = count,
	},
	{
		.type = "vector.chroma.GetDocuments",
		.title = "Get Documents",
		.description = "Gives documents of a collection, by their ids or a page of them.",
		.props = get_documents_props,
		.outputs = get_documents_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = get_documents,
	},
	{
		.type = "vector.chroma.IndexAggregatedText",
		.title = "Index Aggregated Text",
		.description = "Stores a document under the combined embedding of its parts.",
		.props = index_aggregated_text_props,
		.outputs = index_aggregated_text_outputs,
		.flags = NODE_NOT_CACHEABLE,
		LLM_STATE,
		.process = index_aggregated,
	},
	{
		.type = "vector.chroma.IndexEmbedding",
		.title = "Index Embedding",
		.description = "Stores an embedding in a collection.",
		.props = index_embedding_props,
		.outputs = index_embedding_outputs,
		.shown_required = "id",
		.flags = NODE_NOT_CACHEABLE,
		.process = index_embedding,
	},
	{
		.type = "vector.chroma.IndexString",
		.title = "Index String",
		.description = "Stores a text with its embedding in a collection.",
		.props = index_string_props,
		.outputs = index_string_outputs,
		.flags = NODE_NOT_CACHEABLE,
		LLM_STATE,
		.process = index_text,
	},
	{
		.type = "vector.chroma.IndexTextChunk",
		.title = "Index Text Chunk",
		.description = "Stores a part of a text with its embedding in a collection.",
		.props = index_text_chunk_props,
		.outputs = index_text_chunk_outputs,
		.flags = NODE_NOT_CACHEABLE,
		LLM_STATE,
		.process = index_text,
	},
	{
		.type = "vector.chroma.Peek",
		.title = "Peek",
		.description = "Gives the first documents of a collection.",
		.props = peek_props,
		.outputs = peek_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = peek,
	},
};

NODE_TABLE(nodes_vector_chroma, types);
