/* A graph as Python source: one variable per node, inputs as keyword arguments (notes-workflows section 2 "Exports",
 * cases/workflows/dsl-export-*). */
#include "graph/export.h"

#include <stdlib.h>
#include <string.h>

#include "pytext/pytext.h"
#include "value/pyform.h"

#define NAME_MAX_BYTES ((size_t)1 << 20)

/* ---- names ----------------------------------------------------------------------------------------------- */

/* An identifier: everything that cannot stand in one becomes "_"; "node" when nothing is left. */
static int add_identifier(struct buf *out, struct sv text)
{
	bool first = true;
	size_t at = 0;

	text = pytext_strip(text, true, true);
	if (!text.n)
		return buf_adds(out, "node");
	while (at < text.n) {
		size_t begin = at;
		uint32_t cp = utf8_decode(text.p, text.n, &at);

		if (cp == '_' || (first ? pytext_is_alpha(cp) : pytext_is_alnum(cp)))
			buf_add(out, text.p + begin, at - begin);
		else
			buf_addc(out, '_');
		first = false;
	}
	return out->failed ? -1 : 0;
}

/* The name of an argument: the Python classes call `content` instructions. */
static int add_argument(struct buf *out, struct sv key)
{
	return add_identifier(out, sv_eq(key, "content") ? SV_LIT("instructions") : key);
}

/* "HTTPServerNode" -> "httpserver_node": a bar before each capital that follows none, then lower case. */
static int add_snake_case(struct buf *out, struct sv name)
{
	bool after_upper = true; /* no bar at the start */
	size_t at = 0;

	while (at < name.n) {
		size_t begin = at;
		bool upper = pytext_is_upper(utf8_decode(name.p, name.n, &at));

		if (upper && !after_upper)
			buf_addc(out, '_');
		pytext_case(out, (struct sv){ name.p + begin, at - begin }, PYTEXT_LOWER);
		after_upper = upper;
	}
	return out->failed ? -1 : 0;
}

/* A type is a text of the graph's author: what stands in source must be a name, or whoever runs an export runs the
 * author's lines. */
static struct sv class_identifier(struct arena *arena, struct sv text)
{
	struct buf out;
	struct sv name;

	buf_init(&out, NAME_MAX_BYTES);
	add_identifier(&out, text);
	name = (struct sv){ arena_strndup(arena, out.data ? out.data : "", out.len), out.len };
	buf_free(&out);
	return name;
}

/* The module that is imported: the names of packages keep their dots, hyphens and digits, everything else that is no
 * letter becomes a bar. */
static struct sv module_name(struct arena *arena, struct sv dotted)
{
	struct buf out;
	struct sv name;
	size_t at = 0;

	buf_init(&out, NAME_MAX_BYTES);
	while (at < dotted.n) {
		size_t begin = at;
		uint32_t cp = utf8_decode(dotted.p, dotted.n, &at);

		if (cp == '_' || cp == '.' || cp == '-' || pytext_is_alnum(cp))
			buf_add(&out, dotted.p + begin, at - begin);
		else
			buf_addc(&out, '_');
	}
	name = (struct sv){ arena_strndup(arena, out.data ? out.data : "", out.len), out.len };
	buf_free(&out);
	return name;
}

static void split_type(struct arena *arena, struct export_node *n)
{
	struct sv type = value_sv(map_get(n->node, "type"));
	size_t at = type.n;

	if (!type.p)
		type = SV_LIT("");
	while (at && type.p[at - 1] != '.')
		at--;
	n->class_name = class_identifier(arena, (struct sv){ type.p + at, type.n - at });
	n->space = at ? module_name(arena, (struct sv){ type.p, at - 1 }) : (struct sv){ "", 0 };
}

/* ---- plan ------------------------------------------------------------------------------------------------ */

static void place_nodes(struct export_plan *plan, const struct value *nodes)
{
	size_t count = value_len(nodes);

	plan->nodes = arena_alloc(plan->arena, (count + 1) * sizeof(*plan->nodes));
	plan->order = arena_alloc(plan->arena, (count + 1) * sizeof(*plan->order));
	plan->index = value_map();
	arena_defer(plan->arena, value_unref_ptr, plan->index);
	for (size_t i = 0; i < count; i++) {
		struct sv id = value_sv(map_get(list_at(nodes, i), "id"));
		const struct value *known = map_getn(plan->index, id.p ? id.p : "", id.n);
		size_t at = known ? (size_t)value_as_int(known) : plan->count;
		struct export_node *n = &plan->nodes[at];

		n->node = list_at(nodes, i);
		split_type(plan->arena, n);
		if (known)
			continue;
		n->incoming = value_map();
		arena_defer(plan->arena, value_unref_ptr, n->incoming);
		map_setn(plan->index, id.p ? id.p : "", id.n, value_int((int64_t)plan->count++));
	}
}

/* The position of the node at one end of an edge; plan->count when the graph has no such node. */
static size_t edge_end(const struct export_plan *plan, const struct value *edge, const char *end)
{
	struct sv id = value_sv(map_get(edge, end));
	const struct value *at = map_getn(plan->index, id.p ? id.p : "", id.n);

	return at ? (size_t)value_as_int(at) : plan->count;
}

struct link {
	size_t target;
	struct link *next;
};

/* Takes nodes without open inputs first come, first served; cycles are left over and come last. */
static void sort_nodes(struct export_plan *plan, struct link *const *links, size_t *open)
{
	bool *taken = arena_alloc(plan->arena, plan->count + 1);
	size_t n = 0;

	for (size_t i = 0; i < plan->count; i++) {
		if (!open[i])
			plan->order[n++] = i;
	}
	for (size_t at = 0; at < n; at++) {
		taken[plan->order[at]] = true;
		for (const struct link *l = links[plan->order[at]]; l; l = l->next) {
			if (--open[l->target] == 0)
				plan->order[n++] = l->target;
		}
	}
	for (size_t i = 0; i < plan->count; i++) {
		if (!taken[i])
			plan->order[n++] = i;
	}
}

static void place_edges(struct export_plan *plan, const struct value *edges)
{
	struct link **links = arena_alloc(plan->arena, (plan->count + 1) * sizeof(struct link *));
	size_t *open = arena_alloc(plan->arena, (plan->count + 1) * sizeof(*open));

	for (size_t i = value_len(edges); i-- > 0;) { /* backwards: each list of links is in the order of the edges then */
		size_t source = edge_end(plan, list_at(edges, i), "source");
		size_t target = edge_end(plan, list_at(edges, i), "target");
		struct link *l;

		if (source == plan->count || target == plan->count)
			continue;
		l = arena_alloc(plan->arena, sizeof(*l));
		*l = (struct link){ .target = target, .next = links[source] };
		links[source] = l;
		open[target]++;
	}
	for (size_t i = 0; i < value_len(edges); i++) {
		struct value *edge = list_at(edges, i);
		size_t source = edge_end(plan, edge, "source");
		size_t target = edge_end(plan, edge, "target");
		struct sv handle = value_sv(map_get(edge, "targetHandle"));

		if (source < plan->count)
			plan->nodes[source].outgoing++;
		if (target < plan->count)
			map_setn(plan->nodes[target].incoming, handle.p ? handle.p : "", handle.n, value_ref(edge));
	}
	sort_nodes(plan, links, open);
}

/* Variables are counted per class, in the order in which they are written. */
static void name_nodes(struct export_plan *plan)
{
	struct value *counts = value_map();
	struct buf snake;
	struct buf name;

	buf_init(&snake, NAME_MAX_BYTES);
	buf_init(&name, NAME_MAX_BYTES);
	for (size_t i = 0; i < plan->count; i++) {
		struct export_node *n = &plan->nodes[plan->order[i]];
		int64_t number;

		buf_reset(&snake);
		buf_reset(&name);
		add_snake_case(&snake, n->class_name);
		add_identifier(&name, (struct sv){ snake.data ? snake.data : "", snake.len });
		number = map_int(counts, name.data, 0) + 1;
		map_set_int(counts, name.data, number);
		n->variable = arena_printf(plan->arena, "%s_%lld", name.data, (long long)number);
	}
	buf_free(&snake);
	buf_free(&name);
	value_unref(counts);
}

void export_plan_make(struct export_plan *plan, struct arena *arena, const struct value *graph)
{
	*plan = (struct export_plan){ .arena = arena };
	place_nodes(plan, map_get(graph, "nodes"));
	place_edges(plan, map_get(graph, "edges"));
	name_nodes(plan);
}

/* ---- source ---------------------------------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
	const struct sv *x = a;
	const struct sv *y = b;
	int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

struct sv *export_sorted_keys(struct arena *arena, const struct value *map, size_t *count)
{
	struct sv *keys;

	*count = value_is(map, VALUE_MAP) ? value_len(map) : 0;
	keys = arena_alloc(arena, (*count + 1) * sizeof(*keys));
	for (size_t i = 0; i < *count; i++)
		map_entry(map, i, &keys[i], NULL);
	qsort(keys, *count, sizeof(*keys), by_bytes);
	return keys;
}

static void add_joined(struct buf *out, const struct value *names, struct arena *arena)
{
	size_t count;
	struct sv *keys = export_sorted_keys(arena, names, &count);

	for (size_t i = 0; i < count; i++) {
		buf_adds(out, i ? ", " : "");
		buf_add(out, keys[i].p, keys[i].n);
	}
	buf_addc(out, '\n');
}

/* One line per namespace, its classes sorted; an empty line behind them. */
static void write_imports(struct buf *out, const struct export_plan *plan)
{
	struct value *modules = value_map();
	struct sv *keys;
	size_t count;

	for (size_t i = 0; i < plan->count; i++) {
		const struct export_node *n = &plan->nodes[i];

		if (!map_getn(modules, n->space.p, n->space.n))
			map_setn(modules, n->space.p, n->space.n, value_map());
		map_setn(map_getn(modules, n->space.p, n->space.n), n->class_name.p, n->class_name.n, value_null());
	}
	keys = export_sorted_keys(plan->arena, modules, &count);
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "from nodetool.dsl%s", keys[i].n ? "." : "");
		buf_add(out, keys[i].p, keys[i].n);
		buf_adds(out, " import ");
		add_joined(out, map_getn(modules, keys[i].p, keys[i].n), plan->arena);
	}
	if (count)
		buf_addc(out, '\n');
	value_unref(modules);
}

/* A type record with nothing but its name and arguments. */
static struct value *compact_type(const struct value *type)
{
	const struct value *args = map_get(type, "type_args");
	struct value *out = value_map();
	struct value *list;

	map_set_str(out, "type", map_str(type, "type", "any"));
	if (!value_is(args, VALUE_LIST) || !value_len(args))
		return out;
	list = value_list();
	for (size_t i = 0; i < value_len(args); i++)
		list_push(list, compact_type(list_at(args, i)));
	map_set(out, "type_args", list);
	return out;
}

static void write_outputs(struct buf *out, const struct value *slots)
{
	struct value *compact = value_map();
	struct value *type;
	struct sv name;

	for (size_t i = 0; map_entry(slots, i, &name, &type); i++)
		map_setn(compact, name.p, name.n, compact_type(type));
	pyform_repr(out, compact);
	value_unref(compact);
}

/* Begins the next argument of a call: the comma between, its name. */
static void begin_argument(struct buf *out, bool *first, struct sv key)
{
	if (!*first)
		buf_adds(out, ", ");
	*first = false;
	add_argument(out, key);
	buf_addc(out, '=');
}

static void write_values(struct buf *out, const struct export_node *n, const struct value *values, bool *first)
{
	struct value *v;
	struct sv key;

	for (size_t i = 0; value_is(values, VALUE_MAP) && map_entry(values, i, &key, &v); i++) {
		if (map_getn(n->incoming, key.p, key.n))
			continue;
		begin_argument(out, first, key);
		pyform_repr(out, v);
	}
}

static void write_wires(struct buf *out, const struct export_plan *plan, const struct export_node *n, bool *first)
{
	size_t count;
	struct sv *handles = export_sorted_keys(plan->arena, n->incoming, &count);

	for (size_t i = 0; i < count; i++) {
		const struct value *edge = map_getn(n->incoming, handles[i].p, handles[i].n);
		size_t source = edge_end(plan, edge, "source");
		struct sv slot = value_sv(map_get(edge, "sourceHandle"));

		if (source == plan->count)
			continue;
		begin_argument(out, first, handles[i]);
		buf_adds(out, plan->nodes[source].variable);
		if (sv_eq(slot, "output")) {
			buf_adds(out, ".output");
			continue;
		}
		buf_adds(out, ".out[");
		pyform_repr_text(out, slot.p ? slot.p : "", slot.n);
		buf_addc(out, ']');
	}
}

static void write_node(struct buf *out, const struct export_plan *plan, const struct export_node *n)
{
	const struct value *sync = map_get(n->node, "sync_mode");
	const struct value *slots = map_get(n->node, "dynamic_outputs");
	bool first = true;

	buf_printf(out, "%s = ", n->variable);
	buf_add(out, n->class_name.p, n->class_name.n);
	buf_addc(out, '(');
	if (value_len(sync) && !sv_eq(value_sv(sync), "on_any")) {
		begin_argument(out, &first, SV_LIT("sync_mode"));
		pyform_repr(out, sync);
	}
	if (value_is(slots, VALUE_MAP) && value_len(slots)) {
		begin_argument(out, &first, SV_LIT("dynamic_outputs"));
		write_outputs(out, slots);
	}
	write_values(out, n, map_get(n->node, "data"), &first);
	write_values(out, n, map_get(n->node, "dynamic_properties"), &first);
	write_wires(out, plan, n, &first);
	buf_adds(out, ")\n");
}

int export_write_dsl(struct buf *out, const struct export_plan *plan)
{
	buf_adds(out, "# This file was generated from an API graph using nodetool.dsl.export.graph_to_dsl_py\n"
		      "from nodetool.dsl.graph import graph\n\n");
	write_imports(out, plan);
	for (size_t i = 0; i < plan->count; i++)
		write_node(out, plan, &plan->nodes[plan->order[i]]);
	buf_adds(out, "\nworkflow = graph(");
	for (size_t i = 0; i < plan->count; i++)
		buf_printf(out, "%s%s", i ? ", " : "", plan->nodes[plan->order[i]].variable);
	return buf_addc(out, ')');
}

int graph_export_dsl(struct buf *out, const struct value *graph)
{
	struct arena *arena = arena_new();
	struct export_plan plan;
	int rc;

	export_plan_make(&plan, arena, graph);
	export_write_dsl(out, &plan);
	rc = buf_addc(out, '\n');
	arena_free(arena);
	return rc;
}
