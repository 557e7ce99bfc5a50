/* From the graph's JSON to actors and edges: steps 1 to 6 of notes-engine section 1. */
#include "wsd/engine/internal.h"

#include <string.h>

struct loader {
	struct run *run;
	struct value *nodes;
	struct value *edges;
	struct value *connected; /* target id -> {handle: true}, of all edges, valid or not */
	struct value *ids;       /* node id -> position (the first of that id) */
	struct value *counters;  /* edge id -> position in `counts` */
	int64_t *counts;
};

static struct value *keep(struct run *run, struct value *v)
{
	arena_defer(run->arena, value_unref_ptr, v);
	return v;
}

static const char *keep_text(struct run *run, const struct value *map, const char *key, const char *fallback)
{
	return arena_strdup(run->arena, map_str(map, key, fallback));
}

/* ---- nodes -------------------------------------------------------------------------------------------- */

static void note_connected(struct loader *l)
{
	const struct value *edge;
	struct value *handles;

	l->connected = keep(l->run, value_map());
	for (size_t i = 0; i < value_len(l->edges); i++) {
		edge = list_at(l->edges, i);
		handles = map_get(l->connected, map_str(edge, "target", ""));
		if (!handles) {
			handles = value_map();
			map_set(l->connected, map_str(edge, "target", ""), handles);
		}
		map_set(handles, map_str(edge, "targetHandle", ""), value_bool(true));
	}
}

static int load_failed(struct err *err, const char *id, const char *type, const char *why)
{
	return err_set(err, 422, "Failed to load node %s (type: %s): %s", id, type, why);
}

static int find_prop(const struct node_ctx *node, const char *name)
{
	for (size_t i = 0; i < node->info->prop_count; i++)
		if (strcmp(node->info->props[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int assign_data(struct loader *l, struct node_ctx *node, const struct value *data, struct err *err)
{
	const struct value *handles = map_get(l->connected, node->id);
	struct value *v;
	struct sv key;
	struct err why;
	char *text;
	int prop;

	for (size_t i = 0; map_entry(data, i, &key, &v); i++) {
		if (map_getn(handles, key.p, key.n))
			continue;
		prop = find_prop(node, key.p);
		if (prop >= 0 && !assign_prop(node, prop, v, 0, &why)) {
			text = arena_printf(l->run->arena, "Error setting property '%s' on node '%s': %s", key.p,
					    node->id, why.detail);
			return load_failed(err, node->id, node->type->type, text);
		}
		if (prop < 0 && (node->type->flags & NODE_DYNAMIC))
			map_setn(node->dynamic, key.p, key.n, value_ref(v));
	}
	return 0;
}

static void load_slots(struct loader *l, struct node_ctx *node, const struct value *dynamic)
{
	struct arena *arena = l->run->arena;
	const struct node_info *info = node->info;
	const struct type *type;
	struct slot *slot;
	struct value *v;
	struct sv key;

	node->slots = arena_alloc(arena, (info->slot_count + value_len(dynamic) + 1) * sizeof(*node->slots));
	for (size_t i = 0; i < info->slot_count; i++) {
		slot = &node->slots[node->slot_count++];
		slot->name = info->slots[i].name;
		slot->type = info->slots[i].type;
		slot->not_routable = info->type->outputs[i].not_routable;
	}
	for (size_t i = 0; map_entry(dynamic, i, &key, &v); i++) {
		if (slot_find(node, key.p))
			continue;
		type = type_from_value(arena, v, NULL);
		slot = &node->slots[node->slot_count++];
		slot->name = arena_strndup(arena, key.p, key.n);
		slot->type = type ? type : type_any();
	}
}

static void load_props(struct loader *l, struct node_ctx *node, const struct value *json)
{
	struct arena *arena = l->run->arena;
	struct value *given = map_get(json, "dynamic_properties");

	node->props = arena_alloc(arena, (node->info->prop_count + 1) * sizeof(*node->props));
	node->set_by_edge = arena_alloc(arena, node->info->prop_count + 1);
	for (size_t i = 0; i < node->info->prop_count; i++)
		node->props[i] = value_ref(node->info->props[i].def);
	node->dynamic = value_is(given, VALUE_MAP) ? value_ref(given) : value_map();
	value_make_writable(&node->dynamic);
}

static int load_node(struct loader *l, size_t i, struct err *err)
{
	const struct value *json = list_at(l->nodes, i);
	struct node_ctx *node = &l->run->nodes[i];
	const char *type = map_str(json, "type", "default");

	node->run = l->run;
	node->index = i;
	node->id = keep_text(l->run, json, "id", "");
	node->info = node_info_find(type);
	if (!node->info)
		return load_failed(err, node->id, type,
				   arena_printf(l->run->arena, "Invalid node type: %s", type));
	node->type = node->info->type;
	if (!*node->id)
		return load_failed(err, node->id, type, "A node needs an id");
	node->zip = strcmp(map_str(json, "sync_mode", ""), "zip_all") == 0;
	load_props(l, node, json);
	load_slots(l, node, map_get(json, "dynamic_outputs"));
	if (!map_get(l->ids, node->id))
		map_set_int(l->ids, node->id, (int64_t)i);
	return assign_data(l, node, map_get(json, "data"), err);
}

static int load_nodes(struct loader *l, struct err *err)
{
	struct run *run = l->run;

	run->nodes = arena_alloc(run->arena, (value_len(l->nodes) + 1) * sizeof(*run->nodes));
	l->ids = keep(run, value_map());
	for (size_t i = 0; i < value_len(l->nodes); i++) {
		/* Counted first: a node that fails half loaded is freed like the others. */
		run->node_count = i + 1;
		if (load_node(l, i, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- edges -------------------------------------------------------------------------------------------- */

static struct node_ctx *node_by_id(struct loader *l, const char *id)
{
	struct value *at = map_get(l->ids, id);

	return at ? &l->run->nodes[value_as_int(at)] : NULL;
}

static int64_t *counter_of(struct loader *l, const char *id)
{
	struct value *at = map_get(l->counters, id);
	size_t n = value_len(l->counters);

	if (at)
		return &l->counts[value_as_int(at)];
	map_set_int(l->counters, id, (int64_t)n);
	return &l->counts[n];
}

/* The handle number of a connected handle; numbers are given out in the order of the edges. */
static struct value *handle_key(struct loader *l, struct value *numbers, struct node_ctx *target, const char *name)
{
	const char *key = arena_printf(l->run->arena, "%zu:%s", target->index, name);
	struct value *number = map_get(numbers, key);

	if (number)
		return number;
	map_set_int(numbers, key, (int64_t)target->handle_count++);
	return map_get(numbers, key);
}

/* What the first pass over the edges finds out of one that stays. */
struct found {
	const struct value *json;
	struct node_ctx *source;
	struct slot *slot;
	struct node_ctx *target;
	int prop;
	size_t handle;
};

static bool resolve_edge(struct loader *l, const struct value *json, struct value *numbers, struct found *out)
{
	const char *name = map_str(json, "targetHandle", "");

	out->json = json;
	out->source = node_by_id(l, map_str(json, "source", ""));
	out->target = node_by_id(l, map_str(json, "target", ""));
	if (!out->source || !out->target)
		return false;
	out->slot = slot_find(out->source, map_str(json, "sourceHandle", ""));
	out->prop = find_prop(out->target, name);
	if (!out->slot ||
	    (out->prop < 0 && !(out->target->type->flags & NODE_DYNAMIC) && !map_get(out->target->dynamic, name)))
		return false;
	out->handle = (size_t)value_as_int(handle_key(l, numbers, out->target, name));
	out->slot->edge_count++;
	out->source->out_count++;
	out->target->in_count++;
	return true;
}

static void allocate_ends(struct run *run)
{
	struct node_ctx *node;
	struct arena *arena = run->arena;

	for (size_t i = 0; i < run->node_count; i++) {
		node = &run->nodes[i];
		node->in = arena_alloc(arena, (node->in_count + 1) * sizeof(*node->in));
		node->out = arena_alloc(arena, (node->out_count + 1) * sizeof(*node->out));
		node->in_count = node->out_count = 0;
		for (size_t k = 0; k < node->slot_count; k++) {
			struct slot *slot = &node->slots[k];

			slot->edges = arena_alloc(arena, (slot->edge_count + 1) * sizeof(*slot->edges));
			slot->edge_count = 0;
		}
		node->handles = arena_alloc(arena, (node->handle_count + 1) * sizeof(*node->handles));
		node->arrivals = arena_alloc(arena, (node->handle_count * HANDLE_LIMIT + 1) * sizeof(uint32_t));
		node->first_order = arena_alloc(arena, (node->handle_count + 1) * sizeof(uint32_t));
		node->unseen = node->handle_count;
	}
}

static void connect_edge(struct loader *l, struct edge *edge, const struct found *found)
{
	struct handle *handle = &found->target->handles[found->handle];

	edge->id = keep_text(l->run, found->json, "id", "");
	edge->source = found->source;
	edge->slot = found->slot;
	edge->target = found->target;
	edge->handle = handle;
	edge->counter = counter_of(l, edge->id);
	found->source->out[found->source->out_count++] = edge;
	found->slot->edges[found->slot->edge_count++] = edge;
	found->target->in[found->target->in_count++] = edge;
	found->target->open++;
	if (!handle->name) {
		handle->node = found->target;
		handle->name = keep_text(l->run, found->json, "targetHandle", "");
		handle->prop = found->prop;
		handle->first_edge = edge;
	}
	handle->edge_count++;
	handle->open++;
}

static void load_edges(struct loader *l)
{
	struct run *run = l->run;
	size_t count = value_len(l->edges);
	struct found *found = arena_alloc(run->arena, (count + 1) * sizeof(*found));
	struct value *numbers = keep(run, value_map());

	l->counters = keep(run, value_map());
	l->counts = arena_alloc(run->arena, (count + 1) * sizeof(*l->counts));
	for (size_t i = 0; i < count; i++)
		if (resolve_edge(l, list_at(l->edges, i), numbers, &found[run->edge_count]))
			run->edge_count++;
	allocate_ends(run);
	run->edges = arena_alloc(run->arena, (run->edge_count + 1) * sizeof(*run->edges));
	for (size_t i = 0; i < run->edge_count; i++)
		connect_edge(l, &run->edges[i], &found[i]);
}

/* ---- marks -------------------------------------------------------------------------------------------- */

/* Every edge that can be reached from a node that streams its output carries a stream. */
static void mark_streams(struct run *run)
{
	struct node_ctx **stack = arena_alloc(run->arena, (run->node_count + 1) * sizeof(*stack));
	struct node_ctx *node;
	size_t depth = 0;

	for (size_t i = 0; i < run->node_count; i++)
		if (run->nodes[i].type->flags & NODE_STREAMS_OUTPUT)
			stack[depth++] = &run->nodes[i];
	while (depth > 0) {
		node = stack[--depth];
		for (size_t i = 0; i < node->out_count; i++) {
			struct node_ctx *target = node->out[i]->target;

			node->out[i]->streaming = true;
			if (!target->behind_stream && !(target->type->flags & NODE_STREAMS_OUTPUT))
				stack[depth++] = target;
			target->behind_stream = true;
		}
	}
}

static void mark_handles(struct run *run)
{
	struct handle *handle;
	struct node_ctx *node;

	for (size_t i = 0; i < run->node_count; i++) {
		node = &run->nodes[i];
		for (size_t k = 0; k < node->handle_count; k++) {
			handle = &node->handles[k];
			handle->sticky = !handle->first_edge->streaming;
			handle->gathered = handle->edge_count > 1 && handle->prop >= 0 &&
					   node->info->props[handle->prop].type->kind == TYPE_LIST;
			node->gathers |= handle->gathered;
		}
	}
}

/* A cache can only hit where two nodes of one type are cacheable and one of them fills it. */
static void mark_cache(struct run *run)
{
	const unsigned never = NODE_STREAMS_INPUT | NODE_STREAMS_OUTPUT | NODE_DYNAMIC | NODE_INPUT | NODE_OUTPUT |
			       NODE_NOT_CACHEABLE | NODE_ONCE;
	struct value *first = keep(run, value_map());
	struct value *filler = keep(run, value_map());
	struct value *at;
	struct node_ctx *node;

	for (size_t i = 0; i < run->node_count; i++) {
		node = &run->nodes[i];
		if (node->type->flags & never)
			continue;
		at = map_get(first, node->type->type);
		node->use_cache = at;
		if (at)
			run->nodes[value_as_int(at)].use_cache = true;
		else
			map_set_int(first, node->type->type, (int64_t)i);
		if (!node->behind_stream)
			map_set_bool(filler, node->type->type, true);
	}
	for (size_t i = 0; i < run->node_count; i++)
		if (run->nodes[i].use_cache && !map_get(filler, run->nodes[i].type->type))
			run->nodes[i].use_cache = false;
}

/* ---- inputs ------------------------------------------------------------------------------------------- */

static int check_inputs(struct run *run, struct err *err)
{
	struct node_ctx *node;
	const char *name;

	run->inputs = value_map();
	for (size_t i = 0; i < run->node_count; i++) {
		node = &run->nodes[i];
		if (!(node->type->flags & NODE_INPUT))
			continue;
		name = node_text(node, "name");
		if (!*name)
			return err_set(err, 422, "Input node %s (type: %s) has no name", node->id, node->type->type);
		if (map_get(run->inputs, name))
			return err_set(err, 422, "Two input nodes have the name '%s'", name);
		map_set_int(run->inputs, name, (int64_t)i);
	}
	return 0;
}

static int check_shape(struct loader *l, struct err *err)
{
	const struct value *edge;

	if (!value_is(l->nodes, VALUE_LIST) || !value_is(l->edges, VALUE_LIST))
		return err_set(err, 422, "A graph needs the lists `nodes` and `edges`");
	for (size_t i = 0; i < value_len(l->nodes); i++)
		if (!map_str(list_at(l->nodes, i), "id", NULL))
			return err_set(err, 422, "Node %zu of the graph has no id", i);
	for (size_t i = 0; i < value_len(l->edges); i++) {
		edge = list_at(l->edges, i);
		if (!map_str(edge, "source", NULL) || !map_str(edge, "target", NULL) ||
		    !map_str(edge, "sourceHandle", NULL) || !map_str(edge, "targetHandle", NULL))
			return err_set(err, 422, "Edge %zu of the graph lacks one of its four ends", i);
	}
	return 0;
}

int load_graph(struct run *run, struct err *err)
{
	struct loader l = { .run = run };

	l.nodes = map_get(run->opt.graph, "nodes");
	l.edges = map_get(run->opt.graph, "edges");
	if (check_shape(&l, err) != 0)
		return -1;
	note_connected(&l);
	if (load_nodes(&l, err) != 0)
		return -1;
	load_edges(&l);
	mark_streams(run);
	mark_handles(run);
	mark_cache(run);
	return check_inputs(run, err);
}
