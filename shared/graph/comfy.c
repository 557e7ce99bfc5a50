/* The node map form of a workflow ("comfy_workflow"): {node id: {type, data: {name: value or [source id, handle]}}}. */
#include "graph/graph.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define METADATA_MAX ((size_t)64 << 20)

/* What GET /api/nodes/metadata answers; NULL when the file is not there. */
static struct value *read_metadata(void)
{
	struct err err;

	return json_read_share("node_metadata.json", METADATA_MAX, &err);
}

static struct value *find_type(const struct value *metadata, const char *type)
{
	for (size_t i = 0; i < value_len(metadata); i++) {
		if (strcmp(map_str(list_at(metadata, i), "node_type", ""), type) == 0)
			return list_at(metadata, i);
	}
	return NULL;
}

static struct value *node_inputs(const struct value *entry)
{
	struct value *inputs = map_get(entry, "data");

	return inputs ? inputs : map_get(entry, "inputs");
}

static bool is_link(const struct value *v)
{
	return value_is(v, VALUE_LIST) && value_len(v) == 2;
}

/* One node, or NULL with the reason (without "Error creating node"). */
static struct value *make_node(const char *id, const struct value *entry, const struct value *metadata, struct err *err)
{
	static const char *const ui[] = { "position", "width", "height" };
	const char *class_type = map_str(entry, "class_type", NULL);
	const char *type = map_str(entry, "type", NULL);
	struct value *inputs = node_inputs(entry);
	struct value *data = value_map();
	struct value *properties = value_map();
	struct value *node;
	struct value *v;
	struct sv key;

	if (class_type)
		err_set(err, 400, "Could not find node %s in comfy namespace", class_type);
	else if (!type)
		err_set(err, 400, "Node %s does not have a type", id);
	else if (!find_type(metadata, type))
		err_set(err, 400, "Could not find node %s", type);
	else if (inputs && !value_is(inputs, VALUE_MAP))
		err_set(err, 400, "The inputs of node %s are no object", id);
	else
		goto found;
	value_unref(data);
	value_unref(properties);
	return NULL;
found:
	for (size_t i = 0; map_entry(inputs, i, &key, &v); i++) {
		if (!is_link(v))
			map_setn(data, key.p, key.n, value_ref(v));
	}
	for (size_t i = 0; i < ARRAY_LEN(ui); i++) {
		if ((v = map_get(entry, ui[i])))
			map_set(properties, ui[i], value_ref(v));
	}
	node = value_map();
	map_set_str(node, "id", id);
	map_set_str(node, "parent_id", map_str(entry, "parent_id", NULL));
	map_set_str(node, "type", type);
	map_set(node, "data", data);
	map_set(node, "ui_properties", properties);
	return node;
}

/* The handle of a link: a name, or the number of one of the source's outputs. */
static int link_handle(const struct value *handle, const struct value *source, const struct value *metadata,
		       const char **out, struct err *err)
{
	struct value *outputs = map_get(find_type(metadata, map_str(source, "type", "")), "outputs");
	int64_t index;

	if (value_is(handle, VALUE_STR)) {
		*out = value_text(handle);
		return 0;
	}
	if (!value_to_whole(handle, &index) || index < 0 || (size_t)index >= value_len(outputs))
		return err_set(err, 400, "Node %s has no such output", map_str(source, "id", ""));
	*out = map_str(list_at(outputs, (size_t)index), "name", "output");
	return 0;
}

static int make_edges(const char *id, const struct value *entry, const struct value *by_id,
		      const struct value *metadata, struct value *edges, struct err *err)
{
	struct value *v;
	struct sv key;

	for (size_t i = 0; map_entry(node_inputs(entry), i, &key, &v); i++) {
		const char *handle = NULL;
		struct value *source;
		struct value *edge;

		if (!is_link(v))
			continue;
		source = map_get(by_id, value_is(list_at(v, 0), VALUE_STR) ? value_text(list_at(v, 0)) : "");
		if (!source)
			return err_set(err, 400, "Could not find source node %s referenced by %s",
				       value_is(list_at(v, 0), VALUE_STR) ? value_text(list_at(v, 0)) : "?", id);
		if (link_handle(list_at(v, 1), source, metadata, &handle, err))
			return -1;
		edge = value_map();
		map_set(edge, "id", value_strf("%zu", value_len(edges) + 1));
		map_set_str(edge, "source", map_str(source, "id", ""));
		map_set_str(edge, "sourceHandle", handle);
		map_set_str(edge, "target", id);
		map_setn(edge, "targetHandle", 12, value_strn(key.p, key.n));
		list_push(edges, edge);
	}
	return 0;
}

/* The editor's file form holds classes of the comfy namespace only, of which there are none. */
static int file_form(const struct value *map, struct err *err)
{
	struct value *node = list_at(map_get(map, "nodes"), 0);
	struct arena *arena;

	if (!node)
		return 0;
	arena = arena_new();
	err_set(err, 400, "Error creating node %s: Could not find node %s in comfy namespace",
		value_is(map_get(node, "id"), VALUE_STR) ? map_str(node, "id", "") :
							   json_text(arena, map_get(node, "id"), JSON_COMPACT),
		map_str(node, "type", "?"));
	arena_free(arena);
	return -1;
}

/* Puts "Error creating …" in front of a reason. */
static void explain(struct err *err, const char *what, const char *id)
{
	char reason[sizeof(err->detail)];

	if (!err)
		return;
	snprintf(reason, sizeof(reason), "%s", err->detail);
	err_set(err, 400, "Error creating %s %s: %s", what, id, reason);
}

static int fill(const struct value *map, const struct value *metadata, struct value *graph, struct err *err)
{
	struct value *by_id = value_map();
	struct value *entry;
	struct sv id;
	int rc = 0;

	for (size_t i = 0; rc == 0 && map_entry(map, i, &id, &entry); i++) {
		struct value *node = make_node(id.p, entry, metadata, err);

		if (!node) {
			explain(err, "node", id.p);
			rc = -1;
			break;
		}
		map_setn(by_id, id.p, id.n, value_ref(node));
		list_push(map_get(graph, "nodes"), node);
	}
	for (size_t i = 0; rc == 0 && map_entry(map, i, &id, &entry); i++) {
		rc = make_edges(id.p, entry, by_id, metadata, map_get(graph, "edges"), err);
		if (rc)
			explain(err, "edges for node", id.p);
	}
	value_unref(by_id);
	return rc;
}

struct value *graph_from_comfy(const struct value *map, struct err *err)
{
	struct value *graph = value_map();
	struct value *metadata;
	struct value *out = NULL;
	int rc;

	map_set(graph, "nodes", value_list());
	map_set(graph, "edges", value_list());
	if (map_get(map, "last_node_id")) {
		rc = file_form(map, err);
	} else {
		metadata = read_metadata();
		rc = fill(map, metadata, graph, err);
		value_unref(metadata);
	}
	if (rc == 0 && !(out = graph_complete(graph)))
		err_set(err, 400, "Invalid workflow");
	value_unref(graph);
	return out;
}
