/*
 * turn: one answer to one chat message, inside a runner (notes-ws section 9).
 *
 * The daemon sends RUNNER_CHAT; the turn stores the message, reads the thread's history, asks the model (with tools), or
 * runs the workflow that is meant, and gives every event that the client is to see to `send`. Nothing here blocks but the
 * database: the caller polls, as with a run.
 *
 * A turn that is broken off stores nothing more (cases/ws_chat/stop_streaming), but for a client that has shown that it knows
 * later servers ("keep_partial" of the order) what there is of the answer, with execution_event_type "partial".
 */
#ifndef CHAT_TURN_H
#define CHAT_TURN_H

#include "value/value.h"

#include <poll.h>

struct turn;

struct turn_options {
	/* The payload of RUNNER_CHAT: {user_id, thread_id, message (the data of chat_message), tools (of the client's
	 * manifest, a list), binary}. Lent for the life of the turn. */
	const struct value *order;
	/* An event for the client (lent). */
	void (*send)(void *ctx, const struct value *event);
	/* An event that is encoded already. */
	void (*send_raw)(void *ctx, const char *data, size_t len, bool has_bigint);
	char *(*secret)(void *ctx, const char *name);
	void *ctx;
};

/* Never NULL: a turn that cannot begin has told so and has ended. */
struct turn *turn_new(const struct turn_options *options);
void turn_free(struct turn *turn);
/* What the turn waits for, as run_poll. */
size_t turn_poll(struct turn *turn, struct pollfd *fds, size_t max, int *timeout_ms);
/* Goes on, after poll(): true when more could be done at once. */
bool turn_step(struct turn *turn, const struct pollfd *fds, size_t count);
/* {tool_call_id, ok, result, error}: what a tool of the client gave. */
void turn_tool_result(struct turn *turn, const struct value *result);
void turn_cancel(struct turn *turn);
/* "completed", "failed", "cancelled"; NULL while it goes on. */
const char *turn_end(const struct turn *turn);

#endif
