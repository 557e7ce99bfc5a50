/* template: Jinja templates as data, and the FormatText node. */
#include "node_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wsd/nodes/template.h"

extern const struct node_table nodes_text_format;

static const char vars_json[] =
	"{\"s\":\"Hello World\",\"n\":5,\"f\":2.5,\"l\":[3,1,2],\"d\":{\"b\":1,\"a\":\"x\"},\"none\":null,\"t\":true,"
	"\"us\":[{\"name\":\"bob\",\"age\":30},{\"name\":\"Al\",\"age\":25}],\"w\":[\"b\",\"a\",\"B\"],\"h\":\"<p>a & b</p>\"}";

static void check(const char *source, const char *expected)
{
	struct value *vars = json_parse(vars_json, strlen(vars_json), NULL);
	struct err err = { 0 };
	struct buf out;
	int status;

	buf_init(&out, BUF_MAX_BODY);
	status = template_render(&out, sv_of(source), vars, &err);
	if (expected[0] == '!') {
		if (status == 0 || !strstr(err.detail, expected + 1))
			fail_msg("%s: expected an error with '%s', got '%s' '%s'", source, expected + 1, err.detail,
				 out.data ? out.data : "");
	} else if (status < 0 || strcmp(out.data ? out.data : "", expected) != 0) {
		fail_msg("%s: expected '%s', got '%s' %s", source, expected, out.data ? out.data : "", err.detail);
	}
	buf_free(&out);
	value_unref(vars);
}

static void test_output(void **state)
{
	(void)state;
	check("{{ n }} {{ f }} {{ t }} {{ none }} {{ l }} {{ x }}|", "5 2.5 True None [3, 1, 2] |");
	check("a\n{{ n }}\n", "a\n5");
	check("{# c #}a {#- c -#} b {%- if t %} x {%- endif %} y", "ab x y");
	check("{% raw %}{{ n }}{% endraw %}", "{{ n }}");
	check("", "");
	check("{{ s[1:4] }}{{ s[-1] }}{{ l[0] }}{{ l[::-1] }}{{ d.b }}{{ d['a'] }}{{ us.0.name }}", "elld3[2, 1, 3]1xbob");
}

static void test_expressions(void **state)
{
	(void)state;
	check("{{ n + 1 * 2 ** 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 64 }}", "9 -4 2 3.5 18446744073709551616");
	check("{{ 1 < n < 10 }} {{ n not in l }} {{ 'H' in s }} {{ not t or f == 2.5 }}", "True True True True");
	check("{{ 'a' ~ 1 ~ none }} {{ 'ab' * 2 }} {{ [1] + l }} {{ '%s-%03d' % ('a', 7) }}", "a1None abab [1, 3, 1, 2] a-007");
	check("{{ 'y' if t else 'n' }}{{ 'x' if not t }}{{ '' or 'z' }}{{ (1,) }}{{ {'k': [1]} }}", "yz(1,){'k': [1]}");
	check("{{ s.upper() }} {{ s.split('o')|length }} {{ d.get('q', 'z') }} {{ '{:>3}|{x}'.format(1, x=2) }}",
	      "HELLO WORLD 3 z   1|2");
	check("{{ \"q\\\"\" 'b' }}{{ 'uni\\u00e9' }}", "q\"bunié");
	check("{{ n is odd }} {{ n is divisibleby 5 }} {{ q is defined }} {{ n is in [5] }} {{ n is not string }} {{ n is gt 7 }}",
	      "True True False True True False");
}

static void test_statements(void **state)
{
	(void)state;
	check("{% for x in l %}{{ loop.index }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}", "13,21,32");
	check("{% for k, v in d.items() %}{{ k }}{{ v }}{% endfor %}{% for x in [] %}a{% else %}b{% endfor %}", "b1axb");
	check("{% for u in us if u.age > 26 %}{{ u.name }}{{ loop.length }}{% endfor %}", "bob1");
	check("{% set a, b = 1, 2 %}{{ a + b }}{% set z | upper %}x{{ n }}{% endset %}{{ z }}", "3X5");
	check("{% set x = 0 %}{% for i in l %}{% set x = i %}{% endfor %}{{ x }}", "0");
	check("{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "6");
	check("{% macro m(a, b='B') %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(2, b=3) }}", "1B23");
	check("{% if n > 9 %}a{% elif n > 3 %}b{% else %}c{% endif %}{% filter upper %}q{% endfilter %}{% with a=1 %}{{ a }}{% endwith %}",
	      "bQ1");
	check("{% for i in range(3) %}{{ loop.cycle('a', 'b') }}{% endfor %}", "aba");
}

static void test_filters(void **state)
{
	(void)state;
	check("{{ l|sort|join('-') }} {{ l|sum }} {{ l|max }} {{ w|sort }} {{ w|unique|list }} {{ l|first }}{{ l|last }}",
	      "1-2-3 6 3 ['a', 'b', 'B'] ['b', 'a'] 32");
	check("{{ us|map(attribute='name')|join(',') }} {{ us|selectattr('age','gt',26)|list|length }} {{ us|sum('age') }}",
	      "bob,Al 1 55");
	check("{% for g in us|groupby('age') %}{{ g.grouper }}{{ g.list[0].name }} {% endfor %}{{ l|batch(2)|list }}",
	      "25Al 30bob [[3, 1], [2]]");
	check("{{ s|truncate(8) }} {{ s|truncate(5, true, '') }} {{ 'a b'|title }} {{ h|e }} {{ h|striptags }}",
	      "Hello World Hello A B &lt;p&gt;a &amp; b&lt;/p&gt; a & b");
	check("{{ -2.35|round(1) }} {{ '3.7'|int }} {{ 'x'|int(9) }} {{ q|default('d') }} {{ h|tojson }} {{ d|tojson }}",
	      "-2.4 3 9 d \"\\u003cp\\u003ea \\u0026 b\\u003c/p\\u003e\" {\"a\": \"x\", \"b\": 1}");
	check("{{ 'a\nb'|indent(2) }} {{ 'x'|center(5) }}| {{ 1500000|filesizeformat }} {{ {'q': 'a b'}|urlencode }}",
	      "a\n  b   x  | 1.5 MB q=a+b");
	check("{{ l|map('string')|list }} {{ l|select('odd')|list }} {{ d|dictsort }}", "['3', '1', '2'] [3, 1] [('a', 'x'), ('b', 1)]");
}

static void test_errors(void **state)
{
	char *deep = xcalloc(1, 20001);

	(void)state;
	check("{{ x.y }}", "!undefined");
	check("{{ x + 1 }}", "!undefined");
	check("{{ 1/0 }}", "!division by zero");
	check("a\n{{ n|nofilter }}", "!No filter named 'nofilter'");
	check("{{ n is notest }}", "!No test named");
	check("{{ s.format_map() }}", "!no method");
	check("{{ ''.__class__ }}", "");
	check("{{ ''.__class__.__mro__ }}", "!undefined");
	check("a\n{% if %}", "!line 2");
	check("{% if t %}", "!not closed");
	check("{{ n", "!not closed");
	check("{% include 'x' %}", "!unknown statement");
	check("{{ }}", "!an expression is missing");
	check("{{ 'a' < 1 }}", "!not supported");
	check("{{ range(1000000000) }}", "!range");
	check("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "!too much work");
	check("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "!too deeply");
	check("{{ 'a' * 1000000000 }}", "!too long");
	check("{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "!too long");
	check("{% set l = [] %}{% for i in range(60) %}{% set _ = l.append(l) %}{% endfor %}", "!append");
	memset(deep, '(', 20000);
	memcpy(deep, "{{", 2);
	memcpy(deep + 19998, "}}", 2);
	check(deep, "!nested too deeply");
	for (size_t i = 0; i + 11 < 20000; i += 11)
		memcpy(deep + i, "{% if t  %}", 11);
	memset(deep + 19987, ' ', 13);
	check(deep, "!");
	free(deep);
}

static void test_node(void **state)
{
	struct harness *h = harness_new(&nodes_text_format, "nodetool.text.FormatText", "{\"template\":\"{{ NAME }} {{Age|upper}}\"}",
					"{\"Name\":\"Ann\",\"AGE\":5}");

	(void)state;
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_string_equal(harness_json(h, "output"), "[\"Ann 5\"]");
	harness_free(h);
	h = harness_new(&nodes_text_format, "nodetool.text.FormatText", "{\"template\":\"{% if %}\"}", NULL);
	assert_int_equal(harness_run(h), NODE_FAILED);
	assert_non_null(strstr(harness_error(h), "Template error: line 1"));
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),	cmocka_unit_test(test_expressions), cmocka_unit_test(test_statements),
		cmocka_unit_test(test_filters), cmocka_unit_test(test_errors),	    cmocka_unit_test(test_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
