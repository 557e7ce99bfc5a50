/* Arrays: from and to values, shapes. */
#include "wsd/nodes/ndarray.h"

#include "value/pyform.h"
#include "wsd/nodes/helper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *dtype;
	size_t item;
} kinds[] = {
	[ND_BOOL] = { "|b1", 1 },   [ND_INT] = { "<i8", 8 },  [ND_SINGLE] = { "<f4", 4 },
	[ND_DOUBLE] = { "<f8", 8 }, [ND_HALF] = { "<f2", 2 }, [ND_TEXT] = { "<U", 4 },
};

static void free_block(void *ptr)
{
	struct nd *a = ptr;

	if (!a->lent)
		free(a->p);
}

struct nd *nd_new(struct arena *arena, enum nd_kind kind, size_t item, int ndim, const int64_t *shape, struct err *err)
{
	struct nd *a = arena_alloc(arena, sizeof(*a));
	size_t bytes;

	a->kind = kind;
	a->item = kind == ND_TEXT ? item : kinds[kind].item;
	a->ndim = ndim;
	a->n = 1;
	for (int k = 0; k < ndim; k++) {
		a->shape[k] = shape[k];
		if (shape[k] < 0 || __builtin_mul_overflow(a->n, (size_t)shape[k], &a->n)) {
			err_set(err, 400, "the array would be too large");
			return NULL;
		}
	}
	if (__builtin_mul_overflow(a->n, a->item, &bytes) || bytes > ND_MAX) {
		err_set(err, 400, "the array would be larger than 4 GiB");
		return NULL;
	}
	a->p = xcalloc(bytes + 1, 1);
	arena_defer(arena, free_block, a);
	return a;
}

/* ---- halves ------------------------------------------------------------------------------------------- */

float nd_half_to_single(uint16_t half)
{
	int exponent = half >> 10 & 0x1f;
	int mantissa = half & 0x3ff;
	float f;

	if (exponent == 0x1f)
		f = mantissa ? NAN : INFINITY;
	else
		f = exponent ? ldexpf((float)(mantissa | 0x400), exponent - 25) : ldexpf((float)mantissa, -24);
	return half & 0x8000 ? -f : f;
}

uint16_t nd_single_to_half(float f)
{
	uint16_t sign = signbit(f) ? 0x8000 : 0;
	int exponent;
	float scaled;
	long bits;

	f = fabsf(f);
	if (isnan(f))
		return 0x7e00;
	if (f == 0)
		return sign;
	if (f >= 65520)
		return (uint16_t)(sign | 0x7c00);
	frexpf(f, &exponent); /* f = 0.5…1 * 2^exponent */
	if (exponent < -13)
		exponent = -13;
	scaled = ldexpf(f, 11 - exponent); /* in steps of the half's last bit */
	bits = lrintf(scaled);             /* half to even */
	/* The mantissa's leading one, and a carry out of it, raise the exponent. */
	return (uint16_t)(sign | (unsigned)(((exponent + 13) << 10) + bits));
}

/* ---- from values -------------------------------------------------------------------------------------- */

/* Byte i of an element in its machine order. */
static void load_bytes(unsigned char out[8], const unsigned char *from, size_t item, bool big)
{
	for (size_t i = 0; i < item; i++)
		out[i] = from[big ? item - 1 - i : i];
}

static int64_t load_int(const unsigned char *from, size_t item, bool big, bool is_signed)
{
	unsigned char bytes[8] = { 0 };
	uint64_t v;

	load_bytes(bytes, from, item, big);
	memcpy(&v, bytes, sizeof(v));
	if (is_signed && item < 8 && v >> (item * 8 - 1) & 1)
		v |= ~(uint64_t)0 << (item * 8);
	return (int64_t)v;
}

/* One element of bytes, whatever its dtype. */
static void load(struct nd *a, size_t i, const unsigned char *from, char letter, size_t item, bool big)
{
	unsigned char bytes[8] = { 0 };
	uint16_t half;

	if (letter == 'b')
		a->b[i] = *from != 0;
	else if (letter == 'i' || letter == 'u')
		a->i[i] = load_int(from, item, big, letter == 'i');
	else if (letter == 'U')
		for (size_t k = 0; k < item / 4; k++)
			a->u[i * (item / 4) + k] = (uint32_t)load_int(from + 4 * k, 4, big, false);
	else {
		load_bytes(bytes, from, item, big);
		memcpy(&half, bytes, sizeof(half));
		if (item == 2)
			a->s[i] = nd_half_to_single(half);
		else
			memcpy((char *)a->p + i * a->item, bytes, a->item);
	}
}

static bool kind_of_dtype(char letter, long item, enum nd_kind *kind)
{
	bool small = item == 1 || item == 2 || item == 4 || item == 8;

	if (letter == 'b')
		*kind = ND_BOOL;
	else if (letter == 'i' || letter == 'u')
		*kind = ND_INT;
	else if (letter == 'f')
		*kind = item == 8 ? ND_DOUBLE : ND_SINGLE;
	else
		*kind = ND_TEXT;
	return letter == 'b'   ? item == 1
	       : letter == 'f' ? small && item > 1
	       : letter == 'U' ? item > 0 && item < 100000
			       : small && strchr("iu", letter);
}

static struct nd *from_map(struct arena *arena, const struct value *v, struct err *err)
{
	const struct value *shape = map_get(v, "shape");
	struct value *bytes = map_get(v, "value");
	const char *dtype = map_str(v, "dtype", "");
	int64_t dims[ND_DIMS];
	enum nd_kind kind;
	struct nd *a;
	long item;

	if (!value_is(bytes, VALUE_BYTES)) {
		err_set(err, 400, "is empty");
		return NULL;
	}
	if (strlen(dtype) < 3 || !strchr("<>|=", dtype[0]) ||
	    !kind_of_dtype(dtype[1], item = strtol(dtype + 2, NULL, 10), &kind)) {
		err_set(err, 400, "elements of type \"%.20s\" cannot be used", dtype);
		return NULL;
	}
	item = kind == ND_TEXT ? item * 4 : item;
	if (value_len(shape) > ND_DIMS) {
		err_set(err, 400, "has more than %d dimensions", ND_DIMS);
		return NULL;
	}
	for (size_t k = 0; k < value_len(shape); k++)
		dims[k] = value_as_int(list_at(shape, k));
	a = nd_new(arena, kind, (size_t)item, (int)value_len(shape), dims, err);
	if (!a)
		return NULL;
	if (value_len(bytes) != a->n * (size_t)item) {
		err_set(err, 400, "has %zu bytes, but its shape needs %zu", value_len(bytes), a->n * (size_t)item);
		return NULL;
	}
	if (dtype[0] != '>' && a->item == (size_t)item && kind != ND_BOOL && (uintptr_t)value_text(bytes) % 8 == 0) {
		free(a->p);
		a->p = (void *)(uintptr_t)value_text(bytes);
		a->lent = bytes;
		return a;
	}
	for (size_t i = 0; i < a->n; i++)
		load(a, i, (const unsigned char *)value_text(bytes) + i * (size_t)item, dtype[1], (size_t)item,
		     dtype[0] == '>');
	return a;
}

/* Writes a number into an element of the array's kind. */
static void store(struct nd *a, size_t i, const struct value *v)
{
	if (a->kind == ND_BOOL)
		a->b[i] = value_as_bool(v);
	else if (a->kind == ND_INT)
		a->i[i] = value_as_int(v);
	else
		a->d[i] = value_as_float(v);
}

static bool kind_of_value(const struct value *v, enum nd_kind *kind)
{
	if (value_is(v, VALUE_BOOL))
		*kind = ND_BOOL;
	else if (value_is(v, VALUE_INT))
		*kind = ND_INT;
	else
		*kind = ND_DOUBLE;
	return value_is(v, VALUE_BOOL) || value_is(v, VALUE_INT) || value_is(v, VALUE_FLOAT);
}

struct nd *nd_from_value(struct arena *arena, struct value *v, const char *what, struct err *err)
{
	struct err reason = { .detail = "is no array of numbers" };
	enum nd_kind kind;
	struct nd *a = NULL;

	if (value_is(v, VALUE_MAP) && strcmp(map_str(v, "type", ""), "np_array") == 0)
		a = from_map(arena, v, &reason);
	else if (kind_of_value(v, &kind) && (a = nd_new(arena, kind, 0, 0, NULL, &reason)))
		store(a, 0, v);
	if (!a)
		err_set(err, 400, "%s: %s", what, reason.detail);
	return a;
}

struct nd *nd_property(struct node_ctx *ctx, const char *name, bool numbers)
{
	struct err err = { 0 };
	struct nd *a = nd_from_value(node_arena(ctx), node_get(ctx, name), name, &err);

	if (a && numbers && a->kind == ND_TEXT) {
		node_fail(ctx, "%s: holds texts, not numbers", name);
		return NULL;
	}
	if (!a)
		fail_err(ctx, &err);
	return a;
}

/* ---- lists -------------------------------------------------------------------------------------------- */

/* What stands in a nested list. */
struct scan {
	int ndim;
	int64_t shape[ND_DIMS];
	bool seen[ND_TEXT + 1];
	size_t width; /* characters of the longest text */
	struct err *err;
};

static int scan_list(struct scan *s, const struct value *v, int depth)
{
	enum nd_kind kind;

	if (value_is(v, VALUE_LIST)) {
		if (depth == ND_DIMS)
			return err_set(s->err, 400, "more than %d dimensions", ND_DIMS);
		if (depth == s->ndim) {
			s->shape[s->ndim++] = (int64_t)value_len(v);
		} else if (s->shape[depth] != (int64_t)value_len(v)) {
			return err_set(s->err, 400, "its lists are not all of the same length");
		}
		for (size_t i = 0; i < value_len(v); i++) {
			/* Behind the first item nothing may be deeper than what was seen. */
			if (i && value_is(list_at(v, i), VALUE_LIST) != (s->ndim > depth + 1))
				return err_set(s->err, 400, "lists and single values are mixed");
			if (scan_list(s, list_at(v, i), depth + 1) != 0)
				return -1;
		}
		return 0;
	}
	if (value_is(v, VALUE_STR)) {
		size_t n = utf8_length(value_text(v), value_len(v));

		s->width = n > s->width ? n : s->width;
		s->seen[ND_TEXT] = true;
		return 0;
	}
	if (!kind_of_value(v, &kind))
		return err_set(s->err, 400, "%s is neither a number nor a text", pyform_type_name(v));
	s->seen[kind] = true;
	return 0;
}

static void store_text(struct nd *a, size_t i, struct value *v)
{
	struct value *text = pyform_str_value(v);
	size_t width = a->item / 4;
	size_t at = 0;

	for (size_t k = 0; k < width && at < value_len(text); k++)
		a->u[i * width + k] = utf8_decode(value_text(text), value_len(text), &at);
	value_unref(text);
}

static void fill(struct nd *a, struct value *v, size_t *at)
{
	if (!value_is(v, VALUE_LIST)) {
		if (a->kind == ND_TEXT)
			store_text(a, (*at)++, v);
		else
			store(a, (*at)++, v);
		return;
	}
	for (size_t i = 0; i < value_len(v); i++)
		fill(a, list_at(v, i), at);
}

struct nd *nd_from_list(struct arena *arena, const struct value *list, struct err *err)
{
	struct scan s = { .err = err };
	enum nd_kind kind = ND_DOUBLE;
	struct nd *a;
	size_t at = 0;

	if (scan_list(&s, list, 0) != 0)
		return NULL;
	if (s.seen[ND_TEXT]) {
		/* NumPy's widths for numbers among texts. */
		static const size_t widths[] = { [ND_BOOL] = 5, [ND_INT] = 21, [ND_DOUBLE] = 32 };

		kind = ND_TEXT;
		for (size_t k = 0; k < ARRAY_LEN(widths); k++)
			if (s.seen[k] && widths[k] > s.width)
				s.width = widths[k];
	} else if (s.seen[ND_INT] && !s.seen[ND_DOUBLE]) {
		kind = ND_INT;
	} else if (s.seen[ND_BOOL] && !s.seen[ND_DOUBLE]) {
		kind = ND_BOOL;
	}
	a = nd_new(arena, kind, (s.width ? s.width : 1) * 4, s.ndim, s.shape, err);
	if (a)
		fill(a, (struct value *)(uintptr_t)list, &at);
	return a;
}

/* ---- to values ---------------------------------------------------------------------------------------- */

struct value *nd_value(struct nd *a)
{
	struct value *map = value_map();
	struct value *shape = value_list();

	for (int k = 0; k < a->ndim; k++)
		list_push(shape, value_int(a->shape[k]));
	list_mark_tuple(shape);
	map_mark_typed(map);
	map_set_str(map, "type", "np_array");
	map_set(map, "value", a->lent ? value_ref(a->lent) : value_bytes_take(a->p, a->n * a->item));
	map_set(map, "dtype", a->kind == ND_TEXT ? value_strf("<U%zu", a->item / 4) : value_str(kinds[a->kind].dtype));
	map_set(map, "shape", shape);
	if (!a->lent)
		a->p = NULL;
	return map;
}

static struct value *text_item(const struct nd *a, size_t i)
{
	size_t width = a->item / 4;
	struct value *out;
	char utf8[4];
	struct buf buf;

	buf_init(&buf, a->item * 4 + 1);
	while (width && !a->u[i * (a->item / 4) + width - 1])
		width--;
	for (size_t k = 0; k < width; k++)
		buf_add(&buf, utf8, utf8_encode(a->u[i * (a->item / 4) + k], utf8));
	out = value_strn(buf.len ? buf.data : "", buf.len);
	buf_free(&buf);
	return out;
}

struct value *nd_item(const struct nd *a, size_t i)
{
	switch (a->kind) {
	case ND_BOOL:
		return value_bool(a->b[i]);
	case ND_INT:
		return value_int(a->i[i]);
	case ND_SINGLE:
		return value_float((double)a->s[i]);
	case ND_DOUBLE:
		return value_float(a->d[i]);
	case ND_HALF:
		return value_float((double)nd_half_to_single(a->h[i]));
	case ND_TEXT:
		break;
	}
	return text_item(a, i);
}

struct value *nd_value_or_item(struct nd *a)
{
	return a->n == 1 ? nd_item(a, 0) : nd_value(a);
}

static struct value *list_part(const struct nd *a, int depth, size_t *at)
{
	struct value *list;

	if (depth == a->ndim)
		return nd_item(a, (*at)++);
	list = value_list();
	list_reserve(list, (size_t)a->shape[depth]);
	for (int64_t i = 0; i < a->shape[depth]; i++)
		list_push(list, list_part(a, depth + 1, at));
	return list;
}

struct value *nd_list(const struct nd *a)
{
	size_t at = 0;

	return list_part(a, 0, &at);
}

/* ---- shapes ------------------------------------------------------------------------------------------- */

enum nd_kind nd_common(enum nd_kind a, enum nd_kind b)
{
	if (a == ND_HALF)
		a = ND_SINGLE;
	if (b == ND_HALF)
		b = ND_SINGLE;
	if ((a == ND_INT && b == ND_SINGLE) || (a == ND_SINGLE && b == ND_INT))
		return ND_DOUBLE;
	return a > b ? a : b;
}

/* Element i as a double. */
static double number(const struct nd *a, size_t i)
{
	switch (a->kind) {
	case ND_BOOL:
		return a->b[i];
	case ND_INT:
		return (double)a->i[i];
	case ND_SINGLE:
		return (double)a->s[i];
	case ND_HALF:
		return (double)nd_half_to_single(a->h[i]);
	default:
		return a->d[i];
	}
}

struct nd *nd_cast(struct arena *arena, struct nd *a, enum nd_kind kind, struct err *err)
{
	struct nd *out;

	if (a->kind == kind)
		return a;
	out = nd_new(arena, kind, 0, a->ndim, a->shape, err);
	for (size_t i = 0; out && i < a->n; i++) {
		if (kind == ND_INT)
			out->i[i] = a->kind == ND_BOOL ? a->b[i] : (int64_t)number(a, i);
		else if (kind == ND_SINGLE)
			out->s[i] = a->kind == ND_INT ? (float)a->i[i] : (float)number(a, i);
		else if (kind == ND_HALF)
			out->h[i] = nd_single_to_half((float)number(a, i));
		else if (kind == ND_BOOL)
			out->b[i] = number(a, i) != 0;
		else
			out->d[i] = number(a, i);
	}
	return out;
}

struct nd *nd_reshaped(struct arena *arena, struct nd *a, int ndim, const int64_t *shape)
{
	struct nd *out = arena_alloc(arena, sizeof(*out));

	*out = *a;
	out->ndim = ndim;
	memcpy(out->shape, shape, (size_t)ndim * sizeof(*shape));
	arena_defer(arena, free_block, out);
	if (!a->lent)
		a->p = NULL; /* one owner */
	return out;
}

int nd_axis(const struct nd *a, int64_t axis, struct err *err)
{
	if (axis < -a->ndim || axis >= a->ndim)
		return err_set(err, 400, "axis: %lld is out of bounds for %d dimensions", (long long)axis, a->ndim);
	return (int)(axis < 0 ? axis + a->ndim : axis);
}

void nd_around(const struct nd *a, int axis, size_t *outer, size_t *inner)
{
	*outer = *inner = 1;
	for (int k = 0; k < a->ndim; k++) {
		if (k < axis)
			*outer *= (size_t)a->shape[k];
		else if (k > axis)
			*inner *= (size_t)a->shape[k];
	}
}

struct nd *nd_take(struct arena *arena, const struct nd *a, int axis, const int64_t *rows, size_t count,
		   struct err *err)
{
	int64_t shape[ND_DIMS];
	size_t outer;
	size_t inner;
	struct nd *out;

	memcpy(shape, a->shape, sizeof(shape));
	shape[axis] = (int64_t)count;
	nd_around(a, axis, &outer, &inner);
	out = nd_new(arena, a->kind, a->item, a->ndim, shape, err);
	inner *= a->item;
	for (size_t o = 0; out && o < outer; o++)
		for (size_t i = 0; i < count; i++)
			memcpy((char *)out->p + (o * count + i) * inner,
			       (const char *)a->p + (o * (size_t)a->shape[axis] + (size_t)rows[i]) * inner, inner);
	return out;
}
