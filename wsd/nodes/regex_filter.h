/* The test of stream filters with the settings "pattern" and "full_match". */
#ifndef NODES_REGEX_FILTER_H
#define NODES_REGEX_FILTER_H

#include "wsd/nodes/stream_filter.h"

/* True when the text matches. A pattern that is wrong, or takes too long, matches nothing. */
bool regex_filter_match(struct node_ctx *ctx, struct sv text);

#endif
