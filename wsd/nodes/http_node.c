/* Requests of nodes: sending one, and reading its answer. */
#include "wsd/nodes/http_node.h"
#include "wsd/nodes/encoding.h"

void http_free_state(void *ptr)
{
	struct http_state *state = ptr;

	fetch_free(state->fetch);
	state->fetch = NULL;
}

enum node_result http_request(struct node_ctx *ctx, const struct fetch_request *what, struct fetch_result **out)
{
	struct http_state *state = node_state(ctx);

	if (!state->fetch) {
		state->fetch = fetch_new(1);
		fetch_add(state->fetch, what);
	}
	if (!fetch_step(state->fetch, ctx))
		return NODE_WAIT;
	*out = fetch_result(state->fetch, 0);
	if (!(*out)->error[0])
		return NODE_DONE;
	node_fail(ctx, "url: %s", (*out)->error);
	http_free_state(state);
	return NODE_FAILED;
}

enum node_result http_finish(struct node_ctx *ctx, enum node_result result)
{
	http_free_state(node_state(ctx));
	return result;
}

struct sv http_body(const struct fetch_result *result)
{
	return (struct sv){ result->body.data ? result->body.data : "", result->body.len };
}

int http_text(struct node_ctx *ctx, const struct fetch_result *result, struct buf *out, struct err *err)
{
	return text_decode(out, http_body(result), fetch_charset(node_arena(ctx), result, "utf-8"), err);
}
