/* Graphs as REST takes and shows them: fields and defaults, wired values, schemas of inputs and outputs. */
#include "graph/graph.h"
#include "graph/internal.h"

#include <string.h>

/* ---- fields -------------------------------------------------------------------------------------------- */

static const struct field enum_value_options[] = {
	{ .name = "str", .kind = FIELD_STR },
	{ .name = "int", .kind = FIELD_INT },
	{ 0 },
};

static const struct field enum_value = { .kind = FIELD_UNION, .options = enum_value_options };

static const struct field type_fields[];
static const struct field type_arg = { .kind = FIELD_MODEL, .model = type_fields, .model_name = "TypeMetadata" };

static const struct field type_fields[] = {
	{ .name = "type", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "optional", .kind = FIELD_BOOL, .def = "false" },
	{ .name = "values", .kind = FIELD_LIST, .flags = FIELD_NULLABLE, .item = &enum_value },
	{ .name = "type_args", .kind = FIELD_LIST, .def = "[]", .item = &type_arg },
	{ .name = "type_name", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ 0 },
};

static const struct field node_fields[] = {
	{ .name = "id", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "parent_id", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "type", .kind = FIELD_STR, .def = "\"default\"" },
	{ .name = "data", .kind = FIELD_ANY, .flags = FIELD_NULLABLE, .def = "{}" },
	{ .name = "ui_properties", .kind = FIELD_ANY, .flags = FIELD_NULLABLE, .def = "{}" },
	{ .name = "dynamic_properties", .kind = FIELD_OBJECT, .def = "{}" },
	{ .name = "dynamic_outputs", .kind = FIELD_OBJECT, .def = "{}", .item = &type_arg },
	{ .name = "sync_mode", .kind = FIELD_STR, .def = "\"on_any\"" },
	{ 0 },
};

static const struct field edge_fields[] = {
	{ .name = "id", .kind = FIELD_STR, .flags = FIELD_NULLABLE },
	{ .name = "source", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "sourceHandle", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "target", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "targetHandle", .kind = FIELD_STR, .flags = FIELD_REQUIRED },
	{ .name = "ui_properties", .kind = FIELD_OBJECT, .flags = FIELD_NULLABLE, .item = ITEM(FIELD_STR) },
	{ 0 },
};

static const struct field graph_node = { .kind = FIELD_MODEL, .model = node_fields, .model_name = "Node" };
static const struct field graph_edge = { .kind = FIELD_MODEL, .model = edge_fields, .model_name = "Edge" };

const struct field graph_fields[] = {
	{ .name = "nodes", .kind = FIELD_LIST, .flags = FIELD_REQUIRED, .item = &graph_node },
	{ .name = "edges", .kind = FIELD_LIST, .flags = FIELD_REQUIRED, .item = &graph_edge },
	{ 0 },
};

struct value *graph_complete(struct value *graph)
{
	struct value *errors = value_list();
	struct value *out = fields_validate(graph_fields, graph, NULL, errors);
	bool fits = value_len(errors) == 0;

	value_unref(errors);
	if (fits)
		return out;
	value_unref(out);
	return NULL;
}

/* ---- wired values -------------------------------------------------------------------------------------- */

void graph_strip_connected(struct value *graph)
{
	struct value *nodes = map_get(graph, "nodes");
	struct value *edges = map_get(graph, "edges");
	struct value *by_id = value_map(); /* node id -> its data; of repeated ids all are stripped */

	for (size_t i = 0; i < value_len(nodes); i++) {
		struct value *node = list_at(nodes, i);
		const char *id = map_str(node, "id", "");
		struct value *same = map_get(by_id, id);

		if (!value_is(map_get(node, "data"), VALUE_MAP))
			continue;
		if (!same) {
			same = value_list();
			map_set(by_id, id, same);
		}
		list_push(same, value_ref(map_get(node, "data")));
	}
	for (size_t i = 0; i < value_len(edges); i++) {
		struct value *edge = list_at(edges, i);
		struct value *targets = map_get(by_id, map_str(edge, "target", ""));

		for (size_t t = 0; t < value_len(targets); t++)
			map_remove(list_at(targets, t), map_str(edge, "targetHandle", ""));
	}
	value_unref(by_id);
}

bool graph_has_trigger(const struct value *graph)
{
	struct value *nodes = map_get(graph, "nodes");

	for (size_t i = 0; i < value_len(nodes); i++) {
		if (strstr(map_str(list_at(nodes, i), "type", ""), "triggers."))
			return true;
	}
	return false;
}

/* ---- schemas ------------------------------------------------------------------------------------------- */

enum schema_shape { SHAPE_PLAIN, SHAPE_NUMBER, SHAPE_ASSET };

static const struct input_kind {
	const char *class_name;
	const char *type; /* of the schema; of an asset: its reference's type */
	enum schema_shape shape;
	const char *def; /* JSON text of the default; NULL: none */
} input_kinds[] = {
	{ "FloatInput", "number", SHAPE_NUMBER, "0" },
	{ "IntegerInput", "integer", SHAPE_NUMBER, "0" },
	{ "StringInput", "string", SHAPE_PLAIN, "\"\"" },
	{ "BooleanInput", "boolean", SHAPE_PLAIN, "false" },
	{ "ImageInput", "image", SHAPE_ASSET, NULL },
	{ "VideoInput", "video", SHAPE_ASSET, NULL },
	{ "AudioInput", "audio", SHAPE_ASSET, NULL },
	{ "DocumentInput", "document", SHAPE_ASSET, NULL },
};

static const struct input_kind *input_kind_of(const char *type)
{
	const char *dot = strrchr(type, '.');

	if (!str_starts(type, "nodetool.input.") && !str_starts(type, "nodetool.workflows.test_helper."))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(input_kinds); i++) {
		if (strcmp(dot + 1, input_kinds[i].class_name) == 0)
			return &input_kinds[i];
	}
	return NULL;
}

bool graph_is_output(const char *type)
{
	return str_starts(type, "nodetool.output.");
}

struct value *graph_data_or(const struct value *data, const char *key, const char *def)
{
	struct value *v = map_get(data, key);
	struct json_error error;

	return v ? value_ref(v) : json_parse(def, strlen(def), &error);
}

char *graph_node_name(struct arena *arena, const struct value *node)
{
	struct value *name = map_get(map_get(node, "data"), "name");
	struct sv text = value_sv(name);

	switch (name ? value_kind(name) : VALUE_NULL) {
	case VALUE_STR:
		return arena_strndup(arena, text.p, text.n);
	case VALUE_INT:
	case VALUE_BIGINT:
	case VALUE_FLOAT:
	case VALUE_BOOL:
		return json_text(arena, name, JSON_COMPACT);
	default:
		return arena_strdup(arena, map_str(node, "id", ""));
	}
}

static struct value *schema_new(void)
{
	struct value *schema = value_map();

	map_set_str(schema, "type", "object");
	map_set(schema, "properties", value_map());
	map_set(schema, "required", value_list());
	return schema;
}

/* A text property with one more entry: {"type": "string", key: v}. */
static struct value *text_property(const char *key, struct value *v)
{
	struct value *property = value_map();

	map_set_str(property, "type", "string");
	map_set(property, key, v);
	return property;
}

static struct value *asset_schema(const char *type)
{
	struct value *schema = schema_new();
	struct value *words = value_list();

	list_push(words, value_str(type));
	map_set(map_get(schema, "properties"), "uri", text_property("format", value_str("uri")));
	map_set(map_get(schema, "properties"), "type", text_property("enum", words));
	list_push(map_get(schema, "required"), value_str("uri"));
	list_push(map_get(schema, "required"), value_str("type"));
	return schema;
}

static struct value *input_schema(const struct input_kind *kind, const struct value *data)
{
	struct value *schema;

	if (kind->shape == SHAPE_ASSET) {
		schema = asset_schema(kind->type);
	} else {
		schema = value_map();
		map_set_str(schema, "type", kind->type);
		if (kind->shape == SHAPE_NUMBER) {
			map_set(schema, "minimum", graph_data_or(data, "min", "0"));
			map_set(schema, "maximum", graph_data_or(data, "max", "100"));
		}
		map_set(schema, "default", graph_data_or(data, "value", kind->def));
	}
	map_set(schema, "label", graph_data_or(data, "label", "\"\""));
	return schema;
}

static struct value *output_schema(const struct value *data)
{
	struct value *schema = value_map();

	map_set_str(schema, "type", "any");
	map_set(schema, "label", graph_data_or(data, "label", "\"\""));
	return schema;
}

static struct value *graph_schema(const struct value *graph, bool inputs)
{
	struct value *schema = schema_new();
	struct value *nodes = map_get(graph, "nodes");
	struct arena *arena = arena_new();

	for (size_t i = 0; i < value_len(nodes); i++) {
		const struct value *node = list_at(nodes, i);
		const char *type = map_str(node, "type", "");
		const struct input_kind *kind = inputs ? input_kind_of(type) : NULL;
		const char *name;

		if (inputs ? !kind : !graph_is_output(type))
			continue;
		name = graph_node_name(arena, node);
		map_set(map_get(schema, "properties"), name,
			inputs ? input_schema(kind, map_get(node, "data")) : output_schema(map_get(node, "data")));
		list_push(map_get(schema, "required"), value_str(name));
	}
	arena_free(arena);
	return schema;
}

struct value *graph_input_schema(const struct value *graph)
{
	return graph_schema(graph, true);
}

struct value *graph_output_schema(const struct value *graph)
{
	return graph_schema(graph, false);
}
