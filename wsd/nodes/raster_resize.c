/* Pictures in other sizes: separable filters with weights of 22 bits, as Pillow's Resample. */
#include "wsd/nodes/raster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PRECISION 22 /* bits behind the point: 8 for the result, 2 to spare */

static double bicubic(double x)
{
	const double a = -0.5;

	x = fabs(x);
	if (x < 1)
		return ((a + 2) * x - (a + 3)) * x * x + 1;
	return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x)
{
	return x == 0 ? 1 : sin(x * M_PI) / (x * M_PI);
}

static double lanczos(double x)
{
	return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static const struct {
	double (*weight)(double x);
	double support;
} kernels[] = {
	[RASTER_BICUBIC] = { bicubic, 2 },
	[RASTER_LANCZOS] = { lanczos, 3 },
};

/* For each pixel of a result's side: which pixels of the source count, and how much. */
struct weights {
	int per_pixel;
	struct span {
		int first;
		int count;
	} * spans;
	int32_t *w; /* per_pixel for each */
};

static void free_weights(struct weights *w)
{
	free(w->spans);
	free(w->w);
}

static void weigh_pixel(struct weights *out, int at, double center, double filterscale, int in_size, double *sums,
			enum raster_kernel kernel)
{
	double support = kernels[kernel].support * filterscale;
	int first = (int)(center - support + 0.5);
	int end = (int)(center + support + 0.5);
	int32_t *w = out->w + (size_t)at * (size_t)out->per_pixel;
	double total = 0;

	first = first < 0 ? 0 : first;
	end = end > in_size ? in_size : end;
	out->spans[at] = (struct span){ first, end - first };
	for (int i = 0; i < end - first; i++) {
		sums[i] = kernels[kernel].weight((i + first - center + 0.5) * (1 / filterscale));
		total += sums[i];
	}
	for (int i = 0; i < end - first; i++) {
		double v = total != 0 ? sums[i] / total : sums[i];

		w[i] = (int32_t)(v * (1 << PRECISION) + (v < 0 ? -0.5 : 0.5));
	}
}

/* The side from `from` to `to` of `in_size` pixels becomes `out_size`. -1 when there is no memory. */
static int weigh(struct weights *out, int in_size, float from, float to, int out_size, enum raster_kernel kernel)
{
	double scale = (double)(to - from) / out_size;
	double filterscale = scale < 1 ? 1 : scale;
	double *sums;

	out->per_pixel = (int)ceil(kernels[kernel].support * filterscale) * 2 + 1;
	out->spans = calloc((size_t)out_size, sizeof(*out->spans));
	out->w = calloc((size_t)out_size * (size_t)out->per_pixel, sizeof(*out->w));
	sums = calloc((size_t)out->per_pixel, sizeof(*sums));
	for (int i = 0; out->spans && out->w && sums && i < out_size; i++)
		weigh_pixel(out, i, from + (i + 0.5) * scale, filterscale, in_size, sums, kernel);
	free(sums);
	return out->spans && out->w && sums ? 0 : -1;
}

static unsigned char settle(int32_t sum)
{
	return raster_clip(sum >> PRECISION);
}

/* `channels` is a constant of the caller, so that the compiler unrolls by it. */
static inline __attribute__((always_inline)) void across_by(struct raster *out, const struct raster *in, int first_row,
							    const struct weights *weights, const int channels)
{
	for (int y = 0; y < out->height; y++) {
		unsigned char *to = raster_at(out, 0, y);

		for (int x = 0; x < out->width; x++, to += channels) {
			const struct span *span = &weights->spans[x];
			const int32_t *w = weights->w + (size_t)x * (size_t)weights->per_pixel;
			const unsigned char *p = raster_at(in, span->first, first_row + y);
			int32_t sum[4] = { 1 << (PRECISION - 1), 1 << (PRECISION - 1), 1 << (PRECISION - 1),
					   1 << (PRECISION - 1) };

			for (int i = 0; i < span->count; i++, p += channels) {
				for (int c = 0; c < channels; c++)
					sum[c] += p[c] * w[i];
			}
			for (int c = 0; c < channels; c++)
				to[c] = settle(sum[c]);
		}
	}
}

static void across(struct raster *out, const struct raster *in, int first_row, const struct weights *weights)
{
	if (in->channels == 1)
		across_by(out, in, first_row, weights, 1);
	else if (in->channels == 3)
		across_by(out, in, first_row, weights, 3);
	else
		across_by(out, in, first_row, weights, 4);
}

/* `first_row` is the row of the source that `in` begins with. -1 when there is no memory. */
static int down(struct raster *out, const struct raster *in, int first_row, const struct weights *weights)
{
	size_t n = raster_row(out);
	int32_t *sums = malloc(n * sizeof(*sums));

	if (!sums)
		return -1;
	for (int y = 0; y < out->height; y++) {
		const struct span *span = &weights->spans[y];
		const int32_t *w = weights->w + (size_t)y * (size_t)weights->per_pixel;
		unsigned char *to = raster_at(out, 0, y);

		for (size_t i = 0; i < n; i++)
			sums[i] = 1 << (PRECISION - 1);
		for (int k = 0; k < span->count; k++) {
			const unsigned char *p = raster_at(in, 0, span->first - first_row + k);

			for (size_t i = 0; i < n; i++)
				sums[i] += p[i] * w[k];
		}
		for (size_t i = 0; i < n; i++)
			to[i] = settle(sums[i]);
	}
	free(sums);
	return 0;
}

struct raster *raster_resize(struct arena *arena, struct raster *in, int64_t width, int64_t height, const float box[4],
			     enum raster_kernel kernel, struct err *err)
{
	bool whole_x = box[0] == 0 && box[2] == (float)in->width && width == in->width;
	bool whole_y = box[1] == 0 && box[3] == (float)in->height && height == in->height;
	struct raster *out = raster_new(arena, width, height, in->channels, err);
	struct weights wx = { 0 };
	struct weights wy = { 0 };
	struct raster *middle = in;
	int first = 0;

	if (!out)
		return NULL;
	if (whole_x && whole_y) {
		memcpy(out->px, in->px, raster_size(in));
		return out;
	}
	if (weigh(&wx, in->width, box[0], box[2], out->width, kernel) ||
	    weigh(&wy, in->height, box[1], box[3], out->height, kernel)) {
		err_set(err, 413, "there is no memory to resize the picture");
		out = NULL;
		goto done;
	}
	if (!whole_x) {
		const struct span *last = &wy.spans[out->height - 1];

		/* Only the rows that the second pass reads. */
		first = whole_y ? 0 : wy.spans[0].first;
		middle = whole_y ? out : raster_new(arena, width, last->first + last->count - first, in->channels, err);
		if (middle)
			across(middle, in, first, &wx);
	}
	if (!middle)
		out = NULL;
	else if (!whole_y && down(out, middle, first, &wy)) {
		err_set(err, 413, "there is no memory to resize the picture");
		out = NULL;
	}
done:
	free_weights(&wx);
	free_weights(&wy);
	return out;
}

struct raster *raster_scale(struct arena *arena, struct raster *in, int64_t width, int64_t height,
			    enum raster_kernel kernel, struct err *err)
{
	const float box[4] = { 0, 0, (float)in->width, (float)in->height };

	return raster_resize(arena, in, width, height, box, kernel, err);
}

struct raster *raster_fit(struct arena *arena, struct raster *in, int64_t width, int64_t height,
			  enum raster_kernel kernel, struct err *err)
{
	double w = in->width;
	double h = in->height;
	double wanted = height ? (double)width / (double)height : 0;
	double left;
	double top;

	if (width < 1 || height < 1) {
		err_set(err, 400, "width and height must be at least 1");
		return NULL;
	}
	if (w / h > wanted)
		w = wanted * h;
	else if (w / h < wanted)
		h = w / wanted;
	left = (in->width - w) * 0.5;
	top = (in->height - h) * 0.5;
	return raster_resize(arena, in, width, height,
			     (const float[4]){ (float)left, (float)top, (float)(left + w), (float)(top + h) }, kernel,
			     err);
}
