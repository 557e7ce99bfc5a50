/*
 * svg: documents made of elements, for the nodes of lib.svg and what draws by them.
 */
#ifndef NODES_SVG_H
#define NODES_SVG_H

#include "nodes/node.h"

/* Appends the document that the properties content, width, height and viewBox describe. -1 when it is too long. */
int svg_document(struct node_ctx *ctx, struct buf *out) MUST_CHECK;

#endif
