/* Forming batches of inputs for nodes that do not read their inbox themselves (notes-engine sections 4 and 5). */
#include "wsd/engine/internal.h"

/* Items that a zip queue has given out are dropped from its front when they are this many. */
#define QUEUE_COMPACT 1024

static void note_first(struct node_ctx *node, struct handle *handle)
{
	if (handle->seen)
		return;
	handle->seen = true;
	node->unseen--;
	node->first_order[node->first_count++] = (uint32_t)(handle - node->handles);
}

static void set_latest(struct handle *handle, struct value *v)
{
	value_unref(handle->latest);
	handle->latest = v;
}

/* ---- on_any ------------------------------------------------------------------------------------------- */

static enum batch next_on_any(struct node_ctx *node)
{
	struct handle *handle;
	struct value *v;

	while ((v = inbox_take(node, &handle))) {
		note_first(node, handle);
		set_latest(handle, v);
		if (node->unseen == 0)
			return BATCH_RUN;
	}
	return node->open == 0 ? BATCH_OVER : BATCH_NONE;
}

/* ---- zip_all ------------------------------------------------------------------------------------------ */

static bool queued(const struct handle *handle)
{
	return handle->queue && handle->queue_head < value_len(handle->queue);
}

static bool zip_ready(const struct node_ctx *node)
{
	bool fresh = false;
	bool all_sticky = true;

	for (size_t i = 0; i < node->handle_count; i++) {
		const struct handle *handle = &node->handles[i];

		if (!queued(handle) && !(handle->sticky && handle->latest))
			return false;
		fresh |= queued(handle);
		all_sticky &= handle->sticky;
	}
	return !all_sticky || fresh;
}

static struct value *queue_pop(struct handle *handle)
{
	struct value *v = value_ref(list_at(handle->queue, handle->queue_head));

	list_set(handle->queue, handle->queue_head++, value_null());
	if (handle->queue_head == value_len(handle->queue)) {
		value_unref(handle->queue);
		handle->queue = NULL;
		handle->queue_head = 0;
	}
	return v;
}

/* A long queue is copied from time to time, so that what was given out does not stay in memory for ever. */
static void queue_compact(struct handle *handle)
{
	struct value *rest;

	if (handle->queue_head < QUEUE_COMPACT || handle->queue_head * 2 < value_len(handle->queue))
		return;
	rest = value_list();
	for (size_t i = handle->queue_head; i < value_len(handle->queue); i++)
		list_push(rest, value_ref(list_at(handle->queue, i)));
	value_unref(handle->queue);
	handle->queue = rest;
	handle->queue_head = 0;
}

static enum batch zip_batch(struct node_ctx *node)
{
	struct handle *handle;

	for (size_t i = 0; i < node->handle_count; i++) {
		handle = &node->handles[i];
		if (queued(handle)) {
			set_latest(handle, queue_pop(handle));
			queue_compact(handle);
		}
	}
	return BATCH_RUN;
}

static enum batch next_zip(struct node_ctx *node)
{
	struct handle *handle;
	struct value *v;

	if (zip_ready(node))
		return zip_batch(node);
	while ((v = inbox_take(node, &handle))) {
		note_first(node, handle);
		if (!handle->queue)
			handle->queue = value_list();
		list_push(handle->queue, v);
		if (zip_ready(node))
			return zip_batch(node);
	}
	return node->open == 0 ? BATCH_OVER : BATCH_NONE;
}

/* ---- gathered lists ----------------------------------------------------------------------------------- */

static void gather(struct handle *handle, struct value *v)
{
	if (!handle->gathered) {
		set_latest(handle, v);
		return;
	}
	if (!handle->latest)
		handle->latest = value_list();
	if (!value_is(v, VALUE_LIST)) {
		list_push(handle->latest, v);
		return;
	}
	for (size_t i = 0; i < value_len(v); i++)
		list_push(handle->latest, value_ref(list_at(v, i)));
	value_unref(v);
}

static enum batch next_gathered(struct node_ctx *node)
{
	struct handle *handle;
	struct value *v;

	if (node->ran)
		return BATCH_OVER;
	while ((v = inbox_take(node, &handle))) {
		note_first(node, handle);
		gather(handle, v);
	}
	return node->open == 0 ? BATCH_RUN : BATCH_NONE;
}

enum batch batch_next(struct node_ctx *node)
{
	if (node->handle_count == 0)
		return node->ran ? BATCH_OVER : BATCH_RUN;
	if (node->gathers)
		return next_gathered(node);
	return node->zip ? next_zip(node) : next_on_any(node);
}

/* ---- assigning ---------------------------------------------------------------------------------------- */

static void report_each(struct node_ctx *node, struct handle *handle)
{
	struct value *properties;

	if (message_muted(node->run, RUNNER_MSG_NODE_UPDATE))
		return;
	properties = value_map();
	map_set(properties, handle->name, value_ref(handle_value(node, handle)));
	message_running(node, properties);
	value_unref(properties);
}

static void report_all(struct node_ctx *node)
{
	struct value *properties;
	struct handle *handle;

	if (message_muted(node->run, RUNNER_MSG_NODE_UPDATE))
		return;
	properties = value_map();
	for (size_t i = 0; i < node->first_count; i++) {
		handle = &node->handles[node->first_order[i]];
		map_set(properties, handle->name, value_ref(handle_value(node, handle)));
	}
	message_running(node, properties);
	value_unref(properties);
}

void batch_assign(struct node_ctx *node)
{
	bool generator = node->type->flags & NODE_STREAMS_OUTPUT;
	struct handle *handle;

	for (size_t i = 0; i < node->first_count; i++) {
		handle = &node->handles[node->first_order[i]];
		if (handle->latest && assign_handle(node, handle, handle->latest) && !generator)
			report_each(node, handle);
	}
	if (generator)
		report_all(node);
}
