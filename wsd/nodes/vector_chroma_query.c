/* vector.chroma: searches in collections, and texts without their overlaps. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/vector_chroma.h"

#include "pytext/pytext.h"

#include <ctype.h>
#include <string.h>

#define RESULTS_MAX 10000

/* ---- searching ----------------------------------------------------------------------------------------- */

/* Every hit's members on the slots of their names. */
static enum node_result send_hits(struct node_ctx *ctx, const struct value *hits)
{
	static const char *const members[][2] = { { "ids", "id" },
						  { "documents", "document" },
						  { "metadatas", "metadata" },
						  { "distances", "distance" },
						  { "scores", "score" } };

	for (size_t m = 0; m < ARRAY_LEN(members); m++) {
		struct value *list;

		if (!node_has_slot(ctx, members[m][0]))
			continue;
		list = value_list();
		for (size_t i = 0; i < value_len(hits); i++)
			list_push(list, value_ref(map_get(list_at(hits, i), members[m][1])));
		node_emit(ctx, members[m][0], list);
	}
	return NODE_DONE;
}

/* Insertion: the lists are short. True of `before` puts b in front of a. */
static void sort_hits(struct value *hits, bool (*before)(const struct value *a, const struct value *b))
{
	for (size_t i = 1; i < value_len(hits); i++) {
		struct value *hit = value_ref(list_at(hits, i));
		size_t at = i;

		while (at && before(list_at(hits, at - 1), hit))
			at--;
		list_remove(hits, i);
		list_insert(hits, at, hit);
	}
}

static bool smaller_id(const struct value *a, const struct value *b)
{
	return strcmp(map_str(a, "id", ""), map_str(b, "id", "")) > 0;
}

static bool larger_score(const struct value *a, const struct value *b)
{
	return value_as_float(map_get(a, "score")) < value_as_float(map_get(b, "score"));
}

/* Documents of the collection near to the text of the node; freed by the arena. NULL after failing it. */
static struct value *search(struct node_ctx *ctx, const struct value *vector, int64_t limit, const struct value *words)
{
	struct err err = { 0 };
	struct collection c;
	struct db *db = chroma_find(ctx, &c);
	struct value *hits;

	if (!db)
		return NULL;
	if (limit < 1 || limit > RESULTS_MAX) {
		node_fail(ctx, "n_results: 1 to %d are possible", RESULTS_MAX / 2);
		return NULL;
	}
	hits = collection_search(db, chroma_user(ctx), c.name, collection_vector(node_arena(ctx), vector),
				 (size_t)limit, words, &err);
	if (hits)
		arena_defer(node_arena(ctx), value_unref_ptr, hits);
	else
		fail_err(ctx, &err);
	return hits;
}

/* Embeds the text of the node: as chroma_embedded(). */
static enum node_result embed_text(struct node_ctx *ctx, struct value **vector)
{
	struct llm_state *s = node_state(ctx);
	enum node_result result;

	if (!s->llm && !(s->llm = chroma_embed(ctx, chroma_one_text(node_text(ctx, "text")))))
		return NODE_FAILED;
	result = chroma_embedded(ctx, 1, vector);
	if (result == NODE_DONE)
		*vector = list_at(*vector, 0);
	return result;
}

static enum node_result query_text(struct node_ctx *ctx)
{
	struct value *vector;
	struct value *hits;
	enum node_result result = embed_text(ctx, &vector);

	if (result != NODE_DONE)
		return result;
	hits = search(ctx, vector, node_int(ctx, "n_results"), NULL);
	if (!hits)
		return NODE_FAILED;
	sort_hits(hits, smaller_id);
	return send_hits(ctx, hits);
}

/* The words of a text in small letters that are long enough. Freed by the arena. */
static struct value *keywords(struct node_ctx *ctx, int64_t shortest)
{
	static const char separators[] = " ,.!?-_=|\t\r\n";
	struct value *list = value_list();
	char *text = arena_strdup(node_arena(ctx), node_text(ctx, "text"));

	arena_defer(node_arena(ctx), value_unref_ptr, list);
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	for (const char *at = text; *at;) {
		size_t n = strcspn(at, separators);

		if (n && (int64_t)n >= shortest)
			list_push(list, value_strn(at, n));
		at += n + strspn(at + n, separators);
	}
	return list;
}

/* Adds 1 / (rank + k) to the score of each hit, in the map of hits by id. */
static void add_scores(struct value *by_id, const struct value *hits, double k)
{
	for (size_t i = 0; i < value_len(hits); i++) {
		struct value *hit = list_at(hits, i);
		const char *id = map_str(hit, "id", "");
		struct value *known = map_get(by_id, id);

		if (!known) {
			known = hit;
			map_set_float(known, "score", 0);
			map_set(by_id, id, value_ref(hit));
		}
		map_set_float(known, "score", value_as_float(map_get(known, "score")) + 1 / ((double)i + k));
	}
}

static enum node_result fuse(struct node_ctx *ctx, const struct value *near, const struct value *worded)
{
	struct value *by_id = value_map();
	struct value *hits = value_list();
	double k = node_float(ctx, "k_constant");
	struct value *hit;

	arena_defer(node_arena(ctx), value_unref_ptr, by_id);
	arena_defer(node_arena(ctx), value_unref_ptr, hits);
	if (k <= 0)
		return node_fail(ctx, "k_constant: must be greater than 0");
	add_scores(by_id, near, k);
	add_scores(by_id, worded, k);
	for (size_t i = 0; map_entry(by_id, i, NULL, &hit); i++)
		list_push(hits, value_ref(hit));
	sort_hits(hits, larger_score);
	while ((int64_t)value_len(hits) > node_int(ctx, "n_results"))
		list_remove(hits, value_len(hits) - 1);
	return send_hits(ctx, hits);
}

static enum node_result hybrid_search(struct node_ctx *ctx)
{
	int64_t limit = node_int(ctx, "n_results");
	struct value *words;
	struct value *vector;
	struct value *near;
	struct value *worded;
	enum node_result result;

	if (!strip(node_sv(ctx, "text")).n)
		return node_fail(ctx, "text: there is nothing to search for");
	result = embed_text(ctx, &vector);
	if (result != NODE_DONE)
		return result;
	limit = limit > RESULTS_MAX ? RESULTS_MAX + 1 : limit * 2;
	near = search(ctx, vector, limit, NULL);
	words = keywords(ctx, node_int(ctx, "min_keyword_length"));
	worded = near && value_len(words) ? search(ctx, vector, limit, words) : near;
	return worded ? fuse(ctx, near, worded) : NODE_FAILED;
}

/* ---- overlaps ------------------------------------------------------------------------------------------ */

/* How many words the end of one list and the beginning of the other share; 0 for fewer than `least`. */
static size_t overlap(const struct value *before, const struct value *after, size_t least)
{
	size_t a = value_len(before);
	size_t b = value_len(after);

	for (size_t n = a < b ? a : b; n >= least; n--) {
		size_t i = 0;

		while (i < n && value_equal(list_at(before, a - n + i), list_at(after, i)))
			i++;
		if (i == n)
			return n;
	}
	return 0;
}

static struct value *joined(const struct value *words, size_t from)
{
	struct buf text;

	buf_init(&text, BUF_MAX_BODY);
	for (size_t i = from; i < value_len(words); i++) {
		struct sv word = value_sv(list_at(words, i));

		if (i > from)
			buf_addc(&text, ' ');
		buf_add(&text, word.p, word.n);
	}
	return buf_to_value(&text);
}

static enum node_result remove_overlap(struct node_ctx *ctx)
{
	const struct value *texts = node_get(ctx, "documents");
	int64_t least = node_int(ctx, "min_overlap_words");
	struct value *out = value_list();
	struct value *before = NULL; /* the words of the last text that stayed */

	for (size_t i = 0; i < value_len(texts); i++) {
		struct value *text = list_at(texts, i);
		struct value *words = pytext_split_space(value_sv(text), -1);
		size_t n = before ? overlap(before, words, least > 0 ? (size_t)least : 1) : 0;

		if (n && n == value_len(words)) {
			value_unref(words);
			continue;
		}
		list_push(out, n ? joined(words, n) : value_ref(text));
		for (size_t k = 0; k < n; k++)
			list_remove(words, 0);
		value_unref(before);
		before = words;
	}
	value_unref(before);
	node_emit(ctx, "documents", out);
	return NODE_DONE;
}

/* ---- declarations -------------------------------------------------------------------------------------- */

static const struct node_prop hybrid_search_props[] = {
	CHROMA_COLLECTION,
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "n_results", .type = "int", .def = "5" },
	{ .name = "k_constant", .type = "float", .def = "60.0" },
	{ .name = "min_keyword_length", .type = "int", .def = "3" },
	{ 0 },
};

static const struct node_slot hybrid_search_outputs[] = {
	{ .name = "ids", .type = "list[str]" },        { .name = "documents", .type = "list[str]" },
	{ .name = "metadatas", .type = "list[dict]" }, { .name = "distances", .type = "list[float]" },
	{ .name = "scores", .type = "list[float]" },   { 0 },
};

static const struct node_prop query_text_props[] = {
	CHROMA_COLLECTION,
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "n_results", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_slot query_text_outputs[] = {
	{ .name = "ids", .type = "list[str]" },
	{ .name = "documents", .type = "list[str]" },
	{ .name = "metadatas", .type = "list[dict]" },
	{ .name = "distances", .type = "list[float]" },
	{ 0 },
};

static const struct node_prop remove_overlap_props[] = {
	{ .name = "documents", .type = "list[str]", .def = "[]" },
	{ .name = "min_overlap_words", .type = "int", .def = "2" },
	{ 0 },
};

static const struct node_slot remove_overlap_outputs[] = {
	{ .name = "documents", .type = "list[str]" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "vector.chroma.HybridSearch",
		.title = "Hybrid Search",
		.description = "Finds documents that are near to a text or hold its words.",
		.props = hybrid_search_props,
		.outputs = hybrid_search_outputs,
		.flags = NODE_NOT_CACHEABLE,
		LLM_STATE,
		.process = hybrid_search,
	},
	{
		.type = "vector.chroma.QueryText",
		.title = "Query Text",
		.description = "Finds the documents of a collection that are nearest to a text.",
		.props = query_text_props,
		.outputs = query_text_outputs,
		.flags = NODE_NOT_CACHEABLE,
		LLM_STATE,
		.process = query_text,
	},
	{
		.type = "vector.chroma.RemoveOverlap",
		.title = "Remove Overlap",
		.description = "Removes from each text the words with which the one before it ended.",
		.props = remove_overlap_props,
		.outputs = remove_overlap_outputs,
		.flags = NODE_NOT_CACHEABLE,
		.process = remove_overlap,
	},
};

NODE_TABLE(nodes_vector_chroma_query, types);
