/* Writing a tree of HTML as text again. */
#include "wsd/nodes/html.h"

#include <string.h>

static void escape(struct buf *out, struct sv text, char quote)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '&')
			buf_adds(out, "&amp;");
		else if (c == '<')
			buf_adds(out, "&lt;");
		else if (c == '>')
			buf_adds(out, "&gt;");
		else if (c == quote && quote)
			buf_adds(out, "&quot;");
		else
			buf_addc(out, c);
	}
}

static void open_tag(const struct html_node *node, struct buf *out)
{
	buf_addc(out, '<');
	buf_add(out, node->name.p, node->name.n);
	for (const struct html_attr *attr = node->attrs; attr; attr = attr->next) {
		buf_addc(out, ' ');
		buf_add(out, attr->name.p, attr->name.n);
		buf_adds(out, "=\"");
		escape(out, attr->value, '"');
		buf_addc(out, '"');
	}
	buf_adds(out, !node->first && html_is_void(node) ? "/>" : ">");
}

static void close_tag(const struct html_node *node, struct buf *out)
{
	if (!node->first && html_is_void(node))
		return;
	buf_adds(out, "</");
	buf_add(out, node->name.p, node->name.n);
	buf_addc(out, '>');
}

static void add_text(const struct html_node *node, struct buf *out)
{
	if (node->kind == HTML_COMMENT || node->kind == HTML_CDATA)
		buf_adds(out, "<!---->");
	else if (node->parent && (html_is(node->parent, "script") || html_is(node->parent, "style")))
		buf_add(out, node->text.p, node->text.n);
	else
		escape(out, node->text, '\0');
}

void html_source(const struct html_node *node, struct buf *out)
{
	const struct html_node *at = node;

	while (!out->failed) {
		if (at->kind == HTML_TAG) {
			open_tag(at, out);
			if (at->first) {
				at = at->first;
				continue;
			}
			close_tag(at, out);
		} else {
			add_text(at, out);
		}
		while (at != node && !at->next) {
			at = at->parent;
			close_tag(at, out);
		}
		if (at == node)
			return;
		at = at->next;
	}
}
