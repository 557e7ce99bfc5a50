/* HTTP requests of nodes: a group of transfers on one curl multi handle. */
#include "wsd/nodes/fetch.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/url.h"

#include <ctype.h>
#include "base/curl.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_S 30L
#define IDLE_TIMEOUT_S    60L
#define TOTAL_TIMEOUT_S   900L
#define ATTEMPTS          3
#define FIRST_DELAY_MS    500
#define MAX_DELAY_MS      30000
#define MAX_HEADERS       200

enum stage { STAGE_WAITING, STAGE_RUNNING, STAGE_DONE };

struct transfer {
	CURL *easy;
	struct curl_slist *headers;
	struct arena *arena; /* the request's texts and those of its hops */
	struct fetch_request request;
	const char *url; /* of this hop */
	const char *host;
	enum stage stage;
	int attempts;
	int redirects;
	int64_t start_us; /* not before: a retry that waits */
	bool refused;     /* the address was not permitted */
	struct fetch_result result;
};

struct fetch {
	CURLM *multi;
	struct transfer **transfers;
	size_t count;
	int parallel;
	int running;
};

/* ---- callbacks ---------------------------------------------------------------------------------------- */

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = data;

	(void)purpose;
	if (!fetch_address_allowed(&address->addr, t->host)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *data, size_t size, size_t count, void *ptr)
{
	struct transfer *t = ptr;

	return buf_add(&t->result.body, data, size * count) ? 0 : size * count;
}

/* One header line; a status line begins a new answer. */
static size_t on_header(char *data, size_t size, size_t count, void *ptr)
{
	struct transfer *t = ptr;
	size_t len = size * count;
	const char *colon = memchr(data, ':', len);
	struct sv value;
	struct value *old;
	char *name;

	if (len > 5 && memcmp(data, "HTTP/", 5) == 0) {
		value_unref(t->result.headers);
		t->result.headers = value_map();
		return len;
	}
	if (!colon || colon == data || value_len(t->result.headers) >= MAX_HEADERS)
		return len;
	value = sv_trim((struct sv){ colon + 1, len - (size_t)(colon + 1 - data) });
	if (!utf8_valid(data, len))
		return len;
	name = xstrndup(data, (size_t)(colon - data));
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	old = map_get(t->result.headers, name);
	map_set(t->result.headers, name,
		old ? value_strf("%s, %.*s", value_text(old), (int)value.n, value.p) : value_strn(value.p, value.n));
	free(name);
	return len;
}

/* ---- one transfer ------------------------------------------------------------------------------------- */

static void finish(struct transfer *t, const char *error)
{
	t->stage = STAGE_DONE;
	snprintf(t->result.error, sizeof(t->result.error), "%s", error);
	t->result.url = xstrdup(t->url);
}

static void add_header(struct transfer *t, const char *name, const char *value)
{
	char *line = value ? xasprintf("%s: %s", name, value) : xasprintf("%s:", name);
	struct curl_slist *list = curl_slist_append(t->headers, line);

	free(line);
	if (list)
		t->headers = list;
}

static void set_body(struct transfer *t)
{
	const struct fetch_request *r = &t->request;

	if (r->body.p) {
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body.p);
		add_header(t, "Content-Type", r->content_type);
		add_header(t, "Expect", NULL);
	}
	if (strcmp(r->method, "HEAD") == 0)
		curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_limits(struct transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT, TOTAL_TIMEOUT_S);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, IDLE_TIMEOUT_S);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
	if (paths_restricted())
		curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "*");
}

/* Checks the URL of a hop and notes its host. */
static bool accept_url(struct transfer *t)
{
	struct url url;
	struct err err;
	char *host;

	if (url_split(t->arena, sv_of(t->url), &url, &err) || !url.netloc.n ||
	    (!sv_eq(url.scheme, "http") && !sv_eq(url.scheme, "https"))) {
		finish(t, "the URL must begin with http:// or https:// and name a host");
		return false;
	}
	host = url_host(t->arena, sv_of(t->url));
	if (*host == '[') {
		host++;
		host[strcspn(host, "]")] = '\0';
	} else {
		host[strcspn(host, ":")] = '\0';
	}
	t->host = host;
	return true;
}

/* Non-ASCII and blanks of a URL as %XX; what is already escaped stays. */
static char *wire_url(struct transfer *t)
{
	struct buf out;
	char *text;

	buf_init(&out, BUF_MAX_SMALL);
	for (const char *p = t->url; *p && *p != '#'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c))
			buf_printf(&out, "%%%02X", c);
		else
			buf_addc(&out, (char)c);
	}
	text = out.failed || !out.data ? NULL : arena_strndup(t->arena, out.data, out.len);
	buf_free(&out);
	return text;
}

/* Begins (again). False when it is done already, with an error. */
static bool start(struct fetch *fetch, struct transfer *t)
{
	const char *url;

	if (!accept_url(t))
		return false;
	url = wire_url(t);
	t->easy = url ? curl_open() : NULL;
	if (!t->easy) {
		finish(t, url ? "libcurl cannot be initialised" : "the URL is too long");
		return false;
	}
	buf_reset(&t->result.body);
	set_limits(t);
	set_body(t);
	add_header(t, "Accept", t->request.accept ? t->request.accept : "*/*");
	curl_easy_setopt(t->easy, CURLOPT_URL, url);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "nodetool");
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_multi_add_handle(fetch->multi, t->easy);
	t->stage = STAGE_RUNNING;
	t->attempts++;
	fetch->running++;
	return true;
}

static void stop(struct fetch *fetch, struct transfer *t)
{
	if (!t->easy)
		return;
	curl_multi_remove_handle(fetch->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	t->easy = NULL;
	t->headers = NULL;
	fetch->running--;
}

/* ---- answers ------------------------------------------------------------------------------------------ */

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Turns to the place that the answer names. False when it names none: then it is the answer. */
static bool follow(struct transfer *t)
{
	const char *location = map_str(t->result.headers, "location", NULL);
	const char *method = t->request.method;
	int status = t->result.status;
	struct err err;
	char *url;

	if (!is_redirect(status) || !location)
		return false;
	if (++t->redirects > FETCH_MAX_REDIRECTS) {
		finish(t, "too many redirects");
		return true;
	}
	url = url_join(t->arena, sv_of(t->url), sv_of(location), &err);
	if (!url) {
		finish(t, "a redirect leads to a broken URL");
		return true;
	}
	t->url = url;
	if ((status == 303 && strcmp(method, "HEAD") != 0) || (status == 302 && strcmp(method, "HEAD") != 0) ||
	    (status == 301 && strcmp(method, "POST") == 0)) {
		t->request.method = "GET";
		t->request.body = (struct sv){ NULL, 0 };
	}
	t->attempts--;
	t->stage = STAGE_WAITING;
	return true;
}

static bool is_transient(int status)
{
	return status == 408 || status == 425 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

/* Puts the transfer off to its next attempt, if there is one left. */
static bool try_again(struct transfer *t)
{
	const char *after = map_str(t->result.headers, "retry-after", "");
	int64_t delay = (int64_t)FIRST_DELAY_MS << (t->attempts - 1);
	char *end;
	double seconds = strtod(after, &end);

	if (!(t->request.flags & FETCH_RETRY) || t->attempts >= ATTEMPTS || t->refused)
		return false;
	if (end != after && !*end && seconds >= 0)
		delay = seconds * 1000 > MAX_DELAY_MS ? MAX_DELAY_MS : (int64_t)(seconds * 1000);
	t->start_us = time_mono_us() + delay * 1000;
	t->stage = STAGE_WAITING;
	return true;
}

static void settle(struct fetch *fetch, struct transfer *t, CURLcode code)
{
	long status = 0;
	char error[300];

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	stop(fetch, t);
	t->result.status = (int)status;
	if (code != CURLE_OK) {
		if (!t->result.body.failed && try_again(t))
			return;
		snprintf(error, sizeof(error), "%.150s: %s", t->host,
			 t->refused              ? "this address is not permitted"
			 : t->result.body.failed ? "the answer is too long"
						 : curl_easy_strerror(code));
		finish(t, error);
		return;
	}
	if (follow(t) || (is_transient(t->result.status) && try_again(t)))
		return;
	error[0] = '\0';
	if (t->request.flags & FETCH_2XX && (status < 200 || status > 299))
		snprintf(error, sizeof(error), "%.150s answered with status %ld", t->host, status);
	finish(t, error);
}

/* ---- the group ---------------------------------------------------------------------------------------- */

struct fetch *fetch_new(int parallel)
{
	struct fetch *fetch = xcalloc(1, sizeof(*fetch));

	fetch->multi = curl_multi_init();
	fetch->parallel = parallel < 1 ? 1 : parallel > FETCH_MAX_PARALLEL ? FETCH_MAX_PARALLEL : parallel;
	return fetch;
}

void fetch_free(struct fetch *fetch)
{
	if (!fetch)
		return;
	for (size_t i = 0; i < fetch->count; i++) {
		struct transfer *t = fetch->transfers[i];

		stop(fetch, t);
		buf_free(&t->result.body);
		value_unref(t->result.headers);
		free(t->result.url);
		arena_free(t->arena);
		free(t);
	}
	curl_multi_cleanup(fetch->multi);
	free(fetch->transfers);
	free(fetch);
}

void fetch_add(struct fetch *fetch, const struct fetch_request *request)
{
	struct transfer *t = xcalloc(1, sizeof(*t));
	struct fetch_request *r = &t->request;

	t->arena = arena_new();
	*r = *request;
	r->method = arena_strdup(t->arena, request->method);
	r->url = t->url = arena_strdup(t->arena, request->url);
	r->accept = request->accept ? arena_strdup(t->arena, request->accept) : NULL;
	r->content_type = request->content_type ? arena_strdup(t->arena, request->content_type) : NULL;
	if (request->body.p)
		r->body.p = arena_strndup(t->arena, request->body.p, request->body.n);
	t->host = "";
	t->result.headers = value_map();
	buf_init(&t->result.body, FETCH_MAX_BODY);
	fetch->transfers = xrealloc(fetch->transfers, (fetch->count + 1) * sizeof(struct transfer *));
	fetch->transfers[fetch->count++] = t;
}

static void start_waiting(struct fetch *fetch)
{
	for (size_t i = 0; i < fetch->count && fetch->running < fetch->parallel; i++) {
		struct transfer *t = fetch->transfers[i];

		if (t->stage == STAGE_WAITING && t->start_us <= time_mono_us())
			start(fetch, t);
	}
}

static void collect(struct fetch *fetch)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetch->multi, &left))) {
		struct transfer *t = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
		settle(fetch, t, message->data.result);
	}
}

/* The nearest retry, in milliseconds; 60 s when none waits. */
static int64_t next_start_ms(const struct fetch *fetch)
{
	int64_t wait = 60000;

	for (size_t i = 0; i < fetch->count; i++) {
		const struct transfer *t = fetch->transfers[i];
		int64_t ms = (t->start_us - time_mono_us()) / 1000 + 1;

		if (t->stage == STAGE_WAITING && ms < wait && fetch->running < fetch->parallel)
			wait = ms < 1 ? 1 : ms;
	}
	return wait;
}

static void ask_to_wait(struct fetch *fetch, struct node_ctx *ctx)
{
	fd_set reading;
	fd_set writing;
	fd_set failing;
	long timeout = -1;
	int max = -1;
	int64_t wait = next_start_ms(fetch);

	FD_ZERO(&reading);
	FD_ZERO(&writing);
	FD_ZERO(&failing);
	curl_multi_fdset(fetch->multi, &reading, &writing, &failing, &max);
	for (int fd = 0; fd <= max; fd++) {
		short events = (short)((FD_ISSET(fd, &reading) ? POLLIN : 0) | (FD_ISSET(fd, &writing) ? POLLOUT : 0));

		if (events)
			node_wait_fd(ctx, fd, events);
	}
	curl_multi_timeout(fetch->multi, &timeout);
	if (timeout >= 0 && timeout < wait)
		wait = timeout;
	if (max < 0 && fetch->running && wait > 50)
		wait = 50;
	node_wait_ms(ctx, wait);
}

bool fetch_step(struct fetch *fetch, struct node_ctx *ctx)
{
	size_t finished = 0;
	int running;

	start_waiting(fetch);
	curl_multi_perform(fetch->multi, &running);
	collect(fetch);
	for (size_t i = 0; i < fetch->count; i++)
		finished += fetch->transfers[i]->stage == STAGE_DONE;
	if (finished == fetch->count)
		return true;
	ask_to_wait(fetch, ctx);
	return false;
}

struct fetch_result *fetch_result(struct fetch *fetch, size_t i)
{
	return &fetch->transfers[i]->result;
}

const char *fetch_charset(struct arena *arena, const struct fetch_result *result, const char *fallback)
{
	const char *type = map_str(result->headers, "content-type", "");
	const char *at = strcasestr(type, "charset=");
	size_t len;

	if (!at)
		return fallback;
	at += strlen("charset=");
	at += *at == '"';
	len = strcspn(at, "\"; ");
	return len ? arena_strndup(arena, at, len) : fallback;
}
