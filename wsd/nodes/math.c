/* lib.math: arithmetic and functions of numbers. Integers stay exact, whatever their size. */
#include "value/pyform.h"
#include "wsd/nodes/helper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum node_result arith(struct node_ctx *ctx, enum pyform_op op)
{
	struct err err;
	struct value *v = pyform_arith(op, node_get(ctx, "a"), node_get(ctx, "b"), &err);

	/* "division by zero" as it is (case ws/fail_node_error). */
	return v ? done(ctx, v) : node_fail(ctx, "%s", err.detail);
}

static enum node_result add(struct node_ctx *ctx)
{
	return arith(ctx, PYFORM_ADD);
}

static enum node_result subtract(struct node_ctx *ctx)
{
	return arith(ctx, PYFORM_SUB);
}

static enum node_result multiply(struct node_ctx *ctx)
{
	return arith(ctx, PYFORM_MUL);
}

static enum node_result divide(struct node_ctx *ctx)
{
	return arith(ctx, PYFORM_DIV);
}

static enum node_result modulus(struct node_ctx *ctx)
{
	return arith(ctx, PYFORM_MOD);
}

/* fn of a property; a result that is no number although the argument is one lies outside of the function's domain. */
static enum node_result apply(struct node_ctx *ctx, const char *name, double (*fn)(double))
{
	struct err err;
	double d;
	double result;

	if (pyform_to_double(node_get(ctx, name), &d, &err) < 0)
		return node_fail(ctx, "%s: %s", name, err.detail);
	result = fn(d);
	if ((isnan(result) && !isnan(d)) || (isinf(result) && isfinite(d)))
		return node_fail(ctx, "%s: math domain error", name);
	return done(ctx, value_float(result));
}

static enum node_result sine(struct node_ctx *ctx)
{
	return apply(ctx, "angle_rad", sin);
}

static enum node_result cosine(struct node_ctx *ctx)
{
	return apply(ctx, "angle_rad", cos);
}

static enum node_result square_root(struct node_ctx *ctx)
{
	return apply(ctx, "x", sqrt);
}

static enum node_result power(struct node_ctx *ctx)
{
	struct err err;
	double base;
	double exponent;
	double result;

	if (pyform_to_double(node_get(ctx, "base"), &base, &err) < 0)
		return node_fail(ctx, "base: %s", err.detail);
	if (pyform_to_double(node_get(ctx, "exponent"), &exponent, &err) < 0)
		return node_fail(ctx, "exponent: %s", err.detail);
	result = pow(base, exponent);
	if (isfinite(base) && isfinite(exponent) && !isfinite(result))
		return node_fail(ctx, "base, exponent: %s",
				 isnan(result) || base == 0 ? "math domain error" : "math range error");
	return done(ctx, value_float(result));
}

/* The real cube root, by the power of 1/3 of the magnitude. */
static double cube_root(double d)
{
	return copysign(pow(fabs(d), 1.0 / 3.0), d);
}

static double natural_log(double d)
{
	return log(d);
}

static struct value *times_itself(const struct value *v, int times, struct err *err)
{
	struct value *result = pyform_arith(PYFORM_MUL, v, v, err);

	while (result && --times > 1) {
		struct value *next = pyform_arith(PYFORM_MUL, result, v, err);

		value_unref(result);
		result = next;
	}
	return result;
}

static struct value *negated(const struct value *v, struct err *err)
{
	struct value *zero;
	struct value *result;

	if (value_is(v, VALUE_FLOAT))
		return value_float(-value_as_float(v));
	zero = value_int(0);
	result = pyform_arith(PYFORM_SUB, zero, v, err);
	value_unref(zero);
	return result;
}

static struct value *absolute(const struct value *v, struct err *err)
{
	if (value_is(v, VALUE_FLOAT))
		return value_float(fabs(value_as_float(v)));
	if (value_is(v, VALUE_BOOL) || value_as_float(v) >= 0)
		return value_is(v, VALUE_BOOL) ? value_int(value_as_bool(v)) : value_ref((struct value *)(uintptr_t)v);
	return negated(v, err);
}

/* The operations that keep integers exact; false when the name is of another kind. */
static bool exact_function(const char *name, const struct value *v, struct value **result, struct err *err)
{
	if (strcmp(name, "negate") == 0)
		*result = negated(v, err);
	else if (strcmp(name, "absolute") == 0)
		*result = absolute(v, err);
	else if (strcmp(name, "square") == 0)
		*result = times_itself(v, 2, err);
	else if (strcmp(name, "cube") == 0)
		*result = times_itself(v, 3, err);
	else
		return false;
	return true;
}

static enum node_result math_function(struct node_ctx *ctx)
{
	static const struct {
		const char *name;
		double (*fn)(double);
	} functions[] = {
		{ "square_root", sqrt }, { "cube_root", cube_root }, { "sine", sin },    { "cosine", cos },
		{ "tangent", tan },      { "arcsin", asin },         { "arccos", acos }, { "arctan", atan },
		{ "log", natural_log },
	};
	const char *name = node_text(ctx, "operation");
	const struct value *input = node_get(ctx, "input");
	struct value *result = NULL;
	struct err err;

	if (!pyform_is_number(input))
		return node_fail(ctx, "input: a number is needed, not %s", pyform_type_name(input));
	if (exact_function(name, input, &result, &err))
		return result ? done(ctx, result) : node_fail(ctx, "input: %s", err.detail);
	/* the logarithm alone takes integers of any size */
	if (strcmp(name, "log") == 0 && value_is(input, VALUE_BIGINT) && value_text(input)[0] != '-') {
		size_t drop = value_len(input) > 300 ? value_len(input) - 300 : 0;
		char *head = xstrndup(value_text(input), value_len(input) - drop);
		double d;

		if (!pyform_float_of(sv_of(head), &d))
			d = 1;
		free(head);
		return done(ctx, value_float(log(d) + (double)drop * log(10)));
	}
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (strcmp(functions[i].name, name) == 0)
			return apply(ctx, "input", functions[i].fn);
	}
	return node_fail(ctx, "operation: unknown operation '%s'", name);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop add_props[] = {
	{ .name = "a", .type = "union[int,float]", .def = "0.0" },
	{ .name = "b", .type = "union[int,float]", .def = "0.0" },
	{ 0 },
};

static const struct node_slot union_int_float_output[] = { { .name = "output", .type = "union[int,float]" }, { 0 } };

static const struct node_prop cosine_props[] = {
	{ .name = "angle_rad", .type = "union[int,float]", .def = "0.0", .title = "Angle (rad)" },
	{ 0 },
};

static const struct node_prop divide_props[] = {
	{ .name = "a", .type = "union[int,float]", .def = "0.0" },
	{ .name = "b", .type = "union[int,float]", .def = "1.0" },
	{ 0 },
};

static const struct node_prop math_function_props[] = {
	{ .name = "input", .type = "union[int,float]", .def = "0.0" },
	{ .name = "operation",
	  .type = "enum(nodetool.nodes.lib.math.MathFunction.Operation:negate|absolute|square|cube|square_root|cube_root|sine|cosine|tangent|arcsin|arccos|arctan|log)",
	  .def = "\"negate\"" },
	{ 0 },
};

static const struct node_prop power_props[] = {
	{ .name = "base", .type = "union[int,float]", .def = "0.0" },
	{ .name = "exponent", .type = "union[int,float]", .def = "1.0" },
	{ 0 },
};

static const struct node_prop sqrt_props[] = {
	{ .name = "x", .type = "union[int,float]", .def = "0.0" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.math.Add",
		.title = "Add",
		.description = "Adds two numbers.",
		.props = add_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = add,
	},
	{
		.type = "lib.math.Cosine",
		.title = "Cosine",
		.description = "Gives the cosine of an angle in radians.",
		.props = cosine_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = cosine,
	},
	{
		.type = "lib.math.Divide",
		.title = "Divide",
		.description = "Divides the first number by the second.",
		.props = divide_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = divide,
	},
	{
		.type = "lib.math.MathFunction",
		.title = "Math Function",
		.description = "Applies one function to a number.",
		.props = math_function_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = math_function,
	},
	{
		.type = "lib.math.Modulus",
		.title = "Modulus",
		.description = "Gives the rest of a division, with the sign of the divisor.",
		.props = divide_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = modulus,
	},
	{
		.type = "lib.math.Multiply",
		.title = "Multiply",
		.description = "Multiplies two numbers.",
		.props = add_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = multiply,
	},
	{
		.type = "lib.math.Power",
		.title = "Power",
		.description = "Raises a number to a power.",
		.props = power_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = power,
	},
	{
		.type = "lib.math.Sine",
		.title = "Sine",
		.description = "Gives the sine of an angle in radians.",
		.props = cosine_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = sine,
	},
	{
		.type = "lib.math.Sqrt",
		.title = "Sqrt",
		.description = "Gives the square root of a number.",
		.props = sqrt_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = square_root,
	},
	{
		.type = "lib.math.Subtract",
		.title = "Subtract",
		.description = "Takes the second number away from the first.",
		.props = add_props,
		.outputs = union_int_float_output,
		.flags = NODE_TOOL | NODE_PURE,
		.layout = "small",
		.process = subtract,
	},
};

NODE_TABLE(nodes_lib_math, types);
