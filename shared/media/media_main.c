/*
 * nodetool-media: reads one picture or recording in a process of its own.
 *
 *   nodetool-media thumbnail IN OUT    a JPEG that fits into 512 x 512, never enlarged, transparency dropped
 *   nodetool-media duration IN         prints the seconds of an audio file
 *   nodetool-media png                 from its input to its output: any picture as RGB PNG
 *   nodetool-media svg WIDTH HEIGHT    from its input to its output: an SVG document, drawn, as bytes of RGBA
 */
#include <librsvg/rsvg.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>

#define SIDE 512
#define PIXELS_MAX 400e6 /* more is a bomb: refused before a pixel is decoded */
#define QUALITY 75
#define INPUT_MAX ((size_t)128 << 20)
#define SVG_SIDE_MAX 32767 /* cairo's limit */

static int complain(void)
{
	fprintf(stderr, "%.200s\n", vips_error_buffer());
	return 1;
}

/* The colour under transparent pixels shows (the original does not blend); palettes and grey become RGB. */
static VipsImage *to_rgb(VipsImage *in)
{
	VipsImage *rgb = NULL;
	VipsImage *out = NULL;

	if (vips_colourspace(in, &rgb, VIPS_INTERPRETATION_sRGB, NULL))
		return NULL;
	if (vips_image_get_bands(rgb) > 3 && vips_extract_band(rgb, &out, 0, "n", 3, NULL))
		out = NULL;
	else if (!out)
		out = g_object_ref(rgb);
	g_object_unref(rgb);
	return out;
}

static double scale_of(VipsImage *in)
{
	double larger = VIPS_MAX(vips_image_get_width(in), vips_image_get_height(in));

	return larger > SIDE ? SIDE / larger : 1;
}

static int thumbnail(const char *path, const char *out_path)
{
	VipsImage *in = NULL;
	VipsImage *rgb = NULL;
	VipsImage *small = NULL;
	double scale;
	int status = 1;

	vips_concurrency_set(1);
	in = vips_image_new_from_file(path, NULL);
	if (!in)
		return complain();
	if ((double)vips_image_get_width(in) * vips_image_get_height(in) > PIXELS_MAX) {
		fprintf(stderr, "the picture has too many pixels\n");
		goto out;
	}
	rgb = to_rgb(in);
	if (!rgb)
		goto failed;
	scale = scale_of(rgb);
	if (scale < 1) {
		double width = VIPS_MAX(1, round(vips_image_get_width(rgb) * scale));
		double height = VIPS_MAX(1, round(vips_image_get_height(rgb) * scale));

		if (vips_resize(rgb, &small, width / vips_image_get_width(rgb), "vscale",
				height / vips_image_get_height(rgb), NULL))
			goto failed;
	} else {
		small = g_object_ref(rgb);
	}
	if (vips_jpegsave(small, out_path, "Q", QUALITY, "strip", TRUE, NULL))
		goto failed;
	status = 0;
	goto out;
failed:
	status = complain();
out:
	g_clear_object(&small);
	g_clear_object(&rgb);
	g_clear_object(&in);
	return status;
}

static int duration(const char *path)
{
	SF_INFO info = { 0 };
	SNDFILE *f = sf_open(path, SFM_READ, &info);

	if (!f) {
		fprintf(stderr, "%s\n", sf_strerror(NULL));
		return 1;
	}
	printf("%.6f\n", info.samplerate ? (double)info.frames / info.samplerate : 0);
	sf_close(f);
	return 0;
}

/* ---- bytes in, bytes out ------------------------------------------------------------------------------ */

/* All of the standard input; NULL when it is longer than INPUT_MAX. Caller frees (g_free). */
static char *read_input(size_t *len)
{
	size_t room = (size_t)1 << 16;
	char *data = g_malloc(room);

	*len = 0;
	for (;;) {
		size_t n = fread(data + *len, 1, room - *len, stdin);

		*len += n;
		if (!n)
			return data;
		if (*len > INPUT_MAX)
			break;
		if (*len == room)
			data = g_realloc(data, room *= 2);
	}
	fputs("the file is too long\n", stderr);
	g_free(data);
	return NULL;
}

static int write_output(const void *data, size_t len)
{
	return fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : 1;
}

/* libvips reads BMP by ImageMagick alone, which it does not trust with files from outside: it is let in for what says that it is
 * a BMP, and within this process's limits. */
static void let_in(const char *head, size_t len)
{
	vips_block_untrusted_set(TRUE);
	if (len >= 2 && memcmp(head, "BM", 2) == 0) {
		vips_operation_block_set("VipsForeignLoadMagick", FALSE);
		vips_operation_block_set("VipsForeignLoadMagick7", FALSE);
	}
}

static void let_in_file(const char *path)
{
	char head[2] = "";
	FILE *f = fopen(path, "rbe");
	size_t n = f ? fread(head, 1, sizeof(head), f) : 0;

	let_in(head, n);
	if (f)
		fclose(f);
}

static int to_png(void)
{
	VipsImage *in = NULL;
	VipsImage *rgb = NULL;
	void *png = NULL;
	size_t len;
	char *data = read_input(&len);
	int status = 1;

	if (!data)
		return 1;
	vips_concurrency_set(1);
	let_in(data, len);
	in = vips_image_new_from_buffer(data, len, "", NULL);
	if (in && (double)vips_image_get_width(in) * vips_image_get_height(in) > PIXELS_MAX)
		fputs("the picture has too many pixels\n", stderr);
	else if (!in || !(rgb = to_rgb(in)) ||
		 vips_pngsave_buffer(rgb, &png, &len, "compression", 1, "bitdepth", 8, "strip", TRUE, NULL))
		complain();
	else
		status = write_output(png, len);
	g_free(png);
	g_clear_object(&rgb);
	g_clear_object(&in);
	g_free(data);
	return status;
}

/* Cairo's pixels (the colour multiplied by the alpha) as red, green, blue, alpha. */
static int write_pixels(cairo_surface_t *surface, int width, int height)
{
	unsigned char *row = g_malloc((size_t)width * 4);
	int status = 0;

	cairo_surface_flush(surface);
	for (int y = 0; y < height && !status; y++) {
		const unsigned char *from = cairo_image_surface_get_data(surface) +
					    (size_t)y * (size_t)cairo_image_surface_get_stride(surface);

		for (int x = 0; x < width; x++) {
			uint32_t pixel;
			uint32_t alpha;

			memcpy(&pixel, from + (size_t)x * 4, 4);
			alpha = pixel >> 24;
			for (int c = 0; c < 3; c++) {
				uint32_t v = pixel >> (16 - 8 * c) & 255;

				row[x * 4 + c] = (unsigned char)(alpha ? (v * 255 + alpha / 2) / alpha : 0);
			}
			row[x * 4 + 3] = (unsigned char)alpha;
		}
		status = write_output(row, (size_t)width * 4);
	}
	g_free(row);
	return status;
}

static int svg(int width, int height)
{
	RsvgRectangle whole = { 0, 0, width, height };
	GError *error = NULL;
	size_t len;
	char *data = read_input(&len);
	RsvgHandle *handle = data ? rsvg_handle_new_from_data((const guint8 *)data, len, &error) : NULL;
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
	cairo_t *cairo = cairo_create(surface);
	int status = 1;

	if (handle && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS &&
	    rsvg_handle_render_document(handle, cairo, &whole, &error))
		status = write_pixels(surface, width, height);
	if (error)
		fprintf(stderr, "%.200s\n", error->message);
	cairo_destroy(cairo);
	cairo_surface_destroy(surface);
	g_clear_error(&error);
	g_clear_object(&handle);
	g_free(data);
	return status;
}

static int side(const char *text)
{
	long n = strtol(text, NULL, 10);

	return n < 1 ? 1 : n > SVG_SIDE_MAX ? SVG_SIDE_MAX : (int)n;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "duration") == 0)
		return duration(argv[2]);
	if (argc == 4 && strcmp(argv[1], "svg") == 0)
		return svg(side(argv[2]), side(argv[3]));
	if (argc == 2 && strcmp(argv[1], "png") == 0)
		return VIPS_INIT(argv[0]) ? complain() : to_png();
	if (argc == 4 && strcmp(argv[1], "thumbnail") == 0) {
		if (VIPS_INIT(argv[0]))
			return complain();
		let_in_file(argv[2]);
		return thumbnail(argv[2], argv[3]);
	}
	fputs("usage: nodetool-media thumbnail IN OUT | duration IN | png | svg WIDTH HEIGHT\n", stderr);
	return 2;
}
