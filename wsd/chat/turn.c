/* A turn from its message to its end: see turn.h. */
#include "wsd/chat/internal.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MODEL    "gpt-oss:20b"
#define DEFAULT_PROVIDER "ollama"

void turn_send(struct turn *turn, struct value *event)
{
	turn->options.send(turn->options.ctx, event);
	value_unref(event);
}

void turn_fail(struct turn *turn, const char *kind, const char *text)
{
	struct value *m = value_map();

	map_set_str(m, "type", "error");
	map_set_str(m, "message", text);
	if (kind)
		map_set_str(m, "error_type", kind);
	map_set_str(m, "thread_id", turn->thread_id);
	map_set_str(m, "workflow_id", turn->workflow_id);
	turn_send(turn, m);
	turn->end = "failed";
}

/* An entry that is a text with something in it, else the fallback. */
static const char *text_of(const struct value *m, const char *key, const char *fallback)
{
	const char *text = map_str(m, key, NULL);

	return text && *text ? text : fallback;
}

/* The row of what the client said. */
static struct value *user_message(const struct turn *turn)
{
	static const char *const kept[] = { "content",     "name",        "tool_call_id", "tool_calls",
					    "collections", "input_files", "created_at",   "agent_mode",
					    "help_mode",   "graph",       "tools",        "workflow_target" };
	struct value *m = turn_message(turn, text_of(turn->message, "role", "user"));

	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		struct value *v = map_get(turn->message, kept[i]);

		if (v)
			map_set(m, kept[i], value_ref(v));
	}
	return m;
}

static int receive(struct turn *turn, struct err *err)
{
	struct value *m;
	int rc;

	if (!id_safe(turn->thread_id))
		return err_set(err, 422, "thread_id: 1 to 128 letters, digits, \"-\" and \"_\" are possible");
	if (turn_thread(turn, err))
		return -1;
	if (!turn_content_valid(map_get(turn->message, "content")))
		return err_set(err, 422, "content: a text or a list of parts is required");
	m = user_message(turn);
	rc = turn_store(turn, m, turn->message_id, err);
	value_unref(m);
	return rc;
}

static void begin_model(struct turn *turn)
{
	if (map_bool(turn->message, "agent_mode", false))
		agent_begin(turn);
	else
		model_begin(turn);
}

/* True when the chat has begun, or cannot. */
static bool connect_step(struct turn *turn)
{
	struct err err = { 0 };
	int rc = mcp_connect(turn->mcp, &err);

	if (!rc)
		return false;
	turn->connecting = false;
	if (rc > 0)
		begin_model(turn);
	else
		turn_fail(turn, NULL, err.detail);
	return true;
}

/* Which kind of chat it is, in the order of notes-ws section 9. */
static void begin(struct turn *turn)
{
	const struct value *m = turn->message;
	struct err err = { 0 };

	if (turn->workflow_id || strcmp(map_str(m, "workflow_target", ""), "workflow") == 0)
		workflow_begin(turn);
	else if (mcp_begin(turn, &turn->mcp, &err))
		turn_fail(turn, NULL, err.detail);
	else if (turn->mcp)
		turn->connecting = true;
	else
		begin_model(turn);
}

struct turn *turn_new(const struct turn_options *options)
{
	struct turn *turn = xcalloc(1, sizeof(*turn));
	struct err err = { 0 };

	turn->options = *options;
	turn->message = map_get(options->order, "message");
	turn->user_id = map_str(options->order, "user_id", "");
	turn->thread_id = map_str(options->order, "thread_id", "");
	turn->workflow_id = text_of(turn->message, "workflow_id", NULL);
	turn->model = text_of(turn->message, "model", DEFAULT_MODEL);
	turn->provider_name = text_of(turn->message, "provider", DEFAULT_PROVIDER);
	turn->help = map_bool(turn->message, "help_mode", false);
	buf_init(&turn->text, BUF_MAX_BODY);
	if (receive(turn, &err))
		turn_fail(turn, NULL, err.detail);
	else
		begin(turn);
	return turn;
}

void turn_free(struct turn *turn)
{
	tool_run_free(turn->tool_run);
	lookup_free(turn->lookup);
	mcp_free(turn->mcp);
	provider_call_free(turn->call);
	provider_client_free(turn->client);
	provider_free(turn->provider);
	if (turn->run)
		run_free(turn->run);
	agent_free(turn->agent);
	value_unref(turn->format);
	value_unref(turn->messages);
	value_unref(turn->tools);
	value_unref(turn->calls);
	value_unref(turn->tool_result);
	value_unref(turn->graph);
	value_unref(turn->params);
	buf_free(&turn->text);
	free(turn->workspace);
	free(turn);
}

static size_t poll_part(struct turn *turn, struct pollfd *fds, size_t max, int *timeout_ms)
{
	int64_t left;

	*timeout_ms = -1;
	if (turn->end)
		return 0;
	if (turn->run)
		return run_poll(turn->run, fds, max, timeout_ms);
	if (turn->tool_run)
		return tool_run_poll(turn->tool_run, fds, max, timeout_ms);
	if (turn->connecting || turn->mcp_calling)
		return mcp_poll(turn->mcp, fds, max, timeout_ms);
	if (turn->lookup)
		return lookup_poll(turn->lookup, fds, max, timeout_ms);
	if (turn->call && !provider_call_done(turn->call))
		return provider_client_poll(turn->client, fds, max, timeout_ms);
	left = !turn->call && turn->tool_deadline && !turn->tool_result ? turn->tool_deadline - time_mono_us() : 0;
	*timeout_ms = left > 0 ? (int)(left / 1000) + 1 : 0;
	return 0;
}

size_t turn_poll(struct turn *turn, struct pollfd *fds, size_t max, int *timeout_ms)
{
	size_t n = poll_part(turn, fds, max, timeout_ms);

	if (turn->agent && !turn->end && (*timeout_ms < 0 || *timeout_ms > agent_time_left(turn)))
		*timeout_ms = agent_time_left(turn);
	return n;
}

bool turn_step(struct turn *turn, const struct pollfd *fds, size_t count)
{
	if (turn->end || (turn->agent && !agent_in_time(turn)))
		return false;
	if (turn->run)
		return workflow_step(turn, fds, count);
	if (turn->connecting)
		return connect_step(turn);
	if (turn->mcp_calling)
		return model_mcp_step(turn);
	if (turn->tool_run && model_tool_step(turn, fds, count))
		return true;
	if (turn->tool_run)
		return false;
	model_step(turn);
	return !turn->end && !turn->call && !turn->lookup && !turn->tool_deadline;
}

void turn_tool_result(struct turn *turn, const struct value *result)
{
	if (!turn->end)
		model_tool_result(turn, result);
}

void turn_cancel(struct turn *turn)
{
	if (turn->end)
		return;
	turn->end = "cancelled";
	if (turn->client && !turn->agent && !turn->help && map_bool(turn->options.order, "keep_partial", false))
		model_keep_partial(turn);
}

const char *turn_end(const struct turn *turn)
{
	return turn->end;
}
