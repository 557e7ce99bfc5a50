/* Canny's edges and local equalisation, with the results of OpenCV. */
#include "wsd/nodes/raster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- edges -------------------------------------------------------------------------------------------- */

struct slope {
	int16_t dx;
	int16_t dy;
};

/* Slopes and their steepness, with a margin of one zero around the steepness. */
struct slopes {
	int width;
	int height;
	struct slope *slope;
	int *steep;
};

static int at(const struct raster *in, int x, int y, int c)
{
	x = x < 0 ? 0 : x >= in->width ? in->width - 1 : x;
	y = y < 0 ? 0 : y >= in->height ? in->height - 1 : y;
	return raster_at(in, x, y)[c];
}

static struct slope sobel(const struct raster *in, int x, int y, int c)
{
	int dx = at(in, x + 1, y - 1, c) - at(in, x - 1, y - 1, c) + 2 * (at(in, x + 1, y, c) - at(in, x - 1, y, c)) +
		 at(in, x + 1, y + 1, c) - at(in, x - 1, y + 1, c);
	int dy = at(in, x - 1, y + 1, c) - at(in, x - 1, y - 1, c) + 2 * (at(in, x, y + 1, c) - at(in, x, y - 1, c)) +
		 at(in, x + 1, y + 1, c) - at(in, x + 1, y - 1, c);

	return (struct slope){ (int16_t)dx, (int16_t)dy };
}

static int *steep_at(const struct slopes *s, int x, int y)
{
	return s->steep + (size_t)(y + 1) * (size_t)(s->width + 2) + (size_t)(x + 1);
}

static void measure(struct slopes *s, const struct raster *in)
{
	for (int y = 0; y < in->height; y++) {
		for (int x = 0; x < in->width; x++) {
			int best = -1;

			for (int c = 0; c < in->channels; c++) {
				struct slope slope = sobel(in, x, y, c);
				int steep = abs(slope.dx) + abs(slope.dy);

				if (steep > best) {
					best = steep;
					s->slope[(size_t)y * (size_t)s->width + (size_t)x] = slope;
				}
			}
			*steep_at(s, x, y) = best;
		}
	}
}

#define TAN_22_5 13573 /* in 15 bits */

/* True when no neighbour across the edge is steeper. */
static bool is_ridge(const struct slopes *s, int x, int y)
{
	struct slope slope = s->slope[(size_t)y * (size_t)s->width + (size_t)x];
	int m = *steep_at(s, x, y);
	int64_t dx = abs(slope.dx);
	int64_t dy = (int64_t)abs(slope.dy) << 15;
	int64_t flat = dx * TAN_22_5;

	if (dy < flat)
		return m > *steep_at(s, x - 1, y) && m >= *steep_at(s, x + 1, y);
	if (dy > flat + (dx << 16))
		return m > *steep_at(s, x, y - 1) && m >= *steep_at(s, x, y + 1);
	if ((slope.dx ^ slope.dy) < 0)
		return m > *steep_at(s, x + 1, y - 1) && m > *steep_at(s, x - 1, y + 1);
	return m > *steep_at(s, x - 1, y - 1) && m > *steep_at(s, x + 1, y + 1);
}

enum { NO_EDGE = 0, WEAK = 1, EDGE = 255 };

/* From each strong point along the weak ones that touch it. */
static void follow(struct raster *map, uint32_t *stack, size_t depth)
{
	while (depth) {
		uint32_t point = stack[--depth];
		int x = (int)(point % (uint32_t)map->width);
		int y = (int)(point / (uint32_t)map->width);

		for (int dy = -1; dy <= 1; dy++) {
			for (int dx = -1; dx <= 1; dx++) {
				int nx = x + dx;
				int ny = y + dy;

				if (nx < 0 || ny < 0 || nx >= map->width || ny >= map->height ||
				    *raster_at(map, nx, ny) != WEAK)
					continue;
				*raster_at(map, nx, ny) = EDGE;
				stack[depth++] = (uint32_t)ny * (uint32_t)map->width + (uint32_t)nx;
			}
		}
	}
}

static void trace(struct raster *map, const struct slopes *s, int64_t low, int64_t high, uint32_t *stack)
{
	size_t depth = 0;

	for (int y = 0; y < map->height; y++) {
		for (int x = 0; x < map->width; x++) {
			int m = *steep_at(s, x, y);

			if (m <= low || !is_ridge(s, x, y))
				continue;
			*raster_at(map, x, y) = m > high ? EDGE : WEAK;
			if (m > high)
				stack[depth++] = (uint32_t)y * (uint32_t)map->width + (uint32_t)x;
		}
	}
	follow(map, stack, depth);
	for (size_t i = 0; i < raster_size(map); i++)
		map->px[i] = map->px[i] == EDGE ? EDGE : NO_EDGE;
}

struct raster *raster_canny(struct arena *arena, const struct raster *in, int64_t low, int64_t high, struct err *err)
{
	struct raster *map = raster_new(arena, in->width, in->height, 1, err);
	size_t n = (size_t)in->width * (size_t)in->height;
	struct slopes s = { .width = in->width, .height = in->height };
	uint32_t *stack;

	if (!map)
		return NULL;
	s.slope = malloc(n * sizeof(*s.slope));
	s.steep = calloc((size_t)(in->width + 2) * (size_t)(in->height + 2), sizeof(*s.steep));
	stack = malloc(n * sizeof(*stack));
	if (s.slope && s.steep && stack) {
		measure(&s, in);
		trace(map, &s, low < high ? low : high, low < high ? high : low, stack);
	} else {
		err_set(err, 413, "there is no memory to look for edges");
		map = NULL;
	}
	free(s.slope);
	free(s.steep);
	free(stack);
	return map;
}

/* ---- local equalisation ------------------------------------------------------------------------------- */

struct tiles {
	int grid;
	int width; /* of a tile */
	int height;
	unsigned char (*tables)[256];
};

/* A position outside, mirrored at the edge pixel. */
static int mirrored(int x, int n)
{
	if (n == 1)
		return 0;
	x %= 2 * (n - 1);
	return x < n ? x : 2 * (n - 1) - x;
}

static void clip_counts(uint32_t counts[256], uint32_t limit)
{
	uint32_t above = 0;
	uint32_t each;

	for (int i = 0; i < 256; i++) {
		if (counts[i] > limit) {
			above += counts[i] - limit;
			counts[i] = limit;
		}
	}
	each = above / 256;
	above %= 256;
	for (int i = 0; i < 256; i++)
		counts[i] += each;
	if (above) {
		int step = (int)(256 / above);

		for (int i = 0; i < 256 && above; i += step > 1 ? step : 1, above--)
			counts[i]++;
	}
}

static void equalize_tile(const struct tiles *t, const struct raster *grey, int column, int row, double clip_limit)
{
	uint32_t total = (uint32_t)t->width * (uint32_t)t->height;
	unsigned char *table = t->tables[row * t->grid + column];
	float scale = 255.0f / (float)total;
	uint32_t counts[256] = { 0 };
	uint32_t sum = 0;

	for (int y = 0; y < t->height; y++) {
		int from = mirrored(row * t->height + y, grey->height);

		for (int x = 0; x < t->width; x++)
			counts[*raster_at(grey, mirrored(column * t->width + x, grey->width), from)]++;
	}
	if (clip_limit > 0) {
		double limit = clip_limit * total / 256;

		clip_counts(counts, limit < 1 ? 1 : limit < total ? (uint32_t)limit : total);
	}
	for (int i = 0; i < 256; i++) {
		sum += counts[i];
		table[i] = raster_clip((int)lrintf((float)sum * scale));
	}
}

/* Where a pixel lies between the middles of two tiles. */
struct between {
	int first;
	int second;
	float weight; /* of the second */
};

static struct between between(int position, int size, int grid)
{
	float place = (float)position * (1.0f / (float)size) - 0.5f;
	int first = (int)floorf(place);
	struct between b = { first, first + 1, place - (float)first };

	b.first = b.first < 0 ? 0 : b.first;
	b.second = b.second > grid - 1 ? grid - 1 : b.second;
	return b;
}

static void apply_tiles(struct raster *out, const struct raster *grey, const struct tiles *t)
{
	for (int y = 0; y < grey->height; y++) {
		struct between v = between(y, t->height, t->grid);

		for (int x = 0; x < grey->width; x++) {
			struct between h = between(x, t->width, t->grid);
			unsigned char p = *raster_at(grey, x, y);
			float up = t->tables[v.first * t->grid + h.first][p] * (1 - h.weight) +
				   t->tables[v.first * t->grid + h.second][p] * h.weight;
			float low = t->tables[v.second * t->grid + h.first][p] * (1 - h.weight) +
				    t->tables[v.second * t->grid + h.second][p] * h.weight;

			*raster_at(out, x, y) = raster_clip((int)lrintf(up * (1 - v.weight) + low * v.weight));
		}
	}
}

struct raster *raster_clahe(struct arena *arena, const struct raster *grey, double clip_limit, int grid,
			    struct err *err)
{
	struct raster *out = raster_like(arena, grey, err);
	struct tiles t = { .grid = grid };
	/* OpenCV widens both sides when one does not divide, the one that does by a whole row of tiles' pixels. */
	bool even = grey->width % grid == 0 && grey->height % grid == 0;

	if (!out)
		return NULL;
	t.width = even ? grey->width / grid : grey->width / grid + 1;
	t.height = even ? grey->height / grid : grey->height / grid + 1;
	t.tables = arena_alloc(arena, (size_t)grid * (size_t)grid * sizeof(*t.tables));
	for (int row = 0; row < grid; row++) {
		for (int column = 0; column < grid; column++)
			equalize_tile(&t, grey, column, row, clip_limit);
	}
	apply_tiles(out, grey, &t);
	return out;
}

/* ---- L*a*b* ------------------------------------------------------------------------------------------- */

static const double to_xyz[3][3] = {
	{ 0.412453, 0.357580, 0.180423 },
	{ 0.212671, 0.715160, 0.072169 },
	{ 0.019334, 0.119193, 0.950227 },
};

static const double from_xyz[3][3] = {
	{ 3.240479, -1.53715, -0.498535 },
	{ -0.969256, 1.875991, 0.041556 },
	{ 0.055648, -0.204043, 1.057311 },
};

static const double white[3] = { 0.950456, 1, 1.088754 };

static double linear(double v)
{
	return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double companded(double v)
{
	return v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

static double lab_f(double t)
{
	return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

static double lab_f_back(double f)
{
	return f > 6.0 / 29 ? f * f * f : (f - 16.0 / 116) / 7.787;
}

static void multiply(const double m[3][3], const double in[3], double out[3])
{
	for (int i = 0; i < 3; i++)
		out[i] = m[i][0] * in[0] + m[i][1] * in[1] + m[i][2] * in[2];
}

static unsigned char rounded(double v)
{
	return v > 0 ? v < 255 ? (unsigned char)lrint(v) : 255 : 0;
}

void raster_to_lab(struct raster *rgb)
{
	double table[256];
	double xyz[3];

	for (int i = 0; i < 256; i++)
		table[i] = linear(i / 255.0);
	for (size_t i = 0; i < raster_size(rgb); i += 3) {
		unsigned char *p = rgb->px + i;

		multiply(to_xyz, (const double[3]){ table[p[0]], table[p[1]], table[p[2]] }, xyz);
		for (int c = 0; c < 3; c++)
			xyz[c] = lab_f(xyz[c] / white[c]);
		p[0] = rounded((116 * xyz[1] - 16) * 2.55);
		p[1] = rounded(500 * (xyz[0] - xyz[1]) + 128);
		p[2] = rounded(200 * (xyz[1] - xyz[2]) + 128);
	}
}

void raster_from_lab(struct raster *lab)
{
	double rgb[3];

	for (size_t i = 0; i < raster_size(lab); i += 3) {
		unsigned char *p = lab->px + i;
		double fy = (p[0] / 2.55 + 16) / 116;
		double xyz[3] = { fy + (p[1] - 128) / 500.0, fy, fy - (p[2] - 128) / 200.0 };

		for (int c = 0; c < 3; c++)
			xyz[c] = lab_f_back(xyz[c]) * white[c];
		multiply(from_xyz, xyz, rgb);
		for (int c = 0; c < 3; c++)
			p[c] = rounded(companded(rgb[c]) * 255);
	}
}
