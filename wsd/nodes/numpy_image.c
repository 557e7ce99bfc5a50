/* lib.numpy.conversion: pictures to arrays and back. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"
#include "wsd/nodes/ndarray.h"

#include <math.h>

static enum node_result to_array(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };
	struct nd *a;

	if (!r)
		return NODE_FAILED;
	a = nd_new(node_arena(ctx), ND_DOUBLE, 0, 3, (const int64_t[]){ r->height, r->width, r->channels }, &err);
	if (!a)
		return fail_err(ctx, &err);
	for (size_t i = 0; i < a->n; i++)
		a->d[i] = r->px[i] / 255.0;
	return done(ctx, nd_value(a));
}

/* The lowest 8 bits of the whole part. */
static unsigned char low_byte(double v)
{
	return fabs(v) < 0x1p62 ? (unsigned char)(int64_t)v : 0;
}

static void fill_from(struct raster *r, const struct nd *a)
{
	for (size_t i = 0; i < a->n; i++) {
		switch (a->kind) {
		case ND_BOOL:
			r->px[i] = a->b[i] ? 255 : 0;
			break;
		case ND_INT:
			r->px[i] = (unsigned char)((uint64_t)a->i[i] * 255);
			break;
		case ND_SINGLE:
			r->px[i] = low_byte((double)(a->s[i] * 255));
			break;
		default:
			r->px[i] = low_byte(a->d[i] * 255);
		}
	}
}

static enum node_result to_image(struct node_ctx *ctx)
{
	struct nd *a = nd_property(ctx, "values", true);
	struct raster *r;
	struct err err = { 0 };
	int64_t channels;

	if (!a)
		return NODE_FAILED;
	channels = a->ndim == 3 ? a->shape[2] : 1;
	if (a->ndim != 2 && a->ndim != 3)
		return node_fail(ctx, "values: must have 2 or 3 dimensions (height, width, channels)");
	if (channels != 1 && channels != 3 && channels != 4)
		return node_fail(ctx, "values: must have 1, 3 or 4 channels");
	if (a->kind == ND_HALF)
		a = nd_cast(node_arena(ctx), a, ND_DOUBLE, &err);
	r = a ? raster_new(node_arena(ctx), a->shape[1], a->shape[0], (int)channels, &err) : NULL;
	if (r)
		fill_from(r, a);
	return image_done(ctx, r, &err);
}

static const struct node_prop to_array_props[] = { IMAGE_PROP("image"), { 0 } };

static const struct node_prop to_image_props[] = {
	{ .name = "values", .type = "np_array", .def = "{\"type\":\"np_array\"}" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.numpy.conversion.ConvertToArray",
		.title = "Convert To Array",
		.description = "The pixels of a picture as numbers from 0 to 1.",
		.props = to_array_props,
		.outputs = (const struct node_slot[]){ { .name = "output", .type = "np_array" }, { 0 } },
		.flags = IMAGE_FLAGS,
		.process = to_array,
	},
	{
		.type = "lib.numpy.conversion.ConvertToImage",
		.title = "Convert To Image",
		.description = "A picture of numbers from 0 to 1.",
		.props = to_image_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = to_image,
	},
};

NODE_TABLE(nodes_lib_numpy_image, types);
