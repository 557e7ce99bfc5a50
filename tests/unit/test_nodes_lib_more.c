/* Nodes of nodetool.workspace, nodetool.document and lib.svg. */
#include "node_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

extern const struct node_table nodes_workspace;
extern const struct node_table nodes_workspace_media;
extern const struct node_table nodes_document;
extern const struct node_table nodes_lib_svg;

static char space[] = "/tmp/test_nodes_space.XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(space) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", space);
	return system(command);
}

static void expect(const struct node_table *table, const char *type, const char *props, const char *slot, const char *expected)
{
	struct harness *h = harness_new(table, type, props, NULL);
	enum node_result result;

	harness_workspace(h, space);
	result = harness_run(h);
	if (*expected == '!') {
		assert_int_equal(result, NODE_FAILED);
		if (!strstr(harness_error(h), expected + 1))
			fail_msg("%s: '%s' has no '%s'", type, harness_error(h), expected + 1);
	} else {
		if (result != NODE_DONE)
			fail_msg("%s: %s", type, harness_error(h));
		assert_string_equal(harness_json(h, slot), expected);
	}
	harness_free(h);
}

static void in_space(const char *type, const char *props, const char *expected)
{
	char full[128];

	snprintf(full, sizeof(full), "nodetool.workspace.%s", type);
	expect(&nodes_workspace, full, props, strcmp(type, "ListWorkspaceFiles") == 0 ? "file" : "output", expected);
}

static void test_workspace(void **state)
{
	(void)state;
	in_space("WriteTextFile", "{\"path\": \"a/b.txt\", \"content\": \"é\\n\"}", "[\"a/b.txt\"]");
	in_space("WriteTextFile", "{\"path\": \"a/b.txt\", \"content\": \"x\", \"append\": true}", "[\"a/b.txt\"]");
	in_space("ReadTextFile", "{\"path\": \"a/b.txt\"}", "[\"é\\nx\"]");
	in_space("ReadTextFile", "{\"path\": \"a/b.txt\", \"encoding\": \"latin-1\"}", "[\"Ã©\\nx\"]");
	in_space("ReadTextFile", "{\"path\": \"a/b.txt\", \"encoding\": \"ascii\"}", "!does not fit");
	in_space("ReadTextFile", "{\"path\": \"a\"}", "!no file");
	in_space("ReadTextFile", "{\"path\": \"/etc/passwd\"}", "!relative");
	in_space("ReadTextFile", "{\"path\": \"a/../../x\"}", "!upwards");
	in_space("WriteBinaryFile", "{\"path\": \"c.bin\", \"content\": \"AP8=\"}", "[\"c.bin\"]");
	in_space("WriteBinaryFile", "{\"path\": \"c.bin\", \"content\": \"*\"}", "!base64");
	in_space("ReadBinaryFile", "{\"path\": \"c.bin\"}", "[\"AP8=\"]");
	in_space("GetWorkspaceFileSize", "{\"path\": \"c.bin\"}", "[2]");
	in_space("CopyWorkspaceFile", "{\"source\": \"a\", \"destination\": \"d/e\"}", "[\"d/e\"]");
	in_space("CopyWorkspaceFile", "{\"source\": \"a\", \"destination\": \"a/x\"}", "!into itself");
	in_space("MoveWorkspaceFile", "{\"source\": \"c.bin\", \"destination\": \"d/f.bin\"}", "[\"d/f.bin\"]");
	in_space("IsWorkspaceFile", "{\"path\": \"d/e/b.txt\"}", "[true]");
	in_space("ListWorkspaceFiles", "{\"pattern\": \"*.bin\", \"recursive\": true}", "[\"d/f.bin\"]");
	in_space("ListWorkspaceFiles", "{\"pattern\": \"/etc/*\"}", "!pattern");
	in_space("DeleteWorkspaceFile", "{\"path\": \"d\"}", "!recursive");
	in_space("DeleteWorkspaceFile", "{\"path\": \"d\", \"recursive\": true}", "[]");
	in_space("WorkspaceFileExists", "{\"path\": \"d\"}", "[false]");
	in_space("JoinWorkspacePaths", "{\"paths\": [\"a\", \"b\"]}", "[\"a/b\"]");
	in_space("JoinWorkspacePaths", "{\"paths\": [\"a\", \"/b\"]}", "!relative");
	expect(&nodes_workspace_media, "nodetool.workspace.SaveVideoFile", "{\"folder\": \"..\"}", "output", "!upwards");
	expect(&nodes_workspace_media, "nodetool.workspace.SaveImageFile",
	       "{\"image\": {\"type\": \"image\", \"uri\": \"data:image/gif;base64,R0lGODdh\"}, \"filename\": \"a.bmp\"}", "output", "!.bmp");
	expect(&nodes_workspace_media, "nodetool.workspace.SaveImageFile", "{\"filename\": \"\"}", "output", "!filename");
}

static void test_links(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/out", space);
	assert_int_equal(symlink("/etc", path), 0);
	in_space("WorkspaceFileExists", "{\"path\": \"out/passwd\"}", "[false]");
	in_space("WriteTextFile", "{\"path\": \"out/x\", \"content\": \"x\"}", "!");
	in_space("DeleteWorkspaceFile", "{\"path\": \"out\"}", "!nothing is there");
}

#define DOC(text) "{\"document\": {\"type\": \"document\", \"uri\": \"d\", \"data\": \"" text "\"}"

static void test_document(void **state)
{
	static const char recursive[] = "nodetool.document.SplitRecursively";
	static const char markdown[] = "nodetool.document.SplitMarkdown";

	(void)state;
	expect(&nodes_document, recursive, DOC("abcdefghij") ", \"chunk_size\": 4, \"chunk_overlap\": 2, \"separators\": [\"\"]}",
	       "start_index", "[0,2,4,6]");
	expect(&nodes_document, recursive, DOC("é é é") ", \"chunk_size\": 3, \"chunk_overlap\": 1, \"separators\": [\" \"]}",
	       "text", "[\"é é\",\"é\"]");
	expect(&nodes_document, recursive, DOC("x--y--z") ", \"chunk_size\": 3, \"chunk_overlap\": 0, \"separators\": [\"--\"]}",
	       "text", "[\"x\",\"--y\",\"--z\"]");
	expect(&nodes_document, recursive, DOC("--y") ", \"chunk_size\": 3, \"chunk_overlap\": 0, \"separators\": [\"--\"]}",
	       "text", "[\"--y\"]");
	expect(&nodes_document, recursive, DOC("x") ", \"chunk_size\": 1, \"chunk_overlap\": 2}", "text", "!chunk_overlap");
	expect(&nodes_document, recursive, DOC("") "}", "text", "[]");
	expect(&nodes_document, markdown, DOC("# A\\nx\\n\\n## B\\ny\\n# C\\nz") "}", "text", "[\"x\",\"y\",\"z\"]");
	expect(&nodes_document, markdown, DOC("a\\n\\nb\\n```\\n# c\\n```") "}", "text", "[\"a  \\nb\\n```\\n# c\\n```\"]");
	expect(&nodes_document, markdown, DOC("# A\\n## B\\ny") ", \"strip_headers\": false}", "text", "[\"# A  \\n## B\\ny\"]");
	expect(&nodes_document, markdown, DOC("# A\\nx") ", \"headers_to_split_on\": [[\"#\", \"H1\"]]}", "text", "!pairs");
	expect(&nodes_document, markdown,
	       DOC("# A\\nx") ", \"headers_to_split_on\": [[\"#\", \"Header 1\"], [\"##\", \"Header 2\"], [\"###\", \"Header 3\"]]}",
	       "text", "[\"x\"]");
	expect(&nodes_document, "nodetool.document.SplitHTML", DOC("<p>a<b>c</b></p><b>d</b>") "}", "text", "[\"a\",\"c\\nd\"]");
	expect(&nodes_document, "nodetool.document.SplitJSON", DOC("[{\\\"a\\\": [1, true]}, null]") "}", "text",
	       "[\"a 1\\na True\",\"None\"]");
	expect(&nodes_document, "nodetool.document.SplitJSON", DOC("5") "}", "text", "!neither");
	expect(&nodes_document, "nodetool.document.LoadDocumentFile", "{}", "output", "!path");
}

static void test_svg(void **state)
{
	struct harness *h = harness_new(&nodes_lib_svg, "lib.svg.Document",
					"{\"content\": {\"type\": \"svg_element\", \"name\": \"g\", \"attributes\": {\"id\": \"q\"}, "
					"\"content\": null, \"children\": [{\"name\": \"p\", \"attributes\": {}, \"content\": \"t\"}]}}",
					NULL);

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_non_null(strstr(value_text(map_get(harness_output(h, "output", 0), "data")), "<g id=\"q\"><p >t</p></g>\n</svg>"));
	harness_free(h);
	expect(&nodes_lib_svg, "lib.svg.GaussianBlur", "{\"std_deviation\": 1e-7}", "output",
	       "[{\"type\":\"svg_element\",\"name\":\"filter\",\"attributes\":{\"id\":\"filter_gaussian_blur\"},\"content\":null,"
	       "\"children\":[{\"type\":\"svg_element\",\"name\":\"feGaussianBlur\",\"attributes\":{\"stdDeviation\":\"1e-07\"},"
	       "\"content\":null,\"children\":[]}]}]");
	expect(&nodes_lib_svg, "lib.svg.Text", "{\"fill\": {\"type\": \"color\", \"value\": null}}", "output", "!fill");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workspace),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_svg),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
