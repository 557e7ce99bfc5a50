/* nodetool.list. */
#include "node_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

extern const struct node_table nodes_list;
extern const struct node_table nodes_list_sets;

#define L "nodetool.list."

static void test_parts(void **state)
{
	static const struct node_case cases[] = {
		{ L "Length", "{\"values\":[null,[1]]}", "2" },
		{ L "ListRange", "{\"start\":10,\"stop\":-1,\"step\":-4}", "[10,6,2]" },
		{ L "ListRange", "{\"stop\":5,\"step\":0}", "!step: must not be zero" },
		{ L "ListRange", "{\"stop\":9223372036854775807}", "!more than" },
		{ L "ListRange", "{\"stop\":123456789012345678901}", "!stop" },
		{ L "ListRange", "{\"start\":9223372036854775806,\"stop\":9223372036854775807,\"step\":5}", "[9223372036854775806]" },
		{ L "Slice", "{\"values\":[0,1,2,3,4,5],\"start\":5,\"step\":-2}", "[5,3,1]" },
		{ L "Slice", "{\"values\":[0,1,2],\"stop\":-1}", "[0,1]" },
		{ L "Slice", "{\"values\":[0,1,2],\"step\":0}", "!step" },
		{ L "SelectElements", "{\"values\":[\"a\",\"b\"],\"indices\":[-1,0,0]}", "[\"b\",\"a\",\"a\"]" },
		{ L "SelectElements", "{\"values\":[\"a\"],\"indices\":[0,5]}", "!indices: index 5 is out of range" },
		{ L "GetElement", "{\"values\":[1,2],\"index\":-2}", "1" },
		{ L "GetElement", "{\"values\":[],\"index\":0}", "!index" },
		{ L "Chunk", "{\"values\":[1,2,3],\"chunk_size\":2}", "[[1,2],[3]]" },
		{ L "Chunk", "{\"values\":[1,2],\"chunk_size\":-1}", "[]" },
		{ L "Chunk", "{\"values\":[1,2],\"chunk_size\":0}", "!chunk_size" },
		{ L "Append", "{\"values\":[1],\"value\":{\"k\":1}}", "[1,{\"k\":1}]" },
		{ L "Extend", "{\"values\":[1],\"other_values\":[null]}", "[1,null]" },
		{ L "Reverse", "{\"values\":[1,[2],3]}", "[3,[2],1]" },
		{ L "Sort", "{\"values\":[\"x\",\"X\"]}", "[\"X\",\"x\"]" },
		{ L "Sort", "{\"values\":[1,\"a\"]}", "!values: '<' not supported" },
		{ L "Flatten", "{\"values\":[1,[2,[3,[4]]]],\"max_depth\":1}", "[1,2,[3,[4]]]" },
		{ L "Flatten", "{\"values\":[1,[2,[3,[4]]]]}", "[1,2,3,4]" },
		{ L "Randomize", "{\"values\":[7]}", "[7]" },
	};

	(void)state;
	node_check(&nodes_list, cases, ARRAY_LEN(cases));
}

static void test_sets_and_sums(void **state)
{
	static const struct node_case cases[] = {
		{ L "Dedupe", "{\"values\":[1,1.0,true,\"1\",null,null]}", "[1,\"1\",null]" },
		{ L "Dedupe", "{\"values\":[{\"a\":1}]}", "!values: unhashable type: 'dict'" },
		{ L "Intersection", "{\"list1\":[1,2,2,3],\"list2\":[3,2.0]}", "[2,3]" },
		{ L "Union", "{\"list1\":[1,2],\"list2\":[2,3]}", "[1,2,3]" },
		{ L "Difference", "{\"list1\":[1,2],\"list2\":[2.0]}", "[1]" },
		{ L "Difference", "{\"list1\":[1],\"list2\":[[1]]}", "!list2: unhashable" },
		{ L "Sum", "{\"values\":[0.1,0.2,0.3]}", "0.6000000000000001" },
		{ L "Sum", "{\"values\":[9223372036854775807,1]}", "9223372036854775808" },
		{ L "Sum", "{}", "!Cannot sum empty list" },
		{ L "Sum", "{\"values\":[1,\"a\"]}", "!values: item 1 is no number but str" },
		{ L "Average", "{\"values\":[true,2]}", "1.5" },
		{ L "Minimum", "{\"values\":[true,2]}", "true" },
		{ L "Maximum", "{\"values\":[1,2.0,2]}", "2.0" },
		{ L "Product", "{\"values\":[true,2]}", "2" },
		{ L "Product", "{\"values\":[true]}", "true" },
	};

	(void)state;
	node_check(&nodes_list_sets, cases, ARRAY_LEN(cases));
}

static void test_sequence(void **state)
{
	struct harness *h = harness_new(&nodes_list, L "GenerateSequence", "{\"start\":5,\"step\":-2}", NULL);

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_string_equal(harness_json(h, "output"), "[5,3,1]");
	harness_free(h);
	h = harness_new(&nodes_list, L "GenerateSequence", "{\"step\":0}", NULL);
	assert_int_equal(harness_run(h), NODE_FAILED);
	assert_string_equal(harness_error(h), "step: must not be zero");
	harness_free(h);
}

/* An input that others hold too must not change. */
static void test_inputs_stay(void **state)
{
	struct harness *h = harness_new(&nodes_list, L "Append", "{\"values\":[3,1],\"value\":2}", NULL);
	struct value *held = value_list();

	(void)state;
	list_push(held, value_int(1));
	harness_set(h, "values", value_ref(held));
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_int_equal(value_len(held), 1);
	value_unref(held);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_sets_and_sums),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_inputs_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
