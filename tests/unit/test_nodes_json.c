/* Nodes of lib.json: parsing, paths, templates; JSON Schema keyword by keyword. */
#include "node_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

extern const struct node_table nodes_lib_json;

static void test_cases(void **state)
{
	static const struct node_case cases[] = {
		{ "lib.json.ParseDict", "{\"json_string\": \"{\\\"a\\\": NaN, \\\"b\\\": [-Infinity, \\\"NaN\\\"]}\"}",
		  "{\"a\":NaN,\"b\":[-Infinity,\"NaN\"]}" },
		{ "lib.json.ParseDict", "{\"json_string\": \"[1]\"}", "!must hold an object" },
		{ "lib.json.ParseDict", "{\"json_string\": \"{\\\"a\\\": Na}\"}", "!no JSON" },
		{ "lib.json.ParseDict", "{\"json_string\": \"NaN\"}", "!must hold" },
		{ "lib.json.ParseList", "{\"json_string\": \"[1.0, 1, 123456789012345678901]\"}", "[1.0,1,123456789012345678901]" },
		{ "lib.json.StringifyJSON", "{\"data\": [1, {\"a\": \"é\\u007f\"}], \"indent\": 1}",
		  "\"[\\n 1,\\n {\\n  \\\"a\\\": \\\"\\\\u00e9\\\\u007f\\\"\\n }\\n]\"" },
		{ "lib.json.StringifyJSON", "{\"data\": [[]], \"indent\": 1000}", "!indent" },
		{ "lib.json.GetJSONPathStr", "{\"data\": {\"a\": [1, {\"b\": true}]}, \"path\": \"a.1.b\"}", "\"True\"" },
		{ "lib.json.GetJSONPathStr", "{\"data\": {\"a\": [1]}, \"path\": \"a.-1\", \"default\": \"d\"}", "\"d\"" },
		{ "lib.json.GetJSONPathStr", "{\"data\": {\"a\": [5]}, \"path\": \"a.٠\"}", "\"5\"" },
		{ "lib.json.GetJSONPathInt", "{\"data\": {\"a\": 1e22}, \"path\": \"a\"}", "10000000000000000000000" },
		{ "lib.json.GetJSONPathInt", "{\"data\": {\"a\": \"3.5\"}, \"path\": \"a\"}", "!path 'a'" },
		{ "lib.json.GetJSONPathFloat", "{\"data\": {\"a\": \" 1_0.5 \"}, \"path\": \"a\"}", "10.5" },
		{ "lib.json.GetJSONPathDict", "{\"data\": {\"a\": [\"xy\", [1, 2]]}, \"path\": \"a\"}", "{\"x\":\"y\",\"1\":2}" },
		{ "lib.json.GetJSONPathDict", "{\"data\": {\"a\": [\"xyz\"]}, \"path\": \"a\"}", "!makes no object" },
		{ "lib.json.GetJSONPathList", "{\"data\": {\"a\": \"né\"}, \"path\": \"a\"}", "[\"n\",\"é\"]" },
		{ "lib.json.FilterJSON", "{\"array\": [{\"n\": true}, {\"n\": 2}, {}], \"key\": \"n\", \"value\": 1}",
		  "[{\"n\":true}]" },
		{ "lib.json.JSONTemplate", "{\"template\": \"{\\\"a\\\": $x, \\\"b\\\": \\\"$x$y\\\"}\", \"values\": {\"x\": 1, \"y\": \"z\"}}",
		  "{\"a\":1,\"b\":\"1z\"}" },
		{ "lib.json.JSONTemplate", "{\"template\": \"{\\\"a\\\": $x}\", \"values\": {\"x\": true}}", "!no JSON" },
	};

	(void)state;
	node_check(&nodes_lib_json, cases, ARRAY_LEN(cases));
}

static const struct {
	const char *data;
	const char *schema;
	const char *expected; /* true, false or the reason of an error */
} schemas[] = {
	{ "1.0", "{\"type\": \"integer\"}", "true" },
	{ "true", "{\"type\": \"integer\"}", "false" },
	{ "true", "{\"enum\": [1]}", "false" },
	{ "[true]", "{\"const\": [1]}", "false" },
	{ "{\"a\": 1, \"b\": 2}", "{\"const\": {\"b\": 2, \"a\": 1.0}}", "true" },
	{ "\"éé\"", "{\"maxLength\": 2}", "true" },
	{ "5", "{\"minLength\": 9}", "true" },
	{ "5", "{\"exclusiveMaximum\": 5}", "false" },
	{ "0.3", "{\"multipleOf\": 0.1}", "false" },
	{ "7.5", "{\"multipleOf\": 2.5}", "true" },
	{ "[1, \"a\", 2]", "{\"prefixItems\": [{}, {\"type\": \"string\"}], \"items\": {\"type\": \"integer\"}}", "true" },
	{ "[1, \"a\", \"b\"]", "{\"prefixItems\": [{}, {\"type\": \"string\"}], \"items\": {\"type\": \"integer\"}}", "false" },
	{ "[1, 2, 3]", "{\"contains\": {\"const\": 2}, \"maxContains\": 1}", "true" },
	{ "[2, 2]", "{\"contains\": {\"const\": 2}, \"maxContains\": 1}", "false" },
	{ "[1, true]", "{\"uniqueItems\": true}", "true" },
	{ "[1, 1.0]", "{\"uniqueItems\": true}", "false" },
	{ "{\"ab\": 1}", "{\"patternProperties\": {\"^a\": {\"type\": \"string\"}}}", "false" },
	{ "{\"ab\": 1}", "{\"patternProperties\": {\"^a\": {}}, \"additionalProperties\": false}", "true" },
	{ "{\"x\": 1}", "{\"propertyNames\": {\"maxLength\": 0}}", "false" },
	{ "{\"a\": 1}", "{\"dependentRequired\": {\"a\": [\"b\"]}}", "false" },
	{ "{\"a\": 1}", "{\"dependentSchemas\": {\"a\": {\"minProperties\": 2}}}", "false" },
	{ "3", "{\"oneOf\": [{\"minimum\": 1}, {\"minimum\": 2}]}", "false" },
	{ "3", "{\"not\": {\"type\": \"string\"}}", "true" },
	{ "3", "{\"if\": {\"minimum\": 2}, \"then\": {\"maximum\": 2}, \"else\": false}", "false" },
	{ "{\"n\": {\"n\": {}}}", "{\"properties\": {\"n\": {\"$ref\": \"#\"}}, \"additionalProperties\": false}", "true" },
	{ "[[1]]", "{\"$defs\": {\"a/b\": {\"type\": \"array\"}}, \"items\": {\"$ref\": \"#/$defs/a~1b\"}}", "true" },
	{ "[1]", "{\"$defs\": {\"q\": {\"$anchor\": \"q\", \"type\": \"string\"}}, \"items\": {\"$ref\": \"#q\"}}", "false" },
	{ "1", "{\"$ref\": \"#/nowhere\"}", "leads nowhere" },
	{ "1", "{\"$ref\": \"#\"}", "too deeply" },
	{ "1", "{\"properties\": {\"a\": {\"minimum\": \"x\"}}}", "wrong at 'minimum'" },
	{ "1", "{\"required\": [\"a\", \"a\"]}", "wrong at 'required'" },
	{ "\"x\"", "{\"pattern\": \"(\"}", "json_schema" },
};

static void test_schemas(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++) {
		struct harness *h = harness_new(&nodes_lib_json, "lib.json.ValidateJSON", "{}", NULL);
		struct json_error error;
		enum node_result result;

		harness_set(h, "data", json_parse(schemas[i].data, strlen(schemas[i].data), &error));
		harness_set(h, "json_schema", json_parse(schemas[i].schema, strlen(schemas[i].schema), &error));
		result = harness_run(h);
		if (result == NODE_FAILED ? !strstr(harness_error(h), schemas[i].expected) :
					    value_as_bool(harness_output(h, "output", 0)) != (*schemas[i].expected == 't'))
			fail_msg("%s against %s: not %s (%s)", schemas[i].data, schemas[i].schema, schemas[i].expected,
				 harness_error(h));
		harness_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_schemas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
