/* nodetool.numbers: filters of streams of numbers. */
#include "wsd/nodes/numbers.h"

#include <string.h>

#include "value/pyform.h"
#include "wsd/nodes/stream_filter.h"

/* -1, 0, 1; 2 when the two are not comparable. */
static int order_of(const struct value *a, const struct value *b)
{
	int order;

	return pyform_is_number(a) && pyform_is_number(b) && pyform_compare(a, b, &order, NULL) == 0 ? order : 2;
}

static bool is_even(const struct value *v)
{
	struct value *two = value_int(2);
	struct value *rest = pyform_arith(PYFORM_MOD, v, two, NULL);
	bool even = rest && !value_truthy(rest);

	value_unref(rest);
	value_unref(two);
	return even;
}

static int order_to_zero(const struct value *v)
{
	struct value *zero = value_int(0);
	int order = order_of(v, zero);

	value_unref(zero);
	return order;
}

bool numbers_match(const struct value *v, const char *filter_type, const struct value *compare_value)
{
	if (!pyform_is_number(v))
		return false;
	if (strcmp(filter_type, "greater_than") == 0)
		return order_of(v, compare_value) == 1;
	if (strcmp(filter_type, "less_than") == 0)
		return order_of(v, compare_value) == -1;
	if (strcmp(filter_type, "equal_to") == 0)
		return order_of(v, compare_value) == 0;
	if (strcmp(filter_type, "even") == 0)
		return is_even(v);
	if (strcmp(filter_type, "odd") == 0)
		return !is_even(v);
	if (strcmp(filter_type, "positive") == 0)
		return order_to_zero(v) == 1;
	return strcmp(filter_type, "negative") == 0 && order_to_zero(v) == -1;
}

bool numbers_in_range(const struct value *v, const struct value *low, const struct value *high, bool inclusive)
{
	int above = order_of(v, low);
	int below = order_of(v, high);

	if (!pyform_is_number(v))
		return false;
	return (above == 1 || (inclusive && above == 0)) && (below == -1 || (inclusive && below == 0));
}

static bool filter_number(struct node_ctx *ctx, const struct value *v)
{
	return numbers_match(v, filter_text(ctx, "filter_type"), filter_setting(ctx, "compare_value"));
}

static bool filter_number_range(struct node_ctx *ctx, const struct value *v)
{
	return numbers_in_range(v, filter_setting(ctx, "min_value"), filter_setting(ctx, "max_value"),
				value_truthy(filter_setting(ctx, "inclusive")));
}

static enum node_result filter_number_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	return filter_item(ctx, handle, item, filter_number);
}

static enum node_result filter_number_range_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	return filter_item(ctx, handle, item, filter_number_range);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop filter_number_props[] = {
	{ .name = "value", .type = "float", .def = "0.0" },
	{ .name = "filter_type",
	  .type = "enum(nodetool.nodes.nodetool.numbers.FilterNumber.FilterNumberType:greater_than|less_than|equal_to|even|odd|positive|negative)",
	  .def = "\"greater_than\"" },
	{ .name = "compare_value", .type = "float", .def = "0" },
	{ 0 },
};

static const struct node_slot float_output[] = { { .name = "output", .type = "float" }, { 0 } };

static const struct node_prop filter_number_range_props[] = {
	{ .name = "value", .type = "float", .def = "0.0" },
	{ .name = "min_value", .type = "float", .def = "0" },
	{ .name = "max_value", .type = "float", .def = "0" },
	{ .name = "inclusive", .type = "bool", .def = "true" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.numbers.FilterNumber",
		.title = "Filter Number",
		.description = "Passes on the numbers of a stream that satisfy a condition.",
		.props = filter_number_props,
		.outputs = float_output,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		FILTER_NODE,
		.item = filter_number_item,
	},
	{
		.type = "nodetool.numbers.FilterNumberRange",
		.title = "Filter Number Range",
		.description = "Passes on the numbers of a stream that lie between two bounds.",
		.props = filter_number_range_props,
		.outputs = float_output,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		FILTER_NODE,
		.item = filter_number_range_item,
	},
};

NODE_TABLE(nodes_numbers, types);
