/*
 * pyform: how Python writes, reads, compares and computes values. Results of many nodes show it (vectors/README.md, "Python
 * behaviours that show"), so all of them use this module and none has a form of its own.
 *
 * "Number" means INT, BIGINT, FLOAT or BOOL: Python's bool is an int.
 */
#ifndef VALUE_PYFORM_H
#define VALUE_PYFORM_H

#include "value/value.h"

/* The longest integer that is computed or written, in decimal digits (Python's own limit for int <-> str). */
#define PYFORM_INT_DIGITS 4300

/* ---- text --------------------------------------------------------------------------------------------- */

/* Appends str(v) or repr(v): texts plain or quoted, True, None, 1.0, [1, 'a'], {'k': 1}, (1,), b'\x00'. -1 when the
 * buffer is full. A typed value is written field by field as its Python class would be. */
int pyform_str(struct buf *out, const struct value *v);
int pyform_repr(struct buf *out, const struct value *v);
/* repr of a text: single quotes unless it holds one and no double quote; what is not printable is escaped. */
int pyform_repr_text(struct buf *out, const char *text, size_t len);
/* str(v) as a new text value (v itself when it is a text). NULL when longer than BUF_MAX_BODY. */
struct value *pyform_str_value(struct value *v);
/* The name of the type as Python has it: "int", "float", "bool", "str", "NoneType", "list", "tuple", "dict", "bytes"; a
 * typed value's "type". Constant, or valid while v is. */
const char *pyform_type_name(const struct value *v);

/* ---- reading ------------------------------------------------------------------------------------------ */

/* int(text): white space around, one sign, single underscores between digits, any Unicode decimal digits. A new INT or
 * BIGINT, NULL when it is no integer or has more than PYFORM_INT_DIGITS digits. */
struct value *pyform_int_of(struct sv text);
/* float(text): as above, fraction, exponent, inf, infinity, nan. */
bool pyform_float_of(struct sv text, double *out);

/* ---- arithmetic --------------------------------------------------------------------------------------- */

enum pyform_op {
	PYFORM_ADD,
	PYFORM_SUB,
	PYFORM_MUL,
	PYFORM_DIV,      /* always a float */
	PYFORM_FLOORDIV, /* rounds down */
	PYFORM_MOD,      /* has the sign of the divisor */
	PYFORM_POW       /* int to a negative int is a float */
};

bool pyform_is_number(const struct value *v);
/* a op b of two numbers: integers stay exact, whatever their size. New value, or NULL with the reason: division by zero,
 * overflow, too many digits, an operand that is no number. */
struct value *pyform_arith(enum pyform_op op, const struct value *a, const struct value *b, struct err *err);
/* float(v) of a number; an integer beyond the range of double is an error. */
int pyform_to_double(const struct value *v, double *out, struct err *err) MUST_CHECK;
/* round(d, digits): correctly rounded, half to even where the decimal value is exactly half. */
double pyform_round(double d, int digits);

/* ---- order -------------------------------------------------------------------------------------------- */

/* The order of two values: *order is -1, 0 or 1, or 2 when they are not comparable without being an error (NaN). Texts go by
 * code point, numbers and bools mix, lists go item by item; -1 with a TypeError's text for any other pair. */
int pyform_compare(const struct value *a, const struct value *b, int *order, struct err *err) MUST_CHECK;
/* sorted(): stable, `reverse` keeps the order of equals; sorts the items in place (the list must be the caller's own). */
int pyform_sort(struct value *list, bool reverse, struct err *err) MUST_CHECK;
/* True when Python could use the value as a key or in a set (no list, no dict inside). */
bool pyform_hashable(const struct value *v);

/* ---- slices ------------------------------------------------------------------------------------------- */

/* The bounds of [start:stop:step] on `len` items. */
struct pyform_slice {
	int64_t start;
	int64_t step;
	int64_t count;
};

/* NULL for a bound that was left out. -1 when step is 0. */
int pyform_slice_of(struct pyform_slice *slice, int64_t len, const int64_t *start, const int64_t *stop, int64_t step)
	MUST_CHECK;
/* Items of range(start, stop, step); step must not be 0. */
uint64_t pyform_range_count(int64_t start, int64_t stop, int64_t step);

/* ---- formatting --------------------------------------------------------------------------------------- */

/* Appends format(v, spec): [[fill]align][sign][#][0][width][grouping][.precision][type] for texts, integers and floats. -1
 * with the reason. */
int pyform_format(struct buf *out, const struct value *v, struct sv spec, struct err *err) MUST_CHECK;
/* Appends `template % args` (args a list; map for %(name)s): d i u f F e E g G s r a x X o c %, flags, width, precision. */
int pyform_percent(struct buf *out, struct sv template, const struct value *args, struct err *err) MUST_CHECK;

#endif
