/* Stream filters by a regular expression: the pattern is compiled once, until another one arrives. */
#include "wsd/nodes/regex_filter.h"

#include "pytext/pytext.h"

static void forget(void *re)
{
	pyre_free(re);
}

bool regex_filter_match(struct node_ctx *ctx, struct sv text)
{
	struct filter_state *state = node_state(ctx);
	enum pyre_mode mode = value_truthy(filter_setting(ctx, "full_match")) ? PYRE_FULLMATCH : PYRE_SEARCH;

	if (!state->compiled) {
		state->compiled = pyre_compile(filter_sv(ctx, "pattern"), 0, NULL);
		state->forget = forget;
	}
	return state->compiled && pyre_exec(state->compiled, text, 0, mode, false, NULL) == 1;
}
