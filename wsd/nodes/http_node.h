/* http_node: what the nodes share that send requests to web servers. */
#ifndef NODES_HTTP_NODE_H
#define NODES_HTTP_NODE_H

#include "wsd/nodes/fetch.h"

/* The state of such a node; .destroy is http_free_state. */
struct http_state {
	struct fetch *fetch; /* while requests run */
};

void http_free_state(void *state);
/* Sends the request once and waits for its answer. NODE_DONE: *out is a good answer (freed by http_finish); NODE_WAIT
 * and NODE_FAILED are to be returned. */
enum node_result http_request(struct node_ctx *ctx, const struct fetch_request *what, struct fetch_result **out);
/* Ends the requests of the node: its next run sends new ones. Returns `result`. */
enum node_result http_finish(struct node_ctx *ctx, enum node_result result);
/* The body, never NULL. */
struct sv http_body(const struct fetch_result *result);
/* The answer as UTF-8, by the charset it names. -1 with the reason. */
int http_text(struct node_ctx *ctx, const struct fetch_result *result, struct buf *out, struct err *err) MUST_CHECK;

#endif
