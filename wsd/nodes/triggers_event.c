/* nodetool.triggers: nodes that hand on events from outside: a hand on a button, a request, a time that has come. The daemon
 * keeps the events until a node takes them (wsd/triggers.h); what an event holds is what the node's outputs are called. */
#include "cron/cron.h"
#include "nodes/node.h"

#include <math.h>
#include <string.h>

#define WAIT_MAX_S 1e9

struct event_state {
	int64_t count;
	int64_t since_us; /* that it waits for the next one */
};

/* True when the node has waited for as long as it may; else asks to be woken then. */
static bool waited_enough(struct node_ctx *ctx, const struct event_state *state)
{
	double seconds = node_float(ctx, "timeout_seconds");
	int64_t left;

	if (seconds <= 0)
		return false;
	left = state->since_us + (int64_t)(fmin(seconds, WAIT_MAX_S) * 1e6) - time_mono_us();
	if (left > 0)
		node_wait_ms(ctx, (left + 999) / 1000);
	return left <= 0;
}

static enum node_result hand_on(struct node_ctx *ctx, bool may_time_out)
{
	struct event_state *state = node_state(ctx);
	struct value *event = node_next_event(ctx);
	struct value *v;
	int64_t max = node_int(ctx, "max_events");
	struct sv key;
	size_t i;

	if (!state->since_us)
		state->since_us = time_mono_us();
	if (!event) {
		if (may_time_out && waited_enough(ctx, state))
			return NODE_DONE;
		node_wait_event(ctx);
		return NODE_WAIT;
	}
	for (i = 0; map_entry(event, i, &key, &v); i++) {
		const char *slot = arena_strndup(node_arena(ctx), key.p, key.n);

		if (node_has_slot(ctx, slot))
			node_emit(ctx, slot, value_ref(v));
	}
	value_unref(event);
	state->since_us = 0;
	return max > 0 && ++state->count >= max ? NODE_DONE : NODE_MORE;
}

static enum node_result manual_next(struct node_ctx *ctx)
{
	return hand_on(ctx, true);
}

static enum node_result event_next(struct node_ctx *ctx)
{
	return hand_on(ctx, false);
}

/* A schedule that is no schedule must not wait for ever. */
static enum node_result schedule_begin(struct node_ctx *ctx)
{
	struct zone *zone;
	struct cron cron;
	struct err err;

	if (cron_parse(node_text(ctx, "cron"), &cron, &err) < 0)
		return node_fail(ctx, "cron: %s", err.detail);
	if (zone_load(node_text(ctx, "time_zone"), &zone, &err) < 0)
		return node_fail(ctx, "time_zone: %s", err.detail);
	zone_free(zone);
	return NODE_DONE;
}

#define MAX_EVENTS                                                                                                 \
	{                                                                                                          \
		.name = "max_events", .type = "int", .def = "0", .min = "0.0",                                     \
		.description = "Events after which it ends; 0: never"                                              \
	}
#define ABOUT_EVENT                                                                                                \
	{ .name = "timestamp", .type = "str" }, { .name = "source", .type = "str" }, { .name = "event_type", .type = "str" }

static const struct node_type types[] = {
	{
		.type = "nodetool.triggers.ManualTrigger",
		.title = "Manual Trigger",
		.description = "Hands on what is sent to the workflow by hand (POST /api/jobs/triggers/{workflow}/fire).",
		.props = (const struct node_prop[]){
			MAX_EVENTS,
			{ .name = "name", .type = "str", .def = "\"manual_trigger\"", .description = "What it is called" },
			{ .name = "timeout_seconds", .type = "float?", .def = "null", .min = "0.0",
			  .description = "Seconds without an event after which it ends" },
			{ 0 } },
		.outputs = (const struct node_slot[]){ { .name = "data", .type = "any" }, ABOUT_EVENT, { 0 } },
		.flags = NODE_STREAMS_OUTPUT,
		.state_size = sizeof(struct event_state),
		.next = manual_next,
	},
	{
		.type = "nodetool.triggers.WebhookTrigger",
		.title = "Webhook Trigger",
		.description = "Hands on the requests that come to the workflow's address /api/hooks/….",
		.props = (const struct node_prop[]){
			MAX_EVENTS,
			{ .name = "port", .type = "int", .def = "8080", .min = "1.0", .max = "65535.0",
			  .description = "Not used: requests come through the server's own address" },
			{ .name = "path", .type = "str", .def = "\"/webhook\"", .description = "Not used, as the port" },
			{ .name = "host", .type = "str", .def = "\"127.0.0.1\"", .description = "Not used, as the port" },
			{ .name = "methods", .type = "list[str]", .def = "[\"POST\"]", .description = "HTTP methods that are taken" },
			{ .name = "secret", .type = "str", .def = "\"\"",
			  .description = "When set, requests must carry it or be signed with it" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "body", .type = "any" },
			{ .name = "headers", .type = "dict[str,any]" },
			{ .name = "query", .type = "dict[str,any]" },
			{ .name = "method", .type = "str" },
			{ .name = "path", .type = "str" },
			ABOUT_EVENT,
			{ 0 } },
		.flags = NODE_STREAMS_OUTPUT,
		.state_size = sizeof(struct event_state),
		.next = event_next,
	},
	{
		.type = "nodetool.triggers.ScheduleTrigger",
		.title = "Schedule Trigger",
		.description = "Fires at the times of a cron expression while its workflow is started as a trigger.",
		.props = (const struct node_prop[]){
			MAX_EVENTS,
			{ .name = "cron", .type = "str", .def = "\"0 * * * *\"",
			  .description = "Minute, hour, day of month, month, day of week" },
			{ .name = "time_zone", .type = "str", .def = "\"UTC\"", .description = "Such as Europe/Berlin" },
			{ .name = "catch_up", .type = "str", .def = "\"last\"",
			  .description = "Times that passed while the server was down: skip, last (fire once) or all" },
			{ 0 } },
		.outputs = (const struct node_slot[]){
			{ .name = "scheduled_at", .type = "str" },
			{ .name = "late", .type = "bool" },
			ABOUT_EVENT,
			{ 0 } },
		.flags = NODE_STREAMS_OUTPUT,
		.state_size = sizeof(struct event_state),
		.process = schedule_begin,
		.next = event_next,
	},
};

NODE_TABLE(nodes_triggers_event, types);
