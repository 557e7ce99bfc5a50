/*
 * media_file: nodes that read and keep pictures, sounds and texts: files, folders of files, assets. TYPE is the type of the
 * reference and the name of the output: "image", "audio", "text".
 */
#ifndef NODES_MEDIA_FILE_H
#define NODES_MEDIA_FILE_H

#include "nodes/node.h"
#include "wsd/nodes/paths.h"

#define MEDIA_FOLDER_DEFAULT                                                                                         \
	"{\"type\": \"folder\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}"

/* The whole of a node that reads the file which the property `path` names. */
enum node_result media_load_file(struct node_ctx *ctx, const char *type);

/* Nodes that give the files of a folder, one after the other: properties `folder`, `include_subdirectories`, `extensions`
 * and, where the node has it, `pattern`; outputs TYPE and `path`. */
struct media_folder {
	struct path folder;  /* in the arena, which lasts as long as there is more */
	struct value *names; /* paths below the folder */
	size_t at;
};
enum node_result media_folder_begin(struct node_ctx *ctx);
/* The next file that is wanted (NODE_MORE), NODE_DONE behind the last one. */
enum node_result media_folder_pick(struct node_ctx *ctx, struct path *path);
/* The same with the file sent on as an asset of the type. */
enum node_result media_folder_next(struct node_ctx *ctx, const char *type);
void media_folder_free(void *state);
/* The folder that the property `folder` names. */
int media_folder_find(struct node_ctx *ctx, struct path *path, struct err *err) MUST_CHECK;

/* Nodes that give the assets of the asset folder which the property `folder` names (with GEN_LIST): outputs TYPE and
 * `name`. */
enum node_result media_load_assets(struct node_ctx *ctx, const char *type);

/* Makes the bytes in `data` of a reference an asset of the run's user, in the asset folder that the property `folder`
 * names (where the node has it; else, and when it is empty, in Home), and tells clients. The reference gets its id and
 * uri. */
int media_keep(struct node_ctx *ctx, const char *name, const char *content_type, struct value *ref,
	       struct err *err) MUST_CHECK;
/* Tells the run's clients that a value of the type was saved under the name. */
void media_tell_saved(struct node_ctx *ctx, const char *type, const char *name, const struct value *v);

#endif
