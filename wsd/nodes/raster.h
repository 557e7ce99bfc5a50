/*
 * raster: pictures of 8 bits per channel as the image nodes compute with them: grey (1 channel), RGB (3) or RGBA (4),
 * rows from the top without gaps. The results are those of Pillow, bit by bit, where a comment does not say otherwise.
 *
 * Every picture belongs to the arena that it was made in. Functions that make one give NULL with the reason (status
 * 400; 413 when it would be too large); functions that change one in place say so.
 */
#ifndef NODES_RASTER_H
#define NODES_RASTER_H

#include "base/base.h"

/* Pixels of one picture, read or made. Pillow refuses more as well (a "decompression bomb"). */
#define RASTER_PIXELS_MAX ((int64_t)178956970)
/* The longest side. */
#define RASTER_SIDE_MAX 65500

struct raster {
	int width;
	int height;
	int channels;
	unsigned char *px;
};

/* Bytes of a row, and of the picture. */
static inline size_t raster_row(const struct raster *r)
{
	return (size_t)r->width * (size_t)r->channels;
}

static inline size_t raster_size(const struct raster *r)
{
	return raster_row(r) * (size_t)r->height;
}

static inline unsigned char *raster_at(const struct raster *r, int x, int y)
{
	return r->px + (size_t)y * raster_row(r) + (size_t)x * (size_t)r->channels;
}

static inline unsigned char raster_clip(int v)
{
	return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* ---- making, joining, converting (raster.c) ----------------------------------------------------------- */

/* All zeros. Sides below 1 and too many pixels are refused. */
struct raster *raster_new(struct arena *arena, int64_t width, int64_t height, int channels, struct err *err) MUST_CHECK;
/* The same size and channels, not initialised; NULL when there is no memory. */
struct raster *raster_like(struct arena *arena, const struct raster *like, struct err *err) MUST_CHECK;
struct raster *raster_copy(struct arena *arena, const struct raster *in, struct err *err) MUST_CHECK;
/* Every pixel is `color`, of which as many bytes count as the picture has channels. In place. */
void raster_fill(struct raster *r, const unsigned char color[4]);
/* The part from (left, top) to before (right, bottom); what lies outside is zero. */
struct raster *raster_crop(struct arena *arena, const struct raster *in, int64_t left, int64_t top, int64_t right,
			   int64_t bottom, struct err *err) MUST_CHECK;
/* Copies `from` (same channels) over `to`, in place; what does not fit is left out. */
void raster_paste(struct raster *to, const struct raster *from, int64_t left, int64_t top);
/* Grey by ITU-R 601, RGB or RGBA (alpha 255); the picture itself when it has these channels already. */
struct raster *raster_convert(struct arena *arena, struct raster *in, int channels, struct err *err) MUST_CHECK;
/* One channel as grey. */
struct raster *raster_channel(struct arena *arena, const struct raster *in, int channel, struct err *err) MUST_CHECK;
/* a + alpha (b - a), cut to whole numbers; alpha outside 0 … 1 goes beyond b or a. Equal sizes and channels. */
struct raster *raster_blend(struct arena *arena, const struct raster *a, const struct raster *b, float alpha,
			    struct err *err) MUST_CHECK;
/* RGB to BGR and back, in place. */
void raster_swap_ends(struct raster *rgb);
/* Each channel through its table of 256 values, in place. */
void raster_lookup(struct raster *r, unsigned char tables[][256]);
/* How often each value stands in each channel. */
void raster_histogram(const struct raster *r, uint64_t counts[][256]);

/* A colour as CSS writes it: a name, #rgb, #rgba, #rrggbb, #rrggbbaa, rgb(), rgba(), hsl(), hsv() (raster_color.c). */
int raster_color(const char *text, unsigned char color[4], struct err *err) MUST_CHECK;

/* Hue as a part of the circle (any number), the others from 0 to 1; red, green, blue from 0 to 1. */
void raster_from_hsv(double hue, double saturation, double value, double rgb[3]);

/* ---- files (raster_file.c) ---------------------------------------------------------------------------- */

/* A picture file as RGB; transparency is dropped, the first frame counts. PNG and JPEG are read here; WebP, GIF, TIFF
 * and BMP by a child program (media/media.h). */
struct raster *raster_read(struct arena *arena, const void *data, size_t len, struct err *err) MUST_CHECK;
/* A PNG, appended. */
int raster_write_png(const struct raster *r, struct buf *out, struct err *err) MUST_CHECK;
/* A JPEG of an RGB picture in quality 75, appended. */
int raster_write_jpeg(const struct raster *r, struct buf *out, struct err *err) MUST_CHECK;

/* ---- sizes (raster_resize.c) -------------------------------------------------------------------------- */

enum raster_kernel { RASTER_BICUBIC, RASTER_LANCZOS };

/* The box (left, top, right, bottom in pixels, fractions allowed) of the picture in another size. */
struct raster *raster_resize(struct arena *arena, struct raster *in, int64_t width, int64_t height, const float box[4],
			     enum raster_kernel kernel, struct err *err) MUST_CHECK;
/* The whole picture. */
struct raster *raster_scale(struct arena *arena, struct raster *in, int64_t width, int64_t height,
			    enum raster_kernel kernel, struct err *err) MUST_CHECK;
/* Cut in the middle to the proportions wanted, then brought to the size. */
struct raster *raster_fit(struct arena *arena, struct raster *in, int64_t width, int64_t height,
			  enum raster_kernel kernel, struct err *err) MUST_CHECK;

/* ---- neighbourhoods (raster_filter.c, raster_rank.c) -------------------------------------------------- */

struct raster_kernel3 {
	float weights[9]; /* the row below first, as Pillow's are applied; divided by `divisor` */
	float divisor;
	float offset;
};

/* 3 x 3; the outermost pixels stay as they are. */
struct raster *raster_convolve(struct arena *arena, const struct raster *in, const struct raster_kernel3 *kernel,
			       struct err *err) MUST_CHECK;
/* Three box blurs in each direction, the edge pixels repeated outwards. */
struct raster *raster_gaussian(struct arena *arena, const struct raster *in, float radius, struct err *err) MUST_CHECK;
/* Adds `percent` of the difference to the blurred picture where it is above `threshold`. */
struct raster *raster_unsharp(struct arena *arena, const struct raster *in, float radius, int64_t percent,
			      int64_t threshold, struct err *err) MUST_CHECK;
/* The value of rank 0 … size * size - 1 of the square around each pixel, per channel. `size` is odd. */
struct raster *raster_rank(struct arena *arena, const struct raster *in, int size, int64_t rank,
			   struct err *err) MUST_CHECK;

/* ---- computer vision, as OpenCV does it (raster_vision.c) --------------------------------------------- */

/* Edges as 255 in grey: by the channel with the steepest slope, 3 x 3 Sobel, |dx| + |dy|. */
struct raster *raster_canny(struct arena *arena, const struct raster *in, int64_t low, int64_t high,
			    struct err *err) MUST_CHECK;
/* Contrast-limited equalisation of one grey plane in grid x grid tiles. */
struct raster *raster_clahe(struct arena *arena, const struct raster *grey, double clip_limit, int grid,
			    struct err *err) MUST_CHECK;
/* RGB to CIE L*a*b* (D65), each value in 8 bits as OpenCV scales them, and back. In place. */
void raster_to_lab(struct raster *rgb);
void raster_from_lab(struct raster *lab);

/* ---- text (raster_text.c) ----------------------------------------------------------------------------- */

enum raster_align { RASTER_LEFT, RASTER_CENTER, RASTER_RIGHT };

struct raster_text {
	struct sv text;        /* UTF-8; lines end with \n */
	const char *font_path; /* a font file, or NULL: */
	const void *font;      /* its bytes */
	size_t font_len;
	int size;     /* pixels */
	int64_t x, y; /* upper left corner */
	unsigned char color[4];
	enum raster_align align; /* of the lines of a text among each other */
};

/* Writes over an RGB picture, in place. */
int raster_draw_text(struct raster *r, const struct raster_text *text, struct err *err) MUST_CHECK;

#endif
