/* What nodes do with their time, for the trace of the run (wsd/trace.h). The clock is read once per step of an actor. */
#include "wsd/engine/internal.h"
#include "wsd/trace.h"

#include <string.h>

#define TRACE_RECORD ((size_t)48 << 10) /* entries that are kept before a record is made of them */
#define TRACE_MAX ((size_t)1 << 20)
#define VALUE_COST 8 /* of a number; what is counted is the size of contents, not the memory of this process */

static size_t size_of(const struct value *v)
{
	size_t size = 0;
	struct value *item;
	struct sv key;

	switch (value_kind(v)) {
	case VALUE_STR:
	case VALUE_BYTES:
	case VALUE_BIGINT:
		return value_len(v);
	case VALUE_LIST:
		for (size_t i = 0; i < value_len(v); i++)
			size += size_of(list_at(v, i));
		return size;
	case VALUE_MAP:
		for (size_t i = 0; map_entry(v, i, &key, &item); i++)
			size += key.n + size_of(item);
		return size;
	default:
		return VALUE_COST;
	}
}

static bool wanted(const struct run *run)
{
	return run->opt.record;
}

size_t times_size(const struct run *run, const struct value *v)
{
	return wanted(run) ? size_of(v) : 0;
}

void times_sent(struct edge *edge, size_t bytes)
{
	struct node_times *from = &edge->source->times;
	struct node_times *to = &edge->target->times;

	to->items_in++;
	to->bytes_in += bytes;
	if (edge->slot->edges[0] != edge)
		return;
	times_begin(edge->source);
	from->last_us = edge->source->run->clock_us;
	from->items_out++;
	from->bytes_out += bytes;
}

void times_begin(struct node_ctx *node)
{
	struct run *run = node->run;

	if (node->times.start_us || node->silent || !wanted(run))
		return;
	node->times.start_us = run->clock_us;
	node->times.next_begun = run->begun;
	run->begun = node;
}

void times_stepped(struct run *run)
{
	int64_t now = time_mono_us();

	run->stepping->times.busy_us += now - run->clock_us;
	run->clock_us = now;
	run->stepping = NULL;
}

/* ---- entries ------------------------------------------------------------------------------------------- */

static void put(struct node_ctx *node, enum trace_status status, int64_t end_us)
{
	const struct run *run = node->run;
	const struct node_times *t = &node->times;
	const struct trace_entry entry = {
		.node_id = { node->id, strlen(node->id) },
		.node_type = { node->type->type, strlen(node->type->type) },
		.status = status,
		.start_us = t->start_us + run->epoch_us,
		.end_us = end_us ? end_us + run->epoch_us : 0,
		.busy_us = t->busy_us,
		.outside_us = t->outside_us,
		.room_us = t->room_us,
		.bytes_in = t->bytes_in,
		.bytes_out = t->bytes_out,
		.items_in = t->items_in,
		.items_out = t->items_out,
		.calls = t->calls,
	};

	trace_put(&node->run->trace, &entry);
}

static void send_record(struct run *run)
{
	const struct run_message message = { .type = RUNNER_MSG_TRACE, .key = "", .data = run->trace.data, .len = run->trace.len };

	if (message.len && !run->trace.failed)
		run->opt.message(run->opt.ctx, &message);
	buf_reset(&run->trace);
}

static void send_when_long(struct run *run)
{
	if (run->trace.len > TRACE_RECORD)
		send_record(run);
}

void times_end(struct node_ctx *node)
{
	struct node_times *t = &node->times;
	int64_t now;

	if (!t->start_us)
		return;
	now = time_mono_us();
	if (node->run->stepping == node)
		t->busy_us += now - node->run->clock_us;
	node->run->clock_us = now;
	put(node,
	    node->failed ? TRACE_FAILED :
	    node->suspended ? TRACE_SUSPENDED :
	    node->phase != PHASE_CLOSE ? TRACE_STOPPED :
	    node->cached ? TRACE_CACHED : TRACE_COMPLETED,
	    now);
	send_when_long(node->run);
}

static void put_run(struct run *run)
{
	static const enum trace_status statuses[] = { TRACE_COMPLETED, TRACE_FAILED, TRACE_STOPPED, TRACE_SUSPENDED };
	const struct trace_entry entry = {
		.node_id = { "", 0 },
		.node_type = { "", 0 },
		.status = run->ended ? statuses[run->end.status] : TRACE_RUNNING,
		.start_us = run->started_us + run->epoch_us,
		.end_us = run->ended ? time_mono_us() + run->epoch_us : 0,
	};

	trace_put(&run->trace, &entry);
}

/* Those that have begun since the last record and go on. Input nodes end with the last value that they gave; those that
 * stream go on to the end of the run. */
static void put_begun(struct run *run)
{
	struct node_ctx *node;

	while ((node = run->begun)) {
		run->begun = node->times.next_begun;
		if ((node->type->flags & NODE_INPUT) && !(node->type->flags & NODE_STREAMS_OUTPUT))
			put(node, TRACE_COMPLETED, node->times.last_us);
		else if (!run->ended && (node->phase != PHASE_DONE || (node->type->flags & NODE_INPUT)))
			put(node, TRACE_RUNNING, 0);
		send_when_long(run);
	}
}

static void put_streamed_inputs(struct run *run)
{
	const unsigned both = NODE_INPUT | NODE_STREAMS_OUTPUT;

	for (size_t i = 0; i < run->node_count; i++)
		if ((run->nodes[i].type->flags & both) == both && run->nodes[i].times.start_us)
			put(&run->nodes[i], TRACE_COMPLETED, run->nodes[i].times.last_us);
}

void times_init(struct run *run)
{
	run->clock_us = run->started_us;
	run->epoch_us = time_now_us() - run->started_us;
	buf_init(&run->trace, TRACE_MAX);
}

void times_flush(struct run *run)
{
	if (!run->begun && !run->trace.len)
		return;
	if (!run->trace_told)
		put_run(run);
	run->trace_told = true;
	put_begun(run);
	send_record(run);
}

void times_over(struct run *run)
{
	if (!wanted(run) || run->end.early)
		return;
	put_run(run);
	run->trace_told = true;
	put_streamed_inputs(run);
	put_begun(run);
	send_record(run);
}
