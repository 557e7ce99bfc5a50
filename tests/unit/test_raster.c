/* Pictures: making, cutting, converting, resizing, filtering, reading and writing. Expected bytes are Pillow's. */
#include "wsd/nodes/raster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct arena *arena;

static int begin(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct raster *made(int width, int height, int channels)
{
	struct err err = { 0 };
	struct raster *r = raster_new(arena, width, height, channels, &err);

	assert_non_null(r);
	return r;
}

/* A picture whose bytes follow a rule that the expected values were made by, too. */
static struct raster *pattern(int width, int height, int channels)
{
	struct raster *r = made(width, height, channels);

	for (size_t i = 0; i < raster_size(r); i++)
		r->px[i] = (unsigned char)(i * i * 7 + i * 13 + 5);
	return r;
}

static uint32_t checksum(const struct raster *r)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < raster_size(r); i++)
		sum = (sum ^ r->px[i]) * 16777619u;
	return sum;
}

static void test_sizes(void **state)
{
	static const int64_t bad[][2] = {
		{ 0, 1 }, { 1, 0 }, { -3, 4 }, { RASTER_SIDE_MAX + 1, 1 }, { 60000, 60000 }, { INT64_MAX, INT64_MAX },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err = (struct err){ 0 };
		assert_null(raster_new(arena, bad[i][0], bad[i][1], 3, &err));
		assert_true(err.status == 400 || err.status == 413);
		assert_true(err.detail[0]);
	}
}

static void test_crop_and_paste(void **state)
{
	struct raster *in = pattern(4, 3, 1);
	struct raster *out;
	struct err err = { 0 };

	(void)state;
	out = raster_crop(arena, in, -1, 1, 3, 5, &err);
	assert_int_equal(out->width, 4);
	assert_int_equal(out->height, 4);
	assert_int_equal(*raster_at(out, 0, 0), 0);
	assert_int_equal(*raster_at(out, 1, 0), *raster_at(in, 0, 1));
	assert_int_equal(*raster_at(out, 3, 1), *raster_at(in, 2, 2));
	assert_int_equal(*raster_at(out, 1, 3), 0);
	assert_null(raster_crop(arena, in, 3, 0, 1, 2, &err));
	assert_null(raster_crop(arena, in, INT64_MIN, 0, INT64_MAX, 2, &err));
	out = made(2, 2, 1);
	raster_paste(out, in, -3, -2);
	assert_int_equal(*raster_at(out, 0, 0), *raster_at(in, 3, 2));
	assert_int_equal(*raster_at(out, 1, 1), 0);
	raster_paste(out, in, INT64_MAX, INT64_MIN);
	assert_int_equal(*raster_at(out, 1, 1), 0);
}

static void test_conversions(void **state)
{
	struct raster *in = made(2, 1, 3);
	struct raster *out;
	struct err err = { 0 };

	(void)state;
	memcpy(in->px, (const unsigned char[]){ 255, 0, 0, 10, 200, 30 }, 6);
	out = raster_convert(arena, in, 1, &err);
	assert_memory_equal(out->px, ((const unsigned char[]){ 76, 124 }), 2);
	assert_memory_equal(raster_convert(arena, out, 4, &err)->px, ((const unsigned char[]){ 76, 76, 76, 255 }), 4);
	assert_memory_equal(raster_channel(arena, in, 1, &err)->px, ((const unsigned char[]){ 0, 200 }), 2);
	out = raster_blend(arena, made(2, 1, 3), in, 0.5f, &err);
	assert_memory_equal(out->px, ((const unsigned char[]){ 127, 0, 0, 5, 100, 15 }), 6);
	out = raster_blend(arena, made(2, 1, 3), in, 1.5f, &err);
	assert_memory_equal(out->px, ((const unsigned char[]){ 255, 0, 0, 15, 255, 45 }), 6);
}

static void test_colors(void **state)
{
	static const struct {
		const char *text;
		unsigned char rgba[4];
	} good[] = {
		{ "red", { 255, 0, 0, 255 } },
		{ "ReBeccaPurple", { 102, 51, 153, 255 } },
		{ "#F80", { 255, 136, 0, 255 } },
		{ "#f808", { 255, 136, 0, 136 } },
		{ "#11223380", { 17, 34, 51, 128 } },
		{ "rgb(1, 2 ,300)", { 1, 2, 255, 255 } },
		{ "rgb(10%,20%,30%)", { 26, 51, 77, 255 } },
		{ "rgba(1,2,3,4)", { 1, 2, 3, 4 } },
		{ "hsl(120,100%,50%)", { 0, 255, 0, 255 } },
		{ "hsl(210.5, 40%, 60%)", { 112, 152, 194, 255 } },
		{ "hsv(0,50%,100%)", { 255, 128, 128, 255 } },
		{ "hsb(300,100%,50%)", { 128, 0, 128, 255 } },
	};
	static const char *const bad[] = { "",
					   "nocolor",
					   "#12",
					   "#gg0000",
					   "rgb(1,2)",
					   "rgb(1,2,3",
					   "rgb(1.5,2,3)",
					   "rgb(-1,2,3)",
					   "rgb(1,2,3) ",
					   "hsl(1,2,3)",
					   "rgb(1%,2,3)",
					   "rgb",
					   "hs",
					   "rgba(1,2,3)",
					   "#" };
	unsigned char color[4];
	char text[200];
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(raster_color(good[i].text, color, &err), 0);
		if (memcmp(color, good[i].rgba, 4) != 0)
			fail_msg("%s: %d %d %d %d", good[i].text, color[0], color[1], color[2], color[3]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (raster_color(bad[i], color, &err) == 0)
			fail_msg("\"%s\" is taken for a colour", bad[i]);
	}
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(raster_color(text, color, &err), -1);
}

static void test_resize(void **state)
{
	struct raster *in = pattern(9, 7, 3);
	struct err err = { 0 };

	(void)state;
	assert_int_equal(checksum(raster_scale(arena, in, 9, 7, RASTER_LANCZOS, &err)), checksum(in));
	assert_int_equal(checksum(raster_scale(arena, in, 4, 3, RASTER_LANCZOS, &err)), 0xd505b07fu);
	assert_int_equal(checksum(raster_scale(arena, in, 20, 15, RASTER_LANCZOS, &err)), 0x2ca4fc9au);
	assert_int_equal(checksum(raster_scale(arena, in, 20, 7, RASTER_LANCZOS, &err)), 0x0dc27fbcu);
	assert_int_equal(checksum(raster_scale(arena, in, 9, 2, RASTER_BICUBIC, &err)), 0x304f2e7cu);
	assert_int_equal(checksum(raster_fit(arena, in, 5, 5, RASTER_LANCZOS, &err)), 0x053bdf40u);
	assert_int_equal(checksum(raster_fit(arena, in, 12, 4, RASTER_BICUBIC, &err)), 0xbfb98b36u);
	assert_null(raster_scale(arena, in, 0, 3, RASTER_LANCZOS, &err));
	assert_null(raster_fit(arena, in, 3, 0, RASTER_LANCZOS, &err));
	assert_null(raster_fit(arena, in, 70000, 2, RASTER_LANCZOS, &err));
}

static void test_filters(void **state)
{
	static const struct raster_kernel3 emboss = { { -1, 0, 0, 0, 1, 0, 0, 0, 0 }, 1, 128 };
	struct raster *in = pattern(9, 7, 3);
	struct raster *tiny = pattern(2, 2, 3);
	struct err err = { 0 };

	(void)state;
	assert_int_equal(checksum(raster_convolve(arena, in, &emboss, &err)), 0xf6d3441bu);
	assert_int_equal(checksum(raster_convolve(arena, tiny, &emboss, &err)), checksum(tiny));
	assert_int_equal(checksum(raster_gaussian(arena, in, 0, &err)), checksum(in));
	assert_int_equal(checksum(raster_gaussian(arena, in, 2, &err)), 0x12ccee68u);
	assert_int_equal(checksum(raster_gaussian(arena, in, 20, &err)), 0x0afe8767u);
	assert_int_equal(checksum(raster_unsharp(arena, in, 2, 150, 3, &err)), 0x6457fdb8u);
	assert_int_equal(checksum(raster_rank(arena, in, 3, 4, &err)), 0x2b0c6446u);
	assert_int_equal(checksum(raster_rank(arena, in, 11, 100, &err)), 0xced685a4u);
	assert_null(raster_rank(arena, in, 2, 1, &err));
	assert_null(raster_rank(arena, in, 3, 9, &err));
	assert_null(raster_rank(arena, in, 3, -1, &err));
}

static void test_vision(void **state)
{
	struct raster *in = made(12, 12, 3);
	struct raster *edges;
	struct err err = { 0 };
	int count = 0;

	(void)state;
	for (int y = 0; y < 12; y++) {
		for (int x = 6; x < 12; x++)
			memset(raster_at(in, x, y), 200, 3);
	}
	edges = raster_canny(arena, in, 100, 200, &err);
	for (size_t i = 0; i < raster_size(edges); i++)
		count += edges->px[i] == 255;
	assert_int_equal(count, 12);
	/* The way to L*a*b* and back loses little. */
	in = pattern(8, 8, 3);
	edges = raster_copy(arena, in, &err);
	raster_to_lab(edges);
	raster_from_lab(edges);
	for (size_t i = 0; i < raster_size(in); i++)
		assert_in_range(abs(edges->px[i] - in->px[i]), 0, 8);
	edges = raster_clahe(arena, pattern(10, 7, 1), 2, 16, &err);
	assert_int_equal(edges->width, 10);
}

static void test_files(void **state)
{
	struct raster *in = pattern(9, 7, 3);
	struct raster *out;
	struct err err = { 0 };
	struct buf bytes;

	(void)state;
	buf_init(&bytes, BUF_MAX_BODY);
	assert_int_equal(raster_write_png(in, &bytes, &err), 0);
	out = raster_read(arena, bytes.data, bytes.len, &err);
	assert_non_null(out);
	assert_int_equal(checksum(out), checksum(in));
	/* Cut anywhere, it is refused. */
	for (size_t n = 0; n + 12 < bytes.len; n++) {
		err = (struct err){ 0 };
		assert_null(raster_read(arena, bytes.data, n, &err));
		assert_true(err.detail[0]);
	}
	buf_reset(&bytes);
	assert_int_equal(raster_write_jpeg(in, &bytes, &err), 0);
	out = raster_read(arena, bytes.data, bytes.len, &err);
	assert_non_null(out);
	assert_int_equal(out->width, 9);
	assert_null(raster_read(arena, bytes.data, bytes.len / 2, &err));
	assert_null(raster_read(arena, "", 0, &err));
	assert_null(raster_read(arena, "garbage", 7, &err));
	buf_free(&bytes);
	/* No room for the result. */
	buf_init(&bytes, 20);
	assert_int_equal(raster_write_png(in, &bytes, &err), -1);
	assert_int_equal(raster_write_jpeg(in, &bytes, &err), -1);
	buf_free(&bytes);
}

/* A picture that says it has 60000 x 60000 pixels is refused before memory for them is taken. */
static void test_bomb(void **state)
{
	static const unsigned char bomb[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0";
	static const unsigned char crc[4] = { 0x0f, 0xb0, 0xe2, 0x15 };
	unsigned char file[sizeof(bomb) - 1 + 4 + 12];
	struct err err = { 0 };

	(void)state;
	memcpy(file, bomb, sizeof(bomb) - 1);
	memcpy(file + sizeof(bomb) - 1, crc, 4);
	memcpy(file + sizeof(bomb) + 3, "\0\0\0\0IDAT\x35\xaf\x06\x1e", 12);
	assert_null(raster_read(arena, file, sizeof(file), &err));
	assert_non_null(strstr(err.detail, "too large"));
}

static void test_text(void **state)
{
	struct raster *r = made(40, 20, 3);
	struct raster_text text = { .text = SV_LIT("x"), .font = "no font", .font_len = 7, .size = 12 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(raster_draw_text(r, &text, &err), -1);
	assert_non_null(strstr(err.detail, "font"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sizes, begin, end),
		cmocka_unit_test_setup_teardown(test_crop_and_paste, begin, end),
		cmocka_unit_test_setup_teardown(test_conversions, begin, end),
		cmocka_unit_test_setup_teardown(test_colors, begin, end),
		cmocka_unit_test_setup_teardown(test_resize, begin, end),
		cmocka_unit_test_setup_teardown(test_filters, begin, end),
		cmocka_unit_test_setup_teardown(test_vision, begin, end),
		cmocka_unit_test_setup_teardown(test_files, begin, end),
		cmocka_unit_test_setup_teardown(test_bomb, begin, end),
		cmocka_unit_test_setup_teardown(test_text, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
