/* nodetool.boolean: logic, comparison, choice. */
#include "value/pyform.h"
#include "wsd/nodes/helper.h"

#include <string.h>

static enum node_result conditional_switch(struct node_ctx *ctx)
{
	return done(ctx, value_ref(node_get(ctx, node_bool(ctx, "condition") ? "if_true" : "if_false")));
}

static enum node_result logical_operator(struct node_ctx *ctx)
{
	bool a = node_bool(ctx, "a");
	bool b = node_bool(ctx, "b");
	/* result for a, b: bit 0 both false, 1 only b, 2 only a, 3 both */
	static const struct {
		const char *name;
		unsigned truth;
	} operations[] = { { "and", 0x8 }, { "or", 0xe }, { "xor", 0x6 }, { "nand", 0x7 }, { "nor", 0x1 } };
	const char *name = node_text(ctx, "operation");

	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		if (strcmp(operations[i].name, name) == 0)
			return done(ctx, value_bool(operations[i].truth >> (2 * a + b) & 1));
	}
	return node_fail(ctx, "operation: unknown operation '%s'", name);
}

static enum node_result not(struct node_ctx *ctx)
{
	return done(ctx, value_bool(!node_bool(ctx, "value")));
}

/* True when `order` (-1, 0, 1; 2 with a NaN) satisfies the comparison; only != holds for a NaN. */
static bool satisfies(const char *comparison, int order)
{
	if (strcmp(comparison, "!=") == 0)
		return order != 0;
	if (order == 2)
		return false;
	if (order == 0)
		return comparison[1] == '=';
	return comparison[0] == (order < 0 ? '<' : '>');
}

static enum node_result compare(struct node_ctx *ctx)
{
	struct err err;
	int order;

	if (pyform_compare(node_get(ctx, "a"), node_get(ctx, "b"), &order, &err) < 0)
		return node_fail(ctx, "a, b: %s", err.detail);
	return done(ctx, value_bool(satisfies(node_text(ctx, "comparison"), order)));
}

static enum node_result is_none(struct node_ctx *ctx)
{
	return done(ctx, value_bool(value_is_null(node_get(ctx, "value"))));
}

static bool contains(const struct value *list, const struct value *v)
{
	for (size_t i = 0; i < value_len(list); i++) {
		if (value_equal(list_at(list, i), v))
			return true;
	}
	return false;
}

static enum node_result is_in(struct node_ctx *ctx)
{
	return done(ctx, value_bool(contains(node_get(ctx, "options"), node_get(ctx, "value"))));
}

static bool any_is(const struct value *list, bool wanted)
{
	for (size_t i = 0; i < value_len(list); i++) {
		if (value_truthy(list_at(list, i)) == wanted)
			return true;
	}
	return false;
}

static enum node_result all(struct node_ctx *ctx)
{
	return done(ctx, value_bool(!any_is(node_get(ctx, "values"), false)));
}

static enum node_result some(struct node_ctx *ctx)
{
	return done(ctx, value_bool(any_is(node_get(ctx, "values"), true)));
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop all_props[] = {
	{ .name = "values", .type = "list[bool]", .def = "[]" },
	{ 0 },
};

static const struct node_slot bool_output[] = { { .name = "output", .type = "bool" }, { 0 } };

static const struct node_prop compare_props[] = {
	{ .name = "a", .type = "union[int,float]", .def = "0" },
	{ .name = "b", .type = "union[int,float]", .def = "0" },
	{ .name = "comparison", .type = "enum(nodetool.nodes.nodetool.boolean.Compare.Comparison:==|!=|>|<|>=|<=)",
	  .def = "\"==\"" },
	{ 0 },
};

static const struct node_prop conditional_switch_props[] = {
	{ .name = "condition", .type = "bool", .def = "false" },
	{ .name = "if_true", .type = "any", .def = "[]" },
	{ .name = "if_false", .type = "any", .def = "[]" },
	{ 0 },
};

static const struct node_slot any_output[] = { { .name = "output", .type = "any" }, { 0 } };

static const struct node_prop is_in_props[] = {
	{ .name = "value", .type = "any", .def = "[]" },
	{ .name = "options", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_prop is_none_props[] = {
	{ .name = "value", .type = "any", .def = "[]" },
	{ 0 },
};

static const struct node_prop logical_operator_props[] = {
	{ .name = "a", .type = "bool", .def = "false" },
	{ .name = "b", .type = "bool", .def = "false" },
	{ .name = "operation",
	  .type = "enum(nodetool.nodes.nodetool.boolean.LogicalOperator.BooleanOperation:and|or|xor|nand|nor)",
	  .def = "\"and\"" },
	{ 0 },
};

static const struct node_prop not_props[] = {
	{ .name = "value", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.boolean.All",
		.title = "All",
		.description = "Tells whether every value of a list is true.",
		.props = all_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = all,
	},
	{
		.type = "nodetool.boolean.Compare",
		.title = "Compare",
		.description = "Compares two numbers.",
		.props = compare_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = compare,
	},
	{
		.type = "nodetool.boolean.ConditionalSwitch",
		.title = "Conditional Switch",
		.description = "Passes on one of two values, chosen by a condition.",
		.props = conditional_switch_props,
		.outputs = any_output,
		.flags = NODE_PURE,
		.process = conditional_switch,
	},
	{
		.type = "nodetool.boolean.IsIn",
		.title = "Is In",
		.description = "Tells whether a value is among the options.",
		.props = is_in_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = is_in,
	},
	{
		.type = "nodetool.boolean.IsNone",
		.title = "Is None",
		.description = "Tells whether there is no value.",
		.props = is_none_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = is_none,
	},
	{
		.type = "nodetool.boolean.LogicalOperator",
		.title = "Logical Operator",
		.description = "Combines two truth values.",
		.props = logical_operator_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = logical_operator,
	},
	{
		.type = "nodetool.boolean.Not",
		.title = "Not",
		.description = "Turns true into false and false into true.",
		.props = not_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = not,
	},
	{
		.type = "nodetool.boolean.Some",
		.title = "Some",
		.description = "Tells whether at least one value of a list is true.",
		.props = all_props,
		.outputs = bool_output,
		.flags = NODE_PURE,
		.process = some,
	},
};

NODE_TABLE(nodes_boolean, types);
