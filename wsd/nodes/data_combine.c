/* nodetool.data: two tables made one. */
#include "wsd/nodes/frame.h"
#include "wsd/nodes/helper.h"

#include <stdlib.h>
#include <string.h>

/* Rows that a join may give. */
#define JOIN_MAX ((size_t)1 << 28)

static bool same_columns(const struct frame *a, const struct frame *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = value_equal(a->names[i], b->names[i]);
	return same;
}

static struct frame_col *labels_of(const struct frame *frame)
{
	return frame->index ? frame_col_ref(frame->index) : frame_col_range(frame->rows);
}

/* ---- Merge -------------------------------------------------------------------------------------------- */

/* Where rows meet that have the same label: rows of both frames for each row of the result; -1 when labels repeat. */
struct meeting {
	uint32_t *a;
	uint32_t *b;
	size_t n;
	struct frame_col *labels;
};

static int meet(const struct frame *a, const struct frame *b, struct meeting *out, struct err *err)
{
	struct frame_col *left = labels_of(a);
	struct frame_col *right = labels_of(b);
	struct frame_col *both = frame_col_append(left, right);
	struct frame_codes codes = { 0 };
	size_t right_seen = 0;
	int rc = frame_factorize(both, false, &codes, err);

	*out = (struct meeting){ .n = codes.count };
	if (rc == 0) {
		out->a = xmalloc((codes.count + 1) * sizeof(*out->a));
		out->b = xmalloc((codes.count + 1) * sizeof(*out->b));
		for (size_t i = 0; i < codes.count; i++) {
			out->a[i] = codes.first[i] < a->rows ? codes.first[i] : FRAME_NO_ROW;
			out->b[i] = FRAME_NO_ROW;
		}
		for (size_t i = 0; i < b->rows; i++) {
			right_seen += out->b[codes.of[a->rows + i]] == FRAME_NO_ROW;
			out->b[codes.of[a->rows + i]] = (uint32_t)i;
		}
		for (size_t i = 0; i < a->rows && rc == 0; i++)
			if (codes.first[codes.of[i]] != i)
				rc = err_set(err, 400, "row labels of dataframe_a repeat");
		if (rc == 0 && right_seen != b->rows)
			rc = err_set(err, 400, "row labels of dataframe_b repeat");
		out->labels = frame_col_take(both, codes.first, codes.count);
	}
	frame_codes_free(&codes);
	frame_col_unref(left);
	frame_col_unref(right);
	frame_col_unref(both);
	return rc;
}

static void add_all(struct frame *out, const struct frame *from, const uint32_t *rows)
{
	for (size_t k = 0; k < from->count; k++)
		frame_add(out, value_ref(from->names[k]),
			  rows ? frame_col_take(from->cols[k], rows, out->rows) : frame_col_ref(from->cols[k]));
}

static bool same_labels(const struct frame *a, const struct frame *b)
{
	struct frame_col *left;
	struct frame_col *right;
	bool same;

	if (a->rows != b->rows || (!a->index && !b->index))
		return a->rows == b->rows;
	left = labels_of(a);
	right = labels_of(b);
	same = frame_col_equal(left, right);
	frame_col_unref(left);
	frame_col_unref(right);
	return same;
}

/* Side by side, by the labels of the rows. */
static enum node_result merge(struct node_ctx *ctx)
{
	const struct frame *a = frame_property(ctx, "dataframe_a");
	const struct frame *b = a ? frame_property(ctx, "dataframe_b") : NULL;
	struct meeting meeting = { 0 };
	struct err err = { 0 };
	struct frame *out;

	if (!b)
		return NODE_FAILED;
	if (same_labels(a, b)) {
		out = frame_share(a);
		add_all(out, b, NULL);
		return done(ctx, frame_value(out));
	}
	if (meet(a, b, &meeting, &err) == 0) {
		out = frame_new(meeting.n);
		out->index = frame_col_ref(meeting.labels);
		add_all(out, a, meeting.a);
		add_all(out, b, meeting.b);
		node_emit(ctx, "output", frame_value(out));
	} else {
		node_fail(ctx, "%s", err.detail);
	}
	free(meeting.a);
	free(meeting.b);
	frame_col_unref(meeting.labels);
	return *err.detail ? NODE_FAILED : NODE_DONE;
}

/* ---- Append ------------------------------------------------------------------------------------------- */

static bool is_empty(const struct frame *frame)
{
	return !frame->rows || !frame->count;
}

static enum node_result append(struct node_ctx *ctx)
{
	const struct frame *a = frame_property(ctx, "dataframe_a");
	const struct frame *b = a ? frame_property(ctx, "dataframe_b") : NULL;
	struct frame_col *left;
	struct frame_col *right;
	struct frame *out;

	if (!b)
		return NODE_FAILED;
	if (is_empty(a) || is_empty(b))
		return done(ctx, frame_value(frame_share(is_empty(a) ? b : a)));
	if (!same_columns(a, b))
		return node_fail(ctx, "dataframe_a, dataframe_b: their columns are not the same");
	if (a->rows + b->rows > FRAME_ROWS_MAX)
		return node_fail(ctx, "dataframe_a, dataframe_b: too many rows");
	out = frame_new(a->rows + b->rows);
	left = labels_of(a);
	right = labels_of(b);
	out->index = frame_col_append(left, right);
	frame_col_unref(left);
	frame_col_unref(right);
	for (size_t k = 0; k < a->count; k++)
		frame_add(out, value_ref(a->names[k]), frame_col_append(a->cols[k], b->cols[k]));
	return done(ctx, frame_value(out));
}

/* ---- Join --------------------------------------------------------------------------------------------- */

/* Pairs of rows with equal keys, in the order of the left ones, then of the right ones. */
struct pairs {
	uint32_t *a;
	uint32_t *b;
	size_t n;
};

/* The right rows by code: rows[start[code]] … rows[start[code + 1] - 1]. */
static uint32_t *rows_by_code(const struct frame_codes *codes, size_t from, size_t n, uint32_t *start)
{
	uint32_t *rows = xmalloc((n + 1) * sizeof(*rows));

	memset(start, 0, (codes->count + 2) * sizeof(*start));
	for (size_t i = 0; i < n; i++)
		start[codes->of[from + i] + 2]++;
	for (size_t c = 2; c < codes->count + 2; c++)
		start[c] += start[c - 1];
	for (size_t i = 0; i < n; i++)
		rows[start[codes->of[from + i] + 1]++] = (uint32_t)i;
	return rows;
}

static int find_pairs(struct frame_col *left, struct frame_col *right, struct pairs *out, struct err *err)
{
	struct frame_col *both = frame_col_append(left, right);
	struct frame_codes codes = { 0 };
	uint32_t *start = NULL;
	uint32_t *rows = NULL;
	size_t at = 0;
	int rc = frame_factorize(both, false, &codes, err);

	frame_col_unref(both);
	if (rc != 0)
		return -1;
	start = xmalloc((codes.count + 2) * sizeof(*start));
	rows = rows_by_code(&codes, left->n, right->n, start);
	for (size_t i = 0; i < left->n; i++)
		out->n += start[codes.of[i] + 1] - start[codes.of[i]];
	if (out->n > JOIN_MAX) {
		rc = err_set(err, 400, "join_on: the result would have %zu rows", out->n);
		out->n = 0;
	}
	out->a = xmalloc((out->n + 1) * sizeof(*out->a));
	out->b = xmalloc((out->n + 1) * sizeof(*out->b));
	for (size_t i = 0; rc == 0 && i < left->n; i++) {
		for (uint32_t k = start[codes.of[i]]; k < start[codes.of[i] + 1]; k++) {
			out->a[at] = (uint32_t)i;
			out->b[at++] = rows[k];
		}
	}
	free(start);
	free(rows);
	frame_codes_free(&codes);
	return rc;
}

static void add_side(struct frame *out, const struct frame *from, int64_t key, const uint32_t *rows, char side)
{
	for (size_t k = 0; k < from->count; k++) {
		struct sv name = value_sv(from->names[k]);

		if ((int64_t)k == key && side == 'y')
			continue;
		frame_add(out,
			  (int64_t)k == key ? value_ref(from->names[k])
					    : value_strf("%.*s_%c", (int)name.n, name.p, side),
			  frame_col_take(from->cols[k], rows, out->rows));
	}
}

/* Rows of both whose values in one column are equal; the other columns get _x and _y. */
static enum node_result join(struct node_ctx *ctx)
{
	const struct frame *a = frame_property(ctx, "dataframe_a");
	const struct frame *b = a ? frame_property(ctx, "dataframe_b") : NULL;
	struct pairs pairs = { 0 };
	struct err err = { 0 };
	struct frame *out;
	int64_t key;

	if (!b)
		return NODE_FAILED;
	if (!same_columns(a, b))
		return node_fail(ctx, "dataframe_a, dataframe_b: their columns are not the same");
	if ((key = frame_column_property(ctx, a, "join_on", node_sv(ctx, "join_on"))) < 0)
		return NODE_FAILED;
	if (a->rows && b->rows && frame_col_numeric(a->cols[key]) != frame_col_numeric(b->cols[key]))
		return node_fail(ctx, "join_on: the column holds numbers in one table and other values in the other");
	if (find_pairs(a->cols[key], b->cols[key], &pairs, &err) == 0) {
		out = frame_new(pairs.n);
		add_side(out, a, key, pairs.a, 'x');
		add_side(out, b, key, pairs.b, 'y');
		node_emit(ctx, "output", frame_value(out));
	} else {
		node_fail(ctx, "%s", err.detail);
	}
	free(pairs.a);
	free(pairs.b);
	return *err.detail ? NODE_FAILED : NODE_DONE;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define FRAME_DEFAULT "{\"type\":\"dataframe\"}"

static const struct node_prop merge_props[] = {
	{ .name = "dataframe_a", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "dataframe_b", .type = "dataframe", .def = FRAME_DEFAULT },
	{ 0 },
};

static const struct node_slot merge_outputs[] = {
	{ .name = "output", .type = "dataframe" },
	{ 0 },
};

static const struct node_prop join_props[] = {
	{ .name = "dataframe_a", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "dataframe_b", .type = "dataframe", .def = FRAME_DEFAULT },
	{ .name = "join_on", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.data.Merge",
		.title = "Merge",
		.description = "Puts two tables side by side, by the labels of their rows.",
		.props = merge_props,
		.outputs = merge_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = merge,
	},
	{
		.type = "nodetool.data.Append",
		.title = "Append",
		.description = "Puts the rows of a table behind those of another.",
		.props = merge_props,
		.outputs = merge_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = append,
	},
	{
		.type = "nodetool.data.Join",
		.title = "Join",
		.description = "Joins the rows of two tables whose values in a column are equal.",
		.props = join_props,
		.outputs = merge_outputs,
		.flags = NODE_TOOL | NODE_PURE,
		.process = join,
	},
};

NODE_TABLE(nodes_data_combine, types);
