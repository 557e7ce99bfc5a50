/* Pictures from and to files: PNG by libpng, JPEG by libjpeg, the other formats by a child program. Both libraries
 * leave by longjmp: what must survive that stands in a struct of the caller. */
#include "wsd/nodes/raster.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>
#include <png.h>

#include "media/media.h"

#define REASON_MAX 200
#define CHUNK_MAX  (8 << 20) /* memory for one chunk of a PNG that is no picture data */
#define QUALITY    75
#define LEVEL      3 /* of zlib: results travel further at once more often than they are kept */

struct reading {
	struct arena *arena;
	const unsigned char *data;
	size_t len;
	size_t at;
	struct raster *out;
	bool ok;
	char reason[REASON_MAX];
	struct err err;
};

/* ---- PNG ---------------------------------------------------------------------------------------------- */

static void png_failed(png_structp png, png_const_charp why)
{
	char *reason = png_get_error_ptr(png);

	snprintf(reason, REASON_MAX, "%s", why);
	png_longjmp(png, 1);
}

static void png_warned(png_structp png, png_const_charp why)
{
	(void)png;
	(void)why;
}

static void png_pull(png_structp png, png_bytep to, size_t n)
{
	struct reading *in = png_get_io_ptr(png);

	if (n > in->len - in->at)
		png_error(png, "the file ends too early");
	memcpy(to, in->data + in->at, n);
	in->at += n;
}

/* Any kind of PNG as RGB of 8 bits. */
static void png_ask(png_structp png, png_infop info)
{
	int kind = png_get_color_type(png, info);

	png_set_strip_16(png);
	if (kind == PNG_COLOR_TYPE_PALETTE)
		png_set_palette_to_rgb(png);
	if (kind == PNG_COLOR_TYPE_GRAY || kind == PNG_COLOR_TYPE_GRAY_ALPHA) {
		png_set_expand_gray_1_2_4_to_8(png);
		png_set_gray_to_rgb(png);
	}
	png_set_strip_alpha(png);
}

static void png_body(png_structp png, png_infop info, struct reading *in)
{
	png_bytep *rows;

	png_set_read_fn(png, in, png_pull);
	png_set_user_limits(png, RASTER_SIDE_MAX, RASTER_SIDE_MAX);
	png_set_chunk_malloc_max(png, CHUNK_MAX);
	png_read_info(png, info);
	png_ask(png, info);
	png_set_interlace_handling(png);
	png_read_update_info(png, info);
	in->out = raster_new(in->arena, png_get_image_width(png, info), png_get_image_height(png, info), 3, &in->err);
	if (!in->out)
		return;
	if (png_get_rowbytes(png, info) != raster_row(in->out))
		png_error(png, "unknown kind of pixels");
	rows = arena_alloc(in->arena, (size_t)in->out->height * sizeof(*rows));
	for (int y = 0; y < in->out->height; y++)
		rows[y] = raster_at(in->out, 0, y);
	png_read_image(png, rows);
	png_read_end(png, NULL);
}

static void read_png(struct reading *in)
{
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, in->reason, png_failed, png_warned);
	png_infop info = png ? png_create_info_struct(png) : NULL;

	if (info && !setjmp(png_jmpbuf(png))) {
		png_body(png, info, in);
		in->ok = in->out != NULL;
	}
	png_destroy_read_struct(&png, &info, NULL);
}

static void png_push(png_structp png, png_bytep from, size_t n)
{
	struct buf *out = png_get_io_ptr(png);

	buf_add(out, from, n);
	if (out->failed)
		png_error(png, "the picture is too large");
}

static void png_flushed(png_structp png)
{
	(void)png;
}

static void png_compose(png_structp png, png_infop info, const struct raster *r, struct buf *out)
{
	static const int types[] = { [1] = PNG_COLOR_TYPE_GRAY, [3] = PNG_COLOR_TYPE_RGB, [4] = PNG_COLOR_TYPE_RGBA };

	png_set_write_fn(png, out, png_push, png_flushed);
	png_set_compression_level(png, LEVEL);
	png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
	png_set_IHDR(png, info, (png_uint_32)r->width, (png_uint_32)r->height, 8, types[r->channels],
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (int y = 0; y < r->height; y++)
		png_write_row(png, raster_at(r, 0, y));
	png_write_end(png, NULL);
}

int raster_write_png(const struct raster *r, struct buf *out, struct err *err)
{
	char reason[REASON_MAX] = "";
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, reason, png_failed, png_warned);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	int status = -1;

	if (info && !setjmp(png_jmpbuf(png))) {
		png_compose(png, info, r, out);
		status = 0;
	} else {
		err_set(err, 500, "the picture cannot be written as PNG: %s", reason);
	}
	png_destroy_write_struct(&png, &info);
	return status;
}

/* ---- JPEG --------------------------------------------------------------------------------------------- */

struct jpeg_errors {
	struct jpeg_error_mgr mgr;
	jmp_buf back;
	char *reason;
};

static void jpeg_failed(j_common_ptr jpeg)
{
	struct jpeg_errors *errors = (struct jpeg_errors *)jpeg->err;
	char text[JMSG_LENGTH_MAX];

	jpeg->err->format_message(jpeg, text);
	snprintf(errors->reason, REASON_MAX, "%s", text);
	longjmp(errors->back, 1);
}

/* A file that ends too early is refused; other warnings pass. */
static void jpeg_warned(j_common_ptr jpeg, int level)
{
	if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF)
		jpeg_failed(jpeg);
}

/* Inks as Adobe's programs write them, turned round, to red, green and blue. */
static void from_inks(unsigned char *rgb, const unsigned char *inks, int width)
{
	for (int x = 0; x < width; x++, rgb += 3, inks += 4) {
		for (int c = 0; c < 3; c++) {
			unsigned taken = (255u - inks[c]) * inks[3] + 128;

			rgb[c] = raster_clip(inks[3] - (int)((taken + (taken >> 8)) >> 8));
		}
	}
}

static void jpeg_body(struct jpeg_decompress_struct *jpeg, struct reading *in)
{
	unsigned char *inks = NULL;

	jpeg_mem_src(jpeg, in->data, (unsigned long)in->len);
	jpeg_read_header(jpeg, TRUE);
	jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
	in->out = raster_new(in->arena, jpeg->image_width, jpeg->image_height, 3, &in->err);
	if (!in->out)
		return;
	jpeg_start_decompress(jpeg);
	if (jpeg->out_color_components == 4)
		inks = arena_alloc(in->arena, (size_t)in->out->width * 4);
	while (jpeg->output_scanline < jpeg->output_height) {
		unsigned char *row = raster_at(in->out, 0, (int)jpeg->output_scanline);
		JSAMPROW target = inks ? inks : row;

		jpeg_read_scanlines(jpeg, &target, 1);
		if (inks)
			from_inks(row, inks, in->out->width);
	}
	jpeg_finish_decompress(jpeg);
	in->ok = true;
}

static void read_jpeg(struct reading *in)
{
	struct jpeg_decompress_struct jpeg;
	struct jpeg_errors errors = { .reason = in->reason };

	jpeg.err = jpeg_std_error(&errors.mgr);
	errors.mgr.error_exit = jpeg_failed;
	errors.mgr.emit_message = jpeg_warned;
	if (!setjmp(errors.back)) {
		jpeg_create_decompress(&jpeg);
		jpeg_body(&jpeg, in);
	}
	jpeg_destroy_decompress(&jpeg);
}

/* What changes while a longjmp may come. */
struct jpeg_writing {
	int status;
	unsigned char *made; /* by libjpeg */
	unsigned long len;
};

static void jpeg_compose(struct jpeg_compress_struct *jpeg, const struct raster *r, struct jpeg_writing *out)
{
	jpeg_mem_dest(jpeg, &out->made, &out->len);
	jpeg->image_width = (JDIMENSION)r->width;
	jpeg->image_height = (JDIMENSION)r->height;
	jpeg->input_components = 3;
	jpeg->in_color_space = JCS_RGB;
	jpeg_set_defaults(jpeg);
	jpeg_set_quality(jpeg, QUALITY, TRUE);
	jpeg_start_compress(jpeg, TRUE);
	while (jpeg->next_scanline < jpeg->image_height) {
		JSAMPROW row = raster_at(r, 0, (int)jpeg->next_scanline);

		jpeg_write_scanlines(jpeg, &row, 1);
	}
	jpeg_finish_compress(jpeg);
}

int raster_write_jpeg(const struct raster *r, struct buf *out, struct err *err)
{
	char reason[REASON_MAX] = "it is too large";
	struct jpeg_compress_struct jpeg;
	struct jpeg_errors errors = { .reason = reason };
	struct jpeg_writing writing = { .status = -1 };

	jpeg.err = jpeg_std_error(&errors.mgr);
	errors.mgr.error_exit = jpeg_failed;
	if (!setjmp(errors.back)) {
		jpeg_create_compress(&jpeg);
		jpeg_compose(&jpeg, r, &writing);
		writing.status = buf_add(out, writing.made, writing.len);
	}
	jpeg_destroy_compress(&jpeg);
	free(writing.made);
	return writing.status ? err_set(err, 500, "the picture cannot be written as JPEG: %s", reason) : 0;
}

/* ---- any ---------------------------------------------------------------------------------------------- */

/* The child program makes a PNG of it. */
static void read_other(struct reading *in)
{
	struct buf png;

	buf_init(&png, (size_t)RASTER_PIXELS_MAX * 4);
	if (media_to_png(in->data, in->len, &png, &in->err) == 0) {
		in->data = (const unsigned char *)png.data;
		in->len = png.len;
		read_png(in);
	}
	buf_free(&png);
}

static const struct {
	size_t len;
	const char *magic;
	void (*read)(struct reading *in);
} kinds[] = {
	{ 8, "\x89PNG\r\n\x1a\n", read_png },
	{ 3, "\xff\xd8\xff", read_jpeg },
	{ 4, "GIF8", read_other },
	{ 4, "RIFF", read_other },
	{ 4, "II*\0", read_other },
	{ 4, "MM\0*", read_other },
	{ 2, "BM", read_other },
};

struct raster *raster_read(struct arena *arena, const void *data, size_t len, struct err *err)
{
	struct reading in = { .arena = arena, .data = data, .len = len };
	size_t i = 0;

	while (i < ARRAY_LEN(kinds) && (len < kinds[i].len || memcmp(data, kinds[i].magic, kinds[i].len) != 0))
		i++;
	if (i == ARRAY_LEN(kinds)) {
		err_set(err, 400, "the picture cannot be read: it is no PNG, JPEG, WebP, GIF, TIFF or BMP");
		return NULL;
	}
	kinds[i].read(&in);
	if (in.ok)
		return in.out;
	if (in.err.detail[0])
		err_set(err, in.err.status, "%s", in.err.detail);
	else
		err_set(err, 400, "the picture cannot be read: %s", in.reason);
	return NULL;
}
