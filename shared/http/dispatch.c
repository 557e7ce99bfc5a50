/* The steps of a request, in the order of the contract (notes-rest "Authentication": order of layers). */
#include "http/internal.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BODY_LIMIT ((int64_t)16 << 30)

static int64_t content_length(const struct request *req)
{
	const char *text = req_cgi(req, "CONTENT_LENGTH");
	char *end;
	long long n;

	if (!text || !*text)
		return -1;
	n = strtoll(text, &end, 10);
	return *end || n < 0 ? -1 : n;
}

/* NODETOOL_BASE_PATH without final slashes: the part of the path under which the server hangs; "" when there is none. */
static struct sv base_path(void)
{
	struct sv base = sv_of(config_get("NODETOOL_BASE_PATH"));

	while (base.n && base.p[base.n - 1] == '/')
		base.n--;
	return base;
}

/* The path as the client sent it: REQUEST_URI up to "?"; hosts without it give SCRIPT_NAME and PATH_INFO (decoded
 * already). */
static const char *raw_path(struct request *req)
{
	const char *uri = req_cgi(req, "REQUEST_URI");
	struct sv base = base_path();
	const char *script = req_cgi(req, "SCRIPT_NAME");
	const char *info = req_cgi(req, "PATH_INFO");
	const char *path;
	const char *host;

	if (uri && *uri) {
		host = strstr(uri, "://");
		if (*uri != '/' && host)
			uri = strchr(host + 3, '/');
		path = uri ? arena_strndup(req->arena, uri, strcspn(uri, "?#")) : "/";
	} else {
		path = arena_printf(req->arena, "%s%s", script ? script : "", info ? info : "");
	}
	if (base.n && strncmp(path, base.p, base.n) == 0 && (path[base.n] == '/' || !path[base.n]))
		path += base.n;
	return *path ? path : "/";
}

static const char *request_id(struct request *req)
{
	const char *given = req_header(req, "X-Request-Id");
	const char *of_nginx = req_cgi(req, "REQUEST_ID");
	char *id;

	if (given && strlen(given) <= 64 && id_safe(given))
		return given;
	if (of_nginx && id_safe(of_nginx))
		return of_nginx;
	id = arena_alloc(req->arena, ID_SIZE);
	id_new(id);
	return id;
}

static struct value *owned(struct request *req, struct value *v)
{
	if (v)
		arena_defer(req->arena, value_unref_ptr, v);
	return v;
}

static void request_init(struct request *req, const struct router *router, struct http_io *io, struct arena *arena)
{
	const char *query;
	const char *method;
	const char *address;

	*req = (struct request){ .arena = arena };
	req->state = arena_alloc(arena, sizeof(*req->state));
	req->state->io = io;
	req->state->router = router;
	req->state->texts = owned(req, value_map());
	method = req_cgi(req, "REQUEST_METHOD");
	query = req_cgi(req, "QUERY_STRING");
	address = req_cgi(req, "REMOTE_ADDR");
	req->method = method && *method ? method : "GET";
	req->query_string = query ? query : "";
	req->remote_addr = address ? address : "";
	req->path = raw_path(req);
	req->id = request_id(req);
	req->state->declared = content_length(req);
	req->state->max_body = config_int("NODETOOL_MAX_BODY", 1024, MAX_BODY_LIMIT, (int64_t)BUF_MAX_BODY);
}

static int unauthorized(struct request *req, struct response *res)
{
	if (req->err.status == 401)
		res_header(res, "WWW-Authenticate", "Bearer");
	res->state->no_cors = true;
	return -1;
}

/* Open are the routes that say so, under exactly their path, and every OPTIONS. */
static int authenticate(struct request *req, struct response *res, bool open)
{
	if (open || strcmp(req->method, "OPTIONS") == 0) {
		memcpy(req->user.id, "1", 2);
		return 0;
	}
	if (auth_check(req_header(req, "Authorization"), NULL, req->remote_addr, &req->user, &req->err))
		return unauthorized(req, res);
	return 0;
}

/* Allow names the methods of the first route whose path fits, and of no other (notes-rest "Modes"). */
static int refuse_method(struct request *req, struct response *res, const struct route *route)
{
	res_header(res, "Allow", "%s", route->method);
	return req_fail(req, 405, "Method Not Allowed");
}

/* No route at all. Where nginx serves a frontend with a page of its own for that (NODETOOL_NO_ROUTE), it is the page's
 * turn, which answers GET and HEAD only (cases/server/static_files). */
static int no_route(struct request *req, struct response *res)
{
	const char *page = req_cgi(req, "NODETOOL_NO_ROUTE");

	if (!page || !*page)
		return req_fail(req, 404, "Not Found");
	if (strcmp(req->method, "GET") != 0 && strcmp(req->method, "HEAD") != 0)
		return req_fail(req, 405, "Method Not Allowed");
	res_header(res, "X-Accel-Redirect", "%s", page);
	return res_empty(res, 404);
}

static int redirect_slash(struct request *req, struct response *res)
{
	size_t len = strlen(req->path);
	struct sv base = base_path();
	const char *path = req->path;

	if (path[len - 1] == '/') {
		while (len > 1 && path[len - 1] == '/')
			len--;
		path = arena_strndup(req->arena, path, len);
	} else {
		path = arena_printf(req->arena, "%s/", path);
	}
	return res_redirect(res, 307,
			    arena_printf(req->arena, "%s%.*s%s%s%s", req_origin(req), (int)base.n, base.p ? base.p : "", path,
					 *req->query_string ? "?" : "", req->query_string));
}

static int invalid(struct request *req, struct response *res, struct value *errors)
{
	struct value *body = value_map();

	map_set(body, "detail", value_ref(errors));
	if (res_json_status(res, 422, body) == 0)
		return 0;
	/* Too much input to repeat it. */
	for (size_t i = 0; i < value_len(errors); i++)
		map_remove(list_at(errors, i), "input");
	body = value_map();
	map_set(body, "detail", value_ref(errors));
	req->err = (struct err){ 0 };
	return res_json_status(res, 422, body);
}

int req_parse(struct request *req, struct response *res, const char *text, size_t len, const struct field *field,
	      struct value **out)
{
	struct value *errors = owned(req, value_list());
	struct json_error error;
	struct value *given = json_parse(text, len, &error);

	if (given)
		*out = owned(req, field_validate(field, owned(req, given), "body", errors));
	else
		body_json_error(errors, &error);
	if (!value_len(errors))
		return 0;
	return invalid(req, res, errors) ? -1 : 1;
}

static const struct field no_fields[] = { { 0 } };

/* Path parameters, query and body against their declarations; all faults together. */
static int validate(struct request *req, struct response *res, struct value *errors)
{
	const struct route *route = req->route;
	struct request_state *state = req->state;
	struct value *given = owned(req, value_map());

	req->params = state->texts;
	if (route->path)
		req->params = owned(req, fields_validate(route->path, state->texts, "path", errors));
	if (query_parse(req->query_string, strlen(req->query_string), given, &req->err))
		return -1;
	req->query = owned(req, query_validate(route->query ? route->query : no_fields, given, "query", false, errors));
	if (route->flags & ROUTE_MULTIPART)
		req->body = owned(req, query_validate(route->form ? route->form : no_fields, state->raw_body, "body", true,
						      errors));
	else if (route->body && (!value_is_null(state->raw_body) || !(route->flags & ROUTE_BODY_OPTIONAL)))
		req->body = owned(req, field_validate(route->body, state->raw_body, "body", errors));
	if (value_len(errors)) {
		invalid(req, res, errors);
		return -1;
	}
	return 0;
}

/* Body, rights, validation, handler. 0 when the response is complete. */
static int run_route(struct request *req, struct response *res)
{
	struct value *errors = owned(req, value_list());
	int result;

	if (req->route->max_body)
		req->state->max_body = (int64_t)req->route->max_body;
	result = body_read(req, errors);
	owned(req, req->state->raw_body);
	if (result)
		return value_len(errors) ? invalid(req, res, errors) : -1;
	if ((req->route->flags & ROUTE_ADMIN) && auth_admin(&req->user, &req->err))
		return -1;
	if (validate(req, res, errors))
		return value_len(errors) ? 0 : -1;
	return req->route->handler(req, res);
}

static int dispatch(struct request *req, struct response *res)
{
	const struct router *router = req->state->router;
	const struct route *route = NULL;
	const char *decoded = path_decode(req->arena, req->path, strlen(req->path));
	enum match_result match;

	if (strlen(req->path) > HTTP_MAX_PATH)
		return req_fail(req, 414, "The path is too long");
	if (auth_admin_token(decoded ? decoded : req->path, req_header(req, "X-Admin-Token"), &req->err))
		return unauthorized(req, res);
	match = route_match(router, req->method, req->path, false, &route, req->arena, req->state->texts);
	if (authenticate(req, res, match != MATCH_NONE && (route->flags & ROUTE_OPEN)))
		return -1;
	if (cors_preflight(req, res)) {
		res->state->no_cors = true;
		return 0;
	}
	if (match == MATCH_NONE) {
		match = route_match(router, req->method, req->path, true, &route, req->arena, req->state->texts);
		if (match == MATCH_NONE)
			return no_route(req, res);
		if (!req_header(req, "Authorization"))
			return redirect_slash(req, res);
	}
	if (match == MATCH_METHOD)
		return refuse_method(req, res, route);
	req->route = route;
	return run_route(req, res);
}

static void log_request(const struct request *req, const struct response *res, int64_t started)
{
	log_debug("%s %s -> %d in %lld us", req->method, req->path, res->status, (long long)(time_mono_us() - started));
	if (res->status >= 500 && res->status != 501)
		log_error("%s %s: %d %s", req->method, req->path, res->status, req->err.detail);
}

void http_serve(const struct router *router, struct http_io *io, struct arena *arena)
{
	int64_t started = time_mono_us();
	struct request req;
	struct response *res = arena_alloc(arena, sizeof(*res));

	config_refresh();
	request_init(&req, router, io, arena);
	res_init(res, &req);
	log_set_context(req.id);
	if (dispatch(&req, res) && !res->state->sent) {
		if (!req.err.status)
			req.err.status = 500;
		res->state->bodiless = false;
		res_drop_file(res);
		res_error(res, &req.err);
	}
	if (!res->state->sent && !res->state->no_cors)
		cors_headers(&req, res);
	if (res_send(res))
		log_debug("the client went away");
	log_request(&req, res, started);
	log_set_context(NULL);
}
