/* Declarations of nodes as clients see them (GET /api/nodes/metadata). */
#include "graph/graph.h"
#include "nodes/node.h"

#include <ctype.h>
#include <string.h>

/* "input_list" -> "Input List" */
static char *title_of(const char *name, char out[128])
{
	bool start = true;
	size_t n = 0;

	for (; name[n] && n < 127; n++) {
		out[n] = name[n] == '_' ? ' ' : start ? (char)toupper((unsigned char)name[n]) : name[n];
		start = name[n] == '_' || isdigit((unsigned char)name[n]);
	}
	out[n] = '\0';
	return out;
}

static struct value *json_or_null(const char *text)
{
	struct json_error why;
	struct value *v = text ? json_parse(text, strlen(text), &why) : NULL;

	return v ? v : value_null();
}

static struct value *prop_metadata(const struct node_prop *prop, const struct node_prop_info *info)
{
	struct value *map = value_map();
	char title[128];

	map_set_str(map, "name", prop->name);
	map_set(map, "type", type_metadata(info->type));
	map_set(map, "default", prop->no_default ? value_null() : value_ref(info->def));
	map_set_str(map, "title", prop->title ? prop->title : title_of(prop->name, title));
	map_set_str(map, "description", prop->description);
	map_set(map, "min", json_or_null(prop->min));
	map_set(map, "max", json_or_null(prop->max));
	map_set(map, "json_schema_extra", json_or_null(prop->json_schema_extra));
	map_set_bool(map, "required", prop->no_default);
	return map;
}

static struct value *slot_metadata(const struct node_slot *slot, const struct node_slot_info *info)
{
	struct value *map = value_map();

	map_set(map, "type", type_metadata(info->type));
	map_set_str(map, "name", slot->name);
	map_set_bool(map, "stream", slot->stream);
	return map;
}

static struct value *words(const char *text)
{
	struct value *list = value_list();
	struct sv rest = sv_of(text ? text : "");
	struct sv part;

	while (sv_split(&rest, ' ', &part))
		if (part.n)
			list_push(list, value_strn(part.p, part.n));
	return list;
}

static struct value *basic_fields(const struct node_info *info)
{
	struct value *list;

	if (info->type->basic_fields)
		return words(info->type->basic_fields);
	list = value_list();
	for (size_t i = 0; i < info->prop_count; i++)
		list_push(list, value_str(info->props[i].name));
	return list;
}

static struct value *required_inputs(const struct node_info *info)
{
	struct value *list = value_list();

	for (size_t i = 0; i < info->prop_count; i++)
		if (info->type->props[i].required)
			list_push(list, value_str(info->props[i].name));
	if (info->type->shown_required)
		list_push(list, value_str(info->type->shown_required));
	return list;
}

static void set_flags(struct value *map, unsigned flags)
{
	const unsigned uncached = NODE_DYNAMIC | NODE_STREAMS_OUTPUT | NODE_NOT_CACHEABLE | NODE_INPUT;

	map_set_bool(map, "is_dynamic", flags & NODE_DYNAMIC);
	map_set_bool(map, "is_streaming_output", flags & NODE_STREAMS_OUTPUT);
	map_set_bool(map, "is_streaming_input", (flags & NODE_STREAMS_INPUT) && !(flags & NODE_STREAMS_INPUT_UNSAID));
	map_set_bool(map, "is_streaming", flags & NODE_STREAMS_OUTPUT);
	map_set_bool(map, "is_cacheable", !(flags & uncached));
	map_set_bool(map, "expose_as_tool", flags & NODE_TOOL);
	map_set_bool(map, "supports_dynamic_outputs", flags & NODE_DYNAMIC_OUTPUTS);
}

struct value *node_metadata(const struct node_info *info)
{
	const struct node_type *type = info->type;
	const char *dot = strrchr(type->type, '.');
	struct value *map = value_map();
	struct value *props = value_list();
	struct value *outputs = value_list();

	for (size_t i = 0; i < info->prop_count; i++)
		list_push(props, prop_metadata(&type->props[i], &info->props[i]));
	for (size_t i = 0; i < info->slot_count; i++)
		list_push(outputs, slot_metadata(&type->outputs[i], &info->slots[i]));
	map_set_str(map, "title", type->title);
	map_set_str(map, "description", type->description);
	map_set(map, "namespace", value_strn(type->type, dot ? (size_t)(dot - type->type) : 0));
	map_set_str(map, "node_type", type->type);
	map_set_str(map, "layout", type->layout ? type->layout : "default");
	map_set(map, "properties", props);
	map_set(map, "outputs", outputs);
	map_set(map, "the_model_info", value_map());
	map_set(map, "recommended_models", value_list());
	map_set(map, "basic_fields", basic_fields(info));
	set_flags(map, type->flags);
	map_set(map, "required_settings", value_list());
	map_set(map, "required_inputs", required_inputs(info));
	map_set_str(map, "sync_mode", "on_any");
	map_set(map, "model_packs", value_list());
	return map;
}
