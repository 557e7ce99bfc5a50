/* The OpenAPI 3.1 fragment of a router, from its tables (`NAME --describe`): one line of JSON. */
#include "http/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct value *schema_of(const struct field *field, struct value *schemas);

static struct value *type_schema(const char *type)
{
	struct value *s = value_map();

	map_set_str(s, "type", type);
	return s;
}

static struct value *choices_schema(const char *choices)
{
	struct value *s = type_schema("string");
	struct value *words = value_list();
	struct sv rest = sv_of(choices);
	struct sv word;

	while (sv_split(&rest, '|', &word))
		list_push(words, value_strn(word.p, word.n));
	map_set(s, "enum", words);
	return s;
}

static struct value *model_schema(const struct field *fields, struct value *schemas)
{
	struct value *s = type_schema("object");
	struct value *properties = value_map();
	struct value *required = value_list();

	for (const struct field *f = fields; f->name; f++) {
		if (f->flags & FIELD_HIDDEN)
			continue;
		map_set(properties, f->name, schema_of(f, schemas));
		if (f->flags & FIELD_REQUIRED)
			list_push(required, value_str(f->name));
	}
	map_set(s, "properties", properties);
	if (value_len(required))
		map_set(s, "required", required);
	else
		value_unref(required);
	return s;
}

/* A named model stands once under components and is referred to; marked first, for models that contain themselves. */
static struct value *reference(const struct field *field, struct value *schemas)
{
	struct value *s = value_map();

	if (!map_get(schemas, field->model_name)) {
		map_set(schemas, field->model_name, value_null());
		map_set(schemas, field->model_name, model_schema(field->model, schemas));
	}
	map_set(s, "$ref", value_strf("#/components/schemas/%s", field->model_name));
	return s;
}

static struct value *union_schema(const struct field *field, struct value *schemas)
{
	struct value *s = value_map();
	struct value *options = value_list();

	for (const struct field *f = field->options; f->name; f++)
		list_push(options, schema_of(f, schemas));
	map_set(s, "anyOf", options);
	return s;
}

static struct value *kind_schema(const struct field *field, struct value *schemas)
{
	struct value *s;

	switch (field->kind) {
	case FIELD_STR:
		return type_schema("string");
	case FIELD_INT:
		return type_schema("integer");
	case FIELD_FLOAT:
		return type_schema("number");
	case FIELD_BOOL:
		return type_schema("boolean");
	case FIELD_OBJECT:
		s = type_schema("object");
		map_set(s, "additionalProperties", field->item ? schema_of(field->item, schemas) : value_bool(true));
		return s;
	case FIELD_LIST:
		s = type_schema("array");
		map_set(s, "items", field->item ? schema_of(field->item, schemas) : value_map());
		return s;
	case FIELD_MODEL:
		return field->model_name ? reference(field, schemas) : model_schema(field->model, schemas);
	case FIELD_CHOICE:
	case FIELD_ENUM:
		return choices_schema(field->choices);
	case FIELD_UNION:
		return union_schema(field, schemas);
	case FIELD_DATETIME:
	case FIELD_FILE:
		s = type_schema("string");
		map_set_str(s, "format", field->kind == FIELD_FILE ? "binary" : "date-time");
		return s;
	case FIELD_ANY:
		break;
	}
	return value_map();
}

static void add_bounds(struct value *s, const struct field *field)
{
	bool list = field->kind == FIELD_LIST;

	if (field->flags & FIELD_MIN)
		map_set_int(s, "minimum", field->min);
	if (field->flags & FIELD_MAX)
		map_set_int(s, "maximum", field->max);
	if (field->min_len)
		map_set_int(s, list ? "minItems" : "minLength", (int64_t)field->min_len);
	if (field->max_len)
		map_set_int(s, list ? "maxItems" : "maxLength", (int64_t)field->max_len);
}

static struct value *schema_of(const struct field *field, struct value *schemas)
{
	struct value *s = kind_schema(field, schemas);
	struct value *outer = s;

	add_bounds(s, field);
	if (field->flags & FIELD_NULLABLE) {
		struct value *options = value_list();

		list_push(options, s);
		list_push(options, type_schema("null"));
		outer = value_map();
		map_set(outer, "anyOf", options);
	}
	if (field->def)
		map_set(outer, "default", json_parse(field->def, strlen(field->def), NULL));
	if (field->description)
		map_set_str(outer, "description", field->description);
	return outer;
}

static void add_parameter(struct value *list, const struct field *field, const char *where, struct value *schemas)
{
	struct value *p = value_map();

	map_set_str(p, "name", field->name);
	map_set_str(p, "in", where);
	map_set_bool(p, "required", *where == 'p' || (field->flags & FIELD_REQUIRED));
	if (field->description)
		map_set_str(p, "description", field->description);
	map_set(p, "schema", schema_of(field, schemas));
	list_push(list, p);
}

static const struct field *declared(const struct field *fields, const char *name)
{
	for (; fields && fields->name; fields++) {
		if (strcmp(fields->name, name) == 0)
			return fields;
	}
	return NULL;
}

/* The pattern with {key:path} shown as {key}; its parameters are appended to `list`. */
static char *shown_path(const struct route *route, struct value *list, struct value *schemas)
{
	struct buf out;
	const char *p = route->pattern;

	buf_init(&out, BUF_MAX_SMALL);
	while (*p) {
		char name[64];
		size_t n;
		struct field plain = { .name = name, .kind = FIELD_STR };
		const struct field *field;

		if (*p != '{') {
			buf_addc(&out, *p++);
			continue;
		}
		n = strcspn(++p, ":}");
		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		buf_printf(&out, "{%s}", name);
		field = declared(route->path, name);
		add_parameter(list, field ? field : &plain, "path", schemas);
		p += strcspn(p, "}");
		p += *p == '}';
	}
	return buf_take(&out);
}

static struct value *content(const char *type, struct value *schema)
{
	struct value *media = value_map();
	struct value *c = value_map();

	map_set(media, "schema", schema);
	map_set(c, type, media);
	return c;
}

static struct value *answer(const char *description, const char *type, struct value *schema)
{
	struct value *a = value_map();

	map_set_str(a, "description", description);
	map_set(a, "content", content(type, schema));
	return a;
}

static struct value *ref_schema(const char *name)
{
	struct value *s = value_map();

	map_set(s, "$ref", value_strf("#/components/schemas/%s", name));
	return s;
}

static struct value *body_of(const struct route *route, struct value *schemas)
{
	struct value *b = value_map();

	map_set_bool(b, "required", !(route->flags & ROUTE_BODY_OPTIONAL));
	if (route->flags & ROUTE_MULTIPART)
		map_set(b, "content", content("multipart/form-data", model_schema(route->form, schemas)));
	else if (route->body)
		map_set(b, "content", content("application/json", schema_of(route->body, schemas)));
	else
		map_set(b, "content", content("application/octet-stream", type_schema("string")));
	return b;
}

/* A name that client generators can use: method and path in snake case. */
static struct value *operation_id(const struct route *route)
{
	struct buf id;
	struct value *v;

	buf_init(&id, BUF_MAX_SMALL);
	for (const char *p = route->method; *p; p++)
		buf_addc(&id, (char)tolower((unsigned char)*p));
	for (const char *p = route->pattern; *p; p++) {
		bool word = isalnum((unsigned char)*p) != 0;

		if (word || (id.len && id.data[id.len - 1] != '_' && p[1]))
			buf_addc(&id, word ? *p : '_');
	}
	v = value_strn(id.data, id.len);
	buf_free(&id);
	return v;
}

static struct value *operation(const char *tag, const struct route *route, struct value *parameters,
			       struct value *schemas)
{
	struct value *op = value_map();
	struct value *tags = value_list();
	struct value *answers = value_map();
	bool checked = route->body || route->query || route->path || route->form;

	list_push(tags, value_str(tag));
	map_set(op, "tags", tags);
	if (route->summary)
		map_set_str(op, "summary", route->summary);
	map_set(op, "operationId", operation_id(route));
	for (const struct field *f = route->query; f && f->name; f++) {
		if (!(f->flags & FIELD_HIDDEN))
			add_parameter(parameters, f, "query", schemas);
	}
	map_set(op, "parameters", parameters);
	if (route->body || (route->flags & (ROUTE_MULTIPART | ROUTE_RAW)))
		map_set(op, "requestBody", body_of(route, schemas));
	map_set(answers, "200", answer("Success", route->type ? route->type : "application/json",
				       route->answer ? schema_of(route->answer, schemas) : value_map()));
	if (checked)
		map_set(answers, "422", answer("Validation error", "application/json", ref_schema("HTTPValidationError")));
	map_set(op, "responses", answers);
	if (route->flags & ROUTE_OPEN)
		map_set(op, "security", value_list());
	return op;
}

static struct value *fragment(const struct router *router)
{
	struct value *doc = value_map();
	struct value *paths = value_map();
	struct value *schemas = value_map();
	struct value *components = value_map();

	for (size_t i = 0; i < router->count; i++) {
		const struct route *route = &router->routes[i];
		struct value *parameters;
		struct value *item;
		char method[16];
		char *path;
		size_t n;

		if (route->flags & ROUTE_HIDDEN)
			continue;
		parameters = value_list();
		path = shown_path(route, parameters, schemas);
		item = map_get(paths, path);
		if (!item) {
			item = value_map();
			map_set(paths, path, item);
		}
		for (n = 0; route->method[n] && n < sizeof(method) - 1; n++)
			method[n] = (char)tolower((unsigned char)route->method[n]);
		method[n] = '\0';
		map_set(item, method, operation(router->name, route, parameters, schemas));
		free(path);
	}
	map_set(components, "schemas", schemas);
	map_set(doc, "paths", paths);
	map_set(doc, "components", components);
	return doc;
}

int openapi_describe(const struct router *router)
{
	struct value *doc = fragment(router);
	struct buf out;
	bool good;

	buf_init(&out, BUF_MAX_RESPONSE);
	good = json_write(&out, doc, JSON_COMPACT) == 0 && puts(out.data) >= 0 && fflush(stdout) == 0;
	value_unref(doc);
	buf_free(&out);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
