/* Columns of data frames: plain arrays of one kind. */
#include "wsd/nodes/frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t element_size[] = {
	[FRAME_INT] = sizeof(int64_t),    [FRAME_FLOAT] = sizeof(double),       [FRAME_BOOL] = 1,
	[FRAME_TEXT] = sizeof(struct sv), [FRAME_ANY] = sizeof(struct value *),
};

struct frame_col *frame_col_new(enum frame_kind kind, size_t n)
{
	struct frame_col *col = xcalloc(1, sizeof(*col));

	col->refs = 1;
	col->kind = kind;
	col->n = n;
	col->p = xcalloc(n ? n : 1, element_size[kind]);
	return col;
}

struct frame_col *frame_col_ref(struct frame_col *col)
{
	col->refs++;
	return col;
}

void frame_col_unref(struct frame_col *col)
{
	if (!col || --col->refs)
		return;
	if (col->kind == FRAME_ANY)
		for (size_t i = 0; i < col->n; i++)
			value_unref(col->v[i]);
	value_unref(col->keep);
	free(col->p);
	free(col);
}

bool frame_col_numeric(const struct frame_col *col)
{
	return col->kind == FRAME_INT || col->kind == FRAME_FLOAT || col->kind == FRAME_BOOL;
}

double frame_number(const struct frame_col *col, size_t i)
{
	return col->kind == FRAME_FLOAT ? col->f[i] : col->kind == FRAME_INT ? (double)col->i[i] : (double)col->b[i];
}

static bool value_missing(const struct value *v)
{
	return value_is_null(v) || (value_is(v, VALUE_FLOAT) && isnan(value_as_float(v)));
}

bool frame_cell_missing(const struct frame_col *col, size_t row)
{
	switch (col->kind) {
	case FRAME_FLOAT:
		return isnan(col->f[row]);
	case FRAME_TEXT:
		return !col->t[row].p;
	case FRAME_ANY:
		return value_missing(col->v[row]);
	default:
		return false;
	}
}

struct value *frame_cell(const struct frame_col *col, size_t row)
{
	switch (col->kind) {
	case FRAME_INT:
		return value_int(col->i[row]);
	case FRAME_FLOAT:
		return value_float(col->f[row]);
	case FRAME_BOOL:
		return value_bool(col->b[row]);
	case FRAME_TEXT:
		if (col->t[row].p)
			return value_strn(col->t[row].p, col->t[row].n);
		return col->t[row].n ? value_null() : value_float(NAN);
	case FRAME_ANY:
		break;
	}
	return value_ref(col->v[row]);
}

/* ---- values to columns -------------------------------------------------------------------------------- */

static enum frame_kind kind_of(struct value *const *values, size_t n)
{
	size_t seen[VALUE_OBJECT + 1] = { 0 };
	size_t numbers;
	size_t missing = 0;

	for (size_t i = 0; i < n; i++) {
		if (value_missing(values[i]))
			missing++;
		else
			seen[value_kind(values[i])]++;
	}
	numbers = seen[VALUE_INT] + seen[VALUE_FLOAT];
	if (n && seen[VALUE_INT] == n)
		return FRAME_INT;
	if (n && seen[VALUE_BOOL] == n)
		return FRAME_BOOL;
	if (numbers && numbers + missing == n)
		return FRAME_FLOAT;
	if (missing == n && n && !value_is_null(values[0])) /* NaN alone; null alone stays what it is */
		return FRAME_FLOAT;
	return seen[VALUE_STR] + missing == n ? FRAME_TEXT : FRAME_ANY;
}

/* The texts in one block. */
static void fill_text(struct frame_col *col, struct value *const *values)
{
	size_t total = 0;
	char *block;
	char *at;

	for (size_t i = 0; i < col->n; i++)
		if (value_is(values[i], VALUE_STR))
			total += value_len(values[i]);
	at = block = xmalloc(total + 1);
	for (size_t i = 0; i < col->n; i++) {
		if (!value_is(values[i], VALUE_STR)) {
			col->t[i] = (struct sv){ NULL, value_is_null(values[i]) };
			continue;
		}
		col->t[i] = (struct sv){ at, value_len(values[i]) };
		memcpy(at, value_text(values[i]), col->t[i].n);
		at += col->t[i].n;
	}
	*at = '\0';
	col->keep = value_list();
	list_push(col->keep, value_bytes_take(block, total));
}

struct frame_col *frame_col_of(struct value *const *values, size_t n)
{
	struct frame_col *col = frame_col_new(kind_of(values, n), n);

	if (col->kind == FRAME_TEXT)
		fill_text(col, values);
	for (size_t i = 0; i < n; i++) {
		if (col->kind == FRAME_INT)
			col->i[i] = value_as_int(values[i]);
		else if (col->kind == FRAME_FLOAT)
			col->f[i] = value_is_null(values[i]) ? NAN : value_as_float(values[i]);
		else if (col->kind == FRAME_BOOL)
			col->b[i] = value_as_bool(values[i]);
		else if (col->kind == FRAME_ANY)
			col->v[i] = value_ref(values[i]);
	}
	return col;
}

struct frame_col *frame_col_infer(struct frame_col *col)
{
	struct frame_col *any;
	struct frame_col *out;

	if (frame_col_numeric(col))
		return frame_col_ref(col);
	any = frame_col_cast(col, FRAME_ANY);
	out = frame_col_of(any->v, any->n);
	frame_col_unref(any);
	return out;
}

struct frame_col *frame_col_range(size_t n)
{
	struct frame_col *col = frame_col_new(FRAME_INT, n);

	for (size_t i = 0; i < n; i++)
		col->i[i] = (int64_t)i;
	return col;
}

/* ---- columns to columns ------------------------------------------------------------------------------- */

struct frame_col *frame_col_cast(struct frame_col *col, enum frame_kind kind)
{
	struct frame_col *out;

	if (col->kind == kind)
		return frame_col_ref(col);
	out = frame_col_new(kind, col->n);
	for (size_t i = 0; i < col->n; i++) {
		if (kind == FRAME_FLOAT)
			out->f[i] = frame_number(col, i);
		else if (kind == FRAME_INT)
			out->i[i] = col->b[i];
		else
			out->v[i] = frame_cell(col, i);
	}
	return out;
}

/* The kind that also takes missing values. */
static enum frame_kind with_missing(enum frame_kind kind)
{
	return kind == FRAME_INT ? FRAME_FLOAT : kind == FRAME_BOOL ? FRAME_ANY : kind;
}

static void take_all(struct frame_col *out, const struct frame_col *col, const uint32_t *rows)
{
	switch (col->kind) {
	case FRAME_INT:
		for (size_t i = 0; i < out->n; i++)
			out->i[i] = col->i[rows[i]];
		break;
	case FRAME_FLOAT:
		for (size_t i = 0; i < out->n; i++)
			out->f[i] = col->f[rows[i]];
		break;
	case FRAME_BOOL:
		for (size_t i = 0; i < out->n; i++)
			out->b[i] = col->b[rows[i]];
		break;
	case FRAME_TEXT:
		for (size_t i = 0; i < out->n; i++)
			out->t[i] = col->t[rows[i]];
		break;
	case FRAME_ANY:
		for (size_t i = 0; i < out->n; i++)
			out->v[i] = value_ref(col->v[rows[i]]);
		break;
	}
}

struct frame_col *frame_col_take(const struct frame_col *col, const uint32_t *rows, size_t n)
{
	struct frame_col *out;
	bool holes = false;

	for (size_t i = 0; i < n; i++)
		holes |= rows[i] == FRAME_NO_ROW;
	out = frame_col_new(holes ? with_missing(col->kind) : col->kind, n);
	out->keep = col->keep ? value_ref(col->keep) : NULL;
	if (!holes) {
		take_all(out, col, rows);
		return out;
	}
	for (size_t i = 0; i < n; i++) {
		bool none = rows[i] == FRAME_NO_ROW;

		if (out->kind == FRAME_FLOAT)
			out->f[i] = none ? NAN : frame_number(col, rows[i]);
		else if (out->kind == FRAME_TEXT)
			out->t[i] = none ? (struct sv){ NULL, 0 } : col->t[rows[i]];
		else
			out->v[i] = none ? value_float(NAN) : frame_cell(col, rows[i]);
	}
	return out;
}

static enum frame_kind common_kind(const struct frame_col *a, const struct frame_col *b)
{
	if (a->kind == b->kind)
		return a->kind;
	if (!frame_col_numeric(a) || !frame_col_numeric(b))
		return FRAME_ANY;
	return a->kind == FRAME_FLOAT || b->kind == FRAME_FLOAT ? FRAME_FLOAT : FRAME_INT;
}

/* Both of the kind of `out`. */
static void append_same(struct frame_col *out, const struct frame_col *a, const struct frame_col *b)
{
	size_t size = element_size[out->kind];

	memcpy(out->p, a->p, a->n * size);
	memcpy((char *)out->p + a->n * size, b->p, b->n * size);
	for (size_t i = 0; out->kind == FRAME_ANY && i < out->n; i++)
		value_ref(out->v[i]);
	if (!a->keep && !b->keep)
		return;
	out->keep = value_list();
	if (a->keep)
		list_push(out->keep, value_ref(a->keep));
	if (b->keep && b->keep != a->keep)
		list_push(out->keep, value_ref(b->keep));
}

struct frame_col *frame_col_append(struct frame_col *a, struct frame_col *b)
{
	struct frame_col *out = frame_col_new(common_kind(a, b), a->n + b->n);
	struct frame_col *left = frame_col_cast(a, out->kind);
	struct frame_col *right = frame_col_cast(b, out->kind);

	append_same(out, left, right);
	frame_col_unref(left);
	frame_col_unref(right);
	return out;
}

bool frame_col_equal(const struct frame_col *a, const struct frame_col *b)
{
	bool same = a->n == b->n;

	if (a == b)
		return true;
	for (size_t i = 0; same && i < a->n; i++) {
		struct value *x = frame_cell(a, i);
		struct value *y = frame_cell(b, i);

		same = value_equal(x, y);
		value_unref(x);
		value_unref(y);
	}
	return same;
}
