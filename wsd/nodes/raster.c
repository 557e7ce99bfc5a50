/* Pictures: making, cutting, joining, converting. */
#include "wsd/nodes/raster.h"

#include <stdlib.h>
#include <string.h>

static struct raster *allocate(struct arena *arena, int64_t width, int64_t height, int channels, bool zero,
			       struct err *err)
{
	struct raster *r;

	if (width < 1 || height < 1) {
		err_set(err, 400, "a picture of %lld x %lld pixels has no pixels", (long long)width, (long long)height);
		return NULL;
	}
	if (width > RASTER_SIDE_MAX || height > RASTER_SIDE_MAX || width * height > RASTER_PIXELS_MAX) {
		err_set(err, 413, "a picture of %lld x %lld pixels is too large", (long long)width, (long long)height);
		return NULL;
	}
	r = arena_alloc(arena, sizeof(*r));
	*r = (struct raster){ .width = (int)width, .height = (int)height, .channels = channels };
	r->px = zero ? calloc(raster_size(r), 1) : malloc(raster_size(r));
	if (!r->px) {
		err_set(err, 413, "there is no memory for a picture of %d x %d pixels", r->width, r->height);
		return NULL;
	}
	arena_defer(arena, free, r->px);
	return r;
}

struct raster *raster_new(struct arena *arena, int64_t width, int64_t height, int channels, struct err *err)
{
	return allocate(arena, width, height, channels, true, err);
}

struct raster *raster_like(struct arena *arena, const struct raster *like, struct err *err)
{
	return allocate(arena, like->width, like->height, like->channels, false, err);
}

struct raster *raster_copy(struct arena *arena, const struct raster *in, struct err *err)
{
	struct raster *r = raster_like(arena, in, err);

	if (r)
		memcpy(r->px, in->px, raster_size(in));
	return r;
}

void raster_fill(struct raster *r, const unsigned char color[4])
{
	size_t n = raster_size(r);

	for (size_t i = 0, c = 0; i < n; i++) {
		r->px[i] = color[c];
		c = c + 1 < (size_t)r->channels ? c + 1 : 0;
	}
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* Copies what of `from` (its pixel 0,0 at left, top of `to`) lies within both. */
static void copy_over(struct raster *to, const struct raster *from, int64_t left, int64_t top)
{
	int64_t x0 = clamp(left, 0, to->width);
	int64_t x1 = clamp(left + from->width, 0, to->width);
	int64_t y0 = clamp(top, 0, to->height);
	int64_t y1 = clamp(top + from->height, 0, to->height);

	for (int64_t y = y0; x0 < x1 && y < y1; y++)
		memcpy(raster_at(to, (int)x0, (int)y), raster_at(from, (int)(x0 - left), (int)(y - top)),
		       (size_t)(x1 - x0) * (size_t)to->channels);
}

/* Positions that differ from a picture by more are as good as this. */
#define FAR ((int64_t)1 << 40)

struct raster *raster_crop(struct arena *arena, const struct raster *in, int64_t left, int64_t top, int64_t right,
			   int64_t bottom, struct err *err)
{
	struct raster *r;

	left = clamp(left, -FAR, FAR);
	top = clamp(top, -FAR, FAR);
	r = raster_new(arena, clamp(right, -FAR, FAR) - left, clamp(bottom, -FAR, FAR) - top, in->channels, err);
	if (r)
		copy_over(r, in, -left, -top);
	return r;
}

void raster_paste(struct raster *to, const struct raster *from, int64_t left, int64_t top)
{
	copy_over(to, from, clamp(left, -FAR, FAR), clamp(top, -FAR, FAR));
}

static unsigned char grey_of(const unsigned char *p)
{
	return (unsigned char)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16);
}

struct raster *raster_convert(struct arena *arena, struct raster *in, int channels, struct err *err)
{
	struct raster *r;
	size_t n = (size_t)in->width * (size_t)in->height;

	if (in->channels == channels)
		return in;
	r = allocate(arena, in->width, in->height, channels, false, err);
	for (size_t i = 0; r && i < n; i++) {
		const unsigned char *p = in->px + i * (size_t)in->channels;
		unsigned char *q = r->px + i * (size_t)channels;

		if (channels == 1) {
			*q = grey_of(p);
			continue;
		}
		q[0] = p[0];
		q[1] = p[in->channels > 1 ? 1 : 0];
		q[2] = p[in->channels > 1 ? 2 : 0];
		if (channels == 4)
			q[3] = 255;
	}
	return r;
}

struct raster *raster_channel(struct arena *arena, const struct raster *in, int channel, struct err *err)
{
	struct raster *r = allocate(arena, in->width, in->height, 1, false, err);
	size_t n = (size_t)in->width * (size_t)in->height;

	for (size_t i = 0; r && i < n; i++)
		r->px[i] = in->px[i * (size_t)in->channels + (size_t)channel];
	return r;
}

struct raster *raster_blend(struct arena *arena, const struct raster *a, const struct raster *b, float alpha,
			    struct err *err)
{
	struct raster *r;
	size_t n = raster_size(a);

	if (alpha == 0 || alpha == 1)
		return raster_copy(arena, alpha == 0 ? a : b, err);
	r = raster_like(arena, a, err);
	for (size_t i = 0; r && i < n; i++) {
		float v = (float)a->px[i] + alpha * (float)(b->px[i] - a->px[i]);

		r->px[i] = v > 0 ? v < 255 ? (unsigned char)v : 255 : 0;
	}
	return r;
}

void raster_swap_ends(struct raster *rgb)
{
	size_t n = raster_size(rgb);

	for (size_t i = 0; i < n; i += 3) {
		unsigned char first = rgb->px[i];

		rgb->px[i] = rgb->px[i + 2];
		rgb->px[i + 2] = first;
	}
}

void raster_lookup(struct raster *r, unsigned char tables[][256])
{
	size_t n = raster_size(r);

	for (size_t i = 0, c = 0; i < n; i++) {
		r->px[i] = tables[c][r->px[i]];
		c = c + 1 < (size_t)r->channels ? c + 1 : 0;
	}
}

void raster_histogram(const struct raster *r, uint64_t counts[][256])
{
	size_t n = raster_size(r);

	memset(counts, 0, (size_t)r->channels * sizeof(counts[0]));
	for (size_t i = 0, c = 0; i < n; i++) {
		counts[c][r->px[i]]++;
		c = c + 1 < (size_t)r->channels ? c + 1 : 0;
	}
}
