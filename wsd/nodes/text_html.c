/* nodetool.text: HTML as text. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/html_markdown.h"

static enum node_result html_to_text(struct node_ctx *ctx)
{
	struct html_markdown_options options = {
		.base_url = node_sv(ctx, "base_url"),
		.no_images = node_bool(ctx, "ignore_images"),
		.no_mailto = node_bool(ctx, "ignore_mailto_links"),
	};
	struct buf text;
	struct err err;

	if (!int_property(ctx, "body_width", &options.width))
		return NODE_FAILED;
	if (options.width < 0)
		return node_fail(ctx, "body_width must not be negative");
	buf_init(&text, BUF_MAX_BODY);
	if (!html_to_markdown(&text, node_sv(ctx, "html"), &options, &err))
		return done_buf(ctx, &text);
	buf_free(&text);
	return node_fail(ctx, "html: %s", err.detail);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop html_to_text_props[] = {
	{ .name = "html", .type = "str", .def = "\"\"", .title = "HTML", .description = "The page" },
	{ .name = "base_url",
	  .type = "str",
	  .def = "\"\"",
	  .title = "Base URL",
	  .description = "Where the page came from: its links are given as seen from there" },
	{ .name = "body_width",
	  .type = "int",
	  .def = "1000",
	  .description = "Where paragraphs are wrapped, in characters; 0 for not at all" },
	{ .name = "ignore_images", .type = "bool", .def = "true", .description = "Leave pictures out" },
	{ .name = "ignore_mailto_links",
	  .type = "bool",
	  .def = "true",
	  .description = "Give links to mail addresses as plain text" },
	{ 0 },
};

static const struct node_slot html_to_text_outputs[] = { { .name = "output", .type = "str" }, { 0 } };

static const struct node_type types[] = {
	{
		.type = "nodetool.text.HtmlToText",
		.title = "HTML to Text",
		.description = "Turns HTML into readable text in Markdown's form.",
		.props = html_to_text_props,
		.outputs = html_to_text_outputs,
		.flags = NODE_PURE,
		.process = html_to_text,
	},
};

NODE_TABLE(nodes_text_html, types);
