/* Pictures as properties and results of nodes. */
#include "wsd/nodes/image_node.h"

#include <string.h>

#include "media/media.h"
#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/posixpath.h"

#define PNG_MAX ((size_t)1 << 30)

const struct node_slot image_output[] = {
	{ .name = "output", .type = "image" },
	{ 0 },
};

struct raster *image_read(struct node_ctx *ctx, const struct value *ref, const char *what)
{
	struct raster *r = NULL;
	struct err err = { 0 };
	struct buf bytes;

	if (!value_is(ref, VALUE_MAP) || asset_empty(ref)) {
		node_fail(ctx, "%s: no picture is connected", what);
		return NULL;
	}
	buf_init(&bytes, ASSET_MAX);
	if (asset_read(ref, node_workspace(ctx), &bytes, &err) == 0)
		r = raster_read(node_arena(ctx), bytes.data ? bytes.data : "", bytes.len, &err);
	buf_free(&bytes);
	if (!r)
		node_fail(ctx, "%s: %s", what, err.detail);
	return r;
}

struct raster *image_property(struct node_ctx *ctx, const char *name)
{
	return image_read(ctx, node_get(ctx, name), name);
}

struct raster *image_of_svg(struct node_ctx *ctx, const struct buf *svg, int64_t width, int64_t height, struct err *err)
{
	struct raster *r = raster_new(node_arena(ctx), width, height, 4, err);

	return r && media_draw_svg(svg->data, svg->len, r->width, r->height, r->px, err) == 0 ? r : NULL;
}

struct value *image_value(const struct raster *r, struct err *err)
{
	static const char *const modes[] = { [1] = "L", [3] = "RGB", [4] = "RGBA" };
	struct value *metadata;
	struct value *ref;
	struct buf png;
	size_t len;

	buf_init(&png, PNG_MAX);
	if (raster_write_png(r, &png, err)) {
		buf_free(&png);
		return NULL;
	}
	len = png.len;
	ref = asset_from_bytes("image", buf_take(&png), len);
	metadata = value_map();
	map_set_int(metadata, "width", r->width);
	map_set_int(metadata, "height", r->height);
	map_set_str(metadata, "mode", modes[r->channels]);
	map_set_str(metadata, "format", "png");
	map_set(ref, "metadata", metadata);
	return ref;
}

enum node_result image_done(struct node_ctx *ctx, const struct raster *r, struct err *err)
{
	struct value *v = r ? image_value(r, err) : NULL;

	return v ? done(ctx, v) : fail_err(ctx, err);
}

enum node_result image_convolved(struct node_ctx *ctx, const struct raster_kernel3 *kernel)
{
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };

	return r ? image_done(ctx, raster_convolve(node_arena(ctx), r, kernel, &err), &err) : NODE_FAILED;
}

/* Picture formats, by how their bytes begin and the endings of their file names. */
static const struct format {
	const char *magic;
	size_t len;
	const char *endings; /* separated by blanks */
	int (*write)(const struct raster *r, struct buf *out, struct err *err);
} formats[] = {
	{ "\x89PNG", 4, ".png .apng", raster_write_png },
	{ "\xff\xd8\xff", 3, ".jpg .jpeg .jpe .jfif", raster_write_jpeg },
	{ "GIF8", 4, ".gif", NULL },
	{ "RIFF", 4, ".webp", NULL },
	{ "BM", 2, ".bmp .dib", NULL },
	{ "II*\0", 4, ".tif .tiff", NULL },
	{ "MM\0*", 4, ".tif .tiff", NULL },
};

static bool has_ending(const struct format *format, const char *ending)
{
	struct sv rest = sv_of(format->endings);
	struct sv one;

	while (sv_split(&rest, ' ', &one)) {
		if (sv_eq_nocase(one, ending))
			return true;
	}
	return false;
}

int image_for_name(struct node_ctx *ctx, const char *name, struct buf *bytes, struct err *err)
{
	const char *ending = name + posix_extension(sv_of(name));
	const struct format *wanted = NULL;
	struct raster *r;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (!has_ending(&formats[i], ending))
			continue;
		wanted = wanted ? wanted : &formats[i];
		if (bytes->len >= formats[i].len && memcmp(bytes->data, formats[i].magic, formats[i].len) == 0)
			return 0;
	}
	if (!wanted)
		return err_set(err, 400, "filename: \"%s\" is no ending of a picture file's name", ending);
	if (!wanted->write)
		return err_set(err, 400, "filename: pictures are written as PNG or JPEG; \"%s\" only for one that is so already",
			       ending);
	r = raster_read(node_arena(ctx), bytes->data ? bytes->data : "", bytes->len, err);
	if (!r)
		return -1;
	buf_reset(bytes);
	return wanted->write(r, bytes, err);
}
