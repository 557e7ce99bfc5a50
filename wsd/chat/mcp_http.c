/* Streamable HTTP: every message is a POST; the answer is JSON, or events of which one is the answer. */
#include "base/curl.h"
#include "provider/stream.h"
#include "wsd/chat/mcp.h"
#include "wsd/nodes/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/select.h>
#include <sys/socket.h>

#define CONNECT_S   10L
#define HEADERS_MAX 32
#define ID_TEXT_MAX 256

struct http_link {
	struct mcp_link link;
	char *url;
	char *host;
	struct curl_slist *own; /* headers of the configuration */
	char session[ID_TEXT_MAX];
	char revision[32];

	/* The message under way. */
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	struct buf gathered;
	struct stream events;
	bool is_events;
	bool refused; /* the address is one that may not be reached */
	bool too_much;
	int64_t id;
	struct value *answer;
};

/* ---- the answer ---------------------------------------------------------------------------------------- */

static int take_message(struct http_link *h, const char *data, size_t len)
{
	struct json_error why;
	struct value *m = json_parse(data, len, &why);

	/* Requests and notifications of the server are not for us: nothing was offered to it. */
	if (m && !h->answer && mcp_is_answer(m, h->id))
		h->answer = value_ref(m);
	value_unref(m);
	return 0;
}

static int take_event(void *ctx, const char *data, size_t len)
{
	return take_message(ctx, data, len);
}

static size_t take_data(char *data, size_t size, size_t count, void *ctx)
{
	struct http_link *h = ctx;
	size_t len = size * count;
	char *type = NULL;

	curl_easy_getinfo(h->easy, CURLINFO_CONTENT_TYPE, &type);
	h->is_events = type && !strncasecmp(type, "text/event-stream", strlen("text/event-stream"));
	if (h->is_events ? stream_feed(&h->events, data, len) : buf_add(&h->gathered, data, len))
		h->too_much = true;
	return h->too_much ? 0 : len;
}

static size_t take_header(char *data, size_t size, size_t count, void *ctx)
{
	static const char name[] = "mcp-session-id:";
	struct http_link *h = ctx;
	size_t len = size * count;
	struct sv value;

	if (len > sizeof(name) - 1 && !strncasecmp(data, name, sizeof(name) - 1)) {
		value = sv_trim((struct sv){ data + sizeof(name) - 1, len - (sizeof(name) - 1) });
		if (value.n < sizeof(h->session))
			snprintf(h->session, sizeof(h->session), "%.*s", (int)value.n, value.p);
	}
	return len;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_link *h = ctx;

	(void)purpose;
	if (!fetch_address_allowed(&address->addr, h->host)) {
		h->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void end_message(struct http_link *h)
{
	if (h->easy) {
		curl_multi_remove_handle(h->multi, h->easy);
		curl_easy_cleanup(h->easy);
		stream_free(&h->events);
	}
	h->easy = NULL;
	curl_slist_free_all(h->headers);
	h->headers = NULL;
	buf_free(&h->body);
	buf_free(&h->gathered);
}

static void add_header(struct curl_slist **list, const char *name, const char *value)
{
	char *line = xasprintf("%s: %s", name, value);

	*list = curl_slist_append(*list, line);
	explicit_bzero(line, strlen(line));
	free(line);
}

static void add_headers(struct http_link *h)
{
	add_header(&h->headers, "Content-Type", "application/json");
	add_header(&h->headers, "Accept", "application/json, text/event-stream");
	h->headers = curl_slist_append(h->headers, "Expect:");
	if (h->session[0])
		add_header(&h->headers, "Mcp-Session-Id", h->session);
	if (h->revision[0])
		add_header(&h->headers, "MCP-Protocol-Version", h->revision);
	for (const struct curl_slist *own = h->own; own; own = own->next)
		h->headers = curl_slist_append(h->headers, own->data);
}

static int http_send(struct mcp_link *link, const struct value *message, int64_t id, struct err *err)
{
	struct http_link *h = (struct http_link *)link;

	end_message(h);
	buf_init(&h->body, MCP_MESSAGE_MAX);
	buf_init(&h->gathered, MCP_MESSAGE_MAX);
	if (json_write(&h->body, message, JSON_COMPACT))
		return err_set(err, 413, "the request is too long");
	stream_init(&h->events, STREAM_SSE, take_event, h);
	value_unref(h->answer);
	h->answer = NULL;
	h->id = id;
	h->too_much = h->refused = false;
	add_headers(h);
	h->easy = curl_easy_init();
	curl_easy_setopt(h->easy, CURLOPT_URL, h->url);
	curl_easy_setopt(h->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(h->easy, CURLOPT_USERAGENT, "nodetool-server");
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, h->headers);
	curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)h->body.len);
	curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, h->body.data);
	curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, take_data);
	curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(h->easy, CURLOPT_HEADERDATA, h);
	curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETDATA, h);
	curl_easy_setopt(h->easy, CURLOPT_NOPROXY, "*");
	curl_multi_add_handle(h->multi, h->easy);
	return 0;
}

static size_t http_poll(struct mcp_link *link, struct pollfd *fds, size_t max, int *timeout_ms)
{
	struct http_link *h = (struct http_link *)link;
	fd_set reading, writing, failing;
	long timeout = -1;
	size_t n = 0;
	int top = -1;

	FD_ZERO(&reading);
	FD_ZERO(&writing);
	FD_ZERO(&failing);
	curl_multi_fdset(h->multi, &reading, &writing, &failing, &top);
	for (int fd = 0; fd <= top && n < max; fd++) {
		short events = (short)((FD_ISSET(fd, &reading) ? POLLIN : 0) | (FD_ISSET(fd, &writing) ? POLLOUT : 0));

		if (events)
			fds[n++] = (struct pollfd){ .fd = fd, .events = events };
	}
	curl_multi_timeout(h->multi, &timeout);
	if (!n && (timeout < 0 || timeout > 20)) /* a name is being resolved */
		timeout = 20;
	*timeout_ms = timeout > 60000 ? 60000 : (int)timeout;
	return n;
}

/* The message has got its answer as far as HTTP goes. */
static int judge(struct http_link *h, CURLcode code, struct err *err)
{
	long status = 0;

	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	if (h->refused)
		return err_set(err, 403, "addresses of this machine's networks may not be reached");
	if (h->too_much)
		return err_set(err, 502, "its answer is too long");
	if (code != CURLE_OK)
		return err_set(err, 502, "it cannot be reached (%s)", curl_easy_strerror(code));
	if (status < 200 || status > 299)
		return err_set(err, 502, "it answers with status %ld", status);
	if (h->is_events)
		stream_end(&h->events);
	else if (h->gathered.len)
		take_message(h, h->gathered.data, h->gathered.len);
	if (h->id >= 0 && !h->answer)
		return err_set(err, 502, "it gave no answer");
	return 1;
}

static int http_step(struct mcp_link *link, struct value **answer, struct err *err)
{
	struct http_link *h = (struct http_link *)link;
	CURLMsg *message;
	int rc = 0;
	int n;

	curl_multi_perform(h->multi, &n);
	message = curl_multi_info_read(h->multi, &n);
	if (message && message->msg == CURLMSG_DONE)
		rc = judge(h, message->data.result, err);
	else if (h->answer)
		rc = 1; /* some servers leave the stream of events open */
	if (rc) {
		*answer = rc > 0 ? h->answer : NULL;
		if (rc > 0)
			h->answer = NULL;
		end_message(h);
	}
	return rc;
}

static void http_agree(struct mcp_link *link, const char *revision)
{
	struct http_link *h = (struct http_link *)link;

	if (strspn(revision, "0123456789-") == strlen(revision))
		snprintf(h->revision, sizeof(h->revision), "%s", revision);
}

static void http_free(struct mcp_link *link)
{
	struct http_link *h = (struct http_link *)link;

	end_message(h);
	curl_multi_cleanup(h->multi);
	curl_slist_free_all(h->own);
	value_unref(h->answer);
	free(h->url);
	free(h->host);
	free(h);
}

static const struct mcp_transport http = { http_send, http_poll, http_step, http_agree, http_free };

/* ---- opening ------------------------------------------------------------------------------------------- */

/* The host of a URL of http or https; NULL for any other. */
static char *host_of(const char *text)
{
	CURLU *url = curl_url();
	char *scheme = NULL;
	char *host = NULL;
	char *out = NULL;

	if (!curl_url_set(url, CURLUPART_URL, text, 0) && !curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) &&
	    !curl_url_get(url, CURLUPART_HOST, &host, 0) && (!strcmp(scheme, "http") || !strcmp(scheme, "https")))
		out = xstrndup(host + (*host == '['), strlen(host) - (*host == '[' ? 2 : 0));
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(url);
	return out;
}

static int take_own_headers(struct http_link *h, const struct value *headers, struct err *err)
{
	struct value *v;
	struct sv name;

	for (size_t i = 0; map_entry(headers, i, &name, &v); i++) {
		char *key = xstrndup(name.p, name.n);
		bool good = i < HEADERS_MAX && value_is(v, VALUE_STR) && *key && !strpbrk(key, ":\r\n ") &&
			    !strpbrk(value_text(v), "\r\n");

		if (good)
			add_header(&h->own, key, value_text(v));
		free(key);
		if (!good)
			return err_set(err, 422, "headers: names and texts without line ends are needed, at most %d",
				       HEADERS_MAX);
	}
	return 0;
}

struct mcp_link *mcp_http_open(const struct value *config, struct err *err)
{
	const char *url = map_str(config, "url", "");
	char *host = host_of(url);
	struct http_link *h;

	if (!host) {
		err_set(err, 422, "url: an address of http or https is needed");
		return NULL;
	}
	h = xcalloc(1, sizeof(*h));
	h->link.transport = &http;
	h->url = xstrdup(url);
	h->host = host;
	h->multi = curl_multi_init();
	if (take_own_headers(h, map_get(config, "headers"), err)) {
		http_free(&h->link);
		return NULL;
	}
	return &h->link;
}
