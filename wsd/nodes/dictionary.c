/* nodetool.dictionary: making, changing and reading dictionaries. */
#include "value/pyform.h"
#include "value/yaml.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/pyjson.h"

#include <string.h>

static struct value *copy_map(const struct value *map)
{
	struct value *copy = value_map();
	struct sv key;
	struct value *v;

	for (size_t i = 0; map_entry(map, i, &key, &v); i++)
		map_setn(copy, key.p, key.n, value_ref(v));
	return copy;
}

static void set_all(struct value *to, const struct value *map)
{
	struct sv key;
	struct value *v;

	for (size_t i = 0; map_entry(map, i, &key, &v); i++)
		map_setn(to, key.p, key.n, value_ref(v));
}

static enum node_result get_value(struct node_ctx *ctx)
{
	struct sv key = node_sv(ctx, "key");
	struct value *v = map_getn(node_get(ctx, "dictionary"), key.p, key.n);

	return done(ctx, value_ref(v ? v : node_get(ctx, "default")));
}

static enum node_result merged(struct node_ctx *ctx, const char *first, const char *second)
{
	struct value *map = copy_map(node_get(ctx, first));

	set_all(map, node_get(ctx, second));
	return done(ctx, map);
}

static enum node_result update(struct node_ctx *ctx)
{
	return merged(ctx, "dictionary", "new_pairs");
}

static enum node_result combine(struct node_ctx *ctx)
{
	return merged(ctx, "dict_a", "dict_b");
}

/* The map without one key. */
static struct value *without(const struct value *map, struct sv drop)
{
	struct value *copy = value_map();
	struct sv key;
	struct value *v;

	for (size_t i = 0; map_entry(map, i, &key, &v); i++) {
		if (key.n != drop.n || memcmp(key.p, drop.p, key.n) != 0)
			map_setn(copy, key.p, key.n, value_ref(v));
	}
	return copy;
}

static enum node_result remove_key(struct node_ctx *ctx)
{
	return done(ctx, without(node_get(ctx, "dictionary"), node_sv(ctx, "key")));
}

static enum node_result filter(struct node_ctx *ctx)
{
	struct value *dictionary = node_get(ctx, "dictionary");
	struct value *keys = node_get(ctx, "keys");
	struct value *map = value_map();

	for (size_t i = 0; i < value_len(keys); i++) {
		struct sv key = value_sv(list_at(keys, i));
		struct value *v = map_getn(dictionary, key.p, key.n);

		if (v)
			map_setn(map, key.p, key.n, value_ref(v));
	}
	return done(ctx, map);
}

static enum node_result make_dictionary(struct node_ctx *ctx)
{
	return done(ctx, copy_map(node_dynamic(ctx)));
}

/* ---- keys that are values ----------------------------------------------------------------------------- */

/* The text under which a dictionary shows a key in JSON, as a new value; NULL with the reason when it cannot be a key. */
static struct value *key_text(struct value *key, struct err *err)
{
	if (value_is_null(key))
		return value_str("null");
	if (value_is(key, VALUE_BOOL))
		return value_str(value_as_bool(key) ? "true" : "false");
	if (pyform_hashable(key))
		return pyform_str_value(key);
	err_set(err, 400, "unhashable type: '%s'", pyform_type_name(key));
	return NULL;
}

static enum node_result zip(struct node_ctx *ctx)
{
	struct value *keys = node_get(ctx, "keys");
	struct value *values = node_get(ctx, "values");
	struct value *map = value_map();
	struct err err;

	for (size_t i = 0; i < value_len(keys) && i < value_len(values); i++) {
		struct value *key = key_text(list_at(keys, i), &err);

		if (!key) {
			value_unref(map);
			return node_fail(ctx, "keys: %s", err.detail);
		}
		map_setn(map, value_text(key), value_len(key), value_ref(list_at(values, i)));
		value_unref(key);
	}
	return done(ctx, map);
}

/* What a dictionary gives as value: a field, or all but the key field. NULL with the reason. */
static struct value *reduced_value(struct node_ctx *ctx, const struct value *d, struct err *err)
{
	struct sv field = node_sv(ctx, "value_field");
	struct value *v;

	if (!field.n)
		return without(d, node_sv(ctx, "key_field"));
	v = map_getn(d, field.p, field.n);
	if (!v)
		err_set(err, 400, "value_field: a dictionary has no field '%s'", field.p);
	return value_ref(v);
}

static int reduce_one(struct node_ctx *ctx, struct value *result, const struct value *d, struct err *err)
{
	struct sv field = node_sv(ctx, "key_field");
	const char *resolution = node_text(ctx, "conflict_resolution");
	struct value *id = map_getn(d, field.p, field.n);
	struct value *key = NULL;
	struct value *v = NULL;
	int status = -1;

	if (!id)
		return err_set(err, 400, "key_field: a dictionary has no field '%s'", field.p);
	v = reduced_value(ctx, d, err);
	key = v ? key_text(id, err) : NULL;
	if (!key)
		goto out;
	if (!map_getn(result, value_text(key), value_len(key)) || strcmp(resolution, "last") == 0)
		map_setn(result, value_text(key), value_len(key), value_ref(v));
	else if (strcmp(resolution, "first") != 0) {
		err_set(err, 400, "dictionaries: the key '%s' occurs twice", value_text(key));
		goto out;
	}
	status = 0;
out:
	value_unref(key);
	value_unref(v);
	return status;
}

static enum node_result reduce_dictionaries(struct node_ctx *ctx)
{
	struct value *dictionaries = node_get(ctx, "dictionaries");
	struct value *result = value_map();
	struct err err;

	for (size_t i = 0; i < value_len(dictionaries); i++) {
		if (reduce_one(ctx, result, list_at(dictionaries, i), &err) < 0) {
			value_unref(result);
			return fail_err(ctx, &err);
		}
	}
	return done(ctx, result);
}

static enum node_result arg_max(struct node_ctx *ctx)
{
	struct value *scores = node_get(ctx, "scores");
	struct sv best = { NULL, 0 };
	struct value *highest = NULL;
	struct sv key;
	struct value *v;
	struct err err;
	int order = 1;

	for (size_t i = 0; map_entry(scores, i, &key, &v); i++) {
		if (highest && pyform_compare(v, highest, &order, &err) < 0)
			return node_fail(ctx, "scores: %s", err.detail);
		if (!highest || order == 1) {
			highest = v;
			best = key;
		}
	}
	return highest ? done(ctx, value_strn(best.p, best.n)) : node_fail(ctx, "scores: the dictionary is empty");
}

/* ---- texts -------------------------------------------------------------------------------------------- */

static enum node_result parse_json(struct node_ctx *ctx)
{
	struct sv text = node_sv(ctx, "json_string");
	struct err err;
	struct value *v = pyjson_parse(text.p, text.n, &err);

	if (!v)
		return node_fail(ctx, "json_string: %s", err.detail);
	if (!value_is(v, VALUE_MAP)) {
		value_unref(v);
		return node_fail(ctx, "Input JSON is not a dictionary");
	}
	return done(ctx, v);
}

static enum node_result to_json(struct node_ctx *ctx)
{
	struct err err;
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	if (pyjson_write(&out, node_get(ctx, "dictionary"), -1, &err) < 0) {
		buf_free(&out);
		return node_fail(ctx, "dictionary: %s", err.detail);
	}
	return done_buf(ctx, &out);
}

static enum node_result to_yaml(struct node_ctx *ctx)
{
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	if (yaml_write(&out, node_get(ctx, "dictionary"), YAML_SORTED) < 0) {
		buf_free(&out);
		return node_fail(ctx, "dictionary: cannot be written as YAML");
	}
	return done_buf(ctx, &out);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop arg_max_props[] = {
	{ .name = "scores", .type = "dict[str,float]", .def = "{}" },
	{ 0 },
};

static const struct node_slot str_output[] = { { .name = "output", .type = "str" }, { 0 } };

static const struct node_prop combine_props[] = {
	{ .name = "dict_a", .type = "dict[str,any]", .def = "{}" },
	{ .name = "dict_b", .type = "dict[str,any]", .def = "{}" },
	{ 0 },
};

static const struct node_slot dict_str_any_output[] = { { .name = "output", .type = "dict[str,any]" }, { 0 } };

static const struct node_prop filter_props[] = {
	{ .name = "dictionary", .type = "dict[str,any]", .def = "{}" },
	{ .name = "keys", .type = "list[str]", .def = "[]" },
	{ 0 },
};

static const struct node_prop get_value_props[] = {
	{ .name = "dictionary", .type = "dict[str,any]", .def = "{}" },
	{ .name = "key", .type = "str", .def = "\"\"" },
	{ .name = "default", .type = "any", .def = "[]" },
	{ 0 },
};

static const struct node_slot any_output[] = { { .name = "output", .type = "any" }, { 0 } };

static const struct node_prop no_props[] = { { 0 } };

static const struct node_prop parse_json_props[] = {
	{ .name = "json_string", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop reduce_dictionaries_props[] = {
	{ .name = "dictionaries", .type = "list[dict[str,any]]", .def = "[]" },
	{ .name = "key_field", .type = "str", .def = "\"\"" },
	{ .name = "value_field", .type = "str", .def = "\"\"" },
	{ .name = "conflict_resolution",
	  .type = "enum(nodetool.nodes.nodetool.dictionary.ReduceDictionaries.ConflictResolution:first|last|error)",
	  .def = "\"first\"" },
	{ 0 },
};

static const struct node_slot dict_any_any_output[] = { { .name = "output", .type = "dict[any,any]" }, { 0 } };

static const struct node_prop remove_props[] = {
	{ .name = "dictionary", .type = "dict[str,any]", .def = "{}" },
	{ .name = "key", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop to_json_props[] = {
	{ .name = "dictionary", .type = "dict[str,any]", .def = "{}" },
	{ 0 },
};

static const struct node_prop update_props[] = {
	{ .name = "dictionary", .type = "dict[str,any]", .def = "{}" },
	{ .name = "new_pairs", .type = "dict[str,any]", .def = "{}" },
	{ 0 },
};

static const struct node_prop zip_props[] = {
	{ .name = "keys", .type = "list[any]", .def = "[]" },
	{ .name = "values", .type = "list[any]", .def = "[]" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "nodetool.dictionary.ArgMax",
		.title = "Arg Max",
		.description = "Gives the key with the highest score.",
		.props = arg_max_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.layout = "small",
		.process = arg_max,
	},
	{
		.type = "nodetool.dictionary.Combine",
		.title = "Combine",
		.description = "Joins two dictionaries; the second one wins.",
		.props = combine_props,
		.outputs = dict_str_any_output,
		.flags = NODE_PURE,
		.layout = "small",
		.process = combine,
	},
	{
		.type = "nodetool.dictionary.Filter",
		.title = "Filter",
		.description = "Keeps the named keys of a dictionary.",
		.props = filter_props,
		.outputs = dict_str_any_output,
		.flags = NODE_PURE,
		.process = filter,
	},
	{
		.type = "nodetool.dictionary.GetValue",
		.title = "Get Value",
		.description = "Gives the value under a key, or a default.",
		.props = get_value_props,
		.outputs = any_output,
		.flags = NODE_PURE,
		.layout = "small",
		.process = get_value,
	},
	{
		.type = "nodetool.dictionary.MakeDictionary",
		.title = "Make Dictionary",
		.description = "Makes a dictionary of the node's own inputs.",
		.props = no_props,
		.outputs = dict_str_any_output,
		.flags = NODE_DYNAMIC | NODE_PURE,
		.layout = "small",
		.process = make_dictionary,
	},
	{
		.type = "nodetool.dictionary.ParseJSON",
		.title = "Parse JSON",
		.description = "Reads a JSON object into a dictionary.",
		.props = parse_json_props,
		.outputs = dict_str_any_output,
		.flags = NODE_PURE,
		.layout = "small",
		.process = parse_json,
	},
	{
		.type = "nodetool.dictionary.ReduceDictionaries",
		.title = "Reduce Dictionaries",
		.description = "Makes one dictionary of many by a field of each.",
		.props = reduce_dictionaries_props,
		.outputs = dict_any_any_output,
		.flags = NODE_PURE,
		.process = reduce_dictionaries,
	},
	{
		.type = "nodetool.dictionary.Remove",
		.title = "Remove",
		.description = "Takes a key out of a dictionary.",
		.props = remove_props,
		.outputs = dict_str_any_output,
		.flags = NODE_PURE,
		.layout = "small",
		.process = remove_key,
	},
	{
		.type = "nodetool.dictionary.ToJSON",
		.title = "To JSON",
		.description = "Writes a dictionary as JSON.",
		.props = to_json_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.layout = "small",
		.process = to_json,
	},
	{
		.type = "nodetool.dictionary.ToYAML",
		.title = "To YAML",
		.description = "Writes a dictionary as YAML.",
		.props = to_json_props,
		.outputs = str_output,
		.flags = NODE_PURE,
		.layout = "small",
		.process = to_yaml,
	},
	{
		.type = "nodetool.dictionary.Update",
		.title = "Update",
		.description = "Sets new pairs in a dictionary.",
		.props = update_props,
		.outputs = dict_str_any_output,
		.flags = NODE_PURE,
		.layout = "small",
		.process = update,
	},
	{
		.type = "nodetool.dictionary.Zip",
		.title = "Zip",
		.description = "Makes a dictionary of a list of keys and a list of values.",
		.props = zip_props,
		.outputs = dict_any_any_output,
		.flags = NODE_PURE,
		.layout = "small",
		.process = zip,
	},
};

NODE_TABLE(nodes_dictionary, types);
