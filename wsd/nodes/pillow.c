/* lib.pillow: two pictures joined. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"

/* The picture brought to the size of another one. */
static struct raster *sized_like(struct node_ctx *ctx, struct raster *r, const struct raster *like, struct err *err)
{
	if (r->width == like->width && r->height == like->height)
		return r;
	return raster_fit(node_arena(ctx), r, like->width, like->height, RASTER_BICUBIC, err);
}

static enum node_result blend(struct node_ctx *ctx)
{
	struct raster *a = image_property(ctx, "image1");
	struct raster *b = a ? image_property(ctx, "image2") : NULL;
	struct err err = { 0 };

	if (!b)
		return NODE_FAILED;
	b = sized_like(ctx, b, a, &err);
	if (b)
		b = raster_blend(node_arena(ctx), a, b, (float)node_float(ctx, "alpha"), &err);
	return image_done(ctx, b, &err);
}

/* Pictures are read without their transparency, so a mask is opaque everywhere and the first picture shows, as in the
 * original; the size is the first one's. */
static enum node_result composite(struct node_ctx *ctx)
{
	struct arena *arena = node_arena(ctx);
	struct raster *a = image_property(ctx, "image1");
	struct raster *b = a ? image_property(ctx, "image2") : NULL;
	struct raster *mask = b ? image_property(ctx, "mask") : NULL;
	struct err err = { 0 };

	if (!mask)
		return NODE_FAILED;
	return image_done(ctx, raster_convert(arena, a, 4, &err), &err);
}

static const struct node_prop blend_props[] = {
	IMAGE_PROP("image1"),
	IMAGE_PROP("image2"),
	{ .name = "alpha", .type = "float", .def = "0.5", .min = "0.0", .max = "1.0" },
	{ 0 },
};

static const struct node_prop composite_props[] = {
	IMAGE_PROP("image1"),
	IMAGE_PROP("image2"),
	IMAGE_PROP("mask"),
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.pillow.__init__.Blend",
		.title = "Blend",
		.description = "Mixes two pictures.",
		.props = blend_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = blend,
	},
	{
		.type = "lib.pillow.__init__.Composite",
		.title = "Composite",
		.description = "Joins two pictures by the transparency of a mask.",
		.props = composite_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = composite,
	},
};

NODE_TABLE(nodes_lib_pillow, types);
