/* gemini: pictures by Gemini, for nodes of any service. */
#ifndef NODES_GEMINI_H
#define NODES_GEMINI_H

#include "wsd/nodes/llm.h"

/* A node's function: a picture of the property "prompt", or a change of the one in "image", to the slot "output". The node's
 * state begins with llm_state. */
enum node_result gemini_picture(struct node_ctx *ctx, const char *model, bool with_image);

#endif
