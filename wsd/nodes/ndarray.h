/*
 * ndarray: arrays of numbers, as the nodes of lib.numpy compute with them.
 *
 * Between nodes an array is a typed value {type: "np_array", value: bytes, dtype, shape}, in C order, little-endian.
 * Here it is one plain block. Kinds that NumPy has and this module has not are widened when they are read: small whole
 * numbers to 64 bits, halves to single precision.
 *
 * Everything lives in the node's arena; a block that became a value belongs to the value. Arrays that came from values
 * share their block, and are not written to.
 */
#ifndef NODES_NDARRAY_H
#define NODES_NDARRAY_H

#include "nodes/node.h"

#define ND_DIMS 32
/* Bytes of one array. */
#define ND_MAX ((size_t)4 << 30)

enum nd_kind {
	ND_BOOL,
	ND_INT,
	ND_SINGLE,
	ND_DOUBLE,
	ND_HALF, /* results only */
	ND_TEXT  /* `item` bytes each: UTF-32 code points, filled up with zeros */
};

struct nd {
	enum nd_kind kind;
	size_t item; /* bytes */
	int ndim;
	int64_t shape[ND_DIMS];
	size_t n; /* elements */
	union {
		void *p;
		unsigned char *b;
		int64_t *i;
		float *s;
		double *d;
		uint16_t *h;
		uint32_t *u;
	};
	struct value *lent; /* the value that holds the block; NULL: the block is ours */
};

/* Zeroed; NULL with the reason when it is too large. `item` counts for ND_TEXT only. */
struct nd *nd_new(struct arena *arena, enum nd_kind kind, size_t item, int ndim, const int64_t *shape, struct err *err);
/* An array or a single number (without dimensions). NULL with the reason, which names `what`. */
struct nd *nd_from_value(struct arena *arena, struct value *v, const char *what, struct err *err);
/* The same for a property; fails the node on NULL. `numbers` refuses texts. */
struct nd *nd_property(struct node_ctx *ctx, const char *name, bool numbers);
/* A nested list, as numpy.array takes it. NULL with the reason. */
struct nd *nd_from_list(struct arena *arena, const struct value *list, struct err *err);

/* The array as a value: takes its block. */
struct value *nd_value(struct nd *a);
/* The array, or its only element where it has one. */
struct value *nd_value_or_item(struct nd *a);
struct value *nd_item(const struct nd *a, size_t i);
/* Nested lists. */
struct value *nd_list(const struct nd *a);

/* The kind that holds both: whole numbers and single precision together need double precision. */
enum nd_kind nd_common(enum nd_kind a, enum nd_kind b);
/* The array itself when it has the kind already. Numbers only. */
struct nd *nd_cast(struct arena *arena, struct nd *a, enum nd_kind kind, struct err *err);
/* The same elements in another shape with as many. */
struct nd *nd_reshaped(struct arena *arena, struct nd *a, int ndim, const int64_t *shape);
/* -ndim … ndim-1 to 0 … ndim-1; -1 with the reason. */
int nd_axis(const struct nd *a, int64_t axis, struct err *err);
/* Elements before and behind an axis: the array is `outer` blocks of shape[axis] rows of `inner` elements. */
void nd_around(const struct nd *a, int axis, size_t *outer, size_t *inner);
/* The rows named along an axis, in that order. */
struct nd *nd_take(struct arena *arena, const struct nd *a, int axis, const int64_t *rows, size_t count,
		   struct err *err);

enum nd_op { ND_ADD, ND_SUB, ND_MUL, ND_DIV, ND_MOD, ND_POW };
/* a op b with broadcasting (ndarray_op.c). NULL with the reason. */
struct nd *nd_arith(struct arena *arena, enum nd_op op, struct nd *a, struct nd *b, struct err *err);
/* Zeros behind the shorter one, along every axis, as the original pads arrays of unequal length. Arrays of one element
 * stay as they are. */
int nd_pad(struct arena *arena, struct nd **a, struct nd **b, struct err *err) MUST_CHECK;

enum nd_reduction { ND_MAXIMUM, ND_MINIMUM, ND_SUM, ND_MEAN, ND_ARGMAX, ND_ARGMIN };
/* Along one axis (ndarray_reduce.c). NULL with the reason. */
struct nd *nd_reduce(struct arena *arena, enum nd_reduction what, struct nd *a, int axis, struct err *err);
/* numpy.matmul. */
struct nd *nd_matmul(struct arena *arena, struct nd *a, struct nd *b, struct err *err);

/* A half by its bits, and the nearest half of a number. */
float nd_half_to_single(uint16_t half);
uint16_t nd_single_to_half(float f);

#endif
