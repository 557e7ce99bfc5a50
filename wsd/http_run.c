/* Runs over HTTP: see http_run.h. What goes to the client: http_stream.c. */
#include "wsd/http_run.h"

#include <stdlib.h>
#include <string.h>

#include "http/internal.h"
#include "wsd/handshake.h"
#include "wsd/http_stream.h"
#include "wsd/jobs.h"
#include "wsd/metrics.h"

#define HEADER_MAX 8192
#define BODY_MAX BUF_MAX_BODY
#define RETRY_AFTER_S "5"

/* The request that shared/http works on, and what it answers. */
struct memory_io {
	struct http_io io;
	struct http_run *run;
	size_t read_at;
};

static struct http_run *current; /* the run whose request is with shared/http */
static int open_requests;

static const struct field run_query[] = {
	{ "stream", FIELD_BOOL, 0, "false", .description = "Send the messages of the run as they come, one a line." },
	{ 0 },
};

static const struct field run_body[] = {
	{ "params", FIELD_OBJECT, 0, "{}", .description = "Values of the input nodes, by name." },
	{ 0 },
};

/* The second pass: what has been asked for is there, or failed. */
static int answer(struct http_run *run, struct request *req, struct response *res)
{
	if (run->error)
		return req_fail(req, run->status, "%s", run->error);
	if (run->answer)
		return res_json(res, value_ref(run->answer));
	return buf_add(&res->body, run->text.data, run->text.len);
}

/* First pass: takes down what to run. Second pass (the run has ended): answers. */
static int run_workflow(struct request *req, struct response *res)
{
	struct http_run *run = current;

	if (run && run->ended)
		return answer(run, req, res);
	if (!run)
		return req_fail(req, 501, "Runs are served by the daemon");
	if (jobs_full(req->user.id)) {
		metrics_run_refused();
		res_header(res, "Retry-After", RETRY_AFTER_S);
		return req_fail(req, 429, "Too many runs are waiting on this server. Please try again later.");
	}
	run->user = xstrdup(req->user.id);
	run->workflow_id = xstrdup(req_param(req, "id"));
	run->params = value_ref(map_get(req->body, "params"));
	run->stream = map_bool(req->query, "stream", false);
	run->accepted = true;
	return run->stream ? res_stream(res, "application/x-ndjson") : 0;
}

static int show_trace(struct request *req, struct response *res)
{
	struct http_run *run = current;

	if (run && run->ended)
		return answer(run, req, res);
	if (!run)
		return req_fail(req, 501, "Traces are served by the daemon");
	run->user = xstrdup(req->user.id);
	run->traced_job = xstrdup(req_param(req, "job_id"));
	run->accepted = true;
	return 0;
}

/* For administrators, where users are known; else for this machine alone. */
static int show_metrics(struct request *req, struct response *res)
{
	const char *from = req->remote_addr ? req->remote_addr : "";
	int rc = 0;

	if (auth_enforced())
		rc = auth_admin(&req->user, &req->err);
	else if (*from && strcmp(from, "127.0.0.1") != 0 && strcmp(from, "::1") != 0)
		rc = req_fail(req, 403, "Figures are shown to this machine only");
	if (rc < 0)
		return -1;
	res->type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_write(&res->body);
	return 0;
}

static const struct route routes[] = {
	{ "GET", "/metrics", show_metrics, .type = "text/plain", .summary = "Figures of the daemon, for Prometheus." },
	{ "GET", "/api/jobs/{job_id}/trace", show_trace,
	  .summary = "What the nodes of a job did: when each began and ended, waits, bytes in and out." },
	{ "POST", "/api/workflows/{id}/run", run_workflow, .query = run_query, .body = BODY(run_body),
	  .summary = "Run a workflow and wait for its outputs, or follow it." },
};

static const struct router router = { "run", routes, ARRAY_LEN(routes) };

/* ---- from memory to memory ----------------------------------------------------------------------------- */

static ssize_t memory_read(struct http_io *io, void *data, size_t len)
{
	struct memory_io *m = (struct memory_io *)io;
	size_t left = m->run->body.len - m->read_at;

	if (len > left)
		len = left;
	if (len)
		memcpy(data, m->run->body.data + m->read_at, len);
	m->read_at += len;
	return (ssize_t)len;
}

static int memory_write(struct http_io *io, const void *data, size_t len)
{
	return buf_add(&((struct memory_io *)io)->run->reply, data, len);
}

static int memory_flush(struct http_io *io)
{
	(void)io;
	return 0;
}

static void serve(struct http_run *run)
{
	struct memory_io m = { .io = { memory_read, memory_write, memory_flush, run->env }, .run = run };
	struct arena *arena = arena_new();

	buf_reset(&run->reply);
	current = run;
	http_serve(&router, &m.io, arena);
	current = NULL;
	arena_free(arena);
}

/* ---- the request as CGI variables ---------------------------------------------------------------------- */

static void encode(struct buf *out, const char *text, const char *keep)
{
	const unsigned char *p;

	for (p = (const unsigned char *)text; *p; p++) {
		if ((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
		    strchr(keep, *p))
			buf_addc(out, (char)*p);
		else
			buf_printf(out, "%%%02X", *p);
	}
}

static void set(struct http_run *run, const char *name, const char *value)
{
	if (run->env_count < ARRAY_LEN(run->env) - 1)
		run->env[run->env_count++] = arena_printf(run->arena, "%s=%s", name, value);
}

/* libwebsockets has decoded path and query; they are encoded again for those who decode. */
static void set_query(struct http_run *run)
{
	struct buf out;
	char part[HEADER_MAX];
	int i;

	buf_init(&out, BUF_MAX_SMALL);
	for (i = 0; lws_hdr_copy_fragment(run->wsi, part, sizeof(part), WSI_TOKEN_HTTP_URI_ARGS, i) >= 0 && i < 1000; i++) {
		if (i)
			buf_addc(&out, '&');
		encode(&out, part, "-._~=");
	}
	set(run, "QUERY_STRING", out.len && !out.failed ? out.data : "");
	buf_free(&out);
}

static void set_uri(struct http_run *run, const char *path)
{
	struct buf out;

	buf_init(&out, BUF_MAX_SMALL);
	encode(&out, path, "-._~/:@!$&'()*+,;=");
	set(run, "REQUEST_URI", out.len && !out.failed ? out.data : "/");
	buf_free(&out);
}

static const struct {
	enum lws_token_indexes token;
	const char *variable;
} known_headers[] = {
	{ WSI_TOKEN_HTTP_AUTHORIZATION, "HTTP_AUTHORIZATION" },
	{ WSI_TOKEN_HOST, "HTTP_HOST" },
	{ WSI_TOKEN_ORIGIN, "HTTP_ORIGIN" },
	{ WSI_TOKEN_HTTP_COOKIE, "HTTP_COOKIE" },
	{ WSI_TOKEN_HTTP_CONTENT_TYPE, "CONTENT_TYPE" },
	{ WSI_TOKEN_HTTP_CONTENT_LENGTH, "CONTENT_LENGTH" },
	{ WSI_TOKEN_HTTP_AC_REQUEST_HEADERS, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS" },
};

static const struct {
	const char *name;
	const char *variable;
} other_headers[] = {
	{ "access-control-request-method:", "HTTP_ACCESS_CONTROL_REQUEST_METHOD" },
	{ "x-request-id:", "HTTP_X_REQUEST_ID" },
	{ "x-forwarded-proto:", "REQUEST_SCHEME" },
	{ "x-admin-token:", "HTTP_X_ADMIN_TOKEN" },
};

static void set_headers(struct http_run *run)
{
	char value[HEADER_MAX];
	size_t i;

	for (i = 0; i < ARRAY_LEN(known_headers); i++)
		if (lws_hdr_total_length(run->wsi, known_headers[i].token) > 0 &&
		    lws_hdr_copy(run->wsi, value, sizeof(value), known_headers[i].token) >= 0)
			set(run, known_headers[i].variable, value);
	for (i = 0; i < ARRAY_LEN(other_headers); i++)
		if (lws_hdr_custom_copy(run->wsi, value, sizeof(value), other_headers[i].name,
					(int)strlen(other_headers[i].name)) > 0)
			set(run, other_headers[i].variable, value);
	peer_address(run->wsi, value, sizeof(value));
	set(run, "REMOTE_ADDR", value);
}

/* ---- the connection ------------------------------------------------------------------------------------ */

static int begin(struct http_run *run)
{
	serve(run);
	if (!run->accepted) {
		http_answer(run, true);
		return 0;
	}
	if (run->stream)
		http_answer(run, false);
	if (run->traced_job)
		http_trace_ask(run);
	else
		http_start(run);
	return 0;
}

static const struct {
	enum lws_token_indexes token;
	const char *method;
} methods[] = {
	{ WSI_TOKEN_GET_URI, "GET" },	      { WSI_TOKEN_POST_URI, "POST" },	{ WSI_TOKEN_OPTIONS_URI, "OPTIONS" },
	{ WSI_TOKEN_PUT_URI, "PUT" },	      { WSI_TOKEN_PATCH_URI, "PATCH" }, { WSI_TOKEN_DELETE_URI, "DELETE" },
	{ WSI_TOKEN_HEAD_URI, "HEAD" },
};

static int take_request(struct lws *wsi, struct http_run **out, const char *path)
{
	struct http_run *run = xcalloc(1, sizeof(*run));
	const char *method = "GET";
	bool length = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
	size_t i;

	*out = run;
	open_requests++;
	run->wsi = wsi;
	run->arena = arena_new();
	buf_init(&run->body, BODY_MAX);
	buf_init(&run->reply, BUF_MAX_RESPONSE);
	for (i = 0; i < ARRAY_LEN(methods); i++)
		if (lws_hdr_total_length(wsi, methods[i].token) > 0)
			method = methods[i].method;
	set(run, "REQUEST_METHOD", method);
	set_uri(run, path);
	set_query(run);
	set_headers(run);
	for (i = 0; i < run->env_count; i++)
		if (!strncmp(run->env[i], "CONTENT_LENGTH=", 15))
			run->declared = strtoll(run->env[i] + 15, NULL, 10);
	/* Too long a body is refused by its declared length, unread. */
	if (!length || run->declared <= 0 || (uint64_t)run->declared > BODY_MAX)
		return begin(run);
	return 0;
}

static void forget(struct http_run **at)
{
	struct http_run *run = *at;

	*at = NULL;
	if (!run)
		return;
	if (run->watch)
		job_unwatch(run->watch);
	http_trace_forget(run);
	arena_free(run->arena);
	buf_free(&run->body);
	buf_free(&run->reply);
	buf_free(&run->out);
	value_unref(run->params);
	value_unref(run->answer);
	free(run->user);
	free(run->workflow_id);
	free(run->traced_job);
	buf_free(&run->text);
	free(run->error);
	free(run);
	open_requests--;
}

void http_finish_plain(struct http_run *run)
{
	serve(run);
	http_answer(run, true);
}

int http_run_count(void)
{
	return open_requests;
}

int http_run_callback(struct lws *wsi, enum lws_callback_reasons reason, struct http_run **run, void *in, size_t len)
{
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return *run ? -1 : take_request(wsi, run, in);
	case LWS_CALLBACK_HTTP_BODY:
		if (*run && !(*run)->accepted && buf_add(&(*run)->body, in, len) < 0)
			return -1;
		return 0;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return *run && !(*run)->accepted && !(*run)->answered ? begin(*run) : 0;
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return *run ? http_write(*run) : 0;
	default:
		forget(run);
		return 0;
	}
}
