/* Events from outside for single nodes: a webhook, a time that has come, a hand on a button. */
#include "wsd/engine/internal.h"

#include <string.h>

static void taken(struct run *run, int64_t number)
{
	if (run->opt.event_taken)
		run->opt.event_taken(run->opt.ctx, number);
}

static struct node_ctx *find_node(struct run *run, const char *id)
{
	for (size_t i = 0; i < run->node_count; i++)
		if (strcmp(run->nodes[i].id, id) == 0 && run->nodes[i].phase != PHASE_DONE)
			return &run->nodes[i];
	return NULL;
}

void run_event(struct run *run, const char *node_id, int64_t number, struct value *event)
{
	struct node_ctx *node = run->ended ? NULL : find_node(run, node_id);
	struct value *entry;

	if (!node) {
		log_info("no node '%s' that waits for events: event dropped", node_id);
		value_unref(event);
		taken(run, number);
		return;
	}
	entry = value_list();
	list_push(entry, value_int(number));
	list_push(entry, event);
	if (!node->events)
		node->events = value_list();
	list_push(node->events, entry);
	if (node->waiting && node->wait_event) {
		actor_unwait(node);
		actor_ready(node);
	}
}

void node_wait_event(struct node_ctx *node)
{
	node->wait_event = true;
}

struct value *node_next_event(struct node_ctx *node)
{
	struct value *entry;
	struct value *event;

	if (value_len(node->events) == 0)
		return NULL;
	entry = list_at(node->events, 0);
	event = value_ref(list_at(entry, 1));
	taken(node->run, value_as_int(list_at(entry, 0)));
	list_remove(node->events, 0);
	return event;
}
