/* yaml: scalars as YAML 1.1 resolves them, there and back, documents that try to grow. */
#include "value/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct value *parse(const char *text)
{
	struct err err;
	struct value *v = yaml_parse(text, strlen(text), &err);

	assert_non_null(v);
	return v;
}

static void same_as_json(const char *yaml, const char *json)
{
	struct value *v = parse(yaml);
	struct arena *arena = arena_new();

	assert_string_equal(json_text(arena, v, JSON_COMPACT), json);
	arena_free(arena);
	value_unref(v);
}

static void test_scalars(void **state)
{
	(void)state;
	same_as_json("[1, -2, 0x1f, 010, 0b11, 1_000, +3]", "[1,-2,31,8,3,1000,3]");
	same_as_json("[1.5, .5, 1.0e+3, 1e3, 12:30, 2026-01-01]", "[1.5,0.5,1000.0,\"1e3\",\"12:30\",\"2026-01-01\"]");
	same_as_json("[true, no, On, ~, null, 'null', \"1\", yes it is]",
		     "[true,false,true,null,null,\"null\",\"1\",\"yes it is\"]");
	same_as_json("", "null");
	same_as_json("a: {b: [c]}\nd: |\n  x\n  y\n", "{\"a\":{\"b\":[\"c\"]},\"d\":\"x\\ny\\n\"}");
}

static void test_there_and_back(void **state)
{
	static const char json[] = "{\"text\":\"a: b\",\"yes\":\"yes\",\"n\":\"12\",\"e\":\"\",\"u\":\"\xc3\xa4\",\"f\":1e+16,"
				   "\"l\":[1,[],{},null,true,1.5],\"multi\":\"a\\nb\",\"sp\":\" x \"}";
	struct json_error error;
	struct value *v = json_parse(json, strlen(json), &error);
	struct value *again;
	struct buf out;

	(void)state;
	assert_non_null(v);
	for (int style = 0; style < 4; style++) {
		buf_init(&out, 1 << 16);
		assert_int_equal(yaml_write(&out, v, style), 0);
		again = parse(out.data);
		assert_true(value_equal(v, again));
		value_unref(again);
		buf_free(&out);
	}
	value_unref(v);
}

static void test_refused(void **state)
{
	static const char *const bad[] = { "a: [1", "{a: b}: c", "\t- x", "a: &x [*x]" };
	struct err err;
	char bomb[2000] = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_null(yaml_parse(bad[i], strlen(bad[i]), &err));
		assert_int_equal(err.status, 400);
	}
	for (int i = 1; i < 9; i++) {
		char line[200];

		snprintf(line, sizeof(line), "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1, i - 1,
			 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
		strncat(bomb, line, sizeof(bomb) - strlen(bomb) - 1);
	}
	assert_null(yaml_parse(bomb, strlen(bomb), &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
