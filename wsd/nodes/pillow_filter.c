/* lib.pillow.filter */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"

#include <math.h>

#define BORDER_MAX RASTER_SIDE_MAX

/* ---- through tables ----------------------------------------------------------------------------------- */

/* Each value of each channel through one table. */
static enum node_result through(struct node_ctx *ctx, int (*map)(int v, int64_t by), int64_t by)
{
	struct raster *r = image_property(ctx, "image");
	unsigned char tables[3][256];
	struct err err = { 0 };

	if (!r)
		return NODE_FAILED;
	for (int i = 0; i < 256; i++)
		tables[0][i] = tables[1][i] = tables[2][i] = raster_clip(map(i, by));
	raster_lookup(r, tables);
	return image_done(ctx, r, &err);
}

static int inverted(int v, int64_t by)
{
	(void)by;
	return 255 - v;
}

static enum node_result invert(struct node_ctx *ctx)
{
	return through(ctx, inverted, 0);
}

static int solarized(int v, int64_t threshold)
{
	return v < threshold ? v : 255 - v;
}

static enum node_result solarize(struct node_ctx *ctx)
{
	int64_t threshold;

	return int_property(ctx, "threshold", &threshold) ? through(ctx, solarized, threshold) : NODE_FAILED;
}

static int posterized(int v, int64_t bits)
{
	return bits <= 0 ? 0 : v & ~((1 << (8 - bits)) - 1);
}

static enum node_result posterize(struct node_ctx *ctx)
{
	int64_t bits;

	if (!int_property(ctx, "bits", &bits))
		return NODE_FAILED;
	if (bits > 8)
		return node_fail(ctx, "bits: must not be above 8");
	return through(ctx, posterized, bits);
}

/* ---- neighbourhoods ----------------------------------------------------------------------------------- */

static enum node_result contour(struct node_ctx *ctx)
{
	return image_convolved(ctx, &(struct raster_kernel3){ { -1, -1, -1, -1, 8, -1, -1, -1, -1 }, 1, 255 });
}

static enum node_result emboss(struct node_ctx *ctx)
{
	return image_convolved(ctx, &(struct raster_kernel3){ { -1, 0, 0, 0, 1, 0, 0, 0, 0 }, 1, 128 });
}

static enum node_result find_edges(struct node_ctx *ctx)
{
	return image_convolved(ctx, &(struct raster_kernel3){ { -1, -1, -1, -1, 8, -1, -1, -1, -1 }, 1, 0 });
}

static enum node_result smooth(struct node_ctx *ctx)
{
	return image_convolved(ctx, &(struct raster_kernel3){ { 1, 1, 1, 1, 5, 1, 1, 1, 1 }, 13, 0 });
}

static enum node_result blur(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };
	int64_t radius;

	if (!r || !int_property(ctx, "radius", &radius))
		return NODE_FAILED;
	if (radius < -RASTER_SIDE_MAX || radius > RASTER_SIDE_MAX)
		return node_fail(ctx, "radius: must not be above %d", RASTER_SIDE_MAX);
	return image_done(ctx, raster_gaussian(node_arena(ctx), r, (float)radius, &err), &err);
}

static enum node_result canny(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct arena *arena = node_arena(ctx);
	struct err err = { 0 };
	int64_t low;
	int64_t high;

	if (!r || !int_property(ctx, "low_threshold", &low) || !int_property(ctx, "high_threshold", &high))
		return NODE_FAILED;
	r = raster_canny(arena, r, low, high, &err);
	return image_done(ctx, r ? raster_convert(arena, r, 3, &err) : NULL, &err);
}

/* ---- channels and borders ----------------------------------------------------------------------------- */

static enum node_result to_grey(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };

	return r ? image_done(ctx, raster_convert(node_arena(ctx), r, 1, &err), &err) : NODE_FAILED;
}

static enum node_result get_channel(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	char name = *node_text(ctx, "channel");
	struct err err = { 0 };

	if (!r)
		return NODE_FAILED;
	return image_done(ctx, raster_channel(node_arena(ctx), r, name == 'R' ? 0 : name == 'G' ? 1 : 2, &err), &err);
}

/* A number as a colour is red in its lowest 8 bits, then green and blue, as Pillow takes it. */
static enum node_result expand(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct raster *out;
	struct err err = { 0 };
	int64_t border;
	int64_t fill;

	if (!r || !int_property(ctx, "border", &border) || !int_property(ctx, "fill", &fill))
		return NODE_FAILED;
	if (border > BORDER_MAX || border < -BORDER_MAX)
		return node_fail(ctx, "border: must not be above %d", BORDER_MAX);
	out = raster_new(node_arena(ctx), r->width + 2 * border, r->height + 2 * border, 3, &err);
	if (out) {
		raster_fill(out, (const unsigned char[4]){ (unsigned char)fill, (unsigned char)(fill >> 8),
							   (unsigned char)(fill >> 16), 0 });
		raster_paste(out, r, border, border);
	}
	return image_done(ctx, out, &err);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop one_image[] = { IMAGE_PROP("image"), { 0 } };

static const struct node_prop solarize_props[] = {
	IMAGE_PROP("image"),
	{ .name = "threshold", .type = "int", .def = "128", .min = "0.0", .max = "255.0" },
	{ 0 },
};

static const struct node_prop posterize_props[] = {
	IMAGE_PROP("image"),
	{ .name = "bits", .type = "int", .def = "4", .min = "1.0", .max = "8.0" },
	{ 0 },
};

static const struct node_prop expand_props[] = {
	IMAGE_PROP("image"),
	{ .name = "border", .type = "int", .def = "0", .min = "0.0", .max = "512.0" },
	{ .name = "fill", .type = "int", .def = "0", .min = "0.0", .max = "255.0" },
	{ 0 },
};

static const struct node_prop blur_props[] = {
	IMAGE_PROP("image"),
	{ .name = "radius", .type = "int", .def = "2", .min = "0.0", .max = "128.0" },
	{ 0 },
};

static const struct node_prop canny_props[] = {
	IMAGE_PROP("image"),
	{ .name = "low_threshold", .type = "int", .def = "100", .min = "0.0", .max = "255.0" },
	{ .name = "high_threshold", .type = "int", .def = "200", .min = "0.0", .max = "255.0" },
	{ 0 },
};

static const struct node_prop channel_props[] = {
	IMAGE_PROP("image"),
	{ .name = "channel",
	  .type = "enum(nodetool.nodes.lib.pillow.filter.GetChannel.ChannelEnum:R|G|B)",
	  .def = "\"R\"" },
	{ 0 },
};

#define FILTER(name, shown, line, property_table, function)                                                            \
	{                                                                                                              \
		.type = "lib.pillow.filter." name, .title = (shown), .description = (line), .props = (property_table), \
		.outputs = image_output, .flags = IMAGE_FLAGS, .process = (function),                                  \
	}

static const struct node_type types[] = {
	FILTER("Invert", "Invert", "The negative of a picture.", one_image, invert),
	FILTER("Solarize", "Solarize", "Turns round what is brighter than a threshold.", solarize_props, solarize),
	FILTER("Posterize", "Posterize", "Keeps the upper bits of each channel: few, flat colours.", posterize_props,
	       posterize),
	FILTER("Expand", "Expand", "Puts a border round a picture.", expand_props, expand),
	FILTER("Blur", "Blur", "Softens a picture by a Gaussian blur.", blur_props, blur),
	FILTER("Contour", "Contour", "Draws the outlines of a picture on white.", one_image, contour),
	FILTER("Emboss", "Emboss", "Makes a picture look as if stamped in grey.", one_image, emboss),
	FILTER("FindEdges", "Find Edges", "Shows where a picture changes.", one_image, find_edges),
	FILTER("Smooth", "Smooth", "Evens out small differences.", one_image, smooth),
	FILTER("Canny", "Canny", "Finds edges by Canny's method.", canny_props, canny),
	FILTER("ConvertToGrayscale", "Convert To Grayscale", "A picture in shades of grey.", one_image, to_grey),
	FILTER("GetChannel", "Get Channel", "The red, green or blue part of a picture in grey.", channel_props,
	       get_channel),
};

NODE_TABLE(nodes_lib_pillow_filter, types);
