/*
 * helper: small things that node functions of several namespaces share.
 */
#ifndef NODES_HELPER_H
#define NODES_HELPER_H

#include "nodes/node.h"

/* Fails the node with the reason of `err`. */
enum node_result fail_err(struct node_ctx *ctx, const struct err *err);
/* Emits on "output" and returns NODE_DONE. Takes the reference. */
enum node_result done(struct node_ctx *ctx, struct value *v);
/* A text of the buffer on "output"; frees the buffer. Fails when the buffer ran over its limit. */
enum node_result done_buf(struct node_ctx *ctx, struct buf *buf);
/* The text of the buffer as a value; frees the buffer. NULL when it ran over its limit. */
struct value *buf_to_value(struct buf *buf);
/* The value of an "int" property; fails the node (false) when it does not fit 64 bits. */
bool int_property(struct node_ctx *ctx, const char *name, int64_t *out);

/* str.strip(): without the white space (as Unicode has it) at both ends; and at one end. */
struct sv strip(struct sv text);
struct sv strip_left(struct sv text);
struct sv strip_right(struct sv text);
/* str.isspace() of one code point. */
bool is_space(uint32_t cp);

/* Generators whose items are all known at once: `process` calls list_begin and pushes maps of slot to value; the type
 * has GEN_LIST, which sends them one by one. A null is not sent. */
struct list_state {
	struct value *items;
	size_t at;
};
#define GEN_LIST .state_size = sizeof(struct list_state), .next = list_next, .destroy = list_destroy
/* The list to push to: empty, owned by the node's state. */
struct value *list_begin(struct node_ctx *ctx);
enum node_result list_next(struct node_ctx *ctx);
void list_destroy(void *state);

/* An empty asset reference of the type ("image", "text", …) with all its fields. */
struct value *asset_new(const char *type);
/* The same with its bytes (taken: malloc'd memory) in `data`. */
struct value *asset_from_bytes(const char *type, void *data, size_t len);

#endif
