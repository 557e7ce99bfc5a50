/*
 * html_select: the tags of a page that a CSS selector names.
 *
 * Known are lists, the combinators (descendant, >, +, ~), names, *, #id, .class, [attribute] with = ~= |= ^= $= *= !=
 * and the flag i, :first-child, :last-child, :only-child, :nth-child(), :nth-last-child() and the same …-of-type,
 * :empty, :root, :not(), :is(), :where(). The work is the number of tags times the length of the selector, whatever the
 * page looks like.
 */
#ifndef NODES_HTML_SELECT_H
#define NODES_HTML_SELECT_H

#include "wsd/nodes/html.h"

#define HTML_SELECTOR_MAX 4096

struct html_selection {
	struct html_node **nodes; /* in document order, in the arena */
	size_t count;
};

/* -1 when the selector is broken or asks for something that is not known. */
int html_select(struct arena *arena, struct html_node *root, struct sv selector, struct html_selection *out,
		struct err *err) MUST_CHECK;

#endif
