/* nodetool.dictionary: FilterDictByQuery, with the conditions of the data nodes. */
#include "wsd/nodes/frame.h"
#include "wsd/nodes/stream_filter.h"

#include <stdlib.h>

/* The dictionary as a table of one row; what the condition cannot be asked of does not pass. */
static bool satisfies(struct node_ctx *ctx, const struct value *v)
{
	struct sv condition = filter_sv(ctx, "condition");
	struct value *rows;
	struct frame *frame;
	struct err ignored;
	unsigned char *mask;
	bool passes;

	if (!value_is(v, VALUE_MAP))
		return false;
	if (!condition.n)
		return true;
	rows = value_list();
	list_push(rows, value_ref((struct value *)(uintptr_t)v));
	frame = frame_from_maps(rows, &ignored);
	mask = frame ? frame_query(frame, condition, &ignored) : NULL;
	passes = mask && mask[0];
	free(mask);
	frame_free(frame);
	value_unref(rows);
	return passes;
}

static enum node_result by_query_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	return filter_item(ctx, handle, item, satisfies);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop filter_dict_by_query_props[] = {
	{ .name = "value", .type = "dict", .def = "{}" },
	{ .name = "condition", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot filter_dict_by_query_outputs[] = {
	{ .name = "output", .type = "dict" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.dictionary.FilterDictByQuery",
		.title = "Filter Dict By Query",
		.description = "Passes on the dictionaries for which a condition holds.",
		.props = filter_dict_by_query_props,
		.outputs = filter_dict_by_query_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		.item = by_query_item,
		FILTER_NODE,
	},
};

NODE_TABLE(nodes_dictionary_query, types);
