/* nodetool.triggers: what starts or holds a run by itself. */
#include "nodes/node.h"

#include <stdio.h>

/* ---- IntervalTrigger ---------------------------------------------------------------------------------- */

struct interval {
	bool waited_initial;
	bool due; /* the wait before the next tick is over */
	int64_t ticks;
	int64_t started_us;
	int64_t last_us;
};

static enum node_result interval_begin(struct node_ctx *ctx)
{
	struct interval *state = node_state(ctx);

	*state = (struct interval){ .started_us = time_mono_us() };
	state->last_us = state->started_us;
	return NODE_DONE;
}

/* Milliseconds until the next tick: measured from the start when drift is made up for, else from the last tick. */
static int64_t interval_wait_ms(struct node_ctx *ctx, const struct interval *state)
{
	double seconds = node_float(ctx, "interval_seconds");
	double from = (double)state->last_us;
	int64_t passed = state->ticks + (node_bool(ctx, "emit_on_start") ? 0 : 1);

	if (node_bool(ctx, "include_drift_compensation")) {
		from = (double)state->started_us;
		seconds *= (double)passed;
	}
	return (int64_t)((from + seconds * 1e6 - (double)time_mono_us()) / 1e3 + 0.999);
}

static void interval_tick(struct node_ctx *ctx, struct interval *state)
{
	char stamp[TIME_TEXT_MAX];

	state->last_us = time_mono_us();
	state->ticks++;
	node_emit(ctx, "tick", value_int(state->ticks));
	node_emit(ctx, "elapsed_seconds", value_float((double)(state->last_us - state->started_us) / 1e6));
	node_emit(ctx, "interval_seconds", value_ref(node_get(ctx, "interval_seconds")));
	node_emit(ctx, "timestamp", value_str(time_utc(time_now_us(), "+00:00", stamp)));
	node_emit(ctx, "source", value_str("interval"));
	node_emit(ctx, "event_type", value_str("tick"));
}

static enum node_result interval_next(struct node_ctx *ctx)
{
	struct interval *state = node_state(ctx);
	int64_t max = node_int(ctx, "max_events");

	if (!state->waited_initial) {
		state->waited_initial = true;
		state->due = node_bool(ctx, "emit_on_start");
		if (node_float(ctx, "initial_delay_seconds") > 0) {
			node_wait_ms(ctx, (int64_t)(node_float(ctx, "initial_delay_seconds") * 1e3));
			return NODE_WAIT;
		}
	}
	if (state->started_us == state->last_us && state->ticks == 0)
		state->started_us = state->last_us = time_mono_us();
	if (!state->due) {
		state->due = true;
		node_wait_ms(ctx, interval_wait_ms(ctx, state));
		return NODE_WAIT;
	}
	state->due = false;
	interval_tick(ctx, state);
	return max > 0 && state->ticks >= max ? NODE_DONE : NODE_MORE;
}

/* ---- Wait --------------------------------------------------------------------------------------------- */

/* The first time it suspends the run; resumed, it hands on what it had been given. */
static enum node_result wait_for_resume(struct node_ctx *ctx)
{
	struct value *state = node_resume_state(ctx);
	char stamp[TIME_TEXT_MAX];
	int64_t since;

	if (!state) {
		state = value_map();
		map_set(state, "data", value_ref(node_get(ctx, "input")));
		map_set_int(state, "suspended_at_us", time_now_us());
		map_set(state, "timeout_seconds", value_ref(node_get(ctx, "timeout_seconds")));
		return node_suspend(ctx, "Waiting", state);
	}
	since = map_int(state, "suspended_at_us", time_now_us());
	node_emit(ctx, "data", map_get(state, "data") ? value_ref(map_get(state, "data")) : value_null());
	node_emit(ctx, "resumed_at", value_str(time_utc(time_now_us(), "+00:00", stamp)));
	node_emit(ctx, "waited_seconds", value_float((double)(time_now_us() - since) / 1e6));
	return NODE_DONE;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

#define MAX_EVENTS                                                                                                 \
	{                                                                                                          \
		.name = "max_events", .type = "int", .def = "0", .min = "0.0",                                     \
		.description = "Events after which it ends; 0: never"                                              \
	}

static const struct node_type types[] = {
	{
		.type = "nodetool.triggers.IntervalTrigger",
		.title = "Interval Trigger",
		.description = "Ticks at regular intervals.",
		.props = (const struct node_prop[]){
			MAX_EVENTS,
			{ .name = "interval_seconds", .type = "float", .def = "60.0",
			  .description = "Seconds from tick to tick" },
			{ .name = "initial_delay_seconds", .type = "float", .def = "0.0", .min = "0.0",
			  .description = "Seconds before anything happens" },
			{ .name = "emit_on_start", .type = "bool", .def = "true",
			  .description = "Whether it ticks at once or after the first interval" },
			{ .name = "include_drift_compensation", .type = "bool", .def = "true",
			  .description = "Whether intervals count from the start instead of from the last tick" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "tick", .type = "int" },
			{ .name = "elapsed_seconds", .type = "float" },
			{ .name = "interval_seconds", .type = "float" },
			{ .name = "timestamp", .type = "str" },
			{ .name = "source", .type = "str" },
			{ .name = "event_type", .type = "str" },
			{ 0 } },
		.flags = NODE_STREAMS_OUTPUT,
		.state_size = sizeof(struct interval),
		.process = interval_begin,
		.next = interval_next,
	},
	{
		.type = "nodetool.triggers.Wait",
		.title = "Wait",
		.description = "Suspends the run until somebody resumes it, then hands its input on.",
		.props = (const struct node_prop[]){
			{ .name = "timeout_seconds", .type = "int", .def = "0", .min = "0.0",
			  .description = "How long it may stay suspended; 0: for ever" },
			{ .name = "input", .type = "any", .def = "\"\"", .description = "The value to hand on" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "data", .type = "any" },
			{ .name = "resumed_at", .type = "str" },
			{ .name = "waited_seconds", .type = "float" },
			{ 0 } },
		.flags = NODE_NOT_CACHEABLE | NODE_ONCE,
		.process = wait_for_resume,
	},
};

NODE_TABLE(nodes_triggers, types);
