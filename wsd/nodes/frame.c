/* Data frames: columns side by side, and what clients see of them. */
#include "wsd/nodes/frame.h"

#include "wsd/nodes/helper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Cells that messages about a node show; of a larger frame they show the columns only. */
#define BRIEF_CELLS 10000

struct frame *frame_new(size_t rows)
{
	struct frame *frame = xcalloc(1, sizeof(*frame));

	frame->rows = rows;
	return frame;
}

void frame_free(struct frame *frame)
{
	if (!frame)
		return;
	for (size_t i = 0; i < frame->count; i++) {
		value_unref(frame->names[i]);
		frame_col_unref(frame->cols[i]);
	}
	frame_col_unref(frame->index);
	free(frame->names);
	free(frame->cols);
	free(frame);
}

static void free_ptr(void *frame)
{
	frame_free(frame);
}

void frame_add(struct frame *frame, struct value *name, struct frame_col *col)
{
	size_t room = frame->count ? frame->count * 2 : 1;

	if ((frame->count & (frame->count - 1)) == 0) { /* full: room doubles */
		frame->names = xrealloc(frame->names, room * sizeof(*frame->names));
		frame->cols = xrealloc(frame->cols, room * sizeof(*frame->cols));
	}
	frame->names[frame->count] = name;
	frame->cols[frame->count++] = col;
}

void frame_add_named(struct frame *frame, struct sv name, struct frame_col *col)
{
	frame_add(frame, value_strn(name.p, name.n), col);
}

static bool same_text(const struct value *name, struct sv text)
{
	return value_len(name) == text.n && memcmp(value_text(name), text.p, text.n) == 0;
}

int64_t frame_find(const struct frame *frame, struct sv name)
{
	for (size_t i = 0; i < frame->count; i++)
		if (same_text(frame->names[i], name))
			return (int64_t)i;
	return -1;
}

struct frame *frame_share(const struct frame *frame)
{
	struct frame *out = frame_new(frame->rows);

	for (size_t i = 0; i < frame->count; i++)
		frame_add(out, value_ref(frame->names[i]), frame_col_ref(frame->cols[i]));
	out->index = frame->index ? frame_col_ref(frame->index) : NULL;
	return out;
}

struct frame *frame_take(const struct frame *frame, const uint32_t *rows, size_t n)
{
	struct frame *out = frame_new(n);

	for (size_t i = 0; i < frame->count; i++)
		frame_add(out, value_ref(frame->names[i]), frame_col_take(frame->cols[i], rows, n));
	if (frame->index) {
		out->index = frame_col_take(frame->index, rows, n);
		return out;
	}
	out->index = frame_col_new(FRAME_INT, n);
	for (size_t i = 0; i < n; i++)
		out->index->i[i] = rows[i];
	return out;
}

struct frame *frame_keep_rows(const struct frame *frame, const unsigned char *mask)
{
	uint32_t *rows = xmalloc((frame->rows + 1) * sizeof(*rows));
	struct frame *out;
	size_t n = 0;

	for (size_t i = 0; i < frame->rows; i++) {
		rows[n] = (uint32_t)i;
		n += mask[i] != 0;
	}
	out = frame_take(frame, rows, n);
	free(rows);
	return out;
}

struct value *frame_label(const struct frame *frame, size_t row)
{
	return frame->index ? frame_cell(frame->index, row) : value_int((int64_t)row);
}

bool frame_mixes_numbers(const struct frame *frame)
{
	size_t whole = 0;
	size_t fractional = 0;

	for (size_t i = 0; i < frame->count; i++) {
		whole += frame->cols[i]->kind == FRAME_INT;
		fractional += frame->cols[i]->kind == FRAME_FLOAT;
	}
	return whole && fractional && whole + fractional == frame->count;
}

struct value *frame_row(const struct frame *frame, size_t row, bool common)
{
	bool floats = common && frame_mixes_numbers(frame);
	struct value *map = value_map();

	for (size_t i = 0; i < frame->count; i++)
		map_setn(map, value_text(frame->names[i]), value_len(frame->names[i]),
			 floats ? value_float(frame_number(frame->cols[i], row)) : frame_cell(frame->cols[i], row));
	return map;
}

/* ---- as a value --------------------------------------------------------------------------------------- */

static struct value *column_defs(const struct frame *frame)
{
	static const char *const types[] = {
		[FRAME_INT] = "int",     [FRAME_FLOAT] = "float", [FRAME_BOOL] = "object",
		[FRAME_TEXT] = "string", [FRAME_ANY] = "object",
	};
	struct value *columns = value_list();

	for (size_t i = 0; i < frame->count; i++) {
		struct value *column;

		if (frame->plain_columns) {
			list_push(columns, value_ref(frame->names[i]));
			continue;
		}
		column = value_map();
		map_set(column, "name", value_ref(frame->names[i]));
		map_set_str(column, "data_type", types[frame->cols[i]->kind]);
		map_set_str(column, "description", "");
		list_push(columns, column);
	}
	return columns;
}

static struct value *reference(const struct frame *frame)
{
	struct value *ref = asset_new("dataframe");

	map_set(ref, "columns", column_defs(frame));
	return ref;
}

static struct value *to_value(void *ptr)
{
	const struct frame *frame = ptr;
	struct value *ref = reference(frame);
	struct value *data = value_list();

	list_reserve(data, frame->rows);
	for (size_t i = 0; i < frame->rows; i++) {
		struct value *row = value_list();

		list_reserve(row, frame->count);
		for (size_t k = 0; k < frame->count; k++)
			list_push(row, frame_cell(frame->cols[k], i));
		list_push(data, row);
	}
	map_set(ref, "data", data);
	return ref;
}

static struct value *to_brief(void *ptr)
{
	const struct frame *frame = ptr;
	struct value *metadata;
	struct value *ref;

	if (frame->rows * (frame->count + 1) <= BRIEF_CELLS)
		return to_value(ptr);
	ref = reference(frame);
	metadata = value_map();
	map_set_bool(metadata, "inlined_data", false);
	map_set_int(metadata, "rows", (int64_t)frame->rows);
	map_set(ref, "metadata", metadata);
	return ref;
}

static const struct value_class frame_class = { "dataframe", free_ptr, to_value, to_brief };

struct value *frame_value(struct frame *frame)
{
	return value_object(&frame_class, frame);
}

/* ---- from values -------------------------------------------------------------------------------------- */

struct frame *frame_from_rows(const struct value *rows, const struct value *names, struct err *err)
{
	size_t n = value_len(rows);
	size_t width = 0;
	struct value **cells;
	struct frame *frame;

	for (size_t i = 0; i < n; i++) {
		if (!value_is(list_at(rows, i), VALUE_LIST)) {
			err_set(err, 400, "row %zu is no list", i);
			return NULL;
		}
		if (value_len(list_at(rows, i)) > width)
			width = value_len(list_at(rows, i));
	}
	if (names && n && width != value_len(names)) {
		err_set(err, 400, "%zu columns are named, but the longest row has %zu values", value_len(names), width);
		return NULL;
	}
	width = names ? value_len(names) : width;
	frame = frame_new(n);
	cells = xcalloc(n + 1, sizeof(struct value *));
	for (size_t k = 0; k < width; k++) {
		for (size_t i = 0; i < n; i++) {
			cells[i] = list_at(list_at(rows, i), k);
			if (!cells[i])
				cells[i] = value_null();
		}
		frame_add(frame, names ? value_ref(list_at(names, k)) : value_strf("%zu", k), frame_col_of(cells, n));
	}
	free(cells);
	return frame;
}

struct frame *frame_from_maps(const struct value *list, struct err *err)
{
	size_t n = value_len(list);
	struct value *names = value_map();
	struct value **cells = xcalloc(n + 1, sizeof(struct value *));
	struct value *nan = value_float(NAN);
	struct frame *frame = NULL;
	struct sv key;

	for (size_t i = 0; i < n; i++) {
		const struct value *row = list_at(list, i);

		if (!value_is(row, VALUE_MAP)) {
			err_set(err, 400, "item %zu is no dictionary", i);
			goto out;
		}
		for (size_t k = 0; map_entry(row, k, &key, NULL); k++)
			if (!map_getn(names, key.p, key.n))
				map_setn(names, key.p, key.n, value_null());
	}
	frame = frame_new(n);
	for (size_t k = 0; map_entry(names, k, &key, NULL); k++) {
		for (size_t i = 0; i < n; i++) {
			cells[i] = map_getn(list_at(list, i), key.p, key.n);
			if (!cells[i])
				cells[i] = nan;
		}
		frame_add_named(frame, key, frame_col_of(cells, n));
	}
out:
	value_unref(nan);
	value_unref(names);
	free(cells);
	return frame;
}

/* A column is described, or just named. */
static struct value *column_name(const struct value *column)
{
	struct sv name = value_sv(value_is(column, VALUE_MAP) ? map_get(column, "name") : column);

	return value_strn(name.p, name.n);
}

/* Columns and rows of a reference. */
static struct frame *from_reference(const struct value *ref, struct err *err)
{
	const struct value *columns = map_get(ref, "columns");
	const struct value *data = map_get(ref, "data");
	struct value *names;
	struct frame *frame;

	if (!value_is(columns, VALUE_LIST) || !value_len(columns)) {
		err_set(err, 400, "it has no columns");
		return NULL;
	}
	names = value_list();
	for (size_t i = 0; i < value_len(columns); i++)
		list_push(names, column_name(list_at(columns, i)));
	frame = frame_from_rows(data, names, err);
	value_unref(names);
	return frame;
}

const struct frame *frame_from_value(struct arena *arena, struct value *v, const char *what, struct err *err)
{
	struct frame *frame = value_object_ptr(v, &frame_class);
	struct err reason = { 0 };

	if (frame)
		return frame;
	if (!value_is(v, VALUE_MAP)) {
		err_set(err, 400, "%s: is no data frame", what);
		return NULL;
	}
	frame = from_reference(v, &reason);
	if (!frame) {
		err_set(err, 400, "%s: %s", what, reason.detail);
		return NULL;
	}
	arena_defer(arena, free_ptr, frame);
	return frame;
}

const struct frame *frame_property(struct node_ctx *ctx, const char *name)
{
	struct err err = { 0 };
	const struct frame *frame = frame_from_value(node_arena(ctx), node_get(ctx, name), name, &err);

	if (!frame)
		fail_err(ctx, &err);
	return frame;
}

int64_t frame_column_property(struct node_ctx *ctx, const struct frame *frame, const char *property, struct sv name)
{
	int64_t at = frame_find(frame, name);

	if (at < 0)
		node_fail(ctx, "%s: there is no column \"%.*s\"", property, (int)(name.n < 200 ? name.n : 200), name.p);
	return at;
}
