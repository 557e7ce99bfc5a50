/* Chat with a language model: plain, and as the editor's help (notes-ws section 9). */
#include "wsd/chat/agent.h"

#include <stdlib.h>
#include <string.h>

static const char plain_prompt[] = "You are a helpful assistant inside NodeTool, a visual editor for AI workflows. "
				   "Answer in the language of the user, "
				   "briefly and in Markdown. When something is ambiguous, take the most sensible "
				   "reading and go on. Use tools when they "
				   "give a better answer than memory does.";

static const char help_prompt[] = "You are the help of NodeTool, a visual editor in which typed nodes are joined to "
				  "workflows. Answer questions about "
				  "nodes and workflows, and build or change the workflow that is open when the user "
				  "asks for it, by the tools that the "
				  "editor offers. Look nodes up with search_nodes before you name them: never invent "
				  "node types, properties or handles. "
				  "An edge leads from an output handle to an input handle of a fitting type. Be brief.";

#define TOOL_TEXT_MAX ((size_t)1 << 20) /* of a result, as a model gets it */

static void ask(struct turn *turn);

/* ---- events -------------------------------------------------------------------------------------------- */

static void send_plain_chunk(struct turn *turn, const struct provider_piece *piece)
{
	struct value *m = value_map();

	map_set_str(m, "type", "chunk");
	map_set(m, "node_id", value_null());
	map_set_str(m, "thread_id", turn->thread_id);
	map_set_str(m, "workflow_id", turn->workflow_id);
	map_set_str(m, "content_type", "text");
	map_set(m, "content", value_strn(piece->text, piece->len));
	map_set(m, "content_metadata", value_map());
	map_set_bool(m, "done", piece->done && !turn->agent);
	map_set_bool(m, "thinking", piece->thinking);
	turn_send(turn, m);
}

static void send_help_chunk(struct turn *turn, const char *text, size_t len, bool done)
{
	struct value *m = value_map();

	map_set_str(m, "type", "chunk");
	map_set(m, "content", value_strn(text, len));
	map_set_bool(m, "done", done);
	map_set_str(m, "thread_id", turn->thread_id);
	map_set_str(m, "workflow_id", turn->workflow_id);
	turn_send(turn, m);
}

static void on_piece(void *ctx, const struct provider_piece *piece)
{
	struct turn *turn = ctx;

	if (turn->end)
		return;
	if (piece->tool_call) {
		list_push(turn->calls, value_copy(piece->tool_call));
		return;
	}
	/* The end of an answer that goes on with tools is none. */
	if (piece->done && !piece->len && value_len(turn->calls))
		return;
	if (!piece->thinking)
		buf_add(&turn->text, piece->text, piece->len);
	if (turn->quiet || (turn->agent && !piece->len))
		return;
	if (!turn->help)
		send_plain_chunk(turn, piece);
	else if (!piece->thinking)
		send_help_chunk(turn, piece->text, piece->len, false);
}

void model_send_end(struct turn *turn)
{
	struct value *m = value_map();

	map_set_str(m, "type", "chunk");
	map_set_str(m, "content", "");
	map_set_bool(m, "done", true);
	map_set_str(m, "thread_id", turn->thread_id);
	turn_send(turn, m);
}

void model_say_answer(struct turn *turn, struct value *content, bool of_agent)
{
	struct value *m = turn_message(turn, "assistant");

	map_set_bool(m, "agent_mode", of_agent);
	map_set(m, "content", content);
	turn_say(turn, m);
}

void model_keep_partial(struct turn *turn)
{
	struct value *m;
	struct err err = { 0 };

	provider_call_free(turn->call);
	turn->call = NULL;
	if (!turn->text.len)
		return;
	m = turn_message(turn, "assistant");
	map_set_bool(m, "agent_mode", false);
	map_set(m, "content", value_strn(turn->text.data, turn->text.len));
	map_set_str(m, "execution_event_type", "partial");
	if (turn_store(turn, m, NULL, &err))
		log_error("the broken answer in thread %s cannot be stored: %s", turn->thread_id, err.detail);
	value_unref(m);
}

/* ---- tools --------------------------------------------------------------------------------------------- */

static struct value *answer_as_text(const struct value *result)
{
	struct value *text;
	struct buf out;

	buf_init(&out, TOOL_TEXT_MAX);
	if (json_write(&out, result, JSON_SPACED)) {
		buf_reset(&out);
		out.failed = false;
		buf_adds(&out, "{\"error\": \"The result is too long for a model\"}");
	}
	text = value_strn(out.data, out.len);
	buf_free(&out);
	return text;
}

/* For the model, and unless an agent works for itself for the thread and the client; takes the reference. */
static void say_within(struct turn *turn, struct value *m)
{
	list_push(turn->messages, value_ref(m));
	if (turn->agent)
		value_unref(m);
	else
		turn_say(turn, m);
}

/* The two messages of a tool call that has its result, for the client, the thread and the model. */
static void say_tool(struct turn *turn, const struct value *call, const struct value *result, const char *note)
{
	struct value *m = turn_message(turn, "assistant");
	struct value *shown = value_copy(call);
	struct value *calls = value_list();

	map_set(shown, "result", value_null());
	map_set(shown, "step_id", value_null());
	map_set_str(shown, "message", turn->help ? NULL : note);
	list_push(calls, shown);
	map_set(m, "tool_calls", calls);
	map_set_bool(m, "agent_mode", false);
	map_set(m, "help_mode", turn->help ? value_bool(true) : value_null());
	say_within(turn, m);

	m = turn_message(turn, "tool");
	map_set_str(m, "tool_call_id", map_str(call, "id", ""));
	map_set_str(m, "name", turn->help ? NULL : map_str(call, "name", ""));
	map_set(m, "content", answer_as_text(result));
	map_set(m, "help_mode", turn->help ? value_bool(true) : value_null());
	say_within(turn, m);
}

static void send_tool_update(struct turn *turn, const struct value *call)
{
	struct value *m = value_map();

	map_set_str(m, "type", "tool_call_update");
	map_set(m, "node_id", value_null());
	map_set_str(m, "thread_id", turn->thread_id);
	map_set_str(m, "workflow_id", turn->workflow_id);
	map_set_str(m, "tool_call_id", map_str(call, "id", ""));
	map_set_str(m, "name", map_str(call, "name", ""));
	map_set(m, "args", value_ref(map_get(call, "args")));
	map_set(m, "message", value_strf("Running %s", map_str(call, "name", "")));
	map_set_str(m, "step_id", turn->step_id);
	map_set_str(m, "agent_execution_id", turn->agent ? turn->agent->id : NULL);
	turn_send(turn, m);
}

static void ask_client(struct turn *turn, const struct value *call)
{
	struct value *m = value_map();

	map_set_str(m, "type", "tool_call");
	map_set_str(m, "tool_call_id", map_str(call, "id", ""));
	map_set_str(m, "name", map_str(call, "name", ""));
	map_set(m, "args", value_ref(map_get(call, "args")));
	map_set_str(m, "thread_id", turn->thread_id);
	map_set_str(m, "workflow_id", turn->workflow_id);
	turn->tool_deadline = time_mono_us() + CLIENT_TOOL_US;
	turn_send(turn, m);
}

/* Takes the reference to the result. */
static void finish_call(struct turn *turn, struct value *result, const char *note)
{
	const struct value *call = list_at(turn->calls, turn->next_call++);

	say_tool(turn, call, result, note);
	value_unref(result);
}

static void run_call(struct turn *turn)
{
	const struct value *call = list_at(turn->calls, turn->next_call);
	const char *name = map_str(call, "name", "");
	const struct tool *tool = tool_find(name);
	struct err err = { 0 };

	if (!tool_offered(turn, name)) {
		finish_call(turn, tool_error("There is no such tool"), NULL);
		return;
	}
	if (!tool && mcp_knows(turn->mcp, name)) {
		if (turn->agent)
			send_tool_update(turn, call);
		mcp_call(turn->mcp, name, map_get(call, "args"));
		turn->mcp_calling = true;
		return;
	}
	if (!tool && tool_of_client(turn, name)) {
		ask_client(turn, call);
		return;
	}
	if (turn->help || turn->agent)
		send_tool_update(turn, call);
	if (tool && tool->run) {
		finish_call(turn, tool->run(turn, map_get(call, "args")), tool->user_message);
		return;
	}
	turn->tool_run = tool_run_new(turn, tool, name, map_get(call, "args"), &err);
	if (!turn->tool_run)
		finish_call(turn, tool_error(err.detail), NULL);
}

bool model_tool_step(struct turn *turn, const struct pollfd *fds, size_t count)
{
	const struct tool *tool = tool_find(map_str(list_at(turn->calls, turn->next_call), "name", ""));
	bool busy;
	struct value *result = tool_run_step(turn->tool_run, fds, count, &busy);

	if (!result)
		return busy;
	tool_run_free(turn->tool_run);
	turn->tool_run = NULL;
	finish_call(turn, result, tool ? tool->user_message : NULL);
	return true;
}

bool model_mcp_step(struct turn *turn)
{
	struct value *result = mcp_result(turn->mcp);

	if (!result)
		return false;
	turn->mcp_calling = false;
	finish_call(turn, result, NULL);
	return true;
}

void model_tool_result(struct turn *turn, const struct value *result)
{
	const struct value *call = list_at(turn->calls, turn->next_call);

	if (turn->tool_deadline && call && strcmp(map_str(result, "tool_call_id", ""), map_str(call, "id", "")) == 0) {
		value_unref(turn->tool_result);
		turn->tool_result = value_copy(result);
	}
}

/* A tool of the client has answered, or has had its time. */
static void take_client_result(struct turn *turn)
{
	struct value *result = turn->tool_result;
	struct value *given = map_get(result, "result");

	if (!result && time_mono_us() < turn->tool_deadline)
		return;
	turn->tool_deadline = 0;
	turn->tool_result = NULL;
	if (!result)
		finish_call(turn, tool_error("The tool did not answer within 60 seconds"), NULL);
	else if (map_bool(result, "ok", false))
		finish_call(turn, given ? value_ref(given) : value_null(), NULL);
	else
		finish_call(turn, tool_error(map_str(result, "error", "The tool failed")), NULL);
	value_unref(result);
}

/* ---- rounds -------------------------------------------------------------------------------------------- */

static void fail_call(struct turn *turn, const struct err *err)
{
	char *text;

	if (!provider_result(turn->call)->unreachable) {
		turn_fail(turn, NULL, err->detail);
		return;
	}
	turn_fail(turn, "connection_error", err->detail);
	model_send_end(turn);
	text = xasprintf("The model could not be asked. %s", err->detail);
	model_say_answer(turn, value_str(text), false);
	free(text);
}

static void finish(struct turn *turn)
{
	if (turn->help) {
		send_help_chunk(turn, "", 0, true);
	} else {
		model_send_end(turn);
		model_say_answer(turn, turn->text.len ? value_strn(turn->text.data, turn->text.len) : value_null(), false);
	}
	turn->end = "completed";
}

static void record(const struct turn *turn)
{
	const struct provider_use use = { turn->user_id, turn->provider_name, turn->model,
					  .workflow_id = turn->workflow_id, .started_us = turn->asked_us };

	provider_record(&use, turn->call);
}

static void take_answer(struct turn *turn)
{
	struct err err = { 0 };

	if (provider_call_error(turn->call, &err)) {
		fail_call(turn, &err);
		record(turn);
		return;
	}
	if (!value_len(turn->calls) && !turn->agent)
		finish(turn);
	record(turn);
	if (turn->agent)
		agent_use(turn);
	provider_call_free(turn->call);
	turn->call = NULL;
	if (!value_len(turn->calls) && turn->agent)
		agent_answer(turn);
}

void model_step(struct turn *turn)
{
	if (turn->lookup && !lookup_step(turn))
		return;
	if (turn->call) {
		provider_client_step(turn->client);
		if (provider_call_done(turn->call))
			take_answer(turn);
		return;
	}
	if (turn->tool_deadline)
		take_client_result(turn);
	else if (turn->next_call < value_len(turn->calls))
		run_call(turn);
	else
		ask(turn);
}

static void ask(struct turn *turn)
{
	struct provider_chat chat = { .model = turn->model,
				      .messages = turn->messages,
				      .tools = turn->tools,
				      .response_format = turn->format };

	if (turn->agent && !agent_goes_on(turn))
		return;
	if (turn->agent)
		buf_reset(&turn->text);
	if (turn->rounds++ == ROUNDS_MAX) {
		turn_fail(turn, NULL, "The model has called tools for too many rounds");
		return;
	}
	value_unref(turn->calls);
	turn->calls = value_list();
	turn->next_call = 0;
	turn->asked_us = time_now_us();
	turn->call = provider_chat(turn->client, turn->provider, &chat, on_piece, turn);
}

/* The system text comes first, unless the thread begins with one of its own. */
static void add_prompt(struct turn *turn)
{
	struct value *m;

	if (strcmp(map_str(list_at(turn->messages, 0), "role", ""), "system") == 0)
		return;
	m = value_map();
	map_set_str(m, "role", "system");
	map_set_str(m, "content", turn->help ? help_prompt : plain_prompt);
	list_insert(turn->messages, 0, m);
}

struct value *model_open(struct turn *turn, struct err *err)
{
	struct value *history;

	if (strcmp(turn->provider_name, "empty") == 0) {
		err_set(err, 422, "No provider specified in the current conversation");
		return NULL;
	}
	if (map_bool(turn->message, "agent_mode", false) && value_len(map_get(turn->message, "collections"))) {
		err_set(err, 501, "Agents do not look into collections yet");
		return NULL;
	}
	turn->provider = provider_open(turn->user_id, turn->provider_name, err);
	history = turn->provider ? turn_history(turn, err) : NULL;
	if (!history)
		return NULL;
	turn->tools = tool_declarations(turn);
	turn->client = provider_client_new();
	return history;
}

void model_begin(struct turn *turn)
{
	struct err err = { 0 };

	turn->messages = model_open(turn, &err);
	if (!turn->messages || lookup_begin(turn, &err)) {
		turn_fail(turn, NULL, err.detail);
		return;
	}
	add_prompt(turn);
	if (!turn->lookup)
		ask(turn);
}
