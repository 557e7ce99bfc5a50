/* The engine: graphs driven directly; what clients would see is collected. */
#include "nodes/node.h"
#include "wsd/engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- nodes for tests ---------------------------------------------------------------------------------- */

static size_t calls; /* of "test.Add" */
static size_t destroyed;

static enum node_result add(struct node_ctx *ctx)
{
	calls++;
	node_emit(ctx, "output", value_int(node_int(ctx, "a") + node_int(ctx, "b")));
	return NODE_DONE;
}

static enum node_result fail_at(struct node_ctx *ctx)
{
	if (node_int(ctx, "value") == node_int(ctx, "at"))
		return node_fail(ctx, "broken at %lld", (long long)node_int(ctx, "at"));
	node_emit(ctx, "output", value_ref(node_get(ctx, "value")));
	return NODE_DONE;
}

struct counter {
	int64_t next;
	char *memory;
};

static enum node_result count_begin(struct node_ctx *ctx)
{
	struct counter *state = node_state(ctx);

	state->next = 0;
	if (!state->memory)
		state->memory = xstrdup("freed by destroy");
	return NODE_DONE;
}

static enum node_result count_next(struct node_ctx *ctx)
{
	struct counter *state = node_state(ctx);

	if (state->next >= node_int(ctx, "count"))
		return NODE_DONE;
	node_emit(ctx, "output", value_int(state->next++));
	return NODE_MORE;
}

static void count_destroy(void *p)
{
	struct counter *state = p;

	free(state->memory);
	destroyed++;
}

static enum node_result sleep_first(struct node_ctx *ctx)
{
	bool *slept = node_state(ctx);

	if (!*slept) {
		*slept = true;
		node_wait_ms(ctx, node_int(ctx, "ms"));
		return NODE_WAIT;
	}
	node_emit(ctx, "output", value_str("awake"));
	return NODE_DONE;
}

static enum node_result bad_slot(struct node_ctx *ctx)
{
	node_emit(ctx, "nowhere", value_int(1));
	return NODE_DONE;
}

static enum node_result emit_null(struct node_ctx *ctx)
{
	node_emit(ctx, "output", value_null());
	return NODE_DONE;
}

static enum node_result bytes(struct node_ctx *ctx)
{
	node_emit(ctx, "output", value_bytes("\0\1\2", 3));
	return NODE_DONE;
}

static enum node_result length(struct node_ctx *ctx)
{
	node_emit(ctx, "output", value_int((int64_t)value_len(node_get(ctx, "values"))));
	return NODE_DONE;
}

#define PROPS(...)                            \
	(const struct node_prop[])            \
	{                                     \
		__VA_ARGS__, { 0 }            \
	}
#define SLOT(type_)                                             \
	(const struct node_slot[])                              \
	{                                                       \
		{ .name = "output", .type = type_ }, { 0 }      \
	}

static const struct node_type types[] = {
	{ .type = "test.Add", .title = "Add", .props = PROPS({ .name = "a", .type = "int", .def = "0" },
							    { .name = "b", .type = "int", .def = "0" }),
	  .outputs = SLOT("int"), .process = add },
	{ .type = "test.FailAt", .title = "Fail At", .props = PROPS({ .name = "value", .type = "int", .def = "0" },
								   { .name = "at", .type = "int", .def = "0" }),
	  .outputs = SLOT("int"), .process = fail_at },
	{ .type = "test.Count", .title = "Count", .props = PROPS({ .name = "count", .type = "int", .def = "3" }),
	  .outputs = SLOT("int"), .flags = NODE_STREAMS_OUTPUT, .state_size = sizeof(struct counter),
	  .process = count_begin, .next = count_next, .destroy = count_destroy },
	{ .type = "test.Sleep", .title = "Sleep", .props = PROPS({ .name = "ms", .type = "int", .def = "1" }),
	  .outputs = SLOT("str"), .flags = NODE_NOT_CACHEABLE, .state_size = sizeof(bool), .process = sleep_first },
	{ .type = "test.Slow", .title = "Slow", .props = PROPS({ .name = "ms", .type = "int", .def = "60000" }),
	  .outputs = SLOT("str"), .flags = NODE_NOT_CACHEABLE, .state_size = sizeof(bool), .process = sleep_first,
	  .timeout_s = 1 },
	{ .type = "test.BadSlot", .title = "Bad Slot", .outputs = SLOT("int"), .process = bad_slot },
	{ .type = "test.Null", .title = "Null", .outputs = SLOT("any"), .process = emit_null },
	{ .type = "test.Bytes", .title = "Bytes", .outputs = SLOT("bytes"), .process = bytes },
	{ .type = "test.Length", .title = "Length",
	  .props = PROPS({ .name = "values", .type = "list[int]", .def = "[]", .required = true }),
	  .outputs = SLOT("int"), .process = length },
};

static NODE_TABLE(nodes_test, types);

extern const struct node_table nodes_base;
extern const struct node_table nodes_constant;
extern const struct node_table nodes_control;
extern const struct node_table nodes_input;
extern const struct node_table nodes_output;
extern const struct node_table nodes_triggers;

const struct node_table *const node_tables[] = {
	&nodes_test,	&nodes_base,   &nodes_constant, &nodes_control,
	&nodes_input,	&nodes_output, &nodes_triggers, NULL,
};

/* ---- driving ------------------------------------------------------------------------------------------ */

struct driven {
	struct arena *arena;
	struct run *run;
	struct value *messages;
	const struct run_end *end;
	bool bigint;
};

static void on_message(void *ctx, const struct run_message *m)
{
	struct driven *d = ctx;
	struct json_error why;
	struct value *message = msgpack_parse(m->data, m->len, &why);

	if (!message)
		fail_msg("message: %s", why.message);
	assert_int_equal(map_int(message, "job_seq", -1), (int64_t)value_len(d->messages) + 5);
	assert_string_equal(map_str(message, "job_id", ""), "job");
	assert_string_equal(map_str(message, "workflow_id", ""), "flow");
	d->bigint |= m->has_bigint;
	list_push(d->messages, message);
}

static struct value *json(struct driven *d, const char *text)
{
	struct json_error why;
	struct value *v = json_parse(text, strlen(text), &why);

	if (!v)
		fail_msg("%s: %s", text, why.message);
	arena_defer(d->arena, value_unref_ptr, v);
	return v;
}

/* Nodes as "id type {data}" and edges as "source.slot>target.handle", separated by line feeds. */
static struct value *graph_of(struct driven *d, const char *text)
{
	struct value *graph = json(d, "{\"nodes\":[],\"edges\":[]}");
	struct sv rest = sv_of(text);
	struct sv line;
	char a[4][64];
	char data[512];

	while (sv_split(&rest, '\n', &line)) {
		char *copy = arena_strndup(d->arena, line.p, line.n);
		struct value *item;

		if (sscanf(copy, "%63[^.> ].%63[^>]>%63[^.].%63s", a[0], a[1], a[2], a[3]) == 4) {
			item = value_map();
			map_set_str(item, "id", arena_printf(d->arena, "e%zu", value_len(map_get(graph, "edges"))));
			map_set_str(item, "source", a[0]);
			map_set_str(item, "sourceHandle", a[1]);
			map_set_str(item, "target", a[2]);
			map_set_str(item, "targetHandle", a[3]);
			list_push(map_get(graph, "edges"), item);
			continue;
		}
		strcpy(data, "{}");
		if (sscanf(copy, "%63s %63s %511[^\n]", a[0], a[1], data) < 2)
			continue;
		item = value_map();
		map_set_str(item, "id", a[0]);
		map_set_str(item, "type", a[1]);
		map_set(item, "data", value_ref(json(d, data)));
		if (strstr(data, "\"zip\""))
			map_set_str(item, "sync_mode", "zip_all");
		list_push(map_get(graph, "nodes"), item);
	}
	return graph;
}

static void begin(struct driven *d, const char *graph, const char *params, struct run_options options)
{
	d->arena = arena_new();
	d->messages = value_list();
	options.job_id = "job";
	options.workflow_id = "flow";
	options.user_id = "1";
	options.graph = *graph == '{' ? json(d, graph) : graph_of(d, graph);
	options.params = params ? json(d, params) : NULL;
	options.first_seq = 5;
	options.message = on_message;
	options.ctx = d;
	if (options.resume)
		options.resume = value_ref((struct value *)(uintptr_t)options.resume);
	d->run = run_new(&options);
}

/* Until it ends, or until only events from outside can go on. */
static void drive(struct driven *d)
{
	struct pollfd fds[16];
	int timeout;
	size_t n;

	while (!run_end(d->run)) {
		if (run_step(d->run, 100) || run_end(d->run))
			continue;
		n = run_poll(d->run, fds, ARRAY_LEN(fds), &timeout);
		if (timeout < 0 && n == 0)
			return;
		poll(fds, n, timeout);
		run_wake(d->run, fds, n);
	}
	d->end = run_end(d->run);
	assert_int_equal(d->end->next_seq, (int64_t)value_len(d->messages) + 5);
}

static void run_graph(struct driven *d, const char *graph)
{
	memset(d, 0, sizeof(*d));
	begin(d, graph, NULL, (struct run_options){ 0 });
	drive(d);
}

static void over(struct driven *d)
{
	run_free(d->run);
	value_unref(d->messages);
	arena_free(d->arena);
}

/* The messages of a node (or all) in short: "status", "status{handle}", "out=value", "sent3", "drained". */
static const char *story(struct driven *d, const char *id)
{
	struct buf text;
	const char *out;

	buf_init(&text, 65536);
	for (size_t i = 0; i < value_len(d->messages); i++) {
		const struct value *m = list_at(d->messages, i);
		const char *type = map_str(m, "type", "");
		struct value *properties = map_get(m, "properties");

		if (strcmp(map_str(m, "node_id", map_str(m, "edge_id", "")), id) != 0)
			continue;
		if (text.len)
			buf_addc(&text, ' ');
		if (strcmp(type, "output_update") == 0) {
			buf_printf(&text, "out=%s", json_text(d->arena, map_get(m, "value"), JSON_COMPACT));
			continue;
		}
		buf_adds(&text, strcmp(type, "edge_update") && strcmp(type, "node_update") ? type
											  : map_str(m, "status", ""));
		if (value_len(properties))
			buf_adds(&text, json_text(d->arena, properties, JSON_COMPACT));
		if (value_len(map_get(m, "result")))
			buf_adds(&text, json_text(d->arena, map_get(m, "result"), JSON_COMPACT));
	}
	out = arena_strdup(d->arena, text.data ? text.data : "");
	buf_free(&text);
	return out;
}

static const char *result(struct driven *d)
{
	return d->end->result ? json_text(d->arena, d->end->result, JSON_COMPACT) : d->end->error;
}

static void check_result(const char *graph, const char *expected)
{
	struct driven d;

	run_graph(&d, graph);
	assert_string_equal(result(&d), expected);
	over(&d);
}

/* ---- tests -------------------------------------------------------------------------------------------- */

static void test_life_of_a_node(void **state)
{
	struct driven d;

	(void)state;
	run_graph(&d, "o nodetool.output.Output {\"name\":\"out\"}\n"
		      "p test.Add {\"b\":2}\n"
		      "c nodetool.constant.Integer {\"value\":1}\n"
		      "c.output>p.a\np.output>o.value");
	assert_string_equal(story(&d, "c"), "running completed");
	assert_string_equal(story(&d, "p"), "running{\"a\":1} running completed{\"output\":3}");
	assert_string_equal(story(&d, "o"), "running out=3 completed{\"output\":3}");
	assert_string_equal(story(&d, "e1"), "message_sent drained");
	assert_string_equal(result(&d), "{\"out\":[3]}");
	over(&d);
}

static void test_generator(void **state)
{
	struct driven d;

	(void)state;
	destroyed = 0;
	run_graph(&d, "n nodetool.constant.Integer {\"value\":2}\ns test.Count\nc nodetool.control.Collect\n"
		      "o nodetool.output.Output {\"name\":\"out\"}\n"
		      "n.output>s.count\ns.output>c.input_item\nc.output>o.value");
	assert_string_equal(story(&d, "s"), "running{\"count\":2} completed{\"output\":1}");
	assert_string_equal(story(&d, "e1"), "message_sent message_sent drained");
	assert_string_equal(result(&d), "{\"out\":[[0,1]]}");
	over(&d);
	assert_int_equal(destroyed, 1);
}

static void test_on_any(void **state)
{
	(void)state;
	/* One handle has its value before the stream begins. */
	check_result("i nodetool.input.IntegerInput {\"name\":\"i\",\"value\":10}\ns test.Count\np test.Add\n"
		     "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "i.output>p.a\ns.output>p.b\np.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[10,11,12]]}");
	/* A handle that ends without an item: the node never runs, the output shows null. */
	check_result("i nodetool.constant.Integer {\"value\":10}\ns test.Count {\"count\":0}\np test.Add\n"
		     "o nodetool.output.Output {\"name\":\"out\"}\ni.output>p.a\ns.output>p.b\np.output>o.value",
		     "{}");
}

static void test_zip(void **state)
{
	(void)state;
	check_result("a test.Count {\"count\":4}\nb nodetool.control.ForEach {\"input_list\":[10,20]}\n"
		     "p test.Add {\"zip\":1}\nc nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "a.output>p.a\nb.output>p.b\np.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[10,21]]}");
	/* A constant is sticky, whenever it comes. */
	check_result("a test.Count\nb nodetool.constant.Integer {\"value\":5}\np test.Add {\"zip\":1}\n"
		     "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "a.output>p.a\nb.output>p.b\np.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[5,6,7]]}");
	/* One side far ahead of the other: nothing is lost and nothing waits for ever. */
	check_result("a test.Count {\"count\":5000}\nd test.Sleep {\"ms\":20}\n"
		     "b nodetool.control.ForEach {\"input_list\":[1,2,3]}\np test.Add {\"zip\":1}\n"
		     "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "a.output>p.a\nb.output>p.b\np.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[1,3,5]]}");
}

static void test_gathered(void **state)
{
	(void)state;
	check_result("a nodetool.constant.Integer {\"value\":1}\nb nodetool.control.ForEach {\"input_list\":[7,8]}\n"
		     "l test.Length\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "a.output>l.values\nb.output>l.values\nl.output>o.value",
		     "{\"out\":[3]}");
}

static void test_errors_do_not_block(void **state)
{
	struct driven d;

	(void)state;
	/* The consumer fails at its second item; its producer has hundreds more. */
	run_graph(&d, "s test.Count {\"count\":500}\nf test.FailAt {\"at\":1}\nc nodetool.control.Collect\n"
		      "o nodetool.output.Output {\"name\":\"out\"}\n"
		      "s.output>f.value\nf.output>c.input_item\nc.output>o.value");
	assert_int_equal(d.end->status, RUN_FAILED);
	assert_string_equal(d.end->error, "broken at 1");
	assert_null(d.end->result);
	assert_string_equal(story(&d, "o"), "running out=[0] completed{\"output\":[0]}");
	assert_string_equal(story(&d, "s"), "running completed{\"output\":499}");
	over(&d);
}

static void test_first_error_in_node_order(void **state)
{
	struct driven d;

	(void)state;
	run_graph(&d, "late test.Slow\nearly test.BadSlot");
	assert_string_equal(d.end->error, "Node timed out after 1s");
	assert_string_equal(story(&d, "early"), "running error");
	over(&d);
}

static void test_validation(void **state)
{
	struct driven d;

	(void)state;
	run_graph(&d, "l test.Length\nt nodetool.constant.String\np test.Add\na test.Add\nb test.Add\n"
		      "m test.Add\n"
		      "t.output>p.a\na.output>b.a\nb.output>a.a\nl.output>m.a\np.output>m.a");
	assert_false(d.end->early);
	assert_string_equal(d.end->error,
			    "Graph contains errors: Missing inputs: values\n"
			    "p: Type mismatch for property 'a' - t.output outputs str but p.a expects int\n"
			    "m: Multiple edges target non-list property 'a' (type: int). Either change property type "
			    "to list or use a Collect node.\n"
			    "a: The graph has a cycle: a <- b <- a");
	assert_string_equal(story(&d, "l"), "error");
	over(&d);
	run_graph(&d, "x test.Add\nx test.Add");
	assert_string_equal(d.end->error, "Graph contains errors: Duplicate node id: x");
	over(&d);
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
		run_graph(&d, cases[i].graph);
		assert_true(d.end->early);
		assert_string_equal(d.end->error, cases[i].error);
		assert_string_equal(d.end->error_kind, "ValueError");
		over(&d);
	}
}

static void test_edges_that_are_dropped(void **state)
{
	struct driven d;

	(void)state;
	/* Unknown slot, node and handle: no messages; the connected property falls back to its default. */
	run_graph(&d, "c nodetool.constant.Integer {\"value\":4}\np test.Add {\"a\":100,\"b\":1}\n"
		      "o nodetool.output.Output {\"name\":\"out\"}\n"
		      "c.nope>p.a\nc.output>gone.a\nc.output>p.nope\np.output>o.value");
	assert_string_equal(result(&d), "{\"out\":[1]}");
	assert_string_equal(story(&d, "e0"), "");
	assert_string_equal(story(&d, "e2"), "");
	over(&d);
}

static void test_cache(void **state)
{
	struct driven d;

	(void)state;
	calls = 0;
	run_graph(&d, "c nodetool.constant.Integer {\"value\":3}\np test.Add\nq test.Add\n"
		      "c.output>p.a\np.output>q.a");
	assert_int_equal(calls, 1);
	assert_string_equal(story(&d, "q"), "running{\"a\":3} completed{\"output\":3}");
	over(&d);
	calls = 0;
	run_graph(&d, "s test.Count {\"count\":4}\np test.Add\nq test.Add\ns.output>p.a\np.output>q.a");
	assert_int_equal(calls, 8);
	over(&d);
}

static void test_emptiness(void **state)
{
	struct driven d;

	(void)state;
	/* Null from a single-shot node travels; a streaming one drops it. */
	run_graph(&d, "n test.Null\nr nodetool.control.Reroute\no nodetool.output.Output {\"name\":\"out\"}\n"
		      "n.output>r.input_value\nr.output>o.value");
	assert_string_equal(story(&d, "e0"), "message_sent drained");
	assert_string_equal(story(&d, "e1"), "drained");
	assert_string_equal(story(&d, "o"), "running out=null completed");
	over(&d);
	/* The second list is empty: it must not show the first one again. */
	check_result("f nodetool.control.ForEach {\"input_list\":[[1,2],[]]}\nl test.Length\n"
		     "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"out\"}\n"
		     "f.output>l.values\nl.output>c.input_item\nc.output>o.value",
		     "{\"out\":[[2,0]]}");
}

static void test_params(void **state)
{
	struct driven d = { 0 };

	(void)state;
	begin(&d, "i nodetool.input.IntegerInput {\"name\":\"x\",\"value\":1}\n"
		  "j nodetool.input.StringInput {\"name\":\"y\",\"value\":\"own\"}\n"
		  "o nodetool.output.Output {\"name\":\"out\"}\np nodetool.output.Output {\"name\":\"out2\"}\n"
		  "i.output>o.value\nj.output>p.value",
	      "{\"x\":{\"type\":\"image\"},\"nobody\":1}", (struct run_options){ .binary = true });
	drive(&d);
	assert_string_equal(result(&d), "{\"out\":[{\"type\":\"image\"}],\"out2\":[\"own\"]}");
	assert_string_equal(story(&d, "i"), "");
	over(&d);
}

static void test_stream_input(void **state)
{
	struct driven d = { 0 };

	(void)state;
	begin(&d, "i nodetool.input.RealtimeAudioInput {\"name\":\"mic\"}\nc nodetool.control.Collect\n"
		  "o nodetool.output.Output {\"name\":\"out\"}\ni.chunk>c.input_item\nc.output>o.value",
	      NULL, (struct run_options){ 0 });
	drive(&d);
	assert_null(d.end);
	for (int i = 0; i < 10; i++)
		run_input(d.run, "mic", "chunk", value_int(i));
	run_input(d.run, "nobody", "chunk", value_int(1));
	run_input(d.run, "mic", NULL, value_int(1));
	run_input(d.run, "mic", "chunk", value_ref(json(&d, "{\"type\":\"chunk\",\"content\":\"c\"}")));
	drive(&d);
	assert_null(d.end);
	run_end_input(d.run, "mic", "chunk");
	drive(&d);
	assert_non_null(strstr(result(&d), "{\"out\":[[0,1,2,3,4,5,6,7,8,9,{\"type\":\"chunk\",\"node_id\":null,"));
	over(&d);
}

static void test_cancel(void **state)
{
	struct driven d = { 0 };

	(void)state;
	destroyed = 0;
	begin(&d, "t nodetool.triggers.IntervalTrigger {\"interval_seconds\":1000,\"emit_on_start\":false}\n"
		  "s test.Count {\"count\":100000}\nw test.Sleep {\"ms\":100000}\nc nodetool.control.Collect\n"
		  "t.tick>c.input_item\ns.output>w.ms",
	      NULL, (struct run_options){ 0 });
	for (int i = 0; i < 100; i++)
		run_step(d.run, 1);
	run_cancel(d.run);
	assert_int_equal(run_end(d.run)->status, RUN_CANCELLED);
	over(&d);
	assert_int_equal(destroyed, 1);
}

static void test_suspend_and_resume(void **state)
{
	static const char graph[] = "i nodetool.input.StringInput {\"name\":\"x\",\"value\":\"q\"}\n"
				    "w nodetool.triggers.Wait\no nodetool.output.Output {\"name\":\"r\"}\n"
				    "i.output>w.input\nw.data>o.value";
	struct driven d;
	struct value *resume = value_map();

	(void)state;
	run_graph(&d, graph);
	assert_int_equal(d.end->status, RUN_SUSPENDED);
	assert_string_equal(d.end->node_id, "w");
	assert_string_equal(story(&d, "w"), "running{\"input\":\"q\"} running suspended");
	assert_string_equal(story(&d, "o"), "running");
	map_set_str(resume, "node_id", d.end->node_id);
	map_set(resume, "state", value_ref(d.end->state));
	over(&d);
	memset(&d, 0, sizeof(d));
	begin(&d, graph, NULL, (struct run_options){ .resume = resume });
	drive(&d);
	assert_string_equal(result(&d), "{\"r\":[\"q\"]}");
	over(&d);
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
	run_graph(&d, graph);
	assert_true(d.bigint);
	assert_string_equal(story(&d, "b"), "running completed{\"output\":\"<3 bytes>\"}");
	assert_string_equal(result(&d),
			    "{\"x\":[\"AAEC\"],\"y\":[{\"type\":\"image\",\"uri\":\"data:image/png;base64,AAE=\","
			    "\"asset_id\":null,\"data\":null,\"metadata\":null}],\"z\":[[123456789012345678901234567890]]}");
	over(&d);
	memset(&d, 0, sizeof(d));
	begin(&d, graph, NULL, (struct run_options){ .binary = true, .explicit_types = true });
	drive(&d);
	assert_non_null(strstr(result(&d), "\"x\":{\"type\":\"list\",\"value\":[{\"type\":\"bytes\",\"value\":\"AAEC\"}]}"));
	assert_non_null(strstr(result(&d), "\"uri\":\"data:image/jpeg;base64,AAE=\""));
	over(&d);
}

static void test_empty_asset(void **state)
{
	static const char graph[] = "i nodetool.input.ImageInput {\"name\":\"i\"}\n"
				    "o nodetool.output.Output {\"name\":\"o\"}\ni.output>o.value";
	struct driven d;

	(void)state;
	run_graph(&d, graph);
	assert_int_equal(d.end->status, RUN_FAILED);
	over(&d);
	memset(&d, 0, sizeof(d));
	begin(&d, graph, NULL, (struct run_options){ .binary = true });
	drive(&d);
	assert_int_equal(d.end->status, RUN_COMPLETED);
	over(&d);
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
	run_graph(&d, text.data);
	assert_int_equal(d.end->status, RUN_COMPLETED);
	over(&d);
	buf_reset(&text);
	buf_adds(&text, "c nodetool.control.Collect\no nodetool.output.Output {\"name\":\"o\"}\nc.output>o.value\n");
	for (int i = 0; i < 2000; i++)
		buf_printf(&text, "n%d nodetool.control.Reroute\n", i);
	run_graph(&d, text.data);
	assert_string_equal(result(&d), "{\"o\":[[]]}");
	over(&d);
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
		cmocka_unit_test(test_suspend_and_resume),
		cmocka_unit_test(test_values_for_clients),
		cmocka_unit_test(test_empty_asset),
		cmocka_unit_test(test_big_graphs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
