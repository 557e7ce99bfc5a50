/* Evaluates the expressions of templates. */
#include "wsd/nodes/template_internal.h"

#include <stdlib.h>
#include <string.h>

#include "value/pyform.h"

#define TEXT_MAX ((size_t)32 << 20) /* one text inside a template */

/* ---- expressions -------------------------------------------------------------------------------------- */

struct value *call_arg(const struct call_args *args, size_t i, const char *name)
{
	if (i < args->count)
		return args->pos[i];
	return map_get(args->kw, name);
}

bool call_arg_bool(const struct call_args *args, size_t i, const char *name, bool fallback)
{
	struct value *v = call_arg(args, i, name);

	return v ? template_truthy(v) : fallback;
}

int64_t call_arg_int(const struct call_args *args, size_t i, const char *name, int64_t fallback)
{
	struct value *v = call_arg(args, i, name);

	return v && pyform_is_number(v) ? value_as_int(v) : fallback;
}

struct sv call_arg_text(const struct call_args *args, size_t i, const char *name, struct sv fallback)
{
	struct value *v = call_arg(args, i, name);

	return value_is(v, VALUE_STR) ? value_sv(v) : fallback;
}

static void free_args(struct call_args *args)
{
	for (size_t i = 0; i < args->count; i++)
		value_unref(args->pos[i]);
	value_unref(args->kw);
}

/* The arguments of a call, filter or test; false when one of them fails. */
static bool eval_args(struct evaluation *ev, const struct expr *e, struct call_args *args)
{
	args->pos = arena_alloc(ev->arena, (e->count + 1) * sizeof(*args->pos));
	args->count = 0;
	args->kw = value_map();
	for (size_t i = 0; i < e->count; i++) {
		struct value *v = template_eval(ev, e->items[i]);

		if (!v)
			goto failed;
		args->pos[args->count++] = v;
	}
	for (size_t i = 0; i < e->kw_count; i++) {
		struct value *v = template_eval(ev, e->kw[i]);

		if (!v)
			goto failed;
		map_setn(args->kw, e->kw_names[i].p, e->kw_names[i].n, v);
	}
	return true;
failed:
	free_args(args);
	return false;
}

static struct value *eval_items(struct evaluation *ev, const struct expr *e)
{
	struct value *list = value_list();

	for (size_t i = 0; i < e->count; i++) {
		struct value *v = template_eval(ev, e->items[i]);

		if (!v) {
			value_unref(list);
			return NULL;
		}
		list_push(list, v);
	}
	if (e->kind == EXPR_TUPLE)
		list_mark_tuple(list);
	return list;
}

static struct value *eval_dict(struct evaluation *ev, const struct expr *e)
{
	struct value *map = value_map();

	for (size_t i = 0; i + 1 < e->count; i += 2) {
		struct value *key = template_eval(ev, e->items[i]);
		struct value *v = key ? template_eval(ev, e->items[i + 1]) : NULL;
		struct value *text = v ? template_str_value(key) : NULL;

		if (text)
			map_setn(map, value_text(text), value_len(text), value_ref(v));
		value_unref(text);
		value_unref(v);
		value_unref(key);
		if (!v) {
			value_unref(map);
			return NULL;
		}
	}
	return map;
}

/* The text of the buffer, which is freed. */
static struct value *finish(struct evaluation *ev, struct buf *out)
{
	size_t len = out->len;
	struct value *v = out->failed ? NULL : value_str_take(buf_take(out), len);

	buf_free(out);
	return v ? v : template_fail(ev, "the text is too long");
}

/* + on texts and lists, * of a text or list and a number, % as formatting; *known is false for numbers. */
static struct value *arith_of_sequences(struct evaluation *ev, int op, struct value *a, struct value *b, bool *known)
{
	struct buf out;
	struct value *list;
	bool texts = value_is(a, VALUE_STR);

	*known = true;
	if (op == PYFORM_ADD && value_is(a, VALUE_LIST) && value_is(b, VALUE_LIST)) {
		if (value_len(a) + value_len(b) > TEMPLATE_ITEMS_MAX)
			return template_fail(ev, "the list is too long");
		ev->steps += value_len(a) + value_len(b);
		list = value_list();
		for (size_t i = 0; i < value_len(a) + value_len(b); i++)
			list_push(list, value_ref(i < value_len(a) ? list_at(a, i) : list_at(b, i - value_len(a))));
		return list;
	}
	buf_init(&out, TEXT_MAX);
	if (op == PYFORM_ADD && texts && value_is(b, VALUE_STR)) {
		buf_add(&out, value_text(a), value_len(a));
		buf_add(&out, value_text(b), value_len(b));
		return finish(ev, &out);
	}
	if (op == PYFORM_MUL && texts && value_is(b, VALUE_INT)) {
		for (int64_t i = 0; i < value_as_int(b) && !out.failed && value_len(a); i++)
			buf_add(&out, value_text(a), value_len(a));
		return finish(ev, &out);
	}
	if (op == PYFORM_MOD && texts) {
		if (pyform_percent(&out, value_sv(a), b, ev->err) == 0)
			return finish(ev, &out);
		buf_free(&out);
		return NULL;
	}
	*known = false;
	return NULL;
}

static struct value *eval_arith(struct evaluation *ev, const struct expr *e)
{
	struct value *a = template_eval(ev, e->left);
	struct value *b = a ? template_eval(ev, e->right) : NULL;
	struct value *result = NULL;
	bool known = false;

	if (b && (template_is_undefined(a) || template_is_undefined(b)))
		template_fail(ev, "a value is undefined");
	else if (b) {
		result = arith_of_sequences(ev, e->op, a, b, &known);
		if (!known)
			result = pyform_arith((enum pyform_op)e->op, a, b, ev->err);
	}
	value_unref(b);
	value_unref(a);
	return result;
}

static struct value *eval_concat(struct evaluation *ev, const struct expr *e)
{
	struct value *a = template_eval(ev, e->left);
	struct value *b = a ? template_eval(ev, e->right) : NULL;
	struct value *result = NULL;
	struct buf out;

	if (b) {
		buf_init(&out, TEXT_MAX);
		template_str(&out, a);
		template_str(&out, b);
		result = finish(ev, &out);
	}
	value_unref(b);
	value_unref(a);
	return result;
}

/* 1, 0, -1 on an error. */
static int compare(struct evaluation *ev, enum compare_op op, const struct value *a, const struct value *b)
{
	int order;

	switch (op) {
	case CMP_EQ:
		return value_equal(a, b);
	case CMP_NE:
		return !value_equal(a, b);
	case CMP_IN:
		return template_contains(ev, b, a);
	case CMP_NOT_IN:
		order = template_contains(ev, b, a);
		return order < 0 ? -1 : !order;
	default:
		break;
	}
	if (pyform_compare(a, b, &order, ev->err) < 0)
		return -1;
	return order != 2 && ((op == CMP_LT && order < 0) || (op == CMP_LE && order <= 0) || (op == CMP_GT && order > 0) ||
			      (op == CMP_GE && order >= 0));
}

static struct value *eval_compare(struct evaluation *ev, const struct expr *e)
{
	struct value *left = template_eval(ev, e->items[0]);
	int holds = 1;

	for (size_t i = 1; left && holds == 1 && i < e->count; i++) {
		struct value *right = template_eval(ev, e->items[i]);

		holds = right ? compare(ev, e->ops[i - 1], left, right) : -1;
		value_unref(left);
		left = right;
	}
	if (!left || holds < 0) {
		value_unref(left);
		return NULL;
	}
	value_unref(left);
	return value_bool(holds);
}

static struct value *eval_logic(struct evaluation *ev, const struct expr *e)
{
	struct value *left = template_eval(ev, e->left);

	if (!left || template_truthy(left) == (e->kind == EXPR_OR))
		return left;
	value_unref(left);
	return template_eval(ev, e->right);
}

static struct value *eval_cond(struct evaluation *ev, const struct expr *e)
{
	struct value *condition = template_eval(ev, e->right);
	bool holds = condition && template_truthy(condition);

	if (!condition)
		return NULL;
	value_unref(condition);
	if (holds)
		return template_eval(ev, e->left);
	return e->third ? template_eval(ev, e->third) : template_undefined();
}

static struct value *eval_unary(struct evaluation *ev, const struct expr *e)
{
	struct value *v = template_eval(ev, e->left);
	struct value *zero;
	struct value *result;

	if (!v)
		return NULL;
	if (e->kind == EXPR_NOT) {
		result = value_bool(!template_truthy(v));
	} else if (e->kind == EXPR_NEG && value_is(v, VALUE_FLOAT)) {
		result = value_float(-value_as_float(v));
	} else {
		zero = value_int(0);
		result = pyform_arith(e->kind == EXPR_NEG ? PYFORM_SUB : PYFORM_ADD, zero, v, ev->err);
		value_unref(zero);
	}
	value_unref(v);
	return result;
}

static struct value *eval_access(struct evaluation *ev, const struct expr *e)
{
	struct value *v = template_eval(ev, e->left);
	struct value *key = v && e->kind == EXPR_ITEM ? template_eval(ev, e->right) : NULL;
	struct value *result = NULL;

	if (v && e->kind == EXPR_ATTR)
		result = template_attr(ev, v, e->name);
	else if (key)
		result = template_item(ev, v, key);
	value_unref(key);
	value_unref(v);
	return result;
}

static bool eval_bound(struct evaluation *ev, const struct expr *e, int64_t *bound, bool *given)
{
	struct value *v = e ? template_eval(ev, e) : value_null();

	if (!v)
		return false;
	*given = value_is(v, VALUE_INT);
	*bound = value_as_int(v);
	value_unref(v);
	return true;
}

static struct value *eval_slice(struct evaluation *ev, const struct expr *e)
{
	struct value *v = template_eval(ev, e->left);
	struct value *items = v ? template_items(ev, v) : NULL;
	struct pyform_slice slice;
	struct value *result = NULL;
	int64_t bound[3];
	bool given[3];

	for (int i = 0; items && i < 3; i++) {
		if (!eval_bound(ev, e->items[i], &bound[i], &given[i]))
			goto out;
	}
	if (!items)
		goto out;
	if (pyform_slice_of(&slice, (int64_t)value_len(items), given[0] ? &bound[0] : NULL, given[1] ? &bound[1] : NULL,
			    given[2] ? bound[2] : 1) < 0) {
		template_fail(ev, "slice step cannot be zero");
		goto out;
	}
	result = value_list();
	for (int64_t i = 0; i < slice.count; i++)
		list_push(result, value_ref(list_at(items, (size_t)(slice.start + i * slice.step))));
	if (value_is(v, VALUE_STR)) {
		struct buf out;

		buf_init(&out, TEXT_MAX);
		for (size_t i = 0; i < value_len(result); i++)
			pyform_str(&out, list_at(result, i));
		value_unref(result);
		result = finish(ev, &out);
	}
out:
	value_unref(items);
	value_unref(v);
	return result;
}

/* ---- calls -------------------------------------------------------------------------------------------- */

static struct value *call_range(struct evaluation *ev, const struct call_args *args)
{
	int64_t first = args->count > 1 ? call_arg_int(args, 0, "", 0) : 0;
	int64_t stop = call_arg_int(args, args->count > 1 ? 1 : 0, "", 0);
	int64_t step = call_arg_int(args, 2, "", 1);
	struct value *list;
	uint64_t count;

	if (!args->count || step == 0)
		return template_fail(ev, args->count ? "range() arg 3 must not be zero" : "range needs an argument");
	count = pyform_range_count(first, stop, step);
	if (count > TEMPLATE_ITEMS_MAX)
		return template_fail(ev, "range has more than %d items", TEMPLATE_ITEMS_MAX);
	list = value_list();
	for (uint64_t i = 0; i < count; i++)
		list_push(list, value_int(first + (int64_t)i * step));
	ev->steps += count;
	return list;
}

/* dict(a=1) and namespace(a=1). */
static struct value *call_dict(const struct call_args *args)
{
	struct value *map = args->count && value_is(args->pos[0], VALUE_MAP) ? value_copy(args->pos[0]) : value_map();
	struct sv key;
	struct value *v;

	for (size_t i = 0; map_entry(args->kw, i, &key, &v); i++)
		map_setn(map, key.p, key.n, value_ref(v));
	return map;
}

static bool bind_parameters(struct evaluation *ev, const struct stmt *macro, const struct call_args *args)
{
	for (size_t i = 0; i < macro->target_count; i++) {
		struct sv name = macro->targets[i];
		struct value *given = i < args->count ? args->pos[i] : map_getn(args->kw, name.p, name.n);
		struct value *v = given ? value_ref(given) : macro->values[i] ? template_eval(ev, macro->values[i]) : template_undefined();

		if (!v)
			return false;
		map_setn(ev->scope->vars, name.p, name.n, v);
	}
	return true;
}

static struct value *call_macro(struct evaluation *ev, const struct stmt *macro, const struct call_args *args)
{
	struct scope *back = ev->scope;
	struct scope scope;
	struct value *result = NULL;
	struct buf out;

	if (args->count > macro->target_count)
		return template_fail(ev, "macro '%.*s' takes not more than %zu arguments", (int)macro->name.n, macro->name.p,
				     macro->target_count);
	if (ev->depth >= TEMPLATE_DEPTH_MAX)
		return template_fail(ev, "macros are nested too deeply");
	ev->depth++;
	buf_init(&out, TEXT_MAX);
	template_push(ev, &scope, ev->globals);
	if (bind_parameters(ev, macro, args) && template_run(ev, macro->body, &out) == 0)
		result = finish(ev, &out);
	buf_free(&out);
	template_pop(ev, &scope, back);
	ev->depth--;
	return result;
}

static struct value *call_name(struct evaluation *ev, struct sv name, const struct call_args *args)
{
	struct value *callee = template_lookup(ev, name);
	const struct stmt *macro = template_macro(callee);
	bool unknown = template_is_undefined(callee);

	value_unref(callee);
	if (macro)
		return call_macro(ev, macro, args);
	if (unknown && sv_eq(name, "range"))
		return call_range(ev, args);
	if (unknown && (sv_eq(name, "dict") || sv_eq(name, "namespace")))
		return call_dict(args);
	return template_fail(ev, unknown ? "'%.*s' is undefined" : "'%.*s' is not callable", (int)name.n, name.p);
}

static struct value *eval_call(struct evaluation *ev, const struct expr *e)
{
	struct call_args args;
	struct value *v;
	struct value *result = NULL;

	if (!eval_args(ev, e, &args))
		return NULL;
	if (e->left->kind == EXPR_NAME) {
		result = call_name(ev, e->left->name, &args);
	} else if (e->left->kind == EXPR_ATTR) {
		v = template_eval(ev, e->left->left);
		result = v ? template_method(ev, v, e->left->name, &args) : NULL;
		value_unref(v);
	} else {
		template_fail(ev, "the value is not callable");
	}
	free_args(&args);
	return result;
}

struct value *template_apply_filter(struct evaluation *ev, const struct expr *e, struct value *v)
{
	struct call_args args;
	struct value *result;

	if (!v || !eval_args(ev, e, &args))
		return NULL;
	result = template_filter(ev, e->name, v, &args);
	free_args(&args);
	return result;
}

static struct value *eval_filter(struct evaluation *ev, const struct expr *e)
{
	struct value *v = template_eval(ev, e->left);
	struct value *result = template_apply_filter(ev, e, v);

	value_unref(v);
	return result;
}

static struct value *eval_test(struct evaluation *ev, const struct expr *e)
{
	struct value *v = template_eval(ev, e->left);
	struct call_args args;
	int holds = -1;

	if (v && eval_args(ev, e, &args)) {
		holds = template_test(ev, e->name, v, &args);
		free_args(&args);
	}
	value_unref(v);
	return holds < 0 ? NULL : value_bool(holds != (int)e->negated);
}

struct value *template_eval(struct evaluation *ev, const struct expr *e)
{
	if (!template_work(ev))
		return NULL;
	switch (e->kind) {
	case EXPR_CONST:
		return value_ref(e->constant);
	case EXPR_NAME:
		return template_lookup(ev, e->name);
	case EXPR_LIST:
	case EXPR_TUPLE:
		return eval_items(ev, e);
	case EXPR_DICT:
		return eval_dict(ev, e);
	case EXPR_NOT:
	case EXPR_NEG:
	case EXPR_POS:
		return eval_unary(ev, e);
	case EXPR_AND:
	case EXPR_OR:
		return eval_logic(ev, e);
	case EXPR_ARITH:
		return eval_arith(ev, e);
	case EXPR_CONCAT:
		return eval_concat(ev, e);
	case EXPR_COMPARE:
		return eval_compare(ev, e);
	case EXPR_COND:
		return eval_cond(ev, e);
	case EXPR_ATTR:
	case EXPR_ITEM:
		return eval_access(ev, e);
	case EXPR_SLICE:
		return eval_slice(ev, e);
	case EXPR_CALL:
		return eval_call(ev, e);
	case EXPR_FILTER:
		return eval_filter(ev, e);
	case EXPR_TEST:
		return eval_test(ev, e);
	}
	return NULL;
}
