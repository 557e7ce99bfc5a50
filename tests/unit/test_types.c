/* graph: types, their fit, conversion of values, typed values. */
#include "graph/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct type *parse(const char *text)
{
	struct err err;
	const struct type *type = type_parse(arena, text, &err);

	if (!type)
		fail_msg("%s: %s", text, err.detail);
	return type;
}

static struct value *json(const char *text)
{
	struct json_error why;
	struct value *v = json_parse(text, strlen(text), &why);

	if (!v)
		fail_msg("%s: %s", text, why.message);
	arena_defer(arena, value_unref_ptr, v);
	return v;
}

static const char *shown(const struct value *v)
{
	return json_text(arena, v, JSON_COMPACT);
}

static void test_short_form(void **state)
{
	static const struct {
		const char *text;
		const char *metadata;
	} cases[] = {
		{ "int", "{\"type\":\"int\",\"optional\":false,\"values\":null,\"type_args\":[],\"type_name\":null}" },
		{ "str?", "{\"type\":\"str\",\"optional\":true,\"values\":null,\"type_args\":[],\"type_name\":null}" },
		{ "enum(a.B:x|1:1|)",
		  "{\"type\":\"enum\",\"optional\":false,\"values\":[\"x\",\"1:1\",\"\"],\"type_args\":[],"
		  "\"type_name\":\"a.B\"}" },
		{ "hf.model", "{\"type\":\"hf.model\",\"optional\":false,\"values\":null,\"type_args\":[],"
			      "\"type_name\":null}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct value *metadata = type_metadata(parse(cases[i].text));

		assert_string_equal(shown(metadata), cases[i].metadata);
		value_unref(metadata);
	}
	assert_int_equal(parse("dict[str,list[union[int,float]]?]")->args[1]->args[0]->arg_count, 2);
}

static void test_bad_short_form(void **state)
{
	static const char *const bad[] = { "", "int]", "list[", "list[int", "enum(a", "list[]", "int??", "{\"type\":1}",
					   "{" };
	struct err err;
	char deep[256] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_null(type_parse(arena, bad[i], &err));
	for (int i = 0; i < 40; i++)
		memcpy(deep + strlen(deep), "list[", 6);
	assert_null(type_parse(arena, deep, &err));
}

static void test_fit(void **state)
{
	static const struct {
		const char *source;
		const char *target;
		bool fits;
	} cases[] = {
		{ "any", "int", true },
		{ "image", "any", true },
		{ "int", "float", true },
		{ "float", "int", true },
		{ "bool", "int", false },
		{ "int", "str", false },
		{ "str", "enum(:a|b)", false },
		{ "enum(:a|b)", "enum(:b|a)", true },
		{ "enum(:a|b)", "enum(:a)", false },
		{ "int", "list[float]", true },
		{ "list[int]", "int", false },
		{ "list[any]", "list[float]", true },
		{ "list[str]", "list[float]", false },
		{ "list", "list[str]", true },
		{ "int", "list", false },
		{ "dict[str,int]", "dict[str,str]", false },
		{ "dict", "dict[str,str]", true },
		{ "union[int,float]", "int", true },
		{ "union[str,float]", "int", true },
		{ "union[str,bytes]", "int", false },
		{ "union[int,str]", "union[str,float]", true },
		{ "union[int,bytes]", "union[str,float]", false },
		{ "image", "audio", false },
		{ "image", "image", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (type_fits(parse(cases[i].source), parse(cases[i].target)) != cases[i].fits)
			fail_msg("%s -> %s", cases[i].source, cases[i].target);
}

/* `out` NULL: does not fit. */
static void test_convert(void **state)
{
	static const struct {
		const char *type;
		const char *in;
		int flags;
		const char *out;
	} cases[] = {
		{ "int", "3", 0, "3" },
		{ "int", "3.0", 0, NULL },
		{ "int", "4294967296.0", 0, "4294967296" },
		{ "int", "3.7", TYPE_FROM_EDGE, "3" },
		{ "int", "1e300", TYPE_FROM_EDGE, NULL },
		{ "int", "true", 0, NULL },
		{ "int", "123456789012345678901234567890", 0, "123456789012345678901234567890" },
		{ "float", "3", 0, "3" },
		{ "float", "true", 0, "true" },
		{ "float", "\"3\"", 0, NULL },
		{ "bool", "1", 0, NULL },
		{ "str", "5", 0, NULL },
		{ "str?", "null", 0, "null" },
		{ "list[int]", "[1,2]", 0, "[1,2]" },
		{ "list[int]", "[1,\"x\"]", 0, NULL },
		{ "list[int]", "[1,2.5]", TYPE_FROM_EDGE, "[1,2]" },
		{ "list[str]", "\"x\"", 0, "[\"x\"]" },
		{ "list[bool]", "[1,0]", 0, NULL },
		{ "dict[str,int]", "{\"a\":1}", 0, "{\"a\":1}" },
		{ "dict[str,int]", "{\"a\":\"b\"}", 0, NULL },
		{ "dict", "{\"type\":\"x\"}", 0, NULL },
		{ "dict", "[1]", 0, NULL },
		{ "enum(:a|b)", "\"b\"", 0, "\"b\"" },
		{ "enum(:a|b)", "\"c\"", 0, NULL },
		{ "union[int,str]", "\"x\"", 0, "\"x\"" },
		{ "union[int,float]", "1.5", TYPE_FROM_EDGE, "1.5" },
		{ "union[int,str]", "1.5", TYPE_FROM_EDGE, "1" },
		{ "object", "{\"a\":1}", 0, NULL },
		{ "any", "{\"type\":\"image\"}", 0, "{\"type\":\"image\"}" },
		{ "color", "{\"value\":\"#fff\"}", 0, "{\"type\":\"color\",\"value\":\"#fff\"}" },
		{ "color", "{\"type\":\"image\"}", 0, NULL },
		{ "color", "\"#fff\"", 0, NULL },
		{ "date", "{\"year\":2024,\"month\":\"x\"}", 0, NULL },
		{ "nosuchtype", "{\"type\":\"nosuchtype\"}", 0, NULL },
		{ "list[image]", "[{\"type\":\"image\",\"uri\":\"u\"}]", 0,
		  "[{\"type\":\"image\",\"uri\":\"u\",\"asset_id\":null,\"data\":null,\"metadata\":null}]" },
		{ "comfy.clip", "5", 0, "5" },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct value *out = type_convert(parse(cases[i].type), json(cases[i].in), cases[i].flags, &err);

		if (!out != !cases[i].out || (out && strcmp(shown(out), cases[i].out) != 0))
			fail_msg("%s <- %s: %s", cases[i].type, cases[i].in, out ? shown(out) : err.detail);
		value_unref(out);
	}
}

/* What a conversion changes is a copy: the value may be on other edges too. */
static void test_convert_copies(void **state)
{
	struct value *in = json("[{\"value\":\"#000\"}]");
	struct value *out = type_convert(parse("list[color]"), in, 0, NULL);

	(void)state;
	assert_non_null(out);
	assert_string_equal(shown(in), "[{\"value\":\"#000\"}]");
	assert_true(map_is_typed(list_at(out, 0)));
	value_unref(out);
}

static void test_typed(void **state)
{
	struct value *v = typed_new("model_3d");
	struct err err;

	(void)state;
	assert_string_equal(shown(v), "{\"type\":\"model_3d\",\"uri\":\"\",\"asset_id\":null,\"data\":null,"
				      "\"metadata\":null,\"format\":null,\"material_file\":null,"
				      "\"texture_files\":[]}");
	assert_true(typed_value_is_asset(v));
	value_unref(v);
	v = typed_new("email");
	assert_string_equal(map_str(map_get(v, "date"), "tzinfo", ""), "UTC");
	assert_false(typed_value_is_asset(v));
	value_unref(v);
	assert_null(typed_make(typed_find("bounding_box"), json("{\"xmin\":1}"), &err));
	assert_non_null(strstr(err.detail, "ymin"));
	assert_null(typed_find("nosuchtype"));
	v = typed_make(typed_find("message"),
		       json("{\"role\":\"user\",\"surplus\":1,\"content\":[{\"type\":\"image_url\",\"image\":{\"type\":"
			    "\"image\",\"uri\":\"u\"}},{\"type\":\"text\",\"text\":\"t\"}]}"),
		       &err);
	assert_non_null(v);
	assert_null(map_get(v, "surplus"));
	assert_true(typed_value_is_asset(map_get(list_at(map_get(v, "content"), 0), "image")));
	value_unref(v);
}

static void test_type_of_value(void **state)
{
	struct value *v = value_list();

	(void)state;
	assert_string_equal(type_of_value(v), "list");
	list_mark_tuple(v);
	assert_string_equal(type_of_value(v), "tuple");
	value_unref(v);
	v = typed_new("image");
	assert_string_equal(type_of_value(v), "image");
	value_unref(v);
	assert_string_equal(type_of_value(json("{\"type\":\"image\"}")), "dict");
	assert_string_equal(type_of_value(json("123456789012345678901234567890")), "int");
	assert_string_equal(type_of_value(value_null()), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_short_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_short_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_convert, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_convert_copies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_typed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_type_of_value, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
