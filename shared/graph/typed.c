/* Typed values: from the table of shapes to maps with all their fields. */
#include "graph/typed_table.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 48
#define ASSET_FIELDS "uri:str=\"\"; asset_id:str?=null; data:any=null; metadata:dict[str,any]?=null"

struct typed_field {
	const char *name;
	const struct type *type;
	struct value *def;  /* NULL: required, or `of` */
	const char *nested; /* default is a typed value of this name */
};

struct typed_class {
	struct typed_shape shape;
	bool ready;
	size_t count;
	struct typed_field *fields;
};

/* Built at the first use and kept for the life of the process; one thread. */
static struct arena *memory;
static struct typed_class *classes;
static struct value *index_by_name; /* name -> position in classes */

static void add_class(const struct typed_shape *shape)
{
	size_t n = value_len(index_by_name);

	classes[n].shape = *shape;
	map_set_int(index_by_name, shape->name, (int64_t)n);
}

static void build_index(void)
{
	size_t count = typed_shape_count;
	struct typed_shape shape = { 0 };
	const char *const *name;

	for (size_t i = 0; i < typed_family_count; i++)
		for (name = typed_families[i].names; *name; name++)
			count++;
	memory = arena_new();
	classes = arena_alloc(memory, count * sizeof(*classes));
	index_by_name = value_map();
	for (size_t i = 0; i < typed_shape_count; i++)
		add_class(&typed_shapes[i]);
	for (size_t i = 0; i < typed_family_count; i++) {
		for (name = typed_families[i].names; *name; name++) {
			shape.name = shape.tag = *name;
			shape.fields = typed_families[i].fields;
			add_class(&shape);
		}
	}
}

const struct typed_class *typed_find(const char *name)
{
	struct value *at;

	if (!index_by_name)
		build_index();
	at = map_get(index_by_name, name);
	return at ? &classes[value_as_int(at)] : NULL;
}

bool typed_is_asset(const struct typed_class *cls)
{
	return cls && cls->shape.asset;
}

const char *typed_tag(const struct typed_class *cls)
{
	return cls->shape.tag;
}

bool typed_value_is_asset(const struct value *v)
{
	return value_is(v, VALUE_MAP) && map_is_typed(v) && typed_is_asset(typed_find(map_str(v, "type", "")));
}

/* ---- fields ------------------------------------------------------------------------------------------- */

static struct typed_field *field_named(struct typed_class *cls, const char *name)
{
	for (size_t i = 0; i < cls->count; i++)
		if (strcmp(cls->fields[i].name, name) == 0)
			return &cls->fields[i];
	return &cls->fields[cls->count++];
}

static void broken(const char *cls, const char *what, const char *why)
{
	log_error("typed_table.c: %s: %s: %s", cls, what, why);
	abort();
}

/* name:type=default */
static void read_field(struct typed_class *cls, char *text)
{
	char *type = strchr(text, ':');
	char *def = type ? strchr(type, '=') : NULL;
	struct typed_field *field;
	struct json_error why;
	struct err err;

	if (!type)
		broken(cls->shape.name, text, "no type");
	*type++ = '\0';
	if (def)
		*def++ = '\0';
	field = field_named(cls, text);
	field->name = text;
	field->type = type_parse(memory, type, &err);
	if (!field->type)
		broken(cls->shape.name, text, err.detail);
	if (def && *def == '@') {
		field->nested = def + 1;
	} else if (def) {
		field->def = json_parse(def, strlen(def), &why);
		if (!field->def)
			broken(cls->shape.name, text, why.message);
	}
}

static void read_fields(struct typed_class *cls, const char *table)
{
	char *text = arena_strdup(memory, table);
	char *next;

	while (text && *text) {
		next = strstr(text, "; ");
		if (next) {
			*next = '\0';
			next += 2;
		}
		read_field(cls, text);
		text = next;
	}
}

static const struct typed_class *ready(const struct typed_class *lent)
{
	struct typed_class *cls = &classes[lent - classes];

	if (cls->ready)
		return cls;
	cls->ready = true;
	cls->fields = arena_alloc(memory, FIELDS_MAX * sizeof(*cls->fields));
	if (cls->shape.asset)
		read_fields(cls, ASSET_FIELDS);
	read_fields(cls, cls->shape.fields);
	return cls;
}

static struct value *field_value(const struct typed_class *cls, const struct typed_field *field, struct value *given,
				 struct err *err)
{
	struct value *out;
	struct err why;

	if (given) {
		out = type_convert(field->type, given, TYPE_IN_FIELD, &why);
		if (!out)
			err_set(err, 422, "%s.%s: %.200s", cls->shape.name, field->name, why.detail);
		return out;
	}
	if (field->nested)
		return typed_new(field->nested);
	if (field->def)
		return value_ref(field->def);
	err_set(err, 422, "%s: %s is required", cls->shape.name, field->name);
	return NULL;
}

struct value *typed_make(const struct typed_class *lent, const struct value *fields, struct err *err)
{
	const struct typed_class *cls = ready(lent);
	struct value *map = value_map();
	struct value *v;

	if (cls->shape.tag)
		map_set_str(map, "type", cls->shape.tag);
	for (size_t i = 0; i < cls->count; i++) {
		v = field_value(cls, &cls->fields[i], fields ? map_get(fields, cls->fields[i].name) : NULL, err);
		if (!v) {
			value_unref(map);
			return NULL;
		}
		map_set(map, cls->fields[i].name, v);
	}
	if (cls->shape.tag)
		map_mark_typed(map);
	return map;
}

struct value *typed_new(const char *name)
{
	const struct typed_class *cls = typed_find(name);
	struct value *v = cls ? typed_make(cls, NULL, NULL) : NULL;

	if (!v)
		broken(name, "typed_new", "no such type, or a field without default");
	return v;
}
