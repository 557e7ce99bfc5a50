/*
 * nodetool.workflows.workflow_node: a workflow as a node of another one.
 *
 * The inner run goes on inside the node, in the same process, between the turns of the others. Its inputs are the node's
 * dynamic properties by their names, its outputs go to the slots of their names (a dynamic slot each) and all together, as a
 * map, to `output`. What its nodes say is passed on with ids of the form outer/inner; the end of the outer run, a
 * cancellation too, ends it.
 */
#include "wsd/engine/engine.h"
#include "wsd/engine/report.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

#define DEPTH_MAX 8
#define STEPS_PER_TURN 256
#define FDS_MAX 64
#define FDS_WAITED 8  /* descriptors that a node can wait for */
#define LOOK_MS 5     /* when the inner run waits for more than that */

struct subrun {
	struct node_ctx *node;
	struct value *graph;
	struct value *params;
	struct value *result; /* output name -> its last value */
	struct run *run;
	struct run_level level;
	char *workflow_id;
	bool once; /* one of its nodes must not run twice */
};

/* ---- what the inner run says --------------------------------------------------------------------------- */

static void prefix(struct value *message, const char *key, struct node_ctx *node)
{
	const char *id = map_str(message, key, NULL);

	if (id)
		map_set(message, key, value_strf("%s/%s", node_id(node), id));
}

static void on_message(void *ctx, const struct run_message *m)
{
	struct subrun *sub = ctx;
	struct json_error why;
	struct value *message = msgpack_parse(m->data, m->len, &why);

	if (!message)
		return;
	if (m->type == RUNNER_MSG_OUTPUT_UPDATE) {
		map_set(sub->result, map_str(message, "output_name", ""), value_ref(map_get(message, "value")));
		value_unref(message);
		return;
	}
	prefix(message, "node_id", sub->node);
	prefix(message, "edge_id", sub->node);
	node_pass_on(sub->node, message);
}

static char *find_secret(void *ctx, const char *name)
{
	struct subrun *sub = ctx;
	const char *secret = node_secret(sub->node, name);

	return secret ? xstrdup(secret) : NULL;
}

/* ---- the graph ----------------------------------------------------------------------------------------- */

/* A stored workflow of the user's, or a public one. */
static int load_stored(struct subrun *sub, struct arena *arena, struct err *err)
{
	struct db *db = db_default(err);
	struct json_error why;
	struct workflow w;
	int rc = db ? workflow_get(db, arena, node_user(sub->node), sub->workflow_id, true, &w, err) : -1;

	if (rc > 0)
		return err_set(err, 404, "Workflow %.200s not found", sub->workflow_id);
	if (rc < 0)
		return -1;
	sub->graph = w.c[WORKFLOW_GRAPH].p ? json_parse(w.c[WORKFLOW_GRAPH].p, w.c[WORKFLOW_GRAPH].n, &why) : NULL;
	return sub->graph ? 0 : err_set(err, 422, "The graph of workflow %.200s cannot be read", sub->workflow_id);
}

static int load(struct subrun *sub, struct err *err)
{
	const struct value *json = node_get(sub->node, "workflow_json");
	struct value *graph = map_get(json, "graph");
	struct arena *arena;
	int rc;

	sub->workflow_id = xstrdup(*node_text(sub->node, "workflow_id") ? node_text(sub->node, "workflow_id")
								      : map_str(json, "id", ""));
	if (!graph && map_get(json, "nodes"))
		graph = (struct value *)(uintptr_t)json;
	if (graph) {
		sub->graph = value_ref(graph);
		return 0;
	}
	if (!*sub->workflow_id)
		return err_set(err, 422, "workflow_id or workflow_json must say which workflow to run");
	arena = arena_new();
	rc = load_stored(sub, arena, err);
	arena_free(arena);
	return rc;
}

/* The workflows around this one: none may be in itself, and they may not go down for ever. */
static int check_levels(struct subrun *sub, struct err *err)
{
	const struct run_level *above = node_level(sub->node);
	int depth = 0;

	for (const struct run_level *l = above; l; l = l->above, depth++)
		if (*sub->workflow_id && !strcmp(l->workflow_id, sub->workflow_id))
			return err_set(err, 422, "Workflow %.200s contains itself", sub->workflow_id);
	if (depth > DEPTH_MAX)
		return err_set(err, 422, "Workflows are nested more than %d deep", DEPTH_MAX);
	sub->level = (struct run_level){ .workflow_id = sub->workflow_id, .above = above };
	return 0;
}

static bool has_once(const struct value *graph)
{
	const struct value *nodes = map_get(graph, "nodes");
	const struct node_type *type;

	for (size_t i = 0; i < value_len(nodes); i++) {
		type = node_type_find(map_str(list_at(nodes, i), "type", ""));
		if (type && (type->flags & NODE_ONCE))
			return true;
	}
	return false;
}

/* ---- the node ------------------------------------------------------------------------------------------ */

static void clear(struct subrun *sub)
{
	if (sub->run)
		run_free(sub->run);
	value_unref(sub->graph);
	value_unref(sub->params);
	value_unref(sub->result);
	free(sub->workflow_id);
	memset(sub, 0, sizeof(*sub));
}

static void destroy(void *state)
{
	clear(state);
}

static void begin(struct subrun *sub)
{
	struct run_options options = {
		.job_id = node_job(sub->node),
		.workflow_id = sub->workflow_id,
		.user_id = node_user(sub->node),
		.workspace = node_workspace(sub->node),
		.graph = sub->graph,
		.binary = true,
		.level = &sub->level,
		.message = on_message,
		.secret = find_secret,
		.ctx = sub,
	};

	sub->params = value_copy(node_dynamic(sub->node));
	sub->result = value_map();
	options.params = sub->params;
	sub->run = run_new(&options);
}

static enum node_result finish(struct subrun *sub, const struct run_end *end)
{
	struct node_ctx *ctx = sub->node;
	struct value *v;
	struct sv name;

	if (end->status == RUN_SUSPENDED)
		return node_fail(ctx, "The workflow suspended itself, which it cannot inside of another one");
	if (end->status != RUN_COMPLETED)
		return node_fail(ctx, "%s", end->error ? end->error : "The workflow did not run to its end");
	for (size_t i = 0; map_entry(sub->result, i, &name, &v); i++)
		if (strcmp(name.p, "output") != 0 && node_has_slot(ctx, name.p))
			node_emit(ctx, name.p, value_ref(v));
	node_emit(ctx, "output", value_ref(sub->result));
	clear(sub);
	return NODE_DONE;
}

static enum node_result wait_for(struct subrun *sub)
{
	struct pollfd fds[FDS_MAX];
	int timeout;
	size_t n = run_poll(sub->run, fds, FDS_MAX, &timeout);

	if (n > FDS_WAITED && (timeout < 0 || timeout > LOOK_MS))
		timeout = LOOK_MS;
	for (size_t i = 0; i < n && i < FDS_WAITED; i++)
		node_wait_fd(sub->node, fds[i].fd, fds[i].events);
	if (timeout >= 0)
		node_wait_ms(sub->node, timeout);
	return NODE_WAIT;
}

static void wake(struct subrun *sub)
{
	struct pollfd fds[FDS_MAX];
	int timeout;
	size_t n = run_poll(sub->run, fds, FDS_MAX, &timeout);

	if (n == 0 || poll(fds, n, 0) >= 0)
		run_wake(sub->run, fds, n);
}

static enum node_result run_workflow(struct node_ctx *ctx)
{
	struct subrun *sub = node_state(ctx);
	struct err err = { 0 };

	sub->node = ctx;
	if (!sub->graph) {
		if (load(sub, &err) < 0 || check_levels(sub, &err) < 0) {
			clear(sub);
			return node_fail(ctx, "%s", err.detail);
		}
		sub->once = has_once(sub->graph);
	}
	if (sub->once && node_must_ask(ctx))
		return NODE_WAIT;
	if (!sub->run)
		begin(sub);
	wake(sub);
	if (run_step(sub->run, STEPS_PER_TURN) && !run_end(sub->run)) {
		node_wait_ms(ctx, 0);
		return NODE_WAIT;
	}
	return run_end(sub->run) ? finish(sub, run_end(sub->run)) : wait_for(sub);
}

static const struct node_type types[] = {
	{
		.type = "nodetool.workflows.workflow_node.Workflow",
		.title = "Workflow",
		.description = "Runs another workflow; its inputs and outputs are those of this node.",
		.props = (const struct node_prop[]){
			{ .name = "workflow_id", .type = "str", .def = "\"\"", .description = "A stored workflow" },
			{ .name = "workflow_json", .type = "dict", .def = "{}",
			  .description = "Or the workflow itself, or its graph" },
			{ 0 } },
		.outputs = (const struct node_slot[]){ { .name = "output", .type = "dict[str,any]" }, { 0 } },
		.flags = NODE_DYNAMIC | NODE_DYNAMIC_OUTPUTS | NODE_NOT_CACHEABLE,
		.process = run_workflow,
		.state_size = sizeof(struct subrun),
		.destroy = destroy,
	},
};

NODE_TABLE(nodes_workflow, types);
