/* lib.grid: pictures cut into tiles, and put together again. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"

#include <math.h>

#define TILES_MAX 10000
#define SIDES     3 /* columns and rows when neither is given */

/* ceil(a / b * n), at most more than any picture has pixels. */
static int64_t proportional(int a, int b, int64_t n)
{
	double v = ceil((double)a / b * (double)n);

	return v < RASTER_SIDE_MAX + 1 ? (int64_t)v : RASTER_SIDE_MAX + 1;
}

static enum node_result cut(struct node_ctx *ctx, const struct raster *r, int width, int height)
{
	struct value *tiles = value_list();
	struct err err = { 0 };

	for (int y = 0; y < r->height; y += height) {
		for (int x = 0; x < r->width; x += width) {
			int right = x + width < r->width ? x + width : r->width;
			int bottom = y + height < r->height ? y + height : r->height;
			struct raster *tile = raster_crop(node_arena(ctx), r, x, y, right, bottom, &err);
			struct value *v = tile ? image_value(tile, &err) : NULL;

			if (!v) {
				value_unref(tiles);
				return fail_err(ctx, &err);
			}
			list_push(tiles, v);
		}
	}
	return done(ctx, tiles);
}

static enum node_result slice(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	int64_t columns;
	int64_t rows;
	int width;
	int height;

	if (!r || !int_property(ctx, "columns", &columns) || !int_property(ctx, "rows", &rows))
		return NODE_FAILED;
	if (columns <= 0 && rows <= 0)
		columns = rows = SIDES;
	else if (columns <= 0)
		columns = proportional(r->width, r->height, rows);
	else if (rows <= 0)
		rows = proportional(r->height, r->width, columns);
	if (columns > r->width || rows > r->height)
		return node_fail(ctx, "columns, rows: more tiles than the picture's %d x %d pixels", r->width,
				 r->height);
	width = r->width / (int)columns;
	height = r->height / (int)rows;
	if ((int64_t)(r->width / width + 1) * (r->height / height + 1) > TILES_MAX)
		return node_fail(ctx, "columns, rows: more than %d tiles", TILES_MAX);
	return cut(ctx, r, width, height);
}

static enum node_result combine(struct node_ctx *ctx)
{
	struct value *tiles = node_get(ctx, "tiles");
	size_t n = value_len(tiles);
	struct arena *arena = node_arena(ctx);
	struct raster **parts = arena_alloc(arena, (n + 1) * sizeof(struct raster *));
	struct raster *whole;
	struct err err = { 0 };
	int64_t columns;
	int width = 0;
	int height = 0;

	if (!int_property(ctx, "columns", &columns))
		return NODE_FAILED;
	if (!n || n > TILES_MAX)
		return node_fail(ctx, "tiles: must have between 1 and %d pictures", TILES_MAX);
	for (size_t i = 0; i < n; i++) {
		parts[i] = image_read(ctx, list_at(tiles, i), "tiles");
		if (!parts[i])
			return NODE_FAILED;
		width = parts[i]->width > width ? parts[i]->width : width;
		height = parts[i]->height > height ? parts[i]->height : height;
	}
	if (columns <= 0)
		columns = (int64_t)sqrt((double)n);
	if (columns > RASTER_SIDE_MAX)
		return node_fail(ctx, "columns: more than %d", RASTER_SIDE_MAX);
	whole = raster_new(arena, width * columns, height * (((int64_t)n + columns - 1) / columns), 4, &err);
	for (size_t i = 0; whole && i < n; i++) {
		struct raster *part = raster_convert(arena, parts[i], 4, &err);

		if (!part)
			return fail_err(ctx, &err);
		raster_paste(whole, part, (int64_t)i % columns * width, (int64_t)i / columns * height);
	}
	return image_done(ctx, whole, &err);
}

static const struct node_prop slice_props[] = {
	IMAGE_PROP("image"),
	{ .name = "columns", .type = "int", .def = "0", .min = "0.0" },
	{ .name = "rows", .type = "int", .def = "0", .min = "0.0" },
	{ 0 },
};

static const struct node_prop combine_props[] = {
	{ .name = "tiles", .type = "list[image]", .def = "[]" },
	{ .name = "columns", .type = "int", .def = "0", .min = "0.0" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.grid.SliceImageGrid",
		.title = "Slice Image Grid",
		.description = "Cuts a picture into tiles, row by row.",
		.props = slice_props,
		.outputs = (const struct node_slot[]){ { .name = "output", .type = "list[image]" }, { 0 } },
		.flags = IMAGE_FLAGS,
		.process = slice,
	},
	{
		.type = "lib.grid.CombineImageGrid",
		.title = "Combine Image Grid",
		.description = "Puts tiles together to one picture, row by row.",
		.props = combine_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = combine,
	},
};

NODE_TABLE(nodes_lib_grid, types);
