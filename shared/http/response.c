/* Building an answer and sending it. */
#include "http/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static void free_body(void *body)
{
	buf_free(body);
}

static void close_file(void *state)
{
	struct response_state *s = state;

	if (s->file >= 0)
		close(s->file);
	s->file = -1;
}

void res_drop_file(struct response *res)
{
	close_file(res->state);
}

void res_init(struct response *res, struct request *req)
{
	*res = (struct response){ .status = 200, .type = "application/json", .req = req };
	res->state = arena_alloc(req->arena, sizeof(*res->state));
	res->state->last = &res->state->headers;
	res->state->file = -1;
	buf_init(&res->body, BUF_MAX_RESPONSE);
	arena_defer(req->arena, free_body, &res->body);
	arena_defer(req->arena, close_file, res->state);
}

void res_header_plain(struct response *res, const char *name, const char *value)
{
	struct header *h = arena_alloc(res->req->arena, sizeof(*h));

	h->name = name;
	h->value = value;
	*res->state->last = h;
	res->state->last = &h->next;
}

static bool header_safe(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	}
	return true;
}

int res_header(struct response *res, const char *name, const char *fmt, ...)
{
	char small[512];
	char *value;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	value = arena_alloc(res->req->arena, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(value, (size_t)len + 1, fmt, args);
	va_end(args);
	if (!header_safe(value))
		return req_fail(res->req, 500, "A value cannot be sent in the header %s", name);
	res_header_plain(res, arena_strdup(res->req->arena, name), value);
	return 0;
}

static int too_long(struct response *res)
{
	buf_reset(&res->body);
	return req_fail(res->req, 500, "The answer is longer than %zu bytes", res->body.max);
}

int res_json(struct response *res, struct value *v)
{
	int result;

	buf_reset(&res->body);
	res->type = "application/json";
	result = json_write(&res->body, v, JSON_COMPACT);
	value_unref(v);
	return result || res->body.failed ? too_long(res) : 0;
}

int res_json_status(struct response *res, int status, struct value *v)
{
	res->status = status;
	return res_json(res, v);
}

int res_bytes(struct response *res, const char *type, const void *data, size_t len)
{
	buf_reset(&res->body);
	res->type = type;
	return buf_add(&res->body, data, len) ? too_long(res) : 0;
}

int res_text(struct response *res, const char *type, const char *text)
{
	return res_bytes(res, type, text, strlen(text));
}

int res_empty(struct response *res, int status)
{
	buf_reset(&res->body);
	res->status = status;
	res->state->bodiless = true;
	return 0;
}

int res_redirect(struct response *res, int status, const char *location)
{
	static const char safe[] = "-._~:/%#?=@[]!$&'()*+,;";
	char *encoded = arena_alloc(res->req->arena, 3 * strlen(location) + 1);
	char *out = encoded;

	/* What cannot stand in an address is percent-encoded, as the original does it. */
	for (; *location; location++) {
		if (isalnum((unsigned char)*location) || strchr(safe, *location))
			*out++ = *location;
		else
			out += snprintf(out, 4, "%%%02X", (unsigned char)*location);
	}
	res_header_plain(res, "Location", encoded);
	return res_empty(res, status);
}

/* True when the list of entity tags in `text` names `etag` (weak marks do not count). */
static bool names_etag(const char *text, const char *etag)
{
	struct sv rest = sv_of(text);
	struct sv item;

	while (sv_split(&rest, ',', &item)) {
		item = sv_trim(item);
		if (sv_eq(item, "*"))
			return true;
		if (item.n > 2 && memcmp(item.p, "W/", 2) == 0)
			item = (struct sv){ item.p + 2, item.n - 2 };
		if (item.n >= 2 && item.p[0] == '"' && item.p[item.n - 1] == '"')
			item = (struct sv){ item.p + 1, item.n - 2 };
		if (sv_eq(item, etag))
			return true;
	}
	return false;
}

bool res_etag(struct response *res, const char *etag)
{
	const char *known = req_header(res->req, "If-None-Match");

	res_header(res, "ETag", "\"%s\"", etag);
	if (!known || !names_etag(known, etag))
		return false;
	res_empty(res, 304);
	return true;
}

/* RFC 8187: the whole name, for clients that read it, where the plain form had to leave letters out. */
static void add_utf8_filename(struct buf *out, const char *filename)
{
	buf_adds(out, "; filename*=UTF-8''");
	for (size_t i = 0; filename[i]; i++) {
		unsigned char c = (unsigned char)filename[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-._~", c))
			buf_addc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

int res_disposition(struct response *res, const char *kind, const char *filename)
{
	struct buf value;
	size_t len = strlen(filename);
	bool altered = false;
	int result;

	buf_init(&value, BUF_MAX_SMALL);
	buf_printf(&value, "%s; filename=\"", kind);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)filename[i];
		bool plain = c >= 0x20 && c <= 0x7e && !strchr("\"\\/%", c);

		buf_addc(&value, plain ? (char)c : '_');
		altered |= !plain;
	}
	buf_addc(&value, '"');
	if (altered)
		add_utf8_filename(&value, filename);
	result = value.failed ? req_fail(res->req, 500, "The file name is too long") :
				res_header(res, "Content-Disposition", "%s", value.data);
	buf_free(&value);
	return result;
}

int res_error(struct response *res, const struct err *err)
{
	struct value *body = value_map();

	map_set_str(body, "detail", *err->detail ? err->detail : "Internal Server Error");
	return res_json_status(res, err->status ? err->status : 500, body);
}

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} known[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" }, { 206, "Partial Content" },
		{ 304, "Not Modified" }, { 307, "Temporary Redirect" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 409, "Conflict" },
		{ 413, "Content Too Large" }, { 416, "Range Not Satisfiable" }, { 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" }, { 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 507, "Insufficient Storage" },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].status == status)
			return known[i].text;
	}
	return "Status";
}

static void write_headers(struct response *res, struct buf *out, int64_t length)
{
	buf_printf(out, "Status: %d %s\r\n", res->status, reason(res->status));
	if (!res->state->bodiless) {
		buf_printf(out, "Content-Type: %s\r\n", res->type);
		if (length >= 0)
			buf_printf(out, "Content-Length: %lld\r\n", (long long)length);
	}
	buf_adds(out, "X-Content-Type-Options: nosniff\r\n");
	for (struct header *h = res->state->headers; h; h = h->next)
		buf_printf(out, "%s: %s\r\n", h->name, h->value);
	buf_adds(out, "\r\n");
	res->state->sent = true;
}

static int put(struct response *res, const void *data, size_t len)
{
	struct http_io *io = res->req->state->io;

	if (res->state->gone || io->write(io, data, len)) {
		res->state->gone = true;
		return -1;
	}
	return 0;
}

static int send_file(struct response *res)
{
	struct response_state *state = res->state;
	char chunk[65536];
	int64_t left = state->file_len;
	off_t at = state->file_start;

	while (left > 0) {
		size_t want = left < (int64_t)sizeof(chunk) ? (size_t)left : sizeof(chunk);
		ssize_t n = pread(state->file, chunk, want, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_warn("a file that is being sent ended %lld bytes early", (long long)left);
			return -1;
		}
		if (put(res, chunk, (size_t)n))
			return -1;
		at += n;
		left -= n;
	}
	return 0;
}

int res_send(struct response *res)
{
	struct response_state *state = res->state;
	struct http_io *io = res->req->state->io;
	struct buf head;
	int64_t length = state->file >= 0 ? state->file_len : (int64_t)res->body.len;
	int result;

	if (state->sent)
		return res_flush(res);
	buf_init(&head, BUF_MAX_SMALL);
	write_headers(res, &head, length);
	result = put(res, head.data, head.len);
	buf_free(&head);
	if (!result && strcmp(res->req->method, "HEAD") != 0 && !state->bodiless)
		result = state->file >= 0 ? send_file(res) : put(res, res->body.data, res->body.len);
	return result ? -1 : io->flush(io);
}

int res_stream(struct response *res, const char *type)
{
	struct buf head;
	int result;

	res->type = type;
	buf_reset(&res->body);
	cors_headers(res->req, res);
	res_header_plain(res, "X-Accel-Buffering", "no");
	buf_init(&head, BUF_MAX_SMALL);
	write_headers(res, &head, -1);
	result = put(res, head.data, head.len);
	buf_free(&head);
	return result ? -1 : res_flush(res);
}

int res_write(struct response *res, const void *data, size_t len)
{
	if (res->body.len + len > HTTP_STREAM_CHUNK) {
		if (res->body.len && put(res, res->body.data, res->body.len))
			return -1;
		buf_reset(&res->body);
		if (len > HTTP_STREAM_CHUNK)
			return put(res, data, len);
	}
	return buf_add(&res->body, data, len);
}

int res_flush(struct response *res)
{
	struct http_io *io = res->req->state->io;

	if (res->body.len && put(res, res->body.data, res->body.len))
		return -1;
	buf_reset(&res->body);
	if (res->state->gone || io->flush(io)) {
		res->state->gone = true;
		return -1;
	}
	return 0;
}
