/* What the fields of a CSV column are: whole numbers, fractions, bools or texts. */
#include "wsd/nodes/frame_csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Longer fields are no numbers. */
#define NUMBER_MAX 400

enum parsed { PARSED, NO_NUMBER, TOO_LARGE };

static bool is_missing(struct sv field)
{
	static const char *const words[] = {
		"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
		"<NA>", "N/A",      "NA",  "NULL",    "NaN",      "None", "n/a",  "nan",    "null",
	};

	if (!field.n)
		return true;
	if (field.n > 8 || !strchr("#-1<Nn", field.p[0]))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (sv_eq(field, words[i]))
			return true;
	return false;
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct sv without_blanks(struct sv field)
{
	while (field.n && blank(field.p[0]))
		field = (struct sv){ field.p + 1, field.n - 1 };
	while (field.n && blank(field.p[field.n - 1]))
		field.n--;
	return field;
}

/* Digits behind an optional sign; *magnitude is what they say, without the sign. */
static enum parsed parse_digits(struct sv field, bool *negative, uint64_t *magnitude)
{
	size_t i = 0;
	uint64_t sum = 0;
	bool over = false;

	field = without_blanks(field);
	*negative = field.n && field.p[0] == '-';
	i = field.n && (field.p[0] == '-' || field.p[0] == '+');
	if (i == field.n)
		return NO_NUMBER;
	for (; i < field.n; i++) {
		unsigned digit = (unsigned char)field.p[i] - '0';

		if (digit > 9)
			return NO_NUMBER;
		over |= __builtin_mul_overflow(sum, (uint64_t)10, &sum) ||
			__builtin_add_overflow(sum, (uint64_t)digit, &sum);
	}
	*magnitude = sum;
	return over ? TOO_LARGE : PARSED;
}

static enum parsed parse_whole(struct sv field, int64_t *out)
{
	bool negative;
	uint64_t magnitude;
	enum parsed parsed = parse_digits(field, &negative, &magnitude);

	if (parsed != PARSED)
		return parsed;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return TOO_LARGE;
	*out = (int64_t)(negative ? 0 - magnitude : magnitude);
	return PARSED;
}

/* inf and infinity in any case, with a sign. */
static bool parse_infinite(struct sv field, double *out)
{
	bool negative = field.p[0] == '-';
	size_t sign = negative || field.p[0] == '+';
	struct sv word = { field.p + sign, field.n - sign };

	if (!sv_eq_nocase(word, "inf") && !sv_eq_nocase(word, "infinity"))
		return false;
	*out = negative ? -INFINITY : INFINITY;
	return true;
}

/* The parts of a decimal number: at most 19 digits are kept. */
struct decimal {
	uint64_t digits;
	int exponent;
	bool negative;
	bool exact; /* no digit was left out */
};

static bool scan_exponent(struct sv field, size_t at, int *exponent)
{
	bool negative = at < field.n && field.p[at] == '-';
	int sum = 0;

	at += negative || (at < field.n && field.p[at] == '+');
	if (at == field.n)
		return false;
	for (; at < field.n; at++) {
		if (field.p[at] < '0' || field.p[at] > '9')
			return false;
		sum = sum < 10000 ? sum * 10 + (field.p[at] - '0') : sum;
	}
	*exponent += negative ? -sum : sum;
	return true;
}

static bool scan_decimal(struct sv field, struct decimal *out)
{
	bool point = false;
	size_t kept = 0;
	size_t seen = 0;
	size_t i = 0;

	*out = (struct decimal){ .negative = field.p[0] == '-', .exact = true };
	for (i = field.p[0] == '-' || field.p[0] == '+'; i < field.n; i++) {
		char c = field.p[i];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9')
			break;
		seen++;
		if (kept < 19) {
			out->digits = out->digits * 10 + (uint64_t)(c - '0');
			kept += out->digits != 0;
			out->exponent -= point;
		} else {
			out->exact = out->exact && c == '0';
			out->exponent += !point;
		}
	}
	if (!seen || i == field.n)
		return seen > 0;
	return (field.p[i] == 'e' || field.p[i] == 'E') && scan_exponent(field, i + 1, &out->exponent);
}

static bool parse_fraction(struct sv field, double *out)
{
	static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
					 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	struct decimal dec;
	char copy[NUMBER_MAX + 1];
	double d;

	field = without_blanks(field);
	if (!field.n || field.n > NUMBER_MAX)
		return false;
	if (!scan_decimal(field, &dec))
		return parse_infinite(field, out);
	if (dec.exact && dec.digits <= (uint64_t)1 << 53 && dec.exponent >= -22 && dec.exponent <= 22) {
		/* Both are exact, so one operation rounds correctly. */
		d = (double)dec.digits;
		d = dec.exponent < 0 ? d / powers[-dec.exponent] : d * powers[dec.exponent];
		*out = dec.negative ? -d : d;
		return true;
	}
	memcpy(copy, field.p, field.n);
	copy[field.n] = '\0';
	*out = strtod(copy, NULL);
	return isfinite(*out);
}

/* 1, 0, or -1 when the word is no bool. */
static int parse_bool(struct sv field)
{
	if (sv_eq(field, "True") || sv_eq(field, "TRUE") || sv_eq(field, "true"))
		return 1;
	return sv_eq(field, "False") || sv_eq(field, "FALSE") || sv_eq(field, "false") ? 0 : -1;
}

/* ---- columns ------------------------------------------------------------------------------------------ */

/* Missing ones make it a column of floats. NULL with the reason why it is none. */
static struct frame_col *whole_column(const struct sv *fields, size_t n, enum parsed *why)
{
	struct frame_col *col = frame_col_new(FRAME_INT, n);
	struct frame_col *floats;
	size_t missing = 0;

	*why = PARSED;
	for (size_t i = 0; i < n && *why == PARSED; i++) {
		*why = parse_whole(fields[i], &col->i[i]);
		if (*why == NO_NUMBER && is_missing(fields[i])) {
			*why = PARSED;
			missing++;
		}
	}
	if (*why == PARSED && missing) {
		floats = frame_col_cast(col, FRAME_FLOAT);
		for (size_t i = 0; i < n; i++)
			if (is_missing(fields[i]))
				floats->f[i] = NAN;
		frame_col_unref(col);
		return floats;
	}
	if (*why == PARSED)
		return col;
	frame_col_unref(col);
	return NULL;
}

/* Whole numbers from 0 on that need all 64 bits. */
static struct frame_col *unsigned_column(const struct sv *fields, size_t n)
{
	struct frame_col *col = frame_col_new(FRAME_ANY, n);
	uint64_t magnitude = 0;
	bool negative;

	for (size_t i = 0; i < n; i++) {
		if (parse_digits(fields[i], &negative, &magnitude) != PARSED || negative) {
			frame_col_unref(col);
			return NULL;
		}
		col->v[i] = value_uint(magnitude);
	}
	return col;
}

static struct frame_col *fraction_column(const struct sv *fields, size_t n)
{
	struct frame_col *col = frame_col_new(FRAME_FLOAT, n);

	for (size_t i = 0; i < n; i++) {
		if (parse_fraction(fields[i], &col->f[i]))
			continue;
		if (!is_missing(fields[i])) {
			frame_col_unref(col);
			return NULL;
		}
		col->f[i] = NAN;
	}
	return col;
}

static struct frame_col *bool_column(const struct sv *fields, size_t n)
{
	struct frame_col *col = frame_col_new(FRAME_BOOL, n);
	struct frame_col *any;
	size_t missing = 0;

	for (size_t i = 0; i < n; i++) {
		int b = parse_bool(fields[i]);

		if (b < 0 && !is_missing(fields[i])) {
			frame_col_unref(col);
			return NULL;
		}
		missing += b < 0;
		col->b[i] = b > 0;
	}
	if (!missing)
		return col;
	any = frame_col_new(FRAME_ANY, n);
	for (size_t i = 0; i < n; i++)
		any->v[i] = is_missing(fields[i]) ? value_float(NAN) : value_bool(col->b[i]);
	frame_col_unref(col);
	return any;
}

static struct frame_col *text_column(const struct sv *fields, size_t n, struct value *keep)
{
	struct frame_col *col = frame_col_new(FRAME_TEXT, n);

	for (size_t i = 0; i < n; i++)
		col->t[i] = is_missing(fields[i]) ? (struct sv){ NULL, 0 } : fields[i];
	col->keep = value_ref(keep);
	return col;
}

struct frame_col *frame_csv_column(const struct sv *fields, size_t n, struct value *keep)
{
	enum parsed why;
	struct frame_col *col = n ? whole_column(fields, n, &why) : NULL;

	if (!col && n && why == TOO_LARGE)
		col = unsigned_column(fields, n);
	else if (!col && n)
		col = fraction_column(fields, n);
	if (!col && n && why != TOO_LARGE)
		col = bool_column(fields, n);
	return col ? col : text_column(fields, n, keep);
}
