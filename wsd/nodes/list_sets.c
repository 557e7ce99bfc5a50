/* nodetool.list: sets, and numbers made of lists. */
#include "value/pyform.h"
#include "wsd/nodes/helper.h"

static const struct value *items_of(struct node_ctx *ctx, const char *name)
{
	return node_get(ctx, name);
}

/* ---- sets --------------------------------------------------------------------------------------------- */

/* An open hash table of the items of one list: 1, 1.0 and true are the same item. */
struct item_set {
	struct value **slots;
	size_t mask;
};

static void set_init(struct node_ctx *ctx, struct item_set *set, size_t count)
{
	size_t size = 16;

	while (size < count * 2)
		size *= 2;
	set->slots = arena_alloc(node_arena(ctx), size * sizeof(*set->slots));
	set->mask = size - 1;
}

static struct value **set_slot(const struct item_set *set, const struct value *v)
{
	size_t at = value_hash(v) & set->mask;

	while (set->slots[at] && !value_equal(set->slots[at], v))
		at = (at + 1) & set->mask;
	return &set->slots[at];
}

/* False, and the node fails, when an item cannot be in a set. */
static bool hashable(struct node_ctx *ctx, const char *name)
{
	const struct value *list = items_of(ctx, name);

	for (size_t i = 0; i < value_len(list); i++) {
		if (!pyform_hashable(list_at(list, i))) {
			node_fail(ctx, "%s: unhashable type: '%s'", name, pyform_type_name(list_at(list, i)));
			return false;
		}
	}
	return true;
}

static void set_fill(struct node_ctx *ctx, struct item_set *set, const char *name)
{
	const struct value *list = items_of(ctx, name);

	set_init(ctx, set, value_len(list));
	for (size_t i = 0; i < value_len(list); i++) {
		struct value **slot = set_slot(set, list_at(list, i));

		if (!*slot)
			*slot = list_at(list, i);
	}
}

/* Pushes the items of a list that are not in `seen` yet (and marks them), if they are in `other` or not as `wanted` says;
 * without `other` all of them. The order of the list is kept. */
static void push_new(struct value *to, const struct value *list, struct item_set *seen, const struct item_set *other,
		     bool wanted)
{
	for (size_t i = 0; i < value_len(list); i++) {
		struct value *item = list_at(list, i);
		struct value **slot = set_slot(seen, item);

		if (*slot || (other && (*set_slot(other, item) != NULL) != wanted))
			continue;
		*slot = item;
		list_push(to, value_ref(item));
	}
}

static enum node_result dedupe(struct node_ctx *ctx)
{
	struct item_set seen;
	struct value *list;

	if (!hashable(ctx, "values"))
		return NODE_FAILED;
	set_init(ctx, &seen, value_len(items_of(ctx, "values")));
	list = value_list();
	push_new(list, items_of(ctx, "values"), &seen, NULL, true);
	return done(ctx, list);
}

static enum node_result two_sets(struct node_ctx *ctx, bool wanted)
{
	struct item_set seen;
	struct item_set other;
	struct value *list;

	if (!hashable(ctx, "list1") || !hashable(ctx, "list2"))
		return NODE_FAILED;
	set_init(ctx, &seen, value_len(items_of(ctx, "list1")));
	set_fill(ctx, &other, "list2");
	list = value_list();
	push_new(list, items_of(ctx, "list1"), &seen, &other, wanted);
	return done(ctx, list);
}

static enum node_result intersection(struct node_ctx *ctx)
{
	return two_sets(ctx, true);
}

static enum node_result difference(struct node_ctx *ctx)
{
	return two_sets(ctx, false);
}

static enum node_result union_of(struct node_ctx *ctx)
{
	struct item_set seen;
	struct value *list;

	if (!hashable(ctx, "list1") || !hashable(ctx, "list2"))
		return NODE_FAILED;
	set_init(ctx, &seen, value_len(items_of(ctx, "list1")) + value_len(items_of(ctx, "list2")));
	list = value_list();
	push_new(list, items_of(ctx, "list1"), &seen, NULL, true);
	push_new(list, items_of(ctx, "list2"), &seen, NULL, true);
	return done(ctx, list);
}

/* ---- reducing ----------------------------------------------------------------------------------------- */

/* The list of numbers; NULL, and the node fails, when it is empty or holds anything else. The words for an empty list
 * are the original's: clients show them (case engine/error-first-in-node-order). */
static const struct value *numbers_of(struct node_ctx *ctx, const char *what)
{
	const struct value *values = items_of(ctx, "values");

	for (size_t i = 0; i < value_len(values); i++) {
		if (!pyform_is_number(list_at(values, i))) {
			node_fail(ctx, "values: item %zu is no number but %s", i, pyform_type_name(list_at(values, i)));
			return NULL;
		}
	}
	if (value_len(values))
		return values;
	node_fail(ctx, "Cannot %s empty list", what);
	return NULL;
}

/* From left to right, floats without compensation. */
static struct value *fold(struct node_ctx *ctx, const struct value *values, enum pyform_op op, int64_t first)
{
	struct value *result = value_int(first);
	struct err err;

	for (size_t i = 0; result && i < value_len(values); i++) {
		struct value *next = pyform_arith(op, result, list_at(values, i), &err);

		if (!next)
			node_fail(ctx, "values: %s", err.detail);
		value_unref(result);
		result = next;
	}
	return result;
}

static enum node_result sum(struct node_ctx *ctx)
{
	const struct value *values = numbers_of(ctx, "sum");
	struct value *total = values ? fold(ctx, values, PYFORM_ADD, 0) : NULL;

	return total ? done(ctx, total) : NODE_FAILED;
}

static enum node_result product(struct node_ctx *ctx)
{
	const struct value *values = numbers_of(ctx, "multiply");
	struct value *result;

	if (!values)
		return NODE_FAILED;
	if (value_len(values) == 1)
		return done(ctx, value_ref(list_at(values, 0)));
	result = fold(ctx, values, PYFORM_MUL, 1);
	return result ? done(ctx, result) : NODE_FAILED;
}

static enum node_result average(struct node_ctx *ctx)
{
	const struct value *values = numbers_of(ctx, "average");
	struct value *total = values ? fold(ctx, values, PYFORM_ADD, 0) : NULL;
	struct value *count;
	struct value *mean;
	struct err err;

	if (!total)
		return NODE_FAILED;
	count = value_int((int64_t)value_len(values));
	mean = pyform_arith(PYFORM_DIV, total, count, &err);
	value_unref(count);
	value_unref(total);
	return mean ? done(ctx, mean) : node_fail(ctx, "values: %s", err.detail);
}

/* The first of the smallest (-1) or largest (1) items. */
static enum node_result extreme(struct node_ctx *ctx, int side)
{
	const struct value *values = numbers_of(ctx, side < 0 ? "find minimum of" : "find maximum of");
	size_t best = 0;
	struct err err;

	if (!values)
		return NODE_FAILED;
	for (size_t i = 1; i < value_len(values); i++) {
		int order;

		if (pyform_compare(list_at(values, i), list_at(values, best), &order, &err) < 0)
			return fail_err(ctx, &err);
		if (order == side)
			best = i;
	}
	return done(ctx, value_ref(list_at(values, best)));
}

static enum node_result minimum(struct node_ctx *ctx)
{
	return extreme(ctx, -1);
}

static enum node_result maximum(struct node_ctx *ctx)
{
	return extreme(ctx, 1);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop average_props[] = {
	{ .name = "values", .type = "list[float]", .def = "[]" },
	{ 0 },
};

static const struct node_slot float_output[] = { { .name = "output", .type = "float" }, { 0 } };

static const struct node_prop dedupe_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_slot list_any_output[] = { { .name = "output", .type = "list[any]" }, { 0 } };

static const struct node_prop difference_props[] = {
	{ .name = "list1", .type = "list[any]", .def = "[]" },
	{ .name = "list2", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.list.Average",
		.title = "Average",
		.description = "Gives the mean of a list of numbers.",
		.props = average_props,
		.outputs = float_output,
		.flags = NODE_PURE,
		.process = average,
	},
	{
		.type = "nodetool.list.Dedupe",
		.title = "Dedupe",
		.description = "Keeps each item once.",
		.props = dedupe_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = dedupe,
	},
	{
		.type = "nodetool.list.Difference",
		.title = "Difference",
		.description = "Gives the items of the first list that are not in the second.",
		.props = difference_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = difference,
	},
	{
		.type = "nodetool.list.Intersection",
		.title = "Intersection",
		.description = "Gives the items that stand in both lists.",
		.props = difference_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = intersection,
	},
	{
		.type = "nodetool.list.Maximum",
		.title = "Maximum",
		.description = "Gives the largest number of a list.",
		.props = average_props,
		.outputs = float_output,
		.flags = NODE_PURE,
		.process = maximum,
	},
	{
		.type = "nodetool.list.Minimum",
		.title = "Minimum",
		.description = "Gives the smallest number of a list.",
		.props = average_props,
		.outputs = float_output,
		.flags = NODE_PURE,
		.process = minimum,
	},
	{
		.type = "nodetool.list.Product",
		.title = "Product",
		.description = "Multiplies the numbers of a list.",
		.props = average_props,
		.outputs = float_output,
		.flags = NODE_PURE,
		.process = product,
	},
	{
		.type = "nodetool.list.Sum",
		.title = "Sum",
		.description = "Adds the numbers of a list.",
		.props = average_props,
		.outputs = float_output,
		.flags = NODE_PURE,
		.process = sum,
	},
	{
		.type = "nodetool.list.Union",
		.title = "Union",
		.description = "Gives the items that stand in either list, each once.",
		.props = difference_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = union_of,
	},
};

NODE_TABLE(nodes_list_sets, types);
