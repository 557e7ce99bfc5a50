/* nodetool.compare: showing two things side by side. */
#include "wsd/nodes/helper.h"

static bool is_empty(const struct value *image)
{
	return *map_str(image, "uri", "") == '\0' && value_is_null(map_get(image, "asset_id")) &&
	       value_is_null(map_get(image, "data"));
}

/* Nothing comes out: the editor gets both pictures as a message of the node. */
static enum node_result compare_images(struct node_ctx *ctx)
{
	static const char *const fields[] = { "image_a", "image_b", "label_a", "label_b" };
	struct value *comparison;
	struct value *message;

	if (is_empty(node_get(ctx, "image_a")) || is_empty(node_get(ctx, "image_b")))
		return NODE_DONE;
	comparison = value_map();
	map_set_str(comparison, "type", "image_comparison");
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		map_set(comparison, fields[i], value_ref(node_get(ctx, fields[i])));
	message = value_map();
	map_set_str(message, "type", "preview_update");
	map_set(message, "value", comparison);
	node_send(ctx, message);
	return NODE_DONE;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop compare_images_props[] = {
	{ .name = "image_a", .type = "image",
	  .def = "{\"type\": \"image\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}" },
	{ .name = "image_b", .type = "image",
	  .def = "{\"type\": \"image\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}" },
	{ .name = "label_a", .type = "str", .def = "\"A\"" },
	{ .name = "label_b", .type = "str", .def = "\"B\"" },
	{ 0 },
};

static const struct node_slot none_output[] = { { .name = "output", .type = "none" }, { 0 } };

static const struct node_type types[] = {
	{
		.type = "nodetool.compare.CompareImages",
		.title = "Compare Images",
		.description = "Shows two images side by side in the editor.",
		.props = compare_images_props,
		.outputs = none_output,
		.flags = NODE_NOT_CACHEABLE | NODE_PURE,
		.basic_fields = "image_a image_b",
		.process = compare_images,
	},
};

NODE_TABLE(nodes_compare, types);
