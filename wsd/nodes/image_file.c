/* nodetool.image: pictures from and to files. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"
#include "wsd/nodes/media_file.h"
#include "wsd/nodes/posixpath.h"


static enum node_result load_file(struct node_ctx *ctx)
{
	return media_load_file(ctx, "image");
}

static enum node_result next_of_folder(struct node_ctx *ctx)
{
	return media_folder_next(ctx, "image");
}

static enum node_result load_assets(struct node_ctx *ctx)
{
	return media_load_assets(ctx, "image");
}

/* ---- saving ------------------------------------------------------------------------------------------- */

#define NAMES_MAX 1000

/* The wanted name, or the first free one of name_1, name_1_2 … when files are not replaced. */
static const char *free_name(struct node_ctx *ctx, const struct path *folder, const char *name, struct path *path)
{
	for (int count = 1; count < NAMES_MAX; count++) {
		size_t dot = posix_extension(sv_of(name));

		*path = path_child(ctx, folder, name);
		if (node_bool(ctx, "overwrite") || !path_exists(path))
			return name;
		name = arena_printf(node_arena(ctx), "%.*s_%d%s", (int)dot, name, count, name + dot);
	}
	return NULL;
}

/* The path of the file below the folder, which path_any finds permitted as a whole. */
static int target(struct node_ctx *ctx, const char **name, struct path *path, struct err *err)
{
	struct arena *arena = node_arena(ctx);
	struct path folder;

	if (!**name)
		return err_set(err, 400, "filename must not be empty");
	if (media_folder_find(ctx, &folder, err))
		return -1;
	if (path_any(ctx, posix_join(arena, node_text(ctx, "folder"), *name), path, err))
		return -1;
	*name = free_name(ctx, &folder, *name, path);
	if (!*name)
		return err_set(err, 400, "every name for the file is taken");
	return path_any(ctx, posix_join(arena, node_text(ctx, "folder"), *name), path, err);
}

static enum node_result save_file(struct node_ctx *ctx)
{
	const char *name = path_dated(node_arena(ctx), node_text(ctx, "filename"));
	struct err err = { 0 };
	struct path path;
	struct value *ref;
	struct buf bytes;
	size_t len;

	if (target(ctx, &name, &path, &err))
		return node_fail(ctx, "folder, filename: %s", err.detail);
	buf_init(&bytes, ASSET_MAX);
	if (asset_read(node_get(ctx, "image"), node_workspace(ctx), &bytes, &err) ||
	    image_for_name(ctx, name, &bytes, &err) || path_make_parent(ctx, &path, &err) ||
	    path_write(&path, bytes.data ? bytes.data : "", bytes.len, false, &err)) {
		buf_free(&bytes);
		return node_fail(ctx, "image: %s", err.detail);
	}
	len = bytes.len;
	ref = asset_from_bytes("image", buf_take(&bytes), len);
	map_set(ref, "uri", value_strf("file://%s", path.full));
	media_tell_saved(ctx, "image", name, ref);
	return done(ctx, ref);
}

static enum node_result save_image(struct node_ctx *ctx)
{
	const char *name = path_dated(node_arena(ctx), node_text(ctx, "name"));
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };
	struct value *ref = r ? image_value(r, &err) : NULL;

	if (!ref)
		return r ? fail_err(ctx, &err) : NODE_FAILED;
	if (media_keep(ctx, name, "image/png", ref, &err)) {
		value_unref(ref);
		return fail_err(ctx, &err);
	}
	media_tell_saved(ctx, "image", name, ref);
	return done(ctx, ref);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop load_file_props[] = {
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop load_folder_props[] = {
	{ .name = "folder", .type = "str", .def = "\"\"" },
	{ .name = "include_subdirectories", .type = "bool", .def = "false" },
	{ .name = "extensions",
	  .type = "list[str]",
	  .def = "[\".png\", \".jpg\", \".jpeg\", \".bmp\", \".gif\", \".webp\", \".tiff\"]" },
	{ .name = "pattern", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot load_folder_outputs[] = {
	{ .name = "image", .type = "image" },
	{ .name = "path", .type = "str" },
	{ 0 },
};

static const struct node_prop load_assets_props[] = {
	{ .name = "folder", .type = "folder", .def = MEDIA_FOLDER_DEFAULT },
	{ 0 },
};

static const struct node_slot load_assets_outputs[] = {
	{ .name = "image", .type = "image" },
	{ .name = "name", .type = "str" },
	{ 0 },
};

static const struct node_prop save_file_props[] = {
	IMAGE_PROP("image"),
	{ .name = "folder", .type = "str", .def = "\"\"" },
	{ .name = "filename", .type = "str", .def = "\"\"" },
	{ .name = "overwrite", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_prop save_image_props[] = {
	{ .name = "image", .type = "image", .def = IMAGE_DEFAULT, .required = true },
	{ .name = "folder", .type = "folder", .def = MEDIA_FOLDER_DEFAULT },
	{ .name = "name", .type = "str", .def = "\"%Y-%m-%d_%H-%M-%S.png\"" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.image.LoadImageFile",
		.title = "Load Image File",
		.description = "A picture from a file of this machine.",
		.props = load_file_props,
		.outputs = image_output,
		.flags = NODE_BLOCKING,
		.process = load_file,
	},
	{
		.type = "nodetool.image.LoadImageFolder",
		.title = "Load Image Folder",
		.description = "The pictures of a folder, one after the other.",
		.props = load_folder_props,
		.outputs = load_folder_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_BLOCKING | NODE_NOT_CACHEABLE,
		.state_size = sizeof(struct media_folder),
		.destroy = media_folder_free,
		.process = media_folder_begin,
		.next = next_of_folder,
	},
	{
		.type = "nodetool.image.LoadImageAssets",
		.title = "Load Image Assets",
		.description = "The pictures of a folder of assets, one after the other.",
		.props = load_assets_props,
		.outputs = load_assets_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_BLOCKING | NODE_NOT_CACHEABLE,
		GEN_LIST,
		.process = load_assets,
	},
	{
		.type = "nodetool.image.SaveImageFile",
		.title = "Save Image File",
		.description = "Writes a picture to a file, in the format that the file's name says.",
		.props = save_file_props,
		.outputs = image_output,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = save_file,
	},
	{
		.type = "nodetool.image.SaveImage",
		.title = "Save Image Asset",
		.description = "Keeps a picture as an asset, in a folder of assets.",
		.props = save_image_props,
		.outputs = image_output,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = save_image,
	},
};

NODE_TABLE(nodes_image_file, types);
