/* What the functions of nodes may do (nodes/node.h), but for reading properties. */
#include "wsd/engine/internal.h"
#include "wsd/engine/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool streams(const struct node_ctx *node)
{
	return node->type->flags & (NODE_STREAMS_INPUT | NODE_STREAMS_OUTPUT);
}

static void set_last(struct slot *slot, struct value *v)
{
	value_unref(slot->last);
	slot->last = v;
}

void node_emit(struct node_ctx *node, const char *name, struct value *v)
{
	struct slot *slot = slot_find(node, name);

	if (!slot) {
		node->bad_slot = name;
		value_unref(v);
		return;
	}
	if (value_is_null(v) && streams(node)) {
		value_unref(v);
		return;
	}
	set_last(slot, value_ref(v));
	outbox_add(node, slot, v);
}

enum node_result node_fail(struct node_ctx *node, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_clean(text);
	node->error = error_cut(node->run, text);
	return NODE_FAILED;
}

void *node_state(struct node_ctx *node)
{
	return node->state;
}

struct arena *node_arena(struct node_ctx *node)
{
	if (!node->arena)
		node->arena = arena_new();
	return node->arena;
}

void node_wait_ms(struct node_ctx *node, int64_t ms)
{
	int64_t at = time_mono_us() + (ms > 0 ? ms : 0) * 1000;

	if (node->wake_us == 0 || at < node->wake_us)
		node->wake_us = at;
}

void node_wait_fd(struct node_ctx *node, int fd, short poll_events)
{
	if (node->fd_count == WAIT_FDS_MAX) {
		log_error("node %s waits for more than %d descriptors", node->id, WAIT_FDS_MAX);
		return;
	}
	node->fds[node->fd_count++] = (struct pollfd){ .fd = fd, .events = poll_events };
}

enum node_result node_suspend(struct node_ctx *node, const char *reason, struct value *state)
{
	struct run_end *end = &node->run->end;

	end->node_id = node->id;
	end->reason = error_cut(node->run, reason);
	value_unref(end->state);
	end->state = state;
	return NODE_SUSPEND;
}

struct value *node_resume_state(struct node_ctx *node)
{
	const struct value *resume = node->run->opt.resume;

	if (!resume || strcmp(map_str(resume, "node_id", ""), node->id) != 0)
		return NULL;
	return map_get(resume, "state");
}

/* ---- messages ----------------------------------------------------------------------------------------- */

void node_progress(struct node_ctx *node, int64_t done, int64_t total)
{
	struct value *message;

	if (message_muted(node->run, RUNNER_MSG_OTHER))
		return;
	message = value_map();
	map_set_str(message, "type", "node_progress");
	map_set_int(message, "progress", done);
	map_set_int(message, "total", total);
	map_set_str(message, "chunk", "");
	node_send(node, message);
}

void node_log(struct node_ctx *node, const char *severity, const char *fmt, ...)
{
	struct value *message;
	char text[4096];
	va_list ap;

	if (message_muted(node->run, RUNNER_MSG_OTHER))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	message = value_map();
	map_set_str(message, "type", "log_update");
	map_set_str(message, "node_name", node->type->title);
	map_set_str(message, "content", text);
	map_set_str(message, "severity", severity);
	node_send(node, message);
}

void node_send(struct node_ctx *node, struct value *message)
{
	value_make_writable(&message);
	map_set_str(message, "node_id", node->id);
	message_other(node, message);
	value_unref(message);
}

/* ---- where the run is --------------------------------------------------------------------------------- */

const char *node_workspace(struct node_ctx *node)
{
	return node->run->opt.workspace;
}

const char *node_user(struct node_ctx *node)
{
	return node->run->opt.user_id;
}

const char *node_job(struct node_ctx *node)
{
	return node->run->opt.job_id;
}

const char *node_workflow(struct node_ctx *node)
{
	return node->run->opt.workflow_id;
}

const char *node_id(struct node_ctx *node)
{
	return node->id;
}

const char *node_secret(struct node_ctx *node, const char *name)
{
	const struct run_options *opt = &node->run->opt;
	char *given = opt->secret ? opt->secret(opt->ctx, name) : NULL;
	char *copy;

	if (!given)
		return config_get(name);
	copy = arena_strdup(node_arena(node), given);
	free(given);
	return copy;
}

/* ---- workflows inside of nodes ------------------------------------------------------------------------- */

const struct run_level *node_level(struct node_ctx *node)
{
	struct run *run = node->run;

	if (run->opt.level)
		return run->opt.level;
	run->level.workflow_id = run->opt.workflow_id ? run->opt.workflow_id : "";
	return &run->level;
}

void node_pass_on(struct node_ctx *node, struct value *message)
{
	message_other(node, message);
	value_unref(message);
}

bool node_must_ask(struct node_ctx *node)
{
	return restore_ask(node);
}

/* ---- report.h ----------------------------------------------------------------------------------------- */

static void add_to_result(struct run *run, const char *name, struct value *shown)
{
	struct value *list = map_get(run->result, name);

	if (!list) {
		list = value_list();
		map_set(run->result, name, list);
	}
	if (value_len(list) > 0 && value_equal(list_at(list, value_len(list) - 1), shown))
		return;
	list_push(list, value_ref(shown));
}

void node_count_output(struct node_ctx *node, struct value *v)
{
	struct value *shown = present_value(node->run, v);

	add_to_result(node->run, node_text(node, "name"), shown);
	value_unref(shown);
}

enum node_result node_report_output(struct node_ctx *node, const char *name, struct value *v)
{
	struct value *shown;

	if (!node->run->opt.binary && present_impossible(v))
		return node_fail(node, "The asset is empty: it has no uri, no asset_id and no data");
	shown = present_value(node->run, v);
	message_output(node, name, shown);
	if (!value_is_null(v)) {
		add_to_result(node->run, name, shown);
		outbox_add(node, &node->slots[0], value_ref(v));
		set_last(&node->slots[0], value_ref(shown));
	}
	value_unref(shown);
	return NODE_DONE;
}

void node_report_value(struct node_ctx *node, struct value *message, const char *key, struct value *v)
{
	if (!message_muted(node->run, RUNNER_MSG_OTHER))
		map_set(message, key, present_value(node->run, v));
	node_send(node, message);
}
