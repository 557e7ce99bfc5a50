/* nodetool.image: pictures from and to files. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/image_node.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "notify/notify.h"
#include "storage/storage.h"

#define FILES_MAX 10000 /* pictures of one folder */

/* ---- reading ------------------------------------------------------------------------------------------ */

/* The file's bytes as an image; NULL with the reason. */
static struct value *load(const struct path *path, struct err *err)
{
	struct value *ref;
	struct buf bytes;
	size_t len;

	if (path_read(path, ASSET_MAX, &bytes, err)) {
		buf_free(&bytes);
		return NULL;
	}
	len = bytes.len;
	ref = asset_from_bytes("image", buf_take(&bytes), len);
	map_set(ref, "uri", value_strf("file://%s", path->full));
	return ref;
}

static enum node_result load_file(struct node_ctx *ctx)
{
	const char *name = node_text(ctx, "path");
	struct err err = { 0 };
	struct path path;
	struct value *ref;

	if (!*name)
		return node_fail(ctx, "path must not be empty");
	if (path_any(ctx, name, &path, &err))
		return node_fail(ctx, "path: %s", err.detail);
	if (!path_is_file(&path))
		return node_fail(ctx, "path: there is no such file");
	ref = load(&path, &err);
	return ref ? done(ctx, ref) : node_fail(ctx, "path: %s", err.detail);
}

/* What is known at once are the names; each file is read when it is asked for. */
struct folder_state {
	struct path folder;  /* in the arena, which lasts as long as there is more */
	struct value *names; /* paths below the folder */
	size_t at;
};

static void free_folder(void *ptr)
{
	struct folder_state *state = ptr;

	value_unref(state->names);
	state->names = NULL;
}

static bool wanted(struct node_ctx *ctx, const char *name)
{
	const struct value *endings = node_get(ctx, "extensions");
	const char *ending = name + posix_extension(sv_of(name));
	const char *pattern = node_text(ctx, "pattern");

	for (size_t i = 0; i < value_len(endings); i++) {
		if (sv_eq_nocase(value_sv(list_at(endings, i)), ending))
			return !*pattern || name_matches(sv_of(name), sv_of(pattern));
	}
	return false;
}

static int find_folder(struct node_ctx *ctx, struct path *path, struct err *err)
{
	if (!*node_text(ctx, "folder"))
		return err_set(err, 400, "must not be empty");
	if (path_any(ctx, node_text(ctx, "folder"), path, err))
		return -1;
	return path_is_dir(path) ? 0 : err_set(err, 400, "there is no such folder");
}

static enum node_result begin_folder(struct node_ctx *ctx)
{
	struct folder_state *state = node_state(ctx);
	bool deep = node_bool(ctx, "include_subdirectories");
	struct err err = { 0 };

	free_folder(state);
	state->at = 0;
	state->names = value_list();
	if (find_folder(ctx, &state->folder, &err) ||
	    path_glob(ctx, &state->folder, "", deep ? "**/*" : "*", deep, state->names, &err))
		return node_fail(ctx, "folder: %s", err.detail);
	return NODE_MORE;
}

/* One picture, or NODE_MORE when the next name was none. */
static enum node_result next_of_folder(struct node_ctx *ctx)
{
	struct folder_state *state = node_state(ctx);
	const char *name = value_text(list_at(state->names, state->at));
	struct err err = { 0 };
	struct path path;
	struct value *ref;

	if (!name)
		return NODE_DONE;
	if (state->at++ >= FILES_MAX)
		return node_fail(ctx, "folder: has more than %d files", FILES_MAX);
	path = path_child(ctx, &state->folder, name);
	if (!path_is_file(&path) || !wanted(ctx, path.full))
		return NODE_MORE;
	ref = load(&path, &err);
	if (!ref)
		return node_fail(ctx, "%s: %s", name, err.detail);
	node_emit(ctx, "image", ref);
	node_emit(ctx, "path", value_str(path.full));
	return NODE_MORE;
}

/* The pictures of a folder of assets. */
struct gathering {
	struct arena *arena;
	struct value *items;
	char after[64]; /* id of the last one */
};

static int gather(const struct asset *a, void *arg)
{
	struct gathering *g = arg;
	struct value *item = value_map();
	struct value *ref = asset_new("image");

	snprintf(g->after, sizeof(g->after), "%.*s", (int)a->c[ASSET_ID].n, a->c[ASSET_ID].p);
	map_set_str(ref, "asset_id", g->after);
	map_set(ref, "uri", value_strf("asset://%s", asset_key(g->arena, a)));
	map_set(item, "image", ref);
	map_set(item, "name", value_strn(a->c[ASSET_NAME].p, a->c[ASSET_NAME].n));
	list_push(g->items, item);
	return 0;
}

#define PAGE 500

static enum node_result load_assets(struct node_ctx *ctx)
{
	const char *folder = map_str(node_get(ctx, "folder"), "asset_id", "");
	struct gathering g = { .arena = node_arena(ctx), .items = list_begin(ctx) };
	const char *user = node_user(ctx);
	struct err err = { 0 };
	struct db *db = db_default(&err);
	bool more = true;

	if (!*folder)
		return node_fail(ctx, "folder: no folder of assets is chosen");
	while (db && more && value_len(g.items) < FILES_MAX) {
		struct asset_filter filter = { .parent_id = folder, .content_type = "image", .limit = PAGE };

		if (*g.after)
			filter.after = arena_strndup(g.arena, g.after, strlen(g.after));
		if (asset_list(db, g.arena, user ? user : "1", &filter, gather, &g, &more, &err))
			return node_fail(ctx, "folder: %s", err.detail);
	}
	return db ? NODE_MORE : fail_err(ctx, &err);
}

/* ---- saving ------------------------------------------------------------------------------------------- */

static void tell_saved(struct node_ctx *ctx, const char *name, struct value *ref)
{
	struct value *message = value_map();

	map_set_str(message, "type", "save_update");
	map_set_str(message, "node_id", node_id(ctx));
	map_set_str(message, "name", name);
	map_set(message, "value", value_ref(ref));
	map_set_str(message, "output_type", "image");
	node_send(ctx, message);
}

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
	if (find_folder(ctx, &folder, err))
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
	tell_saved(ctx, name, ref);
	return done(ctx, ref);
}

/* The asset in the store and in its table; nothing of it stays when one fails. */
static int keep(struct node_ctx *ctx, const struct asset *a, const struct value *data, struct err *err)
{
	const char *key = asset_key(node_arena(ctx), a);
	struct store *store = store_assets(err);
	struct db *db = store ? db_default(err) : NULL;

	if (!db || store_put_data(store, key, value_text(data), value_len(data), err))
		return -1;
	if (db_begin(db, err) == 0 && asset_put(db, a, err) == 0 && db_commit(db, err) == 0)
		return 0;
	if (store_delete(store, key, NULL))
		log_warn("%s of an asset that was not kept stays in the store", key);
	return -1;
}

/* Makes the picture an asset of the run's user, in the folder that is chosen. */
static int store_image(struct node_ctx *ctx, const char *name, struct value *ref, struct err *err)
{
	const char *folder = map_str(node_get(ctx, "folder"), "asset_id", "");
	const char *user = node_user(ctx) ? node_user(ctx) : "1";
	struct arena *arena = node_arena(ctx);
	const struct value *data = map_get(ref, "data");
	struct db *db = db_default(err);
	struct asset a;
	char etag[ETAG_SIZE];
	int missing;

	if (!db)
		return -1;
	/* Home has no row. */
	if (strcmp(folder, user) == 0)
		folder = "";
	missing = *folder ? asset_get(db, arena, user, folder, &a, err) : 0;
	if (missing || (*folder && !asset_is_folder(&a)))
		return missing < 0 ? -1 : err_set(err, 404, "folder: there is no such folder of assets");
	asset_init(arena, user, folder, &a);
	a.c[ASSET_NAME] = sv_of(name);
	a.c[ASSET_CONTENT_TYPE] = SV_LIT("image/png");
	a.c[ASSET_NODE_ID] = sv_of(node_id(ctx));
	a.c[ASSET_JOB_ID] = sv_of(node_job(ctx) ? node_job(ctx) : "");
	a.c[ASSET_SIZE] = sv_of(arena_printf(arena, "%zu", value_len(data)));
	if (keep(ctx, &a, data, err))
		return -1;
	map_set(ref, "asset_id", value_strn(a.c[ASSET_ID].p, a.c[ASSET_ID].n));
	map_set(ref, "uri", value_strf("asset://%s", asset_key(arena, &a)));
	asset_etag(&a, etag);
	notify_change(user, "created", "asset", map_str(ref, "asset_id", ""), etag);
	return 0;
}

static enum node_result save_image(struct node_ctx *ctx)
{
	const char *name = path_dated(node_arena(ctx), node_text(ctx, "name"));
	struct raster *r = image_property(ctx, "image");
	struct err err = { 0 };
	struct value *ref = r ? image_value(r, &err) : NULL;

	if (!ref)
		return r ? fail_err(ctx, &err) : NODE_FAILED;
	if (store_image(ctx, name, ref, &err)) {
		value_unref(ref);
		return fail_err(ctx, &err);
	}
	tell_saved(ctx, name, ref);
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

#define FOLDER_DEFAULT "{\"type\": \"folder\", \"uri\": \"\", \"asset_id\": null, \"data\": null, \"metadata\": null}"

static const struct node_prop load_assets_props[] = {
	{ .name = "folder", .type = "folder", .def = FOLDER_DEFAULT },
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
	{ .name = "folder", .type = "folder", .def = FOLDER_DEFAULT },
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
		.state_size = sizeof(struct folder_state),
		.destroy = free_folder,
		.process = begin_folder,
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
