/* Graphs for the unit tests of the engine: see engine_drive.h. */
#include "engine_drive.h"

#include "nodes/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- nodes for tests ---------------------------------------------------------------------------------- */

size_t drive_calls;
size_t drive_destroyed;

static enum node_result add(struct node_ctx *ctx)
{
	drive_calls++;
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
	drive_destroyed++;
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

static void on_message(void *ctx, const struct run_message *m)
{
	struct driven *d = ctx;
	struct json_error why;
	struct value *message;

	if (m->type == RUNNER_MSG_NODE_DONE) {
		if (!d->records)
			d->records = value_map();
		map_setn(d->records, m->key, m->key_len, value_bytes(m->data, m->len));
		return;
	}
	if (m->type == RUNNER_MSG_TRACE) {
		buf_add(&d->trace, m->data, m->len);
		return;
	}
	message = msgpack_parse(m->data, m->len, &why);
	if (!message)
		fail_msg("message: %s", why.message);
	assert_int_equal(map_int(message, "job_seq", -1), (int64_t)value_len(d->messages) + 5);
	assert_string_equal(map_str(message, "job_id", ""), "job");
	assert_string_equal(map_str(message, "workflow_id", ""), "flow");
	d->bigint |= m->has_bigint;
	list_push(d->messages, message);
}

struct value *drive_json(struct driven *d, const char *text)
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
	struct value *graph = drive_json(d, "{\"nodes\":[],\"edges\":[]}");
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
		map_set(item, "data", value_ref(drive_json(d, data)));
		if (strstr(data, "\"zip\""))
			map_set_str(item, "sync_mode", "zip_all");
		list_push(map_get(graph, "nodes"), item);
	}
	return graph;
}

void drive_begin(struct driven *d, const char *graph, const char *params, struct run_options options)
{
	d->arena = arena_new();
	d->messages = value_list();
	buf_init(&d->trace, BUF_MAX_BODY);
	options.job_id = "job";
	options.workflow_id = "flow";
	options.user_id = "1";
	options.graph = *graph == '{' ? drive_json(d, graph) : graph_of(d, graph);
	options.params = params ? drive_json(d, params) : NULL;
	options.first_seq = 5;
	options.message = on_message;
	options.ctx = d;
	if (options.resume)
		options.resume = value_ref((struct value *)(uintptr_t)options.resume);
	d->run = run_new(&options);
}

/* Until it ends, or until only events from outside can go on. */
void drive_on(struct driven *d)
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

void drive_graph(struct driven *d, const char *graph)
{
	memset(d, 0, sizeof(*d));
	drive_begin(d, graph, NULL, (struct run_options){ 0 });
	drive_on(d);
}

void drive_over(struct driven *d)
{
	run_free(d->run);
	value_unref(d->messages);
	value_unref(d->records);
	buf_free(&d->trace);
	arena_free(d->arena);
}

/* The messages of a node (or all) in short: "status", "status{handle}", "out=value", "sent3", "drained". */
const char *drive_story(struct driven *d, const char *id)
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

const char *drive_result(struct driven *d)
{
	return d->end->result ? json_text(d->arena, d->end->result, JSON_COMPACT) : d->end->error;
}

void drive_check(const char *graph, const char *expected)
{
	struct driven d;

	drive_graph(&d, graph);
	assert_string_equal(drive_result(&d), expected);
	drive_over(&d);
}
