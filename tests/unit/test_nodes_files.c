/* What nodes may touch (paths), nodes of lib.os and lib.sqlite, in a folder of the test's own. */
#include "node_harness.h"

#include "auth/auth.h"
#include "wsd/nodes/fetch.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

extern const struct node_table nodes_lib_os;
extern const struct node_table nodes_lib_os_path;
extern const struct node_table nodes_lib_sqlite;

static char top[] = "/tmp/test_nodes_files.XXXXXX";
static char space[64];

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Runs a node; each %s in the properties is the test's folder. The harness is given back in *h. */
static enum node_result run(const struct node_table *table, struct harness **h, const char *type, const char *format)
{
	struct buf props;
	const char *at;

	buf_init(&props, BUF_MAX_SMALL);
	while ((at = strstr(format, "%s"))) {
		buf_add(&props, format, (size_t)(at - format));
		buf_adds(&props, top);
		format = at + 2;
	}
	buf_adds(&props, format);
	*h = harness_new(table, type, props.data, NULL);
	harness_workspace(*h, space);
	buf_free(&props);
	return harness_run(*h);
}

static void expect(const struct node_table *table, const char *type, const char *format, const char *expected)
{
	struct harness *h;
	enum node_result result = run(table, &h, type, format);

	if (*expected == '!') {
		assert_int_equal(result, NODE_FAILED);
		if (!strstr(harness_error(h), expected + 1))
			fail_msg("%s: '%s' has no '%s'", type, harness_error(h), expected + 1);
	} else {
		if (result != NODE_DONE)
			fail_msg("%s: %s", type, harness_error(h));
		assert_string_equal(harness_json(h, "output"), expected);
	}
	harness_free(h);
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(space, sizeof(space), "%s/space", top);
	assert_int_equal(mkdir(space, 0700), 0);
	put("a.txt", "hello");
	put("space/in.txt", "in");
	put("space/.hidden", "h");
	return 0;
}

static int tear_down(void **state)
{
	char *command = NULL;
	int result;

	(void)state;
	assert_true(asprintf(&command, "rm -r %s", top) > 0);
	result = system(command);
	free(command);
	return result;
}

static void test_texts(void **state)
{
	static const struct node_case cases[] = {
		{ "lib.os.NormalizePath", "{\"path\": \"//a/./b/../../..\"}", "\"//\"" },
		{ "lib.os.NormalizePath", "{\"path\": \"a/../../b\"}", "\"../b\"" },
		{ "lib.os.RelativePath", "{\"target_path\": \"/a/x\", \"start_path\": \"/a/b/c\"}", "\"../../x\"" },
		{ "lib.os.RelativePath", "{\"target_path\": \"/ab\", \"start_path\": \"/a\"}", "\"../ab\"" },
		{ "lib.os.JoinPaths", "{\"paths\": [\"a\", \"/b\", \"c\"]}", "\"/b/c\"" },
		{ "lib.os.JoinPaths", "{}", "!paths" },
		{ "lib.os.FileExtension", "{\"path\": \"a/...b.c\"}", "\".c\"" },
		{ "lib.os.FileExtension", "{\"path\": \"a/...\"}", "\"\"" },
		{ "lib.os.Basename", "{\"path\": \" \"}", "!path" },
		{ "lib.os.FileNameMatch", "{\"filename\": \"x\", \"pattern\": \"[!a-c]\"}", "true" },
		{ "lib.os.FileNameMatch", "{\"filename\": \"-\", \"pattern\": \"[a-]\"}", "true" },
		{ "lib.os.FileNameMatch", "{\"filename\": \"[x\", \"pattern\": \"[x\"}", "true" },
		{ "lib.os.FileNameMatch", "{\"filename\": \"]\", \"pattern\": \"[]]\"}", "true" },
		{ "lib.os.FileNameMatch", "{\"filename\": \"aXbXc\", \"pattern\": \"a*X?\"}", "true" },
		{ "lib.os.FilterFileNames",
		  "{\"filenames\": [\"É.txt\", \"x\"], \"pattern\": \"é*\", \"case_sensitive\": false}", "[\"É.txt\"]" },
	};

	(void)state;
	node_check(&nodes_lib_os_path, cases, ARRAY_LEN(cases));
}

static void test_open(void **state)
{
	(void)state;
	expect(&nodes_lib_os, "lib.os.FileExists", "{\"path\": \"%s/a.txt\"}", "[true]");
	expect(&nodes_lib_os, "lib.os.GetFileSize", "{\"path\": \"%s/a.txt\"}", "[5]");
	expect(&nodes_lib_os, "lib.os.GetFileSize", "{\"path\": \"%s/none\"}", "!nothing is there");
	expect(&nodes_lib_os, "lib.os.GetFileSize", "{\"path\": \"a\\u0000b\"}", "!NUL");
	expect(&nodes_lib_os, "lib.os.CreateDirectory", "{\"path\": \"%s/n/e/w\"}", "[]");
	expect(&nodes_lib_os, "lib.os.CreateDirectory", "{\"path\": \"%s/n/e/w\", \"exist_ok\": false}", "!already there");
	expect(&nodes_lib_os, "lib.os.CreateDirectory", "{\"path\": \"%s/a.txt/x\"}", "!");
	expect(&nodes_lib_os, "lib.os.CopyFile", "{\"source_path\": \"%s/a.txt\", \"destination_path\": \"%s/n\"}", "[]");
	expect(&nodes_lib_os, "lib.os.CopyFile", "{\"source_path\": \"%s/a.txt\", \"destination_path\": \"%s/a.txt\"}", "!same");
	expect(&nodes_lib_os, "lib.os.MoveFile", "{\"source_path\": \"%s/n/a.txt\", \"destination_path\": \"%s/n/e\"}", "[]");
	expect(&nodes_lib_os, "lib.os.IsFile", "{\"path\": \"%s/n/e/a.txt\"}", "[true]");
	expect(&nodes_lib_os, "lib.os.MoveFile", "{\"source_path\": \"%s/n\", \"destination_path\": \"%s/n/e/x\"}", "!");
}

static void test_list(void **state)
{
	struct harness *h;

	(void)state;
	put("space/q.md", "");
	assert_int_equal(run(&nodes_lib_os, &h, "lib.os.ListFiles",
			     "{\"folder\": \"%s/sp*\", \"pattern\": \"*.md\", \"include_subdirectories\": true}"), NODE_DONE);
	assert_int_equal(harness_count(h, "file"), 1);
	assert_true(str_ends(value_text(harness_output(h, "file", 0)), "/space/q.md"));
	harness_free(h);
}

static void test_sqlite(void **state)
{
	(void)state;
	expect(&nodes_lib_sqlite, "lib.sqlite.ExecuteSQL", "{\"database_name\": \"t.db\", \"sql\": \"CREATE TABLE k (a, b)\"}",
	       "[{\"rows_affected\":-1,\"last_row_id\":0,\"message\":\"SQL executed successfully\"}]");
	expect(&nodes_lib_sqlite, "lib.sqlite.Insert",
	       "{\"database_name\": \"t.db\", \"table_name\": \"k\", \"data\": {\"a\": {\"x\": 1}, \"b\": \"42\"}}",
	       "[{\"row_id\":1,\"rows_affected\":1,\"message\":\"Inserted record with ID 1\"}]");
	expect(&nodes_lib_sqlite, "lib.sqlite.Query", "{\"database_name\": \"t.db\", \"table_name\": \"k\"}",
	       "[[{\"a\":{\"x\":1},\"b\":42}]]");
	expect(&nodes_lib_sqlite, "lib.sqlite.Query", "{\"database_name\": \"none.db\"}", "[[]]");
	expect(&nodes_lib_sqlite, "lib.sqlite.ExecuteSQL", "{\"database_name\": \"t.db\", \"sql\": \"SELECT 1; SELECT 2\"}",
	       "!only one");
	expect(&nodes_lib_sqlite, "lib.sqlite.ExecuteSQL", "{\"database_name\": \"t.db\", \"sql\": \"SELECT 1 AS a; -- end\"}",
	       "[{\"rows\":[{\"a\":1}],\"count\":1,\"message\":\"Query returned 1 row(s)\"}]");
	expect(&nodes_lib_sqlite, "lib.sqlite.ExecuteSQL",
	       "{\"database_name\": \"t.db\", \"sql\": \"SELECT ?\", \"parameters\": [1, 2]}", "!parameters");
	expect(&nodes_lib_sqlite, "lib.sqlite.ExecuteSQL",
	       "{\"database_name\": \"t.db\", \"sql\": \"ATTACH '%s/x.db' AS x\"}", "!SQLite");
	expect(&nodes_lib_sqlite, "lib.sqlite.ExecuteSQL", "{\"database_name\": \"t.db\", \"sql\": \"VACUUM INTO '%s/y.db'\"}",
	       "!SQLite");
	expect(&nodes_lib_sqlite, "lib.sqlite.ExecuteSQL", "{\"database_name\": \"../t.db\", \"sql\": \"SELECT 1\"}", "!upwards");
	expect(&nodes_lib_sqlite, "lib.sqlite.ExecuteSQL", "{\"database_name\": \"/t.db\", \"sql\": \"SELECT 1\"}", "!relative");
	expect(&nodes_lib_sqlite, "lib.sqlite.Delete", "{\"database_name\": \"t.db\", \"table_name\": \"k\"}", "!where");
}

static bool may_reach(const char *address, const char *host)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
		return fetch_address_allowed(&four, host);
	assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
	return fetch_address_allowed(&six, host);
}

/* With authentication: the workspace and nothing else, no hidden names, no links that lead out. */
static void test_restricted(void **state)
{
	char link_path[128];
	struct err err;

	(void)state;
	assert_true(may_reach("127.0.0.1", "localhost"));
	setenv("HOME", top, 1);
	setenv("AUTH_PROVIDER", "static", 1);
	setenv("SERVER_AUTH_TOKEN", "0123456789abcdef0123456789abcdef", 1);
	setenv("NODETOOL_ALLOWED_HOSTS", "intern.example 10.0.0.7", 1);
	assert_int_equal(config_load(&err), 0);
	assert_int_equal(auth_init(&err), 0);
	assert_true(paths_restricted());

	expect(&nodes_lib_os, "lib.os.FileExists", "{\"path\": \"%s/space/in.txt\"}", "[true]");
	expect(&nodes_lib_os, "lib.os.FileExists", "{\"path\": \"in.txt\"}", "[true]");
	expect(&nodes_lib_os, "lib.os.FileExists", "{\"path\": \"%s/a.txt\"}", "!not within");
	expect(&nodes_lib_os, "lib.os.FileExists", "{\"path\": \"../a.txt\"}", "!not within");
	expect(&nodes_lib_os, "lib.os.FileExists", "{\"path\": \"%s/space/.hidden\"}", "!not within");
	expect(&nodes_lib_os, "lib.os.GetPathInfo", "{\"path\": \"/etc/passwd\"}", "!not within");
	snprintf(link_path, sizeof(link_path), "%s/out", space);
	assert_int_equal(symlink("..", link_path), 0);
	expect(&nodes_lib_os, "lib.os.FileExists", "{\"path\": \"out/a.txt\"}", "[false]");
	expect(&nodes_lib_os, "lib.os.CopyFile", "{\"source_path\": \"out/a.txt\", \"destination_path\": \"c\"}", "!a.txt");
	expect(&nodes_lib_os, "lib.os.CopyFile", "{\"source_path\": \"in.txt\", \"destination_path\": \"c.txt\"}", "[]");
	expect(&nodes_lib_sqlite, "lib.sqlite.ExecuteSQL", "{\"database_name\": \"out/t.db\", \"sql\": \"SELECT 1\"}",
	       "!does not exist");

	assert_false(may_reach("127.0.0.1", "localhost"));
	assert_false(may_reach("169.254.169.254", "metadata"));
	assert_false(may_reach("10.0.0.8", "x"));
	assert_false(may_reach("::1", "x"));
	assert_false(may_reach("fd00::1", "x"));
	assert_false(may_reach("::ffff:192.168.1.1", "x"));
	assert_false(may_reach("64:ff9b::7f00:1", "x"));
	assert_true(may_reach("10.0.0.7", "x"));
	assert_true(may_reach("10.0.0.9", "Intern.example"));
	assert_true(may_reach("93.184.216.34", "x"));
	assert_true(may_reach("2606:2800:220:1::1", "x"));
	auth_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),  cmocka_unit_test(test_open),	  cmocka_unit_test(test_list),
		cmocka_unit_test(test_sqlite), cmocka_unit_test(test_restricted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
