/* nodetool.dictionary, and the JSON nodes of nodetool.text with their paths. */
#include "node_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "wsd/nodes/jsonpath.h"

extern const struct node_table nodes_dictionary;
extern const struct node_table nodes_dictionary_filter;
extern const struct node_table nodes_text_json;

#define D "nodetool.dictionary."

static void test_dictionary(void **state)
{
	static const struct node_case cases[] = {
		{ D "GetValue", "{\"dictionary\":{\"a\":null},\"key\":\"a\",\"default\":1}", "null" },
		{ D "GetValue", "{\"dictionary\":{\"a\":1},\"key\":\"b\"}", "[]" },
		{ D "Update", "{\"dictionary\":{\"b\":1,\"a\":2},\"new_pairs\":{\"c\":3,\"b\":4}}", "{\"b\":4,\"a\":2,\"c\":3}" },
		{ D "Combine", "{\"dict_a\":{\"z\":1},\"dict_b\":{\"z\":null}}", "{\"z\":null}" },
		{ D "Remove", "{\"dictionary\":{\"\":1,\"b\":2}}", "{\"b\":2}" },
		{ D "Filter", "{\"dictionary\":{\"a\":1,\"b\":2},\"keys\":[\"b\",\"x\",\"a\"]}", "{\"b\":2,\"a\":1}" },
		{ D "Zip", "{\"keys\":[\"a\",1,true,null,1.5],\"values\":[1,2,3,4,5]}",
		  "{\"a\":1,\"1\":2,\"true\":3,\"null\":4,\"1.5\":5}" },
		{ D "Zip", "{\"keys\":[[\"x\"]],\"values\":[1]}", "!keys: unhashable type: 'list'" },
		{ D "ReduceDictionaries", "{\"dictionaries\":[{\"id\":\"a\",\"v\":1},{\"id\":\"a\",\"v\":2}],\"key_field\":\"id\"}",
		  "{\"a\":{\"v\":1}}" },
		{ D "ReduceDictionaries",
		  "{\"dictionaries\":[{\"id\":\"a\",\"v\":1},{\"id\":\"a\",\"v\":2}],\"key_field\":\"id\",\"value_field\":\"v\","
		  "\"conflict_resolution\":\"last\"}",
		  "{\"a\":2}" },
		{ D "ReduceDictionaries",
		  "{\"dictionaries\":[{\"id\":1},{\"id\":1}],\"key_field\":\"id\",\"conflict_resolution\":\"error\"}",
		  "!dictionaries: the key '1' occurs twice" },
		{ D "ReduceDictionaries", "{\"dictionaries\":[{\"id\":1}],\"key_field\":\"x\"}", "!key_field" },
		{ D "ReduceDictionaries", "{\"dictionaries\":[{\"id\":1}],\"key_field\":\"id\",\"value_field\":\"x\"}", "!value_field" },
		{ D "ReduceDictionaries", "{\"dictionaries\":[{\"id\":[1]}],\"key_field\":\"id\"}", "!unhashable" },
		{ D "ArgMax", "{\"scores\":{\"b\":1,\"a\":1.0}}", "\"b\"" },
		{ D "ArgMax", "{}", "!scores: the dictionary is empty" },
		{ D "ParseJSON", "{\"json_string\":\"{\\\"a\\\":1,\\\"a\\\":2}\"}", "{\"a\":2}" },
		{ D "ParseJSON", "{\"json_string\":\"[1]\"}", "!Input JSON is not a dictionary" },
		{ D "ParseJSON", "{\"json_string\":\"{bad}\"}", "!json_string" },
		{ D "ToJSON", "{\"dictionary\":{\"a\":[1,2.0,\"é\"]}}", "\"{\\\"a\\\": [1, 2.0, \\\"\\\\u00e9\\\"]}\"" },
		{ D "ToYAML", "{\"dictionary\":{\"b\":[1,{}],\"a\":\"yes\"}}", "\"a: 'yes'\\nb:\\n- 1\\n- {}\\n\"" },
		{ D "ToYAML", "{\"dictionary\":{\"a\":\"2024-01-01\",\"b\":\"12:30\",\"c\":\"=\",\"d\":\"<<\",\"e\":\"a:1\"}}",
		  "\"a: '2024-01-01'\\nb: '12:30'\\nc: '='\\nd: '<<'\\ne: a:1\\n\"" },
	};

	(void)state;
	node_check(&nodes_dictionary, cases, ARRAY_LEN(cases));
}

static void test_make_dictionary(void **state)
{
	struct harness *h = harness_new(&nodes_dictionary, D "MakeDictionary", "{}", "{\"b\":1,\"a\":[]}");

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_string_equal(harness_json(h, "output"), "[{\"b\":1,\"a\":[]}]");
	harness_free(h);
}

static void test_filters(void **state)
{
	static const char items[] = "[{\"k\":\"apple\",\"n\":1},{\"k\":5,\"n\":3.5},{\"k\":null},{\"n\":4},{\"k\":[1,2,3],\"n\":true},7]";

	(void)state;
	node_check_stream(&nodes_dictionary_filter, D "FilterDictByNumber", "{\"key\":\"n\",\"compare_value\":1}", "value", items,
			  "[{\"k\":5,\"n\":3.5},{\"n\":4}]");
	node_check_stream(&nodes_dictionary_filter, D "FilterDictByRange", "{\"key\":\"n\",\"max_value\":1}", "value", items,
			  "[{\"k\":\"apple\",\"n\":1},{\"k\":[1,2,3],\"n\":true}]");
	node_check_stream(&nodes_dictionary_filter, D "FilterDictRegex", "{\"key\":\"k\",\"pattern\":\"^.\\\\d\"}", "value", items,
			  "[{\"k\":[1,2,3],\"n\":true}]");
	node_check_stream(&nodes_dictionary_filter, D "FilterDictByValue",
			  "{\"key\":\"k\",\"filter_type\":\"length_less\",\"criteria\":\"4\"}", "value", items,
			  "[{\"k\":[1,2,3],\"n\":true}]");
	node_check_stream(&nodes_dictionary_filter, D "FilterDictByValue",
			  "{\"key\":\"k\",\"filter_type\":\"type_is\",\"criteria\":\"NoneType\"}", "value", items, "[{\"k\":null}]");
	node_check_stream(&nodes_dictionary_filter, D "FilterDictByValue",
			  "{\"key\":\"k\",\"filter_type\":\"equals\",\"criteria\":\"None\"}", "value", items, "[{\"k\":null}]");
}

static void test_json_nodes(void **state)
{
	static const struct node_case cases[] = {
		{ "nodetool.text.ParseJSON", "{\"text\":\" [1e3, NaN] \"}", "[1000.0,NaN]" },
		{ "nodetool.text.ParseJSON", "{\"text\":\"{'a':1}\"}", "!text: " },
		{ "nodetool.text.ParseJSON", "{}", "!text: " },
		{ "nodetool.text.ExtractJSON", "{\"text\":\"{\\\"a\\\":[1,2]}\",\"json_path\":\"$.a[-1]\"}", "2" },
		{ "nodetool.text.ExtractJSON", "{\"text\":\"{}\",\"json_path\":\"$.a\"}", "!json_path: nothing matches '$.a'" },
		{ "nodetool.text.ExtractJSON", "{\"text\":\"{}\",\"json_path\":\"$.a\",\"find_all\":true}", "[]" },
		{ "nodetool.text.ExtractJSON", "{\"text\":\"{}\",\"json_path\":\"$[\"}", "!json_path: " },
	};

	(void)state;
	node_check(&nodes_text_json, cases, ARRAY_LEN(cases));
}

static void check_path(const char *path, const char *expected)
{
	static const char json[] = "{\"s\":{\"b\":[{\"t\":\"A\",\"p\":8},{\"t\":\"B\",\"p\":12}],\"k w\":{\"p\":1}},\"n\":null}";
	struct value *data = json_parse(json, strlen(json), NULL);
	struct err err;
	struct value *found = jsonpath_find(sv_of(path), data, &err);
	struct arena *arena = arena_new();

	assert_string_equal(found ? json_text(arena, found, 0) : "error", expected);
	arena_free(arena);
	value_unref(found);
	value_unref(data);
}

static void test_paths(void **state)
{
	char deep[1000];

	(void)state;
	check_path("$.s.b[*].t", "[\"A\",\"B\"]");
	check_path("s.b[0].t", "[\"A\"]");
	check_path("$..p", "[8,12,1]");
	check_path("$..b[1].p", "[12]");
	check_path("$.s.b[::-1].t", "[\"B\",\"A\"]");
	check_path("$.s.b[-2:].p", "[8,12]");
	check_path("$.s[\"k w\"].p", "[1]");
	check_path("$.s.'k w'.p", "[1]");
	check_path("$.s.(b|'k w')[0].t", "[\"A\"]");
	check_path("$.s.b[*].(t|p)", "[\"A\",8,\"B\",12]");
	check_path("$.s.b[*].t,p", "[\"A\",8,\"B\",12]");
	check_path("$.n", "[null]");
	check_path("$.s.b[*].`parent`[0].t", "[\"A\",\"A\"]");
	check_path("$.s.* where p", "[{\"p\":1}]");
	check_path("$.s.b[9]", "[]");
	check_path("$.n.x", "[]");
	check_path("$.*.b[*].p", "[8,12]");
	check_path("$[", "error");
	check_path("", "error");
	check_path("$.", "error");
	check_path("$.s.b[?(@.p>1)]", "error");
	check_path("$.s.b[0,1]", "error");
	check_path("$.s)", "error");
	check_path("$.'s", "error");
	check_path("$.s.b[::0]", "error");
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	check_path(deep, "error");
	for (size_t i = 0; i + 4 < sizeof(deep); i += 3)
		memcpy(deep + i, "*..", 3);
	deep[sizeof(deep) - 4] = '*';
	deep[sizeof(deep) - 3] = '\0';
	check_path(deep, "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dictionary), cmocka_unit_test(test_make_dictionary), cmocka_unit_test(test_filters),
		cmocka_unit_test(test_json_nodes), cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
