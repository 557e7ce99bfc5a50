/* How REST shows a workflow, and the cache of that. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "storage/storage.h"

#define EMPTY_GRAPH "{\"nodes\":[],\"edges\":[]}"
#define EMPTY_SCHEMA "{\"type\":\"object\",\"properties\":{},\"required\":[]}"

/* The columns that lists read (notes-workflows section 2 "Lists"). */
#define BIT(c) (1u << (c))
const uint32_t workflow_list_columns = BIT(WORKFLOW_ID) | BIT(WORKFLOW_NAME) | BIT(WORKFLOW_DESCRIPTION) |
				       BIT(WORKFLOW_THUMBNAIL) | BIT(WORKFLOW_THUMBNAIL_URL) | BIT(WORKFLOW_ACCESS) |
				       BIT(WORKFLOW_USER_ID) | BIT(WORKFLOW_CREATED_AT) | BIT(WORKFLOW_UPDATED_AT) |
				       BIT(WORKFLOW_TAGS) | BIT(WORKFLOW_GRAPH) | BIT(WORKFLOW_SETTINGS) |
				       BIT(WORKFLOW_RUN_MODE);

/* Plain fields in the order of the answer: what stands for NULL, and what for a column that was not read. */
static const struct {
	enum workflow_column column;
	const char *if_null;
	const char *if_unread; /* NULL: the present time */
} shown[] = {
	{ WORKFLOW_ID, "null", "null" },
	{ WORKFLOW_ACCESS, "\"\"", "\"\"" },
	{ WORKFLOW_CREATED_AT, NULL, NULL },
	{ WORKFLOW_UPDATED_AT, NULL, NULL },
	{ WORKFLOW_NAME, "\"\"", "\"\"" },
	{ WORKFLOW_TOOL_NAME, "null", "null" },
	{ WORKFLOW_DESCRIPTION, "\"\"", "\"\"" },
	{ WORKFLOW_TAGS, "null", "[]" },
	{ WORKFLOW_THUMBNAIL, "\"\"", "\"\"" },
	{ WORKFLOW_SETTINGS, "null", "{}" },
	{ WORKFLOW_PACKAGE_NAME, "null", "\"\"" },
	{ WORKFLOW_RUN_MODE, "null", "null" },
	{ WORKFLOW_WORKSPACE_ID, "null", "null" },
	{ WORKFLOW_HTML_APP, "null", "null" },
};

static void plain_field(struct buf *out, const struct workflow *w, size_t i, uint32_t columns)
{
	const struct column *column = &workflow_columns[shown[i].column];
	struct sv text = w->c[shown[i].column];
	char now[TIME_TEXT_MAX];
	struct json_error error;
	struct value *v;

	if (!text.p && column->kind == COLUMN_TIME)
		text = sv_of(time_stamp(now));
	/* Small JSON columns are checked: one that somebody broke must not break the whole answer. */
	if (text.p && column->kind == COLUMN_JSON) {
		v = json_parse(text.p, text.n, &error);
		if (!v)
			text = (struct sv){ 0 };
		value_unref(v);
	}
	row_json(out, column->name, column->kind, text,
		 columns & BIT(shown[i].column) ? shown[i].if_null : shown[i].if_unread);
}

static void graph_fields_json(struct buf *out, const struct workflow *w, struct value *graph)
{
	struct sv text = w->c[WORKFLOW_GRAPH];
	struct json_error error;
	struct value *stored = graph ? NULL : text.p ? json_parse(text.p, text.n, &error) : NULL;
	struct value *complete = graph ? value_ref(graph) : stored ? graph_complete(stored) : NULL;
	struct value *input = complete ? graph_input_schema(complete) : NULL;
	struct value *output = complete ? graph_output_schema(complete) : NULL;

	buf_adds(out, ",\"graph\":");
	if (complete || stored)
		json_write(out, complete ? complete : stored, JSON_COMPACT);
	else
		buf_adds(out, EMPTY_GRAPH);
	buf_adds(out, ",\"input_schema\":");
	if (input)
		json_write(out, input, JSON_COMPACT);
	else
		buf_adds(out, EMPTY_SCHEMA);
	buf_adds(out, ",\"output_schema\":");
	if (output)
		json_write(out, output, JSON_COMPACT);
	else
		buf_adds(out, EMPTY_SCHEMA);
	value_unref(output);
	value_unref(input);
	value_unref(complete);
	value_unref(stored);
}

static void thumbnail_url_json(struct buf *out, struct sv key)
{
	struct arena *arena;
	char *url;

	buf_adds(out, ",\"thumbnail_url\":");
	if (!key.n) {
		buf_adds(out, "null");
		return;
	}
	arena = arena_new();
	url = store_asset_url(arena, arena_strndup(arena, key.p, key.n));
	json_write_str(out, url, strlen(url), JSON_COMPACT);
	arena_free(arena);
}

int workflow_json(struct buf *out, const struct workflow *w, struct value *graph, uint32_t columns)
{
	char etag[ETAG_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		buf_addc(out, i ? ',' : '{');
		plain_field(out, w, i, columns);
	}
	thumbnail_url_json(out, w->c[WORKFLOW_THUMBNAIL]);
	graph_fields_json(out, w, graph);
	workflow_etag(w, graph, etag);
	buf_printf(out, ",\"path\":null,\"required_providers\":null,\"required_models\":null,\"etag\":\"%s\"}", etag);
	return out->failed ? -1 : 0;
}

/* ---- cache --------------------------------------------------------------------------------------------- */

/* Answers by workflow, each with the row that it was made from. An entry is taken only when the row at hand equals that
 * row, so nothing has to be invalidated. The oldest use goes first when the bytes are used up. */
#define CACHE_BYTES ((size_t)6 << 20)
#define CACHE_SLOTS 4096 /* power of two */
#define ENTRY_BYTES ((size_t)1 << 20)

struct entry {
	struct entry *older;
	struct entry *newer;
	struct entry *next; /* same slot */
	size_t slot;
	size_t size;
	uint32_t columns;
	size_t row_len;
	size_t json_len;
	char bytes[]; /* the row, then the answer */
};

static struct {
	struct entry *slots[CACHE_SLOTS];
	struct entry *oldest;
	struct entry *newest;
	size_t bytes;
} cache;

/* The row as one text: each column's length and bytes. */
static void row_image(struct buf *out, const struct workflow *w)
{
	for (size_t i = 0; i < WORKFLOW_COLUMNS; i++) {
		struct sv text = w->c[i];
		int64_t len = text.p ? (int64_t)text.n : -1;

		buf_add(out, &len, sizeof(len));
		if (text.p)
			buf_add(out, text.p, text.n);
	}
}

static size_t slot_of(struct sv id, uint32_t columns)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ columns;

	for (size_t i = 0; i < id.n; i++)
		hash = (hash ^ (unsigned char)id.p[i]) * 0x100000001b3ull;
	return (hash ^ hash >> 29) % CACHE_SLOTS;
}

static void use_unlink(struct entry *e)
{
	*(e->older ? &e->older->newer : &cache.oldest) = e->newer;
	*(e->newer ? &e->newer->older : &cache.newest) = e->older;
}

static void use_newest(struct entry *e)
{
	e->newer = NULL;
	e->older = cache.newest;
	*(cache.newest ? &cache.newest->newer : &cache.oldest) = e;
	cache.newest = e;
}

static void entry_drop(struct entry *e)
{
	struct entry **at = &cache.slots[e->slot];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	use_unlink(e);
	cache.bytes -= e->size;
	free(e);
}

/* The id's place inside the image: behind the columns before it. */
static bool same_id(const struct entry *e, struct sv id)
{
	const char *at = e->bytes;
	int64_t len;

	for (size_t i = 0;; i++) {
		memcpy(&len, at, sizeof(len));
		at += sizeof(len);
		if (i == WORKFLOW_ID)
			return len == (int64_t)id.n && memcmp(at, id.p, id.n) == 0;
		at += len > 0 ? len : 0;
	}
}

static bool same_row(const struct entry *e, const struct workflow *w)
{
	const char *at = e->bytes;
	int64_t len;

	for (size_t i = 0; i < WORKFLOW_COLUMNS; i++) {
		struct sv text = w->c[i];

		memcpy(&len, at, sizeof(len));
		at += sizeof(len);
		if (len != (text.p ? (int64_t)text.n : -1))
			return false;
		if (len > 0 && memcmp(at, text.p, text.n) != 0)
			return false;
		at += len > 0 ? len : 0;
	}
	return true;
}

static struct entry *entry_find(size_t slot, struct sv id, uint32_t columns)
{
	for (struct entry *e = cache.slots[slot]; e; e = e->next) {
		if (e->columns == columns && same_id(e, id))
			return e;
	}
	return NULL;
}

static void entry_add(size_t slot, uint32_t columns, const struct buf *row, const char *json, size_t json_len)
{
	size_t size = sizeof(struct entry) + row->len + json_len;
	struct entry *e;

	if (size > ENTRY_BYTES)
		return;
	while (cache.oldest && cache.bytes + size > CACHE_BYTES)
		entry_drop(cache.oldest);
	e = xmalloc(size);
	*e = (struct entry){ .slot = slot, .size = size, .columns = columns, .row_len = row->len, .json_len = json_len };
	memcpy(e->bytes, row->data, row->len);
	memcpy(e->bytes + row->len, json, json_len);
	e->next = cache.slots[slot];
	cache.slots[slot] = e;
	use_newest(e);
	cache.bytes += size;
}

int workflow_json_cached(struct buf *out, const struct workflow *w, uint32_t columns)
{
	size_t slot = slot_of(w->c[WORKFLOW_ID], columns);
	struct entry *e = entry_find(slot, w->c[WORKFLOW_ID], columns);
	size_t before = out->len;
	struct buf row;

	if (e && same_row(e, w)) {
		use_unlink(e);
		use_newest(e);
		return buf_add(out, e->bytes + e->row_len, e->json_len);
	}
	if (e)
		entry_drop(e);
	if (workflow_json(out, w, NULL, columns))
		return -1;
	buf_init(&row, BUF_MAX_RESPONSE);
	row_image(&row, w);
	if (!row.failed)
		entry_add(slot, columns, &row, out->data + before, out->len - before);
	buf_free(&row);
	return 0;
}

void workflow_cache_free(void)
{
	while (cache.oldest)
		entry_drop(cache.oldest);
}
