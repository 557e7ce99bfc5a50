/* value: JSON and MessagePack there and back, errors with Python's positions, maps, equality. */
#include "value/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void round_trip(const char *text, const char *expected)
{
	struct json_error error;
	struct value *v = json_parse(text, strlen(text), &error);
	struct value *again;
	struct buf json;
	struct buf pack;

	assert_non_null(v);
	buf_init(&json, 1 << 20);
	buf_init(&pack, 1 << 20);
	assert_int_equal(json_write(&json, v, JSON_SPACED | JSON_ASCII), 0);
	assert_string_equal(json.data, expected);
	assert_int_equal(msgpack_write(&pack, v, true), 0);
	again = msgpack_parse(pack.data, pack.len, &error);
	assert_non_null(again);
	assert_true(value_equal(v, again));
	for (size_t cut = 0; cut < pack.len; cut++)
		assert_null(msgpack_parse(pack.data, cut, &error));
	value_unref(again);
	value_unref(v);
	buf_free(&json);
	buf_free(&pack);
}

static void test_round_trips(void **state)
{
	(void)state;
	round_trip("[\"\\u007f\"]", "[\"\\u007f\"]"); /* as json.dumps writes it */
	round_trip("[1.5,0.1,1e-7,1e16,1e0,-0.0,5.0]", "[1.5, 0.1, 1e-07, 1e+16, 1.0, -0.0, 5.0]");
	round_trip("[123456789012345678901234567890,-9223372036854775808,18446744073709551615]",
		   "[123456789012345678901234567890, -9223372036854775808, 18446744073709551615]");
	round_trip("\"\\u00e4\\ud83d\\ude00\\u0000/\"", "\"\\u00e4\\ud83d\\ude00\\u0000/\"");
	round_trip("{\"a\":{\"b\":[{}]},\"a\":null}", "{\"a\": null}");
	round_trip("  12 ", "12");
}

static void test_error_positions(void **state)
{
	static const struct {
		const char *text;
		size_t position;
	} cases[] = {
		{ "", 0 },       { "[1,]", 3 },      { "{\"a\" 1}", 5 }, { "{\"a\":1", 6 },  { "\"abc", 0 },
		{ "{} x", 3 },   { "{'a':1}", 1 },   { "{\"a\":}", 5 },  { "[1 2]", 3 },     { "-", 0 },
		{ "{\"a\":1,}", 7 }, { "\xc3\xa4 x", 0 }, { "[01]", 2 },     { "[NaN]", 1 },     { "[\"\t\"]", 2 },
	};
	struct json_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_null(json_parse(cases[i].text, strlen(cases[i].text), &error));
		assert_int_equal(error.position, cases[i].position);
	}
}

static void test_depth(void **state)
{
	char deep[400];
	struct json_error error;

	(void)state;
	memset(deep, '[', 200);
	memset(deep + 200, ']', 200);
	assert_null(json_parse(deep, sizeof(deep), &error));
	memset(deep, '\x91', 200);
	assert_null(msgpack_parse(deep, 200, &error));
	/* Both take the same: what came as MessagePack must be able to go out as JSON. */
	for (size_t depth = JSON_MAX_DEPTH - 1; depth <= JSON_MAX_DEPTH + 1; depth++) {
		struct value *packed;
		struct value *json;

		memset(deep, '\x91', depth);
		deep[depth] = 1;
		packed = msgpack_parse(deep, depth + 1, &error);
		memset(deep, '[', depth);
		deep[depth] = '1';
		memset(deep + depth + 1, ']', depth);
		json = json_parse(deep, 2 * depth + 1, &error);
		assert_int_equal(packed != NULL, depth <= JSON_MAX_DEPTH);
		assert_int_equal(json != NULL, depth <= JSON_MAX_DEPTH);
		value_unref(packed);
		value_unref(json);
	}
}

static void test_maps(void **state)
{
	struct value *map = value_map();
	struct sv key;
	struct value *v;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "k%d", i);
		map_set_int(map, name, i);
	}
	assert_int_equal(value_len(map), 1000);
	assert_int_equal(map_int(map, "k777", -1), 777);
	assert_true(map_remove(map, "k500"));
	assert_null(map_get(map, "k500"));
	assert_true(map_entry(map, 500, &key, &v));
	assert_true(sv_eq(key, "k501"));
	value_unref(map);
}

static void test_equality(void **state)
{
	struct value *one = value_int(1);
	struct value *real = value_float(1.0);

	(void)state;
	assert_true(value_equal(one, real));
	assert_true(value_equal(one, value_bool(true)));
	assert_int_equal(value_hash(one), value_hash(real));
	value_unref(one);
	value_unref(real);
}

/* Extension 1: only digits as JSON has them, and never a byte behind the frame (each input stands in memory of its own
 * size, so that a sanitizer sees it). */
static void test_big_integers(void **state)
{
	static const struct {
		const char *digits;
		bool good;
	} cases[] = {
		{ "12345678901234567890123", true }, { "-98765432109876543210", true }, { "0", true },
		{ "", false },  { "-", false },	 { "00", false },   { "012", false }, { "1x", false },
		{ "+1", false }, { "--1", false }, { "1.5", false }, { " 1", false },	{ "99999999", true },
	};
	struct json_error error;
	struct value *v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].digits);
		unsigned char *data = malloc(len + 3);

		data[0] = 0xc7;
		data[1] = (unsigned char)len;
		data[2] = 1;
		memcpy(data + 3, cases[i].digits, len);
		v = msgpack_parse(data, len + 3, &error);
		assert_int_equal(v != NULL, cases[i].good);
		if (v)
			assert_string_equal(value_text(v), cases[i].digits);
		value_unref(v);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips), cmocka_unit_test(test_error_positions), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_maps),        cmocka_unit_test(test_equality),
		cmocka_unit_test(test_big_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
