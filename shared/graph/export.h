/* What both exports of a graph as Python source share (export.c, export_gradio.c). */
#ifndef GRAPH_EXPORT_H
#define GRAPH_EXPORT_H

#include "graph/graph.h"

struct export_node {
	const struct value *node;
	const char *variable;   /* "string_input_1" */
	struct sv class_name;   /* last dotted part of the type, as an identifier */
	struct sv space;        /* what stands before it, as identifiers; n == 0 when there is nothing */
	struct value *incoming; /* a map: handle -> the last edge that leads to it (of the arena) */
	size_t outgoing;        /* edges that begin here */
};

/* A graph ready to be written. Of nodes with the same id there is one: in the place of the first, as the last says. */
struct export_plan {
	struct arena *arena;
	struct export_node *nodes;
	size_t count;
	size_t *order; /* positions in `nodes`: sources before targets, ties by position, what stands in a cycle at the end */
	struct value *index; /* node id -> position */
};

/* The graph's texts must live as long as the plan, which lives in the arena. */
void export_plan_make(struct export_plan *plan, struct arena *arena, const struct value *graph);
/* The source of the graph without the line feed at its end. */
int export_write_dsl(struct buf *out, const struct export_plan *plan);
/* The keys of a map, sorted by code point; *count of them, in the arena. */
struct sv *export_sorted_keys(struct arena *arena, const struct value *map, size_t *count);

#endif
