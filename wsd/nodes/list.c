/* nodetool.list: building, cutting, combining and reducing lists. */
#include "value/pyform.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/media_file.h"

#include <string.h>

/* A list that one node makes is at most this long. */
#define LIST_ITEMS_MAX ((uint64_t)10 * 1000 * 1000)

static const struct value *items_of(struct node_ctx *ctx, const char *name)
{
	return node_get(ctx, name);
}

/* A list of the same items that may be changed. */
static struct value *copy_items(const struct value *list)
{
	struct value *copy = value_list();

	list_reserve(copy, value_len(list) + 1);
	for (size_t i = 0; i < value_len(list); i++)
		list_push(copy, value_ref(list_at(list, i)));
	return copy;
}

static void push_all(struct value *to, const struct value *list)
{
	for (size_t i = 0; i < value_len(list); i++)
		list_push(to, value_ref(list_at(list, i)));
}

static enum node_result length(struct node_ctx *ctx)
{
	return done(ctx, value_int((int64_t)value_len(items_of(ctx, "values"))));
}

/* ---- ranges ------------------------------------------------------------------------------------------- */

struct range_state {
	int64_t next;
	int64_t step;
	uint64_t left;
};

/* start, stop and step as 64 bit numbers; fails the node when one of them is not. */
static bool read_range(struct node_ctx *ctx, struct range_state *range)
{
	int64_t stop;

	if (!int_property(ctx, "start", &range->next) || !int_property(ctx, "stop", &stop) ||
	    !int_property(ctx, "step", &range->step))
		return false;
	if (range->step == 0) {
		node_fail(ctx, "step: must not be zero");
		return false;
	}
	range->left = pyform_range_count(range->next, stop, range->step);
	return true;
}

static int64_t take_range(struct range_state *range)
{
	int64_t n = range->next;

	if (--range->left)
		range->next += range->step;
	return n;
}

static enum node_result list_range(struct node_ctx *ctx)
{
	struct range_state range;
	struct value *list;

	if (!read_range(ctx, &range))
		return NODE_FAILED;
	if (range.left > LIST_ITEMS_MAX)
		return node_fail(ctx, "start, stop, step: the list would have %llu items, more than %llu",
				 (unsigned long long)range.left, (unsigned long long)LIST_ITEMS_MAX);
	list = value_list();
	list_reserve(list, range.left);
	while (range.left)
		list_push(list, value_int(take_range(&range)));
	return done(ctx, list);
}

static enum node_result generate_sequence(struct node_ctx *ctx)
{
	return read_range(ctx, node_state(ctx)) ? NODE_DONE : NODE_FAILED;
}

static enum node_result generate_sequence_next(struct node_ctx *ctx)
{
	struct range_state *range = node_state(ctx);

	if (!range->left)
		return NODE_DONE;
	node_emit(ctx, "output", value_int(take_range(range)));
	return range->left ? NODE_MORE : NODE_DONE;
}

/* ---- parts -------------------------------------------------------------------------------------------- */

/* Stop 0 means "to the end". */
static enum node_result slice(struct node_ctx *ctx)
{
	const struct value *values = items_of(ctx, "values");
	struct pyform_slice part;
	struct value *list;
	int64_t start;
	int64_t stop;
	int64_t step;

	if (!int_property(ctx, "start", &start) || !int_property(ctx, "stop", &stop) || !int_property(ctx, "step", &step))
		return NODE_FAILED;
	if (pyform_slice_of(&part, (int64_t)value_len(values), &start, stop ? &stop : NULL, step) < 0)
		return node_fail(ctx, "step: must not be zero");
	list = value_list();
	list_reserve(list, (size_t)part.count);
	for (int64_t i = 0; i < part.count; i++)
		list_push(list, value_ref(list_at(values, (size_t)(part.start + i * part.step))));
	return done(ctx, list);
}

/* The item at a Python index; fails the node when it is out of range. */
static struct value *item_at(struct node_ctx *ctx, const struct value *values, int64_t index, const char *property)
{
	int64_t count = (int64_t)value_len(values);
	int64_t at = index < 0 ? index + count : index;

	if (at >= 0 && at < count)
		return list_at(values, (size_t)at);
	node_fail(ctx, "%s: index %lld is out of range, the list has %lld items", property, (long long)index,
		  (long long)count);
	return NULL;
}

static enum node_result select_elements(struct node_ctx *ctx)
{
	const struct value *values = items_of(ctx, "values");
	const struct value *indices = items_of(ctx, "indices");
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(indices); i++) {
		struct value *item = item_at(ctx, values, value_as_int(list_at(indices, i)), "indices");

		if (!item) {
			value_unref(list);
			return NODE_FAILED;
		}
		list_push(list, value_ref(item));
	}
	return done(ctx, list);
}

static enum node_result get_element(struct node_ctx *ctx)
{
	int64_t index;
	struct value *item;

	if (!int_property(ctx, "index", &index))
		return NODE_FAILED;
	item = item_at(ctx, items_of(ctx, "values"), index, "index");
	return item ? done(ctx, value_ref(item)) : NODE_FAILED;
}

static enum node_result chunk(struct node_ctx *ctx)
{
	const struct value *values = items_of(ctx, "values");
	struct value *chunks = value_list();
	struct value *part = NULL;
	int64_t size;

	if (!int_property(ctx, "chunk_size", &size) || size == 0) {
		value_unref(chunks);
		return size ? NODE_FAILED : node_fail(ctx, "chunk_size: must not be zero");
	}
	for (size_t i = 0; size > 0 && i < value_len(values); i++) {
		if (i % (size_t)size == 0) {
			part = value_list();
			list_push(chunks, part);
		}
		list_push(part, value_ref(list_at(values, i)));
	}
	return done(ctx, chunks);
}

/* ---- building ----------------------------------------------------------------------------------------- */

static enum node_result append(struct node_ctx *ctx)
{
	struct value *list = copy_items(items_of(ctx, "values"));

	list_push(list, value_ref(node_get(ctx, "value")));
	return done(ctx, list);
}

static enum node_result extend(struct node_ctx *ctx)
{
	struct value *list = copy_items(items_of(ctx, "values"));

	push_all(list, items_of(ctx, "other_values"));
	return done(ctx, list);
}

static enum node_result reverse(struct node_ctx *ctx)
{
	const struct value *values = items_of(ctx, "values");
	struct value *list = value_list();

	list_reserve(list, value_len(values));
	for (size_t i = value_len(values); i > 0; i--)
		list_push(list, value_ref(list_at(values, i - 1)));
	return done(ctx, list);
}

static enum node_result randomize(struct node_ctx *ctx)
{
	struct value *list = copy_items(items_of(ctx, "values"));

	for (size_t i = value_len(list); i > 1; i--) {
		uint64_t random;
		size_t k;
		struct value *other;

		random_bytes(&random, sizeof(random));
		k = (size_t)(((__uint128_t)random * i) >> 64);
		other = value_ref(list_at(list, k));
		list_set(list, k, value_ref(list_at(list, i - 1)));
		list_set(list, i - 1, other);
	}
	return done(ctx, list);
}

static enum node_result sort(struct node_ctx *ctx)
{
	struct value *list = copy_items(items_of(ctx, "values"));
	struct err err;

	if (pyform_sort(list, strcmp(node_text(ctx, "order"), "descending") == 0, &err) < 0) {
		value_unref(list);
		return node_fail(ctx, "values: %s", err.detail);
	}
	return done(ctx, list);
}

static bool flatten_into(struct value *to, const struct value *list, int64_t depth)
{
	for (size_t i = 0; i < value_len(list); i++) {
		struct value *item = list_at(list, i);

		if (value_len(to) > LIST_ITEMS_MAX)
			return false;
		if (value_is(item, VALUE_LIST) && !list_is_tuple(item) && depth != 0) {
			if (!flatten_into(to, item, depth - 1))
				return false;
		} else {
			list_push(to, value_ref(item));
		}
	}
	return true;
}

/* max_depth -1: all levels. The depth of a value is bounded, so the recursion is. */
static enum node_result flatten(struct node_ctx *ctx)
{
	struct value *list = value_list();
	int64_t depth;

	if (!int_property(ctx, "max_depth", &depth)) {
		value_unref(list);
		return NODE_FAILED;
	}
	if (!flatten_into(list, items_of(ctx, "values"), depth < -1 ? 0 : depth)) {
		value_unref(list);
		return node_fail(ctx, "values: the flat list would be too long");
	}
	return done(ctx, list);
}

/* ---- saving ------------------------------------------------------------------------------------------- */

static enum node_result save_list(struct node_ctx *ctx)
{
	const char *name = path_dated(node_arena(ctx), node_text(ctx, "name"));
	const struct value *items = items_of(ctx, "values");
	struct err err = { 0 };
	struct value *ref;
	struct buf text;
	size_t len;

	buf_init(&text, BUF_MAX_BODY);
	for (size_t i = 0; i < value_len(items); i++) {
		if (i)
			buf_addc(&text, '\n');
		pyform_str(&text, list_at(items, i));
	}
	if (text.failed) {
		buf_free(&text);
		return node_fail(ctx, "values: more than %zu bytes of text", BUF_MAX_BODY);
	}
	len = text.len;
	ref = asset_from_bytes("text", buf_take(&text), len);
	if (media_keep(ctx, name, "text/plain", ref, &err)) {
		value_unref(ref);
		return fail_err(ctx, &err);
	}
	media_tell_saved(ctx, "text", name, ref);
	return done(ctx, ref);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop append_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ .name = "value", .type = "any", .def = "[]" },
	{ 0 },
};

static const struct node_slot list_any_output[] = { { .name = "output", .type = "list[any]" }, { 0 } };

static const struct node_prop chunk_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ .name = "chunk_size", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_slot list_list_any_output[] = { { .name = "output", .type = "list[list[any]]" }, { 0 } };

static const struct node_prop extend_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ .name = "other_values", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_prop flatten_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ .name = "max_depth", .type = "int", .def = "-1", .min = "-1.0" },
	{ 0 },
};

static const struct node_prop generate_sequence_props[] = {
	{ .name = "start", .type = "int", .def = "0" },
	{ .name = "stop", .type = "int", .def = "0" },
	{ .name = "step", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_slot int_output[] = { { .name = "output", .type = "int" }, { 0 } };

static const struct node_prop get_element_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ .name = "index", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_slot any_output[] = { { .name = "output", .type = "any" }, { 0 } };

static const struct node_prop length_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_slot list_int_output[] = { { .name = "output", .type = "list[int]" }, { 0 } };

static const struct node_prop select_elements_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ .name = "indices", .type = "list[int]", .def = "[]" },
	{ 0 },
};

static const struct node_prop slice_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ .name = "start", .type = "int", .def = "0" },
	{ .name = "stop", .type = "int", .def = "0" },
	{ .name = "step", .type = "int", .def = "1" },
	{ 0 },
};

static const struct node_prop sort_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ .name = "order", .type = "enum(nodetool.nodes.nodetool.list.Sort.SortOrder:ascending|descending)",
	  .def = "\"ascending\"" },
	{ 0 },
};

static const struct node_prop save_list_props[] = {
	{ .name = "values", .type = "list[any]", .def = "[]", .required = true },
	{ .name = "name", .type = "str", .def = "\"text.txt\"" },
	{ 0 },
};

static const struct node_slot text_output[] = { { .name = "output", .type = "text" }, { 0 } };

static const struct node_type types[] = {
	{
		.type = "nodetool.list.Append",
		.title = "Append",
		.description = "Puts a value at the end of a list.",
		.props = append_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = append,
	},
	{
		.type = "nodetool.list.Chunk",
		.title = "Chunk",
		.description = "Cuts a list into lists of equal length.",
		.props = chunk_props,
		.outputs = list_list_any_output,
		.flags = NODE_PURE,
		.process = chunk,
	},
	{
		.type = "nodetool.list.Extend",
		.title = "Extend",
		.description = "Puts a second list behind a first.",
		.props = extend_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = extend,
	},
	{
		.type = "nodetool.list.Flatten",
		.title = "Flatten",
		.description = "Takes the items of lists inside a list out into one list.",
		.props = flatten_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = flatten,
	},
	{
		.type = "nodetool.list.GenerateSequence",
		.title = "Generate Sequence",
		.description = "Sends whole numbers at even distances, one by one.",
		.props = generate_sequence_props,
		.outputs = int_output,
		.flags = NODE_STREAMS_OUTPUT | NODE_PURE,
		.state_size = sizeof(struct range_state),
		.process = generate_sequence,
		.next = generate_sequence_next,
	},
	{
		.type = "nodetool.list.GetElement",
		.title = "Get Element",
		.description = "Gives the item at a position.",
		.props = get_element_props,
		.outputs = any_output,
		.flags = NODE_PURE,
		.process = get_element,
	},
	{
		.type = "nodetool.list.Length",
		.title = "Length",
		.description = "Counts the items of a list.",
		.props = length_props,
		.outputs = int_output,
		.flags = NODE_PURE,
		.process = length,
	},
	{
		.type = "nodetool.list.ListRange",
		.title = "List Range",
		.description = "Makes a list of whole numbers at even distances.",
		.props = generate_sequence_props,
		.outputs = list_int_output,
		.flags = NODE_PURE,
		.process = list_range,
	},
	{
		.type = "nodetool.list.Randomize",
		.title = "Randomize",
		.description = "Shuffles a list.",
		.props = length_props,
		.outputs = list_any_output,
		.process = randomize,
	},
	{
		.type = "nodetool.list.Reverse",
		.title = "Reverse",
		.description = "Turns a list round.",
		.props = length_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = reverse,
	},
	{
		.type = "nodetool.list.SaveList",
		.title = "Save List",
		.description = "Keeps the items of a list as a text asset, a line each.",
		.props = save_list_props,
		.outputs = text_output,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = save_list,
	},
	{
		.type = "nodetool.list.SelectElements",
		.title = "Select Elements",
		.description = "Picks items by their positions.",
		.props = select_elements_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = select_elements,
	},
	{
		.type = "nodetool.list.Slice",
		.title = "Slice",
		.description = "Cuts a part out of a list.",
		.props = slice_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = slice,
	},
	{
		.type = "nodetool.list.Sort",
		.title = "Sort",
		.description = "Sorts a list.",
		.props = sort_props,
		.outputs = list_any_output,
		.flags = NODE_PURE,
		.process = sort,
	},
};

NODE_TABLE(nodes_list, types);
