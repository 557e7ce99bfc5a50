/* Nodes of nodetool.image, lib.pillow, lib.grid and what of lib.numpy and lib.svg makes pictures. */
#include "node_harness.h"

#include "db/db.h"
#include "model/model.h"
#include "storage/storage.h"
#include "wsd/nodes/raster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

extern const struct node_table nodes_image;
extern const struct node_table nodes_image_file;
extern const struct node_table nodes_lib_grid;
extern const struct node_table nodes_lib_numpy_image;
extern const struct node_table nodes_lib_numpy_plot;
extern const struct node_table nodes_lib_pillow;
extern const struct node_table nodes_lib_pillow_draw;
extern const struct node_table nodes_lib_pillow_enhance;
extern const struct node_table nodes_lib_pillow_filter;
extern const struct node_table nodes_lib_pillow_grade;
extern const struct node_table nodes_lib_pillow_grade_look;
extern const struct node_table nodes_lib_svg_image;

static char space[] = "/tmp/test_nodes_image.XXXXXX";
static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return mkdtemp(space) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	arena_free(arena);
	snprintf(command, sizeof(command), "rm -r %s", space);
	return system(command);
}

/* A reference to a picture of 4 x 3 pixels, in which red grows to the right and green downwards. */
static struct value *picture(void)
{
	struct raster *r = raster_new(arena, 4, 3, 3, NULL);
	struct value *ref = value_map();
	struct err err = { 0 };
	struct buf png;

	for (int y = 0; y < 3; y++) {
		for (int x = 0; x < 4; x++) {
			raster_at(r, x, y)[0] = (unsigned char)(x * 60);
			raster_at(r, x, y)[1] = (unsigned char)(y * 100);
		}
	}
	buf_init(&png, BUF_MAX_BODY);
	assert_int_equal(raster_write_png(r, &png, &err), 0);
	map_mark_typed(ref);
	map_set_str(ref, "type", "image");
	map_set_str(ref, "uri", "");
	map_set(ref, "asset_id", value_null());
	map_set(ref, "data", value_bytes(png.data, png.len));
	map_set(ref, "metadata", value_null());
	buf_free(&png);
	return ref;
}

/* The node with the properties and pictures on the handles named (separated by blanks). */
static struct harness *node(const struct node_table *table, const char *type, const char *props, const char *handles)
{
	struct harness *h = harness_new(table, type, props, NULL);
	struct sv rest = sv_of(handles);
	struct sv name;

	harness_workspace(h, space);
	while (sv_split(&rest, ' ', &name)) {
		if (name.n)
			harness_set(h, arena_strndup(arena, name.p, name.n), picture());
	}
	return h;
}

static void fails(const struct node_table *table, const char *type, const char *props, const char *handles,
		  const char *reason)
{
	struct harness *h = node(table, type, props, handles);

	if (harness_run(h) != NODE_FAILED)
		fail_msg("%s: does not fail with %s", type, props);
	if (!strstr(harness_error(h), reason))
		fail_msg("%s: \"%s\" without \"%s\"", type, harness_error(h), reason);
	harness_free(h);
}

static struct raster *read_back(const struct value *ref)
{
	const struct value *data = map_get(ref, "data");
	struct err err = { 0 };
	struct raster *r;

	assert_true(value_is(data, VALUE_BYTES));
	r = raster_read(arena, value_text(data), value_len(data), &err);
	if (!r)
		fail_msg("%s", err.detail);
	return r;
}

static struct raster *gives(const struct node_table *table, const char *type, const char *props, const char *handles)
{
	struct harness *h = node(table, type, props, handles);
	struct raster *r;

	if (harness_run(h) != NODE_DONE)
		fail_msg("%s: %s", type, harness_error(h));
	r = read_back(harness_output(h, "output", 0));
	harness_free(h);
	return r;
}

static void pixel(const struct raster *r, int x, int y, int red, int green, int blue)
{
	const unsigned char *p = raster_at(r, x, y);

	if (p[0] != red || p[1] != green || p[2] != blue)
		fail_msg("pixel %d, %d: %d %d %d", x, y, p[0], p[1], p[2]);
}

static void test_sizes(void **state)
{
	const struct node_table *t = &nodes_image;
	struct raster *r;

	(void)state;
	r = gives(t, "nodetool.image.Crop", "{\"left\": 1, \"top\": 1, \"right\": 6, \"bottom\": 3}", "image");
	assert_int_equal(r->width, 5);
	pixel(r, 0, 0, 60, 100, 0);
	pixel(r, 4, 1, 0, 0, 0);
	r = gives(t, "nodetool.image.Paste", "{\"left\": 2, \"top\": 1}", "image paste");
	pixel(r, 2, 1, 0, 0, 0);
	pixel(r, 1, 1, 60, 100, 0);
	assert_int_equal(gives(t, "nodetool.image.Scale", "{\"scale\": 1.9}", "image")->width, 7);
	assert_int_equal(gives(t, "nodetool.image.Resize", "{\"width\": 5, \"height\": 2}", "image")->height, 2);
	assert_int_equal(gives(t, "nodetool.image.Fit", "{\"width\": 2, \"height\": 9}", "image")->height, 9);
	fails(t, "nodetool.image.Crop", "{\"left\": 3, \"right\": 2, \"bottom\": 3}", "image", "right: must lie 1 to");
	fails(t, "nodetool.image.Scale", "{\"scale\": 0.1}", "image", "scale: ");
	fails(t, "nodetool.image.Scale", "{\"scale\": 1e300}", "image", "scale");
	fails(t, "nodetool.image.Scale", "{\"scale\": -1}", "image", "scale");
	fails(t, "nodetool.image.Resize", "{\"width\": 65000, \"height\": 65000}", "image", "too large");
	fails(t, "nodetool.image.Resize", "{\"width\": 0, \"height\": 5}", "image", "width: must be");
	fails(t, "nodetool.image.Fit", "{\"width\": -1, \"height\": 5}", "image", "width");
	fails(t, "nodetool.image.Paste", "{}", "image", "paste: no picture");
	fails(t, "nodetool.image.GetMetadata",
	      "{\"image\": {\"type\": \"image\", \"uri\": \"data:image/png;base64,AAAA\"}}", "",
	      "image: the picture cannot be read");
	fails(t, "nodetool.image.BatchToList", "{}", "batch", "batch");
}

static void test_files(void **state)
{
	const struct node_table *t = &nodes_image_file;
	char props[300];
	struct harness *h;

	(void)state;
	snprintf(props, sizeof(props), "{\"folder\": \"%s\", \"filename\": \"a.png\"}", space);
	gives(t, "nodetool.image.SaveImageFile", props, "image");
	gives(t, "nodetool.image.SaveImageFile", props, "image"); /* becomes a_1.png */
	snprintf(props, sizeof(props), "{\"folder\": \"%s\", \"filename\": \"b.jpg\"}", space);
	gives(t, "nodetool.image.SaveImageFile", props, "image");
	snprintf(props, sizeof(props), "{\"path\": \"%s/a_1.png\"}", space);
	assert_int_equal(gives(t, "nodetool.image.LoadImageFile", props, "")->width, 4);
	snprintf(props, sizeof(props),
		 "{\"folder\": \"%s\", \"extensions\": [\".PNG\", \".jpg\"], \"pattern\": \"*a*\"}", space);
	h = node(t, "nodetool.image.LoadImageFolder", props, "");
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_true(harness_count(h, "image") >= 2);
	assert_int_equal(harness_count(h, "image"), harness_count(h, "path"));
	harness_free(h);
	snprintf(props, sizeof(props), "{\"folder\": \"%s\", \"filename\": \"a.bmp\"}", space);
	fails(t, "nodetool.image.SaveImageFile", props, "image", "PNG or JPEG");
	snprintf(props, sizeof(props), "{\"folder\": \"%s\", \"filename\": \"a.exe\"}", space);
	fails(t, "nodetool.image.SaveImageFile", props, "image", "no ending");
	fails(t, "nodetool.image.SaveImageFile", "{\"folder\": \"/nonexistent\", \"filename\": \"a.png\"}", "image",
	      "no such");
	fails(t, "nodetool.image.SaveImageFile", "{\"filename\": \"a.png\"}", "image", "must not be empty");
	fails(t, "nodetool.image.LoadImageFile", "{}", "", "path");
	fails(t, "nodetool.image.LoadImageFile", "{\"path\": \"/nonexistent.png\"}", "", "no such file");
	fails(t, "nodetool.image.LoadImageFolder", "{\"folder\": \"/nonexistent\"}", "", "no such folder");
	fails(t, "nodetool.image.SaveImage", "{}", "", "image");
}

static void keep(struct db *db, const char *folder, const char *name, const char *type)
{
	struct err err = { 0 };
	struct asset a;

	asset_init(arena, "1", folder, &a);
	a.c[ASSET_NAME] = sv_of(name);
	a.c[ASSET_CONTENT_TYPE] = sv_of(type);
	if (db_begin(db, &err) || asset_put(db, &a, &err) || db_commit(db, &err))
		fail_msg("%s", err.detail);
}

/* The reference names an asset of the user whose file is the picture. */
static void check_kept(struct db *db, const struct value *ref)
{
	struct err err = { 0 };
	struct asset a;
	struct buf bytes;

	assert_int_equal(asset_get(db, arena, "1", map_str(ref, "asset_id", ""), &a, &err), 0);
	assert_true(sv_eq(a.c[ASSET_NAME], "kept.png"));
	assert_true(sv_eq(a.c[ASSET_CONTENT_TYPE], "image/png"));
	buf_init(&bytes, BUF_MAX_BODY);
	assert_int_equal(store_read(store_assets(&err), asset_key(arena, &a), &bytes, &err), 0);
	assert_int_equal(raster_read(arena, bytes.data, bytes.len, &err)->width, 4);
	buf_free(&bytes);
}

static void test_assets(void **state)
{
	const struct node_table *t = &nodes_image_file;
	struct err err = { 0 };
	struct harness *h;
	struct db *db;
	char path[100];

	(void)state;
	snprintf(path, sizeof(path), "%s/db.sqlite3", space);
	setenv("DB_PATH", path, 1);
	setenv("ASSET_FOLDER", space, 1);
	db = db_default(&err);
	if (!db)
		fail_msg("%s", err.detail);
	keep(db, "f1", "one.png", "image/png");
	keep(db, "f1", "notes.txt", "text/plain");
	keep(db, "f2", "other.png", "image/png");
	keep(db, "f1", "two.jpg", "image/jpeg");
	h = node(t, "nodetool.image.LoadImageAssets", "{\"folder\": {\"type\": \"folder\", \"asset_id\": \"f1\"}}", "");
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_string_equal(harness_json(h, "name"), "[\"one.png\",\"two.jpg\"]");
	assert_true(str_starts(map_str(harness_output(h, "image", 1), "uri", ""), "asset://"));
	assert_true(str_ends(map_str(harness_output(h, "image", 1), "uri", ""), ".jpg"));
	harness_free(h);
	h = node(t, "nodetool.image.LoadImageAssets", "{\"folder\": {\"type\": \"folder\", \"asset_id\": \"f9\"}}", "");
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_int_equal(harness_count(h, "image"), 0);
	harness_free(h);
	fails(t, "nodetool.image.LoadImageAssets", "{}", "", "folder");
	h = node(t, "nodetool.image.SaveImage", "{\"name\": \"kept.png\"}", "image");
	if (harness_run(h) != NODE_DONE)
		fail_msg("%s", harness_error(h));
	check_kept(db, harness_output(h, "output", 0));
	harness_free(h);
	fails(t, "nodetool.image.SaveImage", "{\"folder\": {\"type\": \"folder\", \"asset_id\": \"f9\"}}", "image",
	      "folder");
	db_default_close();
}

static void test_grid(void **state)
{
	struct harness *h = node(&nodes_lib_grid, "lib.grid.SliceImageGrid", "{\"columns\": 3, \"rows\": 1}", "image");
	struct value *tiles;

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	tiles = harness_output(h, "output", 0);
	assert_int_equal(value_len(tiles), 4);
	assert_int_equal(read_back(list_at(tiles, 3))->width, 1);
	harness_free(h);
	fails(&nodes_lib_grid, "lib.grid.SliceImageGrid", "{\"columns\": 5, \"rows\": 1}", "image", "more tiles");
	fails(&nodes_lib_grid, "lib.grid.SliceImageGrid", "{\"columns\": 9223372036854775807, \"rows\": 0}", "image",
	      "tiles");
	fails(&nodes_lib_grid, "lib.grid.CombineImageGrid", "{}", "", "tiles");
	fails(&nodes_lib_grid, "lib.grid.CombineImageGrid", "{\"tiles\": [1]}", "", "tiles: no picture");
}

static void test_filters(void **state)
{
	const struct node_table *f = &nodes_lib_pillow_filter;
	const struct node_table *e = &nodes_lib_pillow_enhance;
	struct raster *r;

	(void)state;
	pixel(gives(f, "lib.pillow.filter.Invert", "{}", "image"), 1, 1, 195, 155, 255);
	pixel(gives(f, "lib.pillow.filter.Posterize", "{\"bits\": 1}", "image"), 3, 2, 128, 128, 0);
	pixel(gives(f, "lib.pillow.filter.Solarize", "{\"threshold\": 100}", "image"), 3, 2, 75, 55, 0);
	pixel(gives(f, "lib.pillow.filter.ConvertToGrayscale", "{}", "image"), 1, 1, 77, 77, 77);
	pixel(gives(f, "lib.pillow.filter.GetChannel", "{\"channel\": \"G\"}", "image"), 0, 2, 200, 200, 200);
	r = gives(f, "lib.pillow.filter.Expand", "{\"border\": 2, \"fill\": 197121}", "image");
	assert_int_equal(r->height, 7);
	pixel(r, 0, 0, 1, 2, 3);
	pixel(r, 3, 3, 60, 100, 0);
	pixel(gives(e, "lib.pillow.enhance.Brightness", "{\"factor\": 0.5}", "image"), 3, 2, 90, 100, 0);
	pixel(gives(e, "lib.pillow.enhance.Color", "{\"factor\": 0}", "image"), 1, 1, 77, 77, 77);
	pixel(gives(e, "lib.pillow.enhance.AutoContrast", "{}", "image"), 1, 1, 85, 127, 0);
	fails(f, "lib.pillow.filter.Posterize", "{\"bits\": 9}", "image", "bits");
	fails(f, "lib.pillow.filter.Expand", "{\"border\": -2}", "image", "no pixels");
	fails(f, "lib.pillow.filter.Expand", "{\"border\": 9000000000}", "image", "border");
	fails(f, "lib.pillow.filter.Blur", "{\"radius\": 9000000000}", "image", "radius");
	fails(f, "lib.pillow.filter.Blur", "{\"radius\": 2}", "", "image: no picture");
	fails(e, "lib.pillow.enhance.RankFilter", "{\"size\": 4, \"rank\": 1}", "image", "odd");
	fails(e, "lib.pillow.enhance.RankFilter", "{\"size\": 3, \"rank\": 9}", "image", "rank");
	fails(e, "lib.pillow.enhance.RankFilter", "{\"size\": 9000000000, \"rank\": 9}", "image", "size");
	fails(e, "lib.pillow.enhance.UnsharpMask", "{\"radius\": 2, \"percent\": 9000000000}", "image", "percent");
	fails(e, "lib.pillow.enhance.AdaptiveContrast", "{\"clip_limit\": 2, \"grid_size\": 0}", "image", "grid_size");
	fails(e, "lib.pillow.enhance.AutoContrast", "{\"cutoff\": -1}", "image", "cutoff");
	fails(&nodes_lib_pillow, "lib.pillow.__init__.Blend", "{}", "image1", "image2: no picture");
	pixel(gives(&nodes_lib_pillow, "lib.pillow.__init__.Blend", "{\"alpha\": 0.3}", "image1 image2"), 1, 1, 60, 100,
	      0);
}

static void test_grading(void **state)
{
	const struct node_table *g = &nodes_lib_pillow_grade;
	const struct node_table *l = &nodes_lib_pillow_grade_look;
	struct raster *r;

	(void)state;
	r = gives(g, "lib.pillow.color_grading.Exposure", "{\"exposure\": 1}", "image");
	pixel(r, 1, 1, 120, 200, 0);
	r = gives(g, "lib.pillow.color_grading.Curves", "{\"black_point\": 1, \"white_point\": 1}", "image");
	assert_int_equal(r->width, 4);
	r = gives(l, "lib.pillow.color_grading.SaturationVibrance", "{\"saturation\": -1}", "image");
	assert_int_equal(raster_at(r, 1, 1)[0], raster_at(r, 1, 1)[2]);
	gives(l, "lib.pillow.color_grading.HSLAdjust", "{\"color_range\": \"reds\", \"hue_shift\": -7.3}", "image");
	fails(g, "lib.pillow.color_grading.LiftGammaGain", "{\"gamma_r\": 0}", "image", "gamma");
	fails(g, "lib.pillow.color_grading.Exposure", "{\"exposure\": 1e6}", "image", "exposure");
	fails(g, "lib.pillow.color_grading.Curves", "{\"midtones\": -1}", "image", "midtones");
	fails(l, "lib.pillow.color_grading.SplitToning", "{\"shadow_hue\": 1e30}", "image", "shadow_hue");
	fails(l, "lib.pillow.color_grading.FilmLook", "{}", "", "image: no picture");
}

#define COLOR(text) "\"color\": {\"type\": \"color\", \"value\": \"" text "\"}"
#define FONT(name)  "\"font\": {\"type\": \"font\", \"name\": \"" name "\"}"

static void test_drawing(void **state)
{
	const struct node_table *d = &nodes_lib_pillow_draw;
	struct raster *r;

	(void)state;
	pixel(gives(d, "lib.pillow.draw.Background", "{\"width\": 2, \"height\": 2, " COLOR("#f80") "}", ""), 1, 1, 255,
	      136, 0);
	r = gives(d, "lib.pillow.draw.GaussianNoise", "{\"width\": 3, \"height\": 1, \"mean\": 0.5, \"stddev\": 0}",
		  "");
	pixel(r, 2, 0, 127, 127, 127);
	fails(d, "lib.pillow.draw.Background", "{\"width\": 2, \"height\": 2, " COLOR("nocolor") "}", "", "color");
	fails(d, "lib.pillow.draw.Background", "{\"width\": 0, \"height\": 2, " COLOR("red") "}", "", "width");
	fails(d, "lib.pillow.draw.GaussianNoise", "{\"width\": 2, \"height\": 2, \"stddev\": -1}", "", "stddev");
	fails(d, "lib.pillow.draw.RenderText", "{\"size\": 12, " COLOR("red") ", " FONT("NoSuchFont") "}", "image",
	      "NoSuchFont");
	fails(d, "lib.pillow.draw.RenderText", "{\"size\": 0, " COLOR("red") ", " FONT("x") "}", "image", "size");
	fails(d, "lib.pillow.draw.RenderText", "{\"size\": 5, \"x\": 9000000000, " COLOR("red") "}", "image", "x, y");
	fails(d, "lib.pillow.draw.RenderText",
	      "{\"size\": 5, " COLOR(
		      "red") ", \"font\": {\"source\": \"url\", \"url\": \"data:font/ttf;base64,AAAA\"}}",
	      "image", "no font");
	fails(d, "lib.pillow.draw.RenderText",
	      "{\"size\": 5, " COLOR("red") ", \"font\": {\"source\": \"google_fonts\", \"name\": \"Lato\"}}", "image",
	      "google_fonts");
}

/* An array of doubles on "values". */
static struct harness *array_node(const struct node_table *table, const char *type, const char *shape, const double *v,
				  size_t n)
{
	struct harness *h = harness_new(table, type, "{}", NULL);
	struct value *array = value_map();
	struct json_error error;

	map_mark_typed(array);
	map_set_str(array, "type", "np_array");
	map_set(array, "value", value_bytes(v, n * sizeof(*v)));
	map_set_str(array, "dtype", "<f8");
	map_set(array, "shape", json_parse(shape, strlen(shape), &error));
	harness_set(h, "values", array);
	return h;
}

static void test_arrays(void **state)
{
	static const double numbers[] = { 1, 0.5, -1e300, 2 };
	const struct node_table *n = &nodes_lib_numpy_image;
	struct harness *h = node(n, "lib.numpy.conversion.ConvertToArray", "{}", "image");

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_int_equal(value_len(map_get(harness_output(h, "output", 0), "value")), 4 * 3 * 3 * 8);
	harness_free(h);
	h = array_node(n, "lib.numpy.conversion.ConvertToImage", "[2, 2]", numbers, 4);
	assert_int_equal(harness_run(h), NODE_DONE);
	pixel(read_back(harness_output(h, "output", 0)), 1, 0, 127, 127, 127);
	harness_free(h);
	h = array_node(n, "lib.numpy.conversion.ConvertToImage", "[4]", numbers, 4);
	assert_int_equal(harness_run(h), NODE_FAILED);
	assert_non_null(strstr(harness_error(h), "dimensions"));
	harness_free(h);
	h = array_node(n, "lib.numpy.conversion.ConvertToImage", "[1, 2, 2]", numbers, 4);
	assert_int_equal(harness_run(h), NODE_FAILED);
	assert_non_null(strstr(harness_error(h), "channels"));
	harness_free(h);
	h = array_node(&nodes_lib_numpy_plot, "lib.numpy.visualization.PlotArray", "[1, 2, 2]", numbers, 4);
	assert_int_equal(harness_run(h), NODE_FAILED);
	harness_free(h);
	fails(n, "lib.numpy.conversion.ConvertToArray", "{}", "", "image: no picture");
	fails(&nodes_lib_numpy_plot, "lib.numpy.visualization.PlotArray", "{}", "", "values");
	fails(&nodes_lib_svg_image, "lib.svg.SVGToImage", "{\"width\": 0, \"height\": 5, \"content\": \"\"}", "",
	      "width");
	fails(&nodes_lib_svg_image, "lib.svg.SVGToImage", "{\"width\": 99999, \"height\": 5, \"content\": \"\"}", "",
	      "width");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assets),  cmocka_unit_test(test_sizes),   cmocka_unit_test(test_files),
		cmocka_unit_test(test_grid),    cmocka_unit_test(test_filters), cmocka_unit_test(test_grading),
		cmocka_unit_test(test_drawing), cmocka_unit_test(test_arrays),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
