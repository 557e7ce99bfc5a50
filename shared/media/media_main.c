/*
 * nodetool-media: reads one picture or recording in a process of its own.
 *
 *   nodetool-media thumbnail IN OUT    a JPEG that fits into 512 x 512, never enlarged, transparency dropped
 *   nodetool-media duration IN         prints the seconds of an audio file
 */
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <string.h>
#include <vips/vips.h>

#define SIDE 512
#define PIXELS_MAX 400e6 /* more is a bomb: refused before a pixel is decoded */
#define QUALITY 75

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

/* libvips reads BMP by ImageMagick alone, which it does not trust with files from outside: it is let in for what says that it is
 * a BMP, and within this process's limits. */
static void let_in(const char *path)
{
	char head[2] = "";
	FILE *f = fopen(path, "rbe");

	vips_block_untrusted_set(TRUE);
	if (f && fread(head, 1, sizeof(head), f) == sizeof(head) && memcmp(head, "BM", 2) == 0) {
		vips_operation_block_set("VipsForeignLoadMagick", FALSE);
		vips_operation_block_set("VipsForeignLoadMagick7", FALSE);
	}
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "duration") == 0)
		return duration(argv[2]);
	if (argc == 4 && strcmp(argv[1], "thumbnail") == 0) {
		if (VIPS_INIT(argv[0]))
			return complain();
		let_in(argv[2]);
		return thumbnail(argv[2], argv[3]);
	}
	fputs("usage: nodetool-media thumbnail IN OUT | duration IN\n", stderr);
	return 2;
}
