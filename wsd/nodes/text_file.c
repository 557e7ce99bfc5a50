/* nodetool.text: texts from and to files and assets. */
#include <string.h>

#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/media_file.h"
#include "wsd/nodes/posixpath.h"

static enum node_result load_assets(struct node_ctx *ctx)
{
	return media_load_assets(ctx, "text");
}

static enum node_result next_of_folder(struct node_ctx *ctx)
{
	struct path path;
	enum node_result result = media_folder_pick(ctx, &path);
	struct err err = { 0 };
	struct buf text;

	if (result != NODE_MORE)
		return result;
	if (path_read(&path, ASSET_MAX, &text, &err) || !utf8_valid(text.data ? text.data : "", text.len)) {
		buf_free(&text);
		return node_fail(ctx, "%s: %s", path.full, *err.detail ? err.detail : "is no UTF-8 text");
	}
	node_emit(ctx, "text", buf_to_value(&text));
	node_emit(ctx, "path", value_str(path.full));
	return NODE_MORE;
}

static struct value *text_ref(struct sv text)
{
	char *copy = xmalloc(text.n + 1);

	memcpy(copy, text.p, text.n);
	return asset_from_bytes("text", copy, text.n);
}

static enum node_result save_text(struct node_ctx *ctx)
{
	const char *name = path_dated(node_arena(ctx), node_text(ctx, "name"));
	struct value *ref = text_ref(node_sv(ctx, "text"));
	struct err err = { 0 };

	if (media_keep(ctx, name, "text/plain", ref, &err)) {
		value_unref(ref);
		return fail_err(ctx, &err);
	}
	media_tell_saved(ctx, "text", name, ref);
	return done(ctx, ref);
}

static enum node_result save_text_file(struct node_ctx *ctx)
{
	const char *name = path_dated(node_arena(ctx), node_text(ctx, "name"));
	struct sv text = node_sv(ctx, "text");
	struct err err = { 0 };
	struct value *ref;
	struct path path;

	if (!*name)
		return node_fail(ctx, "name must not be empty");
	if (media_folder_find(ctx, &path, &err) ||
	    path_any(ctx, posix_join(node_arena(ctx), node_text(ctx, "folder"), name), &path, &err))
		return node_fail(ctx, "folder: %s", err.detail);
	if (path_make_parent(ctx, &path, &err) || path_write(&path, text.p, text.n, false, &err))
		return node_fail(ctx, "name: %s", err.detail);
	ref = text_ref(text);
	map_set(ref, "uri", value_strf("file://%s", path.full));
	media_tell_saved(ctx, "text", name, ref);
	return done(ctx, ref);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop folder_props[] = {
	{ .name = "folder", .type = "str", .def = "\"\"" },
	{ .name = "include_subdirectories", .type = "bool", .def = "false" },
	{ .name = "extensions",
	  .type = "list[str]",
	  .def = "[\".txt\", \".csv\", \".json\", \".xml\", \".md\", \".html\", \".pdf\"]" },
	{ .name = "pattern", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot folder_outputs[] = {
	{ .name = "text", .type = "str" },
	{ .name = "path", .type = "str" },
	{ 0 },
};

static const struct node_prop assets_props[] = {
	{ .name = "folder", .type = "folder", .def = MEDIA_FOLDER_DEFAULT },
	{ 0 },
};

static const struct node_slot assets_outputs[] = {
	{ .name = "text", .type = "text" },
	{ .name = "name", .type = "str" },
	{ 0 },
};

#define NAME_DEFAULT "\"%Y-%m-%d-%H-%M-%S.txt\""

static const struct node_prop save_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"", .required = true },
	{ .name = "folder", .type = "folder", .def = MEDIA_FOLDER_DEFAULT },
	{ .name = "name", .type = "str", .def = NAME_DEFAULT },
	{ 0 },
};

static const struct node_prop save_file_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"" },
	{ .name = "folder", .type = "str", .def = "\"\"" },
	{ .name = "name", .type = "str", .def = NAME_DEFAULT },
	{ 0 },
};

static const struct node_slot text_output[] = { { .name = "output", .type = "text" }, { 0 } };

static const struct node_type types[] = {
	{
		.type = "nodetool.text.LoadTextFolder",
		.title = "Load Text Folder",
		.description = "The text files of a folder, one after the other.",
		.props = folder_props,
		.outputs = folder_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_BLOCKING | NODE_NOT_CACHEABLE,
		.state_size = sizeof(struct media_folder),
		.destroy = media_folder_free,
		.process = media_folder_begin,
		.next = next_of_folder,
	},
	{
		.type = "nodetool.text.LoadTextAssets",
		.title = "Load Text Assets",
		.description = "The texts of a folder of assets, one after the other.",
		.props = assets_props,
		.outputs = assets_outputs,
		.flags = NODE_STREAMS_OUTPUT | NODE_BLOCKING | NODE_NOT_CACHEABLE,
		GEN_LIST,
		.process = load_assets,
	},
	{
		.type = "nodetool.text.SaveTextFile",
		.title = "Save Text File",
		.description = "Writes a text to a file.",
		.props = save_file_props,
		.outputs = text_output,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = save_text_file,
	},
	{
		.type = "nodetool.text.SaveText",
		.title = "Save Text",
		.description = "Keeps a text as an asset, in a folder of assets.",
		.props = save_props,
		.outputs = text_output,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = save_text,
	},
};

NODE_TABLE(nodes_text_file, types);
