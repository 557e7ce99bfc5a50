/* Between the files of template: the tree of a template, and what evaluates it. */
#ifndef NODES_TEMPLATE_INTERNAL_H
#define NODES_TEMPLATE_INTERNAL_H

#include "wsd/nodes/template.h"

#define TEMPLATE_DEPTH_MAX 100    /* nesting of expressions, statements, macro calls */
#define TEMPLATE_STEPS_MAX 2000000 /* expressions and statements, a fraction of a second */
#define TEMPLATE_ITEMS_MAX 1000000 /* items of one list that a template makes */

enum expr_kind {
	EXPR_CONST,
	EXPR_NAME,
	EXPR_LIST,
	EXPR_TUPLE,
	EXPR_DICT,   /* items: key, value, key, value … */
	EXPR_NOT,
	EXPR_NEG,
	EXPR_POS,
	EXPR_AND,
	EXPR_OR,
	EXPR_ARITH,  /* op is an enum pyform_op */
	EXPR_CONCAT, /* ~ */
	EXPR_COMPARE, /* items: operands; ops between them */
	EXPR_COND,   /* left if right else third */
	EXPR_ATTR,   /* left.name */
	EXPR_ITEM,   /* left[right] */
	EXPR_SLICE,  /* left[items 0:1:2], each may be NULL */
	EXPR_CALL,
	EXPR_FILTER,
	EXPR_TEST
};

enum compare_op { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_IN, CMP_NOT_IN };

struct expr {
	enum expr_kind kind;
	int op;
	bool negated; /* is not */
	struct sv name;
	struct value *constant;
	struct expr *left;
	struct expr *right;
	struct expr *third;
	struct expr **items;
	size_t count;
	enum compare_op *ops;
	struct sv *kw_names; /* keyword arguments of calls, filters, tests */
	struct expr **kw;
	size_t kw_count;
};

enum stmt_kind { STMT_TEXT, STMT_OUTPUT, STMT_IF, STMT_FOR, STMT_SET, STMT_SET_BLOCK, STMT_MACRO, STMT_WITH, STMT_FILTER };

struct stmt {
	enum stmt_kind kind;
	struct stmt *next;
	int line;
	struct sv text;
	struct expr *expr;    /* output, condition, iterable, value, filter */
	struct expr *cond;    /* for … if */
	struct sv *targets;   /* names: for, set, with, macro parameters */
	size_t target_count;
	struct sv target_attr; /* set ns.attr = */
	struct expr **values; /* with values, macro defaults (NULL: none) */
	struct stmt *body;
	struct stmt *otherwise;
	struct sv name; /* macro */
};

/* NULL with the reason. Everything lives in the arena. */
struct stmt *template_parse(struct arena *arena, struct sv source, struct err *err);

/* ---- evaluation --------------------------------------------------------------------------------------- */

struct scope {
	struct value *vars;
	struct scope *parent;
};

struct evaluation {
	struct arena *arena;
	struct err *err;
	struct scope *scope;
	struct scope *globals;
	size_t steps;
	int depth;
};

struct call_args {
	struct value **pos;
	size_t count;
	struct value *kw; /* map */
};

struct value *template_eval(struct evaluation *ev, const struct expr *e);
/* The filter of the expression applied to `v` (lent, may be NULL: then NULL). */
struct value *template_apply_filter(struct evaluation *ev, const struct expr *e, struct value *v);
int template_run(struct evaluation *ev, const struct stmt *s, struct buf *out);
struct value *template_lookup(const struct evaluation *ev, struct sv name);
void template_push(struct evaluation *ev, struct scope *scope, struct scope *parent);
void template_pop(struct evaluation *ev, struct scope *scope, struct scope *back);
/* Counts a step of work; false when there were too many. */
bool template_work(struct evaluation *ev);
bool template_truthy(const struct value *v);
/* The macro that a value is, or NULL. */
const struct stmt *template_macro(const struct value *v);

/* Values of the template language that are no data. */
struct value *template_undefined(void); /* new reference */
bool template_is_undefined(const struct value *v);

/* Argument `i` or the keyword `name`: lent, NULL when absent. */
struct value *call_arg(const struct call_args *args, size_t i, const char *name);
bool call_arg_bool(const struct call_args *args, size_t i, const char *name, bool fallback);
int64_t call_arg_int(const struct call_args *args, size_t i, const char *name, int64_t fallback);
struct sv call_arg_text(const struct call_args *args, size_t i, const char *name, struct sv fallback);

/* All of these give a new reference, or NULL with the reason in ev->err. */
struct value *template_attr(struct evaluation *ev, const struct value *v, struct sv name);
struct value *template_item(struct evaluation *ev, const struct value *v, const struct value *key);
struct value *template_filter(struct evaluation *ev, struct sv name, struct value *v, const struct call_args *args);
struct value *template_list_filter(struct evaluation *ev, struct sv name, struct value *v, const struct call_args *args,
				   bool *known);
struct value *template_method(struct evaluation *ev, struct value *v, struct sv name, const struct call_args *args);
/* The items that a for loop or a list filter goes through: a list, the keys of a map, the characters of a text. */
struct value *template_items(struct evaluation *ev, const struct value *v);
/* "a.b.0" looked up step by step; absent steps give undefined. */
struct value *template_path(struct evaluation *ev, struct value *v, const struct value *path);

/* 1 true, 0 false, -1 with the reason. */
int template_test(struct evaluation *ev, struct sv name, struct value *v, const struct call_args *args);
int template_contains(struct evaluation *ev, const struct value *container, const struct value *item);
/* A deep copy for putting into a container, so that no container can hold itself; the work counts. NULL when too large. */
struct value *template_copy(struct evaluation *ev, const struct value *v);
struct value *template_fail(struct evaluation *ev, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* str() as templates have it: undefined is "". */
int template_str(struct buf *out, const struct value *v);
struct value *template_str_value(const struct value *v);

#endif
