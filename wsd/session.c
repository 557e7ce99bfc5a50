/* WebSockets of clients: see session.h. Who may open one: handshake.c. */
#include "wsd/session.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/kinds.h"
#include "wsd/loop.h"

#define TURN_US ((int64_t)5000000)   /* one turn of a session's clock */
#define MESSAGE_TURNS 5              /* a ping message each 25 s */
#define FRAME_TURNS 4                /* a protocol ping each 20 s */
#define DEAD_US ((int64_t)45000000)  /* without a sign of life */
#define CLOSE_US 5                   /* seconds that a close frame may take */
#define PAUSE_BYTES ((size_t)1 << 20)
#define WRITES_AT_ONCE 32
#define MAX_OUT_COUNT 100000
#define FIRST_IN 4096
#define SMALL_OUT 16

static struct {
	lws_dll2_owner_t all;
	lws_dll2_owner_t kinds[SESSION_KINDS];
	struct loop_timer clock;
	size_t frame_max; /* one message */
	size_t in_max;    /* all messages that are being gathered */
	size_t out_max;   /* the queue of one session */
	size_t pause;     /* queues that are longer mean that the client is behind */
	size_t in_bytes;
	int64_t closed_slow;
} sessions;

void session_init(void)
{
	sessions.frame_max = (size_t)config_int("NODETOOL_WS_MAX_FRAME", 1 << 16, INT64_C(1) << 32, 256 << 20);
	sessions.in_max = (size_t)config_int("NODETOOL_WS_MAX_INCOMING", 1 << 20, INT64_C(1) << 36, 512 << 20);
	sessions.out_max = (size_t)config_int("NODETOOL_WS_MAX_QUEUE", 1 << 16, INT64_C(1) << 34, 32 << 20);
	sessions.pause = sessions.out_max / 4 < PAUSE_BYTES ? sessions.out_max / 4 : PAUSE_BYTES;
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static void grow_out(struct session *s)
{
	unsigned cap = s->out_cap ? s->out_cap * 2 : 8;
	struct session_out *out = xmalloc(cap * sizeof(*out));
	unsigned i;

	for (i = 0; i < s->out_count; i++)
		out[i] = s->out[(s->out_first + i) % s->out_cap];
	free(s->out);
	s->out = out;
	s->out_cap = cap;
	s->out_first = 0;
}

static size_t out_len(const struct session_out *o)
{
	return (o->text ? o->blob->text_len : o->blob->len) + sizeof(*o);
}

static void drop_out(struct session *s)
{
	struct session_out *o = &s->out[s->out_first];

	s->out_bytes -= out_len(o);
	blob_unref(o->blob);
	s->out_first = (s->out_first + 1) % s->out_cap;
	if (--s->out_count == 0 && s->out_cap > SMALL_OUT) { /* an idle session holds no long queue */
		free(s->out);
		s->out = NULL;
		s->out_cap = s->out_first = 0;
	}
}

static void pause_reading(struct session *s, bool pause)
{
	if (s->paused == pause)
		return;
	s->paused = pause;
	lws_rx_flow_control(s->wsi, pause ? 0 : 1);
	if (!pause && kind_ops(s->kind)->relieved)
		kind_ops(s->kind)->relieved(s);
}

/* Takes the reference. */
static void enqueue(struct session *s, struct blob *blob)
{
	struct session_out o = { blob, s->text };

	if (s->close_code || (o.text && !blob_need_text(blob))) {
		blob_unref(blob);
		return;
	}
	if (s->out_count && (s->out_bytes + out_len(&o) > sessions.out_max || s->out_count >= MAX_OUT_COUNT)) {
		blob_unref(blob);
		sessions.closed_slow++;
		session_close(s, CLOSE_OVERLOAD, "Too slow", true);
		return;
	}
	if (s->out_count == s->out_cap)
		grow_out(s);
	s->out[(s->out_first + s->out_count++) % s->out_cap] = o;
	s->out_bytes += out_len(&o);
	if (s->out_bytes > sessions.pause)
		pause_reading(s, true);
	lws_callback_on_writable(s->wsi);
}

void session_send(struct session *s, struct value *v)
{
	if (!s->close_code)
		enqueue(s, s->text ? blob_of_value(v) : blob_for_client(v));
	value_unref(v);
}

void session_send_blob(struct session *s, struct blob *blob)
{
	struct value *v;

	if (s->close_code)
		return;
	if (blob->has_bigint && !s->text) { /* ours alone: clients get a float */
		v = blob_value(blob);
		if (v)
			session_send(s, v);
		return;
	}
	enqueue(s, blob_ref(blob));
}

void session_close(struct session *s, enum session_close code, const char *reason, bool now)
{
	if (s->close_code)
		return;
	s->close_code = (uint16_t)code;
	s->close_reason = reason;
	while (now && s->out_count)
		drop_out(s);
	/* A peer that does not even take the close frame is cut off. */
	lws_set_timeout(s->wsi, PENDING_TIMEOUT_CLOSE_SEND, CLOSE_US);
	lws_callback_on_writable(s->wsi);
}

static int write_close(struct session *s)
{
	unsigned char *reason = (unsigned char *)(uintptr_t)s->close_reason;

	lws_close_reason(s->wsi, (enum lws_close_status)s->close_code, reason, strlen(s->close_reason));
	return -1;
}

static int write_ping(struct session *s)
{
	unsigned char frame[LWS_PRE + 1];

	s->want_ping = false;
	return lws_write(s->wsi, frame + LWS_PRE, 0, LWS_WRITE_PING) < 0 ? -1 : 0;
}

static int write_one(struct session *s)
{
	struct session_out *o = &s->out[s->out_first];
	unsigned char *data = o->text ? o->blob->text : o->blob->data;
	size_t len = o->text ? o->blob->text_len : o->blob->len;
	int rc = lws_write(s->wsi, data, len, o->text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);

	drop_out(s);
	return rc < 0 ? -1 : 0;
}

static int writable(struct session *s)
{
	int n;

	if (s->want_ping && write_ping(s) < 0)
		return -1;
	for (n = 0; s->out_count && n < WRITES_AT_ONCE; n++) {
		if (n && lws_send_pipe_choked(s->wsi))
			break;
		if (write_one(s) < 0)
			return -1;
	}
	if (s->out_bytes <= sessions.pause / 2)
		pause_reading(s, false);
	if (s->out_count) {
		lws_callback_on_writable(s->wsi);
		return 0;
	}
	return s->close_code ? write_close(s) : 0;
}

/* ---- receiving ----------------------------------------------------------------------------------------- */

static void forget_in(struct session *s)
{
	sessions.in_bytes -= s->in_cap;
	free(s->in);
	s->in = NULL;
	s->in_len = s->in_cap = 0;
}

static bool make_room(struct session *s, size_t more)
{
	size_t cap = s->in_cap ? s->in_cap : FIRST_IN;

	while (cap < s->in_len + more)
		cap *= 2;
	if (cap == s->in_cap)
		return true;
	if (sessions.in_bytes + cap - s->in_cap > sessions.in_max)
		return false;
	sessions.in_bytes += cap - s->in_cap;
	s->in = xrealloc(s->in, cap);
	s->in_cap = cap;
	return true;
}

static void receive(struct session *s, const void *data, size_t len)
{
	const struct session_ops *ops = kind_ops(s->kind);
	bool text = !lws_frame_is_binary(s->wsi);
	bool last = lws_is_final_fragment(s->wsi) && lws_remaining_packet_payload(s->wsi) == 0;

	if (s->close_code)
		return;
	if (!s->in_len && last) {
		ops->message(s, data, len, text);
		return;
	}
	if (s->in_len + len + lws_remaining_packet_payload(s->wsi) > sessions.frame_max) {
		forget_in(s);
		session_close(s, CLOSE_TOO_BIG, "Message too big", false);
		return;
	}
	if (!make_room(s, len)) {
		forget_in(s);
		session_close(s, CLOSE_OVERLOAD, "Too much at once", false);
		return;
	}
	memcpy(s->in + s->in_len, data, len);
	s->in_len += len;
	if (last) {
		ops->message(s, s->in, s->in_len, text);
		forget_in(s);
	}
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static void turn_one(struct session *s, int64_t now)
{
	struct value *ping;

	s->turn++;
	s->ping_at = now + TURN_US;
	if (now - s->alive_at > DEAD_US) {
		lws_set_timeout(s->wsi, PENDING_TIMEOUT_WS_PONG_CHECK_GET_PONG, LWS_TO_KILL_ASYNC);
		return;
	}
	if (s->turn % FRAME_TURNS == 0) {
		s->want_ping = true;
		lws_callback_on_writable(s->wsi);
	}
	if (kind_ops(s->kind)->ping_messages && s->turn % MESSAGE_TURNS == 0 && !s->close_code) {
		s->pinged = true;
		ping = value_map();
		map_set_str(ping, "type", "ping");
		map_set_float(ping, "ts", (double)time_now_us() / 1e6);
		session_send(s, ping);
	}
}

/* Sessions stand in the order of their next turn: a turn looks only at those that are due. */
static void turn(struct loop_timer *timer)
{
	int64_t now = time_mono_us();
	struct session *s;

	while (sessions.all.head) {
		s = lws_container_of(sessions.all.head, struct session, link);
		if (s->ping_at > now)
			break;
		lws_dll2_remove(&s->link);
		lws_dll2_add_tail(&s->link, &sessions.all);
		turn_one(s, now);
	}
	if (sessions.all.head) {
		s = lws_container_of(sessions.all.head, struct session, link);
		loop_timer_set(timer, s->ping_at - now, turn);
	}
}

static void opened(struct session *s, struct lws *wsi)
{
	s->wsi = wsi;
	s->text = !kind_ops(s->kind)->binary_first;
	s->alive_at = time_mono_us();
	s->ping_at = s->alive_at + TURN_US;
	if (!sessions.all.head)
		loop_timer_set(&sessions.clock, TURN_US, turn);
	lws_dll2_add_tail(&s->link, &sessions.all);
	lws_dll2_add_tail(&s->kind_link, &sessions.kinds[s->kind]);
	if (s->close_code) { /* refused, but only after the handshake: clients want to read the code */
		lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, CLOSE_US);
		lws_callback_on_writable(wsi);
	} else if (kind_ops(s->kind)->opened) {
		kind_ops(s->kind)->opened(s);
	}
}

static void closed(struct session *s)
{
	if (lws_dll2_is_detached(&s->link))
		return;
	if (!s->close_code)
		s->close_code = CLOSE_NORMAL; /* nothing is queued any more */
	if (kind_ops(s->kind)->closed)
		kind_ops(s->kind)->closed(s);
	lws_dll2_remove(&s->link);
	lws_dll2_remove(&s->kind_link);
	while (s->out_count)
		drop_out(s);
	free(s->out);
	s->out = NULL;
	forget_in(s);
	free(s->user);
	if (s->token)
		explicit_bzero(s->token, strlen(s->token));
	free(s->token);
	s->user = s->token = NULL;
}

int session_callback(struct lws *wsi, enum lws_callback_reasons reason, struct session *s, void *in, size_t len)
{
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		opened(s, wsi);
		break;
	case LWS_CALLBACK_RECEIVE:
		s->alive_at = time_mono_us();
		receive(s, in, len);
		break;
	case LWS_CALLBACK_RECEIVE_PONG:
		s->alive_at = time_mono_us();
		break;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return writable(s);
	case LWS_CALLBACK_CLOSED:
		closed(s);
		break;
	default:
		break;
	}
	return 0;
}

/* ---- all sessions -------------------------------------------------------------------------------------- */

void session_each(enum session_kind kind, void (*fn)(struct session *s, void *arg), void *arg)
{
	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&sessions.kinds[kind])) {
		struct session *s = lws_container_of(d, struct session, kind_link);

		if (!s->close_code)
			fn(s, arg);
	} lws_end_foreach_dll_safe(d, next);
}

int session_count(enum session_kind kind)
{
	return (int)sessions.kinds[kind].count;
}

void session_close_all(enum session_close code)
{
	lws_start_foreach_dll_safe(struct lws_dll2 *, d, next, lws_dll2_get_head(&sessions.all)) {
		session_close(lws_container_of(d, struct session, link), code, "Server restart", false);
	} lws_end_foreach_dll_safe(d, next);
}

void session_get_stats(struct session_stats *out)
{
	out->sessions = (int)sessions.all.count;
	out->in_bytes = sessions.in_bytes;
	out->closed_slow = sessions.closed_slow;
}
