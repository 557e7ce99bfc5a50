/* Declared validation: conversions and errors as the original's (pydantic 2) gave them for the same input. */
#include "http/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Validates `in` and gives the result as JSON, or "type@loc type@loc" of the errors. Caller frees. */
static char *outcome(const struct field *field, const char *in)
{
	struct value *v = json_parse(in, strlen(in), NULL);
	struct value *errors = value_list();
	struct value *out = field_validate(field, v, "body", errors);
	struct buf text;

	buf_init(&text, BUF_MAX_SMALL);
	if (out && !value_len(errors))
		json_write(&text, out, JSON_COMPACT);
	assert_true((out != NULL) == (value_len(errors) == 0));
	for (size_t i = 0; i < value_len(errors); i++) {
		struct value *e = list_at(errors, i);
		struct value *loc = map_get(e, "loc");

		buf_printf(&text, "%s%s@", i ? " " : "", map_str(e, "type", "?"));
		for (size_t j = 1; j < value_len(loc); j++) {
			struct value *part = list_at(loc, j);

			if (value_is(part, VALUE_STR))
				buf_printf(&text, "%s%s", j > 1 ? "." : "", value_text(part));
			else
				buf_printf(&text, "%s%lld", j > 1 ? "." : "", (long long)value_as_int(part));
		}
		assert_non_null(map_get(e, "msg"));
		assert_non_null(map_get(e, "input"));
	}
	value_unref(v);
	value_unref(out);
	value_unref(errors);
	return buf_take(&text);
}

struct sample {
	const char *in;
	const char *out;
};

static void check_samples(const struct field *field, const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *got = outcome(field, samples[i].in);

		if (strcmp(got, samples[i].out) != 0)
			fail_msg("%s gave %s, wanted %s", samples[i].in, got, samples[i].out);
		free(got);
	}
}

static void test_int(void **state)
{
	static const struct sample samples[] = {
		{ "5", "5" }, { "\"5.\"", "5" }, { "\"5.0\"", "5" }, { "\"5.00\"", "5" }, { "\".0\"", "int_parsing@" },
		{ "\"-5\"", "-5" }, { "\"+5\"", "5" }, { "\"--5\"", "int_parsing@" }, { "\" 5 \"", "5" },
		{ "\"5\\n\"", "5" }, { "\"1__0\"", "int_parsing@" }, { "\"_1\"", "int_parsing@" },
		{ "\"1_\"", "int_parsing@" }, { "\"1_0.0\"", "10" }, { "\"5.0_0\"", "int_parsing@" },
		{ "\"\"", "int_parsing@" }, { "\"1e0\"", "int_parsing@" }, { "\"0x1\"", "int_parsing@" },
		{ "\"007\"", "7" }, { "\"-007\"", "-7" }, { "\"+ 5\"", "int_parsing@" }, { "\"5.1\"", "int_parsing@" },
		{ "\"-\"", "int_parsing@" }, { "\"1\\u0000\"", "int_parsing@" }, { "3.0", "3" },
		{ "1.5", "int_from_float@" }, { "true", "1" }, { "[]", "int_type@" }, { "{}", "int_type@" },
		{ "1e30", "int_parsing_size@" }, { "99999999999999999999", "int_parsing_size@" },
		{ "\"99999999999999999999\"", "int_parsing_size@" }, { "\"9223372036854775807\"", "9223372036854775807" },
		{ "\"-9223372036854775808\"", "-9223372036854775808" }, { "\"9223372036854775808\"", "int_parsing_size@" },
		{ "null", "missing@" },
	};
	static const struct sample bounded[] = {
		{ "0", "greater_than_equal@" }, { "6", "less_than_equal@" }, { "\"0\"", "greater_than_equal@" },
		{ "5.0", "5" }, { "1.5", "int_from_float@" }, { "1", "1" },
	};
	static const struct field field = { .kind = FIELD_INT };
	static const struct field range = { .kind = FIELD_INT, .flags = FIELD_MIN | FIELD_MAX, .min = 1, .max = 5 };

	(void)state;
	check_samples(&field, samples, ARRAY_LEN(samples));
	check_samples(&range, bounded, ARRAY_LEN(bounded));
}

static void test_float(void **state)
{
	static const struct sample samples[] = {
		{ "5", "5.0" }, { "\"5.\"", "5.0" }, { "\"1e5\"", "100000.0" }, { "\" 1 \"", "1.0" }, { "\".5\"", "0.5" },
		{ "\"+.5\"", "0.5" }, { "\"1_0.5\"", "10.5" }, { "\"1e\"", "float_parsing@" }, { "\"\"", "float_parsing@" },
		{ "\"0x1\"", "float_parsing@" }, { "\"nan\"", "float_parsing@" }, { "\"1__0\"", "float_parsing@" },
		{ "true", "1.0" }, { "[]", "float_type@" },
	};
	static const struct field field = { .kind = FIELD_FLOAT };

	(void)state;
	check_samples(&field, samples, ARRAY_LEN(samples));
}

static void test_bool(void **state)
{
	static const struct sample samples[] = {
		{ "true", "true" }, { "1", "true" }, { "0", "false" }, { "1.0", "true" }, { "2", "bool_parsing@" },
		{ "2.0", "bool_parsing@" }, { "0.5", "bool_type@" }, { "\"TRUE\"", "true" }, { "\"y\"", "true" },
		{ "\"off\"", "false" }, { "\" true\"", "bool_parsing@" }, { "\"2\"", "bool_parsing@" },
		{ "\"\"", "bool_parsing@" }, { "[]", "bool_type@" }, { "1000000000000000000000000000000", "bool_type@" },
	};
	static const struct field field = { .kind = FIELD_BOOL };

	(void)state;
	check_samples(&field, samples, ARRAY_LEN(samples));
}

static void test_text_and_choices(void **state)
{
	static const struct sample texts[] = {
		{ "\"ab\"", "\"ab\"" }, { "1", "string_type@" }, { "true", "string_type@" }, { "\"a\"", "string_too_short@" },
		{ "\"\\u00e9\"", "string_too_short@" }, { "\"abcd\"", "string_too_long@" },
	};
	static const struct sample words[] = {
		{ "\"b\"", "\"b\"" }, { "\"B\"", "literal_error@" }, { "1", "literal_error@" }, { "\"a|b\"", "literal_error@" },
		{ "\"\"", "literal_error@" },
	};
	static const struct sample times[] = {
		{ "\"2024-01-01T00:00:00\"", "\"2024-01-01T00:00:00\"" }, { "\"yesterday\"", "datetime_from_date_parsing@" },
		{ "\"\"", "datetime_from_date_parsing@" }, { "1", "\"1970-01-01T00:00:01+00:00\"" },
		{ "\"1700000000\"", "\"2023-11-14T22:13:20+00:00\"" }, { "1700000000000", "\"2023-11-14T22:13:20+00:00\"" },
		{ "true", "datetime_type@" }, { "[]", "datetime_type@" }, { "1e20", "datetime_parsing@" },
	};
	static const struct field text = { .kind = FIELD_STR, .min_len = 2, .max_len = 3 };
	static const struct field word = { .kind = FIELD_CHOICE, .choices = "a|b|c" };
	static const struct field when = { .kind = FIELD_DATETIME };

	(void)state;
	check_samples(&text, texts, ARRAY_LEN(texts));
	check_samples(&word, words, ARRAY_LEN(words));
	check_samples(&when, times, ARRAY_LEN(times));
}

static const struct field int_list = { .kind = FIELD_LIST, .item = ITEM(FIELD_INT), .max_len = 3 };

static void test_containers(void **state)
{
	static const struct sample lists[] = {
		{ "[1,\"2\",3.0]", "[1,2,3]" }, { "{}", "list_type@" }, { "\"x\"", "list_type@" },
		{ "[1,\"x\",2.5]", "int_parsing@1 int_from_float@2" }, { "[]", "[]" }, { "[1,2,3,4]", "too_long@" },
	};
	static const struct sample maps[] = {
		{ "{\"a\":\"x\",\"b\":1}", "string_type@b" }, { "[]", "dict_type@" }, { "{}", "{}" },
		{ "{\"a\":null}", "{\"a\":null}" },
	};
	static const struct field item = { .kind = FIELD_STR, .flags = FIELD_NULLABLE };
	static const struct field map = { .kind = FIELD_OBJECT, .item = &item };

	(void)state;
	check_samples(&int_list, lists, ARRAY_LEN(lists));
	check_samples(&map, maps, ARRAY_LEN(maps));
}

static const struct field scalar_options[] = {
	{ "str", FIELD_STR }, { "bool", FIELD_BOOL }, { "int", FIELD_INT }, { "float", FIELD_FLOAT }, { 0 }
};
static const struct field scalar_or_null = { .kind = FIELD_UNION, .flags = FIELD_NULLABLE, .options = scalar_options };

static const struct field node_fields[] = {
	{ "id", FIELD_STR, FIELD_REQUIRED },
	{ "type", FIELD_STR, 0, "\"default\"" },
	{ "data", FIELD_ANY, 0, "{}" },
	{ "note", FIELD_STR, FIELD_NULLABLE | FIELD_SPARSE },
	{ 0 }
};
static const struct field body_fields[] = {
	{ "name", FIELD_STR, FIELD_REQUIRED },
	{ "tags", FIELD_LIST, FIELD_NULLABLE, .item = ITEM(FIELD_STR) },
	{ "nodes", FIELD_LIST, FIELD_REQUIRED, .item = ITEM_MODEL(node_fields) },
	{ "settings", FIELD_OBJECT, FIELD_NULLABLE, .item = &scalar_or_null },
	{ "force", FIELD_BOOL, 0, "false" },
	{ 0 }
};

static void test_models(void **state)
{
	static const struct sample samples[] = {
		{ "{\"name\":\"x\",\"nodes\":[{\"id\":\"a\",\"extra\":1}],\"more\":2}",
		  "{\"name\":\"x\",\"tags\":null,\"nodes\":[{\"id\":\"a\",\"type\":\"default\",\"data\":{}}],\"settings\":null,"
		  "\"force\":false}" },
		{ "{\"name\":\"x\",\"nodes\":[{\"id\":\"a\",\"data\":null,\"note\":null}],\"force\":1}",
		  "{\"name\":\"x\",\"tags\":null,\"nodes\":[{\"id\":\"a\",\"type\":\"default\",\"data\":null,\"note\":null}],"
		  "\"settings\":null,\"force\":true}" },
		{ "{}", "missing@name missing@nodes" },
		{ "[]", "model_attributes_type@" },
		{ "\"s\"", "model_attributes_type@" },
		{ "{\"name\":null,\"nodes\":{}}", "string_type@name list_type@nodes" },
		{ "{\"name\":\"x\",\"nodes\":[{\"id\":1,\"type\":null},\"a\",{}]}",
		  "string_type@nodes.0.id string_type@nodes.0.type model_attributes_type@nodes.1 missing@nodes.2.id" },
		{ "{\"name\":\"x\",\"nodes\":[],\"settings\":{\"a\":[1],\"b\":1,\"c\":1.5,\"d\":true,\"e\":null}}",
		  "string_type@settings.a.str bool_type@settings.a.bool int_type@settings.a.int float_type@settings.a.float" },
		{ "{\"name\":\"x\",\"nodes\":[],\"settings\":{\"b\":1,\"c\":1.5,\"d\":true,\"e\":null,\"f\":\"1\"}}",
		  "{\"name\":\"x\",\"tags\":null,\"nodes\":[],\"settings\":{\"b\":1,\"c\":1.5,\"d\":true,\"e\":null,\"f\":\"1\"},"
		  "\"force\":false}" },
		{ "{\"name\":\"x\",\"nodes\":[],\"force\":null}", "bool_type@force" },
	};

	(void)state;
	check_samples(BODY(body_fields), samples, ARRAY_LEN(samples));
}

static const struct field text_part[] = { { "type", FIELD_CHOICE, 0, "\"text\"", .choices = "text" },
					  { "text", FIELD_STR, 0, "\"\"" }, { 0 } };
static const struct field image_part[] = { { "type", FIELD_CHOICE, 0, "\"image\"", .choices = "image" },
					   { "image", FIELD_ANY, 0, "{}" }, { 0 } };
static const struct field part_options[] = { { "Text", FIELD_MODEL, .model = text_part },
					     { "Image", FIELD_MODEL, .model = image_part }, { 0 } };
static const struct field part = { .kind = FIELD_UNION, .options = part_options };
static const struct field content_options[] = { { "str", FIELD_STR }, { "dict[str,any]", FIELD_OBJECT },
						{ "list[Part]", FIELD_LIST, .item = &part }, { 0 } };

/* Of several models that fit, the one that explains most of the input (cases/messages). */
static void test_unions(void **state)
{
	static const struct sample samples[] = {
		{ "\"x\"", "\"x\"" }, { "{\"a\":1}", "{\"a\":1}" },
		{ "[{\"image\":{\"uri\":\"u\"}}]", "[{\"type\":\"image\",\"image\":{\"uri\":\"u\"}}]" },
		{ "[{\"type\":\"text\",\"text\":\"t\"}]", "[{\"type\":\"text\",\"text\":\"t\"}]" },
		{ "5", "string_type@str dict_type@dict[str,any] list_type@list[Part]" },
		{ "[{\"type\":\"nope\"}]", "string_type@str dict_type@dict[str,any] literal_error@list[Part].0.Text.type "
					   "literal_error@list[Part].0.Image.type" },
	};
	static const struct sample numbers[] = { { "1", "1" }, { "true", "1" }, { "\"1\"", "\"1\"" }, { "1.0", "1" } };
	static const struct field content = { .kind = FIELD_UNION, .options = content_options };
	static const struct field int_or_str[] = { { "int", FIELD_INT }, { "str", FIELD_STR }, { 0 } };
	static const struct field number = { .kind = FIELD_UNION, .options = int_or_str };

	(void)state;
	check_samples(&content, samples, ARRAY_LEN(samples));
	check_samples(&number, numbers, ARRAY_LEN(numbers));
}

static void test_list_body(void **state)
{
	static const struct sample samples[] = {
		{ "[]", "[]" }, { "{}", "list_type@" }, { "[{}]", "missing@0.id" }, { "null", "missing@" },
	};

	(void)state;
	check_samples(BODY_LIST(node_fields), samples, ARRAY_LEN(samples));
}

/* Messages and bounds that clients show. */
static void test_error_form(void **state)
{
	static const struct field limit[] = { { "limit", FIELD_INT, FIELD_MIN, "100", .min = 1 }, { 0 } };
	struct value *given = value_map();
	struct value *errors = value_list();
	struct value *out;
	char *text;
	struct arena *arena = arena_new();

	(void)state;
	assert_int_equal(query_parse("limit=0", 7, given, NULL), 0);
	out = query_validate(limit, given, "query", false, errors);
	text = json_text(arena, errors, JSON_COMPACT);
	assert_string_equal(text, "[{\"type\":\"greater_than_equal\",\"loc\":[\"query\",\"limit\"],\"msg\":\"Input should be greater "
				  "than or equal to 1\",\"input\":\"0\",\"ctx\":{\"ge\":1}}]");
	value_unref(out);
	value_unref(errors);
	value_unref(given);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_int),	   cmocka_unit_test(test_float),      cmocka_unit_test(test_bool),
		cmocka_unit_test(test_text_and_choices), cmocka_unit_test(test_containers), cmocka_unit_test(test_models),
		cmocka_unit_test(test_unions),	   cmocka_unit_test(test_list_body),  cmocka_unit_test(test_error_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
