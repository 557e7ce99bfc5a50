/* Python's order of values, sorting, and slices. */
#include "value/pyform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- order -------------------------------------------------------------------------------------------- */

static int sign_of(int64_t n)
{
	return (n > 0) - (n < 0);
}

static int compare_bytes(struct sv a, struct sv b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? sign_of(order) : sign_of((int64_t)a.n - (int64_t)b.n);
}

/* Two decimal texts of integers. */
static int compare_digits(const char *a, const char *b)
{
	bool negative = *a == '-';
	int order;

	if (negative != (*b == '-'))
		return negative ? -1 : 1;
	order = sign_of((int64_t)strlen(a) - (int64_t)strlen(b));
	if (!order)
		order = sign_of(strcmp(a, b));
	return negative ? -order : order;
}

static int compare_integers(const struct value *a, const struct value *b)
{
	int64_t x = value_as_int(a);
	int64_t y = value_as_int(b);

	if (value_is(a, VALUE_BIGINT) && value_is(b, VALUE_BIGINT))
		return compare_digits(value_text(a), value_text(b));
	if (value_is(a, VALUE_BIGINT))
		return value_text(a)[0] == '-' ? -1 : 1;
	if (value_is(b, VALUE_BIGINT))
		return value_text(b)[0] == '-' ? 1 : -1;
	return (x > y) - (x < y);
}

/* An integer beside a float, exactly: 9007199254740993 is more than 9007199254740992.0. */
static int compare_int_float(const struct value *a, double d)
{
	double x = value_as_float(a);
	int64_t n;

	if (isnan(d))
		return 2;
	if (x != d || value_is(a, VALUE_BIGINT) || fabs(d) >= 9223372036854775808.0)
		return (x > d) - (x < d);
	n = value_as_int(a);
	return (n > (int64_t)d) - (n < (int64_t)d);
}

static int compare_numbers(const struct value *a, const struct value *b)
{
	double x = value_as_float(a);
	double y = value_as_float(b);
	int order;

	if (value_is(a, VALUE_FLOAT) && value_is(b, VALUE_FLOAT))
		return isnan(x) || isnan(y) ? 2 : (x > y) - (x < y);
	if (value_is(b, VALUE_FLOAT))
		return compare_int_float(a, y);
	if (value_is(a, VALUE_FLOAT)) {
		order = compare_int_float(b, x);
		return order == 2 ? 2 : -order;
	}
	return compare_integers(a, b);
}

/* The first pair that is not equal decides. */
static int compare_lists(const struct value *a, const struct value *b, int *order, struct err *err)
{
	size_t n = value_len(a) < value_len(b) ? value_len(a) : value_len(b);

	for (size_t i = 0; i < n; i++) {
		if (!value_equal(list_at(a, i), list_at(b, i)))
			return pyform_compare(list_at(a, i), list_at(b, i), order, err);
	}
	*order = sign_of((int64_t)value_len(a) - (int64_t)value_len(b));
	return 0;
}

int pyform_compare(const struct value *a, const struct value *b, int *order, struct err *err)
{
	if (pyform_is_number(a) && pyform_is_number(b)) {
		*order = compare_numbers(a, b);
		return 0;
	}
	if (a && b && value_kind(a) == value_kind(b)) {
		if (value_is(a, VALUE_STR) || value_is(a, VALUE_BYTES)) {
			*order = compare_bytes(value_sv(a), value_sv(b));
			return 0;
		}
		if (value_is(a, VALUE_LIST) && list_is_tuple(a) == list_is_tuple(b))
			return compare_lists(a, b, order, err);
	}
	return err_set(err, 400, "'<' not supported between instances of '%s' and '%s'", pyform_type_name(a),
		       pyform_type_name(b));
}

/* ---- sorting ------------------------------------------------------------------------------------------ */

struct sorting {
	struct value **from;
	struct value **to;
	bool reverse;
	struct err *err;
};

/* Merges from[begin, middle) and from[middle, end) into `to`; of equals the left one comes first. */
static int merge(struct sorting *s, size_t begin, size_t middle, size_t end)
{
	size_t left = begin;
	size_t right = middle;

	for (size_t i = begin; i < end; i++) {
		bool take_right = left == middle;

		if (left < middle && right < end) {
			int order;

			if (pyform_compare(s->from[right], s->from[left], &order, s->err) < 0)
				return -1;
			take_right = order == (s->reverse ? 1 : -1);
		}
		s->to[i] = take_right ? s->from[right++] : s->from[left++];
	}
	return 0;
}

int pyform_sort(struct value *list, bool reverse, struct err *err)
{
	size_t count = value_len(list);
	struct value **a = xcalloc(count + 1, sizeof(*a));
	struct value **b = xcalloc(count + 1, sizeof(*b));
	struct sorting s = { a, b, reverse, err };
	int status = -1;

	for (size_t i = 0; i < count; i++)
		a[i] = value_ref(list_at(list, i));
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t i = 0; i < count; i += 2 * width) {
			size_t middle = i + width < count ? i + width : count;
			size_t end = i + 2 * width < count ? i + 2 * width : count;

			if (merge(&s, i, middle, end) < 0)
				goto out;
		}
		s = (struct sorting){ s.to, s.from, reverse, err };
	}
	for (size_t i = 0; i < count; i++)
		list_set(list, i, value_ref(s.from[i]));
	status = 0;
out:
	/* in the middle of a failed pass `from` still holds every item once */
	for (size_t i = 0; i < count; i++)
		value_unref(s.from[i]);
	free(a);
	free(b);
	return status;
}

bool pyform_hashable(const struct value *v)
{
	if (value_is(v, VALUE_MAP))
		return map_is_typed(v);
	if (!value_is(v, VALUE_LIST))
		return true;
	if (!list_is_tuple(v))
		return false;
	for (size_t i = 0; i < value_len(v); i++) {
		if (!pyform_hashable(list_at(v, i)))
			return false;
	}
	return true;
}

/* ---- slices ------------------------------------------------------------------------------------------- */

static int64_t clip(int64_t bound, int64_t len, int64_t low, int64_t high)
{
	if (bound < 0)
		bound = bound < -len ? -1 : bound + len;
	if (bound < low)
		return low;
	return bound > high ? high : bound;
}

uint64_t pyform_range_count(int64_t start, int64_t stop, int64_t step)
{
	uint64_t span;
	uint64_t by = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;

	if (!step || (step > 0 ? start >= stop : start <= stop))
		return 0;
	span = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
	return (span - 1) / by + 1;
}

int pyform_slice_of(struct pyform_slice *slice, int64_t len, const int64_t *start, const int64_t *stop, int64_t step)
{
	int64_t low = step < 0 ? -1 : 0;
	int64_t high = step < 0 ? len - 1 : len;
	int64_t first = step < 0 ? high : low;
	int64_t last = step < 0 ? low : high;

	if (!step)
		return -1;
	if (start)
		first = clip(*start, len, low, high);
	if (stop)
		last = clip(*stop, len, low, high);
	slice->start = first;
	slice->step = step;
	slice->count = (int64_t)pyform_range_count(first, last, step);
	return 0;
}
