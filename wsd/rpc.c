/*
 * Reads over the socket, answered by the REST programs: a small FastCGI client in the loop. See rpc.h.
 */
#include "wsd/rpc.h"

#include <errno.h>
#include <fastcgi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wsd/loop.h"
#include "wsd/protocol.h"

#define TIMEOUT_US ((int64_t)30000000)
#define ANSWER_MAX ((size_t)64 << 20)
#define READ_SIZE ((size_t)64 << 10)
#define RECORD_MAX 65535
#define PENDING_MAX 1000 /* questions on their way, over all sessions */

#define BODY_MAX ((size_t)1 << 20) /* of a question */
#define SDK "sdk"

/* What a command asks of REST. */
struct reading {
	const char *command;
	const char *router; /* whose socket */
	const char *path;   /* "{}" is the text of `id` */
	const char *id;     /* key of data that goes into the path; NULL: none */
	const char *const *query; /* keys of data that go into the query */
	const char *wrap;   /* a list becomes {wrap: list}; NULL: as it is */
	const char *pick;   /* of the list, the entry whose `pick` equals data's; NULL: all */
	bool posts;         /* data is the body of a POST that changes nothing */
};

static const char *const page_query[] = { "limit", "cursor", NULL };
static const char *const asset_query[] = { "page_size", "content_type", "parent_id", "cursor", NULL };
static const char *const version_query[] = { "version", NULL };
static const char *const none[] = { NULL };

static const struct reading readings[] = {
	{ "list_workflows", "workflow", "/api/workflows/", NULL, page_query },
	{ "get_workflow", "workflow", "/api/workflows/{}", "id", none },
	{ "list_assets", "asset", "/api/assets/", NULL, asset_query },
	{ "get_asset", "asset", "/api/assets/{}", "id", none },
	{ "list_nodes", "node", "/api/nodes/metadata", NULL, none, .wrap = "nodes" },
	{ "get_node", "node", "/api/nodes/metadata", NULL, none, .pick = "node_type" },
	{ "get_workflow_interface", "workflow", "/api/workflows/{}/interface", "id", version_query },
	{ "list_workflow_summaries", SDK, "/api/sdk/v1/workflows", NULL, page_query },
	{ "get_workflow_interfaces", SDK, "/api/sdk/v1/workflow-interfaces", NULL, none, .posts = true },
	{ "get_node_type_inventory", SDK, "/api/sdk/v1/node-types", NULL, page_query },
	{ "get_capabilities", SDK, "/api/sdk/v1/capabilities", NULL, none },
	{ "preflight_workflow", SDK, "/api/sdk/v1/preflight", NULL, none, .posts = true },
};

struct call {
	struct loop_fd lf;
	struct loop_timer timer;
	struct ticket ticket;
	const struct reading *reading;
	char *request_id;
	char *pick;
	struct buf out;
	struct buf in;     /* records */
	struct buf answer; /* of the program */
	bool ended;
};

static int pending;

/* ---- answers ------------------------------------------------------------------------------------------- */

static struct value *envelope(const char *request_id, const char *command)
{
	struct value *m = value_map();

	map_set_str(m, "type", "rpc_response");
	map_set_str(m, "request_id", request_id);
	map_set_str(m, "command", command);
	return m;
}

static void send_fault(struct session *s, const char *request_id, const char *command, int status, const char *text)
{
	static const struct {
		int status;
		const char *code;
	} codes[] = { { 400, "bad_request" }, { 401, "unauthorized" }, { 403, "forbidden" }, { 404, "not_found" },
		      { 422, "invalid_request" }, { 501, "not_supported" }, { 503, "unavailable" } };
	const char *code = "internal_error";
	struct value *m = envelope(request_id, command);
	struct value *error = value_map();
	size_t i;

	for (i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].status == status)
			code = codes[i].code;
	map_set_str(error, "code", code);
	map_set_str(error, "message", text);
	map_set_bool(error, "retryable", status == 503 || status == 429);
	map_set_str(error, "apiCode", code);
	map_set(m, "error", error);
	session_send(s, m);
}

static struct value *pick(const struct value *list, const char *key, const char *text)
{
	size_t i;

	for (i = 0; i < value_len(list); i++)
		if (!strcmp(map_str(list_at(list, i), key, ""), text))
			return value_ref(list_at(list, i));
	return NULL;
}

/* The result in the form of the command; NULL when the wanted entry is not there. New reference. */
static struct value *result_of(const struct call *call, struct value *json)
{
	struct value *m;

	if (call->reading->pick)
		return pick(json, call->reading->pick, call->pick);
	if (!call->reading->wrap)
		return value_ref(json);
	m = value_map();
	map_set(m, call->reading->wrap, value_ref(json));
	return m;
}

static void send_result(struct session *s, struct call *call, struct value *json)
{
	struct value *result = result_of(call, json);
	struct value *m;

	if (!result) {
		send_fault(s, call->request_id, call->reading->command, 404, "Not found");
		return;
	}
	m = envelope(call->request_id, call->reading->command);
	map_set(m, "result", result);
	session_send(s, m);
}

/* Reads "Status: 404 …" of a CGI answer; 200 without one. */
static int status_of(const char *head)
{
	const char *at = strstr(head, "Status: ");

	return at && (at == head || at[-1] == '\n') ? (int)strtol(at + 8, NULL, 10) : 200;
}

static void answer(struct call *call)
{
	struct session *s = call->ticket.session;
	const char *data = call->answer.len ? call->answer.data : "";
	const char *body = strstr(data, "\r\n\r\n");
	struct json_error error;
	struct value *json = body ? json_parse(body + 4, call->answer.len - (size_t)(body + 4 - data), &error) : NULL;
	int status = status_of(data);

	if (!s)
		return;
	if (!json)
		send_fault(s, call->request_id, call->reading->command, 503, "The server gave no answer");
	else if (status >= 400)
		send_fault(s, call->request_id, call->reading->command, status, map_str(json, "detail", "Invalid request"));
	else
		send_result(s, call, json);
	value_unref(json);
}

static void finish(struct call *call)
{
	answer(call);
	pending--;
	ticket_drop(&call->ticket);
	loop_timer_stop(&call->timer);
	loop_fd_close(&call->lf);
	buf_free(&call->out);
	buf_free(&call->in);
	buf_free(&call->answer);
	free(call->request_id);
	free(call->pick);
	loop_free(call);
}

/* ---- FastCGI ------------------------------------------------------------------------------------------- */

static void record(struct buf *out, int type, const void *data, size_t len)
{
	FCGI_Header head = { .version = FCGI_VERSION_1, .type = (unsigned char)type, .requestIdB0 = 1 };

	head.contentLengthB1 = (unsigned char)(len >> 8);
	head.contentLengthB0 = (unsigned char)len;
	buf_add(out, &head, sizeof(head));
	if (len)
		buf_add(out, data, len);
}

static void param_len(struct buf *out, size_t len)
{
	if (len < 128) {
		buf_addc(out, (char)len);
		return;
	}
	buf_addc(out, (char)((len >> 24) | 0x80));
	buf_addc(out, (char)(len >> 16));
	buf_addc(out, (char)(len >> 8));
	buf_addc(out, (char)len);
}

static void param(struct buf *out, const char *name, const char *value)
{
	param_len(out, strlen(name));
	param_len(out, strlen(value));
	buf_adds(out, name);
	buf_adds(out, value);
}

/* Appends what arrived; false when it is no FastCGI. */
static bool take_records(struct call *call)
{
	FCGI_Header head;
	size_t at = 0;
	size_t len;

	while (call->in.len - at >= sizeof(head)) {
		memcpy(&head, call->in.data + at, sizeof(head));
		len = ((size_t)head.contentLengthB1 << 8) | head.contentLengthB0;
		if (head.version != FCGI_VERSION_1)
			return false;
		if (call->in.len - at < sizeof(head) + len + head.paddingLength)
			break;
		if (head.type == FCGI_STDOUT && buf_add(&call->answer, call->in.data + at + sizeof(head), len) < 0)
			return false;
		if (head.type == FCGI_END_REQUEST)
			call->ended = true;
		at += sizeof(head) + len + head.paddingLength;
	}
	if (at)
		buf_consume(&call->in, at);
	return true;
}

static void call_ready(struct loop_fd *lf, uint32_t events)
{
	struct call *call = lws_container_of(lf, struct call, lf);
	char *room;
	ssize_t n;

	if (events & EPOLLOUT) {
		n = send(lf->fd, call->out.data, call->out.len, MSG_NOSIGNAL);
		if (n > 0)
			buf_consume(&call->out, (size_t)n);
		if (!call->out.len)
			loop_fd_events(lf, EPOLLIN);
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	room = buf_reserve(&call->in, READ_SIZE);
	n = room ? recv(lf->fd, room, READ_SIZE, 0) : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		call->in.len += (size_t)n;
	if (n <= 0 || !take_records(call) || call->ended)
		finish(call);
}

static void timed_out(struct loop_timer *timer)
{
	finish(lws_container_of(timer, struct call, timer));
}

static int connect_to(const char *router)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s.sock", config_run_dir(), router) >=
	    (int)sizeof(addr.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- questions ----------------------------------------------------------------------------------------- */

static void encode(struct buf *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text; text++) {
		if (strchr(plain, *text))
			buf_addc(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
	}
}

static void add_query(struct buf *out, const char *key, const struct value *v)
{
	if (value_is_null(v))
		return;
	if (out->len)
		buf_addc(out, '&');
	buf_printf(out, "%s=", key);
	if (value_is(v, VALUE_STR))
		encode(out, value_text(v));
	else if (value_is_number(v))
		buf_printf(out, "%lld", (long long)value_as_int(v));
}

/* Path and query of the question; false when what the path needs is missing. */
static bool build_target(const struct reading *r, const struct value *data, struct buf *path, struct buf *query)
{
	const char *id = r->id ? map_str(data, r->id, NULL) : NULL;
	const char *const *key;

	if (r->id && (!id || !id[0]))
		return false;
	if (r->id) {
		const char *at = strstr(r->path, "{}");

		buf_add(path, r->path, (size_t)(at - r->path));
		encode(path, id);
		buf_adds(path, at + 2);
	} else {
		buf_adds(path, r->path);
	}
	buf_adds(query, "");
	for (key = r->query; *key; key++)
		add_query(query, *key, map_get(data, *key));
	return !path->failed && !query->failed;
}

static void add_body(struct buf *out, const struct buf *body)
{
	for (size_t at = 0; at < body->len; at += RECORD_MAX)
		record(out, FCGI_STDIN, body->data + at, body->len - at < RECORD_MAX ? body->len - at : RECORD_MAX);
	record(out, FCGI_STDIN, NULL, 0);
}

static void build_request(struct call *call, struct session *s, const char *path, const char *query,
			  const struct buf *body)
{
	static const unsigned char begin[8] = { 0, FCGI_RESPONDER };
	struct buf params;
	char length[24];
	char *uri = xasprintf("%s%s%s", path, query[0] ? "?" : "", query);

	buf_init(&params, RECORD_MAX);
	param(&params, "REQUEST_METHOD", call->reading->posts ? "POST" : "GET");
	param(&params, "REQUEST_URI", uri);
	param(&params, "QUERY_STRING", query);
	param(&params, "SERVER_PROTOCOL", "HTTP/1.1");
	param(&params, "HTTP_HOST", "localhost");
	if (call->reading->posts) {
		snprintf(length, sizeof(length), "%zu", body->len);
		param(&params, "CONTENT_TYPE", "application/json");
		param(&params, "CONTENT_LENGTH", length);
	}
	if (s->token) {
		char *authorization = xasprintf("Bearer %s", s->token);

		param(&params, "HTTP_AUTHORIZATION", authorization);
		free(authorization);
	}
	record(&call->out, FCGI_BEGIN_REQUEST, begin, sizeof(begin));
	record(&call->out, FCGI_PARAMS, params.data, params.len);
	record(&call->out, FCGI_PARAMS, NULL, 0);
	add_body(&call->out, body);
	buf_free(&params);
	free(uri);
}

static void ask(struct session *s, const struct reading *r, const char *request_id, const struct value *data)
{
	struct call *call;
	struct buf path;
	struct buf query;
	struct buf body;
	int fd = -1;

	buf_init(&path, BUF_MAX_SMALL / 4);
	buf_init(&query, BUF_MAX_SMALL / 4);
	buf_init(&body, BODY_MAX);
	if (!build_target(r, data, &path, &query)) {
		send_fault(s, request_id, r->command, 422, "id is required");
	} else if (r->posts && json_write(&body, data, 0) < 0) {
		send_fault(s, request_id, r->command, 422, "The question is too long");
	} else if (pending >= PENDING_MAX || (fd = connect_to(r->router)) < 0) {
		send_fault(s, request_id, r->command, 503, "The server is busy; please try again");
	} else {
		pending++;
		call = xcalloc(1, sizeof(*call));
		call->reading = r;
		call->request_id = xstrdup(request_id);
		call->pick = xstrdup(r->pick ? map_str(data, r->pick, "") : "");
		ticket_take(&call->ticket, s);
		buf_init(&call->out, (size_t)RECORD_MAX * 2 + BODY_MAX * 2);
		buf_init(&call->in, READ_SIZE * 4);
		buf_init(&call->answer, ANSWER_MAX);
		build_request(call, s, path.data, query.data, &body);
		loop_timer_set(&call->timer, TIMEOUT_US, timed_out);
		loop_fd_add(&call->lf, fd, EPOLLIN | EPOLLOUT, call_ready);
	}
	buf_free(&path);
	buf_free(&query);
	buf_free(&body);
}

bool rpc_take(struct session *s, const char *command, const struct value *message, const struct value *data)
{
	const char *request_id = map_str(message, "request_id", map_str(data, "request_id", NULL));
	size_t i;

	if (!request_id || command_find(command))
		return false;
	s->modern = true;
	for (i = 0; i < ARRAY_LEN(readings); i++) {
		if (!strcmp(command, readings[i].command)) {
			ask(s, &readings[i], request_id, data);
			return true;
		}
	}
	send_fault(s, request_id, command, 501, "This server does not know the command");
	return true;
}
