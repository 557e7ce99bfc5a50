/* The input dispatcher: params, defaults and streamed values, in one queue (notes-engine section 7). */
#include "wsd/engine/internal.h"

#include <stdlib.h>
#include <string.h>

static void add_event(struct run *run, struct node_ctx *node, struct slot *slot, struct value *v)
{
	struct input_event *e = xcalloc(1, sizeof(*e));

	e->node = node;
	e->slot = slot;
	e->v = v;
	e->bytes = v ? times_size(run, v) : 0;
	if (run->last_event)
		run->last_event->next = e;
	else
		run->events = e;
	run->last_event = e;
	actor_ready(&run->dispatcher);
}

/* A node of several slots makes their values itself (a file and its path); the others pass their value on. */
static void queue_values(struct run *run, struct node_ctx *node, struct value *v)
{
	if (!node->type->process) {
		add_event(run, node, &node->slots[0], v);
		return;
	}
	assign_prop(node, 1, v, 0, NULL);
	value_unref(v);
	node->type->process(node);
	for (size_t i = 0; i < node->outbox_count; i++)
		add_event(run, node, node->outbox[i].slot, node->outbox[i].v);
	node->outbox_count = 0;
}

static void queue_ends(struct run *run, struct node_ctx *node)
{
	if (node->type->flags & NODE_STREAMS_OUTPUT)
		return;
	for (size_t i = 0; i < node->slot_count; i++)
		add_event(run, node, &node->slots[i], NULL);
}

static bool empty_stream_value(const struct node_ctx *node, const struct value *v)
{
	if (!(node->type->flags & NODE_STREAMS_OUTPUT) || !value_is(v, VALUE_MAP))
		return false;
	return !*map_str(v, "uri", "") && value_is_null(map_get(v, "asset_id")) && value_is_null(map_get(v, "data"));
}

void inputs_queue_initial(struct run *run)
{
	struct value *at;
	struct value *v;
	struct sv key;
	struct node_ctx *node;

	for (size_t i = 0; map_entry(run->opt.params, i, &key, &v); i++) {
		at = map_getn(run->inputs, key.p, key.n);
		if (!at)
			continue;
		node = &run->nodes[value_as_int(at)];
		node->ran = true;
		queue_values(run, node, value_ref(v));
		queue_ends(run, node);
	}
	for (size_t i = 0; i < run->node_count; i++) {
		node = &run->nodes[i];
		if (!(node->type->flags & NODE_INPUT) || node->ran)
			continue;
		node->ran = true;
		v = node_get(node, "value");
		if (!value_is_null(v) && !empty_stream_value(node, v))
			queue_values(run, node, value_ref(v));
		queue_ends(run, node);
	}
}

static void end_slot(struct slot *slot)
{
	for (size_t i = 0; i < slot->edge_count; i++) {
		message_drained(slot->edges[i]);
		inbox_source_done(slot->edges[i]);
	}
}

/* False when the event has to wait for room. */
static bool deliver(struct run *run, const struct input_event *e)
{
	if (!e->v) {
		end_slot(e->slot);
		return true;
	}
	for (; run->event_edge < e->slot->edge_count; run->event_edge++) {
		struct edge *edge = e->slot->edges[run->event_edge];

		if (edge->closed)
			continue;
		if (!inbox_put(edge, e->v, &run->dispatcher))
			return false;
		times_sent(edge, e->bytes);
		message_sent(edge);
	}
	run->event_edge = 0;
	return true;
}

static void drop_event(struct run *run)
{
	struct input_event *e = run->events;

	run->events = e->next;
	if (!run->events)
		run->last_event = NULL;
	value_unref(e->v);
	free(e);
}

void inputs_step(struct run *run)
{
	while (run->events && deliver(run, run->events))
		drop_event(run);
}

void inputs_free(struct run *run)
{
	while (run->events)
		drop_event(run);
}

/* ---- from outside ------------------------------------------------------------------------------------- */

static struct slot *find_slot(struct run *run, const char *input, const char *handle, struct node_ctx **node)
{
	struct value *at = run->ended ? NULL : map_get(run->inputs, input);
	struct slot *slot = NULL;

	if (at) {
		*node = &run->nodes[value_as_int(at)];
		slot = slot_find(*node, handle ? handle : "output");
	}
	if (!slot)
		log_info("no input '%s' with a handle '%s': value dropped", input, handle ? handle : "output");
	return slot;
}

void run_input(struct run *run, const char *input, const char *handle, struct value *v)
{
	struct node_ctx *node;
	struct slot *slot = find_slot(run, input, handle, &node);
	struct value *typed;

	if (!slot) {
		value_unref(v);
		return;
	}
	if (value_is(v, VALUE_MAP) && strcmp(map_str(v, "type", ""), "chunk") == 0) {
		typed = typed_make(typed_find("chunk"), v, NULL);
		if (typed) {
			value_unref(v);
			v = typed;
		}
	}
	add_event(run, node, slot, v);
}

void run_end_input(struct run *run, const char *input, const char *handle)
{
	struct node_ctx *node;
	struct slot *slot = find_slot(run, input, handle, &node);

	if (slot)
		add_event(run, node, slot, NULL);
}
