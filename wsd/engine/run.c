/* A run from its start to its end: the ready queue, timers, what came of it. */
#include "wsd/engine/asset.h"
#include "wsd/engine/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERROR_CHARACTERS 1000
#define MESSAGE_MAX ((size_t)RUNNER_FRAME_MAX - 4096)

struct slot *slot_find(struct node_ctx *node, const char *name)
{
	for (size_t i = 0; i < node->slot_count; i++)
		if (node->slots[i].name == name || strcmp(node->slots[i].name, name) == 0)
			return &node->slots[i];
	return NULL;
}

char *error_cut(struct run *run, const char *text)
{
	size_t len = strlen(text);
	size_t pos = 0;

	for (size_t n = 0; n < ERROR_CHARACTERS && pos < len; n++)
		utf8_decode(text, len, &pos);
	return arena_strndup(run->arena, text, pos);
}

/* ---- the end ------------------------------------------------------------------------------------------ */

void run_finish(struct run *run, enum run_status status, const char *kind, const char *error)
{
	struct run_end *end = &run->end;

	if (run->ended)
		return;
	run->ended = true;
	end->status = status;
	end->error_kind = kind;
	end->error = error ? error_cut(run, error) : NULL;
	end->duration = (double)(time_mono_us() - run->started_us) / 1e6;
	end->next_seq = run->seq;
	times_over(run);
	if (status != RUN_COMPLETED)
		return;
	end->result = run->opt.explicit_types ? present_explicit(run->result) : value_ref(run->result);
}

const struct run_end *run_end(const struct run *run)
{
	return run->ended ? &run->end : NULL;
}

static void close_all(struct run *run)
{
	for (size_t i = 0; i < run->node_count; i++)
		actor_close(&run->nodes[i]);
}

void run_cancel(struct run *run)
{
	if (run->ended)
		return;
	close_all(run);
	run_finish(run, RUN_CANCELLED, NULL, NULL);
}

void run_abort(struct run *run, const char *kind, const char *reason)
{
	if (run->ended)
		return;
	close_all(run);
	run_finish(run, RUN_FAILED, kind, reason);
}

/* The error of the failing node that comes first in the list of nodes. */
static void finish_all_done(struct run *run)
{
	for (size_t i = 0; i < run->node_count; i++) {
		if (run->nodes[i].failed) {
			run_finish(run, RUN_FAILED, "ValueError", run->nodes[i].error);
			return;
		}
	}
	run_finish(run, RUN_COMPLETED, NULL, NULL);
}

static bool streaming_input_open(const struct run *run)
{
	for (size_t i = 0; i < run->node_count; i++) {
		const struct node_ctx *node = &run->nodes[i];

		if (!(node->type->flags & NODE_INPUT))
			continue;
		for (size_t k = 0; k < node->out_count; k++)
			if (!node->out[k]->closed)
				return true;
	}
	return false;
}

/* Nothing is ready, nobody waits for anything, and no value can come from outside. */
static void finish_stuck(struct run *run)
{
	struct buf text;

	buf_init(&text, 2048);
	buf_adds(&text, "The run cannot go on: these nodes wait for each other:");
	for (size_t i = 0; i < run->node_count; i++)
		if (run->nodes[i].phase != PHASE_DONE)
			buf_printf(&text, " %s", run->nodes[i].id);
	run_abort(run, "RuntimeError", text.data);
	buf_free(&text);
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static struct node_ctx *pop_ready(struct run *run)
{
	struct ready *ready = &run->ready[run->ready[0].head ? 0 : 1];
	struct node_ctx *node = ready->head;

	if (!node)
		return NULL;
	ready->head = node->next_ready;
	if (!ready->head)
		ready->tail = NULL;
	node->queued = false;
	return node;
}

static bool anything_ready(const struct run *run)
{
	return run->ready[0].head || run->ready[1].head;
}

static void check_end(struct run *run)
{
	if (run->alive == 0)
		finish_all_done(run);
	else if (!anything_ready(run) && !run->waiting && !streaming_input_open(run))
		finish_stuck(run);
}

bool run_step(struct run *run, size_t steps)
{
	struct node_ctx *node;

	run->clock_us = time_mono_us();
	while (!run->ended && steps-- > 0 && (node = pop_ready(run))) {
		run->stepping = node;
		log_set_node(node->id);
		if (node == &run->dispatcher)
			inputs_step(run);
		else
			actor_step(node);
		times_stepped(run);
		if (node->suspended) {
			close_all(run);
			run_finish(run, RUN_SUSPENDED, NULL, NULL);
		}
	}
	log_set_node(NULL);
	if (!run->ended && (!anything_ready(run) || run->alive == 0))
		check_end(run);
	if (!run->ended && !anything_ready(run))
		times_flush(run);
	return !run->ended && anything_ready(run);
}

size_t run_poll(struct run *run, struct pollfd *fds, size_t max, int *timeout_ms)
{
	int64_t now = time_mono_us();
	int64_t first = INT64_MAX;
	size_t count = 0;

	for (struct node_ctx *node = run->waiting; node; node = node->next_waiting) {
		if (node->wake_us && node->wake_us < first)
			first = node->wake_us;
		for (size_t i = 0; i < node->fd_count && count < max; i++)
			fds[count++] = node->fds[i];
	}
	*timeout_ms = -1;
	if (first != INT64_MAX)
		*timeout_ms = first <= now ? 0 : (int)((first - now + 999) / 1000 > 3600000 ? 3600000 : (first - now + 999) / 1000);
	if (anything_ready(run) || run->ended)
		*timeout_ms = 0;
	return count;
}

static bool fd_ready(const struct node_ctx *node, const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < node->fd_count; i++)
		for (size_t k = 0; k < count; k++)
			if (fds[k].fd == node->fds[i].fd && fds[k].revents)
				return true;
	return false;
}

void run_wake(struct run *run, const struct pollfd *fds, size_t count)
{
	int64_t now = time_mono_us();
	struct node_ctx *node = run->waiting;
	struct node_ctx *next;

	for (; node; node = next) {
		next = node->next_waiting;
		if ((node->wake_us && node->wake_us <= now) || fd_ready(node, fds, count)) {
			actor_unwait(node);
			actor_ready(node);
		}
	}
}

/* ---- the beginning ------------------------------------------------------------------------------------ */

static void skip_completed(struct run *run)
{
	const struct value *ids = map_get(run->opt.resume, "completed");

	for (size_t i = 0; i < value_len(ids); i++)
		for (size_t k = 0; k < run->node_count; k++)
			if (value_is(list_at(ids, i), VALUE_STR) &&
			    strcmp(run->nodes[k].id, value_text(list_at(ids, i))) == 0)
				actor_close(&run->nodes[k]);
}

static void start(struct run *run)
{
	const unsigned both = NODE_STREAMS_INPUT | NODE_STREAMS_OUTPUT;
	struct node_ctx *node;

	if (!restore_begin(run))
		return;
	for (size_t i = 0; i < run->node_count; i++) {
		node = &run->nodes[i];
		node->of_stream = node->behind_stream || (node->type->flags & both) == NODE_STREAMS_OUTPUT;
		if (node->type->flags & NODE_INPUT)
			node->phase = PHASE_DONE;
		else
			run->alive++;
		actor_begin(node);
	}
	inputs_queue_initial(run);
	for (size_t i = 0; i < run->node_count; i++)
		actor_ready(&run->nodes[i]);
	if (run->opt.resume)
		skip_completed(run);
}

struct run *run_new(const struct run_options *options)
{
	struct run *run = xcalloc(1, sizeof(*run));
	struct err err;
	char *errors;
	char *text;

	run->opt = *options;
	asset_set_reader(options->user_id);
	run->arena = arena_new();
	run->started_us = time_mono_us();
	times_init(run);
	run->seq = options->first_seq;
	run->result = value_map();
	run->dispatcher.run = run;
	buf_init(&run->msg, MESSAGE_MAX);
	if (load_graph(run, &err) != 0) {
		run->end.early = true;
		run_finish(run, RUN_FAILED, "ValueError", err.detail);
		return run;
	}
	message_heads(run);
	errors = validate_graph(run);
	if (errors) {
		text = xasprintf("Graph contains errors: %s", errors);
		run_finish(run, RUN_FAILED, "ValueError", text);
		free(text);
		free(errors);
		return run;
	}
	start(run);
	return run;
}

void run_free(struct run *run)
{
	for (size_t i = 0; i < run->node_count; i++) {
		if (run->nodes[i].phase != PHASE_DONE || (run->nodes[i].type && (run->nodes[i].type->flags & NODE_INPUT)))
			inbox_close(&run->nodes[i]);
		actor_destroy(&run->nodes[i]);
	}
	inputs_free(run);
	cache_free(run);
	value_unref(run->inputs);
	value_unref(run->result);
	value_unref(run->end.result);
	value_unref(run->end.state);
	buf_free(&run->msg);
	buf_free(&run->trace);
	arena_free(run->arena);
	free(run);
}
