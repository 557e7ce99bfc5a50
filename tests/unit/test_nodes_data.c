/* nodetool.data: tables, CSV, conditions. */
#include "node_harness.h"

#include "wsd/nodes/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

extern const struct node_table nodes_data;
extern const struct node_table nodes_data_combine;
extern const struct node_table nodes_data_csv;
extern const struct node_table nodes_data_group;
extern const struct node_table nodes_data_list;
extern const struct node_table nodes_dictionary_query;

/* A table with whole numbers, texts and fractions, some missing. */
#define FRAME(columns, rows) "{\"type\":\"dataframe\",\"columns\":[" columns "],\"data\":" rows "}"
#define COLUMN(name)         "{\"name\":\"" name "\",\"data_type\":\"object\"}"
#define ABC                                                                                                            \
	FRAME(COLUMN("a") "," COLUMN("b") "," COLUMN("c"), "[[3,\"x\",1.5],[1,\"y\",null],[2,\"x\",-0.5],[1,null,2.0]" \
							   "]")
#define KV    FRAME(COLUMN("k") "," COLUMN("v"), "[[\"b\",1],[\"a\",2],[\"b\",3],[null,9]]")
#define EMPTY FRAME(COLUMN("a") "," COLUMN("b"), "[]")

/* Runs a node and compares its rows (as ToList gives them); "!text" expects a failure that says so. */
static void check_rows(const struct node_table *table, const char *type, const char *props, const char *expected)
{
	struct harness *h = harness_new(table, type, props, NULL);
	enum node_result rc = harness_run(h);
	struct harness *list;

	if (expected[0] == '!') {
		assert_int_equal(rc, NODE_FAILED);
		if (!strstr(harness_error(h), expected + 1))
			fail_msg("%s %s: \"%s\" without \"%s\"", type, props, harness_error(h), expected + 1);
		harness_free(h);
		return;
	}
	if (rc != NODE_DONE)
		fail_msg("%s %s: %s", type, props, harness_error(h));
	list = harness_new(&nodes_data_list, "nodetool.data.ToList", "{}", NULL);
	harness_set(list, "dataframe", value_ref(harness_output(h, "output", 0)));
	assert_int_equal(harness_run(list), NODE_DONE);
	/* Around the rows stand the brackets of the list of emitted values. */
	if (strncmp(harness_json(list, "output") + 1, expected, strlen(expected)) != 0)
		fail_msg("%s %s: %s", type, props, harness_json(list, "output"));
	harness_free(list);
	harness_free(h);
}

static void check_csv(const char *csv, const char *expected)
{
	struct value *map = value_map();
	char *props;
	struct buf buf;

	map_set_str(map, "csv_data", csv);
	buf_init(&buf, BUF_MAX_SMALL);
	json_write(&buf, map, JSON_COMPACT);
	props = buf_take(&buf);
	check_rows(&nodes_data_csv, "nodetool.data.ImportCSV", props, expected);
	free(props);
	value_unref(map);
}

static void test_csv(void **state)
{
	(void)state;
	check_csv("a,b\n1,x\n2,y\n", "[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"}]");
	check_csv("a,b\r\n1,\r\n,y\r\n", "[{\"a\":1.0,\"b\":NaN},{\"a\":NaN,\"b\":\"y\"}]");
	check_csv("\xef\xbb\xbf"
		  "a\n 1.5 \n.5\n1e3\n+4\n",
		  "[{\"a\":1.5},{\"a\":0.5},{\"a\":1000.0},{\"a\":4.0}]");
	check_csv("a\n007\n-0\n", "[{\"a\":7},{\"a\":0}]");
	check_csv("a\nTRUE\nfalse\n", "[{\"a\":true},{\"a\":false}]");
	check_csv("a\nTrue\nNA\n", "[{\"a\":true},{\"a\":NaN}]");
	check_csv("a\n1\nx\n \n\n", "[{\"a\":\"1\"},{\"a\":\"x\"}]");
	check_csv("a,,a,a\n1,2,3,4\n", "[{\"a\":1,\"Unnamed: 1\":2,\"a.1\":3,\"a.2\":4}]");
	check_csv("a,b\n1,2,3\n", "[{\"a\":2,\"b\":3}]");
	check_csv("a,b,c\n1,2\n", "[{\"a\":1,\"b\":2,\"c\":NaN}]");
	check_csv("a\n\"x\"\"y\nz\"\n\"p\"q\n", "[{\"a\":\"x\\\"y\\nz\"},{\"a\":\"pq\"}]");
	check_csv("a\n18446744073709551615\n", "[{\"a\":18446744073709551615}]");
	check_csv("a\n18446744073709551616\n1\n", "[{\"a\":\"18446744073709551616\"},{\"a\":\"1\"}]");
	check_csv("a\n1e400\n", "[{\"a\":\"1e400\"}]");
	check_csv("a\n0.1\n123456789.123456789\n9007199254740993\n",
		  "[{\"a\":0.1},{\"a\":123456789.12345679},{\"a\":9007199254740992.0}]");
	check_csv("a\n", "[]");
	check_csv("", "!no columns");
	check_csv("a\n\"x\n", "!does not end");
	check_csv("a,b\n1,2\n3,4,5\n", "!expected 2 fields in row 2, saw 3");
}

static void test_write_csv(void **state)
{
	struct value *text = value_str("a,b\n1.0,\"x,\"\"y\"\n,\n");
	struct err err;
	struct frame *frame = frame_read_csv(text, &err);
	struct buf buf;

	(void)state;
	buf_init(&buf, BUF_MAX_SMALL);
	assert_int_equal(frame_write_csv(&buf, frame), 0);
	assert_string_equal(buf.data, "a,b\n1.0,\"x,\"\"y\"\n,\n");
	buf_free(&buf);
	frame_free(frame);
	value_unref(text);
}

/* The values of `a` in the rows that the condition keeps. */
static void check_condition(const char *condition, const char *expected)
{
	struct harness *h = harness_new(&nodes_data, "nodetool.data.Filter", "{\"df\":" ABC "}", NULL);
	struct harness *col;
	enum node_result rc;

	harness_set(h, "condition", value_str(condition));
	rc = harness_run(h);
	if (expected[0] == '!') {
		assert_int_equal(rc, NODE_FAILED);
		if (!strstr(harness_error(h), expected + 1))
			fail_msg("%s: \"%s\"", condition, harness_error(h));
		harness_free(h);
		return;
	}
	if (rc != NODE_DONE)
		fail_msg("%s: %s", condition, harness_error(h));
	col = harness_new(&nodes_data, "nodetool.data.ExtractColumn", "{\"column_name\":\"a\"}", NULL);
	harness_set(col, "dataframe", value_ref(harness_output(h, "output", 0)));
	assert_int_equal(harness_run(col), NODE_DONE);
	if (strcmp(harness_json(col, "output"), expected) != 0)
		fail_msg("%s: %s instead of %s", condition, harness_json(col, "output"), expected);
	harness_free(col);
	harness_free(h);
}

static void test_conditions(void **state)
{
	(void)state;
	check_condition("a > 1", "[[3,2]]");
	check_condition("1 <= a < 3", "[[1,2,1]]");
	check_condition("a > 1 & c < 2", "[[3,2]]");
	check_condition("a == 2 or c > 1 and not b == 'x'", "[[2,1]]");
	check_condition("b != 'x'", "[[1,1]]");
	check_condition("b in ['x', 'q']", "[[3,2]]");
	check_condition("b not in ('x',)", "[[1,1]]");
	check_condition("a == [1, 3]", "[[3,1,1]]");
	check_condition("a in [0,1,4,5,6,7,8,9,10,11]", "[[1,1]]");
	check_condition("c == c", "[[3,2,1]]");
	check_condition("c.isnull() | b.isna()", "[[1,1]]");
	check_condition("b.str.contains('X', case=False, na=False)", "[[3,2]]");
	check_condition("b.str.startswith('y') == True", "[[1]]");
	check_condition("a + c > 3", "[[3]]");
	check_condition("a ** 2 % 4 == 1", "[[3,1,1]]");
	check_condition("a // 2 == 1 and a / 2 > 1", "[[3]]");
	check_condition("a % 0 == 0", "[[]]");
	check_condition("-a < -2", "[[3]]");
	check_condition("~(a > 1) and index > 1", "[[1]]");
	check_condition("`a` == a.max()", "[[3]]");
	check_condition("c.between(-1, 1.5)", "[[3,2]]");
	check_condition("sqrt(a) > 1.5", "[[3]]");
	check_condition("b + 'z' == 'xz'", "[[3,2]]");
	check_condition("c.fillna(9) > 8", "[[1]]");
	check_condition("", "!condition: is empty");
	check_condition("a >", "!a value is missing");
	check_condition("a = 1", "!superfluous");
	check_condition("zz > 1", "!no column \"zz\"");
	check_condition("a > 'x'", "!condition");
	check_condition("a", "!true or false");
	check_condition("b.str.contains('x')", "!true or false");
	check_condition("a.__class__()", "!not known");
	check_condition("exec('x')", "!not known");
	check_condition("@a > 1", "!unexpected character");
	check_condition("a ** -1 > 0", "!negative");
	check_condition("a.str.len() > 1", "!.str");
	check_condition("[1] + [2] == a", "!lists");
}

static void test_deep_condition(void **state)
{
	char text[4000];
	size_t n = 0;

	(void)state;
	while (n < sizeof(text) - 1)
		text[n++] = '(';
	text[n] = '\0';
	check_condition(text, "!nested too deeply");
	memset(text, '-', sizeof(text) - 1);
	check_condition(text, "!nested too deeply");
	for (n = 0; n + 3 < sizeof(text); n += 2)
		memcpy(text + n, "a+", 3);
	check_condition(text, "!a value is missing");
}

static void test_rows_and_columns(void **state)
{
	static const struct node_case cases[] = {
		{ "nodetool.data.FindRow", "{\"df\":" ABC ",\"condition\":\"b == 'x'\"}",
		  "[{\"a\":3,\"b\":\"x\",\"c\":1.5}]" },
		{ "nodetool.data.Slice", "{\"dataframe\":" KV ",\"start_index\":-3,\"end_index\":2}",
		  "[{\"k\":\"a\",\"v\":2}]" },
		{ "nodetool.data.Slice", "{\"dataframe\":" KV ",\"start_index\":3,\"end_index\":-1}",
		  "[{\"k\":null,\"v\":9}]" },
		{ "nodetool.data.Slice", "{\"dataframe\":{\"type\":\"dataframe\"}}", "!dataframe: it has no columns" },
		{ "nodetool.data.SortByColumn", "{\"df\":" KV ",\"column\":\"k\"}",
		  "[{\"k\":\"a\",\"v\":2},{\"k\":\"b\",\"v\":1},{\"k\":\"b\",\"v\":3},{\"k\":null,\"v\":9}]" },
		{ "nodetool.data.SortByColumn",
		  "{\"df\":" FRAME(COLUMN("f"), "[[2.5],[-1],[null],[0.0],[-3.25]]") ",\"column\":\"f\"}",
		  "[{\"f\":-3.25},{\"f\":-1.0},{\"f\":0.0},{\"f\":2.5},{\"f\":NaN}]" },
		{ "nodetool.data.SortByColumn", "{\"df\":" FRAME(COLUMN("s"), "[[\"b\"],[1]]") ",\"column\":\"s\"}",
		  "!column: " },
		{ "nodetool.data.DropDuplicates",
		  "{\"df\":" FRAME(COLUMN("x") "," COLUMN("y"), "[[1,null],[1,null],[1,2]]") "}",
		  "[{\"x\":1,\"y\":NaN},{\"x\":1,\"y\":2.0}]" },
		{ "nodetool.data.DropDuplicates", "{\"df\":" FRAME(COLUMN("x"), "[[[1]],[[1]]]") "}", "!df: lists" },
		{ "nodetool.data.DropNA", "{\"df\":" ABC "}",
		  "[{\"a\":3,\"b\":\"x\",\"c\":1.5},{\"a\":2,\"b\":\"x\",\"c\":-0.5}]" },
		{ "nodetool.data.SelectColumn", "{\"dataframe\":" KV ",\"columns\":\"v\"}",
		  "[{\"v\":1},{\"v\":2},{\"v\":3},{\"v\":9}]" },
		{ "nodetool.data.SelectColumn", "{\"dataframe\":" KV ",\"columns\":\"v,\"}",
		  "!columns: there is no column \"\"" },
		{ "nodetool.data.AddColumn", "{\"dataframe\":" EMPTY ",\"column_name\":\"n\",\"values\":[1]}",
		  "[{\"a\":NaN,\"b\":NaN,\"n\":1}]" },
		{ "nodetool.data.AddColumn", "{\"dataframe\":" KV ",\"column_name\":\"n\",\"values\":[1]}",
		  "!values: there are 1" },
		{ "nodetool.data.Rename",
		  "{\"dataframe\":" FRAME(COLUMN("k"), "[[1]]") ",\"rename_map\":\" k : a:b ,x\"}", "[{\"a:b\":1}]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_rows(&nodes_data, cases[i].type, cases[i].props, cases[i].expected);
}

static void test_lists(void **state)
{
	static const struct node_case cases[] = {
		{ "nodetool.data.FromList", "{\"values\":[{\"a\":1},{\"b\":true},{\"a\":null}]}",
		  "[{\"a\":1,\"b\":NaN},{\"a\":NaN,\"b\":true},{\"a\":\"None\",\"b\":NaN}]" },
		{ "nodetool.data.FromList", "{\"values\":[{\"a\":{\"value\":5},\"b\":[1]}]}",
		  "[{\"a\":5,\"b\":\"[1]\"}]" },
		{ "nodetool.data.FromList", "{\"values\":[{\"a\":{\"x\":5}}]}", "!values: a dictionary in a cell" },
		{ "nodetool.data.FromList", "{\"values\":[1]}", "!values: item 0" },
		{ "nodetool.data.JSONToDataframe", "{\"text\":\"[[1,2],[3]]\"}",
		  "[{\"0\":1,\"1\":2.0},{\"0\":3,\"1\":NaN}]" },
		{ "nodetool.data.JSONToDataframe", "{\"text\":\"{\\\"a\\\":[1,2],\\\"b\\\":0}\"}",
		  "[{\"a\":1,\"b\":0},{\"a\":2,\"b\":0}]" },
		{ "nodetool.data.JSONToDataframe", "{\"text\":\"{\\\"a\\\":{\\\"x\\\":1},\\\"b\\\":{\\\"y\\\":2}}\"}",
		  "[{\"a\":1.0,\"b\":NaN},{\"a\":NaN,\"b\":2.0}]" },
		{ "nodetool.data.JSONToDataframe", "{\"text\":\"{\\\"a\\\":[1],\\\"b\\\":[1,2]}\"}",
		  "!text: its columns" },
		{ "nodetool.data.JSONToDataframe", "{\"text\":\"5\"}", "!text: it is neither" },
		{ "nodetool.data.JSONToDataframe", "{\"text\":\"{\"}", "!text: " },
		{ "nodetool.data.JSONToDataframe", "{\"text\":\"[]\"}", "[]" },
	};
	struct harness *h;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_rows(&nodes_data_list, cases[i].type, cases[i].props, cases[i].expected);
	h = harness_new(&nodes_data_list, "nodetool.data.ForEachRow",
			"{\"dataframe\":" FRAME(COLUMN("x") "," COLUMN("y"), "[[1,1.5],[2,null]]") "}", NULL);
	assert_int_equal(harness_run(h), NODE_DONE);
	assert_string_equal(harness_json(h, "row"), "[{\"x\":1.0,\"y\":1.5},{\"x\":2.0,\"y\":NaN}]");
	assert_string_equal(harness_json(h, "index"), "[0,1]");
	harness_free(h);
	node_check_stream(&nodes_data_list, "nodetool.data.FilterNone", "{}", "value", "[0,null,\"\"]", "[0,\"\"]");
}

static void test_combine(void **state)
{
	static const struct node_case cases[] = {
		{ "nodetool.data.Merge",
		  "{\"dataframe_a\":" FRAME(COLUMN("a"), "[[1],[2]]") ",\"dataframe_b\":" FRAME(COLUMN("b"),
												"[[true]]") "}",
		  "[{\"a\":1,\"b\":true},{\"a\":2,\"b\":NaN}]" },
		{ "nodetool.data.Append",
		  "{\"dataframe_a\":" FRAME(COLUMN("a"), "[[1]]") ",\"dataframe_b\":" FRAME(COLUMN("a"), "[[2.5]]") "}",
		  "[{\"a\":1.0},{\"a\":2.5}]" },
		{ "nodetool.data.Append", "{\"dataframe_a\":" KV ",\"dataframe_b\":" ABC "}",
		  "!columns are not the same" },
		{ "nodetool.data.Join", "{\"dataframe_a\":" KV ",\"dataframe_b\":" KV ",\"join_on\":\"k\"}",
		  "[{\"k\":\"b\",\"v_x\":1,\"v_y\":1},{\"k\":\"b\",\"v_x\":1,\"v_y\":3},{\"k\":\"a\",\"v_x\":2,\"v_y\":"
		  "2},"
		  "{\"k\":\"b\",\"v_x\":3,\"v_y\":1},{\"k\":\"b\",\"v_x\":3,\"v_y\":3},{\"k\":null,\"v_x\":9,\"v_y\":9}"
		  "]" },
		{ "nodetool.data.Join", "{\"dataframe_a\":" KV ",\"dataframe_b\":" KV ",\"join_on\":\"z\"}",
		  "!join_on: there is no column" },
		{ "nodetool.data.Join",
		  "{\"dataframe_a\":" FRAME(COLUMN("a"), "[[1]]") ",\"dataframe_b\":" FRAME(
			  COLUMN("a"), "[[\"1\"]]") ",\"join_on\":\"a\"}",
		  "!join_on: the column holds numbers" },
	};
	struct harness *filter =
		harness_new(&nodes_data, "nodetool.data.Filter", "{\"df\":" KV ",\"condition\":\"v > 2\"}", NULL);
	struct harness *merge =
		harness_new(&nodes_data_combine, "nodetool.data.Merge", "{\"dataframe_b\":" KV "}", NULL);
	struct value *shown;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_rows(&nodes_data_combine, cases[i].type, cases[i].props, cases[i].expected);
	/* Rows meet by their labels, which a filter keeps. */
	assert_int_equal(harness_run(filter), NODE_DONE);
	harness_set(merge, "dataframe_a", value_ref(harness_output(filter, "output", 0)));
	assert_int_equal(harness_run(merge), NODE_DONE);
	shown = harness_output(merge, "output", 0);
	shown = value_object_class(shown)->to_value(value_object_ptr(shown, value_object_class(shown)));
	assert_int_equal(value_len(map_get(shown, "data")), 4);
	assert_int_equal(value_as_int(list_at(list_at(map_get(shown, "data"), 0), 3)), 3);
	assert_true(map_is_typed(shown));
	value_unref(shown);
	harness_free(filter);
	harness_free(merge);
}

#define GHV                                                                                                            \
	FRAME(COLUMN("g") "," COLUMN("h") "," COLUMN("v"),                                                             \
	      "[[\"a\",\"x\",1],[\"b\",\"x\",2],[\"a\",\"y\",3],[\"b\",\"x\",4]]")

static void test_groups(void **state)
{
	static const struct node_case cases[] = {
		{ "nodetool.data.Aggregate", "{\"dataframe\":" KV ",\"columns\":\"k\"}",
		  "[{\"k\":\"a\",\"v\":2},{\"k\":\"b\",\"v\":4}]" },
		{ "nodetool.data.Aggregate", "{\"dataframe\":" KV ",\"columns\":\"k\",\"aggregation\":\"std\"}",
		  "[{\"k\":\"a\",\"v\":NaN},{\"k\":\"b\",\"v\":1.4142135623730951}]" },
		{ "nodetool.data.Aggregate", "{\"dataframe\":" KV ",\"columns\":\"k\",\"aggregation\":\"median\"}",
		  "[{\"k\":\"a\",\"v\":2.0},{\"k\":\"b\",\"v\":2.0}]" },
		{ "nodetool.data.Aggregate", "{\"dataframe\":" ABC ",\"columns\":\"a\",\"aggregation\":\"first\"}",
		  "[{\"a\":1,\"b\":\"y\",\"c\":2.0},{\"a\":2,\"b\":\"x\",\"c\":-0.5},{\"a\":3,\"b\":\"x\",\"c\":1.5}"
		  "]" },
		{ "nodetool.data.Aggregate", "{\"dataframe\":" ABC ",\"columns\":\"a\",\"aggregation\":\"min\"}",
		  "[{\"a\":1,\"b\":\"y\",\"c\":2.0},{\"a\":2,\"b\":\"x\",\"c\":-0.5},{\"a\":3,\"b\":\"x\",\"c\":1.5}"
		  "]" },
		{ "nodetool.data.Aggregate", "{\"dataframe\":" GHV ",\"columns\":\"g\"}",
		  "[{\"g\":\"a\",\"h\":\"xy\",\"v\":4},{\"g\":\"b\",\"h\":\"xx\",\"v\":6}]" },
		{ "nodetool.data.Aggregate", "{\"dataframe\":" GHV ",\"columns\":\"g , h\",\"aggregation\":\"count\"}",
		  "[{\"g\":\"a\",\"h\":\"x\",\"v\":1},{\"g\":\"a\",\"h\":\"y\",\"v\":1},{\"g\":\"b\",\"h\":\"x\",\"v\":"
		  "2}]" },
		{ "nodetool.data.Aggregate", "{\"dataframe\":" GHV ",\"columns\":\"g\",\"aggregation\":\"mean\"}",
		  "!the mean of column \"h\" cannot be made" },
		{ "nodetool.data.Aggregate", "{\"dataframe\":" GHV ",\"columns\":\"g,g\"}",
		  "!columns: a column is named twice" },
		{ "nodetool.data.Aggregate", "{\"dataframe\":" GHV ",\"columns\":\"g\",\"aggregation\":\"mode\"}",
		  "!aggregation: " },
		{ "nodetool.data.Pivot", "{\"dataframe\":" GHV ",\"index\":\"g\",\"columns\":\"h\",\"values\":\"v\"}",
		  "[{\"g\":\"a\",\"x\":1.0,\"y\":3.0},{\"g\":\"b\",\"x\":6.0,\"y\":NaN}]" },
		{ "nodetool.data.Pivot",
		  "{\"dataframe\":" GHV ",\"index\":\"h\",\"columns\":\"v\",\"values\":\"g\",\"aggfunc\":\"first\"}",
		  "[{\"h\":\"x\",\"1\":\"a\",\"2\":\"b\",\"3\":NaN,\"4\":\"b\"},{\"h\":\"y\",\"1\":NaN,\"2\":NaN,\"3\":"
		  "\"a\",\"4\":NaN}]" },
		{ "nodetool.data.Pivot",
		  "{\"dataframe\":" GHV ",\"index\":\"g\",\"columns\":\"h\",\"values\":\"v\",\"aggfunc\":\"median\"}",
		  "!aggfunc: " },
		{ "nodetool.data.FillNA", "{\"dataframe\":" ABC ",\"value\":0,\"columns\":\"c\"}",
		  "[{\"a\":3,\"b\":\"x\",\"c\":1.5},{\"a\":1,\"b\":\"y\",\"c\":0.0},{\"a\":2,\"b\":\"x\",\"c\":-0.5},{"
		  "\"a\":1,\"b\":null,\"c\":2.0}]" },
		{ "nodetool.data.FillNA", "{\"dataframe\":" ABC ",\"method\":\"backward\"}",
		  "[{\"a\":3,\"b\":\"x\",\"c\":1.5},{\"a\":1,\"b\":\"y\",\"c\":-0.5},{\"a\":2,\"b\":\"x\",\"c\":-0.5},{"
		  "\"a\":1,\"b\":null,\"c\":2.0}]" },
		{ "nodetool.data.FillNA", "{\"dataframe\":" ABC ",\"method\":\"median\"}",
		  "[{\"a\":3,\"b\":\"x\",\"c\":1.5},{\"a\":1,\"b\":\"y\",\"c\":1.5},{\"a\":2,\"b\":\"x\",\"c\":-0.5},{"
		  "\"a\":1,\"b\":null,\"c\":2.0}]" },
		{ "nodetool.data.FillNA", "{\"dataframe\":" ABC ",\"method\":\"guess\"}", "!method: " },
		{ "nodetool.data.FillNA", "{\"dataframe\":" ABC ",\"columns\":\"c,z\"}",
		  "!columns: there is no column \"z\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_rows(&nodes_data_group, cases[i].type, cases[i].props, cases[i].expected);
}

/* Enough rows for hashing, radix passes and the table's growth: sorted, without repetitions, and summed. */
static void test_many_rows(void **state)
{
	enum { ROWS = 50000 };
	struct frame_col *col = frame_col_new(FRAME_INT, ROWS);
	struct frame_codes codes;
	struct err err;
	uint32_t *order;

	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		col->i[i] = (int64_t)((i * 2654435761u % 10007) * 1000003) - 5000000000;
	order = frame_sorted(col, &err);
	for (size_t i = 1; i < ROWS; i++)
		if (col->i[order[i - 1]] > col->i[order[i]] ||
		    (col->i[order[i - 1]] == col->i[order[i]] && order[i - 1] > order[i]))
			fail_msg("rows %zu and %zu are not in order", i - 1, i);
	assert_int_equal(frame_factorize(col, false, &codes, &err), 0);
	for (size_t i = 0; i < ROWS; i++)
		if (col->i[codes.first[codes.of[i]]] != col->i[i])
			fail_msg("row %zu has the number of another value", i);
	assert_true(codes.count <= 10007);
	free(order);
	frame_codes_free(&codes);
	frame_col_unref(col);
}

static void test_by_query(void **state)
{
	(void)state;
	node_check_stream(&nodes_dictionary_query, "nodetool.dictionary.FilterDictByQuery", "{\"condition\":\"a > 3\"}",
			  "value", "[{\"a\":5},{\"b\":1},{\"a\":null},{\"a\":1}]", "[{\"a\":5}]");
	node_check_stream(&nodes_dictionary_query, "nodetool.dictionary.FilterDictByQuery", "{\"condition\":\"\"}",
			  "value", "[{\"a\":5}]", "[{\"a\":5}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_write_csv),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_deep_condition),
		cmocka_unit_test(test_rows_and_columns),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_combine),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_by_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
