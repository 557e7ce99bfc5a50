/* Is a schema itself in order, and what do its references mean. */
#include "wsd/nodes/json_schema_check.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH JSON_MAX_DEPTH

enum form {
	FORM_SCHEMA,
	FORM_SCHEMAS, /* a list of at least one */
	FORM_ITEMS,   /* a schema, or a list of them (older drafts) */
	FORM_SCHEMA_MAP,
	FORM_DEPENDENCIES, /* a map of schemas or lists of names */
	FORM_NAMES_MAP,
	FORM_NAMES, /* a list of different texts */
	FORM_TYPE,
	FORM_LIST,
	FORM_COUNT, /* a whole number from 0 */
	FORM_NUMBER,
	FORM_POSITIVE,
	FORM_BOOL,
	FORM_TEXT
};

static const struct {
	const char *keyword;
	enum form form;
} forms[] = {
	{ "type", FORM_TYPE },
	{ "enum", FORM_LIST },
	{ "multipleOf", FORM_POSITIVE },
	{ "minimum", FORM_NUMBER },
	{ "maximum", FORM_NUMBER },
	{ "exclusiveMinimum", FORM_NUMBER },
	{ "exclusiveMaximum", FORM_NUMBER },
	{ "minLength", FORM_COUNT },
	{ "maxLength", FORM_COUNT },
	{ "minItems", FORM_COUNT },
	{ "maxItems", FORM_COUNT },
	{ "minProperties", FORM_COUNT },
	{ "maxProperties", FORM_COUNT },
	{ "minContains", FORM_COUNT },
	{ "maxContains", FORM_COUNT },
	{ "pattern", FORM_TEXT },
	{ "format", FORM_TEXT },
	{ "title", FORM_TEXT },
	{ "description", FORM_TEXT },
	{ "$ref", FORM_TEXT },
	{ "$dynamicRef", FORM_TEXT },
	{ "$id", FORM_TEXT },
	{ "$anchor", FORM_TEXT },
	{ "$schema", FORM_TEXT },
	{ "$comment", FORM_TEXT },
	{ "uniqueItems", FORM_BOOL },
	{ "deprecated", FORM_BOOL },
	{ "readOnly", FORM_BOOL },
	{ "writeOnly", FORM_BOOL },
	{ "examples", FORM_LIST },
	{ "required", FORM_NAMES },
	{ "prefixItems", FORM_SCHEMAS },
	{ "items", FORM_ITEMS },
	{ "additionalItems", FORM_SCHEMA },
	{ "contains", FORM_SCHEMA },
	{ "properties", FORM_SCHEMA_MAP },
	{ "patternProperties", FORM_SCHEMA_MAP },
	{ "additionalProperties", FORM_SCHEMA },
	{ "propertyNames", FORM_SCHEMA },
	{ "dependentRequired", FORM_NAMES_MAP },
	{ "dependentSchemas", FORM_SCHEMA_MAP },
	{ "dependencies", FORM_DEPENDENCIES },
	{ "allOf", FORM_SCHEMAS },
	{ "anyOf", FORM_SCHEMAS },
	{ "oneOf", FORM_SCHEMAS },
	{ "not", FORM_SCHEMA },
	{ "if", FORM_SCHEMA },
	{ "then", FORM_SCHEMA },
	{ "else", FORM_SCHEMA },
	{ "$defs", FORM_SCHEMA_MAP },
	{ "definitions", FORM_SCHEMA_MAP },
};

static bool check_schema(const struct value *schema, int depth, const char **wrong);

static bool is_type_name(const struct value *v)
{
	static const char *const names[] = { "array", "boolean", "integer", "null", "number", "object", "string" };

	for (size_t i = 0; value_kind(v) == VALUE_STR && i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i], value_text(v)) == 0)
			return true;
	}
	return false;
}

/* A list of different texts, each of which passes `test` (NULL: any text). */
static bool is_names(const struct value *v, bool (*test)(const struct value *))
{
	if (value_kind(v) != VALUE_LIST)
		return false;
	for (size_t i = 0; i < value_len(v); i++) {
		if (value_kind(list_at(v, i)) != VALUE_STR || (test && !test(list_at(v, i))))
			return false;
		for (size_t k = 0; k < i; k++) {
			if (value_equal(list_at(v, i), list_at(v, k)))
				return false;
		}
	}
	return true;
}

static bool is_schema_list(const struct value *v, int depth, const char **wrong)
{
	if (value_kind(v) != VALUE_LIST || value_len(v) == 0)
		return false;
	for (size_t i = 0; i < value_len(v); i++) {
		if (!check_schema(list_at(v, i), depth, wrong))
			return false;
	}
	return true;
}

static bool is_map_of(const struct value *v, enum form form, int depth, const char **wrong)
{
	struct value *item;

	if (value_kind(v) != VALUE_MAP)
		return false;
	for (size_t i = 0; map_entry(v, i, NULL, &item); i++) {
		bool names = form == FORM_NAMES_MAP || (form == FORM_DEPENDENCIES && value_kind(item) == VALUE_LIST);

		if (names ? !is_names(item, NULL) : !check_schema(item, depth, wrong))
			return false;
	}
	return true;
}

static bool is_count(const struct value *v)
{
	double d = value_as_float(v);

	return value_is_number(v) && d >= 0 && d == trunc(d);
}

static bool has_form(const struct value *v, enum form form, int depth, const char **wrong)
{
	switch (form) {
	case FORM_SCHEMA:
		return check_schema(v, depth, wrong);
	case FORM_SCHEMAS:
		return is_schema_list(v, depth, wrong);
	case FORM_ITEMS:
		return value_kind(v) == VALUE_LIST ? is_schema_list(v, depth, wrong) : check_schema(v, depth, wrong);
	case FORM_SCHEMA_MAP:
	case FORM_DEPENDENCIES:
	case FORM_NAMES_MAP:
		return is_map_of(v, form, depth, wrong);
	case FORM_NAMES:
		return is_names(v, NULL);
	case FORM_TYPE:
		return value_kind(v) == VALUE_LIST ? value_len(v) > 0 && is_names(v, is_type_name) : is_type_name(v);
	case FORM_LIST:
		return value_kind(v) == VALUE_LIST;
	case FORM_COUNT:
		return is_count(v);
	case FORM_NUMBER:
		return value_is_number(v);
	case FORM_POSITIVE:
		return value_is_number(v) && value_as_float(v) > 0;
	case FORM_BOOL:
		return value_kind(v) == VALUE_BOOL;
	default:
		return value_kind(v) == VALUE_STR;
	}
}

static bool check_schema(const struct value *schema, int depth, const char **wrong)
{
	if (value_kind(schema) == VALUE_BOOL)
		return true;
	if (value_kind(schema) != VALUE_MAP || depth > MAX_DEPTH)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		const struct value *v = map_get(schema, forms[i].keyword);

		if (v && !has_form(v, forms[i].form, depth + 1, wrong)) {
			if (!*wrong)
				*wrong = forms[i].keyword;
			return false;
		}
	}
	return true;
}

int json_schema_check(const struct value *schema, struct err *err)
{
	const char *wrong = NULL;

	if (check_schema(schema, 0, &wrong))
		return 0;
	return err_set(err, 400, "the schema is wrong at '%s'", wrong ? wrong : "its top");
}

/* ---- references --------------------------------------------------------------------------------------- */

/* One part of a JSON pointer, with %XX, ~1 and ~0 resolved. */
static void unescape(struct sv part, struct buf *out)
{
	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];

		if (c == '%' && i + 2 < part.n && isxdigit((unsigned char)part.p[i + 1]) &&
		    isxdigit((unsigned char)part.p[i + 2])) {
			char hex[3] = { part.p[i + 1], part.p[i + 2], '\0' };

			c = (char)strtol(hex, NULL, 16);
			i += 2;
		} else if (c == '~' && i + 1 < part.n && (part.p[i + 1] == '0' || part.p[i + 1] == '1')) {
			c = part.p[++i] == '0' ? '~' : '/';
		}
		buf_addc(out, c);
	}
}

static const struct value *step(const struct value *at, const char *name)
{
	char *end;
	unsigned long index;

	if (value_kind(at) == VALUE_MAP)
		return map_get(at, name);
	index = strtoul(name, &end, 10);
	return isdigit((unsigned char)*name) && !*end ? list_at(at, index) : NULL;
}

static const struct value *follow_pointer(const struct value *at, struct sv pointer)
{
	struct sv part;

	sv_split(&pointer, '/', &part);
	while (at && sv_split(&pointer, '/', &part)) {
		struct buf name;

		buf_init(&name, BUF_MAX_SMALL);
		unescape(part, &name);
		at = step(at, name.data ? name.data : "");
		buf_free(&name);
	}
	return at;
}

static const struct value *find_anchor(const struct value *at, struct sv name, int depth)
{
	struct value *item;
	const struct value *found = NULL;

	if (depth > MAX_DEPTH)
		return NULL;
	if (value_kind(at) == VALUE_MAP) {
		if (sv_eq(name, map_str(at, "$anchor", "")) || sv_eq(name, map_str(at, "$dynamicAnchor", "")))
			return at;
		for (size_t i = 0; !found && map_entry(at, i, NULL, &item); i++)
			found = find_anchor(item, name, depth + 1);
	}
	for (size_t i = 0; !found && value_kind(at) == VALUE_LIST && i < value_len(at); i++)
		found = find_anchor(list_at(at, i), name, depth + 1);
	return found;
}

const struct value *json_schema_resolve(const struct value *root, struct sv ref)
{
	const char *id = map_str(root, "$id", "");
	size_t id_len = strlen(id);

	if (id_len && ref.n >= id_len && memcmp(ref.p, id, id_len) == 0) {
		ref.p += id_len;
		ref.n -= id_len;
		if (ref.n == 0)
			return root;
	}
	if (ref.n == 0 || *ref.p != '#')
		return NULL;
	if (ref.n == 1)
		return root;
	if (ref.p[1] == '/')
		return follow_pointer(root, (struct sv){ ref.p + 1, ref.n - 1 });
	return find_anchor(root, (struct sv){ ref.p + 1, ref.n - 1 }, 0);
}
