/* Conditions of data nodes: what their operators come to, a whole column at a time. */
#include "wsd/nodes/frame_query.h"

#include "value/pyform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void unref_col(void *col)
{
	frame_col_unref(col);
}

struct frame_col *cond_own(struct query_run *run, struct frame_col *col)
{
	arena_defer(run->arena, unref_col, col);
	return col;
}

struct value *cond_own_value(struct query_run *run, struct value *v)
{
	arena_defer(run->arena, value_unref_ptr, v);
	return v;
}

static struct frame_col *new_col(struct query_run *run, enum frame_kind kind)
{
	return cond_own(run, frame_col_new(kind, run->frame->rows));
}

/* A value of an operand in a row: a new reference. */
static struct value *cell(struct operand a, size_t row)
{
	return a.col ? frame_cell(a.col, row) : value_ref(a.one);
}

static bool missing(struct operand a, size_t row)
{
	return a.col ? frame_cell_missing(a.col, row)
		     : value_is_null(a.one) || (value_is(a.one, VALUE_FLOAT) && isnan(value_as_float(a.one)));
}

/* ---- numbers ------------------------------------------------------------------------------------------ */

/* An operand as an array that is walked with `step` 1, or 0 for one value. */
struct numbers {
	const int64_t *whole; /* NULL: fractions */
	const double *fractions;
	size_t step;
};

static bool is_numeric(struct operand a)
{
	if (a.col)
		return frame_col_numeric(a.col);
	return value_is(a.one, VALUE_INT) || value_is(a.one, VALUE_FLOAT) || value_is(a.one, VALUE_BOOL);
}

static bool is_whole(struct operand a)
{
	return a.col ? a.col->kind != FRAME_FLOAT : !value_is(a.one, VALUE_FLOAT);
}

/* Both operands as whole numbers when both are, else as fractions. */
static struct numbers numbers_of(struct query_run *run, struct operand a, bool whole)
{
	struct numbers out = { .step = a.col ? 1 : 0 };
	struct frame_col *col;

	if (a.col) {
		col = cond_own(run, frame_col_cast(a.col, whole ? FRAME_INT : FRAME_FLOAT));
	} else {
		col = cond_own(run, frame_col_new(whole ? FRAME_INT : FRAME_FLOAT, 1));
		if (whole)
			col->i[0] = value_as_int(a.one);
		else
			col->f[0] = value_as_float(a.one);
	}
	out.whole = whole ? col->i : NULL;
	out.fractions = whole ? NULL : col->f;
	return out;
}

/* One loop per operator and kind of stepping, so that the compiler can use vector instructions. */
#define LOOP(EXPR)                                                                                                     \
	do {                                                                                                           \
		if (xs && ys) {                                                                                        \
			for (size_t i = 0; i < n; i++)                                                                 \
				EXPR(x[i], y[i]);                                                                      \
		} else if (xs) {                                                                                       \
			for (size_t i = 0; i < n; i++)                                                                 \
				EXPR(x[i], y[0]);                                                                      \
		} else {                                                                                               \
			for (size_t i = 0; i < n; i++)                                                                 \
				EXPR(x[0], y[i]);                                                                      \
		}                                                                                                      \
	} while (0)

#define LESS(a, b)       out[i] = (a) < (b)
#define LESS_EQUAL(a, b) out[i] = (a) <= (b)
#define EQUAL(a, b)      out[i] = (a) == (b)
#define NOT_EQUAL(a, b)  out[i] = (a) != (b)

#define DEFINE_COMPARE(NAME, TYPE)                                                                                     \
	static void NAME(enum query_op op, unsigned char *out, const TYPE *x, size_t xs, const TYPE *y, size_t ys,     \
			 size_t n)                                                                                     \
	{                                                                                                              \
		const TYPE *swap = x;                                                                                  \
		size_t swap_step = xs;                                                                                 \
                                                                                                                       \
		if (op == Q_GT || op == Q_GE) { /* a > b is b < a */                                                   \
			x = y;                                                                                         \
			xs = ys;                                                                                       \
			y = swap;                                                                                      \
			ys = swap_step;                                                                                \
		}                                                                                                      \
		if (op == Q_LT || op == Q_GT)                                                                          \
			LOOP(LESS);                                                                                    \
		else if (op == Q_LE || op == Q_GE)                                                                     \
			LOOP(LESS_EQUAL);                                                                              \
		else if (op == Q_EQ)                                                                                   \
			LOOP(EQUAL);                                                                                   \
		else                                                                                                   \
			LOOP(NOT_EQUAL);                                                                               \
	}

DEFINE_COMPARE(compare_whole, int64_t)
DEFINE_COMPARE(compare_fractions, double)

#define PLUS(a, b)    out[i] = (a) + (b)
#define MINUS(a, b)   out[i] = (a) - (b)
#define TIMES(a, b)   out[i] = (a) * (b)
#define DIVIDED(a, b) out[i] = (a) / (b)

static double modulo(double a, double b)
{
	double m = fmod(a, b);

	return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}

static void fraction_arith(enum query_op op, double *out, struct numbers a, struct numbers b, size_t n)
{
	const double *x = a.fractions;
	const double *y = b.fractions;
	size_t xs = a.step;
	size_t ys = b.step;

	if (op == Q_ADD)
		LOOP(PLUS);
	else if (op == Q_SUB)
		LOOP(MINUS);
	else if (op == Q_MUL)
		LOOP(TIMES);
	else if (op == Q_DIV)
		LOOP(DIVIDED);
	for (size_t i = 0; i < n; i++) {
		double l = x[i * xs];
		double r = y[i * ys];

		if (op == Q_MOD)
			out[i] = r == 0 ? NAN : modulo(l, r);
		else if (op == Q_POW)
			out[i] = pow(l, r);
		else if (op == Q_FLOORDIV)
			out[i] = floor(l / r);
	}
}

static uint64_t whole_power(uint64_t base, int64_t exponent)
{
	uint64_t out = 1;

	for (; exponent; exponent >>= 1, base *= base)
		if (exponent & 1)
			out *= base;
	return out;
}

static int64_t whole_floor(int64_t a, int64_t b)
{
	if (b == -1)
		return (int64_t)(0 - (uint64_t)a);
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* Whole numbers wrap, as NumPy's do. */
static void whole_arith(enum query_op op, int64_t *result, struct numbers a, struct numbers b, size_t n)
{
	const uint64_t *x = (const uint64_t *)a.whole;
	const uint64_t *y = (const uint64_t *)b.whole;
	uint64_t *out = (uint64_t *)result;
	size_t xs = a.step;
	size_t ys = b.step;

	if (op == Q_ADD)
		LOOP(PLUS);
	else if (op == Q_SUB)
		LOOP(MINUS);
	else if (op == Q_MUL)
		LOOP(TIMES);
	for (size_t i = 0; i < n; i++) {
		int64_t l = a.whole[i * xs];
		int64_t r = b.whole[i * ys];

		if (op == Q_POW)
			out[i] = whole_power((uint64_t)l, r);
		else if (op == Q_FLOORDIV)
			result[i] = whole_floor(l, r);
		else if (op == Q_MOD)
			out[i] = (uint64_t)l - (uint64_t)whole_floor(l, r) * (uint64_t)r;
	}
}

/* Whole numbers become fractions where / is, and where zero divides. */
static int stays_whole(struct query_run *run, enum query_op op, struct operand b, bool *whole)
{
	struct numbers right;
	size_t n = b.col ? b.col->n : 1;

	if (op == Q_DIV)
		*whole = false;
	if (!*whole || (op != Q_MOD && op != Q_FLOORDIV && op != Q_POW))
		return 0;
	right = numbers_of(run, b, true);
	for (size_t i = 0; i < n; i++) {
		if (op == Q_POW && right.whole[i] < 0)
			return err_set(run->err, 400, "whole numbers have no negative whole powers");
		if (op != Q_POW && right.whole[i] == 0)
			*whole = false;
	}
	return 0;
}

static int arith_numbers(struct query_run *run, enum query_op op, struct operand a, struct operand b,
			 struct operand *out)
{
	bool whole = is_whole(a) && is_whole(b);

	if (stays_whole(run, op, b, &whole) != 0)
		return -1;
	*out = (struct operand){ .col = new_col(run, whole ? FRAME_INT : FRAME_FLOAT) };
	if (whole)
		whole_arith(op, out->col->i, numbers_of(run, a, true), numbers_of(run, b, true), run->frame->rows);
	else
		fraction_arith(op, out->col->f, numbers_of(run, a, false), numbers_of(run, b, false), run->frame->rows);
	return 0;
}

/* ---- values of any kind ------------------------------------------------------------------------------- */

static struct value *arith_values(enum query_op op, const struct value *a, const struct value *b, struct err *err)
{
	static const enum pyform_op ops[] = {
		[Q_ADD] = PYFORM_ADD,           [Q_SUB] = PYFORM_SUB, [Q_MUL] = PYFORM_MUL, [Q_DIV] = PYFORM_DIV,
		[Q_FLOORDIV] = PYFORM_FLOORDIV, [Q_MOD] = PYFORM_MOD, [Q_POW] = PYFORM_POW,
	};
	struct value *out;
	struct buf buf;

	if (op != Q_ADD || !value_is(a, VALUE_STR) || !value_is(b, VALUE_STR))
		return pyform_arith(ops[op], a, b, err);
	buf_init(&buf, BUF_MAX_BODY);
	buf_add(&buf, value_text(a), value_len(a));
	buf_add(&buf, value_text(b), value_len(b));
	out = buf.failed ? NULL : value_strn(buf.len ? buf.data : "", buf.len);
	if (!out)
		err_set(err, 400, "a text gets too long");
	buf_free(&buf);
	return out;
}

static int arith(struct query_run *run, enum query_op op, struct operand a, struct operand b, struct operand *out)
{
	struct frame_col *col;

	if (!a.col && !b.col) {
		out->one = arith_values(op, a.one, b.one, run->err);
		return out->one ? (cond_own_value(run, out->one), 0) : -1;
	}
	if (is_numeric(a) && is_numeric(b))
		return arith_numbers(run, op, a, b, out);
	col = new_col(run, FRAME_ANY);
	for (size_t i = 0; i < col->n; i++) {
		struct value *x = cell(a, i);
		struct value *y = cell(b, i);

		col->v[i] = missing(a, i) || missing(b, i) ? value_float(NAN) : arith_values(op, x, y, run->err);
		value_unref(x);
		value_unref(y);
		if (!col->v[i])
			return -1;
	}
	out->col = cond_own(run, frame_col_infer(col));
	return 0;
}

/* 1, 0, or -1 with the reason. What is missing is unequal to all, and neither smaller nor greater. */
static int holds(struct query_run *run, enum query_op op, struct operand a, struct operand b, size_t row)
{
	struct value *x;
	struct value *y;
	int order = 2;
	int rc = 0;

	if (missing(a, row) || missing(b, row))
		return op == Q_NE;
	x = cell(a, row);
	y = cell(b, row);
	if (op == Q_EQ || op == Q_NE)
		rc = value_equal(x, y) == (op == Q_EQ);
	else if (pyform_compare(x, y, &order, run->err) != 0)
		rc = -1;
	else if (order != 2)
		rc = (op == Q_LT && order < 0) || (op == Q_LE && order <= 0) || (op == Q_GT && order > 0) ||
		     (op == Q_GE && order >= 0);
	value_unref(x);
	value_unref(y);
	return rc;
}

/* Texts of a column against one text. */
static void compare_texts(enum query_op op, unsigned char *out, const struct frame_col *col, struct sv text)
{
	for (size_t i = 0; i < col->n; i++) {
		struct sv t = col->t[i];
		int order;

		if (!t.p || op == Q_EQ || op == Q_NE) {
			out[i] = (t.p && t.n == text.n && memcmp(t.p, text.p, t.n) == 0) == (op == Q_EQ);
			out[i] = t.p ? out[i] : op == Q_NE;
			continue;
		}
		order = memcmp(t.p, text.p, t.n < text.n ? t.n : text.n);
		order = order ? order : (t.n > text.n) - (t.n < text.n);
		out[i] = op == Q_LT ? order < 0 : op == Q_LE ? order <= 0 : op == Q_GT ? order > 0 : order >= 0;
	}
}

static int compare_cells(struct query_run *run, enum query_op op, struct operand a, struct operand b,
			 struct frame_col *col)
{
	size_t n = run->frame->rows;
	struct numbers x;
	struct numbers y;
	bool whole;

	if (is_numeric(a) && is_numeric(b)) {
		whole = is_whole(a) && is_whole(b);
		x = numbers_of(run, a, whole);
		y = numbers_of(run, b, whole);
		if (whole)
			compare_whole(op, col->b, x.whole, x.step, y.whole, y.step, n);
		else
			compare_fractions(op, col->b, x.fractions, x.step, y.fractions, y.step, n);
		return 0;
	}
	if (a.col && a.col->kind == FRAME_TEXT && !b.col && value_is(b.one, VALUE_STR)) {
		compare_texts(op, col->b, a.col, value_sv(b.one));
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		int rc = holds(run, op, a, b, i);

		if (rc < 0)
			return -1;
		col->b[i] = (unsigned char)rc;
	}
	return 0;
}

/* ---- membership --------------------------------------------------------------------------------------- */

#define FEW 8

int cond_is_in(struct query_run *run, const struct frame_col *col, const struct value *list, struct frame_col **out)
{
	struct frame_col *found = new_col(run, FRAME_BOOL);
	struct frame_col *one = cond_own(run, frame_col_new(FRAME_BOOL, col->n));
	struct operand left = { .col = (struct frame_col *)(uintptr_t)col };
	struct frame_codes codes;
	struct frame_col *items;
	struct frame_col *both;
	unsigned char *wanted;

	*out = found;
	for (size_t k = 0; value_len(list) <= FEW && k < value_len(list); k++) {
		struct operand right = { .one = list_at(list, k) };

		if (compare_cells(run, Q_EQ, left, right, one) != 0)
			return -1;
		for (size_t i = 0; i < col->n; i++)
			found->b[i] |= missing(right, 0) ? frame_cell_missing(col, i) : one->b[i];
	}
	if (value_len(list) <= FEW)
		return 0;
	both = frame_col_new(FRAME_ANY, value_len(list));
	for (size_t k = 0; k < both->n; k++)
		both->v[k] = value_ref(list_at(list, k));
	items = cond_own(run, frame_col_infer(cond_own(run, both)));
	both = cond_own(run, frame_col_append(left.col, items));
	if (frame_factorize(both, false, &codes, run->err) != 0)
		return -1;
	wanted = xcalloc(codes.count + 1, 1);
	for (size_t i = col->n; i < both->n; i++)
		wanted[codes.of[i]] = 1;
	for (size_t i = 0; i < col->n; i++)
		found->b[i] = wanted[codes.of[i]];
	free(wanted);
	frame_codes_free(&codes);
	return 0;
}

static void invert(struct frame_col *col)
{
	for (size_t i = 0; i < col->n; i++)
		col->b[i] = !col->b[i];
}

static struct value *as_list(struct query_run *run, struct value *v)
{
	struct value *list = value_list();

	list_push(list, value_ref(v));
	return cond_own_value(run, list);
}

static int member(struct query_run *run, bool negate, struct operand a, struct operand b, struct operand *out)
{
	bool found = false;

	/* A text on either side counts as a list of that text; 'x' in column asks the column. */
	if (a.one && b.col && (value_is(a.one, VALUE_STR) || value_is(a.one, VALUE_LIST)))
		return member(run, negate, b, a, out);
	if (!b.one || (!value_is(b.one, VALUE_STR) && !value_is(b.one, VALUE_LIST)))
		return err_set(run->err, 400, "\"in\" needs a list");
	if (value_is(b.one, VALUE_STR))
		b.one = as_list(run, b.one);
	if (a.col) {
		if (cond_is_in(run, a.col, b.one, &out->col) != 0)
			return -1;
		if (negate)
			invert(out->col);
		return 0;
	}
	for (size_t i = 0; i < value_len(b.one); i++)
		found |= value_equal(a.one, list_at(b.one, i));
	out->one = value_bool(found != negate);
	return 0;
}

int cond_compare(struct query_run *run, enum query_op op, struct operand a, struct operand b, struct operand *out)
{
	bool lists = value_is(a.one, VALUE_LIST) || value_is(b.one, VALUE_LIST);
	int rc;

	*out = (struct operand){ 0 };
	if (op == Q_IN || op == Q_NOT_IN || (lists && (op == Q_EQ || op == Q_NE)))
		return member(run, op == Q_NOT_IN || op == Q_NE, a, b, out);
	if (lists)
		return err_set(run->err, 400, "lists have no order");
	if (a.col || b.col) {
		out->col = new_col(run, FRAME_BOOL);
		return compare_cells(run, op, a, b, out->col);
	}
	rc = holds(run, op, a, b, 0);
	out->one = value_bool(rc > 0);
	return rc < 0 ? -1 : 0;
}

/* ---- logic -------------------------------------------------------------------------------------------- */

static int truth(struct query_run *run, struct operand a, struct operand *out)
{
	*out = a;
	if (a.col && a.col->kind != FRAME_BOOL)
		out->col = cond_own(run, frame_col_infer(a.col));
	if (out->col ? out->col->kind == FRAME_BOOL || !out->col->n : value_is(a.one, VALUE_BOOL))
		return 0;
	return err_set(run->err, 400, "and, or and not need what is true or false for every row");
}

static int logic(struct query_run *run, enum query_op op, struct operand a, struct operand b, struct operand *out)
{
	size_t n = run->frame->rows;

	if (truth(run, a, &a) != 0 || truth(run, b, &b) != 0)
		return -1;
	if (!a.col && !b.col) {
		out->one = value_bool(op == Q_AND ? value_as_bool(a.one) && value_as_bool(b.one)
						  : value_as_bool(a.one) || value_as_bool(b.one));
		return 0;
	}
	out->col = new_col(run, FRAME_BOOL);
	for (size_t i = 0; i < n; i++) {
		unsigned char x = a.col ? a.col->b[i] : value_as_bool(a.one);
		unsigned char y = b.col ? b.col->b[i] : value_as_bool(b.one);

		out->col->b[i] = op == Q_AND ? x & y : x | y;
	}
	return 0;
}

static int unary(struct query_run *run, enum query_op op, struct operand a, struct operand *out)
{
	struct operand zero = { .one = cond_own_value(run, value_int(0)) };
	struct operand minus_one = { .one = cond_own_value(run, value_int(-1)) };

	if (op == Q_NOT || (op == Q_INVERT && !(is_numeric(a) && is_whole(a)))) {
		if (truth(run, a, &a) != 0)
			return -1;
	}
	if (a.col ? a.col->kind == FRAME_BOOL : value_is(a.one, VALUE_BOOL)) {
		if (op != Q_NOT && op != Q_INVERT)
			return arith(run, op == Q_NEGATE ? Q_SUB : Q_ADD, zero, a, out);
		if (!a.col) {
			out->one = value_bool(!value_as_bool(a.one));
			return 0;
		}
		out->col = new_col(run, FRAME_BOOL);
		if (a.col->n)
			memcpy(out->col->b, a.col->b, a.col->n);
		invert(out->col);
		return 0;
	}
	if (op == Q_PLUS)
		*out = a;
	return op == Q_PLUS ? 0 : arith(run, Q_SUB, op == Q_INVERT ? minus_one : zero, a, out);
}

/* ---- the tree ----------------------------------------------------------------------------------------- */

static int column(struct query_run *run, const struct query *q, struct operand *out)
{
	int64_t at = frame_find(run->frame, q->name);

	if (at >= 0)
		out->col = run->frame->cols[at];
	else if (sv_eq(q->name, "index"))
		out->col = run->frame->index ? run->frame->index : cond_own(run, frame_col_range(run->frame->rows));
	else if (sv_eq(q->name, "inf"))
		out->one = cond_own_value(run, value_float(INFINITY));
	else
		return err_set(run->err, 400, "there is no column \"%.*s\"", (int)(q->name.n < 200 ? q->name.n : 200),
			       q->name.p);
	return 0;
}

static int list(struct query_run *run, const struct query *q, struct operand *out)
{
	out->one = cond_own_value(run, value_list());
	for (size_t i = 0; i < q->count; i++) {
		struct operand item = { 0 };

		if (cond_eval(run, q->args[i], &item) != 0)
			return -1;
		if (!item.one || value_is(item.one, VALUE_LIST))
			return err_set(run->err, 400, "lists may hold single values only");
		list_push(out->one, value_ref(item.one));
	}
	return 0;
}

int cond_eval(struct query_run *run, const struct query *q, struct operand *out)
{
	struct operand a = { 0 };
	struct operand b = { 0 };

	*out = (struct operand){ 0 };
	switch (q->op) {
	case Q_CONST:
		out->one = q->value;
		return 0;
	case Q_COLUMN:
		return column(run, q, out);
	case Q_LIST:
		return list(run, q, out);
	case Q_METHOD:
		return cond_method(run, q, out);
	case Q_FUNCTION:
		return cond_function(run, q, out);
	default:
		break;
	}
	if (cond_eval(run, q->args[0], &a) != 0 || (q->count > 1 && cond_eval(run, q->args[1], &b) != 0))
		return -1;
	if (q->op >= Q_LT && q->op <= Q_NOT_IN)
		return cond_compare(run, q->op, a, b, out);
	if (value_is(a.one, VALUE_LIST) || value_is(b.one, VALUE_LIST))
		return err_set(run->err, 400, "lists can be compared only");
	if (q->op >= Q_ADD && q->op <= Q_POW)
		return arith(run, q->op, a, b, out);
	return q->count > 1 ? logic(run, q->op, a, b, out) : unary(run, q->op, a, out);
}
