/*
 * /mcp: this server for clients of the Model Context Protocol (streamable HTTP, answers as JSON, no sessions: every request
 * stands alone). Off unless NODETOOL_ENABLE_MCP is set; whoever asks is authenticated as everywhere.
 * Source: the protocol's revisions of 2024-11-05, 2025-03-26 and 2025-06-18.
 */
#include "config.h"
#include "mcp.h"

#include <string.h>

#include "db/db.h"
#include "handler.h"
#include "package/package.h"

#define LATEST_REVISION "2025-06-18"

enum { PARSE_ERROR = -32700, INVALID_REQUEST = -32600, NO_SUCH_METHOD = -32601, INVALID_PARAMS = -32602 };

static const char *const revisions[] = { LATEST_REVISION, "2025-03-26", "2024-11-05" };

/* ---- JSON-RPC ------------------------------------------------------------------------------------------ */

static struct value *envelope(const struct value *message)
{
	struct value *id = map_get(message, "id");
	struct value *m = value_map();

	map_set_str(m, "jsonrpc", "2.0");
	map_set(m, "id", id ? value_ref(id) : value_null());
	return m;
}

/* Takes the reference. */
static struct value *result_of(const struct value *message, struct value *result)
{
	struct value *m = envelope(message);

	map_set(m, "result", result);
	return m;
}

static struct value *error_of(const struct value *message, int code, const char *text)
{
	struct value *m = envelope(message);
	struct value *error = value_map();

	map_set_int(error, "code", code);
	map_set_str(error, "message", text);
	map_set(m, "error", error);
	return m;
}

/* ---- methods ------------------------------------------------------------------------------------------- */

static struct value *initialize(struct request *req, const struct value *message)
{
	const char *wanted = map_str(map_get(message, "params"), "protocolVersion", "");
	const char *revision = LATEST_REVISION;
	struct value *m = value_map();
	struct value *tools = value_map();
	struct value *part;

	(void)req;
	for (size_t i = 0; i < ARRAY_LEN(revisions); i++)
		if (strcmp(revisions[i], wanted) == 0)
			revision = revisions[i];
	map_set_str(m, "protocolVersion", revision);
	map_set_bool(tools, "listChanged", false);
	part = value_map();
	map_set(part, "tools", tools);
	map_set(m, "capabilities", part);
	part = value_map();
	map_set_str(part, "name", "NodeTool");
	map_set_str(part, "version", PACKAGE_VERSION);
	map_set(m, "serverInfo", part);
	map_set_str(m, "instructions",
		    "NodeTool holds workflows: graphs of typed nodes. List or search workflows and examples, look at their "
		    "inputs, run them with parameters, and look up nodes, jobs, assets and models.");
	return result_of(message, m);
}

static struct value *ping(struct request *req, const struct value *message)
{
	(void)req;
	return result_of(message, value_map());
}

static struct value *list_tools(struct request *req, const struct value *message)
{
	struct value *m = value_map();

	(void)req;
	map_set(m, "tools", mcp_tool_list());
	return result_of(message, m);
}

static struct value *text_content(const char *text, size_t len)
{
	struct value *list = value_list();
	struct value *part = value_map();

	map_set_str(part, "type", "text");
	map_set(part, "text", value_strn(text, len));
	list_push(list, part);
	return list;
}

/* What goes wrong in a tool is a result, so that the model can read it. Takes the reference, which may be NULL. */
static struct value *tool_result(const struct request *req, struct value *given)
{
	struct value *m = value_map();
	struct value *shown;
	struct buf text;

	map_set_bool(m, "isError", given == NULL);
	if (!given) {
		map_set(m, "content", text_content(req->err.detail, strlen(req->err.detail)));
		return m;
	}
	buf_init(&text, BUF_MAX_RESPONSE);
	if (json_write(&text, given, JSON_COMPACT)) {
		map_set_bool(m, "isError", true);
		map_set(m, "content", text_content("The result is too long", 22));
	} else {
		map_set(m, "content", text_content(text.data, text.len));
		shown = value_is(given, VALUE_MAP) ? value_ref(given) : value_map();
		if (!value_is(given, VALUE_MAP))
			map_set(shown, "result", value_ref(given));
		map_set(m, "structuredContent", shown);
	}
	buf_free(&text);
	value_unref(given);
	return m;
}

static struct value *call_tool(struct request *req, const struct value *message)
{
	const struct value *params = map_get(message, "params");
	struct value *args = map_get(params, "arguments");
	const struct mcp_tool *tool = mcp_tool_find(map_str(params, "name", ""));
	struct value *empty;
	struct value *m;

	if (!tool)
		return error_of(message, INVALID_PARAMS, "There is no such tool");
	if (args && !value_is(args, VALUE_MAP) && !value_is_null(args))
		return error_of(message, INVALID_PARAMS, "arguments: an object is required");
	empty = value_map();
	m = tool_result(req, tool->call(req, value_is(args, VALUE_MAP) ? args : empty));
	value_unref(empty);
	return result_of(message, m);
}

static const struct {
	const char *name;
	struct value *(*run)(struct request *req, const struct value *message);
} methods[] = {
	{ "initialize", initialize },
	{ "ping", ping },
	{ "tools/list", list_tools },
	{ "tools/call", call_tool },
};

static struct value *answer(struct request *req, const struct value *message)
{
	const char *method = map_str(message, "method", NULL);

	if (!value_is(message, VALUE_MAP) || strcmp(map_str(message, "jsonrpc", ""), "2.0") != 0)
		return error_of(message, INVALID_REQUEST, "One JSON-RPC 2.0 object is required");
	if (!method)
		return map_get(message, "id") && (map_get(message, "result") || map_get(message, "error"))
			       ? NULL
			       : error_of(message, INVALID_REQUEST, "method: a text is required");
	if (!map_get(message, "id"))
		return NULL; /* a notification */
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(methods[i].name, method) == 0)
			return methods[i].run(req, message);
	return error_of(message, NO_SUCH_METHOD, "There is no such method");
}

/* ---- routes -------------------------------------------------------------------------------------------- */

static int refuse_unless_enabled(struct request *req)
{
	return config_bool("NODETOOL_ENABLE_MCP", false) ? 0 : req_fail(req, 404, "Not Found");
}

static int post(struct request *req, struct response *res)
{
	struct json_error why;
	struct value *message;
	struct value *m;
	char *text;
	size_t len;

	if (refuse_unless_enabled(req) || req_read_all(req, &text, &len))
		return -1;
	message = json_parse(text, len, &why);
	if (!message)
		return res_json_status(res, 400, error_of(NULL, PARSE_ERROR, why.message));
	arena_defer(req->arena, value_unref_ptr, message);
	m = answer(req, message);
	return m ? res_json(res, m) : res_empty(res, 202);
}

/* No stream is offered, and no session is there to be ended: clients go on without. */
static int no_stream(struct request *req, struct response *res)
{
	if (refuse_unless_enabled(req))
		return -1;
	res_header(res, "Allow", "POST");
	return req_fail(req, 405, "Messages are sent by POST");
}

static const struct route routes[] = {
	{ "POST", "/mcp", post, ROUTE_RAW, .max_body = MCP_BODY_MAX, .summary = "One message of the Model Context Protocol." },
	{ "GET", "/mcp", no_stream, ROUTE_HIDDEN, .summary = "No stream." },
	{ "DELETE", "/mcp", no_stream, ROUTE_HIDDEN, .summary = "No session." },
};

static void close_all(void)
{
	package_free_all();
	db_default_close();
}

int main(int argc, char **argv)
{
	router_setup = open_database;
	router_teardown = close_all;
	return router_main(argc, argv, "mcp", routes, ARRAY_LEN(routes));
}
