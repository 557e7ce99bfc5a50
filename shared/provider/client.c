/* The client: calls on libcurl's multi interface, tried again where that helps. */
#include "provider/internal.h"

#include "base/curl.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#define ATTEMPTS          3
#define FIRST_WAIT_US     ((int64_t)500000)
#define RETRY_AFTER_MAX_S 30
#define ERROR_BODY_MAX    ((size_t)64 << 10)

struct provider_call {
	struct provider_client *client;
	struct provider_call *next;
	char *url;
	char *body;
	size_t body_len;
	char *method;
	struct curl_slist *headers;
	CURL *easy;
	bool adding; /* stands in the multi handle */
	bool done;
	bool raw;       /* the answer is kept as it is */
	char boundary[ID_SIZE]; /* of a multipart body; "" for JSON */
	bool streaming; /* events go to `event`, else the answer is gathered */
	bool heard;     /* something of a good answer has arrived */
	long seconds;
	int attempt;
	int64_t retry_at;      /* 0: not waiting */
	int64_t retry_after_s; /* of the last answer; -1: none */
	const struct dialect *dialect;
	struct stream stream;
	struct buf gathered; /* a whole answer, or the body of a refusal */
	struct answer answer;
	struct err err;
	void (*line)(void *ctx, const struct value *v);
	void *line_ctx;
};

struct provider_client {
	CURLM *multi;
	struct provider_call *calls;
};

struct provider_client *provider_client_new(void)
{
	struct provider_client *client = xcalloc(1, sizeof(*client));

	client->multi = curl_multi_init();
	return client;
}

void provider_client_free(struct provider_client *client)
{
	if (!client)
		return;
	curl_multi_cleanup(client->multi);
	free(client);
}

/* ---- one attempt --------------------------------------------------------------------------------------- */

static long status_of(const struct provider_call *call)
{
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t take_data(char *data, size_t size, size_t count, void *ctx)
{
	struct provider_call *call = ctx;
	size_t len = size * count;
	long status = status_of(call);

	if (status < 200 || status > 299) {
		/* The beginning of what a refusal says is enough. */
		if (call->gathered.len < ERROR_BODY_MAX)
			buf_add(&call->gathered, data, len);
		return len;
	}
	call->heard = true;
	if (call->streaming)
		return stream_feed(&call->stream, data, len) ? 0 : len;
	return buf_add(&call->gathered, data, len) ? 0 : len;
}

static size_t take_header(char *data, size_t size, size_t count, void *ctx)
{
	struct provider_call *call = ctx;
	size_t len = size * count;
	static const char name[] = "retry-after:";
	char number[24];
	char *end;

	if (len > sizeof(name) - 1 && !strncasecmp(data, name, sizeof(name) - 1)) {
		snprintf(number, sizeof(number), "%.*s", (int)(len - sizeof(name) + 1), data + sizeof(name) - 1);
		call->retry_after_s = strtol(number, &end, 10);
		if (end == number || call->retry_after_s < 0)
			call->retry_after_s = -1;
	}
	return len;
}

static void begin_attempt(struct provider_call *call)
{
	long idle = (long)config_int("NODETOOL_PROVIDER_IDLE_S", 1, 86400, 300);
	long total = (long)config_int("NODETOOL_PROVIDER_TOTAL_S", 1, 86400, 3600);

	call->easy = curl_open();
	call->retry_at = 0;
	call->retry_after_s = -1;
	call->attempt++;
	buf_reset(&call->gathered);
	call->gathered.failed = false;
	curl_easy_setopt(call->easy, CURLOPT_URL, call->url);
	curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(call->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(call->easy, CURLOPT_USERAGENT, "nodetool-server");
	curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, take_data);
	curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT,
			 call->seconds ? call->seconds : (long)config_int("NODETOOL_PROVIDER_CONNECT_S", 1, 3600, 10));
	curl_easy_setopt(call->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(call->easy, CURLOPT_LOW_SPEED_TIME, idle);
	curl_easy_setopt(call->easy, CURLOPT_TIMEOUT, call->seconds ? call->seconds : total);
	if (call->body) {
		curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
		curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
	}
	curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, call->method);
	curl_multi_add_handle(call->client->multi, call->easy);
	call->adding = true;
}

static void end_attempt(struct provider_call *call)
{
	if (call->adding)
		curl_multi_remove_handle(call->client->multi, call->easy);
	call->adding = false;
	if (call->easy)
		curl_easy_cleanup(call->easy);
	call->easy = NULL;
}

static bool worth_again(const struct provider_call *call, CURLcode code, long status)
{
	if (call->attempt >= ATTEMPTS || call->heard)
		return false;
	if (call->retry_after_s > RETRY_AFTER_MAX_S)
		return false;
	if (code == CURLE_OK)
		return status == 408 || status == 425 || status == 429 || status >= 500;
	return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
	       code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

/* "The provider openai answered 401: …" */
static void refuse(struct provider_call *call, long status)
{
	struct json_error why;
	struct value *v = call->gathered.len ? json_parse(call->gathered.data, call->gathered.len, &why) : NULL;
	const char *text = v ? answer_error_text(v) : NULL;

	err_set(&call->err, 502, "The provider answered with status %ld%s%.800s", status, text ? ": " : "",
		text ? text : "");
	value_unref(v);
}

static void fail(struct provider_call *call, CURLcode code)
{
	if (call->answer.err.status) {
		call->err = call->answer.err;
	} else if (code == CURLE_OPERATION_TIMEDOUT) {
		err_set(&call->err, 504, "The provider did not answer in time");
	} else if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
		   code == CURLE_COULDNT_RESOLVE_PROXY) {
		call->answer.result.unreachable = true;
		err_set(&call->err, 502, "Connection error: the provider cannot be reached (%s)",
			curl_easy_strerror(code));
	} else if (code == CURLE_WRITE_ERROR) {
		err_set(&call->err, 502, "The provider's answer is too long");
	} else {
		err_set(&call->err, 502, "The connection to the provider failed: %s", curl_easy_strerror(code));
	}
}

/* The tokens of an answer that was not a stream, in the words of OpenAI, of Ollama and of Gemini. */
static void take_usage(struct provider_result *result)
{
	const struct value *usage = map_get(result->json, "usage");
	const struct value *counts = value_is(usage, VALUE_MAP) ? usage : result->json;

	if (map_get(result->json, "usageMetadata")) {
		gemini_usage(result, result->json);
		return;
	}
	result->prompt_tokens = map_int(counts, usage ? "prompt_tokens" : "prompt_eval_count", -1);
	result->has_usage = result->prompt_tokens >= 0;
	result->completion_tokens = result->has_usage ? map_int(counts, "completion_tokens", 0) : 0;
}

static void finish_good(struct provider_call *call)
{
	struct json_error why;

	if (call->streaming) {
		if (stream_end(&call->stream))
			call->err = call->answer.err;
		else if (call->dialect && !call->answer.finished && !call->heard)
			err_set(&call->err, 502, "The provider gave no answer");
		else if (call->dialect)
			answer_finish(&call->answer);
		return;
	}
	if (!call->gathered.len)
		return;
	if (call->raw) {
		buf_free(&call->answer.result.text);
		call->answer.result.text = call->gathered;
		buf_init(&call->gathered, PROVIDER_ANSWER_MAX);
		return;
	}
	call->answer.result.json = json_parse(call->gathered.data, call->gathered.len, &why);
	if (!call->answer.result.json)
		err_set(&call->err, 502, "The provider's answer is no JSON: %s", why.message);
	take_usage(&call->answer.result);
}

static void attempt_over(struct provider_call *call, CURLcode code)
{
	long status = status_of(call);
	bool again = worth_again(call, code, status);

	end_attempt(call);
	if (again) {
		call->retry_at = time_mono_us() + (call->retry_after_s >= 0 ? call->retry_after_s * 1000000
									    : FIRST_WAIT_US << (call->attempt - 1));
		return;
	}
	call->answer.result.status = (int)status;
	call->done = true;
	if (code != CURLE_OK)
		fail(call, code);
	else if (status < 200 || status > 299)
		refuse(call, status);
	else
		finish_good(call);
}

/* ---- the client's loop --------------------------------------------------------------------------------- */

static void begin_waiting(struct provider_client *client)
{
	int64_t now = time_mono_us();

	for (struct provider_call *call = client->calls; call; call = call->next)
		if (call->retry_at && call->retry_at <= now)
			begin_attempt(call);
}

void provider_client_step(struct provider_client *client)
{
	CURLMsg *message;
	char *private;
	int n;

	begin_waiting(client);
	curl_multi_perform(client->multi, &n);
	while ((message = curl_multi_info_read(client->multi, &n))) {
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		attempt_over((struct provider_call *)(void *)private, code);
	}
}

static size_t sockets(struct provider_client *client, struct pollfd *fds, size_t max)
{
	fd_set reading, writing, failing;
	size_t n = 0;
	int top = -1;

	FD_ZERO(&reading);
	FD_ZERO(&writing);
	FD_ZERO(&failing);
	curl_multi_fdset(client->multi, &reading, &writing, &failing, &top);
	for (int fd = 0; fd <= top && n < max; fd++) {
		short events = (short)((FD_ISSET(fd, &reading) ? POLLIN : 0) | (FD_ISSET(fd, &writing) ? POLLOUT : 0));

		if (events || FD_ISSET(fd, &failing))
			fds[n++] = (struct pollfd){ .fd = fd, .events = events };
	}
	return n;
}

size_t provider_client_poll(struct provider_client *client, struct pollfd *fds, size_t max, int *timeout_ms)
{
	size_t n = sockets(client, fds, max);
	int64_t now = time_mono_us();
	long timeout = -1;
	bool busy = false;

	curl_multi_timeout(client->multi, &timeout);
	for (struct provider_call *call = client->calls; call; call = call->next) {
		long left = call->retry_at > now ? (long)((call->retry_at - now + 999) / 1000) : 0;

		busy = busy || call->adding;
		if (call->retry_at && (timeout < 0 || left < timeout))
			timeout = left;
	}
	/* While a name is being resolved there is no socket to wait for. */
	if (busy && n == 0 && (timeout < 0 || timeout > 20))
		timeout = 20;
	*timeout_ms = timeout > 60000 ? 60000 : (int)timeout;
	return n;
}

/* ---- calls --------------------------------------------------------------------------------------------- */

static int on_event(void *ctx, const char *data, size_t len)
{
	struct provider_call *call = ctx;

	return answer_event(&call->answer, call->dialect, data, len);
}

static int on_line(void *ctx, const char *data, size_t len)
{
	struct provider_call *call = ctx;
	struct json_error why;
	struct value *v = json_parse(data, len, &why);

	if (!v)
		return err_set(&call->answer.err, 502, "The provider sent a line that is no JSON: %s", why.message);
	call->line(call->line_ctx, v);
	value_unref(v);
	return 0;
}

static void add_header(struct provider_call *call, const char *name, const char *value)
{
	char *line = xasprintf("%s: %s", name, value);

	call->headers = curl_slist_append(call->headers, line);
	explicit_bzero(line, strlen(line));
	free(line);
}

static void add_headers(struct provider_call *call, const struct provider *p)
{
	char *bearer;

	char *type;

	if (call->body && !call->boundary[0]) {
		add_header(call, "Content-Type", "application/json");
	} else if (call->body) {
		type = xasprintf("multipart/form-data; boundary=%s", call->boundary);
		add_header(call, "Content-Type", type);
		free(type);
	}
	add_header(call, "Expect", "");
	if (p->service->dialect == DIALECT_ANTHROPIC) {
		add_header(call, "anthropic-version", "2023-06-01");
		if (p->key)
			add_header(call, "x-api-key", p->key);
	} else if (p->service->dialect == DIALECT_GEMINI) {
		if (p->key)
			add_header(call, "x-goog-api-key", p->key);
	} else if (p->key) {
		bearer = xasprintf("Bearer %s", p->key);
		add_header(call, "Authorization", bearer);
		explicit_bzero(bearer, strlen(bearer));
		free(bearer);
	}
}

static struct provider_call *call_new(struct provider_client *client)
{
	struct provider_call *call = xcalloc(1, sizeof(*call));

	call->client = client;
	call->next = client->calls;
	client->calls = call;
	buf_init(&call->gathered, PROVIDER_ANSWER_MAX);
	return call;
}

static void fail_at_once(struct provider_call *call, const struct err *err)
{
	call->err = *err;
	call->done = true;
}

/* Writes the body and sends the request. */
static void send_request(struct provider_call *call, const struct provider *p, const struct provider_request_spec *spec)
{
	struct err err;
	struct buf text;

	if (p->key && strpbrk(p->key, "\r\n")) {
		err_set(&err, 400, "The key of the provider %s holds a line end", p->service->name);
		fail_at_once(call, &err);
		return;
	}
	buf_init(&text, PROVIDER_BODY_MAX);
	if (spec->part_count) {
		id_new(call->boundary);
		form_write(&text, spec->parts, spec->part_count, call->boundary);
	} else if (spec->body) {
		json_write(&text, spec->body, JSON_COMPACT);
	}
	if (text.failed) {
		buf_free(&text);
		err_set(&err, 413, "The request to the provider is too long");
		fail_at_once(call, &err);
		return;
	}
	if (text.len) {
		call->body_len = text.len;
		call->body = buf_take(&text);
	}
	call->method = xstrdup(spec->method);
	add_headers(call, p);
	begin_attempt(call);
}

static const struct dialect *dialect_of(const struct provider *p)
{
	switch (p->service->dialect) {
	case DIALECT_OLLAMA:
		return &ollama_dialect;
	case DIALECT_ANTHROPIC:
		return &anthropic_dialect;
	case DIALECT_GEMINI:
		return &gemini_dialect;
	default:
		return &openai_dialect;
	}
}

struct provider_call *provider_chat(struct provider_client *client, struct provider *provider,
				    const struct provider_chat *chat,
				    void (*piece)(void *ctx, const struct provider_piece *piece), void *ctx)
{
	struct provider_call *call = call_new(client);
	struct value *body;
	struct err err = { 0 };
	char *path;

	answer_init(&call->answer, piece, ctx);
	if (provider->service->dialect == DIALECT_FAKE) {
		fake_chat(&call->answer);
		call->done = true;
		return call;
	}
	call->dialect = dialect_of(provider);
	call->streaming = true;
	stream_init(&call->stream, call->dialect->stream, on_event, call);
	body = call->dialect->body(provider, chat, &err);
	if (!body) {
		fail_at_once(call, &err);
		return call;
	}
	path = call->dialect->path ? call->dialect->path(chat) : NULL;
	call->url = xasprintf("%s%s", provider->url, path ? path : call->dialect->chat_path);
	free(path);
	send_request(call, provider, &(struct provider_request_spec){ .method = "POST", .body = body });
	value_unref(body);
	return call;
}

struct provider_call *call_answered(struct provider_client *client, struct value *json)
{
	struct provider_call *call = call_new(client);

	answer_init(&call->answer, NULL, NULL);
	call->answer.result.json = json;
	call->done = true;
	return call;
}

struct provider_call *call_failed(struct provider_client *client, const struct err *err)
{
	struct provider_call *call = call_answered(client, NULL);

	call->err = *err;
	return call;
}

struct provider_call *request_at(struct provider_client *client, const struct provider *provider, const char *base,
				 const struct provider_request_spec *spec)
{
	struct provider_call *call = call_new(client);

	answer_init(&call->answer, NULL, NULL);
	call->line = spec->line;
	call->line_ctx = spec->ctx;
	call->streaming = spec->line != NULL;
	call->seconds = spec->seconds;
	if (spec->line)
		stream_init(&call->stream, STREAM_NDJSON, on_line, call);
	call->url = xasprintf("%s%s", base, spec->path);
	call->raw = spec->raw;
	send_request(call, provider, spec);
	return call;
}

struct provider_call *provider_request(struct provider_client *client, struct provider *provider,
				       const struct provider_request_spec *spec)
{
	return request_at(client, provider, provider->url, spec);
}

bool provider_call_done(const struct provider_call *call)
{
	return call->done;
}

int provider_call_error(const struct provider_call *call, struct err *err)
{
	if (!call->err.status)
		return 0;
	if (err)
		*err = call->err;
	return -1;
}

const struct provider_result *provider_result(const struct provider_call *call)
{
	return &call->answer.result;
}

int provider_wait(struct provider_call *call, struct err *err)
{
	static const bool never = false;

	return provider_wait_unless(call, &never, err);
}

int provider_wait_unless(struct provider_call *call, const bool *stop, struct err *err)
{
	struct provider_client *client = call->client;
	struct pollfd fds[64];
	size_t n;
	int timeout;

	for (;;) {
		provider_client_step(client);
		if (call->done)
			return provider_call_error(call, err);
		if (*stop)
			return err_set(err, 499, "The request was given up");
		n = provider_client_poll(client, fds, ARRAY_LEN(fds), &timeout);
		if (poll(fds, n, timeout) < 0 && errno != EINTR)
			return err_set(err, 500, "poll: %s", strerror(errno));
	}
}

void provider_call_free(struct provider_call *call)
{
	struct provider_call **p;

	if (!call)
		return;
	for (p = &call->client->calls; *p != call; p = &(*p)->next)
		;
	*p = call->next;
	end_attempt(call);
	curl_slist_free_all(call->headers);
	if (call->streaming)
		stream_free(&call->stream);
	buf_free(&call->gathered);
	answer_free(&call->answer);
	free(call->url);
	free(call->body);
	free(call->method);
	free(call);
}
