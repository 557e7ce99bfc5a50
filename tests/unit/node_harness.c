/* The functions of nodes/node.h for unit tests of nodes. */
#include "node_harness.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct node_ctx {
	const struct node_type *type;
	struct arena *arena;
	struct value *props;
	struct value *dynamic;
	struct value *slots; /* slot -> list of items */
	struct value *connected;
	char *workspace;
	void *state;
	char error[1024];
	bool bad_slot;
	struct pollfd fds[8];
	nfds_t fd_count;
	int64_t wait_ms; /* -1: for ever */
};

struct harness {
	struct node_ctx ctx;
};

static struct value *parse(const char *text)
{
	struct json_error error;
	struct value *v = json_parse(text, strlen(text), &error);

	if (!v)
		fail_msg("bad JSON in a test: %s: %s", text, error.message);
	return v;
}

static const struct node_type *find(const struct node_table *table, const char *type)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->types[i].type, type) == 0)
			return &table->types[i];
	}
	fail_msg("no node type %s", type);
	return NULL;
}

/* Defaults first; null, [] and {} do not replace them, as in the engine. */
static void set_props(struct harness *h, const char *json)
{
	struct value *given = parse(json);
	struct sv key;
	struct value *v;

	for (const struct node_prop *p = h->ctx.type->props; p && p->name; p++)
		map_set(h->ctx.props, p->name, parse(p->def ? p->def : "null"));
	for (size_t i = 0; map_entry(given, i, &key, &v); i++) {
		bool empty = value_is_null(v) ||
			     ((value_is(v, VALUE_LIST) || value_is(v, VALUE_MAP)) && value_len(v) == 0);

		if (!empty)
			map_setn(h->ctx.props, key.p, key.n, value_ref(v));
	}
	value_unref(given);
}

struct harness *harness_new(const struct node_table *table, const char *type, const char *props, const char *dynamic)
{
	struct harness *h = xcalloc(1, sizeof(*h));

	h->ctx.type = find(table, type);
	h->ctx.arena = arena_new();
	h->ctx.wait_ms = -1;
	h->ctx.props = value_map();
	h->ctx.dynamic = parse(dynamic ? dynamic : "{}");
	h->ctx.slots = value_map();
	h->ctx.connected = value_map();
	if (h->ctx.type->state_size)
		h->ctx.state = xcalloc(1, h->ctx.type->state_size);
	set_props(h, props);
	return h;
}

void harness_free(struct harness *h)
{
	if (h->ctx.type->destroy)
		h->ctx.type->destroy(h->ctx.state);
	free(h->ctx.state);
	free(h->ctx.workspace);
	value_unref(h->ctx.connected);
	value_unref(h->ctx.slots);
	value_unref(h->ctx.dynamic);
	value_unref(h->ctx.props);
	arena_free(h->ctx.arena);
	free(h);
}

void harness_set(struct harness *h, const char *name, struct value *v)
{
	map_set(h->ctx.props, name, v);
}

void harness_connect(struct harness *h, const char *handle)
{
	map_set_bool(h->ctx.connected, handle, true);
}

void harness_workspace(struct harness *h, const char *path)
{
	free(h->ctx.workspace);
	h->ctx.workspace = xstrdup(path);
}

/* Until what the node waits for has happened. */
static void wait_for(struct harness *h)
{
	assert_true(h->ctx.fd_count > 0 || h->ctx.wait_ms >= 0);
	poll(h->ctx.fds, h->ctx.fd_count, (int)h->ctx.wait_ms);
}

/* `again` is what a node that waits is called with. */
static enum node_result drive(struct harness *h, enum node_result result, enum node_result (*again)(struct node_ctx *ctx))
{
	while (result == NODE_WAIT || (result == NODE_MORE && h->ctx.type->next)) {
		if (result == NODE_WAIT)
			wait_for(h);
		else
			again = h->ctx.type->next;
		h->ctx.fd_count = 0;
		h->ctx.wait_ms = -1;
		assert_non_null(again);
		result = again(&h->ctx);
	}
	if (h->ctx.bad_slot)
		result = NODE_FAILED;
	if (result == NODE_FAILED)
		assert_string_not_equal(h->ctx.error, "");
	arena_reset(h->ctx.arena);
	return result;
}

enum node_result harness_run(struct harness *h)
{
	const struct node_type *type = h->ctx.type;
	enum node_result result = type->process ? type->process(&h->ctx) : NODE_DONE;

	if (result == NODE_DONE && type->next && (type->flags & NODE_STREAMS_OUTPUT))
		result = NODE_MORE;
	return drive(h, result, h->ctx.type->process);
}

enum node_result harness_item(struct harness *h, const char *handle, const char *json)
{
	struct value *item = parse(json);
	enum node_result result = h->ctx.type->item ? h->ctx.type->item(&h->ctx, handle, item) : NODE_DONE;

	result = drive(h, result, NULL);
	value_unref(item);
	return result;
}

enum node_result harness_end(struct harness *h)
{
	return drive(h, h->ctx.type->end ? h->ctx.type->end(&h->ctx) : NODE_DONE, h->ctx.type->end);
}

const char *harness_error(const struct harness *h)
{
	return h->ctx.error;
}

size_t harness_count(const struct harness *h, const char *slot)
{
	const struct value *items = map_get(h->ctx.slots, slot);

	return items ? value_len(items) : 0;
}

struct value *harness_output(const struct harness *h, const char *slot, size_t i)
{
	const struct value *items = map_get(h->ctx.slots, slot);

	return items ? list_at(items, i) : NULL;
}

const char *harness_json(struct harness *h, const char *slot)
{
	struct value *items = map_get(h->ctx.slots, slot);

	return items ? json_text(h->ctx.arena, items, JSON_NAN_WORDS) : "[]";
}

static void check_one(const struct node_table *table, const struct node_case *c)
{
	struct harness *h = harness_new(table, c->type, c->props, NULL);
	enum node_result result = harness_run(h);

	if (c->expected[0] == '!') {
		if (result != NODE_FAILED || !strstr(h->ctx.error, c->expected + 1))
			fail_msg("%s %s: expected an error with '%s', got '%s'", c->type, c->props, c->expected + 1,
				 h->ctx.error);
	} else if (result == NODE_FAILED) {
		fail_msg("%s %s: %s", c->type, c->props, h->ctx.error);
	} else {
		const char *got = json_text(h->ctx.arena, harness_output(h, "output", 0), JSON_NAN_WORDS);

		if (strcmp(got, c->expected) != 0)
			fail_msg("%s %s: expected %s, got %s", c->type, c->props, c->expected, got);
	}
	harness_free(h);
}

void node_check(const struct node_table *table, const struct node_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_one(table, &cases[i]);
}

void node_check_stream(const struct node_table *table, const char *type, const char *props, const char *handle,
		       const char *items, const char *expected)
{
	struct harness *h = harness_new(table, type, props, NULL);
	struct value *list = parse(items);

	harness_connect(h, handle);
	for (size_t i = 0; i < value_len(list); i++)
		assert_int_equal(harness_item(h, handle, json_text(h->ctx.arena, list_at(list, i), 0)), NODE_DONE);
	assert_int_equal(harness_end(h), NODE_DONE);
	if (strcmp(harness_json(h, "output"), expected) != 0)
		fail_msg("%s %s: expected %s, got %s", type, props, expected, harness_json(h, "output"));
	value_unref(list);
	harness_free(h);
}

/* ---- nodes/node.h ------------------------------------------------------------------------------------- */

struct value *node_get(struct node_ctx *ctx, const char *name)
{
	struct value *v = map_get(ctx->props, name);

	return v ? v : value_null();
}

const char *node_text(struct node_ctx *ctx, const char *name)
{
	struct value *v = node_get(ctx, name);

	return value_is(v, VALUE_STR) ? value_text(v) : "";
}

struct sv node_sv(struct node_ctx *ctx, const char *name)
{
	struct value *v = node_get(ctx, name);

	return value_is(v, VALUE_STR) ? value_sv(v) : SV_LIT("");
}

int64_t node_int(struct node_ctx *ctx, const char *name)
{
	return value_as_int(node_get(ctx, name));
}

double node_float(struct node_ctx *ctx, const char *name)
{
	return value_as_float(node_get(ctx, name));
}

bool node_bool(struct node_ctx *ctx, const char *name)
{
	return value_as_bool(node_get(ctx, name));
}

struct value *node_dynamic(struct node_ctx *ctx)
{
	return ctx->dynamic;
}

bool node_connected(struct node_ctx *ctx, const char *handle)
{
	return map_get(ctx->connected, handle) != NULL;
}

bool node_has_slot(struct node_ctx *ctx, const char *slot)
{
	for (const struct node_slot *s = ctx->type->outputs; s && s->name; s++) {
		if (strcmp(s->name, slot) == 0)
			return true;
	}
	return false;
}

void node_emit(struct node_ctx *ctx, const char *slot, struct value *v)
{
	struct value *items = map_get(ctx->slots, slot);

	if (!node_has_slot(ctx, slot)) {
		snprintf(ctx->error, sizeof(ctx->error), "no slot %s", slot);
		ctx->bad_slot = true;
	}
	if (!items) {
		items = value_list();
		map_set(ctx->slots, slot, items);
	}
	list_push(items, v);
}

enum node_result node_fail(struct node_ctx *ctx, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(ctx->error, sizeof(ctx->error), fmt, args);
	va_end(args);
	return NODE_FAILED;
}

void *node_state(struct node_ctx *ctx)
{
	return ctx->state;
}

struct arena *node_arena(struct node_ctx *ctx)
{
	return ctx->arena;
}

void node_wait_ms(struct node_ctx *ctx, int64_t ms)
{
	if (ctx->wait_ms < 0 || ms < ctx->wait_ms)
		ctx->wait_ms = ms;
}

void node_wait_fd(struct node_ctx *ctx, int fd, short poll_events)
{
	assert_true(ctx->fd_count < ARRAY_LEN(ctx->fds));
	ctx->fds[ctx->fd_count++] = (struct pollfd){ .fd = fd, .events = poll_events };
}

void node_progress(struct node_ctx *ctx, int64_t done, int64_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
}

void node_log(struct node_ctx *ctx, const char *severity, const char *fmt, ...)
{
	(void)ctx;
	(void)severity;
	(void)fmt;
}

void node_send(struct node_ctx *ctx, struct value *message)
{
	(void)ctx;
	value_unref(message);
}

const char *node_workspace(struct node_ctx *ctx)
{
	return ctx->workspace;
}

const char *node_user(struct node_ctx *ctx)
{
	(void)ctx;
	return "1";
}

const char *node_job(struct node_ctx *ctx)
{
	(void)ctx;
	return "job";
}

const char *node_workflow(struct node_ctx *ctx)
{
	(void)ctx;
	return NULL;
}

struct value *node_slots(struct node_ctx *ctx)
{
	(void)ctx;
	return value_map();
}

const char *node_id(struct node_ctx *ctx)
{
	(void)ctx;
	return "node";
}

const char *node_secret(struct node_ctx *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}
