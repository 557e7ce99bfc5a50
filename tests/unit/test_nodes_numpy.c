/* lib.numpy: arrays. */
#include "node_harness.h"

#include "wsd/nodes/ndarray.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

extern const struct node_table nodes_lib_numpy_convert;
extern const struct node_table nodes_lib_numpy_math;
extern const struct node_table nodes_lib_numpy_shape;

/* The JSON as a value; lists as arrays, when `arrays`. A new reference. */
static struct value *operand(const char *json, bool arrays)
{
	struct value *v = json_parse(json, strlen(json), NULL);
	struct harness *h;
	struct value *out;

	assert_non_null(v);
	if (!arrays || !value_is(v, VALUE_LIST))
		return v;
	h = harness_new(&nodes_lib_numpy_convert, "lib.numpy.conversion.ListToArray", "{}", NULL);
	harness_set(h, "values", v);
	if (harness_run(h) != NODE_DONE)
		fail_msg("%s: %s", json, harness_error(h));
	out = value_ref(harness_output(h, "output", 0));
	harness_free(h);
	return out;
}

/* Compares the output with JSON (arrays as lists), or with "!text" of a failure. */
static void check_output(struct harness *h, const char *type, const char *expected)
{
	enum node_result rc = harness_run(h);
	struct value *out = harness_output(h, "output", 0);
	struct harness *list;

	if (expected[0] == '!') {
		assert_int_equal(rc, NODE_FAILED);
		if (!strstr(harness_error(h), expected + 1))
			fail_msg("%s: \"%s\" without \"%s\"", type, harness_error(h), expected + 1);
		return;
	}
	if (rc != NODE_DONE)
		fail_msg("%s: %s", type, harness_error(h));
	if (!value_is(out, VALUE_MAP)) {
		if (strncmp(harness_json(h, "output") + 1, expected, strlen(expected)) != 0)
			fail_msg("%s: %s instead of %s", type, harness_json(h, "output"), expected);
		return;
	}
	list = harness_new(&nodes_lib_numpy_convert, "lib.numpy.conversion.ArrayToList", "{}", NULL);
	harness_set(list, "values", value_ref(out));
	assert_int_equal(harness_run(list), NODE_DONE);
	if (strncmp(harness_json(list, "output") + 1, expected, strlen(expected)) != 0)
		fail_msg("%s: %s instead of %s", type, harness_json(list, "output"), expected);
	harness_free(list);
}

static void check_binary(const char *type, const char *a, const char *b, const char *expected)
{
	struct harness *h = harness_new(&nodes_lib_numpy_math, type, "{}", NULL);
	bool power = strstr(type, "Power") != NULL;

	harness_set(h, power ? "base" : "a", operand(a, true));
	harness_set(h, power ? "exponent" : "b", operand(b, true));
	check_output(h, type, expected);
	harness_free(h);
}

static void check_unary(const struct node_table *table, const char *type, const char *values, const char *props,
			const char *expected)
{
	struct harness *h = harness_new(table, type, props, NULL);

	harness_set(h, strstr(type, "ine") ? "angle_rad" : "values", operand(values, !strstr(type, "ListTo")));
	check_output(h, type, expected);
	harness_free(h);
}

static void test_arithmetic(void **state)
{
	(void)state;
	check_binary("lib.numpy.arithmetic.AddArray", "2", "3", "5");
	check_binary("lib.numpy.arithmetic.AddArray", "[[1,2,3],[4,5,6]]", "[[10],[20]]", "[[11,12,13],[24,25,26]]");
	check_binary("lib.numpy.arithmetic.AddArray", "[1,2]", "[0.5,1,2]", "[1.5,3.0,2.0]");
	check_binary("lib.numpy.arithmetic.AddArray", "[true,false]", "[true,true]", "[true,true]");
	check_binary("lib.numpy.arithmetic.AddArray", "[9223372036854775807,0]", "1", "[-9223372036854775808,1]");
	check_binary("lib.numpy.arithmetic.AddArray", "[[1,2],[3,4]]", "[[1,2,3],[4,5,6]]", "!a, b: ");
	check_binary("lib.numpy.arithmetic.SubtractArray", "2.5", "[1,2]", "[1.5,0.5]");
	check_binary("lib.numpy.arithmetic.SubtractArray", "[true]", "[true]", "!bools");
	check_binary("lib.numpy.arithmetic.MultiplyArray", "[true,false]", "[3,4]", "[3,0]");
	check_binary("lib.numpy.arithmetic.DivideArray", "[1,-1,0]", "[0,0,0]", "[Infinity,-Infinity,NaN]");
	check_binary("lib.numpy.arithmetic.ModulusArray", "[7,-7,7,-7]", "[3,3,-3,-3]", "[1,2,-2,-1]");
	check_binary("lib.numpy.arithmetic.ModulusArray", "[7.5,-7.5]", "2", "[1.5,0.5]");
	check_binary("lib.numpy.arithmetic.ModulusArray", "[1,2]", "[0,0]", "[0,0]");
	check_binary("lib.numpy.arithmetic.AddArray", "\"x\"", "1", "!a: is no array");
	check_binary("lib.numpy.arithmetic.AddArray", "[\"x\"]", "1", "!a: holds texts");
	check_binary("lib.numpy.utils.BinaryOperation", "1", "2", "!no operation");
	check_binary("lib.numpy.math.PowerArray", "2", "[1,2,3]", "[2,4,8]");
	check_binary("lib.numpy.math.PowerArray", "[-8.0,4.0]", "0.5", "[NaN,2.0]");
	check_binary("lib.numpy.math.PowerArray", "[1,2]", "-1", "!negative");
	check_binary("lib.numpy.math.PowerArray", "[10]", "[20]", "7766279631452241920");
}

static void test_functions(void **state)
{
	const struct node_table *math = &nodes_lib_numpy_math;

	(void)state;
	check_unary(math, "lib.numpy.math.AbsArray", "[-1,2]", "{}", "[1,2]");
	check_unary(math, "lib.numpy.math.AbsArray", "[[-1.5]]", "{}", "1.5");
	check_unary(math, "lib.numpy.math.SqrtArray", "[16777217,-1]", "{}", "[4096.0,NaN]");
	check_unary(math, "lib.numpy.math.ExpArray", "[-1000,1000]", "{}", "[0.0,Infinity]");
	check_unary(math, "lib.numpy.math.LogArray", "[0.0,1.0]", "{}", "[-Infinity,0.0]");
	check_unary(math, "lib.numpy.math.SineArray", "[true,false,true]", "{}", "[0.84130859375,0.0,0.84130859375]");
	check_unary(math, "lib.numpy.math.CosineArray", "0", "{}", "1.0");
	check_unary(math, "lib.numpy.math.AbsArray", "{\"type\":\"np_array\"}", "{}", "!values: is empty");
}

static void test_shapes(void **state)
{
	const struct node_table *shape = &nodes_lib_numpy_shape;

	(void)state;
	check_unary(shape, "lib.numpy.manipulation.SliceArray", "[0,1,2,3,4,5]",
		    "{\"start\":5,\"stop\":0,\"step\":-2,\"axis\":0}", "[5,3,1]");
	check_unary(shape, "lib.numpy.manipulation.SliceArray", "[[1,2,3],[4,5,6]]",
		    "{\"start\":0,\"stop\":-1,\"step\":1,\"axis\":-1}", "[[1,2],[4,5]]");
	check_unary(shape, "lib.numpy.manipulation.SliceArray", "[1]", "{\"stop\":1,\"step\":0}",
		    "!step must not be 0");
	check_unary(shape, "lib.numpy.manipulation.SliceArray", "[1]", "{\"stop\":1,\"step\":1,\"axis\":1}",
		    "!axis: 1 is out of bounds");
	check_unary(shape, "lib.numpy.manipulation.IndexArray", "[10,20,30]", "{\"indices\":\" -1 ,,0\"}", "[30,10]");
	check_unary(shape, "lib.numpy.manipulation.IndexArray", "[10]", "{\"indices\":\"1\"}", "!indices: \"1\"");
	check_unary(shape, "lib.numpy.manipulation.IndexArray", "[10]", "{\"indices\":\"1.5\"}", "!indices: \"1.5\"");
	check_unary(shape, "lib.numpy.manipulation.SplitArray", "[1]", "{\"num_splits\":0}", "!num_splits");
	check_unary(shape, "lib.numpy.manipulation.TransposeArray", "[[1,2,3],[4,5,6]]", "{}", "[[1,4],[2,5],[3,6]]");
	check_unary(shape, "lib.numpy.manipulation.TransposeArray", "[[\"a\",\"bc\"]]", "{}", "[[\"a\"],[\"bc\"]]");
	check_unary(shape, "lib.numpy.reshaping.Reshape2D", "[1,2,3,4]", "{\"num_rows\":-1,\"num_cols\":2}",
		    "[[1,2],[3,4]]");
	check_unary(shape, "lib.numpy.reshaping.Reshape2D", "[1,2,3]", "{\"num_rows\":2,\"num_cols\":2}",
		    "!values: 3 elements");
	check_unary(shape, "lib.numpy.reshaping.Reshape1D", "[[1,2]]", "{\"num_elements\":2}", "[1,2]");
}

static void test_statistics(void **state)
{
	const struct node_table *shape = &nodes_lib_numpy_shape;

	(void)state;
	check_unary(shape, "lib.numpy.statistics.MaxArray", "[[1,2],[0,5]]", "{\"axis\":1}", "[2,5]");
	check_unary(shape, "lib.numpy.statistics.MinArray", "[[1.5,2.5],[-3.5,0]]", "{\"axis\":0}", "[-3.5,0.0]");
	check_unary(shape, "lib.numpy.statistics.SumArray", "[1,2,3,4,5,6,7,8,9,10]", "{}", "55");
	check_unary(shape, "lib.numpy.statistics.SumArray", "[true,true,false]", "{}", "2");
	check_unary(shape, "lib.numpy.statistics.MeanArray", "[1,2]", "{}", "1.5");
	check_unary(shape, "lib.numpy.statistics.MeanArray", "[]", "{}", "NaN");
	check_unary(shape, "lib.numpy.statistics.ArgMaxArray", "[[1,9],[3,2]]", "{\"axis\":0}", "[1,0]");
	check_unary(shape, "lib.numpy.statistics.MaxArray", "[]", "{}", "!values: there is nothing");
	check_unary(shape, "lib.numpy.statistics.MaxArray", "[1]", "{\"axis\":1}", "!axis: ");
}

static void test_matrices(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		const char *expected;
	} cases[] = {
		{ "[[1,2,3],[4,5,6]]", "[[1,0],[0,1],[2,2]]", "[[7,8],[16,17]]" },
		{ "[1,2,3]", "[1,2,3]", "[14]" },
		{ "[[1,2],[3,4]]", "[1.0,1.0]", "[3.0,7.0]" },
		{ "[[[1,2]],[[3,4]]]", "[[1],[1]]", "[[[3]],[[7]]]" },
		{ "[[1,2]]", "[[1,2]]", "!a, b: 2 columns and 1 rows" },
		{ "1", "[1]", "!no matrices" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct harness *h = harness_new(&nodes_lib_numpy_shape, "lib.numpy.manipulation.MatMul", "{}", NULL);

		harness_set(h, "a", operand(cases[i].a, true));
		harness_set(h, "b", operand(cases[i].b, true));
		check_output(h, "MatMul", cases[i].expected);
		harness_free(h);
	}
}

static void test_stack(void **state)
{
	static const struct {
		const char *parts[2];
		int axis;
		const char *expected;
	} cases[] = {
		{ { "[1,2]", "[0.5,1.5]" }, 0, "[[1.0,2.0],[0.5,1.5]]" },
		{ { "[1,2]", "[3,4]" }, 1, "[[1,3],[2,4]]" },
		{ { "[1,2]", "[[1,2]]" }, 0, "!arrays: " },
		{ { "[1,2]", "[3,4]" }, 2, "!axis: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct harness *h = harness_new(&nodes_lib_numpy_shape, "lib.numpy.manipulation.Stack", "{}", NULL);
		struct value *list = value_list();

		list_push(list, operand(cases[i].parts[0], true));
		list_push(list, operand(cases[i].parts[1], true));
		harness_set(h, "arrays", list);
		harness_set(h, "axis", value_int(cases[i].axis));
		check_output(h, "Stack", cases[i].expected);
		harness_free(h);
	}
}

static void test_conversion(void **state)
{
	const struct node_table *convert = &nodes_lib_numpy_convert;

	(void)state;
	check_unary(convert, "lib.numpy.conversion.ListToArray", "[\"x\",1]", "{}", "[\"x\",\"1\"]");
	check_unary(convert, "lib.numpy.conversion.ListToArray", "[true,2]", "{}", "[1,2]");
	check_unary(convert, "lib.numpy.conversion.ListToArray", "[[1,2],[3]]", "{}", "!values: its lists");
	check_unary(convert, "lib.numpy.conversion.ListToArray", "[[1],2]", "{}", "!values: lists and single values");
	check_unary(convert, "lib.numpy.conversion.ListToArray", "[1,[2]]", "{}", "!values: lists and single values");
	check_unary(convert, "lib.numpy.conversion.ListToArray", "[null]", "{}", "!values: NoneType");
	check_unary(convert, "lib.numpy.conversion.ArrayToScalar", "[[2.5]]", "{}", "2.5");
	check_unary(convert, "lib.numpy.conversion.ArrayToScalar", "[1,2]", "{}", "!values: has 2 elements");
	check_unary(convert, "lib.numpy.conversion.ConvertToAudio", "[0.5]", "{\"sample_rate\":0}", "!sample_rate");
}

/* Arrays of clients: other widths, other byte order, broken ones. */
static void test_wire(void **state)
{
	static const struct {
		const char *dtype;
		const char *bytes;
		size_t len;
		const char *expected;
	} cases[] = {
		{ "<i2", "\x01\x00\xff\xff", 4, "[1,-1]" },
		{ ">u2", "\x00\x01\xff\xff", 4, "[1,65535]" },
		{ "<f2", "\x00\x3c\x00\xfc", 4, "[1.0,-Infinity]" },
		{ "|b1", "\x01\x02", 2, "[true,true]" },
		{ "<i8", "\x01\x00", 2, "!its shape needs" },
		{ "<c16", "", 0, "!cannot be used" },
		{ "<f3", "", 0, "!cannot be used" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct harness *h =
			harness_new(&nodes_lib_numpy_convert, "lib.numpy.conversion.ArrayToList", "{}", NULL);
		struct value *map = value_map();
		struct value *shape = value_list();

		list_push(shape, value_int(2));
		map_set_str(map, "type", "np_array");
		map_set(map, "value", value_bytes(cases[i].bytes, cases[i].len));
		map_set_str(map, "dtype", cases[i].dtype);
		map_set(map, "shape", shape);
		harness_set(h, "values", map);
		check_output(h, cases[i].dtype, cases[i].expected);
		harness_free(h);
	}
	assert_int_equal(nd_single_to_half(1.0f), 0x3c00);
	assert_int_equal(nd_single_to_half(-0.0f), 0x8000);
	assert_int_equal(nd_single_to_half(65520.0f), 0x7c00);
	assert_int_equal(nd_single_to_half(5.9604645e-8f), 1);
	for (unsigned half = 0; half < 0x7c00; half++)
		assert_int_equal(nd_single_to_half(nd_half_to_single((uint16_t)half)), half);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arithmetic), cmocka_unit_test(test_functions), cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_statistics), cmocka_unit_test(test_matrices),  cmocka_unit_test(test_stack),
		cmocka_unit_test(test_conversion), cmocka_unit_test(test_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
