/* The answers of runs over HTTP: see http_stream.h. Source: notes-workflows "Running over HTTP", cases/workflows/run-*. */
#include "wsd/http_stream.h"

#include <stdlib.h>
#include <string.h>

#include "wsd/jobs.h"

#define OUT_MAX ((size_t)64 << 20)    /* that a client may leave unread */
#define OUT_BEHIND ((size_t)1 << 20) /* from here on the run waits for it */
#define WRITE_SIZE ((size_t)64 << 10)

static void want_write(struct http_run *run)
{
	lws_set_timeout(run->wsi, PENDING_TIMEOUT_HTTP_CONTENT, 60); /* per piece: a client that stops reading */
	lws_callback_on_writable(run->wsi);
}

void http_answer(struct http_run *run, bool last)
{
	static const char status[] = "Status: ";
	const char *head = run->reply.len ? run->reply.data : "";

	if (!run->out.max)
		buf_init(&run->out, BUF_MAX_RESPONSE + OUT_MAX);
	if (str_starts(head, status)) {
		size_t line = strcspn(head, "\r\n");

		buf_printf(&run->out, "HTTP/1.1 %.*s\r\nConnection: close\r\n", (int)(line - (sizeof(status) - 1)),
			   head + sizeof(status) - 1);
		line += head[line] == '\r' ? 2 : 1;
		buf_add(&run->out, head + line, run->reply.len - line);
	}
	buf_free(&run->reply);
	run->answered = last;
	want_write(run);
}

static bool is_behind(const struct watch *w)
{
	const struct http_run *run = w->owner;

	return run->out.len - run->out_at > OUT_BEHIND;
}

int http_write(struct http_run *run)
{
	unsigned char piece[LWS_PRE + WRITE_SIZE];
	size_t len = run->out.len - run->out_at;

	if (run->out.failed)
		return -1; /* too slow; the run itself goes on */
	if (len > WRITE_SIZE)
		len = WRITE_SIZE;
	if (len) {
		memcpy(piece + LWS_PRE, run->out.data + run->out_at, len);
		if (lws_write(run->wsi, piece + LWS_PRE, len, LWS_WRITE_HTTP) < 0)
			return -1;
		run->out_at += len;
	}
	if (run->watch && !is_behind(run->watch))
		job_relieved(run->watch->job);
	if (run->out_at < run->out.len) {
		want_write(run);
		return 0;
	}
	buf_reset(&run->out);
	run->out_at = 0;
	if (run->answered)
		return -1;
	lws_set_timeout(run->wsi, NO_PENDING_TIMEOUT, 0); /* a run may take as long as it wants */
	return 0;
}

/* ---- lines of a stream --------------------------------------------------------------------------------- */

static void line(struct http_run *run, const struct value *v)
{
	if (run->out.len - run->out_at > OUT_MAX) {
		run->out.failed = true;
	} else {
		json_write(&run->out, v, JSON_SPACED);
		buf_addc(&run->out, '\n');
	}
	want_write(run);
}

static const char *error_of(const struct job *job)
{
	return job->error ? job->error : "The run failed";
}

/* The end of a failed run: an error event before the job_update, which names no workflow. */
static void line_failed(struct http_run *run, const struct job *job, struct value *update)
{
	struct value *m = value_map();

	map_set_str(m, "type", "error");
	map_set_str(m, "message", error_of(job));
	map_set(m, "thread_id", value_null());
	map_set(m, "workflow_id", value_null());
	line(run, m);
	value_unref(m);
	map_set(update, "workflow_id", value_null());
	map_set_str(update, "error", error_of(job));
	line(run, update);
}

static void on_message(struct watch *w, struct blob *blob)
{
	struct http_run *run = w->owner;
	struct value *m;
	const char *type;

	if (!run->stream)
		return;
	m = blob_value(blob);
	if (!value_is(m, VALUE_MAP)) {
		value_unref(m);
		return;
	}
	type = map_str(m, "type", "");
	map_remove(m, "job_seq");
	if (!strcmp(type, "job_update") && !strcmp(map_str(m, "status", ""), "failed")) {
		line_failed(run, w->job, m);
	} else {
		if (strcmp(type, "job_update") != 0) {
			map_remove(m, "job_id");
			if (strcmp(type, "edge_update") != 0)
				map_set(m, "workflow_id", value_null());
		}
		line(run, m);
	}
	value_unref(m);
}

/* ---- the plain answer ---------------------------------------------------------------------------------- */

/* Bytes as data: URI, everything else as it is. New reference. */
static struct value *shown(struct value *v)
{
	struct buf out;
	struct value *text;

	if (!value_is(v, VALUE_BYTES))
		return value_ref(v);
	buf_init(&out, BUF_MAX_RESPONSE);
	buf_adds(&out, "data:application/octet-stream;base64,");
	base64_encode(&out, value_text(v), value_len(v), false);
	text = out.failed ? value_null() : value_strn(out.data, out.len);
	buf_free(&out);
	return text;
}

/* {output: its last value}. */
static struct value *last_values(const struct value *result)
{
	struct value *m = value_map();
	struct value *v;
	struct sv key;
	size_t i;

	for (i = 0; map_entry(result, i, &key, &v); i++) {
		if (value_is(v, VALUE_LIST))
			v = list_at(v, value_len(v) - 1);
		if (v)
			map_setn(m, key.p, key.n, shown(v));
	}
	return m;
}

static void on_end(struct watch *w)
{
	struct http_run *run = w->owner;
	struct job *job = w->job;
	struct value *m;

	run->watch = NULL;
	run->ended = true;
	if (run->stream) {
		m = value_map();
		map_set_str(m, "type", "job_completed");
		map_set_str(m, "job_id", job->id);
		line(run, m);
		value_unref(m);
		run->answered = true;
		return;
	}
	if (!strcmp(job->status, "completed") || !strcmp(job->status, "suspended")) {
		run->answer = last_values(job->result);
	} else {
		run->status = job->no_workflow ? 404 : 500;
		run->error = xstrdup(job->no_workflow ? "Workflow not found" :
				     !strcmp(job->status, "cancelled") ? "The run was cancelled" : error_of(job));
	}
	http_finish_plain(run);
}

void http_start(struct http_run *run)
{
	const struct watch model = { .owner = run, .message = on_message, .behind = is_behind, .ended = on_end };
	struct job_spec spec = {
		.user_id = run->user,
		.workflow_id = run->workflow_id,
		.job_type = "",
		.params = run->params ? value_ref(run->params) : value_map(),
		.http = true,
	};

	lws_set_timeout(run->wsi, NO_PENDING_TIMEOUT, 0);
	if (run->stream)
		buf_free(&run->body); /* the plain answer goes over the request once more */
	run->watch = job_watch(job_start(&spec), &model, NULL);
}
