/* Arrays: one value along an axis, and products of matrices. */
#include "wsd/nodes/ndarray.h"

#include <math.h>
#include <string.h>

/* ---- along an axis ------------------------------------------------------------------------------------ */

/* What is better than what was found: NaN beats all, as in NumPy. */
#define BETTER(a, b, greater) (((greater) ? (a) > (b) : (a) < (b)) || ((a) != (a) && (b) == (b)))

/* One pass over an axis of `len` rows of `inner` elements, for each of the `outer` blocks. */
#define PICK(NAME, TYPE)                                                                                               \
	static void NAME(TYPE *out, int64_t *where, const TYPE *in, size_t outer, size_t len, size_t inner,            \
			 bool greater)                                                                                 \
	{                                                                                                              \
		for (size_t o = 0; o < outer; o++, in += len * inner) {                                                \
			for (size_t k = 0; k < inner; k++) {                                                           \
				TYPE best = in[k];                                                                     \
				size_t at = 0;                                                                         \
                                                                                                                       \
				for (size_t i = 1; i < len; i++) {                                                     \
					if (!BETTER(in[i * inner + k], best, greater))                                 \
						continue;                                                              \
					best = in[i * inner + k];                                                      \
					at = i;                                                                        \
				}                                                                                      \
				if (where)                                                                             \
					where[o * inner + k] = (int64_t)at;                                            \
				else                                                                                   \
					out[o * inner + k] = best;                                                     \
			}                                                                                              \
		}                                                                                                      \
	}

PICK(pick_bool, unsigned char)
PICK(pick_whole, int64_t)
PICK(pick_single, float)
PICK(pick_double, double)

/* Rows are added up one behind the other; a lone row in eight parts, which rounds less and goes faster. */
#define TOTAL(NAME, TYPE, SUM)                                                                                         \
	static void NAME(SUM *out, const TYPE *in, size_t outer, size_t len, size_t inner)                             \
	{                                                                                                              \
		for (size_t o = 0; o < outer; o++, in += len * inner, out += inner) {                                  \
			SUM part[8] = { 0 };                                                                           \
			size_t i = 0;                                                                                  \
                                                                                                                       \
			for (; inner == 1 && i + 8 <= len; i += 8)                                                     \
				for (size_t k = 0; k < 8; k++)                                                         \
					part[k] += (SUM)in[i + k];                                                     \
			for (; i < len; i++)                                                                           \
				for (size_t k = 0; k < inner; k++)                                                     \
					out[k] += (SUM)in[i * inner + k];                                              \
			if (inner == 1)                                                                                \
				out[0] += ((part[0] + part[1]) + (part[2] + part[3])) +                                \
					  ((part[4] + part[5]) + (part[6] + part[7]));                                 \
		}                                                                                                      \
	}

TOTAL(total_bool, unsigned char, uint64_t)
TOTAL(total_whole, uint64_t, uint64_t)
TOTAL(total_single, float, float)
TOTAL(total_double, double, double)

static void pick(struct nd *out, const struct nd *a, size_t outer, size_t len, size_t inner, bool greater, bool where)
{
	int64_t *at = where ? out->i : NULL;

	if (a->kind == ND_BOOL)
		pick_bool(out->b, at, a->b, outer, len, inner, greater);
	else if (a->kind == ND_INT)
		pick_whole(out->i, at, a->i, outer, len, inner, greater);
	else if (a->kind == ND_SINGLE)
		pick_single(out->s, at, a->s, outer, len, inner, greater);
	else
		pick_double(out->d, at, a->d, outer, len, inner, greater);
}

static void total(struct nd *out, const struct nd *a, size_t outer, size_t len, size_t inner)
{
	if (a->kind == ND_BOOL)
		total_bool((uint64_t *)out->i, a->b, outer, len, inner);
	else if (a->kind == ND_INT)
		total_whole((uint64_t *)out->i, (const uint64_t *)a->i, outer, len, inner);
	else if (a->kind == ND_SINGLE)
		total_single(out->s, a->s, outer, len, inner);
	else
		total_double(out->d, a->d, outer, len, inner);
}

static enum nd_kind result_kind(enum nd_reduction what, enum nd_kind kind)
{
	if (what == ND_ARGMAX || what == ND_ARGMIN)
		return ND_INT;
	if (what == ND_SUM && kind == ND_BOOL)
		return ND_INT;
	return what == ND_MEAN && kind <= ND_INT ? ND_DOUBLE : kind;
}

struct nd *nd_reduce(struct arena *arena, enum nd_reduction what, struct nd *a, int axis, struct err *err)
{
	bool picks = what != ND_SUM && what != ND_MEAN;
	int64_t shape[ND_DIMS] = { 0 };
	size_t len = (size_t)a->shape[axis];
	struct nd *out;
	size_t outer;
	size_t inner;
	int ndim = 0;

	for (int k = 0; k < a->ndim; k++)
		if (k != axis)
			shape[ndim++] = a->shape[k];
	if (picks && !len) {
		err_set(err, 400, "values: there is nothing along the axis");
		return NULL;
	}
	if (what == ND_MEAN)
		a = nd_cast(arena, a, result_kind(what, a->kind), err);
	out = a ? nd_new(arena, result_kind(what, a->kind), 0, ndim, shape, err) : NULL;
	if (!out)
		return NULL;
	nd_around(a, axis, &outer, &inner);
	if (picks)
		pick(out, a, outer, len, inner, what == ND_MAXIMUM || what == ND_ARGMAX,
		     out->kind == ND_INT && what >= ND_ARGMAX);
	else
		total(out, a, outer, len, inner);
	for (size_t i = 0; what == ND_MEAN && i < out->n; i++) {
		if (out->kind == ND_SINGLE)
			out->s[i] /= (float)len;
		else
			out->d[i] /= (double)len;
	}
	return out;
}

/* ---- products of matrices ----------------------------------------------------------------------------- */

/* out (n x m) += a (n x k) * b (k x m), row by row of b, which the compiler makes vector instructions of. */
#define PRODUCT(NAME, TYPE)                                                                                            \
	static void NAME(TYPE *restrict out, const TYPE *a, const TYPE *b, size_t n, size_t k, size_t m)               \
	{                                                                                                              \
		for (size_t i = 0; i < n; i++)                                                                         \
			for (size_t l = 0; l < k; l++)                                                                 \
				for (size_t j = 0; j < m; j++)                                                         \
					out[i * m + j] += a[i * k + l] * b[l * m + j];                                 \
	}

PRODUCT(product_whole, uint64_t)
PRODUCT(product_single, float)
PRODUCT(product_double, double)

static void product(struct nd *out, const struct nd *a, size_t ia, const struct nd *b, size_t ib, size_t io, size_t n,
		    size_t k, size_t m)
{
	if (out->kind == ND_INT)
		product_whole((uint64_t *)out->i + io, (const uint64_t *)a->i + ia, (const uint64_t *)b->i + ib, n, k,
			      m);
	else if (out->kind == ND_SINGLE)
		product_single(out->s + io, a->s + ia, b->s + ib, n, k, m);
	else
		product_double(out->d + io, a->d + ia, b->d + ib, n, k, m);
}

/* The dimensions in front of the matrices, broadcast. -1 when they do not fit. */
static int stack_shape(const struct nd *a, const struct nd *b, int *ndim, int64_t shape[ND_DIMS], struct err *err)
{
	int x = a->ndim - 2;
	int y = b->ndim - 2;

	*ndim = x > y ? x : y;
	for (int k = 1; k <= *ndim; k++) {
		int64_t p = k <= x ? a->shape[x - k] : 1;
		int64_t q = k <= y ? b->shape[y - k] : 1;

		if (p != q && p != 1 && q != 1)
			return err_set(err, 400, "a, b: the stacks of matrices do not fit each other");
		shape[*ndim - k] = p == 1 ? q : p;
	}
	return 0;
}

/* Which matrix of an operand stands at place `index` of the stack. */
static size_t matrix_at(const struct nd *a, int ndim, const int64_t *shape, size_t index)
{
	size_t at = 0;
	size_t step = 1;

	for (int k = 1; k <= ndim; k++) {
		size_t here = index % (size_t)shape[ndim - k];

		index /= (size_t)shape[ndim - k];
		if (k > a->ndim - 2)
			continue;
		at += a->shape[a->ndim - 2 - k] == 1 ? 0 : here * step;
		step *= (size_t)a->shape[a->ndim - 2 - k];
	}
	return at;
}

static struct nd *multiply(struct arena *arena, struct nd *a, struct nd *b, struct err *err)
{
	int64_t shape[ND_DIMS + 2];
	size_t n = (size_t)a->shape[a->ndim - 2];
	size_t k = (size_t)a->shape[a->ndim - 1];
	size_t m = (size_t)b->shape[b->ndim - 1];
	struct nd *out;
	int ndim;

	if (b->shape[b->ndim - 2] != (int64_t)k) {
		err_set(err, 400, "a, b: %zu columns and %lld rows do not fit each other", k,
			(long long)b->shape[b->ndim - 2]);
		return NULL;
	}
	if (stack_shape(a, b, &ndim, shape, err) != 0)
		return NULL;
	shape[ndim] = (int64_t)n;
	shape[ndim + 1] = (int64_t)m;
	out = nd_new(arena, a->kind, 0, ndim + 2, shape, err);
	for (size_t i = 0; out && out->n && i < out->n / (n * m); i++)
		product(out, a, matrix_at(a, ndim, shape, i) * n * k, b, matrix_at(b, ndim, shape, i) * k * m,
			i * n * m, n, k, m);
	return out;
}

struct nd *nd_matmul(struct arena *arena, struct nd *a, struct nd *b, struct err *err)
{
	enum nd_kind kind = nd_common(a->kind, b->kind);
	bool row = a->ndim == 1;
	bool column = b->ndim == 1;
	int64_t shape[ND_DIMS + 2];
	struct nd *out;
	int ndim = 0;

	if (!a->ndim || !b->ndim) {
		err_set(err, 400, "a, b: single numbers are no matrices");
		return NULL;
	}
	/* Whole numbers stay whole; bools are added up as such (the result tells true from false). */
	a = nd_cast(arena, a, kind == ND_BOOL ? ND_INT : kind, err);
	b = a ? nd_cast(arena, b, kind == ND_BOOL ? ND_INT : kind, err) : NULL;
	if (b && row)
		a = nd_reshaped(arena, a, 2, (const int64_t[]){ 1, a->shape[0] });
	if (b && column)
		b = nd_reshaped(arena, b, 2, (const int64_t[]){ b->shape[0], 1 });
	out = b ? multiply(arena, a, b, err) : NULL;
	if (!out || (!row && !column))
		return out && kind == ND_BOOL ? nd_cast(arena, out, ND_BOOL, err) : out;
	for (int k = 0; k < out->ndim; k++)
		if (!(row && k == out->ndim - 2) && !(column && k == out->ndim - 1))
			shape[ndim++] = out->shape[k];
	out = nd_reshaped(arena, out, ndim, shape);
	return kind == ND_BOOL ? nd_cast(arena, out, ND_BOOL, err) : out;
}
