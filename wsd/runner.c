/* The runner: one run at a time, driven between two looks at the socket to the daemon (runner.h). */
#include "wsd/runner.h"

#include "auth/auth.h"
#include "secret/secret.h"
#include "wsd/chat/turn.h"
#include "wsd/engine/engine.h"
#include "wsd/engine/result_store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEPS_PER_LOOK 128      /* actors stepped before the socket is looked at again */
#define OUT_HIGH ((size_t)1 << 20) /* more than this waits for the daemon before the run goes on */
#define READ_SIZE ((size_t)64 << 10)
#define FRAME_HEAD 5
#define POLL_MAX 256
#define IN_MAX ((size_t)RUNNER_FRAME_MAX + 2 * READ_SIZE)
#define OUT_MAX ((size_t)RUNNER_FRAME_MAX + OUT_HIGH + READ_SIZE)

struct runner {
	int fd;
	bool closed; /* the daemon has closed its end, or the socket broke */
	struct buf in;
	struct buf out;
	size_t sent;         /* bytes of `out` that are written */
	struct value *order; /* the payload of RUNNER_RUN, lent to the run */
	struct run *run;
	struct turn *turn; /* of a chat; never beside a run */
};

/* ---- writing ------------------------------------------------------------------------------------------ */

static void put_frame_head(struct runner *r, uint32_t payload, enum runner_frame kind)
{
	uint32_t len = payload + 1;

	buf_add(&r->out, &len, sizeof(len));
	buf_addc(&r->out, (char)kind);
}

static void write_some(struct runner *r)
{
	ssize_t n;

	while (!r->closed && r->sent < r->out.len) {
		n = send(r->fd, r->out.data + r->sent, r->out.len - r->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (r->sent > OUT_HIGH) {
				buf_consume(&r->out, r->sent);
				r->sent = 0;
			}
			return;
		}
		if (n < 0)
			r->closed = true;
		else
			r->sent += (size_t)n;
	}
	buf_reset(&r->out);
	r->sent = 0;
}

/* A daemon that does not read holds the run up, but its death is still seen. */
static void make_room(struct runner *r)
{
	struct pollfd pfd = { .fd = r->fd, .events = POLLOUT };

	write_some(r);
	while (!r->closed && r->out.len - r->sent > OUT_HIGH) {
		if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
			r->closed = true;
		write_some(r);
	}
}

static void on_message(void *ctx, const struct run_message *m)
{
	struct runner *r = ctx;
	struct runner_message_head head = { .type = (uint8_t)m->type };
	size_t key_len = m->key_len > UINT16_MAX ? UINT16_MAX : m->key_len;

	head.flags = (m->has_bigint ? RUNNER_MSG_HAS_BIGINT : 0) | (m->joined ? RUNNER_MSG_JOINED : 0);
	head.key_len = (uint16_t)key_len;
	put_frame_head(r, (uint32_t)(sizeof(head) + key_len + m->len), RUNNER_MESSAGE);
	buf_add(&r->out, &head, sizeof(head));
	buf_add(&r->out, m->key, key_len);
	buf_add(&r->out, m->data, m->len);
	if (r->out.len - r->sent > OUT_HIGH)
		make_room(r);
}

static void on_event_taken(void *ctx, int64_t number)
{
	struct runner *r = ctx;

	put_frame_head(r, sizeof(number), RUNNER_EVENT_TAKEN);
	buf_add(&r->out, &number, sizeof(number));
}

static void on_chat_bytes(void *ctx, const char *data, size_t len, bool has_bigint)
{
	on_message(ctx, &(struct run_message){ .key = "", .data = data, .len = len, .has_bigint = has_bigint });
}

static void on_chat_event(void *ctx, const struct value *event)
{
	struct buf out;

	buf_init(&out, RUNNER_FRAME_MAX - FRAME_HEAD - sizeof(struct runner_message_head));
	if (msgpack_write(&out, event, true) == 0)
		on_chat_bytes(ctx, out.data, out.len, value_has_bigint(event));
	else
		log_error("an event of a chat is too long to be sent");
	buf_free(&out);
}

/* ---- the end of a run --------------------------------------------------------------------------------- */

static struct value *end_value(const struct run_end *end)
{
	static const char *const names[] = { "completed", "failed", "cancelled", "suspended" };
	struct value *map = value_map();

	map_set_str(map, "status", names[end->status]);
	map_set_str(map, "error", end->error);
	map_set_str(map, "error_kind", end->error_kind);
	map_set_bool(map, "early", end->early);
	map_set(map, "result", end->result ? value_ref(end->result) : value_null());
	map_set_float(map, "duration", end->duration);
	map_set_int(map, "next_seq", end->next_seq);
	if (end->status == RUN_SUSPENDED) {
		map_set_str(map, "node_id", end->node_id);
		map_set_str(map, "reason", end->reason);
		map_set(map, "state", end->state ? value_ref(end->state) : value_null());
	}
	return map;
}

/* Takes the reference. */
static void send_done(struct runner *r, struct value *map)
{
	struct buf payload;

	buf_init(&payload, RUNNER_FRAME_MAX - FRAME_HEAD);
	if (msgpack_write(&payload, map, true) != 0) {
		/* A result too long to be sent must not hide the end of the run. */
		buf_reset(&payload);
		payload.failed = false;
		map_set_str(map, "status", "failed");
		map_set_str(map, "error", "The result of the run is too long to be sent");
		map_set_str(map, "error_kind", "ValueError");
		map_set(map, "result", value_null());
		msgpack_write(&payload, map, true);
	}
	put_frame_head(r, (uint32_t)payload.len, RUNNER_DONE);
	buf_add(&r->out, payload.data, payload.len);
	buf_free(&payload);
	value_unref(map);
}

static void end_work(struct runner *r)
{
	struct value *done;

	if (r->run) {
		send_done(r, end_value(run_end(r->run)));
		run_free(r->run);
	} else {
		done = value_map();
		map_set_str(done, "status", turn_end(r->turn));
		send_done(r, done);
		turn_free(r->turn);
	}
	r->run = NULL;
	r->turn = NULL;
	value_unref(r->order);
	r->order = NULL;
	log_set_context(NULL);
	log_set_job(NULL);
	make_room(r);
	result_tidy();
	/* The next run starts with small buffers. */
	if (r->in.len == 0 && r->in.cap > OUT_HIGH) {
		buf_free(&r->in);
		buf_init(&r->in, IN_MAX);
	}
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static char *find_secret(void *ctx, const char *name)
{
	const struct runner *r = ctx;

	return secret_lookup(map_str(r->order, "user_id", ""), name);
}

static void begin_run(struct runner *r, struct value *order)
{
	struct value *params = map_get(order, "params");
	struct value *resume = map_get(order, "resume");
	struct run_options options = {
		.job_id = map_str(order, "job_id", ""),
		.workflow_id = map_str(order, "workflow_id", ""),
		.user_id = map_str(order, "user_id", ""),
		.workspace = map_str(order, "workspace", NULL),
		.graph = map_get(order, "graph"),
		.params = value_is(params, VALUE_MAP) ? params : NULL,
		.explicit_types = map_bool(order, "explicit_types", false),
		.binary = map_bool(order, "binary", false),
		.first_seq = map_int(order, "first_seq", 0),
		.resume = value_is(resume, VALUE_MAP) ? resume : NULL,
		.use_cache = map_bool(order, "use_cache", false),
		.record = true,
		.message = on_message,
		.secret = find_secret,
		.event_taken = on_event_taken,
		.ctx = r,
	};

	r->order = value_ref(order);
	log_set_job(options.job_id);
	r->run = run_new(&options);
}

static void begin_chat(struct runner *r, struct value *order)
{
	struct turn_options options = {
		.order = order,
		.send = on_chat_event,
		.send_raw = on_chat_bytes,
		.secret = find_secret,
		.ctx = r,
	};

	r->order = value_ref(order);
	log_set_context(map_str(order, "thread_id", NULL));
	r->turn = turn_new(&options);
}

static void take_frame(struct runner *r, enum runner_frame kind, struct value *payload)
{
	struct value *v;

	switch (kind) {
	case RUNNER_RUN:
	case RUNNER_CHAT:
		if (r->run || r->turn)
			log_error("a second run was ordered before the first one ended");
		else if (kind == RUNNER_RUN)
			begin_run(r, payload);
		else
			begin_chat(r, payload);
		return;
	case RUNNER_TOOL_RESULT:
		if (r->turn)
			turn_tool_result(r->turn, payload);
		return;
	case RUNNER_INPUT:
		v = map_get(payload, "value");
		if (r->run)
			run_input(r->run, map_str(payload, "input", ""), map_str(payload, "handle", NULL),
				  v ? value_ref(v) : value_null());
		return;
	case RUNNER_END_INPUT:
		if (r->run)
			run_end_input(r->run, map_str(payload, "input", ""), map_str(payload, "handle", NULL));
		return;
	case RUNNER_GO:
		if (r->run)
			run_go(r->run, map_str(payload, "node_id", ""));
		return;
	case RUNNER_EVENT:
		v = map_get(payload, "event");
		if (r->run)
			run_event(r->run, map_str(payload, "node_id", ""), map_int(payload, "number", 0),
				  v ? value_ref(v) : value_null());
		return;
	case RUNNER_CANCEL:
		if (r->run)
			run_cancel(r->run);
		if (r->turn)
			turn_cancel(r->turn);
		return;
	default:
		log_error("a frame of unknown kind %d", kind);
	}
}

static void take_frames(struct runner *r)
{
	struct json_error why;
	struct value *payload;
	size_t used = 0;
	uint32_t len;

	while (r->in.len - used >= FRAME_HEAD) {
		memcpy(&len, r->in.data + used, sizeof(len));
		if (len == 0 || len > RUNNER_FRAME_MAX) {
			log_error("a frame of %u bytes", len);
			r->closed = true;
			break;
		}
		if (r->in.len - used < sizeof(len) + len)
			break;
		payload = msgpack_parse(r->in.data + used + FRAME_HEAD, len - 1, &why);
		if (payload)
			take_frame(r, (enum runner_frame)r->in.data[used + 4], payload);
		else
			log_error("a frame that cannot be read: %s", why.message);
		value_unref(payload);
		used += sizeof(len) + len;
	}
	buf_consume(&r->in, used);
}

static void read_some(struct runner *r)
{
	ssize_t n;
	char *p;

	do {
		p = buf_reserve(&r->in, READ_SIZE);
		n = p ? recv(r->fd, p, READ_SIZE, 0) : 0;
		if (n > 0)
			r->in.len += (size_t)n;
	} while (n == (ssize_t)READ_SIZE || (n < 0 && errno == EINTR));
	if (n == 0 || (n < 0 && errno != EAGAIN))
		r->closed = true;
	take_frames(r);
}

/* ---- the loop ----------------------------------------------------------------------------------------- */

/* Waits for the socket and for what the work waits for, unless it is busy. True when a chat is busy after that. */
static bool look_around(struct runner *r, bool busy)
{
	struct turn *turn = r->turn;
	struct pollfd fds[POLL_MAX];
	int timeout = -1;
	size_t n = 0;

	fds[0] = (struct pollfd){ .fd = r->fd, .events = POLLIN };
	if (r->sent < r->out.len)
		fds[0].events |= POLLOUT;
	if (r->run)
		n = run_poll(r->run, fds + 1, POLL_MAX - 1, &timeout);
	else if (turn)
		n = turn_poll(turn, fds + 1, POLL_MAX - 1, &timeout);
	if (poll(fds, n + 1, busy ? 0 : timeout) < 0) {
		if (errno != EINTR)
			r->closed = true;
		return busy;
	}
	if (fds[0].revents & POLLOUT)
		write_some(r);
	if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
		read_some(r);
	if (r->run && !turn)
		run_wake(r->run, fds + 1, n);
	return turn ? turn_step(turn, fds + 1, n) : r->turn != NULL;
}

int runner_main(int fd)
{
	struct runner r = { .fd = fd };
	int flags = fcntl(fd, F_GETFL);
	bool busy = false;
	struct err err;

	/* What nodes may touch and reach depends on the mode of authentication; its token is no business of theirs. */
	if (auth_init(&err) != 0) {
		log_error("%s", err.detail);
		return EXIT_FAILURE;
	}
	auth_free();
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return EXIT_FAILURE;
	buf_init(&r.in, IN_MAX);
	buf_init(&r.out, OUT_MAX);
	while (!r.closed) {
		busy = look_around(&r, busy);
		if (r.run)
			busy = run_step(r.run, STEPS_PER_LOOK);
		if ((r.run && run_end(r.run)) || (r.turn && turn_end(r.turn)))
			end_work(&r);
		write_some(&r);
	}
	if (r.run)
		run_free(r.run);
	if (r.turn)
		turn_free(r.turn);
	value_unref(r.order);
	buf_free(&r.in);
	buf_free(&r.out);
	return EXIT_SUCCESS;
}
