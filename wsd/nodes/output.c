/* nodetool.output: values of the job that its users see. */
#include "nodes/node.h"
#include "wsd/engine/report.h"

struct output_state {
	bool seen;
};

static enum node_result show_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	struct output_state *state = node_state(ctx);

	(void)handle;
	state->seen = true;
	return node_report_output(ctx, node_text(ctx, "name"), item);
}

/* Without an item it shows its own value, be it null. */
static enum node_result show_own(struct node_ctx *ctx)
{
	const struct output_state *state = node_state(ctx);

	return state->seen ? NODE_DONE : node_report_output(ctx, node_text(ctx, "name"), node_get(ctx, "value"));
}

static const struct node_type types[] = {
	{
		.type = "nodetool.output.Output",
		.title = "Output",
		.description = "Shows each value that arrives as a result of the workflow.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"", .description = "The name of the result" },
			{ .name = "value", .type = "any", .description = "The value when none arrives" },
			{ .name = "description", .type = "str", .def = "\"\"",
			  .description = "What the workflow's users read about this result" },
			{ 0 } },
		.outputs = (const struct node_slot[]){ { .name = "output", .type = "any" }, { 0 } },
		.flags = NODE_OUTPUT | NODE_STREAMS_OUTPUT | NODE_STREAMS_INPUT,
		.basic_fields = "name value",
		.state_size = sizeof(struct output_state),
		.item = show_item,
		.end = show_own,
	},
};

NODE_TABLE(nodes_output, types);
