/* Tools that are graphs: a chain of nodes from the table, or a workflow of the user whose run_mode is tool. */
#include "wsd/chat/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "model/model.h"

#define STEPS_PER_LOOK  128
#define TOOL_US		((int64_t)300 * 1000000)
#define WORKFLOW_PREFIX "workflow_"
#define WORKFLOWS_MAX	1000
#define ALL_MESSAGES	(~0u)

struct tool_run {
	struct turn *turn;
	const struct tool *tool; /* NULL: a workflow */
	struct run *run;
	struct value *graph;
	struct value *args; /* of a workflow its parameters */
	char *workspace;
	char job_id[ID_SIZE];
	int64_t deadline;
};

/* ---- the graph of a tool ------------------------------------------------------------------------------- */

static struct value *node(const char *id, const char *type, struct value *data)
{
	struct value *m = value_map();

	map_set_str(m, "id", id);
	map_set_str(m, "type", type);
	map_set(m, "data", data);
	return m;
}

static struct value *edge(const char *source, const char *handle, const char *target, const char *input)
{
	struct value *m = value_map();

	map_set(m, "id", value_strf("%s-%s", source, target));
	map_set_str(m, "source", source);
	map_set_str(m, "sourceHandle", handle);
	map_set_str(m, "target", target);
	map_set_str(m, "targetHandle", input);
	return m;
}

/* The arguments that the tool declares; what a model adds to them is left out. */
static struct value *declared_args(const struct tool *tool, const struct value *args)
{
	struct json_error why;
	struct value *schema = json_parse(tool->parameters, strlen(tool->parameters), &why);
	const struct value *properties = map_get(schema, "properties");
	struct value *out = value_map();
	struct value *ignored;
	struct sv name;

	for (size_t i = 0; map_entry(properties, i, &name, &ignored); i++) {
		char *key = xstrndup(name.p, name.n);
		struct value *v = map_get(args, key);

		if (v)
			map_set(out, key, value_ref(v));
		free(key);
	}
	value_unref(schema);
	return out;
}

static struct value *tool_graph(const struct turn *turn, const struct tool *tool, const struct value *args)
{
	struct value *graph = value_map();
	struct value *nodes = value_list();
	struct value *edges = value_list();
	struct value *data = tool->prepare ? tool->prepare(turn, args) : declared_args(tool, args);
	const char *last = "first";

	list_push(nodes, node(last, tool->nodes[0].type, data));
	if (tool->nodes[1].type) {
		list_push(nodes, node("second", tool->nodes[1].type, value_map()));
		list_push(edges, edge(last, "output", "second", tool->nodes[1].input));
		last = "second";
	}
	data = value_map();
	map_set_str(data, "name", "result");
	list_push(nodes, node("out", "nodetool.output.Output", data));
	list_push(edges, edge(last, tool->output, "out", "value"));
	map_set(graph, "nodes", nodes);
	map_set(graph, "edges", edges);
	return graph;
}

/* ---- workflows as tools -------------------------------------------------------------------------------- */

struct looking {
	const char *name; /* without the prefix */
	struct value *found;
};

static struct value *column_json(const struct workflow *w, int column)
{
	struct json_error why;

	return w->c[column].p ? json_parse(w->c[column].p, w->c[column].n, &why) : NULL;
}

static int look_at_workflow(const struct workflow *w, void *arg)
{
	struct looking *looking = arg;
	struct sv text = w->c[WORKFLOW_DESCRIPTION];
	struct value *graph;

	if (looking->found || !sv_eq(w->c[WORKFLOW_TOOL_NAME], looking->name))
		return 0;
	graph = column_json(w, WORKFLOW_GRAPH);
	if (!value_is(graph, VALUE_MAP)) {
		value_unref(graph);
		return 0;
	}
	looking->found = value_map();
	map_set(looking->found, "graph", graph);
	map_set(looking->found, "description", value_strn(text.p ? text.p : "", text.n));
	return 0;
}

/* {graph, description}; NULL when the user has no such tool. */
static struct value *find_workflow(const struct turn *turn, const char *name)
{
	struct workflow_page page = { .user_id = turn->user_id, .run_mode = "tool", .limit = WORKFLOWS_MAX };
	struct looking looking = { 0 };
	struct arena *arena;
	struct err err = { 0 };
	struct db *db;
	bool more;

	if (!str_starts(name, WORKFLOW_PREFIX) || !name[sizeof(WORKFLOW_PREFIX) - 1])
		return NULL;
	looking.name = name + sizeof(WORKFLOW_PREFIX) - 1;
	page.columns = 1u << WORKFLOW_TOOL_NAME | 1u << WORKFLOW_GRAPH | 1u << WORKFLOW_DESCRIPTION;
	arena = arena_new();
	db = db_default(&err);
	if (!db || workflow_list(db, arena, &page, look_at_workflow, &looking, &more, &err))
		log_error("the workflows that are tools cannot be read: %s", err.detail);
	arena_free(arena);
	return looking.found;
}

struct value *workflow_tool_declaration(const struct turn *turn, const char *name)
{
	struct value *found = find_workflow(turn, name);
	struct value *schema;
	struct value *m;

	if (!found)
		return NULL;
	schema = graph_input_schema(map_get(found, "graph"));
	m = value_map();
	map_set_str(m, "name", name);
	map_set(m, "description", value_ref(map_get(found, "description")));
	map_set(m, "parameters", schema ? schema : value_map());
	value_unref(found);
	return m;
}

/* ---- the run ------------------------------------------------------------------------------------------- */

static void ignore_message(void *ctx, const struct run_message *m)
{
	(void)ctx;
	(void)m;
}

static char *find_secret(void *ctx, const char *name)
{
	const struct tool_run *run = ctx;

	return run->turn->options.secret(run->turn->options.ctx, name);
}

/* The folder of the user's default workspace; NULL when there is none. */
static char *find_workspace(const struct turn *turn)
{
	struct arena *arena = arena_new();
	struct err err = { 0 };
	struct db *db = db_default(&err);
	struct workspace w;
	char *path = NULL;

	if (db && workspace_get_default(db, arena, turn->user_id, &w, &err) == 0 && w.c[WORKSPACE_PATH].p)
		path = xstrndup(w.c[WORKSPACE_PATH].p, w.c[WORKSPACE_PATH].n);
	arena_free(arena);
	return path;
}

static void start(struct tool_run *run)
{
	struct run_options options = {
		.job_id = run->job_id,
		.workflow_id = "",
		.user_id = run->turn->user_id,
		.workspace = run->workspace,
		.graph = run->graph,
		.params = run->tool ? NULL : run->args,
		.mute = ALL_MESSAGES,
		.message = ignore_message,
		.secret = find_secret,
		.ctx = run,
	};

	id_new(run->job_id);
	run->deadline = time_mono_us() + TOOL_US;
	run->run = run_new(&options);
}

struct tool_run *tool_run_new(struct turn *turn, const struct tool *tool, const char *name, const struct value *args,
			      struct err *err)
{
	struct value *found = tool ? NULL : find_workflow(turn, name);
	struct tool_run *run;

	if (!tool && !found) {
		err_set(err, 404, "There is no such tool");
		return NULL;
	}
	run = xcalloc(1, sizeof(*run));
	run->turn = turn;
	run->tool = tool;
	run->args = args ? value_copy(args) : value_map();
	run->graph = tool ? tool_graph(turn, tool, args) : value_ref(map_get(found, "graph"));
	run->workspace = find_workspace(turn);
	value_unref(found);
	start(run);
	return run;
}

void tool_run_free(struct tool_run *run)
{
	if (!run)
		return;
	run_free(run->run);
	value_unref(run->graph);
	value_unref(run->args);
	free(run->workspace);
	free(run);
}

size_t tool_run_poll(struct tool_run *run, struct pollfd *fds, size_t max, int *timeout_ms)
{
	size_t n = run_poll(run->run, fds, max, timeout_ms);
	int64_t left = (run->deadline - time_mono_us()) / 1000;

	if (left < 0)
		left = 0;
	if (*timeout_ms < 0 || *timeout_ms > left)
		*timeout_ms = (int)left;
	return n;
}

static struct value *tool_value(const struct tool_run *run, const struct run_end *end)
{
	struct value *values = map_get(end->result, "result");
	struct value *v;

	if (run->tool->many && run->tool->shape)
		return run->tool->shape(values, run->args);
	if (run->tool->many)
		return values ? value_ref(values) : value_list();
	v = value_len(values) ? list_at(values, 0) : NULL;
	if (!v)
		return value_null();
	return run->tool->shape ? run->tool->shape(v, run->args) : value_ref(v);
}

static struct value *result_of(const struct tool_run *run, const struct run_end *end)
{
	if (end->status != RUN_COMPLETED)
		return tool_error(end->error ? end->error : "The tool did not run to its end");
	if (run->tool)
		return tool_value(run, end);
	return end->result ? value_ref(end->result) : value_map();
}

struct value *tool_run_step(struct tool_run *run, const struct pollfd *fds, size_t count, bool *busy)
{
	run_wake(run->run, fds, count);
	*busy = run_step(run->run, STEPS_PER_LOOK);
	if (run_end(run->run))
		return result_of(run, run_end(run->run));
	if (time_mono_us() >= run->deadline)
		return tool_error("The tool did not end within 300 seconds");
	return NULL;
}
