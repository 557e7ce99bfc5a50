/* JSON Schema: checking of the schema itself, references, and the keywords one by one. */
#include "wsd/nodes/json_schema.h"
#include "pytext/pytext.h"
#include "wsd/nodes/json_schema_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* References may lead in circles: no valid schema needs to go deeper than this. */
#define MAX_DEPTH 200

struct validator {
	const struct value *root;
	struct err *err;
	int depth;
};

/* 1 valid, 0 not, -1 the schema is wrong. */
static int validate(struct validator *v, const struct value *data, const struct value *schema);

static bool is_number(const struct value *v)
{
	return value_is_number(v);
}

static bool is_object(const struct value *v)
{
	return value_kind(v) == VALUE_MAP;
}

static bool is_array(const struct value *v)
{
	return value_kind(v) == VALUE_LIST;
}

/* Equal as JSON has it: true is not 1. */
static bool same(const struct value *a, const struct value *b)
{
	struct value *item;
	struct sv key;

	if ((value_kind(a) == VALUE_BOOL) != (value_kind(b) == VALUE_BOOL))
		return false;
	if (is_array(a) && is_array(b)) {
		if (value_len(a) != value_len(b))
			return false;
		for (size_t i = 0; i < value_len(a); i++) {
			if (!same(list_at(a, i), list_at(b, i)))
				return false;
		}
		return true;
	}
	if (!is_object(a) || !is_object(b))
		return value_equal(a, b);
	for (size_t i = 0; map_entry(a, i, &key, &item); i++) {
		const struct value *other = map_getn(b, key.p, key.n);

		if (!other || !same(item, other))
			return false;
	}
	return value_len(a) == value_len(b);
}

/* 1 when the text has the pattern somewhere. */
static int matches(struct validator *v, struct sv text, struct sv pattern)
{
	struct pyre *re = pyre_compile(pattern, 0, v->err);
	int found = re ? pyre_exec(re, text, 0, PYRE_SEARCH, false, v->err) : -1;

	pyre_free(re);
	return found;
}

/* ---- numbers, texts ----------------------------------------------------------------------------------- */

static bool has_type(const struct value *data, const char *type)
{
	double d = value_as_float(data);

	if (strcmp(type, "null") == 0)
		return value_kind(data) == VALUE_NULL;
	if (strcmp(type, "boolean") == 0)
		return value_kind(data) == VALUE_BOOL;
	if (strcmp(type, "string") == 0)
		return value_kind(data) == VALUE_STR;
	if (strcmp(type, "number") == 0)
		return is_number(data);
	if (strcmp(type, "integer") == 0)
		return is_number(data) && (value_kind(data) != VALUE_FLOAT || (isfinite(d) && d == trunc(d)));
	return strcmp(type, "array") == 0 ? is_array(data) : is_object(data);
}

static int check_type(struct validator *v, const struct value *data, const struct value *want,
		      const struct value *schema)
{
	(void)v;
	(void)schema;
	if (!is_array(want))
		return has_type(data, value_text(want));
	for (size_t i = 0; i < value_len(want); i++) {
		if (has_type(data, value_text(list_at(want, i))))
			return 1;
	}
	return 0;
}

static int check_enum(struct validator *v, const struct value *data, const struct value *want,
		      const struct value *schema)
{
	(void)v;
	(void)schema;
	for (size_t i = 0; i < value_len(want); i++) {
		if (same(data, list_at(want, i)))
			return 1;
	}
	return 0;
}

static int check_const(struct validator *v, const struct value *data, const struct value *want,
		       const struct value *schema)
{
	(void)v;
	(void)schema;
	return same(data, want);
}

static bool whole_multiple(const struct value *data, const struct value *want)
{
	double quotient;

	if (value_kind(data) == VALUE_INT && value_kind(want) == VALUE_INT)
		return value_as_int(want) != 0 && value_as_int(data) % value_as_int(want) == 0;
	if (value_kind(want) == VALUE_INT)
		return fmod(value_as_float(data), value_as_float(want)) == 0;
	quotient = value_as_float(data) / value_as_float(want);
	if (isfinite(quotient))
		return trunc(quotient) == quotient;
	return fmod(value_as_float(data), value_as_float(want)) == 0;
}

enum limit { LIMIT_MIN, LIMIT_MAX, LIMIT_ABOVE, LIMIT_BELOW };

static bool within(enum limit limit, double n, double bound)
{
	switch (limit) {
	case LIMIT_MIN:
		return n >= bound;
	case LIMIT_MAX:
		return n <= bound;
	case LIMIT_ABOVE:
		return n > bound;
	default:
		return n < bound;
	}
}

static const struct bound {
	const char *keyword;
	const char *of; /* number, string, array or object: what is measured */
	enum limit limit;
} bounds[] = {
	{ "minimum", "number", LIMIT_MIN },
	{ "maximum", "number", LIMIT_MAX },
	{ "exclusiveMinimum", "number", LIMIT_ABOVE },
	{ "exclusiveMaximum", "number", LIMIT_BELOW },
	{ "minLength", "string", LIMIT_MIN },
	{ "maxLength", "string", LIMIT_MAX },
	{ "minItems", "array", LIMIT_MIN },
	{ "maxItems", "array", LIMIT_MAX },
	{ "minProperties", "object", LIMIT_MIN },
	{ "maxProperties", "object", LIMIT_MAX },
};

static bool check_bounds(const struct value *data, const struct value *schema)
{
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		const struct value *bound = map_get(schema, bounds[i].keyword);
		double n;

		if (!bound || !has_type(data, bounds[i].of))
			continue;
		if (is_number(data))
			n = value_as_float(data);
		else if (value_kind(data) == VALUE_STR)
			n = (double)utf8_length(value_text(data), value_len(data));
		else
			n = (double)value_len(data);
		if (!within(bounds[i].limit, n, value_as_float(bound)))
			return false;
	}
	return true;
}

static int check_multiple_of(struct validator *v, const struct value *data, const struct value *want,
			     const struct value *schema)
{
	(void)v;
	(void)schema;
	return !is_number(data) || whole_multiple(data, want);
}

static int check_pattern(struct validator *v, const struct value *data, const struct value *want,
			 const struct value *schema)
{
	(void)schema;
	return value_kind(data) == VALUE_STR ? matches(v, value_sv(data), value_sv(want)) : 1;
}

/* ---- arrays ------------------------------------------------------------------------------------------- */

static int check_prefix_items(struct validator *v, const struct value *data, const struct value *want,
			      const struct value *schema)
{
	(void)schema;
	for (size_t i = 0; is_array(data) && i < value_len(data) && i < value_len(want); i++) {
		int valid = validate(v, list_at(data, i), list_at(want, i));

		if (valid != 1)
			return valid;
	}
	return 1;
}

/* The items from `from` on must fit the schema. */
static int rest_items(struct validator *v, const struct value *data, size_t from, const struct value *want)
{
	for (size_t i = from; i < value_len(data); i++) {
		int valid = validate(v, list_at(data, i), want);

		if (valid != 1)
			return valid;
	}
	return 1;
}

static int check_items(struct validator *v, const struct value *data, const struct value *want,
		       const struct value *schema)
{
	const struct value *additional = map_get(schema, "additionalItems");
	int valid;

	if (!is_array(data))
		return 1;
	if (!is_array(want))
		return rest_items(v, data, value_len(map_get(schema, "prefixItems")), want);
	valid = check_prefix_items(v, data, want, schema);
	return valid == 1 && additional ? rest_items(v, data, value_len(want), additional) : valid;
}

static int check_contains(struct validator *v, const struct value *data, const struct value *want,
			  const struct value *schema)
{
	const struct value *least = map_get(schema, "minContains");
	const struct value *most = map_get(schema, "maxContains");
	double count = 0;

	if (!is_array(data))
		return 1;
	for (size_t i = 0; i < value_len(data); i++) {
		int valid = validate(v, list_at(data, i), want);

		if (valid < 0)
			return -1;
		count += valid;
	}
	return count >= (least ? value_as_float(least) : 1) && (!most || count <= value_as_float(most));
}

struct hashed {
	uint64_t hash;
	const struct value *v;
};

static int by_hash(const void *a, const void *b)
{
	uint64_t x = ((const struct hashed *)a)->hash;
	uint64_t y = ((const struct hashed *)b)->hash;

	return x < y ? -1 : x > y;
}

/* Only items of equal hash are compared: a long list stays quick. */
static bool all_different(const struct value *list)
{
	size_t count = value_len(list);
	struct hashed *items = xcalloc(count + 1, sizeof(*items));
	bool different = true;

	for (size_t i = 0; i < count; i++)
		items[i] = (struct hashed){ value_hash(list_at(list, i)), list_at(list, i) };
	qsort(items, count, sizeof(*items), by_hash);
	for (size_t i = 0; different && i < count; i++) {
		for (size_t k = i + 1; different && k < count && items[k].hash == items[i].hash; k++)
			different = !same(items[i].v, items[k].v);
	}
	free(items);
	return different;
}

static int check_unique_items(struct validator *v, const struct value *data, const struct value *want,
			      const struct value *schema)
{
	(void)v;
	(void)schema;
	return !is_array(data) || !value_as_bool(want) || all_different(data);
}

/* ---- objects ------------------------------------------------------------------------------------------ */

static int check_properties(struct validator *v, const struct value *data, const struct value *want,
			    const struct value *schema)
{
	struct value *sub;
	struct sv key;

	(void)schema;
	for (size_t i = 0; is_object(data) && map_entry(want, i, &key, &sub); i++) {
		const struct value *item = map_getn(data, key.p, key.n);
		int valid = item ? validate(v, item, sub) : 1;

		if (valid != 1)
			return valid;
	}
	return 1;
}

static int check_pattern_properties(struct validator *v, const struct value *data, const struct value *want,
				    const struct value *schema)
{
	struct value *sub;
	struct value *item;
	struct sv pattern;
	struct sv key;

	(void)schema;
	for (size_t i = 0; is_object(data) && map_entry(want, i, &pattern, &sub); i++) {
		for (size_t k = 0; map_entry(data, k, &key, &item); k++) {
			int valid = matches(v, key, pattern);

			if (valid == 1)
				valid = validate(v, item, sub);
			else if (valid == 0)
				valid = 1;
			if (valid != 1)
				return valid;
		}
	}
	return 1;
}

/* 1 when properties or patternProperties of the schema speak of the key. */
static int is_declared(struct validator *v, struct sv key, const struct value *schema)
{
	const struct value *patterns = map_get(schema, "patternProperties");
	struct sv pattern;

	if (map_getn(map_get(schema, "properties"), key.p, key.n))
		return 1;
	for (size_t i = 0; map_entry(patterns, i, &pattern, NULL); i++) {
		int found = matches(v, key, pattern);

		if (found)
			return found;
	}
	return 0;
}

static int check_additional(struct validator *v, const struct value *data, const struct value *want,
			    const struct value *schema)
{
	struct value *item;
	struct sv key;

	for (size_t i = 0; is_object(data) && map_entry(data, i, &key, &item); i++) {
		int valid = is_declared(v, key, schema);

		if (valid == 0)
			valid = validate(v, item, want);
		if (valid != 1)
			return valid;
	}
	return 1;
}

static int check_property_names(struct validator *v, const struct value *data, const struct value *want,
				const struct value *schema)
{
	struct sv key;
	int valid = 1;

	(void)schema;
	for (size_t i = 0; valid == 1 && is_object(data) && map_entry(data, i, &key, NULL); i++) {
		struct value *name = value_strn(key.p, key.n);

		valid = validate(v, name, want);
		value_unref(name);
	}
	return valid;
}

static bool has_all(const struct value *data, const struct value *names)
{
	for (size_t i = 0; i < value_len(names); i++) {
		if (!map_getn(data, value_text(list_at(names, i)), value_len(list_at(names, i))))
			return false;
	}
	return true;
}

static int check_required(struct validator *v, const struct value *data, const struct value *want,
			  const struct value *schema)
{
	(void)v;
	(void)schema;
	return !is_object(data) || has_all(data, want);
}

/* dependentRequired, dependentSchemas and the older dependencies: what a present key asks of the object. */
static int check_dependencies(struct validator *v, const struct value *data, const struct value *want,
			      const struct value *schema)
{
	struct value *sub;
	struct sv key;

	(void)schema;
	for (size_t i = 0; is_object(data) && map_entry(want, i, &key, &sub); i++) {
		int valid;

		if (!map_getn(data, key.p, key.n))
			continue;
		valid = is_array(sub) ? has_all(data, sub) : validate(v, data, sub);
		if (valid != 1)
			return valid;
	}
	return 1;
}

/* ---- combinations ------------------------------------------------------------------------------------- */

/* How many of the schemas the data fits; -1 when one is wrong. */
static int count_valid(struct validator *v, const struct value *data, const struct value *schemas)
{
	int count = 0;

	for (size_t i = 0; i < value_len(schemas); i++) {
		int valid = validate(v, data, list_at(schemas, i));

		if (valid < 0)
			return -1;
		count += valid;
	}
	return count;
}

static int check_all_of(struct validator *v, const struct value *data, const struct value *want,
			const struct value *schema)
{
	int count = count_valid(v, data, want);

	(void)schema;
	return count < 0 ? -1 : (size_t)count == value_len(want);
}

static int check_any_of(struct validator *v, const struct value *data, const struct value *want,
			const struct value *schema)
{
	int count = count_valid(v, data, want);

	(void)schema;
	return count < 0 ? -1 : count > 0;
}

static int check_one_of(struct validator *v, const struct value *data, const struct value *want,
			const struct value *schema)
{
	int count = count_valid(v, data, want);

	(void)schema;
	return count < 0 ? -1 : count == 1;
}

static int check_not(struct validator *v, const struct value *data, const struct value *want,
		     const struct value *schema)
{
	int valid = validate(v, data, want);

	(void)schema;
	return valid < 0 ? -1 : !valid;
}

static int check_if(struct validator *v, const struct value *data, const struct value *want, const struct value *schema)
{
	int valid = validate(v, data, want);
	const struct value *branch = valid < 0 ? NULL : map_get(schema, valid ? "then" : "else");

	if (valid < 0)
		return -1;
	return branch ? validate(v, data, branch) : 1;
}

static int check_ref(struct validator *v, const struct value *data, const struct value *want,
		     const struct value *schema)
{
	const struct value *target = json_schema_resolve(v->root, value_sv(want));

	(void)schema;
	if (!target)
		return err_set(v->err, 400, "the reference '%.200s' leads nowhere", value_text(want));
	return validate(v, data, target);
}

typedef int check_fn(struct validator *v, const struct value *data, const struct value *want,
		     const struct value *schema);

static const struct keyword {
	const char *name;
	check_fn *check;
} keywords[] = {
	{ "$ref", check_ref },
	{ "$dynamicRef", check_ref },
	{ "type", check_type },
	{ "enum", check_enum },
	{ "const", check_const },
	{ "multipleOf", check_multiple_of },
	{ "pattern", check_pattern },
	{ "prefixItems", check_prefix_items },
	{ "items", check_items },
	{ "contains", check_contains },
	{ "uniqueItems", check_unique_items },
	{ "properties", check_properties },
	{ "patternProperties", check_pattern_properties },
	{ "additionalProperties", check_additional },
	{ "propertyNames", check_property_names },
	{ "required", check_required },
	{ "dependentRequired", check_dependencies },
	{ "dependentSchemas", check_dependencies },
	{ "dependencies", check_dependencies },
	{ "allOf", check_all_of },
	{ "anyOf", check_any_of },
	{ "oneOf", check_one_of },
	{ "not", check_not },
	{ "if", check_if },
};

static int validate(struct validator *v, const struct value *data, const struct value *schema)
{
	int valid = 1;

	if (value_kind(schema) == VALUE_BOOL)
		return value_as_bool(schema);
	if (!is_object(schema))
		return err_set(v->err, 400, "a schema must be an object or a boolean");
	if (++v->depth > MAX_DEPTH)
		return err_set(v->err, 400, "the schema is nested too deeply");
	if (!check_bounds(data, schema))
		valid = 0;
	for (size_t i = 0; valid == 1 && i < ARRAY_LEN(keywords); i++) {
		const struct value *want = map_get(schema, keywords[i].name);

		if (want)
			valid = keywords[i].check(v, data, want, schema);
	}
	v->depth--;
	return valid;
}

int json_schema_validate(const struct value *data, const struct value *schema, struct err *err)
{
	struct validator v = { schema, err, 0 };

	return json_schema_check(schema, err) ? -1 : validate(&v, data, schema);
}
