/* nodetool.text: JSON in texts. */
#include "wsd/nodes/helper.h"
#include "wsd/nodes/jsonpath.h"
#include "wsd/nodes/pyjson.h"

/* The JSON in property "text"; NULL when the node has failed. */
static struct value *parse_text(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "text");
	struct err err;
	struct value *v = pyjson_parse(text.p, text.n, &err);

	if (!v)
		node_fail(ctx, "text: %s", err.detail);
	return v;
}

static enum node_result parse_json(struct node_ctx *ctx)
{
	struct value *v = parse_text(ctx);

	return v ? done(ctx, v) : NODE_FAILED;
}

static enum node_result extract_json(struct node_ctx *ctx)
{
	struct value *data = parse_text(ctx);
	struct value *matches;
	struct value *first;
	struct err err;

	if (!data)
		return NODE_FAILED;
	matches = jsonpath_find(node_sv(ctx, "json_path"), data, &err);
	value_unref(data);
	if (!matches)
		return node_fail(ctx, "json_path: %s", err.detail);
	if (node_bool(ctx, "find_all"))
		return done(ctx, matches);
	first = list_at(matches, 0) ? value_ref(list_at(matches, 0)) : NULL;
	value_unref(matches);
	return first ? done(ctx, first) : node_fail(ctx, "json_path: nothing matches '%s'", node_text(ctx, "json_path"));
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop extract_json_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"", .title = "JSON Text" },
	{ .name = "json_path", .type = "str", .def = "\"$.*\"", .title = "JSONPath Expression" },
	{ .name = "find_all", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot any_output[] = { { .name = "output", .type = "any" }, { 0 } };

static const struct node_prop parse_json_props[] = {
	{ .name = "text", .type = "str", .def = "\"\"", .title = "JSON string" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.text.ExtractJSON",
		.title = "Extract JSON",
		.description = "Picks values out of the JSON in a text by a path.",
		.props = extract_json_props,
		.outputs = any_output,
		.flags = NODE_PURE,
		.process = extract_json,
	},
	{
		.type = "nodetool.text.ParseJSON",
		.title = "Parse JSON String",
		.description = "Reads the JSON in a text.",
		.props = parse_json_props,
		.outputs = any_output,
		.flags = NODE_PURE,
		.process = parse_json,
	},
};

NODE_TABLE(nodes_text_json, types);
