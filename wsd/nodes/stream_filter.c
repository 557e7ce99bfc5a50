/* Nodes that pass on some items of a stream. */
#include "wsd/nodes/stream_filter.h"

#include <string.h>

static void forget_compiled(struct filter_state *state)
{
	if (state->compiled)
		state->forget(state->compiled);
	state->compiled = NULL;
}

enum node_result filter_item(struct node_ctx *ctx, const char *handle, struct value *item, filter_test test)
{
	struct filter_state *state = node_state(ctx);

	if (strcmp(handle, "value") == 0) {
		if (test(ctx, item))
			node_emit(ctx, "output", value_ref(item));
		return NODE_DONE;
	}
	if (!state->settings)
		state->settings = value_map();
	map_set(state->settings, handle, value_ref(item));
	forget_compiled(state);
	return NODE_DONE;
}

struct value *filter_setting(struct node_ctx *ctx, const char *name)
{
	struct filter_state *state = node_state(ctx);
	struct value *v = map_get(state->settings, name);

	return v ? v : node_get(ctx, name);
}

const char *filter_text(struct node_ctx *ctx, const char *name)
{
	return filter_sv(ctx, name).p;
}

struct sv filter_sv(struct node_ctx *ctx, const char *name)
{
	struct value *v = filter_setting(ctx, name);

	return value_is(v, VALUE_STR) ? value_sv(v) : SV_LIT("");
}

void filter_destroy(void *ptr)
{
	struct filter_state *state = ptr;

	forget_compiled(state);
	value_unref(state->settings);
	state->settings = NULL;
}
