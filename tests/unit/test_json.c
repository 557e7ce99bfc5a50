/* json_parse refuses what Python refuses, at the same place and with the same words (clients show both). The table was made
 * by Python's own parser. */
#include "value/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		size_t position;
		const char *message;
	} cases[] = {
		{ "", 0, "Expecting value" },
		{ "  ", 2, "Expecting value" },
		{ "tru", 0, "Expecting value" },
		{ "nul", 0, "Expecting value" },
		{ "12x", 2, "Extra data" },
		{ "{", 1, "Expecting property name enclosed in double quotes" },
		{ "[", 1, "Expecting value" },
		{ "{\"a\"", 4, "Expecting ':' delimiter" },
		{ "{\"a\":", 5, "Expecting value" },
		{ "{\"a\":1", 6, "Expecting ',' delimiter" },
		{ "{\"a\":1,", 7, "Expecting property name enclosed in double quotes" },
		{ "{\"a\":1,}", 7, "Expecting property name enclosed in double quotes" },
		{ "[1,", 3, "Expecting value" },
		{ "[1,]", 3, "Expecting value" },
		{ "[1 2]", 3, "Expecting ',' delimiter" },
		{ "{1:2}", 1, "Expecting property name enclosed in double quotes" },
		{ "{\"a\" 1}", 5, "Expecting ':' delimiter" },
		{ "{\"a\":}", 5, "Expecting value" },
		{ "\"abc", 0, "Unterminated string starting at" },
		{ "\"a\012b\"", 2, "Invalid control character at" },
		{ "\"\\x\"", 1, "Invalid \\escape" },
		{ "\"\\u12\"", 2, "Invalid \\uXXXX escape" },
		{ "{\"a\":tru}", 5, "Expecting value" },
		{ "[1,nope]", 3, "Expecting value" },
		{ "01", 1, "Extra data" },
		{ "-", 0, "Expecting value" },
		{ "-x", 0, "Expecting value" },
		{ "1.", 1, "Extra data" },
		{ ".5", 0, "Expecting value" },
		{ "1.e", 1, "Extra data" },
		{ "1e", 1, "Extra data" },
		{ "1e+", 1, "Extra data" },
		{ "+1", 0, "Expecting value" },
		{ "{\"a\":1}x", 7, "Extra data" },
		{ "[1] []", 4, "Extra data" },
		{ "'a'", 0, "Expecting value" },
		{ "{bad", 1, "Expecting property name enclosed in double quotes" },
		{ "{not json", 1, "Expecting property name enclosed in double quotes" },
		{ "1 2", 2, "Extra data" },
		{ "[1}", 2, "Expecting ',' delimiter" },
		{ "{\"a\":1]", 6, "Expecting ',' delimiter" },
		{ "nullx", 4, "Extra data" },
		{ "true false", 5, "Extra data" },
		{ "\"\\", 0, "Unterminated string starting at" },
		{ "\"a\\", 0, "Unterminated string starting at" },
		{ "]", 0, "Expecting value" },
		{ "}", 0, "Expecting value" },
		{ ",", 0, "Expecting value" },
		{ ":", 0, "Expecting value" },
		{ "{\"a\":1 \"b\":2}", 7, "Expecting ',' delimiter" },
		{ "{\"a\":1,\"b\"}", 10, "Expecting ':' delimiter" },
		{ "[,1]", 1, "Expecting value" },
		{ "\303\251", 0, "Expecting value" },
		{ "[\"\303\251\",x]", 5, "Expecting value" },
		{ "{\"\303\251\":1,}", 7, "Expecting property name enclosed in double quotes" },
		{ "{,}", 1, "Expecting property name enclosed in double quotes" },
		{ "/* */1", 0, "Expecting value" },
		{ "[1,2", 4, "Expecting ',' delimiter" },
		{ "tRue", 0, "Expecting value" },
		{ "-01", 2, "Extra data" },
		{ "--1", 0, "Expecting value" },
		{ "1-", 1, "Extra data" },
		{ "[-]", 1, "Expecting value" },
		{ "[1.]", 2, "Expecting ',' delimiter" },
		{ "[1.5.5]", 4, "Expecting ',' delimiter" },
		{ "{\"a\":\"b\" \"c\"}", 9, "Expecting ',' delimiter" },
		{ "{\"a\":1,,}", 7, "Expecting property name enclosed in double quotes" },
		{ "\0141", 0, "Expecting value" },
		{ "{ \"a\": 1,\012 \"b\": }", 16, "Expecting value" },
		{ "[1e5,1e]", 6, "Expecting ',' delimiter" },
		{ "{\"a\":\"\011\"}", 6, "Invalid control character at" },
		{ "{\"\011\":1}", 2, "Invalid control character at" },
		{ "-Inf", 0, "Expecting value" },
		{ "-I", 0, "Expecting value" },
		{ "I", 0, "Expecting value" },
		{ "N", 0, "Expecting value" },
		{ "Infinit", 0, "Expecting value" },
		{ "{\"a\":1}}", 7, "Extra data" },
		{ "[[1]", 4, "Expecting ',' delimiter" },
		{ "[[[", 3, "Expecting value" },
		{ "{\"a\":{\"b\":[1,{\"c\":}]}}", 18, "Expecting value" },
		{ "\"\\u", 2, "Invalid \\uXXXX escape" },
		{ "\"\\u1", 2, "Invalid \\uXXXX escape" },
		{ "\"\\u12", 2, "Invalid \\uXXXX escape" },
		{ "\"\\u12g4\"", 2, "Invalid \\uXXXX escape" },
		{ "\"\\u123\"", 2, "Invalid \\uXXXX escape" },
		{ "\"\\ud83d\\u\"", 8, "Invalid \\uXXXX escape" },
		{ "\"a\\", 0, "Unterminated string starting at" },
		{ "\"\\\"", 0, "Unterminated string starting at" },
		{ "\"\\q", 1, "Invalid \\escape" },
		{ "\"\001\\q\"", 1, "Invalid control character at" },
		{ "{\"a\\q\":1}", 3, "Invalid \\escape" },
		{ "[\"\\u00e9\\u00\"]", 9, "Invalid \\uXXXX escape" },
		{ "\"\\ud83d\\uzzzz\"", 8, "Invalid \\uXXXX escape" },
		{ "\"\303\251\\x\"", 2, "Invalid \\escape" },
		{ "\"\\U0041\"", 1, "Invalid \\escape" },
	};
	struct json_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct value *v = json_parse(cases[i].text, strlen(cases[i].text), &error);

		if (v || error.position != cases[i].position || strcmp(error.message, cases[i].message) != 0)
			fail_msg("%s: %zu %s, wanted %zu %s", cases[i].text, v ? 0 : error.position, v ? "accepted" : error.message,
				 cases[i].position, cases[i].message);
	}
}

/* What Python takes and JSON has no form for. */
static void test_out_of_range(void **state)
{
	static const char *const texts[] = { "NaN", "[Infinity]", "-Infinity", "1e400", "{\"a\":-1e999}", "[1.5e308,1.8e308]",
					     "1\0", "[1]\0" };
	static const size_t lengths[] = { 3, 10, 9, 5, 12, 17, 2, 4 };
	struct json_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_null(json_parse(texts[i], lengths[i], &error));
}

static void test_accepted(void **state)
{
	static const char *const texts[] = { "1e308", "1E-400", " [ ] ", "{ }", "[[],{}]", "-0", "0.0", "1e+5", "\"\\/\"",
					     "[1,2,[3,{\"a\":[{}]}]]\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct value *v = json_parse(texts[i], strlen(texts[i]), NULL);

		if (!v)
			fail_msg("%s was refused", texts[i]);
		value_unref(v);
	}
}

/* A text need not end with a NUL: nothing behind it is read (the sanitizer watches the block). */
static void test_exact_memory(void **state)
{
	static const char *const texts[] = { "3444444444444444444444444444444", "[1,34444444444444444444444]", "12", "\"a", "tru",
					     "{\"a\":-", "1e", "\"\\u12", "[1.5" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t len = strlen(texts[i]);
		char *copy = xmalloc(len);

		memcpy(copy, texts[i], len);
		value_unref(json_parse(copy, len, NULL));
		free(copy);
	}
}

static void test_depth_limit(void **state)
{
	char text[2 * JSON_MAX_DEPTH + 8];
	struct json_error error;
	struct value *v;

	(void)state;
	memset(text, '[', JSON_MAX_DEPTH + 1);
	memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
	assert_null(json_parse(text, 2 * (JSON_MAX_DEPTH + 1), &error));
	assert_int_equal(error.position, JSON_MAX_DEPTH);
	text[JSON_MAX_DEPTH] = '1';
	v = json_parse(text, 2 * JSON_MAX_DEPTH + 1, &error);
	assert_non_null(v);
	value_unref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_exact_memory),
		cmocka_unit_test(test_depth_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
