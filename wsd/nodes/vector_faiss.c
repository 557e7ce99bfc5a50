/*
 * vector.faiss: nearest vectors in an index that lives as long as the run.
 *
 * Every index is searched completely, so that results are exact. An inverted file has to be trained first, as its users
 * expect, and takes nlist and nprobe; it finds at least what a search of nprobe lists would find.
 */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/ndarray.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#define DIM_MAX     65536
#define VECTORS_MAX ((size_t)2 << 30) /* bytes of one index */
#define RESULTS_MAX ((int64_t)1 << 24)

struct index {
	int64_t dim;
	int64_t nlist; /* 0: flat */
	bool product;  /* inner product; else squared distance */
	bool trained;
	size_t count;
	size_t cap;
	float *vectors; /* count × dim */
	int64_t *ids;
};

static void index_free(void *ptr)
{
	struct index *index = ptr;

	free(index->vectors);
	free(index->ids);
	free(index);
}

static struct value *index_to_value(void *ptr)
{
	struct value *v = value_map();

	(void)ptr;
	map_set_str(v, "type", "faiss_index");
	map_set(v, "index", value_null());
	map_mark_typed(v);
	return v;
}

static const struct value_class index_class = { "faiss_index", index_free, index_to_value, NULL };

/* ---- making -------------------------------------------------------------------------------------------- */

static enum node_result make(struct node_ctx *ctx, int64_t nlist, bool product)
{
	int64_t dim = node_int(ctx, "dim");
	struct index *index;

	if (dim < 1 || dim > DIM_MAX)
		return node_fail(ctx, "dim: 1 to %d is possible", DIM_MAX);
	index = xcalloc(1, sizeof(*index));
	index->dim = dim;
	index->nlist = nlist;
	index->product = product;
	index->trained = nlist == 0;
	return done(ctx, value_object(&index_class, index));
}

static enum node_result create_l2(struct node_ctx *ctx)
{
	return make(ctx, 0, false);
}

static enum node_result create_ip(struct node_ctx *ctx)
{
	return make(ctx, 0, true);
}

static enum node_result create_ivf(struct node_ctx *ctx)
{
	int64_t nlist = node_int(ctx, "nlist");

	if (nlist < 1)
		return node_fail(ctx, "nlist: at least 1 is needed");
	return make(ctx, nlist, strcmp(node_text(ctx, "metric"), "IP") == 0);
}

/* ---- inputs -------------------------------------------------------------------------------------------- */

/* The index and a table of its width out of two properties; false after failing the node. */
static bool inputs(struct node_ctx *ctx, const char *property, struct index **index, struct nd **table)
{
	struct err err = { 0 };
	struct nd *given;

	*index = value_object_ptr(node_get(ctx, "index"), &index_class);
	if (!*index) {
		node_fail(ctx, "index: an index is needed, as the nodes that create one give it");
		return false;
	}
	if (value_is_null(map_get(node_get(ctx, property), "value"))) {
		node_fail(ctx, "%s: an array is needed", property);
		return false;
	}
	given = nd_property(ctx, property, true);
	*table = given ? nd_cast(node_arena(ctx), given, ND_SINGLE, &err) : NULL;
	if (given && !*table)
		fail_err(ctx, &err);
	if (!*table)
		return false;
	if ((*table)->ndim < 1 || (*table)->ndim > 2 || (*table)->shape[(*table)->ndim - 1] != (*index)->dim) {
		node_fail(ctx, "%s: the index takes rows of %lld numbers", property, (long long)(*index)->dim);
		return false;
	}
	return true;
}

static size_t row_count(const struct nd *table)
{
	return table->ndim == 2 ? (size_t)table->shape[0] : 1;
}

static enum node_result give_index(struct node_ctx *ctx)
{
	return done(ctx, value_ref(node_get(ctx, "index")));
}

/* ---- adding -------------------------------------------------------------------------------------------- */

/* Appends the rows; `ids` NULL numbers them on. */
static enum node_result add(struct node_ctx *ctx, struct index *index, const struct nd *table, const int64_t *ids)
{
	size_t rows = row_count(table);
	size_t row = (size_t)index->dim * sizeof(float);

	if (!index->trained)
		return node_fail(ctx, "The index must be trained before vectors are added");
	if (rows > VECTORS_MAX / row - index->count)
		return node_fail(ctx, "The index would be larger than %zu MB", VECTORS_MAX >> 20);
	if (index->count + rows > index->cap) {
		index->cap = (index->count + rows) * 2;
		index->vectors = xrealloc(index->vectors, index->cap * row);
		index->ids = xrealloc(index->ids, index->cap * sizeof(*index->ids));
	}
	if (rows)
		memcpy(index->vectors + index->count * (size_t)index->dim, table->s, rows * row);
	for (size_t i = 0; i < rows; i++)
		index->ids[index->count + i] = ids ? ids[i] : (int64_t)(index->count + i);
	index->count += rows;
	return give_index(ctx);
}

static enum node_result add_vectors(struct node_ctx *ctx)
{
	struct index *index;
	struct nd *table;

	return inputs(ctx, "vectors", &index, &table) ? add(ctx, index, table, NULL) : NODE_FAILED;
}

static enum node_result add_with_ids(struct node_ctx *ctx)
{
	struct err err = { 0 };
	struct index *index;
	struct nd *table;
	struct nd *ids;

	if (!inputs(ctx, "vectors", &index, &table))
		return NODE_FAILED;
	if (value_is_null(map_get(node_get(ctx, "ids"), "value")))
		return node_fail(ctx, "ids: an array is needed");
	ids = nd_property(ctx, "ids", true);
	if (!ids)
		return NODE_FAILED;
	ids = nd_cast(node_arena(ctx), ids, ND_INT, &err);
	if (!ids)
		return fail_err(ctx, &err);
	if (ids->n != row_count(table))
		return node_fail(ctx, "ids: there must be one for each vector");
	return add(ctx, index, table, ids->i);
}

static enum node_result train(struct node_ctx *ctx)
{
	struct index *index;
	struct nd *table;

	if (!inputs(ctx, "vectors", &index, &table))
		return NODE_FAILED;
	if ((int64_t)row_count(table) < index->nlist)
		return node_fail(ctx, "vectors: at least %lld are needed to train the index", (long long)index->nlist);
	index->trained = true;
	return give_index(ctx);
}

/* ---- searching ----------------------------------------------------------------------------------------- */

static float distance(const struct index *index, const float *a, const float *b)
{
	float sum = 0;

	if (index->product) {
		for (int64_t i = 0; i < index->dim; i++)
			sum += a[i] * b[i];
		return sum;
	}
	for (int64_t i = 0; i < index->dim; i++)
		sum += (a[i] - b[i]) * (a[i] - b[i]);
	return sum;
}

/* The nearest k vectors of one query, nearest first; places that stay empty have the id -1. */
static void search_row(const struct index *index, const float *query, size_t k, float *distances, int64_t *ids)
{
	size_t found = 0;

	for (size_t i = 0; i < k; i++) {
		distances[i] = index->product ? -FLT_MAX : FLT_MAX;
		ids[i] = -1;
	}
	for (size_t v = 0; v < index->count; v++) {
		float d = distance(index, query, index->vectors + v * (size_t)index->dim);
		size_t low = 0;
		size_t high = found;

		while (low < high) {
			size_t middle = (low + high) / 2;

			if (index->product ? distances[middle] >= d : distances[middle] <= d)
				low = middle + 1;
			else
				high = middle;
		}
		if (low == k)
			continue;
		found += found < k;
		memmove(distances + low + 1, distances + low, (found - low - 1) * sizeof(*distances));
		memmove(ids + low + 1, ids + low, (found - low - 1) * sizeof(*ids));
		distances[low] = d;
		ids[low] = index->ids[v];
	}
}

static enum node_result search(struct node_ctx *ctx)
{
	struct err err = { 0 };
	int64_t k = node_int(ctx, "k");
	struct index *index;
	struct nd *queries;
	struct nd *distances;
	struct nd *ids;
	int64_t shape[2];

	if (!inputs(ctx, "query", &index, &queries))
		return NODE_FAILED;
	shape[0] = (int64_t)row_count(queries);
	shape[1] = k;
	if (k < 1 || k > RESULTS_MAX / (shape[0] ? shape[0] : 1))
		return node_fail(ctx, "k: 1 to %lld results are possible", (long long)RESULTS_MAX);
	distances = nd_new(node_arena(ctx), ND_SINGLE, 0, 2, shape, &err);
	ids = distances ? nd_new(node_arena(ctx), ND_INT, 0, 2, shape, &err) : NULL;
	if (!ids)
		return fail_err(ctx, &err);
	for (int64_t i = 0; i < shape[0]; i++)
		search_row(index, queries->s + i * index->dim, (size_t)k, distances->s + i * k, ids->i + i * k);
	node_emit(ctx, "distances", nd_value(distances));
	node_emit(ctx, "indices", nd_value(ids));
	return NODE_DONE;
}

/* ---- declarations -------------------------------------------------------------------------------------- */

static const struct node_prop add_vectors_props[] = {
	{ .name = "index", .type = "faiss_index", .def = "{\"type\": \"faiss_index\", \"index\": null}" },
	{ .name = "vectors",
	  .type = "np_array",
	  .def = "{\"type\": \"np_array\", \"value\": null, \"dtype\": \"<i8\", \"shape\": [1]}" },
	{ 0 },
};

static const struct node_slot add_vectors_outputs[] = {
	{ .name = "output", .type = "faiss_index" },
	{ 0 },
};

static const struct node_prop add_with_ids_props[] = {
	{ .name = "index", .type = "faiss_index", .def = "{\"type\": \"faiss_index\", \"index\": null}" },
	{ .name = "vectors",
	  .type = "np_array",
	  .def = "{\"type\": \"np_array\", \"value\": null, \"dtype\": \"<i8\", \"shape\": [1]}" },
	{ .name = "ids",
	  .type = "np_array",
	  .def = "{\"type\": \"np_array\", \"value\": null, \"dtype\": \"<i8\", \"shape\": [1]}" },
	{ 0 },
};

static const struct node_slot add_with_ids_outputs[] = {
	{ .name = "output", .type = "faiss_index" },
	{ 0 },
};

static const struct node_prop create_index_flat_ip_props[] = {
	{ .name = "dim", .type = "int", .def = "768", .min = "1.0" },
	{ 0 },
};

static const struct node_slot create_index_flat_ip_outputs[] = {
	{ .name = "output", .type = "faiss_index" },
	{ 0 },
};

static const struct node_prop create_index_flat_l2_props[] = {
	{ .name = "dim", .type = "int", .def = "768", .min = "1.0" },
	{ 0 },
};

static const struct node_slot create_index_flat_l2_outputs[] = {
	{ .name = "output", .type = "faiss_index" },
	{ 0 },
};

static const struct node_prop create_index_ivfflat_props[] = {
	{ .name = "dim", .type = "int", .def = "768", .min = "1.0" },
	{ .name = "nlist", .type = "int", .def = "1024", .min = "1.0" },
	{ .name = "metric", .type = "enum(nodetool.nodes.vector.faiss.Metric:L2|IP)", .def = "\"L2\"" },
	{ 0 },
};

static const struct node_slot create_index_ivfflat_outputs[] = {
	{ .name = "output", .type = "faiss_index" },
	{ 0 },
};

static const struct node_prop search_props[] = {
	{ .name = "index", .type = "faiss_index", .def = "{\"type\": \"faiss_index\", \"index\": null}" },
	{ .name = "query",
	  .type = "np_array",
	  .def = "{\"type\": \"np_array\", \"value\": null, \"dtype\": \"<i8\", \"shape\": [1]}" },
	{ .name = "k", .type = "int", .def = "5", .min = "1.0" },
	{ .name = "nprobe", .type = "int", .def = "10", .min = "1.0" },
	{ 0 },
};

static const struct node_slot search_outputs[] = {
	{ .name = "distances", .type = "np_array" },
	{ .name = "indices", .type = "np_array" },
	{ 0 },
};

static const struct node_prop train_index_props[] = {
	{ .name = "index", .type = "faiss_index", .def = "{\"type\": \"faiss_index\", \"index\": null}" },
	{ .name = "vectors",
	  .type = "np_array",
	  .def = "{\"type\": \"np_array\", \"value\": null, \"dtype\": \"<i8\", \"shape\": [1]}" },
	{ 0 },
};

static const struct node_slot train_index_outputs[] = {
	{ .name = "output", .type = "faiss_index" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "vector.faiss.AddVectors",
		.title = "Add Vectors",
		.description = "Adds vectors to an index, numbered on.",
		.props = add_vectors_props,
		.outputs = add_vectors_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = add_vectors,
	},
	{
		.type = "vector.faiss.AddWithIds",
		.title = "Add With Ids",
		.description = "Adds vectors to an index under ids of their own.",
		.props = add_with_ids_props,
		.outputs = add_with_ids_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = add_with_ids,
	},
	{
		.type = "vector.faiss.CreateIndexFlatIP",
		.title = "Create Index Flat IP",
		.description = "Makes an index that finds by the largest inner product.",
		.props = create_index_flat_ip_props,
		.outputs = create_index_flat_ip_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = create_ip,
	},
	{
		.type = "vector.faiss.CreateIndexFlatL2",
		.title = "Create Index Flat L2",
		.description = "Makes an index that finds by the smallest squared distance.",
		.props = create_index_flat_l2_props,
		.outputs = create_index_flat_l2_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = create_l2,
	},
	{
		.type = "vector.faiss.CreateIndexIVFFlat",
		.title = "Create Index IVFFlat",
		.description = "Makes an index that is trained before vectors are added.",
		.props = create_index_ivfflat_props,
		.outputs = create_index_ivfflat_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = create_ivf,
	},
	{
		.type = "vector.faiss.Search",
		.title = "Search",
		.description = "Finds the vectors of an index that are nearest to each query.",
		.props = search_props,
		.outputs = search_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = search,
	},
	{
		.type = "vector.faiss.TrainIndex",
		.title = "Train Index",
		.description = "Prepares an index that needs training.",
		.props = train_index_props,
		.outputs = train_index_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = train,
	},
};

NODE_TABLE(nodes_vector_faiss, types);
