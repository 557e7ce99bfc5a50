/* lib.pillow.enhance */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"

#include <math.h>

#define GRID_MAX 256

/* ---- blends with a plainer picture -------------------------------------------------------------------- */

/* Each gives the picture that factor 0 stands for; it is mixed with the original by the factor. */
typedef struct raster *plain_fn(struct arena *arena, struct raster *r, struct err *err);

static enum node_result enhance(struct node_ctx *ctx, plain_fn *plain)
{
	struct raster *r = image_property(ctx, "image");
	struct raster *base;
	struct err err = { 0 };

	if (!r)
		return NODE_FAILED;
	base = plain(node_arena(ctx), r, &err);
	if (base)
		base = raster_blend(node_arena(ctx), base, r, (float)node_float(ctx, "factor"), &err);
	return image_done(ctx, base, &err);
}

static struct raster *plain_black(struct arena *arena, struct raster *r, struct err *err)
{
	return raster_new(arena, r->width, r->height, r->channels, err);
}

static struct raster *plain_colour(struct arena *arena, struct raster *r, struct err *err)
{
	struct raster *grey = raster_convert(arena, r, 1, err);

	return grey ? raster_convert(arena, grey, r->channels, err) : NULL;
}

/* All of it in its mean grey. */
static struct raster *plain_contrast(struct arena *arena, struct raster *r, struct err *err)
{
	struct raster *out = plain_colour(arena, r, err);
	uint64_t sum = 0;
	unsigned char mean;

	if (!out)
		return NULL;
	for (size_t i = 0; i < raster_size(out); i += 3)
		sum += out->px[i];
	mean = (unsigned char)((double)sum / ((double)out->width * out->height) + 0.5);
	raster_fill(out, (const unsigned char[4]){ mean, mean, mean, 255 });
	return out;
}

static const struct raster_kernel3 smooth_kernel = { { 1, 1, 1, 1, 5, 1, 1, 1, 1 }, 13, 0 };

static struct raster *plain_smooth(struct arena *arena, struct raster *r, struct err *err)
{
	return raster_convolve(arena, r, &smooth_kernel, err);
}

static enum node_result brightness(struct node_ctx *ctx)
{
	return enhance(ctx, plain_black);
}

static enum node_result color(struct node_ctx *ctx)
{
	return enhance(ctx, plain_colour);
}

static enum node_result contrast(struct node_ctx *ctx)
{
	return enhance(ctx, plain_contrast);
}

static enum node_result sharpness(struct node_ctx *ctx)
{
	return enhance(ctx, plain_smooth);
}

/* ---- by histogram ------------------------------------------------------------------------------------- */

/* Takes `count` pixels away from one end of the histogram. */
static void cut_off(int64_t h[256], int64_t count, int from, int step)
{
	for (int i = from; i >= 0 && i < 256; i += step) {
		int64_t taken = count > h[i] ? h[i] : count;

		h[i] -= taken;
		count -= taken;
		if (count <= 0)
			return;
	}
}

static void stretch_table(unsigned char table[256], int64_t h[256], int64_t cutoff)
{
	int64_t total = 0;
	double scale;
	int low = 0;
	int high = 255;

	for (int i = 0; i < 256; i++)
		total += h[i];
	if (cutoff) {
		int64_t count = total * cutoff / 100;

		cut_off(h, count, 0, 1);
		cut_off(h, count, 255, -1);
	}
	while (low < 255 && !h[low])
		low++;
	while (high > 0 && !h[high])
		high--;
	scale = high > low ? 255.0 / (high - low) : 1;
	for (int i = 0; i < 256; i++)
		table[i] = high > low ? raster_clip((int)(i * scale + -low * scale)) : (unsigned char)i;
}

static void equal_table(unsigned char table[256], int64_t h[256], int64_t unused)
{
	int64_t total = 0;
	int64_t last = 0;
	int64_t step;
	int64_t n;

	(void)unused;
	for (int i = 0; i < 256; i++) {
		total += h[i];
		last = h[i] ? h[i] : last;
	}
	step = (total - last) / 255;
	n = step / 2;
	for (int i = 0; i < 256; i++) {
		table[i] = step ? raster_clip((int)(n / step)) : (unsigned char)i;
		n += h[i];
	}
}

static enum node_result by_histogram(struct node_ctx *ctx, void (*fill)(unsigned char[256], int64_t[256], int64_t),
				     int64_t by)
{
	struct raster *r = image_property(ctx, "image");
	unsigned char tables[4][256];
	uint64_t counts[4][256];
	struct err err = { 0 };

	if (!r)
		return NODE_FAILED;
	raster_histogram(r, counts);
	for (int c = 0; c < r->channels; c++) {
		int64_t h[256];

		for (int i = 0; i < 256; i++)
			h[i] = (int64_t)counts[c][i];
		fill(tables[c], h, by);
	}
	raster_lookup(r, tables);
	return image_done(ctx, r, &err);
}

static enum node_result auto_contrast(struct node_ctx *ctx)
{
	int64_t cutoff;

	if (!int_property(ctx, "cutoff", &cutoff))
		return NODE_FAILED;
	if (cutoff < 0)
		return node_fail(ctx, "cutoff: must not be negative");
	return by_histogram(ctx, stretch_table, cutoff > 100 ? 100 : cutoff);
}

static enum node_result equalize(struct node_ctx *ctx)
{
	return by_histogram(ctx, equal_table, 0);
}

/* Of the lightness alone. The channels count as blue, green, red, as in the original. */
static enum node_result adaptive_contrast(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct arena *arena = node_arena(ctx);
	double limit = node_float(ctx, "clip_limit");
	struct raster *light;
	struct err err = { 0 };
	int64_t grid;

	if (!r || !int_property(ctx, "grid_size", &grid))
		return NODE_FAILED;
	if (grid < 1 || grid > GRID_MAX)
		return node_fail(ctx, "grid_size: must be between 1 and %d", GRID_MAX);
	raster_swap_ends(r);
	raster_to_lab(r);
	light = raster_channel(arena, r, 0, &err);
	light = light ? raster_clahe(arena, light, limit, (int)grid, &err) : NULL;
	if (!light)
		return fail_err(ctx, &err);
	for (size_t i = 0; i < raster_size(light); i++)
		r->px[i * 3] = light->px[i];
	raster_from_lab(r);
	raster_swap_ends(r);
	return image_done(ctx, r, &err);
}

/* ---- neighbourhoods ----------------------------------------------------------------------------------- */

static enum node_result detail(struct node_ctx *ctx)
{
	return image_convolved(ctx, &(struct raster_kernel3){ { 0, -1, 0, -1, 10, -1, 0, -1, 0 }, 6, 0 });
}

static enum node_result edge_enhance(struct node_ctx *ctx)
{
	return image_convolved(ctx, &(struct raster_kernel3){ { -1, -1, -1, -1, 10, -1, -1, -1, -1 }, 2, 0 });
}

static enum node_result sharpen(struct node_ctx *ctx)
{
	return image_convolved(ctx, &(struct raster_kernel3){ { -2, -2, -2, -2, 32, -2, -2, -2, -2 }, 16, 0 });
}

static enum node_result rank_filter(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };
	int64_t size;
	int64_t rank;

	if (!r || !int_property(ctx, "size", &size) || !int_property(ctx, "rank", &rank))
		return NODE_FAILED;
	if (size < 1 || size > RASTER_SIDE_MAX)
		return node_fail(ctx, "size: must be between 1 and %d", RASTER_SIDE_MAX);
	return image_done(ctx, raster_rank(node_arena(ctx), r, (int)size, rank, &err), &err);
}

static enum node_result unsharp_mask(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };
	int64_t radius;
	int64_t percent;
	int64_t threshold;

	if (!r || !int_property(ctx, "radius", &radius) || !int_property(ctx, "percent", &percent) ||
	    !int_property(ctx, "threshold", &threshold))
		return NODE_FAILED;
	if (radius < -RASTER_SIDE_MAX || radius > RASTER_SIDE_MAX)
		return node_fail(ctx, "radius: must not be above %d", RASTER_SIDE_MAX);
	if (percent < -INT32_MAX / 255 || percent > INT32_MAX / 255)
		return node_fail(ctx, "percent: must not be above %d", INT32_MAX / 255);
	return image_done(ctx, raster_unsharp(node_arena(ctx), r, (float)radius, percent, threshold, &err), &err);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop one_image[] = { IMAGE_PROP("image"), { 0 } };

static const struct node_prop factor_props[] = {
	IMAGE_PROP("image"),
	{ .name = "factor", .type = "float", .def = "1.0" },
	{ 0 },
};

static const struct node_prop brightness_props[] = {
	IMAGE_PROP("image"),
	{ .name = "factor", .type = "union[float,int]", .def = "1.0" },
	{ 0 },
};

static const struct node_prop cutoff_props[] = {
	IMAGE_PROP("image"),
	{ .name = "cutoff", .type = "int", .def = "0", .min = "0.0", .max = "255.0" },
	{ 0 },
};

static const struct node_prop adaptive_props[] = {
	IMAGE_PROP("image"),
	{ .name = "clip_limit", .type = "float", .def = "2.0", .min = "0.0", .max = "100.0" },
	{ .name = "grid_size", .type = "int", .def = "8", .min = "1.0", .max = "64.0" },
	{ 0 },
};

static const struct node_prop rank_props[] = {
	IMAGE_PROP("image"),
	{ .name = "size", .type = "int", .def = "3", .min = "1.0", .max = "512.0" },
	{ .name = "rank", .type = "int", .def = "3", .min = "1.0", .max = "512.0" },
	{ 0 },
};

static const struct node_prop unsharp_props[] = {
	IMAGE_PROP("image"),
	{ .name = "radius", .type = "int", .def = "2", .min = "0.0", .max = "512.0" },
	{ .name = "percent", .type = "int", .def = "150", .min = "0.0", .max = "1000.0" },
	{ .name = "threshold", .type = "int", .def = "3", .min = "0.0", .max = "512.0" },
	{ 0 },
};

#define ENHANCE(name, shown, line, property_table, function)                                                           \
	{                                                                                                              \
		.type = "lib.pillow.enhance." name, .title = (shown), .description = (line),                           \
		.props = (property_table), .outputs = image_output, .flags = IMAGE_FLAGS, .process = (function),       \
	}

static const struct node_type types[] = {
	ENHANCE("AutoContrast", "Auto Contrast", "Stretches each channel to the full range.", cutoff_props,
		auto_contrast),
	ENHANCE("Sharpness", "Sharpness", "Makes a picture sharper or softer.", factor_props, sharpness),
	ENHANCE("Equalize", "Equalize", "Gives all brightnesses the same share.", one_image, equalize),
	ENHANCE("Contrast", "Contrast", "Raises or lowers the contrast.", factor_props, contrast),
	ENHANCE("EdgeEnhance", "Edge Enhance", "Makes edges stand out.", one_image, edge_enhance),
	ENHANCE("Sharpen", "Sharpen", "Sharpens a picture.", one_image, sharpen),
	ENHANCE("RankFilter", "Rank Filter", "Replaces each pixel by the one of a rank among its neighbours.",
		rank_props, rank_filter),
	ENHANCE("UnsharpMask", "Unsharp Mask", "Sharpens by the difference to a blurred copy.", unsharp_props,
		unsharp_mask),
	ENHANCE("Brightness", "Brightness", "Makes a picture lighter or darker.", brightness_props, brightness),
	ENHANCE("Color", "Color", "Makes colours stronger or weaker.", factor_props, color),
	ENHANCE("Detail", "Detail", "Brings out fine details.", one_image, detail),
	ENHANCE("AdaptiveContrast", "Adaptive Contrast", "Raises the contrast part by part.", adaptive_props,
		adaptive_contrast),
};

NODE_TABLE(nodes_lib_pillow_enhance, types);
