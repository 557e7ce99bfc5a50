/* What the files that show graphs share. */
#ifndef GRAPH_INTERNAL_H
#define GRAPH_INTERNAL_H

#include "value/value.h"

/* True for the types of output nodes. */
bool graph_is_output(const char *type);
/* The entry of a node's data, or the default (JSON text) when it has none; a null that is there stays one. New reference. */
struct value *graph_data_or(const struct value *data, const char *key, const char *def);
/* The name a node's input or output goes by: data.name, or the node's id. */
char *graph_node_name(struct arena *arena, const struct value *node);

#endif
