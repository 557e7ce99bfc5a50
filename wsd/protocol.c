/* Messages of clients: see protocol.h. */
#include "wsd/protocol.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/chat.h"
#include "wsd/kinds.h"
#include "wsd/replay.h"
#include "wsd/rpc.h"

#define NO_COMMAND "All messages must include a 'command' field. Use 'chat_message' command for chat."

const struct session_ops *kind_ops(enum session_kind kind)
{
	static const struct session_ops *const ops[SESSION_KINDS] = {
		[SESSION_MAIN] = &protocol_ops,	  [SESSION_CHAT] = &chat_ops,	      [SESSION_UPDATES] = &updates_ops,
		[SESSION_DOWNLOAD] = &download_ops, [SESSION_TERMINAL] = &terminal_ops,
	};

	return ops[kind];
}

void protocol_invalid(struct session *s, const char *details)
{
	struct value *m = value_map();

	map_set_str(m, "error", "invalid_command");
	map_set_str(m, "details", details);
	session_send(s, m);
}

static void send_error(struct session *s, const char *text)
{
	struct value *m = value_map();

	map_set_str(m, "type", "error");
	map_set_str(m, "message", text);
	session_send(s, m);
}

struct value *protocol_decode(const void *data, size_t len, bool text, const char **why)
{
	static struct json_error error;
	struct value *v = text ? json_parse(data ? data : "", len, &error) : msgpack_parse(data, len, &error);

	if (!v)
		*why = error.message[0] ? error.message : "The message cannot be decoded";
	return v;
}

static void pong(struct session *s)
{
	struct value *m = value_map();

	map_set_str(m, "type", "pong");
	map_set_float(m, "ts", (double)time_now_us() / 1e6);
	session_send(s, m);
}

/* The tools of the client that a model may call. */
static void take_manifest(struct session *s, const struct value *m)
{
	struct value *tools = map_get(m, "tools");
	size_t i;

	for (i = 0; value_is(tools, VALUE_LIST) && i < value_len(tools); i++) {
		if (!map_str(list_at(tools, i), "name", NULL)) {
			send_error(s, "Every tool needs a name");
			return;
		}
	}
	if (value_is(tools, VALUE_LIST))
		chat_manifest(s, tools);
}

/* Answers of clients to questions that this server has not asked. */
static void swallow(struct session *s, const struct value *m)
{
	(void)s;
	(void)m;
}

/* A pong answers a ping. Without one it is a message like any other (cases/ws/message_without_command). */
static void take_pong(struct session *s, const struct value *m)
{
	struct value *v;

	if (s->pinged || map_get(m, "ts")) {
		s->modern = true;
		return;
	}
	v = value_map();
	map_set_str(v, "error", "invalid_message");
	map_set_str(v, "message", NO_COMMAND);
	session_send(s, v);
}

static void take_ping(struct session *s, const struct value *m)
{
	(void)m;
	pong(s);
}

static const struct {
	const char *type;
	bool with_command; /* counts even when there is a command */
	void (*take)(struct session *s, const struct value *m);
} control_types[] = {
	{ "client_tools_manifest", true, take_manifest },
	{ "tool_result", true, chat_tool_result },
	{ "ping", true, take_ping },
	{ "pong", false, take_pong },
	{ "tool_approval_response", false, swallow },
	{ "plan_approval_response", false, swallow },
	{ "secret_request_response", false, swallow },
	{ "renderer_tool_result", false, swallow },
};

static bool take_control(struct session *s, const struct value *m)
{
	const char *type = map_str(m, "type", NULL);
	size_t i;

	for (i = 0; type && i < ARRAY_LEN(control_types); i++) {
		if (strcmp(type, control_types[i].type) != 0)
			continue;
		if (!control_types[i].with_command && map_get(m, "command"))
			return false;
		control_types[i].take(s, m);
		return true;
	}
	return false;
}

static void take_command(struct session *s, struct value *m)
{
	struct value *name = map_get(m, "command");
	struct value *data = map_get(m, "data");
	const struct command *command;

	if (!value_is(name, VALUE_STR)) {
		protocol_invalid(s, "command: a text is required");
		return;
	}
	if (rpc_take(s, value_text(name), m, data))
		return;
	command = command_find(value_text(name));
	if (!command)
		protocol_invalid(s, "command: there is no such command");
	else if (!value_is(data, VALUE_MAP))
		protocol_invalid(s, "data: an object is required");
	else
		command->run(s, data);
}

static void take_message(struct session *s, const void *data, size_t len, bool text)
{
	const char *why;
	struct value *m = protocol_decode(data, len, text, &why);

	if (!m) {
		send_error(s, why);
		return;
	}
	s->text = text;
	if (!value_is(m, VALUE_MAP) || take_control(s, m)) {
		value_unref(m);
		return;
	}
	if (map_get(m, "command")) {
		take_command(s, m);
	} else {
		struct value *answer = value_map();

		map_set_str(answer, "error", "invalid_message");
		map_set_str(answer, "message", NO_COMMAND);
		session_send(s, answer);
	}
	value_unref(m);
}

/* ---- what a session holds of others -------------------------------------------------------------------- */

void ticket_take(struct ticket *ticket, struct session *s)
{
	memset(ticket, 0, sizeof(*ticket));
	ticket->session = s;
	lws_dll2_add_tail(&ticket->link, &s->tickets);
}

void ticket_drop(struct ticket *ticket)
{
	lws_dll2_remove(&ticket->link);
	ticket->session = NULL;
}

static void session_over(struct session *s)
{
	chat_session_over(s);
	replay_session_over(s);
	while (s->watches.head)
		job_unwatch(lws_container_of(s->watches.head, struct watch, in_owner));
	while (s->tickets.head)
		ticket_drop(lws_container_of(s->tickets.head, struct ticket, link));
}

struct watch *session_watch(struct session *s, const char *job_id)
{
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&s->watches)) {
		struct watch *w = lws_container_of(d, struct watch, in_owner);

		if (job_id && !strcmp(w->job->id, job_id))
			return w;
	} lws_end_foreach_dll(d);
	return NULL;
}

void session_send_as(struct session *s, struct blob *blob, const char *workflow_id)
{
	struct value *v;

	if (!workflow_id) {
		session_send_blob(s, blob);
		return;
	}
	v = blob_value(blob);
	if (!value_is(v, VALUE_MAP)) {
		value_unref(v);
		return;
	}
	map_set_str(v, "workflow_id", workflow_id);
	session_send(s, v);
}

void session_send_watched(struct watch *w, struct blob *blob)
{
	session_send_as(w->owner, blob, w->workflow_id);
}

static bool watch_behind(const struct watch *w)
{
	return ((const struct session *)w->owner)->paused;
}

static void relieved(struct session *s)
{
	chat_relieved(s);
	replay_relieved(s);
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&s->watches)) {
		job_relieved(lws_container_of(d, struct watch, in_owner)->job);
	} lws_end_foreach_dll(d);
}

static void watch_over(struct watch *w)
{
	(void)w; /* the session streams the run no more: nothing else to do */
}

struct watch *session_start_watch(struct session *s, struct job *job, const char *workflow_id)
{
	const struct watch model = { .owner = s,
				     .message = session_send_watched,
				     .behind = watch_behind,
				     .ended = watch_over };
	struct watch *w = session_watch(s, job->id);

	if (!w)
		w = job_watch(job, &model, &s->watches);
	free(w->workflow_id);
	w->workflow_id = workflow_id && strcmp(workflow_id, job->workflow_id) ? xstrdup(workflow_id) : NULL;
	return w;
}

const struct session_ops protocol_ops = {
	.name = "ws",
	.binary_first = true,
	.ping_messages = true,
	.message = take_message,
	.closed = session_over,
	.relieved = relieved,
};

/* ---- /ws/chat ------------------------------------------------------------------------------------------ */

/* A message of a chat comes without a command; a command can only be to stop. */
static void take_chat(struct session *s, const void *data, size_t len, bool text)
{
	const char *why;
	struct value *m = protocol_decode(data, len, text, &why);
	const char *type;
	const struct command *stop;

	if (!m) {
		send_error(s, why);
		return;
	}
	s->text = text;
	type = map_str(m, "command", map_str(m, "type", ""));
	stop = !strcmp(type, "stop") ? command_find("stop") : NULL;
	if (stop)
		stop->run(s, value_is(map_get(m, "data"), VALUE_MAP) ? map_get(m, "data") : m);
	else if (value_is(m, VALUE_MAP) && !take_control(s, m))
		chat_message(s, m);
	value_unref(m);
}

const struct session_ops chat_ops = {
	.name = "chat",
	.binary_first = true,
	.ping_messages = true,
	.message = take_chat,
	.closed = chat_session_over,
	.relieved = chat_relieved,
};
