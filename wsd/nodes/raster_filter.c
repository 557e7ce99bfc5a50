/* Pictures smoothed and sharpened by what stands around each pixel. */
#include "wsd/nodes/raster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 3 x 3 -------------------------------------------------------------------------------------------- */

static unsigned char settle(float v)
{
	return v > 0 ? v < 255 ? (unsigned char)v : 255 : 0;
}

/* One row; `step` bytes lie between a value and the same channel of the next pixel. */
static void convolve_row(unsigned char *restrict to, const unsigned char *restrict above,
			 const unsigned char *restrict here, const unsigned char *restrict below, size_t n, size_t step,
			 const float w[9], float offset)
{
	for (size_t i = step; i + step < n; i++) {
		float sum = offset;

		sum += (float)below[i - step] * w[0] + (float)below[i] * w[1] + (float)below[i + step] * w[2];
		sum += (float)here[i - step] * w[3] + (float)here[i] * w[4] + (float)here[i + step] * w[5];
		sum += (float)above[i - step] * w[6] + (float)above[i] * w[7] + (float)above[i + step] * w[8];
		to[i] = settle(sum);
	}
}

struct raster *raster_convolve(struct arena *arena, const struct raster *in, const struct raster_kernel3 *kernel,
			       struct err *err)
{
	struct raster *out = raster_copy(arena, in, err);
	float w[9];

	if (!out || in->width < 3 || in->height < 3)
		return out;
	for (int i = 0; i < 9; i++)
		w[i] = kernel->weights[i] / kernel->divisor;
	for (int y = 1; y < in->height - 1; y++)
		convolve_row(raster_at(out, 0, y), raster_at(in, 0, y - 1), raster_at(in, 0, y),
			     raster_at(in, 0, y + 1), raster_row(in), (size_t)in->channels, w, kernel->offset + 0.5f);
	return out;
}

/* ---- Gaussian ----------------------------------------------------------------------------------------- */

#define PASSES 3

/* A box of 2 * radius + 1 whole pixels and a part of one more at each end; weights in 24 bits. */
struct box {
	int radius;
	uint32_t whole;
	uint32_t part;
};

/* The box of which three passes come near the Gaussian of that radius (Gwosdek et al. 2011). */
static struct box box_of(float radius)
{
	float variance = radius * radius / PASSES;
	float length = (float)sqrt(12.0 * variance + 1.0);
	float whole = (float)floor((length - 1.0) / 2.0);
	float part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance);
	struct box box;
	float wide;

	part /= 6 * (variance - (whole + 1) * (whole + 1));
	wide = whole + part;
	box.radius = (int)wide;
	box.whole = (uint32_t)((float)(1 << 24) / (wide * 2 + 1));
	box.part = ((1u << 24) - ((uint32_t)box.radius * 2 + 1) * box.whole) / 2;
	return box;
}

static int bound(int x, int last)
{
	return x < 0 ? 0 : x > last ? last : x;
}

static unsigned char weighed(const struct box *box, uint32_t sum, uint32_t ends)
{
	return (unsigned char)((sum * box->whole + ends * box->part + (1u << 23)) >> 24);
}

/* Pixels `from` … `to` - 1 of one channel of a row, where the box may reach over an end. Returns the sum of the box. */
static uint32_t box_part(unsigned char *out, const unsigned char *in, int n, size_t step, const struct box *box,
			 uint32_t sum, int from, int to)
{
	for (int x = from; x < to; x++) {
		uint32_t left = in[(size_t)bound(x - box->radius - 1, n - 1) * step];

		sum += in[(size_t)bound(x + box->radius, n - 1) * step] - left;
		out[(size_t)x * step] = weighed(box, sum, left + in[(size_t)bound(x + box->radius + 1, n - 1) * step]);
	}
	return sum;
}

/* One channel of one row of `n` pixels, from `in` to `out`. */
static void box_row(unsigned char *restrict out, const unsigned char *restrict in, int n, size_t step,
		    const struct box *box)
{
	uint32_t sum = in[0] * (uint32_t)(box->radius + 1);
	int first = box->radius + 1 < n ? box->radius + 1 : n;
	int last = n - box->radius - 1 > first ? n - box->radius - 1 : first;

	for (int x = 0; x < box->radius && x < n; x++)
		sum += in[(size_t)x * step];
	if (box->radius > n)
		sum += in[(size_t)(n - 1) * step] * (uint32_t)(box->radius - n);
	sum = box_part(out, in, n, step, box, sum, 0, first);
	for (int x = first; x < last; x++) {
		const unsigned char *left = in + (size_t)(x - box->radius - 1) * step;
		const unsigned char *right = in + (size_t)(x + box->radius) * step;

		sum += *right - (uint32_t)*left;
		out[(size_t)x * step] = weighed(box, sum, *left + (uint32_t)right[step]);
	}
	box_part(out, in, n, step, box, sum, last, n);
}

/* All passes over the rows, in place; `line` has room for two rows. */
static void box_rows(struct raster *r, const struct box *box, unsigned char *line)
{
	size_t row = raster_row(r);
	size_t step = (size_t)r->channels;

	for (int y = 0; y < r->height; y++) {
		unsigned char *px = raster_at(r, 0, y);

		for (size_t c = 0; c < step; c++) {
			box_row(line + c, px + c, r->width, step, box);
			box_row(line + row + c, line + c, r->width, step, box);
			box_row(px + c, line + row + c, r->width, step, box);
		}
	}
}

/* Rows to columns. `out` has the sides of `in` exchanged. */
static void transpose(struct raster *out, const struct raster *in)
{
	size_t channels = (size_t)in->channels;

	for (int y0 = 0; y0 < in->height; y0 += 32) {
		for (int x = 0; x < in->width; x++) {
			for (int y = y0; y < in->height && y < y0 + 32; y++)
				memcpy(raster_at(out, y, x), raster_at(in, x, y), channels);
		}
	}
}

struct raster *raster_gaussian(struct arena *arena, const struct raster *in, float radius, struct err *err)
{
	struct raster *out = raster_copy(arena, in, err);
	struct raster *turned;
	struct box box;
	unsigned char *line;

	if (!out || radius == 0)
		return out;
	turned = raster_new(arena, in->height, in->width, in->channels, err);
	if (!turned)
		return NULL;
	box = box_of(radius);
	line = arena_alloc(arena, 2 * (raster_row(in) > raster_row(turned) ? raster_row(in) : raster_row(turned)));
	box_rows(out, &box, line);
	transpose(turned, out);
	box_rows(turned, &box, line);
	transpose(out, turned);
	return out;
}

struct raster *raster_unsharp(struct arena *arena, const struct raster *in, float radius, int64_t percent,
			      int64_t threshold, struct err *err)
{
	struct raster *out = raster_gaussian(arena, in, radius, err);
	size_t n = raster_size(in);

	for (size_t i = 0; out && i < n; i++) {
		int diff = in->px[i] - out->px[i];

		out->px[i] = abs(diff) > threshold ? raster_clip((int)(in->px[i] + diff * percent / 100)) : in->px[i];
	}
	return out;
}
