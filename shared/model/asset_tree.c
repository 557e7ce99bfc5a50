/* Assets as a tree: what lies below a folder, and the way up from one. Old databases hold circles: every walk counts an id once. */
#include "model/model.h"

#include <string.h>

#define FOLDERS_MAX 1000 /* on the way up: deeper than any tree that people make */

static const char parent_sql[] = "SELECT parent_id, name FROM nodetool_assets WHERE id = ?1 AND user_id = ?2";

static struct asset_node *append(struct arena *arena, struct asset_tree *tree)
{
	if (tree->count == tree->cap) {
		size_t cap = tree->cap ? tree->cap * 2 : 16;
		struct asset_node *more = arena_alloc(arena, cap * sizeof(*more));

		if (tree->count)
			memcpy(more, tree->nodes, tree->count * sizeof(*more));
		tree->nodes = more;
		tree->cap = cap;
	}
	return &tree->nodes[tree->count++];
}

struct gathering {
	struct arena *arena;
	struct asset_tree *out;
	int depth;
};

static int gather(const struct asset *a, void *arg)
{
	struct gathering *g = arg;
	struct asset_node *node = append(g->arena, g->out);

	node->depth = g->depth;
	node->asset = *a;
	for (int i = 0; i < ASSET_COLUMNS; i++) {
		/* Lent by the statement; numbers stand in the arena already. */
		if (a->c[i].p && asset_columns[i].kind <= COLUMN_JSON_MAP)
			node->asset.c[i].p = arena_strndup(g->arena, a->c[i].p, a->c[i].n);
	}
	return 0;
}

static int gather_children(struct db *db, struct arena *arena, const char *user_id, const char *id, int depth,
			   struct asset_tree *out, struct err *err)
{
	struct gathering g = { arena, out, depth };
	struct asset_filter filter = { .parent_id = id, .limit = INT64_MAX };
	bool more;

	return asset_list(db, arena, user_id, &filter, gather, &g, &more, err);
}

int asset_children(struct db *db, struct arena *arena, const char *user_id, const char *id, struct asset_tree *out,
		   struct err *err)
{
	return gather_children(db, arena, user_id, id, 1, out, err);
}

/* True the first time. */
static bool first_seen(struct value *seen, struct sv id)
{
	if (map_getn(seen, id.p, id.n))
		return false;
	map_setn(seen, id.p, id.n, value_bool(true));
	return true;
}

int asset_tree(struct db *db, struct arena *arena, const char *user_id, const struct asset *root, struct asset_tree *out,
	       struct err *err)
{
	struct value *seen = value_map();
	struct asset_tree pending = { 0 };
	struct asset_tree children;
	int result = 0;

	*out = (struct asset_tree){ 0 };
	append(arena, &pending)->asset = *root;
	while (pending.count && !result) {
		struct asset_node node = pending.nodes[--pending.count];
		struct sv id = node.asset.c[ASSET_ID];

		if (!id.p || !first_seen(seen, id))
			continue;
		*append(arena, out) = node;
		if (node.depth && !asset_is_folder(&node.asset))
			continue;
		children = (struct asset_tree){ 0 };
		result = gather_children(db, arena, user_id, id.p, node.depth + 1, &children, err);
		for (size_t i = children.count; i-- > 0;)
			*append(arena, &pending) = children.nodes[i];
	}
	value_unref(seen);
	return result;
}

/* Parent and name of one folder: 0, 1 (no such folder of this user), -1. */
static int parent_of(struct db *db, struct arena *arena, const char *user_id, const char *id, const char **parent,
		     const char **name, struct err *err)
{
	struct db_stmt *st = db_prepare(db, parent_sql, err);
	int found;

	if (!st)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, user_id);
	found = db_step(st, err);
	if (found > 0) {
		const char *p = db_col_dup(st, 0, arena);
		const char *n = db_col_dup(st, 1, arena);

		*parent = p ? p : "";
		*name = n ? n : "";
	}
	db_release(st);
	return found < 0 ? -1 : !found;
}

int asset_folders(struct db *db, struct arena *arena, const char *user_id, const char *id, struct value *cache,
		  struct value **names, struct err *err)
{
	const char *start = id;
	struct value *seen;
	struct value *way;
	int result = 0;

	*names = map_get(cache, start);
	if (*names)
		return 0;
	seen = value_map();
	way = value_list();
	while (value_len(way) < FOLDERS_MAX && strcmp(id, user_id) != 0 && first_seen(seen, sv_of(id))) {
		const char *name;

		result = parent_of(db, arena, user_id, id, &id, &name, err);
		if (result)
			break;
		list_insert(way, 0, value_str(name));
	}
	value_unref(seen);
	if (result < 0) {
		value_unref(way);
		return -1;
	}
	map_set(cache, start, way);
	*names = way;
	return 0;
}

int asset_is_below(struct db *db, struct arena *arena, const char *user_id, const char *id, const char *folder_id,
		   struct err *err)
{
	struct value *seen = value_map();
	const char *name;
	int result = 0;

	while (!result && strcmp(id, folder_id) != 0 && first_seen(seen, sv_of(id)))
		result = parent_of(db, arena, user_id, id, &id, &name, err);
	value_unref(seen);
	return result < 0 ? -1 : strcmp(id, folder_id) == 0;
}
