/* What values can do in templates: attributes, items, methods, tests. */
#include "wsd/nodes/template_internal.h"

#include <stdlib.h>
#include <string.h>

#include "pytext/pytext.h"
#include "value/pyform.h"
#include "wsd/nodes/helper.h"

/* ---- access ------------------------------------------------------------------------------------------- */

struct value *template_item(struct evaluation *ev, const struct value *v, const struct value *key)
{
	struct value *items;
	struct value *found = NULL;
	int64_t i;

	if (template_is_undefined(v))
		return template_fail(ev, "a value is undefined");
	if (value_is(v, VALUE_MAP)) {
		struct value *text = template_str_value(key);

		found = text ? map_getn(v, value_text(text), value_len(text)) : NULL;
		value_unref(text);
	} else if (value_is(key, VALUE_INT) && (value_is(v, VALUE_LIST) || value_is(v, VALUE_STR))) {
		items = template_items(ev, v);
		i = value_as_int(key) < 0 ? value_as_int(key) + (int64_t)value_len(items) : value_as_int(key);
		found = i >= 0 ? value_ref(list_at(items, (size_t)i)) : NULL;
		value_unref(items);
		return found ? found : template_undefined();
	}
	return found ? value_ref(found) : template_undefined();
}

struct value *template_attr(struct evaluation *ev, const struct value *v, struct sv name)
{
	struct value *found;

	if (template_is_undefined(v))
		return template_fail(ev, "a value is undefined: it has no attribute '%.*s'", (int)name.n, name.p);
	found = map_getn(v, name.p, name.n);
	if (value_is(v, VALUE_LIST) && list_is_tuple(v) && value_len(v) == 2) { /* what groupby gives */
		if (sv_eq(name, "grouper"))
			found = list_at(v, 0);
		else if (sv_eq(name, "list"))
			found = list_at(v, 1);
	}
	return found ? value_ref(found) : template_undefined();
}

struct value *template_path(struct evaluation *ev, struct value *v, const struct value *path)
{
	struct value *at = value_ref(v);
	struct sv rest = value_sv(path);
	struct sv part;

	if (!value_is(path, VALUE_STR)) {
		value_unref(at);
		return template_item(ev, v, path);
	}
	while (sv_split(&rest, '.', &part)) {
		struct value *index = pyform_int_of(part);
		struct value *key = index ? index : value_strn(part.p, part.n);
		struct value *next = template_item(ev, at, key);

		value_unref(key);
		value_unref(at);
		if (!next)
			return NULL;
		at = next;
	}
	return at;
}

struct value *template_items(struct evaluation *ev, const struct value *v)
{
	struct value *items;
	struct sv text = value_sv(v);
	struct sv key;

	if (value_is(v, VALUE_LIST))
		return value_ref((struct value *)(uintptr_t)v);
	if (!value_is(v, VALUE_STR) && !value_is(v, VALUE_MAP) && !template_is_undefined(v))
		return template_fail(ev, "'%s' object is not iterable", pyform_type_name(v));
	items = value_list();
	for (size_t i = 0; map_entry(v, i, &key, NULL); i++)
		list_push(items, value_strn(key.p, key.n));
	for (size_t pos = 0; value_is(v, VALUE_STR) && pos < text.n;) {
		size_t at = pos;

		utf8_decode(text.p, text.n, &pos);
		list_push(items, value_strn(text.p + at, pos - at));
	}
	return items;
}

int template_contains(struct evaluation *ev, const struct value *container, const struct value *item)
{
	if (value_is(container, VALUE_STR)) {
		if (value_is(item, VALUE_STR))
			return pytext_find(value_sv(container), value_sv(item)) >= 0;
		template_fail(ev, "'in <string>' requires string as left operand, not %s", pyform_type_name(item));
		return -1;
	}
	if (value_is(container, VALUE_MAP))
		return value_is(item, VALUE_STR) && map_getn(container, value_text(item), value_len(item)) != NULL;
	if (template_is_undefined(container))
		return 0;
	if (!value_is(container, VALUE_LIST)) {
		template_fail(ev, "argument of type '%s' is not iterable", pyform_type_name(container));
		return -1;
	}
	for (size_t i = 0; i < value_len(container); i++) {
		if (value_equal(list_at(container, i), item))
			return 1;
	}
	return 0;
}

/* ---- methods of texts --------------------------------------------------------------------------------- */

typedef struct value *(*method_fn)(struct evaluation *ev, struct value *v, const struct call_args *args);

static struct value *cased(struct value *v, enum pytext_case to)
{
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	pytext_case(&out, value_sv(v), to);
	return buf_to_value(&out);
}

static struct value *m_upper(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return cased(v, PYTEXT_UPPER);
}

static struct value *m_lower(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return cased(v, PYTEXT_LOWER);
}

static struct value *m_title(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return cased(v, PYTEXT_TITLE);
}

static struct value *m_capitalize(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return cased(v, PYTEXT_CAPITALIZE);
}

static struct value *m_swapcase(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return cased(v, PYTEXT_SWAPCASE);
}

static struct value *stripped(struct value *v, const struct call_args *args, bool left, bool right)
{
	struct value *chars = call_arg(args, 0, "");
	struct sv text = value_is(chars, VALUE_STR) ? pytext_strip_chars(value_sv(v), value_sv(chars), left, right) :
						      pytext_strip(value_sv(v), left, right);

	return value_strn(text.p, text.n);
}

static struct value *m_strip(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return stripped(v, args, true, true);
}

static struct value *m_lstrip(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return stripped(v, args, true, false);
}

static struct value *m_rstrip(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return stripped(v, args, false, true);
}

static struct value *m_split(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *separator = call_arg(args, 0, "sep");
	int64_t max = call_arg_int(args, 1, "maxsplit", -1);
	struct value *parts;

	if (!value_is(separator, VALUE_STR))
		return pytext_split_space(value_sv(v), max);
	parts = pytext_split(value_sv(v), value_sv(separator), max);
	return parts ? parts : template_fail(ev, "empty separator");
}

static struct value *m_splitlines(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return pytext_lines(value_sv(v), call_arg_bool(args, 0, "keepends", false));
}

static struct value *m_replace(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *old = call_arg(args, 0, "");
	struct value *new_text = call_arg(args, 1, "");
	struct buf out;

	if (!value_is(old, VALUE_STR) || !value_is(new_text, VALUE_STR))
		return template_fail(ev, "replace() needs two texts");
	buf_init(&out, BUF_MAX_BODY);
	pytext_replace(&out, value_sv(v), value_sv(old), value_sv(new_text), call_arg_int(args, 2, "count", -1));
	return buf_to_value(&out);
}

static struct value *m_startswith(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return value_bool(pytext_starts(value_sv(v), call_arg_text(args, 0, "", SV_LIT(""))));
}

static struct value *m_endswith(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return value_bool(pytext_ends(value_sv(v), call_arg_text(args, 0, "", SV_LIT(""))));
}

static struct value *m_find(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return value_int(pytext_index(value_sv(v), call_arg_text(args, 0, "", SV_LIT("")), 0, INT64_MAX, false));
}

static struct value *m_count(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return value_int(pytext_count(value_sv(v), call_arg_text(args, 0, "", SV_LIT(""))));
}

static struct value *m_join(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *items = args->count ? template_items(ev, args->pos[0]) : NULL;
	struct buf out;

	if (!items)
		return args->count ? NULL : template_fail(ev, "join() needs a list");
	buf_init(&out, BUF_MAX_BODY);
	for (size_t i = 0; i < value_len(items); i++) {
		if (i)
			buf_add(&out, value_text(v), value_len(v));
		pyform_str(&out, list_at(items, i));
	}
	value_unref(items);
	return buf_to_value(&out);
}

static struct value *padded(struct value *v, const struct call_args *args, char align, const char *fill)
{
	struct sv given = call_arg_text(args, 1, "", sv_of(fill));
	int64_t width = call_arg_int(args, 0, "", 0);
	char *spec = xasprintf("%.*s%c%lld", (int)given.n, given.p, align, (long long)(width < 0 ? 0 : width));
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	if (pyform_format(&out, v, sv_of(spec), NULL) < 0)
		pyform_str(&out, v);
	free(spec);
	return buf_to_value(&out);
}

static struct value *m_ljust(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return padded(v, args, '<', " ");
}

static struct value *m_rjust(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return padded(v, args, '>', " ");
}

static struct value *m_center(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return padded(v, args, '^', " ");
}

static struct value *m_zfill(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	return padded(v, args, '>', "0");
}

/* True when the text is not empty and every character satisfies the test. */
static bool every(struct sv text, bool (*test)(uint32_t cp))
{
	for (size_t pos = 0; pos < text.n;) {
		if (!test(utf8_decode(text.p, text.n, &pos)))
			return false;
	}
	return text.n > 0;
}

static struct value *m_isdigit(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return value_bool(every(value_sv(v), pytext_is_decimal));
}

static struct value *m_isalpha(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return value_bool(every(value_sv(v), pytext_is_alpha));
}

static struct value *m_isalnum(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return value_bool(every(value_sv(v), pytext_is_alnum));
}

static struct value *m_isspace(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)args;
	return value_bool(every(value_sv(v), pytext_is_space));
}

/* str.format: {} {0} {name}, each with a specification behind a colon. */
static int format_field(struct evaluation *ev, struct buf *out, struct sv field, const struct call_args *args, size_t *next)
{
	const char *colon = memchr(field.p, ':', field.n);
	struct sv name = { field.p, colon ? (size_t)(colon - field.p) : field.n };
	struct sv spec = colon ? (struct sv){ colon + 1, field.n - name.n - 1 } : SV_LIT("");
	struct value *index = pyform_int_of(name);
	struct value *v = NULL;

	if (!name.n)
		v = *next < args->count ? args->pos[(*next)++] : NULL;
	else if (index)
		v = value_as_int(index) < (int64_t)args->count && value_as_int(index) >= 0 ? args->pos[value_as_int(index)] : NULL;
	else
		v = map_getn(args->kw, name.p, name.n);
	value_unref(index);
	if (!v) {
		template_fail(ev, "format(): '%.*s' is not given", (int)name.n, name.p);
		return -1;
	}
	return pyform_format(out, v, spec, ev->err);
}

static struct value *m_format(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct sv text = value_sv(v);
	size_t next = 0;
	struct buf out;

	buf_init(&out, BUF_MAX_BODY);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		const char *close;

		if ((c == '{' || c == '}') && i + 1 < text.n && text.p[i + 1] == c) {
			buf_addc(&out, c);
			i++;
			continue;
		}
		if (c != '{') {
			buf_addc(&out, c);
			continue;
		}
		close = memchr(text.p + i, '}', text.n - i);
		if (!close) {
			template_fail(ev, "format(): a brace is not closed");
			goto failed;
		}
		if (format_field(ev, &out, (struct sv){ text.p + i + 1, (size_t)(close - text.p) - i - 1 }, args, &next) < 0)
			goto failed;
		i = (size_t)(close - text.p);
	}
	return buf_to_value(&out);
failed:
	buf_free(&out);
	return NULL;
}

/* ---- methods of lists and maps ------------------------------------------------------------------------ */

static struct value *m_items(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	return template_filter(ev, SV_LIT("items"), v, args);
}

static struct value *m_keys(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	(void)args;
	return template_items(ev, v);
}

static struct value *m_values(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *list = value_list();
	struct value *item;

	(void)ev;
	(void)args;
	for (size_t i = 0; map_entry(v, i, NULL, &item); i++)
		list_push(list, value_ref(item));
	return list;
}

static struct value *m_get(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct sv key = call_arg_text(args, 0, "", SV_LIT(""));
	struct value *found = map_getn(v, key.p, key.n);
	struct value *fallback = call_arg(args, 1, "");

	(void)ev;
	return value_ref(found ? found : fallback ? fallback : value_null());
}

static struct value *m_index(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	for (size_t i = 0; args->count && i < value_len(v); i++) {
		if (value_equal(list_at(v, i), args->pos[0]))
			return value_int((int64_t)i);
	}
	return template_fail(ev, "the item is not in the list");
}

static struct value *m_count_items(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	int64_t count = 0;

	(void)ev;
	for (size_t i = 0; args->count && i < value_len(v); i++)
		count += value_equal(list_at(v, i), args->pos[0]);
	return value_int(count);
}

/* Values inside `v`, at most `max`. */
static size_t weight(const struct value *v, size_t max)
{
	size_t total = 1;
	struct value *item;

	for (size_t i = 0; value_is(v, VALUE_LIST) && i < value_len(v) && total < max; i++)
		total += weight(list_at(v, i), max - total);
	for (size_t i = 0; total < max && map_entry(v, i, NULL, &item); i++)
		total += weight(item, max - total);
	return total;
}

#define COPY_WEIGHT_MAX 100000

struct value *template_copy(struct evaluation *ev, const struct value *v)
{
	size_t total = weight(v, COPY_WEIGHT_MAX);

	ev->steps += total * 10;
	return total < COPY_WEIGHT_MAX && ev->steps < TEMPLATE_STEPS_MAX ? value_copy(v) : NULL;
}

/* The template's own list grows: a render begins with a copy of the data. */
static struct value *m_append(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	struct value *item = args->count && value_len(v) < TEMPLATE_ITEMS_MAX ? template_copy(ev, args->pos[0]) : NULL;

	if (!item)
		return template_fail(ev, "append(): the item cannot be added");
	list_push(v, item);
	return value_null();
}

/* loop.cycle(a, b, …) */
static struct value *m_cycle(struct evaluation *ev, struct value *v, const struct call_args *args)
{
	if (!args->count)
		return template_fail(ev, "no items for cycling given");
	return value_ref(args->pos[(size_t)map_int(v, "index0", 0) % args->count]);
}

static const struct {
	enum value_kind kind;
	const char *name;
	method_fn fn;
} methods[] = {
	{ VALUE_STR, "upper", m_upper },
	{ VALUE_STR, "lower", m_lower },
	{ VALUE_STR, "casefold", m_lower },
	{ VALUE_STR, "title", m_title },
	{ VALUE_STR, "capitalize", m_capitalize },
	{ VALUE_STR, "swapcase", m_swapcase },
	{ VALUE_STR, "strip", m_strip },
	{ VALUE_STR, "lstrip", m_lstrip },
	{ VALUE_STR, "rstrip", m_rstrip },
	{ VALUE_STR, "split", m_split },
	{ VALUE_STR, "splitlines", m_splitlines },
	{ VALUE_STR, "replace", m_replace },
	{ VALUE_STR, "startswith", m_startswith },
	{ VALUE_STR, "endswith", m_endswith },
	{ VALUE_STR, "find", m_find },
	{ VALUE_STR, "count", m_count },
	{ VALUE_STR, "join", m_join },
	{ VALUE_STR, "ljust", m_ljust },
	{ VALUE_STR, "rjust", m_rjust },
	{ VALUE_STR, "center", m_center },
	{ VALUE_STR, "zfill", m_zfill },
	{ VALUE_STR, "isdigit", m_isdigit },
	{ VALUE_STR, "isdecimal", m_isdigit },
	{ VALUE_STR, "isnumeric", m_isdigit },
	{ VALUE_STR, "isalpha", m_isalpha },
	{ VALUE_STR, "isalnum", m_isalnum },
	{ VALUE_STR, "isspace", m_isspace },
	{ VALUE_STR, "format", m_format },
	{ VALUE_MAP, "items", m_items },
	{ VALUE_MAP, "keys", m_keys },
	{ VALUE_MAP, "values", m_values },
	{ VALUE_MAP, "get", m_get },
	{ VALUE_MAP, "cycle", m_cycle },
	{ VALUE_LIST, "index", m_index },
	{ VALUE_LIST, "count", m_count_items },
	{ VALUE_LIST, "append", m_append },
};

struct value *template_method(struct evaluation *ev, struct value *v, struct sv name, const struct call_args *args)
{
	if (template_is_undefined(v))
		return template_fail(ev, "a value is undefined: it has no method '%.*s'", (int)name.n, name.p);
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (value_is(v, methods[i].kind) && sv_eq(name, methods[i].name))
			return methods[i].fn(ev, v, args);
	}
	return template_fail(ev, "'%s' has no method '%.*s'", pyform_type_name(v), (int)name.n, name.p);
}
