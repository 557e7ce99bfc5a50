/*
 * image_node: pictures as properties and results of nodes.
 */
#ifndef NODES_IMAGE_NODE_H
#define NODES_IMAGE_NODE_H

#include "nodes/node.h"
#include "wsd/nodes/raster.h"

#define IMAGE_DEFAULT "{\"type\": \"image\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}"
#define IMAGE_PROP(prop_name)                                                                                          \
	{                                                                                                              \
		.name = (prop_name), .type = "image", .def = IMAGE_DEFAULT                                             \
	}
#define IMAGE_FLAGS (NODE_PURE | NODE_BLOCKING)

/* The one output that most image nodes have. */
extern const struct node_slot image_output[];

/* The picture of an asset reference as RGB, in the node's arena; NULL after node_fail, whose reason begins with `what`.
 */
struct raster *image_read(struct node_ctx *ctx, const struct value *ref, const char *what);
/* The same for a property. */
struct raster *image_property(struct node_ctx *ctx, const char *name);

/* A reference to the picture as PNG; NULL with the reason. */
struct value *image_value(const struct raster *r, struct err *err) MUST_CHECK;
/* An SVG document drawn, as RGBA; NULL with the reason. */
struct raster *image_of_svg(struct node_ctx *ctx, const struct buf *svg, int64_t width, int64_t height,
			    struct err *err) MUST_CHECK;
/* The picture on "output"; fails with the reason in `err` when `r` is NULL. */
enum node_result image_done(struct node_ctx *ctx, const struct raster *r, struct err *err);

/* The whole of a node that lays a 3 x 3 kernel over "image". */
enum node_result image_convolved(struct node_ctx *ctx, const struct raster_kernel3 *kernel);

/* Makes the bytes of a picture file fit the ending of the file's name: as they are when they do, else by reading them
 * and writing PNG or JPEG. -1 with the reason. */
int image_for_name(struct node_ctx *ctx, const char *name, struct buf *bytes, struct err *err) MUST_CHECK;

#endif
