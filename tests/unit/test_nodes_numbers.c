/* nodetool.boolean, nodetool.numbers, nodetool.compare, lib.math. */
#include "node_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

extern const struct node_table nodes_boolean;
extern const struct node_table nodes_compare;
extern const struct node_table nodes_numbers;
extern const struct node_table nodes_lib_math;

static void test_boolean(void **state)
{
	static const struct node_case cases[] = {
		{ "nodetool.boolean.ConditionalSwitch", "{\"condition\":true,\"if_true\":1,\"if_false\":2}", "1" },
		{ "nodetool.boolean.ConditionalSwitch", "{}", "[]" },
		{ "nodetool.boolean.LogicalOperator", "{\"a\":true,\"b\":false,\"operation\":\"xor\"}", "true" },
		{ "nodetool.boolean.LogicalOperator", "{\"a\":true,\"operation\":\"nand\"}", "true" },
		{ "nodetool.boolean.LogicalOperator", "{\"operation\":\"nor\"}", "true" },
		{ "nodetool.boolean.LogicalOperator", "{\"operation\":\"?\"}", "!operation" },
		{ "nodetool.boolean.Not", "{\"value\":true}", "false" },
		{ "nodetool.boolean.Compare", "{\"a\":9007199254740993,\"b\":9007199254740992.0,\"comparison\":\">\"}", "true" },
		{ "nodetool.boolean.Compare", "{\"a\":2,\"b\":2.0,\"comparison\":\"<=\"}", "true" },
		{ "nodetool.boolean.Compare", "{\"a\":\"x\",\"b\":1}", "!a, b" },
		{ "nodetool.boolean.IsNone", "{\"value\":0}", "false" },
		{ "nodetool.boolean.IsIn", "{\"value\":1,\"options\":[true]}", "true" },
		{ "nodetool.boolean.IsIn", "{\"value\":\"1\",\"options\":[1]}", "false" },
		{ "nodetool.boolean.All", "{}", "true" },
		{ "nodetool.boolean.Some", "{}", "false" },
		{ "nodetool.boolean.Some", "{\"values\":[false,true]}", "true" },
	};

	(void)state;
	node_check(&nodes_boolean, cases, ARRAY_LEN(cases));
}

static void test_math(void **state)
{
	static const struct node_case cases[] = {
		{ "lib.math.Add", "{\"a\":9223372036854775807,\"b\":1}", "9223372036854775808" },
		{ "lib.math.Add", "{\"a\":\"1\",\"b\":1}", "!numbers are needed" },
		{ "lib.math.Multiply", "{\"a\":1e308,\"b\":10}", "Infinity" },
		{ "lib.math.Divide", "{\"a\":1,\"b\":0}", "!division by zero" },
		{ "lib.math.Modulus", "{\"a\":-7,\"b\":3}", "2" },
		{ "lib.math.Power", "{\"base\":2,\"exponent\":3}", "8.0" },
		{ "lib.math.Power", "{\"base\":0,\"exponent\":-1}", "!domain" },
		{ "lib.math.Power", "{\"base\":10,\"exponent\":400}", "!range" },
		{ "lib.math.Sqrt", "{\"x\":-1}", "!x: math domain error" },
		{ "lib.math.Sqrt", "{\"x\":6.25}", "2.5" },
		{ "lib.math.Sine", "{\"angle_rad\":0}", "0.0" },
		{ "lib.math.MathFunction", "{\"input\":0}", "0" },
		{ "lib.math.MathFunction", "{\"input\":0.0}", "-0.0" },
		{ "lib.math.MathFunction", "{\"input\":-9223372036854775808}", "9223372036854775808" },
		{ "lib.math.MathFunction", "{\"input\":-3,\"operation\":\"cube\"}", "-27" },
		{ "lib.math.MathFunction", "{\"input\":-2.5,\"operation\":\"absolute\"}", "2.5" },
		{ "lib.math.MathFunction", "{\"input\":-27,\"operation\":\"cube_root\"}", "-3.0" },
		{ "lib.math.MathFunction", "{\"input\":0,\"operation\":\"log\"}", "!input: math domain error" },
		{ "lib.math.MathFunction", "{\"input\":1,\"operation\":\"sinh\"}", "!operation" },
		{ "lib.math.MathFunction", "{\"input\":\"1\"}", "!input: a number is needed, not str" },
	};

	(void)state;
	node_check(&nodes_lib_math, cases, ARRAY_LEN(cases));
}

static void test_filters(void **state)
{
	(void)state;
	node_check_stream(&nodes_numbers, "nodetool.numbers.FilterNumber", "{\"filter_type\":\"even\"}", "value",
			  "[-3,0,true,false,4.0,4.5,\"2\",null,123456789012345678902]",
			  "[0,false,4.0,123456789012345678902]");
	node_check_stream(&nodes_numbers, "nodetool.numbers.FilterNumber", "{\"filter_type\":\"odd\"}", "value", "[1.5,-1,-2]",
			  "[1.5,-1]");
	node_check_stream(&nodes_numbers, "nodetool.numbers.FilterNumberRange", "{\"max_value\":1,\"inclusive\":false}", "value",
			  "[0,0.5,1,[0.5]]", "[0.5]");
}

/* A setting that arrives on an edge holds for what comes behind it. */
static void test_settings_on_edges(void **state)
{
	struct harness *h = harness_new(&nodes_numbers, "nodetool.numbers.FilterNumber", "{\"compare_value\":1}", NULL);

	(void)state;
	harness_item(h, "value", "2");
	harness_item(h, "compare_value", "5");
	harness_item(h, "value", "3");
	harness_item(h, "compare_value", "\"x\"");
	harness_item(h, "value", "9");
	harness_item(h, "filter_type", "\"less_than\"");
	harness_item(h, "compare_value", "2.5");
	harness_item(h, "value", "2");
	assert_string_equal(harness_json(h, "output"), "[2,2]");
	harness_free(h);
}

static void test_compare_images(void **state)
{
	struct harness *h = harness_new(&nodes_compare, "nodetool.compare.CompareImages", "{}", NULL);

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_int_equal(harness_count(h, "output"), 0);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boolean),           cmocka_unit_test(test_math),
		cmocka_unit_test(test_filters),           cmocka_unit_test(test_settings_on_edges),
		cmocka_unit_test(test_compare_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
