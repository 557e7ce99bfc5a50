/* nodetool.image: sizes, parts and lists of pictures. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"

#include <math.h>
#include <string.h>

static enum node_result get_metadata(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");

	if (!r)
		return NODE_FAILED;
	/* As every node sees the picture: read, as RGB, whatever the file was. */
	node_emit(ctx, "format", value_str("Unknown"));
	node_emit(ctx, "mode", value_str("RGB"));
	node_emit(ctx, "width", value_int(r->width));
	node_emit(ctx, "height", value_int(r->height));
	node_emit(ctx, "channels", value_int(r->channels));
	return NODE_DONE;
}

static struct value *image_of(struct value *data)
{
	struct value *ref;

	if (value_is(data, VALUE_MAP) && strcmp(map_str(data, "type", ""), "image") == 0)
		return value_ref(data);
	ref = asset_new("image");
	map_set(ref, "data", value_ref(data));
	return ref;
}

static enum node_result batch_to_list(struct node_ctx *ctx)
{
	struct value *data = map_get(node_get(ctx, "batch"), "data");
	struct value *out;

	if (!value_is(data, VALUE_LIST))
		return node_fail(ctx, "batch: its data is no list of pictures");
	out = value_list();
	for (size_t i = 0; i < value_len(data); i++)
		list_push(out, image_of(list_at(data, i)));
	return done(ctx, out);
}

static enum node_result images_to_list(struct node_ctx *ctx)
{
	struct value *out = value_list();
	struct value *v;

	for (size_t i = 0; map_entry(node_dynamic(ctx), i, NULL, &v); i++)
		list_push(out, image_of(v));
	return done(ctx, out);
}

static enum node_result paste(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct raster *over = r ? image_property(ctx, "paste") : NULL;
	struct err err = { 0 };
	int64_t left;
	int64_t top;

	if (!over || !int_property(ctx, "left", &left) || !int_property(ctx, "top", &top))
		return NODE_FAILED;
	raster_paste(r, over, left, top);
	return image_done(ctx, r, &err);
}

static enum node_result scale(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	double by = node_float(ctx, "scale");
	struct err err = { 0 };

	if (!r)
		return NODE_FAILED;
	if (!(by >= 0 && by <= RASTER_SIDE_MAX))
		return node_fail(ctx, "scale: must be between 0 and %d", RASTER_SIDE_MAX);
	if (r->width * by < 1 || r->height * by < 1)
		return node_fail(ctx, "scale: a picture of %d x %d pixels would have none left", r->width, r->height);
	return image_done(ctx,
			  raster_scale(node_arena(ctx), r, (int64_t)(r->width * by), (int64_t)(r->height * by),
				       RASTER_LANCZOS, &err),
			  &err);
}

/* The side of a picture to be made; false after failing the node. */
static bool side_property(struct node_ctx *ctx, const char *name, int64_t *out)
{
	if (!int_property(ctx, name, out))
		return false;
	if (*out < 1 || *out > RASTER_SIDE_MAX) {
		node_fail(ctx, "%s: must be between 1 and %d", name, RASTER_SIDE_MAX);
		return false;
	}
	return true;
}

/* Both take a picture to a size. */
static enum node_result to_size(struct node_ctx *ctx,
				struct raster *(*resize)(struct arena *, struct raster *, int64_t, int64_t,
							 enum raster_kernel, struct err *))
{
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };
	int64_t width;
	int64_t height;

	if (!r || !side_property(ctx, "width", &width) || !side_property(ctx, "height", &height))
		return NODE_FAILED;
	return image_done(ctx, resize(node_arena(ctx), r, width, height, RASTER_LANCZOS, &err), &err);
}

static enum node_result resize(struct node_ctx *ctx)
{
	return to_size(ctx, raster_scale);
}

static enum node_result fit(struct node_ctx *ctx)
{
	return to_size(ctx, raster_fit);
}

static enum node_result crop(struct node_ctx *ctx)
{
	static const char *const names[4] = { "left", "top", "right", "bottom" };
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };
	int64_t side[4];

	if (!r)
		return NODE_FAILED;
	for (int i = 0; i < 4; i++) {
		if (!int_property(ctx, names[i], &side[i]))
			return NODE_FAILED;
	}
	for (int i = 0; i < 2; i++) {
		if (side[i + 2] <= side[i] || (uint64_t)side[i + 2] - (uint64_t)side[i] > RASTER_SIDE_MAX)
			return node_fail(ctx, "%s: must lie 1 to %d pixels behind %s", names[i + 2], RASTER_SIDE_MAX,
					 names[i]);
	}
	return image_done(ctx, raster_crop(node_arena(ctx), r, side[0], side[1], side[2], side[3], &err), &err);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop one_image[] = { IMAGE_PROP("image"), { 0 } };

static const struct node_slot metadata_outputs[] = {
	{ .name = "format", .type = "str" }, { .name = "mode", .type = "str" },     { .name = "width", .type = "int" },
	{ .name = "height", .type = "int" }, { .name = "channels", .type = "int" }, { 0 },
};

static const struct node_slot list_output[] = { { .name = "output", .type = "list[image]" }, { 0 } };

static const struct node_prop batch_props[] = { IMAGE_PROP("batch"), { 0 } };

static const struct node_prop paste_props[] = {
	IMAGE_PROP("image"),
	IMAGE_PROP("paste"),
	{ .name = "left", .type = "int", .def = "0", .min = "0.0", .max = "4096.0" },
	{ .name = "top", .type = "int", .def = "0", .min = "0.0", .max = "4096.0" },
	{ 0 },
};

static const struct node_prop scale_props[] = {
	IMAGE_PROP("image"),
	{ .name = "scale", .type = "float", .def = "1.0", .min = "0.0", .max = "10.0" },
	{ 0 },
};

static const struct node_prop resize_props[] = {
	IMAGE_PROP("image"),
	{ .name = "width", .type = "int", .def = "512", .min = "0.0", .max = "4096.0" },
	{ .name = "height", .type = "int", .def = "512", .min = "0.0", .max = "4096.0" },
	{ 0 },
};

static const struct node_prop fit_props[] = {
	IMAGE_PROP("image"),
	{ .name = "width", .type = "int", .def = "512", .min = "1.0", .max = "4096.0" },
	{ .name = "height", .type = "int", .def = "512", .min = "1.0", .max = "4096.0" },
	{ 0 },
};

static const struct node_prop crop_props[] = {
	IMAGE_PROP("image"),
	{ .name = "left", .type = "int", .def = "0", .min = "0.0", .max = "4096.0" },
	{ .name = "top", .type = "int", .def = "0", .min = "0.0", .max = "4096.0" },
	{ .name = "right", .type = "int", .def = "512", .min = "0.0", .max = "4096.0" },
	{ .name = "bottom", .type = "int", .def = "512", .min = "0.0", .max = "4096.0" },
	{ 0 },
};

#define NO_PROPS ((const struct node_prop[]){ { 0 } })

static const struct node_type types[] = {
	{
		.type = "nodetool.image.GetMetadata",
		.title = "Get Metadata",
		.description = "Size and colour mode of a picture, as the nodes work on it.",
		.props = one_image,
		.outputs = metadata_outputs,
		.flags = IMAGE_FLAGS,
		.process = get_metadata,
	},
	{
		.type = "nodetool.image.BatchToList",
		.title = "Batch To List",
		.description = "The single pictures of a reference that holds several.",
		.props = batch_props,
		.outputs = list_output,
		.flags = NODE_PURE,
		.process = batch_to_list,
	},
	{
		.type = "nodetool.image.ImagesToList",
		.title = "Images To List",
		.description = "A list of all pictures that are connected.",
		.props = NO_PROPS,
		.outputs = list_output,
		.flags = NODE_PURE | NODE_DYNAMIC | NODE_NOT_CACHEABLE,
		.process = images_to_list,
	},
	{
		.type = "nodetool.image.Paste",
		.title = "Paste",
		.description = "Lays one picture over another at a position.",
		.props = paste_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = paste,
	},
	{
		.type = "nodetool.image.Scale",
		.title = "Scale",
		.description = "Makes a picture larger or smaller by a factor.",
		.props = scale_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = scale,
	},
	{
		.type = "nodetool.image.Resize",
		.title = "Resize",
		.description = "Brings a picture to a width and a height.",
		.props = resize_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = resize,
	},
	{
		.type = "nodetool.image.Crop",
		.title = "Crop",
		.description = "Cuts a rectangle out of a picture.",
		.props = crop_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = crop,
	},
	{
		.type = "nodetool.image.Fit",
		.title = "Fit",
		.description = "Fills a width and a height with a picture: cut in the middle, then resized.",
		.props = fit_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = fit,
	},
};

NODE_TABLE(nodes_image, types);
