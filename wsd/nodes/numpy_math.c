/* lib.numpy.arithmetic, lib.numpy.math, lib.numpy.utils. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/ndarray.h"

#include <math.h>

static enum node_result done_array(struct node_ctx *ctx, struct nd *out, const struct err *err)
{
	return out ? done(ctx, nd_value_or_item(out)) : fail_err(ctx, err);
}

/* ---- two operands ------------------------------------------------------------------------------------- */

static enum node_result operate(struct node_ctx *ctx, enum nd_op op)
{
	struct nd *a = nd_property(ctx, "a", true);
	struct nd *b = a ? nd_property(ctx, "b", true) : NULL;
	struct err err = { 0 };

	if (!b)
		return NODE_FAILED;
	if (a->n > 1 && b->n > 1 && nd_pad(node_arena(ctx), &a, &b, &err) != 0)
		return node_fail(ctx, "a, b: %s", err.detail);
	a = nd_arith(node_arena(ctx), op, a, b, &err);
	return a ? done_array(ctx, a, &err) : node_fail(ctx, "a, b: %s", err.detail);
}

static enum node_result add(struct node_ctx *ctx)
{
	return operate(ctx, ND_ADD);
}

static enum node_result subtract(struct node_ctx *ctx)
{
	return operate(ctx, ND_SUB);
}

static enum node_result multiply(struct node_ctx *ctx)
{
	return operate(ctx, ND_MUL);
}

static enum node_result divide(struct node_ctx *ctx)
{
	return operate(ctx, ND_DIV);
}

static enum node_result modulus(struct node_ctx *ctx)
{
	return operate(ctx, ND_MOD);
}

static enum node_result power(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "base", true);
	struct nd *b = a ? nd_property(ctx, "exponent", true) : NULL;
	struct err err = { 0 };

	if (!b)
		return NODE_FAILED;
	if (nd_pad(node_arena(ctx), &a, &b, &err) != 0)
		return node_fail(ctx, "base, exponent: %s", err.detail);
	a = nd_arith(node_arena(ctx), ND_POW, a, b, &err);
	return a ? done_array(ctx, a, &err) : node_fail(ctx, "base, exponent: %s", err.detail);
}

/* The base of the arithmetic nodes has no operation of its own. */
static enum node_result no_operation(struct node_ctx *ctx)
{
	return node_fail(ctx, "this node has no operation: use Add, Subtract, Multiply, Divide or Modulus");
}

/* ---- one operand -------------------------------------------------------------------------------------- */

/* In single precision, as the original computes these. */
static enum node_result each_single(struct node_ctx *ctx, float (*fn)(float x))
{
	struct nd *a = nd_property(ctx, "values", true);
	struct err err = { 0 };
	struct nd *in;
	struct nd *out;

	if (!a)
		return NODE_FAILED;
	in = nd_cast(node_arena(ctx), a, ND_SINGLE, &err);
	out = in ? nd_new(node_arena(ctx), ND_SINGLE, 0, a->ndim, a->shape, &err) : NULL;
	for (size_t i = 0; out && i < out->n; i++)
		out->s[i] = fn(in->s[i]);
	return done_array(ctx, out, &err);
}

static enum node_result square_root(struct node_ctx *ctx)
{
	return each_single(ctx, sqrtf);
}

static enum node_result exponential(struct node_ctx *ctx)
{
	return each_single(ctx, expf);
}

static enum node_result logarithm(struct node_ctx *ctx)
{
	return each_single(ctx, logf);
}

/* Bools give halves, single precision stays, all else is double. */
static enum node_result trigonometric(struct node_ctx *ctx, double (*fn)(double x))
{
	struct arena *arena = node_arena(ctx);
	struct nd *a = nd_property(ctx, "angle_rad", true);
	struct err err = { 0 };
	struct nd *in;
	struct nd *out;

	if (!a)
		return NODE_FAILED;
	in = nd_cast(arena, a, ND_DOUBLE, &err);
	out = in ? nd_new(arena, ND_DOUBLE, 0, a->ndim, a->shape, &err) : NULL;
	for (size_t i = 0; out && i < out->n; i++)
		out->d[i] = fn(in->d[i]);
	if (out && (a->kind == ND_BOOL || a->kind == ND_SINGLE))
		out = nd_cast(arena, out, a->kind == ND_BOOL ? ND_HALF : ND_SINGLE, &err);
	return done_array(ctx, out, &err);
}

static enum node_result sine(struct node_ctx *ctx)
{
	return trigonometric(ctx, sin);
}

static enum node_result cosine(struct node_ctx *ctx)
{
	return trigonometric(ctx, cos);
}

static enum node_result absolute(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", true);
	struct err err = { 0 };
	struct nd *out;

	if (!a)
		return NODE_FAILED;
	out = nd_new(node_arena(ctx), a->kind, 0, a->ndim, a->shape, &err);
	for (size_t i = 0; out && i < out->n; i++) {
		if (a->kind == ND_BOOL)
			out->b[i] = a->b[i];
		else if (a->kind == ND_INT)
			out->i[i] = a->i[i] < 0 ? (int64_t)(0 - (uint64_t)a->i[i]) : a->i[i];
		else if (a->kind == ND_SINGLE)
			out->s[i] = fabsf(a->s[i]);
		else
			out->d[i] = fabs(a->d[i]);
	}
	return done_array(ctx, out, &err);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define ARRAY_DEFAULT "{\"type\":\"np_array\"}"

static const struct node_prop add_array_props[] = {
	{ .name = "a", .type = "union[int,float,np_array]", .def = "0.0" },
	{ .name = "b", .type = "union[int,float,np_array]", .def = "0.0" },
	{ 0 },
};

static const struct node_slot add_array_outputs[] = {
	{ .name = "output", .type = "union[int,float,np_array]" },
	{ 0 },
};

static const struct node_prop power_array_props[] = {
	{ .name = "base", .type = "union[float,int,np_array]", .def = "1.0" },
	{ .name = "exponent", .type = "union[float,int,np_array]", .def = "2.0" },
	{ 0 },
};

static const struct node_slot power_array_outputs[] = {
	{ .name = "output", .type = "union[float,int,np_array]" },
	{ 0 },
};

static const struct node_prop sqrt_array_props[] = {
	{ .name = "values", .type = "np_array", .def = ARRAY_DEFAULT },
	{ 0 },
};

static const struct node_prop sine_array_props[] = {
	{ .name = "angle_rad", .type = "union[float,int,np_array]", .def = "0.0", .title = "Angle (Radians)" },
	{ 0 },
};

static const struct node_slot sine_array_outputs[] = {
	{ .name = "output", .type = "union[float,np_array]" },
	{ 0 },
};

static const struct node_slot abs_array_outputs[] = {
	{ .name = "output", .type = "np_array" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.numpy.arithmetic.AddArray",
		.title = "Add Array",
		.description = "Adds numbers or arrays, element by element.",
		.props = add_array_props,
		.outputs = add_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = add,
	},
	{
		.type = "lib.numpy.arithmetic.SubtractArray",
		.title = "Subtract Array",
		.description = "Subtracts numbers or arrays, element by element.",
		.props = add_array_props,
		.outputs = add_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = subtract,
	},
	{
		.type = "lib.numpy.arithmetic.MultiplyArray",
		.title = "Multiply Array",
		.description = "Multiplies numbers or arrays, element by element.",
		.props = add_array_props,
		.outputs = add_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = multiply,
	},
	{
		.type = "lib.numpy.arithmetic.DivideArray",
		.title = "Divide Array",
		.description = "Divides numbers or arrays, element by element.",
		.props = add_array_props,
		.outputs = add_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = divide,
	},
	{
		.type = "lib.numpy.arithmetic.ModulusArray",
		.title = "Modulus Array",
		.description = "Gives the rests of divisions, element by element.",
		.props = add_array_props,
		.outputs = add_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = modulus,
	},
	{
		.type = "lib.numpy.utils.BinaryOperation",
		.title = "Binary Operation",
		.description = "The base of the arithmetic nodes; does nothing by itself.",
		.props = add_array_props,
		.outputs = add_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = no_operation,
	},
	{
		.type = "lib.numpy.math.PowerArray",
		.title = "Power Array",
		.description = "Raises numbers or arrays to a power, element by element.",
		.props = power_array_props,
		.outputs = power_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = power,
	},
	{
		.type = "lib.numpy.math.SqrtArray",
		.title = "Sqrt Array",
		.description = "Square roots of an array's elements.",
		.props = sqrt_array_props,
		.outputs = power_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = square_root,
	},
	{
		.type = "lib.numpy.math.ExpArray",
		.title = "Exp Array",
		.description = "Powers of e of an array's elements.",
		.props = sqrt_array_props,
		.outputs = power_array_outputs,
		.flags = NODE_PURE,
		.process = exponential,
	},
	{
		.type = "lib.numpy.math.LogArray",
		.title = "Log Array",
		.description = "Natural logarithms of an array's elements.",
		.props = sqrt_array_props,
		.outputs = power_array_outputs,
		.flags = NODE_PURE,
		.process = logarithm,
	},
	{
		.type = "lib.numpy.math.SineArray",
		.title = "Sine Array",
		.description = "Sines of angles in radians.",
		.props = sine_array_props,
		.outputs = sine_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = sine,
	},
	{
		.type = "lib.numpy.math.CosineArray",
		.title = "Cosine Array",
		.description = "Cosines of angles in radians.",
		.props = sine_array_props,
		.outputs = sine_array_outputs,
		.flags = NODE_PURE,
		.layout = "small",
		.process = cosine,
	},
	{
		.type = "lib.numpy.math.AbsArray",
		.title = "Abs Array",
		.description = "Absolute values of an array's elements.",
		.props = sqrt_array_props,
		.outputs = abs_array_outputs,
		.flags = NODE_PURE,
		.process = absolute,
	},
};

NODE_TABLE(nodes_lib_numpy_math, types);
