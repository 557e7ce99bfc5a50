/* nodetool.workspace: media saved as files of the workspace. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/media_file.h"
#include "wsd/nodes/image_node.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <string.h>

/* A name of the folder that is free, or the wanted one when it may be replaced: name, name_1, name_1_2 … */
static bool target_path(struct node_ctx *ctx, struct path *out, struct err *err)
{
	struct arena *arena = node_arena(ctx);
	const char *folder = node_text(ctx, "folder");
	const char *name = path_dated(arena, node_text(ctx, "filename"));

	for (int count = 1; count < 1000; count++) {
		size_t dot = posix_extension(sv_of(name));

		if (path_workspace(ctx, posix_join(arena, folder, name), out, err))
			return false;
		if (node_bool(ctx, "overwrite") || !path_exists(out))
			return true;
		name = arena_printf(arena, "%.*s_%d%s", (int)dot, name, count, name + dot);
	}
	err_set(err, 400, "every name for the file is taken");
	return false;
}

/* Writes the asset's bytes; a picture in the format that the name says. */
static enum node_result save_media(struct node_ctx *ctx, const char *type)
{
	struct path path;
	struct sv name;
	struct value *ref;
	struct buf bytes;
	struct err err;

	if (!*node_text(ctx, "filename"))
		return node_fail(ctx, "filename must not be empty");
	if (!target_path(ctx, &path, &err))
		return node_fail(ctx, "folder, filename: %s", err.detail);
	buf_init(&bytes, ASSET_MAX);
	if (asset_read(node_get(ctx, type), node_workspace(ctx), &bytes, &err) ||
	    (strcmp(type, "image") == 0 && image_for_name(ctx, path.below, &bytes, &err)) || path_make_parent(ctx, &path, &err) ||
	    path_write(&path, bytes.data ? bytes.data : "", bytes.len, false, &err)) {
		buf_free(&bytes);
		return node_fail(ctx, "%s: %s", type, err.detail);
	}
	ref = asset_new(type);
	map_set(ref, "uri", value_strf("file://%s", path.full));
	map_set(ref, "data", value_bytes(bytes.data ? bytes.data : "", bytes.len));
	if (strcmp(type, "video") == 0) {
		map_set(ref, "duration", value_null());
		map_set(ref, "format", value_null());
	}
	buf_free(&bytes);
	name = posix_basename(sv_of(path.below));
	media_tell_saved(ctx, type, arena_strndup(node_arena(ctx), name.p, name.n), ref);
	return done(ctx, ref);
}

static enum node_result save_video(struct node_ctx *ctx)
{
	return save_media(ctx, "video");
}

static enum node_result save_image(struct node_ctx *ctx)
{
	return save_media(ctx, "image");
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop save_image_file_props[] = {
	IMAGE_PROP("image"),
	{ .name = "folder", .type = "str", .def = "\".\"" },
	{ .name = "filename", .type = "str", .def = "\"image.png\"" },
	{ .name = "overwrite", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot save_image_file_outputs[] = {
	{ .name = "output", .type = "image" },
	{ 0 },
};

static const struct node_prop save_video_file_props[] = {
	{ .name = "video",
	  .type = "video",
	  .def = "{\"type\": \"video\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null, "
		 "\"duration\": null, \"format\": null}" },
	{ .name = "folder", .type = "str", .def = "\".\"" },
	{ .name = "filename", .type = "str", .def = "\"video.mp4\"" },
	{ .name = "overwrite", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot save_video_file_outputs[] = {
	{ .name = "output", .type = "video" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.workspace.SaveImageFile",
		.title = "Save Image File",
		.description = "Saves a picture in the workspace, in the format that its file name says.",
		.props = save_image_file_props,
		.outputs = save_image_file_outputs,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = save_image,
	},
	{
		.type = "nodetool.workspace.SaveVideoFile",
		.title = "Save Video File",
		.description = "Saves a video in the workspace.",
		.props = save_video_file_props,
		.outputs = save_video_file_outputs,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = save_video,
	},
};

NODE_TABLE(nodes_workspace_media, types);
