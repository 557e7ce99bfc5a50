/* Type metadata: reading, fit along edges, fit and conversion of values. */
#include "graph/graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TYPE_MAX_DEPTH 16
#define TYPE_MAX_TEXT 4096

/* Whole floats beyond this are integers that JavaScript clients could not write otherwise (notes-clients section 1). */
#define FLOAT_INT_FROM 4294967295.0

static const struct {
	const char *name;
	enum type_kind kind;
} kinds[] = {
	{ "any", TYPE_ANY },     { "none", TYPE_NONE },   { "int", TYPE_INT },       { "float", TYPE_FLOAT },
	{ "bool", TYPE_BOOL },   { "str", TYPE_STR },     { "bytes", TYPE_BYTES },   { "list", TYPE_LIST },
	{ "tuple", TYPE_TUPLE }, { "dict", TYPE_DICT },   { "object", TYPE_OBJECT }, { "enum", TYPE_ENUM },
	{ "union", TYPE_UNION },
};

static const struct type any_type = { .kind = TYPE_ANY, .name = "any" };

const struct type *type_any(void)
{
	return &any_type;
}

static void resolve(struct type *type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].name, type->name) == 0) {
			type->kind = kinds[i].kind;
			return;
		}
	}
	type->kind = TYPE_TYPED;
	type->typed = typed_find(type->name);
	if (str_starts(type->name, "comfy."))
		type->kind = TYPE_COMFY;
}

/* ---- short form --------------------------------------------------------------------------------------- */

struct reader {
	struct arena *arena;
	const char *p;
	int depth;
};

static size_t word_length(const char *p)
{
	size_t n = 0;

	while ((p[n] >= 'a' && p[n] <= 'z') || (p[n] >= 'A' && p[n] <= 'Z') || (p[n] >= '0' && p[n] <= '9') ||
	       p[n] == '_' || p[n] == '.')
		n++;
	return n;
}

/* enum(dotted.Name:value|value): the name may be empty; a value holds neither '|' nor ')'. */
static int read_enum(struct reader *r, struct type *type)
{
	const char *end = strchr(r->p, ')');
	const char *colon = strchr(r->p, ':');
	struct value *values;
	struct sv rest;
	struct sv part;

	if (!end || !colon || colon > end)
		return -1;
	if (colon > r->p + 1)
		type->type_name = arena_strndup(r->arena, r->p + 1, (size_t)(colon - r->p - 1));
	values = value_list();
	arena_defer(r->arena, value_unref_ptr, values);
	rest = (struct sv){ colon + 1, (size_t)(end - colon - 1) };
	while (sv_split(&rest, '|', &part))
		list_push(values, value_strn(part.p, part.n));
	type->values = values;
	r->p = end + 1;
	return 0;
}

static const struct type *read_short(struct reader *r);

static int read_args(struct reader *r, struct type *type)
{
	const struct type *args[64];

	do {
		r->p++;
		if (type->arg_count == ARRAY_LEN(args) || !(args[type->arg_count] = read_short(r)))
			return -1;
		type->arg_count++;
	} while (*r->p == ',');
	if (*r->p++ != ']')
		return -1;
	const struct type **copy = arena_alloc(r->arena, type->arg_count * sizeof(*copy));

	memcpy(copy, args, type->arg_count * sizeof(*copy));
	type->args = copy;
	return 0;
}

static const struct type *read_short(struct reader *r)
{
	size_t n = word_length(r->p);
	struct type *type = arena_alloc(r->arena, sizeof(*type));

	if (n == 0 || ++r->depth > TYPE_MAX_DEPTH)
		return NULL;
	type->name = arena_strndup(r->arena, r->p, n);
	r->p += n;
	if (*r->p == '(' && read_enum(r, type) != 0)
		return NULL;
	if (*r->p == '[' && read_args(r, type) != 0)
		return NULL;
	if (*r->p == '?') {
		type->optional = true;
		r->p++;
	}
	resolve(type);
	r->depth--;
	return type;
}

const struct type *type_parse(struct arena *arena, const char *text, struct err *err)
{
	struct reader r = { .arena = arena, .p = text };
	const struct type *type;
	struct value *metadata;
	struct json_error why;

	if (*text == '{') {
		metadata = json_parse(text, strlen(text), &why);
		if (!metadata) {
			err_set(err, 422, "not type metadata: %s", why.message);
			return NULL;
		}
		arena_defer(arena, value_unref_ptr, metadata);
		return type_from_value(arena, metadata, err);
	}
	type = read_short(&r);
	if (!type || *r.p != '\0') {
		err_set(err, 422, "not a type: %.100s", text);
		return NULL;
	}
	return type;
}

/* ---- metadata ----------------------------------------------------------------------------------------- */

static const struct type *from_value(struct arena *arena, const struct value *metadata, int depth, struct err *err)
{
	struct type *type;
	struct value *list;

	if (!value_is(metadata, VALUE_MAP) || depth > TYPE_MAX_DEPTH || !map_str(metadata, "type", NULL)) {
		err_set(err, 422, "type metadata must be an object with a text `type`");
		return NULL;
	}
	type = arena_alloc(arena, sizeof(*type));
	type->name = arena_strdup(arena, map_str(metadata, "type", ""));
	type->optional = map_bool(metadata, "optional", false);
	if (map_str(metadata, "type_name", NULL))
		type->type_name = arena_strdup(arena, map_str(metadata, "type_name", ""));
	list = map_get(metadata, "values");
	if (value_is(list, VALUE_LIST)) {
		type->values = value_ref(list);
		arena_defer(arena, value_unref_ptr, list);
	}
	list = map_get(metadata, "type_args");
	if (value_is(list, VALUE_LIST) && value_len(list) > 0) {
		const struct type **args = arena_alloc(arena, value_len(list) * sizeof(*args));

		for (size_t i = 0; i < value_len(list); i++)
			if (!(args[i] = from_value(arena, list_at(list, i), depth + 1, err)))
				return NULL;
		type->args = args;
		type->arg_count = value_len(list);
	}
	resolve(type);
	return type;
}

const struct type *type_from_value(struct arena *arena, const struct value *metadata, struct err *err)
{
	return from_value(arena, metadata, 0, err);
}

struct value *type_metadata(const struct type *type)
{
	struct value *map = value_map();
	struct value *args = value_list();

	for (size_t i = 0; i < type->arg_count; i++)
		list_push(args, type_metadata(type->args[i]));
	map_set_str(map, "type", type->name);
	map_set_bool(map, "optional", type->optional);
	map_set(map, "values", type->values ? value_copy(type->values) : value_null());
	map_set(map, "type_args", args);
	map_set_str(map, "type_name", type->type_name);
	return map;
}

/* ---- fit along edges ---------------------------------------------------------------------------------- */

static const struct type *argument(const struct type *type, size_t i)
{
	return i < type->arg_count ? type->args[i] : &any_type;
}

static bool fits_some(const struct type *source, const struct type *target)
{
	for (size_t i = 0; i < target->arg_count; i++)
		if (type_fits(source, target->args[i]))
			return true;
	return false;
}

static bool some_fits(const struct type *source, const struct type *target)
{
	for (size_t i = 0; i < source->arg_count; i++)
		if (type_fits(source->args[i], target))
			return true;
	return false;
}

static bool each_fits_some(const struct type *source, const struct type *target)
{
	for (size_t i = 0; i < source->arg_count; i++)
		if (!fits_some(source->args[i], target))
			return false;
	return true;
}

static bool list_has(const struct value *list, const struct value *v)
{
	for (size_t i = 0; i < value_len(list); i++)
		if (value_equal(list_at(list, i), v))
			return true;
	return false;
}

static bool same_values(const struct value *a, const struct value *b)
{
	if (!a || !b)
		return true;
	for (size_t i = 0; i < value_len(a); i++)
		if (!list_has(b, list_at(a, i)))
			return false;
	for (size_t i = 0; i < value_len(b); i++)
		if (!list_has(a, list_at(b, i)))
			return false;
	return true;
}

static bool is_number(const struct type *type)
{
	return type->kind == TYPE_INT || type->kind == TYPE_FLOAT;
}

bool type_fits(const struct type *source, const struct type *target)
{
	if (source->kind == TYPE_ANY || target->kind == TYPE_ANY || (is_number(source) && is_number(target)))
		return true;
	if (target->kind == TYPE_UNION)
		return source->kind == TYPE_UNION ? each_fits_some(source, target) : fits_some(source, target);
	if (source->kind == TYPE_UNION)
		return some_fits(source, target);
	if (target->kind == TYPE_LIST && target->arg_count > 0 && source->kind != TYPE_LIST)
		return type_fits(source, target->args[0]);
	if (strcmp(source->name, target->name) != 0)
		return false;
	switch (target->kind) {
	case TYPE_LIST:
		return type_fits(argument(source, 0), argument(target, 0));
	case TYPE_DICT:
		return source->arg_count != 2 || target->arg_count != 2 ||
		       (type_fits(source->args[0], target->args[0]) && type_fits(source->args[1], target->args[1]));
	case TYPE_ENUM:
		return same_values(source->values, target->values);
	default:
		return true;
	}
}

/* ---- values ------------------------------------------------------------------------------------------- */

bool type_value_empty(const struct value *v)
{
	if (value_is_null(v))
		return true;
	return (value_is(v, VALUE_LIST) || (value_is(v, VALUE_MAP) && !map_is_typed(v))) && value_len(v) == 0;
}

const char *type_of_value(const struct value *v)
{
	switch (value_kind(v)) {
	case VALUE_NULL:
		return "none";
	case VALUE_BOOL:
		return "bool";
	case VALUE_INT:
	case VALUE_BIGINT:
		return "int";
	case VALUE_FLOAT:
		return "float";
	case VALUE_STR:
		return "str";
	case VALUE_BYTES:
		return "bytes";
	case VALUE_LIST:
		return list_is_tuple(v) ? "tuple" : "list";
	case VALUE_MAP:
		return map_is_typed(v) ? map_str(v, "type", "any") : "dict";
	case VALUE_OBJECT:
		return value_object_class(v)->type_name;
	}
	return "any";
}

static struct value *misfit(const struct type *type, const struct value *v, struct err *err)
{
	err_set(err, 422, "Invalid value: %s does not fit %s", type_of_value(v), type->name);
	return NULL;
}

/* The item in a list of the element type: the list itself as long as nothing had to change. */
static struct value *convert_list(const struct type *type, struct value *v, int flags, struct err *err)
{
	const struct type *element = argument(type, 0);
	struct value *out = value_ref(v);
	struct value *item;

	if (element->kind == TYPE_ANY)
		return out;
	for (size_t i = 0; i < value_len(v); i++) {
		/* Null inside a list fits only where the element type takes it. */
		item = type_convert(element, list_at(v, i), flags, err);
		if (!item) {
			value_unref(out);
			return NULL;
		}
		if (item == list_at(v, i)) {
			value_unref(item);
			continue;
		}
		value_make_writable(&out);
		list_set(out, i, item);
	}
	return out;
}

static struct value *convert_dict(const struct type *type, struct value *v, int flags, struct err *err)
{
	struct value *item;
	struct value *out;
	struct value *converted;
	struct sv key;

	if (type->arg_count != 2 || type->args[1]->kind == TYPE_ANY)
		return value_ref(v);
	out = value_ref(v);
	for (size_t i = 0; map_entry(v, i, &key, &item); i++) {
		converted = type_convert(type->args[1], item, flags, err);
		if (!converted) {
			value_unref(out);
			return NULL;
		}
		if (converted == item) {
			value_unref(converted);
			continue;
		}
		value_make_writable(&out);
		map_setn(out, key.p, key.n, converted);
	}
	return out;
}

static struct value *convert_int(const struct type *type, struct value *v, int flags, struct err *err)
{
	double d;

	if (value_is(v, VALUE_INT) || value_is(v, VALUE_BIGINT))
		return value_ref(v);
	if (!value_is(v, VALUE_FLOAT))
		return misfit(type, v, err);
	d = value_as_float(v);
	if (!(flags & TYPE_FROM_EDGE) && (d != floor(d) || (!(flags & TYPE_IN_FIELD) && fabs(d) <= FLOAT_INT_FROM)))
		return misfit(type, v, err);
	if (!(d > -9223372036854775808.0 && d < 9223372036854775808.0))
		return misfit(type, v, err);
	return value_int((int64_t)d);
}

static struct value *convert_union(const struct type *type, struct value *v, int flags, struct err *err)
{
	struct value *out;

	/* First as it is (an int stays an int beside float), then with the freedoms of an edge. */
	for (size_t i = 0; i < type->arg_count; i++)
		if ((out = type_convert(type->args[i], v, 0, NULL)))
			return out;
	for (size_t i = 0; flags && i < type->arg_count; i++)
		if ((out = type_convert(type->args[i], v, flags, NULL)))
			return out;
	return misfit(type, v, err);
}

static struct value *convert_typed(const struct type *type, struct value *v, struct err *err)
{
	const struct value_class *cls;

	if (value_is(v, VALUE_OBJECT)) {
		cls = value_object_class(v);
		return strcmp(cls->type_name, type->name) == 0 ? value_ref(v) : misfit(type, v, err);
	}
	if (!type->typed || !value_is(v, VALUE_MAP))
		return misfit(type, v, err);
	if (typed_tag(type->typed) && map_get(v, "type") &&
	    strcmp(map_str(v, "type", ""), typed_tag(type->typed)) != 0)
		return misfit(type, v, err);
	if (map_is_typed(v))
		return value_ref(v);
	return typed_make(type->typed, v, err);
}

/* Kinds whose values fit as they are. */
static bool fits_plainly(const struct type *type, const struct value *v)
{
	switch (type->kind) {
	case TYPE_NONE:
		return value_is_null(v);
	case TYPE_FLOAT:
		return value_is_number(v) || value_is(v, VALUE_BOOL);
	case TYPE_BOOL:
		return value_is(v, VALUE_BOOL);
	case TYPE_STR:
		return value_is(v, VALUE_STR);
	case TYPE_TUPLE:
		return value_is(v, VALUE_LIST);
	case TYPE_OBJECT:
		return value_is(v, VALUE_OBJECT) || value_is(v, VALUE_BYTES) ||
		       (value_is(v, VALUE_MAP) && map_is_typed(v));
	case TYPE_ENUM:
		return !type->values || list_has(type->values, v);
	default:
		return true;
	}
}

/* An object with a "type" is a typed value or refused, even for a plain dict. */
static bool fits_dict(const struct value *v, int flags)
{
	if (!value_is(v, VALUE_MAP) || map_is_typed(v))
		return false;
	return (flags & TYPE_IN_FIELD) || !map_get(v, "type") || strcmp(map_str(v, "type", ""), "dict") == 0;
}

struct value *type_convert(const struct type *type, struct value *v, int flags, struct err *err)
{
	struct value *list;
	struct value *item;

	if (type->optional && value_is_null(v))
		return value_ref(v);
	switch (type->kind) {
	case TYPE_INT:
		return convert_int(type, v, flags, err);
	case TYPE_UNION:
		return convert_union(type, v, flags, err);
	case TYPE_TYPED:
		return convert_typed(type, v, err);
	case TYPE_DICT:
		return fits_dict(v, flags) ? convert_dict(type, v, flags, err) : misfit(type, v, err);
	case TYPE_BYTES:
		if ((flags & TYPE_IN_FIELD) && value_is(v, VALUE_STR))
			return value_bytes(value_text(v), value_len(v));
		return value_is(v, VALUE_BYTES) ? value_ref(v) : misfit(type, v, err);
	case TYPE_LIST:
		if (value_is(v, VALUE_LIST))
			return convert_list(type, v, flags, err);
		item = type_convert(argument(type, 0), v, flags, err);
		if (!item)
			return NULL;
		list = value_list();
		list_push(list, item);
		return list;
	default:
		return fits_plainly(type, v) ? value_ref(v) : misfit(type, v, err);
	}
}
