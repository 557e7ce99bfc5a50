/* The filters of templates that go through lists. */
#include "wsd/nodes/template_internal.h"

#include <stdlib.h>
#include <string.h>

#include "pytext/pytext.h"
#include "value/pyform.h"
#include "wsd/nodes/helper.h"

typedef struct value *(*list_fn)(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args);

/* The form in which items are compared: small letters, unless case counts. New reference. */
static struct value *folded(struct value *v, bool case_sensitive)
{
	size_t len;
	char *lower;

	if (case_sensitive || !value_is(v, VALUE_STR))
		return value_ref(v);
	lower = pytext_lower(value_sv(v), &len);
	return value_str_take(lower, len);
}

/* What an item is judged by: the attribute, if one is named, in the form for comparing. */
static struct value *key_of(struct evaluation *ev, struct value *item, struct value *attribute, bool case_sensitive)
{
	struct value *v = attribute ? template_path(ev, item, attribute) : value_ref(item);
	struct value *key = v ? folded(v, case_sensitive) : NULL;

	value_unref(v);
	return key;
}

/* Sorts by [key, place] pairs: equal keys never get to comparing the items themselves. */
static struct value *sorted_by(struct evaluation *ev, const struct value *items, struct value *attribute,
			       bool case_sensitive, bool reverse)
{
	struct value *pairs = value_list();
	struct value *sorted = NULL;

	for (size_t i = 0; i < value_len(items); i++) {
		struct value *key = key_of(ev, list_at(items, i), attribute, case_sensitive);
		struct value *pair = value_list();
		int64_t place = (int64_t)i;

		if (!key) {
			value_unref(pair);
			goto out;
		}
		list_push(pair, key);
		list_push(pair, value_int(reverse ? -place : place));
		list_push(pairs, pair);
	}
	if (pyform_sort(pairs, reverse, ev->err) < 0)
		goto out;
	sorted = value_list();
	for (size_t i = 0; i < value_len(pairs); i++)
		list_push(sorted, value_ref(list_at(items, (size_t)llabs(value_as_int(list_at(list_at(pairs, i), 1))))));
out:
	value_unref(pairs);
	return sorted;
}

static struct value *f_sort(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)v;
	return sorted_by(ev, items, call_arg(args, 2, "attribute"), call_arg_bool(args, 1, "case_sensitive", false),
			 call_arg_bool(args, 0, "reverse", false));
}

static struct value *f_join(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	struct value *given = call_arg(args, 0, "d");
	struct value *separator = given ? template_str_value(given) : value_str("");
	struct value *attribute = call_arg(args, 1, "attribute");
	struct value *result;
	struct buf out;

	(void)v;
	buf_init(&out, BUF_MAX_BODY);
	for (size_t i = 0; i < value_len(items); i++) {
		struct value *item = attribute ? template_path(ev, list_at(items, i), attribute) : value_ref(list_at(items, i));

		if (i)
			buf_add(&out, value_text(separator), value_len(separator));
		if (item)
			template_str(&out, item);
		value_unref(item);
	}
	value_unref(separator);
	result = buf_to_value(&out);
	return result ? result : template_fail(ev, "the text is too long");
}

static struct value *f_length(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)v;
	(void)args;
	return value_int((int64_t)value_len(items));
}

static struct value *f_first(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)v;
	(void)args;
	return value_len(items) ? value_ref(list_at(items, 0)) : template_undefined();
}

static struct value *f_last(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)v;
	(void)args;
	return value_len(items) ? value_ref(list_at(items, value_len(items) - 1)) : template_undefined();
}

static struct value *f_random(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	uint32_t n;

	random_bytes(&n, sizeof(n));
	return value_len(items) ? value_ref(list_at(items, n % value_len(items))) : f_first(ev, items, v, args);
}

static struct value *f_list(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)ev;
	(void)v;
	(void)args;
	return value_ref(items);
}

static struct value *f_reverse(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	struct value *list = value_list();
	struct buf out;

	(void)ev;
	(void)args;
	for (size_t i = value_len(items); i > 0; i--)
		list_push(list, value_ref(list_at(items, i - 1)));
	if (!value_is(v, VALUE_STR))
		return list;
	buf_init(&out, BUF_MAX_BODY);
	for (size_t i = 0; i < value_len(list); i++)
		pyform_str(&out, list_at(list, i));
	value_unref(list);
	return buf_to_value(&out);
}

static struct value *f_sum(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	struct value *attribute = call_arg(args, 0, "attribute");
	struct value *start = call_arg(args, 1, "start");
	struct value *total = start ? value_ref(start) : value_int(0);

	(void)v;
	for (size_t i = 0; total && i < value_len(items); i++) {
		struct value *item = attribute && !value_is_null(attribute) ? template_path(ev, list_at(items, i), attribute) :
									      value_ref(list_at(items, i));
		struct value *next = item ? pyform_arith(PYFORM_ADD, total, item, ev->err) : NULL;

		value_unref(item);
		value_unref(total);
		total = next;
	}
	return total;
}

static struct value *extreme(struct evaluation *ev, struct value *items, const struct call_args *args, bool reverse)
{
	struct value *sorted = sorted_by(ev, items, call_arg(args, 1, "attribute"),
					 call_arg_bool(args, 0, "case_sensitive", false), reverse);
	struct value *result;

	if (!sorted)
		return NULL;
	result = value_len(sorted) ? value_ref(list_at(sorted, 0)) : template_undefined();
	value_unref(sorted);
	return result;
}

static struct value *f_min(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)v;
	return extreme(ev, items, args, false);
}

static struct value *f_max(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)v;
	return extreme(ev, items, args, true);
}

static bool list_holds(const struct value *list, const struct value *v)
{
	for (size_t i = 0; i < value_len(list); i++) {
		if (value_equal(list_at(list, i), v))
			return true;
	}
	return false;
}

static struct value *f_unique(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	struct value *seen = value_list();
	struct value *list = value_list();

	(void)v;
	for (size_t i = 0; i < value_len(items); i++) {
		struct value *key = key_of(ev, list_at(items, i), call_arg(args, 1, "attribute"),
					   call_arg_bool(args, 0, "case_sensitive", false));

		ev->steps += value_len(seen);
		if (!key || ev->steps > TEMPLATE_STEPS_MAX) {
			value_unref(key);
			value_unref(list);
			value_unref(seen);
			return template_fail(ev, "the template does too much work");
		}
		if (list_holds(seen, key)) {
			value_unref(key);
		} else {
			list_push(seen, key);
			list_push(list, value_ref(list_at(items, i)));
		}
	}
	value_unref(seen);
	return list;
}

static struct value *f_batch(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	int64_t size = call_arg_int(args, 0, "linecount", 0);
	struct value *fill = call_arg(args, 1, "fill_with");
	struct value *batches;
	struct value *part = NULL;

	(void)v;
	if (size < 1 || size > TEMPLATE_ITEMS_MAX)
		return template_fail(ev, "batch: the number of items must be positive");
	batches = value_list();
	for (size_t i = 0; i < value_len(items); i++) {
		if (i % (size_t)size == 0) {
			part = value_list();
			list_push(batches, part);
		}
		list_push(part, value_ref(list_at(items, i)));
	}
	while (part && fill && !value_is_null(fill) && value_len(part) < (size_t)size)
		list_push(part, value_ref(fill));
	return batches;
}

static struct value *f_slice(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	int64_t count = call_arg_int(args, 0, "slices", 0);
	struct value *fill = call_arg(args, 1, "fill_with");
	struct value *slices;
	size_t at = 0;

	(void)v;
	if (count < 1 || count > TEMPLATE_ITEMS_MAX)
		return template_fail(ev, "slice: the number of slices must be positive");
	slices = value_list();
	for (size_t i = 0; i < (size_t)count; i++) {
		size_t extra = value_len(items) % (size_t)count;
		size_t take = value_len(items) / (size_t)count + (i < extra);
		struct value *part = value_list();

		for (size_t k = 0; k < take; k++)
			list_push(part, value_ref(list_at(items, at++)));
		if (fill && !value_is_null(fill) && extra && i >= extra)
			list_push(part, value_ref(fill));
		list_push(slices, part);
	}
	return slices;
}

static struct value *pair_of(struct value *a, struct value *b)
{
	struct value *pair = value_list();

	list_mark_tuple(pair);
	list_push(pair, a);
	list_push(pair, b);
	return pair;
}

/* (key, items) pairs, sorted by key. */
static struct value *f_groupby(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	struct value *attribute = call_arg(args, 0, "attribute");
	bool sensitive = call_arg_bool(args, 2, "case_sensitive", false);
	struct value *sorted = attribute ? sorted_by(ev, items, attribute, sensitive, false) : NULL;
	struct value *groups = value_list();
	struct value *last = NULL;

	(void)v;
	if (!attribute)
		template_fail(ev, "groupby needs an attribute");
	for (size_t i = 0; sorted && i < value_len(sorted); i++) {
		struct value *item = list_at(sorted, i);
		struct value *key = key_of(ev, item, attribute, sensitive);

		if (!last || !key || !value_equal(last, key))
			list_push(groups, pair_of(template_path(ev, item, attribute), value_list()));
		list_push(list_at(list_at(groups, value_len(groups) - 1), 1), value_ref(item));
		value_unref(last);
		last = key;
	}
	value_unref(last);
	if (!sorted) {
		value_unref(groups);
		return NULL;
	}
	value_unref(sorted);
	return groups;
}

/* The arguments behind the first `skip`. */
static struct call_args rest_of(const struct call_args *args, size_t skip)
{
	struct call_args rest = *args;

	rest.pos += skip < args->count ? skip : args->count;
	rest.count -= skip < args->count ? skip : args->count;
	return rest;
}

static struct value *map_item(struct evaluation *ev, struct value *item, const struct call_args *args)
{
	struct value *attribute = map_get(args->kw, "attribute");
	struct call_args rest = rest_of(args, 1);
	struct value *result;

	if (!attribute)
		return template_filter(ev, value_sv(args->pos[0]), item, &rest);
	result = template_path(ev, item, attribute);
	if (result && template_is_undefined(result) && map_get(args->kw, "default")) {
		value_unref(result);
		return value_ref(map_get(args->kw, "default"));
	}
	return result;
}

static struct value *f_map(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	struct value *list = value_list();

	(void)v;
	if (!map_get(args->kw, "attribute") && !(args->count && value_is(args->pos[0], VALUE_STR))) {
		value_unref(list);
		return template_fail(ev, "map requires a filter argument");
	}
	for (size_t i = 0; i < value_len(items); i++) {
		struct value *item = map_item(ev, list_at(items, i), args);

		if (!item) {
			value_unref(list);
			return NULL;
		}
		list_push(list, item);
	}
	return list;
}

/* select, reject, selectattr, rejectattr: `skip` arguments stand before the name of the test. */
static struct value *choose(struct evaluation *ev, struct value *items, const struct call_args *args, size_t skip, int wanted)
{
	struct call_args rest = rest_of(args, skip + 1);
	struct value *test = args->count > skip ? args->pos[skip] : NULL;
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(items); i++) {
		struct value *item = list_at(items, i);
		struct value *judged = skip ? template_path(ev, item, args->pos[0]) : value_ref(item);
		int holds = -1;

		if (judged)
			holds = test ? template_test(ev, value_sv(test), judged, &rest) :
				       !template_is_undefined(judged) && value_truthy(judged);
		value_unref(judged);
		if (holds < 0) {
			value_unref(list);
			return NULL;
		}
		if (holds == wanted)
			list_push(list, value_ref(item));
	}
	return list;
}

static struct value *f_select(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)v;
	return choose(ev, items, args, 0, 1);
}

static struct value *f_reject(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)v;
	return choose(ev, items, args, 0, 0);
}

static struct value *f_selectattr(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)v;
	return args->count ? choose(ev, items, args, 1, 1) : template_fail(ev, "Missing parameter for attribute name");
}

static struct value *f_rejectattr(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)v;
	return args->count ? choose(ev, items, args, 1, 0) : template_fail(ev, "Missing parameter for attribute name");
}

static struct value *pairs_of(const struct value *map)
{
	struct value *pairs = value_list();
	struct sv key;
	struct value *v;

	for (size_t i = 0; map_entry(map, i, &key, &v); i++)
		list_push(pairs, pair_of(value_strn(key.p, key.n), value_ref(v)));
	return pairs;
}

static struct value *f_items(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	(void)items;
	(void)args;
	return value_is(v, VALUE_MAP) || template_is_undefined(v) ? pairs_of(v) :
								    template_fail(ev, "Can only get item pairs from a mapping.");
}

static struct value *f_dictsort(struct evaluation *ev, struct value *items, struct value *v, const struct call_args *args)
{
	struct value *pairs = value_is(v, VALUE_MAP) ? pairs_of(v) : NULL;
	struct value *position = value_int(sv_eq(call_arg_text(args, 1, "by", SV_LIT("key")), "value"));
	struct value *sorted = NULL;

	(void)items;
	if (pairs)
		sorted = sorted_by(ev, pairs, position, call_arg_bool(args, 0, "case_sensitive", false),
				   call_arg_bool(args, 2, "reverse", false));
	else
		template_fail(ev, "dictsort needs a mapping");
	value_unref(position);
	value_unref(pairs);
	return sorted;
}

struct value *template_list_filter(struct evaluation *ev, struct sv name, struct value *v, const struct call_args *args,
				   bool *known)
{
	static const struct {
		const char *name;
		list_fn fn;
	} filters[] = {
		{ "batch", f_batch },
		{ "count", f_length },
		{ "dictsort", f_dictsort },
		{ "first", f_first },
		{ "groupby", f_groupby },
		{ "items", f_items },
		{ "join", f_join },
		{ "last", f_last },
		{ "length", f_length },
		{ "list", f_list },
		{ "map", f_map },
		{ "max", f_max },
		{ "min", f_min },
		{ "random", f_random },
		{ "reject", f_reject },
		{ "rejectattr", f_rejectattr },
		{ "reverse", f_reverse },
		{ "select", f_select },
		{ "selectattr", f_selectattr },
		{ "slice", f_slice },
		{ "sort", f_sort },
		{ "sum", f_sum },
		{ "unique", f_unique },
	};

	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		struct value *items;
		struct value *result = NULL;

		if (!sv_eq(name, filters[i].name))
			continue;
		*known = true;
		items = template_items(ev, v);
		if (items) {
			ev->steps += value_len(items);
			result = filters[i].fn(ev, items, v, args);
		}
		value_unref(items);
		return result;
	}
	*known = false;
	return NULL;
}
