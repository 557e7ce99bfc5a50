/* llm_media: what the nodes share that ask models for pictures and sound. */
#ifndef NODES_LLM_MEDIA_H
#define NODES_LLM_MEDIA_H

#include "wsd/nodes/llm.h"

/* The service and the model that the property "model" names; false after failing the node when none is chosen, or when it
 * cannot do that here. */
bool media_model(struct node_ctx *ctx, unsigned capability, const char **service, const char **model);
/* False after failing the node when the property is blank. */
bool media_text(struct node_ctx *ctx, const char *property);
/* The bytes of an asset in memory of the arena; false after failing the node. */
bool media_read(struct node_ctx *ctx, const char *property, struct sv *out);

#endif
