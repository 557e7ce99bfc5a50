/* nodetool.data: tables taken apart and changed. */
#include "wsd/nodes/frame.h"
#include "wsd/nodes/helper.h"

#include "value/pyform.h"

#include <stdlib.h>
#include <string.h>

static enum node_result done_frame(struct node_ctx *ctx, struct frame *frame)
{
	return done(ctx, frame_value(frame));
}

static enum node_result schema(struct node_ctx *ctx)
{
	return done(ctx, value_ref(node_get(ctx, "columns")));
}

/* ---- rows --------------------------------------------------------------------------------------------- */

/* The rows for which "condition" holds; NULL after failing the node. */
static struct frame *matching(struct node_ctx *ctx, bool first_only)
{
	const struct frame *frame = frame_property(ctx, "df");
	unsigned char *mask = NULL;
	struct frame *out = NULL;
	struct err err = { 0 };
	size_t at = 0;

	if (!frame)
		return NULL;
	mask = frame_query(frame, node_sv(ctx, "condition"), &err);
	if (!mask) {
		node_fail(ctx, "condition: %s", err.detail);
		return NULL;
	}
	if (first_only) {
		while (at < frame->rows && !mask[at])
			at++;
		if (at < frame->rows)
			memset(mask + at + 1, 0, frame->rows - at - 1);
	}
	out = frame_keep_rows(frame, mask);
	free(mask);
	return out;
}

static enum node_result filter(struct node_ctx *ctx)
{
	struct frame *out = matching(ctx, false);

	return out ? done_frame(ctx, out) : NODE_FAILED;
}

static enum node_result find_row(struct node_ctx *ctx)
{
	struct frame *out = matching(ctx, true);

	return out ? done_frame(ctx, out) : NODE_FAILED;
}

/* An end of -1 is the end of the table. */
static enum node_result slice(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "dataframe");
	struct pyform_slice range;
	struct frame *out;
	uint32_t *rows;
	int64_t start;
	int64_t end;

	if (!frame || !int_property(ctx, "start_index", &start) || !int_property(ctx, "end_index", &end))
		return NODE_FAILED;
	if (pyform_slice_of(&range, (int64_t)frame->rows, &start, end == -1 ? NULL : &end, 1) != 0)
		return node_fail(ctx, "start_index, end_index: no range");
	rows = xmalloc(((size_t)range.count + 1) * sizeof(*rows));
	for (int64_t i = 0; i < range.count; i++)
		rows[i] = (uint32_t)(range.start + i);
	out = frame_take(frame, rows, (size_t)range.count);
	free(rows);
	return done_frame(ctx, out);
}

static enum node_result sort_by_column(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "df");
	struct err err = { 0 };
	struct frame *out;
	uint32_t *rows;
	int64_t at;

	if (!frame || (at = frame_column_property(ctx, frame, "column", node_sv(ctx, "column"))) < 0)
		return NODE_FAILED;
	rows = frame_sorted(frame->cols[at], &err);
	if (!rows)
		return node_fail(ctx, "column: its values cannot be put in order: %s", err.detail);
	out = frame_take(frame, rows, frame->rows);
	free(rows);
	return done_frame(ctx, out);
}

static enum node_result drop_duplicates(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "df");
	struct frame_codes codes;
	struct err err = { 0 };

	if (!frame)
		return NODE_FAILED;
	if (!frame->count)
		return done_frame(ctx, frame_share(frame));
	if (frame_factorize_rows(frame->cols, frame->count, false, false, &codes, &err) != 0)
		return node_fail(ctx, "df: %s", err.detail);
	node_emit(ctx, "output", frame_value(frame_take(frame, codes.first, codes.count)));
	frame_codes_free(&codes);
	return NODE_DONE;
}

static enum node_result drop_na(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "df");
	unsigned char *mask;
	struct frame *out;

	if (!frame)
		return NODE_FAILED;
	mask = xmalloc(frame->rows + 1);
	memset(mask, 1, frame->rows + 1);
	for (size_t k = 0; k < frame->count; k++)
		for (size_t i = 0; i < frame->rows; i++)
			mask[i] &= !frame_cell_missing(frame->cols[k], i);
	out = frame_keep_rows(frame, mask);
	free(mask);
	return done_frame(ctx, out);
}

/* ---- columns ------------------------------------------------------------------------------------------ */

static enum node_result select_column(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "dataframe");
	struct sv rest = node_sv(ctx, "columns");
	struct frame *out;
	struct sv name;

	if (!frame)
		return NODE_FAILED;
	out = frame_new(frame->rows);
	out->index = frame->index ? frame_col_ref(frame->index) : NULL;
	do {
		int64_t at;

		if (!sv_split(&rest, ',', &name))
			name = SV_LIT("");
		at = frame_column_property(ctx, frame, "columns", name);
		if (at < 0) {
			frame_free(out);
			return NODE_FAILED;
		}
		frame_add(out, value_ref(frame->names[at]), frame_col_ref(frame->cols[at]));
	} while (rest.p);
	return done_frame(ctx, out);
}

static enum node_result extract_column(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "dataframe");
	struct value *out;
	int64_t at;

	if (!frame || (at = frame_column_property(ctx, frame, "column_name", node_sv(ctx, "column_name"))) < 0)
		return NODE_FAILED;
	out = value_list();
	list_reserve(out, frame->rows);
	for (size_t i = 0; i < frame->rows; i++)
		list_push(out, frame_cell(frame->cols[at], i));
	return done(ctx, out);
}

/* The same columns on `rows` empty rows. */
static struct frame *stretched(const struct frame *frame, size_t rows)
{
	uint32_t *none = xmalloc((rows + 1) * sizeof(*none));
	struct frame *out = frame_new(rows);

	for (size_t i = 0; i < rows; i++)
		none[i] = FRAME_NO_ROW;
	for (size_t k = 0; k < frame->count; k++)
		frame_add(out, value_ref(frame->names[k]), frame_col_take(frame->cols[k], none, rows));
	free(none);
	return out;
}

static enum node_result add_column(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "dataframe");
	const struct value *values = node_get(ctx, "values");
	struct sv name = node_sv(ctx, "column_name");
	size_t n = value_len(values);
	struct frame_col *col;
	struct value **cells;
	struct frame *out;
	int64_t at;

	if (!frame)
		return NODE_FAILED;
	if (n != frame->rows && frame->rows)
		return node_fail(ctx, "values: there are %zu, but the table has %zu rows", n, frame->rows);
	out = n == frame->rows ? frame_share(frame) : stretched(frame, n);
	cells = xcalloc(n + 1, sizeof(struct value *));
	for (size_t i = 0; i < n; i++)
		cells[i] = list_at(values, i);
	col = frame_col_of(cells, n);
	free(cells);
	at = frame_find(out, name);
	if (at < 0) {
		frame_add_named(out, name, col);
	} else {
		frame_col_unref(out->cols[at]);
		out->cols[at] = col;
	}
	return done_frame(ctx, out);
}

/* rename_map: old:new,old:new */
static enum node_result rename_columns(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "dataframe");
	struct sv rest = node_sv(ctx, "rename_map");
	struct frame *out;
	struct sv part;

	if (!frame)
		return NODE_FAILED;
	out = frame_share(frame);
	while (rest.p && sv_split(&rest, ',', &part)) {
		const char *colon = part.n ? memchr(part.p, ':', part.n) : NULL;
		struct sv old;
		struct sv name;

		if (!colon)
			continue;
		old = strip((struct sv){ part.p, (size_t)(colon - part.p) });
		name = strip((struct sv){ colon + 1, (size_t)(part.p + part.n - colon) - 1 });
		for (size_t k = 0; k < frame->count; k++) {
			struct sv had = value_sv(frame->names[k]);

			if (had.n != old.n || memcmp(had.p, old.p, old.n) != 0)
				continue;
			value_unref(out->names[k]);
			out->names[k] = value_strn(name.p, name.n);
		}
	}
	return done_frame(ctx, out);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define FRAME_DEFAULT "{\"type\":\"dataframe\"}"

static const struct node_prop schema_props[] = {
	{ .name = "columns", .type = "record_type", .def = "{\"type\": \"record_type\", \"columns\": []}" },
	{ 0 },
};

static const struct node_slot schema_outputs[] = {
	{ .name = "output", .type = "record_type" },
	{ 0 },
};

static const struct node_prop filter_props[] = {
	{ .name = "df", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "condition", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot filter_outputs[] = {
	{ .name = "output", .type = "dataframe" },
	{ 0 },
};

static const struct node_prop slice_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "start_index", .type = "int", .def = "0" },
	{ .name = "end_index", .type = "int", .def = "-1" },
	{ 0 },
};

static const struct node_prop select_column_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "columns", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop extract_column_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "column_name", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot extract_column_outputs[] = {
	{ .name = "output", .type = "list[any]" },
	{ 0 },
};

static const struct node_prop add_column_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "column_name", .type = "str", .def = "\"\"" },
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_prop rename_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "rename_map", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop sort_by_column_props[] = {
	{ .name = "df", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "column", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop drop_duplicates_props[] = {
	{ .name = "df", .type = "dataframe", .def = FRAME_DEFAULT },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.data.Schema",
		.title = "Schema",
		.description = "Gives the columns of a table as a value.",
		.props = schema_props,
		.outputs = schema_outputs,
		.flags = NODE_PURE,
		.process = schema,
	},
	{
		.type = "nodetool.data.Filter",
		.title = "Filter",
		.description = "Keeps the rows for which a condition holds.",
		.props = filter_props,
		.outputs = filter_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = filter,
	},
	{
		.type = "nodetool.data.Slice",
		.title = "Slice",
		.description = "Keeps the rows between two positions.",
		.props = slice_props,
		.outputs = filter_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = slice,
	},
	{
		.type = "nodetool.data.SelectColumn",
		.title = "Select Column",
		.description = "Keeps the columns named, in that order.",
		.props = select_column_props,
		.outputs = filter_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = select_column,
	},
	{
		.type = "nodetool.data.ExtractColumn",
		.title = "Extract Column",
		.description = "Gives the values of one column as a list.",
		.props = extract_column_props,
		.outputs = extract_column_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = extract_column,
	},
	{
		.type = "nodetool.data.AddColumn",
		.title = "Add Column",
		.description = "Adds a list of values as a column.",
		.props = add_column_props,
		.outputs = filter_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = add_column,
	},
	{
		.type = "nodetool.data.Rename",
		.title = "Rename",
		.description = "Gives columns new names.",
		.props = rename_props,
		.outputs = filter_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = rename_columns,
	},
	{
		.type = "nodetool.data.FindRow",
		.title = "Find Row",
		.description = "Keeps the first row for which a condition holds.",
		.props = filter_props,
		.outputs = filter_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = find_row,
	},
	{
		.type = "nodetool.data.SortByColumn",
		.title = "Sort By Column",
		.description = "Puts the rows in ascending order of a column.",
		.props = sort_by_column_props,
		.outputs = filter_outputs,
		.flags = NODE_PURE,
		.process = sort_by_column,
	},
	{
		.type = "nodetool.data.DropDuplicates",
		.title = "Drop Duplicates",
		.description = "Drops rows that repeat an earlier one.",
		.props = drop_duplicates_props,
		.outputs = filter_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = drop_duplicates,
	},
	{
		.type = "nodetool.data.DropNA",
		.title = "Drop NA",
		.description = "Drops rows in which a value is missing.",
		.props = drop_duplicates_props,
		.outputs = filter_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = drop_na,
	},
};

NODE_TABLE(nodes_data, types);
