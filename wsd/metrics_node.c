/* Figures of nodes, from the traces that runners send: see metrics.h. */
#include "wsd/metrics_histogram.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/metrics.h"
#include "wsd/trace.h"

#define TYPES_MAX 2048 /* a power of two; more types than that are counted as "other" */
#define TYPE_LEN_MAX 160

struct type_figures {
	char *type;
	int64_t ended[TRACE_STATUSES];
	double seconds;
};

static const double bounds[] = { 0.0001, 0.001, 0.01, 0.1, 1, 10, 60, 600 };

static struct {
	struct type_figures *slots[TYPES_MAX];
	size_t count;
	struct histogram times;
	int64_t buckets[ARRAY_LEN(bounds)];
} nodes;

/* A label of the figures: what is no name of a type would break their form. */
static bool well_formed(struct sv type)
{
	if (!type.n || type.n > TYPE_LEN_MAX)
		return false;
	for (size_t i = 0; i < type.n; i++) {
		char c = type.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_'))
			return false;
	}
	return true;
}

static struct type_figures *figures_of(struct sv type)
{
	uint32_t hash = 2166136261u;
	size_t at;

	if (!well_formed(type) || nodes.count > TYPES_MAX / 2)
		type = sv_of("other");
	for (size_t i = 0; i < type.n; i++)
		hash = (hash ^ (unsigned char)type.p[i]) * 16777619u;
	for (at = hash & (TYPES_MAX - 1); nodes.slots[at]; at = (at + 1) & (TYPES_MAX - 1))
		if (sv_eq(type, nodes.slots[at]->type))
			return nodes.slots[at];
	nodes.slots[at] = xcalloc(1, sizeof(struct type_figures));
	nodes.slots[at]->type = xstrndup(type.p, type.n);
	nodes.count++;
	return nodes.slots[at];
}

void metrics_nodes(struct sv record)
{
	struct trace_entry entry;
	struct type_figures *figures;
	double seconds;

	while (trace_take(&record, &entry)) {
		if (!entry.node_id.n || !entry.end_us)
			continue;
		seconds = (double)(entry.end_us - entry.start_us) / 1e6;
		figures = figures_of(entry.node_type);
		figures->ended[entry.status]++;
		figures->seconds += (double)entry.busy_us / 1e6;
		histogram_add(&nodes.times, bounds, nodes.buckets, ARRAY_LEN(bounds), seconds);
	}
}

static void write_types(struct buf *out)
{
	static const char *const labels[TRACE_STATUSES] = { NULL, "completed", "cached", "failed", "suspended", "stopped" };

	metrics_head(out, "nodes_ended_total", "counter", "Nodes that ended, by type and status.");
	for (size_t i = 0; i < TYPES_MAX; i++)
		for (size_t k = 0; nodes.slots[i] && k < TRACE_STATUSES; k++)
			if (labels[k] && nodes.slots[i]->ended[k])
				buf_printf(out, "nodetool_nodes_ended_total{type=\"%s\",status=\"%s\"} %lld\n",
					   nodes.slots[i]->type, labels[k], (long long)nodes.slots[i]->ended[k]);
	metrics_head(out, "node_busy_seconds_total", "counter", "Time that nodes worked, by type.");
	for (size_t i = 0; i < TYPES_MAX; i++)
		if (nodes.slots[i])
			buf_printf(out, "nodetool_node_busy_seconds_total{type=\"%s\"} %.6f\n", nodes.slots[i]->type,
				   nodes.slots[i]->seconds);
}

void metrics_write_nodes(struct buf *out)
{
	write_types(out);
	metrics_head(out, "node_seconds", "histogram", "How long nodes took, from their first input to their end.");
	histogram_write(out, "node_seconds", &nodes.times, bounds, nodes.buckets, ARRAY_LEN(bounds));
}

void metrics_free(void)
{
	for (size_t i = 0; i < TYPES_MAX; i++) {
		if (nodes.slots[i])
			free(nodes.slots[i]->type);
		free(nodes.slots[i]);
	}
	memset(&nodes, 0, sizeof(nodes));
}
