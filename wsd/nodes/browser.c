/* lib.browser, as far as it needs no browser: pages and files of the web. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/html.h"
#include "wsd/nodes/html_markdown.h"
#include "wsd/nodes/html_select.h"
#include "wsd/nodes/http_node.h"

#include "pytext/pytext.h"

#include <stdlib.h>
#include <string.h>

/* Sends a GET request; only status 200 is an answer. */
static enum node_result get(struct node_ctx *ctx, struct fetch_result **out)
{
	struct fetch_request what = { .method = "GET", .url = node_text(ctx, "url"), .flags = FETCH_2XX };
	enum node_result state;

	if (!what.url[0])
		return node_fail(ctx, "url must not be empty");
	state = http_request(ctx, &what, out);
	if (state != NODE_DONE || (*out)->status == 200)
		return state;
	return http_finish(ctx, node_fail(ctx, "url: the server answered with status %d", (*out)->status));
}

static enum node_result download_file(struct node_ctx *ctx)
{
	struct fetch_result *result;
	enum node_result state = get(ctx, &result);
	struct sv body;

	if (state != NODE_DONE)
		return state;
	body = http_body(result);
	return http_finish(ctx, done(ctx, value_bytes(body.p, body.n)));
}

/* ---- pages as text ------------------------------------------------------------------------------------ */

static bool is_html(const struct fetch_result *result)
{
	char *type = pytext_lower(sv_of(map_str(result->headers, "content-type", "")), NULL);
	bool html = strstr(type, "text/html") || strstr(type, "application/xhtml+xml");

	free(type);
	return html;
}

/* Appends the source of the tags that the selector names (without one, of the body). -1 with the reason. */
static int select_source(struct node_ctx *ctx, struct sv page, struct buf *out, struct err *err)
{
	struct sv selector = node_sv(ctx, "selector");
	struct html_node *root = html_parse(node_arena(ctx), page.p, page.n);
	struct html_selection found;

	if (!selector.n)
		selector = SV_LIT("body");
	if (html_select(node_arena(ctx), root, selector, &found, err))
		return -1;
	if (!found.count)
		return err_set(err, 422, "nothing on the page matches '%.*s'", (int)selector.n, selector.p);
	for (size_t i = 0; i < found.count; i++)
		html_source(found.nodes[i], out);
	return out->failed ? err_set(err, 422, "what it names is too long") : 0;
}

static enum node_result done_page(struct node_ctx *ctx, struct sv page)
{
	struct html_markdown_options options = { .width = HTML_MARKDOWN_WIDTH };
	enum node_result state;
	struct buf source;
	struct buf text;
	struct err err;

	buf_init(&source, BUF_MAX_BODY);
	buf_init(&text, BUF_MAX_BODY);
	if (select_source(ctx, page, &source, &err)) {
		buf_free(&source);
		return node_fail(ctx, "selector: %s", err.detail);
	}
	if (html_to_markdown(&text, (struct sv){ source.data, source.len }, &options, &err)) {
		buf_free(&text);
		state = node_fail(ctx, "the page: %s", err.detail);
	} else {
		state = done_buf(ctx, &text);
	}
	buf_free(&source);
	return state;
}

static enum node_result done_answer(struct node_ctx *ctx, const struct fetch_result *result)
{
	enum node_result state;
	struct buf text;
	struct err err;

	buf_init(&text, BUF_MAX_RESPONSE);
	if (http_text(ctx, result, &text, &err)) {
		buf_free(&text);
		return node_fail(ctx, "the answer: %s", err.detail);
	}
	if (!is_html(result))
		return done_buf(ctx, &text);
	state = done_page(ctx, (struct sv){ text.data ? text.data : "", text.len });
	buf_free(&text);
	return state;
}

static enum node_result web_fetch(struct node_ctx *ctx)
{
	struct fetch_result *result;
	enum node_result state = get(ctx, &result);

	return state == NODE_DONE ? http_finish(ctx, done_answer(ctx, result)) : state;
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop url_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"", .description = "Where the file is" },
	{ 0 },
};

static const struct node_slot bytes_outputs[] = { { .name = "output", .type = "bytes" }, { 0 } };

static const struct node_prop web_fetch_props[] = {
	{ .name = "url", .type = "str", .def = "\"\"", .description = "Where the page is" },
	{ .name = "selector",
	  .type = "str",
	  .def = "\"body\"",
	  .description = "A CSS selector: which parts of the page count" },
	{ 0 },
};

static const struct node_slot text_outputs[] = { { .name = "output", .type = "str" }, { 0 } };

static const struct node_type types[] = {
	{
		.type = "lib.browser.WebFetch",
		.title = "Web Fetch",
		.description = "Fetches a page of the web and gives it as text in Markdown's form.",
		.props = web_fetch_props,
		.outputs = text_outputs,
		.flags = NODE_TOOL,
		.process = web_fetch,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
	{
		.type = "lib.browser.DownloadFile",
		.title = "Download File",
		.description = "Fetches a file of the web as bytes.",
		.props = url_props,
		.outputs = bytes_outputs,
		.flags = NODE_TOOL,
		.process = download_file,
		.state_size = sizeof(struct http_state),
		.destroy = http_free_state,
	},
};

NODE_TABLE(nodes_lib_browser, types);
