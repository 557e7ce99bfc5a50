/* Rows of assets and workspaces. */
#include "model/model.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct box {
	struct arena *arena;
	struct db *db;
	struct err err;
	char folder[64];
};

static int setup(void **state)
{
	struct box *b = calloc(1, sizeof(*b));

	b->arena = arena_new();
	snprintf(b->folder, sizeof(b->folder), "/tmp/test_assets.XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	assert_int_equal(db_open(&b->db, arena_printf(b->arena, "%s/db", b->folder), 0, &b->err), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct box *b = *state;

	db_close(b->db);
	assert_int_equal(system(arena_printf(b->arena, "rm -rf %s", b->folder)), 0);
	arena_free(b->arena);
	free(b);
	return 0;
}

/* Stores an asset and gives its id. */
static const char *add(struct box *b, const char *user, const char *parent, const char *name, const char *type)
{
	struct asset a;

	asset_init(b->arena, user, parent, &a);
	a.c[ASSET_NAME] = sv_of(name);
	a.c[ASSET_CONTENT_TYPE] = sv_of(type);
	assert_int_equal(db_begin(b->db, &b->err), 0);
	assert_int_equal(asset_put(b->db, &a, &b->err), 0);
	assert_int_equal(db_commit(b->db, &b->err), 0);
	return a.c[ASSET_ID].p;
}

static int join(const struct asset *a, void *arg)
{
	return buf_add(arg, a->c[ASSET_NAME].p, a->c[ASSET_NAME].n);
}

/* The names that a list shows, one after the other. */
static void expect_list(struct box *b, const struct asset_filter *filter, const char *query, const char *names, bool more)
{
	struct buf out;
	bool got;

	buf_init(&out, BUF_MAX_SMALL);
	buf_adds(&out, "");
	assert_int_equal(query ? asset_search(b->db, b->arena, "1", query, filter, join, &out, &got, &b->err) :
				 asset_list(b->db, b->arena, "1", filter, join, &out, &got, &b->err),
			 0);
	assert_string_equal(out.data, names);
	assert_int_equal(got, more);
	buf_free(&out);
}

static void lists(void **state)
{
	struct box *b = *state;
	const char *folder = add(b, "1", NULL, "F", ASSET_FOLDER);
	const char *first = add(b, "1", folder, "a", "text/plain");

	add(b, "1", folder, "b", "image/png");
	add(b, "2", folder, "x", "text/plain");
	expect_list(b, &(struct asset_filter){ .parent_id = "1", .limit = 10 }, NULL, "F", false);
	expect_list(b, &(struct asset_filter){ .parent_id = folder, .limit = 10 }, NULL, "ab", false);
	expect_list(b, &(struct asset_filter){ .parent_id = folder, .limit = 1 }, NULL, "a", true);
	expect_list(b, &(struct asset_filter){ .parent_id = folder, .after = first, .limit = 1 }, NULL, "b", false);
	expect_list(b, &(struct asset_filter){ .content_type = "TEXT", .limit = 10 }, NULL, "a", false);
	expect_list(b, &(struct asset_filter){ .content_type = "plain", .limit = 10 }, NULL, "", false);
	expect_list(b, &(struct asset_filter){ .workflow_id = "w", .limit = 10 }, NULL, "", false);
	expect_list(b, &(struct asset_filter){ .limit = 10 }, "A", "a", false);
	expect_list(b, &(struct asset_filter){ .content_type = "image", .limit = 10 }, "_", "b", false);
	expect_list(b, &(struct asset_filter){ .limit = 10 }, "' OR 1=1", "", false);
}

static void trees(void **state)
{
	struct box *b = *state;
	const char *top = add(b, "1", NULL, "top", ASSET_FOLDER);
	const char *in = add(b, "1", top, "in", ASSET_FOLDER);
	const char *file = add(b, "1", in, "f", "text/plain");
	struct value *cache = value_map();
	struct asset_tree tree;
	struct value *names;
	struct asset root;

	assert_int_equal(asset_get(b->db, b->arena, "1", top, &root, &b->err), 0);
	assert_int_equal(asset_tree(b->db, b->arena, "1", &root, &tree, &b->err), 0);
	assert_int_equal(tree.count, 3);
	assert_int_equal(tree.nodes[2].depth, 2);
	assert_int_equal(asset_folders(b->db, b->arena, "1", in, cache, &names, &b->err), 0);
	assert_int_equal(value_len(names), 2);
	assert_string_equal(value_text(list_at(names, 0)), "top");
	assert_int_equal(asset_folders(b->db, b->arena, "1", "none", cache, &names, &b->err), 0);
	assert_int_equal(value_len(names), 0);
	assert_int_equal(asset_is_below(b->db, b->arena, "1", file, top, &b->err), 1);
	assert_int_equal(asset_is_below(b->db, b->arena, "1", top, in, &b->err), 0);

	/* A circle: each counts once. */
	root.c[ASSET_PARENT_ID] = sv_of(in);
	assert_int_equal(db_begin(b->db, &b->err), 0);
	assert_int_equal(asset_put(b->db, &root, &b->err), 0);
	assert_int_equal(db_commit(b->db, &b->err), 0);
	assert_int_equal(asset_tree(b->db, b->arena, "1", &root, &tree, &b->err), 0);
	assert_int_equal(tree.count, 3);
	value_unref(cache);
	cache = value_map();
	assert_int_equal(asset_folders(b->db, b->arena, "1", in, cache, &names, &b->err), 0);
	assert_int_equal(value_len(names), 2);
	assert_int_equal(asset_is_below(b->db, b->arena, "1", file, "none", &b->err), 0);
	value_unref(cache);
}

static void keys(void **state)
{
	struct box *b = *state;
	struct asset a = { 0 };

	a.c[ASSET_ID] = sv_of("abc");
	a.c[ASSET_CONTENT_TYPE] = sv_of("image/png");
	assert_string_equal(asset_key(b->arena, &a), "abc.png");
	assert_string_equal(asset_thumbnail_key(b->arena, &a), "abc_thumb.jpg");
	a.c[ASSET_CONTENT_TYPE] = sv_of("x/../../y");
	assert_string_equal(asset_key(b->arena, &a), "abc.bin");
	a.c[ASSET_ID] = sv_of("../abc");
	assert_null(asset_key(b->arena, &a));
	assert_null(asset_thumbnail_key(b->arena, &a));
	a.c[ASSET_ID] = sv_of("abc");
	a.c[ASSET_CONTENT_TYPE] = sv_of(ASSET_FOLDER);
	assert_null(asset_key(b->arena, &a));
}

static int join_workspace(const struct workspace *w, void *arg)
{
	return buf_add(arg, w->c[WORKSPACE_NAME].p, w->c[WORKSPACE_NAME].n);
}

static void workspaces(void **state)
{
	struct box *b = *state;
	struct workspace w[3];
	struct workspace got;
	struct buf out;
	bool more;

	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		workspace_init(b->arena, "1", &w[i]);
		w[i].c[WORKSPACE_NAME] = sv_of(arena_printf(b->arena, "%zu", i));
		w[i].c[WORKSPACE_PATH] = SV_LIT("/tmp");
		w[i].c[WORKSPACE_IS_DEFAULT] = i < 2 ? SV_LIT("true") : SV_LIT("false");
		assert_int_equal(db_begin(b->db, &b->err), 0);
		assert_int_equal(workspace_put(b->db, b->arena, &w[i], &b->err), 0);
		assert_int_equal(db_commit(b->db, &b->err), 0);
	}
	assert_int_equal(workspace_get_default(b->db, b->arena, "1", &got, &b->err), 0);
	assert_true(sv_eq(got.c[WORKSPACE_NAME], "1"));
	assert_int_equal(workspace_get_default(b->db, b->arena, "2", &got, &b->err), 1);
	assert_int_equal(workspace_is_used(b->db, w[0].c[WORKSPACE_ID].p, &b->err), 0);

	/* The first lost its default when the second came, so it was changed after that one was made. */
	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(workspace_list(b->db, b->arena, "1", NULL, 1, join_workspace, &out, &more, &b->err), 0);
	assert_true(more);
	assert_int_equal(workspace_list(b->db, b->arena, "1", workspace_cursor(b->arena, &w[2]), 9, join_workspace, &out, &more,
					&b->err),
			 0);
	assert_false(more);
	assert_string_equal(out.data, "201");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lists, setup, teardown),
		cmocka_unit_test_setup_teardown(trees, setup, teardown),
		cmocka_unit_test_setup_teardown(keys, setup, teardown),
		cmocka_unit_test_setup_teardown(workspaces, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
