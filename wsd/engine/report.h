/*
 * report: what only the nodes that show values may do: output, preview, tool result (notes-engine section 6).
 */
#ifndef ENGINE_REPORT_H
#define ENGINE_REPORT_H

#include "nodes/node.h"

/* Reports a value of the job under this output name: an output_update, an entry of the job's result, an item on the
 * node's first slot. Null is shown only. Fails in text mode for a reference to an asset that names nothing. `v` is
 * lent. */
enum node_result node_report_output(struct node_ctx *node, const char *name, struct value *v);

/* A message (preview_update, tool_result_update; taken) that shows a value under `key` as clients get it. `v` is
 * lent. */
void node_report_value(struct node_ctx *node, struct value *message, const char *key, struct value *v);
/* ---- for a workflow inside of a node (workflow_node.c) ------------------------------------------------- */

struct run_level;

/* The level of the node's run; never NULL. */
const struct run_level *node_level(struct node_ctx *node);
/* Passes a message (taken) of an inner run on, with its own node_id. */
void node_pass_on(struct node_ctx *node, struct value *message);
/* True when the node does what must not happen twice and has to wait (NODE_WAIT) until that it begins is written down. */
bool node_must_ask(struct node_ctx *node);

#endif
