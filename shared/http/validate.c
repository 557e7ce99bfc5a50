/* Declared fields against values: all faults at once, in pydantic's form. */
#include "http/internal.h"

#include <stdio.h>
#include <string.h>

static void push_loc(struct value *list, const struct loc *at)
{
	if (!at)
		return;
	push_loc(list, at->up);
	list_push(list, at->key ? value_strn(at->key, at->len) : value_int(at->index));
}

/* Takes the reference of ctx, which may be NULL. */
void field_error(struct check *check, const char *type, const struct loc *at, const char *msg, struct value *input,
		 struct value *ctx)
{
	struct value *error;
	struct value *loc;

	if (!check->errors) {
		value_unref(ctx);
		return;
	}
	error = value_map();
	loc = value_list();
	push_loc(loc, at);
	map_set_str(error, "type", type);
	map_set(error, "loc", loc);
	map_set_str(error, "msg", msg);
	map_set(error, "input", input ? value_ref(input) : value_null());
	if (ctx)
		map_set(error, "ctx", ctx);
	list_push(check->errors, error);
}

static struct value *default_of(const struct field *field)
{
	struct json_error error;
	struct value *v;

	if (!field->def)
		return value_null();
	v = json_parse(field->def, strlen(field->def), &error);
	if (!v) {
		log_error("default of the field %s is no JSON: %s", field->name, error.message);
		return value_null();
	}
	return v;
}

static struct value *check_list(struct check *check, const struct field *field, struct value *in, const struct loc *at)
{
	struct value *out;
	char msg[128];
	size_t count;
	bool good = true;

	if (!value_is(in, VALUE_LIST)) {
		field_error(check, "list_type", at, "Input should be a valid list", in, NULL);
		return NULL;
	}
	count = value_len(in);
	if ((field->max_len && count > field->max_len) || count < field->min_len) {
		bool many = count >= field->min_len;
		size_t bound = many ? field->max_len : field->min_len;
		struct value *ctx = value_map();

		snprintf(msg, sizeof(msg), "List should have at %s %zu item%s after validation, not %zu",
			 many ? "most" : "least", bound, bound == 1 ? "" : "s", count);
		map_set_str(ctx, "field_type", "List");
		map_set_int(ctx, many ? "max_length" : "min_length", (int64_t)bound);
		map_set_int(ctx, "actual_length", (int64_t)count);
		field_error(check, many ? "too_long" : "too_short", at, msg, in, ctx);
		return NULL;
	}
	if (!field->item)
		return value_ref(in);
	out = value_list();
	list_reserve(out, count);
	for (size_t i = 0; i < count; i++) {
		struct loc here = { .up = at, .index = (int64_t)i };
		struct value *item = field_check(check, field->item, list_at(in, i), &here);

		if (item)
			list_push(out, item);
		else
			good = false;
	}
	if (good)
		return out;
	value_unref(out);
	return NULL;
}

static struct value *check_object(struct check *check, const struct field *field, struct value *in,
				  const struct loc *at)
{
	struct value *out;
	struct value *member;
	struct sv key;
	bool good = true;

	if (!value_is(in, VALUE_MAP)) {
		field_error(check, "dict_type", at, "Input should be a valid dictionary", in, NULL);
		return NULL;
	}
	if (!field->item)
		return value_ref(in);
	out = value_map();
	for (size_t i = 0; map_entry(in, i, &key, &member); i++) {
		struct loc here = { .up = at, .key = key.p, .len = key.n };
		struct value *v = field_check(check, field->item, member, &here);

		if (v)
			map_setn(out, key.p, key.n, v);
		else
			good = false;
	}
	if (good)
		return out;
	value_unref(out);
	return NULL;
}

static const struct field *field_named(const struct field *fields, struct sv name)
{
	for (; fields->name; fields++) {
		if (sv_eq(name, fields->name))
			return fields;
	}
	return NULL;
}

static void keep_extra(struct value *out, const struct field *fields, const struct value *in)
{
	struct value *member;
	struct sv key;

	for (size_t i = 0; map_entry(in, i, &key, &member); i++) {
		if (!field_named(fields, key))
			map_setn(out, key.p, key.n, value_ref(member));
	}
}

/* Every field of the table into `out`; false after a fault. */
static bool check_fields(struct check *check, const struct field *fields, struct value *in, const struct loc *at,
			 struct value *out)
{
	bool good = true;

	for (const struct field *f = fields; f->name; f++) {
		struct loc here = { .up = at, .key = f->name, .len = strlen(f->name) };
		struct value *given = map_get(in, f->name);
		struct value *v;

		if (!given && (f->flags & FIELD_REQUIRED)) {
			field_error(check, "missing", &here, "Field required", in, NULL);
			good = false;
			continue;
		}
		if (!given) {
			if (!(f->flags & FIELD_SPARSE))
				map_set(out, f->name, default_of(f));
			continue;
		}
		v = field_check(check, f, given, &here);
		if (v)
			map_set(out, f->name, v);
		else
			good = false;
	}
	return good;
}

static struct value *check_model(struct check *check, const struct field *field, struct value *in,
				 const struct loc *at)
{
	struct value *out;

	if (!value_is(in, VALUE_MAP)) {
		field_error(check, "model_attributes_type", at,
			    "Input should be a valid dictionary or object to extract fields from", in, NULL);
		return NULL;
	}
	out = value_map();
	if (!check_fields(check, field->model, in, at, out)) {
		value_unref(out);
		return NULL;
	}
	if (field->flags & FIELD_EXTRA)
		keep_extra(out, field->model, in);
	return out;
}

/* How many fields of a model were given: of several models that fit, the one that explains most of the input. */
static size_t explained(const struct field *option, const struct value *in)
{
	size_t count = 0;

	if (option->kind != FIELD_MODEL)
		return 0;
	for (const struct field *f = option->model; f->name; f++)
		count += map_get(in, f->name) != NULL;
	return count;
}

static struct value *try_options(const struct field *field, struct value *in, bool strict)
{
	struct check quiet = { .errors = NULL, .strict = strict };
	struct value *best = NULL;
	size_t best_score = 0;

	for (const struct field *f = field->options; f->name; f++) {
		struct value *v = field_check(&quiet, f, in, NULL);
		size_t score = v ? explained(f, in) : 0;

		if (v && (!best || score > best_score)) {
			value_unref(best);
			best = v;
			best_score = score;
		} else {
			value_unref(v);
		}
	}
	return best;
}

static struct value *check_union(struct check *check, const struct field *field, struct value *in,
				 const struct loc *at)
{
	struct value *v = try_options(field, in, true);

	if (!v && !check->strict)
		v = try_options(field, in, false);
	if (v || !check->errors)
		return v;
	for (const struct field *f = field->options; f->name; f++) {
		struct loc here = { .up = at, .key = f->name, .len = strlen(f->name) };

		value_unref(field_check(check, f, in, &here));
	}
	return NULL;
}

struct value *field_check(struct check *check, const struct field *field, struct value *in, const struct loc *at)
{
	if (value_is_null(in) && (field->flags & FIELD_NULLABLE))
		return value_null();
	switch (field->kind) {
	case FIELD_LIST:
		return check_list(check, field, in, at);
	case FIELD_OBJECT:
		return check_object(check, field, in, at);
	case FIELD_MODEL:
		return check_model(check, field, in, at);
	case FIELD_UNION:
		return check_union(check, field, in, at);
	default:
		return scalar_check(check, field, in, at);
	}
}

struct value *field_validate(const struct field *field, struct value *in, const char *loc, struct value *errors)
{
	struct check check = { .errors = errors };
	struct loc at = { .key = loc, .len = strlen(loc) };

	if (!in || (value_is_null(in) && !(field->flags & FIELD_NULLABLE))) {
		field_error(&check, "missing", &at, "Field required", NULL, NULL);
		return NULL;
	}
	return field_check(&check, field, in, &at);
}

struct value *fields_validate(const struct field *fields, struct value *in, const char *loc, struct value *errors)
{
	struct check check = { .errors = errors };
	struct loc at = { .key = loc, .len = loc ? strlen(loc) : 0 };
	struct value *out = value_map();

	check_fields(&check, fields, in, loc ? &at : NULL, out);
	return out;
}
