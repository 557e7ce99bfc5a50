/* Exports of graphs as Python source: names, order, literals, kinds of widgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "graph/graph.h"

static struct value *graph_of(const char *json)
{
	struct json_error error;
	struct value *stored = json_parse(json, strlen(json), &error);
	struct value *graph;

	assert_non_null(stored);
	graph = graph_complete(stored);
	assert_non_null(graph);
	value_unref(stored);
	return graph;
}

/* The source must hold each text, in this order. */
static void expect_in_order(const char *source, const char *const *texts)
{
	for (; *texts; texts++) {
		const char *at = strstr(source, *texts);

		if (!at)
			fail_msg("not there (or not behind the one before): %s\nin: %s", *texts, source);
		source = at + strlen(*texts);
	}
}

static void expect_dsl(const char *json, const char *const *texts)
{
	struct value *graph = graph_of(json);
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	assert_int_equal(graph_export_dsl(&out, graph), 0);
	expect_in_order(out.data, texts);
	buf_free(&out);
	value_unref(graph);
}

static void expect_gradio(const char *json, const char *const *texts)
{
	struct value *graph = graph_of(json);
	struct value *options = value_map();
	struct buf out;

	map_set_str(options, "app_title", "it's");
	map_set_bool(options, "queue", true);
	buf_init(&out, BUF_MAX_BODY);
	assert_int_equal(graph_export_gradio(&out, graph, options), 0);
	expect_in_order(out.data, texts);
	buf_free(&out);
	value_unref(options);
	value_unref(graph);
}

static void test_order(void **state)
{
	(void)state;
	/* c feeds b feeds a; d is free; e and f are a cycle. */
	expect_dsl("{\"nodes\":[{\"id\":\"a\",\"type\":\"n.A\"},{\"id\":\"b\",\"type\":\"n.B\"},{\"id\":\"e\",\"type\":"
		   "\"n.E\"},"
		   "{\"id\":\"f\",\"type\":\"n.F\"},{\"id\":\"c\",\"type\":\"n.C\"},{\"id\":\"d\",\"type\":\"n.D\"}],"
		   "\"edges\":["
		   "{\"source\":\"b\",\"sourceHandle\":\"output\",\"target\":\"a\",\"targetHandle\":\"x\"},"
		   "{\"source\":\"c\",\"sourceHandle\":\"output\",\"target\":\"b\",\"targetHandle\":\"x\"},"
		   "{\"source\":\"e\",\"sourceHandle\":\"output\",\"target\":\"f\",\"targetHandle\":\"x\"},"
		   "{\"source\":\"f\",\"sourceHandle\":\"output\",\"target\":\"e\",\"targetHandle\":\"x\"}]}",
		   (const char *[]){ "from nodetool.dsl.n import A, B, C, D, E, F\n\n",
				     "c_1 = C()\nd_1 = D()\nb_1 = B(x=c_1.output)\n",
				     "a_1 = A(x=b_1.output)\ne_1 = E(x=f_1.output)\nf_1 = F(x=e_1.output)\n\n",
				     "workflow = graph(c_1, d_1, b_1, a_1, e_1, f_1)\n", NULL });
}

static void test_names(void **state)
{
	(void)state;
	expect_dsl(
		"{\"nodes\":[{\"id\":\"1\",\"type\":\"x.HTTPGet\",\"data\":{\"\":1,\" a b \":2,\"\u00fcb\":3,\"9\":4}},"
		"{\"id\":\"2\",\"type\":\"y.b.HTTPGet\",\"dynamic_properties\":{\"content\":\"c\"}},"
		"{\"id\":\"3\",\"type\":\"Alone\"},{\"id\":\"4\",\"type\":\"z.\"},{\"id\":\"5\",\"type\":\"q.aB2C\"}],"
		"\"edges\":[]}",
		(const char *[]){ "from nodetool.dsl import Alone\n", "from nodetool.dsl.q import aB2C\n",
				  "from nodetool.dsl.x import HTTPGet\n", "from nodetool.dsl.y.b import HTTPGet\n",
				  "httpget_1 = HTTPGet(node=1, a_b=2, \u00fcb=3, _=4)\n",
				  "httpget_2 = HTTPGet(instructions='c')\n", "alone_1 = Alone()\n", "node_1 = node()\n",
				  "a_b2_c_1 = aB2C()\n", NULL });
}

/* Whatever a type says, it brings no line of its own into the source. */
static void test_types_bring_no_code(void **state)
{
	(void)state;
	expect_dsl(
		"{\"nodes\":[{\"id\":\"1\",\"type\":\"a import b\\nimport os; os.x(1)#.C()\\nevil()\"}],\"edges\":[]}",
		(const char *[]){ "from nodetool.dsl.a_import_b_import_os__os.x_1__ import C___evil__\n\n",
				  " = C___evil__()\n\nworkflow = graph(", NULL });
}

static void test_wires(void **state)
{
	(void)state;
	/* A wired key is left out of the data; of two edges to a handle the last counts; an edge from nowhere takes the
	 * key. */
	expect_dsl("{\"nodes\":[{\"id\":\"s\",\"type\":\"n.S\"},{\"id\":\"t\",\"type\":\"n.T\",\"data\":{\"a\":1,\"b\":"
		   "2,\"c\":3}}],"
		   "\"edges\":[{\"source\":\"s\",\"sourceHandle\":\"output\",\"target\":\"t\",\"targetHandle\":\"a\"},"
		   "{\"source\":\"s\",\"sourceHandle\":\"it's\",\"target\":\"t\",\"targetHandle\":\"a\"},"
		   "{\"source\":\"nowhere\",\"sourceHandle\":\"output\",\"target\":\"t\",\"targetHandle\":\"b\"},"
		   "{\"source\":\"s\",\"sourceHandle\":\"output\",\"target\":\"nowhere\",\"targetHandle\":\"b\"}]}",
		   (const char *[]){ "t_1 = T(c=3, a=s_1.out[\"it's\"])\n", NULL });
	/* A repeated id: one node, in the first one's place, as the last one says. */
	expect_dsl("{\"nodes\":[{\"id\":\"s\",\"type\":\"n.S\"},{\"id\":\"t\",\"type\":\"n.T\"},{\"id\":\"s\",\"type\":"
		   "\"n.U\"}],\"edges\":[]}",
		   (const char *[]){ "import T, U\n", "u_1 = U()\nt_1 = T()\n", "graph(u_1, t_1)", NULL });
}

static void test_literals(void **state)
{
	(void)state;
	expect_dsl("{\"nodes\":[{\"id\":\"s\",\"type\":\"n.S\",\"sync_mode\":\"zip_all\",\"data\":{\"a\":[true,null,1."
		   "0,1e-07,\"\\u0007\"],"
		   "\"b\":{\"content\":\"x\"}},\"dynamic_outputs\":{\"o\":{\"type\":\"dict\",\"optional\":true,\"type_"
		   "args\":[{\"type\":\"str\"},"
		   "{\"type\":\"list\",\"type_args\":[{\"type\":\"int\"}]}]}}}],\"edges\":[]}",
		   (const char *[]){
			   "s_1 = S(sync_mode='zip_all', dynamic_outputs={'o': {'type': 'dict', 'type_args': [{'type': "
			   "'str'}, "
			   "{'type': 'list', 'type_args': [{'type': 'int'}]}]}}, a=[True, None, 1.0, 1e-07, '\\x07'], "
			   "b={'content': 'x'})\n",
			   NULL });
	expect_dsl("{\"nodes\":[{\"id\":\"s\",\"type\":\"n.S\",\"data\":[1]}],\"edges\":[]}",
		   (const char *[]){ "s_1 = S()\n", NULL });
}

static void test_widgets(void **state)
{
	(void)state;
	/* The class name wins over the value, the value over nothing; `value` alone when it is free. */
	expect_gradio(
		"{\"nodes\":[{\"id\":\"1\",\"type\":\"a.CSVImage\",\"data\":{\"value\":1,\"z\":2}},"
		"{\"id\":\"2\",\"type\":\"a.Plain\",\"data\":{\"z\":[],\"Img\":1,\"count\":\"x\",\"b\":false,\"path\":"
		"1},"
		"\"dynamic_properties\":{\"a\":1.5}}],\"edges\":[]}",
		(const char *[]){ "INPUT_SPECS = [InputSpec(var='csvimage_1', field='value', label='CSVImage:value', "
				  "kind='image', default=1), ",
				  "field='Img', label='Plain:Img', kind='image', default=1)",
				  "field='b', label='Plain:b', kind='checkbox', default=False)",
				  "field='count', label='Plain:count', kind='number', default='x')",
				  "field='path', label='Plain:path', kind='file', default=1)",
				  "field='z', label='Plain:z', kind='json', default=[])",
				  "field='a', label='Plain:a', kind='number', default=1.5)]\n",
				  "OUTPUT_SPECS = [OutputSpec(var='csvimage_1', label='CSVImage', kind='image'), "
				  "OutputSpec(var='plain_1', label='Plain', kind='text')]\n",
				  "title=\"it's\", theme=None, description=None, allow_flagging=None, queue=True)\n",
				  NULL });
	/* A wired value shows the other fields; wired nodes in the middle show nothing, named ones do. */
	expect_gradio(
		"{\"nodes\":[{\"id\":\"1\",\"type\":\"a.First\"},{\"id\":\"2\",\"type\":\"a.input.Mid\",\"data\":{"
		"\"value\":1,\"k\":2}},"
		"{\"id\":\"3\",\"type\":\"a.Middle\",\"data\":{\"k\":3}},{\"id\":\"4\",\"type\":\"a.LastOutput\","
		"\"data\":{\"k\":4}}],\"edges\":["
		"{\"source\":\"1\",\"sourceHandle\":\"output\",\"target\":\"2\",\"targetHandle\":\"value\"},"
		"{\"source\":\"2\",\"sourceHandle\":\"output\",\"target\":\"3\",\"targetHandle\":\"v\"},"
		"{\"source\":\"3\",\"sourceHandle\":\"output\",\"target\":\"4\",\"targetHandle\":\"v\"}]}",
		(const char *[]){
			"INPUT_SPECS = [InputSpec(var='mid_1', field='k', label='Mid:k', kind='number', default=2)]\n",
			"OUTPUT_SPECS = [OutputSpec(var='last_output_1', label='LastOutput', kind='text')]\n", NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_types_bring_no_code),
		cmocka_unit_test(test_wires),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_widgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
