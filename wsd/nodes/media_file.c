/* Pictures, sounds and texts from and to files and assets. */
#include "wsd/nodes/media_file.h"

#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "notify/notify.h"
#include "storage/storage.h"
#include "wsd/engine/asset.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/posixpath.h"

#define FILES_MAX 10000 /* files of one folder */

/* ---- files -------------------------------------------------------------------------------------------- */

/* The file's bytes as a reference; NULL with the reason. */
static struct value *load(const char *type, const struct path *path, struct err *err)
{
	struct value *ref;
	struct buf bytes;
	size_t len;

	if (path_read(path, ASSET_MAX, &bytes, err)) {
		buf_free(&bytes);
		return NULL;
	}
	len = bytes.len;
	ref = asset_from_bytes(type, buf_take(&bytes), len);
	map_set(ref, "uri", value_strf("file://%s", path->full));
	return ref;
}

enum node_result media_load_file(struct node_ctx *ctx, const char *type)
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
	ref = load(type, &path, &err);
	return ref ? done(ctx, ref) : node_fail(ctx, "path: %s", err.detail);
}

/* What is known at once are the names; each file is read when it is asked for. */
void media_folder_free(void *ptr)
{
	struct media_folder *state = ptr;

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

int media_folder_find(struct node_ctx *ctx, struct path *path, struct err *err)
{
	if (!*node_text(ctx, "folder"))
		return err_set(err, 400, "must not be empty");
	if (path_any(ctx, node_text(ctx, "folder"), path, err))
		return -1;
	return path_is_dir(path) ? 0 : err_set(err, 400, "there is no such folder");
}

enum node_result media_folder_begin(struct node_ctx *ctx)
{
	struct media_folder *state = node_state(ctx);
	bool deep = node_bool(ctx, "include_subdirectories");
	struct err err = { 0 };

	media_folder_free(state);
	state->at = 0;
	state->names = value_list();
	if (media_folder_find(ctx, &state->folder, &err) ||
	    path_glob(ctx, &state->folder, "", deep ? "**/*" : "*", deep, state->names, &err))
		return node_fail(ctx, "folder: %s", err.detail);
	return NODE_MORE;
}

enum node_result media_folder_pick(struct node_ctx *ctx, struct path *path)
{
	struct media_folder *state = node_state(ctx);
	const char *name;

	while ((name = value_text(list_at(state->names, state->at)))) {
		if (state->at++ >= FILES_MAX)
			return node_fail(ctx, "folder: has more than %d files", FILES_MAX);
		*path = path_child(ctx, &state->folder, name);
		if (path_is_file(path) && wanted(ctx, path->full))
			return NODE_MORE;
	}
	return NODE_DONE;
}

enum node_result media_folder_next(struct node_ctx *ctx, const char *type)
{
	struct path path;
	enum node_result result = media_folder_pick(ctx, &path);
	struct err err = { 0 };
	struct value *ref;

	if (result != NODE_MORE)
		return result;
	ref = load(type, &path, &err);
	if (!ref)
		return node_fail(ctx, "%s: %s", path.full, err.detail);
	node_emit(ctx, type, ref);
	node_emit(ctx, "path", value_str(path.full));
	return NODE_MORE;
}

/* ---- assets ------------------------------------------------------------------------------------------- */

struct gathering {
	struct arena *arena;
	const char *type;
	struct value *items;
	char after[64]; /* id of the last one */
};

static int gather(const struct asset *a, void *arg)
{
	struct gathering *g = arg;
	struct value *item = value_map();
	struct value *ref = asset_new(g->type);

	snprintf(g->after, sizeof(g->after), "%.*s", (int)a->c[ASSET_ID].n, a->c[ASSET_ID].p);
	map_set_str(ref, "asset_id", g->after);
	map_set(ref, "uri", value_strf("asset://%s", asset_key(g->arena, a)));
	map_set(item, g->type, ref);
	map_set(item, "name", value_strn(a->c[ASSET_NAME].p, a->c[ASSET_NAME].n));
	list_push(g->items, item);
	return 0;
}

#define PAGE 500

enum node_result media_load_assets(struct node_ctx *ctx, const char *type)
{
	const char *folder = map_str(node_get(ctx, "folder"), "asset_id", "");
	struct gathering g = { .arena = node_arena(ctx), .type = type, .items = list_begin(ctx) };
	const char *user = node_user(ctx);
	struct err err = { 0 };
	struct db *db = db_default(&err);
	bool more = true;

	if (!*folder)
		return node_fail(ctx, "folder: no folder of assets is chosen");
	while (db && more && value_len(g.items) < FILES_MAX) {
		struct asset_filter filter = { .parent_id = folder, .content_type = type, .limit = PAGE };

		if (*g.after)
			filter.after = arena_strndup(g.arena, g.after, strlen(g.after));
		if (asset_list(db, g.arena, user ? user : "1", &filter, gather, &g, &more, &err))
			return node_fail(ctx, "folder: %s", err.detail);
	}
	return db ? NODE_MORE : fail_err(ctx, &err);
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

int media_keep(struct node_ctx *ctx, const char *name, const char *content_type, struct value *ref,
	       struct err *err)
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
	a.c[ASSET_CONTENT_TYPE] = sv_of(content_type);
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

void media_tell_saved(struct node_ctx *ctx, const char *type, const char *name, const struct value *v)
{
	struct value *message = value_map();

	map_set_str(message, "type", "save_update");
	map_set_str(message, "node_id", node_id(ctx));
	map_set_str(message, "name", name);
	map_set(message, "value", value_ref((struct value *)v));
	map_set_str(message, "output_type", type);
	node_send(ctx, message);
}
