/* Executes templates: names, statements, macros. */
#include "wsd/nodes/template_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/pyform.h"

/* ---- values of the language --------------------------------------------------------------------------- */

static void nothing(void *ptr)
{
	(void)ptr;
}

static struct value *shown_as_empty(void *ptr)
{
	(void)ptr;
	return value_str("");
}

static const struct value_class undefined_class = { "undefined", nothing, shown_as_empty, NULL };
static const struct value_class macro_class = { "macro", nothing, shown_as_empty, NULL };

struct value *template_undefined(void)
{
	static char mark;

	return value_object(&undefined_class, &mark);
}

bool template_is_undefined(const struct value *v)
{
	return value_object_class(v) == &undefined_class;
}

struct value *template_fail(struct evaluation *ev, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	err_set(ev->err, 400, "%s", text);
	return NULL;
}

int template_str(struct buf *out, const struct value *v)
{
	return value_is(v, VALUE_OBJECT) ? 0 : pyform_str(out, v);
}

struct value *template_str_value(const struct value *v)
{
	return value_is(v, VALUE_OBJECT) ? value_str("") : pyform_str_value((struct value *)(uintptr_t)v);
}

const struct stmt *template_macro(const struct value *v)
{
	return value_object_ptr(v, &macro_class);
}

bool template_truthy(const struct value *v)
{
	return !template_is_undefined(v) && value_truthy(v);
}

/* ---- names -------------------------------------------------------------------------------------------- */

struct value *template_lookup(const struct evaluation *ev, struct sv name)
{
	for (const struct scope *scope = ev->scope; scope; scope = scope->parent) {
		struct value *v = map_getn(scope->vars, name.p, name.n);

		if (v)
			return value_ref(v);
	}
	return template_undefined();
}

void template_push(struct evaluation *ev, struct scope *scope, struct scope *parent)
{
	scope->vars = value_map();
	scope->parent = parent;
	ev->scope = scope;
}

void template_pop(struct evaluation *ev, struct scope *scope, struct scope *back)
{
	value_unref(scope->vars);
	ev->scope = back;
}

bool template_work(struct evaluation *ev)
{
	if (++ev->steps <= TEMPLATE_STEPS_MAX)
		return true;
	template_fail(ev, "the template does too much work");
	return false;
}

/* ---- statements --------------------------------------------------------------------------------------- */

static int run_output(struct evaluation *ev, const struct stmt *s, struct buf *out)
{
	struct value *v = template_eval(ev, s->expr);

	if (!v)
		return -1;
	template_str(out, v);
	value_unref(v);
	return 0;
}

/* Gives one value to the targets, or its items to several of them. */
static int assign(struct evaluation *ev, const struct stmt *s, struct value *v)
{
	struct value *items;

	if (s->target_count == 1) {
		map_setn(ev->scope->vars, s->targets[0].p, s->targets[0].n, value_ref(v));
		return 0;
	}
	items = template_items(ev, v);
	if (items && value_len(items) != s->target_count) {
		template_fail(ev, "%zu values are given to %zu names", value_len(items), s->target_count);
		value_unref(items);
		return -1;
	}
	for (size_t i = 0; items && i < s->target_count; i++)
		map_setn(ev->scope->vars, s->targets[i].p, s->targets[i].n, value_ref(list_at(items, i)));
	value_unref(items);
	return items ? 0 : -1;
}

static struct value *loop_value(const struct value *items, size_t i, int depth)
{
	struct value *loop = value_map();
	int64_t count = (int64_t)value_len(items);

	map_set_int(loop, "index", (int64_t)i + 1);
	map_set_int(loop, "index0", (int64_t)i);
	map_set_int(loop, "revindex", count - (int64_t)i);
	map_set_int(loop, "revindex0", count - (int64_t)i - 1);
	map_set_bool(loop, "first", i == 0);
	map_set_bool(loop, "last", (int64_t)i + 1 == count);
	map_set_int(loop, "length", count);
	map_set_int(loop, "depth", depth + 1);
	map_set_int(loop, "depth0", depth);
	map_set(loop, "previtem", i ? value_ref(list_at(items, i - 1)) : template_undefined());
	map_set(loop, "nextitem", list_at(items, i + 1) ? value_ref(list_at(items, i + 1)) : template_undefined());
	return loop;
}

/* The items that satisfy the loop's condition, as a new list. */
static struct value *chosen_items(struct evaluation *ev, const struct stmt *s, const struct value *items)
{
	struct value *chosen = value_list();
	struct scope *back = ev->scope;

	for (size_t i = 0; i < value_len(items); i++) {
		struct scope scope;
		struct value *holds = NULL;

		template_push(ev, &scope, back);
		if (assign(ev, s, list_at(items, i)) == 0)
			holds = template_eval(ev, s->cond);
		template_pop(ev, &scope, back);
		if (!holds) {
			value_unref(chosen);
			return NULL;
		}
		if (template_truthy(holds))
			list_push(chosen, value_ref(list_at(items, i)));
		value_unref(holds);
	}
	return chosen;
}

static int run_loop(struct evaluation *ev, const struct stmt *s, const struct value *items, struct buf *out)
{
	struct scope *back = ev->scope;
	int status = 0;

	for (size_t i = 0; status == 0 && i < value_len(items); i++) {
		struct scope scope;

		template_push(ev, &scope, back);
		map_set(scope.vars, "loop", loop_value(items, i, ev->depth));
		ev->depth++;
		status = assign(ev, s, list_at(items, i)) < 0 || template_run(ev, s->body, out) < 0 ? -1 : 0;
		ev->depth--;
		template_pop(ev, &scope, back);
	}
	return status;
}

static int run_for(struct evaluation *ev, const struct stmt *s, struct buf *out)
{
	struct value *v = template_eval(ev, s->expr);
	struct value *items = v ? template_items(ev, v) : NULL;
	int status = -1;

	value_unref(v);
	if (items && s->cond) {
		v = chosen_items(ev, s, items);
		value_unref(items);
		items = v;
	}
	if (items)
		status = value_len(items) ? run_loop(ev, s, items, out) : template_run(ev, s->otherwise, out);
	value_unref(items);
	return status;
}

static int run_set(struct evaluation *ev, const struct stmt *s)
{
	struct value *v = template_eval(ev, s->expr);
	struct value *target;
	struct value *copy;
	int status = -1;

	if (!v)
		return -1;
	if (s->target_attr.n) {
		target = template_lookup(ev, s->targets[0]);
		copy = value_is(target, VALUE_MAP) ? template_copy(ev, v) : NULL;
		if (copy) {
			map_setn(target, s->target_attr.p, s->target_attr.n, copy);
			status = 0;
		} else {
			template_fail(ev, "cannot assign attribute on non-namespace object");
		}
		value_unref(target);
	} else {
		status = assign(ev, s, v);
	}
	value_unref(v);
	return status;
}

/* The filters of a filter or set block, the innermost first, applied to its text. Takes `v`. */
static struct value *filter_text(struct evaluation *ev, const struct expr *e, struct value *v)
{
	struct value *result;

	if (!e || !v)
		return v;
	v = filter_text(ev, e->left, v);
	result = template_apply_filter(ev, e, v);
	value_unref(v);
	return result;
}

static int run_captured(struct evaluation *ev, const struct stmt *s, struct buf *out)
{
	struct buf text;
	struct value *v = NULL;
	int status = -1;

	buf_init(&text, BUF_MAX_BODY);
	if (template_run(ev, s->body, &text) == 0)
		v = filter_text(ev, s->expr, value_strn(text.data ? text.data : "", text.len));
	if (v)
		status = s->kind == STMT_SET_BLOCK ? assign(ev, s, v) : template_str(out, v);
	value_unref(v);
	buf_free(&text);
	return status;
}

static int run_if(struct evaluation *ev, const struct stmt *s, struct buf *out)
{
	struct value *condition = template_eval(ev, s->expr);
	bool holds;

	if (!condition)
		return -1;
	holds = template_truthy(condition);
	value_unref(condition);
	return template_run(ev, holds ? s->body : s->otherwise, out);
}

static int run_with(struct evaluation *ev, const struct stmt *s, struct buf *out)
{
	struct scope *back = ev->scope;
	struct scope scope;
	int status = 0;

	template_push(ev, &scope, back);
	for (size_t i = 0; status == 0 && i < s->target_count; i++) {
		struct value *v = template_eval(ev, s->values[i]);

		if (v)
			map_setn(scope.vars, s->targets[i].p, s->targets[i].n, v);
		status = v ? 0 : -1;
	}
	if (status == 0)
		status = template_run(ev, s->body, out);
	template_pop(ev, &scope, back);
	return status;
}

static int run_one(struct evaluation *ev, const struct stmt *s, struct buf *out)
{
	switch (s->kind) {
	case STMT_TEXT:
		buf_add(out, s->text.p, s->text.n);
		return 0;
	case STMT_OUTPUT:
		return run_output(ev, s, out);
	case STMT_IF:
		return run_if(ev, s, out);
	case STMT_FOR:
		return run_for(ev, s, out);
	case STMT_SET:
		return run_set(ev, s);
	case STMT_WITH:
		return run_with(ev, s, out);
	case STMT_MACRO:
		map_setn(ev->scope->vars, s->name.p, s->name.n, value_object(&macro_class, (void *)(uintptr_t)s));
		return 0;
	default:
		return run_captured(ev, s, out);
	}
}

int template_run(struct evaluation *ev, const struct stmt *s, struct buf *out)
{
	for (; s; s = s->next) {
		if (!template_work(ev) || run_one(ev, s, out) < 0)
			return -1;
		if (out->failed) {
			template_fail(ev, "the text is too long");
			return -1;
		}
	}
	return 0;
}

int template_render(struct buf *out, struct sv source, const struct value *vars, struct err *err)
{
	struct arena *arena = arena_new();
	struct scope top = { value_copy(vars), NULL };
	struct evaluation ev = { .arena = arena, .err = err, .scope = &top, .globals = &top };
	struct stmt *first;
	int status = -1;

	if (source.n > TEMPLATE_MAX) {
		err_set(err, 400, "the template is longer than %zu bytes", TEMPLATE_MAX);
	} else {
		first = template_parse(arena, source, err);
		if (first)
			status = template_run(&ev, first, out);
	}
	value_unref(top.vars);
	arena_free(arena);
	return status;
}
