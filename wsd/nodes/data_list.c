/* nodetool.data: tables from lists and JSON, and their rows as lists and one by one. */
#include "wsd/nodes/frame.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/pyjson.h"

#include "value/pyform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum node_result done_frame(struct node_ctx *ctx, struct frame *frame)
{
	return done(ctx, frame_value(frame));
}

/* ---- lists -------------------------------------------------------------------------------- */

/* Cells as a data frame has them: {"value": v} is v, numbers, bools and texts stay, all else is written out. */
static struct value *list_cell(struct node_ctx *ctx, struct value *v)
{
	struct value *inner = value_is(v, VALUE_MAP) && !map_is_typed(v) ? map_get(v, "value") : NULL;

	if (inner)
		return value_ref(inner);
	if (value_is(v, VALUE_MAP) && !map_is_typed(v)) {
		node_fail(ctx, "values: a dictionary in a cell needs an entry \"value\"");
		return NULL;
	}
	if (value_is(v, VALUE_STR) || pyform_is_number(v))
		return value_ref(v);
	return pyform_str_value(v);
}

static struct value *list_row(struct node_ctx *ctx, const struct value *item)
{
	struct value *row = value_map();
	struct value *v;
	struct sv key;

	for (size_t i = 0; map_entry(item, i, &key, &v); i++) {
		struct value *cell = list_cell(ctx, v);

		if (!cell) {
			value_unref(row);
			return NULL;
		}
		map_setn(row, key.p, key.n, cell);
	}
	return row;
}

static enum node_result from_list(struct node_ctx *ctx)
{
	const struct value *values = node_get(ctx, "values");
	struct value *rows = value_list();
	struct err err = { 0 };
	struct frame *frame;

	for (size_t i = 0; i < value_len(values); i++) {
		const struct value *item = list_at(values, i);
		struct value *row;

		if (!value_is(item, VALUE_MAP) || map_is_typed(item)) {
			value_unref(rows);
			return node_fail(ctx, "values: item %zu is no dictionary", i);
		}
		if (!(row = list_row(ctx, item))) {
			value_unref(rows);
			return NODE_FAILED;
		}
		list_push(rows, row);
	}
	frame = frame_from_maps(rows, &err);
	value_unref(rows);
	return frame ? done_frame(ctx, frame) : node_fail(ctx, "values: %s", err.detail);
}

static enum node_result to_list(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "dataframe");
	struct value *out;

	if (!frame)
		return NODE_FAILED;
	out = value_list();
	list_reserve(out, frame->rows);
	for (size_t i = 0; frame->count && i < frame->rows; i++)
		list_push(out, frame_row(frame, i, false));
	return done(ctx, out);
}

/* {"a": [1, 2], "b": 3}: columns; a single value goes into every row. */
static struct frame *from_columns(const struct value *map, struct err *err)
{
	struct value *rows = value_list();
	struct frame *frame = NULL;
	struct value *v;
	struct sv key;
	size_t n = 0;
	bool lists = false;

	for (size_t i = 0; map_entry(map, i, &key, &v); i++) {
		if (value_is(v, VALUE_MAP) || (value_is(v, VALUE_LIST) && lists && value_len(v) != n)) {
			err_set(err, 400, "its columns are not all of the same kind and length");
			goto out;
		}
		n = value_is(v, VALUE_LIST) ? value_len(v) : n;
		lists |= value_is(v, VALUE_LIST);
	}
	if (!lists) {
		err_set(err, 400, "none of its columns is a list");
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		struct value *row = value_map();

		for (size_t k = 0; map_entry(map, k, &key, &v); k++)
			map_setn(row, key.p, key.n, value_ref(value_is(v, VALUE_LIST) ? list_at(v, i) : v));
		list_push(rows, row);
	}
	if (!n) { /* names alone */
		struct value *names = value_list();

		for (size_t k = 0; map_entry(map, k, &key, NULL); k++)
			list_push(names, value_strn(key.p, key.n));
		frame = frame_from_rows(rows, names, err);
		value_unref(names);
	} else {
		frame = frame_from_maps(rows, err);
	}
out:
	value_unref(rows);
	return frame;
}

/* {"a": {"x": 1}, "b": {"y": 2}}: columns whose rows have labels. */
static struct frame *from_labelled(const struct value *map, struct err *err)
{
	struct value *labels = value_map();
	struct value *rows = value_list();
	struct frame *frame = NULL;
	struct value **cells;
	struct value *v;
	struct sv label;
	struct sv key;
	size_t n;

	for (size_t i = 0; map_entry(map, i, NULL, &v); i++) {
		if (!value_is(v, VALUE_MAP)) {
			err_set(err, 400, "only some of its columns are dictionaries");
			goto out;
		}
		for (size_t k = 0; map_entry(v, k, &label, NULL); k++)
			if (!map_getn(labels, label.p, label.n))
				map_setn(labels, label.p, label.n, value_map());
	}
	n = value_len(labels);
	for (size_t i = 0; map_entry(labels, i, &label, &v); i++) {
		struct value *column;

		for (size_t k = 0; map_entry(map, k, &key, &column); k++)
			map_setn(v, key.p, key.n,
				 map_getn(column, label.p, label.n) ? value_ref(map_getn(column, label.p, label.n))
								    : value_float(NAN));
		list_push(rows, value_ref(v));
	}
	frame = frame_from_maps(rows, err);
	cells = xcalloc(n + 1, sizeof(struct value *));
	for (size_t i = 0; map_entry(labels, i, &label, NULL); i++)
		cells[i] = value_strn(label.p, label.n);
	frame->index = frame_col_of(cells, n);
	for (size_t i = 0; i < n; i++)
		value_unref(cells[i]);
	free(cells);
out:
	value_unref(rows);
	value_unref(labels);
	return frame;
}

/* What pandas makes a table of: rows (maps, lists or single values) or columns. */
static struct frame *from_json(const struct value *v, struct err *err)
{
	struct value *first;
	struct value *rows;
	struct frame *frame;

	if (value_is_null(v))
		return frame_new(0);
	if (value_is(v, VALUE_MAP))
		return map_entry(v, 0, NULL, &first)
			       ? (value_is(first, VALUE_MAP) ? from_labelled : from_columns)(v, err)
			       : frame_new(0);
	if (!value_is(v, VALUE_LIST)) {
		err_set(err, 400, "it is neither a list nor an object");
		return NULL;
	}
	first = list_at(v, 0);
	if (value_is(first, VALUE_MAP))
		return frame_from_maps(v, err);
	if (!first || value_is(first, VALUE_LIST))
		return frame_from_rows(v, NULL, err);
	rows = value_list();
	for (size_t i = 0; i < value_len(v); i++) {
		struct value *row = value_list();

		list_push(row, value_ref(list_at(v, i)));
		list_push(rows, row);
	}
	frame = frame_from_rows(rows, NULL, err);
	value_unref(rows);
	return frame;
}

static enum node_result json_to_dataframe(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	struct err err = { 0 };
	struct value *v = pyjson_parse(text.p, text.n, &err);
	struct frame *frame = v ? from_json(v, &err) : NULL;

	value_unref(v);
	return frame ? done_frame(ctx, frame) : node_fail(ctx, "text: %s", err.detail);
}

/* ---- rows one by one ---------------------------------------------------------------------------------- */

struct row_state {
	struct frame *frame;
	size_t at;
};

static void row_destroy(void *ptr)
{
	struct row_state *state = ptr;

	frame_free(state->frame);
	state->frame = NULL;
}

static enum node_result row_begin(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "dataframe");
	struct row_state *state = node_state(ctx);

	if (!frame)
		return NODE_FAILED;
	row_destroy(state);
	state->frame = frame_share(frame);
	state->at = 0;
	return NODE_DONE;
}

static enum node_result row_next(struct node_ctx *ctx, const char *slot)
{
	struct row_state *state = node_state(ctx);

	if (state->at >= state->frame->rows)
		return NODE_DONE;
	node_emit(ctx, slot, frame_row(state->frame, state->at, true));
	node_emit(ctx, "index", frame_label(state->frame, state->at));
	return ++state->at < state->frame->rows ? NODE_MORE : NODE_DONE;
}

static enum node_result row_iterator_next(struct node_ctx *ctx)
{
	return row_next(ctx, "dict");
}

static enum node_result for_each_row_next(struct node_ctx *ctx)
{
	return row_next(ctx, "row");
}

static enum node_result filter_none_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	if (strcmp(handle, "value") == 0 && !value_is_null(item))
		node_emit(ctx, "output", value_ref(item));
	return NODE_DONE;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define FRAME_DEFAULT "{\"type\":\"dataframe\"}"

static const struct node_prop from_list_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_slot from_list_outputs[] = {
	{ .name = "output", .type = "dataframe" },
	{ 0 },
};

static const struct node_prop json_to_dataframe_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"", .title = "JSON" },
	{ 0 },
};

static const struct node_prop to_list_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ 0 },
};

static const struct node_slot to_list_outputs[] = {
	{ .name = "output", .type = "list[dict]" },
	{ 0 },
};

static const struct node_slot row_iterator_outputs[] = {
	{ .name = "dict", .type = "dict" },
	{ .name = "index", .type = "any" },
	{ 0 },
};

static const struct node_slot for_each_row_outputs[] = {
	{ .name = "row", .type = "dict" },
	{ .name = "index", .type = "any" },
	{ 0 },
};

static const struct node_prop filter_none_props[] = {
	{ .name = "value", .type = "any", .def = "[]" },
	{ 0 },
};

static const struct node_slot filter_none_outputs[] = {
	{ .name = "output", .type = "any" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.data.FromList",
		.title = "From List",
		.description = "Makes a table of a list of dictionaries, one row each.",
		.props = from_list_props,
		.outputs = from_list_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = from_list,
	},
	{
		.type = "nodetool.data.JSONToDataframe",
		.title = "Convert JSON to DataFrame",
		.description = "Makes a table of JSON: of rows or of columns.",
		.props = json_to_dataframe_props,
		.outputs = from_list_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = json_to_dataframe,
	},
	{
		.type = "nodetool.data.ToList",
		.title = "To List",
		.description = "Gives the rows of a table as a list of dictionaries.",
		.props = to_list_props,
		.outputs = to_list_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = to_list,
	},
	{
		.type = "nodetool.data.RowIterator",
		.title = "Row Iterator",
		.description = "Sends the rows of a table one by one.",
		.props = to_list_props,
		.outputs = row_iterator_outputs,
		.flags = NODE_STREAMS_OUTPUT,
		.process = row_begin,
		.next = row_iterator_next,
		.state_size = sizeof(struct row_state),
		.destroy = row_destroy,
	},
	{
		.type = "nodetool.data.ForEachRow",
		.title = "For Each Row",
		.description = "Sends the rows of a table one by one.",
		.props = to_list_props,
		.outputs = for_each_row_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_TOOL,
		.process = row_begin,
		.next = for_each_row_next,
		.state_size = sizeof(struct row_state),
		.destroy = row_destroy,
	},
	{
		.type = "nodetool.data.FilterNone",
		.title = "Filter None",
		.description = "Passes on what is not null.",
		.props = filter_none_props,
		.outputs = filter_none_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		.item = filter_none_item,
	},
};

NODE_TABLE(nodes_data_list, types);
