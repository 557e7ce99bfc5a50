/* Turns of chats, from the socket to a runner and back: see chat.h. */
#include "wsd/chat.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/loop.h"
#include "wsd/pool.h"

#define GRACE_US   ((int64_t)250000) /* from CANCEL to SIGKILL; what there is of the answer is stored meanwhile */
#define FRAMES_MAX 8192		     /* kept of a turn for a client that comes back */
#define BYTES_MAX  ((size_t)4 << 20)

struct chat_turn {
	struct pool_run run;
	lws_dll2_t link;
	struct chat *chat; /* who asked; NULL: gone */
	struct chat_turn *next; /* of the same thread: begins when this one is over */
	bool held;	   /* it is somebody's next, and not in the pool yet */
	bool given_up;	   /* nobody hears of it any more */
	bool kept;	   /* frames carry chat_seq and are kept: the client knows how to come back */
	char *user;
	char *thread_id;
	char *workflow_id; /* NULL: none */
	struct value *order;
	struct loop_timer grace;
	struct blob **frames; /* the last ones; the first has chat_seq last_seq - frame_count + 1 */
	size_t frame_count;
	size_t frame_bytes;
	int64_t last_seq;
};

/* What a session knows of chats: session->extra. */
struct chat {
	lws_dll2_t link;
	struct session *session;
	char *thread_id;     /* it hears of this thread's turns, whoever asked; NULL: none */
	struct value *tools; /* of the client; NULL: none */
	struct chat_turn *turn;
};

static lws_dll2_owner_t turns;
static lws_dll2_owner_t chats;

static struct chat *chat_of(struct session *s)
{
	struct chat *chat = s->extra;

	if (!chat) {
		s->extra = chat = xcalloc(1, sizeof(*chat));
		chat->session = s;
		lws_dll2_add_tail(&chat->link, &chats);
	}
	return chat;
}

static void follow(struct chat *chat, const char *thread_id)
{
	free(chat->thread_id);
	chat->thread_id = xstrdup(thread_id);
}

static bool follows(const struct chat *chat, const struct chat_turn *turn)
{
	return chat->thread_id && !strcmp(chat->thread_id, turn->thread_id) && !strcmp(chat->session->user, turn->user);
}

/* Calls `each` for every session that hears of the turn, but `without` (which may be NULL); how many they are. */
static size_t tell_followers(const struct chat_turn *turn, const struct session *without,
			     void (*each)(struct session *s, void *arg), void *arg)
{
	size_t n = 0;

	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&chats)) {
		struct chat *chat = lws_container_of(d, struct chat, link);

		if (chat->session != without && follows(chat, turn)) {
			n++;
			if (each)
				each(chat->session, arg);
		}
	} lws_end_foreach_dll_safe(d, next);
	return n;
}

/* The turn of a user's thread; NULL when none goes on. */
static struct chat_turn *find_turn(const char *user, const char *thread_id)
{
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&turns)) {
		struct chat_turn *turn = lws_container_of(d, struct chat_turn, link);

		if (!turn->given_up && !strcmp(turn->thread_id, thread_id) && !strcmp(turn->user, user))
			return turn;
	} lws_end_foreach_dll(d);
	return NULL;
}

/* ---- the end of a turn --------------------------------------------------------------------------------- */

static void detach(struct chat_turn *turn)
{
	if (turn->chat)
		turn->chat->turn = NULL;
	turn->chat = NULL;
}

/* The turn behind it may begin; the one before it has none behind it any more. */
static void unchain(struct chat_turn *turn)
{
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&turns)) {
		struct chat_turn *other = lws_container_of(d, struct chat_turn, link);

		if (other->next == turn)
			other->next = turn->next;
	} lws_end_foreach_dll(d);
	if (turn->next && !turn->held) {
		turn->next->held = false;
		pool_enqueue(&turn->next->run);
	}
	turn->next = NULL;
}

/* `release` is free or loop_free. */
static void drop_turn(struct chat_turn *turn, void (*release)(void *))
{
	detach(turn);
	loop_timer_stop(&turn->grace);
	lws_dll2_remove(&turn->link);
	unchain(turn);
	value_unref(turn->order);
	for (size_t i = 0; i < turn->frame_count; i++)
		blob_unref(turn->frames[i]);
	free(turn->frames);
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
	turn->given_up = true;
	if (turn->held || pool_dequeue(&turn->run)) {
		drop_turn(turn, loop_free);
		return;
	}
	pool_pause(&turn->run, false);
	pool_send(&turn->run, RUNNER_CANCEL, &empty_map, 1);
	loop_timer_set(&turn->grace, GRACE_US, kill_turn);
}

/* ---- the runner ---------------------------------------------------------------------------------------- */

/* The frame with its running number; takes the reference and gives one. */
static struct blob *number_frame(struct chat_turn *turn, struct blob *blob)
{
	struct value *m = blob_value(blob);
	struct blob *numbered;

	if (!m)
		return blob;
	map_set_int(m, "chat_seq", ++turn->last_seq);
	numbered = blob_of_value(m);
	value_unref(m);
	blob_unref(blob);
	return numbered;
}

static void forget_oldest(struct chat_turn *turn, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		turn->frame_bytes -= turn->frames[i]->len;
		blob_unref(turn->frames[i]);
	}
	turn->frame_count -= count;
	memmove(turn->frames, turn->frames + count, turn->frame_count * sizeof(*turn->frames));
}

static void keep_frame(struct chat_turn *turn, struct blob *blob)
{
	if (!turn->frames)
		turn->frames = xcalloc(FRAMES_MAX, sizeof(*turn->frames));
	if (turn->frame_count == FRAMES_MAX)
		forget_oldest(turn, FRAMES_MAX / 4);
	while (turn->frame_count && turn->frame_bytes + blob->len > BYTES_MAX)
		forget_oldest(turn, (turn->frame_count + 3) / 4);
	turn->frames[turn->frame_count++] = blob_ref(blob);
	turn->frame_bytes += blob->len;
}

static void send_frame(struct session *s, void *blob)
{
	session_send_blob(s, blob);
}

static void take_message(struct chat_turn *turn, const char *payload, size_t len)
{
	struct runner_message_head head;
	struct blob *blob;

	if (turn->given_up || len < sizeof(head))
		return;
	memcpy(&head, payload, sizeof(head));
	if (len - sizeof(head) < head.key_len)
		return;
	payload += sizeof(head) + head.key_len;
	blob = blob_new(payload, len - sizeof(head) - head.key_len, NULL, 0);
	blob->has_bigint = head.flags & RUNNER_MSG_HAS_BIGINT;
	if (turn->kept) {
		blob = number_frame(turn, blob);
		keep_frame(turn, blob);
	}
	tell_followers(turn, NULL, send_frame, blob);
	blob_unref(blob);
	if (turn->chat && turn->chat->session->paused)
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

struct death {
	const struct chat_turn *turn;
	const char *reason;
};

static void send_death(struct session *s, void *arg)
{
	const struct death *death = arg;

	send_error(s, death->turn->thread_id, death->turn->workflow_id,
		   value_strf("The process that answered this message %s", death->reason));
}

static void on_death(struct pool_run *run, const char *reason)
{
	struct chat_turn *turn = lws_container_of(run, struct chat_turn, run);
	struct death death = { turn, reason };

	if (!turn->given_up) {
		log_warn("chat in thread %s: the runner %s", turn->thread_id, reason);
		tell_followers(turn, NULL, send_death, &death);
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
	map_set_bool(m, "keep_partial", chat->session->modern);
	return m;
}

static void say_stopped(struct session *s)
{
	struct value *m = value_map();

	map_set_str(m, "type", "generation_stopped");
	map_set_str(m, "message", "Generation stopped by user");
	session_send(s, m);
}

static void send_stopped(struct session *s, void *arg)
{
	(void)arg;
	say_stopped(s);
}

/* A thread has one turn: who else listens hears that the old one is over. */
static void end_turn_of_thread(struct session *s, const char *thread_id)
{
	struct chat_turn *turn = find_turn(s->user, thread_id);

	if (!turn)
		return;
	tell_followers(turn, s, send_stopped, NULL);
	give_up(turn);
}

static void say_started(struct session *s, const char *thread_id)
{
	struct value *m = value_map();

	map_set_str(m, "message", "Chat message processing started");
	map_set_str(m, "thread_id", thread_id);
	session_send(s, m);
}

/* The last turn of the thread that is not over yet: what it still stores comes before what follows it. */
static struct chat_turn *last_of_thread(const struct chat_turn *turn)
{
	struct chat_turn *last = NULL;

	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&turns)) {
		struct chat_turn *other = lws_container_of(d, struct chat_turn, link);

		if (!strcmp(other->thread_id, turn->thread_id) && !strcmp(other->user, turn->user))
			last = other;
	} lws_end_foreach_dll(d);
	return last;
}

static void start_turn(struct chat *chat, const char *thread_id, struct value *data)
{
	struct chat_turn *turn = xcalloc(1, sizeof(*turn));
	struct chat_turn *last;
	const char *workflow_id = map_str(data, "workflow_id", NULL);

	turn->chat = chat;
	turn->kept = chat->session->modern;
	turn->user = xstrdup(chat->session->user);
	turn->thread_id = xstrdup(thread_id);
	turn->workflow_id = workflow_id ? xstrdup(workflow_id) : NULL;
	turn->order = make_order(chat, thread_id, data);
	turn->run = (struct pool_run){ .user = turn->user, .turn = { .rank = FAIR_CHAT }, .start = on_start, .frame = on_frame, .died = on_death };
	last = last_of_thread(turn);
	lws_dll2_add_tail(&turn->link, &turns);
	chat->turn = turn;
	turn->held = last != NULL;
	if (last)
		last->next = turn;
	else
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
	end_turn_of_thread(s, value_text(thread));
	follow(chat_of(s), value_text(thread));
	if (s->kind != SESSION_CHAT)
		say_started(s, value_text(thread));
	start_turn(chat_of(s), value_text(thread), data);
}

void chat_stop(struct session *s, const char *thread_id)
{
	struct chat *chat = s->extra;

	if (chat && chat->turn && (!thread_id || !strcmp(chat->turn->thread_id, thread_id))) {
		tell_followers(chat->turn, s, send_stopped, NULL);
		give_up(chat->turn);
	} else if (thread_id && s->user) {
		end_turn_of_thread(s, thread_id);
	}
}

/* ---- coming back --------------------------------------------------------------------------------------- */

static struct value *state_of(const char *type, const char *thread_id, const struct chat_turn *turn, int64_t after)
{
	int64_t first = turn ? turn->last_seq - (int64_t)turn->frame_count + 1 : 0;
	int64_t from = after + 1 > first ? after + 1 : first;
	struct value *m = value_map();

	map_set_str(m, "type", type);
	map_set_str(m, "thread_id", thread_id);
	map_set_str(m, "status", turn ? "running" : "unknown");
	map_set_int(m, "last_seq", turn ? turn->last_seq : after);
	map_set_int(m, "replay_count", turn && turn->last_seq >= from ? turn->last_seq - from + 1 : 0);
	map_set_bool(m, "replay_incomplete", turn && (!turn->kept || after + 1 < first));
	return m;
}

void chat_resume(struct session *s, struct value *data)
{
	const char *thread_id = map_str(data, "thread_id", NULL);
	int64_t after = map_int(data, "last_seq", 0);
	struct chat_turn *turn = s->user && thread_id ? find_turn(s->user, thread_id) : NULL;
	int64_t first;

	s->modern = true;
	if (after < 0)
		after = 0;
	if (thread_id && s->user)
		follow(chat_of(s), thread_id);
	session_send(s, state_of("chat_resumed", thread_id, turn, after));
	if (!turn)
		return;
	if (!turn->chat && !chat_of(s)->turn) {
		turn->chat = chat_of(s);
		turn->chat->turn = turn;
	}
	first = turn->last_seq - (int64_t)turn->frame_count + 1;
	for (size_t i = 0; i < turn->frame_count; i++)
		if (first + (int64_t)i > after)
			session_send_blob(s, turn->frames[i]);
}

void chat_list_turns(struct session *s, struct value *data)
{
	(void)data;
	s->modern = true;
	lws_start_foreach_dll(struct lws_dll2 *, d, lws_dll2_get_head(&turns)) {
		struct chat_turn *turn = lws_container_of(d, struct chat_turn, link);

		if (s->user && !turn->given_up && !strcmp(turn->user, s->user))
			session_send(s, state_of("chat_turn_active", turn->thread_id, turn, 0));
	} lws_end_foreach_dll(d);
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
	lws_dll2_remove(&chat->link);
	if (chat->turn && (chat->turn->kept || tell_followers(chat->turn, s, NULL, NULL))) {
		pool_pause(&chat->turn->run, false);
		detach(chat->turn);
	} else if (chat->turn) {
		give_up(chat->turn);
	}
	value_unref(chat->tools);
	free(chat->thread_id);
	free(chat);
	s->extra = NULL;
}

void chat_relieved(struct session *s)
{
	struct chat *chat = s->extra;

	if (chat && chat->turn)
		pool_pause(&chat->turn->run, false);
}

int chat_active(void)
{
	return (int)turns.count;
}

void chat_shutdown(void)
{
	while (turns.head) {
		struct chat_turn *turn = lws_container_of(turns.head, struct chat_turn, link);

		turn->next = NULL;
		if (!turn->held && !pool_dequeue(&turn->run))
			pool_kill(&turn->run);
		drop_turn(turn, free);
	}
}
