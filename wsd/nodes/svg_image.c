/* lib.svg: a document drawn. */
#include "wsd/nodes/svg.h"

#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"

#define SIDE_MAX 16384

/* `scale` changes nothing where width and height are given, as they always are here. */
static enum node_result svg_to_image(struct node_ctx *ctx)
{
	struct raster *r = NULL;
	struct err err = { 0 };
	struct buf text;
	int64_t width;
	int64_t height;

	if (!int_property(ctx, "width", &width) || !int_property(ctx, "height", &height))
		return NODE_FAILED;
	if (width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX)
		return node_fail(ctx, "width, height: must be between 1 and %d", SIDE_MAX);
	buf_init(&text, BUF_MAX_BODY);
	if (svg_document(ctx, &text))
		err_set(&err, 413, "the document is too long");
	else
		r = image_of_svg(ctx, &text, width, height, &err);
	buf_free(&text);
	return r ? image_done(ctx, r, &err) : node_fail(ctx, "content, viewBox: %s", err.detail);
}

static const struct node_prop props[] = {
	{ .name = "content", .type = "union[str,svg_element,list[svg_element]]", .def = "[]" },
	{ .name = "width", .type = "int", .def = "800", .min = "1.0", .max = "4096.0" },
	{ .name = "height", .type = "int", .def = "600", .min = "1.0", .max = "4096.0" },
	{ .name = "viewBox", .type = "str", .def = "\"0 0 800 600\"", .title = "Viewbox" },
	{ .name = "scale", .type = "int", .def = "1", .min = "1.0", .max = "10.0" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.svg.SVGToImage",
		.title = "SVG to Image",
		.description = "Draws SVG elements as a picture.",
		.props = props,
		.outputs = image_output,
		.flags = NODE_BLOCKING, /* not pure: fonts come and go */
		.process = svg_to_image,
	},
};

NODE_TABLE(nodes_lib_svg_image, types);
