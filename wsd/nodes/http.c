/* lib.http: requests to web servers. What may be reached is decided in nodes/fetch.h, what may be written in paths.h.
 */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/http_node.h"
#include "wsd/nodes/http_table.h"
#include "wsd/nodes/pyjson.h"

#include <stdlib.h>
#include <string.h>

/* The answer as text, by the charset it names. */
static enum node_result done_text(struct node_ctx *ctx, const struct fetch_result *result)
{
	struct buf text;
	struct err err;

	buf_init(&text, BUF_MAX_RESPONSE);
	if (!http_text(ctx, result, &text, &err))
		return done_buf(ctx, &text);
	buf_free(&text);
	return node_fail(ctx, "the answer: %s", err.detail);
}

static enum node_result done_bytes(struct node_ctx *ctx, const struct fetch_result *result)
{
	struct sv body = http_body(result);

	return done(ctx, value_bytes(body.p, body.n));
}

static enum node_result done_document(struct node_ctx *ctx, const struct fetch_result *result)
{
	struct value *ref = asset_new("document");
	struct sv body = http_body(result);

	map_set(ref, "data", value_bytes(body.p, body.n));
	return done(ctx, ref);
}

static enum node_result done_headers(struct node_ctx *ctx, const struct fetch_result *result)
{
	return done(ctx, value_ref(result->headers));
}

static enum node_result done_json(struct node_ctx *ctx, const struct fetch_result *result)
{
	struct sv body = http_body(result);
	struct value *v;
	struct err err;

	if (body.n >= 3 && memcmp(body.p, "\xEF\xBB\xBF", 3) == 0)
		body = (struct sv){ body.p + 3, body.n - 3 };
	v = pyjson_parse(body.p, body.n, &err);
	return v ? done(ctx, v) : node_fail(ctx, "the answer is no JSON: %s", err.detail);
}

typedef enum node_result done_fn(struct node_ctx *ctx, const struct fetch_result *result);

static enum node_result send_and(struct node_ctx *ctx, const struct fetch_request *what, done_fn *answer)
{
	struct fetch_result *result;
	enum node_result state = http_request(ctx, what, &result);

	return state == NODE_DONE ? http_finish(ctx, answer(ctx, result)) : state;
}

static enum node_result without_body(struct node_ctx *ctx, const char *method, const char *accept, done_fn *answer)
{
	struct fetch_request what = {
		.method = method, .url = node_text(ctx, "url"), .accept = accept, .flags = FETCH_RETRY | FETCH_2XX
	};

	return send_and(ctx, &what, answer);
}

static enum node_result with_data(struct node_ctx *ctx, const char *method, done_fn *answer)
{
	struct fetch_request what = { .method = method,
				      .url = node_text(ctx, "url"),
				      .body = value_sv(node_get(ctx, "data")),
				      .flags = FETCH_RETRY | FETCH_2XX };

	return send_and(ctx, &what, answer);
}

static enum node_result with_json(struct node_ctx *ctx, const char *method)
{
	struct fetch_request what = { .method = method,
				      .url = node_text(ctx, "url"),
				      .content_type = "application/json",
				      .flags = FETCH_RETRY | FETCH_2XX };
	enum node_result result;
	struct buf body;

	buf_init(&body, BUF_MAX_BODY);
	if (json_write(&body, node_get(ctx, "data"), JSON_COMPACT)) {
		buf_free(&body);
		return node_fail(ctx, "data is too long");
	}
	what.body = (struct sv){ body.data, body.len };
	result = send_and(ctx, &what, done_json);
	buf_free(&body);
	return result;
}

static enum node_result get_request(struct node_ctx *ctx)
{
	return without_body(ctx, "GET", NULL, done_text);
}

static enum node_result delete_request(struct node_ctx *ctx)
{
	return without_body(ctx, "DELETE", NULL, done_text);
}

static enum node_result head_request(struct node_ctx *ctx)
{
	return without_body(ctx, "HEAD", NULL, done_headers);
}

static enum node_result get_binary(struct node_ctx *ctx)
{
	return without_body(ctx, "GET", NULL, done_bytes);
}

static enum node_result get_document(struct node_ctx *ctx)
{
	return without_body(ctx, "GET", NULL, done_document);
}

static enum node_result get_json(struct node_ctx *ctx)
{
	return without_body(ctx, "GET", "application/json", done_json);
}

static enum node_result post_request(struct node_ctx *ctx)
{
	return with_data(ctx, "POST", done_text);
}

static enum node_result put_request(struct node_ctx *ctx)
{
	return with_data(ctx, "PUT", done_text);
}

static enum node_result post_binary(struct node_ctx *ctx)
{
	return with_data(ctx, "POST", done_bytes);
}

static enum node_result post_json(struct node_ctx *ctx)
{
	return with_json(ctx, "POST");
}

static enum node_result put_json(struct node_ctx *ctx)
{
	return with_json(ctx, "PUT");
}

static enum node_result patch_json(struct node_ctx *ctx)
{
	return with_json(ctx, "PATCH");
}

static enum node_result download_dataframe(struct node_ctx *ctx)
{
	return without_body(ctx, "GET", NULL, http_table);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop get_request_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot get_request_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop post_request_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"" },
	{ .name = "data", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot head_request_outputs[] = {
	{ .name = "output", .type = "dict[str,str]" },
	{ 0 },
};

static const struct node_slot get_request_binary_outputs[] = {
	{ .name = "output", .type = "bytes" },
	{ 0 },
};

static const struct node_slot get_request_document_outputs[] = {
	{ .name = "output", .type = "document" },
	{ 0 },
};

static const struct node_prop post_request_binary_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"" },
	{ .name = "data", .type = "union[str,bytes]", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop download_dataframe_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"" },
	{ .name = "file_format",
	  .type = "enum(nodetool.nodes.lib.http.DownloadDataframe.FileFormat:csv|json|tsv)",
	  .def = "\"csv\"" },
	{ .name = "columns", .type = "record_type", .def = "{\"type\": \"record_type\", \"columns\": []}" },
	{ .name = "encoding", .type = "str", .def = "\"utf-8\"" },
	{ .name = "delimiter", .type = "str", .def = "\",\"" },
	{ 0 },
};

static const struct node_slot download_dataframe_outputs[] = {
	{ .name = "output", .type = "dataframe" },
	{ 0 },
};

static const struct node_prop json_post_request_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"" },
	{ .name = "data", .type = "dict", .def = "{}" },
	{ 0 },
};

static const struct node_slot json_post_request_outputs[] = {
	{ .name = "output", .type = "dict" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.http.GetRequest",
		.title = "GET Request",
		.description = "Fetches a URL as text.",
		.props = get_request_props,
		.outputs = get_request_outputs,
		.flags = NODE_TOOL,
		.process = get_request,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.PostRequest",
		.title = "POST Request",
		.description = "Sends text by POST and gives the answer as text.",
		.props = post_request_props,
		.outputs = get_request_outputs,
		.flags = NODE_TOOL | NODE_ONCE,
		.basic_fields = "url",
		.process = post_request,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.PutRequest",
		.title = "PUT Request",
		.description = "Sends text by PUT and gives the answer as text.",
		.props = post_request_props,
		.outputs = get_request_outputs,
		.flags = NODE_TOOL | NODE_ONCE,
		.basic_fields = "url",
		.process = put_request,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.DeleteRequest",
		.title = "DELETE Request",
		.description = "Sends a DELETE request and gives the answer as text.",
		.props = get_request_props,
		.outputs = get_request_outputs,
		.flags = NODE_TOOL | NODE_ONCE,
		.process = delete_request,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.HeadRequest",
		.title = "HEAD Request",
		.description = "Gives the headers of a URL.",
		.props = get_request_props,
		.outputs = head_request_outputs,
		.process = head_request,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.GetRequestBinary",
		.title = "GET Binary",
		.description = "Fetches a URL as bytes.",
		.props = get_request_props,
		.outputs = get_request_binary_outputs,
		.flags = NODE_TOOL,
		.process = get_binary,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.GetRequestDocument",
		.title = "GET Document",
		.description = "Fetches a URL as a document.",
		.props = get_request_props,
		.outputs = get_request_document_outputs,
		.flags = NODE_TOOL,
		.process = get_document,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.PostRequestBinary",
		.title = "POST Binary",
		.description = "Sends data by POST and gives the answer as bytes.",
		.props = post_request_binary_props,
		.outputs = get_request_binary_outputs,
		.flags = NODE_TOOL | NODE_ONCE,
		.basic_fields = "url",
		.process = post_binary,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.DownloadDataframe",
		.title = "Download Dataframe",
		.description = "Fetches a CSV, TSV or JSON file as a data frame of the asked columns.",
		.props = download_dataframe_props,
		.outputs = download_dataframe_outputs,
		.flags = NODE_TOOL,
		.basic_fields = "url columns file_format",
		.process = download_dataframe,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.JSONPostRequest",
		.title = "POST JSON",
		.description = "Sends JSON by POST and gives the answer as data.",
		.props = json_post_request_props,
		.outputs = json_post_request_outputs,
		.flags = NODE_ONCE,
		.basic_fields = "url",
		.process = post_json,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.JSONPutRequest",
		.title = "PUT JSON",
		.description = "Sends JSON by PUT and gives the answer as data.",
		.props = json_post_request_props,
		.outputs = json_post_request_outputs,
		.flags = NODE_ONCE,
		.basic_fields = "url",
		.process = put_json,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.JSONPatchRequest",
		.title = "PATCH JSON",
		.description = "Sends JSON by PATCH and gives the answer as data.",
		.props = json_post_request_props,
		.outputs = json_post_request_outputs,
		.flags = NODE_ONCE,
		.basic_fields = "url",
		.process = patch_json,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.http.JSONGetRequest",
		.title = "GET JSON",
		.description = "Fetches a URL that answers with JSON.",
		.props = get_request_props,
		.outputs = json_post_request_outputs,
		.process = get_json,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
};

NODE_TABLE(nodes_lib_http, types);
