/* The registry of node types: lookup by name, and declarations with their texts read. */
#include "graph/graph.h"
#include "nodes/node.h"

#include <stdlib.h>
#include <string.h>

/* Built at the first use and kept for the life of the process; one thread. */
static struct arena *memory;
static const struct node_type **types;
static struct node_info **infos;
static size_t count;
static struct value *index_by_name; /* type name -> position */

static void build_index(void)
{
	const struct node_table *const *table;
	size_t n = 0;

	for (table = node_tables; *table; table++)
		n += (*table)->count;
	memory = arena_new();
	types = arena_alloc(memory, (n + 1) * sizeof(*types));
	infos = arena_alloc(memory, (n + 1) * sizeof(*infos));
	index_by_name = value_map();
	for (table = node_tables; *table; table++) {
		for (size_t i = 0; i < (*table)->count; i++) {
			types[count] = &(*table)->types[i];
			map_set_int(index_by_name, types[count]->type, (int64_t)count);
			count++;
		}
	}
}

static bool find(const char *name, size_t *at)
{
	struct value *found;

	if (!index_by_name)
		build_index();
	found = map_get(index_by_name, name);
	*at = found ? (size_t)value_as_int(found) : 0;
	return found;
}

size_t node_type_count(void)
{
	if (!index_by_name)
		build_index();
	return count;
}

const struct node_type *node_type_at(size_t i)
{
	return i < node_type_count() ? types[i] : NULL;
}

const struct node_type *node_type_find(const char *type)
{
	size_t at;

	return find(type, &at) ? types[at] : NULL;
}

/* ---- declarations, read ------------------------------------------------------------------------------- */

static void broken(const struct node_type *type, const char *name, const char *why)
{
	log_error("declaration of %s: %s: %s", type->type, name, why);
	abort();
}

static const struct type *read_type(const struct node_type *node, const char *name, const char *text)
{
	struct err err;
	const struct type *type = text ? type_parse(memory, text, &err) : type_any();

	if (!type)
		broken(node, name, err.detail);
	return type;
}

static struct value *read_default(const struct node_type *node, const struct node_prop *prop, const struct type *type)
{
	struct json_error why;
	struct value *plain;
	struct value *typed;
	struct err err;

	if (!prop->def)
		return value_null();
	plain = json_parse(prop->def, strlen(prop->def), &why);
	if (!plain)
		broken(node, prop->name, why.message);
	if (type->kind == TYPE_ANY && value_is(plain, VALUE_LIST) && value_len(plain) == 0)
		list_mark_tuple(plain);
	if (type_value_empty(plain))
		return plain;
	typed = type_convert(type, plain, 0, &err);
	if (!typed)
		broken(node, prop->name, err.detail);
	value_unref(plain);
	return typed;
}

static struct node_info *read_declaration(const struct node_type *node)
{
	struct node_info *info = arena_alloc(memory, sizeof(*info));
	size_t n = 0;

	info->type = node;
	while (node->props && node->props[info->prop_count].name)
		info->prop_count++;
	while (node->outputs && node->outputs[info->slot_count].name)
		info->slot_count++;
	info->props = arena_alloc(memory, (info->prop_count + 1) * sizeof(*info->props));
	info->slots = arena_alloc(memory, (info->slot_count + 1) * sizeof(*info->slots));
	for (n = 0; n < info->prop_count; n++) {
		info->props[n].name = node->props[n].name;
		info->props[n].type = read_type(node, node->props[n].name, node->props[n].type);
		info->props[n].def = read_default(node, &node->props[n], info->props[n].type);
	}
	for (n = 0; n < info->slot_count; n++) {
		info->slots[n].name = node->outputs[n].name;
		info->slots[n].type = read_type(node, node->outputs[n].name, node->outputs[n].type);
	}
	return info;
}

const struct node_info *node_info_find(const char *type)
{
	size_t at;

	if (!find(type, &at))
		return NULL;
	if (!infos[at])
		infos[at] = read_declaration(types[at]);
	return infos[at];
}
