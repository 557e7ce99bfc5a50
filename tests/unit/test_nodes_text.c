/* nodetool.text without files, JSON, HTML and templates. */
#include "node_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

extern const struct node_table nodes_text;
extern const struct node_table nodes_text_check;
extern const struct node_table nodes_text_clean;
extern const struct node_table nodes_text_regex;

#define T "nodetool.text."

static void test_making(void **state)
{
	static const struct node_case cases[] = {
		{ T "ToString", "{}", "\"()\"" },
		{ T "ToString", "{\"value\":[1,2.0,null]}", "\"[1, 2.0, None]\"" },
		{ T "ToString", "{\"value\":\"it's\",\"mode\":\"repr\"}", "\"\\\"it's\\\"\"" },
		{ T "Concat", "{\"a\":\"x\",\"b\":\"y\"}", "\"xy\"" },
		{ T "Concat", "{}", "\"\"" },
		{ T "Join", "{\"strings\":[1,\"a\",1e20],\"separator\":\"; \"}", "\"1; a; 1e+20\"" },
		{ T "Template", "{\"string\":\"{{a}} {{ b }} {{c}}\",\"values\":{\"a\":\"{{ b }}\",\"b\":1.0}}", "\"1.0 1.0 {{c}}\"" },
		{ T "Template", "{\"string\":\"{{a+}}\",\"values\":{\"a+\":\"\\\\n\"}}", "\"\\n\"" },
		{ T "Template", "{\"string\":\"{{a}}\",\"values\":{\"a\":\"\\\\q\"}}", "!values: a: replacement: bad escape" },
		{ T "SurroundWith", "{\"text\":\"(a)\",\"prefix\":\"(\",\"suffix\":\")\"}", "\"(a)\"" },
		{ T "PadText", "{\"text\":\"a\",\"length\":4,\"direction\":\"both\",\"pad_character\":\"é\"}", "\"éaéé\"" },
		{ T "PadText", "{\"text\":\"a\",\"length\":4,\"pad_character\":\"ab\"}", "!pad_character" },
		{ T "PadText", "{\"text\":\"a\",\"length\":9000000000000000000}", "!too long" },
		{ T "TruncateText", "{\"text\":\"hello world\",\"max_length\":8,\"ellipsis\":\"...\"}", "\"hello...\"" },
		{ T "TruncateText", "{\"text\":\"héllo\",\"max_length\":2,\"ellipsis\":\"...\"}", "\"hé\"" },
	};

	(void)state;
	node_check(&nodes_text, cases, ARRAY_LEN(cases));
}

static void test_cutting(void **state)
{
	static const struct node_case cases[] = {
		{ T "Replace", "{\"text\":\"abc\",\"new\":\"-\"}", "\"-a-b-c-\"" },
		{ T "Split", "{\"text\":\"a,,b\"}", "[\"a\",\"\",\"b\"]" },
		{ T "Extract", "{\"text\":\"h😀llo\",\"start\":-4,\"end\":-1}", "\"😀ll\"" },
		{ T "Extract", "{\"text\":\"hello\",\"end\":123456789012345678901}", "!end is too large" },
		{ T "Slice", "{\"text\":\"hello\",\"start\":10,\"stop\":-10,\"step\":-2}", "\"olh\"" },
		{ T "Slice", "{\"text\":\"hello\",\"stop\":3,\"step\":0}", "!step" },
		{ T "Chunk", "{\"text\":\"a b c d e f g\",\"length\":3,\"overlap\":1}",
		  "[\"a b c\",\"c d e\",\"e f g\",\"g\"]" },
		{ T "Chunk", "{\"text\":\"a b\",\"length\":1,\"overlap\":1}", "!overlap" },
		{ T "Chunk", "{\"text\":\"a b\",\"length\":9223372036854775807}", "!too large" },
	};
	struct harness *h = harness_new(&nodes_text, T "Split", "{\"text\":\"a\"}", NULL);

	(void)state;
	node_check(&nodes_text, cases, ARRAY_LEN(cases));
	harness_set(h, "delimiter", value_str(""));
	assert_int_equal(harness_run(h), NODE_FAILED);
	assert_string_equal(harness_error(h), "delimiter: must not be empty");
	harness_free(h);
}

static void test_collect(void **state)
{
	(void)state;
	node_check_stream(&nodes_text, T "Collect", "{\"separator\":\",\"}", "input_item", "[\"a\",\"b\",\"c\"]", "[\"b,c\"]");
	node_check_stream(&nodes_text, T "Collect", "{}", "input_item", "[\"a\"]", "[\"\"]");
	node_check_stream(&nodes_text, T "Collect", "{}", "input_item", "[]", "[]");
}

static void test_cleaning(void **state)
{
	static const struct node_case cases[] = {
		{ T "ToUppercase", "{\"text\":\"straße\"}", "\"STRASSE\"" },
		{ T "ToLowercase", "{\"text\":\"ΣΑΣ\"}", "\"σας\"" },
		{ T "ToTitlecase", "{\"text\":\"they're\"}", "\"They'Re\"" },
		{ T "CapitalizeText", "{\"text\":\"ǆA\"}", "\"ǅa\"" },
		{ T "TrimWhitespace", "{\"text\":\" \\u00a0a \",\"trim_end\":false}", "\"a \"" },
		{ T "CollapseWhitespace", "{\"text\":\" a \\t b\\n\\nc\",\"preserve_newlines\":true}", "\"a b\\n\\nc\"" },
		{ T "CollapseWhitespace", "{\"text\":\"a b\",\"replacement\":\"\\\\q\"}", "!replacement" },
		{ T "RemovePunctuation", "{\"text\":\"a.b—c!\",\"replacement\":\"_\"}", "\"a_b—c_\"" },
		{ T "RemovePunctuation", "{\"text\":\"é😀\",\"punctuation\":\"😀\"}", "\"é\"" },
		{ T "StripAccents", "{\"text\":\"café ﬁ 日本\"}", "\"cafe fi 日本\"" },
		{ T "StripAccents", "{\"text\":\"é日\",\"preserve_non_ascii\":false}", "\"e\"" },
		{ T "StripAccents", "{}", "\"\"" },
		{ T "Slugify", "{\"text\":\"  Héllo -- Wörld_x! \"}", "\"hello-world-x\"" },
		{ T "Slugify", "{\"text\":\"!!!\"}", "\"\"" },
	};

	(void)state;
	node_check(&nodes_text_clean, cases, ARRAY_LEN(cases));
}

static void test_checking(void **state)
{
	static const struct node_case cases[] = {
		{ T "Compare", "{\"text_a\":\"A\",\"text_b\":\"a\",\"case_sensitive\":false}", "\"equal\"" },
		{ T "Compare", "{\"text_a\":\"ab\",\"text_b\":\"a\"}", "\"greater\"" },
		{ T "Equals", "{\"text_a\":\" a\",\"text_b\":\"a\",\"trim_whitespace\":true}", "true" },
		{ T "StartsWith", "{\"text\":\"abc\"}", "true" },
		{ T "EndsWith", "{\"text\":\"abc\",\"suffix\":\"b\"}", "false" },
		{ T "Contains", "{\"text\":\"ABC\",\"search_values\":[\"a\",\"z\"],\"case_sensitive\":false,\"match_mode\":\"all\"}",
		  "false" },
		{ T "Contains", "{\"text\":\"abc\",\"substring\":\"z\",\"match_mode\":\"none\"}", "true" },
		{ T "IndexOf", "{\"text\":\"a😀b😀\",\"substring\":\"😀\",\"end_index\":4,\"search_from_end\":true}", "3" },
		{ T "IsEmpty", "{\"text\":\" \\u2003\"}", "true" },
		{ T "HasLength", "{\"text\":\"😀é\",\"exact_length\":2}", "true" },
		{ T "Length", "{\"text\":\"a\\n\\nb\\n\",\"measure\":\"lines\",\"trim_whitespace\":true}", "2" },
		{ T "Length", "{\"text\":\" a b \",\"measure\":\"words\"}", "2" },
		{ T "Length", "{\"text\":\"😀\"}", "1" },
	};

	(void)state;
	node_check(&nodes_text_check, cases, ARRAY_LEN(cases));
	node_check_stream(&nodes_text_check, T "FilterString", "{\"filter_type\":\"length_greater\",\"criteria\":\" 1 \"}",
			  "value", "[\"a\",\"😀é\",5,null]", "[\"😀é\"]");
	node_check_stream(&nodes_text_check, T "FilterString", "{\"filter_type\":\"exact_length\",\"criteria\":\"x\"}", "value",
			  "[\"a\"]", "[]");
}

static void test_regex(void **state)
{
	static const struct node_case cases[] = {
		{ T "ExtractRegex", "{\"text\":\"ab\",\"regex\":\"(x)?(b)\"}", "[null,\"b\"]" },
		{ T "ExtractRegex", "{\"text\":\"ab\",\"regex\":\"(\"}", "!regex: missing )" },
		{ T "FindAllRegex", "{\"text\":\"ab\",\"regex\":\"(a)|(b)\"}", "[[\"a\",\"\"],[\"\",\"b\"]]" },
		{ T "FindAllRegex", "{\"text\":\"A\\nb\",\"regex\":\"^.$\",\"multiline\":true}", "[\"A\",\"b\"]" },
		{ T "RegexMatch", "{\"text\":\"a1\",\"pattern\":\"(\\\\d)\",\"group\":5}", "!group" },
		{ T "RegexMatch", "{\"text\":\"a1\",\"pattern\":\"x\",\"group\":5}", "[]" },
		{ T "RegexReplace", "{\"text\":\"a1b2\",\"pattern\":\"\\\\d\",\"replacement\":\"<\\\\g<0>>\"}", "\"a<1>b<2>\"" },
		{ T "RegexReplace", "{\"text\":\"a\",\"pattern\":\"a\",\"replacement\":\"\\\\1\"}", "!replacement" },
		{ T "RegexSplit", "{\"text\":\"a1b2c\",\"pattern\":\"(\\\\d)\",\"maxsplit\":1}", "[\"a\",\"1\",\"b2c\"]" },
		{ T "RegexValidate", "{\"text\":\"12a\",\"pattern\":\"\\\\d+\"}", "true" },
		{ T "RegexValidate", "{\"text\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\",\"pattern\":\"(a|aa|a*)+$\"}",
		  "!pattern: the pattern cannot be matched" },
	};

	(void)state;
	node_check(&nodes_text_regex, cases, ARRAY_LEN(cases));
	node_check_stream(&nodes_text_regex, T "FilterRegexString", "{\"pattern\":\"\\\\d\"}", "value", "[\"a1\",\"b\",1]",
			  "[\"a1\"]");
	node_check_stream(&nodes_text_regex, T "FilterRegexString", "{\"pattern\":\"[\"}", "value", "[\"a1\"]", "[]");
}

/* A pattern that arrives on an edge replaces the one in use. */
static void test_regex_setting(void **state)
{
	struct harness *h = harness_new(&nodes_text_regex, T "FilterRegexString", "{\"pattern\":\"a\"}", NULL);

	(void)state;
	harness_item(h, "value", "\"a\"");
	harness_item(h, "pattern", "\"b\"");
	harness_item(h, "value", "\"a\"");
	harness_item(h, "value", "\"bb\"");
	harness_item(h, "full_match", "true");
	harness_item(h, "value", "\"bb\"");
	assert_string_equal(harness_json(h, "output"), "[\"a\",\"bb\"]");
	harness_free(h);
}

/* Megabytes go through without quadratic work. */
static void test_large(void **state)
{
	size_t size = 4 << 20;
	char *text = xmalloc(size + 1);
	struct harness *h;

	(void)state;
	memset(text, 'a', size);
	text[size] = '\0';
	for (size_t i = 0; i < size; i += 64)
		text[i] = ' ';
	h = harness_new(&nodes_text_regex, T "RegexReplace", "{\"pattern\":\" a\",\"replacement\":\"b\"}", NULL);
	harness_set(h, "text", value_strn(text, size));
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_int_equal(value_len(harness_output(h, "output", 0)), size - size / 64);
	harness_free(h);
	h = harness_new(&nodes_text_clean, T "Slugify", "{}", NULL);
	harness_set(h, "text", value_strn(text, size));
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_int_equal(value_len(harness_output(h, "output", 0)), size - 1);
	harness_free(h);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_making),   cmocka_unit_test(test_cutting),  cmocka_unit_test(test_collect),
		cmocka_unit_test(test_cleaning), cmocka_unit_test(test_checking), cmocka_unit_test(test_regex),
		cmocka_unit_test(test_regex_setting), cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
