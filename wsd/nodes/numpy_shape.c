/* lib.numpy.manipulation, lib.numpy.reshaping, lib.numpy.statistics. */
#include "value/pyform.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/ndarray.h"

#include <string.h>

#define SPLITS_MAX 1000000

static enum node_result done_array(struct node_ctx *ctx, struct nd *out, const struct err *err)
{
	return out ? done(ctx, nd_value(out)) : fail_err(ctx, err);
}

/* The axis that a property names; -1 after failing the node. */
static int axis_property(struct node_ctx *ctx, const struct nd *a)
{
	struct err err = { 0 };
	int64_t wanted;
	int axis;

	if (!int_property(ctx, "axis", &wanted))
		return -1;
	axis = nd_axis(a, wanted, &err);
	if (axis < 0)
		fail_err(ctx, &err);
	return axis;
}

/* ---- rows along an axis ------------------------------------------------------------------------------- */

static enum node_result slice_array(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", false);
	struct pyform_slice range;
	struct err err = { 0 };
	int64_t bounds[3];
	int64_t *rows;
	int axis;

	if (!a || (axis = axis_property(ctx, a)) < 0 || !int_property(ctx, "start", &bounds[0]) ||
	    !int_property(ctx, "stop", &bounds[1]) || !int_property(ctx, "step", &bounds[2]))
		return NODE_FAILED;
	if (pyform_slice_of(&range, a->shape[axis], &bounds[0], &bounds[1], bounds[2]) != 0)
		return node_fail(ctx, "step must not be 0");
	rows = arena_alloc(node_arena(ctx), ((size_t)range.count + 1) * sizeof(*rows));
	for (int64_t i = 0; i < range.count; i++)
		rows[i] = range.start + i * range.step;
	return done_array(ctx, nd_take(node_arena(ctx), a, axis, rows, (size_t)range.count, &err), &err);
}

/* indices: whole numbers separated by commas; empty parts are passed over. */
static enum node_result index_array(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", false);
	struct sv rest = node_sv(ctx, "indices");
	struct err err = { 0 };
	struct sv part;
	size_t count = 0;
	int64_t *rows;
	int axis;

	if (!a || (axis = axis_property(ctx, a)) < 0)
		return NODE_FAILED;
	rows = arena_alloc(node_arena(ctx), (rest.n + 1) * sizeof(*rows));
	while (sv_split(&rest, ',', &part)) {
		struct value *v;
		int64_t n;

		part = strip(part);
		if (!part.n)
			continue;
		v = pyform_int_of(part);
		n = v ? value_as_int(v) : 0;
		if (!value_is(v, VALUE_INT) || n < -a->shape[axis] || n >= a->shape[axis]) {
			value_unref(v);
			return node_fail(ctx, "indices: \"%.*s\" is no position along the axis of %lld",
					 (int)(part.n < 50 ? part.n : 50), part.p, (long long)a->shape[axis]);
		}
		value_unref(v);
		rows[count++] = n < 0 ? n + a->shape[axis] : n;
	}
	return done_array(ctx, nd_take(node_arena(ctx), a, axis, rows, count, &err), &err);
}

/* Parts that differ by one row at most, the longer ones first. */
static enum node_result split_array(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", false);
	struct err err = { 0 };
	struct value *out;
	int64_t splits;
	int64_t at = 0;
	int64_t *rows;
	int axis;

	if (!a || (axis = axis_property(ctx, a)) < 0 || !int_property(ctx, "num_splits", &splits))
		return NODE_FAILED;
	if (splits < 1 || splits > SPLITS_MAX)
		return node_fail(ctx, "num_splits must be between 1 and %d", SPLITS_MAX);
	rows = arena_alloc(node_arena(ctx), ((size_t)a->shape[axis] + 1) * sizeof(*rows));
	for (int64_t i = 0; i < a->shape[axis]; i++)
		rows[i] = i;
	out = value_list();
	for (int64_t i = 0; i < splits; i++) {
		int64_t n = a->shape[axis] / splits + (i < a->shape[axis] % splits);
		struct nd *part = nd_take(node_arena(ctx), a, axis, rows + at, (size_t)n, &err);

		if (!part) {
			value_unref(out);
			return fail_err(ctx, &err);
		}
		list_push(out, nd_value(part));
		at += n;
	}
	return done(ctx, out);
}

/* ---- several arrays ----------------------------------------------------------------------------------- */

/* All arrays of the property, in one kind and of one shape; NULL after failing the node. */
static struct nd **stack_parts(struct node_ctx *ctx, size_t *count)
{
	struct arena *arena = node_arena(ctx);
	const struct value *list = node_get(ctx, "arrays");
	struct err err = { 0 };
	enum nd_kind kind = ND_BOOL;
	struct nd **parts;

	*count = value_len(list);
	parts = arena_alloc(arena, (*count + 1) * sizeof(struct nd *));
	for (size_t i = 0; i < *count; i++) {
		parts[i] = nd_from_value(arena, list_at(list, i), "arrays", &err);
		if (!parts[i]) {
			fail_err(ctx, &err);
			return NULL;
		}
		if (parts[i]->ndim != parts[0]->ndim ||
		    memcmp(parts[i]->shape, parts[0]->shape, sizeof(parts[0]->shape)) != 0 ||
		    (parts[i]->kind == ND_TEXT) != (parts[0]->kind == ND_TEXT) ||
		    (parts[i]->kind == ND_TEXT && parts[i]->item != parts[0]->item)) {
			node_fail(ctx, "arrays: they are not all of the same shape and kind");
			return NULL;
		}
		kind = nd_common(kind, parts[i]->kind);
	}
	for (size_t i = 0; i < *count && kind != ND_TEXT; i++)
		if (!(parts[i] = nd_cast(arena, parts[i], kind, &err))) {
			fail_err(ctx, &err);
			return NULL;
		}
	return parts;
}

static enum node_result stack(struct node_ctx *ctx)
{
	struct nd **parts;
	int64_t shape[ND_DIMS];
	struct err err = { 0 };
	struct nd *out;
	int64_t wanted;
	size_t count;
	size_t outer = 1;
	size_t inner;
	int axis;

	if (!int_property(ctx, "axis", &wanted) || !(parts = stack_parts(ctx, &count)))
		return NODE_FAILED;
	if (!count)
		return node_fail(ctx, "arrays: there is none");
	if (wanted < -parts[0]->ndim - 1 || wanted > parts[0]->ndim || parts[0]->ndim == ND_DIMS)
		return node_fail(ctx, "axis: %lld is out of bounds for %d dimensions", (long long)wanted,
				 parts[0]->ndim + 1);
	axis = (int)(wanted < 0 ? wanted + parts[0]->ndim + 1 : wanted);
	for (int k = 0; k <= parts[0]->ndim; k++)
		shape[k] = k == axis ? (int64_t)count : parts[0]->shape[k > axis ? k - 1 : k];
	out = nd_new(node_arena(ctx), parts[0]->kind, parts[0]->item, parts[0]->ndim + 1, shape, &err);
	if (!out)
		return fail_err(ctx, &err);
	for (int k = 0; k < axis; k++)
		outer *= (size_t)shape[k];
	inner = out->n ? out->n / outer / count * out->item : 0;
	for (size_t o = 0; out->n && o < outer; o++)
		for (size_t i = 0; i < count; i++)
			memcpy((char *)out->p + (o * count + i) * inner, (const char *)parts[i]->p + o * inner, inner);
	return done_array(ctx, out, &err);
}

static enum node_result matrix_product(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "a", true);
	struct nd *b = a ? nd_property(ctx, "b", true) : NULL;
	struct err err = { 0 };
	struct nd *out = b ? nd_matmul(node_arena(ctx), a, b, &err) : NULL;

	if (!b)
		return NODE_FAILED;
	if (out && !out->ndim)
		out = nd_reshaped(node_arena(ctx), out, 1, (const int64_t[]){ 1 });
	return done_array(ctx, out, &err);
}

/* ---- shapes ------------------------------------------------------------------------------------------- */

static enum node_result transpose(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", false);
	int64_t shape[ND_DIMS] = { 0 };
	int64_t at[ND_DIMS] = { 0 };
	size_t step[ND_DIMS];
	size_t place = 0;
	struct err err = { 0 };
	struct nd *out;

	if (!a)
		return NODE_FAILED;
	for (int k = a->ndim - 1; k >= 0; k--) {
		shape[a->ndim - 1 - k] = a->shape[k];
		step[k] = k == a->ndim - 1 ? 1 : step[k + 1] * (size_t)a->shape[k + 1];
	}
	out = nd_new(node_arena(ctx), a->kind, a->item, a->ndim, shape, &err);
	for (size_t i = 0; out && i < out->n; i++) {
		memcpy((char *)out->p + i * a->item, (const char *)a->p + place * a->item, a->item);
		for (int k = a->ndim - 1; k >= 0; k--) {
			size_t along = step[a->ndim - 1 - k];

			place += along;
			if (++at[k] < shape[k])
				break;
			place -= along * (size_t)shape[k];
			at[k] = 0;
		}
	}
	return done_array(ctx, out, &err);
}

/* One of the numbers may be -1: it follows from the others. */
static enum node_result reshape(struct node_ctx *ctx, int ndim)
{
	static const char *const one[] = { "num_elements" };
	static const char *const more[] = { "num_rows", "num_cols", "num_depths", "num_channels" };
	const char *const *names = ndim == 1 ? one : more;
	struct nd *a = nd_property(ctx, "values", false);
	int64_t shape[4];
	size_t known = 1;
	int open = -1;

	if (!a)
		return NODE_FAILED;
	for (int k = 0; k < ndim; k++) {
		if (!int_property(ctx, names[k], &shape[k]))
			return NODE_FAILED;
		if (shape[k] < -1 || (shape[k] == -1 && open >= 0))
			return node_fail(ctx, "%s: only one number may be -1, and none less", names[k]);
		if (shape[k] == -1)
			open = k;
		else if (__builtin_mul_overflow(known, (size_t)shape[k], &known))
			return node_fail(ctx, "%s is too large", names[k]);
	}
	if (open >= 0 && known && a->n % known == 0) {
		shape[open] = (int64_t)(a->n / known);
		known *= (size_t)shape[open];
	}
	if (known != a->n || (open >= 0 && shape[open] == -1))
		return node_fail(ctx, "values: %zu elements do not fit into the shape", a->n);
	return done(ctx, nd_value(nd_reshaped(node_arena(ctx), a, ndim, shape)));
}

static enum node_result reshape_1d(struct node_ctx *ctx)
{
	return reshape(ctx, 1);
}

static enum node_result reshape_2d(struct node_ctx *ctx)
{
	return reshape(ctx, 2);
}

static enum node_result reshape_3d(struct node_ctx *ctx)
{
	return reshape(ctx, 3);
}

static enum node_result reshape_4d(struct node_ctx *ctx)
{
	return reshape(ctx, 4);
}

/* ---- statistics --------------------------------------------------------------------------------------- */

static enum node_result reduce(struct node_ctx *ctx, enum nd_reduction what)
{
	struct nd *a = nd_property(ctx, "values", true);
	struct err err = { 0 };
	struct nd *out;
	int axis;

	if (!a || (axis = axis_property(ctx, a)) < 0)
		return NODE_FAILED;
	out = nd_reduce(node_arena(ctx), what, a, axis, &err);
	return out ? done(ctx, nd_value_or_item(out)) : fail_err(ctx, &err);
}

static enum node_result maximum(struct node_ctx *ctx)
{
	return reduce(ctx, ND_MAXIMUM);
}

static enum node_result minimum(struct node_ctx *ctx)
{
	return reduce(ctx, ND_MINIMUM);
}

static enum node_result sum(struct node_ctx *ctx)
{
	return reduce(ctx, ND_SUM);
}

static enum node_result mean(struct node_ctx *ctx)
{
	return reduce(ctx, ND_MEAN);
}

static enum node_result argmax(struct node_ctx *ctx)
{
	return reduce(ctx, ND_ARGMAX);
}

static enum node_result argmin(struct node_ctx *ctx)
{
	return reduce(ctx, ND_ARGMIN);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define ARRAY_DEFAULT "{\"type\":\"np_array\"}"

static const struct node_prop slice_array_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "start", .type = "int", .def = "0" },
	{ .name = "stop", .type = "int", .def = "0" },
	{ .name = "step", .type = "int", .def = "1" },
	{ .name = "axis", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_slot slice_array_outputs[] = {
	{ .name = "output", .type = "np_array" },
	{ 0 },
};

static const struct node_prop index_array_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "indices", .type = "str", .def = "\"\"" },
	{ .name = "axis", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop split_array_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "num_splits", .type = "int", .def = "0" },
	{ .name = "axis", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_slot split_array_outputs[] = {
	{ .name = "output", .type = "list[np_array]" },
	{ 0 },
};

static const struct node_prop stack_props[] = {
	{ .name = "arrays", .type = "list[np_array]", .def = "[]" },
	{ .name = "axis", .type = "int", .def = "0", .min = "0.0" },
	{ 0 },
};

static const struct node_prop mat_mul_props[] = {
	{ .name = "a", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "b", .type = "np_array", .def = ARRAY_DEFAULT },
	{ 0 },
};

static const struct node_prop transpose_array_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ 0 },
};

static const struct node_prop reshape1_d_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "num_elements", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop reshape2_d_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "num_rows", .type = "int", .def = "0" },
	{ .name = "num_cols", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop reshape3_d_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "num_rows", .type = "int", .def = "0" },
	{ .name = "num_cols", .type = "int", .def = "0" },
	{ .name = "num_depths", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop reshape4_d_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "num_rows", .type = "int", .def = "0" },
	{ .name = "num_cols", .type = "int", .def = "0" },
	{ .name = "num_depths", .type = "int", .def = "0" },
	{ .name = "num_channels", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_prop max_array_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ .name = "axis", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_slot max_array_outputs[] = {
	{ .name = "output", .type = "union[np_array,float,int]" },
	{ 0 },
};

static const struct node_slot arg_max_array_outputs[] = {
	{ .name = "output", .type = "union[np_array,int]" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.numpy.manipulation.SliceArray",
		.title = "Slice Array",
		.description = "Takes a range of an array along an axis.",
		.props = slice_array_props,
		.outputs = slice_array_outputs,
		.flags = NODE_PURE,
		.process = slice_array,
	},
	{
		.type = "lib.numpy.manipulation.IndexArray",
		.title = "Index Array",
		.description = "Takes chosen positions of an array along an axis.",
		.props = index_array_props,
		.outputs = slice_array_outputs,
		.flags = NODE_PURE,
		.process = index_array,
	},
	{
		.type = "lib.numpy.manipulation.SplitArray",
		.title = "Split Array",
		.description = "Cuts an array into parts along an axis.",
		.props = split_array_props,
		.outputs = split_array_outputs,
		.flags = NODE_PURE,
		.process = split_array,
	},
	{
		.type = "lib.numpy.manipulation.Stack",
		.title = "Stack",
		.description = "Puts arrays of one shape together along a new axis.",
		.props = stack_props,
		.outputs = slice_array_outputs,
		.flags = NODE_PURE,
		.process = stack,
	},
	{
		.type = "lib.numpy.manipulation.MatMul",
		.title = "Mat Mul",
		.description = "Multiplies matrices.",
		.props = mat_mul_props,
		.outputs = slice_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = matrix_product,
	},
	{
		.type = "lib.numpy.manipulation.TransposeArray",
		.title = "Transpose Array",
		.description = "Turns the order of an array's axes round.",
		.props = transpose_array_props,
		.outputs = slice_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = transpose,
	},
	{
		.type = "lib.numpy.reshaping.Reshape1D",
		.title = "Reshape 1D",
		.description = "Gives an array one dimension.",
		.props = reshape1_d_props,
		.outputs = slice_array_outputs,
		.flags = NODE_PURE,
		.process = reshape_1d,
	},
	{
		.type = "lib.numpy.reshaping.Reshape2D",
		.title = "Reshape 2D",
		.description = "Gives an array rows and columns.",
		.props = reshape2_d_props,
		.outputs = slice_array_outputs,
		.flags = NODE_PURE,
		.process = reshape_2d,
	},
	{
		.type = "lib.numpy.reshaping.Reshape3D",
		.title = "Reshape 3D",
		.description = "Gives an array three dimensions.",
		.props = reshape3_d_props,
		.outputs = slice_array_outputs,
		.flags = NODE_PURE,
		.process = reshape_3d,
	},
	{
		.type = "lib.numpy.reshaping.Reshape4D",
		.title = "Reshape 4D",
		.description = "Gives an array four dimensions.",
		.props = reshape4_d_props,
		.outputs = slice_array_outputs,
		.flags = NODE_PURE,
		.process = reshape_4d,
	},
	{
		.type = "lib.numpy.statistics.MaxArray",
		.title = "Max Array",
		.description = "The greatest elements along an axis.",
		.props = max_array_props,
		.outputs = max_array_outputs,
		.flags = NODE_PURE,
		.process = maximum,
	},
	{
		.type = "lib.numpy.statistics.MinArray",
		.title = "Min Array",
		.description = "The least elements along an axis.",
		.props = max_array_props,
		.outputs = max_array_outputs,
		.flags = NODE_PURE,
		.process = minimum,
	},
	{
		.type = "lib.numpy.statistics.MeanArray",
		.title = "Mean Array",
		.description = "The means along an axis.",
		.props = max_array_props,
		.outputs = max_array_outputs,
		.flags = NODE_PURE,
		.process = mean,
	},
	{
		.type = "lib.numpy.statistics.SumArray",
		.title = "Sum Array",
		.description = "The sums along an axis.",
		.props = max_array_props,
		.outputs = max_array_outputs,
		.flags = NODE_PURE,
		.process = sum,
	},
	{
		.type = "lib.numpy.statistics.ArgMaxArray",
		.title = "Arg Max Array",
		.description = "Where the greatest elements stand along an axis.",
		.props = max_array_props,
		.outputs = arg_max_array_outputs,
		.flags = NODE_PURE,
		.process = argmax,
	},
	{
		.type = "lib.numpy.statistics.ArgMinArray",
		.title = "Arg Min Array",
		.description = "Where the least elements stand along an axis.",
		.props = max_array_props,
		.outputs = arg_max_array_outputs,
		.flags = NODE_PURE,
		.process = argmin,
	},
};

NODE_TABLE(nodes_lib_numpy_shape, types);
