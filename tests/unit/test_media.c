/* Pictures that nodetool-media reads and draws for others. It is taken from the build folder. */
#include "media/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "wsd/nodes/raster.h"

/* Two pixels: red, and 1 2 3. */
static const char bmp[] =
	"BM\x3e\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\2\0\0\0\1\0\0\0\1\0\x18\0\0\0\0\0\x08\0\0\0\xc4\x0e\0\0"
	"\xc4\x0e\0\0\0\0\0\0\0\0\0\0\0\0\xff\3\2\1\0";
static const char gif[] =
	"GIF87a\2\0\1\0\x81\0\0\xff\0\0\1\2\3\0\0\0\0\0\0\x2c\0\0\0\0\2\0\1\0\0\x08\5\0\1\4\x08\x08\0\x3b";
static const char webp[] =
	"RIFF\x24\0\0\0WEBPVP8L\x18\0\0\0\x2f\1\0\0\0\x0f\x30\2\x17\xf8\x57\x08\x20\0\x0a\x9a\xf9\x0f"
	"\xd9\x50\x81\x88\xfe\7";

static void test_formats(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} files[] = { { bmp, sizeof(bmp) }, { gif, sizeof(gif) - 1 }, { webp, sizeof(webp) - 1 } };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct err err = { 0 };
		struct raster *r = raster_read(arena, files[i].data, files[i].len, &err);

		if (!r)
			fail_msg("file %zu: %s", i, err.detail);
		assert_int_equal(r->width, 2);
		assert_memory_equal(r->px, "\xff\0\0\1\2\3", 6);
		assert_null(raster_read(arena, files[i].data, 12, &err));
		assert_true(err.detail[0]);
	}
	arena_free(arena);
}

static int draw(const char *svg, unsigned char rgba[16])
{
	struct err err = { 0 };
	int status;

	memset(rgba, 99, 16);
	status = media_draw_svg(svg, strlen(svg), 2, 2, rgba, &err);
	assert_int_equal(status == 0, !err.detail[0]);
	return status;
}

#define SVG(body) "<svg xmlns='http://www.w3.org/2000/svg' width='2' height='2'>" body "</svg>"

static void test_svg(void **state)
{
	unsigned char rgba[16];

	(void)state;
	assert_int_equal(draw(SVG("<rect width='1' height='2' fill='#f80' fill-opacity='.5'/>"), rgba), 0);
	assert_int_equal(rgba[0], 255);
	assert_in_range(rgba[1], 134, 138);
	assert_in_range(rgba[3], 127, 128);
	assert_memory_equal(rgba + 4, "\0\0\0\0", 4);
	assert_int_equal(draw(SVG("<rect"), rgba), -1);
	assert_int_equal(draw("", rgba), -1);
}

/* Files of the machine are not to be had. */
static void test_svg_alone(void **state)
{
	char path[] = "/tmp/test_media.XXXXXX.png";
	struct arena *arena = arena_new();
	struct raster *r = raster_new(arena, 2, 2, 3, NULL);
	unsigned char rgba[16];
	struct buf png;
	char svg[300];
	int fd;

	(void)state;
	raster_fill(r, (const unsigned char[4]){ 255, 255, 255, 255 });
	buf_init(&png, BUF_MAX_BODY);
	assert_int_equal(raster_write_png(r, &png, NULL), 0);
	fd = mkstemps(path, 4);
	assert_int_equal(write(fd, png.data, png.len), (ssize_t)png.len);
	close(fd);
	buf_free(&png);
	snprintf(svg, sizeof(svg), SVG("<image href='file://%s' width='2' height='2'/>"), path);
	assert_int_equal(draw(svg, rgba), 0);
	assert_memory_equal(rgba, "\0\0\0\0\0\0\0\0", 8);
	unlink(path);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_svg),
		cmocka_unit_test(test_svg_alone),
	};

	setenv("NODETOOL_LIBEXEC_DIR", ".", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
