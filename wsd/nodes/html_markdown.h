/*
 * html_markdown: HTML as Markdown, in the form of Python's html2text: headings with #, `**bold**`, `_emphasis_`, lists
 * with "  * ", links and pictures inline, tables with "|", four blanks before code.
 */
#ifndef NODES_HTML_MARKDOWN_H
#define NODES_HTML_MARKDOWN_H

#include "base/base.h"

struct html_markdown_options {
	struct sv base_url; /* addresses are seen from here; "" leaves them as they are */
	int64_t width;      /* paragraphs are wrapped at so many characters; 0: not at all */
	bool no_images;
	bool no_mailto; /* links to mail addresses are plain text */
};

#define HTML_MARKDOWN_WIDTH 78

/* Appends the Markdown. Any bytes are HTML; only what is no UTF-8 stays as it is. -1 with the reason: a negative width,
 * or a result that is longer than the buffer may grow. */
int html_to_markdown(struct buf *out, struct sv html, const struct html_markdown_options *options,
		     struct err *err) MUST_CHECK;

#endif
