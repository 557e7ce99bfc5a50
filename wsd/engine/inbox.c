/* Items on their way: outboxes, the bounded buffers of handles, who sleeps on them (notes-engine section 2). */
#include "wsd/engine/internal.h"

#include <stdlib.h>
#include <string.h>

static void sleep_on(struct handle *handle, struct node_ctx *producer)
{
	producer->asleep = true;
	producer->times.mark_us = producer->run->clock_us;
	producer->next_sleeper = NULL;
	if (handle->last_sleeper)
		handle->last_sleeper->next_sleeper = producer;
	else
		handle->sleepers = producer;
	handle->last_sleeper = producer;
}

static void wake_sleepers(struct handle *handle)
{
	struct node_ctx *producer;

	while ((producer = handle->sleepers)) {
		handle->sleepers = producer->next_sleeper;
		producer->asleep = false;
		producer->times.room_us += producer->run->clock_us - producer->times.mark_us;
		actor_ready(producer);
	}
	handle->last_sleeper = NULL;
}

bool inbox_put(struct edge *edge, struct value *v, struct node_ctx *producer)
{
	struct handle *handle = edge->handle;
	struct node_ctx *node = edge->target;
	size_t at;

	if (node->phase == PHASE_DONE || node->silent)
		return true;
	if (handle->count == HANDLE_LIMIT) {
		sleep_on(handle, producer);
		return false;
	}
	handle->items[(handle->head + handle->count++) % HANDLE_LIMIT] = value_ref(v);
	at = node->arrival_head + node->arrival_count++;
	node->arrivals[at % (node->handle_count * HANDLE_LIMIT)] = (uint32_t)(handle - node->handles);
	actor_ready(node);
	return true;
}

struct value *inbox_take(struct node_ctx *node, struct handle **out)
{
	struct handle *handle;
	struct value *v;

	if (node->arrival_count == 0)
		return NULL;
	handle = &node->handles[node->arrivals[node->arrival_head]];
	node->arrival_head = (node->arrival_head + 1) % (node->handle_count * HANDLE_LIMIT);
	node->arrival_count--;
	v = handle->items[handle->head];
	handle->head = (uint8_t)((handle->head + 1) % HANDLE_LIMIT);
	handle->count--;
	wake_sleepers(handle);
	*out = handle;
	return v;
}

void inbox_source_done(struct edge *edge)
{
	if (edge->closed)
		return;
	edge->closed = true;
	edge->handle->open--;
	edge->target->open--;
	actor_ready(edge->target);
}

void inbox_close(struct node_ctx *node)
{
	struct handle *handle;

	for (size_t i = 0; i < node->handle_count; i++) {
		handle = &node->handles[i];
		while (handle->count > 0) {
			value_unref(handle->items[handle->head]);
			handle->head = (uint8_t)((handle->head + 1) % HANDLE_LIMIT);
			handle->count--;
		}
		value_unref(handle->latest);
		value_unref(handle->queue);
		handle->latest = handle->queue = NULL;
		wake_sleepers(handle);
	}
	node->arrival_count = 0;
}

/* ---- outbox ------------------------------------------------------------------------------------------- */

void outbox_add(struct node_ctx *node, struct slot *slot, struct value *v)
{
	if (slot->edge_count > 0 || (node->type && (node->type->flags & NODE_OUTPUT)))
		restore_note(node, slot, v);
	if (slot->edge_count == 0) {
		value_unref(v);
		return;
	}
	if (node->outbox_count == node->outbox_cap) {
		node->outbox_cap = node->outbox_cap ? node->outbox_cap * 2 : 4;
		node->outbox = xrealloc(node->outbox, node->outbox_cap * sizeof(*node->outbox));
	}
	node->outbox[node->outbox_count++] = (struct emission){ slot, v, times_size(node->run, v) };
}

void outbox_clear(struct node_ctx *node)
{
	for (size_t i = node->outbox_head; i < node->outbox_count; i++)
		value_unref(node->outbox[i].v);
	node->outbox_head = node->outbox_count = node->outbox_edge = 0;
}

bool outbox_flush(struct node_ctx *node)
{
	struct emission *e;

	while (node->outbox_head < node->outbox_count) {
		e = &node->outbox[node->outbox_head];
		for (; node->outbox_edge < e->slot->edge_count; node->outbox_edge++) {
			if (!inbox_put(e->slot->edges[node->outbox_edge], e->v, node))
				return false;
			times_sent(e->slot->edges[node->outbox_edge], e->bytes);
			message_sent(e->slot->edges[node->outbox_edge]);
		}
		value_unref(e->v);
		node->outbox_edge = 0;
		node->outbox_head++;
	}
	node->outbox_head = node->outbox_count = 0;
	return true;
}
