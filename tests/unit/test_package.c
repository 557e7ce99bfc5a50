/* package: where packages are found, that changes are seen, examples, and the search over their nodes. */
#include "package/package.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char root[64];
static struct err err;

/* Writes ROOT/path, with its folders. */
static void put(const char *path, const char *text)
{
	char *full = xasprintf("%s/%s", root, path);
	FILE *f;

	for (char *p = full + strlen(root) + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	free(full);
}

/* A variable out of parts of the test's folder; "$" stands for it. */
static void set(const char *name, const char *text)
{
	struct buf out;

	buf_init(&out, 4096);
	for (; *text; text++) {
		if (*text == '$')
			buf_adds(&out, root);
		else
			buf_addc(&out, *text);
	}
	setenv(name, out.data ? out.data : "", 1);
	buf_free(&out);
}

static int setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/test_package.XXXXXX");
	assert_non_null(mkdtemp(root));
	setenv("HOME", root, 1);
	set("NODETOOL_SHARE_DIR", "$/share");
	unsetenv("NODETOOL_PACKAGE_PATH");
	unsetenv("NODETOOL_PYTHON_ENV");
	put("share/packages/own/package_metadata/own.json", "{\"name\":\"own\",\"nodes\":[]}");
	return config_load(&err);
}

static int teardown(void **state)
{
	char *command = xasprintf("rm -rf '%s'", root);

	(void)state;
	package_free_all();
	assert_int_equal(system(command), 0);
	free(command);
	return 0;
}

/* The names of what is found, in order. */
static void found(const char *names)
{
	struct buf out;
	size_t count = package_count();

	buf_init(&out, 4096);
	for (size_t i = 0; i < count; i++)
		buf_printf(&out, "%s%s", i ? " " : "", package_at(i)->name);
	assert_null(package_at(count));
	assert_string_equal(out.data ? out.data : "", names);
	buf_free(&out);
}

static void test_places(void **state)
{
	(void)state;
	found("own");
	put("more/b/package_metadata/b.json", "{}");
	put("more/a/package_metadata/a.json", "{}");
	put("more/.hidden/package_metadata/hidden.json", "{}");
	put("more/empty/x", "");
	set("NODETOOL_PACKAGE_PATH", "$/more");
	found("a b");
	/* An empty part is the server's own folder. */
	set("NODETOOL_PACKAGE_PATH", "$/more:");
	found("a b own");
	set("NODETOOL_PACKAGE_PATH", ":$/nowhere:$/more");
	found("own a b");
	/* A part may be a package itself, and a folder may hold several. */
	put("two/package_metadata/x.json", "{}");
	put("two/package_metadata/y.json", "{}");
	put("two/package_metadata/notes.txt", "");
	put("two/package_metadata/.json", "{}");
	set("NODETOOL_PACKAGE_PATH", "$/two");
	found("x y");
	/* Of two with one name the first counts. */
	put("again/a/package_metadata/a.json", "{\"description\":\"second\"}");
	set("NODETOOL_PACKAGE_PATH", "$/again:$/more");
	found("a b");
	assert_string_equal(map_str(package_find("a")->metadata, "description", ""), "second");
	assert_null(package_find("none"));
}

static void test_python(void **state)
{
	(void)state;
	put("env/lib/python3.11/site-packages/nodetool/package_metadata/nodetool-base.json", "{\"version\":\"1\"}");
	put("env/lib/python3.11/site-packages/nodetool/package_metadata/nodetool-more.json", "{}");
	put("env/lib/python3.11/site-packages/nodetool/examples/nodetool-base/One.json", "{\"id\":\"one\"}");
	put("env/lib/other/site-packages/nodetool/package_metadata/nodetool-no.json", "{}");
	set("NODETOOL_PYTHON_ENV", "$/env");
	found("own nodetool-base nodetool-more");
	assert_string_equal(map_str(package_example(package_find("nodetool-base"), "One", NULL), "id", ""), "one");
	/* One that is worked on elsewhere. */
	put("work/src/nodetool/package_metadata/nodetool-mine.json", "{}");
	char *link = xasprintf("import something\n%s/work/src\n%s/nowhere\nrelative\n", root, root);
	put("env/lib/python3.11/site-packages/mine.pth", link);
	free(link);
	found("own nodetool-mine nodetool-base nodetool-more");
}

static void test_changes(void **state)
{
	char *path = xasprintf("%s/more/a/package_metadata/a.json", root);

	(void)state;
	set("NODETOOL_PACKAGE_PATH", "$/more");
	found("");
	put("more/a/package_metadata/a.json", "{\"nodes\":[{\"node_type\":\"t.A\",\"title\":\"Ah\"}]}");
	found("a");
	assert_string_equal(package_node_title("t.A"), "Ah");
	assert_null(package_node_title("t.B"));
	put("more/b/other", "");
	found("a");
	put("more/b/package_metadata/b.json", "{}");
	found("a b");
	put("more/a/package_metadata/a.json", "{\"nodes\":[{\"node_type\":\"t.B\",\"title\":\"Be\"}]}");
	found("a b");
	assert_string_equal(package_node_title("t.B"), "Be");
	assert_null(package_node_title("t.A"));
	assert_int_equal(unlink(path), 0);
	found("b");
	free(path);
}

/* What is no package, or not as it should be, harms nobody. */
static void test_broken(void **state)
{
	struct value *whole;

	(void)state;
	put("more/a/package_metadata/a.json", "no json");
	put("more/b/package_metadata/b.json", "[]");
	put("more/c/package_metadata/c.json", "{\"nodes\":5,\"examples\":{\"a\":1},\"assets\":\"x\"}");
	put("more/d/package_metadata/d.json", "{\"nodes\":[1,null,{\"node_type\":7},{\"title\":\"x\"}],\"examples\":[1]}");
	put("more/e/package_metadata/e.json/x", "");
	set("NODETOOL_PACKAGE_PATH", "$/more");
	found("c d");
	assert_true(value_is(map_get(package_find("c")->metadata, "examples"), VALUE_LIST));
	assert_int_equal(value_len(map_get(package_find("c")->metadata, "assets")), 0);
	assert_null(map_get(package_find("d")->metadata, "nodes"));
	whole = package_read(package_find("d"));
	assert_int_equal(value_len(map_get(whole, "nodes")), 4);
	value_unref(whole);
	assert_int_equal(value_len(package_nodes()), 1);
}

static void test_examples(void **state)
{
	const struct package *p;
	const struct value *example;
	struct value *v = value_map();
	const char *path;

	(void)state;
	put("share/packages/own/examples/own/Two words.json", "{\"id\":\"two\"}");
	put("share/packages/own/examples/own/list.json", "[]");
	put("share/packages/own/secret.json", "{}");
	p = package_find("own");
	example = package_example(p, "Two words", &path);
	assert_string_equal(map_str(example, "id", ""), "two");
	assert_true(str_ends(path, "/share/packages/own/examples/own/Two words.json"));
	put("share/packages/own/examples/own/Two words.json", "{\"id\":\"TWO\"}");
	assert_string_equal(map_str(package_example(p, "Two words", NULL), "id", ""), "TWO");
	assert_null(package_example(p, "list", NULL));
	assert_null(package_example(p, "none", NULL));
	assert_null(package_example(p, "", NULL));
	assert_null(package_example(p, "../../secret", NULL));
	assert_null(package_example(p, ".hidden", NULL));
	map_set_str(v, "id", "three");
	assert_int_equal(package_save_example(p, "Three", v, &err), 0);
	assert_string_equal(map_str(package_example(p, "Three", NULL), "id", ""), "three");
	map_set_str(v, "id", "another id");
	assert_int_equal(package_save_example(p, "Three", v, &err), 0);
	assert_string_equal(map_str(package_example(p, "Three", NULL), "id", ""), "another id");
	assert_int_equal(package_save_example(p, "a/b", v, &err), -1);
	assert_int_equal(err.status, 400);
	value_unref(v);
}

/* ---- search ---------------------------------------------------------------------------------------------- */

#define NODE(type, title, text) "{\"node_type\":\"" type "\",\"title\":\"" title "\",\"description\":\"" text "\"}"

/* The types that fit, in order; those that cannot be run have a "!". */
static void finds(const char *query, int64_t limit, const char *types)
{
	struct buf text;
	struct buf out;
	struct value *list;
	size_t count;

	buf_init(&text, BUF_MAX_BODY);
	buf_init(&out, 4096);
	buf_addc(&text, '[');
	assert_int_equal(package_search(query, limit, &text, &count, &err), 0);
	buf_addc(&text, ']');
	list = json_parse(text.data, text.len, NULL);
	assert_non_null(list);
	assert_int_equal(value_len(list), count);
	for (size_t i = 0; i < count; i++)
		buf_printf(&out, "%s%s%s", i ? " " : "", map_str(list_at(list, i), "node_type", "?"),
			   map_bool(list_at(list, i), "runnable", false) ? "" : "!");
	assert_string_equal(out.data ? out.data : "", types);
	value_unref(list);
	buf_free(&out);
	buf_free(&text);
}

static void in_package(const char *type, const char *wanted)
{
	struct arena *arena = arena_new();
	const char *package = NULL;

	assert_int_equal(package_of_node(arena, type, &package, &err), wanted ? 0 : 1);
	if (wanted)
		assert_string_equal(package, wanted);
	arena_free(arena);
}

static void test_search(void **state)
{
	(void)state;
	put("share/node_metadata.json", "[" NODE("t.text.Concat", "Concatenate", "Joins texts.") ","
						NODE("t.http.GetRequest", "Get Request", "Asks a web server for a text.") "]");
	put("share/packages/own/package_metadata/own.json",
	    "{\"repo_id\":\"me/own\",\"nodes\":[" NODE("t.text.Concat", "Concatenate", "Joins texts.") ","
						   NODE("t.later.Text", "Text", "Comes later.") ","
						   NODE("t.later.Umlaut", "Größe", "Not ASCII.") "]}");
	finds("", 0, "t.text.Concat t.later.Text! t.later.Umlaut! t.http.GetRequest");
	finds("  ", 2, "t.text.Concat t.later.Text!");
	/* A word in the title before one in the type before one in the description. */
	finds("text", 0, "t.later.Text! t.text.Concat t.http.GetRequest");
	finds("text", 1, "t.later.Text!");
	finds("concat", 0, "t.text.Concat");
	finds("JOINING", 0, "t.text.Concat");
	finds("get requ", 0, "t.http.GetRequest");
	finds("GetRequest", 0, "t.http.GetRequest");
	finds("t.http.GetRequest", 0, "t.http.GetRequest");
	finds("groß", 0, "t.later.Umlaut!");
	/* When no node has all words: those that have some. */
	finds("concat nonsense", 0, "t.text.Concat");
	finds("nonsense", 0, "");
	/* What FTS5 takes for its own language is nothing but text. */
	finds("\" OR title:*", 0, "");
	finds("***", 0, "");
	finds("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 text", 0, "");
	in_package("t.text.Concat", "me/own");
	in_package("t.http.GetRequest", PACKAGE_OWN);
	in_package("t.Nothing", NULL);
	/* The index follows the files. */
	put("share/node_metadata.json", "[" NODE("t.later.Text", "Text", "Is here now.") "]");
	finds("text", 0, "t.later.Text t.text.Concat!");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_python, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_examples, setup, teardown),
		cmocka_unit_test_setup_teardown(test_search, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
