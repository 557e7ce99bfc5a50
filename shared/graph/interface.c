/* The inputs and outputs of a workflow with their types, for client programs (notes-clients section 8). */
#include "graph/graph.h"
#include "graph/internal.h"

#include <string.h>

#define METADATA_MAX ((size_t)64 << 20)

/* The output slots of every node type by its name: read once in the life of a process. */
static const struct value *slots_of(const char *node_type)
{
	static struct value *by_type;
	struct value *all;
	struct err err;

	if (!by_type) {
		by_type = value_map();
		all = json_read_share("node_metadata.json", METADATA_MAX, &err);
		for (size_t i = 0; i < value_len(all); i++) {
			const char *name = map_str(list_at(all, i), "node_type", "");
			struct value *slots = map_get(list_at(all, i), "outputs");

			map_set(by_type, name, slots ? value_ref(slots) : value_list());
		}
		value_unref(all);
	}
	return map_get(by_type, node_type);
}

/* Type metadata as one word: "str", "list[image]", "dict[str,any]". */
static void write_type(struct buf *out, const struct value *type, int depth)
{
	const struct value *args = map_get(type, "type_args");

	buf_adds(out, map_str(type, "type", "any"));
	if (!value_len(args) || depth > 8)
		return;
	for (size_t i = 0; i < value_len(args); i++) {
		buf_addc(out, i ? ',' : '[');
		write_type(out, list_at(args, i), depth + 1);
	}
	buf_addc(out, ']');
}

static struct value *type_word(const struct value *type)
{
	struct value *v;
	struct buf out;

	buf_init(&out, BUF_MAX_SMALL);
	write_type(&out, type, 0);
	v = out.failed ? value_str("any") : value_strn(out.data, out.len);
	buf_free(&out);
	return v;
}

static const struct value *named(const struct value *list, const char *key, const char *name)
{
	for (size_t i = 0; i < value_len(list); i++) {
		if (strcmp(map_str(list_at(list, i), key, ""), name) == 0)
			return list_at(list, i);
	}
	return NULL;
}

/* What comes out of a node's slot: its type's, or one that the node itself declares. NULL when nobody knows. */
static const struct value *slot_type(const struct value *node, const char *handle, bool *stream)
{
	const struct value *slot = named(slots_of(map_str(node, "type", "")), "name", handle);

	*stream = map_bool(slot, "stream", false);
	return slot ? map_get(slot, "type") : map_get(map_get(node, "dynamic_outputs"), handle);
}

/* What reaches an output node: the one type of all its edges, else "any". */
static void describe_output(const struct value *graph, const struct value *node, struct value *entry)
{
	const struct value *nodes = map_get(graph, "nodes");
	const struct value *edges = map_get(graph, "edges");
	struct value *type = NULL;
	bool streams = false;

	for (size_t i = 0; i < value_len(edges); i++) {
		const struct value *edge = list_at(edges, i);
		const struct value *source;
		struct value *word;
		bool stream;

		if (strcmp(map_str(edge, "target", ""), map_str(node, "id", "")) != 0)
			continue;
		source = named(nodes, "id", map_str(edge, "source", ""));
		word = type_word(slot_type(source, map_str(edge, "sourceHandle", ""), &stream));
		streams = streams || stream;
		if (type && !value_equal(type, word)) {
			value_unref(word);
			word = value_str("any");
		}
		value_unref(type);
		type = word;
	}
	map_set(entry, "type", type ? type : value_str("any"));
	map_set_bool(entry, "stream", streams);
}

static void describe_input(const struct value *node, struct value *entry)
{
	const struct value *data = map_get(node, "data");

	map_set(entry, "type", type_word(map_get(list_at(slots_of(map_str(node, "type", "")), 0), "type")));
	map_set_bool(entry, "required", map_get(data, "value") == NULL);
	map_set(entry, "default", graph_data_or(data, "value", "null"));
	map_set(entry, "min", graph_data_or(data, "min", "null"));
	map_set(entry, "max", graph_data_or(data, "max", "null"));
}

struct value *graph_interface(const struct value *graph)
{
	const struct value *nodes = map_get(graph, "nodes");
	struct value *inputs = value_list();
	struct value *outputs = value_list();
	struct arena *arena = arena_new();
	struct value *out = value_map();

	for (size_t i = 0; i < value_len(nodes); i++) {
		const struct value *node = list_at(nodes, i);
		const char *type = map_str(node, "type", "");
		bool input = str_starts(type, "nodetool.input.");
		struct value *entry;

		if (!input && !graph_is_output(type))
			continue;
		entry = value_map();
		map_set_str(entry, "node_id", map_str(node, "id", ""));
		map_set_str(entry, "name", graph_node_name(arena, node));
		map_set_str(entry, "description", map_str(map_get(node, "data"), "description", ""));
		if (input)
			describe_input(node, entry);
		else
			describe_output(graph, node, entry);
		list_push(input ? inputs : outputs, entry);
	}
	arena_free(arena);
	map_set(out, "inputs", inputs);
	map_set(out, "outputs", outputs);
	return out;
}
