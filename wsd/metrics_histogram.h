/* Histograms in the form of Prometheus, for the files metrics*.c. The buckets are the owner's: one per upper bound. */
#ifndef WSD_METRICS_HISTOGRAM_H
#define WSD_METRICS_HISTOGRAM_H

#include "base/base.h"

struct histogram {
	int64_t count;
	double sum;
};

/* Counts a value in every bucket that it fits into. */
void histogram_add(struct histogram *h, const double *bounds, int64_t *buckets, size_t n, double value);
void histogram_write(struct buf *out, const char *name, const struct histogram *h, const double *bounds, const int64_t *buckets,
		     size_t n);
/* The two lines in front of a figure. */
void metrics_head(struct buf *out, const char *name, const char *type, const char *help);
/* metrics_node.c */
void metrics_write_nodes(struct buf *out);

#endif
