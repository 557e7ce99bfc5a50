/* Rank filters (minimum, median, maximum …) of any size: a histogram of the square moves along each row, so that a step
 * costs one column and not the whole square. */
#include "wsd/nodes/raster.h"

#include <string.h>

/* Counts of single values, and of groups of 16. */
struct counts {
	uint32_t fine[256];
	uint32_t coarse[16];
};

static int bound(int x, int last)
{
	return x < 0 ? 0 : x > last ? last : x;
}

/* Adds the column at x to the counts, or takes it out. */
static void column(struct counts *counts, const struct raster *in, int channel, int x, int y, int margin, uint32_t by)
{
	x = bound(x, in->width - 1);
	for (int dy = -margin; dy <= margin; dy++) {
		unsigned char v = raster_at(in, x, bound(y + dy, in->height - 1))[channel];

		counts->fine[v] += by;
		counts->coarse[v / 16] += by;
	}
}

static unsigned char value_of_rank(const struct counts *counts, uint32_t rank)
{
	int group = 0;
	int v;

	while (group < 15 && rank >= counts->coarse[group])
		rank -= counts->coarse[group++];
	v = group * 16;
	while (v < 255 && rank >= counts->fine[v])
		rank -= counts->fine[v++];
	return (unsigned char)v;
}

static void rank_row(struct raster *out, const struct raster *in, int channel, int y, int margin, uint32_t rank)
{
	struct counts counts;

	memset(&counts, 0, sizeof(counts));
	for (int dx = -margin; dx <= margin; dx++)
		column(&counts, in, channel, dx, y, margin, 1);
	for (int x = 0; x < in->width; x++) {
		raster_at(out, x, y)[channel] = value_of_rank(&counts, rank);
		column(&counts, in, channel, x - margin, y, margin, (uint32_t)-1);
		column(&counts, in, channel, x + margin + 1, y, margin, 1);
	}
}

struct raster *raster_rank(struct arena *arena, const struct raster *in, int size, int64_t rank, struct err *err)
{
	struct raster *out;

	if (size < 1 || size % 2 == 0) {
		err_set(err, 400, "size must be odd and positive");
		return NULL;
	}
	if (rank < 0 || rank >= (int64_t)size * size) {
		err_set(err, 400, "rank must be below the %lld pixels of the square", (long long)size * size);
		return NULL;
	}
	out = raster_like(arena, in, err);
	for (int y = 0; out && y < in->height; y++) {
		for (int c = 0; c < in->channels; c++)
			rank_row(out, in, c, y, size / 2, (uint32_t)rank);
	}
	return out;
}
