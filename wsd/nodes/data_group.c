/* nodetool.data: tables by groups, and missing values filled. */
#include "wsd/nodes/frame.h"
#include "wsd/nodes/helper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Cells that a pivot table may have. */
#define PIVOT_MAX ((size_t)1 << 28)

/* The places of the columns that a property names, separated by commas, blanks around them dropped: memory of the
 * node's arena. NULL after failing the node. */
static size_t *places(struct node_ctx *ctx, const struct frame *frame, const char *property, size_t *count)
{
	struct sv rest = node_sv(ctx, property);
	size_t *out = arena_alloc(node_arena(ctx), (rest.n + 1) * sizeof(*out));
	struct sv name;

	*count = 0;
	while (sv_split(&rest, ',', &name)) {
		int64_t at = frame_column_property(ctx, frame, property, strip(name));

		if (at < 0)
			return NULL;
		out[(*count)++] = (size_t)at;
	}
	return out;
}

/* ---- Aggregate ---------------------------------------------------------------------------------------- */

static bool has(const size_t *list, size_t count, size_t what)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == what)
			return true;
	return false;
}

static struct frame *aggregated(const struct frame *frame, const size_t *keys, size_t count, const char *how,
				struct err *err)
{
	struct frame_col **cols = xcalloc(count + 1, sizeof(struct frame_col *));
	struct frame_codes codes;
	struct frame *out = NULL;

	for (size_t i = 0; i < count; i++)
		cols[i] = frame->cols[keys[i]];
	if (frame_factorize_rows(cols, count, true, true, &codes, err) != 0) {
		free(cols);
		return NULL;
	}
	out = frame_new(codes.count);
	for (size_t i = 0; i < count; i++)
		frame_add(out, value_ref(frame->names[keys[i]]), frame_col_take(cols[i], codes.first, codes.count));
	for (size_t k = 0; k < frame->count && out; k++) {
		struct frame_col *col;

		if (has(keys, count, k))
			continue;
		col = frame_aggregate(frame->cols[k], value_sv(frame->names[k]), &codes, how, err);
		if (col) {
			frame_add(out, value_ref(frame->names[k]), col);
		} else {
			frame_free(out);
			out = NULL;
		}
	}
	frame_codes_free(&codes);
	free(cols);
	return out;
}

static enum node_result aggregate(struct node_ctx *ctx)
{
	const struct frame *frame = frame_property(ctx, "dataframe");
	const char *how = node_text(ctx, "aggregation");
	struct err err = { 0 };
	struct frame *out;
	size_t *keys;
	size_t count;

	if (!frame || !(keys = places(ctx, frame, "columns", &count)))
		return NODE_FAILED;
	if (!frame_aggregation_known(how))
		return node_fail(ctx, "aggregation: \"%.100s\" is not known", how);
	for (size_t i = 1; i < count; i++)
		if (has(keys, i, keys[i]))
			return node_fail(ctx, "columns: a column is named twice");
	out = aggregated(frame, keys, count, how, &err);
	return out ? done(ctx, frame_value(out)) : node_fail(ctx, "columns, aggregation: %s", err.detail);
}

/* ---- Pivot -------------------------------------------------------------------------------------------- */

struct pivot {
	const struct frame *frame;
	struct frame_col *index;
	struct frame_col *columns;
	struct frame_col *values;
	struct sv index_name;
	struct sv values_name;
};

/* What a column of the result is called: a text as it is, numbers as JSON has them as keys. */
static struct value *label_text(const struct frame_col *col, size_t row)
{
	struct value *v = frame_cell(col, row);
	struct value *out;
	struct buf buf;

	if (value_is(v, VALUE_STR))
		return v;
	buf_init(&buf, BUF_MAX_SMALL);
	json_write(&buf, v, JSON_COMPACT);
	out = value_strn(buf.len ? buf.data : "", buf.len);
	buf_free(&buf);
	value_unref(v);
	return out;
}

/* The cells as a grid: cell[column * rows + row] is the place among the pairs, or FRAME_NO_ROW. */
static struct frame *spread(const struct pivot *p, const struct frame_codes *rows, const struct frame_codes *cols,
			    const uint32_t *cells, struct frame_col *found, struct err *err)
{
	struct frame *out = frame_new(rows->count);
	struct frame_col *wide = frame_col_ref(found);
	bool holes = false;

	for (size_t i = 0; i < rows->count * cols->count; i++)
		holes |= cells[i] == FRAME_NO_ROW;
	if (holes && (found->kind == FRAME_INT || found->kind == FRAME_BOOL)) {
		frame_col_unref(wide);
		wide = frame_col_cast(found, found->kind == FRAME_INT ? FRAME_FLOAT : FRAME_ANY);
	}
	frame_add_named(out, p->index_name, frame_col_take(p->index, rows->first, rows->count));
	for (size_t c = 0; c < cols->count && out; c++) {
		struct value *name = label_text(p->columns, cols->first[c]);

		if (value_len(name) == p->index_name.n &&
		    memcmp(value_text(name), p->index_name.p, p->index_name.n) == 0) {
			err_set(err, 400, "columns: one of the new columns has the name of the index");
			value_unref(name);
			frame_free(out);
			out = NULL;
			break;
		}
		frame_add(out, name, frame_col_take(wide, cells + c * rows->count, rows->count));
	}
	frame_col_unref(wide);
	return out;
}

/* The grid of the pairs that came out; pairs whose value is missing do not count. */
static struct frame *to_grid(const struct pivot *p, const struct frame_codes *pairs, struct frame_col *found,
			     struct err *err)
{
	uint32_t *kept = xmalloc((pairs->count + 1) * sizeof(*kept));
	uint32_t *origin = xmalloc((pairs->count + 1) * sizeof(*origin));
	struct pivot part = *p;
	struct frame_codes rows = { 0 };
	struct frame_codes cols = { 0 };
	struct frame *out = NULL;
	uint32_t *cells = NULL;
	size_t n = 0;

	for (size_t i = 0; i < pairs->count; i++) {
		if (frame_cell_missing(found, i))
			continue;
		origin[n] = (uint32_t)i;
		kept[n++] = pairs->first[i];
	}
	part.index = frame_col_take(p->index, kept, n);
	part.columns = frame_col_take(p->columns, kept, n);
	if (frame_factorize_rows(&part.index, 1, true, true, &rows, err) != 0 ||
	    frame_factorize_rows(&part.columns, 1, true, true, &cols, err) != 0)
		goto out;
	if (rows.count && cols.count > PIVOT_MAX / rows.count) {
		err_set(err, 400, "the table would have %zu columns and %zu rows", cols.count, rows.count);
		goto out;
	}
	cells = xmalloc((rows.count * cols.count + 1) * sizeof(*cells));
	for (size_t i = 0; i < rows.count * cols.count; i++)
		cells[i] = FRAME_NO_ROW;
	for (size_t i = 0; i < n; i++)
		cells[cols.of[i] * rows.count + rows.of[i]] = origin[i];
	out = spread(&part, &rows, &cols, cells, found, err);
out:
	frame_codes_free(&rows);
	frame_codes_free(&cols);
	frame_col_unref(part.index);
	frame_col_unref(part.columns);
	free(cells);
	free(kept);
	free(origin);
	return out;
}

static enum node_result pivot(struct node_ctx *ctx)
{
	static const char *const known[] = { "sum", "mean", "count", "min", "max", "first", "last" };
	const struct frame *frame = frame_property(ctx, "dataframe");
	const char *how = node_text(ctx, "aggfunc");
	struct frame_codes pairs;
	struct frame_col *found = NULL;
	struct frame *out = NULL;
	struct err err = { 0 };
	struct pivot p;
	int64_t at[3];
	bool ok = false;

	if (!frame || (at[0] = frame_column_property(ctx, frame, "index", node_sv(ctx, "index"))) < 0 ||
	    (at[1] = frame_column_property(ctx, frame, "columns", node_sv(ctx, "columns"))) < 0 ||
	    (at[2] = frame_column_property(ctx, frame, "values", node_sv(ctx, "values"))) < 0)
		return NODE_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		ok |= strcmp(known[i], how) == 0;
	if (!ok)
		return node_fail(ctx, "aggfunc: \"%.100s\" is not known", how);
	p = (struct pivot){ frame,
			    frame->cols[at[0]],
			    frame->cols[at[1]],
			    frame->cols[at[2]],
			    value_sv(frame->names[at[0]]),
			    value_sv(frame->names[at[2]]) };
	if (frame_factorize_rows((struct frame_col *[]){ p.index, p.columns }, 2, true, false, &pairs, &err) != 0)
		return node_fail(ctx, "index, columns: %s", err.detail);
	found = frame_aggregate(p.values, p.values_name, &pairs, how, &err);
	out = found ? to_grid(&p, &pairs, found, &err) : NULL;
	frame_codes_free(&pairs);
	frame_col_unref(found);
	return out ? done(ctx, frame_value(out)) : node_fail(ctx, "aggfunc, values: %s", err.detail);
}

/* ---- FillNA ------------------------------------------------------------------------------------------- */

/* One value in all places where one is missing; the column's kind is found anew. */
static struct frame_col *filled(struct frame_col *col, struct value *fill)
{
	struct frame_col *any;
	struct frame_col *out;
	bool missing = false;

	for (size_t i = 0; i < col->n && !missing; i++)
		missing = frame_cell_missing(col, i);
	if (!missing)
		return frame_col_ref(col);
	if (col->kind == FRAME_FLOAT && (value_is(fill, VALUE_INT) || value_is(fill, VALUE_FLOAT))) {
		out = frame_col_new(FRAME_FLOAT, col->n);
		for (size_t i = 0; i < col->n; i++)
			out->f[i] = isnan(col->f[i]) ? value_as_float(fill) : col->f[i];
		return out;
	}
	any = frame_col_new(FRAME_ANY, col->n);
	for (size_t i = 0; i < col->n; i++)
		any->v[i] = frame_cell_missing(col, i) ? value_ref(fill) : frame_cell(col, i);
	out = frame_col_infer(any);
	frame_col_unref(any);
	return out;
}

/* The last value before (or the next one behind) each missing one. */
static struct frame_col *carried(struct frame_col *col, bool backward)
{
	uint32_t *rows = xmalloc((col->n + 1) * sizeof(*rows));
	uint32_t last = FRAME_NO_ROW;
	struct frame_col *taken;
	struct frame_col *out;

	for (size_t k = 0; k < col->n; k++) {
		size_t i = backward ? col->n - 1 - k : k;

		if (!frame_cell_missing(col, i))
			last = (uint32_t)i;
		rows[i] = last == FRAME_NO_ROW ? (uint32_t)i : last;
	}
	taken = frame_col_take(col, rows, col->n);
	out = frame_col_infer(taken);
	frame_col_unref(taken);
	free(rows);
	return out;
}

/* The mean or median of a column of numbers; other columns stay as they are. */
static struct frame_col *filled_with(struct frame_col *col, const char *how)
{
	struct frame_codes all = { .of = xcalloc(col->n + 1, sizeof(uint32_t)), .count = 1 };
	struct frame_col *one = NULL;
	struct frame_col *out;
	struct value *fill;
	struct err ignored;

	if (col->kind == FRAME_FLOAT)
		one = frame_aggregate(col, SV_LIT(""), &all, how, &ignored);
	free(all.of);
	if (!one)
		return frame_col_ref(col);
	fill = frame_cell(one, 0);
	out = filled(col, fill);
	value_unref(fill);
	frame_col_unref(one);
	return out;
}

static struct frame_col *fill_column(struct frame_col *col, struct sv name, const char *method, struct value *value)
{
	struct value *fill = value_is(value, VALUE_MAP) ? map_getn(value, name.p, name.n) : value;

	if (strcmp(method, "value") == 0)
		return fill ? filled(col, fill) : frame_col_ref(col);
	if (strcmp(method, "forward") == 0 || strcmp(method, "backward") == 0)
		return carried(col, method[0] == 'b');
	return filled_with(col, method);
}

static enum node_result fill_na(struct node_ctx *ctx)
{
	static const char *const methods[] = { "value", "forward", "backward", "mean", "median" };
	const struct frame *frame = frame_property(ctx, "dataframe");
	const char *method = node_text(ctx, "method");
	struct value *value = node_get(ctx, "value");
	bool all = !*node_text(ctx, "columns");
	size_t *chosen = NULL;
	size_t count = 0;
	struct frame *out;
	bool ok = false;

	if (!frame || (!all && !(chosen = places(ctx, frame, "columns", &count))))
		return NODE_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		ok |= strcmp(methods[i], method) == 0;
	if (!ok)
		return node_fail(ctx, "method: \"%.100s\" is not known", method);
	if (value_is(value, VALUE_LIST) && strcmp(method, "value") == 0)
		return node_fail(ctx, "value: a list cannot be put into a cell");
	out = frame_share(frame);
	for (size_t k = 0; k < frame->count; k++) {
		if (!all && !has(chosen, count, k))
			continue;
		frame_col_unref(out->cols[k]);
		out->cols[k] = fill_column(frame->cols[k], value_sv(frame->names[k]), method, value);
	}
	return done(ctx, frame_value(out));
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define FRAME_DEFAULT "{\"type\":\"dataframe\"}"

static const struct node_prop aggregate_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "columns", .type = "str", .def = "\"\"" },
	{ .name = "aggregation", .type = "str", .def = "\"sum\"" },
	{ 0 },
};

static const struct node_slot aggregate_outputs[] = {
	{ .name = "output", .type = "dataframe" },
	{ 0 },
};

static const struct node_prop pivot_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "index", .type = "str", .def = "\"\"" },
	{ .name = "columns", .type = "str", .def = "\"\"" },
	{ .name = "values", .type = "str", .def = "\"\"" },
	{ .name = "aggfunc", .type = "str", .def = "\"sum\"" },
	{ 0 },
};

static const struct node_prop fill_na_props[] = {
	{ .name = "dataframe", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "value", .type = "any", .def = "0" },
	{ .name = "method", .type = "str", .def = "\"value\"" },
	{ .name = "columns", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.data.Aggregate",
		.title = "Aggregate",
		.description = "Makes one row of all rows that are equal in the columns named.",
		.props = aggregate_props,
		.outputs = aggregate_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = aggregate,
	},
	{
		.type = "nodetool.data.Pivot",
		.title = "Pivot",
		.description = "Makes columns of the values of a column.",
		.props = pivot_props,
		.outputs = aggregate_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = pivot,
	},
	{
		.type = "nodetool.data.FillNA",
		.title = "Fill NA",
		.description = "Puts something in place of missing values.",
		.props = fill_na_props,
		.outputs = aggregate_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = fill_na,
	},
};

NODE_TABLE(nodes_data_group, types);
