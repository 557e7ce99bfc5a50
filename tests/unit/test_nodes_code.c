/* nodetool.code: what programs print, what they are given, how they end. Run from the build folder, where
 * nodetool-sandbox lies. */
#include "node_harness.h"
#include "auth/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

extern const struct node_table nodes_code;

/* What a node prints on both outputs, as two JSON lists, or "!reason". */
static void gives(const char *type, const char *props, const char *dynamic, const char *out, const char *errors)
{
	struct harness *h = harness_new(&nodes_code, type, props, dynamic);
	enum node_result result = strstr(type, "Execute") ? harness_end(h) : harness_run(h);

	if (out[0] == '!') {
		assert_int_equal(result, NODE_FAILED);
		if (!strstr(harness_error(h), out + 1))
			fail_msg("%s %s: %s", type, props, harness_error(h));
	} else {
		if (result != NODE_DONE)
			fail_msg("%s %s: %s", type, props, harness_error(h));
		assert_string_equal(harness_json(h, "stdout"), out);
		assert_string_equal(harness_json(h, "stderr"), errors);
	}
	harness_free(h);
}

static bool has(const char *program)
{
	char path[64];

	snprintf(path, sizeof(path), "/usr/bin/%s", program);
	return access(path, X_OK) == 0;
}

static void test_lines(void **state)
{
	(void)state;
	gives("nodetool.code.ExecuteBash", "{\"code\":\"echo a; echo; printf b; echo c >&2\"}", NULL,
	      "[\"a\\n\",\"\\n\",\"b\\n\"]", "[\"c\\n\"]");
	gives("nodetool.code.ExecuteBash", "{\"code\":\"printf 'x\\\\xffy\\\\n'\"}", NULL, "[\"xy\\n\"]", "[]");
}

static void test_many_lines(void **state)
{
	struct harness *h = harness_new(&nodes_code, "nodetool.code.ExecutePython",
					"{\"code\":\"for i in range(5000): print(i)\"}", NULL);

	(void)state;
	assert_int_equal(harness_end(h), NODE_DONE);
	assert_int_equal(harness_count(h, "stdout"), 5000);
	assert_string_equal(value_text(harness_output(h, "stdout", 4999)), "4999\n");
	harness_free(h);
}

static void test_variables(void **state)
{
	static const char *const values =
		"{\"s\":\"a'b\\\"#{1}$X\\\\\",\"n\":3,\"f\":1.5,\"t\":true,\"z\":null,\"l\":[1,\"x\"],"
		"\"m\":{\"k\":[2]}}";

	(void)state;
	gives("nodetool.code.ExecutePython", "{\"code\":\"print(s, n + 1, f, t, z, l[1], m['k'][0])\"}", values,
	      "[\"a'b\\\"#{1}$X\\\\ 4 1.5 True None x 2\\n\"]", "[]");
	gives("nodetool.code.ExecuteBash", "{\"code\":\"echo \\\"$s|$n|$l|$t|$z|\\\"\"}", values,
	      "[\"a'b\\\"#{1}$X\\\\|3|[1,\\\"x\\\"]|true||\\n\"]", "[]");
	if (has("node"))
		gives("nodetool.code.ExecuteJavaScript", "{\"code\":\"console.log(s, n + 1, f, t, z, l[1], m.k[0])\"}",
		      values, "[\"a'b\\\"#{1}$X\\\\ 4 1.5 true null x 2\\n\"]", "[]");
	if (has("ruby"))
		gives("nodetool.code.ExecuteRuby",
		      "{\"code\":\"puts [s, n + 1, f, t, z.nil?, l[1], m['k'][0]].join(' ')\"}", values,
		      "[\"a'b\\\"#{1}$X\\\\ 4 1.5 true true x 2\\n\"]", "[]");
	if (has("lua"))
		gives("nodetool.code.ExecuteLua", "{\"code\":\"print(s, n + 1, f, t, z, l[2], m['k'][1])\"}", values,
		      "[\"a'b\\\"#{1}$X\\\\\\t4\\t1.5\\ttrue\\tnil\\tx\\t2\\n\"]", "[]");
	gives("nodetool.code.ExecutePython", "{\"code\":\"print(1)\"}", "{\"a b\":1}", "!a b cannot be the name", "");
}

static void test_edges(void **state)
{
	struct harness *h = harness_new(&nodes_code, "nodetool.code.ExecuteBash",
					"{\"code\":\"echo $x; cat\",\"stdin\":\"first\"}", NULL);

	(void)state;
	assert_int_equal(harness_item(h, "stdin", "\"second\""), NODE_DONE);
	assert_int_equal(harness_item(h, "x", "\"old\""), NODE_DONE);
	assert_int_equal(harness_item(h, "x", "\"new\""), NODE_DONE);
	assert_int_equal(harness_item(h, "stdin", "\"third\\n\""), NODE_DONE);
	assert_int_equal(harness_end(h), NODE_DONE);
	assert_string_equal(harness_json(h, "stdout"), "[\"new\\n\",\"first\\n\",\"second\\n\",\"third\\n\"]");
	harness_free(h);
}

static void test_commands(void **state)
{
	(void)state;
	gives("nodetool.code.ExecuteCommand", "{\"command\":\"echo a  | b\"}", NULL, "[\"a  | b\\n\"]", "[]");
	gives("nodetool.code.ExecuteCommand", "{\"command\":\"no-such-thing\"}", NULL, "!no-such-thing", "");
	gives("nodetool.code.RunShellCommand", "{\"command\":\"echo a b\"}", NULL, "[\"a b\\n\"]", "[\"\"]");
	gives("nodetool.code.RunBashCommand", "{\"command\":\"echo a; echo b; echo c >&2\"}", NULL, "[\"a\\nb\\n\"]",
	      "[\"c\\n\"]");
	gives("nodetool.code.RunPythonCommand", "{\"command\":\"print('x'); print('y', end='')\"}", NULL,
	      "[\"x\\ny\\n\"]", "[\"\"]");
	gives("nodetool.code.RunPythonCommand", "{\"command\":\"  \"}", NULL, "[]", "[]");
}

static void test_failures(void **state)
{
	(void)state;
	gives("nodetool.code.ExecutePython", "{\"code\":\" \\n\"}", NULL, "!Code is required", "");
	gives("nodetool.code.ExecuteCommand", "{}", NULL, "!Command is required", "");
	gives("nodetool.code.ExecuteBash", "{\"code\":\"exit 3\"}", NULL, "!code 3", "");
	gives("nodetool.code.ExecuteBash", "{\"code\":\"false; echo never\"}", NULL, "!code 1", "");
	gives("nodetool.code.ExecutePython", "{\"code\":\"raise ValueError('what')\"}", NULL, "!ValueError: what", "");
	gives("nodetool.code.RunPythonCommand", "{\"command\":\"raise ValueError('what')\"}", NULL, "!code 1", "");
	setenv("NODETOOL_CODE_SECONDS", "1", 1);
	gives("nodetool.code.ExecuteBash", "{\"code\":\"while :; do sleep 1; done\"}", NULL, "!within 1 seconds", "");
	unsetenv("NODETOOL_CODE_SECONDS");
	gives("nodetool.code.ExecuteBash", "{\"code\":\"head -c 40000000 /dev/zero | tr '\\\\0' x\"}", NULL,
	      "!printed too much", "");
	setenv("NODETOOL_CODE_NODES", "off", 1);
	gives("nodetool.code.ExecuteBash", "{\"code\":\"echo\"}", NULL, "!NODETOOL_CODE_NODES", "");
	unsetenv("NODETOOL_CODE_NODES");
}

/* Public servers run no code unless the operator says so. */
static void test_public(void **state)
{
	struct err err;

	(void)state;
	setenv("NODETOOL_SERVER_MODE", "public", 1);
	setenv("AUTH_PROVIDER", "supabase", 1);
	setenv("SUPABASE_URL", "http://127.0.0.1:1", 1);
	setenv("SUPABASE_KEY", "key", 1);
	setenv("SERVER_AUTH_TOKEN", "token", 1); /* none is made and stored */
	if (auth_init(&err))
		fail_msg("%s", err.detail);
	gives("nodetool.code.ExecuteBash", "{\"code\":\"echo\"}", NULL, "!NODETOOL_CODE_NODES", "");
	gives("nodetool.code.RunBashCommand", "{\"command\":\"echo\"}", NULL, "!NODETOOL_CODE_NODES", "");
	setenv("NODETOOL_CODE_NODES", "on", 1);
	gives("nodetool.code.ExecuteBash", "{\"code\":\"echo\"}", NULL, "[\"\\n\"]", "[]");
	unsetenv("NODETOOL_CODE_NODES");
	auth_free();
	unsetenv("NODETOOL_SERVER_MODE");
	unsetenv("AUTH_PROVIDER");
}

static void test_too_long(void **state)
{
	struct harness *h = harness_new(&nodes_code, "nodetool.code.ExecutePython", "{}", NULL);
	char *text = xmalloc(200001);

	(void)state;
	memset(text, '#', 200000);
	text[200000] = '\0';
	harness_set(h, "code", value_str_take(text, 200000));
	assert_int_equal(harness_end(h), NODE_FAILED);
	assert_non_null(strstr(harness_error(h), "longer than"));
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),    cmocka_unit_test(test_many_lines), cmocka_unit_test(test_variables),
		cmocka_unit_test(test_edges),    cmocka_unit_test(test_commands),   cmocka_unit_test(test_failures),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_public),
	};
	char here[4096];

	setenv("NODETOOL_LIBEXEC_DIR", getcwd(here, sizeof(here)), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
