/* The state machine that drives one node (notes-engine sections 2, 3, 6 and 9). */
#include "wsd/engine/internal.h"

#include <stdlib.h>

/* Rounds that one actor may do before the others get their turn. */
#define STEP_ROUNDS 64

void actor_ready(struct node_ctx *node)
{
	struct ready *ready = &node->run->ready[node->of_stream];

	if (node->queued || node->asleep || node->phase == PHASE_DONE)
		return;
	node->queued = true;
	node->next_ready = NULL;
	if (ready->tail)
		ready->tail->next_ready = node;
	else
		ready->head = node;
	ready->tail = node;
}

/* ---- waiting ------------------------------------------------------------------------------------------ */

static void actor_wait(struct node_ctx *node)
{
	struct run *run = node->run;

	if (node->wake_us == 0 && node->fd_count == 0 && !node->wait_event) {
		/* Nothing asked for: it only gives the others their turn. */
		actor_ready(node);
		return;
	}
	node->waiting = true;
	node->times.mark_us = time_mono_us();
	node->prev_waiting = NULL;
	node->next_waiting = run->waiting;
	if (run->waiting)
		run->waiting->prev_waiting = node;
	run->waiting = node;
}

void actor_unwait(struct node_ctx *node)
{
	if (!node->waiting)
		return;
	node->times.outside_us += time_mono_us() - node->times.mark_us;
	if (node->prev_waiting)
		node->prev_waiting->next_waiting = node->next_waiting;
	else
		node->run->waiting = node->next_waiting;
	if (node->next_waiting)
		node->next_waiting->prev_waiting = node->prev_waiting;
	node->waiting = false;
	node->wake_us = 0;
	node->fd_count = 0;
	node->wait_event = false;
}

/* ---- the beginning ------------------------------------------------------------------------------------ */

static void call_begin(struct node_ctx *node, enum call call)
{
	node->phase = PHASE_CALL;
	node->call = call;
	node->times.calls += call == CALL_PROCESS || call == CALL_ITEM;
	if (node->type->state_size && !node->state)
		node->state = xcalloc(1, node->type->state_size);
	if (node->type->timeout_s && !node->deadline_us)
		node->deadline_us = time_mono_us() + (int64_t)node->type->timeout_s * 1000000;
}

void actor_begin(struct node_ctx *node)
{
	if (node->ran || !(node->type->flags & NODE_STREAMS_INPUT) || node->phase == PHASE_DONE)
		return;
	node->ran = true;
	times_begin(node);
	message_running(node, NULL);
	if (node->type->process)
		call_begin(node, CALL_PROCESS);
}

/* ---- the end ------------------------------------------------------------------------------------------ */

void actor_destroy(struct node_ctx *node)
{
	if (node->state && node->type->destroy)
		node->type->destroy(node->state);
	free(node->state);
	node->state = NULL;
	if (node->arena)
		arena_free(node->arena);
	node->arena = NULL;
	for (size_t i = 0; node->props && i < node->info->prop_count; i++)
		value_unref(node->props[i]);
	node->props = NULL;
	value_unref(node->dynamic);
	node->dynamic = NULL;
	value_unref(node->item);
	node->item = NULL;
	value_unref(node->events);
	node->events = NULL;
	for (size_t i = 0; i < node->slot_count; i++) {
		value_unref(node->slots[i].last);
		node->slots[i].last = NULL;
	}
	outbox_clear(node);
	buf_free(&node->record);
	free(node->outbox);
	node->outbox = NULL;
	node->outbox_cap = 0;
}

void actor_close(struct node_ctx *node)
{
	if (node->phase == PHASE_DONE)
		return;
	actor_unwait(node);
	times_end(node);
	node->phase = PHASE_DONE;
	node->run->alive--;
	inbox_close(node);
	for (size_t i = 0; i < node->in_count; i++)
		message_drained(node->in[i]);
	for (size_t i = 0; i < node->out_count; i++) {
		message_drained(node->out[i]);
		inbox_source_done(node->out[i]);
	}
	actor_destroy(node);
}

/* ---- calling the node's functions --------------------------------------------------------------------- */

static void fail(struct node_ctx *node)
{
	if (!node->error)
		node->error = error_cut(node->run, "The node failed without saying why");
	node->failed = true;
	/* What a streaming node sent before it failed stays sent. */
	if (!(node->type->flags & (NODE_STREAMS_INPUT | NODE_STREAMS_OUTPUT)))
		outbox_clear(node);
	node->phase = PHASE_CLOSE;
}

static enum node_result call_function(struct node_ctx *node)
{
	const struct node_type *type = node->type;

	switch (node->call) {
	case CALL_PROCESS:
		return type->process ? type->process(node) : NODE_DONE;
	case CALL_NEXT:
		return type->next ? type->next(node) : NODE_DONE;
	case CALL_ITEM:
		return type->item ? type->item(node, node->item_handle->name, node->item) : NODE_DONE;
	case CALL_END:
		return type->end ? type->end(node) : NODE_DONE;
	}
	return NODE_DONE;
}

static void call_over(struct node_ctx *node)
{
	if (node->arena)
		arena_reset(node->arena);
	value_unref(node->item);
	node->item = NULL;
	node->deadline_us = 0;
	if (!(node->type->flags & NODE_STREAMS_INPUT))
		node->phase = PHASE_BATCH_END;
	else
		node->phase = node->call == CALL_END || node->end_called ? PHASE_BATCH_END : PHASE_INPUT;
}

static void suspend(struct node_ctx *node)
{
	node->suspended = true;
	node->phase = PHASE_CLOSE;
}

/* A timer at the deadline makes a waiting node late, not only a returning one. */
static void wait_again(struct node_ctx *node)
{
	if (node->deadline_us && (node->wake_us == 0 || node->wake_us > node->deadline_us))
		node->wake_us = node->deadline_us;
	actor_wait(node);
}

static bool late(struct node_ctx *node)
{
	if (!node->deadline_us || time_mono_us() < node->deadline_us)
		return false;
	node_fail(node, "Node timed out after %us", node->type->timeout_s);
	fail(node);
	return true;
}

/* Calls the function that is due. False when the node now waits. */
static bool call_node(struct node_ctx *node)
{
	bool generator_begins = node->call == CALL_PROCESS && node->type->next &&
				!(node->type->flags & NODE_STREAMS_INPUT);
	enum node_result result;

	if (late(node))
		return true;
	node->bad_slot = NULL;
	node->wake_us = 0;
	node->fd_count = 0;
	node->wait_event = false;
	if (restore_must_ask(node)) {
		wait_again(node);
		return false;
	}
	result = call_function(node);
	if (node->bad_slot && result != NODE_FAILED) {
		node_fail(node, "The node has no output '%s'", node->bad_slot);
		fail(node);
		return true;
	}
	switch (result) {
	case NODE_FAILED:
		fail(node);
		return true;
	case NODE_SUSPEND:
		suspend(node);
		return true;
	case NODE_WAIT:
		wait_again(node);
		return false;
	case NODE_MORE:
		node->call = node->type->next ? CALL_NEXT : node->call;
		return true;
	case NODE_DONE:
		break;
	}
	if (generator_begins)
		node->call = CALL_NEXT;
	else if (!late(node))
		call_over(node);
	return true;
}

/* ---- what to do next ---------------------------------------------------------------------------------- */

static void reset_last(struct node_ctx *node)
{
	for (size_t i = 0; i < node->slot_count; i++) {
		value_unref(node->slots[i].last);
		node->slots[i].last = NULL;
	}
}

static bool only_unroutable(const struct node_ctx *node)
{
	for (size_t i = 0; i < node->in_count; i++)
		if (!node->in[i]->slot->not_routable)
			return false;
	return node->in_count > 0;
}

/* Single shot and generator: the next batch, if there is one. */
static bool begin_batch(struct node_ctx *node)
{
	bool generator = node->type->flags & NODE_STREAMS_OUTPUT;
	enum batch batch = only_unroutable(node) ? BATCH_OVER : batch_next(node);

	if (batch == BATCH_NONE)
		return false;
	if (batch == BATCH_OVER) {
		node->phase = PHASE_CLOSE;
		return true;
	}
	node->ran = true;
	times_begin(node);
	batch_assign(node);
	node->keep = !generator && result_key(node, node->key);
	node->cached = node->keep && result_lookup(node, node->key);
	if (node->cached || (!generator && cache_lookup(node))) {
		node->phase = PHASE_BATCH_END;
		return true;
	}
	if (!generator)
		message_running(node, NULL);
	call_begin(node, CALL_PROCESS);
	return true;
}

/* A node that reads its inbox itself: the next item, or the end. */
static bool begin_item(struct node_ctx *node)
{
	node->item = inbox_take(node, &node->item_handle);
	if (node->item) {
		call_begin(node, CALL_ITEM);
		return true;
	}
	if (node->open > 0)
		return false;
	node->end_called = true;
	call_begin(node, CALL_END);
	return true;
}

/* No batch can follow: what is kept of the node and the message that it has completed are written together. */
static void record_last(struct node_ctx *node)
{
	bool over = node->handle_count == 0 || node->gathers || (node->type->flags & NODE_STREAMS_INPUT);

	if (over || (!node->zip && node->open == 0 && node->arrival_count == 0))
		restore_completed(node, !message_muted(node->run, RUNNER_MSG_NODE_UPDATE));
}

/* A single-shot node reports its result before it is sent on, the others after. */
static void end_batch(struct node_ctx *node)
{
	record_last(node);
	message_completed(node);
	reset_last(node);
	node->phase = node->type->flags & NODE_STREAMS_INPUT ? PHASE_CLOSE : PHASE_INPUT;
}

static void end_single_shot(struct node_ctx *node)
{
	record_last(node);
	message_completed(node);
	if (node->use_cache)
		cache_store(node);
	if (node->keep && !node->cached)
		result_keep(node, node->key);
	reset_last(node);
	node->phase = PHASE_INPUT;
}

static void end_actor(struct node_ctx *node)
{
	if (node->failed)
		message_error(node, node->error);
	else if (node->suspended)
		message_suspended(node);
	else
		restore_completed(node, false);
	actor_close(node);
}

static bool advance(struct node_ctx *node)
{
	bool single = !(node->type->flags & (NODE_STREAMS_INPUT | NODE_STREAMS_OUTPUT));

	if (node->phase == PHASE_BATCH_END && single) {
		end_single_shot(node);
		return true;
	}
	if (!outbox_flush(node))
		return false;
	switch (node->phase) {
	case PHASE_INPUT:
		return node->type->flags & NODE_STREAMS_INPUT ? begin_item(node) : begin_batch(node);
	case PHASE_CALL:
		return call_node(node);
	case PHASE_BATCH_END:
		end_batch(node);
		return true;
	case PHASE_CLOSE:
		end_actor(node);
		return false;
	case PHASE_DONE:
		break;
	}
	return false;
}

void actor_step(struct node_ctx *node)
{
	for (int i = 0; i < STEP_ROUNDS; i++)
		if (node->asleep || node->waiting || !advance(node))
			return;
	actor_ready(node);
}
