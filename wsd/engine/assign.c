/* Values into properties (notes-engine section 8), and the functions by which nodes read them. */
#include "wsd/engine/internal.h"

#include <string.h>

bool assign_prop(struct node_ctx *node, int prop, struct value *v, int flags, struct err *err)
{
	struct value *converted;

	if (type_value_empty(v)) {
		/* Skipped, unless an earlier item of this run would stay in its place (section 11). */
		if (!(flags & TYPE_FROM_EDGE) || !node->set_by_edge[prop] || value_is_null(v))
			return true;
	}
	converted = type_convert(node->info->props[prop].type, v, flags, err);
	if (!converted)
		return false;
	value_unref(node->props[prop]);
	node->props[prop] = converted;
	node->set_by_edge[prop] |= flags & TYPE_FROM_EDGE;
	return true;
}

bool assign_handle(struct node_ctx *node, struct handle *handle, struct value *v)
{
	struct err why;

	if (handle->prop < 0) {
		value_make_writable(&node->dynamic);
		map_set(node->dynamic, handle->name, value_ref(v));
		return true;
	}
	if (assign_prop(node, handle->prop, v, TYPE_FROM_EDGE, &why))
		return true;
	log_debug("node %s: item for %s: %s", node->id, handle->name, why.detail);
	return false;
}

struct value *handle_value(struct node_ctx *node, const struct handle *handle)
{
	struct value *v = handle->prop >= 0 ? node->props[handle->prop] : map_get(node->dynamic, handle->name);

	return v ? v : value_null();
}

/* ---- nodes/node.h ------------------------------------------------------------------------------------- */

struct value *node_get(struct node_ctx *node, const char *name)
{
	const struct node_info *info = node->info;
	struct value *v;

	for (size_t i = 0; i < info->prop_count; i++)
		if (info->props[i].name == name || strcmp(info->props[i].name, name) == 0)
			return node->props[i];
	v = map_get(node->dynamic, name);
	return v ? v : value_null();
}

const char *node_text(struct node_ctx *node, const char *name)
{
	const struct value *v = node_get(node, name);

	return value_is(v, VALUE_STR) ? value_text(v) : "";
}

struct sv node_sv(struct node_ctx *node, const char *name)
{
	const struct value *v = node_get(node, name);

	return value_is(v, VALUE_STR) ? value_sv(v) : SV_LIT("");
}

int64_t node_int(struct node_ctx *node, const char *name)
{
	return value_as_int(node_get(node, name));
}

double node_float(struct node_ctx *node, const char *name)
{
	return value_as_float(node_get(node, name));
}

bool node_bool(struct node_ctx *node, const char *name)
{
	return value_as_bool(node_get(node, name));
}

struct value *node_dynamic(struct node_ctx *node)
{
	return node->dynamic;
}

bool node_connected(struct node_ctx *node, const char *handle)
{
	for (size_t i = 0; i < node->handle_count; i++)
		if (strcmp(node->handles[i].name, handle) == 0)
			return true;
	return false;
}

bool node_has_slot(struct node_ctx *node, const char *slot)
{
	return slot_find(node, slot);
}

struct value *node_slots(struct node_ctx *node)
{
	struct value *slots = value_map();

	for (size_t i = node->info->slot_count; i < node->slot_count; i++)
		map_set(slots, node->slots[i].name, type_metadata(node->slots[i].type));
	return slots;
}
