/* Python's numbers: reading, exact integers of any size (by OpenSSL's BIGNUM), floats, rounding. */
#include "value/pyform.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <openssl/bn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "pytext/pytext.h"

/* ---- reading ------------------------------------------------------------------------------------------ */

/* The value of a decimal digit of any script, -1 for other characters. Decimal digits stand in runs of ten that begin at
 * the zero, so the value is the distance to the begin of the run. */
static int digit_value(uint32_t cp)
{
	int value = 0;

	if (cp < 0x80)
		return cp >= '0' && cp <= '9' ? (int)cp - '0' : -1;
	if (utf8proc_category((utf8proc_int32_t)cp) != UTF8PROC_CATEGORY_ND)
		return -1;
	if (cp >= 0x1d7ce && cp <= 0x1d7ff) /* mathematical digits: five runs without a gap */
		return (int)((cp - 0x1d7ce) % 10);
	while (value < 9 && utf8proc_category((utf8proc_int32_t)cp - value - 1) == UTF8PROC_CATEGORY_ND)
		value++;
	return value;
}

/* The text with ASCII digits, without the white space around it; false when it is too long to be a number. */
static bool ascii_number(struct sv text, struct buf *out)
{
	text = pytext_strip(text, true, true);
	for (size_t pos = 0; pos < text.n;) {
		uint32_t cp = utf8_decode(text.p, text.n, &pos);
		int digit = digit_value(cp);

		if (digit >= 0)
			buf_addc(out, (char)('0' + digit));
		else
			buf_addc(out, cp < 0x80 && cp ? (char)cp : '?');
	}
	return !out->failed && out->len > 0;
}

/* Drops the underscores that stand between two digits; false when another one is left. */
static bool drop_underscores(struct buf *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < text->len; i++) {
		char c = text->data[i];

		if (c == '_') {
			if (!i || i + 1 == text->len || !isdigit((unsigned char)text->data[i - 1]) ||
			    !isdigit((unsigned char)text->data[i + 1]))
				return false;
			continue;
		}
		text->data[kept++] = c;
	}
	text->data[kept] = '\0';
	text->len = kept;
	return true;
}

static struct value *int_from_digits(const char *digits, bool negative)
{
	size_t len;
	char *end;
	long long n;
	char *text;
	struct value *v;

	while (*digits == '0' && digits[1])
		digits++;
	len = strlen(digits);
	if (len > PYFORM_INT_DIGITS)
		return NULL;
	text = xasprintf("%s%s", negative && strcmp(digits, "0") != 0 ? "-" : "", digits);
	errno = 0;
	n = strtoll(text, &end, 10);
	v = errno ? value_bigint(text, strlen(text)) : value_int(n);
	free(text);
	return v;
}

struct value *pyform_int_of(struct sv text)
{
	struct value *v = NULL;
	struct buf number;
	const char *p;
	bool negative;

	buf_init(&number, 3 * PYFORM_INT_DIGITS);
	if (!ascii_number(text, &number) || !drop_underscores(&number))
		goto out;
	p = number.data;
	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	if (*p && strspn(p, "0123456789") == strlen(p))
		v = int_from_digits(p, negative);
out:
	buf_free(&number);
	return v;
}

static bool is_float_word(const char *p)
{
	if (*p == '-' || *p == '+')
		p++;
	return strcasecmp(p, "inf") == 0 || strcasecmp(p, "infinity") == 0 || strcasecmp(p, "nan") == 0;
}

bool pyform_float_of(struct sv text, double *out)
{
	struct buf number;
	bool ok = false;
	char *end;

	buf_init(&number, 1 << 16);
	if (ascii_number(text, &number) && drop_underscores(&number) &&
	    (is_float_word(number.data) || strspn(number.data, "0123456789+-.eE") == number.len)) {
		*out = strtod(number.data, &end);
		ok = *end == '\0';
	}
	buf_free(&number);
	return ok;
}

/* ---- integers ----------------------------------------------------------------------------------------- */

bool pyform_is_number(const struct value *v)
{
	return value_is_number(v) || value_is(v, VALUE_BOOL);
}

static bool is_float(const struct value *v)
{
	return value_is(v, VALUE_FLOAT);
}

static BIGNUM *bn_of(const struct value *v)
{
	BIGNUM *bn = NULL;
	char digits[24];

	if (value_is(v, VALUE_BIGINT)) {
		BN_dec2bn(&bn, value_text(v));
	} else {
		snprintf(digits, sizeof(digits), "%lld", (long long)value_as_int(v));
		BN_dec2bn(&bn, digits);
	}
	if (!bn)
		abort();
	return bn;
}

static struct value *value_of_bn(const BIGNUM *bn, struct err *err)
{
	char *digits;
	struct value *v;

	/* 3.3219 bits a digit: checked before the (quadratic) conversion */
	if (BN_num_bits(bn) > PYFORM_INT_DIGITS * 10 / 3) {
		err_set(err, 400, "integer result has more than %d digits", PYFORM_INT_DIGITS);
		return NULL;
	}
	digits = BN_bn2dec(bn);
	if (!digits)
		abort();
	v = int_from_digits(digits[0] == '-' ? digits + 1 : digits, digits[0] == '-');
	if (!v)
		err_set(err, 400, "integer result has more than %d digits", PYFORM_INT_DIGITS);
	OPENSSL_free(digits);
	return v;
}

/* Quotient rounded down and remainder with the divisor's sign. */
static void bn_floor_divide(BIGNUM *quotient, BIGNUM *rest, const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx)
{
	BN_div(quotient, rest, a, b, ctx);
	if (!BN_is_zero(rest) && BN_is_negative(rest) != BN_is_negative(b)) {
		BN_add(rest, rest, b);
		BN_sub_word(quotient, 1);
	}
}

static struct value *int_power(const BIGNUM *base, const BIGNUM *exponent, BN_CTX *ctx, struct err *err)
{
	unsigned long long bits = (unsigned long long)BN_num_bits(base);
	BIGNUM *result;
	struct value *v;

	if (bits > 1 && (BN_num_bits(exponent) > 16 || bits * BN_get_word(exponent) > PYFORM_INT_DIGITS * 4)) {
		err_set(err, 400, "integer result has more than %d digits", PYFORM_INT_DIGITS);
		return NULL;
	}
	result = BN_new();
	if (bits <= 1) { /* 0, 1, -1 */
		BN_copy(result, base);
		if (BN_is_zero(exponent) || (BN_is_negative(base) && !BN_is_odd(exponent)))
			BN_one(result);
	} else {
		BN_exp(result, base, exponent, ctx);
	}
	v = value_of_bn(result, err);
	BN_free(result);
	return v;
}

static struct value *big_arith(enum pyform_op op, const struct value *a, const struct value *b, struct err *err)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *x = bn_of(a);
	BIGNUM *y = bn_of(b);
	BIGNUM *result = BN_new();
	BIGNUM *other = BN_new();
	struct value *v = NULL;

	switch (op) {
	case PYFORM_ADD:
		BN_add(result, x, y);
		break;
	case PYFORM_SUB:
		BN_sub(result, x, y);
		break;
	case PYFORM_MUL:
		BN_mul(result, x, y, ctx);
		break;
	case PYFORM_FLOORDIV:
		bn_floor_divide(result, other, x, y, ctx);
		break;
	case PYFORM_MOD:
		bn_floor_divide(other, result, x, y, ctx);
		break;
	default:
		v = int_power(x, y, ctx, err);
		goto out;
	}
	v = value_of_bn(result, err);
out:
	BN_free(other);
	BN_free(result);
	BN_free(y);
	BN_free(x);
	BN_CTX_free(ctx);
	return v;
}

static struct value *int_arith(enum pyform_op op, const struct value *a, const struct value *b, struct err *err)
{
	int64_t x = value_as_int(a);
	int64_t y = value_as_int(b);
	int64_t n;

	if (value_is(a, VALUE_BIGINT) || value_is(b, VALUE_BIGINT))
		return big_arith(op, a, b, err);
	switch (op) {
	case PYFORM_ADD:
		return __builtin_add_overflow(x, y, &n) ? big_arith(op, a, b, err) : value_int(n);
	case PYFORM_SUB:
		return __builtin_sub_overflow(x, y, &n) ? big_arith(op, a, b, err) : value_int(n);
	case PYFORM_MUL:
		return __builtin_mul_overflow(x, y, &n) ? big_arith(op, a, b, err) : value_int(n);
	case PYFORM_MOD:
		n = y == -1 ? 0 : x % y;
		return value_int(n && (n < 0) != (y < 0) ? n + y : n);
	case PYFORM_FLOORDIV:
		if (y == -1)
			return big_arith(op, a, b, err);
		return value_int(x / y - (x % y && (x < 0) != (y < 0)));
	default:
		return big_arith(op, a, b, err);
	}
}

/* ---- floats ------------------------------------------------------------------------------------------- */

int pyform_to_double(const struct value *v, double *out, struct err *err)
{
	if (!pyform_is_number(v))
		return err_set(err, 400, "a number is needed, not %s", pyform_type_name(v));
	*out = value_as_float(v);
	if (value_is(v, VALUE_BIGINT) && isinf(*out))
		return err_set(err, 400, "integer too large to convert to float");
	return 0;
}

static double float_mod(double x, double y)
{
	double rest = fmod(x, y);

	if (rest == 0)
		return copysign(0, y);
	return (rest < 0) != (y < 0) ? rest + y : rest;
}

static double float_floor_divide(double x, double y)
{
	double quotient = (x - float_mod(x, y)) / y;
	double down;

	if (quotient == 0)
		return copysign(0, x / y);
	down = floor(quotient);
	return quotient - down > 0.5 ? down + 1 : down;
}

static struct value *float_power(double x, double y, struct err *err)
{
	double result = pow(x, y);

	if (x == 0 && y < 0)
		err_set(err, 400, "0.0 cannot be raised to a negative power");
	else if (x < 0 && isfinite(x) && isfinite(y) && y != floor(y))
		err_set(err, 400, "a negative number cannot be raised to a fractional power");
	else if (isinf(result) && isfinite(x) && isfinite(y))
		err_set(err, 400, "numerical result out of range");
	else
		return value_float(result);
	return NULL;
}

static struct value *float_arith(enum pyform_op op, const struct value *a, const struct value *b, struct err *err)
{
	double x;
	double y;

	if (pyform_to_double(a, &x, err) < 0 || pyform_to_double(b, &y, err) < 0)
		return NULL;
	switch (op) {
	case PYFORM_ADD:
		return value_float(x + y);
	case PYFORM_SUB:
		return value_float(x - y);
	case PYFORM_MUL:
		return value_float(x * y);
	case PYFORM_DIV:
		return value_float(x / y);
	case PYFORM_FLOORDIV:
		return value_float(float_floor_divide(x, y));
	case PYFORM_MOD:
		return value_float(float_mod(x, y));
	default:
		return float_power(x, y, err);
	}
}

static bool divides(enum pyform_op op)
{
	return op == PYFORM_DIV || op == PYFORM_FLOORDIV || op == PYFORM_MOD;
}

static bool is_negative(const struct value *v)
{
	return value_is(v, VALUE_BIGINT) ? value_text(v)[0] == '-' : value_as_int(v) < 0;
}

struct value *pyform_arith(enum pyform_op op, const struct value *a, const struct value *b, struct err *err)
{
	if (!pyform_is_number(a) || !pyform_is_number(b)) {
		err_set(err, 400, "numbers are needed, not %s and %s", pyform_type_name(a), pyform_type_name(b));
		return NULL;
	}
	if (divides(op) && !value_truthy(b)) {
		err_set(err, 400, op == PYFORM_MOD ? "modulo by zero" : "division by zero");
		return NULL;
	}
	if (is_float(a) || is_float(b) || op == PYFORM_DIV || (op == PYFORM_POW && is_negative(b)))
		return float_arith(op, a, b, err);
	return int_arith(op, a, b, err);
}

/* As many decimal digits as a double can have are printed, then read back: both are exact in glibc, and printf rounds the
 * exact value half to even. */
double pyform_round(double d, int digits)
{
	char text[512];
	double power;

	if (!isfinite(d) || digits > 330)
		return d;
	if (digits >= 0) {
		snprintf(text, sizeof(text), "%.*f", digits, d);
		return strtod(text, NULL);
	}
	if (digits < -308)
		return copysign(0, d);
	power = pow(10, -digits);
	return nearbyint(d / power) * power;
}
