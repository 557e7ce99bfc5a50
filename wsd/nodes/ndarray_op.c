/* Arrays: element by element, with broadcasting. */
#include "wsd/nodes/ndarray.h"

#include <math.h>
#include <string.h>

/* ---- rows --------------------------------------------------------------------------------------------- */

/* One loop per way of stepping (1, or 0 for one value), so that the compiler can use vector instructions. */
#define ROW(NAME, TYPE, EXPR)                                                                                          \
	static void NAME(void *po, const void *px, size_t xs, const void *py, size_t ys, size_t n)                     \
	{                                                                                                              \
		TYPE *restrict out = po;                                                                               \
		const TYPE *x = px;                                                                                    \
		const TYPE *y = py;                                                                                    \
                                                                                                                       \
		if (xs && ys) {                                                                                        \
			for (size_t i = 0; i < n; i++)                                                                 \
				out[i] = EXPR(x[i], y[i]);                                                             \
		} else if (xs) {                                                                                       \
			for (size_t i = 0; i < n; i++)                                                                 \
				out[i] = EXPR(x[i], y[0]);                                                             \
		} else {                                                                                               \
			for (size_t i = 0; i < n; i++)                                                                 \
				out[i] = EXPR(x[0], y[ys ? i : 0]);                                                    \
		}                                                                                                      \
	}

#define PLUS(a, b)    (a) + (b)
#define MINUS(a, b)   (a) - (b)
#define TIMES(a, b)   (a) * (b)
#define DIVIDED(a, b) (a) / (b)
#define EITHER(a, b)  (a) | (b)
#define BOTH(a, b)    (a) & (b)

static double double_mod(double a, double b)
{
	double m = fmod(a, b);

	if (m != 0)
		return (m < 0) != (b < 0) ? m + b : m;
	return b == 0 || isnan(m) ? NAN : copysign(0, b);
}

static float single_mod(float a, float b)
{
	float m = fmodf(a, b);

	if (m != 0)
		return (m < 0) != (b < 0) ? m + b : m;
	return b == 0 || isnan(m) ? NAN : copysignf(0, b);
}

static uint64_t whole_mod(uint64_t ua, uint64_t ub)
{
	int64_t a = (int64_t)ua;
	int64_t b = (int64_t)ub;
	int64_t m;

	if (b == 0 || b == -1)
		return 0;
	m = a % b;
	return (uint64_t)(m && (m < 0) != (b < 0) ? m + b : m);
}

static uint64_t whole_pow(uint64_t base, uint64_t exponent)
{
	uint64_t out = 1;

	for (; exponent; exponent >>= 1, base *= base)
		if (exponent & 1)
			out *= base;
	return out;
}

static double double_pow(double a, double b)
{
	return b == 2 ? a * a : pow(a, b);
}

ROW(bool_add, unsigned char, EITHER)
ROW(bool_mul, unsigned char, BOTH)
ROW(whole_add, uint64_t, PLUS) /* whole numbers wrap */
ROW(whole_sub, uint64_t, MINUS)
ROW(whole_mul, uint64_t, TIMES)
ROW(whole_rest, uint64_t, whole_mod)
ROW(whole_power, uint64_t, whole_pow)
ROW(single_add, float, PLUS)
ROW(single_sub, float, MINUS)
ROW(single_mul, float, TIMES)
ROW(single_div, float, DIVIDED)
ROW(single_rest, float, single_mod)
ROW(single_power, float, powf)
ROW(double_add, double, PLUS)
ROW(double_sub, double, MINUS)
ROW(double_mul, double, TIMES)
ROW(double_div, double, DIVIDED)
ROW(double_rest, double, double_mod)
ROW(double_power, double, double_pow)

typedef void (*row_fn)(void *out, const void *x, size_t xs, const void *y, size_t ys, size_t n);

static const row_fn rows[][ND_DOUBLE + 1] = {
	[ND_ADD] = { bool_add, whole_add, single_add, double_add },
	[ND_SUB] = { NULL, whole_sub, single_sub, double_sub },
	[ND_MUL] = { bool_mul, whole_mul, single_mul, double_mul },
	[ND_DIV] = { NULL, NULL, single_div, double_div },
	[ND_MOD] = { NULL, whole_rest, single_rest, double_rest },
	[ND_POW] = { NULL, whole_power, single_power, double_power },
};

/* ---- broadcasting ------------------------------------------------------------------------------------- */

/* The common shape; -1 when there is none. */
static int broadcast(const struct nd *a, const struct nd *b, int *ndim, int64_t shape[ND_DIMS], struct err *err)
{
	*ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
	for (int k = 1; k <= *ndim; k++) {
		int64_t x = k <= a->ndim ? a->shape[a->ndim - k] : 1;
		int64_t y = k <= b->ndim ? b->shape[b->ndim - k] : 1;

		if (x != y && x != 1 && y != 1)
			return err_set(err, 400,
				       "arrays with %lld and %lld elements along an axis do not fit each other",
				       (long long)x, (long long)y);
		shape[*ndim - k] = x == 1 ? y : x;
	}
	return 0;
}

/* Bytes from one element to the next along each axis of the result; 0 where the operand is repeated. */
static void strides(const struct nd *a, int ndim, size_t out[ND_DIMS])
{
	size_t step = a->item;

	for (int k = 1; k <= ndim; k++) {
		int64_t n = k <= a->ndim ? a->shape[a->ndim - k] : 1;

		out[ndim - k] = n == 1 ? 0 : step;
		step *= (size_t)n;
	}
}

/* Row by row: the last axis is the row, the others are counted through. */
static void apply(row_fn fn, struct nd *out, const struct nd *a, const struct nd *b)
{
	size_t sa[ND_DIMS] = { 0 };
	size_t sb[ND_DIMS] = { 0 };
	int64_t at[ND_DIMS] = { 0 };
	int last = out->ndim - 1;
	size_t row = out->ndim ? (size_t)out->shape[last] : 1;
	const char *pa = a->p;
	const char *pb = b->p;
	char *po = out->p;
	bool whole = (a->n == out->n || a->n == 1) && (b->n == out->n || b->n == 1);

	if (whole) {
		fn(po, pa, a->n == out->n, pb, b->n == out->n, out->n);
		return;
	}
	strides(a, out->ndim, sa);
	strides(b, out->ndim, sb);
	for (size_t done = 0; done < out->n; done += row) {
		fn(po, pa, sa[last] != 0, pb, sb[last] != 0, row);
		po += row * out->item;
		for (int k = last - 1; k >= 0; k--) {
			pa += sa[k];
			pb += sb[k];
			if (++at[k] < out->shape[k])
				break;
			pa -= sa[k] * (size_t)out->shape[k];
			pb -= sb[k] * (size_t)out->shape[k];
			at[k] = 0;
		}
	}
}

/* The kind in which an operation is done; -1 when there is none. */
static int operating_kind(enum nd_op op, const struct nd *a, const struct nd *b, enum nd_kind *kind, struct err *err)
{
	*kind = nd_common(a->kind, b->kind);
	if (op == ND_DIV && *kind <= ND_INT)
		*kind = ND_DOUBLE;
	if (*kind == ND_BOOL && op == ND_SUB)
		return err_set(err, 400, "bools cannot be subtracted");
	if (*kind == ND_BOOL && (op == ND_MOD || op == ND_POW))
		*kind = ND_INT;
	for (size_t i = 0; op == ND_POW && *kind == ND_INT && b->kind == ND_INT && i < b->n; i++)
		if (b->i[i] < 0)
			return err_set(err, 400, "whole numbers have no negative whole powers");
	return 0;
}

struct nd *nd_arith(struct arena *arena, enum nd_op op, struct nd *a, struct nd *b, struct err *err)
{
	int64_t shape[ND_DIMS];
	enum nd_kind kind;
	struct nd *out;
	int ndim;

	if (operating_kind(op, a, b, &kind, err) != 0 || broadcast(a, b, &ndim, shape, err) != 0)
		return NULL;
	a = nd_cast(arena, a, kind, err);
	b = a ? nd_cast(arena, b, kind, err) : NULL;
	out = b ? nd_new(arena, kind, 0, ndim, shape, err) : NULL;
	if (out && out->n)
		apply(rows[op][kind], out, a, b);
	return out;
}

/* ---- padding ------------------------------------------------------------------------------------------ */

/* `more` zeros behind the elements of every axis. */
static struct nd *padded(struct arena *arena, const struct nd *a, int64_t more, struct err *err)
{
	int64_t shape[ND_DIMS];
	int64_t at[ND_DIMS] = { 0 };
	size_t row = (size_t)a->shape[a->ndim - 1];
	struct nd *out;
	size_t place;

	for (int k = 0; k < a->ndim; k++)
		if (__builtin_add_overflow(a->shape[k], more, &shape[k]))
			shape[k] = INT64_MAX;
	out = nd_new(arena, a->kind, a->item, a->ndim, shape, err);
	for (size_t from = 0; out && row && from < a->n; from += row) {
		place = 0;
		for (int k = 0; k < a->ndim; k++)
			place = place * (size_t)shape[k] + (size_t)at[k];
		memcpy((char *)out->p + place * a->item, (const char *)a->p + from * a->item, row * a->item);
		for (int k = a->ndim - 2; k >= 0 && ++at[k] == a->shape[k]; k--)
			at[k] = 0;
	}
	return out;
}

int nd_pad(struct arena *arena, struct nd **a, struct nd **b, struct err *err)
{
	int64_t x;
	int64_t y;

	if ((*a)->n == 1 || (*b)->n == 1)
		return 0;
	if (!(*a)->ndim || !(*b)->ndim)
		return err_set(err, 400, "an array without elements");
	x = (*a)->shape[0];
	y = (*b)->shape[0];
	if (x < y)
		*a = padded(arena, *a, y - x, err);
	else if (y < x)
		*b = padded(arena, *b, x - y, err);
	return *a && *b ? 0 : -1;
}
