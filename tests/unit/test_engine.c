/* The engine: graphs driven directly; what clients would see is collected. */
#include "engine_drive.h"
#include "wsd/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void test_life_of_a_node(void **state)
{
	struct driven d;

	(void)state;
	drive_graph(&d, "o nodetool.output.Output {\"name\":\"out\"}\n"
		      "p test.Add {\"b\":2}\n"
		      "c nodetool.constant.Integer {\"value\":1}\n"
		      "c.output>p.a\np.output>o.value");
	assert_string_equal(drive_story(&d, "c"), "running completed");
	assert_string_equal(drive_story(&d, "p"), "running{\"a\":1} running completed{\"output\":3}");
	assert_string_equal(drive_story(&d, "o"), "running out=3 completed{\"output\":3}");
	assert_string_equal(drive_story(&d, "e1"), "message_sent drained");
	assert_string_equal(drive_result(&d), "{\"out\":[3]}");
	drive_over(&d);
}

static void test_generator(void **state)
{
	struct driven d;

	(void)state;
	drive_destroyed = 0;
	drive_graph(&d, "n nodetool.constant.Integer {\"value\":2}\ns test.Count\nc nodetool.control.Collect\n"
		      "o nodetool.output.Output {\"name\":\"out\"}\n"
		      "n.output>s.count\ns.output>c.input_item\nc.output>o.value");
	assert_string_equal(drive_story(&d, "s"), "running{\"count\":2} completed{\"output\":1}");
	assert_string_equal(drive_story(&d, "e1"), "message_sent message_sent drained");
	assert_string_equal(drive_result(&d), "{\"out\":[[0,1]]}");
	drive_over(&d);
	assert_int_equal(drive_destroyed, 1);
}

static void test_on_any(void **state)
{
	(void)state;
	/* One handle has its value before the stream begins. */
	drive_check("i nodetool.input.IntegerInput {\"name\":\"i\",\"value\":10}\ns test.Count\np test.Add\n"
		     "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "i.output>p.a\ns.output>p.b\np.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[10,11,12]]}");
	/* A handle that ends without an item: the node never runs, the output shows null. */
	drive_check("i nodetool.constant.Integer {\"value\":10}\ns test.Count {\"count\":0}\np test.Add\n"
		     "o nodetool.output.Output {\"name\":\"out\"}\ni.output>p.a\ns.output>p.b\np.output>o.value",
		     "{}");
}

static void test_zip(void **state)
{
	(void)state;
	drive_check("a test.Count {\"count\":4}\nb nodetool.control.ForEach {\"input_list\":[10,20]}\n"
		     "p test.Add {\"zip\":1}\nc nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "a.output>p.a\nb.output>p.b\np.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[10,21]]}");
	/* A constant is sticky, whenever it comes. */
	drive_check("a test.Count\nb nodetool.constant.Integer {\"value\":5}\np test.Add {\"zip\":1}\n"
		     "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "a.output>p.a\nb.output>p.b\np.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[5,6,7]]}");
	/* One side far ahead of the other: nothing is lost and nothing waits for ever. */
	drive_check("a test.Count {\"count\":5000}\nd test.Sleep {\"ms\":20}\n"
		     "b nodetool.control.ForEach {\"input_list\":[1,2,3]}\np test.Add {\"zip\":1}\n"
		     "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "a.output>p.a\nb.output>p.b\np.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[1,3,5]]}");
}

static void test_gathered(void **state)
{
	(void)state;
	drive_check("a nodetool.constant.Integer {\"value\":1}\nb nodetool.control.ForEach {\"input_list\":[7,8]}\n"
		     "l test.Length\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "a.output>l.values\nb.output>l.values\nl.output>o.value",
		     "{\"out\":[3]}");
}

static void test_errors_do_not_block(void **state)
{
	struct driven d;

	(void)state;
	/* The consumer fails at its second item; its producer has hundreds more. */
	drive_graph(&d, "s test.Count {\"count\":500}\nf test.FailAt {\"at\":1}\nc nodetool.control.Collect\n"
		      "o nodetool.output.Output {\"name\":\"out\"}\n"
		      "s.output>f.value\nf.output>c.input_item\nc.output>o.value");
	assert_int_equal(d.end->status, RUN_FAILED);
	assert_string_equal(d.end->error, "broken at 1");
	assert_null(d.end->result);
	assert_string_equal(drive_story(&d, "o"), "running out=[0] completed{\"output\":[0]}");
	assert_string_equal(drive_story(&d, "s"), "running completed{\"output\":499}");
	drive_over(&d);
}

static void test_first_error_in_node_order(void **state)
{
	struct driven d;

	(void)state;
	drive_graph(&d, "late test.Slow\nearly test.BadSlot");
	assert_string_equal(d.end->error, "Node timed out after 1s");
	assert_string_equal(drive_story(&d, "early"), "running error");
	drive_over(&d);
}

static void test_validation(void **state)
{
	struct driven d;

	(void)state;
	drive_graph(&d, "l test.Length\nt nodetool.constant.String\np test.Add\na test.Add\nb test.Add\n"
		      "m test.Add\n"
		      "t.output>p.a\na.output>b.a\nb.output>a.a\nl.output>m.a\np.output>m.a");
	assert_false(d.end->early);
	assert_string_equal(d.end->error,
			    "Graph contains errors: Missing inputs: values\n"
			    "p: Type mismatch for property 'a' - t.output outputs str but p.a expects int\n"
			    "m: Multiple edges target non-list property 'a' (type: int). Either change property type "
			    "to list or use a Collect node.\n"
			    "a: The graph has a cycle: a <- b <- a");
	assert_string_equal(drive_story(&d, "l"), "error");
	drive_over(&d);
	drive_graph(&d, "x test.Add\nx test.Add");
	assert_string_equal(d.end->error, "Graph contains errors: Duplicate node id: x");
	drive_over(&d);
}

static void test_load_errors(void **state)
{
	static const struct {
		const char *graph;
		const char *error;
	} cases[] = {
		{ "a no.Such", "Failed to load node a (type: no.Such): Invalid node type: no.Such" },
		{ "{\"nodes\":[{\"id\":\"\",\"type\":\"test.Add\"}],\"edges\":[]}",
		  "Failed to load node  (type: test.Add): A node needs an id" },
		{ "{\"nodes\":[{\"id\":\"x\"}],\"edges\":[]}",
		  "Failed to load node x (type: default): Invalid node type: default" },
		{ "a test.Add {\"a\":\"x\"}", "Failed to load node a (type: test.Add): Error setting property 'a' on "
					      "node 'a': Invalid value: str does not fit int" },
		{ "i nodetool.input.StringInput", "Input node i (type: nodetool.input.StringInput) has no name" },
		{ "i nodetool.input.StringInput {\"name\":\"n\"}\nj nodetool.input.StringInput {\"name\":\"n\"}",
		  "Two input nodes have the name 'n'" },
		{ "{}", "A graph needs the lists `nodes` and `edges`" },
		{ "{\"nodes\":[1],\"edges\":[]}", "Node 0 of the graph has no id" },
		{ "{\"nodes\":[],\"edges\":[{\"source\":\"a\"}]}", "Edge 0 of the graph lacks one of its four ends" },
	};
	struct driven d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		drive_graph(&d, cases[i].graph);
		assert_true(d.end->early);
		assert_string_equal(d.end->error, cases[i].error);
		assert_string_equal(d.end->error_kind, "ValueError");
		drive_over(&d);
	}
}

static void test_edges_that_are_dropped(void **state)
{
	struct driven d;

	(void)state;
	/* Unknown slot, node and handle: no messages; the connected property falls back to its default. */
	drive_graph(&d, "c nodetool.constant.Integer {\"value\":4}\np test.Add {\"a\":100,\"b\":1}\n"
		      "o nodetool.output.Output {\"name\":\"out\"}\n"
		      "c.nope>p.a\nc.output>gone.a\nc.output>p.nope\np.output>o.value");
	assert_string_equal(drive_result(&d), "{\"out\":[1]}");
	assert_string_equal(drive_story(&d, "e0"), "");
	assert_string_equal(drive_story(&d, "e2"), "");
	drive_over(&d);
}

static void test_cache(void **state)
{
	struct driven d;

	(void)state;
	drive_calls = 0;
	drive_graph(&d, "c nodetool.constant.Integer {\"value\":3}\np test.Add\nq test.Add\n"
		      "c.output>p.a\np.output>q.a");
	assert_int_equal(drive_calls, 1);
	assert_string_equal(drive_story(&d, "q"), "running{\"a\":3} completed{\"output\":3}");
	drive_over(&d);
	drive_calls = 0;
	drive_graph(&d, "s test.Count {\"count\":4}\np test.Add\nq test.Add\ns.output>p.a\np.output>q.a");
	assert_int_equal(drive_calls, 8);
	drive_over(&d);
}

static void test_emptiness(void **state)
{
	struct driven d;

	(void)state;
	/* Null from a single-shot node travels; a streaming one drops it. */
	drive_graph(&d, "n test.Null\nr nodetool.control.Reroute\no nodetool.output.Output {\"name\":\"out\"}\n"
		      "n.output>r.input_value\nr.output>o.value");
	assert_string_equal(drive_story(&d, "e0"), "message_sent drained");
	assert_string_equal(drive_story(&d, "e1"), "drained");
	assert_string_equal(drive_story(&d, "o"), "running out=null completed");
	drive_over(&d);
	/* The second list is empty: it must not show the first one again. */
	drive_check("f nodetool.control.ForEach {\"input_list\":[[1,2],[]]}\nl test.Length\n"
		     "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "f.output>l.values\nl.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[2,0]]}");
}

static void test_params(void **state)
{
	struct driven d = { 0 };

	(void)state;
	drive_begin(&d, "i nodetool.input.IntegerInput {\"name\":\"x\",\"value\":1}\n"
		  "j nodetool.input.StringInput {\"name\":\"y\",\"value\":\"own\"}\n"
		  "o nodetool.output.Output {\"name\":\"out\"}\np nodetool.output.Output {\"name\":\"out2\"}\n"
		  "i.output>o.value\nj.output>p.value",
	      "{\"x\":{\"type\":\"image\"},\"nobody\":1}", (struct run_options){ .binary = true });
	drive_on(&d);
	assert_string_equal(drive_result(&d), "{\"out\":[{\"type\":\"image\"}],\"out2\":[\"own\"]}");
	assert_string_equal(drive_story(&d, "i"), "");
	drive_over(&d);
}

static void test_stream_input(void **state)
{
	struct driven d = { 0 };

	(void)state;
	drive_begin(&d, "i nodetool.input.RealtimeAudioInput {\"name\":\"mic\"}\nc nodetool.control.Collect\n"
		  "o nodetool.output.Output {\"name\":\"out\"}\ni.chunk>c.input_item\nc.output>o.value",
	      NULL, (struct run_options){ 0 });
	drive_on(&d);
	assert_null(d.end);
	for (int i = 0; i < 10; i++)
		run_input(d.run, "mic", "chunk", value_int(i));
	run_input(d.run, "nobody", "chunk", value_int(1));
	run_input(d.run, "mic", NULL, value_int(1));
	run_input(d.run, "mic", "chunk", value_ref(drive_json(&d, "{\"type\":\"chunk\",\"content\":\"c\"}")));
	drive_on(&d);
	assert_null(d.end);
	run_end_input(d.run, "mic", "chunk");
	drive_on(&d);
	assert_non_null(strstr(drive_result(&d), "{\"out\":[[0,1,2,3,4,5,6,7,8,9,{\"type\":\"chunk\",\"node_id\":null,"));
	drive_over(&d);
}

static void test_cancel(void **state)
{
	struct driven d = { 0 };

	(void)state;
	drive_destroyed = 0;
	drive_begin(&d, "t nodetool.triggers.IntervalTrigger {\"interval_seconds\":1000,\"emit_on_start\":false}\n"
		  "s test.Count {\"count\":100000}\nw test.Sleep {\"ms\":100000}\nc nodetool.control.Collect\n"
		  "t.tick>c.input_item\ns.output>w.ms",
	      NULL, (struct run_options){ 0 });
	for (int i = 0; i < 100; i++)
		run_step(d.run, 1);
	run_cancel(d.run);
	assert_int_equal(run_end(d.run)->status, RUN_CANCELLED);
	drive_over(&d);
	assert_int_equal(drive_destroyed, 1);
}

/* The last entry of a node (or of the run: ""); the test fails when there is none. */
static struct trace_entry traced(const struct driven *d, const char *id)
{
	struct sv data = { d->trace.data, d->trace.len };
	struct trace_entry entry;
	struct trace_entry found = { .start_us = 0 };

	while (trace_take(&data, &entry))
		if (sv_eq(entry.node_id, id))
			found = entry;
	assert_int_equal(data.n, 0);
	if (!found.start_us)
		fail_msg("no entry of '%s'", id);
	return found;
}

static void test_trace(void **state)
{
	static const char graph[] = "c test.Count {\"count\":5}\na test.Add {\"b\":1}\ns test.Sleep {\"ms\":20}\n"
				    "i nodetool.input.StringInput {\"name\":\"i\",\"value\":\"four\"}\n"
				    "p nodetool.output.Output {\"name\":\"p\"}\nf test.FailAt\n"
				    "o nodetool.output.Output {\"name\":\"r\"}\n"
				    "c.output>a.a\na.output>o.value\ni.output>p.value\n";
	struct driven d = { 0 };
	struct trace_entry e;

	(void)state;
	drive_begin(&d, graph, NULL, (struct run_options){ .record = true });
	drive_on(&d);
	e = traced(&d, "a");
	assert_int_equal(e.status, TRACE_COMPLETED);
	assert_true(sv_eq(e.node_type, "test.Add"));
	assert_int_equal(e.calls, 5);
	assert_int_equal(e.items_in, 5);
	assert_int_equal(e.bytes_in, 40);
	assert_int_equal(e.items_out, 5);
	e = traced(&d, "s");
	assert_true(e.outside_us >= 19000 && e.end_us - e.start_us >= e.outside_us && e.busy_us < e.outside_us);
	e = traced(&d, "i");
	assert_int_equal(e.bytes_out, 4);
	assert_int_equal(traced(&d, "p").bytes_in, 4);
	assert_int_equal(traced(&d, "f").status, TRACE_FAILED);
	e = traced(&d, "");
	assert_int_equal(e.status, TRACE_FAILED);
	assert_true(e.start_us <= traced(&d, "c").start_us && e.end_us >= traced(&d, "s").end_us);
	drive_over(&d);
}

static void test_trace_of_what_goes_on(void **state)
{
	struct driven d = { 0 };
	struct pollfd fds[4];
	int timeout;

	(void)state;
	drive_begin(&d, "s test.Slow\n", NULL, (struct run_options){ .record = true });
	while (run_step(d.run, 10))
		;
	assert_int_equal(run_poll(d.run, fds, 4, &timeout), 0);
	assert_int_equal(traced(&d, "s").status, TRACE_RUNNING);
	assert_int_equal(traced(&d, "s").end_us, 0);
	assert_int_equal(traced(&d, "").end_us, 0);
	run_cancel(d.run);
	assert_int_equal(traced(&d, "s").status, TRACE_STOPPED);
	assert_true(traced(&d, "").end_us > 0);
	drive_over(&d);
}

static void test_going_on(void **state)
{
	static const char graph[] = "c test.Count {\"count\":3}\na test.Add {\"b\":1}\nb test.Add {\"b\":10}\n"
				    "o nodetool.output.Output {\"name\":\"r\"}\n"
				    "c.output>a.a\na.output>b.a\nb.output>o.value";
	static const char *const lost[] = { "o", "b", "a" };
	struct driven d = { 0 };
	struct value *resume = value_map();
	struct value *done;
	char *whole;

	(void)state;
	drive_begin(&d, graph, NULL, (struct run_options){ .record = true });
	drive_on(&d);
	whole = xstrdup(drive_result(&d));
	done = value_ref(d.records);
	assert_int_equal(value_len(done), 4);
	drive_over(&d);
	map_set(resume, "done", done);
	for (size_t i = 0; i <= ARRAY_LEN(lost); i++) { /* with all records, then with one less each time */
		memset(&d, 0, sizeof(d));
		drive_calls = 0;
		drive_begin(&d, graph, NULL, (struct run_options){ .resume = resume });
		drive_on(&d);
		assert_string_equal(drive_result(&d), whole);
		assert_int_equal(drive_calls, i < 2 ? 0 : 3 * (i - 1));
		assert_string_equal(drive_story(&d, "c"), "");
		drive_over(&d);
		if (i < ARRAY_LEN(lost))
			map_remove(done, lost[i]);
	}
	for (size_t i = 0; i <= ARRAY_LEN(lost); i++) /* drive_begin has kept one each time */
		value_unref(resume);
	value_unref(resume);
	free(whole);
}

static void test_suspend_and_resume(void **state)
{
	static const char graph[] = "i nodetool.input.StringInput {\"name\":\"x\",\"value\":\"q\"}\n"
				    "w nodetool.triggers.Wait\no nodetool.output.Output {\"name\":\"r\"}\n"
				    "i.output>w.input\nw.data>o.value";
	struct driven d;
	struct value *resume = value_map();

	(void)state;
	drive_graph(&d, graph);
	assert_int_equal(d.end->status, RUN_SUSPENDED);
	assert_string_equal(d.end->node_id, "w");
	assert_string_equal(drive_story(&d, "w"), "running{\"input\":\"q\"} running suspended");
	assert_string_equal(drive_story(&d, "o"), "running");
	map_set_str(resume, "node_id", d.end->node_id);
	map_set(resume, "state", value_ref(d.end->state));
	drive_over(&d);
	memset(&d, 0, sizeof(d));
	drive_begin(&d, graph, NULL, (struct run_options){ .resume = resume });
	drive_on(&d);
	assert_string_equal(drive_result(&d), "{\"r\":[\"q\"]}");
	drive_over(&d);
	value_unref(resume);
	value_unref(resume);
}

static void test_values_for_clients(void **state)
{
	static const char graph[] = "b test.Bytes\nc nodetool.constant.Image {\"value\":{\"type\":\"image\",\"uri\":"
				    "\"data:image/jpeg;base64,AAE=\"}}\nn nodetool.constant.List {\"value\":"
				    "[123456789012345678901234567890]}\n"
				    "x nodetool.output.Output {\"name\":\"x\"}\ny nodetool.output.Output {\"name\":\"y\"}\n"
				    "z nodetool.output.Output {\"name\":\"z\"}\n"
				    "b.output>x.value\nc.output>y.value\nn.output>z.value";
	struct driven d;

	(void)state;
	drive_graph(&d, graph);
	assert_true(d.bigint);
	assert_string_equal(drive_story(&d, "b"), "running completed{\"output\":\"<3 bytes>\"}");
	assert_string_equal(drive_result(&d),
			    "{\"x\":[\"AAEC\"],\"y\":[{\"type\":\"image\",\"uri\":\"data:image/png;base64,AAE=\","
			    "\"asset_id\":null,\"data\":null,\"metadata\":null}],\"z\":[[123456789012345678901234567890]]}");
	drive_over(&d);
	memset(&d, 0, sizeof(d));
	drive_begin(&d, graph, NULL, (struct run_options){ .binary = true, .explicit_types = true });
	drive_on(&d);
	assert_non_null(strstr(drive_result(&d), "\"x\":{\"type\":\"list\",\"value\":[{\"type\":\"bytes\",\"value\":\"AAEC\"}]}"));
	assert_non_null(strstr(drive_result(&d), "\"uri\":\"data:image/jpeg;base64,AAE=\""));
	drive_over(&d);
}

static void test_empty_asset(void **state)
{
	static const char graph[] = "i nodetool.input.ImageInput {\"name\":\"i\"}\n"
				    "o nodetool.output.Output {\"name\":\"o\"}\ni.output>o.value";
	struct driven d;

	(void)state;
	drive_graph(&d, graph);
	assert_int_equal(d.end->status, RUN_FAILED);
	drive_over(&d);
	memset(&d, 0, sizeof(d));
	drive_begin(&d, graph, NULL, (struct run_options){ .binary = true });
	drive_on(&d);
	assert_int_equal(d.end->status, RUN_COMPLETED);
	drive_over(&d);
}

/* Linear in the number of nodes and edges: 10,000 in a chain, and 2,000 edges into one handle. */
static void test_big_graphs(void **state)
{
	struct buf text;
	struct driven d;

	(void)state;
	buf_init(&text, 4 << 20);
	buf_adds(&text, "n0 nodetool.constant.Integer {\"value\":1}\n");
	for (int i = 1; i < 10000; i++)
		buf_printf(&text, "n%d test.Add {\"b\":%d}\nn%d.output>n%d.a\n", i, i, i - 1, i);
	drive_graph(&d, text.data);
	assert_int_equal(d.end->status, RUN_COMPLETED);
	drive_over(&d);
	buf_reset(&text);
	buf_adds(&text, "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"o\"}\nc.output>o.value\n");
	for (int i = 0; i < 2000; i++)
		buf_printf(&text, "n%d nodetool.control.Reroute\n", i);
	drive_graph(&d, text.data);
	assert_string_equal(drive_result(&d), "{\"o\":[[]]}");
	drive_over(&d);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life_of_a_node),
		cmocka_unit_test(test_generator),
		cmocka_unit_test(test_on_any),
		cmocka_unit_test(test_zip),
		cmocka_unit_test(test_gathered),
		cmocka_unit_test(test_errors_do_not_block),
		cmocka_unit_test(test_first_error_in_node_order),
		cmocka_unit_test(test_validation),
		cmocka_unit_test(test_load_errors),
		cmocka_unit_test(test_edges_that_are_dropped),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_emptiness),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_stream_input),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_trace_of_what_goes_on),
		cmocka_unit_test(test_going_on),
		cmocka_unit_test(test_suspend_and_resume),
		cmocka_unit_test(test_values_for_clients),
		cmocka_unit_test(test_empty_asset),
		cmocka_unit_test(test_big_graphs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
