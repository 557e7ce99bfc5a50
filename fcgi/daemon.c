/* Running a workflow: the daemon is asked over its socket as nginx asks it, in the name of who asked here. */
#include "daemon.h"

#include "base/curl.h"
#include <stdlib.h>
#include <string.h>

#define CONNECT_S 5L
#define RUN_S     300L

struct ask {
	struct buf body;
	struct curl_slist *headers;
	CURL *easy;
};

static size_t on_body(char *data, size_t size, size_t count, void *ptr)
{
	struct ask *ask = ptr;

	return buf_add(&ask->body, data, size * count) ? 0 : size * count;
}

static void add_header(struct ask *ask, const char *name, const char *value)
{
	char *line = value ? xasprintf("%s: %s", name, value) : NULL;
	struct curl_slist *list = line ? curl_slist_append(ask->headers, line) : NULL;

	if (list)
		ask->headers = list;
	free(line);
}

static void set_up(struct ask *ask, const struct request *req, const char *url, const struct buf *body)
{
	static const char *const passed[] = { "Authorization", "Cookie", "Host" };

	for (size_t i = 0; i < ARRAY_LEN(passed); i++)
		add_header(ask, passed[i], req_header(req, passed[i]));
	add_header(ask, "Content-Type", "application/json");
	add_header(ask, "Expect", "");
	curl_easy_setopt(ask->easy, CURLOPT_UNIX_SOCKET_PATH, arena_printf(req->arena, "%s/wsd.sock", config_run_dir()));
	curl_easy_setopt(ask->easy, CURLOPT_URL, url);
	curl_easy_setopt(ask->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(ask->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(ask->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(ask->easy, CURLOPT_TIMEOUT, RUN_S);
	curl_easy_setopt(ask->easy, CURLOPT_HTTPHEADER, ask->headers);
	curl_easy_setopt(ask->easy, CURLOPT_POSTFIELDSIZE, (long)body->len);
	curl_easy_setopt(ask->easy, CURLOPT_POSTFIELDS, body->data);
	curl_easy_setopt(ask->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(ask->easy, CURLOPT_WRITEDATA, ask);
}

static struct value *take_answer(struct request *req, struct ask *ask, CURLcode code)
{
	struct json_error why;
	struct value *v;
	long status = 0;

	if (code == CURLE_OPERATION_TIMEDOUT) {
		req_fail(req, 504, "The run took longer than %ld seconds; it goes on, look at its job", RUN_S);
		return NULL;
	}
	if (code != CURLE_OK) {
		req_fail(req, 503, "The daemon that runs workflows does not answer");
		return NULL;
	}
	curl_easy_getinfo(ask->easy, CURLINFO_RESPONSE_CODE, &status);
	v = json_parse(ask->body.data ? ask->body.data : "", ask->body.len, &why);
	if (v && status == 200)
		return v;
	req_fail(req, (int)status, "%s", map_str(v, "detail", "The workflow did not run to its end"));
	value_unref(v);
	return NULL;
}

struct value *daemon_run_workflow(struct request *req, const char *id, struct value *params)
{
	struct value *body = value_map();
	struct value *v = NULL;
	struct ask ask = { 0 };
	struct buf text;

	map_set(body, "params", value_ref(params));
	buf_init(&text, BUF_MAX_BODY);
	buf_init(&ask.body, BUF_MAX_RESPONSE);
	ask.easy = curl_open();
	if (ask.easy && json_write(&text, body, JSON_COMPACT) == 0) {
		set_up(&ask, req, arena_printf(req->arena, "http://localhost/api/workflows/%s/run", id), &text);
		v = take_answer(req, &ask, curl_easy_perform(ask.easy));
	} else {
		req_fail(req, 500, "The run cannot be ordered");
	}
	curl_easy_cleanup(ask.easy);
	curl_slist_free_all(ask.headers);
	buf_free(&ask.body);
	buf_free(&text);
	value_unref(body);
	return v;
}
