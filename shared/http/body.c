/* Bodies: how much is read, and what counts as JSON (notes-rest "Modes", cases/server/bodies). */
#include "http/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* application/json, application/<anything>+json, or nothing at all. */
static bool is_json_type(const char *type)
{
	struct sv rest = sv_of(type ? type : "");
	struct sv kind;

	sv_split(&rest, ';', &kind);
	kind = sv_trim(kind);
	if (!kind.n || sv_eq_nocase(kind, "application/json"))
		return true;
	return kind.n > 17 && strncasecmp(kind.p, "application/", 12) == 0 &&
	       strncasecmp(kind.p + kind.n - 5, "+json", 5) == 0;
}

void body_json_error(struct value *errors, const struct json_error *error)
{
	struct check check = { .errors = errors };
	struct loc body = { .key = "body", .len = 4 };
	struct loc at = { .up = &body, .index = (int64_t)error->position };
	struct value *ctx = value_map();
	struct value *empty = value_map();

	map_set_str(ctx, "error", error->message);
	field_error(&check, "json_invalid", &at, "JSON decode error", empty, ctx);
	value_unref(empty);
}

static int read_json(struct request *req, struct value *errors)
{
	struct json_error error;
	char *text;
	size_t len;

	if (req_read_all(req, &text, &len))
		return -1;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (!len)
		return 0;
	if (!is_json_type(req_header(req, "Content-Type"))) {
		/* Taken as a text, so that the declared model refuses it with its own error. */
		req->state->raw_body = utf8_valid(text, len) ? value_strn(text, len < 1000 ? len : 1000) : value_str("");
		if (!utf8_valid(value_text(req->state->raw_body), value_len(req->state->raw_body))) {
			value_unref(req->state->raw_body);
			req->state->raw_body = value_str("");
		}
		return 0;
	}
	if (!utf8_valid(text, len))
		return req_fail(req, 400, "There was an error parsing the body");
	req->state->raw_body = json_parse(text, len, &error);
	if (req->state->raw_body)
		return 0;
	body_json_error(errors, &error);
	return -1;
}

static int read_form(struct request *req)
{
	const char *type = req_header(req, "Content-Type");
	char *text;
	size_t len;

	req->state->raw_body = value_map();
	if (type && strncasecmp(type, "multipart/form-data", 19) == 0)
		return multipart_read(req, type, req->state->raw_body);
	if (!type || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0)
		return 0;
	if (req_read_all(req, &text, &len))
		return -1;
	return query_parse(text, len, req->state->raw_body, &req->err);
}

int body_read(struct request *req, struct value *errors)
{
	const struct route *route = req->route;

	if (req->state->declared > req->state->max_body)
		return req_fail(req, 413, "The body is larger than the %lld bytes allowed", (long long)req->state->max_body);
	if (route->flags & ROUTE_MULTIPART)
		return read_form(req);
	if (!route->body)
		return 0;
	return read_json(req, errors);
}
