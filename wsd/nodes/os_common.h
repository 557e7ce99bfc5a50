/* What the files of lib.os share. */
#ifndef NODES_OS_COMMON_H
#define NODES_OS_COMMON_H

#include "nodes/node.h"

/* The text of a property that must not be empty; NULL after node_fail. A NUL in it would end the path early: refused. */
const char *os_needed(struct node_ctx *ctx, const char *name);
/* Where relative paths begin. Memory of the node's arena, or constant. */
const char *os_working_folder(struct node_ctx *ctx);

#endif
