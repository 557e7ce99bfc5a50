/* nodetool.control: the ways that values take through a graph (notes-engine section 3). */
#include "nodes/node.h"

#include <string.h>

/* ---- ForEach ------------------------------------------------------------------------------------------ */

struct for_each {
	size_t next;
};

static enum node_result for_each_begin(struct node_ctx *ctx)
{
	struct for_each *state = node_state(ctx);

	state->next = 0;
	return NODE_DONE;
}

static enum node_result for_each_next(struct node_ctx *ctx)
{
	struct for_each *state = node_state(ctx);
	struct value *list = node_get(ctx, "input_list");
	struct value *item = list_at(list, state->next);

	if (!item)
		return NODE_DONE;
	node_emit(ctx, "output", value_ref(item));
	node_emit(ctx, "index", value_int((int64_t)state->next++));
	return state->next < value_len(list) ? NODE_MORE : NODE_DONE;
}

/* ---- Collect ------------------------------------------------------------------------------------------ */

struct collect {
	struct value *list;
};

static enum node_result collect_begin(struct node_ctx *ctx)
{
	struct collect *state = node_state(ctx);

	state->list = value_list();
	return NODE_DONE;
}

static enum node_result collect_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	struct collect *state = node_state(ctx);

	if (strcmp(handle, "input_item") == 0)
		list_push(state->list, value_ref(item));
	return NODE_DONE;
}

static enum node_result collect_end(struct node_ctx *ctx)
{
	struct collect *state = node_state(ctx);

	node_emit(ctx, "output", state->list);
	state->list = NULL;
	return NODE_DONE;
}

static void collect_destroy(void *p)
{
	struct collect *state = p;

	value_unref(state->list);
}

/* ---- If ----------------------------------------------------------------------------------------------- */

struct branch {
	struct value *conditions; /* those that no value has used yet, from `used` on */
	size_t used;
	bool newest;
	bool seen_value;
};

static enum node_result branch_begin(struct node_ctx *ctx)
{
	struct branch *state = node_state(ctx);

	state->conditions = value_list();
	state->newest = node_bool(ctx, "condition");
	return NODE_DONE;
}

static bool branch_judge(struct branch *state)
{
	bool b;

	if (state->used == value_len(state->conditions))
		return state->newest;
	b = value_as_bool(list_at(state->conditions, state->used++));
	if (state->used == value_len(state->conditions)) {
		value_unref(state->conditions);
		state->conditions = value_list();
		state->used = 0;
	}
	return b;
}

static enum node_result branch_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	struct branch *state = node_state(ctx);

	if (strcmp(handle, "condition") == 0) {
		state->newest = value_truthy(item);
		list_push(state->conditions, value_bool(state->newest));
	} else {
		state->seen_value = true;
		node_emit(ctx, branch_judge(state) ? "if_true" : "if_false", value_ref(item));
	}
	return NODE_DONE;
}

static enum node_result branch_end(struct node_ctx *ctx)
{
	struct branch *state = node_state(ctx);

	if (!state->seen_value)
		node_emit(ctx, state->newest ? "if_true" : "if_false", value_ref(node_get(ctx, "value")));
	return NODE_DONE;
}

static void branch_destroy(void *p)
{
	struct branch *state = p;

	value_unref(state->conditions);
}

/* ---- Reroute ------------------------------------------------------------------------------------------ */

static enum node_result reroute_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	(void)handle;
	node_emit(ctx, "output", value_ref(item));
	return NODE_DONE;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_type types[] = {
	{
		.type = "nodetool.control.Collect",
		.title = "Collect",
		.description = "Gathers everything that arrives into one list.",
		.props = (const struct node_prop[]){
			{ .name = "input_item", .type = "any", .def = "[]", .description = "The items to gather" },
			{ 0 } },
		.outputs = (const struct node_slot[]){ { .name = "output", .type = "list[any]" }, { 0 } },
		.flags = NODE_STREAMS_INPUT,
		.state_size = sizeof(struct collect),
		.process = collect_begin,
		.item = collect_item,
		.end = collect_end,
		.destroy = collect_destroy,
	},
	{
		.type = "nodetool.control.ForEach",
		.title = "For Each",
		.description = "Sends the elements of a list one after the other.",
		.props = (const struct node_prop[]){
			{ .name = "input_list", .type = "list[any]", .def = "[]", .description = "The list" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "output", .type = "any" },
			{ .name = "index", .type = "int" },
			{ 0 } },
		.flags = NODE_STREAMS_OUTPUT,
		.state_size = sizeof(struct for_each),
		.process = for_each_begin,
		.next = for_each_next,
	},
	{
		.type = "nodetool.control.If",
		.title = "If",
		.description = "Sends each value one of two ways, as its condition says.",
		.props = (const struct node_prop[]){
			{ .name = "condition", .type = "bool", .def = "false",
			  .description = "Where values go that no condition arrives for" },
			{ .name = "value", .type = "any", .def = "[]",
			  .description = "The value to send when none arrives" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "if_true", .type = "any" },
			{ .name = "if_false", .type = "any" },
			{ 0 } },
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		.state_size = sizeof(struct branch),
		.process = branch_begin,
		.item = branch_item,
		.end = branch_end,
		.destroy = branch_destroy,
	},
	{
		.type = "nodetool.control.Reroute",
		.title = "Reroute",
		.description = "Passes every value on unchanged, to tidy up edges.",
		.props = (const struct node_prop[]){
			{ .name = "input_value", .type = "any", .def = "[]", .description = "The values to pass on" },
			{ 0 } },
		.outputs = (const struct node_slot[]){ { .name = "output", .type = "any" }, { 0 } },
		.flags = NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		.item = reroute_item,
	},
};

NODE_TABLE(nodes_control, types);
