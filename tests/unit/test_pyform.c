/* pyform: Python's forms of values, numbers, order, slices, formats. */
#include "value/pyform.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct value *parse(const char *json)
{
	struct value *v = json_parse(json, strlen(json), NULL);

	assert_non_null(v);
	return v;
}

static void check_text(const char *json, const char *str, const char *repr)
{
	struct value *v = parse(json);
	struct buf out;

	buf_init(&out, BUF_MAX_SMALL);
	assert_int_equal(pyform_str(&out, v), 0);
	assert_string_equal(out.data, str);
	buf_reset(&out);
	assert_int_equal(pyform_repr(&out, v), 0);
	assert_string_equal(out.data, repr);
	buf_free(&out);
	value_unref(v);
}

static void test_str_and_repr(void **state)
{
	(void)state;
	check_text("null", "None", "None");
	check_text("true", "True", "True");
	check_text("1.0", "1.0", "1.0");
	check_text("1e16", "1e+16", "1e+16");
	check_text("1e-7", "1e-07", "1e-07");
	check_text("-0.0", "-0.0", "-0.0");
	check_text("0.0001", "0.0001", "0.0001");
	check_text("123456789012345678901234567890", "123456789012345678901234567890", "123456789012345678901234567890");
	check_text("\"a'b\"", "a'b", "\"a'b\"");
	check_text("\"both ' and \\\"\"", "both ' and \"", "'both \\' and \"'");
	check_text("\"\\u0000\\u007f\\u00a0\\u00e9\\u200b\\u2028\\ud83d\\ude00\\ue000\"",
		   "", "'\\x00\\x7f\\xa0\xc3\xa9\\u200b\\u2028\xf0\x9f\x98\x80\\ue000'");
	check_text("[1,\"a\",null,[],{}]", "[1, 'a', None, [], {}]", "[1, 'a', None, [], {}]");
	check_text("{\"k\":1,\"\":{\"x\":\"it's\"}}", "{'k': 1, '': {'x': \"it's\"}}", "{'k': 1, '': {'x': \"it's\"}}");
}

static void test_special_values(void **state)
{
	struct value *tuple = value_list();
	struct value *typed = value_map();
	struct buf out;

	(void)state;
	buf_init(&out, BUF_MAX_SMALL);
	list_mark_tuple(tuple);
	pyform_str(&out, tuple);
	list_push(tuple, value_bytes("a\0'", 3));
	pyform_str(&out, tuple);
	list_push(tuple, value_float(-INFINITY));
	pyform_str(&out, tuple);
	assert_string_equal(out.data, "()(b\"a\\x00'\",)(b\"a\\x00'\", -inf)");
	buf_reset(&out);
	map_mark_typed(typed);
	map_set_str(typed, "type", "image");
	map_set_str(typed, "uri", "");
	pyform_str(&out, typed);
	pyform_repr(&out, typed);
	assert_string_equal(out.data, "type='image' uri=''ImageRef(type='image', uri='')");
	buf_free(&out);
	value_unref(tuple);
	value_unref(typed);
}

static void check_int(const char *text, const char *expected)
{
	struct value *v = pyform_int_of(sv_of(text));
	struct buf out;

	buf_init(&out, BUF_MAX_SMALL);
	if (v)
		pyform_str(&out, v);
	assert_string_equal(v ? out.data : "bad", expected);
	buf_free(&out);
	value_unref(v);
}

static void test_reading(void **state)
{
	double d;

	(void)state;
	check_int(" 12 ", "12");
	check_int("-0012", "-12");
	check_int("+1_000", "1000");
	check_int("-0", "0");
	check_int("\xd9\xa3\xd9\xa4", "34");
	check_int("9223372036854775808", "9223372036854775808");
	check_int("-9223372036854775808", "-9223372036854775808");
	check_int("1__0", "bad");
	check_int("_1", "bad");
	check_int("1.0", "bad");
	check_int("", "bad");
	check_int("0x10", "bad");
	check_int("- 1", "bad");
	assert_true(pyform_float_of(SV_LIT(" 1_0.5e1 "), &d) && d == 105);
	assert_true(pyform_float_of(SV_LIT("-Infinity"), &d) && d == -INFINITY);
	assert_true(pyform_float_of(SV_LIT("nan"), &d) && isnan(d));
	assert_true(pyform_float_of(SV_LIT(".5"), &d) && d == 0.5);
	assert_false(pyform_float_of(SV_LIT("1e"), &d));
	assert_false(pyform_float_of(SV_LIT("0x1p3"), &d));
	assert_false(pyform_float_of(SV_LIT("nan(1)"), &d));
	assert_false(pyform_float_of(SV_LIT(""), &d));
}

static void check_arith(enum pyform_op op, const char *a, const char *b, const char *expected)
{
	struct value *x = parse(a);
	struct value *y = parse(b);
	struct err err = { 0 };
	struct value *v = pyform_arith(op, x, y, &err);
	struct buf out;

	buf_init(&out, BUF_MAX_SMALL);
	if (v)
		pyform_repr(&out, v);
	assert_string_equal(v ? out.data : err.detail, expected);
	buf_free(&out);
	value_unref(v);
	value_unref(y);
	value_unref(x);
}

static void test_arithmetic(void **state)
{
	(void)state;
	check_arith(PYFORM_ADD, "9223372036854775807", "1", "9223372036854775808");
	check_arith(PYFORM_SUB, "-9223372036854775808", "1", "-9223372036854775809");
	check_arith(PYFORM_ADD, "9223372036854775808", "-1", "9223372036854775807");
	check_arith(PYFORM_MUL, "123456789012345678901234567890", "-10", "-1234567890123456789012345678900");
	check_arith(PYFORM_ADD, "true", "true", "2");
	check_arith(PYFORM_ADD, "1", "0.5", "1.5");
	check_arith(PYFORM_DIV, "6", "3", "2.0");
	check_arith(PYFORM_DIV, "6", "0", "division by zero");
	check_arith(PYFORM_MOD, "-7", "3", "2");
	check_arith(PYFORM_MOD, "7", "-3", "-2");
	check_arith(PYFORM_MOD, "-9223372036854775808", "-1", "0");
	check_arith(PYFORM_MOD, "-7.5", "2", "0.5");
	check_arith(PYFORM_MOD, "4.0", "-2", "-0.0");
	check_arith(PYFORM_MOD, "1.5", "0.0", "modulo by zero");
	check_arith(PYFORM_MOD, "-123456789012345678901", "10", "9");
	check_arith(PYFORM_FLOORDIV, "-7", "2", "-4");
	check_arith(PYFORM_FLOORDIV, "-9223372036854775808", "-1", "9223372036854775808");
	check_arith(PYFORM_FLOORDIV, "-7.5", "2", "-4.0");
	check_arith(PYFORM_FLOORDIV, "-123456789012345678901", "10", "-12345678901234567891");
	check_arith(PYFORM_POW, "2", "100", "1267650600228229401496703205376");
	check_arith(PYFORM_POW, "-1", "3", "-1");
	check_arith(PYFORM_POW, "2", "-1", "0.5");
	check_arith(PYFORM_POW, "10", "100000", "integer result has more than 4300 digits");
	check_arith(PYFORM_POW, "-8", "0.5", "a negative number cannot be raised to a fractional power");
	check_arith(PYFORM_ADD, "\"1\"", "2", "numbers are needed, not str and int");
}

static void test_rounding(void **state)
{
	(void)state;
	assert_true(pyform_round(2.5, 0) == 2);
	assert_true(pyform_round(3.5, 0) == 4);
	assert_true(pyform_round(-2.35, 1) == -2.4);
	assert_true(pyform_round(2.675, 2) == 2.67);
	assert_true(pyform_round(1250, -2) == 1200);
	assert_true(isnan(pyform_round(NAN, 2)));
}

static int order(const char *a, const char *b)
{
	struct value *x = parse(a);
	struct value *y = parse(b);
	int result;

	if (pyform_compare(x, y, &result, NULL) < 0)
		result = -9;
	value_unref(x);
	value_unref(y);
	return result;
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(order("1", "2.5"), -1);
	assert_int_equal(order("true", "1.0"), 0);
	assert_int_equal(order("9007199254740993", "9007199254740992.0"), 1);
	assert_int_equal(order("9007199254740992.0", "9007199254740993"), -1);
	assert_int_equal(order("123456789012345678901", "-123456789012345678901"), 1);
	assert_int_equal(order("-123456789012345678902", "-123456789012345678901"), -1);
	assert_int_equal(order("\"\\uffff\"", "\"\\ud83d\\ude00\""), -1);
	assert_int_equal(order("\"a\"", "\"ab\""), -1);
	assert_int_equal(order("[1,9]", "[1]"), 1);
	assert_int_equal(order("[1,\"a\"]", "[1,2]"), -9);
	assert_int_equal(order("null", "null"), -9);
	assert_int_equal(order("{}", "{}"), -9);
	assert_int_equal(order("1", "\"1\""), -9);
}

static void check_sort(const char *json, bool reverse, const char *expected)
{
	struct value *list = parse(json);
	struct arena *arena = arena_new();
	int status = pyform_sort(list, reverse, NULL);

	assert_string_equal(status < 0 ? "error" : json_text(arena, list, 0), expected);
	arena_free(arena);
	value_unref(list);
}

static void test_sorting(void **state)
{
	(void)state;
	check_sort("[3,1,2,5,4]", false, "[1,2,3,4,5]");
	check_sort("[3,1,2,5,4]", true, "[5,4,3,2,1]");
	check_sort("[1,1.0,true,0,false]", true, "[1,1.0,true,0,false]");
	check_sort("[1,1.0,true,0,false]", false, "[0,false,1,1.0,true]");
	check_sort("[]", false, "[]");
	check_sort("[{}]", false, "[{}]");
	check_sort("[1,2,3,\"a\"]", false, "error");
	check_sort("[\"b\",null]", false, "error");
}

static void test_slices(void **state)
{
	struct pyform_slice s;
	int64_t a = -2;
	int64_t b = 100;

	(void)state;
	assert_int_equal(pyform_slice_of(&s, 5, &a, &b, 1), 0);
	assert_int_equal(s.start, 3);
	assert_int_equal(s.count, 2);
	assert_int_equal(pyform_slice_of(&s, 5, NULL, NULL, -2), 0);
	assert_int_equal(s.start, 4);
	assert_int_equal(s.count, 3);
	assert_int_equal(pyform_slice_of(&s, 5, NULL, NULL, 0), -1);
	a = INT64_MIN;
	b = INT64_MAX;
	assert_int_equal(pyform_slice_of(&s, 5, &a, &b, INT64_MAX), 0);
	assert_int_equal(s.count, 1);
	assert_int_equal(pyform_slice_of(&s, 5, &b, &a, INT64_MIN), 0);
	assert_int_equal(s.count, 1);
	assert_int_equal(pyform_range_count(INT64_MIN, INT64_MAX, 1), UINT64_MAX);
	assert_int_equal(pyform_range_count(10, -1, -4), 3);
}

static void check_format(const char *json, const char *spec, const char *expected)
{
	struct value *v = parse(json);
	struct err err = { 0 };
	struct buf out;
	int status;

	buf_init(&out, BUF_MAX_SMALL);
	status = pyform_format(&out, v, sv_of(spec), &err);
	assert_string_equal(status < 0 ? "error" : out.data, expected);
	buf_free(&out);
	value_unref(v);
}

static void test_format(void **state)
{
	(void)state;
	check_format("3.14159", ".2f", "3.14");
	check_format("2.5", ".0f", "2");
	check_format("1234567.891", ",.2f", "1,234,567.89");
	check_format("1234567", ",", "1,234,567");
	check_format("1234", "010,", "00,001,234");
	check_format("7", "03d", "007");
	check_format("-7", "05d", "-0007");
	check_format("7", "+d", "+7");
	check_format("255", "#x", "0xff");
	check_format("255", "08b", "11111111");
	check_format("255", "_b", "1111_1111");
	check_format("0.25", ".1%", "25.0%");
	check_format("1234.5", "e", "1.234500e+03");
	check_format("1234.5", "g", "1234.5");
	check_format("100.0", ".3", "1e+02");
	check_format("12.0", ".3", "12.0");
	check_format("1.25", ".3", "1.25");
	check_format("5", ".1f", "5.0");
	check_format("\"ab\"", ">5", "   ab");
	check_format("\"ab\"", "*^6", "**ab**");
	check_format("\"abcdef\"", ".3", "abc");
	check_format("\"ab\"", "", "ab");
	check_format("\"ab\"", "d", "error");
	check_format("1.5", "d", "error");
	check_format("1", "99999999999", "error");
	check_format("[1]", ">3", "error");
	check_format("true", "d", "1");
	check_format("65", "c", "A");
}

static void check_percent(const char *template, const char *args, const char *expected)
{
	struct value *v = parse(args);
	struct err err = { 0 };
	struct buf out;
	int status;

	buf_init(&out, BUF_MAX_SMALL);
	status = pyform_percent(&out, sv_of(template), v, &err);
	assert_string_equal(status < 0 ? "error" : out.data, expected);
	buf_free(&out);
	value_unref(v);
}

static void test_percent(void **state)
{
	(void)state;
	check_percent("%s-%03d", "[\"a\",7]", "a-007");
	check_percent("%5.1f|%-5d|%+d", "[2.25,3,4]", "  2.2|3    |+4");
	check_percent("%(a)s %%", "{\"a\":1}", "1 %");
	check_percent("%r", "[\"it's\"]", "\"it's\"");
	check_percent("%x %X %o", "[255,255,8]", "ff FF 10");
	check_percent("%*d", "[5,1]", "    1");
	check_percent("%d", "[1.9]", "1");
	check_percent("%s", "[]", "error");
	check_percent("%s", "[1,2]", "error");
	check_percent("%y", "[1]", "error");
	check_percent("%", "[1]", "error");
	check_percent("%d", "[\"a\"]", "error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str_and_repr), cmocka_unit_test(test_special_values), cmocka_unit_test(test_reading),
		cmocka_unit_test(test_arithmetic),   cmocka_unit_test(test_rounding),       cmocka_unit_test(test_order),
		cmocka_unit_test(test_sorting),      cmocka_unit_test(test_slices),         cmocka_unit_test(test_format),
		cmocka_unit_test(test_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
