/* lib.pillow.draw */
#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"

#include <math.h>
#include <string.h>
#include <sys/random.h>

#include "files/files.h"

#define FONT_SIZE_MAX 4096
#define FONT_FILE_MAX ((size_t)32 << 20)

/* The colour of a property; false after node_fail. */
static bool color_property(struct node_ctx *ctx, unsigned char color[4])
{
	struct err err = { 0 };

	if (raster_color(map_str(node_get(ctx, "color"), "value", ""), color, &err) == 0)
		return true;
	node_fail(ctx, "color: %s", err.detail);
	return false;
}

/* A new RGB picture of the properties width and height; NULL after node_fail. */
static struct raster *new_picture(struct node_ctx *ctx)
{
	struct raster *r;
	struct err err = { 0 };
	int64_t width;
	int64_t height;

	if (!int_property(ctx, "width", &width) || !int_property(ctx, "height", &height))
		return NULL;
	r = raster_new(node_arena(ctx), width, height, 3, &err);
	if (!r)
		node_fail(ctx, "width, height: %s", err.detail);
	return r;
}

static enum node_result background(struct node_ctx *ctx)
{
	unsigned char color[4];
	struct raster *r;
	struct err err = { 0 };

	if (!color_property(ctx, color))
		return NODE_FAILED;
	r = new_picture(ctx);
	if (!r)
		return NODE_FAILED;
	raster_fill(r, color);
	return image_done(ctx, r, &err);
}

/* ---- noise -------------------------------------------------------------------------------------------- */

/* xoshiro256**: fast, and good enough for what is looked at. */
static uint64_t next_random(uint64_t s[4])
{
	uint64_t fives = s[1] * 5;
	uint64_t out = (fives << 7 | fives >> 57) * 9;
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = s[3] << 45 | s[3] >> 19;
	return out;
}

/* In (0, 1]. */
static double uniform(uint64_t s[4])
{
	return (double)((next_random(s) >> 11) + 1) * 0x1p-53;
}

static unsigned char noise_byte(double v)
{
	return v > 0 ? v < 1 ? (unsigned char)(v * 255) : 255 : 0;
}

static enum node_result gaussian_noise(struct node_ctx *ctx)
{
	double mean = node_float(ctx, "mean");
	double stddev = node_float(ctx, "stddev");
	struct raster *r;
	struct err err = { 0 };
	uint64_t seed[4];

	if (!(stddev >= 0))
		return node_fail(ctx, "stddev: must not be negative");
	r = new_picture(ctx);
	if (!r)
		return NODE_FAILED;
	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		return node_fail(ctx, "there are no random numbers");
	seed[0] |= 1;
	/* Box and Muller: two normal numbers from two even ones. */
	for (size_t i = 0; i < raster_size(r); i += 2) {
		double radius = stddev * sqrt(-2 * log(uniform(seed)));
		double angle = 2 * M_PI * uniform(seed);

		r->px[i] = noise_byte(mean + radius * cos(angle));
		if (i + 1 < raster_size(r))
			r->px[i + 1] = noise_byte(mean + radius * sin(angle));
	}
	return image_done(ctx, r, &err);
}

/* ---- text --------------------------------------------------------------------------------------------- */

struct font_search {
	const char *name;
	struct arena *arena;
	char *found;
};

/* A file of that name, or with that name and an ending of fonts; capitals do not matter. */
static int match_font(int at, const char *name, const char *path, void *arg)
{
	struct font_search *search = arg;
	struct sv file = sv_of(name);
	bool font = file.n > 4 && (sv_eq_nocase((struct sv){ name + file.n - 4, 4 }, ".ttf") ||
				   sv_eq_nocase((struct sv){ name + file.n - 4, 4 }, ".otf"));

	(void)at;
	if (!font ||
	    (!sv_eq_nocase(file, search->name) && !sv_eq_nocase((struct sv){ name, file.n - 4 }, search->name)))
		return 0;
	search->found = arena_printf(search->arena, "%s", path);
	return 1;
}

/* The file of a font that is installed; NULL when there is none. */
static const char *system_font(struct arena *arena, const char *name)
{
	const char *const folders[] = { "/usr/share/fonts", "/usr/local/share/fonts",
					arena_printf(arena, "%s/.fonts", config_home()),
					arena_printf(arena, "%s/.local/share/fonts", config_home()) };
	struct font_search search = { .name = name, .arena = arena };

	for (size_t i = 0; i < ARRAY_LEN(folders) && !search.found; i++)
		files_walk(arena, folders[i], match_font, &search);
	return search.found;
}

/* Fills in the font's file or its bytes (in `bytes`). */
static int find_font(struct node_ctx *ctx, struct raster_text *text, struct buf *bytes, struct err *err)
{
	const struct value *font = node_get(ctx, "font");
	const char *source = map_str(font, "source", "system");
	const char *name = map_str(font, "name", "");

	if (strcmp(source, "url") == 0) {
		if (asset_read_uri(map_str(font, "url", ""), node_workspace(ctx), bytes, err))
			return -1;
		text->font = bytes->data ? bytes->data : "";
		text->font_len = bytes->len;
		return 0;
	}
	if (strcmp(source, "system") != 0)
		return err_set(err, 400, "the source \"%s\" is not known here: take a font of this machine, or its url",
			       source);
	text->font_path = *name ? system_font(node_arena(ctx), name) : NULL;
	return text->font_path ? 0 : err_set(err, 400, "there is no font \"%s\" on this machine", name);
}

static bool text_properties(struct node_ctx *ctx, struct raster_text *text)
{
	const char *align = node_text(ctx, "align");
	int64_t size;

	if (!int_property(ctx, "x", &text->x) || !int_property(ctx, "y", &text->y) ||
	    !int_property(ctx, "size", &size) || !color_property(ctx, text->color))
		return false;
	if (size < 1 || size > FONT_SIZE_MAX) {
		node_fail(ctx, "size: must be between 1 and %d", FONT_SIZE_MAX);
		return false;
	}
	if (text->x < -RASTER_SIDE_MAX || text->x > RASTER_SIDE_MAX || text->y < -RASTER_SIDE_MAX ||
	    text->y > RASTER_SIDE_MAX) {
		node_fail(ctx, "x, y: must be between -%d and %d", RASTER_SIDE_MAX, RASTER_SIDE_MAX);
		return false;
	}
	text->size = (int)size;
	text->text = node_sv(ctx, "text");
	text->align = strcmp(align, "center") == 0  ? RASTER_CENTER
		      : strcmp(align, "right") == 0 ? RASTER_RIGHT
						    : RASTER_LEFT;
	return true;
}

static enum node_result render_text(struct node_ctx *ctx)
{
	struct raster *r = image_property(ctx, "image");
	struct raster_text text = { 0 };
	struct err err = { 0 };
	struct buf font;
	int status;

	if (!r || !text_properties(ctx, &text))
		return NODE_FAILED;
	buf_init(&font, FONT_FILE_MAX);
	status = find_font(ctx, &text, &font, &err);
	if (status)
		node_fail(ctx, "font: %s", err.detail);
	else
		status = raster_draw_text(r, &text, &err);
	buf_free(&font);
	if (status)
		return text.font || text.font_path ? fail_err(ctx, &err) : NODE_FAILED;
	return image_done(ctx, r, &err);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop background_props[] = {
	{ .name = "width", .type = "int", .def = "512", .min = "1.0", .max = "4096.0" },
	{ .name = "height", .type = "int", .def = "512", .min = "1.0", .max = "4096.0" },
	{ .name = "color", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#FFFFFF\"}" },
	{ 0 },
};

static const struct node_prop text_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "font",
	  .type = "font",
	  .def = "{\"type\": \"font\", \"name\": \"DejaVuSans\", \"source\": \"system\", \"url\": \"\", "
		 "\"weight\": \"regular\"}" },
	{ .name = "x", .type = "int", .def = "0" },
	{ .name = "y", .type = "int", .def = "0" },
	{ .name = "size", .type = "int", .def = "12", .min = "1.0", .max = "512.0" },
	{ .name = "color", .type = "color", .def = "{\"type\": \"color\", \"value\": \"#000000\"}" },
	{ .name = "align",
	  .type = "enum(nodetool.nodes.lib.pillow.draw.RenderText.TextAlignment:left|center|right)",
	  .def = "\"left\"" },
	IMAGE_PROP("image"),
	{ 0 },
};

static const struct node_prop noise_props[] = {
	{ .name = "mean", .type = "float", .def = "0.0" },
	{ .name = "stddev", .type = "float", .def = "1.0" },
	{ .name = "width", .type = "int", .def = "512", .min = "1.0", .max = "1024.0" },
	{ .name = "height", .type = "int", .def = "512", .min = "1.0", .max = "1024.0" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.pillow.draw.Background",
		.title = "Background",
		.description = "A picture of one colour.",
		.props = background_props,
		.outputs = image_output,
		.flags = IMAGE_FLAGS,
		.process = background,
	},
	{
		.type = "lib.pillow.draw.RenderText",
		.title = "Render Text",
		.description = "Writes text on a picture.",
		.props = text_props,
		.outputs = image_output,
		.flags = NODE_BLOCKING,
		.process = render_text,
	},
	{
		.type = "lib.pillow.draw.GaussianNoise",
		.title = "Gaussian Noise",
		.description = "A picture of random colours, normally distributed.",
		.props = noise_props,
		.outputs = image_output,
		.flags = NODE_BLOCKING,
		.process = gaussian_noise,
	},
};

NODE_TABLE(nodes_lib_pillow_draw, types);
