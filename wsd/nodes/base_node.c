/* nodetool.workflows.base_node: what the editor itself puts into graphs. */
#include "nodes/node.h"
#include "wsd/engine/report.h"

#include <string.h>

static enum node_result preview_item(struct node_ctx *ctx, const char *handle, struct value *item)
{
	struct value *message;

	if (strcmp(handle, "value") != 0)
		return NODE_DONE;
	message = value_map();
	map_set_str(message, "type", "preview_update");
	node_report_value(ctx, message, "value", item);
	return NODE_DONE;
}

static enum node_result report_tool_result(struct node_ctx *ctx)
{
	struct value *result = value_copy(node_dynamic(ctx));
	struct value *message = value_map();

	map_set_str(message, "type", "tool_result_update");
	map_set_str(message, "thread_id", NULL);
	node_report_value(ctx, message, "result", result);
	node_emit(ctx, "result", result);
	return NODE_DONE;
}

static const struct node_type types[] = {
	{
		.type = "nodetool.workflows.base_node.Preview",
		.title = "Preview",
		.description = "Shows each value that arrives in the editor.",
		.props = (const struct node_prop[]){
			{ .name = "name", .type = "str", .def = "\"\"", .description = "A name to show" },
			{ .name = "value", .type = "any", .description = "The value to show" },
			{ 0 } },
		.flags = NODE_STREAMS_INPUT | NODE_INTERNAL,
		.item = preview_item,
	},
	{
		.type = "nodetool.workflows.base_node.ToolResult",
		.title = "Tool Result",
		.description = "Hands its properties back to the agent that ran this workflow as a tool.",
		.outputs = (const struct node_slot[]){ { .name = "result", .type = "any" }, { 0 } },
		.flags = NODE_STREAMS_OUTPUT | NODE_DYNAMIC,
		.process = report_tool_result,
	},
	{
		.type = "nodetool.workflows.base_node.Comment",
		.title = "Comment",
		.description = "A note in the graph; it does nothing.",
		.props = (const struct node_prop[]){
			{ .name = "headline", .type = "str", .def = "\"\"", .description = "The heading" },
			{ .name = "comment", .type = "any", .def = "\"\"", .description = "The text" },
			{ .name = "comment_color", .type = "str", .def = "\"#f0f0f0\"",
			  .description = "The colour behind the text" },
			{ 0 } },
		.flags = NODE_INTERNAL | NODE_HIDE_RESULT | NODE_NOT_CACHEABLE,
	},
	{
		.type = "nodetool.workflows.base_node.Group",
		.title = "Group",
		.description = "A frame around nodes; it does nothing.",
		.flags = NODE_INTERNAL | NODE_HIDE_RESULT | NODE_NOT_CACHEABLE,
	},
};

NODE_TABLE(nodes_base, types);
