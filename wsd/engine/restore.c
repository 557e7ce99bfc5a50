/*
 * What is kept of completed nodes, and a run that goes on with it: after the end of the daemon that began it.
 *
 * A node that completes gives a record of what it sent on (RUNNER_MSG_NODE_DONE). In the run that goes on it does not run
 * again: it sends the same once more, and nobody is told. A record is bounded; where it would be longer, or holds what
 * has no bytes, the node runs again if somebody behind it needs what it gives, unless it must not run twice.
 */
#include "wsd/engine/exact.h"
#include "wsd/engine/internal.h"

#include <string.h>

#define RECORD_ITEMS 10000
#define RECORD_BYTES ((size_t)8 << 20)
#define RECORD_BYTES_ONCE ((size_t)128 << 20) /* of a node that must not run twice */
#define ASK_AGAIN_MS 60000

enum { RECORD_LOST = 0, RECORD_WHOLE = 1 }; /* first byte of a record */

/* ---- keeping ------------------------------------------------------------------------------------------- */

static void give_up(struct node_ctx *node)
{
	buf_free(&node->record);
	node->record_lost = true;
}

void restore_note(struct node_ctx *node, const struct slot *slot, const struct value *v)
{
	uint32_t number = (uint32_t)(slot - node->slots);
	bool once = node->type && (node->type->flags & NODE_ONCE);

	if (!node->run->opt.record || node->record_lost || node->silent || !node->type)
		return;
	if (!node->record.max) {
		buf_init(&node->record, once ? RECORD_BYTES_ONCE : RECORD_BYTES);
		buf_addc(&node->record, RECORD_WHOLE);
	}
	buf_add(&node->record, &number, sizeof(number));
	if (exact_write(&node->record, v) < 0 || (++node->record_items > RECORD_ITEMS && !once))
		give_up(node);
}

void restore_completed(struct node_ctx *node, bool joined)
{
	char nothing = node->record_lost ? RECORD_LOST : RECORD_WHOLE;

	if (!node->run->opt.record || node->silent || node->recorded)
		return;
	node->recorded = true;
	if (node->record.len)
		message_record(node, RUNNER_MSG_NODE_DONE, node->record.data, node->record.len, joined);
	else
		message_record(node, RUNNER_MSG_NODE_DONE, &nothing, 1, joined);
	buf_free(&node->record);
}

/* ---- nodes that must not run twice --------------------------------------------------------------------- */

bool restore_must_ask(struct node_ctx *node)
{
	return (node->type->flags & NODE_ONCE) && restore_ask(node);
}

bool restore_ask(struct node_ctx *node)
{
	if (!node->run->opt.record || node->allowed)
		return false;
	if (!node->asked)
		message_record(node, RUNNER_MSG_NODE_INTENT, "", 0, false);
	node->asked = true;
	node_wait_ms(node, ASK_AGAIN_MS);
	return true;
}

void run_go(struct run *run, const char *node_id)
{
	for (size_t i = 0; i < run->node_count; i++) {
		struct node_ctx *node = &run->nodes[i];

		if (strcmp(node->id, node_id) != 0 || node->allowed)
			continue;
		node->allowed = true;
		actor_unwait(node);
		actor_ready(node);
	}
}

/* ---- going on ------------------------------------------------------------------------------------------ */

static const struct value *record_of(const struct node_ctx *node)
{
	return map_get(map_get(node->run->opt.resume, "done"), node->id);
}

static bool is_whole(const struct value *record)
{
	return value_len(record) > 0 && value_text(record)[0] == RECORD_WHOLE;
}

/* Fills the outbox; false when the record cannot be read (then nothing of it counts). */
static bool replay_record(struct node_ctx *node, const struct value *record)
{
	const char *at = value_text(record) + 1;
	const char *end = value_text(record) + value_len(record);
	uint32_t slot;
	struct value *v;

	while (at < end) {
		v = NULL;
		if ((size_t)(end - at) > sizeof(slot)) {
			memcpy(&slot, at, sizeof(slot));
			at += sizeof(slot);
			v = exact_read(&at, end);
		}
		if (!v || slot >= node->slot_count) {
			value_unref(v);
			outbox_clear(node);
			return false;
		}
		if (node->type->flags & NODE_OUTPUT)
			node_count_output(node, v);
		outbox_add(node, &node->slots[slot], v);
	}
	return true;
}

static void silence(struct node_ctx *node)
{
	node->silent = node->ran = true;
	node->phase = PHASE_CLOSE;
}

static void replay(struct node_ctx *node, const struct value *record)
{
	silence(node);
	if (replay_record(node, record))
		return;
	node->silent = node->ran = false;
	node->phase = PHASE_INPUT;
}

/* A node without a record may stay away when nobody behind it runs. */
static bool dispensable(const struct node_ctx *node)
{
	for (size_t i = 0; i < node->out_count; i++)
		if (!node->out[i]->target->silent)
			return false;
	return record_of(node) != NULL;
}

static void skip_dispensable(struct run *run)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = run->node_count; i-- > 0;) {
			struct node_ctx *node = &run->nodes[i];

			if (node->silent || (node->type->flags & (NODE_INPUT | NODE_OUTPUT)) || !dispensable(node))
				continue;
			silence(node);
			more = true;
		}
	}
}

bool restore_begin(struct run *run)
{
	const struct value *shown = map_get(run->opt.resume, "shown");

	if (!value_is(map_get(run->opt.resume, "done"), VALUE_MAP))
		return true;
	for (size_t i = 0; i < run->node_count; i++) {
		struct node_ctx *node = &run->nodes[i];
		const struct value *record = record_of(node);

		node->hushed = map_int(shown, node->id, 0);
		if (is_whole(record))
			replay(node, record);
	}
	skip_dispensable(run);
	for (size_t i = 0; i < run->node_count; i++) {
		struct node_ctx *node = &run->nodes[i];
		char *text;

		if (node->silent || !record_of(node) || !(node->type->flags & NODE_ONCE))
			continue;
		text = arena_printf(run->arena, "Node %s (%s) must not run twice, and what it gave was too much to be kept",
				    node->id, node->type->type);
		run_finish(run, RUN_FAILED, "RuntimeError", text);
		return false;
	}
	return true;
}
