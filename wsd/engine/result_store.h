/*
 * The result store: what deterministic nodes gave, on disk, across runs and restarts (incremental runs).
 *
 * A folder `<database>-cache` of files named by the SHA-256 of everything that a result depends on: the node's type and
 * version, the program's, the user, every property. A value counts as equal only when its bytes are in the hash: nodes
 * with references to things elsewhere (a uri, an asset's id) are not kept. The files used longest ago go when all together
 * are longer than NODETOOL_RESULT_CACHE_MB.
 */
#ifndef ENGINE_RESULT_STORE_H
#define ENGINE_RESULT_STORE_H

#include "wsd/engine/engine.h"

struct node_ctx;

#define RESULT_KEY_SIZE 65

/* True when the node's results may be kept; `key` is the name for what it would give now. */
bool result_key(const struct node_ctx *node, char key[RESULT_KEY_SIZE]);
/* A former result, sent on by the node; false when there is none. */
bool result_lookup(struct node_ctx *node, const char *key);
/* Keeps what the node has just given. */
void result_keep(struct node_ctx *node, const char *key);
/* Keeps the store within its limit; at the end of a run. */
void result_tidy(void);

#endif
