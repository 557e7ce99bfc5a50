/* Checks of a loaded graph (notes-engine section 1 step 9, section 8): every error is reported, not only the first. */
#include "wsd/engine/internal.h"

#include <stdlib.h>
#include <string.h>

/* Joined texts of all errors, bounded: a graph of 10,000 bad edges must not make a message of megabytes. */
#define ERRORS_MAX ((size_t)256 << 10)

struct errors {
	struct run *run;
	struct buf text;
	size_t count;
};

static void report(struct errors *errors, struct node_ctx *node, const char *text)
{
	message_error(node, error_cut(errors->run, text));
	if (errors->count++ > 0)
		buf_addc(&errors->text, '\n');
	buf_adds(&errors->text, text);
}

/* ---- ids and cycles ----------------------------------------------------------------------------------- */

static void check_ids(struct errors *errors)
{
	struct run *run = errors->run;
	struct value *seen = value_map();

	for (size_t i = 0; i < run->node_count; i++) {
		struct node_ctx *node = &run->nodes[i];

		if (map_get(seen, node->id))
			report(errors, node, arena_printf(run->arena, "Duplicate node id: %s", node->id));
		map_set_bool(seen, node->id, true);
	}
	value_unref(seen);
}

/* Removes what has no predecessor (Kahn), then the node numbers that remain lie on cycles or behind them. */
static size_t peel(struct run *run, size_t *degree, struct node_ctx **stack)
{
	struct node_ctx *node;
	size_t left = run->node_count;
	size_t depth = 0;

	for (size_t i = 0; i < run->node_count; i++) {
		degree[i] = run->nodes[i].in_count;
		if (degree[i] == 0)
			stack[depth++] = &run->nodes[i];
	}
	while (depth > 0) {
		node = stack[--depth];
		left--;
		for (size_t i = 0; i < node->out_count; i++)
			if (--degree[node->out[i]->target->index] == 0)
				stack[depth++] = node->out[i]->target;
	}
	return left;
}

/* A predecessor that is left too: walking back from any node that is left ends in a cycle. */
static struct node_ctx *predecessor(struct node_ctx *node, const size_t *degree)
{
	for (size_t i = 0; i < node->in_count; i++)
		if (degree[node->in[i]->source->index] > 0)
			return node->in[i]->source;
	return NULL;
}

static void check_cycles(struct errors *errors)
{
	struct run *run = errors->run;
	size_t *degree = arena_alloc(run->arena, (run->node_count + 1) * sizeof(*degree));
	struct node_ctx **stack = arena_alloc(run->arena, (run->node_count + 1) * sizeof(*stack));
	bool *visited = arena_alloc(run->arena, run->node_count + 1);
	struct node_ctx *node = NULL;
	struct buf text;

	if (peel(run, degree, stack) == 0)
		return;
	for (size_t i = 0; i < run->node_count && !node; i++)
		if (degree[i] > 0)
			node = &run->nodes[i];
	for (; !visited[node->index]; node = predecessor(node, degree))
		visited[node->index] = true;
	/* `node` is on the cycle: once round, against the edges. */
	buf_init(&text, 2048);
	buf_printf(&text, "%s: The graph has a cycle: %s", node->id, node->id);
	for (struct node_ctx *at = predecessor(node, degree); at != node; at = predecessor(at, degree))
		buf_printf(&text, " <- %s", at->id);
	buf_printf(&text, " <- %s", node->id);
	report(errors, node, text.data);
	buf_free(&text);
}

/* ---- required inputs ---------------------------------------------------------------------------------- */

static void check_required(struct errors *errors)
{
	struct run *run = errors->run;
	struct buf text;

	buf_init(&text, BUF_MAX_SMALL);
	for (size_t i = 0; i < run->node_count; i++) {
		struct node_ctx *node = &run->nodes[i];

		buf_reset(&text);
		for (size_t k = 0; k < node->info->prop_count; k++)
			if (node->type->props[k].required && !node_connected(node, node->info->props[k].name))
				buf_printf(&text, "%s%s", text.len ? ", " : "Missing inputs: ",
					   node->info->props[k].name);
		if (text.len)
			report(errors, node, text.data);
	}
	buf_free(&text);
}

/* ---- edge types --------------------------------------------------------------------------------------- */

static const struct type *handle_type(const struct handle *handle)
{
	return handle->prop >= 0 ? handle->node->info->props[handle->prop].type : NULL;
}

static void check_single(struct errors *errors, const struct edge *edge)
{
	const struct type *target = handle_type(edge->handle);
	const struct type *source = edge->slot->type;

	if (!target || type_fits(source, target))
		return;
	report(errors, edge->target,
	       arena_printf(errors->run->arena,
			    "%s: Type mismatch for property '%s' - %s.%s outputs %s but %s.%s expects %s",
			    edge->target->id, edge->handle->name, edge->source->id, edge->slot->name, source->name,
			    edge->target->id, edge->handle->name, target->name));
}

static void check_gathered(struct errors *errors, const struct edge *edge)
{
	const struct type *list = handle_type(edge->handle);
	const struct type *element = list->arg_count ? list->args[0] : type_any();
	const struct type *source = edge->slot->type;

	if (source->kind == TYPE_LIST)
		source = source->arg_count ? source->args[0] : type_any();
	if (type_fits(source, element))
		return;
	report(errors, edge->target,
	       arena_printf(errors->run->arena,
			    "%s: Edge from %s.%s has incompatible type '%s' for list element type '%s' on property '%s'",
			    edge->target->id, edge->source->id, edge->slot->name, edge->slot->type->name,
			    element->name, edge->handle->name));
}

static void check_handle(struct errors *errors, struct handle *handle)
{
	const struct type *type = handle_type(handle);
	struct node_ctx *node = handle->node;

	if (handle->edge_count > 1 && type && type->kind != TYPE_LIST) {
		report(errors, node,
		       arena_printf(errors->run->arena,
				    "%s: Multiple edges target non-list property '%s' (type: %s). Either change "
				    "property type to list or use a Collect node.",
				    node->id, handle->name, type->name));
		return;
	}
	if (handle->edge_count == 1) {
		check_single(errors, handle->first_edge);
		return;
	}
	for (size_t i = 0; type && i < node->in_count; i++)
		if (node->in[i]->handle == handle)
			check_gathered(errors, node->in[i]);
}

char *validate_graph(struct run *run)
{
	struct errors errors = { .run = run };

	buf_init(&errors.text, ERRORS_MAX);
	check_ids(&errors);
	check_required(&errors);
	/* Handles in the order of their first edge. */
	for (size_t i = 0; i < run->edge_count; i++)
		if (run->edges[i].handle->first_edge == &run->edges[i])
			check_handle(&errors, run->edges[i].handle);
	check_cycles(&errors);
	if (errors.count == 0) {
		buf_free(&errors.text);
		return NULL;
	}
	return buf_take(&errors.text);
}
