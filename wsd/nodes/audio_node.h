/*
 * audio_node: sounds as properties and results of nodes.
 */
#ifndef NODES_AUDIO_NODE_H
#define NODES_AUDIO_NODE_H

#include "wsd/nodes/clip.h"

#define AUDIO_DEFAULT "{\"type\": \"audio\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}"
#define AUDIO_PROP(prop_name, what)                                                                                  \
	{                                                                                                            \
		.name = (prop_name), .type = "audio", .def = AUDIO_DEFAULT, .description = what                      \
	}
#define AUDIO_OUTPUT (const struct node_slot[]){ { .name = "output", .type = "audio" }, { 0 } }

/* The sound of an asset reference, in the node's arena; NULL after node_fail, whose reason begins with `what`. */
struct clip *audio_read(struct node_ctx *ctx, const struct value *ref, const char *what);
/* The same for a property. */
struct clip *audio_property(struct node_ctx *ctx, const char *name);
/* A reference to the sound as WAV; NULL with the reason. */
struct value *audio_value(const struct clip *c, struct err *err) MUST_CHECK;
/* The sound on "output"; fails with the reason in `err` when `c` is NULL. */
enum node_result audio_done(struct node_ctx *ctx, const struct clip *c, struct err *err);

#endif
