/* lib.json: JSON texts, dotted paths, templates, JSON Schema. */
#include "value/pyform.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/json_schema.h"
#include "wsd/nodes/pyjson.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Wider indentation than this is refused: the text would be blanks. */
#define MAX_INDENT 100

/* ---- parsing and writing ------------------------------------------------------------------------------ */

static enum node_result parse_kind(struct node_ctx *ctx, enum value_kind kind, const char *name)
{
	struct sv text = node_sv(ctx, "json_string");
	struct err err;
	struct value *v = pyjson_parse(text.p, text.n, &err);

	if (!v)
		return node_fail(ctx, "json_string is no JSON: %s", err.detail);
	if (value_kind(v) == kind)
		return done(ctx, v);
	value_unref(v);
	return node_fail(ctx, "json_string must hold an %s", name);
}

static enum node_result parse_dict(struct node_ctx *ctx)
{
	return parse_kind(ctx, VALUE_MAP, "object");
}

static enum node_result parse_list(struct node_ctx *ctx)
{
	return parse_kind(ctx, VALUE_LIST, "array");
}

static enum node_result stringify(struct node_ctx *ctx)
{
	int64_t indent = node_int(ctx, "indent");
	struct err err;
	struct buf text;

	if (indent > MAX_INDENT)
		return node_fail(ctx, "indent must be at most %d", MAX_INDENT);
	buf_init(&text, BUF_MAX_RESPONSE);
	if (!pyjson_write(&text, node_get(ctx, "data"), indent < 0 ? 0 : (int)indent, &err))
		return done_buf(ctx, &text);
	buf_free(&text);
	return node_fail(ctx, "data: %s", err.detail);
}

/* ---- paths -------------------------------------------------------------------------------------------- */

/* The index that a path part stands for: decimal digits only (of any script). False when it is none. */
static bool part_index(struct sv part, size_t *index)
{
	struct value *n;

	for (size_t i = 0; i < part.n; i++) {
		if (!isdigit((unsigned char)part.p[i]) && (unsigned char)part.p[i] < 0x80)
			return false;
	}
	n = part.n ? pyform_int_of(part) : NULL;
	if (!n)
		return false;
	*index = value_kind(n) == VALUE_INT ? (size_t)value_as_int(n) : SIZE_MAX;
	value_unref(n);
	return true;
}

/* What the path leads to, lent; NULL when it leads nowhere or to null. */
static struct value *find_path(struct node_ctx *ctx)
{
	struct value *at = node_get(ctx, "data");
	struct sv rest = node_sv(ctx, "path");
	struct sv part;
	size_t index;

	if (!rest.p)
		rest = SV_LIT("");
	while (at && sv_split(&rest, '.', &part)) {
		if (value_kind(at) == VALUE_MAP && !map_is_typed(at))
			at = map_getn(at, part.p, part.n);
		else if (value_kind(at) == VALUE_LIST && part_index(part, &index))
			at = list_at(at, index);
		else
			at = NULL;
	}
	return value_is_null(at) ? NULL : at;
}

static enum node_result done_default(struct node_ctx *ctx)
{
	return done(ctx, value_ref(node_get(ctx, "default")));
}

static enum node_result wrong_kind(struct node_ctx *ctx, const struct value *v, const char *wanted)
{
	return node_fail(ctx, "the value at path '%.200s' is of type %s and makes no %s", node_text(ctx, "path"),
			 pyform_type_name(v), wanted);
}

static enum node_result path_str(struct node_ctx *ctx)
{
	struct value *v = find_path(ctx);
	struct value *text = v ? pyform_str_value(v) : NULL;

	if (!v)
		return done_default(ctx);
	return text ? done(ctx, text) : node_fail(ctx, "the text is too long");
}

/* int(d): exact, however large. */
static struct value *int_of_double(double d)
{
	char digits[400];
	int len;

	if (!isfinite(d))
		return NULL;
	if (fabs(d) < 9e18)
		return value_int((int64_t)d);
	len = snprintf(digits, sizeof(digits), "%.0f", d);
	return value_bigint(digits, (size_t)len);
}

static enum node_result path_int(struct node_ctx *ctx)
{
	struct value *v = find_path(ctx);
	struct value *n = NULL;

	if (!v)
		return done_default(ctx);
	if (value_kind(v) == VALUE_FLOAT)
		n = int_of_double(value_as_float(v));
	else if (value_kind(v) == VALUE_STR)
		n = pyform_int_of(value_sv(v));
	else if (value_kind(v) == VALUE_BOOL)
		n = value_int(value_as_bool(v));
	else if (pyform_is_number(v))
		n = value_ref(v);
	return n ? done(ctx, n) : wrong_kind(ctx, v, "whole number");
}

static enum node_result path_float(struct node_ctx *ctx)
{
	struct value *v = find_path(ctx);
	struct err err;
	double d;

	if (!v)
		return done_default(ctx);
	if (value_kind(v) == VALUE_STR ? pyform_float_of(value_sv(v), &d)
				       : pyform_is_number(v) && !pyform_to_double(v, &d, &err))
		return done(ctx, value_float(d));
	return wrong_kind(ctx, v, "number");
}

static enum node_result path_bool(struct node_ctx *ctx)
{
	struct value *v = find_path(ctx);

	return v ? done(ctx, value_bool(value_truthy(v))) : done_default(ctx);
}

/* The characters of a text, one item each. */
static struct value *characters(const struct value *text)
{
	struct value *list = value_list();
	size_t at = 0;

	while (at < value_len(text)) {
		size_t start = at;

		utf8_decode(value_text(text), value_len(text), &at);
		list_push(list, value_strn(value_text(text) + start, at - start));
	}
	return list;
}

static enum node_result path_list(struct node_ctx *ctx)
{
	struct value *v = find_path(ctx);
	struct value *list;
	struct sv key;

	if (!v)
		return done_default(ctx);
	switch (value_kind(v)) {
	case VALUE_LIST:
		return done(ctx, value_ref(v));
	case VALUE_STR:
		return done(ctx, characters(v));
	case VALUE_MAP:
		list = value_list();
		for (size_t i = 0; map_entry(v, i, &key, NULL); i++)
			list_push(list, value_strn(key.p, key.n));
		return done(ctx, list);
	default:
		return wrong_kind(ctx, v, "list");
	}
}

/* A pair as a key and its value: a list of two or a text of two characters. */
static bool add_pair(struct value *map, struct value *pair)
{
	struct value *items = value_kind(pair) == VALUE_STR ? characters(pair) : value_ref(pair);
	bool good = value_kind(items) == VALUE_LIST && value_len(items) == 2 && pyform_hashable(list_at(items, 0));
	struct value *key = good ? pyform_str_value(list_at(items, 0)) : NULL;

	if (key)
		map_setn(map, value_text(key), value_len(key), value_ref(list_at(items, 1)));
	value_unref(key);
	value_unref(items);
	return key != NULL;
}

static enum node_result path_dict(struct node_ctx *ctx)
{
	struct value *v = find_path(ctx);
	struct value *map;

	if (!v)
		return done_default(ctx);
	if (value_kind(v) == VALUE_MAP)
		return done(ctx, value_ref(v));
	if (value_kind(v) != VALUE_LIST && !(value_kind(v) == VALUE_STR && !value_len(v)))
		return wrong_kind(ctx, v, "object");
	map = value_map();
	for (size_t i = 0; value_kind(v) == VALUE_LIST && i < value_len(v); i++) {
		if (!add_pair(map, list_at(v, i))) {
			value_unref(map);
			return wrong_kind(ctx, v, "object");
		}
	}
	return done(ctx, map);
}

/* ---- schema, filter, template -------------------------------------------------------------------------- */

static enum node_result validate(struct node_ctx *ctx)
{
	struct err err;
	int valid = json_schema_validate(node_get(ctx, "data"), node_get(ctx, "json_schema"), &err);

	return valid < 0 ? node_fail(ctx, "json_schema: %s", err.detail) : done(ctx, value_bool(valid));
}

static enum node_result filter(struct node_ctx *ctx)
{
	const struct value *array = node_get(ctx, "array");
	struct sv key = node_sv(ctx, "key");
	const struct value *wanted = node_get(ctx, "value");
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(array); i++) {
		struct value *found = map_getn(list_at(array, i), key.p, key.n);

		if (value_equal(found ? found : value_null(), wanted))
			list_push(list, value_ref(list_at(array, i)));
	}
	return done(ctx, list);
}

/* Replaces every "$key" in *text. */
static void replace_key(struct buf *text, struct sv key, struct sv replacement)
{
	struct buf out;
	struct buf name;
	const char *at = text->data;
	const char *end = text->data + text->len;
	const char *hit;

	buf_init(&name, BUF_MAX_BODY);
	buf_init(&out, text->max);
	buf_addc(&name, '$');
	buf_add(&name, key.p, key.n);
	while ((hit = memmem(at, (size_t)(end - at), name.data, name.len))) {
		buf_add(&out, at, (size_t)(hit - at));
		buf_add(&out, replacement.p, replacement.n);
		at = hit + name.len;
	}
	buf_add(&out, at, (size_t)(end - at));
	buf_free(&name);
	buf_free(text);
	*text = out;
}

static enum node_result fill_template(struct node_ctx *ctx)
{
	struct sv source = node_sv(ctx, "template");
	const struct value *values = node_get(ctx, "values");
	struct value *result = NULL;
	struct value *v;
	struct buf text;
	struct err err;
	struct sv key;

	buf_init(&text, BUF_MAX_BODY);
	buf_add(&text, source.p, source.n);
	for (size_t i = 0; !text.failed && text.len && map_entry(values, i, &key, &v); i++) {
		struct value *replacement = pyform_str_value(v);

		if (replacement)
			replace_key(&text, key, value_sv(replacement));
		text.failed |= !replacement;
		value_unref(replacement);
	}
	if (text.failed)
		err_set(&err, 400, "it is too long");
	else
		result = pyjson_parse(text.data ? text.data : "", text.len, &err);
	buf_free(&text);
	if (!result)
		return node_fail(ctx, "the filled template is no JSON: %s", err.detail);
	if (value_kind(result) == VALUE_MAP)
		return done(ctx, result);
	value_unref(result);
	return node_fail(ctx, "the filled template must hold an object");
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_prop parse_dict_props[] = {
	{ .name = "json_string", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_slot parse_dict_outputs[] = {
	{ .name = "output", .type = "dict" },
	{ 0 },
};

static const struct node_slot parse_list_outputs[] = {
	{ .name = "output", .type = "list" },
	{ 0 },
};

static const struct node_prop stringify_json_props[] = {
	{ .name = "data", .type = "any", .def = "{}" },
	{ .name = "indent", .type = "int", .def = "2" },
	{ 0 },
};

static const struct node_slot stringify_json_outputs[] = {
	{ .name = "output", .type = "str" },
	{ 0 },
};

static const struct node_prop get_json_path_str_props[] = {
	{ .name = "data", .type = "any", .def = "{}" },
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "default", .type = "str", .def = "\"\"" },
	{ 0 },
};

static const struct node_prop get_json_path_int_props[] = {
	{ .name = "data", .type = "any", .def = "{}" },
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "default", .type = "int", .def = "0" },
	{ 0 },
};

static const struct node_slot get_json_path_int_outputs[] = {
	{ .name = "output", .type = "int" },
	{ 0 },
};

static const struct node_prop get_json_path_float_props[] = {
	{ .name = "data", .type = "any", .def = "{}" },
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "default", .type = "float", .def = "0.0" },
	{ 0 },
};

static const struct node_slot get_json_path_float_outputs[] = {
	{ .name = "output", .type = "float" },
	{ 0 },
};

static const struct node_prop get_json_path_bool_props[] = {
	{ .name = "data", .type = "any", .def = "{}" },
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "default", .type = "bool", .def = "false" },
	{ 0 },
};

static const struct node_slot get_json_path_bool_outputs[] = {
	{ .name = "output", .type = "bool" },
	{ 0 },
};

static const struct node_prop get_json_path_list_props[] = {
	{ .name = "data", .type = "any", .def = "{}" },
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "default", .type = "list", .def = "[]" },
	{ 0 },
};

static const struct node_prop get_json_path_dict_props[] = {
	{ .name = "data", .type = "any", .def = "{}" },
	{ .name = "path", .type = "str", .def = "\"\"" },
	{ .name = "default", .type = "dict", .def = "{}" },
	{ 0 },
};

static const struct node_prop validate_json_props[] = {
	{ .name = "data", .type = "any", .def = "{}" },
	{ .name = "json_schema", .type = "dict", .def = "{}" },
	{ 0 },
};

static const struct node_prop filter_json_props[] = {
	{ .name = "array", .type = "list[dict]", .def = "[]" },
	{ .name = "key", .type = "str", .def = "\"\"" },
	{ .name = "value", .type = "any", .def = "{}" },
	{ 0 },
};

static const struct node_slot filter_json_outputs[] = {
	{ .name = "output", .type = "list[dict]" },
	{ 0 },
};

static const struct node_prop json_template_props[] = {
	{ .name = "template", .type = "str", .def = "\"\"" },
	{ .name = "values", .type = "dict[str,any]", .def = "{}" },
	{ 0 },
};

static const struct node_type types[] = {
	{
		.type = "lib.json.ParseDict",
		.title = "Parse Dict",
		.description = "Reads a JSON text that holds an object.",
		.props = parse_dict_props,
		.outputs = parse_dict_outputs,
		.flags = NODE_PURE,
		.process = parse_dict,
	},
	{
		.type = "lib.json.ParseList",
		.title = "Parse List",
		.description = "Reads a JSON text that holds an array.",
		.props = parse_dict_props,
		.outputs = parse_list_outputs,
		.flags = NODE_PURE,
		.process = parse_list,
	},
	{
		.type = "lib.json.StringifyJSON",
		.title = "Stringify JSON",
		.description = "Writes any data as JSON text.",
		.props = stringify_json_props,
		.outputs = stringify_json_outputs,
		.flags = NODE_PURE,
		.process = stringify,
	},
	{
		.type = "lib.json.GetJSONPathStr",
		.title = "Get JSONPath Str",
		.description = "Takes a value out of nested data by a dotted path, as text.",
		.props = get_json_path_str_props,
		.outputs = stringify_json_outputs,
		.flags = NODE_PURE,
		.process = path_str,
	},
	{
		.type = "lib.json.GetJSONPathInt",
		.title = "Get JSONPath Int",
		.description = "Takes a value out of nested data by a dotted path, as a whole number.",
		.props = get_json_path_int_props,
		.outputs = get_json_path_int_outputs,
		.flags = NODE_PURE,
		.process = path_int,
	},
	{
		.type = "lib.json.GetJSONPathFloat",
		.title = "Get JSONPath Float",
		.description = "Takes a value out of nested data by a dotted path, as a number.",
		.props = get_json_path_float_props,
		.outputs = get_json_path_float_outputs,
		.flags = NODE_PURE,
		.process = path_float,
	},
	{
		.type = "lib.json.GetJSONPathBool",
		.title = "Get JSONPath Bool",
		.description = "Takes a value out of nested data by a dotted path, as true or false.",
		.props = get_json_path_bool_props,
		.outputs = get_json_path_bool_outputs,
		.flags = NODE_PURE,
		.process = path_bool,
	},
	{
		.type = "lib.json.GetJSONPathList",
		.title = "Get JSONPath List",
		.description = "Takes a value out of nested data by a dotted path, as a list.",
		.props = get_json_path_list_props,
		.outputs = parse_list_outputs,
		.flags = NODE_PURE,
		.process = path_list,
	},
	{
		.type = "lib.json.GetJSONPathDict",
		.title = "Get JSONPath Dict",
		.description = "Takes a value out of nested data by a dotted path, as an object.",
		.props = get_json_path_dict_props,
		.outputs = parse_dict_outputs,
		.flags = NODE_PURE,
		.process = path_dict,
	},
	{
		.type = "lib.json.ValidateJSON",
		.title = "Validate JSON",
		.description = "Checks data against a JSON Schema.",
		.props = validate_json_props,
		.outputs = get_json_path_bool_outputs,
		.flags = NODE_PURE,
		.process = validate,
	},
	{
		.type = "lib.json.FilterJSON",
		.title = "Filter JSON",
		.description = "Keeps the objects of an array whose key has the given value.",
		.props = filter_json_props,
		.outputs = filter_json_outputs,
		.flags = NODE_PURE,
		.process = filter,
	},
	{
		.type = "lib.json.JSONTemplate",
		.title = "JSON Template",
		.description = "Fills $names of a JSON text with values and reads the result.",
		.props = json_template_props,
		.outputs = parse_dict_outputs,
		.flags = NODE_PURE,
		.process = fill_template,
	},
};

NODE_TABLE(nodes_lib_json, types);
