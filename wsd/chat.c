/* Turns of chats, from the socket to a runner and back: see chat.h. */
#include "wsd/chat.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/loop.h"
#include "wsd/pool.h"

#define GRACE_US ((int64_t)80000) /* from CANCEL to SIGKILL */

struct chat_turn {
	struct pool_run run;
	lws_dll2_t link;
	struct chat *chat; /* NULL: given up */
	char *user;
	char *thread_id;
	char *workflow_id; /* NULL: none */
	struct value *order;
	struct loop_timer grace;
};

/* What a session knows of chats: session->extra. */
struct chat {
	struct session *session;
	struct value *tools; /* of the client; NULL: none */
	struct chat_turn *turn;
};

static lws_dll2_owner_t turns;

static struct chat *chat_of(struct session *s)
{
	struct chat *chat = s->extra;

	if (!chat) {
		s->extra = chat = xcalloc(1, sizeof(*chat));
		chat->session = s;
	}
	return chat;
}

/* ---- the end of a turn --------------------------------------------------------------------------------- */

static void detach(struct chat_turn *turn)
{
	if (turn->chat)
		turn->chat->turn = NULL;
	turn->chat = NULL;
}

/* `release` is free or loop_free. */
static void drop_turn(struct chat_turn *turn, void (*release)(void *))
{
	detach(turn);
	loop_timer_stop(&turn->grace);
	lws_dll2_remove(&turn->link);
	value_unref(turn->order);
	free(turn->user);
	free(turn->thread_id);
	free(turn->workflow_id);
	release(turn);
}

static void kill_turn(struct loop_timer *timer)
{
	struct chat_turn *turn = lws_container_of(timer, struct chat_turn, grace);

	pool_kill(&turn->run);
	drop_turn(turn, loop_free);
}

/* Nobody hears of the turn any more, and its runner has a moment to end it. */
static void give_up(struct chat_turn *turn)
{
	static const char empty_map = (char)0x80;

	detach(turn);
	if (pool_dequeue(&turn->run)) {
		drop_turn(turn, loop_free);
		return;
	}
	pool_pause(&turn->run, false);
	pool_send(&turn->run, RUNNER_CANCEL, &empty_map, 1);
	loop_timer_set(&turn->grace, GRACE_US, kill_turn);
}

/* ---- the runner ---------------------------------------------------------------------------------------- */

static void take_message(struct chat_turn *turn, const char *payload, size_t len)
{
	struct runner_message_head head;
	struct session *s;
	struct blob *blob;

	if (!turn->chat || len < sizeof(head))
		return;
	memcpy(&head, payload, sizeof(head));
	if (len - sizeof(head) < head.key_len)
		return;
	s = turn->chat->session;
	payload += sizeof(head) + head.key_len;
	blob = blob_new(payload, len - sizeof(head) - head.key_len, NULL, 0);
	blob->has_bigint = head.flags & RUNNER_MSG_HAS_BIGINT;
	session_send_blob(s, blob);
	blob_unref(blob);
	if (s->paused)
		pool_pause(&turn->run, true);
}

static bool ended_well(const void *payload, size_t len)
{
	struct json_error why;
	struct value *done = msgpack_parse(payload, len, &why);
	bool well = !strcmp(map_str(done, "status", ""), "completed");

	value_unref(done);
	return well;
}

static void on_frame(struct pool_run *run, enum runner_frame kind, const void *payload, size_t len)
{
	struct chat_turn *turn = lws_container_of(run, struct chat_turn, run);

	if (kind == RUNNER_MESSAGE) {
		take_message(turn, payload, len);
	} else if (kind == RUNNER_DONE) {
		pool_finished(run, ended_well(payload, len));
		drop_turn(turn, loop_free);
	}
}

static void send_error(struct session *s, const char *thread_id, const char *workflow_id, struct value *text)
{
	struct value *m = value_map();

	map_set_str(m, "type", "error");
	map_set(m, "message", text);
	map_set_str(m, "thread_id", thread_id);
	map_set_str(m, "workflow_id", workflow_id);
	session_send(s, m);
}

static void on_death(struct pool_run *run, const char *reason)
{
	struct chat_turn *turn = lws_container_of(run, struct chat_turn, run);

	if (turn->chat) {
		log_warn("chat in thread %s: the runner %s", turn->thread_id, reason);
		send_error(turn->chat->session, turn->thread_id, turn->workflow_id,
			   value_strf("The process that answered this message %s", reason));
	}
	drop_turn(turn, loop_free);
}

static void on_start(struct pool_run *run)
{
	struct chat_turn *turn = lws_container_of(run, struct chat_turn, run);
	struct value *order = turn->order;
	struct buf payload;

	turn->order = NULL;
	buf_init(&payload, RUNNER_FRAME_MAX);
	msgpack_write(&payload, order, true); /* a message of a client has far less than this */
	pool_send(run, RUNNER_CHAT, payload.data, payload.len);
	buf_free(&payload);
	value_unref(order);
}

/* ---- commands ------------------------------------------------------------------------------------------ */

static struct value *make_order(struct chat *chat, const char *thread_id, struct value *data)
{
	struct value *m = value_map();

	map_set_str(m, "user_id", chat->session->user);
	map_set_str(m, "thread_id", thread_id);
	map_set(m, "message", value_ref(data));
	map_set(m, "tools", chat->tools ? value_ref(chat->tools) : value_list());
	map_set_bool(m, "binary", !chat->session->text);
	return m;
}

static void say_stopped(struct session *s)
{
	struct value *m = value_map();

	map_set_str(m, "type", "generation_stopped");
	map_set_str(m, "message", "Generation stopped by user");
	session_send(s, m);
}

static void say_started(struct session *s, const char *thread_id)
{
	struct value *m = value_map();

	map_set_str(m, "message", "Chat message processing started");
	map_set_str(m, "thread_id", thread_id);
	session_send(s, m);
}

static void start_turn(struct chat *chat, const char *thread_id, struct value *data)
{
	struct chat_turn *turn = xcalloc(1, sizeof(*turn));
	const char *workflow_id = map_str(data, "workflow_id", NULL);

	turn->chat = chat;
	turn->user = xstrdup(chat->session->user);
	turn->thread_id = xstrdup(thread_id);
	turn->workflow_id = workflow_id ? xstrdup(workflow_id) : NULL;
	turn->order = make_order(chat, thread_id, data);
	turn->run = (struct pool_run){ .user = turn->user, .start = on_start, .frame = on_frame, .died = on_death };
	lws_dll2_add_tail(&turn->link, &turns);
	chat->turn = turn;
	pool_enqueue(&turn->run);
}

void chat_message(struct session *s, struct value *data)
{
	struct value *thread = map_get(data, "thread_id");
	struct value *m;

	if (!s->user)
		return;
	if (!thread || !value_truthy(thread)) {
		m = value_map();
		map_set_str(m, "error", "thread_id is required for chat_message command");
		session_send(s, m);
		return;
	}
	if (!value_is(thread, VALUE_STR)) {
		send_error(s, NULL, NULL, value_str("thread_id: a text is required"));
		return;
	}
	if (chat_of(s)->turn) {
		give_up(chat_of(s)->turn);
		say_stopped(s);
	}
	if (s->kind != SESSION_CHAT)
		say_started(s, value_text(thread));
	start_turn(chat_of(s), value_text(thread), data);
}

void chat_stop(struct session *s, const char *thread_id)
{
	struct chat *chat = s->extra;

	if (chat && chat->turn && (!thread_id || !strcmp(chat->turn->thread_id, thread_id)))
		give_up(chat->turn);
}

void chat_manifest(struct session *s, struct value *tools)
{
	struct chat *chat = chat_of(s);

	value_unref(chat->tools);
	chat->tools = value_ref(tools);
}

void chat_tool_result(struct session *s, const struct value *m)
{
	struct chat *chat = s->extra;
	struct buf payload;

	if (!chat || !chat->turn)
		return;
	buf_init(&payload, RUNNER_FRAME_MAX);
	if (msgpack_write(&payload, m, true) == 0)
		pool_send(&chat->turn->run, RUNNER_TOOL_RESULT, payload.data, payload.len);
	buf_free(&payload);
}

void chat_session_over(struct session *s)
{
	struct chat *chat = s->extra;

	if (!chat)
		return;
	if (chat->turn)
		give_up(chat->turn);
	value_unref(chat->tools);
	free(chat);
	s->extra = NULL;
}

void chat_relieved(struct session *s)
{
	struct chat *chat = s->extra;

	if (chat && chat->turn)
		pool_pause(&chat->turn->run, false);
}

void chat_shutdown(void)
{
	while (turns.head) {
		struct chat_turn *turn = lws_container_of(turns.head, struct chat_turn, link);

		if (!pool_dequeue(&turn->run))
			pool_kill(&turn->run);
		drop_turn(turn, free);
	}
}
