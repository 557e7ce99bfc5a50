/*
 * stream_filter: nodes that pass on some items of the stream on their handle "value". Their other properties are settings
 * that may arrive on edges too, each arrival holding for what comes behind it.
 */
#ifndef NODES_STREAM_FILTER_H
#define NODES_STREAM_FILTER_H

#include "nodes/node.h"

struct filter_state {
	struct value *settings; /* what arrived on edges, by handle */
	void *compiled;         /* of the node: made from a setting, see filter_forget */
	void (*forget)(void *compiled);
};

/* The fields of a declaration that all these nodes share. */
#define FILTER_NODE .state_size = sizeof(struct filter_state), .destroy = filter_destroy

typedef bool (*filter_test)(struct node_ctx *ctx, const struct value *v);

/* Keeps a setting, or emits the item on "output" when the test holds. */
enum node_result filter_item(struct node_ctx *ctx, const char *handle, struct value *item, filter_test test);
/* The newest value of a setting: lent, never NULL. */
struct value *filter_setting(struct node_ctx *ctx, const char *name);
/* Its text, "" when it is none. */
const char *filter_text(struct node_ctx *ctx, const char *name);
struct sv filter_sv(struct node_ctx *ctx, const char *name);
void filter_destroy(void *state);

#endif
