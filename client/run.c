/* One run over the WebSocket, by libwebsockets. */
#include "client/client.h"

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX BUF_MAX_BODY

struct session {
	const struct client *client;
	struct lws_context *context;
	struct lws *wsi;
	lws_sorted_usec_list_t timer;
	struct buf out;     /* the frame to send, LWS_PRE bytes in front */
	struct buf in;      /* the message that arrives */
	char job_id[256];
	int64_t sent_us;
	int64_t heard_us;
	struct value *result;
	bool done;
	int outcome; /* 0 completed, 1 ended otherwise, -1 see err */
	struct err err;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static int frame(struct session *s, const char *command, struct value *data)
{
	static const char room[LWS_PRE];
	struct value *message = value_map();
	int rc;

	map_set_str(message, "command", command);
	map_set(message, "data", value_ref(data));
	buf_reset(&s->out);
	buf_add(&s->out, room, sizeof(room));
	rc = json_write(&s->out, message, JSON_COMPACT);
	value_unref(message);
	return rc < 0 ? err_set(&s->err, 413, "the command is too long for one message") : 0;
}

static void finish(struct session *s, int outcome)
{
	s->outcome = outcome;
	s->done = true;
}

static void job_update(struct session *s, const struct value *message)
{
	const char *status = map_str(message, "status", "");

	snprintf(s->job_id, sizeof(s->job_id), "%s", map_str(message, "job_id", ""));
	if (strcmp(status, "completed") == 0) {
		struct value *result = map_get(message, "result");

		s->result = result ? value_ref(result) : NULL;
		finish(s, 0);
	} else if (strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0 || strcmp(status, "suspended") == 0) {
		err_set(&s->err, 500, "the run ended %s: %s", status, map_str(message, "error", "no reason given"));
		finish(s, 1);
	}
}

static void on_message(struct session *s)
{
	struct json_error fault;
	struct value *message = json_parse(s->in.data ? s->in.data : "", s->in.len, &fault);
	const struct value *error;

	if (!message)
		return;
	error = map_get(message, "error");
	show_message(s->client, message, time_mono_us() - s->sent_us);
	if (strcmp(map_str(message, "type", ""), "job_update") == 0) {
		job_update(s, message);
	} else if (!map_get(message, "type") && value_is(error, VALUE_STR)) {
		err_set(&s->err, 400, "the server refused the command: %s: %s", value_text(error),
			map_str(message, "details", map_str(message, "message", "")));
		finish(s, -1);
	}
	value_unref(message);
}

static int append_token(const struct session *s, struct lws *wsi, unsigned char **p, size_t len)
{
	char value[4096];
	int n;

	if (!s->client->token)
		return 0;
	n = snprintf(value, sizeof(value), "Bearer %s", s->client->token);
	if (n >= (int)sizeof(value))
		return -1;
	return lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, (unsigned char *)value, n, p, *p + len);
}

static int receive(struct session *s, struct lws *wsi, const void *data, size_t len)
{
	if (buf_add(&s->in, data, len) < 0) {
		err_set(&s->err, 502, "the server sent a message that is too long");
		finish(s, -1);
		return -1;
	}
	s->heard_us = time_mono_us();
	if (lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi)) {
		on_message(s);
		buf_reset(&s->in);
	}
	return 0;
}

static int transmit(struct session *s, struct lws *wsi)
{
	size_t len = s->out.len > LWS_PRE ? s->out.len - LWS_PRE : 0;

	if (!len)
		return 0;
	if (!s->sent_us)
		s->sent_us = time_mono_us();
	if (lws_write(wsi, (unsigned char *)s->out.data + LWS_PRE, len, LWS_WRITE_TEXT) < (int)len)
		return -1;
	buf_reset(&s->out);
	return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct session *s = lws_context_user(lws_get_context(wsi));

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
		return append_token(s, wsi, in, len);
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		lws_callback_on_writable(wsi);
		return 0;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return transmit(s, wsi);
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return receive(s, wsi, in, len);
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		err_set(&s->err, 502, "no WebSocket to %s: %.*s", s->client->url, in ? (int)len : 0, in ? (char *)in : "");
		finish(s, -1);
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		if (len > 2)
			err_set(&s->err, 502, "the server closed the socket: %.*s", (int)len - 2, (char *)in + 2);
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
		if (!s->done && !*s->err.detail)
			err_set(&s->err, 502, "the server closed the socket before the run ended");
		if (!s->done)
			finish(s, -1);
		return 0;
	default:
		return 0;
	}
}

/* "http://host:port/base" into its parts; `copy` is cut up. */
static int split_url(char *copy, struct lws_client_connect_info *info, struct err *err)
{
	bool tls = str_starts(copy, "https://");
	char *host = strstr(copy, "://");
	char *colon;

	if (!host || !(tls || str_starts(copy, "http://")))
		return err_set(err, 400, "%s is no http:// or https:// address", copy);
	host += 3;
	host[strcspn(host, "/")] = '\0';
	info->port = tls ? 443 : 80;
	info->ssl_connection = tls ? LCCSCF_USE_SSL : 0;
	info->host = xstrdup(host);
	colon = strrchr(host, ':');
	if (colon && !strchr(colon, ']')) {
		*colon = '\0';
		info->port = (int)strtol(colon + 1, NULL, 10);
	}
	info->address = host;
	return 0;
}

static void cancel(struct session *s)
{
	struct value *data = value_map();

	map_set_str(data, "job_id", s->job_id);
	if (*s->job_id && frame(s, "cancel_job", data) == 0)
		lws_callback_on_writable(s->wsi);
	else
		finish(s, 1);
	value_unref(data);
}

static void serve(struct session *s)
{
	s->heard_us = time_mono_us();
	while (!s->done) {
		if (lws_service(s->context, 0) < 0 && !interrupted)
			break;
		if (interrupted == 1) {
			interrupted = 2;
			cancel(s);
		}
		if (!s->done && time_mono_us() - s->heard_us > (int64_t)s->client->timeout * 1000000) {
			err_set(&s->err, 504, "the server has been silent for %d seconds", s->client->timeout);
			finish(s, -1);
		}
	}
}

/* Wakes the loop once a second, for the time limit. */
static void tick(lws_sorted_usec_list_t *timer)
{
	struct session *s = lws_container_of(timer, struct session, timer);

	lws_sul_schedule(s->context, 0, timer, tick, LWS_US_PER_SEC);
}

int run_job(const struct client *client, struct value *data, struct err *err)
{
	static const struct lws_protocols protocols[] = { { "nodetool", callback, 0, 65536, 0, NULL, 0 }, { 0 } };
	struct session s = { .client = client, .outcome = -1 };
	struct lws_context_creation_info create = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.user = &s,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
	};
	struct lws_client_connect_info info = { .path = "/ws", .pwsi = &s.wsi };
	char *copy = xstrdup(client->url);

	buf_init(&s.out, MESSAGE_MAX);
	buf_init(&s.in, MESSAGE_MAX);
	lws_set_log_level(LLL_ERR, NULL);
	if (split_url(copy, &info, &s.err) < 0 || frame(&s, "run_job", data) < 0)
		goto out;
	s.context = info.context = lws_create_context(&create);
	if (!s.context || !lws_client_connect_via_info(&info)) {
		if (!*s.err.detail)
			err_set(&s.err, 502, "no WebSocket to %s", client->url);
		goto out;
	}
	signal(SIGINT, on_interrupt);
	lws_sul_schedule(s.context, 0, &s.timer, tick, LWS_US_PER_SEC);
	serve(&s);
	if (s.outcome == 0 && !client->json)
		show_outputs(s.result);
out:
	if (s.context)
		lws_context_destroy(s.context);
	value_unref(s.result);
	buf_free(&s.out);
	buf_free(&s.in);
	free((char *)info.host);
	free(copy);
	*err = s.err;
	return s.outcome;
}
