/*
 * html: HTML as Python's html.parser with BeautifulSoup reads it (vectors/README-lib.md): no implied tags, tags nest as
 * they are written, an end tag closes everything up to its start tag and is ignored when there is none. Everything
 * lives in the arena; the tree is walked without recursion, however deep it is.
 */
#ifndef NODES_HTML_H
#define NODES_HTML_H

#include "base/base.h"

enum html_kind {
	HTML_TAG,
	HTML_TEXT,
	HTML_CDATA,
	HTML_COMMENT /* and doctypes and processing instructions: nothing that shows */
};

struct html_attr {
	struct sv name; /* lower case */
	struct sv value;
	bool bare; /* written without a value, which is "" then */
	struct html_attr *next;
};

struct html_node {
	enum html_kind kind;
	struct sv name; /* of a tag, lower case; "" for the root */
	struct sv text; /* of the other kinds */
	/* Of a text: the innermost of script, style, template, rt and rp around it; else p is NULL. Such texts are not
	 * part of the text of an outer element. */
	struct sv container;
	struct html_attr *attrs;
	struct html_node *parent;
	struct html_node *first;
	struct html_node *last;
	struct html_node *prev;
	struct html_node *next;
	size_t order; /* of a tag: its number on the page, while html_select works */
};

/* The root, whose children are the top level. Any bytes are HTML. */
struct html_node *html_parse(struct arena *arena, const char *text, size_t len);
/* The node behind `node` in document order within `root` (not itself); NULL at the end. Begin with the root. */
struct html_node *html_next(const struct html_node *node, const struct html_node *root);
/* The next tag of this name behind `node` within `root`. */
struct html_node *html_find(const struct html_node *node, const struct html_node *root, const char *name);
bool html_is(const struct html_node *node, const char *name);
/* The value of an attribute; p is NULL when there is none. */
struct sv html_attr(const struct html_node *node, const char *name);
/* Appends the text inside the node. */
void html_text(const struct html_node *node, struct buf *out);
/* Appends the HTML of the node itself with all that is in it; comments are empty. */
void html_source(const struct html_node *node, struct buf *out);
/* A tag that has no content and no end tag. */
bool html_is_void(const struct html_node *node);
/* Takes the node with all that is in it out of the tree. */
void html_remove(struct html_node *node);
/* Adds a text at the end of the tag; the text must outlive the tree. */
void html_append_text(struct arena *arena, struct html_node *node, struct sv text);

/* The character (or two) of a named reference, given without & and semicolon: its length, 0 when the name is unknown.
 * With `legacy`, only the names that are known without a semicolon count. */
size_t html_entity(struct sv name, bool legacy, char out[8]);
/* The character of a numeric reference, given by its digits (hexadecimal behind an x): numbers of the old Windows code
 * page as HTML maps them, U+FFFD for what is no character. */
uint32_t html_code_point(struct sv digits);
/* Resolves character references as html.unescape does. */
void html_unescape(struct sv text, struct buf *out);

#endif
