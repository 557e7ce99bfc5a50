/* vector_chroma: what the nodes of vector.chroma share. */
#ifndef NODES_VECTOR_CHROMA_H
#define NODES_VECTOR_CHROMA_H

#include "model/model.h"
#include "wsd/nodes/llm.h"

#define CHROMA_COLLECTION \
	{ .name = "collection", .type = "collection", .def = "{\"type\": \"collection\", \"name\": \"\"}" }

/* The run's user. */
const char *chroma_user(struct node_ctx *ctx);
/* The collection that the property "collection" names, and the database that it is in; NULL after failing the node. */
struct db *chroma_find(struct node_ctx *ctx, struct collection *out);
/* Begins the embeddings of texts (taken) by the collection's model. NULL after failing the node. */
struct llm *chroma_embed(struct node_ctx *ctx, struct value *texts);
/* A list of one text: new reference. */
struct value *chroma_one_text(const char *text);
/* Goes on with the embeddings of `count` texts, whose state is an llm_state; NODE_DONE with a list of vectors in *out (freed
 * by the arena), else as llm_step. */
enum node_result chroma_embedded(struct node_ctx *ctx, size_t count, struct value **out);

#endif
