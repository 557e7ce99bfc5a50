/* Python's format() specifications and the % operator on texts. */
#include "value/pyform.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_MAX 1000000
#define PRECISION_MAX 1000

struct spec {
	char fill[4];
	size_t fill_len;
	char align; /* '<' '>' '^' '=' or 0 */
	char sign;
	bool alternate;
	char grouping;
	int width;
	int precision; /* -1: none */
	char type;
};

/* ---- parsing ------------------------------------------------------------------------------------------ */

static bool is_align(char c)
{
	return c && strchr("<>^=", c);
}

static bool read_number(const char **p, int max, int *out)
{
	int n = 0;

	while (isdigit((unsigned char)**p)) {
		n = n * 10 + (*(*p)++ - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

static void parse_fill(struct spec *spec, const char **p, size_t len)
{
	size_t pos = 0;

	utf8_decode(*p, len, &pos);
	if (len > pos && is_align((*p)[pos])) {
		memcpy(spec->fill, *p, pos);
		spec->fill_len = pos;
		spec->align = (*p)[pos];
		*p += pos + 1;
	} else if (is_align(**p)) {
		spec->align = *(*p)++;
	}
}

static int parse_spec(struct spec *spec, const char *p, size_t len, struct err *err)
{
	*spec = (struct spec){ .fill = " ", .fill_len = 1, .precision = -1 };
	if (len)
		parse_fill(spec, &p, len);
	if (*p && strchr("+- ", *p))
		spec->sign = *p++;
	if (*p == '#') {
		spec->alternate = true;
		p++;
	}
	if (*p == '0') {
		if (!spec->align) {
			spec->align = '=';
			spec->fill[0] = '0';
		}
		p++;
	}
	if (!read_number(&p, WIDTH_MAX, &spec->width))
		return err_set(err, 400, "the width of a format specification is at most %d", WIDTH_MAX);
	if (*p == ',' || *p == '_')
		spec->grouping = *p++;
	if (*p == '.') {
		p++;
		if (!isdigit((unsigned char)*p))
			return err_set(err, 400, "Format specifier missing precision");
		if (!read_number(&p, PRECISION_MAX, &spec->precision))
			return err_set(err, 400, "the precision of a format specification is at most %d", PRECISION_MAX);
	}
	if (*p)
		spec->type = *p++;
	if (*p)
		return err_set(err, 400, "Invalid format specifier");
	return 0;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static int pad(struct buf *out, const struct spec *spec, char align, const char *head, const char *body, size_t len)
{
	size_t taken = strlen(head) + utf8_length(body, len);
	size_t fill = (size_t)spec->width > taken ? (size_t)spec->width - taken : 0;
	size_t before = align == '>' || align == '=' ? fill : align == '^' ? fill / 2 : 0;

	if (align == '=')
		buf_adds(out, head);
	for (size_t i = 0; i < before; i++)
		buf_add(out, spec->fill, spec->fill_len);
	if (align != '=')
		buf_adds(out, head);
	buf_add(out, body, len);
	for (size_t i = before; i < fill; i++)
		buf_add(out, spec->fill, spec->fill_len);
	return out->failed ? -1 : 0;
}

/* Puts the grouping character between the digits before `whole` ends; zero padding takes part in the grouping. */
static char *group(const char *digits, const struct spec *spec, size_t head, int every)
{
	size_t whole = strspn(digits, "0123456789abcdefABCDEF");
	size_t rest = strlen(digits + whole);
	size_t cap = strlen(digits) * 2 + (size_t)spec->width + 8;
	char *text = xcalloc(1, cap);
	char *p = text + cap - 1;
	size_t want = spec->align == '=' && spec->fill[0] == '0' && (size_t)spec->width > head + rest ?
			      (size_t)spec->width - head - rest : 0;
	size_t count = 0;

	p -= rest;
	memcpy(p, digits + whole, rest);
	for (size_t i = whole; i > 0 || (size_t)(text + cap - 1 - rest - p) < want;) {
		if (count && count % (size_t)every == 0)
			*--p = spec->grouping;
		*--p = i ? digits[--i] : '0';
		count++;
	}
	memmove(text, p, strlen(p) + 1);
	return text;
}

static int put_number(struct buf *out, const struct spec *spec, bool negative, const char *prefix, const char *digits,
		      int every)
{
	char head[8];
	char *grouped = NULL;
	int status;

	snprintf(head, sizeof(head), "%s%s", negative ? "-" : spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "", prefix);
	if (spec->grouping)
		grouped = group(digits, spec, strlen(head), every);
	status = pad(out, spec, spec->align ? spec->align : '>', head, grouped ? grouped : digits,
		     strlen(grouped ? grouped : digits));
	free(grouped);
	return status;
}

static int format_text(struct buf *out, const struct value *v, const struct spec *spec, struct err *err)
{
	struct sv text = value_sv(v);

	if (spec->sign || spec->grouping || spec->align == '=' || (spec->type && spec->type != 's'))
		return err_set(err, 400, "Unknown format code '%c' for object of type 'str'",
			       spec->type ? spec->type : '=');
	if (spec->precision >= 0) {
		size_t pos = 0;

		for (int i = 0; i < spec->precision && pos < text.n; i++)
			utf8_decode(text.p, text.n, &pos);
		text.n = pos;
	}
	return pad(out, spec, spec->align ? spec->align : '<', "", text.p, text.n);
}

static int format_int_base(struct buf *out, int64_t n, const struct spec *spec)
{
	char digits[72];
	const char *prefix = "";
	uint64_t bits = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	if (spec->type == 'b') {
		int at = 0;

		for (int i = 63; i >= 0; i--) {
			if (at || bits >> i & 1 || !i)
				digits[at++] = (char)('0' + (bits >> i & 1));
		}
		digits[at] = '\0';
	} else {
		snprintf(digits, sizeof(digits), spec->type == 'x' ? "%llx" : spec->type == 'X' ? "%llX" : "%llo",
			 (unsigned long long)bits);
	}
	if (spec->alternate)
		prefix = spec->type == 'b' ? "0b" : spec->type == 'o' ? "0o" : spec->type == 'x' ? "0x" : "0X";
	return put_number(out, spec, n < 0, prefix, digits, 4);
}

static int format_int(struct buf *out, const struct value *v, const struct spec *spec, struct err *err)
{
	char digits[PYFORM_INT_DIGITS + 8];
	bool big = value_is(v, VALUE_BIGINT);
	const char *p = digits;

	if (spec->precision >= 0)
		return err_set(err, 400, "Precision not allowed in integer format specifier");
	if (spec->type == 'c') {
		char utf8[4];
		int64_t cp = value_as_int(v);

		if (big || cp < 0 || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
			return err_set(err, 400, "%%c arg not in range(0x110000)");
		return pad(out, spec, spec->align ? spec->align : '<', "", utf8, utf8_encode((uint32_t)cp, utf8));
	}
	if (spec->type && spec->type != 'd' && spec->type != 'n') {
		if (big)
			return err_set(err, 400, "the integer is too large for format code '%c'", spec->type);
		return format_int_base(out, value_as_int(v), spec);
	}
	if (big)
		snprintf(digits, sizeof(digits), "%s", value_text(v));
	else
		snprintf(digits, sizeof(digits), "%lld", (long long)value_as_int(v));
	if (*p == '-')
		p++;
	return put_number(out, spec, p != digits, "", p, 3);
}

/* ---- floats ------------------------------------------------------------------------------------------- */

/* Type left out, with a precision: as 'g', but with a digit behind the point, and an exponent one power earlier. */
static void general_digits(char *text, size_t size, double d, int precision)
{
	char *e;
	char *keep;

	snprintf(text, size, "%.*e", precision - 1, d);
	e = strchr(text, 'e');
	if (strtol(e + 1, NULL, 10) >= precision - 1 || strtol(e + 1, NULL, 10) < -4) {
		for (keep = e; keep > text && keep[-1] == '0' && strchr(text, '.') < keep - 1; keep--)
			;
		if (strchr(text, '.') && keep[-1] == '0')
			keep -= 1;
		if (keep[-1] == '.')
			keep--;
		memmove(keep, e, strlen(e) + 1);
		return;
	}
	snprintf(text, size, "%.*g", precision, d);
	if (!strpbrk(text, ".e"))
		strncat(text, ".0", size - strlen(text) - 1);
}

static void float_digits(char *text, size_t size, double d, const struct spec *spec)
{
	char form[16];
	char type = spec->type == '%' || spec->type == 'F' ? 'f' : spec->type == 'n' ? 'g' : spec->type;
	int precision = spec->precision < 0 ? 6 : spec->precision;

	if (!type && spec->precision < 0) {
		json_float(d, text);
		return;
	}
	if (!type) {
		general_digits(text, size, d, precision ? precision : 1);
		return;
	}
	snprintf(form, sizeof(form), spec->alternate ? "%%#.*%c" : "%%.*%c", type);
	/* the form is one of e, E, f, g, G with a precision */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, size, form, precision, d);
#pragma GCC diagnostic pop
}

static int format_float(struct buf *out, double d, const struct spec *spec)
{
	size_t size = PRECISION_MAX + 400;
	char *text = xcalloc(1, size);
	bool negative = signbit(d) && !isnan(d);
	bool upper = spec->type && strchr("EFG", spec->type);
	int status;

	d = fabs(d);
	if (spec->type == '%')
		d *= 100;
	if (!isfinite(d))
		snprintf(text, size, "%s", isnan(d) ? (upper ? "NAN" : "nan") : upper ? "INF" : "inf");
	else
		float_digits(text, size, d, spec);
	if (spec->type == '%')
		strncat(text, "%", size - strlen(text) - 1);
	status = put_number(out, spec, negative, "", text, 3);
	free(text);
	return status;
}

int pyform_format(struct buf *out, const struct value *v, struct sv spec_text, struct err *err)
{
	struct spec spec;
	char *text = xstrndup(spec_text.p ? spec_text.p : "", spec_text.n);
	int status = parse_spec(&spec, text, spec_text.n, err);
	double d;

	free(text);
	if (status < 0)
		return -1;
	if (!spec_text.n)
		return pyform_str(out, v);
	if (value_is(v, VALUE_STR))
		return format_text(out, v, &spec, err);
	if (!pyform_is_number(v))
		return err_set(err, 400, "unsupported format string passed to %s", pyform_type_name(v));
	if (spec.type && !strchr("bcdoxXneEfFgG%", spec.type))
		return err_set(err, 400, "Unknown format code '%c' for object of type '%s'", spec.type,
			       pyform_type_name(v));
	if (!value_is(v, VALUE_FLOAT) && (!spec.type || strchr("bcdoxXn", spec.type)))
		return format_int(out, v, &spec, err);
	if (spec.type && strchr("bcdoxX", spec.type))
		return err_set(err, 400, "Unknown format code '%c' for object of type 'float'", spec.type);
	if (pyform_to_double(v, &d, err) < 0)
		return -1;
	return format_float(out, d, &spec);
}

/* ---- percent ------------------------------------------------------------------------------------------ */

struct percent {
	const char *p;
	const char *end;
	const struct value *args;
	size_t next;
	struct err *err;
};

static const struct value *next_arg(struct percent *f)
{
	const struct value *v = value_is(f->args, VALUE_LIST) ? list_at(f->args, f->next) : f->next ? NULL : f->args;

	f->next++;
	if (!v)
		err_set(f->err, 400, "not enough arguments for format string");
	return v;
}

/* A width or precision: digits, or * for the next argument. */
static int percent_number(struct percent *f, int max, int *out)
{
	const struct value *v;

	if (f->p < f->end && *f->p == '*') {
		f->p++;
		v = next_arg(f);
		if (!v || !value_is(v, VALUE_INT) || value_as_int(v) < 0 || value_as_int(v) > max)
			return err_set(f->err, 400, "* wants int");
		*out = (int)value_as_int(v);
		return 0;
	}
	if (!read_number(&f->p, max, out))
		return err_set(f->err, 400, "width or precision too big");
	return 0;
}

static int percent_text(struct buf *out, const struct value *v, struct spec *spec, char type)
{
	struct buf text;
	struct value *str;
	int status;

	buf_init(&text, BUF_MAX_BODY);
	status = type == 's' ? pyform_str(&text, v) : pyform_repr(&text, v);
	str = value_strn(text.data ? text.data : "", text.len);
	spec->type = 's';
	spec->sign = 0;
	if (!spec->align || spec->align == '=')
		spec->align = '>';
	spec->fill[0] = ' ';
	if (status == 0)
		status = format_text(out, str, spec, NULL);
	value_unref(str);
	buf_free(&text);
	return status;
}

static int percent_number_value(struct buf *out, const struct value *v, struct spec *spec, char type, struct err *err)
{
	struct value *whole = NULL;
	double d;
	int status;

	if (!pyform_is_number(v))
		return err_set(err, 400, "%%%c format: a real number is required, not %s", type, pyform_type_name(v));
	spec->type = type == 'i' || type == 'u' ? 'd' : type;
	if (strchr("eEfFgG", spec->type)) {
		if (pyform_to_double(v, &d, err) < 0)
			return -1;
		return format_float(out, d, spec);
	}
	if (value_is(v, VALUE_FLOAT)) {
		if (spec->type != 'd' || !isfinite(value_as_float(v)))
			return err_set(err, 400, "%%%c format: an integer is required, not float", type);
		whole = value_int(value_as_int(v));
	}
	spec->precision = -1;
	status = format_int(out, whole ? whole : v, spec, err);
	value_unref(whole);
	return status;
}

static int percent_item(struct buf *out, struct percent *f)
{
	struct spec spec = { .fill = " ", .fill_len = 1, .precision = -1 };
	const struct value *v = NULL;
	char type;

	if (f->p < f->end && *f->p == '(') {
		const char *close = memchr(f->p, ')', (size_t)(f->end - f->p));

		if (!close || !value_is(f->args, VALUE_MAP))
			return err_set(f->err, 400, close ? "format requires a mapping" : "incomplete format key");
		v = map_getn(f->args, f->p + 1, (size_t)(close - f->p - 1));
		if (!v)
			return err_set(f->err, 400, "format key not found");
		f->p = close + 1;
	}
	for (; f->p < f->end && strchr("-+ #0", *f->p); f->p++) {
		if (*f->p == '-')
			spec.align = '<';
		else if (*f->p == '#')
			spec.alternate = true;
		else if (*f->p == '0')
			spec.fill[0] = '0';
		else if (spec.sign != '+')
			spec.sign = *f->p;
	}
	if (spec.align)
		spec.fill[0] = ' ';
	else if (spec.fill[0] == '0')
		spec.align = '=';
	if (percent_number(f, WIDTH_MAX, &spec.width) < 0)
		return -1;
	if (f->p < f->end && *f->p == '.') {
		f->p++;
		if (percent_number(f, PRECISION_MAX, &spec.precision) < 0)
			return -1;
	}
	if (f->p == f->end)
		return err_set(f->err, 400, "incomplete format");
	type = *f->p++;
	if (type == '%')
		return buf_addc(out, '%');
	if (!strchr("diueEfFgGsraxXoc", type))
		return err_set(f->err, 400, "unsupported format character '%c'", type);
	if (!v)
		v = next_arg(f);
	if (!v)
		return -1;
	if (strchr("sra", type) || (type == 'c' && value_is(v, VALUE_STR)))
		return percent_text(out, v, &spec, type == 'c' ? 's' : type);
	return percent_number_value(out, v, &spec, type, f->err);
}

int pyform_percent(struct buf *out, struct sv template, const struct value *args, struct err *err)
{
	struct percent f = { template.p, template.p + template.n, args, 0, err };

	while (f.p < f.end) {
		const char *mark = memchr(f.p, '%', (size_t)(f.end - f.p));

		if (!mark)
			mark = f.end;
		buf_add(out, f.p, (size_t)(mark - f.p));
		f.p = mark;
		if (mark == f.end)
			break;
		f.p++;
		if (percent_item(out, &f) < 0)
			return -1;
	}
	if (value_is(args, VALUE_LIST) && f.next < value_len(args))
		return err_set(err, 400, "not all arguments converted during string formatting");
	if (out->failed)
		return err_set(err, 400, "the formatted text is too long");
	return 0;
}
