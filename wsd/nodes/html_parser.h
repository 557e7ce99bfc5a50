/*
 * html_parser: cuts HTML into tags, texts and references as Python's html.parser does (with convert_charrefs off), also
 * where the markup is broken. What is made of them is the caller's: the tree of html.h, the Markdown of
 * html_markdown.h.
 */
#ifndef NODES_HTML_PARSER_H
#define NODES_HTML_PARSER_H

#include "wsd/nodes/html.h"

/* Called in document order. Texts are parts of the input; names and attributes are in the arena. */
struct html_events {
	/* A piece of text, never empty: no piece reaches across a tag or a reference. */
	void (*text)(void *arg, struct sv text);
	/* "&#…;": the digits, behind an x when they are hexadecimal. */
	void (*number)(void *arg, struct sv digits);
	/* "&name;": the name, known or not. */
	void (*entity)(void *arg, struct sv name);
	/* `closed`: written as <name/>; no end follows. */
	void (*start)(void *arg, struct sv name, struct html_attr *attrs, bool closed);
	void (*end)(void *arg, struct sv name);
	/* Comments, declarations, instructions, CDATA; NULL when they do not matter. */
	void (*other)(void *arg, enum html_kind kind, struct sv text);
};

/* Any bytes are HTML. `feeds`: how often the library that is followed feeds its parser before it closes it; so many
 * times does the parser go on behind "&#" without digits, the next one makes all that follows text. */
void html_scan(struct arena *arena, struct sv text, int feeds, const struct html_events *events, void *arg);

#endif
